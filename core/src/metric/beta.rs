//! Beta against a benchmark.
//!
//! Not here: aligning the two calendars; the series run side by side already.
use super::MetricError;
use super::check::{finite, require_pair};
use super::line::Line;
use super::moments::nonzero_deviation;

/// Covariance with the benchmark ÷ the benchmark's variance.
///
/// `returns`, `benchmark`: fractions of the same sessions, length ≥ 2.
/// Errors: [`MetricError::TooShort`], [`MetricError::LengthMismatch`], [`MetricError::ConstantBenchmark`].
/// Source: Sharpe (1964), "Capital Asset Prices", J. of Finance 19(3).
pub fn beta(returns: &[f64], benchmark: &[f64]) -> Result<f64, MetricError> {
    require_pair(returns, benchmark, 2)?;
    nonzero_deviation(benchmark).map_err(|reason| match reason {
        MetricError::ZeroVariance => MetricError::ConstantBenchmark,
        other => other,
    })?;
    finite(Line::fit(benchmark, returns)?.slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_refusals() {
        assert_close(beta(&[0.02, 0.06, 0.04], &[0.01, 0.03, 0.02]), 2.0, 1e-12);
        assert_eq!(beta(&[0.1], &[0.1]), Err(MetricError::TooShort { need: 2, have: 1 }));
        assert_eq!(beta(&[0.1, 0.2], &[0.1]), Err(MetricError::LengthMismatch { left: 2, right: 1 }));
        assert_eq!(beta(&[0.1, 0.2], &[0.1, 0.1]), Err(MetricError::ConstantBenchmark));
    }

    proptest! {
        /// Linear in the strategy: k times the benchmark plus a constant has beta k.
        #[test]
        fn linear(benchmark in prop::collection::vec(-0.1..0.1f64, 3..60), leverage in -3.0..3.0f64, shift in -0.01..0.01f64) {
            let returns: Vec<f64> = benchmark.iter().map(|b| leverage * b + shift).collect();
            prop_assert!((beta(&returns, &benchmark).expect("varies") - leverage).abs() < 1e-8);
        }
    }
}
