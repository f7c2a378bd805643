//! What a delisting does at the venue: nothing rests, nothing is taken any more.
//!
//! Not here: what it does to our own books (engine).
use super::simulated::SimulatedVenue;
use crate::domain::{ExecutionEvent, Fill, Quantity, Symbol, SymbolIndex};

impl SimulatedVenue {
    /// The share is listed no more: its orders are canceled, and `paid` takes the position away. Later orders
    /// are refused by `name`.
    pub fn delist(&mut self, symbol: SymbolIndex, name: Symbol, paid: Option<Fill>) {
        self.cancel_where(symbol, |_| true);
        self.inactive.push((symbol, name));
        if let Some(fill) = paid {
            self.account.apply(&fill);
            self.events.push(ExecutionEvent::Filled { fill, remaining: Quantity::ZERO });
        }
    }

    /// Its name, if the share is listed no more.
    pub(super) fn inactive(&self, symbol: SymbolIndex) -> Option<Symbol> {
        self.inactive.iter().find(|(gone, _)| *gone == symbol).map(|(_, name)| *name)
    }
}
