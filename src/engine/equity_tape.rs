//! Equity at every step, checked but not kept: peak, deepest fall, and a digest of the whole curve.
//!
//! Not here: the curve itself. It follows from fills, cash events and bars (scenario::account_rows), and
//! the tape of the rebuilt curve must equal the tape of the run, step for step.
use crate::domain::Money;

/// What is remembered of an equity curve while it is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EquityTape {
    steps: u64,
    last: Money,
    peak: Money,
    drawdown_max: Money,
    digest: u64,
}

impl EquityTape {
    /// A curve that has not begun: the peak is the starting cash.
    pub fn new(start: Money) -> EquityTape {
        EquityTape { steps: 0, last: start, peak: start, drawdown_max: Money::ZERO, digest: 0 }
    }

    /// Takes the equity at the close of the next step.
    #[inline]
    pub fn push(&mut self, equity: Money) {
        self.steps += 1;
        if equity != self.last {
            self.change(equity);
        }
    }

    /// Takes `steps` more steps at which equity stays as it is.
    #[inline]
    pub(super) fn stay(&mut self, steps: usize) {
        self.steps += steps as u64;
    }

    #[inline]
    fn change(&mut self, equity: Money) {
        self.last = equity;
        if equity > self.peak {
            self.peak = equity;
        } else {
            self.drawdown_max = self.drawdown_max.max(self.peak - equity);
        }
        // Rotating makes the sum depend on the order of the changes, the step number on when they were.
        let units = equity.units();
        let change = (units as u64 ^ (units >> 64) as u64).wrapping_add(self.steps);
        self.digest = self.digest.rotate_left(7).wrapping_add(change);
    }

    /// Steps taken.
    #[inline]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Equity at the last step; the starting cash before the first.
    pub fn last(&self) -> Money {
        self.last
    }

    /// The largest fall from a peak, in dollars.
    pub fn drawdown_max(&self) -> Money {
        self.drawdown_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(cents: &[i64]) -> EquityTape {
        let mut tape = EquityTape::new(Money::from_cents(100));
        cents.iter().for_each(|cents| tape.push(Money::from_cents(*cents)));
        tape
    }

    #[test]
    fn it_remembers_the_deepest_fall_and_the_order_of_steps() {
        let made = tape(&[120, 90, 130, 110]);
        assert_eq!((made.steps(), made.last()), (4, Money::from_cents(110)));
        assert_eq!(made.drawdown_max(), Money::from_cents(30));
        assert_eq!(made, tape(&[120, 90, 130, 110]));
        // The same steps in another order, and one step a billionth of a billionth off, are other curves.
        assert_ne!(tape(&[120, 91, 92, 110]), tape(&[120, 92, 91, 110]));
        let mut off = tape(&[120, 90, 130]);
        off.push(Money::from_cents(110) + Money::from_units(1));
        assert_ne!(made.digest, off.digest);
    }
}
