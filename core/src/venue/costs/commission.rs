//! What the broker and the regulators charge for an order.
//!
//! Not here: what an order or a day has paid already (fee_meter), rates by date (regulatory).
use super::fee_meter::SalesOfDay;
use super::regulatory::TradeDate;
use crate::domain::{Money, Price, Quantity, Ratio, Side, Timestamp};

/// The broker's charge. Fractions and charges by the share are not rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commission {
    /// Nothing.
    None,
    /// This fraction of price × quantity.
    Fraction(Ratio),
    /// So much a share, over all fills of an order at most `cap` of its value, at least `min`; `min` beats `cap`.
    PerShare {
        /// Dollars a share.
        rate: Price,
        /// Least an order costs, due with its first fill.
        min: Money,
        /// Most an order costs, as a fraction of its value; none without it.
        cap: Option<Ratio>,
    },
    /// Alpaca's: no commission, but the fees of the SEC and FINRA on what is sold, summed over the day of the
    /// account, each kind rounded up to the cent once.
    Alpaca(TradeDate),
}

/// Which way an order trades, and on which bar: what its fee depends on besides price and shares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occasion {
    /// Bought or sold.
    pub side: Side,
    /// The bar's open time.
    pub time: Timestamp,
}

impl Commission {
    /// Dollars for an order of `quantity` that fills whole at `price`, alone of its day.
    #[inline]
    pub fn fee(self, occasion: Occasion, price: Price, quantity: Quantity) -> Money {
        match self {
            Commission::None => Money::ZERO,
            Commission::Fraction(rate) => price.notional(quantity).share(rate),
            Commission::PerShare { .. } | Commission::Alpaca(_) => self.counted_fee(occasion, price, quantity),
        }
    }

    /// The kinds that count something.
    #[cold]
    fn counted_fee(self, occasion: Occasion, price: Price, quantity: Quantity) -> Money {
        match (self, occasion.side) {
            (Commission::PerShare { rate, min, cap }, _) => {
                per_share((rate, min, cap), quantity, price.notional(quantity))
            }
            (Commission::Alpaca(dates), Side::Sell) => {
                SalesOfDay::before(dates.of(occasion.time)).with(price, quantity).fees().sum()
            }
            _ => Money::ZERO,
        }
    }

    /// The most shares whose value and fee, as [`Commission::fee`] has it, `budget` pays for at `price`; a
    /// billionth is the step. [`Quantity::MAX`] where it pays for more than can be counted; none at a price of zero,
    /// at which dollars say nothing about a number of shares.
    pub fn affordable(self, occasion: Occasion, budget: Money, price: Price) -> Quantity {
        if price == Price::ZERO {
            return Quantity::ZERO;
        }
        let budget = budget.max(Money::ZERO);
        let most = |money: Money, price: Price| Quantity::most_for(money.max(Money::ZERO), price);
        match self {
            Commission::None => most(budget, price),
            Commission::Fraction(rate) => affordable_with_rate(budget, price, rate),
            Commission::PerShare { rate, min, .. } => {
                // The cap only makes it cheaper, so this never overspends.
                let by_rate = most(budget, price.saturating_offset(rate.units()));
                by_rate.min(most(budget - min, price))
            }
            Commission::Alpaca(_) if occasion.side == Side::Buy => most(budget, price),
            Commission::Alpaca(_) => {
                let fits = |shares: Quantity| price.notional(shares) + self.fee(occasion, price, shares) <= budget;
                largest(most(budget, price), fits)
            }
        }
    }
}

/// What an order owes that has traded `quantity` shares for `value`; nothing before its first share.
pub(super) fn per_share((rate, min, cap): (Price, Money, Option<Ratio>), quantity: Quantity, value: Money) -> Money {
    if quantity.is_zero() {
        return Money::ZERO;
    }
    let charge = rate.notional(quantity);
    cap.map_or(charge, |cap| charge.min(value.share(cap))).max(min)
}

/// floor(budget ÷ (price × (1 + rate))) in billionths of a share, exactly; all that can be counted where it is more.
fn affordable_with_rate(budget: Money, price: Price, rate: Ratio) -> Quantity {
    let one = i128::from(Ratio::ONE.units());
    let dear = i128::from(price.units()) * (one + i128::from(rate.units()));
    // First the whole part, so that nothing is too large to be multiplied: a price is 10¹⁶ at most, a rate 10¹⁰.
    let (whole, rest) = (budget.units() / dear, budget.units() % dear);
    let units = (whole * one).saturating_add(rest.saturating_mul(one) / dear);
    i64::try_from(units).map_or(Quantity::MAX, Quantity::from_units)
}

