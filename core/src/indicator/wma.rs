//! Linearly weighted moving average.
//!
//! Not here: the plain average (sma) and the exponential one (ema).

use super::error::{IndicatorError, check_period};
use super::ring::{Ring, sum_of};

/// Σ k·x / Σ k over the last `period` inputs, k = 1 for the oldest and `period` for the newest; first
/// value at index `period` − 1. Both sums are added up afresh once per window. Source: TA-Lib `WMA`.
#[derive(Debug, Clone)]
pub struct Wma {
    ring: Ring,
    sum: f64,
    weighted_sum: f64,
}

impl Wma {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("wma", "period", period, 1)?;
        Ok(Self { ring: Ring::new(period), sum: 0.0, weighted_sum: 0.0 })
    }

    /// Takes one input and returns the average, `None` while warming up.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        let leaving = self.ring.push(x);
        if self.ring.just_wrapped() {
            self.recompute();
        } else {
            // Every weight falls by one, which takes the old sum away once.
            self.weighted_sum += self.ring.period() as f64 * x - self.sum;
            self.sum += x - leaving;
        }
        self.value()
    }

    /// The average after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let n = self.ring.period() as f64;
        self.ring.is_full().then(|| self.weighted_sum / (n * (n + 1.0) / 2.0))
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.ring.rescale(factor);
        self.sum *= factor;
        self.weighted_sum *= factor;
    }

    fn recompute(&mut self) {
        self.sum = sum_of(self.ring.slots(), |x| x);
        self.weighted_sum = self.ring.oldest_first().zip(1u32..).map(|(x, k)| f64::from(k) * x).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut wma = Wma::new(3).unwrap();
        let out = [1.0, 2.0, 3.0, 7.0].map(|x| wma.update(x));
        assert_eq!(out, [None, None, Some(14.0 / 6.0), Some(29.0 / 6.0)]);
        assert_eq!(wma.value(), Some(29.0 / 6.0));
        assert_eq!(Wma::new(1).unwrap().update(3.0), Some(3.0));
        assert!(Wma::new(0).is_err());
    }

    proptest! {
        /// Streaming equals the batch weighted mean.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut wma = Wma::new(period).unwrap();
            for (i, x) in prices.iter().enumerate() {
                let batch = (i + 1 >= period).then(|| {
                    let window = &prices[i + 1 - period..=i];
                    let weighted: f64 = window.iter().zip(1..).map(|(x, k)| x * f64::from(k)).sum();
                    weighted / (period * (period + 1) / 2) as f64
                });
                assert_close(wma.update(*x), batch, 1e-9);
            }
        }
    }
}
