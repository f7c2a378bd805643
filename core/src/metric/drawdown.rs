//! Falls of equity below its running peak: each one, the deepest, the longest.
//!
//! Not here: the drawdown limit that stops trading (risk). Every function reads a *path*: the starting capital first,
//! then one equity mark per session, so index 0 is the start and index k the k-th session. Depths are negative.
use super::MetricError;
use super::check::{finite, require_positive_equity};
use super::moments::mean;

/// One fall from a peak, until the peak was reached again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// Index of the last mark at the peak.
    pub peak: usize,
    /// Index of the first lowest mark.
    pub trough: usize,
    /// Index of the first mark at or above the peak again; `None` if the series ends below it.
    pub recovery: Option<usize>,
    /// trough ÷ peak − 1: a negative fraction, never below −1.
    pub depth: f64,
}

/// Every fall in `path`, in time order; empty if equity never fell.
///
/// `path`: dollars or multiples of the start, above zero, length ≥ 1.
/// Errors: [`MetricError::TooShort`], [`MetricError::NonPositiveEquity`].
pub fn drawdowns(path: &[f64]) -> Result<Vec<Drawdown>, MetricError> {
    require_positive_equity(path, 1)?;
    let mut falls = Vec::new();
    let mut peak = 0;
    let mut open: Option<Drawdown> = None;
    for (index, equity) in path.iter().enumerate().skip(1) {
        if *equity >= path[peak] {
            falls.extend(open.take().map(|fall| Drawdown { recovery: Some(index), ..fall }));
            peak = index;
            continue;
        }
        let depth = equity / path[peak] - 1.0;
        let fall = open.get_or_insert(Drawdown { peak, trough: index, recovery: None, depth });
        if *equity < path[fall.trough] {
            (fall.trough, fall.depth) = (index, depth);
        }
    }
    falls.extend(open);
    Ok(falls)
}

/// The `count` deepest of `falls`, deepest first; the earlier of two equals first.
pub fn deepest(falls: &[Drawdown], count: usize) -> Vec<Drawdown> {
    let mut ranked = falls.to_vec();
    ranked.sort_by(|left, right| left.depth.total_cmp(&right.depth));
    ranked.truncate(count);
    ranked
}

/// The deepest fall from a running peak: min(equity ÷ peak − 1), in [−1, 0]; 0 if equity never fell.
///
/// `path`: as [`drawdowns`]. Errors: as [`drawdowns`]. Source: empyrical `max_drawdown`, the start counted as a peak.
pub fn max_drawdown(path: &[f64]) -> Result<f64, MetricError> {
    Ok(drawdowns(path)?.iter().map(|fall| fall.depth).fold(0.0, f64::min))
}

/// The longest time under water: most calendar days from a peak to its recovery, or to the end if there is none.
///
/// It need not be the deepest fall. `days`: the day number of each mark of `path`, not falling; for the start, the day
/// of the first session. 0 if equity never fell.
/// Errors: as [`drawdowns`]; [`MetricError::LengthMismatch`].
/// Source: backtesting.py `Max. Drawdown Duration`.
pub fn max_drawdown_days(path: &[f64], days: &[i64]) -> Result<f64, MetricError> {
    if path.len() != days.len() {
        return Err(MetricError::LengthMismatch { left: path.len(), right: days.len() });
    }
    let last = path.len().saturating_sub(1);
    let longest =
        drawdowns(path)?.iter().map(|fall| days[fall.recovery.unwrap_or(last)].abs_diff(days[fall.peak])).max();
    Ok(longest.unwrap_or(0) as f64)
}

/// Mean depth of all falls, the unfinished one included.
///
/// `path`: as [`drawdowns`]. Errors: as [`drawdowns`]; [`MetricError::NoDrawdown`].
/// Source: backtesting.py `Avg. Drawdown`.
pub fn avg_drawdown(path: &[f64]) -> Result<f64, MetricError> {
    let depths: Vec<f64> = drawdowns(path)?.iter().map(|fall| fall.depth).collect();
    if depths.is_empty() {
        return Err(MetricError::NoDrawdown);
    }
    finite(mean(&depths))
}

