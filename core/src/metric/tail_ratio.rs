//! The tail ratio.
//!
//! Not here: the tails themselves; see `value_at_risk`.
use super::MetricError;
use super::check::{finite, require};
use super::percentile::percentile;

/// |95th percentile| ÷ |5th percentile| of daily returns: above 1, good days outweigh bad ones.
///
/// `returns`: fractions, length ≥ 2; percentiles by straight line.
/// Errors: [`MetricError::TooShort`]; [`MetricError::NoLeftTail`] when the 5th percentile is zero.
/// Source: empyrical `tail_ratio`.
pub fn tail_ratio(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 2)?;
    let left = percentile(returns, 0.05)?.abs();
    if left == 0.0 {
        return Err(MetricError::NoLeftTail);
    }
    finite(percentile(returns, 0.95)?.abs() / left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        // Of (−1, 3): 5th at −0.8, 95th at 2.8.
        assert_close(tail_ratio(&[0.03, -0.01]), 3.5, 1e-13);
        assert_eq!(tail_ratio(&[0.0; 30]), Err(MetricError::NoLeftTail));
        assert_eq!(tail_ratio(&[0.1]), Err(MetricError::TooShort { need: 2, have: 1 }));
    }
}
