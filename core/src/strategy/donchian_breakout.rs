//! `donchian_breakout`: the close leaves the channel of the bars before it.
//!
//! Not here: the channel that includes this bar (indicator).
use super::window::price_factor;
use super::{
    ChartLine, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState,
    Strategy, StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};
use crate::indicator::{RollingMax, RollingMin};

/// Long when close > max(high of the previous `entry` bars); out when close < min(low of `exit` bars).
#[derive(Debug)]
pub struct DonchianBreakout {
    signal: SignalRule,
    symbols: Vec<State>,
}

#[derive(Debug)]
struct State {
    channel: Channel,
    signal: SignalState,
}

/// The highest high and the lowest low of the bars before the newest.
#[derive(Debug)]
pub(super) struct Channel {
    high: RollingMax,
    low: RollingMin,
}

impl Channel {
    /// Look-backs in bars, in the range of the parameters.
    pub(super) fn new(high_bars: usize, low_bars: usize) -> Channel {
        Channel {
            high: RollingMax::new(high_bars).expect("a checked parameter"),
            low: RollingMin::new(low_bars).expect("a checked parameter"),
        }
    }

    /// The channel before `bar`, dollars a share; then takes the bar in.
    #[inline]
    pub(super) fn before(&mut self, bar: &Bar) -> (Option<f64>, Option<f64>) {
        let before = (self.high.value(), self.low.value());
        self.high.update(bar.high.to_f64());
        self.low.update(bar.low.to_f64());
        before
    }

    /// High and low in dollars of the new share.
    pub(super) fn split(&mut self, ratio: Ratio) {
        self.high.rescale(price_factor(ratio));
        self.low.rescale(price_factor(ratio));
    }
}

impl DonchianBreakout {
    /// Look-backs in bars, in the range of the parameters.
    pub fn new(entry: usize, exit: usize, signal: SignalRule, symbols: usize) -> DonchianBreakout {
        let state = |_| State { channel: Channel::new(entry, exit), signal: SignalState::default() };
        DonchianBreakout { signal, symbols: (0..symbols).map(state).collect() }
    }
}

impl Listed for DonchianBreakout {
    const INFO: StrategyInfo = StrategyInfo {
        id: "donchian_breakout",
        rule: "long when the close is above the highest high of the entry_lookback bars before; out below the lowest low of exit_lookback",
        params: &[
            ParamInfo::whole("entry_lookback", 20, 1, LOOKBACK_BARS_MAX, "bars of the high"),
            ParamInfo::whole("exit_lookback", 10, 1, LOOKBACK_BARS_MAX, "bars of the low"),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (entry, exit) = (params.whole("entry_lookback"), params.whole("exit_lookback"));
        Ok(DonchianBreakout::new(entry, exit, params.signal_rule(), setup.symbols))
    }

    fn lines(params: &Params, _setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let (entry, exit) = (params.whole("entry_lookback"), params.whole("exit_lookback"));
        let (mut high, mut low) = (Channel::new(entry, exit), Channel::new(entry, exit));
        vec![
            ChartLine::each(format!("High {entry}"), bars, |bar| high.before(bar).0),
            ChartLine::each(format!("Low {exit}"), bars, |bar| low.before(bar).1),
        ]
    }
}

impl Strategy for DonchianBreakout {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let state = &mut self.symbols[symbol.get()];
        let (high, low) = state.channel.before(bar);
        // One conversion for both sides of the comparison, so equal prices stay equal.
        let close = bar.close.to_f64();
        let up = high.is_some_and(|high| close > high);
        let down = low.is_some_and(|low| close < low);
        self.signal.apply(&mut state.signal, symbol, up, down, view, intents);
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.symbols[symbol.get()].channel.split(ratio);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, any_bars, bars, trade, traded};
    use super::*;
    use proptest::prelude::*;

    fn strategy(entry: usize, exit: usize) -> DonchianBreakout {
        DonchianBreakout::new(entry, exit, SignalRule::DEFAULT, 1)
    }

    /// Each bar's high is its close + 1 and its low its close − 1.
    #[test]
    fn touching_the_channel_is_not_leaving_it() {
        assert_eq!(trade(strategy(2, 2), &bars(&[5, 5, 6, 7])), []);
        assert_eq!(trade(strategy(2, 2), &bars(&[5, 5, 7, 6, 5, 4])), [(2, Event::Buy)]);
        assert_eq!(trade(strategy(2, 2), &bars(&[5, 5, 7, 6, 5, 3])), [(2, Event::Buy), (5, Event::Exit)]);
        // Warm-up: the second bar has only one before it.
        assert_eq!(trade(strategy(2, 2), &bars(&[5, 9])), []);
    }

    proptest! {
        /// Streaming equals the extremes of the whole history.
        #[test]
        fn streaming_is_naive(bars in any_bars(), entry in 1usize..6, exit in 1usize..6) {
            let expected = traded(&bars, |history| {
                let (now, before) = history.split_last().unwrap();
                let last = |n: usize| before.len().checked_sub(n).map(|from| &before[from..]);
                (
                    last(entry).is_some_and(|bars| bars.iter().all(|bar| now.close > bar.high)),
                    last(exit).is_some_and(|bars| bars.iter().all(|bar| now.close < bar.low)),
                )
            });
            prop_assert_eq!(trade(strategy(entry, exit), &bars), expected);
        }
    }
}
