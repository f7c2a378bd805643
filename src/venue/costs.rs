//! What a fill costs beyond its price.
use crate::domain::{Money, Price, Quantity, Ratio, Side};

/// How much worse than the reference a market or stop order fills.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slippage {
    /// Not at all.
    None,
    /// By this fraction of the price (5 bps is 0.0005).
    Fraction(Ratio),
    /// By this many dollars a share.
    PerShare(Price),
}

/// Which fills pay a cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CostScope {
    /// Entries and exits.
    Both,
    /// Entries only.
    Entry,
}

/// The broker's charge for a fill. Neither kind is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commission {
    /// Nothing.
    None,
    /// This fraction of price × quantity.
    Fraction(Ratio),
    /// So much a share, at most `cap` of price × quantity, at least `min`; `min` beats `cap`.
    PerShare {
        /// Dollars a share.
        rate: Price,
        /// Least a fill costs.
        min: Money,
        /// Most a fill costs, as a fraction of its value; none without it.
        cap: Option<Ratio>,
    },
}

impl Slippage {
    /// The price after slippage, to the nearest billionth, never below zero.
    #[inline]
    pub fn applied(self, side: Side, reference: Price) -> Price {
        match (self, side) {
            (Slippage::None, _) => reference,
            (Slippage::Fraction(fraction), Side::Buy) => reference.scaled(fraction.one_plus()),
            (Slippage::Fraction(fraction), Side::Sell) => reference.scaled(fraction.one_minus()),
            (Slippage::PerShare(price), Side::Buy) => reference.saturating_offset(price.units()),
            (Slippage::PerShare(price), Side::Sell) => reference.saturating_offset(-price.units()),
        }
    }
}

impl Commission {
    /// Dollars for a fill of `quantity` at `price`.
    #[inline]
    pub fn fee(self, price: Price, quantity: Quantity) -> Money {
        let value = price.notional(quantity);
        match self {
            Commission::None => Money::ZERO,
            Commission::Fraction(rate) => value.share(rate),
            Commission::PerShare { rate, min, cap } => {
                let charge = rate.notional(quantity);
                cap.map_or(charge, |cap| charge.min(value.share(cap))).max(min)
            }
        }
    }

    /// The part of a fill's value it costs, where that is a constant; else zero.
    pub fn rate(self) -> Ratio {
        match self {
            Commission::Fraction(rate) => rate,
            Commission::None | Commission::PerShare { .. } => Ratio::ZERO,
        }
    }

    /// The most shares that `budget` pays for at `price`, fee included; a billionth is the step.
    pub fn affordable(self, budget: Money, price: Price) -> Quantity {
        let most = |money: Money, price: Price| Quantity::affordable(money.max(Money::ZERO), price);
        match self {
            Commission::None => most(budget, price),
            Commission::Fraction(rate) => affordable_with_rate(budget, price, rate),
            Commission::PerShare { rate, min, .. } => {
                // The cap only makes it cheaper, so this never overspends.
                let by_rate = most(budget, price.saturating_offset(rate.units()));
                by_rate.min(most(budget - min, price))
            }
        }
        .unwrap_or(Quantity::ZERO)
    }
}

/// floor(budget ÷ (price × (1 + rate))) in billionths of a share, exactly.
fn affordable_with_rate(budget: Money, price: Price, rate: Ratio) -> Option<Quantity> {
    let one = i128::from(Ratio::ONE.units());
    let dear = i128::from(price.units()) * (one + i128::from(rate.units()));
    let scaled = budget.max(Money::ZERO).units().checked_mul(one)?;
    i64::try_from(scaled.checked_div(dear)?).ok().map(Quantity::from_units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }
    fn shares(count: i64) -> Quantity {
        Quantity::from_shares(count).expect("quantity")
    }

    #[test]
    fn slippage_is_against_us() {
        let five_bps = Slippage::Fraction("0.0005".parse().expect("ratio"));
        assert_eq!(five_bps.applied(Side::Buy, price("100")), price("100.05"));
        assert_eq!(five_bps.applied(Side::Sell, price("100")), price("99.95"));
        assert_eq!(Slippage::PerShare(price("0.01")).applied(Side::Sell, price("100")), price("99.99"));
    }

    #[test]
    fn the_minimum_beats_the_cap() {
        let rate = price("0.005");
        let cap = Some("0.01".parse().expect("ratio"));
        let fee = |min, count| Commission::PerShare { rate, min, cap }.fee(price("0.2"), shares(count));
        assert_eq!(fee(Money::from_cents(100), 100), Money::from_cents(100));
        assert_eq!(fee(Money::ZERO, 100), Money::from_cents(20));
        assert_eq!(
            Commission::PerShare { rate, min: Money::ZERO, cap: None }.fee(price("0.2"), shares(100)),
            Money::from_cents(50)
        );
    }

    proptest! {
        /// What is affordable is paid for, fee included.
        #[test]
        fn affordable_includes_the_fee(cents in 0i64..10_000_000_000, units in 1i64..1_000_000_000_000, rate in 0i64..50_000_000) {
            let (budget, price) = (Money::from_cents(cents), Price::from_units(units).expect("price"));
            for commission in [
                Commission::None,
                Commission::Fraction(Ratio::from_units(rate)),
                Commission::PerShare { rate: Price::from_units(rate).expect("price"), min: Money::from_cents(100), cap: None },
            ] {
                let quantity = commission.affordable(budget, price);
                if !quantity.is_zero() {
                    prop_assert!(price.notional(quantity) + commission.fee(price, quantity) <= budget);
                }
            }
        }
    }
}
