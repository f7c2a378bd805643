//! Smallest of the last inputs.
//!
//! Not here: how it slides; it is the mirror of rolling_max.

use super::error::IndicatorError;
use super::rolling_max::RollingMax;

/// Minimum of the last `period` inputs, this one included; first value at index `period` − 1.
///
/// −max(−x), and a change of sign is exact.
#[derive(Debug, Clone)]
pub struct RollingMin(RollingMax);

impl RollingMin {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::named("rolling_min", "period", period)
    }

    pub(super) fn named(
        indicator: &'static str,
        parameter: &'static str,
        period: usize,
    ) -> Result<Self, IndicatorError> {
        RollingMax::named(indicator, parameter, period).map(Self)
    }

    /// Takes one input and returns the minimum, `None` while warming up.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        self.0.update(-x).map(|max| -max)
    }

    /// The minimum after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.0.value().map(|max| -max)
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.0.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::walk;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut min = RollingMin::new(2).unwrap();
        let out = [5.0, 1.0, 2.0, 3.0].map(|x| min.update(x));
        assert_eq!(out, [None, Some(1.0), Some(1.0), Some(2.0)]);
        assert_eq!(min.value(), Some(2.0));
        assert!(RollingMin::new(0).unwrap_err().to_string().starts_with("rolling_min: period"));
    }

    proptest! {
        /// Streaming equals the batch minimum, exactly.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut min = RollingMin::new(period).unwrap();
            for (i, x) in prices.iter().enumerate() {
                let batch = (i + 1 >= period)
                    .then(|| prices[i + 1 - period..=i].iter().copied().fold(f64::MAX, f64::min));
                prop_assert_eq!(min.update(*x), batch);
            }
        }
    }
}
