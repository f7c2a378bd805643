//! Mean and spread of a sliding window without cancellation.
//!
//! Not here: which deviation is made of them (stddev, bollinger, zscore).

use super::ring::{Ring, sum_of};

/// The sums are made again when less than this share of the largest Σd² since the last time is left.
/// So at most three of f64's sixteen digits are lost, whatever the prices do.
pub(super) const COLLAPSE_SHARE: f64 = 1e-3;

/// Σd and Σd² over the last n inputs, d being the distance from `shift`, a value near the window's mean.
///
/// The shift keeps a price of 100,000 with moves of a cent from losing its digits in squares. Everything
/// is made afresh once per window, and at once when the spread collapses (a jump has left the window).
/// A collapse needs the spread to fall a thousandfold, which cannot happen bar after bar, so the cost is
/// O(1) amortised. A window of equal values has a spread of exactly 0.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    ring: Ring,
    shift: f64,
    sum: f64,
    sum_squares: f64,
    /// The largest `sum_squares` since the last recompute: what its rounding errors are measured by.
    peak: f64,
    spread: f64,
}

impl Moments {
    /// `period` ≥ 1, checked by the caller.
    pub(super) fn new(period: usize) -> Self {
        let ring = Ring::new(period);
        Self { ring, shift: 0.0, sum: 0.0, sum_squares: 0.0, peak: 0.0, spread: 0.0 }
    }

    /// Takes one input; whether the window is full.
    #[inline]
    pub(super) fn update(&mut self, x: f64) -> bool {
        let was_full = self.ring.is_full();
        let leaving = self.ring.push(x);
        if self.ring.just_wrapped() {
            self.recompute();
            return true;
        }
        if !was_full {
            return false; // nothing is asked before the ring is full, and filling it recomputes
        }
        let (new, old) = (x - self.shift, leaving - self.shift);
        self.sum += new - old;
        self.sum_squares += (new - old) * (new + old);
        self.peak = self.peak.max(self.sum_squares);
        self.spread = self.sum_squares - self.sum * self.sum / self.count();
        if self.spread < COLLAPSE_SHARE * self.peak {
            self.recompute();
        }
        true
    }

    /// The mean of a full window.
    #[inline]
    pub(super) fn mean(&self) -> f64 {
        self.shift + self.sum / self.count()
    }

    /// `x` − mean, without rounding the mean to the price's digits first.
    #[inline]
    pub(super) fn distance_from_mean(&self, x: f64) -> f64 {
        (x - self.shift) - self.sum / self.count()
    }

    /// Σ(x − mean)² of a full window, ≥ 0.
    #[inline]
    pub(super) fn spread(&self) -> f64 {
        self.spread
    }

    /// Whether the window is full.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    /// n.
    #[inline]
    pub(super) fn count(&self) -> f64 {
        self.ring.period() as f64
    }

    /// Multiplies every input so far by `factor`.
    pub(super) fn rescale(&mut self, factor: f64) {
        self.ring.rescale(factor);
        self.shift *= factor;
        self.sum *= factor;
        self.sum_squares *= factor * factor;
        self.peak *= factor * factor;
        self.spread *= factor * factor;
    }

    #[cold]
    fn recompute(&mut self) {
        let slots = self.ring.slots();
        self.shift = central_value(slots);
        self.sum = sum_of(slots, |x| x - self.shift);
        self.sum_squares = sum_of(slots, |x| (x - self.shift).powi(2));
        self.peak = self.sum_squares;
        self.spread = (self.sum_squares - self.sum * self.sum / self.count()).max(0.0);
    }
}

/// The mean, found from distances to the first value, so that equal values give exactly that value.
pub(super) fn central_value(values: &[f64]) -> f64 {
    let first = values[0];
    first + sum_of(values, |x| x - first) / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::testing::{batch_spread, seeded_walk, walk};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_values_have_exactly_no_spread() {
        let mut moments = Moments::new(20);
        let mut prices = seeded_walk(3, 53, 100.0, 1.0);
        prices.extend([0.1 + 0.2; 45]);
        for (i, x) in prices.iter().enumerate() {
            moments.update(*x);
            assert_eq!(moments.is_full() && moments.spread() == 0.0, i >= 53 + 19, "bar {i}");
        }
        assert_eq!(moments.mean(), 0.1 + 0.2);
        assert_eq!(moments.distance_from_mean(0.1 + 0.2), 0.0);
    }

    #[test]
    fn a_jump_that_leaves_takes_its_rounding_along() {
        let mut prices = seeded_walk(5, 100, 100.0, 1e-4);
        prices[30] = 1e9;
        prices.iter_mut().skip(60).for_each(|x| *x += 5e4);
        let mut moments = Moments::new(20);
        for (i, x) in prices.iter().enumerate() {
            if moments.update(*x) {
                let batch = batch_spread(&prices[i - 19..=i]);
                assert!((moments.spread() / batch - 1.0).abs() < 1e-9, "bar {i}");
            }
        }
    }

    #[test]
    fn a_million_bars_do_not_drift() {
        let prices = seeded_walk(11, 1_000_000, 1e5, 1e-3);
        let mut moments = Moments::new(50);
        for (i, x) in prices.iter().enumerate() {
            if moments.update(*x) && i % 997 == 0 {
                let batch = batch_spread(&prices[i - 49..=i]);
                assert!((moments.spread() / batch - 1.0).abs() < 1e-9, "bar {i}");
            }
        }
    }

    proptest! {
        /// The running spread equals the two-pass one, relative to itself.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut moments = Moments::new(period);
            for (i, x) in prices.iter().enumerate() {
                if moments.update(*x) {
                    let batch = batch_spread(&prices[i + 1 - period..=i]);
                    prop_assert!((moments.spread() - batch).abs() <= 1e-9 * batch, "bar {}", i);
                }
            }
        }
    }
}
