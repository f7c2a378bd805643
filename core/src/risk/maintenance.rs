//! The equity that positions held on margin must keep.
//!
//! Not here: what happens when they do not (engine), what may be opened (gate, standing).
//! Source: FINRA Rule 4210(c) and Alpaca's house requirements. A share bought: 30 % of its value, all of it
//! below $2.50. A share sold short: from $5 on the larger of $5 and 30 %, below it the larger of $2.50 and
//! all of it. Within a session of an account that may hold four times its equity 25 % takes the place of 30 %
//! (Rule 4210(f)(8)(B): four times is a quarter); what is held over a close needs 30 %.
use crate::domain::{Money, Price, Quantity, Ratio};

/// Which share of a position's value must be there in equity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MaintenanceRate {
    /// 30 %: held over a close.
    Carried,
    /// 25 %: within a session, at four times equity.
    WithinSession,
}

/// Below this a share bought counts in full.
const LONG_IN_FULL_BELOW: Price = usd(2_500_000_000);
/// From here on a share sold short needs [`SHORT_LEAST`], below it [`SHORT_LEAST_LOW`].
const SHORT_LOW_BELOW: Price = usd(5_000_000_000);
const SHORT_LEAST: Price = usd(5_000_000_000);
const SHORT_LEAST_LOW: Price = usd(2_500_000_000);

const fn usd(units: i64) -> Price {
    match Price::from_units(units) {
        Some(price) => price,
        None => panic!("a price"),
    }
}

impl MaintenanceRate {
    const fn share(self) -> Ratio {
        Ratio::from_units(match self {
            MaintenanceRate::Carried => 300_000_000,
            MaintenanceRate::WithinSession => 250_000_000,
        })
    }

    /// Dollars of equity that `quantity` shares at `price` need; a short is negative.
    pub fn requirement(self, quantity: Quantity, price: Price) -> Money {
        let value = price.notional(quantity.abs());
        match quantity < Quantity::ZERO {
            false if price < LONG_IN_FULL_BELOW => value,
            false => value.share(self.share()),
            true if price < SHORT_LOW_BELOW => value.max(SHORT_LEAST_LOW.notional(quantity.abs())),
            true => value.share(self.share()).max(SHORT_LEAST.notional(quantity.abs())),
        }
    }

    /// Two prices strictly between which an account of `cash` and nothing but `quantity` shares meets its
    /// requirement, or has nothing to keep. They are never too far apart, and at most a billionth of a dollar too near.
    ///
    /// Bought, n shares and a debt D: n·p − D ≥ r·n·p, so p ≥ D ÷ ((1 − r)·n), and p ≥ $2.50. Sold short:
    /// cash ÷ n ≥ p + what a share needs, which rises with p.
    pub fn safe_prices(self, cash: Money, quantity: Quantity) -> (Price, Price) {
        let nowhere = (Price::MAX, Price::ZERO);
        let shares = i128::from(quantity.abs().units());
        let one = i128::from(Ratio::ONE.units());
        let share = i128::from(self.share().units());
        match quantity.units() {
            0 => (Price::ZERO, Price::MAX),
            1.. if cash >= Money::ZERO => (Price::ZERO, Price::MAX),
            1.. => {
                let Some(debt) = cash.units().abs().checked_mul(one) else { return nowhere };
                let least = debt / ((one - share) * shares);
                let full = i128::from(LONG_IN_FULL_BELOW.units() - 1);
                (price(least.max(full)), Price::MAX)
            }
            _ => {
                let each = cash.units() / shares;
                let (low, least, least_low) = (
                    i128::from(SHORT_LOW_BELOW.units()),
                    i128::from(SHORT_LEAST.units()),
                    i128::from(SHORT_LEAST_LOW.units()),
                );
                // At the boundary a share needs its own value again, and less above it.
                let most = match each >= low + low {
                    true => (each - least).min(each.saturating_mul(one) / (one + share)),
                    false => (each - least_low).min(each / 2),
                };
                if most <= 0 { nowhere } else { (Price::ZERO, price(most)) }
            }
        }
    }
}

