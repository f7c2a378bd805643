//! How straight the equity curve is on a log scale.
//!
//! Not here: how steep; see `growth`.
use super::MetricError;
use super::check::{finite, require_compoundable};
use super::line::Line;

/// R² of a straight line through the cumulative log returns, against 0, 1, … n − 1.
///
/// `returns`: fractions, length ≥ 3 (two points always lie on a line). 1 is a straight line, up or down.
/// Errors: [`MetricError::TooShort`]; [`MetricError::TotalLoss`]; [`MetricError::ZeroVariance`] when equity never moved.
/// Source: empyrical `stability_of_timeseries`.
pub fn stability(returns: &[f64]) -> Result<f64, MetricError> {
    require_compoundable(returns, 3)?;
    let mut level = 0.0;
    let levels: Vec<f64> = returns
        .iter()
        .map(|value| {
            level += value.ln_1p();
            level
        })
        .collect();
    let steps: Vec<f64> = (0..levels.len()).map(|step| step as f64).collect();
    finite(Line::fit(&steps, &levels)?.r_squared()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_values_and_refusals() {
        assert_close(stability(&[0.01; 50]), 1.0, 1e-12);
        // Levels 0, 1, 0: no slope at all.
        assert!(stability(&[0.0, 1.0, -0.5]).expect("defined").abs() < 1e-15);
        assert_eq!(stability(&[0.0; 9]), Err(MetricError::ZeroVariance));
        assert_eq!(stability(&[0.1, 0.1]), Err(MetricError::TooShort { need: 3, have: 2 }));
        assert_eq!(stability(&[0.1, 0.1, -1.0]), Err(MetricError::TotalLoss { index: 2, value: -1.0 }));
    }
}
