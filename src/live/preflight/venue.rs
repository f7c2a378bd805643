//! What the venue says: the account, its money, the clocks and the shares.
//!
//! Not here: the calls (execution::alpaca). An answer that does not come fails its items; none is taken for granted.
use std::collections::BTreeSet;

use super::{Item, Preflight, PreflightMode, Verdict, cash_of};
use crate::domain::{Money, Symbol, Timestamp};
use crate::execution::alpaca::{
    AccountState, ApiKeys, AskError, Paper, PaperStandIn, Rehearsal, VenueClock, VenueReader,
};
use crate::live::AccountMark;
use crate::live::session::words::dollars;
use crate::market::Calendar;
use crate::scenario::LoadedScenario;
use crate::scenario::spec::CalendarKind;

/// Clocks may differ by so much beside the half of the way there and back, as in a session.
const SKEW_NS_MAX: i64 = 2 * Timestamp::NS_PER_SECOND;

/// What was found, and the number of the account.
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    pub(super) account: Option<String>,
}

/// Items that the venue answers.
pub(super) async fn examine(flight: &Preflight<'_>, keys: Result<&ApiKeys, &String>) -> Found {
    let reader = match keys {
        Err(_) => Err("not asked, because there are no keys".to_owned()),
        Ok(keys) => reader(flight.mode, keys).map_err(|error| format!("not asked: {error}")),
    };
    let reader = match reader {
        Ok(reader) => reader,
        Err(text) => {
            let items = ["account", "clock", "assets"].map(|item| Item::fails(item, text.clone()));
            return Found { items: items.into(), account: None };
        }
    };
    let mut items = Vec::new();
    let account = reader.account().await;
    let number = account.as_ref().ok().map(|account| account.number.clone());
    match &account {
        Err(error) => items.push(Item::fails("account", error.to_string())),
        Ok(account) => {
            items.push(Item::of("account", usable(account)));
            items.push(funds(flight, account));
        }
    }
    items.extend(clocks(flight, &reader).await);
    items.push(Item::of("assets", assets(&reader, flight.scenarios).await));
    Found { items, account: number }
}

fn reader(mode: PreflightMode, keys: &ApiKeys) -> Result<VenueReader, AskError> {
    match mode {
        PreflightMode::Rehearsal(address) => VenueReader::new(&Rehearsal(address), keys),
        PreflightMode::Paper => VenueReader::new(&Paper, keys),
        PreflightMode::StandIn(address) => VenueReader::new(&PaperStandIn(address), keys),
        PreflightMode::Live => Ok(VenueReader::before_live(keys)),
    }
}

fn usable(account: &AccountState) -> Result<String, String> {
    let end = AccountMark::of(&account.number).tail;
    if account.status != "ACTIVE" {
        return Err(format!("the account ending in {end} is {}, not ACTIVE; ask the broker", account.status));
    }
    match &account.blocks[..] {
        [] => Ok(format!("the account ending in {end} is active")),
        blocks => {
            Err(format!("the account ending in {end} is blocked ({}); look at the broker's page", blocks.join(", ")))
        }
    }
}

/// Money, margin and shorts of the account against what the scenarios take for granted.
fn funds(flight: &Preflight<'_>, account: &AccountState) -> Item {
    let faults = powers(account, flight.scenarios);
    let (equity, power) = (dollars(account.equity), dollars(account.buying_power));
    let text = format!("{equity} of equity, {power} to spend, multiplier {}", account.multiplier);
    let Some(shortage) = shortage(account, flight.scenarios) else {
        return Item::of("funds", if faults.is_empty() { Ok(text) } else { Err(faults.join("; ")) });
    };
    // The books of a session go on where its journal ends: money may be in positions, or lost.
    let goes_on = flight.state.join(flight.mode.name()).join("journal.db").exists();
    let all = [&[shortage][..], &faults].concat().join("; ");
    match goes_on && faults.is_empty() {
        true => Item::new("funds", Verdict::Warns, format!("{all}; the books go on from the journal")),
        false => Item::fails("funds", all),
    }
}

/// What the scenarios call cash must be there; leverage is their own.
fn shortage(account: &AccountState, scenarios: &[LoadedScenario]) -> Option<String> {
    let cash = cash_of(scenarios);
    (account.buying_power < cash || account.equity < cash).then(|| {
        format!(
            "the scenarios count on {}, the account has {} and may spend {}; lower account.cash or add money",
            dollars(cash),
            dollars(account.equity),
            dollars(account.buying_power)
        )
    })
}

