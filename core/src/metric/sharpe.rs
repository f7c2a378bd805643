//! The Sharpe ratio, per day and per year.
//!
//! Not here: how far to believe it; see `probabilistic_sharpe`, `deflated_sharpe`, `bootstrap`.
use super::check::{finite, require};
use super::moments::{mean, nonzero_deviation};
use super::{MetricError, SESSIONS_PER_YEAR};

/// Annualised Sharpe ratio of daily simple returns: mean ÷ sample deviation × √252, risk-free rate zero.
///
/// `returns`: fractions, oldest first, length ≥ 2.
/// Errors: [`MetricError::TooShort`]; [`MetricError::ZeroVariance`].
/// Source: Sharpe (1994), "The Sharpe Ratio", J. Portfolio Management 21(1), sample deviation (n − 1).
pub fn sharpe(returns: &[f64]) -> Result<f64, MetricError> {
    finite(sharpe_per_day(returns)? * SESSIONS_PER_YEAR.sqrt())
}

/// The same before annualisation, as the papers on its distribution use it.
///
/// `returns`: fractions, length ≥ 2. Errors: as [`sharpe`].
pub fn sharpe_per_day(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 2)?;
    finite(mean(returns) / nonzero_deviation(returns)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_refusals() {
        // mean 2 %, deviation √2 %.
        assert_close(sharpe(&[0.01, 0.03]), 2.0 / 2.0_f64.sqrt() * 252.0_f64.sqrt(), 1e-13);
        assert_eq!(sharpe(&[0.01]), Err(MetricError::TooShort { need: 2, have: 1 }));
        assert_eq!(sharpe(&[0.01; 9]), Err(MetricError::ZeroVariance));
        assert_eq!(sharpe(&[0.01, f64::NAN]), Err(MetricError::NotFinite { index: 1 }));
    }

    proptest! {
        /// Leverage does not change it, direction mirrors it, order does not matter.
        #[test]
        fn scale_and_mirror(returns in prop::collection::vec(-0.1..0.1f64, 3..60), leverage in 0.1..10.0f64) {
            let base = sharpe(&returns).expect("varies");
            let scaled = sharpe(&returns.iter().map(|r| r * leverage).collect::<Vec<_>>()).expect("varies");
            let mirrored = sharpe(&returns.iter().map(|r| -r).collect::<Vec<_>>()).expect("varies");
            let reversed = sharpe(&returns.iter().rev().copied().collect::<Vec<_>>()).expect("varies");
            let near = 1e-9 * (1.0 + base.abs());
            prop_assert!((scaled - base).abs() < near);
            prop_assert!((mirrored + base).abs() < near);
            prop_assert!((reversed - base).abs() < near);
        }
    }
}
