//! Up and down capture against a benchmark.
//!
//! Not here: days on which the benchmark stood still; they count on neither side.
use super::MetricError;
use super::check::{finite, require_pair};
use super::growth::annual_return;

/// Annualised return on the benchmark's rising days ÷ the benchmark's own on those days.
///
/// `returns`, `benchmark`: fractions of the same sessions, length ≥ 1.
/// Errors: [`MetricError::NoBenchmarkDays`]; [`MetricError::LengthMismatch`]; as [`annual_return`].
/// Source: empyrical `up_capture`.
pub fn up_capture(returns: &[f64], benchmark: &[f64]) -> Result<f64, MetricError> {
    capture(returns, benchmark, |day| day > 0.0)
}

/// The same on the benchmark's falling days: below 1, the strategy lost less.
///
/// Errors: as [`up_capture`]. Source: empyrical `down_capture`.
pub fn down_capture(returns: &[f64], benchmark: &[f64]) -> Result<f64, MetricError> {
    capture(returns, benchmark, |day| day < 0.0)
}

fn capture(returns: &[f64], benchmark: &[f64], counts: impl Fn(f64) -> bool) -> Result<f64, MetricError> {
    require_pair(returns, benchmark, 1)?;
    let (own, other): (Vec<f64>, Vec<f64>) =
        returns.iter().zip(benchmark).filter(|(_, day)| counts(**day)).map(|(own, other)| (*own, *other)).unzip();
    if own.is_empty() {
        return Err(MetricError::NoBenchmarkDays);
    }
    let benchmark_growth = annual_return(&other)?;
    if benchmark_growth == 0.0 {
        return Err(MetricError::NoBenchmarkReturn);
    }
    finite(annual_return(&own)? / benchmark_growth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_values_and_refusals() {
        let (returns, benchmark) = ([0.02, -0.01, 0.5], [0.01, -0.02, 0.0]);
        let year = |day: f64| (1.0 + day).powi(252) - 1.0;
        assert_close(up_capture(&returns, &benchmark), year(0.02) / year(0.01), 1e-12);
        assert_close(down_capture(&returns, &benchmark), year(-0.01) / year(-0.02), 1e-12);
        assert_eq!(down_capture(&[0.1], &[0.1]), Err(MetricError::NoBenchmarkDays));
        assert_eq!(up_capture(&[0.1], &[1e-300]), Err(MetricError::NoBenchmarkReturn));
        assert_eq!(up_capture(&[0.1], &[]), Err(MetricError::LengthMismatch { left: 1, right: 0 }));
    }
}
