//! Markets that are the run's own up to a bar and others after it: ended there, or absurd from there on.
//!
//! Not here: the runs over them (prove).
//! Invariants: (1) up to the bar of the cut every table is as it was; (2) false bars are valid ones, on the
//! times of the true; (3) nothing that was going to happen after the cut does.
use std::sync::Arc;

use super::MarketData;
use crate::domain::{Bar, Price, Ratio, SymbolIndex, Timestamp, Volume};
use crate::engine::MarketAction;
use crate::venue::Spread;

/// What comes after a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Future {
    /// Nothing: the data end there.
    None,
    /// Prices times ten, ten billion shares a bar, and every share pays half its price at the next open.
    TenTimes,
    /// A tenth of every price, one share a bar.
    Tenth,
    /// The true bars, the last one first.
    Reversed,
    /// One price for ever, no trade, and every share is joined two to one at the next open.
    Still,
}

impl Future {
    /// The false ones.
    pub const POISONS: [Future; 4] = [Future::TenTimes, Future::Tenth, Future::Reversed, Future::Still];

    /// Its name in `--format json`.
    pub const fn name(self) -> &'static str {
        match self {
            Future::None => "none",
            Future::TenTimes => "ten_times",
            Future::Tenth => "tenth",
            Future::Reversed => "reversed",
            Future::Still => "still",
        }
    }

    /// Does it split shares, so that open orders are restated?
    pub(super) const fn splits(self) -> bool {
        matches!(self, Future::Still)
    }

    fn bars(self, last: Bar, later: &[Bar], out: &mut Vec<Bar>) {
        match self {
            Future::None => {}
            Future::TenTimes => out.extend(later.iter().map(|bar| scaled(bar, TEN, CROWDED))),
            Future::Tenth => out.extend(later.iter().map(|bar| scaled(bar, TENTH, LONELY))),
            Future::Reversed => {
                out.extend(later.iter().zip(later.iter().rev()).map(|(now, then)| Bar { time: now.time, ..*then }));
            }
            Future::Still => out.extend(later.iter().map(|bar| Bar { time: bar.time, ..still(last.close) })),
        }
    }

    fn action(self, symbol: SymbolIndex, last: &Bar) -> Option<MarketAction> {
        match self {
            Future::TenTimes => Some(MarketAction::Dividend { symbol, amount: last.close.scaled(HALF) }),
            Future::Still => Some(MarketAction::Split { symbol, ratio: HALF }),
            Future::None | Future::Tenth | Future::Reversed => None,
        }
    }
}

const TEN: Ratio = Ratio::from_units(10 * Ratio::ONE.units());
const TWO: Ratio = Ratio::from_units(2 * Ratio::ONE.units());
const TENTH: Ratio = Ratio::from_units(Ratio::ONE.units() / 10);
const HALF: Ratio = Ratio::from_units(Ratio::ONE.units() / 2);
/// More than any share trades in a day, and so few that nine hundred of them add up in 64 bits.
const CROWDED: Volume = match Volume::from_shares(10_000_000_000) {
    Some(volume) => volume,
    None => Volume::ZERO,
};
const LONELY: Volume = match Volume::from_shares(1) {
    Some(volume) => volume,
    None => Volume::ZERO,
};
/// Half the price of a share: no quoted one is as wide.
const WIDE: Spread = Spread::Modelled(HALF);
/// False bars of a share: who looks ahead looks to the next ones, or to all of them.
const FALSE_BARS_MAX: usize = 500;
/// The smallest price there is.
const SMALLEST: i64 = 1;

/// Both rules keep low ≤ open, close ≤ high.
fn scaled(bar: &Bar, ratio: Ratio, volume: Volume) -> Bar {
    let smallest = Price::ZERO.saturating_offset(SMALLEST);
    let price = |price: Price| price.scaled(ratio).max(smallest);
    let Bar { time, open, high, low, close, .. } = *bar;
    Bar { time, open: price(open), high: price(high), low: price(low), close: price(close), volume }
}

/// The bar as a split that joins two shares to one would show it, once prices are adjusted for it.
pub(super) fn doubled(bar: &Bar) -> Bar {
    let half = Volume::from_units(bar.volume.units() / 2).unwrap_or(Volume::ZERO);
    scaled(bar, TWO, half)
}

/// A bar at which nothing trades and nothing moves, of no time yet.
pub(super) fn still(price: Price) -> Bar {
    Bar { time: Timestamp::MIN, open: price, high: price, low: price, close: price, volume: Volume::ZERO }
}

/// A market with a future that can be changed, over and over, in the same memory.
pub(super) struct Changed<'a> {
    own: &'a MarketData,
    market: MarketData,
    /// By symbol, how many of its bars are its own.
    true_bars: Vec<usize>,
}

