//! `momentum` and `quick_test`: the return over a look-back is above a threshold.
//!
//! Compared exactly: close × 1 against close-ago × (1 ± threshold), in integers.
use super::{Intents, SignalRule, SignalState, Strategy, View};
use crate::domain::{Bar, Ratio, SymbolIndex};

/// Long when close[t] ÷ close[t − lookback] − 1 > threshold; out when it is < −threshold.
#[derive(Debug)]
pub struct Momentum {
    lookback: usize,
    above: i128,
    below: i128,
    signal: SignalRule,
    symbols: Vec<State>,
}

#[derive(Debug, Clone)]
struct State {
    closes: Box<[i64]>,
    next: usize,
    seen: usize,
    signal: SignalState,
}

impl Momentum {
    /// `lookback` ≥ 1 bars, `threshold` ≥ 0.
    pub fn new(lookback: usize, threshold: Ratio, signal: SignalRule, symbols: usize) -> Momentum {
        let state = State { closes: vec![0; lookback].into(), next: 0, seen: 0, signal: SignalState::default() };
        let (above, below) = (threshold.one_plus().units().into(), threshold.one_minus().units().into());
        Momentum { lookback, above, below, signal, symbols: vec![state; symbols] }
    }
}

impl Strategy for Momentum {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let state = &mut self.symbols[symbol.get()];
        let ago = i128::from(std::mem::replace(&mut state.closes[state.next], bar.close.units()));
        state.next = if state.next + 1 == self.lookback { 0 } else { state.next + 1 };
        let warm = state.seen == self.lookback;
        state.seen += usize::from(!warm);
        let now = i128::from(bar.close.units()) * i128::from(Ratio::ONE.units());
        let (up, down) = (warm && now > ago * self.above, warm && now < ago * self.below);
        self.signal.apply(&mut state.signal, symbol, up, down, view, intents);
    }
}
