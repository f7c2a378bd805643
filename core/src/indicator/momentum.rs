//! Momentum: the change over some bars in dollars.
//!
//! Not here: the change in percent (roc).

use super::error::{IndicatorError, check_period};
use super::ring::Ring;

/// close − close `period` bars ago; first value at index `period`. Source: TA-Lib `MOM`.
#[derive(Debug, Clone)]
pub struct Momentum {
    ring: Ring,
    change: Option<f64>,
}

impl Momentum {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("momentum", "period", period, 1)?;
        Ok(Self { ring: Ring::new(period), change: None })
    }

    /// Takes one close and returns the change, `None` while warming up.
    #[inline]
    pub fn update(&mut self, close: f64) -> Option<f64> {
        let known = self.ring.is_full();
        let before = self.ring.push(close);
        self.change = known.then_some(close - before);
        self.change
    }

    /// The change after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.change
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.ring.rescale(factor);
        self.change = self.change.map(|change| change * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut momentum = Momentum::new(2).unwrap();
        let out = [10.0, 11.0, 13.0, 10.0].map(|x| momentum.update(x));
        assert_eq!(out, [None, None, Some(3.0), Some(-1.0)]);
        assert_eq!(momentum.value(), Some(-1.0));
        assert!(Momentum::new(0).is_err());
    }
}
