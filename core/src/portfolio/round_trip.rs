//! Flat-to-flat round trips, made of fills.
//!
//! A trade starts with the fill that leaves zero and ends with the fill that returns to it; a fill
//! that flips a position ends one trade and starts the next, its fee shared by quantity.
use crate::domain::{Fill, Money, OrderPurpose, Quantity, Ratio, Side, SymbolIndex, Timestamp};

use super::account::{CashEvent, CashReason, split_quantity};

/// One trip from flat to flat; open while `exit_time` is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoundTrip {
    /// Which share.
    pub symbol: SymbolIndex,
    /// Bought first (long) or sold first (short).
    pub side: Side,
    /// Shares that entered, all entries together.
    pub quantity: Quantity,
    /// Price × quantity of the entries.
    pub entry_notional: Money,
    /// Price × quantity of the exits.
    pub exit_notional: Money,
    /// Shares that left.
    pub exited: Quantity,
    /// Fees of all its fills.
    pub fees: Money,
    /// Dividends, borrow fees and its share of margin interest while it was open; negative is paid. The
    /// fraction of a share that a split paid out is no income: it left, at the price that was paid for it.
    pub income: Money,
    /// Bar of the first fill.
    pub entry_time: Timestamp,
    /// Bar of the last fill.
    pub exit_time: Option<Timestamp>,
    /// Why it ended.
    pub exit_purpose: Option<OrderPurpose>,
}

/// Builds round trips from fills in the order they happened.
#[derive(Debug, Default)]
pub struct RoundTrips {
    open: Vec<Option<RoundTrip>>,
    closed: Vec<RoundTrip>,
}

impl RoundTrip {
    /// Profit so far without what is still held: exits − entries (signed by side) − fees + income.
    pub fn realised(&self) -> Money {
        let gross = match self.side {
            Side::Buy => self.exit_notional - self.entry_notional,
            Side::Sell => self.entry_notional - self.exit_notional,
        };
        gross - self.fees + self.income
    }

    /// Shares still held, without sign.
    pub fn held(&self) -> Quantity {
        self.quantity - self.exited
    }
}

impl RoundTrips {
    /// None yet, for `symbols`.
    pub fn for_symbols(symbols: usize) -> RoundTrips {
        RoundTrips { open: vec![None; symbols], closed: Vec::new() }
    }

    /// Takes the next fill.
    pub fn apply(&mut self, fill: &Fill) {
        let Some(trip) = self.open[fill.symbol.get()].as_mut() else {
            self.open[fill.symbol.get()] = Some(opened(fill, fill.quantity, fill.fee));
            return;
        };
        if trip.side == fill.side {
            trip.quantity += fill.quantity;
            trip.entry_notional += fill.notional();
            trip.fees += fill.fee;
            return;
        }
        let leaving = trip.held().min(fill.quantity);
        let rest = fill.quantity - leaving;
        let fee = if rest.is_zero() { fill.fee } else { share(fill.fee, leaving, fill.quantity) };
        trip.exited += leaving;
        trip.exit_notional += fill.price.notional(leaving);
        trip.fees += fee;
        if trip.held().is_zero() {
            trip.exit_time = Some(fill.time);
            trip.exit_purpose = Some(fill.purpose);
            self.closed.push(*trip);
            self.open[fill.symbol.get()] = (!rest.is_zero()).then(|| opened(fill, rest, fill.fee - fee));
        }
    }

    /// Takes what was paid for the shares of the open trip.
    pub fn receive(&mut self, event: &CashEvent) {
        let Some(trip) = self.open[event.symbol.get()].as_mut() else { return };
        match event.reason {
            // Its shares leave with the split, which comes next.
            CashReason::CashInLieu => trip.exit_notional += event.amount.abs(),
            CashReason::Dividend | CashReason::BorrowFee | CashReason::MarginInterest => trip.income += event.amount,
        }
    }

