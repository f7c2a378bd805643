//! Shares.
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

use super::fixed::{ParseNumberError, div_rem_billion, parse_exact, text_face};
use super::{Money, Price, Ratio, Side};

/// Shares, in billionths (1 unit = 1e-9 share). Signed where it is a position: negative is short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(pub(super) i64);

impl Quantity {
    /// Billionths in a share.
    pub const UNITS_PER_SHARE: i64 = 1_000_000_000;
    /// The most shares one number can hold: 9.2 billion, more than any listed company's daily volume.
    pub const MAX: Quantity = Quantity(i64::MAX);
    /// One share.
    pub const ONE: Quantity = Quantity(Self::UNITS_PER_SHARE);
    /// No shares.
    pub const ZERO: Quantity = Quantity(0);

    /// A quantity of `units` billionths of a share.
    #[inline]
    pub const fn from_units(units: i64) -> Quantity {
        Quantity(units)
    }

    /// Whole shares; `None` beyond [`Quantity::MAX`].
    pub const fn from_shares(shares: i64) -> Option<Quantity> {
        match shares.checked_mul(Self::UNITS_PER_SHARE) {
            Some(units) => Some(Quantity(units)),
            None => None,
        }
    }

    /// The quantity as billionths of a share.
    #[inline]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The quantity as a float, for statistics and charts.
    #[inline]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// No shares?
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The size without the sign.
    #[inline]
    pub const fn abs(self) -> Quantity {
        Quantity(self.0.saturating_abs())
    }

    /// Positive for a buy, negative for a sell.
    #[inline]
    pub const fn signed(self, side: Side) -> Quantity {
        match side {
            Side::Buy => self,
            Side::Sell => Quantity(-self.0),
        }
    }

    /// The side that closes this position; `None` when flat.
    #[inline]
    pub const fn closing_side(self) -> Option<Side> {
        match self.0 {
            0 => None,
            1.. => Some(Side::Sell),
            _ => Some(Side::Buy),
        }
    }

    /// Whole shares, towards zero.
    #[inline]
    pub const fn whole(self) -> Quantity {
        Quantity(self.0 - self.0 % Self::UNITS_PER_SHARE)
    }

    /// Whole shares only?
    #[inline]
    pub const fn is_whole(self) -> bool {
        self.0 % Self::UNITS_PER_SHARE == 0
    }

    /// The most shares that `money` buys at `price`, rounded down to a billionth;
    /// `None` when the price is zero or the answer beyond [`Quantity::MAX`].
    pub fn affordable(money: Money, price: Price) -> Option<Quantity> {
        if price.0 == 0 {
            return None;
        }
        i64::try_from(money.0.div_euclid(i128::from(price.0))).ok().map(Quantity)
    }

    /// The same for money that is not negative, with a word for every case: all that can be counted where it pays
    /// for more, and nothing at a price of zero, where dollars say nothing about a number of shares.
    #[inline]
    pub fn most_for(money: Money, price: Price) -> Quantity {
        if price.0 == 0 { Quantity::ZERO } else { Quantity::affordable(money, price).unwrap_or(Quantity::MAX) }
    }

    /// This quantity × `ratio`, rounded down to a billionth.
    pub fn scaled_down(self, ratio: Ratio) -> Option<Quantity> {
        let product = i128::from(self.0) * i128::from(ratio.units());
        i64::try_from(div_rem_billion(product).0).ok().map(Quantity)
    }

    /// The sum, or `None` beyond [`Quantity::MAX`].
    #[inline]
    pub const fn checked_add(self, other: Quantity) -> Option<Quantity> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Quantity(units)),
            None => None,
        }
    }
}

impl Add for Quantity {
    type Output = Quantity;
    #[inline]
    fn add(self, other: Quantity) -> Quantity {
        Quantity(self.0.checked_add(other.0).expect("a position stays below 9.2 billion shares"))
    }
}
impl AddAssign for Quantity {
    #[inline]
    fn add_assign(&mut self, other: Quantity) {
        *self = *self + other;
    }
}
impl Sub for Quantity {
    type Output = Quantity;
    #[inline]
    fn sub(self, other: Quantity) -> Quantity {
        Quantity(self.0.checked_sub(other.0).expect("a position stays below 9.2 billion shares"))
    }
}
impl Neg for Quantity {
    type Output = Quantity;
    #[inline]
    fn neg(self) -> Quantity {
        Quantity(-self.0)
    }
}

impl FromStr for Quantity {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RANGE: &str = "up to 9,223,372,036 shares";
        i64::try_from(parse_exact(text, 9, RANGE)?)
            .map(Quantity)
            .map_err(|_| ParseNumberError::OutOfRange { text: text.to_owned(), range: RANGE })
    }
}

text_face!(Quantity, 9, "a number of shares, like 100 or \"0.5\"");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_and_rounding() {
        let quantity: Quantity = "1.5".parse().expect("quantity");
        assert_eq!(quantity.units(), 1_500_000_000);
        assert_eq!(quantity.whole().to_string(), "1");
        assert_eq!((-quantity).whole().to_string(), "-1");
        assert!("9223372037".parse::<Quantity>().is_err());
        assert_eq!((-quantity).closing_side(), Some(Side::Buy));
    }

    proptest! {
        #[test]
        fn text_round_trips(units in any::<i64>()) {
            let quantity = Quantity(units);
            prop_assert_eq!(quantity.to_string().parse::<Quantity>().expect("round trip"), quantity);
        }
        /// What is affordable costs no more than the money, and one unit more would.
        #[test]
        fn affordable_is_the_most(cents in 0i64..1_000_000_000, units in 1i64..1_000_000_000_000) {
            let (money, price) = (Money::from_cents(cents), Price(units));
            if let Some(quantity) = Quantity::affordable(money, price) {
                prop_assert!(price.notional(quantity) <= money);
                prop_assert!(price.notional(Quantity(quantity.0 + 1)) > money);
            }
        }
    }
}
