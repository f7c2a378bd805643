//! Downside risk and the Sortino ratio.
//!
//! Not here: a target other than zero.
use super::check::{finite, require};
use super::moments::mean;
use super::{MetricError, SESSIONS_PER_YEAR};

/// Annualised downside deviation below zero: √(mean(min(r, 0)²)) × √252, the mean over all n days.
///
/// `returns`: fractions, length ≥ 1. Zero when no day was negative.
/// Errors: [`MetricError::TooShort`]. Source: Sortino & Price (1994), J. of Investing 3(3); as empyrical.
pub fn downside_risk(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 1)?;
    let squares: f64 = returns.iter().map(|value| value.min(0.0).powi(2)).sum();
    finite((squares / returns.len() as f64).sqrt() * SESSIONS_PER_YEAR.sqrt())
}

/// Sortino ratio: mean × 252 ÷ [`downside_risk`].
///
/// `returns`: fractions, length ≥ 1. Errors: [`MetricError::TooShort`]; [`MetricError::NoDownside`].
/// Source: Sortino & Price (1994), "Performance Measurement in a Downside Risk Framework", J. of Investing 3(3).
pub fn sortino(returns: &[f64]) -> Result<f64, MetricError> {
    let risk = downside_risk(returns)?;
    // A square can underflow: a fall too small to have a square is no downside to divide by.
    if risk == 0.0 {
        return Err(MetricError::NoDownside);
    }
    finite(mean(returns) * SESSIONS_PER_YEAR / risk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_refusals() {
        // mean 1 %, downside √(0.02² ÷ 2).
        assert_close(downside_risk(&[0.04, -0.02]), 0.02 * 126.0_f64.sqrt(), 1e-14);
        assert_close(sortino(&[0.04, -0.02]), 0.01 * 252.0 / (0.02 * 126.0_f64.sqrt()), 1e-13);
        assert_eq!(downside_risk(&[0.1]), Ok(0.0));
        assert_eq!(sortino(&[0.1, 0.0]), Err(MetricError::NoDownside));
        assert_eq!(sortino(&[]), Err(MetricError::TooShort { need: 1, have: 0 }));
    }

    proptest! {
        /// Leverage does not change it.
        #[test]
        fn scale(returns in prop::collection::vec(-0.1..-0.001f64, 1..60), leverage in 0.1..10.0f64) {
            let base = sortino(&returns).expect("falls");
            let scaled = sortino(&returns.iter().map(|r| r * leverage).collect::<Vec<_>>()).expect("falls");
            prop_assert!((scaled - base).abs() < 1e-9 * base.abs());
        }
    }
}
