//! Standard deviation of the last inputs.
//!
//! Not here: bands around a mean (bollinger), distance from it (zscore).

use super::error::{IndicatorError, check_period};
use super::moments::Moments;

/// Standard deviation over the last `period` inputs, in their unit; first value at index `period` − 1.
/// Equal inputs give exactly 0. Source: TA-Lib `STDDEV` (population; it has no sample form).
#[derive(Debug, Clone)]
pub struct StdDev {
    moments: Moments,
    divisor: f64,
}

impl StdDev {
    /// Population deviation, divisor n, as TA-Lib. `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn population(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("stddev", "period", period, 2)?;
        Ok(Self { moments: Moments::new(period), divisor: period as f64 })
    }

    /// Sample deviation, divisor n − 1. `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn sample(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("stddev_sample", "period", period, 2)?;
        Ok(Self { moments: Moments::new(period), divisor: (period - 1) as f64 })
    }

    /// Takes one input and returns the deviation, `None` while warming up.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        self.moments.update(x);
        self.value()
    }

    /// The deviation after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.moments.is_full().then(|| (self.moments.spread() / self.divisor).sqrt())
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.moments.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_close;
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut population = StdDev::population(4).unwrap();
        let out = [2.0, 4.0, 4.0, 6.0, 2.0].map(|x| population.update(x));
        assert_eq!(out, [None, None, None, Some(2f64.sqrt()), Some(2f64.sqrt())]);
        assert_eq!(population.value(), out[4]);
        let mut sample = StdDev::sample(3).unwrap();
        let out = [1.0, 3.0, 5.0, 5.0, 5.0].map(|x| sample.update(x));
        assert_eq!(out[..3], [None, None, Some(2.0)]);
        assert_close(out[3], Some((4.0f64 / 3.0).sqrt()), 1e-15);
        assert_eq!(out[4], Some(0.0));
    }

    #[test]
    fn one_bar_has_no_deviation() {
        assert!(StdDev::population(1).unwrap_err().to_string().starts_with("stddev: period"));
        assert!(StdDev::sample(1).unwrap_err().to_string().starts_with("stddev_sample: period"));
    }
}
