//! `donchian_breakout`: the close leaves the channel of the bars before it.
use super::{Intents, SignalRule, SignalState, Strategy, View};
use crate::domain::{Bar, SymbolIndex};
use crate::indicator::{RollingMax, RollingMin};

/// Long when close > max(high of the previous `entry` bars); out when close < min(low of `exit` bars).
#[derive(Debug)]
pub struct DonchianBreakout {
    signal: SignalRule,
    symbols: Vec<State>,
}

#[derive(Debug)]
struct State {
    high: RollingMax,
    low: RollingMin,
    signal: SignalState,
}

impl DonchianBreakout {
    /// Look-backs in the registry's range.
    pub fn new(entry: usize, exit: usize, signal: SignalRule, symbols: usize) -> DonchianBreakout {
        let state = |_| State {
            high: RollingMax::new(entry).expect("the registry checks the period"),
            low: RollingMin::new(exit).expect("the registry checks the period"),
            signal: SignalState::default(),
        };
        DonchianBreakout { signal, symbols: (0..symbols).map(state).collect() }
    }
}

impl Strategy for DonchianBreakout {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let state = &mut self.symbols[symbol.get()];
        // One conversion for both sides of the comparison, so equal prices stay equal.
        let close = bar.close.to_f64();
        let up = state.high.value().is_some_and(|high| close > high);
        let down = state.low.value().is_some_and(|low| close < low);
        state.high.update(bar.high.to_f64());
        state.low.update(bar.low.to_f64());
        self.signal.apply(&mut state.signal, symbol, up, down, view, intents);
    }
}
