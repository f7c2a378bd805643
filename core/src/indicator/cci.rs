//! Commodity channel index.
//!
//! Not here: levels to trade on (strategy).

use super::error::{IndicatorError, check_period};
use super::ring::{Ring, sum_of};
use super::typical_price;

/// (tp − mean)/(0.015 × mean absolute deviation) of the typical price tp = (high + low + close)/3 over
/// `period` bars; first value at index `period` − 1. Without deviation it is 0, as in TA-Lib.
///
/// An update costs O(`period`), the only one here that does: when the mean moves, every absolute
/// deviation changes. Source: Lambert (1980), "Commodity Channel Index", Commodities; TA-Lib `CCI`.
#[derive(Debug, Clone)]
pub struct Cci {
    ring: Ring,
    index: Option<f64>,
}

impl Cci {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = check_period("cci", "period", period, 2)?;
        Ok(Self { ring: Ring::new(period), index: None })
    }

    /// Takes one bar and returns the index, `None` while warming up.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let newest = typical_price(high, low, close);
        self.ring.push(newest);
        self.index = self.ring.is_full().then(|| index(self.ring.slots(), newest));
        self.index
    }

    /// The index after the last update.
    pub fn value(&self) -> Option<f64> {
        self.index
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.ring.rescale(factor);
    }
}

/// Distances are taken from the newest price, so a flat window has a deviation of exactly 0.
fn index(window: &[f64], newest: f64) -> f64 {
    let n = window.len() as f64;
    let mean = sum_of(window, |x| x - newest) / n;
    let deviation = sum_of(window, |x| ((x - newest) - mean).abs()) / n;
    if deviation == 0.0 { 0.0 } else { (0.0 - mean) / (0.015 * deviation) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_close;
    use super::*;

    #[test]
    fn first_value_hand_computed_and_flat() {
        let mut cci = Cci::new(3).unwrap();
        let out = [3.0, 6.0, 9.0, 9.0, 9.0].map(|p| cci.update(p + 1.0, p - 1.0, p));
        assert_eq!(out[..2], [None, None]);
        assert_close(out[2], Some(100.0), 1e-12); // mean 6, deviation 2: 3/(0.015·2)
        assert_close(out[3], Some(50.0), 1e-12); // mean 8, deviation 4/3
        assert_eq!(out[4], Some(0.0));
        assert_eq!(cci.value(), Some(0.0));
        assert!(Cci::new(1).is_err());
    }

    #[test]
    fn prices_without_an_exact_mean_are_still_flat() {
        let mut cci = Cci::new(7).unwrap();
        let last = (0..20).map(|_| cci.update(0.3, 0.1, 0.2)).last().flatten();
        assert_eq!(last, Some(0.0));
    }
}
