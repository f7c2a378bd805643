//! Wilder's directional indices, +DI and −DI.
//!
//! Not here: the strength made of them (adx).

use super::atr::TrueRange;
use super::error::{IndicatorError, check_period};

/// 100·(smoothed +DM)/(smoothed true range), and the same with −DM; first value at index `period`.
///
/// +DM is the rise of the high when it is larger than the fall of the low, −DM the fall of the low when
/// it is the larger. The smoothed sums are seeded with the plain sum of the first `period` − 1 values, then
/// s ← s − s/n + x. Without range both are 0. Source: Wilder (1978); TA-Lib `PLUS_DI`, `MINUS_DI`.
#[derive(Debug, Clone)]
pub struct Directional {
    range: TrueRange,
    previous_high: f64,
    previous_low: f64,
    period: f64,
    /// Moves still to be summed before the recurrence starts.
    seeding: usize,
    plus_sum: f64,
    minus_sum: f64,
    range_sum: f64,
    ready: bool,
}

/// The two lines of [`Directional`], 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectionalIndex {
    /// +DI.
    pub plus: f64,
    /// −DI.
    pub minus: f64,
}

impl Directional {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::named("directional", period)
    }

    pub(super) fn named(indicator: &'static str, period: usize) -> Result<Self, IndicatorError> {
        let period = check_period(indicator, "period", period, 2)?;
        Ok(Self {
            range: TrueRange::default(),
            previous_high: 0.0,
            previous_low: 0.0,
            period: period as f64,
            seeding: period - 1,
            plus_sum: 0.0,
            minus_sum: 0.0,
            range_sum: 0.0,
            ready: false,
        })
    }

    /// Takes one bar and returns both lines, `None` while warming up.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<DirectionalIndex> {
        let rise = high - std::mem::replace(&mut self.previous_high, high);
        let fall = std::mem::replace(&mut self.previous_low, low) - low;
        let range = self.range.update(high, low, close)?;
        let plus = if rise > 0.0 && rise > fall { rise } else { 0.0 };
        let minus = if fall > 0.0 && fall > rise { fall } else { 0.0 };
        if self.seeding > 0 {
            self.seeding -= 1;
            self.plus_sum += plus;
            self.minus_sum += minus;
            self.range_sum += range;
        } else {
            self.plus_sum += plus - self.plus_sum / self.period;
            self.minus_sum += minus - self.minus_sum / self.period;
            self.range_sum += range - self.range_sum / self.period;
            self.ready = true;
        }
        self.value()
    }

    /// Both lines after the last update.
    pub fn value(&self) -> Option<DirectionalIndex> {
        if !self.ready {
            return None;
        }
        if self.range_sum == 0.0 {
            return Some(DirectionalIndex { plus: 0.0, minus: 0.0 });
        }
        Some(DirectionalIndex {
            plus: 100.0 * (self.plus_sum / self.range_sum),
            minus: 100.0 * (self.minus_sum / self.range_sum),
        })
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        self.range.rescale(factor);
        self.previous_high *= factor;
        self.previous_low *= factor;
        self.plus_sum *= factor;
        self.minus_sum *= factor;
        self.range_sum *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut directional = Directional::new(2).unwrap();
        // Moves: +DM 2 of range 3; −DM 3 of range 4.
        let bars = [(10.0, 8.0, 9.0), (12.0, 9.0, 10.0), (10.0, 6.0, 7.0)];
        let out = bars.map(|(h, l, c)| directional.update(h, l, c));
        // Sums 2 → 2 − 1 + 0, 0 → 3, 3 → 3 − 1.5 + 4.
        let expected = DirectionalIndex { plus: 100.0 * (1.0 / 5.5), minus: 100.0 * (3.0 / 5.5) };
        assert_eq!(out, [None, None, Some(expected)]);
        assert_eq!(directional.value(), Some(expected));
    }

    #[test]
    fn first_index_and_a_flat_market() {
        let mut directional = Directional::new(14).unwrap();
        let out: Vec<_> = (0..30).map(|_| directional.update(5.0, 5.0, 5.0)).collect();
        assert_eq!(out.iter().position(Option::is_some), Some(14));
        assert_eq!(out[29], Some(DirectionalIndex { plus: 0.0, minus: 0.0 }));
        assert!(Directional::new(1).is_err());
    }

    #[test]
    fn equal_moves_up_and_down_count_for_neither() {
        let mut directional = Directional::new(2).unwrap();
        let bars = [(10.0, 8.0, 9.0), (11.0, 7.0, 9.0), (12.0, 6.0, 9.0)];
        let last = bars.map(|(h, l, c)| directional.update(h, l, c))[2];
        assert_eq!(last, Some(DirectionalIndex { plus: 0.0, minus: 0.0 }));
    }
}
