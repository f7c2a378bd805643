//! What an engine hears, out of its desk's entries, one after another: for whoever reads them and sends nothing.
//!
//! Not here: lines, tickets and calls (desk), what entries mean (ledger).
//! Invariants: (1) the answers are those that the desk gave, in their order; (2) what an entry says is forgotten is kept no
//! longer, so a long journal takes no more memory than a day of it.
use std::collections::VecDeque;

use super::entry::Entry;
use super::ledger::Ledger;
use crate::domain::{ExecutionEvent, Money};
use crate::venue::VenueRules;

/// The image that entries make, and what follows from it.
#[derive(Debug)]
pub struct Heard {
    ledger: Ledger,
    ready: VecDeque<ExecutionEvent>,
    /// Room for what one entry leads to.
    fresh: Vec<ExecutionEvent>,
}

impl Heard {
    /// Before the first entry of a desk with these rules, this cash at its start and so many shares.
    pub fn new(rules: VenueRules, cash: Money, symbols: usize) -> Heard {
        Heard { ledger: Ledger::new(rules, cash, symbols), ready: VecDeque::new(), fresh: Vec::new() }
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &Entry) {
        self.ledger.apply(entry);
        self.ledger.poll(&mut self.fresh);
        self.ready.extend(self.fresh.drain(..));
    }

    /// Answers that follow from the entries so far and were not given out.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Gives out the next `count` of them, or all where there are fewer.
    pub fn give(&mut self, count: usize) -> impl Iterator<Item = ExecutionEvent> + '_ {
        self.ready.drain(..count.min(self.ready.len()))
    }
}
