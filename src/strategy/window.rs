//! The last n whole numbers and their exact sum.
//!
//! Not here: averages of estimates (indicator).

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

    /// How many values a full window holds.
    #[inline]
    pub(super) fn length(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slides_and_sums() {
        let mut window = ExactWindow::new(2);
        let out = [3, 5, -1, 7].map(|value| (window.push(value), window.sum()));
        assert_eq!(out, [(None, None), (None, Some(8)), (Some(3), Some(4)), (Some(5), Some(6))]);
        assert_eq!(window.length(), 2);
    }
}
