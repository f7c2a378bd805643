//! Wilder's average directional index: how strong a trend is, whichever way it goes.
//!
//! Not here: which way (directional).

use super::directional::{Directional, DirectionalIndex};
use super::error::IndicatorError;

/// Wilder's average of DX = 100·|+DI − −DI|/(+DI + −DI), 0 to 100; first value at index 2·`period` − 1,
/// the mean of the first `period` DX. A bar whose DX is 0/0 counts as 0 in that seed and leaves the
/// average as it is later, as in TA-Lib. Source: Wilder (1978); TA-Lib `ADX`.
#[derive(Debug, Clone)]
pub struct Adx {
    directional: Directional,
    period: f64,
    /// DX still to be summed for the seed.
    seeding: usize,
    /// The average; the plain sum while seeding.
    average: f64,
}

impl Adx {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let directional = Directional::named("adx", period)?;
        Ok(Self { directional, period: period as f64, seeding: period, average: 0.0 })
    }

    /// Takes one bar and returns the index, `None` while warming up.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let DirectionalIndex { plus, minus } = self.directional.update(high, low, close)?;
        let total = plus + minus;
        let strength = (total != 0.0).then(|| 100.0 * ((plus - minus).abs() / total));
        if self.seeding > 0 {
            self.seeding -= 1;
            self.average += strength.unwrap_or(0.0);
            if self.seeding == 0 {
                self.average /= self.period;
            }
        } else if let Some(strength) = strength {
            self.average += (strength - self.average) / self.period;
        }
        self.value()
    }

    /// The index after the last update.
    pub fn value(&self) -> Option<f64> {
        (self.seeding == 0).then_some(self.average)
    }

    /// +DI and −DI after the last update; they exist from index `period` on.
    pub fn directional(&self) -> Option<DirectionalIndex> {
        self.directional.value()
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.directional.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_trend_is_100_from_the_first_index_on() {
        let mut adx = Adx::new(14).unwrap();
        for i in 0..60 {
            let price = 100.0 + f64::from(i);
            let value = adx.update(price + 1.0, price - 1.0, price);
            assert_eq!(value, (i >= 27).then_some(100.0), "bar {i}");
            assert_eq!(adx.directional().is_some(), i >= 14, "bar {i}");
        }
        assert_eq!(adx.value(), Some(100.0));
    }

    #[test]
    fn a_flat_market_is_zero() {
        let mut adx = Adx::new(2).unwrap();
        let out: Vec<_> = (0..6).map(|_| adx.update(5.0, 5.0, 5.0)).collect();
        assert_eq!(out, [None, None, None, Some(0.0), Some(0.0), Some(0.0)]);
        assert!(Adx::new(1).unwrap_err().to_string().starts_with("adx: period"));
    }
}
