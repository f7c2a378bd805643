//! What fills cost one after another: an order pays its least once, a day of sales is rounded once.
//!
//! Not here: what an order alone would cost (commission), rates by date (regulatory).
//! Invariant: the fees of an order's fills sum to what the order owes, those of a day's fills to what the day
//! owes, whatever the fills are split into; no fee is negative.
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::commission::{Commission, Occasion, per_share};
use super::regulatory::{TradeDate, activity_fee, sec_fee, up_to_cent};
use crate::domain::{Fill, Money, OrderId, OrderPurpose, Price, Quantity, Side};

/// What an order has traded so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Traded {
    quantity: Quantity,
    value: Money,
}

impl Traded {
    /// With one more fill.
    fn with(self, price: Price, quantity: Quantity) -> Traded {
        Traded { quantity: self.quantity + quantity, value: self.value + price.notional(quantity) }
    }
}

/// The fees of the regulators by kind, dollars.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RegulatoryFees {
    /// Section 31 of the Securities Exchange Act.
    pub sec: Money,
    /// FINRA's Trading Activity Fee.
    pub taf: Money,
}

impl RegulatoryFees {
    /// Both.
    pub fn sum(self) -> Money {
        self.sec + self.taf
    }
}

/// What an account has sold on one day, as the regulators count it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SalesOfDay {
    day: Date,
    principal: Money,
    /// Σ of each execution's activity fee, not rounded.
    activity: Money,
}

impl SalesOfDay {
    /// A day without a sale yet.
    pub(super) fn before(day: Date) -> SalesOfDay {
        SalesOfDay { day, principal: Money::ZERO, activity: Money::ZERO }
    }

    /// With one more execution.
    pub(super) fn with(self, price: Price, quantity: Quantity) -> SalesOfDay {
        let principal = self.principal + price.notional(quantity);
        SalesOfDay { principal, activity: self.activity + activity_fee(self.day, quantity), ..self }
    }

    /// What the day owes: each kind rounded up to the cent.
    pub(super) fn fees(self) -> RegulatoryFees {
        RegulatoryFees { sec: sec_fee(self.day, self.principal), taf: up_to_cent(self.activity) }
    }
}

/// What an account has been charged so far, as far as the next fee depends on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::venue) struct FeeMeter {
    commission: Commission,
    sales: SalesOfDay,
    /// The day with sales before that one: a fill may be heard of a day late.
    earlier: SalesOfDay,
    /// Orders that have filled in part and pay by the share. One that is canceled stays until it is forgotten: its number
    /// never comes back, and a run has no more of them than orders.
    orders: BTreeMap<OrderId, Traded>,
}

impl FeeMeter {
    /// Nothing has filled.
    pub(in crate::venue) fn new(commission: Commission) -> FeeMeter {
        let none = SalesOfDay::before(Date::MIN);
        FeeMeter { commission, sales: none, earlier: none, orders: BTreeMap::new() }
    }

    /// Orders that will not fill again, by what `is_gone` says, are not remembered.
    pub(in crate::venue) fn forget(&mut self, is_gone: impl Fn(&OrderId) -> bool) {
        self.orders.retain(|order, _| !is_gone(order));
    }

    /// Dollars for a fill of `quantity` shares of `order` at `price` now.
    #[inline]
    pub(in crate::venue) fn fee(&self, order: OrderId, occasion: Occasion, price: Price, quantity: Quantity) -> Money {
        match self.commission {
            Commission::None | Commission::Fraction(_) => self.commission.fee(occasion, price, quantity),
            Commission::PerShare { .. } | Commission::Alpaca(_) => self.growth(order, occasion, price, quantity),
        }
    }

    /// What the bill of the order or of the day grows by.
    #[cold]
    fn growth(&self, order: OrderId, occasion: Occasion, price: Price, quantity: Quantity) -> Money {
        match (self.commission, occasion.side) {
            (Commission::PerShare { rate, min, cap }, _) => {
                let before = self.orders.get(&order).copied().unwrap_or_default();
                let after = before.with(price, quantity);
                let owed = |traded: Traded| per_share((rate, min, cap), traded.quantity, traded.value);
                owed(after) - owed(before)
            }
            (Commission::Alpaca(dates), Side::Sell) => {
                let before = self.sales_of(dates.of(occasion.time));
                before.with(price, quantity).fees().sum() - before.fees().sum()
            }
            (commission, _) => commission.fee(occasion, price, quantity),
        }
    }

