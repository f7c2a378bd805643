//! Moving average convergence/divergence.
//!
//! Not here: crosses of the line and its signal (strategy).

use super::ema::Ema;
use super::error::IndicatorError;

/// EMA(fast) − EMA(slow), its EMA(signal), and their difference; first value at index
/// `slow_period` + `signal_period` − 2.
///
/// As in TA-Lib the seeds of both averages end at index `slow_period` − 1: the fast one leaves out the
/// first `slow_period` − `fast_period` closes. The line alone exists from there on ([`Macd::line`]).
/// Source: Appel (1979); TA-Lib `MACD`.
#[derive(Debug, Clone)]
pub struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
    fast_skips: usize,
}

/// The three lines of [`Macd`], in the unit of the prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacdValue {
    /// EMA(fast) − EMA(slow).
    pub macd: f64,
    /// EMA(signal) of `macd`.
    pub signal: f64,
    /// `macd` − `signal`.
    pub histogram: f64,
}

impl Macd {
    /// Periods in bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX), `fast_period` below `slow_period`.
    ///
    /// Errors: [`IndicatorError::OutOfRange`], [`IndicatorError::FastNotBelowSlow`].
    pub fn new(fast_period: usize, slow_period: usize, signal_period: usize) -> Result<Self, IndicatorError> {
        let (fast, slow) = (fast_period, slow_period);
        let named = |parameter, period| Ema::named("macd", parameter, period);
        let averages = (named("fast_period", fast)?, named("slow_period", slow)?);
        let signal = named("signal_period", signal_period)?;
        if fast >= slow {
            return Err(IndicatorError::FastNotBelowSlow { fast, slow });
        }
        Ok(Self { fast: averages.0, slow: averages.1, signal, fast_skips: slow - fast })
    }

    /// Takes one close and returns all three lines once the signal exists.
    #[inline]
    pub fn update(&mut self, close: f64) -> Option<MacdValue> {
        self.slow.update(close);
        if self.fast_skips > 0 {
            self.fast_skips -= 1;
        } else {
            self.fast.update(close);
        }
        self.signal.update(self.line()?);
        self.value()
    }

    /// All three lines after the last update.
    #[inline]
    pub fn value(&self) -> Option<MacdValue> {
        let (macd, signal) = (self.line()?, self.signal.value()?);
        Some(MacdValue { macd, signal, histogram: macd - signal })
    }

    /// EMA(fast) − EMA(slow) after the last update; exists from index `slow_period` − 1.
    #[inline]
    pub fn line(&self) -> Option<f64> {
        Some(self.fast.value()? - self.slow.value()?)
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.fast.rescale(factor);
        self.slow.rescale(factor);
        self.signal.rescale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut macd = Macd::new(1, 3, 2).unwrap();
        let mut lines = Vec::new();
        let out = [3.0, 6.0, 9.0, 12.0, 12.0].map(|x| {
            let value = macd.update(x);
            lines.push(macd.line());
            value
        });
        // Slow average 6, 9, 10.5; fast = close.
        assert_eq!(lines, [None, None, Some(3.0), Some(3.0), Some(1.5)]);
        assert_eq!(out[..3], [None; 3]);
        assert_eq!(out[3], Some(MacdValue { macd: 3.0, signal: 3.0, histogram: 0.0 }));
        assert_eq!(out[4], Some(MacdValue { macd: 1.5, signal: 2.0, histogram: -0.5 }));
        assert_eq!(macd.value(), out[4]);
    }

    #[test]
    fn first_index_is_slow_plus_signal_less_two() {
        let mut macd = Macd::new(12, 26, 9).unwrap();
        let first = (0..60).position(|i| macd.update(f64::from(i)).is_some());
        assert_eq!(first, Some(33));
    }

    #[test]
    fn fast_must_be_below_slow() {
        let error = Macd::new(26, 12, 9).unwrap_err();
        assert_eq!(error, IndicatorError::FastNotBelowSlow { fast: 26, slow: 12 });
        assert!(Macd::new(12, 12, 9).is_err() && Macd::new(12, 26, 0).is_err());
    }
}
