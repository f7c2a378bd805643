//! Exponential moving average.
//!
//! Not here: Wilder's slower average (atr, rsi).

use super::error::{IndicatorError, check_period};
use super::seeded_mean::SeededMean;

/// ema ← ema + 2/(`period` + 1)·(x − ema); the seed is the mean of the first `period` inputs, so the
/// first value is at index `period` − 1. Source: TA-Lib `EMA`.
#[derive(Debug, Clone)]
pub struct Ema(SeededMean);

impl Ema {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::named("ema", "period", period)
    }

    /// The same for an indicator that has an average inside, so that an error names the right one.
    pub(super) fn named(
        indicator: &'static str,
        parameter: &'static str,
        period: usize,
    ) -> Result<Self, IndicatorError> {
        let period = check_period(indicator, parameter, period, 1)?;
        Ok(Self(SeededMean::exponential(period)))
    }

    /// Takes one input and returns the average, `None` while warming up.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        self.0.update(x)
    }

    /// The average after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.0.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut ema = Ema::new(3).unwrap();
        let out = [2.0, 4.0, 6.0, 8.0, 2.0].map(|x| ema.update(x));
        assert_eq!(out, [None, None, Some(4.0), Some(6.0), Some(4.0)]);
        assert_eq!(ema.value(), Some(4.0));
        assert!(Ema::new(0).is_err());
    }

    proptest! {
        /// The recurrence equals its closed form: weights α(1 − α)^k on top of the decayed seed.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut ema = Ema::new(period).unwrap();
            let last = prices.iter().map(|x| ema.update(*x)).last().flatten();
            let batch = (prices.len() >= period).then(|| {
                let keep = 1.0 - 2.0 / (period as f64 + 1.0);
                let (seed, rest) = prices.split_at(period);
                let weighted = rest.iter().rev().enumerate().map(|(k, x)| (1.0 - keep) * keep.powi(k as i32) * x);
                weighted.sum::<f64>() + keep.powi(rest.len() as i32) * seed.iter().sum::<f64>() / period as f64
            });
            assert_close(last, batch, 1e-9);
        }
    }
}
