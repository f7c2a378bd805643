//! Simple moving average.
//!
//! Not here: averages that weigh recent bars more (ema, wma).

use super::error::{IndicatorError, check_period};
use super::ring::{Ring, sum_of};

/// Mean of the last `period` inputs; first value at index `period` − 1.
///
/// The running sum is added up afresh once per `period` bars, so rounding never piles up over more than
/// one window. With whole-number inputs whose sum stays below 2⁵³ it is exact.
/// Source: TA-Lib `SMA`.
#[derive(Debug, Clone)]
pub struct Sma {
    ring: Ring,
    sum: f64,
    period: f64,
}

impl Sma {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::named("sma", "period", period)
    }

    /// The same for an indicator that has an average inside, so that an error names the right one.
    pub(super) fn named(
        indicator: &'static str,
        parameter: &'static str,
        period: usize,
    ) -> Result<Self, IndicatorError> {
        let period = check_period(indicator, parameter, period, 1)?;
        Ok(Self { ring: Ring::new(period), sum: 0.0, period: period as f64 })
    }

    /// Takes one input and returns the mean, `None` while warming up.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        // While the ring fills, the leaving value is 0, so warm-up needs no branch of its own.
        self.sum += x - self.ring.push(x);
        if self.ring.just_wrapped() {
            self.sum = sum_of(self.ring.slots(), |x| x);
        }
        self.value()
    }

    /// The mean after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.ring.is_full().then(|| self.sum / self.period)
    }

    /// The sum the mean is made of: whole for whole inputs, so two averages can be compared exactly.
    #[inline]
    pub fn sum(&self) -> Option<f64> {
        self.ring.is_full().then_some(self.sum)
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.ring.rescale(factor);
        self.sum *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, seeded_walk, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut sma = Sma::new(3).unwrap();
        let out = [1.0, 2.0, 6.0, 4.0, 5.0].map(|x| sma.update(x));
        assert_eq!(out, [None, None, Some(3.0), Some(4.0), Some(5.0)]);
        assert_eq!((sma.value(), sma.sum()), (Some(5.0), Some(15.0)));
    }

    #[test]
    fn period_is_checked() {
        assert!(matches!(Sma::new(0), Err(IndicatorError::OutOfRange { value: 0.0, max: 100_000.0, .. })));
        assert!(Sma::new(100_001).is_err());
        assert_eq!(Sma::new(1).unwrap().update(7.5), Some(7.5));
    }

    #[test]
    fn a_million_bars_do_not_drift() {
        let prices = seeded_walk(7, 1_000_000, 1e5, 0.01);
        let mut sma = Sma::new(50).unwrap();
        for (i, x) in prices.iter().enumerate() {
            let value = sma.update(*x);
            if i >= 49 && i % 997 == 0 {
                let batch = prices[i - 49..=i].iter().sum::<f64>() / 50.0;
                assert!((value.unwrap() / batch - 1.0).abs() < 1e-13, "bar {i}");
            }
        }
    }

    #[test]
    fn whole_numbers_stay_exact() {
        let mut sma = Sma::new(200).unwrap();
        let units: Vec<i64> = (0..5_000).map(|i| 187_640_000_000 + (i * i * 7919) % 1_000_003).collect();
        for (i, x) in units.iter().enumerate() {
            sma.update(*x as f64);
            let exact: i64 = units[(i + 1).saturating_sub(200)..=i].iter().sum();
            assert!(sma.sum().is_none_or(|sum| sum as i64 == exact), "bar {i}");
        }
    }

    proptest! {
        /// Streaming equals the batch mean.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut sma = Sma::new(period).unwrap();
            for (i, x) in prices.iter().enumerate() {
                let batch = (i + 1 >= period)
                    .then(|| prices[i + 1 - period..=i].iter().sum::<f64>() / period as f64);
                assert_close(sma.update(*x), batch, 1e-9);
            }
        }
    }
}