/// The largest quantity up to `bound` that `fits`; what is smaller than one that fits must fit.
fn largest(bound: Quantity, fits: impl Fn(Quantity) -> bool) -> Quantity {
    let (mut low, mut high) = (0, bound.units());
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(Quantity::from_units(middle)) { low = middle } else { high = middle - 1 }
    }
    Quantity::from_units(low)
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

    fn on(side: Side, time: &str) -> Occasion {
        Occasion { side, time: time.parse().expect("time") }
    }

    #[test]
    fn the_minimum_beats_the_cap() {
        let (rate, day) = (price("0.005"), on(Side::Buy, "2024-06-03"));
        let cap = Some("0.01".parse().expect("ratio"));
        let fee = |min, count| Commission::PerShare { rate, min, cap }.fee(day, price("0.2"), shares(count));
        assert_eq!(fee(Money::from_cents(100), 100), Money::from_cents(100));
        assert_eq!(fee(Money::ZERO, 100), Money::from_cents(20));
        assert_eq!(
            Commission::PerShare { rate, min: Money::ZERO, cap: None }.fee(day, price("0.2"), shares(100)),
            Money::from_cents(50)
        );
    }

    #[test]
    fn alpaca_takes_nothing_of_what_is_bought() {
        let alpaca = Commission::Alpaca(TradeDate::Stamp);
        let fee = |side, count| alpaca.fee(on(side, "2024-06-03"), price("100"), shares(count)).to_string();
        assert_eq!(fee(Side::Buy, 1_000), "0");
        // 0.0000278 × 100,000 is 2.78; 0.000166 × 1,000 is 0.166.
        assert_eq!(fee(Side::Sell, 1_000), "2.95");
        assert_eq!(fee(Side::Sell, 1), "0.02");
        assert_eq!(fee(Side::Sell, 0), "0");
        assert_eq!(
            alpaca.affordable(on(Side::Buy, "2024-06-03"), Money::from_cents(100_000), price("100")),
            shares(10)
        );
    }

    #[test]
    fn what_cannot_be_counted_is_all_that_can_and_not_nothing() {
        let rich = Money::from_cents(i64::MAX);
        let day = on(Side::Sell, "2024-06-03");
        let (rate, min) = (price("0.000000001"), Money::ZERO);
        let all = [
            Commission::None,
            Commission::Fraction("0.01".parse().expect("ratio")),
            Commission::PerShare { rate, min, cap: None },
            Commission::Alpaca(TradeDate::Stamp),
        ];
        for commission in all {
            assert_eq!(commission.affordable(day, rich, price("0.00001")), Quantity::MAX, "{commission:?}");
            assert_eq!(commission.affordable(day, rich, Price::ZERO), Quantity::ZERO, "{commission:?}");
        }
        // 10¹² dollars and a rate of 1 %: more than fits before it is divided.
        let rate = Commission::Fraction("0.01".parse().expect("ratio"));
        let dollars = Money::from_cents(101_000_000_000_000);
        assert_eq!(rate.affordable(day, dollars, price("1000")), shares(1_000_000_000));
    }

    proptest! {
        /// What is affordable is paid for, fee included.
        #[test]
        fn affordable_includes_the_fee(
            cents in 0i64..10_000_000_000,
            units in 1i64..1_000_000_000_000,
            rate in 0i64..50_000_000,
            sells in any::<bool>(),
        ) {
            let (budget, price) = (Money::from_cents(cents), Price::from_units(units).expect("price"));
            let day = on(if sells { Side::Sell } else { Side::Buy }, "2024-06-03");
            for commission in [
                Commission::None,
                Commission::Fraction(Ratio::from_units(rate)),
                Commission::PerShare { rate: Price::from_units(rate).expect("price"), min: Money::from_cents(100), cap: None },
                Commission::Alpaca(TradeDate::Stamp),
            ] {
                let quantity = commission.affordable(day, budget, price);
                let cost = |quantity: Quantity| price.notional(quantity) + commission.fee(day, price, quantity);
                if !quantity.is_zero() {
                    prop_assert!(cost(quantity) <= budget);
                }
                let more = Quantity::from_units(quantity.units() + 1);
                if commission == Commission::Alpaca(TradeDate::Stamp) && quantity.units() < i64::MAX / 2 {
                    prop_assert!(cost(more) > budget, "one more billionth would still fit");
                }
            }
        }
    }
}
