//! A span of a market: its bars, and what belongs to them.
//!
//! Not here: which span (sweep). Spreads and finer bars are found by time, so a cut shares those of the whole.
//! Invariant: a cut holds nothing of what comes at or after its end; earlier bars are out of it too.
use std::ops::Range;

use super::{MarketData, SessionEnds};
use crate::domain::{Bar, Timestamp};

impl MarketData {
    /// First moment and last step of every session that has a bar, in order; the same for daily bars.
    pub fn sessions_with_bars(&self) -> Vec<(Timestamp, Timestamp)> {
        let ends = SessionEnds::of(self);
        ends.times().iter().map(|end| (self.session_start(*end), *end)).collect()
    }

    fn session_start(&self, time: Timestamp) -> Timestamp {
        let before = self.session_index(time).checked_sub(1);
        let start = match self.extended.is_empty() {
            true => before.and_then(|at| self.sessions.get(at)).map(|session| session.start),
            false => before.and_then(|at| self.extended.get(at)).map(|day| day.start),
        };
        start.unwrap_or(time)
    }

    /// The bars that open in `span`, which begins and ends between sessions, with what a run on them needs; a
    /// symbol may have none. Warnings and an order script stay with the whole.
    pub fn cut(&self, span: &Range<Timestamp>) -> MarketData {
        let within = |bars: &Vec<Bar>| {
            let at = |moment: Timestamp| bars.partition_point(|bar| bar.time < moment);
            bars[at(span.start)..at(span.end)].to_vec()
        };
        let bars: Vec<Vec<Bar>> = self.bars.iter().map(within).collect();
        let last = bars.iter().filter_map(|bars| bars.last()).map(|bar| bar.time).max();
        // As in a run that ends there: what comes after the last bar is not seen.
        let is_seen = |time: &Timestamp| span.start <= *time && Some(*time) <= last;
        MarketData {
            benchmark: self.benchmark.as_ref().map(within).filter(|bars| !bars.is_empty()),
            benchmark_actions: self.benchmark_actions.iter().filter(|(time, _)| is_seen(time)).copied().collect(),
            sessions: self.sessions.iter().filter(|session| span.contains(&session.start)).copied().collect(),
            extended: self.extended.iter().filter(|day| span.contains(&day.start)).copied().collect(),
            actions: self.actions.iter().filter(|(time, _)| is_seen(time)).copied().collect(),
            spreads: self.spreads.clone(),
            finer: self.finer.clone(),
            files: self.files.clone(),
            bars,
            ..MarketData::default()
        }
    }

    /// Is there no bar?
    pub fn is_empty(&self) -> bool {
        self.bars.iter().all(Vec::is_empty)
    }
}
