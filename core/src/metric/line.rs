//! The least-squares line through points: slope, intercept, R².
//!
//! Not here: what the axes are.
use super::MetricError;
use super::check::{finite, require_pair};
use super::moments::{mean, varying};

/// Least-squares line of y on x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Rise of y for one of x.
    pub slope: f64,
    /// y at x = 0.
    pub intercept: f64,
    /// Σ(x − x̄)(y − ȳ), Σ(x − x̄)², Σ(y − ȳ)².
    sums: (f64, f64, f64),
}

impl Line {
    /// The line through the points (x, y), two or more.
    ///
    /// Errors: [`MetricError::ZeroVariance`] when x does not vary; [`MetricError::TooShort`]; [`MetricError::Overflow`].
    pub(super) fn fit(x: &[f64], y: &[f64]) -> Result<Self, MetricError> {
        require_pair(x, y, 2)?;
        let (center_x, center_y) = (mean(x), mean(y));
        let sums = x.iter().zip(y).fold((0.0, 0.0, 0.0), |(xy, xx, yy), (x, y)| {
            let (dx, dy) = (x - center_x, y - center_y);
            (xy + dx * dy, xx + dx * dx, yy + dy * dy)
        });
        varying((sums.1 / x.len() as f64).sqrt())?;
        let slope = finite(sums.0 / sums.1)?;
        Ok(Self { slope, intercept: finite(center_y - slope * center_x)?, sums })
    }

    /// Share of y's variance that the line explains.
    ///
    /// Errors: [`MetricError::ZeroVariance`] when y does not vary.
    pub(super) fn r_squared(&self) -> Result<f64, MetricError> {
        let (xy, xx, yy) = self.sums;
        varying(yy.sqrt())?;
        // Cauchy–Schwarz bounds it by 1; rounding may not.
        Ok((xy / xx * (xy / yy)).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_line_it_was_drawn_from() {
        let line = Line::fit(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]).expect("line");
        assert_eq!((line.slope, line.intercept, line.r_squared()), (2.0, 1.0, Ok(1.0)));
        assert_eq!(Line::fit(&[1.0, 1.0], &[0.0, 1.0]), Err(MetricError::ZeroVariance));
        assert_eq!(
            Line::fit(&[1.0, 2.0], &[1.0, 1.0]).and_then(|line| line.r_squared()),
            Err(MetricError::ZeroVariance)
        );
    }
}
