//! Bars of a scenario's timeframe out of the bars that come, and steps of all its shares out of those.
//!
//! Not here: sockets and history (driver), what a step leads to (trader).
//! Invariants: (1) steps come in order of time, each once, and a bar never comes before it is complete; (2) a step waits
//! for its shares until their bars are all there, or it has been over for as long as the patience; (3) what comes for a
//! step that was shown changes nothing and is counted.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::terms::Terms;
use crate::domain::{Bar, Symbol, SymbolIndex, Timestamp, Volume};

/// Steps that wait at most: a week of minutes. A session that is so far behind shows what it has.
const PENDING_MAX: usize = 5 * 390;

/// Assembles the steps of one scenario.
#[derive(Debug)]
pub struct Assembler {
    terms: Arc<Terms>,
    /// The span of the bars that come: a minute at Alpaca, the scenario's own on the built-in exchange.
    unit_ns: i64,
    /// By stamp, by share: what has come of it, by the stamp it came with.
    pending: BTreeMap<Timestamp, Vec<BTreeMap<Timestamp, Bar>>>,
    shown: Timestamp,
    /// Bars that came too late to be shown, or again.
    late: u64,
    is_held: bool,
}

/// The bars of a stamp that are shown together.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Their stamp.
    pub time: Timestamp,
    /// By share, in the scenario's order.
    pub bars: Vec<(SymbolIndex, Bar)>,
}

impl Assembler {
    /// Nothing has come; steps up to `shown` are over. `unit_ns`: the span of the bars that will come.
    pub fn new(terms: Arc<Terms>, unit_ns: i64, shown: Timestamp) -> Assembler {
        Assembler { terms, unit_ns, pending: BTreeMap::new(), shown, late: 0, is_held: false }
    }

    /// A bar of `symbol` that has ended, or again after a correction; stamped as files are.
    pub fn take(&mut self, symbol: Symbol, bar: Bar) {
        let Some(at) = self.terms.index_of(symbol) else { return };
        let Some(stamp) = self.stamp_of(bar.time) else { return };
        if stamp <= self.shown {
            self.late += 1;
            return;
        }
        let shares = self.terms.symbols.len();
        let step = self.pending.entry(stamp).or_insert_with(|| vec![BTreeMap::new(); shares]);
        step[at.get()].insert(bar.time, bar);
    }

    /// The stamp of the scenario's bar that a bar belongs to; none outside the core session.
    fn stamp_of(&self, time: Timestamp) -> Option<Timestamp> {
        if self.terms.timeframe.is_daily() {
            return Some(time);
        }
        let session = self.terms.calendar.session_of(time)?;
        let passed = (time.ns() - session.open.ns()) / self.terms.bar_ns();
        Some(session.open.plus_ns(passed * self.terms.bar_ns()))
    }

    /// While held, no step is ready: history is being asked for what was missed.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// The next step that is complete at `now`, if one is.
    pub fn ready(&mut self, now: Timestamp, patience_ns: i64) -> Option<Step> {
        if self.is_held && self.pending.len() < PENDING_MAX {
            return None;
        }
        let (&time, shares) = self.pending.first_key_value()?;
        let (_, closes) = self.terms.span_of(time);
        let is_over = now >= closes.plus_ns(patience_ns) || self.pending.len() > 1 || self.pending.len() >= PENDING_MAX;
        if !is_over && !shares.iter().all(|bars| self.is_whole(bars, closes)) {
            return None;
        }
        let bars: Vec<(SymbolIndex, Bar)> = (0u16..)
            .map(SymbolIndex)
            .zip(shares)
            .filter_map(|(symbol, bars)| joined(time, bars).map(|bar| (symbol, bar)))
            .collect();
        self.pending.remove(&time);
        self.shown = time;
        Some(Step { time, bars })
    }

    /// Has its last minute come?
    fn is_whole(&self, bars: &BTreeMap<Timestamp, Bar>, closes: Timestamp) -> bool {
        let is_daily = self.terms.timeframe.is_daily() && !bars.is_empty();
        is_daily || bars.last_key_value().is_some_and(|(last, _)| last.plus_ns(self.unit_ns) >= closes)
    }

    /// When the step that waits will have waited long enough, on the venue's clock.
    pub fn due(&self, patience_ns: i64) -> Option<Timestamp> {
        let (time, _) = self.pending.first_key_value().filter(|_| !self.is_held)?;
        Some(self.terms.span_of(*time).1.plus_ns(patience_ns))
    }

    /// Is the bar of this stamp still to come?
    pub fn lacks(&self, symbol: Symbol, stamp: Timestamp) -> bool {
        let Some(at) = self.terms.index_of(symbol) else { return false };
        stamp > self.shown && self.pending.get(&stamp).is_none_or(|shares| shares[at.get()].is_empty())
    }

    /// Is nothing waiting to be shown?
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && !self.is_held
    }

    /// The last step that was shown.
    pub fn shown(&self) -> Timestamp {
        self.shown
    }

    /// Bars that came too late to be shown, or again.
    pub fn late(&self) -> u64 {
        self.late
    }
}

/// One bar of those that came of it.
fn joined(time: Timestamp, bars: &BTreeMap<Timestamp, Bar>) -> Option<Bar> {
    let mut all = bars.values();
    let first = Bar { time, ..*all.next()? };
    all.try_fold(first, |sum, bar| {
        Some(Bar {
            high: sum.high.max(bar.high),
            low: sum.low.min(bar.low),
            close: bar.close,
            volume: Volume::from_units(sum.volume.units().checked_add(bar.volume.units())?)?,
            ..sum
        })
    })
}
