//! US dollars, exactly.
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use super::Ratio;
use super::fixed::{ParseNumberError, div_rem_billion, parse_exact, text_face};

/// US dollars in units of 1e-18, so price × quantity needs no rounding. Signed.
///
/// Range ±1.7e20 dollars. Operators panic on overflow instead of wrapping; the limits on prices,
/// quantities and starting cash keep every sum of a run far inside the range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub(super) i128);

const OVERFLOW: &str = "a sum of money stays below 1.7e20 dollars";

impl Money {
    /// Units in a dollar.
    pub const UNITS_PER_USD: i128 = 1_000_000_000_000_000_000;
    const UNITS_PER_CENT: i128 = Self::UNITS_PER_USD / 100;
    /// No dollars.
    pub const ZERO: Money = Money(0);

    /// An amount of `units` × 1e-18 dollars.
    #[inline]
    pub const fn from_units(units: i128) -> Money {
        Money(units)
    }

    /// An amount in cents.
    pub const fn from_cents(cents: i64) -> Money {
        Money(cents as i128 * Self::UNITS_PER_CENT)
    }

    /// The amount in units of 1e-18 dollars.
    #[inline]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The amount as a float, for statistics and charts.
    #[inline]
    pub fn to_f64(self) -> f64 {
        // Two exact halves: converting 128 bits at once is a slow library call.
        let (billionths, rest) = div_rem_billion(self.0);
        match i64::try_from(billionths) {
            Ok(units) => units as f64 * 1e-9 + rest as f64 * 1e-18,
            Err(_) => self.0 as f64 * 1e-18,
        }
    }

    /// The sum, or `None` on overflow.
    pub const fn checked_add(self, other: Money) -> Option<Money> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Money(units)),
            None => None,
        }
    }

    /// The amount without the sign.
    pub const fn abs(self) -> Money {
        Money(self.0.saturating_abs())
    }

    /// `ratio` of this amount, rounded down to 1e-18 dollars.
    ///
    /// Since every amount is a whole number of units, `x <= money.share(ratio)` is exactly
    /// `x <= money × ratio`: limits compare without rounding. Held at the ends of the range: a limit
    /// wider than all money is no limit.
    #[inline]
    pub fn share(self, ratio: Ratio) -> Money {
        /// Amounts below 77 million dollars times ratios below 1.07: the product stays where one fast
        /// division is exact. Ratios of whole numbers, as limits are that do not limit, need none.
        const AMOUNT_BITS: u32 = 86;
        const RATIO_BITS: u32 = 30;
        const TIMES_BITS: u32 = 40;
        let amount = self.0 as u128;
        if amount >> AMOUNT_BITS == 0 {
            let (units, times) = (ratio.units() as u64, (ratio.units() / Ratio::ONE.units()) as u64);
            if times >> TIMES_BITS == 0 && times * Ratio::ONE.units() as u64 == units {
                return Money((amount * u128::from(times)) as i128);
            }
            if units >> RATIO_BITS == 0 {
                return Money(div_rem_billion((amount * u128::from(units)) as i128).0);
            }
        }
        self.wide_share(ratio)
    }

    /// [`Money::share`] of amounts and ratios of any size and sign.
    #[cold]
    fn wide_share(self, ratio: Ratio) -> Money {
        let ratio = i128::from(ratio.units());
        let (whole, rest) = div_rem_billion(self.0);
        let share_of_rest = div_rem_billion(i128::from(rest) * ratio).0;
        let product = whole.checked_mul(ratio).and_then(|whole| whole.checked_add(share_of_rest));
        let beyond = if (self.0 < 0) == (ratio < 0) { i128::MAX } else { i128::MIN };
        Money(product.unwrap_or(beyond))
    }

    /// This amount × `ratio`, both at least 0, rounded up: what must be lost at least for a loss of that share.
    pub fn share_up(self, ratio: Ratio) -> Money {
        // The share of the negative amount is rounded down, away from zero.
        -((-self).share(ratio))
    }

    /// This amount ÷ `whole` as a fraction; `None` when `whole` is zero. An estimate, for reports.
    pub fn fraction_of(self, whole: Money) -> Option<f64> {
        (whole.0 != 0).then(|| self.to_f64() / whole.to_f64())
    }
}

