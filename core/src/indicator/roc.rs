//! Rate of change: the change over some bars in percent.
//!
//! Not here: the change in dollars (momentum).

use super::error::{IndicatorError, check_period};
use super::ring::Ring;

/// 100·(close/close `period` bars ago − 1); first value at index `period`. 0 when the old close is 0, as
/// in TA-Lib. Source: TA-Lib `ROC`.
#[derive(Debug, Clone)]
pub struct Roc {
    ring: Ring,
    percent: Option<f64>,
}

impl Roc {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("roc", "period", period, 1)?;
        Ok(Self { ring: Ring::new(period), percent: None })
    }

    /// Takes one close and returns percent, `None` while warming up.
    #[inline]
    pub fn update(&mut self, close: f64) -> Option<f64> {
        let known = self.ring.is_full();
        let before = self.ring.push(close);
        self.percent = known.then(|| if before == 0.0 { 0.0 } else { 100.0 * (close / before - 1.0) });
        self.percent
    }

    /// Percent after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.percent
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.ring.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_hand_computed_and_zero_base() {
        let mut roc = Roc::new(2).unwrap();
        let out = [10.0, 0.0, 15.0, 7.0].map(|x| roc.update(x));
        assert_eq!(out, [None, None, Some(50.0), Some(0.0)]);
        assert_eq!(roc.value(), Some(0.0));
        assert!(Roc::new(0).is_err());
    }
}
