//! `cross_sectional_momentum`: hold the symbols that rose most, chosen anew at the end of each period.
//!
//! Not here: how many shares a weight is, and that `[sizing]` caps it (engine). Shares that stay in the top keep their size: there is
//! no pyramiding, so weights are equal when a position is opened and drift from then on.
use std::cmp::Ordering;

use super::window::ExactWindow;
use super::{
    Holding, Intent, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, Strategy, StrategyInfo,
    View,
};
use crate::domain::{Bar, Ratio, Side, SymbolIndex, Timestamp};
use crate::market::{Resampler, Span};

/// At the last close of a period holds the `top` symbols by return over `lookback` bars, at equal
/// weights (1 ÷ how many they are) when they come in; sells the rest.
///
/// The calendar says which close is the last of the period; a later bar is never waited for. Where the
/// data have no bar at that close, or the calendar does not know the date, the first bar after it
/// decides. Ranked are symbols that have had a bar in the period and `lookback` bars before it; equal
/// returns rank in the order of the symbols.
#[derive(Debug)]
pub struct CrossSectionalMomentum {
    top: usize,
    /// Bars out of it mark the ends of periods; what is in them does not matter.
    period: Resampler,
    /// The step that `period` has seen, and whether it closed one.
    time: Timestamp,
    is_due: bool,
    symbols: Vec<State>,
    /// Symbols by rank, best first; room for all is made once.
    ranking: Vec<usize>,
}

#[derive(Debug, Clone)]
struct State {
    closes: ExactWindow,
    /// The newest close and that of `lookback` bars before; `None` while warming up.
    change: Option<(i64, i64)>,
    has_bar_in_period: bool,
    is_in_top: bool,
}

impl State {
    /// Orders by return, highest first, exactly: a ÷ b against c ÷ d as a × d against c × b.
    fn by_return(&self, other: &State) -> Ordering {
        let product = |now: Option<(i64, i64)>, ago: Option<(i64, i64)>| {
            i128::from(now.map_or(0, |change| change.0)) * i128::from(ago.map_or(0, |change| change.1))
        };
        product(other.change, self.change).cmp(&product(self.change, other.change))
    }
}

impl CrossSectionalMomentum {
    /// `lookback` ≥ 1 bars, `top` ≥ 1 symbols, `rebalance` a week or longer.
    pub fn new(lookback: usize, top: usize, rebalance: Span, setup: &Setup) -> CrossSectionalMomentum {
        let state =
            State { closes: ExactWindow::new(lookback), change: None, has_bar_in_period: false, is_in_top: false };
        CrossSectionalMomentum {
            top,
            period: Resampler::new(setup.timeframe, rebalance, setup.calendar)
                .expect("a week is longer than every timeframe"),
            time: Timestamp::MIN,
            is_due: false,
            symbols: vec![state; setup.symbols],
            ranking: Vec::with_capacity(setup.symbols),
        }
    }

    #[cold]
    fn rank(&mut self) {
        let symbols = &mut self.symbols;
        self.ranking.clear();
        for (index, state) in symbols.iter_mut().enumerate() {
            if std::mem::take(&mut state.has_bar_in_period) && state.change.is_some() {
                self.ranking.push(index);
            }
            state.is_in_top = false;
        }
        // Unstable sorting allocates nothing; the index makes the order total.
        self.ranking.sort_unstable_by(|a, b| symbols[*a].by_return(&symbols[*b]).then(a.cmp(b)));
        self.ranking.truncate(self.top);
        for index in &self.ranking {
            symbols[*index].is_in_top = true;
        }
    }
}

impl Listed for CrossSectionalMomentum {
    const INFO: StrategyInfo = StrategyInfo {
        id: "cross_sectional_momentum",
        rule: "at the last close of each month (or week) long in the top symbols by return over lookback_period, equal weights; out of what is not among them",
        params: &[
            ParamInfo::whole(
                "lookback_period",
                126,
                1,
                LOOKBACK_BARS_MAX,
                "bars looked back; 126 days are half a year",
            ),
            ParamInfo::whole("top", 10, 1, 1_000, "symbols held"),
            ParamInfo::word("rebalance", &["month", "week"], "when symbols are chosen anew"),
        ],
        signals: false,
    };
    const WEIGHS: bool = true;

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let rebalance = if params.word("rebalance") == "week" { Span::Week1 } else { Span::Month1 };
        Ok(CrossSectionalMomentum::new(params.whole("lookback_period"), params.whole("top"), rebalance, setup))
    }
}