    /// The fill happened; `remaining` shares of the order are left to fill.
    #[inline]
    pub(in crate::venue) fn count(
        &mut self,
        order: OrderId,
        occasion: Occasion,
        price: Price,
        (quantity, remaining): (Quantity, Quantity),
    ) {
        if matches!(self.commission, Commission::PerShare { .. } | Commission::Alpaca(_)) {
            self.count_in(order, occasion, price, (quantity, remaining));
        }
    }

    #[cold]
    fn count_in(
        &mut self,
        order: OrderId,
        occasion: Occasion,
        price: Price,
        (quantity, remaining): (Quantity, Quantity),
    ) {
        match (self.commission, occasion.side) {
            (Commission::PerShare { .. }, _) => match remaining.is_zero() {
                true => drop(self.orders.remove(&order)),
                false => {
                    let traded = self.orders.entry(order).or_default();
                    *traded = traded.with(price, quantity);
                }
            },
            (Commission::Alpaca(dates), Side::Sell) => {
                let sales = self.sales_of(dates.of(occasion.time)).with(price, quantity);
                match sales.day {
                    day if day < self.sales.day => self.earlier = sales,
                    day => {
                        let before = std::mem::replace(&mut self.sales, sales);
                        self.earlier = if before.day < day { before } else { self.earlier };
                    }
                }
            }
            _ => {}
        }
    }

    fn sales_of(&self, day: Date) -> SalesOfDay {
        let known = [self.sales, self.earlier].into_iter().find(|sales| sales.day == day);
        known.unwrap_or(SalesOfDay::before(day))
    }
}

