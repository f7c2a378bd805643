//! A strategy's lines over raw prices that split: each stretch between splits in dollars of its own share.
//!
//! Not here: the lines themselves (strategy), drawing (report).
//! A line is what the strategy saw: up to each split its look-back in old shares, from there on restated in new
//! ones. So the line jumps with the price and is never drawn across the jump of a day that nobody lost on.
use super::MarketData;
use crate::domain::{Bar, Ratio, SymbolIndex, Timestamp};
use crate::engine::MarketAction;
use crate::market::bar_after_split;
use crate::strategy::ChartLine;

/// The lines over the bars of the `index`-th symbol, `lines` being those over prices without a split.
pub(super) fn lines_over_splits(
    market: &MarketData,
    index: usize,
    lines: impl Fn(&[Bar]) -> Vec<ChartLine>,
) -> Vec<ChartLine> {
    let bars = &market.bars[index][..];
    let splits: Vec<(usize, Ratio)> = splits_of(market, SymbolIndex(index as u16))
        .map(|(from, ratio)| (bars.partition_point(|bar| bar.time < from), ratio))
        .filter(|(at, _)| *at < bars.len())
        .collect();
    if splits.is_empty() {
        return lines(bars);
    }
    let mut seen: Vec<Bar> = Vec::with_capacity(bars.len());
    let mut out: Vec<ChartLine> = Vec::new();
    let ends = splits.iter().map(|(at, ratio)| (*at, Some(*ratio))).chain([(bars.len(), None)]);
    for (end, ratio) in ends {
        let start = seen.len();
        seen.extend_from_slice(&bars[start..end]);
        // Of two splits before one bar the second ends a stretch without bars.
        if start < end {
            extend(&mut out, lines(&seen), start);
        }
        if let Some(ratio) = ratio {
            seen.iter_mut().for_each(|bar| *bar = bar_after_split(bar, ratio));
        }
    }
    out
}

/// Splits that the strategy was told of: from when, new shares per old.
fn splits_of(market: &MarketData, symbol: SymbolIndex) -> impl Iterator<Item = (Timestamp, Ratio)> + '_ {
    market.actions.iter().filter_map(move |(from, action)| match *action {
        MarketAction::Split { symbol: of, ratio } if of == symbol => Some((*from, ratio)),
        _ => None,
    })
}

/// Takes the values of `stretch` from bar `start` on.
fn extend(out: &mut Vec<ChartLine>, stretch: Vec<ChartLine>, start: usize) {
    if out.is_empty() {
        *out = stretch;
        return;
    }
    for (line, mut more) in out.iter_mut().zip(stretch) {
        line.values.extend(more.values.drain(start..));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Volume};
    use crate::indicator::Sma;

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }

    fn lines(bars: &[Bar]) -> Vec<ChartLine> {
        let mut sma = Sma::new(2).expect("period");
        vec![ChartLine::each("SMA 2", bars, |bar| sma.update(bar.close.to_f64()))]
    }

    /// Seven for one on the third day, and two for one and three for one before the fifth.
    #[test]
    fn a_line_is_in_the_share_of_its_day() {
        let closes = ["70", "77", "12", "13", "2", "3"];
        let bar = |(day, close): (i32, &str)| {
            let (time, close) = (Timestamp::from_days(16_000 + day).expect("day"), price(close));
            Bar { time, open: close, high: close, low: close, close, volume: Volume::ZERO }
        };
        let bars: Vec<Bar> = (0..).zip(closes).map(bar).collect();
        let split = |at: usize, ratio: &str| {
            let ratio = ratio.parse().expect("ratio");
            (bars[at].time, MarketAction::Split { symbol: SymbolIndex(0), ratio })
        };
        let actions = vec![split(2, "7"), split(4, "2"), split(4, "3")];
        let market = MarketData { bars: vec![bars.clone()], actions, ..MarketData::default() };
        let wanted = [None, Some(73.5), Some(11.5), Some(12.5), Some((13.0 / 6.0 + 2.0) / 2.0), Some(2.5)];
        let drawn = lines_over_splits(&market, 0, lines);
        assert_eq!((drawn.len(), drawn[0].values.len()), (1, wanted.len()));
        for (found, wanted) in drawn[0].values.iter().zip(wanted) {
            assert!(found.zip(wanted).map_or(*found == wanted, |(a, b)| (a - b).abs() < 1e-8), "{found:?} {wanted:?}");
        }
        let without = MarketData { bars: vec![bars.clone()], ..MarketData::default() };
        assert_eq!(lines_over_splits(&without, 0, lines), lines(&bars));
    }
}
