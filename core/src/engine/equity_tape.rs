//! Equity at every step, checked but not kept: peak, deepest fall, and two sums over the whole curve.
//!
//! Not here: the curve itself. It follows from fills, cash events and bars (scenario::account_rows), and
//! the tape of the rebuilt curve must equal the tape of the run, step for step.
use crate::domain::{Money, Price, Quantity};

/// What is remembered of an equity curve while it is made.
///
/// The sums are Fletcher's: that of all steps tells one value from another, that of the sums one order of
/// steps from another. Both wrap at 64 bits: a step is told from all others but those a multiple of 2⁶⁴
/// units, $18.45, away to the last digit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EquityTape {
    steps: u64,
    last: Money,
    peak: Money,
    drawdown_max: Money,
    sum: u64,
    sum_of_sums: u64,
}

/// The low half of an amount in billionths of a billionth of a dollar.
#[inline]
fn low_half(units: i128) -> u64 {
    units as u64
}

impl EquityTape {
    /// A curve that has not begun: the peak is the starting cash.
    pub fn new(start: Money) -> EquityTape {
        EquityTape { steps: 0, last: start, peak: start, drawdown_max: Money::ZERO, sum: 0, sum_of_sums: 0 }
    }

    /// Takes the equity at the close of the next step.
    #[inline]
    pub fn push(&mut self, equity: Money) {
        self.steps += 1;
        self.last = equity;
        if equity > self.peak {
            self.peak = equity;
        } else if self.peak - equity > self.drawdown_max {
            self.drawdown_max = self.peak - equity;
        }
        self.sum = self.sum.wrapping_add(low_half(equity.units()));
        self.sum_of_sums = self.sum_of_sums.wrapping_add(self.sum);
    }

    /// Takes `steps` more steps at the equity of the last one, as so many calls of [`EquityTape::push`] would.
    #[inline]
    pub(super) fn stay(&mut self, steps: u64) {
        self.take_sums(low_half(self.last.units()), 0, 0, 0, steps);
    }

    /// Takes `steps` ≥ 1 closes of `ride`, the last of them at `close`, with `shares` held throughout, from an
    /// account that was worth `equity` at the price `mark`, as so many calls of [`EquityTape::push`] would.
    #[inline]
    pub(super) fn ride(
        &mut self,
        (equity, mark): (Money, Price),
        shares: Quantity,
        ride: &Ride,
        steps: u64,
        close: Price,
    ) {
        let per_share = i128::from(shares.units()).abs();
        let at = |price: i64| equity + Money::from_units(i128::from(price - ride.seen(mark)) * per_share);
        // Either the peak of before or one of the ride's own was highest before the deepest point.
        let fallen = Money::from_units(i128::from(ride.drop_max) * per_share);
        self.drawdown_max = self.drawdown_max.max(self.peak - at(ride.low)).max(fallen);
        self.peak = self.peak.max(at(ride.high));
        self.last = at(ride.seen(close));
        let per_unit = shares.units().unsigned_abs();
        let offset = low_half(equity.units()).wrapping_sub((ride.seen(mark) as u64).wrapping_mul(per_unit));
        self.take_sums(offset, per_unit, ride.sum, ride.sum_of_sums, steps);
    }

    /// Adds steps worth `offset` + `per_unit` × price each, given the sums of their prices.
    #[inline]
    fn take_sums(&mut self, offset: u64, per_unit: u64, sum: u64, sum_of_sums: u64, steps: u64) {
        let pairs = low_half(i128::from(steps) * i128::from(steps + 1) / 2);
        let of_offset = offset.wrapping_mul(pairs);
        let of_prices = per_unit.wrapping_mul(sum_of_sums);
        let sums_before = self.sum.wrapping_mul(steps);
        self.sum_of_sums = self.sum_of_sums.wrapping_add(sums_before).wrapping_add(of_offset).wrapping_add(of_prices);
        self.sum = self.sum.wrapping_add(offset.wrapping_mul(steps)).wrapping_add(per_unit.wrapping_mul(sum));
        self.steps += steps;
    }

    /// Steps taken.
    #[inline]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Equity at the last step; the starting cash before the first.
    #[inline]
    pub fn last(&self) -> Money {
        self.last
    }

    /// The largest fall from a peak, in dollars.
    pub fn drawdown_max(&self) -> Money {
        self.drawdown_max
    }
}

/// What some steps in a row with the same shares did to their price, in 64 bits a step. Prices count as the
/// holder sees them: those of a short are negative, so that higher is better either way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ride {
    sign: i64,
    high: i64,
    low: i64,
    drop_max: i64,
    sum: u64,
    sum_of_sums: u64,
}

impl Ride {
    /// A ride that has not begun, of a holder of `shares`.
    pub(super) fn new(shares: Quantity) -> Ride {
        let sign = if shares < Quantity::ZERO { -1 } else { 1 };
        Ride { sign, high: i64::MIN, low: i64::MAX, drop_max: 0, sum: 0, sum_of_sums: 0 }
    }

    #[inline]
    fn seen(&self, price: Price) -> i64 {
        price.units() * self.sign
    }

    /// Takes the next close.
    #[inline]
    pub(super) fn push(&mut self, close: Price) {
        let price = self.seen(close);
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.drop_max = self.drop_max.max(self.high - price);
        self.sum = self.sum.wrapping_add(price as u64);
        self.sum_of_sums = self.sum_of_sums.wrapping_add(self.sum);
    }

    /// Highest equity on the way, of an account that was worth `equity` at the price `mark` before it.
    pub(super) fn highest(&self, equity: Money, mark: Price, shares: Quantity) -> Money {
        let gain = i128::from(self.high) - i128::from(self.seen(mark));
        equity + Money::from_units(gain * i128::from(shares.units()).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert_ne!(made.sum, off.sum);
    }

    proptest! {
        /// A ride, and a stay, is a push a step.
        #[test]
        fn a_ride_is_its_steps(
            before in proptest::collection::vec(0i64..1_000_000, 0..20),
            closes in proptest::collection::vec(1i64..=Price::MAX.units(), 0..700),
            shares in prop_oneof![-9_000_000_000_000_000i64..9_000_000_000_000_000, -5_000_000_000i64..5_000_000_000],
            mark in 1i64..=Price::MAX.units(),
        ) {
            let price = |units: i64| Price::from_units(units).expect("price");
            let (shares, mark) = (Quantity::from_units(shares), price(mark));
            let (mut riding, equity) = (tape(&before), Money::from_cents(12_345));
            let (mut pushing, mut staying, mut ride) = (riding, riding, Ride::new(shares));
            for &close in &closes {
                ride.push(price(close));
                pushing.push(equity + price(close).notional(shares) - mark.notional(shares));
            }
            if let Some(last) = closes.last() {
                riding.ride((equity, mark), shares, &ride, closes.len() as u64, price(*last));
            }
            prop_assert_eq!(riding, pushing);
            let mut standing = staying;
            closes.iter().for_each(|_| standing.push(staying.last()));
            staying.stay(closes.len() as u64);
            prop_assert_eq!(staying, standing);
        }
    }
}
