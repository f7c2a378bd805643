//! Which stops protect a position, and where they stand: for the record and for the gate's heat.
//!
//! Not here: where a stop is put (risk::stops), when it fills (venue).
//! Invariant: the gate knows every resting order of ours against a loss, with the shares it may still fill, and
//! the record every change of that.
use super::core::Engine;
use super::journal::StopChange;
use crate::domain::{OrderId, Price, Quantity, SymbolIndex, Timestamp};
use crate::risk::ProtectiveStop;
use crate::strategy::Strategy;

impl<S: Strategy> Engine<S> {
    /// `order` stands at `level` from `time` on, if it is a stop.
    pub(super) fn stop_stands(&mut self, order: OrderId, symbol: SymbolIndex, level: Price, time: Timestamp) {
        let record = self.orders.get(order);
        if record.request.purpose.protects() {
            let (shares, entry) = (record.remaining(), record.parent());
            self.gate.set_stop(symbol, ProtectiveStop { order, level, shares, entry });
            self.journal.stops.push(StopChange { time, symbol, order, level: Some(level), quantity: shares });
        }
    }

    /// `order`, if it is a stop that rests, is for another number of shares now.
    pub(super) fn stop_resized(&mut self, order: OrderId, time: Timestamp) {
        let record = self.orders.get(order);
        if record.request.purpose.protects() && record.rests() {
            let (symbol, shares) = (record.request.symbol, record.remaining());
            let known = self.gate.stops(symbol).iter().find(|stop| stop.order == order && stop.shares != shares);
            if let Some(level) = known.map(|stop| stop.level) {
                self.stop_stands(order, symbol, level, time);
            }
        }
    }

    /// `order` has ended, if it was a stop.
    pub(super) fn stop_gone(&mut self, order: OrderId, symbol: SymbolIndex, time: Timestamp) {
        if self.orders.get(order).request.purpose.protects() {
            self.gate.remove_stop(symbol, order);
            self.journal.stops.push(StopChange { time, symbol, order, level: None, quantity: Quantity::ZERO });
        }
    }
}
