//! Wilder's relative strength index.
//!
//! Not here: what counts as oversold (strategy).

use super::error::{IndicatorError, check_period};
use super::seeded_mean::SeededMean;

/// 100·G/(G + L), G and L being Wilder's averages of the gains and losses from close to close; first
/// value at index `period`. Without any gain or loss it is 0, as TA-Lib has it (not 50).
/// Source: Wilder (1978), "New Concepts in Technical Trading Systems"; TA-Lib `RSI`.
#[derive(Debug, Clone)]
pub struct Rsi {
    gain: SeededMean,
    loss: SeededMean,
    /// NaN before the first bar.
    previous: f64,
}

impl Rsi {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("rsi", "period", period, 1)?;
        let mean = SeededMean::wilder(period);
        Ok(Self { gain: mean.clone(), loss: mean, previous: f64::NAN })
    }

    /// Takes one close and returns the index, 0 to 100, `None` while warming up.
    #[inline]
    pub fn update(&mut self, close: f64) -> Option<f64> {
        let change = close - std::mem::replace(&mut self.previous, close);
        if change.is_nan() {
            return None; // the first bar has nothing to change from
        }
        let gain = self.gain.update(if change > 0.0 { change } else { 0.0 });
        let loss = self.loss.update(if change < 0.0 { -change } else { 0.0 });
        Some(index(gain?, loss?))
    }

    /// The index after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        Some(index(self.gain.value()?, self.loss.value()?))
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.gain.rescale(factor);
        self.loss.rescale(factor);
        self.previous *= factor;
    }
}

#[inline]
fn index(gain: f64, loss: f64) -> f64 {
    let total = gain + loss;
    if total == 0.0 { 0.0 } else { 100.0 * (gain / total) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut rsi = Rsi::new(2).unwrap();
        // Changes +2, −1, +1: averages 1 and 0.5, then (1 + 1)/2 and 0.5/2.
        let out = [10.0, 12.0, 11.0, 12.0].map(|x| rsi.update(x));
        assert_eq!(out[..2], [None, None]);
        assert_close(out[2], Some(100.0 / 1.5), 1e-15);
        assert_close(out[3], Some(80.0), 1e-15);
        assert_eq!(rsi.value(), out[3]);
        assert!(Rsi::new(0).is_err());
    }

    #[test]
    fn flat_is_zero_and_one_way_is_an_end_of_the_scale() {
        let run = |step: f64| {
            let mut rsi = Rsi::new(14).unwrap();
            (0..20).map(|i| rsi.update(100.0 + step * f64::from(i))).last().flatten()
        };
        assert_eq!((run(0.0), run(0.5), run(-0.5)), (Some(0.0), Some(100.0), Some(0.0)));
    }

    proptest! {
        /// Stays within 0 to 100, first exists at index `period`, and does not see the scale.
        #[test]
        fn bounded_and_free_of_scale((period, prices) in walk()) {
            let (mut rsi, mut doubled) = (Rsi::new(period).unwrap(), Rsi::new(period).unwrap());
            for (i, x) in prices.iter().enumerate() {
                let value = rsi.update(*x);
                prop_assert_eq!(value.is_some(), i >= period);
                prop_assert!(value.is_none_or(|v| (0.0..=100.0).contains(&v)));
                prop_assert_eq!(doubled.update(2.0 * x), value);
            }
        }
    }
}
