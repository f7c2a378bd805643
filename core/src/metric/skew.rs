//! Skewness of daily returns.
//!
//! Not here: the population moment; every moment of this room is bias-corrected.
use super::MetricError;
use super::check::{finite, require};
use super::moments::{central_moment, nonzero_deviation};

/// Bias-corrected skewness, G1 = √(n(n−1)) ÷ (n−2) × m3 ÷ m2^1.5.
///
/// `returns`: fractions, length ≥ 3. Zero for a symmetric sample, negative for a long left tail.
/// Errors: [`MetricError::TooShort`], [`MetricError::ZeroVariance`].
/// Source: Joanes & Gill (1998), "Comparing measures of sample skewness and kurtosis", The Statistician 47(1).
pub fn skew(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 3)?;
    nonzero_deviation(returns)?;
    let n = returns.len() as f64;
    let population = central_moment(returns, 3) / central_moment(returns, 2).powf(1.5);
    finite((n * (n - 1.0)).sqrt() / (n - 2.0) * population)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        // By hand: m2 = 12.5, m3 = 45 of (1, 2, 3, 10), in hundredths.
        let expected = 12.0_f64.sqrt() / 2.0 * 45.0 / 12.5_f64.powf(1.5);
        assert_close(skew(&[0.01, 0.02, 0.03, 0.10]), expected, 1e-12);
        assert_eq!(skew(&[0.0, 0.1]), Err(MetricError::TooShort { need: 3, have: 2 }));
        assert_eq!(skew(&[0.1, 0.1, 0.1]), Err(MetricError::ZeroVariance));
    }
}
