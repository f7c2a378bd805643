//! `rsi_mean_reversion`: buy what has fallen too far.
//!
//! Not here: the index itself (indicator).
use super::window::price_factor;
use super::{
    Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState, Strategy,
    StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};
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
    /// `period` in bars, in the range of the parameter; thresholds 0 to 100.
    pub fn new(period: usize, oversold: f64, overbought: f64, signal: SignalRule, symbols: usize) -> RsiMeanReversion {
        let rsi = || Rsi::new(period).expect("a checked parameter");
        let symbols = (0..symbols).map(|_| (rsi(), SignalState::default())).collect();
        RsiMeanReversion { oversold, overbought, signal, symbols }
    }
}

impl Listed for RsiMeanReversion {
    const INFO: StrategyInfo = StrategyInfo {
        id: "rsi_mean_reversion",
        rule: "long when RSI (Wilder) is below oversold; out when it is above overbought",
        params: &[
            ParamInfo::whole("rsi_period", 14, 1, LOOKBACK_BARS_MAX, "bars of the RSI"),
            ParamInfo::number("oversold", 30.0, 0.0, 100.0, "enter below this"),
            ParamInfo::number("overbought", 70.0, 0.0, 100.0, "leave above this"),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (low, high) = (params.number("oversold").to_f64(), params.number("overbought").to_f64());
        if low > high {
            // Between the two it would be told to enter and to leave at once.
            let what = format!("oversold {low} must not be above overbought {high}");
            return Err(ParamError::value("oversold", what));
        }
        let period = params.whole("rsi_period");
        Ok(RsiMeanReversion::new(period, low, high, params.signal_rule(), setup.symbols))
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

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.symbols[symbol.get()].0.rescale(price_factor(ratio));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, any_bars, bars, trade, traded};
    use super::*;
    use proptest::prelude::*;

    fn strategy(period: usize, oversold: f64, overbought: f64) -> RsiMeanReversion {
        RsiMeanReversion::new(period, oversold, overbought, SignalRule::DEFAULT, 1)
    }

    #[test]
    fn a_threshold_must_be_passed_not_reached() {
        // RSI(2) of 10 12 11 is 100 × 1 ÷ 1.5 = 66.7; then down to 8: gain 0.5, loss 1.75, RSI 22.2.
        let bars = bars(&[10, 12, 11, 8, 14]);
        assert_eq!(trade(strategy(2, 30.0, 70.0), &bars), [(3, Event::Buy), (4, Event::Exit)]);
        // All losses: RSI is 0, which is not below 0; all gains: 100 is not above 100.
        let ends = super::super::testing::bars(&[9, 8, 7, 6]);
        assert_eq!(trade(strategy(2, 0.0, 100.0), &ends), []);
        assert_eq!(trade(strategy(2, 0.5, 100.0), &ends), [(2, Event::Buy)]);
    }

    proptest! {
        /// Streaming equals Wilder's averages over the whole history.
        #[test]
        fn streaming_is_naive(bars in any_bars(), period in 1usize..6) {
            let (low, high) = (37.123, 61.789); // no fraction of small whole numbers
            let expected = traded(&bars, |history| {
                let changes: Vec<f64> =
                    history.windows(2).map(|pair| pair[1].close.to_f64() - pair[0].close.to_f64()).collect();
                if changes.len() < period {
                    return (false, false);
                }
                let n = period as f64;
                let wilder = |of: fn(f64) -> f64| {
                    let (seed, rest) = changes.split_at(period);
                    let seed = seed.iter().map(|change| of(*change)).sum::<f64>() / n;
                    rest.iter().fold(seed, |mean, change| (mean * (n - 1.0) + of(*change)) / n)
                };
                let (gain, loss) = (wilder(|change| change.max(0.0)), wilder(|change| (-change).max(0.0)));
                let rsi = if gain + loss == 0.0 { 0.0 } else { 100.0 * gain / (gain + loss) };
                (rsi < low, rsi > high)
            });
            prop_assert_eq!(trade(strategy(period, low, high), &bars), expected);
        }
    }
}
