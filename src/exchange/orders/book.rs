//! Every order since the start, found by its id, its client's name for it, or its number at the venue.
//!
//! Not here: what becomes of them.
use std::collections::{BTreeMap, BTreeSet};

use super::record::Record;
use crate::domain::{OrderId, SymbolIndex};

/// All orders, in the order in which they were taken.
#[derive(Clone, Debug, Default)]
pub(in crate::exchange) struct Book {
    records: Vec<Record>,
    by_id: BTreeMap<String, usize>,
    by_client_id: BTreeMap<String, usize>,
    by_number: BTreeMap<OrderId, usize>,
    open: BTreeSet<usize>,
    numbers: u64,
    /// Shares that are listed no more.
    pub(in crate::exchange) delisted: Vec<SymbolIndex>,
}

impl Book {
    /// The next number at the venue, the first of `count` in a row.
    pub(in crate::exchange) fn next_number(&mut self, count: u64) -> OrderId {
        let first = self.numbers + 1;
        self.numbers += count;
        OrderId(first)
    }

    /// Takes an order; its place.
    pub(in crate::exchange) fn add(&mut self, record: Record) -> usize {
        let at = self.records.len();
        self.by_id.insert(record.id.clone(), at);
        self.by_client_id.insert(record.client_id.clone(), at);
        // One that replaces another goes on under its number.
        self.by_number.insert(record.at_venue, at);
        self.open.insert(at);
        self.records.push(record);
        at
    }

    /// The order at a place.
    pub(in crate::exchange) fn get(&self, at: usize) -> &Record {
        &self.records[at]
    }

    /// The same, to be changed.
    pub(in crate::exchange) fn get_mut(&mut self, at: usize) -> &mut Record {
        &mut self.records[at]
    }

    /// It has ended.
    pub(in crate::exchange) fn close(&mut self, at: usize) {
        self.open.remove(&at);
    }

    /// Places of open orders, oldest first.
    pub(in crate::exchange) fn open(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.open.iter().copied()
    }

    /// All orders, oldest first.
    pub(in crate::exchange) fn all(&self) -> &[Record] {
        &self.records
    }

    /// By its id.
    pub(in crate::exchange) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// By its client's name for it.
    pub(in crate::exchange) fn by_client_id(&self, id: &str) -> Option<usize> {
        self.by_client_id.get(id).copied()
    }

    /// The last order under a number of the venue.
    pub(in crate::exchange) fn by_number(&self, number: OrderId) -> Option<usize> {
        self.by_number.get(&number).copied()
    }
}