/// What the account may not do and a scenario would.
fn powers(account: &AccountState, scenarios: &[LoadedScenario]) -> Vec<String> {
    let mut faults = Vec::new();
    for loaded in scenarios {
        let (name, spec) = (&loaded.spec.scenario.name, &loaded.spec.account);
        if spec.leverage > account.multiplier {
            faults.push(format!(
                "{name} borrows {} times, the account {}; lower account.leverage",
                spec.leverage, account.multiplier
            ));
        }
        if spec.allow_short && !account.may_short {
            faults.push(format!("{name} sells short and the account may not; set account.allow_short = false"));
        }
        if spec.leverage == 1 && account.cash < Money::ZERO {
            faults.push(format!(
                "{name} borrows nothing, but the account's cash is {}; pay it back first",
                dollars(account.cash)
            ));
        }
    }
    faults
}

async fn clocks(flight: &Preflight<'_>, reader: &VenueReader) -> Vec<Item> {
    let before = (flight.wall)();
    let clock = reader.clock().await;
    let after = (flight.wall)();
    let clock = match clock {
        Ok(clock) => clock,
        Err(error) => return vec![Item::fails("clock", error.to_string())],
    };
    let skew = match flight.mode {
        PreflightMode::Rehearsal(_) => Ok(format!("the exchange has the time of its data, {}", clock.at)),
        PreflightMode::Paper | PreflightMode::StandIn(_) | PreflightMode::Live => skew(before, after, clock.at),
    };
    let mut items = vec![Item::of("clock", skew)];
    if flight.scenarios.iter().all(|loaded| loaded.spec.data.calendar == CalendarKind::Xnys) {
        items.push(Item::of("calendar", hours(&clock)));
    }
    items
}

/// Did the venue's time lie within the call, give or take what is allowed?
fn skew(before: Timestamp, after: Timestamp, venue: Timestamp) -> Result<String, String> {
    let half = after.ns().saturating_sub(before.ns()) / 2;
    let ahead = venue.ns().saturating_sub(before.ns().saturating_add(half));
    let text = format!(
        "the venue's clock is {} ms {} this machine's, give or take {} ms",
        ahead.unsigned_abs() / 1_000_000,
        if ahead < 0 { "behind" } else { "ahead of" },
        half / 1_000_000
    );
    match half >= 0 && ahead.abs() <= SKEW_NS_MAX.saturating_add(half) {
        true => Ok(text),
        false => {
            Err(format!("{text}; allowed are {}, so set the clock of this machine (NTP)", SKEW_NS_MAX / 1_000_000))
        }
    }
}

/// Our calendar must open and close when the venue says.
fn hours(clock: &VenueClock) -> Result<String, String> {
    let calendar = Calendar::xnys();
    let running = calendar.session_of(clock.at);
    let coming = calendar
        .session(clock.at)
        .filter(|session| clock.at < session.open)
        .or_else(|| calendar.next_session(clock.at));
    let close = running.or(coming).map(|session| session.close);
    let (open, close) = (coming.map(|session| session.open), close);
    let is_same =
        running.is_some() == clock.is_open && open == Some(clock.next_open) && close == Some(clock.next_close);
    let shown = |time: Option<Timestamp>| time.map_or("unknown".to_owned(), |time| time.to_string());
    match is_same {
        true => Ok(format!(
            "the market opens next at {} and closes at {}, as the venue says",
            clock.next_open, clock.next_close
        )),
        false => Err(format!(
            "our calendar opens next at {} and closes at {}, the venue at {} and {}; install a newer release",
            shown(open),
            shown(close),
            clock.next_open,
            clock.next_close
        )),
    }
}