/// Ulcer index: √(Σ drawdown² ÷ (n − 1)) over n sessions, as a fraction. 0 if equity never fell.
///
/// `path`: as [`drawdowns`], length ≥ 3 (two sessions).
/// Errors: [`MetricError::TooShort`] with fewer than two sessions; else as [`drawdowns`].
/// Source: Martin & McCann (1989), "The Investor's Guide to Fidelity Funds"; divisor n − 1 as quantstats.
pub fn ulcer_index(path: &[f64]) -> Result<f64, MetricError> {
    let sessions = path.len().saturating_sub(1);
    if sessions < 2 {
        return Err(MetricError::TooShort { need: 2, have: sessions });
    }
    require_positive_equity(path, 3)?;
    let mut peak = path[0];
    let squares: f64 = path
        .iter()
        .map(|equity| {
            peak = peak.max(*equity);
            (equity / peak - 1.0).powi(2)
        })
        .sum();
    finite((squares / (sessions - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    const PATH: [f64; 9] = [100.0, 100.0, 90.0, 95.0, 100.0, 120.0, 60.0, 60.0, 90.0];

    #[test]
    fn finds_peak_trough_and_recovery() {
        let falls = drawdowns(&PATH).expect("falls");
        let first = Drawdown { peak: 1, trough: 2, recovery: Some(4), depth: 90.0 / 100.0 - 1.0 };
        let second = Drawdown { peak: 5, trough: 6, recovery: None, depth: -0.5 };
        assert_eq!(falls, [first, second]);
        assert_eq!(deepest(&falls, 1), [second]);
        assert_eq!(deepest(&falls, 9), [second, first]);
        assert_eq!(max_drawdown(&PATH), Ok(-0.5));
        assert_close(avg_drawdown(&PATH), -0.3, 1e-14);
    }

    #[test]
    fn counts_calendar_days_to_recovery_or_end() {
        let days = [10, 10, 11, 14, 15, 16, 17, 18, 19];
        assert_eq!(max_drawdown_days(&PATH, &days), Ok(5.0)); // 10 → 15, longer than the open 16 → 19
        assert_eq!(max_drawdown_days(&PATH[5..], &days[5..]), Ok(3.0));
        assert_eq!(max_drawdown_days(&[1.0, 2.0], &[1, 2]), Ok(0.0));
        assert_eq!(max_drawdown_days(&[1.0], &[1, 2]), Err(MetricError::LengthMismatch { left: 1, right: 2 }));
    }

    #[test]
    fn ulcer_index_first_value() {
        // Drawdowns 0, −50 %, 0 over two sessions.
        assert_close(ulcer_index(&[100.0, 50.0, 100.0]), 0.5, 1e-15);
        assert_eq!(ulcer_index(&[100.0, 50.0]), Err(MetricError::TooShort { need: 2, have: 1 }));
        assert_eq!(ulcer_index(&[]), Err(MetricError::TooShort { need: 2, have: 0 }));
    }

    #[test]
    fn refusals() {
        assert_eq!(max_drawdown(&[1.0, 2.0]), Ok(0.0));
        assert_eq!(avg_drawdown(&[1.0, 2.0]), Err(MetricError::NoDrawdown));
        assert_eq!(drawdowns(&[]), Err(MetricError::TooShort { need: 1, have: 0 }));
        assert_eq!(max_drawdown(&[1.0, -1.0]), Err(MetricError::NonPositiveEquity { index: 1, equity: -1.0 }));
    }

    proptest! {
        /// The episodes agree with the definition over all pairs of marks, and the unit of money does not matter.
        #[test]
        fn deepest_of_all_pairs(path in prop::collection::vec(1.0..1e3f64, 1..50), unit in 0.01..100.0f64) {
            let by_pairs = (0..path.len())
                .flat_map(|peak| (peak..path.len()).map(move |later| (peak, later)))
                .map(|(peak, later)| path[later] / path[peak] - 1.0)
                .fold(0.0, f64::min);
            let deepest_fall = max_drawdown(&path).expect("path");
            prop_assert!((-1.0..=0.0).contains(&deepest_fall));
            prop_assert!((deepest_fall - by_pairs).abs() < 1e-12);
            let scaled = max_drawdown(&path.iter().map(|mark| mark * unit).collect::<Vec<_>>()).expect("path");
            prop_assert!((deepest_fall - scaled).abs() < 1e-12);
        }

        /// Falls lie one after another and their indexes say what they mean.
        #[test]
        fn falls_do_not_overlap(path in prop::collection::vec(1.0..50.0f64, 1..50)) {
            let falls = drawdowns(&path).expect("path");
            for fall in &falls {
                prop_assert!(fall.peak < fall.trough && fall.depth < 0.0);
                prop_assert_eq!(path[fall.trough] / path[fall.peak] - 1.0, fall.depth);
                let end = fall.recovery.unwrap_or(path.len());
                prop_assert!(fall.trough < end);
                prop_assert!(path[fall.peak + 1..end].iter().all(|mark| *mark < path[fall.peak]));
                prop_assert!(fall.recovery.is_none_or(|index| path[index] >= path[fall.peak]));
            }
            for pair in falls.windows(2) {
                prop_assert!(pair[0].recovery.is_some_and(|recovery| recovery <= pair[1].peak));
            }
        }
    }
}
