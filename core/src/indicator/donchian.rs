//! Donchian channel.
//!
//! Not here: breakouts, which compare with the channel of the bars before (strategy).

use super::error::IndicatorError;
use super::rolling_max::RollingMax;
use super::rolling_min::RollingMin;

/// Highest high and lowest low of the last `period` bars, this one included; first value at index
/// `period` − 1. Source: Donchian's four-week rule; TA-Lib `MAX` of highs and `MIN` of lows.
#[derive(Debug, Clone)]
pub struct Donchian {
    high: RollingMax,
    low: RollingMin,
}

/// The two lines of [`Donchian`], in the unit of the prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DonchianChannel {
    /// Highest high.
    pub high: f64,
    /// Lowest low.
    pub low: f64,
}

impl Donchian {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::named("donchian", "period", period)
    }

    pub(super) fn named(
        indicator: &'static str,
        parameter: &'static str,
        period: usize,
    ) -> Result<Self, IndicatorError> {
        Ok(Self {
            high: RollingMax::named(indicator, parameter, period)?,
            low: RollingMin::named(indicator, parameter, period)?,
        })
    }

    /// Takes one bar and returns the channel, `None` while warming up.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64) -> Option<DonchianChannel> {
        self.high.update(high);
        self.low.update(low);
        self.value()
    }

    /// The channel after the last update.
    #[inline]
    pub fn value(&self) -> Option<DonchianChannel> {
        Some(DonchianChannel { high: self.high.value()?, low: self.low.value()? })
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.high.rescale(factor);
        self.low.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut channel = Donchian::new(2).unwrap();
        assert_eq!(channel.update(9.0, 7.0), None);
        assert_eq!(channel.update(8.0, 6.0), Some(DonchianChannel { high: 9.0, low: 6.0 }));
        assert_eq!(channel.update(8.5, 8.0), Some(DonchianChannel { high: 8.5, low: 6.0 }));
        assert_eq!(channel.value(), Some(DonchianChannel { high: 8.5, low: 6.0 }));
        assert!(Donchian::new(0).unwrap_err().to_string().starts_with("donchian: period"));
    }
}
