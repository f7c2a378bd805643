//! Williams %R.
//!
//! Not here: the same idea counted from the low and smoothed (stochastic).

use super::donchian::Donchian;
use super::error::{IndicatorError, check_period};

/// −100·(highest high − close)/(highest high − lowest low) over `period` bars, −100 to 0; first value at
/// index `period` − 1. A range of 0 gives 0, as in TA-Lib. Source: TA-Lib `WILLR`.
#[derive(Debug, Clone)]
pub struct WilliamsR {
    channel: Donchian,
    close: f64,
}

impl WilliamsR {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("williams_r", "period", period, 2)?;
        Ok(Self { channel: Donchian::new(period)?, close: 0.0 })
    }

    /// Takes one bar and returns %R, `None` while warming up.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        self.close = close;
        self.channel.update(high, low);
        self.value()
    }

    /// %R after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let channel = self.channel.value()?;
        let range = channel.high - channel.low;
        // The numerator is turned round instead of negating the result, which would print as −0.
        Some(if range == 0.0 { 0.0 } else { 100.0 * ((self.close - channel.high) / range) })
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.channel.rescale(factor);
        self.close *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_hand_computed_and_flat() {
        let mut williams = WilliamsR::new(2).unwrap();
        assert_eq!(williams.update(10.0, 6.0, 8.0), None);
        assert_eq!(williams.update(10.0, 6.0, 9.0), Some(-25.0));
        let at_the_high = williams.update(12.0, 10.0, 12.0);
        assert_eq!(at_the_high.map(f64::to_bits), Some(0.0f64.to_bits()));
        williams.update(5.0, 5.0, 5.0);
        assert_eq!(williams.update(5.0, 5.0, 5.0), Some(0.0));
        assert_eq!(williams.value(), Some(0.0));
        assert!(WilliamsR::new(1).unwrap_err().to_string().starts_with("williams_r: period"));
    }
}
