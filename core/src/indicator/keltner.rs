//! Keltner channel.
//!
//! Not here: the 1960 form with a simple average of ranges; this is the one in use since the 1980s.

use super::atr::Atr;
use super::ema::Ema;
use super::error::{IndicatorError, check_multiplier};

/// EMA(`period`) of the close plus and minus `multiplier` × Wilder's ATR(`atr_period`); first value at
/// index max(`period` − 1, `atr_period`). Source: Raschke's form of Keltner (1960), "How to Make Money in
/// Commodities".
#[derive(Debug, Clone)]
pub struct Keltner {
    middle: Ema,
    atr: Atr,
    multiplier: f64,
}

/// The three lines of [`Keltner`], in the unit of the prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeltnerChannel {
    /// middle + multiplier × ATR.
    pub upper: f64,
    /// The exponential average.
    pub middle: f64,
    /// middle − multiplier × ATR.
    pub lower: f64,
}

impl Keltner {
    /// Periods in bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX); `multiplier`: 0 to
    /// [`MULTIPLIER_MAX`](super::MULTIPLIER_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize, atr_period: usize, multiplier: f64) -> Result<Self, IndicatorError> {
        Ok(Self {
            middle: Ema::named("keltner", "period", period)?,
            atr: Atr::wilder_named("keltner", "atr_period", atr_period)?,
            multiplier: check_multiplier("keltner", multiplier)?,
        })
    }

    /// Takes one bar and returns the channel, `None` while warming up.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<KeltnerChannel> {
        self.middle.update(close);
        self.atr.update(high, low, close);
        self.value()
    }

    /// The channel after the last update.
    #[inline]
    pub fn value(&self) -> Option<KeltnerChannel> {
        let (middle, width) = (self.middle.value()?, self.multiplier * self.atr.value()?);
        Some(KeltnerChannel { upper: middle + width, middle, lower: middle - width })
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.middle.rescale(factor);
        self.atr.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut channel = Keltner::new(3, 1, 2.0).unwrap();
        assert_eq!(channel.update(11.0, 9.0, 10.0), None);
        assert_eq!(channel.update(12.0, 10.0, 11.0), None);
        let expected = KeltnerChannel { upper: 17.0, middle: 11.0, lower: 5.0 };
        assert_eq!(channel.update(14.0, 12.0, 12.0), Some(expected)); // range 14 − 11
        assert_eq!(channel.value(), Some(expected));
        let mut slow_range = Keltner::new(1, 3, 2.0).unwrap();
        let first = (0..9).position(|_| slow_range.update(2.0, 1.0, 1.5).is_some());
        assert_eq!(first, Some(3));
    }

    #[test]
    fn parameters_are_checked_under_their_names() {
        let message = |a, b, c| Keltner::new(a, b, c).unwrap_err().to_string();
        assert!(message(0, 10, 2.0).starts_with("keltner: period"));
        assert!(message(20, 0, 2.0).starts_with("keltner: atr_period"));
        assert!(message(20, 10, 101.0).starts_with("keltner: multiplier"));
    }
}
