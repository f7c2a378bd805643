//! What companies do to their shares while the tape runs, as far as prices do not show it already.
//!
//! Not here: what it does to positions (core); telling it to clients (`corporate_actions`).
//! Invariant: an action has happened from the first moment of the session of its date on, for everybody alike.
use super::Tape;
use crate::domain::Timestamp;
use crate::engine::MarketAction;
use crate::market::{ActionKind, CorporateAction};

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

/// The actions of all assets, by date and asset; their symbols are places on the tape.
pub(super) fn actions(market: &[(Timestamp, MarketAction)]) -> Vec<Action> {
    let mut all: Vec<Action> = market.iter().map(|(from, action)| action_of(*from, *action)).collect();
    all.sort_by_key(|action| (action.date, action.asset));
    all
}

fn action_of(from: Timestamp, action: MarketAction) -> Action {
    let kind = match action {
        MarketAction::Split { ratio, .. } => ActionKind::Split { ratio },
        MarketAction::Dividend { amount, .. } => ActionKind::Dividend { amount },
        MarketAction::Delisting { amount, .. } => ActionKind::Delisting { amount },
    };
    // A session opens on the day of UTC that has its date, also where hours before it are shown.
    let date = Timestamp::from_days(from.days()).unwrap_or(from);
    Action { asset: action.symbol().get(), date, from, kind }
}
