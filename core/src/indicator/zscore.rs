//! How many deviations the newest input lies from the mean.
//!
//! Not here: thresholds (strategy).

use super::error::{IndicatorError, check_period};
use super::moments::Moments;

/// (x − mean)/sample deviation over the last `period` inputs, x included; first value at index
/// `period` − 1. `None` when the deviation is 0: there is no distance to measure then.
#[derive(Debug, Clone)]
pub struct ZScore {
    moments: Moments,
    newest: f64,
}

impl ZScore {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("zscore", "period", period, 2)?;
        Ok(Self { moments: Moments::new(period), newest: 0.0 })
    }

    /// Takes one input and returns its score, `None` while warming up or without deviation.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        self.newest = x;
        self.moments.update(x);
        self.value()
    }

    /// The score after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        if !self.moments.is_full() || self.moments.spread() == 0.0 {
            return None;
        }
        let deviation = (self.moments.spread() / (self.moments.count() - 1.0)).sqrt();
        Some(self.moments.distance_from_mean(self.newest) / deviation)
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.moments.rescale(factor);
        self.newest *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, batch_spread, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_hand_computed_and_flat() {
        let mut zscore = ZScore::new(3).unwrap();
        let out = [1.0, 2.0, 3.0, 3.0, 3.0].map(|x| zscore.update(x));
        assert_eq!(out[..3], [None, None, Some(1.0)]);
        assert_close(out[3], Some(1.0 / 3f64.sqrt()), 1e-15);
        assert_eq!((out[4], zscore.value()), (None, None));
        assert!(ZScore::new(1).is_err());
    }

    proptest! {
        /// Streaming equals the two-pass score.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut zscore = ZScore::new(period).unwrap();
            for (i, x) in prices.iter().enumerate() {
                let batch = (i + 1 >= period).then(|| &prices[i + 1 - period..=i]).and_then(|window| {
                    let spread = batch_spread(window);
                    let distance = window.iter().map(|w| x - w).sum::<f64>() / period as f64;
                    (spread > 0.0).then(|| distance / (spread / (period - 1) as f64).sqrt())
                });
                assert_close(zscore.update(*x), batch, 1e-9);
            }
        }
    }
}
