//! The last n values in a fixed array, for windows that slide one value at a time.
//!
//! Not here: what is computed over the window; each indicator owns its sums.

/// A window of `period` values; the newest replaces the oldest.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    slots: Box<[f64]>,
    next: usize,
    full: bool,
}

impl Ring {
    /// An empty window. `period` ≥ 1, as [`check_period`](super::error::check_period) proved.
    pub(super) fn new(period: usize) -> Self {
        Self { slots: vec![0.0; period].into_boxed_slice(), next: 0, full: false }
    }

    /// Puts `x` in and returns the value that leaves, 0 while the window fills.
    #[inline]
    pub(super) fn push(&mut self, x: f64) -> f64 {
        let leaving = std::mem::replace(&mut self.slots[self.next], x);
        self.next += 1;
        // A compare, not a modulo: a division would cost more than the rest of the update.
        if self.next == self.slots.len() {
            self.next = 0;
            self.full = true;
        }
        leaving
    }

    /// Whether `period` values have been seen.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// True right after the last slot was written: once per `period` updates, so work of O(period)
    /// done only then is O(1) a bar.
    #[inline]
    pub(super) fn just_wrapped(&self) -> bool {
        self.next == 0
    }

    /// How many values the window holds when full.
    #[inline]
    pub(super) fn period(&self) -> usize {
        self.slots.len()
    }

    /// The values in storage order; unwritten slots are 0.
    pub(super) fn slots(&self) -> &[f64] {
        &self.slots
    }

    /// The values of a full window, oldest first.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = f64> + '_ {
        let (newer, older) = self.slots.split_at(self.next);
        older.iter().chain(newer).copied()
    }

    /// Multiplies every value by `factor`.
    pub(super) fn rescale(&mut self, factor: f64) {
        self.slots.iter_mut().for_each(|slot| *slot *= factor);
    }
}

/// Σ f(x) in eight lanes: several times faster than one chain of additions, and rounds less.
pub(super) fn sum_of(values: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += f(*x);
        }
    }
    let tail: f64 = rest.iter().map(|x| f(*x)).sum();
    lanes.iter().sum::<f64>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slides_and_wraps() {
        let mut ring = Ring::new(3);
        assert_eq!([ring.push(1.0), ring.push(2.0)], [0.0, 0.0]);
        assert!(!ring.is_full());
        assert_eq!(ring.push(3.0), 0.0);
        assert!(ring.is_full() && ring.just_wrapped());
        assert_eq!(ring.push(4.0), 1.0);
        assert!(!ring.just_wrapped());
        assert_eq!(ring.oldest_first().collect::<Vec<_>>(), [2.0, 3.0, 4.0]);
        assert_eq!(ring.period(), 3);
    }

    #[test]
    fn sums_every_value_once() {
        for n in 0..40 {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            let expected = f64::from(n * (n - 1) / 2);
            assert_eq!(sum_of(&values, |x| x), expected, "n = {n}");
            assert_eq!(sum_of(&values, |x| 2.0 * x), 2.0 * expected, "n = {n}");
        }
    }
}
