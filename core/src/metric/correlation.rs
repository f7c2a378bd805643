//! How far two lists of numbers rise and fall together.
//!
//! Not here: correlation over a moving window of bars (indicator), the average over many series (`effective_trials`).
use super::MetricError;
use super::line::Line;

/// Pearson's correlation, −1 to 1.
///
/// `x`, `y`: values of the same things, length ≥ 2.
/// Errors: [`MetricError::TooShort`], [`MetricError::LengthMismatch`], [`MetricError::ZeroVariance`] when either does
/// not vary. Source: Pearson (1895), "Note on Regression and Inheritance in the Case of Two Parents", Proc. of the
/// Royal Society 58.
pub fn correlation(x: &[f64], y: &[f64]) -> Result<f64, MetricError> {
    let line = Line::fit(x, y)?;
    Ok(line.r_squared()?.sqrt().copysign(line.slope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_values_and_refusals() {
        assert_close(correlation(&[1.0, 2.0, 3.0], &[5.0, 3.0, 1.0]), -1.0, 1e-12);
        // Σdxdy = 4, Σdx² = 10, Σdy² = 3.2, by hand.
        assert_close(
            correlation(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 1.0, 3.0, 3.0, 3.0]),
            4.0 / (10.0_f64 * 3.2).sqrt(),
            1e-12,
        );
        assert_eq!(correlation(&[1.0], &[1.0]), Err(MetricError::TooShort { need: 2, have: 1 }));
        assert_eq!(correlation(&[1.0, 2.0], &[1.0]), Err(MetricError::LengthMismatch { left: 2, right: 1 }));
        assert_eq!(correlation(&[1.0, 2.0], &[1.0, 1.0]), Err(MetricError::ZeroVariance));
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), Err(MetricError::ZeroVariance));
    }
}