    /// Restates the open trip's shares for a split; the position after it decides what was kept, and what was
    /// not has left.
    pub fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, held_after: Quantity, time: Timestamp) {
        let Some(trip) = self.open[symbol.get()].as_mut() else { return };
        let held = split_quantity(trip.held(), ratio);
        trip.exited = split_quantity(trip.exited, ratio) + (held - held_after.abs());
        trip.quantity = trip.exited + held_after.abs();
        if held_after.is_zero() {
            // Less than one share was left.
            trip.exit_time = Some(time);
            trip.exit_purpose = Some(OrderPurpose::Manual);
            self.closed.push(*trip);
            self.open[symbol.get()] = None;
        }
    }

    /// Closed trips since they were last taken, in the order they ended.
    pub fn take_closed(&mut self) -> Vec<RoundTrip> {
        std::mem::take(&mut self.closed)
    }

    /// Closed trips in the order they ended, then open ones in the order of symbols.
    pub fn finish(self) -> (Vec<RoundTrip>, Vec<RoundTrip>) {
        (self.closed, self.open.into_iter().flatten().collect())
    }
}

fn opened(fill: &Fill, quantity: Quantity, fees: Money) -> RoundTrip {
    RoundTrip {
        symbol: fill.symbol,
        side: fill.side,
        quantity,
        entry_notional: fill.price.notional(quantity),
        exit_notional: Money::ZERO,
        exited: Quantity::ZERO,
        fees,
        income: Money::ZERO,
        entry_time: fill.time,
        exit_time: None,
        exit_purpose: None,
    }
}

/// `part` ÷ `whole` of `fee`, rounded towards zero to 1e-18 dollars.
pub fn share(fee: Money, part: Quantity, whole: Quantity) -> Money {
    let (part, whole) = (i128::from(part.units()), i128::from(whole.units()));
    // Two exact steps: the product of fee and part alone could leave 128 bits.
    Money::from_units(fee.units() / whole * part + fee.units() % whole * part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OrderId, Price};

    fn fill(side: Side, shares: i64, price: &str, fee_cents: i64, purpose: OrderPurpose) -> Fill {
        let price: Price = price.parse().expect("price");
        Fill {
            order: OrderId(1),
            symbol: SymbolIndex(0),
            side,
            quantity: Quantity::from_shares(shares).expect("quantity"),
            price,
            reference: price,
            fee: Money::from_cents(fee_cents),
            time: Timestamp::from_ns(shares),
            purpose,
        }
    }

    #[test]
    fn a_flip_ends_one_trip_and_starts_the_next() {
        let mut trips = RoundTrips::for_symbols(1);
        trips.apply(&fill(Side::Buy, 100, "10", 100, OrderPurpose::Entry));
        trips.apply(&fill(Side::Sell, 150, "12", 150, OrderPurpose::Signal));
        let (closed, open) = trips.finish();
        assert_eq!(closed[0].realised(), Money::from_cents(20_000 - 100 - 100));
        assert_eq!(closed[0].exit_purpose, Some(OrderPurpose::Signal));
        assert_eq!((open[0].side, open[0].held().to_string().as_str()), (Side::Sell, "50"));
        assert_eq!(open[0].fees, Money::from_cents(50));
    }

    #[test]
    fn a_trade_is_flat_to_flat() {
        let mut trips = RoundTrips::for_symbols(1);
        for (side, shares, price) in
            [(Side::Sell, 50, "10"), (Side::Sell, 50, "11"), (Side::Buy, 30, "9"), (Side::Buy, 70, "12")]
        {
            trips.apply(&fill(side, shares, price, 0, OrderPurpose::Stop));
        }
        let (closed, open) = trips.finish();
        assert!(open.is_empty());
        assert_eq!(closed.len(), 1);
        assert_eq!(closed[0].realised(), Money::from_cents(105_000 - 27_000 - 84_000));
    }
}
