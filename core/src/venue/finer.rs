//! Finer bars inside the bars of a run, for who must know what came first.
//!
//! Not here: reading and adjusting them (scenario), what fills on them (within).
use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Bar, Timestamp};

/// The finer bars of one symbol and which of them make up which bar. A copy shares their memory.
#[derive(Clone, Debug, Default)]
pub struct FinerBars {
    table: Arc<Table>,
    /// Bars after it have none.
    until: Timestamp,
}

#[derive(Debug, Default)]
struct Table {
    finer: Vec<Bar>,
    /// By time of the coarse bar; those without finer bars, or contradicted by them, are left out.
    parts: Vec<(Timestamp, Range<usize>)>,
}

impl FinerBars {
    /// Shares `finer` out to the bars of `coarse`, both in order of time. `end_of` says when a bar is over;
    /// the next bar ends it, too. `begin_of`: when it begins, its stamp unless it is daily.
    ///
    /// A bar whose high or low a finer bar passes is contradicted: nothing may fill outside of it.
    pub fn new(
        coarse: &[Bar],
        finer: Vec<Bar>,
        begin_of: impl Fn(Timestamp) -> Timestamp,
        end_of: impl Fn(Timestamp) -> Timestamp,
    ) -> FinerBars {
        let mut parts = Vec::new();
        for (index, bar) in coarse.iter().enumerate() {
            let next = coarse.get(index + 1).map_or(Timestamp::MAX, |next| begin_of(next.time));
            let end = end_of(bar.time).min(next);
            let first = finer.partition_point(|part| part.time < begin_of(bar.time));
            let count = finer[first..].partition_point(|part| part.time < end);
            let part = first..first + count;
            let fits = finer[part.clone()].iter().all(|small| bar.low <= small.low && small.high <= bar.high);
            if count > 0 && fits {
                parts.push((bar.time, part));
            }
        }
        FinerBars { table: Arc::new(Table { finer, parts }), until: Timestamp::MAX }
    }

    /// The same for a run that ends with the bar stamped `until`.
    pub fn until(&self, until: Timestamp) -> FinerBars {
        FinerBars { table: Arc::clone(&self.table), until }
    }

    /// The finer bars of the bar stamped `time`; none where they are missing or contradict it.
    pub(super) fn of(&self, time: Timestamp) -> &[Bar] {
        let Table { finer, parts } = &*self.table;
        match parts.binary_search_by_key(&time, |(time, _)| *time) {
            Ok(at) if time <= self.until => &finer[parts[at].1.clone()],
            _ => &[],
        }
    }
}
