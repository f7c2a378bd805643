//! `mean_reversion`: buy what stands far below its own mean.
//!
//! Not here: the score itself (indicator).
use super::window::price_factor;
use super::{
    ChartLine, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState,
    Strategy, StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};
use crate::indicator::{Sma, StdDev, ZScore};

/// Long when z < −threshold, out when z > threshold; z is the distance of the close from the mean of
/// the last closes, this one included, in sample deviations. Without deviation there is no signal.
#[derive(Debug)]
pub struct MeanReversion {
    threshold: f64,
    signal: SignalRule,
    symbols: Vec<(ZScore, SignalState)>,
}

impl MeanReversion {
    /// `lookback` ≥ 2 bars, in the range of the parameter; `threshold` ≥ 0 deviations.
    pub fn new(lookback: usize, threshold: f64, signal: SignalRule, symbols: usize) -> MeanReversion {
        let zscore = || ZScore::new(lookback).expect("a checked parameter");
        let symbols = (0..symbols).map(|_| (zscore(), SignalState::default())).collect();
        MeanReversion { threshold, signal, symbols }
    }
}

impl Listed for MeanReversion {
    const INFO: StrategyInfo = StrategyInfo {
        id: "mean_reversion",
        rule: "long when the close is more than z_score_threshold sample deviations below its mean; out when as far above",
        params: &[
            ParamInfo::whole("lookback_period", 20, 2, LOOKBACK_BARS_MAX, "closes of mean and deviation"),
            ParamInfo::number("z_score_threshold", 2.0, 0.0, 100.0, "deviations from the mean"),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (lookback, threshold) = (params.whole("lookback_period"), params.number("z_score_threshold"));
        Ok(MeanReversion::new(lookback, threshold.to_f64(), params.signal_rule(), setup.symbols))
    }

    fn lines(params: &Params, _setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let (lookback, threshold) = (params.whole("lookback_period"), params.number("z_score_threshold"));
        let band = |sign: f64| {
            let mut mean = Sma::new(lookback).expect("a checked parameter");
            let mut deviation = StdDev::sample(lookback).expect("a checked parameter");
            let label = format!("Mean {lookback} {} {threshold}σ", if sign < 0.0 { '−' } else { '+' });
            ChartLine::each(label, bars, move |bar| {
                let (mean, deviation) = (mean.update(bar.close.to_f64()), deviation.update(bar.close.to_f64()));
                Some(mean? + sign * threshold.to_f64() * deviation?)
            })
        };
        vec![band(-1.0), band(1.0)]
    }
}

impl Strategy for MeanReversion {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let (zscore, state) = &mut self.symbols[symbol.get()];
        let z = zscore.update(bar.close.to_f64());
        let up = z.is_some_and(|z| z < -self.threshold);
        let down = z.is_some_and(|z| z > self.threshold);
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

    fn strategy(lookback: usize, threshold: f64) -> MeanReversion {
        MeanReversion::new(lookback, threshold, SignalRule::DEFAULT, 1)
    }

    #[test]
    fn the_deviation_is_that_of_a_sample_and_includes_this_close() {
        // 3 3 0: mean 2, sample deviation √3, z −1.155 (−1.414 with the population's deviation).
        assert_eq!(trade(strategy(3, 1.15), &bars(&[3, 3, 3, 10, 10, 7])), [(5, Event::Buy)]);
        assert_eq!(trade(strategy(3, 1.16), &bars(&[3, 3, 3, 10, 10, 7])), []);
        // Up as far: out.
        let there_and_back = bars(&[10, 10, 7, 7, 7, 10]);
        assert_eq!(trade(strategy(3, 1.15), &there_and_back), [(2, Event::Buy), (5, Event::Exit)]);
    }

    #[test]
    fn no_deviation_and_no_distance_are_no_signal() {
        assert_eq!(trade(strategy(3, 0.0), &bars(&[5; 10])), []);
        // On the mean: 0 is not below −0.
        assert_eq!(trade(strategy(3, 0.0), &bars(&[4, 6, 5])), []);
        // Warm-up: two closes are not three.
        assert_eq!(trade(strategy(3, 0.0), &bars(&[5, 4])), []);
    }

    #[test]
    fn a_band_is_passed_where_the_score_is() {
        use super::super::testing::params;
        let closes = bars(&[10, 10, 7, 7, 7, 10, 12, 3]);
        let (params, setup) = params::<MeanReversion>(&[("lookback_period", "3"), ("z_score_threshold", "1.15")]);
        let lines = MeanReversion::lines(&params, &setup, &closes);
        assert_eq!(lines[0].label, "Mean 3 − 1.15σ");
        assert_eq!(lines[0].values[..2], [None, None]);
        let below = |at: usize| lines[0].values[at].is_some_and(|band| closes[at].close.to_f64() < band);
        let above = |at: usize| lines[1].values[at].is_some_and(|band| closes[at].close.to_f64() > band);
        assert_eq!((0..8).filter(|at| below(*at)).collect::<Vec<_>>(), [2]);
        assert_eq!((0..8).filter(|at| above(*at)).collect::<Vec<_>>(), [5]);
    }

    proptest! {
        /// Streaming equals the two-pass score of the whole history.
        #[test]
        fn streaming_is_naive(bars in any_bars(), lookback in 2usize..8) {
            let threshold = 0.737_123; // no score of small whole numbers
            let expected = traded(&bars, |history| {
                let Some(from) = history.len().checked_sub(lookback) else { return (false, false) };
                let closes: Vec<f64> = history[from..].iter().map(|bar| bar.close.to_f64()).collect();
                let mean = closes.iter().sum::<f64>() / lookback as f64;
                let spread: f64 = closes.iter().map(|close| (close - mean).powi(2)).sum();
                let z = (closes[lookback - 1] - mean) / (spread / (lookback - 1) as f64).sqrt();
                (z < -threshold, z > threshold) // without deviation z is NaN and compares false
            });
            prop_assert_eq!(trade(strategy(lookback, threshold), &bars), expected);
        }
    }
}
