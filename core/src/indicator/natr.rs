//! Average true range in percent of the close, so that cheap and dear shares compare.
//!
//! Not here: the range in dollars (atr).

use super::atr::Atr;
use super::error::IndicatorError;

/// 100·ATR/close with Wilder's ATR; first value at index `period`. 0 when the close is 0.
/// Source: TA-Lib `NATR`.
#[derive(Debug, Clone)]
pub struct Natr {
    atr: Atr,
    close: f64,
}

impl Natr {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Ok(Self { atr: Atr::wilder_named("natr", "period", period)?, close: 0.0 })
    }

    /// Takes one bar and returns percent, `None` while warming up.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        self.close = close;
        self.atr.update(high, low, close);
        self.value()
    }

    /// Percent after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let atr = self.atr.value()?;
        Some(if self.close == 0.0 { 0.0 } else { 100.0 * (atr / self.close) })
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.atr.rescale(factor);
        self.close *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut natr = Natr::new(1).unwrap();
        assert_eq!(natr.update(11.0, 9.0, 10.0), None);
        assert_eq!(natr.update(12.0, 10.0, 10.0), Some(20.0));
        assert_eq!(natr.value(), Some(20.0));
        assert_eq!(natr.update(1.0, 0.0, 0.0), Some(0.0));
        assert!(Natr::new(0).unwrap_err().to_string().starts_with("natr: period"));
    }
}
