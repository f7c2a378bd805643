//! US dollars per share.
use std::str::FromStr;

use super::fixed::{ParseNumberError, div_rem_billion, parse_exact, text_face};
use super::{Money, Quantity, Ratio};

/// US dollars per share, in billionths (1 unit = 1e-9 USD). Never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(pub(super) i64);

// price × quantity always fits Money.
const _: () = assert!((i64::MAX as i128).checked_mul(i64::MAX as i128).is_some());

/// The smallest step of a quoted price, which depends on the price (Reg NMS rule 612).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tick {
    /// Alpaca's rule: cents from $1, hundredths of a cent below.
    UsEquity,
    /// No grid: any billionth.
    None,
}

impl Price {
    /// Billionths in a dollar.
    pub const UNITS_PER_USD: i64 = 1_000_000_000;
    /// The dearest share we accept: $10,000,000, ten times the dearest ever quoted. It keeps every
    /// sum of a run inside [`Money`].
    pub const MAX: Price = Price(10_000_000 * Self::UNITS_PER_USD);
    /// No dollars. A bar never holds it; a level may.
    pub const ZERO: Price = Price(0);

    /// A price of `units` billionths of a dollar; `None` when negative or above [`Price::MAX`].
    pub const fn from_units(units: i64) -> Option<Price> {
        if units < 0 || units > Self::MAX.0 { None } else { Some(Price(units)) }
    }

    /// The price as billionths of a dollar.
    #[inline]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The nearest billionth of `usd`; `None` when not finite, negative or above [`Price::MAX`].
    /// For levels that come from statistics (an ATR stop), never for prices out of a file.
    pub fn from_f64(usd: f64) -> Option<Price> {
        let units = (usd * Self::UNITS_PER_USD as f64).round();
        (units >= 0.0 && units <= Self::MAX.0 as f64).then_some(Price(units as i64))
    }

    /// The price as a float, for indicators and charts; an estimate from here on.
    #[inline]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Exact: 1e-9 × 1e-9 = 1e-18, the unit of [`Money`].
    #[inline]
    pub fn notional(self, quantity: Quantity) -> Money {
        Money(i128::from(self.0) * i128::from(quantity.0))
    }

    /// This price plus `units` billionths, held inside `0..=MAX`.
    #[inline]
    pub fn saturating_offset(self, units: i64) -> Price {
        Price(self.0.saturating_add(units).clamp(0, Self::MAX.0))
    }

    /// This price × `ratio`, rounded to the nearest billionth (half up), held inside `0..=MAX`.
    pub fn scaled(self, ratio: Ratio) -> Price {
        let product = i128::from(self.0) * i128::from(ratio.units());
        let rounded = div_rem_billion(product + i128::from(Ratio::ONE.units() / 2)).0;
        Price(rounded.clamp(0, i128::from(Self::MAX.0)) as i64)
    }

    /// The highest price on the grid that is not above this one.
    #[inline]
    pub fn floor_to(self, tick: Tick) -> Price {
        Price(self.0 - self.0 % tick.units_at(self))
    }

    /// The lowest price on the grid that is not below this one.
    #[inline]
    pub fn ceil_to(self, tick: Tick) -> Price {
        let step = tick.units_at(self);
        Price(self.0 + (step - self.0 % step) % step)
    }
}

impl Tick {
    /// The step at `price`, in billionths of a dollar.
    #[inline]
    pub fn units_at(self, price: Price) -> i64 {
        match self {
            Tick::UsEquity if price.0 >= Price::UNITS_PER_USD => 10_000_000,
            Tick::UsEquity => 100_000,
            Tick::None => 1,
        }
    }
}

impl FromStr for Price {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RANGE: &str = "0 to 10,000,000 dollars a share";
        let units = parse_exact(text, 9, RANGE)?;
        i64::try_from(units)
            .ok()
            .and_then(Price::from_units)
            .ok_or_else(|| ParseNumberError::OutOfRange { text: text.to_owned(), range: RANGE })
    }
}

text_face!(Price, 9, "a price in dollars, like \"12.34\"");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }

    #[test]
    fn text_is_exact_and_checked() {
        assert_eq!(price("12.34").units(), 12_340_000_000);
        assert_eq!(price("0.000000001").to_string(), "0.000000001");
        assert_eq!(price("100").to_string(), "100");
        assert!("-1".parse::<Price>().is_err());
        assert!("10000000.01".parse::<Price>().is_err());
        assert!("0.0000000001".parse::<Price>().is_err());
        assert!("12,34".parse::<Price>().is_err());
        assert!("NaN".parse::<Price>().is_err());
    }

    #[test]
    fn ticks_round_away_and_towards() {
        assert_eq!(price("12.349").floor_to(Tick::UsEquity), price("12.34"));
        assert_eq!(price("12.341").ceil_to(Tick::UsEquity), price("12.35"));
        assert_eq!(price("12.34").ceil_to(Tick::UsEquity), price("12.34"));
        assert_eq!(price("0.12345").floor_to(Tick::UsEquity), price("0.1234"));
        assert_eq!(price("12.349").floor_to(Tick::None), price("12.349"));
    }

    #[test]
    fn scaling_rounds_to_the_nearest_billionth() {
        assert_eq!(price("100").scaled("0.97".parse().expect("ratio")), price("97"));
        assert_eq!(price("0.000000003").scaled("0.5".parse().expect("ratio")), price("0.000000002"));
    }

    proptest! {
        /// Text out and in again is the same price.
        #[test]
        fn text_round_trips(units in 0..=Price::MAX.0) {
            let price = Price(units);
            prop_assert_eq!(price.to_string().parse::<Price>().expect("round trip"), price);
        }
        /// Rounding to the grid moves by less than a tick, in the named direction.
        #[test]
        fn grid_brackets_the_price(units in 0..Price::MAX.0) {
            let price = Price(units);
            let (low, high) = (price.floor_to(Tick::UsEquity), price.ceil_to(Tick::UsEquity));
            prop_assert!(low <= price && price <= high && high.0 - low.0 <= 10_000_000);
        }
    }
}
