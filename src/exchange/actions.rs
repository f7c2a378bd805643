//! Splits, dividends and delistings: positions, cash and resting orders follow them when their day begins.
//!
//! Not here: what a split does at the venue (venue::split), in the ledger (portfolio).
//! Numbers that a split would make larger than they can be stay at the end of their range.
use super::core::Exchange;
use super::statement::{Payment, PaymentKind};
use crate::domain::{Fill, Money, OrderPurpose, Price, Quantity, Ratio, Symbol, SymbolIndex, Timestamp};
use crate::engine::MarketAction;

impl Exchange {
    /// Everything that holds from `date` on and has not happened yet.
    pub(super) fn act_on(&mut self, date: Timestamp) {
        while let Some((from, action)) = self.setup.actions.get(self.actions_done).copied()
            && from.days() <= date.days()
        {
            self.actions_done += 1;
            match action {
                MarketAction::Split { symbol, ratio } => self.split(symbol, ratio, date),
                MarketAction::Dividend { symbol, amount } => self.pay_dividend(symbol, amount, date),
                MarketAction::Delisting { symbol, name, amount } => self.delist(symbol, name, amount, date),
            }
        }
    }

    fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, date: Timestamp) {
        let before = self.ledger.position(symbol).quantity();
        let event = self.ledger.split(symbol, ratio, self.setup.rules.fractional, date);
        let position = self.ledger.position(symbol);
        let (kept, mark) = (position.quantity(), position.mark());
        let cash = event.map_or(Money::ZERO, |event| event.amount);
        self.venue.split(symbol, ratio, (kept, mark, cash), date);
        self.restate_orders(symbol, ratio);
        self.collect(self.tape.now());
        if !before.is_zero() {
            let kind = PaymentKind::Split { ratio };
            self.pay(Payment { kind, symbol, shares: kept, amount: cash, date, time: self.tape.now() });
        }
    }

    fn pay_dividend(&mut self, symbol: SymbolIndex, a_share: Price, date: Timestamp) {
        let shares = self.ledger.position(symbol).quantity();
        let amount = self.ledger.pay_dividend(symbol, a_share, date).amount;
        self.venue.receive(amount);
        if amount != Money::ZERO {
            let kind = PaymentKind::Dividend { a_share };
            self.pay(Payment { kind, symbol, shares, amount, date, time: self.tape.now() });
        }
    }

    /// The whole position leaves at `amount` dollars a share, or at its last close.
    fn delist(&mut self, symbol: SymbolIndex, name: Symbol, amount: Option<Price>, date: Timestamp) {
        let position = self.ledger.position(symbol);
        let (shares, price) = (position.quantity(), amount.unwrap_or(position.mark()));
        let paid = shares.closing_side().map(|side| Fill {
            order: self.book.next_number(1),
            symbol,
            side,
            quantity: shares.abs(),
            price,
            reference: price,
            fee: Money::ZERO,
            time: date,
            purpose: OrderPurpose::Delisted,
        });
        self.venue.delist(symbol, name, paid);
        self.collect(self.tape.now());
        if let Some(fill) = paid {
            let amount = fill.price.notional(shares);
            let kind = PaymentKind::Delisting { a_share: price };
            self.pay(Payment { kind, symbol, shares: Quantity::ZERO - shares, amount, date, time: self.tape.now() });
        }
        self.book.delisted.push(symbol);
    }
}
