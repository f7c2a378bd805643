//! Which scenarios a venue outside this program can trade as they were tested.
//!
//! Not here: the rehearsal (exchange), what one order may be (venue::refusal). Each rule names a thing that replay
//! does and no call of a broker can ask for; such a scenario is refused whole, before anything is sent.
use super::spec::{
    BothTouched, CalendarKind, CashCheck, DueExit, Hours, MarketFill, ScenarioSpec, Settlement, SizingRule, VenueRules,
};
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::{Ratio, Timestamp};
use crate::market::{Calendar, new_york_date};
use crate::strategy::Intent;
use crate::venue::refusal::auction_hours;

/// Can the scenario be rehearsed, and traded, as it was tested?
///
/// Errors: the first key that only replay can follow, with what to write in its place.
pub fn check_rehearsable(loaded: &LoadedScenario, market: &MarketData) -> Result<(), Box<Diagnostic>> {
    match findings(&loaded.spec).into_iter().find(|finding| finding.applies) {
        None if market.actions.iter().any(|(_, action)| action.is_delisting()) => {
            let what = "a share is delisted in the time of the scenario, and no order of ours makes that happen";
            Err(Box::new(loaded.diagnostic("data.corporate_actions", what).note("end the scenario before that day")))
        }
        None => check_auctions(loaded, market),
        Some(Finding { key, what, remedy, .. }) => Err(Box::new(loaded.diagnostic(key, what).note(remedy))),
    }
}

/// Alpaca takes orders for an auction at some hours of the day only, and a script sends its orders when a bar closes.
fn check_auctions(loaded: &LoadedScenario, market: &MarketData) -> Result<(), Box<Diagnostic>> {
    let (Some(script), CalendarKind::Xnys) = (&market.script, loaded.spec.data.calendar) else { return Ok(()) };
    let calendar = Calendar::xnys();
    let reason = script.rows().iter().find_map(|(time, intent)| {
        let Intent::Submit(order) = intent else { return None };
        let closes = match loaded.spec.data.timeframe {
            frame if frame.is_daily() => calendar.session(*time)?.close,
            frame => time.plus_ns(frame.minutes() * NS_PER_MINUTE).min(calendar.session_of(*time)?.close),
        };
        let minute = (closes.ns() - calendar.start_of_day(new_york_date(closes)).ns()) / NS_PER_MINUTE;
        let reason = auction_hours(order.request.time_in_force, u16::try_from(minute).ok()).err()?;
        Some((script.id(order.label).unwrap_or_default(), *time, reason))
    });
    let Some((id, time, reason)) = reason else { return Ok(()) };
    let time = time.text(loaded.spec.data.timeframe);
    let what = format!("order {id} is sent when the bar of {time} closes, and {reason}");
    let remedy = "a replay lets it wait for the next auction; send a day order in its place, or a cls order earlier";
    Err(Box::new(loaded.diagnostic("strategy.params.file", what).note(remedy)))
}

const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

struct Finding {
    applies: bool,
    key: &'static str,
    what: &'static str,
    remedy: &'static str,
}

fn findings(spec: &ScenarioSpec) -> [Finding; 11] {
    let (account, execution) = (&spec.account, &spec.execution);
    let finding = |applies, key, what, remedy| Finding { applies, key, what, remedy };
    let walks = matches!(execution.both_touched, BothTouched::Ohlc | BothTouched::Finer);
    [
        finding(
            execution.venue_rules == VenueRules::None,
            "execution.venue_rules",
            "without the venue's rules a run can be neither rehearsed nor traded",
            "set venue_rules = \"alpaca\" and look at what it refuses",
        ),
        finding(
            matches!(spec.sizing.rule, SizingRule::CashFraction(_)),
            "sizing.kind",
            "a share of cash is measured at the fill, and an order at Alpaca names shares or dollars",
            "use equity_fraction, which is measured at the signal",
        ),
        finding(
            account.cash_check == CashCheck::Fill,
            "account.cash_check",
            "Alpaca tests a purchase when it is sent, not at its open",
            "set cash_check = \"approval\"",
        ),
        finding(
            execution.market_fill != MarketFill::NextOpen,
            "execution.market_fill",
            "an order that is sent at a close cannot fill there, and a market order does not wait for one",
            "set market_fill = \"next_open\"",
        ),
        finding(
            execution.latency_ms > 0,
            "execution.latency_ms",
            "the exchange answers in its own time, which cannot be told to it",
            "set latency_ms = 0",
        ),
        finding(
            account.settlement == Settlement::Dated,
            "account.settlement",
            "the exchange lets every sale settle at once",
            "set settlement = \"instant\"",
        ),
        finding(
            account.borrow_rate > Ratio::ZERO,
            "account.borrow_rate",
            "the exchange lends shares for nothing",
            "set borrow_rate = 0",
        ),
        finding(
            account.margin_rate > Ratio::ZERO,
            "account.margin_rate",
            "the exchange lends dollars for nothing",
            "set margin_rate = 0",
        ),
        finding(
            spec.stop.due_exit == DueExit::StopFirst,
            "stop.due_exit",
            "shares that are on their way out hold no stop at the venue",
            "set due_exit = \"exit_first\"",
        ),
        finding(
            spec.stop.trail && walks,
            "stop.trail",
            "a trailing stop is moved after each closed bar, not along the path inside it",
            "set execution.both_touched to stop_first or target_first",
        ),
        finding(
            spec.data.hours == Hours::Extended,
            "data.hours",
            "a rehearsal follows the core session",
            "set hours = \"regular\"",
        ),
    ]
}
