//! Stochastic oscillator, slow form.
//!
//! Not here: overbought levels (strategy).

use super::donchian::Donchian;
use super::error::IndicatorError;
use super::sma::Sma;

/// %K: the `k_smoothing`-bar mean of 100·(close − lowest low)/(highest high − lowest low) over `k_period`
/// bars; %D: the `d_period`-bar mean of %K. Both start where %D does, at index
/// `k_period` + `k_smoothing` + `d_period` − 3. A range of 0 counts as 0, as in TA-Lib.
/// Source: Lane; TA-Lib `STOCH` with simple averages.
#[derive(Debug, Clone)]
pub struct Stochastic {
    channel: Donchian,
    k: Sma,
    d: Sma,
}

/// The two lines of [`Stochastic`], 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochasticValue {
    /// Slow %K.
    pub k: f64,
    /// Slow %D.
    pub d: f64,
}

impl Stochastic {
    /// Periods in bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(k_period: usize, k_smoothing: usize, d_period: usize) -> Result<Self, IndicatorError> {
        Ok(Self {
            channel: Donchian::named("stochastic", "k_period", k_period)?,
            k: Sma::named("stochastic", "k_smoothing", k_smoothing)?,
            d: Sma::named("stochastic", "d_period", d_period)?,
        })
    }

    /// Takes one bar and returns both lines, `None` while warming up.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<StochasticValue> {
        let channel = self.channel.update(high, low)?;
        let range = channel.high - channel.low;
        let raw = if range == 0.0 { 0.0 } else { 100.0 * ((close - channel.low) / range) };
        let k = self.k.update(raw)?;
        self.d.update(k);
        self.value()
    }

    /// Both lines after the last update.
    #[inline]
    pub fn value(&self) -> Option<StochasticValue> {
        Some(StochasticValue { k: self.k.value()?, d: self.d.value()? })
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.channel.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut stochastic = Stochastic::new(2, 2, 2).unwrap();
        let bars = [(4.0, 0.0, 2.0), (4.0, 0.0, 1.0), (4.0, 0.0, 3.0), (8.0, 0.0, 8.0)];
        let out = bars.map(|(h, l, c)| stochastic.update(h, l, c));
        // Raw 25, 75, 100; %K 50, 87.5; %D 68.75.
        assert_eq!(out, [None, None, None, Some(StochasticValue { k: 87.5, d: 68.75 })]);
        assert_eq!(stochastic.value(), out[3]);
    }

    #[test]
    fn first_index_and_a_flat_market() {
        let mut stochastic = Stochastic::new(14, 3, 3).unwrap();
        let out: Vec<_> = (0..30).map(|_| stochastic.update(7.0, 7.0, 7.0)).collect();
        assert_eq!(out.iter().position(Option::is_some), Some(17));
        assert_eq!(out[29], Some(StochasticValue { k: 0.0, d: 0.0 }));
    }

    #[test]
    fn parameters_are_checked_under_their_names() {
        let message = |a, b, c| Stochastic::new(a, b, c).unwrap_err().to_string();
        assert!(message(0, 3, 3).starts_with("stochastic: k_period"));
        assert!(message(14, 0, 3).starts_with("stochastic: k_smoothing"));
        assert!(message(14, 3, 0).starts_with("stochastic: d_period"));
    }
}
