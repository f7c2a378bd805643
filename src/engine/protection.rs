//! Which stops protect a position, and where they stand: for the record and for the gate's heat.
//!
//! Not here: where a stop is put (risk::stops), when it fills (venue).
//! Invariant: the gate knows every open order of ours whose purpose is to stop, with the shares it may still fill.
use super::core::Engine;
use super::journal::StopChange;
use crate::domain::{OrderId, OrderPurpose, Price, Quantity, SymbolIndex, Timestamp};
use crate::risk::ProtectiveStop;
use crate::strategy::Strategy;

/// Is it an order against a loss?
pub(super) const fn protects(purpose: OrderPurpose) -> bool {
    matches!(purpose, OrderPurpose::Stop | OrderPurpose::Trail)
}

impl<S: Strategy> Engine<S> {
    /// `order` stands at `level` from `time` on, if it is a stop.
    pub(super) fn stop_stands(&mut self, order: OrderId, symbol: SymbolIndex, level: Price, time: Timestamp) {
        if protects(self.orders.get(order).request.purpose) {
            self.journal.stops.push(StopChange { time, symbol, order, level: Some(level) });
            let shares = self.still_open(order);
            self.gate.set_stop(symbol, ProtectiveStop { order, level, shares });
        }
    }

    /// `order` has ended, if it was a stop.
    pub(super) fn stop_gone(&mut self, order: OrderId, symbol: SymbolIndex, time: Timestamp) {
        if protects(self.orders.get(order).request.purpose) {
            self.journal.stops.push(StopChange { time, symbol, order, level: None });
            self.gate.remove_stop(symbol, order);
        }
    }

    /// Stops of `symbol` may be for more or fewer shares than before.
    pub(super) fn renew_stops(&mut self, symbol: SymbolIndex) {
        for at in 0..self.gate.stops(symbol).len() {
            let stop = self.gate.stops(symbol)[at];
            self.gate.set_stop(symbol, ProtectiveStop { shares: self.still_open(stop.order), ..stop });
        }
    }

    fn still_open(&self, order: OrderId) -> Quantity {
        let record = self.orders.get(order);
        (record.quantity - record.filled).max(Quantity::ZERO)
    }
}