impl<'a> Changed<'a> {
    pub(super) fn new(own: &'a MarketData) -> Changed<'a> {
        let market = MarketData {
            bars: own.bars.clone(),
            sessions: own.sessions.clone(),
            extended: own.extended.clone(),
            script: own.script.clone(),
            ..MarketData::default()
        };
        Changed { own, true_bars: own.bars.iter().map(Vec::len).collect(), market }
    }

    /// The market as it was up to the bar of `cut`, and `future` after it.
    ///
    /// The calendar stays whole: it is known in advance.
    pub(super) fn after(&mut self, cut: Timestamp, future: Future) -> &MarketData {
        let own = self.own;
        let mut next_open = Timestamp::MAX;
        let mut shown = Vec::new();
        let series = self.market.bars.iter_mut().zip(&mut self.true_bars).zip(&own.bars);
        for (index, ((bars, true_bars), whole)) in series.enumerate() {
            let (known, later) = whole.split_at(whole.partition_point(|bar| bar.time <= cut));
            // The future before this one may have begun sooner.
            bars.truncate(known.len().min(*true_bars));
            bars.extend_from_slice(&known[bars.len()..]);
            *true_bars = known.len();
            // A share that is not listed yet has no price to tell lies about: it begins at its own first open.
            let last = known.last().copied().or(later.first().map(|bar| still(bar.open)));
            if let Some(last) = last {
                future.bars(last, &later[..later.len().min(FALSE_BARS_MAX)], bars);
            }
            next_open = later.first().map_or(next_open, |bar| next_open.min(bar.time));
            shown.extend(known.last().filter(|_| !later.is_empty()).map(|last| (SymbolIndex(index as u16), *last)));
        }
        let is_known = |(time, _): &&(Timestamp, MarketAction)| *time <= cut;
        self.market.actions.clear();
        self.market.actions.extend(own.actions.iter().filter(is_known));
        let false_ones = shown.iter().filter_map(|(symbol, last)| future.action(*symbol, last));
        self.market.actions.extend(false_ones.map(|action| (next_open, action)));
        self.market.finer = own.finer.iter().map(|finer| finer.until(cut)).collect();
        self.market.spreads = own.spreads.as_ref().map(|spreads| Arc::new(spreads.with_future(cut, WIDE)));
        &self.market
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Calendar, Length, SyntheticSpec, synthesize};
    use crate::venue::{SpreadSource, Spreads};
    use proptest::prelude::*;

    const FUTURES: [Future; 5] = [Future::None, Future::TenTimes, Future::Tenth, Future::Reversed, Future::Still];

    /// Two shares, the second listed eight sessions later; a split and a dividend on the way.
    fn market() -> MarketData {
        let series = |seed| {
            let spec = SyntheticSpec {
                symbol: "SYN".parse().expect("symbol"),
                seed,
                timeframe: "1d".parse().expect("timeframe"),
                from: "2013-10-07".parse().expect("date"),
                length: Length::Sessions(30),
                start_price: "80".parse().expect("price"),
                annual_drift: 0.0,
                annual_volatility: 0.4,
                calendar: Calendar::xnys(),
            };
            synthesize(&spec).expect("bars")
        };
        let bars = vec![series(1), series(2)[8..].to_vec()];
        let symbol = SymbolIndex(0);
        let actions = vec![
            (bars[0][10].time, MarketAction::Split { symbol, ratio: HALF }),
            (bars[0][20].time, MarketAction::Split { symbol, ratio: TEN }),
        ];
        let rows = |bars: &Vec<Bar>| bars.iter().map(|bar| (bar.time, Spread::Modelled(TENTH))).collect();
        let spreads = Spreads::new(bars.iter().map(rows).collect(), SpreadSource::Quotes);
        MarketData { bars, actions, spreads: Some(Arc::new(spreads)), ..MarketData::default() }
    }

    proptest! {
        /// Whatever was shown before: the past is the run's own, the future is another, of valid bars.
        #[test]
        fn only_the_future_changes(cuts in prop::collection::vec((0usize..30, 0usize..5), 1..8)) {
            let own = market();
            let mut changed = Changed::new(&own);
            for (at, future) in cuts {
                let (cut, future) = (own.bars[0][at].time, FUTURES[future]);
                let shown = changed.after(cut, future);
                for (bars, whole) in shown.bars.iter().zip(&own.bars) {
                    let known = whole.partition_point(|bar| bar.time <= cut);
                    prop_assert_eq!(&bars[..known], &whole[..known]);
                    prop_assert!(bars.iter().all(|bar| bar.checked().is_ok()));
                    let same_times = bars.iter().zip(whole).all(|(bar, own)| bar.time == own.time);
                    prop_assert!(same_times);
                    prop_assert_eq!(bars.len(), if future == Future::None { known } else { whole.len() });
                    let later = bars[known..].iter().zip(&whole[known..]).filter(|(bar, own)| bar != own).count();
                    // The one in the middle of a series stays where it is when the others are reversed.
                    prop_assert!(later + 1 >= bars.len() - known);
                }
                let past = own.actions.iter().filter(|(time, _)| *time <= cut).count();
                prop_assert_eq!(&shown.actions[..past], &own.actions[..past]);
                let is_false = |(time, action): &(Timestamp, MarketAction)| {
                    let made_up = match *action {
                        MarketAction::Split { ratio, .. } => ratio == HALF,
                        MarketAction::Dividend { .. } => true,
                        MarketAction::Delisting { .. } => false,
                    };
                    made_up && *time > cut
                };
                prop_assert!(shown.actions[past..].iter().all(is_false));
                prop_assert!(shown.actions.is_sorted_by_key(|(time, _)| *time));
            }
        }
    }

    #[test]
    fn a_share_that_has_ended_pays_nothing_more() {
        let mut own = market();
        own.bars[1].truncate(5);
        let last = own.bars[1][4].time;
        let mut changed = Changed::new(&own);
        let paying = &changed.after(last, Future::TenTimes).actions;
        assert_eq!(
            paying.iter().filter(|(time, _)| *time > last).map(|(_, action)| action.symbol().0).collect::<Vec<_>>(),
            [0]
        );
    }
}
