//! The information ratio against a benchmark.
//!
//! Not here: aligning the two calendars.
use super::MetricError;
use super::check::require_pair;
use super::sharpe::sharpe;

/// Annualised Sharpe ratio of the daily difference: mean(r − b) ÷ sample deviation(r − b) × √252.
///
/// `returns`, `benchmark`: fractions of the same sessions, length ≥ 2.
/// Errors: [`MetricError::TooShort`], [`MetricError::LengthMismatch`]; [`MetricError::ZeroVariance`] when the strategy
/// is the benchmark.
/// Source: Goodwin (1998), "The Information Ratio", Financial Analysts Journal 54(4).
pub fn information_ratio(returns: &[f64], benchmark: &[f64]) -> Result<f64, MetricError> {
    require_pair(returns, benchmark, 2)?;
    let active: Vec<f64> = returns.iter().zip(benchmark).map(|(own, other)| own - other).collect();
    sharpe(&active)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        assert_close(information_ratio(&[0.02, 0.05], &[0.01, 0.02]), (2.0 * 252.0_f64).sqrt(), 1e-12);
        assert_eq!(information_ratio(&[0.1, 0.2], &[0.1, 0.2]), Err(MetricError::ZeroVariance));
        assert_eq!(information_ratio(&[0.1], &[]), Err(MetricError::LengthMismatch { left: 1, right: 0 }));
    }
}
