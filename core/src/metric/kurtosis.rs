//! Excess kurtosis of daily returns.
//!
//! Not here: the population moment; every moment of this room is bias-corrected.
use super::MetricError;
use super::check::{finite, require};
use super::moments::{central_moment, nonzero_deviation};

/// Bias-corrected excess kurtosis, G2 = (n−1) ÷ ((n−2)(n−3)) × ((n+1) m4 ÷ m2² − 3(n−1)).
///
/// `returns`: fractions, length ≥ 4. Zero for a normal distribution; add 3 for the kurtosis the Sharpe papers use.
/// Errors: [`MetricError::TooShort`], [`MetricError::ZeroVariance`].
/// Source: Joanes & Gill (1998), "Comparing measures of sample skewness and kurtosis", The Statistician 47(1).
pub fn kurtosis(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 4)?;
    nonzero_deviation(returns)?;
    let n = returns.len() as f64;
    let population = central_moment(returns, 4) / central_moment(returns, 2).powi(2);
    finite((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * population - 3.0 * (n - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        // By hand: m2 = 12.5, m4 = (81 + 16 + 1 + 1296) / 4 = 348.5 of (1, 2, 3, 10), in hundredths.
        let expected = 3.0 / 2.0 * (5.0 * 348.5 / 12.5_f64.powi(2) - 9.0);
        assert_close(kurtosis(&[0.01, 0.02, 0.03, 0.10]), expected, 1e-12);
        assert_eq!(kurtosis(&[0.0, 0.1, 0.2]), Err(MetricError::TooShort { need: 4, have: 3 }));
        assert_eq!(kurtosis(&[0.1, 0.1, 0.1, 0.1]), Err(MetricError::ZeroVariance));
    }
}
