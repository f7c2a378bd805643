//! Orders of one book and what became of them, in Alpaca's words.
//!
//! Not here: orders that our own limits refused; those never reached the desk, and are events.
use std::collections::BTreeMap;

use crate::domain::{
    ExecutionEvent, Money, OrderId, OrderKind, OrderPurpose, Price, Quantity, Side, Symbol, SymbolIndex, Timestamp,
};
use crate::execution::alpaca::Asked;

/// An order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderLine {
    /// Row of the journal in which it was asked for; of a leg, in which it went live.
    pub row: u64,
    /// When, by the venue's clock.
    pub time: Timestamp,
    /// The scenario.
    pub strategy: String,
    /// Our number.
    pub order: OrderId,
    /// Which share.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// Shares ordered, as far as that was known at approval.
    pub quantity: Quantity,
    /// Its prices now.
    pub kind: OrderKind,
    /// How long it lives.
    pub time_in_force: &'static str,
    /// Why it was sent.
    pub purpose: OrderPurpose,
    /// `pending_new`, `new`, `partially_filled`, `filled`, `canceled`, `expired`, `rejected`.
    pub status: &'static str,
    /// Shares filled.
    pub filled: Quantity,
    /// Price × quantity of its fills.
    pub filled_notional: Money,
    /// Why it was rejected.
    pub reason: Option<String>,
}

/// Builds them.
#[derive(Debug)]
pub(super) struct Orders {
    strategy: String,
    symbols: Vec<Symbol>,
    lines: BTreeMap<OrderId, OrderLine>,
    asked: BTreeMap<OrderId, Asked>,
}

impl Orders {
    pub(super) fn new(strategy: &str, symbols: &[Symbol]) -> Orders {
        let (strategy, symbols) = (strategy.to_owned(), symbols.to_vec());
        Orders { strategy, symbols, lines: BTreeMap::new(), asked: BTreeMap::new() }
    }

    /// The engine wants an order sent.
    pub(super) fn ask(&mut self, row: u64, time: Timestamp, order: OrderId, asked: &Asked) {
        let request = &asked.request;
        let line = OrderLine {
            row,
            time,
            strategy: self.strategy.clone(),
            order,
            symbol: self.name(request.symbol),
            side: request.side,
            quantity: asked.quantity,
            kind: request.kind,
            time_in_force: request.time_in_force.name(),
            purpose: request.purpose,
            status: "pending_new",
            filled: Quantity::ZERO,
            filled_notional: Money::ZERO,
            reason: None,
        };
        self.lines.insert(order, line);
        self.asked.insert(order, *asked);
    }

    /// The engine was told.
    pub(super) fn answer(&mut self, row: u64, time: Timestamp, answer: &ExecutionEvent) {
        match answer {
            ExecutionEvent::Accepted { order } => self.set(*order, "new"),
            ExecutionEvent::Canceled { order } => self.set(*order, "canceled"),
            ExecutionEvent::Expired { order } => self.set(*order, "expired"),
            ExecutionEvent::Rejected { order, reason } => {
                self.set(*order, "rejected");
                self.change(*order, |line| line.reason = Some(reason.to_string()));
            }
            ExecutionEvent::Filled { fill, remaining } => {
                self.set(fill.order, if remaining.is_zero() { "filled" } else { "partially_filled" });
                self.change(fill.order, |line| {
                    line.filled += fill.quantity;
                    line.filled_notional += fill.notional();
                });
            }
            ExecutionEvent::Replaced { order, kind, remaining, .. } => self.change(*order, |line| {
                line.kind = *kind;
                line.quantity = line.filled + *remaining;
            }),
            ExecutionEvent::Resized { order, remaining } => {
                self.change(*order, |line| line.quantity = line.filled + *remaining);
            }
            ExecutionEvent::LegLive { order, parent, symbol, level, .. } => {
                self.leg(row, time, (*order, *parent), *symbol, *level);
            }
        }
    }

    /// In the order of their numbers.
    pub(super) fn finish(self) -> Vec<OrderLine> {
        self.lines.into_values().collect()
    }

    fn set(&mut self, order: OrderId, status: &'static str) {
        self.change(order, |line| line.status = status);
    }

    fn change(&mut self, order: OrderId, change: impl FnOnce(&mut OrderLine)) {
        if let Some(line) = self.lines.get_mut(&order) {
            change(line);
        }
    }

    /// A leg went live or moved.
    fn leg(
        &mut self,
        row: u64,
        time: Timestamp,
        (order, parent): (OrderId, OrderId),
        symbol: SymbolIndex,
        level: Price,
    ) {
        let Some(asked) = self.asked.get(&parent) else { return };
        let legs = &asked.request.legs;
        // Legs are numbered next after their entry, the stop first.
        let is_stop = legs.stop.is_some() && order.0 == parent.0 + 1;
        let (kind, purpose) = match is_stop {
            true if legs.trailing => (OrderKind::Stop { stop: level }, OrderPurpose::Trail),
            true => (OrderKind::Stop { stop: level }, OrderPurpose::Stop),
            false => (OrderKind::Limit { limit: level }, OrderPurpose::TakeProfit),
        };
        if let Some(line) = self.lines.get_mut(&order) {
            line.kind = kind;
            return;
        }
        let filled = self.lines.get(&parent).map_or(Quantity::ZERO, |line| line.filled);
        let line = OrderLine {
            row,
            time,
            strategy: self.strategy.clone(),
            order,
            symbol: self.name(symbol),
            side: asked.request.side.opposite(),
            quantity: filled,
            kind,
            time_in_force: legs.time_in_force.name(),
            purpose,
            status: "new",
            filled: Quantity::ZERO,
            filled_notional: Money::ZERO,
            reason: None,
        };
        self.lines.insert(order, line);
    }

    fn name(&self, symbol: SymbolIndex) -> String {
        self.symbols.get(symbol.get()).map(ToString::to_string).unwrap_or_default()
    }
}
