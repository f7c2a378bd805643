//! What companies do to their shares while the tape runs, as far as prices do not show it already.
//!
//! Not here: what it does to positions (core); telling it to clients (`corporate_actions`).
//! Invariant: an action has happened from the first moment of the session of its date on, for everybody alike.
use super::Tape;
use super::local_time::date_at;
use crate::domain::Timestamp;
use crate::engine::MarketAction;
use crate::market::{ActionKind, CorporateAction};
use crate::scenario::MarketData;

/// Something that happens to an asset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Action {
    /// Its place on the tape.
    pub(super) asset: usize,
    /// The ex-date: midnight UTC of it.
    pub(super) date: Timestamp,
    /// No bar of before has a stamp as late as this.
    pub(super) from: Timestamp,
    /// What happens.
    pub(super) kind: ActionKind,
}

impl Action {
    /// Has it happened by now?
    pub(super) fn has_happened(&self, tape: &Tape) -> bool {
        tape.day().is_some_and(|day| self.date <= day.date)
    }

    /// The same for the room of markets.
    pub(super) fn of_market(&self, tape: &Tape) -> CorporateAction {
        CorporateAction { symbol: tape.names()[self.asset], ex_date: self.from, kind: self.kind, line: 0 }
    }
}

/// The actions of all assets, by date and asset.
pub(super) fn actions(market: &MarketData, tape: &Tape) -> Vec<Action> {
    let symbols = market.bars.len();
    let own = market.actions.iter().map(|(from, action)| (action.symbol().get(), *from, *action));
    // The benchmark comes after the symbols, unless it is one of them.
    let benchmark = market.benchmark_actions.iter().filter(|_| symbols < tape.names().len());
    let benchmark = benchmark.map(|(from, action)| (symbols, *from, *action));
    let mut all: Vec<Action> =
        own.chain(benchmark).map(|(asset, from, action)| action_of(tape, asset, from, action)).collect();
    all.sort_by_key(|action| (action.date, action.asset));
    all
}

fn action_of(tape: &Tape, asset: usize, from: Timestamp, action: MarketAction) -> Action {
    let date = if tape.timeframe().is_daily() { from } else { date_at(tape.calendar(), from) };
    let kind = match action {
        MarketAction::Split { ratio, .. } => ActionKind::Split { ratio },
        MarketAction::Dividend { amount, .. } => ActionKind::Dividend { amount },
        MarketAction::Delisting { amount, .. } => ActionKind::Delisting { amount },
    };
    Action { asset, date, from, kind }
}
