//! `momentum` and `quick_test`: the return over a look-back is above a threshold.
//!
//! Not here: returns compared between symbols (`cross_sectional_momentum`).
//! Compared exactly: close × 1 against close-ago × (1 ± threshold), in integers.
use super::window::ExactWindow;
use super::{
    Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState, Strategy,
    StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};

/// Long when `close[t] ÷ close[t − lookback] − 1` > threshold; out when it is < −threshold.
#[derive(Debug)]
pub struct Momentum {
    above: i128,
    below: i128,
    signal: SignalRule,
    symbols: Vec<(ExactWindow, SignalState)>,
}

impl Momentum {
    /// `lookback` ≥ 1 bars, `threshold` ≥ 0.
    pub fn new(lookback: usize, threshold: Ratio, signal: SignalRule, symbols: usize) -> Momentum {
        let state = (ExactWindow::new(lookback), SignalState::default());
        let (above, below) = (threshold.one_plus().units().into(), threshold.one_minus().units().into());
        Momentum { above, below, signal, symbols: vec![state; symbols] }
    }
}

impl Listed for Momentum {
    const INFO: StrategyInfo = StrategyInfo {
        id: "momentum",
        rule: "long when close ÷ close lookback_period bars ago − 1 is above momentum_threshold; out below its negative",
        params: &[
            ParamInfo::whole("lookback_period", 20, 1, LOOKBACK_BARS_MAX, "bars looked back"),
            ParamInfo::number("momentum_threshold", 0.02, 0.0, 100.0, "a fraction: 0.02 is 2 %"),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (lookback, threshold) = (params.whole("lookback_period"), params.number("momentum_threshold"));
        Ok(Momentum::new(lookback, threshold, params.signal_rule(), setup.symbols))
    }
}

impl Strategy for Momentum {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let (closes, state) = &mut self.symbols[symbol.get()];
        let ago = closes.push(bar.close.units()).map(i128::from);
        let now = i128::from(bar.close.units()) * i128::from(Ratio::ONE.units());
        let up = ago.is_some_and(|ago| now > ago * self.above);
        let down = ago.is_some_and(|ago| now < ago * self.below);
        self.signal.apply(state, symbol, up, down, view, intents);
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.symbols[symbol.get()].0.split_prices(ratio);
    }
}

/// [`Momentum`] over one bar: it trades often, so that a few bars show the whole path of an order.
#[derive(Debug)]
pub struct QuickTest(Momentum);

impl Listed for QuickTest {
    const INFO: StrategyInfo = StrategyInfo {
        id: "quick_test",
        rule: "long when the one-bar return is above threshold; out below its negative",
        params: &[ParamInfo::number("threshold", 0.001, 0.0, 100.0, "a fraction: 0.001 is 0.1 %")],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        Ok(QuickTest(Momentum::new(1, params.number("threshold"), params.signal_rule(), setup.symbols)))
    }
}

impl Strategy for QuickTest {
    #[inline]
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        self.0.on_bar(symbol, bar, view, intents);
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.0.on_split(symbol, ratio);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, any_bars, bars, trade, traded};
    use super::*;
    use proptest::prelude::*;

    fn strategy(lookback: usize, threshold: &str) -> Momentum {
        Momentum::new(lookback, threshold.parse().unwrap(), SignalRule::DEFAULT, 1)
    }

    #[test]
    fn exactly_the_threshold_is_no_signal() {
        // 50 → 51 is 2 %, 51 → 49.98 would be −2 %: whole dollars reach only the first.
        assert_eq!(trade(strategy(1, "0.02"), &bars(&[50, 51])), []);
        assert_eq!(trade(strategy(1, "0.019999999"), &bars(&[50, 51])), [(1, Event::Buy)]);
        // Two bars back: the first bar that can be compared is the third.
        assert_eq!(trade(strategy(2, "0.02"), &bars(&[50, 60, 52, 40])), [(2, Event::Buy), (3, Event::Exit)]);
    }

    proptest! {
        /// Streaming equals the return looked up in the whole history.
        #[test]
        fn streaming_is_naive(bars in any_bars(), lookback in 1usize..6) {
            let expected = traded(&bars, |history| {
                let Some(at) = history.len().checked_sub(lookback + 1) else { return (false, false) };
                let (now, ago) = (history[history.len() - 1].close.units(), history[at].close.units());
                (now * 10 > ago * 11, now * 10 < ago * 9)
            });
            prop_assert_eq!(trade(strategy(lookback, "0.1"), &bars), expected);
        }
    }
}
