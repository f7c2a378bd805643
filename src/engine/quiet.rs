//! Bars on which nothing can happen: a run of them in one loop, with what they change in registers.
//!
//! Not here: what may happen on the others (replay), whether the strategy wants something (strategy).
//! Invariant: after a run of quiet bars everything is as if each had gone the long way.
use super::atr::Wilder;
use super::core::Engine;
use super::equity_tape::EquityTape;
use crate::domain::{Bar, SymbolIndex, Timestamp};
use crate::portfolio::Marked;
use crate::strategy::Strategy;
use crate::venue::Band;

/// Bars shown to the strategy before the account follows: their prices still lie in the cache then.
pub(super) const BLOCK_BARS: usize = 512;

/// What a quiet bar changes.
struct Lane {
    marked: Marked,
    tape: EquityTape,
}

impl Lane {
    /// Takes the bars that open before `until` and stay inside `band`; returns how many.
    #[inline]
    fn pass(&mut self, bars: &[Bar], band: Band, until: Timestamp, mut each: impl FnMut(&Bar)) -> usize {
        for (index, bar) in bars.iter().enumerate() {
            if bar.time >= until || !band.is_quiet(bar) {
                return index;
            }
            self.tape.push(self.marked.to(bar.close));
            each(bar);
        }
        bars.len()
    }
}

impl<S: Strategy> Engine<S> {
    /// How many of `bars` the strategy lets pass without a wish; it has seen them then.
    #[inline]
    pub(super) fn pass_quiet(&mut self, symbol: SymbolIndex, bars: &[Bar]) -> usize {
        self.strategy.pass_quiet(symbol, bars)
    }

    /// Values the only symbol of a run over the bars that open before `until` and stay inside `band`;
    /// returns how many. The strategy must have let them pass.
    pub(super) fn mark_quiet(&mut self, symbol: SymbolIndex, bars: &[Bar], band: Band, until: Timestamp) -> usize {
        let mut lane = Lane { marked: self.portfolio.take(symbol), tape: self.journal.equity };
        let passed = match self.atrs.get_mut(symbol.get()) {
            None => lane.pass(bars, band, until, |_| {}),
            Some(atr) => match atr.steady() {
                Some(mut wilder) => {
                    let passed = lane.pass(bars, band, until, |bar| Wilder::update(&mut wilder, bar));
                    atr.put(wilder);
                    passed
                }
                None => lane.pass(bars, band, until, |bar| atr.update(bar)),
            },
        };
        self.portfolio.put(symbol, lane.marked);
        self.journal.equity = lane.tape;
        self.books[symbol.get()].bars_seen += passed as u64;
        passed
    }

    /// Does the end of a session change anything?
    #[inline]
    pub(super) fn counts_sessions(&self) -> bool {
        !self.volatilities.is_empty()
    }
}
