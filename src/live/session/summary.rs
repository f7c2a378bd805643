//! The day of a scenario at its session's end: the sentence and the table that people are told.
//!
//! Not here: their words (notify::summary), who is told (notify).
use super::show::book_view;
use super::tell::plain;
use super::trader::Trader;
use crate::domain::{Money, Timestamp};
use crate::live::event::{EventKind, SessionEvent, Severity};
use crate::live::notify::{DaySummary, SummaryPosition};
use crate::report::format::{capitalized, code_in_words};
use crate::risk::HaltCause;

/// The event of a session that has just ended.
pub fn of_session(trader: &Trader, time: Timestamp) -> SessionEvent {
    let (terms, machine, day) = (trader.terms(), trader.machine(), &trader.day);
    let text = match day.session().filter(|_| machine.session().is_none()) {
        Some(session) => {
            let view = book_view(trader, time);
            let position = |position: &crate::live::PositionView| SummaryPosition {
                symbol: position.symbol.clone(),
                shares: position.shares,
                today: position.today,
                stop: position.stop,
            };
            let refusals = day.refused().iter().map(|(code, count)| (code_in_words(code), *count)).collect();
            let summary = DaySummary {
                day: session.date.utc_date(),
                equity: Some(view.equity),
                baseline: day.baseline(),
                trades: view.closed.len(),
                realised: Some(view.closed.iter().map(|closed| closed.today).sum::<Money>()),
                refusals,
                halts: day.halts().iter().map(|cause| halt_words(*cause)).collect(),
                positions: view.positions.iter().map(position).collect(),
                heat: view.at_stops.fraction_of(view.equity),
                heat_max: terms.risk.max_portfolio_heat.to_f64(),
            };
            summary.text()
        }
        // The next one has begun before anybody knew: its figures are not those of this one.
        None => {
            "The session before this one has ended without its last bar; `alphaflow history` has its trades.".to_owned()
        }
    };
    plain(EventKind::DailySummary, Severity::Info, terms, None, time, text)
}

fn halt_words(cause: HaltCause) -> String {
    format!("{}; {}.", capitalized(cause.words()), cause.lifted_by())
}
