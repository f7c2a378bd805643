//! `macd_trend`: the distance of two averages crosses its own average.
//!
//! Not here: the lines themselves (indicator).
use super::window::price_factor;
use super::{
    ChartLine, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState,
    Strategy, StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};
use crate::indicator::{Ema, Macd};

/// Long when MACD crosses above its signal; out on the mirror. Bars where both are equal are skipped:
/// the side compared with is the last one that was not a tie.
#[derive(Debug)]
pub struct MacdTrend {
    signal: SignalRule,
    symbols: Vec<State>,
}

#[derive(Debug, Clone)]
struct State {
    macd: Macd,
    /// Sign of the last histogram that was not 0; 0 before there was one.
    side: i8,
    signal: SignalState,
}

impl MacdTrend {
    /// Periods in bars, `fast` < `slow`, `signal_period` ≥ 2, in the range of the parameters.
    pub fn new(fast: usize, slow: usize, signal_period: usize, signal: SignalRule, symbols: usize) -> MacdTrend {
        let macd = Macd::new(fast, slow, signal_period).expect("checked parameters");
        MacdTrend { signal, symbols: vec![State { macd, side: 0, signal: SignalState::default() }; symbols] }
    }
}

impl Listed for MacdTrend {
    const INFO: StrategyInfo = StrategyInfo {
        id: "macd_trend",
        rule: "long when MACD crosses above its signal line; out on the mirror",
        params: &[
            ParamInfo::whole("fast_period", 12, 1, LOOKBACK_BARS_MAX, "bars of the fast EMA"),
            ParamInfo::whole("slow_period", 26, 2, LOOKBACK_BARS_MAX, "bars of the slow EMA, more than fast_period"),
            // An average over one value is that value: MACD could not cross it.
            ParamInfo::whole("signal_period", 9, 2, LOOKBACK_BARS_MAX, "bars of the signal line, an EMA of MACD"),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (fast, slow) = (params.whole("fast_period"), params.whole("slow_period"));
        if fast >= slow {
            let what = format!("fast_period {fast} must be less than slow_period {slow}");
            return Err(ParamError::value("fast_period", what));
        }
        Ok(MacdTrend::new(fast, slow, params.whole("signal_period"), params.signal_rule(), setup.symbols))
    }

    /// The two averages whose distance MACD is, seeded as in it.
    fn lines(params: &Params, _setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let slow = params.whole("slow_period");
        let line = |name: &str| {
            let period = params.whole(name);
            let mut ema = Ema::new(period).expect("a checked parameter");
            let mut skips = slow - period;
            ChartLine::each(format!("EMA {period}"), bars, move |bar| {
                if skips > 0 {
                    skips -= 1;
                    return None;
                }
                ema.update(bar.close.to_f64())
            })
        };
        vec![line("fast_period"), line("slow_period")]
    }
}

impl Strategy for MacdTrend {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let state = &mut self.symbols[symbol.get()];
        let histogram = state.macd.update(bar.close.to_f64()).map_or(0.0, |value| value.histogram);
        let side = i8::from(histogram > 0.0) - i8::from(histogram < 0.0);
        let (up, down) = (state.side < 0 && side > 0, state.side > 0 && side < 0);
        if side != 0 {
            state.side = side;
        }
        self.signal.apply(&mut state.signal, symbol, up, down, view, intents);
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.symbols[symbol.get()].macd.rescale(price_factor(ratio));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, any_bars, bars, params, trade, traded};
    use super::*;
    use proptest::prelude::*;

    fn strategy(fast: usize, slow: usize, signal: usize) -> MacdTrend {
        MacdTrend::new(fast, slow, signal, SignalRule::DEFAULT, 1)
    }

    #[test]
    fn the_first_side_is_no_cross_and_a_tie_is_skipped() {
        // Rising from the first value on: above from the start is no cross.
        assert_eq!(trade(strategy(1, 3, 2), &bars(&[3, 4, 6, 9, 13, 18])), []);
        // 3 6 9 12 12: histogram 0, then −0.5; the jump to 20 turns it.
        let turn = bars(&[3, 6, 9, 12, 12, 20, 20, 20, 12]);
        assert_eq!(trade(strategy(1, 3, 2), &turn), [(5, Event::Buy), (6, Event::Exit)]);
        // The same doubled: after −1 the close of 29 makes both 4, a tie; 60 then turns it.
        let tie = bars(&[6, 12, 18, 24, 24, 29, 60]);
        assert_eq!(trade(strategy(1, 3, 2), &tie), [(6, Event::Buy)]);
    }

    #[test]
    fn its_lines_are_the_averages_in_it() {
        let (params, setup) = params::<MacdTrend>(&[("fast_period", "1"), ("slow_period", "3")]);
        let lines = MacdTrend::lines(&params, &setup, &bars(&[3, 6, 9, 12]));
        assert_eq!(lines[0], ChartLine { label: "EMA 1".into(), values: vec![None, None, Some(9.0), Some(12.0)] });
        assert_eq!(lines[1], ChartLine { label: "EMA 3".into(), values: vec![None, None, Some(6.0), Some(9.0)] });
    }

    proptest! {
        /// Streaming equals the three averages recurred over the whole history.
        #[test]
        fn streaming_is_naive(bars in any_bars(), fast in 1usize..5, more in 1usize..5, signal in 2usize..6) {
            let slow = fast + more;
            /// TA-Lib's EMA: the mean of the first `period`, then the recurrence.
            fn ema(values: &[f64], period: usize) -> Vec<f64> {
                if values.len() < period {
                    return Vec::new();
                }
                let mut out = vec![values[..period].iter().sum::<f64>() / period as f64];
                for value in &values[period..] {
                    let mean = out[out.len() - 1];
                    out.push(mean + 2.0 / (period as f64 + 1.0) * (value - mean));
                }
                out
            }
            let expected = traded(&bars, |history| {
                let closes: Vec<f64> = history.iter().map(|bar| bar.close.to_f64()).collect();
                let fast = ema(closes.get(slow - fast..).unwrap_or_default(), fast);
                let lines: Vec<f64> = fast.iter().zip(ema(&closes, slow)).map(|(fast, slow)| fast - slow).collect();
                let signals = ema(&lines, signal);
                let gap: Vec<f64> = signals.iter().rev().zip(lines.iter().rev()).map(|(s, line)| line - s).collect();
                let before = gap.iter().skip(1).find(|gap| **gap != 0.0);
                let (Some(now), Some(before)) = (gap.first(), before) else { return (false, false) };
                (*before < 0.0 && *now > 0.0, *before > 0.0 && *now < 0.0)
            });
            prop_assert_eq!(trade(strategy(fast, slow, signal), &bars), expected);
        }
    }
}
