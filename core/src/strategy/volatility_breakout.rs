//! `volatility_breakout`: the close crosses a channel widened by the range of the bars.
//!
//! Not here: the plain channel (`donchian_breakout`).
use super::donchian_breakout::Channel;
use super::window::{ExactWindow, price_factor};
use super::{
    ChartLine, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState,
    Strategy, StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};
use crate::indicator::Atr;

/// Does an entry need volume as well?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confirmation {
    /// More than 1.5 times the mean volume of the look-back bars before.
    Volume,
    /// No.
    None,
}

/// Long when the close crosses above max(high of the previous `lookback` bars) + multiplier × ATR, with
/// volume if so confirmed; out when it crosses below min(low of the same bars) − multiplier × ATR.
///
/// ATR (Wilder) is that of this bar. A cross: not beyond the level of the bar before, beyond that of
/// this bar; the first bar with levels cannot cross. A cross without its volume is lost.
#[derive(Debug)]
pub struct VolatilityBreakout {
    confirmation: Confirmation,
    signal: SignalRule,
    symbols: Vec<State>,
}

#[derive(Debug)]
struct State {
    levels: Levels,
    volumes: ExactWindow,
    /// Was the close above the upper level, and below the lower one? `None` before there were levels.
    beyond: Option<(bool, bool)>,
    signal: SignalState,
}

/// The two levels a close must cross.
#[derive(Debug)]
struct Levels {
    channel: Channel,
    atr: Atr,
    multiplier: f64,
}

impl Levels {
    fn new(lookback: usize, atr_period: usize, multiplier: f64) -> Levels {
        let atr = Atr::new(atr_period).expect("a checked parameter");
        Levels { channel: Channel::new(lookback, lookback), atr, multiplier }
    }

    /// Lower and upper level of this bar, dollars a share.
    fn update(&mut self, bar: &Bar) -> Option<(f64, f64)> {
        let atr = self.atr.update(bar.high.to_f64(), bar.low.to_f64(), bar.close.to_f64());
        let (high, low) = self.channel.before(bar);
        let margin = self.multiplier * atr?;
        Some((low? - margin, high? + margin))
    }
}

impl VolatilityBreakout {
    /// Look-backs in bars and the multiplier, in the range of the parameters.
    pub fn new(
        lookback: usize,
        atr_period: usize,
        multiplier: f64,
        confirmation: Confirmation,
        signal: SignalRule,
        symbols: usize,
    ) -> VolatilityBreakout {
        let state = |_| State {
            levels: Levels::new(lookback, atr_period, multiplier),
            volumes: ExactWindow::new(lookback),
            beyond: None,
            signal: SignalState::default(),
        };
        VolatilityBreakout { confirmation, signal, symbols: (0..symbols).map(state).collect() }
    }
}

impl Listed for VolatilityBreakout {
    const INFO: StrategyInfo = StrategyInfo {
        id: "volatility_breakout",
        rule: "long when the close crosses above the highest high of the lookback_period bars before + breakout_multiplier × ATR, with volume; out when it crosses below the lowest low − the same",
        params: &[
            ParamInfo::whole("lookback_period", 20, 1, LOOKBACK_BARS_MAX, "bars of high, low and mean volume"),
            ParamInfo::whole("atr_period", 14, 1, LOOKBACK_BARS_MAX, "bars of the ATR (Wilder)"),
            ParamInfo::number("breakout_multiplier", 2.0, 0.0, 100.0, "ATRs between the channel and the level"),
            ParamInfo::switch("volume_confirmation", true, "whether an entry needs more than 1.5 × the mean volume"),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (lookback, atr_period) = (params.whole("lookback_period"), params.whole("atr_period"));
        let multiplier = params.number("breakout_multiplier").to_f64();
        let confirmation = if params.switch("volume_confirmation") { Confirmation::Volume } else { Confirmation::None };
        let signal = params.signal_rule();
        Ok(VolatilityBreakout::new(lookback, atr_period, multiplier, confirmation, signal, setup.symbols))
    }

    fn lines(params: &Params, _setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let (lookback, atr_period) = (params.whole("lookback_period"), params.whole("atr_period"));
        let multiplier = params.number("breakout_multiplier");
        let levels = || Levels::new(lookback, atr_period, multiplier.to_f64());
        let (mut upper, mut lower) = (levels(), levels());
        vec![
            ChartLine::each(format!("High + {multiplier} ATR"), bars, |bar| Some(upper.update(bar)?.1)),
            ChartLine::each(format!("Low − {multiplier} ATR"), bars, |bar| Some(lower.update(bar)?.0)),
        ]
    }
}

impl Strategy for VolatilityBreakout {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let state = &mut self.symbols[symbol.get()];
        let close = bar.close.to_f64();
        let beyond = state.levels.update(bar).map(|(lower, upper)| (close > upper, close < lower));
        let before = std::mem::replace(&mut state.beyond, beyond);
        let (above, below) = match (before, beyond) {
            (Some(before), Some(now)) => (now.0 && !before.0, now.1 && !before.1),
            _ => (false, false),
        };
        // volume > 1.5 × Σ ÷ n, in whole numbers: 2 × n × volume > 3 × Σ.
        let twice = 2 * state.volumes.length() as i128 * i128::from(bar.volume.units());
        let is_loud = state.volumes.sum().is_some_and(|sum| twice > 3 * sum);
        state.volumes.push(bar.volume.units());
        let up = above && (is_loud || self.confirmation == Confirmation::None);
        self.signal.apply(&mut state.signal, symbol, up, below, view, intents);
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        let state = &mut self.symbols[symbol.get()];
        state.levels.channel.split(ratio);
        state.levels.atr.rescale(price_factor(ratio));
        state.volumes.split_volumes(ratio);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, any_bars, bars, trade, traded};
    use super::*;
    use crate::domain::Volume;
    use proptest::prelude::*;

