//! Annualised volatility of daily returns.
//!
//! Not here: the downside half of it; see `sortino`.
use super::check::{finite, require};
use super::moments::sample_deviation;
use super::{MetricError, SESSIONS_PER_YEAR};

/// Sample deviation (n − 1) × √252.
///
/// `returns`: fractions, length ≥ 2. Zero when the equity did not move: that is a value, not an absence.
/// Errors: [`MetricError::TooShort`]. Source: empyrical `annual_volatility`.
pub fn annual_volatility(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 2)?;
    finite(sample_deviation(returns)? * SESSIONS_PER_YEAR.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusal() {
        assert_close(annual_volatility(&[0.01, 0.03]), 0.02_f64 * 126.0_f64.sqrt(), 1e-14);
        assert_eq!(annual_volatility(&[0.0, 0.0]), Ok(0.0));
        assert_eq!(annual_volatility(&[0.01]), Err(MetricError::TooShort { need: 2, have: 1 }));
    }
}
