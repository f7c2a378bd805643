//! Slope of the least-squares line through the last inputs.
//!
//! Not here: the line's value or its forecast.

use super::error::{IndicatorError, check_period};
use super::moments::{COLLAPSE_SHARE, central_value};
use super::ring::{Ring, sum_of};

/// Least-squares slope of the last `period` inputs over 0, 1, 2 …, in input units per bar; first value
/// at index `period` − 1. Equal inputs give exactly 0. Source: TA-Lib `LINEARREG_SLOPE`.
///
/// The sums are over distances from a value near the mean and are made again as those of
/// [`StdDev`](super::StdDev) are.
#[derive(Debug, Clone)]
pub struct LinearRegressionSlope {
    ring: Ring,
    shift: f64,
    sum: f64,
    /// Σ k·d, k = 0 for the oldest.
    weighted_sum: f64,
    sum_squares: f64,
    peak: f64,
}

impl LinearRegressionSlope {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let ring = Ring::new(check_period("linreg_slope", "period", period, 2)?);
        Ok(Self { ring, shift: 0.0, sum: 0.0, weighted_sum: 0.0, sum_squares: 0.0, peak: 0.0 })
    }

    /// Takes one input and returns the slope, `None` while warming up.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        let was_full = self.ring.is_full();
        let leaving = self.ring.push(x);
        if self.ring.just_wrapped() {
            self.recompute();
        } else if was_full {
            let (new, old) = (x - self.shift, leaving - self.shift);
            self.weighted_sum += (self.count() - 1.0) * new - (self.sum - old);
            self.sum += new - old;
            self.sum_squares += (new - old) * (new + old);
            self.peak = self.peak.max(self.sum_squares);
            let spread = self.sum_squares - self.sum * self.sum / self.count();
            if spread < COLLAPSE_SHARE * self.peak {
                self.recompute();
            }
        }
        self.value()
    }

    /// The slope after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let n = self.count();
        let covariance = self.weighted_sum - (n - 1.0) / 2.0 * self.sum;
        self.ring.is_full().then(|| covariance / (n * (n * n - 1.0) / 12.0))
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.ring.rescale(factor);
        self.shift *= factor;
        self.sum *= factor;
        self.weighted_sum *= factor;
        self.sum_squares *= factor * factor;
        self.peak *= factor * factor;
    }

    fn count(&self) -> f64 {
        self.ring.period() as f64
    }

    #[cold]
    fn recompute(&mut self) {
        let shift = central_value(self.ring.slots());
        self.shift = shift;
        self.sum = sum_of(self.ring.slots(), |x| x - shift);
        self.sum_squares = sum_of(self.ring.slots(), |x| (x - shift).powi(2));
        self.weighted_sum = self.ring.oldest_first().zip(0u32..).map(|(x, k)| f64::from(k) * (x - shift)).sum();
        self.peak = self.sum_squares;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{batch_spread, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_hand_computed_and_flat() {
        let mut slope = LinearRegressionSlope::new(3).unwrap();
        let out = [1.0, 3.0, 5.0, 4.0, 4.0, 4.0].map(|x| slope.update(x));
        assert_eq!(out, [None, None, Some(2.0), Some(0.5), Some(-0.5), Some(0.0)]);
        assert_eq!(slope.value(), Some(0.0));
        assert!(LinearRegressionSlope::new(1).is_err());
    }

    proptest! {
        /// Streaming equals the batch slope, to 1e-9 of the steepest slope the window's spread allows.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut slope = LinearRegressionSlope::new(period).unwrap();
            let n = period as f64;
            for (i, x) in prices.iter().enumerate() {
                let value = slope.update(*x);
                prop_assert_eq!(value.is_some(), i + 1 >= period);
                let Some(value) = value else { continue };
                let window = &prices[i + 1 - period..=i];
                let numerator: f64 = window.iter().enumerate()
                    .map(|(k, x)| (k as f64 - (n - 1.0) / 2.0) * (x - window[0])).sum();
                let spread_of_index = n * (n * n - 1.0) / 12.0;
                let steepest = (batch_spread(window) / spread_of_index).sqrt();
                prop_assert!((value - numerator / spread_of_index).abs() <= 1e-9 * steepest, "bar {}", i);
            }
        }
    }
}