async fn assets(reader: &VenueReader, scenarios: &[LoadedScenario]) -> Result<String, String> {
    let symbols: BTreeSet<Symbol> =
        scenarios.iter().flat_map(|loaded| loaded.spec.data.symbols.iter().copied()).collect();
    let mut faults = Vec::new();
    for symbol in &symbols {
        let Some(asset) = reader.asset(*symbol).await.map_err(|error| error.to_string())? else {
            faults.push(format!("{symbol} is not known to the venue; correct data.symbols"));
            continue;
        };
        let users =
            || scenarios.iter().filter(|loaded| loaded.spec.data.symbols.contains(symbol)).map(|loaded| &loaded.spec);
        if !asset.is_tradable {
            faults.push(format!("{symbol} is not tradable now; take it out of data.symbols"));
        }
        if !asset.is_shortable
            && users().any(|spec| spec.account.allow_short && !spec.account.hard_to_borrow.contains(symbol))
        {
            faults.push(format!("{symbol} cannot be sold short; name it in account.hard_to_borrow"));
        }
        if !asset.is_fractionable && users().any(|spec| spec.sizing.fractional) {
            faults.push(format!("{symbol} is traded in whole shares only; set sizing.fractional = false"));
        }
        if !asset.is_marginable && users().any(|spec| spec.account.leverage > 1) {
            faults.push(format!("{symbol} cannot be bought on margin; set account.leverage = 1"));
        }
    }
    if faults.is_empty() {
        Ok(match symbols.len() {
            1 => "1 share is tradable as the scenarios need".to_owned(),
            count => format!("{count} shares are tradable as the scenarios need"),
        })
    } else {
        Err(faults.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_measured_from_the_middle_of_the_call() {
        let at = |ms: i64| Timestamp::from_ns(1_000_000_000_000_000_000 + ms * 1_000_000);
        assert!(skew(at(0), at(100), at(50)).is_ok());
        assert!(skew(at(0), at(100), at(2_100)).is_ok(), "2,050 ms ahead, 50 of them uncertain");
        assert!(skew(at(0), at(100), at(2_101)).expect_err("too far ahead").contains("NTP"));
        assert!(skew(at(0), at(100), at(-2_001)).is_err(), "too far behind");
        assert!(skew(at(100), at(0), at(50)).is_err(), "a clock that goes backwards measures nothing");
    }

    #[test]
    fn the_calendar_must_be_the_venues() {
        let clock = |at: &str, is_open, next_open: &str, next_close: &str| {
            let time = |text: &str| text.parse().expect("time");
            hours(&VenueClock { at: time(at), is_open, next_open: time(next_open), next_close: time(next_close) })
        };
        // The day before Thanksgiving after its close; on the half day after it; in the night before that.
        assert!(clock("2026-11-25T21:30:00Z", false, "2026-11-27T14:30:00Z", "2026-11-27T18:00:00Z").is_ok());
        assert!(clock("2026-11-27T15:00:00Z", true, "2026-11-30T14:30:00Z", "2026-11-27T18:00:00Z").is_ok());
        assert!(clock("2026-11-27T05:00:00Z", false, "2026-11-27T14:30:00Z", "2026-11-27T18:00:00Z").is_ok());
        for (is_open, next_open, next_close) in [
            (true, "2026-11-27T14:30:00Z", "2026-11-27T18:00:00Z"),
            (false, "2026-11-27T14:30:00Z", "2026-11-27T21:00:00Z"),
            (false, "2026-11-26T14:30:00Z", "2026-11-27T18:00:00Z"),
        ] {
            let text = clock("2026-11-25T21:30:00Z", is_open, next_open, next_close).expect_err("not ours");
            assert!(text.contains("our calendar opens next at 2026-11-27T14:30:00Z"), "{text}");
        }
    }

    #[test]
    fn a_blocked_account_and_money_that_is_not_there_fail() {
        let account = AccountState {
            number: "123456789".to_owned(),
            status: "ACTIVE".to_owned(),
            blocks: Vec::new(),
            cash: "10".parse().expect("money"),
            equity: "10".parse().expect("money"),
            buying_power: "20".parse().expect("money"),
            multiplier: 2,
            may_short: false,
        };
        let text = usable(&account).expect("usable");
        assert!(text.contains("6789") && !text.contains("56789"), "{text}");
        let inactive = AccountState { status: "ACCOUNT_UPDATED".to_owned(), ..account.clone() };
        assert!(usable(&inactive).expect_err("inactive").contains("ACCOUNT_UPDATED"));
        let blocked = AccountState { blocks: vec!["account_blocked"], ..account.clone() };
        assert!(usable(&blocked).expect_err("blocked").contains("account_blocked"));
        let world = super::super::testing::World::new();
        let short = shortage(&account, &world.scenarios).expect("10 dollars for 5,000");
        assert!(short.contains("count on $5,000.00, the account has $10.00 and may spend $20.00"), "{short}");
        let enough = AccountState {
            equity: "5000".parse().expect("money"),
            buying_power: "5000".parse().expect("money"),
            ..account.clone()
        };
        assert_eq!(shortage(&enough, &world.scenarios), None);
        assert!(powers(&account, &world.scenarios).is_empty());
        let borrowing = AccountState { cash: "-1".parse().expect("money"), ..account.clone() };
        assert!(powers(&borrowing, &world.scenarios)[0].contains("pay it back first"));
    }
}
