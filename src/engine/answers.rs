//! What the venue answers and what follows from it: books, reserves, stops.
//!
//! Not here: what becomes of cash and shares (portfolio).
use super::core::Engine;
use super::orders::OrderOutcome;
use crate::domain::{
    ExecutionEvent, Fill, IllegalTransition, OrderClass, OrderId, OrderKind, OrderPurpose, OrderStatus, OrderUpdate,
    Price, Quantity, SymbolIndex, Timestamp,
};
use crate::strategy::{Intent, LastExit, Strategy, SymbolBook};

impl<S: Strategy> Engine<S> {
    /// Takes an answer of the venue.
    ///
    /// Errors: an answer that cannot follow from the order's status.
    pub fn on_execution(&mut self, event: &ExecutionEvent) -> Result<(), IllegalTransition> {
        match *event {
            ExecutionEvent::Accepted { order } => self.orders.update(order, OrderUpdate::Acknowledged),
            ExecutionEvent::Filled { ref fill, remaining } => self.filled(fill, remaining),
            ExecutionEvent::Canceled { order } => self.closed(order, OrderUpdate::Canceled),
            ExecutionEvent::Expired { order } => self.closed(order, OrderUpdate::Expired),
            ExecutionEvent::Rejected { order, reason } => {
                self.journal.rejections.push((order, reason));
                self.closed(order, OrderUpdate::Rejected)
            }
            ExecutionEvent::Replaced { order, symbol, kind, remaining, time } => {
                self.replaced(order, symbol, kind, remaining, time);
                Ok(())
            }
            ExecutionEvent::ChangeRefused { order, reason } => {
                self.gate.refuse_change(order);
                self.refuse_change(order, reason.into(), self.now);
                Ok(())
            }
            ExecutionEvent::Resized { order, remaining } => {
                let record = self.orders.get_mut(order);
                record.quantity = record.filled + remaining;
                self.stop_resized(order, self.now);
                Ok(())
            }
            ExecutionEvent::LegLive { order, parent: _, symbol, level, time } => {
                self.leg_live(order, symbol, level, time)
            }
        }
    }

    fn filled(&mut self, fill: &Fill, remaining: Quantity) -> Result<(), IllegalTransition> {
        let done = remaining.is_zero();
        let record = self.orders.get_mut(fill.order);
        assert!(fill.time > record.decided_at || record.request.kind == OrderKind::Market, "a fill before its order");
        // A fill can overtake a cancel: then nothing is pending any more.
        let was_pending = matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open());
        record.filled += fill.quantity;
        // Trimmed, sized at the fill, shrunk: what the order has become.
        record.quantity = record.filled + remaining;
        let (purpose, class) = (record.request.purpose, record.request.class);
        let has_legs = record.leg == 0 && matches!(class, OrderClass::Oto | OrderClass::Bracket);
        // The stop of a pair has no approval of its own: what it fills, its target no longer can.
        let approved_as = match class {
            OrderClass::Oco => record.parent().unwrap_or(fill.order),
            _ => fill.order,
        };
        if has_legs {
            self.orders.cover(fill.order, fill.quantity);
            self.stop_resized(OrderId(fill.order.0 + 1), fill.time);
        }
        self.orders.update(fill.order, if done { OrderUpdate::Filled } else { OrderUpdate::PartFilled })?;
        self.gate.post(approved_as, fill.quantity, remaining);
        self.portfolio.apply(fill);
        self.journal.fills.push(*fill);
        let held = self.portfolio.position(fill.symbol).quantity();
        self.gate.set_held(fill.symbol, held);
        self.account_filled(fill, held);
        let book = &mut self.books[fill.symbol.get()];
        let before = std::mem::replace(&mut book.quantity, held);
        if book.quantity.is_zero() {
            book.last_exit = Some(LastExit { bars_seen: book.bars_seen + 1, purpose: fill.purpose });
        }
        self.time_position(fill.symbol, before);
        if done {
            if was_pending {
                Self::settle(&mut self.books[fill.symbol.get()], purpose);
            }
            self.stop_gone(fill.order, fill.symbol, fill.time);
        } else {
            self.stop_resized(fill.order, fill.time);
        }
        Ok(())
    }

    fn settle(book: &mut SymbolBook, purpose: OrderPurpose) {
        match purpose {
            OrderPurpose::Entry => book.entries_pending -= 1,
            _ if purpose.leaves() => book.exits_pending -= 1,
            _ => {}
        }
    }

    fn closed(&mut self, order: OrderId, update: OrderUpdate) -> Result<(), IllegalTransition> {
        self.orders.update(order, update)?;
        self.gate.void(order);
        let (request, label) = (self.orders.get(order).request, self.orders.get(order).label);
        Self::settle(&mut self.books[request.symbol.get()], request.purpose);
        if update == OrderUpdate::Expired {
            // An exit of our own for parts of shares lives for a day only; what it was for is still wanted.
            match (request.symbol, request.purpose) {
                (symbol, OrderPurpose::Signal) => self.intents.push(Intent::Exit { symbol }),
                (symbol, OrderPurpose::RiskHalt) => self.flatten(Some(symbol), OrderPurpose::RiskHalt, None, self.now),
                (symbol, OrderPurpose::KillSwitch) => {
                    self.intents.push(Intent::Flatten { symbol: Some(symbol), label });
                }
                _ => {}
            }
        }
        self.stop_gone(order, request.symbol, self.now);
        if self.orders.get(order).leg == 0 {
            self.close_held_legs(order);
        }
        Ok(())
    }

    fn replaced(&mut self, order: OrderId, symbol: SymbolIndex, kind: OrderKind, remaining: Quantity, time: Timestamp) {
        self.gate.confirm_change(order);
        let record = self.orders.get_mut(order);
        record.request.kind = kind;
        record.quantity = record.filled + remaining;
        match kind.stop() {
            Some(level) => self.stop_stands(order, symbol, level, time),
            None => self.stop_resized(order, time),
        }
    }

    /// An entry ended without a fill: its legs end with it.
    fn close_held_legs(&mut self, parent: OrderId) {
        for leg in [OrderId(parent.0 + 1), OrderId(parent.0 + 2)] {
            let held = OrderOutcome::Sent(OrderStatus::Held);
            let is_held =
                self.orders.find(leg).is_some_and(|record| record.parent() == Some(parent) && record.outcome == held);
            if is_held {
                self.orders.get_mut(leg).outcome = OrderOutcome::Sent(OrderStatus::Canceled);
            }
        }
    }

    fn leg_live(
        &mut self,
        order: OrderId,
        symbol: SymbolIndex,
        level: Price,
        time: Timestamp,
    ) -> Result<(), IllegalTransition> {
        let record = self.orders.get_mut(order);
        if record.outcome == OrderOutcome::Sent(OrderStatus::Held) {
            self.orders.update(order, OrderUpdate::Acknowledged)?;
            self.void_late_leg(order, symbol);
        }
        let record = self.orders.get_mut(order);
        match &mut record.request.kind {
            OrderKind::Stop { stop } => *stop = level,
            OrderKind::Limit { limit } => *limit = level,
            _ => {}
        }
        self.stop_stands(order, symbol, level, time);
        Ok(())
    }
}