    fn strategy(lookback: usize, atr: usize, multiplier: f64, confirmation: Confirmation) -> VolatilityBreakout {
        VolatilityBreakout::new(lookback, atr, multiplier, confirmation, SignalRule::DEFAULT, 1)
    }

    fn with_volume(mut bars: Vec<Bar>, at: usize, shares: i64) -> Vec<Bar> {
        bars[at].volume = Volume::from_shares(shares).unwrap();
        bars
    }

    /// Bars are two dollars wide, so ATR is 2 while they stand still. The jump from 10 to c has a true
    /// range of c + 1 − 10, so ATR(2) becomes (2 + c − 9) ÷ 2 and the level 11 + ½ × ATR.
    #[test]
    fn a_close_must_cross_the_widened_channel() {
        let jump = |to: i64| bars(&[10, 10, 10, 10, to, to + 30]);
        let plain = |bars: &[Bar]| trade(strategy(2, 2, 0.5, Confirmation::None), bars);
        // To 12: ATR 2.5, level 12.25, not crossed; the next bar crosses. To 13: ATR 3, level 12.5.
        assert_eq!(plain(&jump(12)), [(5, Event::Buy)]);
        assert_eq!(plain(&jump(13)), [(4, Event::Buy)]);
        // The fall to 4 has a true range of 9: ATR 5.625, level 11 − 2.8125.
        assert_eq!(plain(&bars(&[10, 10, 10, 13, 12, 12, 4])), [(3, Event::Buy), (6, Event::Exit)]);
        // Above at the first bar that has levels: there was no side to cross from.
        assert_eq!(plain(&bars(&[10, 10, 90, 400])), []);
    }

    #[test]
    fn volume_must_be_more_than_half_above_its_mean() {
        let jump = bars(&[10, 10, 10, 10, 13, 20, 60]);
        let loud = |shares| trade(strategy(2, 2, 0.5, Confirmation::Volume), &with_volume(jump.clone(), 4, shares));
        assert_eq!(loud(151), [(4, Event::Buy)]);
        // Exactly 1.5 times is not more, and the cross is lost: the next closes are above already.
        assert_eq!(loud(150), []);
        // Without volume at all nothing is more than nothing.
        let silent: Vec<Bar> = jump.iter().map(|bar| Bar { volume: Volume::ZERO, ..*bar }).collect();
        assert_eq!(trade(strategy(2, 2, 0.5, Confirmation::Volume), &silent), []);
    }

    #[test]
    fn an_exit_needs_no_volume() {
        let bars = with_volume(bars(&[10, 10, 10, 13, 12, 12, 4]), 3, 200);
        let quiet_exit = with_volume(bars, 6, 1);
        let events = trade(strategy(2, 2, 0.5, Confirmation::Volume), &quiet_exit);
        assert_eq!(events, [(3, Event::Buy), (6, Event::Exit)]);
    }

    proptest! {
        /// Streaming equals levels and volumes recomputed from the whole history.
        #[test]
        fn streaming_is_naive(bars in any_bars(), lookback in 1usize..5, atr in 1usize..5, volume in any::<bool>()) {
            const MULTIPLIER: f64 = 0.371;
            let beyond = |history: &[Bar]| {
                let (now, before) = history.split_last()?;
                let ranges: Vec<f64> = history.windows(2).map(|pair| {
                    let (previous, bar) = (pair[0].close, pair[1]);
                    bar.high.max(previous).to_f64() - bar.low.min(previous).to_f64()
                }).collect();
                if before.len() < lookback || ranges.len() < atr {
                    return None;
                }
                let n = atr as f64;
                let seed = ranges[..atr].iter().sum::<f64>() / n;
                let atr = ranges[atr..].iter().fold(seed, |mean, range| (mean * (n - 1.0) + range) / n);
                let window = &before[before.len() - lookback..];
                let high = window.iter().map(|bar| bar.high).max()?.to_f64();
                let low = window.iter().map(|bar| bar.low).min()?.to_f64();
                let close = now.close.to_f64();
                Some((close > high + MULTIPLIER * atr, close < low - MULTIPLIER * atr))
            };
            let expected = traded(&bars, |history| {
                let (now, before) = history.split_last().unwrap();
                let (Some(this), Some(last)) = (beyond(history), beyond(before)) else { return (false, false) };
                let volumes: f64 = before[before.len() - lookback..].iter().map(|bar| bar.volume.to_f64()).sum();
                let is_loud = now.volume.to_f64() > 1.5 * volumes / lookback as f64;
                (this.0 && !last.0 && (is_loud || !volume), this.1 && !last.1)
            });
            let confirmation = if volume { Confirmation::Volume } else { Confirmation::None };
            prop_assert_eq!(trade(strategy(lookback, atr, MULTIPLIER, confirmation), &bars), expected);
        }
    }
}
