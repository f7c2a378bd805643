//! The venue's own account of us: what a broker would answer.
use crate::domain::{Fill, Money, Price, Quantity, Side, SymbolIndex, Timestamp};
use crate::market::{Calendar, settlement_date};
use crate::portfolio::Unsettled;

/// Cash and shares as the venue counts them.
#[derive(Clone, Debug)]
pub(super) struct VenueAccount {
    cash: Money,
    shares: Vec<Quantity>,
    marks: Vec<Price>,
    leverage: i64,
    /// Whose sessions a sale takes to settle; `None` where it settles at once.
    settlement: Option<Calendar>,
    unsettled: Unsettled,
}

impl VenueAccount {
    pub(super) fn new(cash: Money, symbols: usize, leverage: i64) -> VenueAccount {
        let (shares, marks) = (vec![Quantity::ZERO; symbols], vec![Price::ZERO; symbols]);
        VenueAccount { cash, shares, marks, leverage, settlement: None, unsettled: Unsettled::default() }
    }

    pub(super) fn cash(&self) -> Money {
        self.cash
    }

    /// Cash that can be spent: without what sales brought that is not settled yet.
    pub(super) fn settled_cash(&self) -> Money {
        self.cash - self.unsettled.total()
    }

    pub(super) fn set_leverage(&mut self, leverage: i64) {
        self.leverage = leverage;
    }

    pub(super) fn settle_by(&mut self, calendar: Calendar) {
        self.settlement = Some(calendar);
    }

    pub(super) fn settle(&mut self, now: Timestamp) {
        self.unsettled.settle(now);
    }

    pub(super) fn shares(&self, symbol: SymbolIndex) -> Quantity {
        self.shares[symbol.get()]
    }

    pub(super) fn set_mark(&mut self, symbol: SymbolIndex, price: Price) {
        self.marks[symbol.get()] = price;
    }

    #[inline]
    pub(super) fn apply(&mut self, fill: &Fill) {
        self.cash -= fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
        self.shares[fill.symbol.get()] += fill.quantity.signed(fill.side);
        if let Some(calendar) = self.settlement {
            self.hold_back(fill, calendar);
        }
        // What slippage took is gone.
        self.marks[fill.symbol.get()] = fill.reference;
    }

    #[cold]
    fn hold_back(&mut self, fill: &Fill, calendar: Calendar) {
        if fill.side == Side::Sell {
            self.unsettled.add(settlement_date(calendar, fill.time), fill.notional() - fill.fee);
        }
    }

    pub(super) fn receive(&mut self, amount: Money) {
        self.cash += amount;
    }

    pub(super) fn restate(&mut self, symbol: SymbolIndex, shares: Quantity, mark: Price, cash_change: Money) {
        self.shares[symbol.get()] = shares;
        self.marks[symbol.get()] = mark;
        self.cash += cash_change;
    }

    /// Would an order on `side` only shrink the position?
    pub(super) fn reduces(&self, symbol: SymbolIndex, side: Side) -> bool {
        self.shares(symbol).closing_side() == Some(side)
    }

    /// Dollars that can be spent now: leverage × equity − gross exposure − what is not settled.
    pub(super) fn buying_power(&self) -> Money {
        let (mut net, mut gross) = (self.cash, Money::ZERO);
        for (shares, mark) in self.shares.iter().zip(&self.marks).filter(|(shares, _)| !shares.is_zero()) {
            let value = mark.notional(*shares);
            net += value;
            gross += value.abs();
        }
        Money::from_units(net.units().saturating_mul(i128::from(self.leverage))) - gross - self.unsettled.total()
    }
}
