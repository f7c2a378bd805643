//! The Omega ratio.
//!
//! Not here: a threshold other than zero.
use super::MetricError;
use super::check::{finite, require};

/// Omega at threshold zero: Σ max(r, 0) ÷ Σ max(−r, 0).
///
/// `returns`: fractions, length ≥ 1. Errors: [`MetricError::TooShort`]; [`MetricError::NoDownside`].
/// Source: Keating & Shadwick (2002), "A Universal Performance Measure", J. of Performance Measurement 6(3).
pub fn omega(returns: &[f64]) -> Result<f64, MetricError> {
    require(returns, 1)?;
    let gains: f64 = returns.iter().map(|value| value.max(0.0)).sum();
    let losses: f64 = returns.iter().map(|value| (-value).max(0.0)).sum();
    if losses == 0.0 {
        return Err(MetricError::NoDownside);
    }
    finite(gains / losses)
}

/// Gain-to-pain ratio: Σ r ÷ Σ max(−r, 0), which is [`omega`] − 1.
///
/// `returns`: fractions, length ≥ 1. Errors: as [`omega`]. Source: Schwager (2012), "Market Wizards", appendix A.
pub fn gain_to_pain(returns: &[f64]) -> Result<f64, MetricError> {
    Ok(omega(returns)? - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        assert_close(omega(&[0.03, -0.01, 0.01, -0.01]), 2.0, 1e-14);
        assert_close(gain_to_pain(&[0.03, -0.01, 0.01, -0.01]), 1.0, 1e-14);
        assert_eq!(omega(&[-0.01]), Ok(0.0));
        assert_eq!(omega(&[0.01]), Err(MetricError::NoDownside));
        assert_eq!(gain_to_pain(&[]), Err(MetricError::TooShort { need: 1, have: 0 }));
    }
}
