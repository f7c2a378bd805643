//! Bollinger bands.
//!
//! Not here: the width as a regime (strategy).

use super::error::{IndicatorError, check_multiplier, check_period};
use super::moments::Moments;

/// Mean of the last `period` closes, and the same plus and minus `multiplier` population deviations;
/// first value at index `period` − 1. Source: Bollinger (2001), "Bollinger on Bollinger Bands"; TA-Lib
/// `BBANDS`.
#[derive(Debug, Clone)]
pub struct Bollinger {
    moments: Moments,
    multiplier: f64,
}

/// The three lines of [`Bollinger`], in the unit of the prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BollingerBands {
    /// middle + multiplier × deviation.
    pub upper: f64,
    /// The simple average.
    pub middle: f64,
    /// middle − multiplier × deviation.
    pub lower: f64,
}

impl Bollinger {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX); `multiplier`: 0 to
    /// [`MULTIPLIER_MAX`](super::MULTIPLIER_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize, multiplier: f64) -> Result<Self, IndicatorError> {
        let period = check_period("bollinger", "period", period, 2)?;
        let multiplier = check_multiplier("bollinger", multiplier)?;
        Ok(Self { moments: Moments::new(period), multiplier })
    }

    /// Takes one close and returns the bands, `None` while warming up.
    #[inline]
    pub fn update(&mut self, close: f64) -> Option<BollingerBands> {
        self.moments.update(close);
        self.value()
    }

    /// The bands after the last update.
    #[inline]
    pub fn value(&self) -> Option<BollingerBands> {
        if !self.moments.is_full() {
            return None;
        }
        let middle = self.moments.mean();
        let width = self.multiplier * (self.moments.spread() / self.moments.count()).sqrt();
        Some(BollingerBands { upper: middle + width, middle, lower: middle - width })
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.moments.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut bands = Bollinger::new(2, 1.5).unwrap();
        assert_eq!(bands.update(10.0), None);
        let expected = BollingerBands { upper: 14.0, middle: 11.0, lower: 8.0 };
        // Deviation of 9 and 13 is 2; of 10 and 10 it is 0.
        bands.update(9.0);
        assert_eq!(bands.update(13.0), Some(expected));
        assert_eq!(bands.value(), Some(expected));
        let flat = BollingerBands { upper: 13.0, middle: 13.0, lower: 13.0 };
        assert_eq!(bands.update(13.0), Some(flat));
    }

    #[test]
    fn parameters_are_checked() {
        assert!(Bollinger::new(1, 2.0).is_err());
        assert!(Bollinger::new(20, -1.0).is_err());
        assert!(Bollinger::new(20, f64::NAN).is_err());
    }
}
