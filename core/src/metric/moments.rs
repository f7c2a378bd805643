//! Mean, deviation and central moments: the arithmetic other statistics share.
//!
//! Not here: annualisation. The deviation that statistics divide by is refused when it is only rounding noise.
use super::MetricError;
use super::check::finite;

/// Smallest deviation of daily returns that is not rounding.
///
/// A return is a ratio of two doubles near each other, so it carries up to 4e-16 of error; dividing by a deviation
/// smaller than this would turn that error into a Sharpe ratio of a million.
const RETURN_RESOLUTION: f64 = 1e-14;

/// Arithmetic mean; callers pass at least one value.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean of (x − x̄)^power, divisor n; callers pass at least one value.
pub(super) fn central_moment(values: &[f64], power: i32) -> f64 {
    let center = mean(values);
    values.iter().map(|value| (value - center).powi(power)).sum::<f64>() / values.len() as f64
}

/// Sample standard deviation, divisor n − 1; callers pass at least two finite values.
pub(super) fn sample_deviation(values: &[f64]) -> Result<f64, MetricError> {
    let n = values.len() as f64;
    finite((central_moment(values, 2) * n / (n - 1.0)).sqrt())
}

/// [`sample_deviation`] of returns, fit to divide by.
pub(super) fn nonzero_deviation(returns: &[f64]) -> Result<f64, MetricError> {
    varying(sample_deviation(returns)?)
}

/// A deviation that fits a double and is more than rounding.
pub(super) fn varying(deviation: f64) -> Result<f64, MetricError> {
    let deviation = finite(deviation)?;
    if deviation > RETURN_RESOLUTION { Ok(deviation) } else { Err(MetricError::ZeroVariance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_divisor_is_one_less() {
        assert_eq!(sample_deviation(&[1.0, 3.0]), Ok(2.0_f64.sqrt()));
        assert_eq!(central_moment(&[1.0, 3.0], 2), 1.0);
    }

    #[test]
    fn rounding_is_not_variance() {
        assert_eq!(nonzero_deviation(&[0.001, 0.001 + 2e-16, 0.001 - 2e-16]), Err(MetricError::ZeroVariance));
        assert_eq!(nonzero_deviation(&[1e200, -1e200]), Err(MetricError::Overflow));
    }
}