impl Add for Money {
    type Output = Money;
    #[inline]
    fn add(self, other: Money) -> Money {
        Money(self.0.checked_add(other.0).expect(OVERFLOW))
    }
}
impl AddAssign for Money {
    #[inline]
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}
impl Sub for Money {
    type Output = Money;
    #[inline]
    fn sub(self, other: Money) -> Money {
        Money(self.0.checked_sub(other.0).expect(OVERFLOW))
    }
}
impl SubAssign for Money {
    #[inline]
    fn sub_assign(&mut self, other: Money) {
        *self = *self - other;
    }
}
impl Neg for Money {
    type Output = Money;
    #[inline]
    fn neg(self) -> Money {
        Money(self.0.checked_neg().expect(OVERFLOW))
    }
}
impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

impl FromStr for Money {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_exact(text, 18, "±1.7e20 dollars").map(Money)
    }
}

text_face!(Money, 18, "an amount in dollars, like \"100000\"");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(text: &str) -> Money {
        text.parse().expect("money")
    }

    #[test]
    fn text_is_exact() {
        assert_eq!(usd("100000").to_string(), "100000");
        assert_eq!(usd("-0.01").to_string(), "-0.01");
        assert_eq!(usd("0.000000000000000001").units(), 1);
        assert!("1e30".parse::<Money>().is_err());
    }

    #[test]
    #[should_panic(expected = "1.7e20")]
    fn overflow_never_wraps() {
        let _ = Money(i128::MAX) + Money(1);
    }

    #[test]
    fn a_share_is_exact_when_it_can_be() {
        assert_eq!(usd("100000").share("0.1".parse().expect("ratio")), usd("10000"));
        assert_eq!(usd("-0.000000000000000001").share("0.5".parse().expect("ratio")), Money(-1));
        let wide = "1000000".parse().expect("ratio");
        assert_eq!(Money(i128::MAX).share(wide), Money(i128::MAX));
        assert_eq!(Money(i128::MIN + 1).share(wide), Money(i128::MIN));
        assert_eq!(usd("0.000000000000000001").share(wide), usd("0.000000000001"));
        assert_eq!(usd("3").share("-1".parse().expect("ratio")), usd("-3"));
    }

    proptest! {
        #[test]
        fn text_round_trips(units in -10i128.pow(28)..10i128.pow(28)) {
            let money = Money(units);
            prop_assert_eq!(money.to_string().parse::<Money>().expect("round trip"), money);
        }
        /// Adding and taking away again changes nothing: sums are exact in any order.
        #[test]
        fn sums_are_exact(amounts in proptest::collection::vec(-10i128.pow(30)..10i128.pow(30), 0..50)) {
            let forward: Money = amounts.iter().map(|&units| Money(units)).sum();
            let backward: Money = amounts.iter().rev().map(|&units| Money(units)).sum();
            prop_assert_eq!(forward, backward);
        }
        /// A share is the product rounded down, whatever way it is worked out.
        #[test]
        fn a_share_is_the_product_rounded_down(
            amount in -10i128.pow(28)..10i128.pow(28),
            shift in 0u32..90,
            ratio in -10_000_000_000i64..10_000_000_000,
        ) {
            let amount = amount >> shift;
            let product = amount * i128::from(ratio);
            prop_assert_eq!(Money(amount).share(Ratio::from_units(ratio)).0, product.div_euclid(1_000_000_000));
        }
        #[test]
        fn to_f64_is_the_nearest_within_two_ulps(units in -10i128.pow(33)..10i128.pow(33)) {
            let (ours, exact) = (Money(units).to_f64(), units as f64 / 1e18);
            prop_assert!((ours - exact).abs() <= exact.abs() * 4.0 * f64::EPSILON);
        }
    }
}
