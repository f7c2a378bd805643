//! Trades by result, in multiples of the risk each took (R).
//!
//! Not here: drawing. Open trades and trades without a stop have no R and are left out; how many is
//! part of the answer.
use super::model::TradeRow;

/// Widest the bars may reach; results beyond it are counted in the first or last bar.
const LOW_MIN: f64 = -3.0;
const HIGH_MAX: f64 = 7.0;
/// Width of a bar in R.
pub const BIN_WIDTH: f64 = 0.5;

/// Counts of trades by R.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Left edge of the first bar, in R.
    pub low: f64,
    /// Trades in each bar, `BIN_WIDTH` apart.
    pub counts: Vec<usize>,
    /// The first bar also holds results below it.
    pub open_below: bool,
    /// The last bar also holds results above it.
    pub open_above: bool,
    /// Mean R of the trades counted.
    pub mean: f64,
    /// Trades counted.
    pub counted: usize,
    /// Closed trades without a stop.
    pub without_stop: usize,
}

/// The histogram of the closed trades; `None` when none of them has an R.
pub fn by_result<'a>(closed: impl Iterator<Item = &'a TradeRow>) -> Option<Histogram> {
    let mut results = Vec::new();
    let mut without_stop = 0;
    for trade in closed {
        match trade.r_multiple.filter(|r| r.is_finite()) {
            Some(r) => results.push(r),
            None => without_stop += 1,
        }
    }
    let least = results.iter().copied().reduce(f64::min)?;
    let most = results.iter().copied().reduce(f64::max)?;
    let low = least.min(-0.5).floor().max(LOW_MIN);
    let high = (most.max(0.5) + 1e-9).ceil().min(HIGH_MAX);
    let bins = ((high - low) / BIN_WIDTH).round() as usize;
    let mut counts = vec![0; bins];
    for r in &results {
        // A result on an edge belongs to the bar above it, so 0 counts as "not lost".
        let bin = ((r - low) / BIN_WIDTH + 1e-9).floor().clamp(0.0, (bins - 1) as f64);
        counts[bin as usize] += 1;
    }
    Some(Histogram {
        low,
        counts,
        open_below: least < low,
        open_above: most >= high,
        mean: results.iter().sum::<f64>() / results.len() as f64,
        counted: results.len(),
        without_stop,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Side, Timestamp};
    use proptest::prelude::*;

    fn trade(r_multiple: Option<f64>) -> TradeRow {
        TradeRow {
            symbol: "IBM".to_owned(),
            side: Side::Buy,
            quantity: 1.0,
            entry_time: Timestamp::from_ns(0),
            entry_price: 1.0,
            exit_time: Some(Timestamp::from_ns(1)),
            exit_price: Some(1.0),
            pnl: 0.0,
            fees: 0.0,
            exit_reason: None,
            forced: None,
            sessions: 0,
            r_multiple,
            worst: 0.0,
            best: 0.0,
        }
    }

    #[test]
    fn edges_and_far_results_land_in_their_bars() {
        let trades = [-1.0, -0.5, 0.0, 0.49, 12.0].map(|r| trade(Some(r)));
        let found = by_result(trades.iter().chain([&trade(None)])).expect("histogram");
        assert_eq!((found.low, found.counts.len()), (-1.0, 16));
        assert_eq!((found.counts[0], found.counts[1], found.counts[2], found.counts[15]), (1, 1, 2, 1));
        assert!(found.open_above && !found.open_below);
        assert_eq!((found.counted, found.without_stop), (5, 1));
        assert_eq!(by_result([trade(None)].iter()), None);
    }

    proptest! {
        /// Every result is counted once, and a loss never stands right of zero.
        #[test]
        fn every_result_counts_once(results in prop::collection::vec(-20.0_f64..40.0, 1..200)) {
            let trades: Vec<TradeRow> = results.iter().map(|r| trade(Some(*r))).collect();
            let found = by_result(trades.iter()).expect("histogram");
            prop_assert_eq!(found.counts.iter().sum::<usize>(), results.len());
            let zero = (-found.low / BIN_WIDTH).round() as usize;
            let losses = results.iter().filter(|r| **r < -1e-9).count();
            prop_assert_eq!(found.counts[..zero].iter().sum::<usize>(), losses);
        }
    }
}
