//! Splits: ours follow what the venue has made of its orders and positions, which it says nothing of.
//!
//! Not here: when a split is booked (live::driver). From the first moment of its day on the venue counts in new shares,
//! and cancels stops for it or restates them; our image counts in old ones until the split is booked, before the open.
//! Invariant: in between nothing protective is armed or moved, since it would go to a level of old shares. No stop could
//! trigger then either: stops work in the core session alone.
use std::collections::BTreeSet;

use super::AlpacaDesk;
use super::known::Attempt;
use crate::domain::{Money, Price, Quantity, Ratio, SymbolIndex, Timestamp};
use crate::execution::alpaca::entry::Entry;

impl AlpacaDesk {
    /// The shares whose split has begun at the venue and is not booked here; each time all of them.
    pub fn await_splits(&mut self, symbols: BTreeSet<SymbolIndex>) {
        if self.splitting != symbols {
            self.splitting = symbols;
            self.settle();
        }
    }

    /// Does the venue count this share anew while our image does not?
    pub(super) fn is_splitting(&self, symbol: SymbolIndex) -> bool {
        self.splitting.contains(&symbol)
    }

    /// A split into `ratio` new shares per old: the venue restates orders and positions without a word, ours follow.
    /// `kept`, `mark` and `cash` are what our own books hold after it.
    pub fn on_split(
        &mut self,
        symbol: SymbolIndex,
        ratio: Ratio,
        (kept, mark, cash): (Quantity, Price, Money),
        time: Timestamp,
    ) {
        self.ledger.record(Entry::Split { symbol, ratio, kept, mark, cash, time });
        self.splitting.remove(&symbol);
        self.drop_waiting_exits(symbol);
        // What the venue has made of its orders is read anew.
        for line in self.lines.values_mut().filter(|line| line.symbol == symbol && line.open().is_some()) {
            line.ask = Some(Attempt::at(self.now.ms));
            line.refused = None;
            line.looked_for = None;
        }
        self.settle();
    }
}
