//! Rolling correlation of two series.
//!
//! Not here: groups of correlated positions (risk).

use super::error::{IndicatorError, check_period};
use super::moments::{COLLAPSE_SHARE, central_value};
use super::ring::{Ring, sum_of};

/// Pearson correlation of the last `period` pairs, −1 to 1; first value at index `period` − 1.
///
/// `None` while either series has no deviation in the window. (TA-Lib says 0 there; that would read as
/// "uncorrelated", which nobody knows.) Source: TA-Lib `CORREL` otherwise.
///
/// The sums are over distances from values near the means and are made again as those of
/// [`StdDev`](super::StdDev) are.
#[derive(Debug, Clone)]
pub struct Correlation {
    x: Side,
    y: Side,
    sum_products: f64,
}

/// One of the two series.
#[derive(Debug, Clone)]
struct Side {
    ring: Ring,
    shift: f64,
    sum: f64,
    sum_squares: f64,
    peak: f64,
}

impl Correlation {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let ring = Ring::new(check_period("correlation", "period", period, 2)?);
        let side = Side { ring, shift: 0.0, sum: 0.0, sum_squares: 0.0, peak: 0.0 };
        Ok(Self { x: side.clone(), y: side, sum_products: 0.0 })
    }

    /// Takes one pair and returns the correlation, `None` while warming up or without deviation.
    #[inline]
    pub fn update(&mut self, x: f64, y: f64) -> Option<f64> {
        let was_full = self.x.ring.is_full();
        let (old_x, old_y) = (self.x.ring.push(x), self.y.ring.push(y));
        if self.x.ring.just_wrapped() {
            self.recompute();
        } else if was_full {
            let (new_x, old_x) = self.x.slide(x, old_x);
            let (new_y, old_y) = self.y.slide(y, old_y);
            self.sum_products += new_x * new_y - old_x * old_y;
            if self.x.collapsed() || self.y.collapsed() {
                self.recompute();
            }
        }
        self.value()
    }

    /// The correlation after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let (spread_x, spread_y) = (self.x.spread(), self.y.spread());
        if !self.x.ring.is_full() || spread_x <= 0.0 || spread_y <= 0.0 {
            return None;
        }
        let covariance = self.sum_products - self.x.sum * self.y.sum / self.x.count();
        // Two roots: a product of spreads could overflow or vanish.
        Some((covariance / (spread_x.sqrt() * spread_y.sqrt())).clamp(-1.0, 1.0))
    }

    #[cold]
    fn recompute(&mut self) {
        self.x.recompute();
        self.y.recompute();
        let (shift_x, shift_y) = (self.x.shift, self.y.shift);
        let pairs = self.x.ring.slots().iter().zip(self.y.ring.slots());
        self.sum_products = pairs.map(|(x, y)| (x - shift_x) * (y - shift_y)).sum();
    }
}

impl Side {
    /// Moves the sums on; returns the distances that came and went.
    #[inline]
    fn slide(&mut self, new: f64, old: f64) -> (f64, f64) {
        let (new, old) = (new - self.shift, old - self.shift);
        self.sum += new - old;
        self.sum_squares += (new - old) * (new + old);
        self.peak = self.peak.max(self.sum_squares);
        (new, old)
    }

    fn spread(&self) -> f64 {
        self.sum_squares - self.sum * self.sum / self.count()
    }

    fn collapsed(&self) -> bool {
        self.spread() < COLLAPSE_SHARE * self.peak
    }

    fn count(&self) -> f64 {
        self.ring.period() as f64
    }

    fn recompute(&mut self) {
        let slots = self.ring.slots();
        self.shift = central_value(slots);
        self.sum = sum_of(slots, |x| x - self.shift);
        self.sum_squares = sum_of(slots, |x| (x - self.shift).powi(2));
        self.peak = self.sum_squares;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, batch_spread, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_hand_computed_and_flat() {
        let mut correlation = Correlation::new(3).unwrap();
        let pairs = [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0), (4.0, 2.0), (4.0, 5.0), (4.0, 1.0)];
        let out = pairs.map(|(x, y)| correlation.update(x, y));
        assert_eq!(out[..2], [None, None]);
        assert_close(out[2], Some(1.0), 1e-15);
        assert_close(out[3], Some(-0.5), 1e-15); // x −1 0 1, y 0 2 −2: −2/√(2·8)
        assert_eq!((out[5], correlation.value()), (None, None));
        assert!(Correlation::new(1).is_err());
    }

    proptest! {
        /// Streaming equals the two-pass correlation, and does not care which series comes first.
        #[test]
        fn streaming_is_batch((period, xs) in walk()) {
            let ys: Vec<f64> = xs.iter().enumerate().map(|(i, x)| (x * 37.7 + (i * i % 17) as f64 * 1e-3).sin() * 5e6).collect();
            let (mut xy, mut yx) = (Correlation::new(period).unwrap(), Correlation::new(period).unwrap());
            for (i, (x, y)) in xs.iter().zip(&ys).enumerate() {
                let value = xy.update(*x, *y);
                assert_close(yx.update(*y, *x), value, 1e-15);
                let batch = (i + 1 >= period).then(|| batch_correlation(&xs[i + 1 - period..=i], &ys[i + 1 - period..=i]));
                assert_close(value, batch.flatten(), 1e-9);
            }
        }
    }

    fn batch_correlation(xs: &[f64], ys: &[f64]) -> Option<f64> {
        let (spread_x, spread_y) = (batch_spread(xs), batch_spread(ys));
        if spread_x == 0.0 || spread_y == 0.0 {
            return None;
        }
        let centred = |values: &[f64]| -> Vec<f64> {
            let mean = values.iter().map(|v| v - values[0]).sum::<f64>() / values.len() as f64;
            values.iter().map(|v| (v - values[0]) - mean).collect()
        };
        let covariance: f64 = centred(xs).iter().zip(centred(ys)).map(|(x, y)| x * y).sum();
        Some(covariance / (spread_x * spread_y).sqrt())
    }
}
