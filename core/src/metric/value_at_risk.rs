//! Value at risk and conditional value at risk, 95 %, one day, historical.
//!
//! Not here: the normal approximation; real returns have fatter tails than it.
use super::MetricError;
use super::check::{finite, require};
use super::moments::mean;
use super::percentile::percentile;

/// Share of days in the tail.
const TAIL: f64 = 0.05;

/// The return that one day in twenty stays below: the 5th percentile, by straight line. Negative when that is a loss.
///
/// `returns`: fractions, length ≥ 2. Errors: [`MetricError::TooShort`].
/// Source: Jorion (2006), "Value at Risk", ch. 5, historical simulation; as empyrical.
pub fn value_at_risk_95(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 2)?;
    percentile(returns, TAIL)
}

/// Mean of the int((n − 1) × 0.05) + 1 worst days. Negative when those are losses.
///
/// `returns`: fractions, length ≥ 2. Errors: [`MetricError::TooShort`].
/// Source: Rockafellar & Uryasev (2000), "Optimization of Conditional Value-at-Risk", J. of Risk 2(3); as empyrical.
pub fn conditional_var_95(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 2)?;
    let mut sorted = returns.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let worst = ((returns.len() - 1) as f64 * TAIL) as usize + 1;
    finite(mean(&sorted[..worst]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn first_values_and_refusals() {
        let returns: Vec<f64> = (0..41).map(|day| f64::from(day - 20) / 100.0).collect();
        assert_close(value_at_risk_95(&returns), -0.18, 1e-13);
        assert_close(conditional_var_95(&returns), -0.19, 1e-13);
        assert_eq!(value_at_risk_95(&[0.1]), Err(MetricError::TooShort { need: 2, have: 1 }));
        assert_eq!(conditional_var_95(&[0.1]), Err(MetricError::TooShort { need: 2, have: 1 }));
    }

    proptest! {
        /// The tail's mean is never better than the tail's edge, and both scale with leverage.
        #[test]
        fn tail_is_worse_than_its_edge(returns in prop::collection::vec(-0.1..0.1f64, 2..80), leverage in 0.1..10.0f64) {
            let scaled: Vec<f64> = returns.iter().map(|r| r * leverage).collect();
            let (edge, tail) = (value_at_risk_95(&returns).expect("edge"), conditional_var_95(&returns).expect("tail"));
            prop_assert!(tail <= edge + 1e-15);
            prop_assert!((value_at_risk_95(&scaled).expect("edge") - leverage * edge).abs() < 1e-12);
            prop_assert!((conditional_var_95(&scaled).expect("tail") - leverage * tail).abs() < 1e-12);
        }
    }
}
