//! Largest of the last inputs.
//!
//! Not here: channels of highs and lows (donchian).

use super::error::{IndicatorError, check_period};

/// Maximum of the last `period` inputs, this one included; first value at index `period` − 1.
///
/// The inputs are cut into blocks of `period`. A window is the tail of one block and the head of the
/// next, so it needs one running maximum of the head and one stored maximum of the tail: no loop and no
/// branch that the data decides, unlike a deque. Source: van Herk (1992), Gil and Werman (1993).
#[derive(Debug, Clone)]
pub struct RollingMax {
    /// Before `next`: inputs of this block. From `next` on: maxima from there to the end of the block
    /// before. One more slot, always −∞, stands for "no tail left".
    slots: Box<[f64]>,
    next: usize,
    head: f64,
    window_max: f64,
    full: bool,
}

impl RollingMax {
    /// `period`: bars, 1 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::named("rolling_max", "period", period)
    }

    pub(super) fn named(
        indicator: &'static str,
        parameter: &'static str,
        period: usize,
    ) -> Result<Self, IndicatorError> {
        let period = check_period(indicator, parameter, period, 1)?;
        let slots = vec![f64::NEG_INFINITY; period + 1].into_boxed_slice();
        Ok(Self { slots, next: 0, head: f64::NEG_INFINITY, window_max: f64::NEG_INFINITY, full: false })
    }

    /// Takes one input and returns the maximum, `None` while warming up.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        self.slots[self.next] = x;
        self.next += 1;
        self.head = larger(self.head, x);
        self.window_max = larger(self.head, self.slots[self.next]);
        if self.next + 1 == self.slots.len() {
            self.finish_block();
        }
        self.value()
    }

    /// The maximum after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.full.then_some(self.window_max)
    }

    /// Multiplies what is remembered by `factor`, above 0, as if every input so far had been so many times as
    /// large: 1 ÷ ratio when a share splits.
    pub fn rescale(&mut self, factor: f64) {
        // −∞ stays what it is.
        self.slots.iter_mut().for_each(|slot| *slot *= factor);
        self.head *= factor;
        self.window_max *= factor;
    }

    /// Turns a full block into the maxima of its tails.
    #[inline(never)]
    fn finish_block(&mut self) {
        let mut tail = f64::NEG_INFINITY;
        for slot in self.slots.iter_mut().rev() {
            tail = larger(tail, *slot);
            *slot = tail;
        }
        self.next = 0;
        self.head = f64::NEG_INFINITY;
        self.full = true;
    }
}

/// One instruction, where `f64::max` needs more to look after NaN.
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::super::testing::walk;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_value_and_hand_computed() {
        let mut max = RollingMax::new(3).unwrap();
        let out = [5.0, 1.0, 2.0, 0.0, 1.0, 0.5, 4.0].map(|x| max.update(x));
        assert_eq!(out, [None, None, Some(5.0), Some(2.0), Some(2.0), Some(1.0), Some(4.0)]);
        assert_eq!(max.value(), Some(4.0));
        assert!(RollingMax::new(0).is_err() && RollingMax::new(100_001).is_err());
    }

    #[test]
    fn a_window_of_one_is_the_input() {
        let mut max = RollingMax::new(1).unwrap();
        assert_eq!([3.0, -2.0, -5.0].map(|x| max.update(x)), [Some(3.0), Some(-2.0), Some(-5.0)]);
    }

    proptest! {
        /// Streaming equals the batch maximum, exactly.
        #[test]
        fn streaming_is_batch((period, prices) in walk()) {
            let mut max = RollingMax::new(period).unwrap();
            for (i, x) in prices.iter().enumerate() {
                let batch = (i + 1 >= period)
                    .then(|| prices[i + 1 - period..=i].iter().copied().fold(f64::MIN, f64::max));
                prop_assert_eq!(max.update(*x), batch);
            }
        }
    }
}
