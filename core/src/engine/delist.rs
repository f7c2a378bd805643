//! Shares that leave by no order of ours: a delisting takes the position away at the price that is paid for it, and at a
//! venue of others anybody who may trade on the account can.
//!
//! Not here: resting orders, and refusing later ones (venue). No order of ours makes this happen, so
//! none is reviewed; what leaves is numbered and filled like an order, so that every share that comes or goes
//! is in the record of fills.
use super::core::Engine;
use super::orders::{OrderOutcome, OrderRecord, Wanted};
use crate::domain::{
    Fill, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderStatus, Price, Quantity, Side, SymbolIndex,
    TimeInForce, Timestamp,
};
use crate::strategy::Strategy;

impl<S: Strategy> Engine<S> {
    /// A delisting before the open of `time`: the fill that takes the whole position away at `amount` dollars
    /// a share, or at its last close; `None` where nothing is held. It counts once the venue reports it.
    pub(super) fn delist(&mut self, symbol: SymbolIndex, amount: Option<Price>, time: Timestamp) -> Option<Fill> {
        let position = self.portfolio.position(symbol);
        let (quantity, price) = (position.quantity().abs(), amount.unwrap_or(position.mark()));
        let side = position.quantity().closing_side()?;
        let purpose = OrderPurpose::Delisted;
        let id = self.number_outside(symbol, side, quantity, purpose, time);
        Some(Fill { order: id, symbol, side, quantity, price, reference: price, fee: Money::ZERO, time, purpose })
    }

    /// `quantity` shares of a position have left at the venue by no order of ours, on the bar at `time`: they are numbered
    /// like an order, whose fill is still to be answered.
    pub fn left_outside(&mut self, symbol: SymbolIndex, side: Side, quantity: Quantity, time: Timestamp) -> OrderId {
        self.number_outside(symbol, side, quantity, OrderPurpose::KillSwitch, time)
    }

    fn number_outside(
        &mut self,
        symbol: SymbolIndex,
        side: Side,
        quantity: Quantity,
        purpose: OrderPurpose,
        time: Timestamp,
    ) -> OrderId {
        let id = self.orders.next_id();
        self.orders.push(OrderRecord {
            id,
            label: None,
            request: Wanted {
                symbol,
                side,
                kind: OrderKind::Market,
                time_in_force: TimeInForce::Day,
                class: OrderClass::Simple,
                purpose,
                extended_hours: false,
                in_dollars: false,
            },
            quantity,
            filled: Quantity::ZERO,
            outcome: OrderOutcome::Sent(OrderStatus::Accepted),
            decided_at: time,
            leg: 0,
        });
        id
    }

    /// A step without a bar, after the last of them: if something happened it is a session of its own, whose losses are
    /// looked at and whose equity and drawdown are taken. Says whether something must be sent.
    pub(super) fn close_late(&mut self, time: Timestamp) -> bool {
        let last_fill = self.journal.fills.last().map(|fill| fill.time);
        let last_payment = self.journal.cash_events.last().map(|event| event.time);
        if last_fill != Some(time) && last_payment != Some(time) {
            return false;
        }
        self.begin_trading(time, time);
        let sends = self.watch_losses(time);
        self.gate.watch_mut().close_session(self.portfolio.equity());
        self.journal.late_steps.push(time);
        self.record();
        sends
    }
}