impl Strategy for CrossSectionalMomentum {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, _view: &View<'_>, _intents: &mut Intents) {
        if bar.time != self.time {
            self.time = bar.time;
            self.is_due |= self.period.push(bar).iter().any(Option::is_some);
        }
        let state = &mut self.symbols[symbol.get()];
        let now = bar.close.units();
        state.change = state.closes.push(now).map(|ago| (now, ago));
        state.has_bar_in_period = true;
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        // A return that is known already is of two closes in one unit, and stays.
        self.symbols[symbol.get()].closes.split_prices(ratio);
    }

    fn on_step(&mut self, view: &View<'_>, intents: &mut Intents) {
        if !std::mem::take(&mut self.is_due) {
            return;
        }
        self.rank();
        // Exits first: their money pays for the entries.
        for (index, state) in self.symbols.iter().enumerate() {
            let symbol = SymbolIndex(index as u16);
            let book = view.book(symbol);
            if !state.is_in_top && book.holding() != Holding::Flat && book.exits_pending == 0 {
                intents.push(Intent::Exit { symbol });
            }
        }
        let weight = Ratio::from_units(Ratio::ONE.units() / self.ranking.len().max(1) as i64);
        for index in &self.ranking {
            let symbol = SymbolIndex(*index as u16);
            let book = view.book(symbol);
            if book.holding() == Holding::Flat && book.entries_pending == 0 {
                intents.push(Intent::Enter { symbol, side: Side::Buy, weight: Some(weight) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, any_bars, bars, dates, trade_together, wishes};
    use super::*;
    use crate::domain::Timeframe;
    use crate::market::Calendar;
    use proptest::prelude::*;

    fn strategy(lookback: usize, top: usize, rebalance: Span, symbols: usize) -> CrossSectionalMomentum {
        let setup = Setup { symbols, timeframe: Timeframe::Day1, calendar: Calendar::xnys() };
        CrossSectionalMomentum::new(lookback, top, rebalance, &setup)
    }

    /// Closes that stand at `from` for 20 sessions and at `then` afterwards. January 2013 ends with
    /// bar 20, February with bar 39.
    fn step(from: i64, then: i64, count: usize) -> Vec<Bar> {
        bars(&(0..count).map(|bar| if bar < 20 { from } else { then }).collect::<Vec<_>>())
    }

    #[test]
    fn the_last_close_of_the_month_decides_without_the_next_bar() {
        // Returns over 5 bars at bar 20: +100 %, +50 %, 0. At bar 39 all are 0: the first symbols lead.
        let series = |count| [step(10, 15, count), step(10, 20, count), step(10, 10, count)];
        let events = trade_together(strategy(5, 1, Span::Month1, 3), &series(21));
        assert_eq!(events, [(20, 1, Event::Buy)]);
        assert_eq!(trade_together(strategy(5, 1, Span::Month1, 3), &series(20)), []);
        let events = trade_together(strategy(5, 1, Span::Month1, 3), &series(45));
        assert_eq!(events, [(20, 1, Event::Buy), (39, 1, Event::Exit), (39, 0, Event::Buy)]);
        let two = trade_together(strategy(5, 2, Span::Month1, 3), &series(45));
        assert_eq!(two, [(20, 1, Event::Buy), (20, 0, Event::Buy)]);
    }

    #[test]
    fn weights_are_equal_over_those_that_are_held() {
        let series = [step(10, 15, 21), step(10, 20, 21), step(10, 10, 21)];
        let weights = |top| {
            let wishes = wishes(strategy(5, top, Span::Month1, 3), &series);
            let weight = |(_, intent)| match intent {
                Intent::Enter { weight, .. } => weight.unwrap().to_string(),
                other => panic!("{other:?}"),
            };
            wishes.into_iter().map(weight).collect::<Vec<_>>()
        };
        assert_eq!(weights(2), ["0.5", "0.5"]);
        assert_eq!(weights(10), ["0.333333333"; 3]);
    }

    #[test]
    fn weeks_end_by_the_calendar_too() {
        // The first week closes with bar 2, the second with bar 7: two bars back exist from bar 2 on.
        let series = [bars(&[10, 10, 11, 12, 13, 14, 15, 16]), bars(&[10, 10, 12, 12, 12, 12, 12, 12])];
        let events = trade_together(strategy(2, 1, Span::Week1, 2), &series);
        assert_eq!(events, [(2, 1, Event::Buy), (7, 1, Event::Exit), (7, 0, Event::Buy)]);
    }

    #[test]
    fn who_is_warming_up_or_has_stopped_trading_is_not_ranked() {
        let mut stopped = step(10, 90, 45);
        stopped.truncate(21);
        let young = step(10, 50, 45)[36..].to_vec();
        let series = [step(10, 11, 45), stopped, young];
        // Bar 39: the second has had no bar in February and leaves, the third has 4 bars, not 5 and 1.
        let events = trade_together(strategy(5, 1, Span::Month1, 3), &series);
        assert_eq!(events, [(20, 1, Event::Buy), (39, 1, Event::Exit), (39, 0, Event::Buy)]);
    }

    #[test]
    fn a_month_without_its_last_bar_is_decided_by_the_next_one() {
        let gap = |bars: Vec<Bar>| bars.into_iter().filter(|bar| Some(bar.time) != dates().nth(20)).collect();
        let series: [Vec<Bar>; 2] = [gap(step(10, 11, 30)), gap(step(10, 12, 30))];
        // Step 20 is now the first session of February.
        assert_eq!(trade_together(strategy(5, 1, Span::Month1, 2), &series), [(20, 1, Event::Buy)]);
    }

    proptest! {
        /// Streaming equals returns looked up in the whole history at every month's end.
        #[test]
        fn streaming_is_naive(
            series in prop::collection::vec(any_bars(), 1..5),
            lookback in 1usize..9,
            top in 1usize..4,
        ) {
            let month = |time: Timestamp| { let date = time.utc_date(); (date.year(), date.month()) };
            let mut times: Vec<Timestamp> = series.iter().flatten().map(|bar| bar.time).collect();
            times.sort_unstable();
            times.dedup();
            let mut held = vec![false; series.len()];
            let mut expected = Vec::new();
            // Steps whose period was decided last; bars after it belong to the period in question.
            let mut decided = Timestamp::MIN;
            for (at, time) in times.iter().enumerate() {
                let ends = |time: Timestamp| Calendar::xnys().is_last_session_of_month(time);
                let is_late = at > 0 && month(times[at - 1]) != month(*time) && !ends(times[at - 1]);
                if !ends(*time) && !is_late {
                    continue;
                }
                let mut returns: Vec<(f64, usize)> = Vec::new();
                for (index, bars) in series.iter().enumerate() {
                    let known = &bars[..bars.partition_point(|bar| bar.time <= *time)];
                    let in_period = known.last().is_some_and(|bar| bar.time > decided);
                    if let (true, Some(ago)) = (in_period, known.len().checked_sub(lookback + 1)) {
                        returns.push((known[known.len() - 1].close.to_f64() / known[ago].close.to_f64(), index));
                    }
                }
                decided = *time;
                returns.sort_by(|a, b| b.0.total_cmp(&a.0));
                returns.truncate(top);
                for (index, held) in held.iter_mut().enumerate() {
                    if *held && returns.iter().all(|(_, ranked)| *ranked != index) {
                        *held = false;
                        expected.push((at, index as u16, Event::Exit));
                    }
                }
                for (_, index) in returns {
                    if !std::mem::replace(&mut held[index], true) {
                        expected.push((at, index as u16, Event::Buy));
                    }
                }
            }
            let symbols = series.len();
            prop_assert_eq!(trade_together(strategy(lookback, top, Span::Month1, symbols), &series), expected);
        }
    }
}