/// A price of so many billionths, at most the dearest.
fn price(units: i128) -> Price {
    i64::try_from(units).ok().and_then(Price::from_units).unwrap_or(Price::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_row_of_the_table() {
        let need = |shares: i64, at: &str, rate: MaintenanceRate| {
            rate.requirement(Quantity::from_shares(shares).expect("shares"), at.parse().expect("price")).to_string()
        };
        for (shares, at, carried, within_session) in [
            (100, "100", "3000", "2500"),
            (100, "2.5", "75", "62.5"),
            (100, "2.49", "249", "249"),
            (-100, "100", "3000", "2500"),
            (-100, "10", "500", "500"),
            (-100, "5", "500", "500"),
            (-100, "4.99", "499", "499"),
            (-100, "2", "250", "250"),
        ] {
            assert_eq!(need(shares, at, MaintenanceRate::Carried), carried, "{shares} at {at}");
            assert_eq!(need(shares, at, MaintenanceRate::WithinSession), within_session, "{shares} at {at}");
        }
    }

    /// Both edges to the billionth: inside them the requirement is met, beyond them it is not.
    #[test]
    fn safe_prices_by_hand() {
        use MaintenanceRate::{Carried, WithinSession};
        for (cash, shares, rate, low, high) in [
            // Nothing held, or held without a debt: nothing to fear.
            ("-5", 0, Carried, "0", "10000000"),
            ("0", 100, Carried, "0", "10000000"),
            // A debt of 7,000 or 7,500 is what 100 shares carry at $100.
            ("-7000", 100, Carried, "100", "10000000"),
            ("-7500", 100, WithinSession, "100", "10000000"),
            ("-7000.0000001", 100, Carried, "100.000000001", "10000000"),
            // Below $2.50 a share bought in part on credit is short of its own value.
            ("-0.000000001", 100, Carried, "2.499999999", "10000000"),
            ("-174.9999999", 100, Carried, "2.499999999", "10000000"),
            ("-175", 100, Carried, "2.5", "10000000"),
            ("-100000000000", 1, Carried, "10000000", "10000000"),
            // Sold short, from $16.67 (or $20) on the share of the value counts, below it $5.
            ("13000", -100, Carried, "0", "100"),
            ("12500", -100, WithinSession, "0", "100"),
            ("2166.66", -100, Carried, "0", "16.6666"),
            ("2499.999", -100, WithinSession, "0", "19.99999"),
            ("1000.0000001", -100, Carried, "0", "5.000000001"),
            ("1000", -100, Carried, "0", "5"),
            // Below $5 its own value, below $2.50 that much.
            ("999.9999999", -100, Carried, "0", "4.999999999"),
            ("500.0000001", -100, Carried, "0", "2.5"),
            ("500", -100, Carried, "0", "2.5"),
            ("499", -100, Carried, "0", "2.49"),
            ("250.0000001", -100, Carried, "0", "0.000000001"),
            ("100000000000", -1, Carried, "0", "10000000"),
        ] {
            let (cash, quantity) = (cash.parse().expect("cash"), Quantity::from_shares(shares).expect("shares"));
            let found = rate.safe_prices(cash, quantity);
            assert_eq!((found.0.to_string(), found.1.to_string()), (low.into(), high.into()), "{cash}, {shares}");
            let meets = |price: Price| cash + price.notional(quantity) >= rate.requirement(quantity, price);
            let beside = |price: Price, units: i64| Price::from_units(price.units() + units).map(meets);
            if found.0 > Price::ZERO && found.0 < Price::MAX {
                assert_eq!((beside(found.0, -1), beside(found.0, 1)), (Some(false), Some(true)), "{cash}, {shares}");
            }
            if found.1 < Price::MAX {
                assert_eq!((beside(found.1, -1), beside(found.1, 1)), (Some(true), Some(false)), "{cash}, {shares}");
            }
        }
    }

    #[test]
    fn an_account_that_meets_nothing_is_safe_nowhere() {
        let least = Money::from_units(i128::MIN + 1);
        for (cash, shares) in [(Money::from_cents(25_000), -100), (Money::from_cents(-500), -100), (least, 1)] {
            let (low, high) =
                MaintenanceRate::Carried.safe_prices(cash, Quantity::from_shares(shares).expect("shares"));
            assert!(low >= high, "{cash}, {shares}: {low}, {high}");
        }
    }

    proptest! {
        /// Between the safe prices the requirement is met; just outside them it is not.
        #[test]
        fn safe_prices_are_safe_and_no_more(
            cents in -10_000_000i64..10_000_000,
            shares in prop_oneof![-3_000_000_000_000i64..3_000_000_000_000, -3_000i64..3_000]
                .prop_filter("a position", |shares| *shares != 0),
            at in 1i64..30_000_000_000,
            intraday in any::<bool>(),
        ) {
            let rate = if intraday { MaintenanceRate::WithinSession } else { MaintenanceRate::Carried };
            let (cash, quantity) = (Money::from_cents(cents), Quantity::from_units(shares));
            let meets = |at: i64| {
                let price = Price::from_units(at).expect("price");
                cash + price.notional(quantity) >= rate.requirement(quantity, price)
            };
            let (low, high) = rate.safe_prices(cash, quantity);
            let edges = [low.units() + 1, low.units() + 2, high.units() - 1].into_iter().filter(|edge| (1..=Price::MAX.units()).contains(edge));
            for at in edges.chain([at]) {
                if low.units() < at && at < high.units() {
                    prop_assert!(meets(at), "{at} lies between {low} and {high}");
                } else if at + 2 < low.units() || at > high.units() + 2 {
                    prop_assert!(!meets(at), "{at} does not lie between {low} and {high}");
                }
            }
        }
    }
}
