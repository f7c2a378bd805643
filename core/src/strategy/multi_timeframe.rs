//! `multi_timeframe`: several timeframes agree on the trend.
//!
//! Not here: gathering bars (market::resample). A timeframe's opinion changes only when a bar of it has
//! closed: a week by the calendar with its last session, never before.
use super::window::ExactWindow;
use super::{
    ChartLine, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState,
    Strategy, StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};
use crate::market::{Resampler, Span};

/// Timeframes compared.
const TIMEFRAMES: usize = 3;

/// Long when the share of timeframes whose close is above their average reaches `min_alignment`; out
/// when the share below does. Where both do (only possible up to ½) there is no signal.
///
/// A timeframe that is still warming up, or ties, is neither above nor below.
#[derive(Debug)]
pub struct MultiTimeframe {
    min_alignment: Ratio,
    signal: SignalRule,
    symbols: Vec<State>,
}

#[derive(Debug, Clone)]
struct State {
    frames: Vec<Frame>,
    signal: SignalState,
}

/// One timeframe of one symbol.
#[derive(Debug, Clone)]
struct Frame {
    bars: Resampler,
    closes: ExactWindow,
    /// Sign of close − average at the newest closed bar; 0 while warming up.
    side: i8,
}

impl Frame {
    fn new(span: Span, sma_period: usize, setup: &Setup) -> Frame {
        let bars = Resampler::new(setup.timeframe, span, setup.calendar).expect("a checked parameter");
        Frame { bars, closes: ExactWindow::new(sma_period), side: 0 }
    }

    #[inline]
    fn update(&mut self, bar: &Bar) {
        for closed in self.bars.push(bar).into_iter().flatten() {
            let close = closed.close.units();
            self.closes.push(close);
            // close ÷ 1 against Σ ÷ n, in whole numbers: a tie is a tie.
            let times_n = i128::from(close) * self.closes.length() as i128;
            self.side = self.closes.sum().map_or(0, |sum| times_n.cmp(&sum) as i8);
        }
    }

    /// Closes and the bar in the making in the new unit; which side a close was on stays.
    fn split(&mut self, ratio: Ratio) {
        self.bars.split(ratio);
        self.closes.split_prices(ratio);
    }
}

impl MultiTimeframe {
    /// Spans not shorter than the data's timeframe; `sma_period` in bars of each span.
    pub fn new(
        spans: &[Span],
        sma_period: usize,
        min_alignment: Ratio,
        signal: SignalRule,
        setup: &Setup,
    ) -> MultiTimeframe {
        let frames = spans.iter().map(|span| Frame::new(*span, sma_period, setup)).collect();
        let state = State { frames, signal: SignalState::default() };
        MultiTimeframe { min_alignment, signal, symbols: vec![state; setup.symbols] }
    }
}

impl Listed for MultiTimeframe {
    const INFO: StrategyInfo = StrategyInfo {
        id: "multi_timeframe",
        rule: "long when the share of timeframes with close above their mean is at least min_alignment; out when the share below is",
        params: &[
            ParamInfo {
                name: "timeframes",
                kind: super::ParamKind::Timeframes { count: TIMEFRAMES },
                doc: "of 1m 5m 15m 30m 1h 1d 1w 1mo, shortest first; by itself the data's and the next two",
            },
            ParamInfo::whole("sma_period", 20, 1, LOOKBACK_BARS_MAX, "bars of the mean, of each timeframe"),
            ParamInfo::number("min_alignment", 0.66, 0.01, 1.0, "a fraction: 0.66 is two of three"),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (spans, period) = (params.timeframes("timeframes"), params.whole("sma_period"));
        Ok(MultiTimeframe::new(spans, period, params.number("min_alignment"), params.signal_rule(), setup))
    }

    fn lines(params: &Params, setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let period = params.whole("sma_period");
        let line = |span: &Span| {
            let mut frame = Frame::new(*span, period, setup);
            ChartLine::each(format!("SMA {period} of {span}"), bars, move |bar| {
                frame.update(bar);
                Some(frame.closes.sum()? as f64 / period as f64 / 1e9)
            })
        };
        params.timeframes("timeframes").iter().map(line).collect()
    }
}

impl Strategy for MultiTimeframe {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let state = &mut self.symbols[symbol.get()];
        let (mut above, mut below) = (0i128, 0i128);
        for frame in &mut state.frames {
            frame.update(bar);
            above += i128::from(frame.side > 0);
            below += i128::from(frame.side < 0);
        }
        let needed = i128::from(self.min_alignment.units()) * state.frames.len() as i128;
        let reached = |count: i128| count * i128::from(Ratio::ONE.units()) >= needed;
        let (up, down) = (reached(above), reached(below));
        self.signal.apply(&mut state.signal, symbol, up && !down, down && !up, view, intents);
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.symbols[symbol.get()].frames.iter_mut().for_each(|frame| frame.split(ratio));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, any_bars, bars, params, trade, traded};
    use super::*;
    use crate::domain::{Timeframe, Timestamp};
    use crate::market::Calendar;
    use proptest::prelude::*;

    const DAILY: Setup = Setup { symbols: 1, timeframe: Timeframe::Day1, calendar: Calendar::xnys() };

    fn strategy(period: usize, min_alignment: &str) -> MultiTimeframe {
        let spans = [Span::Day1, Span::Week1, Span::Month1];
        MultiTimeframe::new(&spans, period, min_alignment.parse().unwrap(), SignalRule::DEFAULT, &DAILY)
    }

