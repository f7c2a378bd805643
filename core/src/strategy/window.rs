//! The last n whole numbers and their exact sum.
//!
//! Not here: averages of estimates (indicator).
use crate::domain::Ratio;

/// A window over integers: prices in billionths of a dollar, volumes in millionths of a share.
#[derive(Debug, Clone)]
pub(super) struct ExactWindow {
    slots: Box<[i64]>,
    next: usize,
    full: bool,
    /// Σ of the slots; the largest window of the largest price needs 77 bits.
    sum: i128,
}

impl ExactWindow {
    /// An empty window of `length` ≥ 1 values.
    pub(super) fn new(length: usize) -> ExactWindow {
        ExactWindow { slots: vec![0; length].into(), next: 0, full: false, sum: 0 }
    }

    /// Puts `value` in and returns the one that leaves: that of `length` pushes ago, once there is one.
    #[inline]
    pub(super) fn push(&mut self, value: i64) -> Option<i64> {
        let leaving = std::mem::replace(&mut self.slots[self.next], value);
        let was_full = self.full;
        self.sum += i128::from(value) - i128::from(leaving); // an unwritten slot holds 0
        self.next += 1;
        if self.next == self.slots.len() {
            self.next = 0;
            self.full = true;
        }
        was_full.then_some(leaving)
    }

    /// The sum of a full window.
    #[inline]
    pub(super) fn sum(&self) -> Option<i128> {
        self.full.then_some(self.sum)
    }

    /// Restates prices for a split into `ratio` new shares per old.
    pub(super) fn split_prices(&mut self, ratio: Ratio) {
        self.restate(|units| price_after_split(units, ratio));
    }

    /// Restates volumes for a split into `ratio` new shares per old.
    pub(super) fn split_volumes(&mut self, ratio: Ratio) {
        self.restate(|units| narrow(ratio.multiply_nearest(units)));
    }

    fn restate(&mut self, new: impl Fn(i64) -> i64) {
        // Each value anew, so that an unwritten slot stays 0 and the sum is that of what is there.
        self.slots.iter_mut().for_each(|slot| *slot = new(*slot));
        self.sum = self.slots.iter().copied().map(i128::from).sum();
    }

    /// How many values a full window holds.
    #[inline]
    pub(super) fn length(&self) -> usize {
        self.slots.len()
    }
}

/// A remembered price after a split, rounded as the price of a position is. Unlike that it may lie above the
/// largest price: a share that has fallen far was dearer in today's shares than any bar can be.
pub(super) fn price_after_split(units: i64, ratio: Ratio) -> i64 {
    narrow(ratio.divide_nearest(units))
}

/// What an estimate in dollars is multiplied by at a split.
pub(super) fn price_factor(ratio: Ratio) -> f64 {
    1.0 / ratio.to_f64()
}

fn narrow(units: i128) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_restates_what_is_there_and_nothing_else() {
        let ratio: Ratio = "7".parse().expect("ratio");
        let mut window = ExactWindow::new(2);
        window.push(700);
        window.split_prices(ratio);
        assert_eq!((window.push(90), window.sum()), (None, Some(190)));
        window.split_volumes(ratio);
        assert_eq!((window.push(1), window.sum()), (Some(700), Some(631)));
        // Half up, as a position's price: 10 ÷ 4 is 2.5.
        assert_eq!(price_after_split(10, "4".parse().expect("ratio")), 3);
        assert_eq!(price_after_split(i64::MAX, "0.1".parse().expect("ratio")), i64::MAX);
    }

    #[test]
    fn slides_and_sums() {
        let mut window = ExactWindow::new(2);
        let out = [3, 5, -1, 7].map(|value| (window.push(value), window.sum()));
        assert_eq!(out, [(None, None), (None, Some(8)), (Some(3), Some(4)), (Some(5), Some(6))]);
        assert_eq!(window.length(), 2);
    }
}