/// What `fills`, in order of time, have paid to the regulators; it is what their fees sum to under
/// [`Commission::Alpaca`]. Shares that a delisting pays for are not sold on a market, and owe nothing.
pub fn regulatory_fees<'a>(dates: TradeDate, fills: impl IntoIterator<Item = &'a Fill>) -> RegulatoryFees {
    let (mut total, mut today) = (RegulatoryFees::default(), SalesOfDay::before(Date::MIN));
    let add = |total: RegulatoryFees, day: SalesOfDay| {
        let fees = day.fees();
        RegulatoryFees { sec: total.sec + fees.sec, taf: total.taf + fees.taf }
    };
    let is_sale = |fill: &&Fill| fill.side == Side::Sell && fill.purpose != OrderPurpose::Delisted;
    for fill in fills.into_iter().filter(is_sale) {
        let day = dates.of(fill.time);
        if day != today.day {
            total = add(total, today);
            today = SalesOfDay::before(day);
        }
        today = today.with(fill.price, fill.quantity);
    }
    add(total, today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ratio, SymbolIndex, Timestamp};
    use proptest::prelude::*;

    fn price(units: i64) -> Price {
        Price::from_units(units).expect("price")
    }
    fn usd(text: &str) -> Money {
        text.parse().expect("money")
    }

    /// Day of 2024-06, side, price and shares in billionths.
    type Sale = (i64, Side, i64, i64);

    fn fills(sales: &[Sale], meter: &mut FeeMeter) -> Vec<Fill> {
        let fill = |(day, side, price_units, shares): &Sale| {
            let time = Timestamp::from_days(19_875 + *day as i32).expect("day");
            let (price, quantity) = (price(*price_units), Quantity::from_units(*shares));
            let occasion = Occasion { side: *side, time };
            let (order, symbol, purpose) = (OrderId(1), SymbolIndex(0), OrderPurpose::Signal);
            let fee = meter.fee(order, occasion, price, quantity);
            meter.count(order, occasion, price, (quantity, Quantity::ZERO));
            Fill { order, symbol, side: *side, quantity, price, reference: price, fee, time, purpose }
        };
        sales.iter().map(fill).collect()
    }

    /// An account that was reconciled with its bills: 48 shares in nine sales of one day owed one cent of TAF,
    /// where rounding each sale would have said nine.
    #[test]
    fn a_sale_that_is_heard_of_a_day_late_belongs_to_its_day() {
        let commission = Commission::Alpaca(TradeDate::Stamp);
        let sold = |days: &[i32]| {
            let mut meter = FeeMeter::new(commission);
            let pay = |day: &i32| {
                let time = Timestamp::from_days(19_875 + day).expect("day");
                let (occasion, price) = (Occasion { side: Side::Sell, time }, price(20_000_000_000));
                let quantity = Quantity::from_shares(10).expect("shares");
                let fee = meter.fee(OrderId(1), occasion, price, quantity);
                meter.count(OrderId(1), occasion, price, (quantity, Quantity::ZERO));
                fee
            };
            days.iter().map(pay).sum::<Money>()
        };
        // Each day is rounded up once, in whatever order its fills are heard of.
        assert_eq!(sold(&[0, 0, 1, 1]), sold(&[0, 1, 0, 1]));
        assert_eq!(sold(&[0, 0, 1, 1]), sold(&[0, 0]) + sold(&[1, 1]));
        assert!(sold(&[0, 0]) < sold(&[0]) + sold(&[0]));
    }

    #[test]
    fn nine_small_sales_of_a_day_owe_one_cent() {
        let mut meter = FeeMeter::new(Commission::Alpaca(TradeDate::Stamp));
        let shares = [5, 5, 5, 5, 5, 5, 6, 6, 6].map(|count| (0, Side::Sell, 1_000_000, count * 1_000_000_000));
        let fills = fills(&shares, &mut meter);
        let fees = regulatory_fees(TradeDate::Stamp, &fills);
        assert_eq!((fees.taf, fees.sec), (usd("0.01"), usd("0.01")));
        assert_eq!(fills[0].fee, usd("0.02"));
        assert!(fills[1..].iter().all(|fill| fill.fee == Money::ZERO));
    }

    #[test]
    fn a_new_day_is_rounded_anew() {
        let mut meter = FeeMeter::new(Commission::Alpaca(TradeDate::Stamp));
        let one = (0, Side::Sell, 100_000_000_000, 1_000_000_000);
        let paid: Vec<Money> =
            fills(&[one, one, (1, Side::Sell, one.2, one.3)], &mut meter).iter().map(|f| f.fee).collect();
        assert_eq!(paid, [usd("0.02"), Money::ZERO, usd("0.02")]);
    }

    /// The owner of a delisted share is paid by the company, and the regulators get nothing of it.
    #[test]
    fn a_delisting_is_no_sale() {
        let mut meter = FeeMeter::new(Commission::Alpaca(TradeDate::Stamp));
        let mut fills = fills(&[(0, Side::Sell, 100_000_000_000, 400_000_000_000); 2], &mut meter);
        let of_one = regulatory_fees(TradeDate::Stamp, &fills[..1]);
        (fills[1].purpose, fills[1].fee) = (OrderPurpose::Delisted, Money::ZERO);
        assert_eq!(regulatory_fees(TradeDate::Stamp, &fills), of_one);
        assert_eq!(of_one.sum(), fills.iter().map(|fill| fill.fee).sum());
    }

    /// The cap is each execution's, before the day is summed.
    #[test]
    fn the_cap_is_of_one_execution() {
        let mut meter = FeeMeter::new(Commission::Alpaca(TradeDate::Stamp));
        let block = (0, Side::Sell, 1_000_000_000, 100_000_000_000_000);
        let fees = regulatory_fees(TradeDate::Stamp, &fills(&[block, block], &mut meter));
        // Twice 8.30, and 0.0000278 of 200,000 dollars.
        assert_eq!((fees.taf, fees.sec), (usd("16.6"), usd("5.56")));
    }

    #[test]
    fn the_least_of_an_order_is_paid_once() {
        let (rate, min) = (price(5_000_000), usd("1"));
        let mut meter = FeeMeter::new(Commission::PerShare { rate, min, cap: Some(Ratio::from_units(10_000_000)) });
        let occasion = Occasion { side: Side::Buy, time: Timestamp::MIN };
        let mut paid = Vec::new();
        for shares in [100, 50, 50, 100] {
            let quantity = Quantity::from_shares(shares).expect("quantity");
            paid.push(meter.fee(OrderId(1), occasion, price(20_000_000_000), quantity).to_string());
            meter.count(OrderId(1), occasion, price(20_000_000_000), (quantity, quantity));
        }
        // 0.5 is below the least; 200 shares owe it exactly; from there on half a cent a share.
        assert_eq!(paid, ["1", "0", "0", "0.5"]);
    }

    fn any_sale() -> impl Strategy<Value = Sale> {
        let side = prop_oneof![4 => Just(Side::Sell), 1 => Just(Side::Buy)];
        (0i64..4, side, 1i64..1_000_000_000_000, 1i64..1_000_000_000_000)
    }

    proptest! {
        /// A day's fees are the exact sum rounded up once, whatever the order and the split of its fills.
        #[test]
        fn a_day_owes_its_sum(mut sales in proptest::collection::vec(any_sale(), 1..60), cuts in 1i64..9) {
            sales.sort_by_key(|sale| sale.0);
            let alpaca = Commission::Alpaca(TradeDate::Stamp);
            let mut reversed = sales.clone();
            reversed.reverse();
            reversed.sort_by_key(|sale| sale.0);
            let pieces = |sale: &Sale| {
                let (day, side, price, shares) = *sale;
                let part = shares / cuts;
                (0..cuts).map(move |at| (day, side, price, if at == 0 { shares - part * (cuts - 1) } else { part }))
            };
            let split: Vec<Sale> = sales.iter().flat_map(pieces).filter(|sale| sale.3 > 0).collect();
            let mut seen = Vec::new();
            for of in [&sales, &reversed, &split] {
                let fills = fills(of, &mut FeeMeter::new(alpaca));
                prop_assert!(fills.iter().all(|fill| fill.fee >= Money::ZERO));
                let paid: Money = fills.iter().map(|fill| fill.fee).sum();
                prop_assert_eq!(paid, regulatory_fees(TradeDate::Stamp, &fills).sum());
                seen.push(paid);
            }
            // Until 2024-12 the rates are 27.80 per million and 0.000166 a share; no sale reaches the cap.
            let cent = Money::UNITS_PER_USD / 100;
            let up = |units: i128, by: i128| (units + by - 1) / by * cent;
            let owed = (0..4).map(|day| {
                let of_day = sales.iter().filter(|sale| sale.0 == day && sale.1 == Side::Sell);
                let (mut value, mut shares) = (0i128, 0i128);
                for sale in of_day {
                    value += i128::from(sale.2) * i128::from(sale.3);
                    shares += i128::from(sale.3);
                }
                up(value * 278, cent * 10_000_000) + up(shares * 166_000, cent)
            });
            prop_assert_eq!(seen, vec![Money::from_units(owed.sum()); 3]);
        }

        /// The fees of an order's fills sum to what the order owes.
        #[test]
        fn an_order_owes_its_whole(
            fills in proptest::collection::vec((1i64..1_000_000_000_000, 1i64..1_000_000_000_000), 1..20),
            rate in 0i64..50_000_000,
            least in 0i64..500,
            cap in proptest::option::of(0i64..100_000_000),
        ) {
            let (rate, min, cap) = (price(rate), Money::from_cents(least), cap.map(Ratio::from_units));
            let mut meter = FeeMeter::new(Commission::PerShare { rate, min, cap });
            let occasion = Occasion { side: Side::Sell, time: Timestamp::MIN };
            let (mut traded, mut paid) = (Traded::default(), Money::ZERO);
            for (units, shares) in fills {
                let quantity = Quantity::from_units(shares);
                let fee = meter.fee(OrderId(7), occasion, price(units), quantity);
                prop_assert!(fee >= Money::ZERO);
                paid += fee;
                meter.count(OrderId(7), occasion, price(units), (quantity, quantity));
                // Another order of the same moment owes its own.
                meter.count(OrderId(8), occasion, price(units), (quantity, quantity));
                traded = traded.with(price(units), quantity);
            }
            let charge = rate.notional(traded.quantity);
            let capped = cap.map_or(charge, |cap| charge.min(traded.value.share(cap)));
            prop_assert_eq!(paid, capped.max(min));
        }
    }
}