    /// 2013-01-02 is a Wednesday: the first week closes with bar 2, the next ones with bars 7, 12, 16
    /// (the 21st is a holiday), 21; January closes with bar 20, a Thursday.
    #[test]
    fn weeks_and_months_count_once_they_have_closed() {
        let rising: Vec<i64> = (10..40).collect();
        // Mean of 2: days are above from bar 1 on, weeks from bar 7 on, months not yet.
        assert_eq!(trade(strategy(2, "0.66"), &bars(&rising)), [(7, Event::Buy)]);
        assert_eq!(trade(strategy(2, "0.33"), &bars(&rising)), [(1, Event::Buy)]);
        // One of three is 0.333…: less than 0.34, so the week is awaited.
        assert_eq!(trade(strategy(2, "0.34"), &bars(&rising)), [(7, Event::Buy)]);
        // All three: the second month must close. February 2013 ends with bar 39, the 28th.
        let long: Vec<i64> = (10..60).collect();
        assert_eq!(trade(strategy(2, "1"), &bars(&long)), [(39, Event::Buy)]);
        assert_eq!(trade(strategy(2, "1"), &bars(&long[..39])), []);
    }

    #[test]
    fn a_fall_in_the_days_alone_is_no_exit_and_a_tie_is_neither() {
        let mut closes: Vec<i64> = (10..22).collect();
        closes.extend([20, 19, 18, 17, 16, 15]);
        // The fall begins with bar 12, which closes a week at 20, above the mean of 17 and 20;
        // the next week closes with bar 16 at 16, below the mean of 20 and 16.
        assert_eq!(trade(strategy(2, "0.66"), &bars(&closes)), [(7, Event::Buy), (16, Event::Exit)]);
        assert_eq!(trade(strategy(2, "0.66"), &bars(&[10; 60])), []);
    }

    #[test]
    fn where_both_sides_reach_a_low_share_there_is_no_signal() {
        let mut closes: Vec<i64> = (10..18).collect();
        closes.push(9);
        // Bar 8: the day is below its mean, the week (closed with bar 7) above: 1 of 3 each.
        assert_eq!(trade(strategy(2, "0.3"), &bars(&closes)), [(1, Event::Buy)]);
    }

    #[test]
    fn minutes_gather_into_hours_and_days_of_the_session() {
        let setup = Setup { timeframe: Timeframe::Minute30, ..DAILY };
        let spans = [Span::Minute30, Span::Hour1, Span::Day1];
        let one = "1".parse().unwrap();
        let strategy = MultiTimeframe::new(&spans, 2, one, SignalRule::DEFAULT, &setup);
        let opens = ["2013-10-07T13:30:00Z", "2013-10-08T13:30:00Z"].map(|text| text.parse::<Timestamp>().unwrap());
        let half_hour = |index: i64| 30 * 60 * Timestamp::NS_PER_SECOND * index;
        let times = opens.into_iter().flat_map(|open| (0..13).map(move |index| open.plus_ns(half_hour(index))));
        let closes: Vec<i64> = (10..36).collect();
        let bars: Vec<Bar> = bars(&closes).into_iter().zip(times).map(|(bar, time)| Bar { time, ..bar }).collect();
        // Two days must have closed: the last half hour of the second, at its very close.
        assert_eq!(trade(strategy, &bars), [(25, Event::Buy)]);
    }

    #[test]
    fn its_lines_step_when_a_bar_closes() {
        let (params, setup) = params::<MultiTimeframe>(&[("sma_period", "2")]);
        let lines = MultiTimeframe::lines(&params, &setup, &bars(&[10, 11, 12, 13, 14, 15, 16, 17, 18]));
        let labels: Vec<&str> = lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["SMA 2 of 1d", "SMA 2 of 1w", "SMA 2 of 1mo"]);
        assert_eq!(lines[1].values[6..], [None, Some(14.5), Some(14.5)]);
    }

    proptest! {
        /// Streaming equals weeks and months grouped anew from the whole history, each closed when the
        /// calendar says that no session is left in it or a later bar is there.
        #[test]
        fn streaming_is_naive(bars in any_bars(), period in 1usize..4, min in 5i64..100) {
            let calendar = Calendar::xnys();
            let side = |history: &[Bar], key: &dyn Fn(&Bar) -> i64, is_last: &dyn Fn(Timestamp) -> bool| {
                let mut closes: Vec<(i64, i64)> = Vec::new();
                for bar in history {
                    closes.retain(|(id, _)| *id != key(bar));
                    closes.push((key(bar), bar.close.units()));
                }
                if !is_last(history[history.len() - 1].time) {
                    closes.pop();
                }
                let Some(from) = closes.len().checked_sub(period) else { return 0 };
                let sum: i64 = closes[from..].iter().map(|(_, close)| close).sum();
                (closes[closes.len() - 1].1 * period as i64 - sum).signum()
            };
            let expected = traded(&bars, |history| {
                let month = |bar: &Bar| { let date = bar.time.utc_date(); i64::from(date.year()) * 12 + i64::from(date.month()) };
                let sides = [
                    side(history, &|bar| bar.time.ns(), &|_| true),
                    // 1970-01-05 was a Monday.
                    side(history, &|bar| i64::from((bar.time.days() - 4).div_euclid(7)), &|time| calendar.is_last_session_of_week(time)),
                    side(history, &month, &|time| calendar.is_last_session_of_month(time)),
                ];
                let share = |sign: i64| sides.iter().filter(|side| **side == sign).count() as i64 * 100 >= 3 * min;
                (share(1) && !share(-1), share(-1) && !share(1))
            });
            let min = format!("{}", min as f64 / 100.0);
            prop_assert_eq!(trade(strategy(period, &min), &bars), expected);
        }
    }
}
