//! Alpha against a benchmark.
//!
//! Not here: beta.
use super::beta::beta;
use super::check::finite;
use super::moments::mean;
use super::{MetricError, SESSIONS_PER_YEAR};

/// Annualised alpha: (1 + mean(r − βb))^252 − 1, risk-free rate zero.
///
/// `returns`, `benchmark`: fractions of the same sessions, length ≥ 2. Errors: as [`beta`]; [`MetricError::Overflow`].
/// Source: Jensen (1968), "The Performance of Mutual Funds", J. of Finance 23(2); compounding as empyrical.
pub fn alpha(returns: &[f64], benchmark: &[f64]) -> Result<f64, MetricError> {
    let beta = beta(returns, benchmark)?;
    let daily = mean(returns) - beta * mean(benchmark);
    if daily <= -1.0 {
        return Err(MetricError::OutOfRange { name: "daily alpha", value: daily, valid: "above -1 to compound" });
    }
    finite((1.0 + daily).powf(SESSIONS_PER_YEAR) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        let benchmark = [0.01, 0.03, -0.02];
        let returns = benchmark.map(|b| 2.0 * b + 0.001);
        assert_close(alpha(&returns, &benchmark), 1.001_f64.powi(252) - 1.0, 1e-11);
        assert_eq!(alpha(&[0.1, 0.2], &[0.1, 0.1]), Err(MetricError::ConstantBenchmark));
        assert!(matches!(alpha(&[-2.0, -2.0], &[0.1, 0.2]), Err(MetricError::OutOfRange { .. })));
    }
}
