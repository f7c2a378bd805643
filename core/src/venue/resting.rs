//! Resting orders as who asks the venue sees them.
//!
//! Not here: what becomes of them (matching), changing them (simulated, amend).
use super::simulated::SimulatedVenue;
use crate::domain::{OrderId, OrderKind, Price, Quantity, SymbolIndex};

/// How a resting order stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resting {
    /// Shares it may still fill.
    pub remaining: Quantity,
    /// Its type and prices now: a stop that waits for volume is a market order, or a limit at its collar.
    pub kind: OrderKind,
    /// Its stop now; a trailing stop's moves. Zero where it has none.
    pub trigger: Price,
    /// A trailing stop's best price so far.
    pub best: Price,
    /// It leaves at the next price, whatever that is: a market order, or a stop that has become one.
    pub is_at_market: bool,
}

impl SimulatedVenue {
    /// The order of `symbol` as it rests; `None` once it has gone, or while it waits for its entry.
    pub fn resting(&self, symbol: SymbolIndex, id: OrderId) -> Option<Resting> {
        let order = self.books[symbol.get()].iter().find(|order| order.id == id)?;
        Some(Resting {
            remaining: order.remaining,
            kind: order.kind,
            trigger: order.trigger,
            best: order.best,
            is_at_market: order.kind == OrderKind::Market || order.triggered && order.kind.limit().is_none(),
        })
    }
}
