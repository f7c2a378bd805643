//! The p-th percentile by linear interpolation, as numpy's default.
//!
//! Not here: which percentiles mean what.
use super::MetricError;
use super::check::require;

/// Percentile of `values` in any order; `fraction` in [0, 1], 0.05 for the 5th.
///
/// The result stands at position fraction × (n − 1) of the sorted values, between two of them by straight line.
/// Errors: [`MetricError::TooShort`] when empty; [`MetricError::OutOfRange`] for the fraction.
/// Source: Hyndman & Fan (1996), "Sample Quantiles in Statistical Packages", The American Statistician 50(4), type 7.
pub fn percentile(values: &[f64], fraction: f64) -> Result<f64, MetricError> {
    require(values, 1)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    percentile_of_sorted(&sorted, fraction)
}

/// [`percentile`] of values already in ascending order.
pub fn percentile_of_sorted(sorted: &[f64], fraction: f64) -> Result<f64, MetricError> {
    require(sorted, 1)?;
    if !(0.0..=1.0).contains(&fraction) {
        return Err(MetricError::OutOfRange { name: "fraction", value: fraction, valid: "between 0 and 1" });
    }
    let position = fraction * (sorted.len() - 1) as f64;
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let share = position - below as f64;
    // Two products rather than a difference: it stays finite for any two doubles, and between them.
    let value = sorted[below] * (1.0 - share) + sorted[above] * share;
    Ok(value.clamp(sorted[below], sorted[above]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn matches_numpy() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_close(percentile(&values, 0.0), 1.0, 0.0);
        assert_close(percentile(&values, 1.0), 4.0, 0.0);
        assert_close(percentile(&values, 0.5), 2.5, 1e-15);
        assert_close(percentile(&values, 0.05), 1.15, 1e-15);
        assert_close(percentile(&[7.0], 0.3), 7.0, 0.0);
    }

    #[test]
    fn refuses_nothing_and_nonsense() {
        assert_eq!(percentile(&[], 0.5), Err(MetricError::TooShort { need: 1, have: 0 }));
        assert!(matches!(percentile(&[1.0], 1.5), Err(MetricError::OutOfRange { .. })));
        assert!(matches!(percentile(&[1.0], f64::NAN), Err(MetricError::OutOfRange { .. })));
    }

    proptest! {
        /// Never outside the values, never falling as the fraction rises.
        #[test]
        fn stays_inside_and_rises(values in prop::collection::vec(-1e3..1e3f64, 1..40), a in 0.0..=1.0f64, b in 0.0..=1.0f64) {
            let (low, high) = (a.min(b), a.max(b));
            let (at_low, at_high) = (percentile(&values, low).expect("low"), percentile(&values, high).expect("high"));
            let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(smallest <= at_low && at_high <= largest);
            prop_assert!(at_low <= at_high + 1e-12 * at_high.abs());
        }
    }
}
