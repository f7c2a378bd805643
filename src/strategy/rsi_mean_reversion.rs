//! `rsi_mean_reversion`: buy what has fallen too far.
use super::{Intents, SignalRule, SignalState, Strategy, View};
use crate::domain::{Bar, SymbolIndex};
use crate::indicator::Rsi;

/// Long when RSI (Wilder) < oversold; out when RSI > overbought.
#[derive(Debug)]
pub struct RsiMeanReversion {
    oversold: f64,
    overbought: f64,
    signal: SignalRule,
    symbols: Vec<(Rsi, SignalState)>,
}

impl RsiMeanReversion {
    /// `period` in the registry's range, thresholds 0 to 100.
    pub fn new(period: usize, oversold: f64, overbought: f64, signal: SignalRule, symbols: usize) -> RsiMeanReversion {
        let rsi = || Rsi::new(period).expect("the registry checks the period");
        let symbols = (0..symbols).map(|_| (rsi(), SignalState::default())).collect();
        RsiMeanReversion { oversold, overbought, signal, symbols }
    }
}

impl Strategy for RsiMeanReversion {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let (rsi, state) = &mut self.symbols[symbol.get()];
        let value = rsi.update(bar.close.to_f64());
        let up = value.is_some_and(|rsi| rsi < self.oversold);
        let down = value.is_some_and(|rsi| rsi > self.overbought);
        self.signal.apply(state, symbol, up, down, view, intents);
    }
}
