//! Average true range: how far a bar goes, gaps included.
//!
//! Not here: stops made of it (risk), the range as a percentage (natr).

use super::error::{IndicatorError, check_period};
use super::seeded_mean::SeededMean;
use super::sma::Sma;

/// Average of the true range max(high − low, |high − previous close|, |low − previous close|).
///
/// The true range starts with the second bar, so the first value is at index `period`: the plain mean of
/// the first `period` ranges. Then Wilder's ((n − 1)·atr + tr)/n, or with [`Atr::simple`] the plain mean
/// of the last `period` ranges. Source: Wilder (1978); TA-Lib `ATR`.
#[derive(Debug, Clone)]
pub struct Atr {
    mean: Mean,
    range: TrueRange,
}

#[derive(Debug, Clone)]
enum Mean {
    Wilder(SeededMean),
    Simple(Sma),
}

impl Atr {
    /// Wilder's average. `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::wilder_named("atr", "period", period)
    }

    /// The plain mean of the last `period` true ranges, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn simple(period: usize) -> Result<Self, IndicatorError> {
        let mean = Mean::Simple(Sma::named("atr_simple", "period", period)?);
        Ok(Self { mean, range: TrueRange::default() })
    }

    pub(super) fn wilder_named(
        indicator: &'static str,
        parameter: &'static str,
        period: usize,
    ) -> Result<Self, IndicatorError> {
        let period = check_period(indicator, parameter, period, 1)?;
        Ok(Self { mean: Mean::Wilder(SeededMean::wilder(period)), range: TrueRange::default() })
    }

    /// Takes one bar and returns the average in the unit of the prices, `None` while warming up.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let range = self.range.update(high, low, close)?;
        self.update_true_range(range)
    }

    /// Takes a true range the caller computed (exact integers, say) instead of a bar.
    ///
    /// The first one belongs to the second bar. Use either this or [`Atr::update`], not both.
    #[inline]
    pub fn update_true_range(&mut self, true_range: f64) -> Option<f64> {
        match &mut self.mean {
            Mean::Wilder(mean) => mean.update(true_range),
            Mean::Simple(mean) => mean.update(true_range),
        }
    }

    /// The average after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        match &self.mean {
            Mean::Wilder(mean) => mean.value(),
            Mean::Simple(mean) => mean.value(),
        }
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        match &mut self.mean {
            Mean::Wilder(mean) => mean.rescale(factor),
            Mean::Simple(mean) => mean.rescale(factor),
        }
        self.range.rescale(factor);
    }
}

/// The true range of each bar after the first.
#[derive(Debug, Clone, Default)]
pub(super) struct TrueRange {
    previous_close: Option<f64>,
}

impl TrueRange {
    /// max(high, previous close) − min(low, previous close), which equals the three-way maximum.
    #[inline]
    pub(super) fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let previous = self.previous_close.replace(close)?;
        let top = if previous > high { previous } else { high };
        let bottom = if previous < low { previous } else { low };
        Some(top - bottom)
    }

    /// Multiplies the close it remembers by `factor`.
    pub(super) fn rescale(&mut self, factor: f64) {
        self.previous_close = self.previous_close.map(|close| close * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, bars_around, walk};
    use super::*;
    use proptest::prelude::*;

    const BARS: [(f64, f64, f64); 5] =
        [(10.0, 9.0, 9.5), (11.0, 9.0, 10.0), (14.0, 12.0, 13.0), (13.0, 11.0, 12.0), (9.0, 8.0, 8.5)];

    #[test]
    fn first_value_and_hand_computed() {
        // True ranges 2, 4 (gap up), 2, 4 (gap down).
        let mut atr = Atr::new(2).unwrap();
        let out = BARS.map(|(h, l, c)| atr.update(h, l, c));
        assert_eq!(out, [None, None, Some(3.0), Some(2.5), Some(3.25)]);
        assert_eq!(atr.value(), Some(3.25));
        let mut simple = Atr::simple(2).unwrap();
        let out = BARS.map(|(h, l, c)| simple.update(h, l, c));
        assert_eq!(out, [None, None, Some(3.0), Some(3.0), Some(3.0)]);
        assert_eq!(simple.value(), Some(3.0));
    }

    #[test]
    fn period_is_checked_under_its_own_name() {
        assert!(Atr::new(0).unwrap_err().to_string().starts_with("atr: period"));
        assert!(Atr::simple(0).unwrap_err().to_string().starts_with("atr_simple: period"));
    }

    #[test]
    fn a_constant_range_is_kept_to_the_last_bit() {
        let mut atr = Atr::new(14).unwrap();
        for i in 0..1000 {
            assert_eq!(atr.update_true_range(2.0), (i >= 13).then_some(2.0));
        }
    }

    proptest! {
        /// Fed by true ranges or by bars, the same; and the range is the three-way maximum.
        #[test]
        fn bars_or_ranges((period, closes) in walk()) {
            let bars = bars_around(&closes);
            let (mut by_bar, mut by_range) = (Atr::new(period).unwrap(), Atr::new(period).unwrap());
            by_bar.update(bars[0].0, bars[0].1, bars[0].2);
            for pair in bars.windows(2) {
                let (previous, (high, low, close)) = (pair[0].2, pair[1]);
                let range = (high - low).max((high - previous).abs()).max((low - previous).abs());
                prop_assert_eq!(by_bar.update(high, low, close), by_range.update_true_range(range));
            }
        }

        /// Wilder's recurrence in the form of the book agrees.
        #[test]
        fn streaming_is_the_books_recurrence((period, ranges) in walk()) {
            let n = period as f64;
            let mut atr = Atr::new(period).unwrap();
            let mut expected = None;
            for (i, range) in ranges.iter().enumerate() {
                expected = match expected {
                    Some(atr) => Some((atr * (n - 1.0) + range) / n),
                    None => (i + 1 == period).then(|| ranges[..=i].iter().sum::<f64>() / n),
                };
                assert_close(atr.update_true_range(*range), expected, 1e-12);
            }
        }
    }
}
