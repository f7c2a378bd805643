//! Cancels and changes on their way to the venue: until they arrive, the order rests as it is.
//!
//! Not here: how long the way is (execution). A new order needs no place here: it rests from the moment it
//! was sent and is live from its arrival.
use super::order::Band;
use super::simulated::SimulatedVenue;
use super::split::split_kind;
use crate::domain::{OrderId, OrderKind, Quantity, Ratio, SymbolIndex, Timestamp};

/// What is to be done to a resting order.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Request {
    /// Take it back.
    Cancel,
    /// Give it these shares still to fill, unless `None`, and these prices.
    Replace(Option<Quantity>, OrderKind),
}

/// A request that is on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    order: OrderId,
    request: Request,
    arrival: Timestamp,
}

impl SimulatedVenue {
    /// Takes a request that arrives at `arrival`: see [`SimulatedVenue::deliver`].
    pub fn send(&mut self, order: OrderId, request: Request, arrival: Timestamp) {
        self.transit.push(Sent { order, request, arrival });
        // No bar is quiet while something is on its way: each may be the one before which it arrives.
        self.bands.fill(Band::ALWAYS);
    }

    /// Does what has arrived by `now`, before the opens of the bars of that time; was there anything?
    pub fn deliver(&mut self, now: Timestamp) -> bool {
        let waiting = self.transit.len();
        while let Some(at) = self.transit.iter().position(|sent| sent.arrival <= now) {
            let Sent { order, request, .. } = self.transit.remove(at);
            match request {
                // What the change wanted in all has filled while it was on its way.
                Request::Cancel | Request::Replace(Some(Quantity::ZERO), _) => self.cancel(order),
                Request::Replace(quantity, kind) => self.replace(order, quantity, kind, now),
            }
        }
        for index in 0..self.bands.len() {
            self.refresh_band(SymbolIndex(index as u16));
        }
        self.transit.len() < waiting
    }

    /// Is a cancel of the order on its way? What is sent after it arrives after it.
    pub(super) fn is_being_canceled(&self, order: OrderId) -> bool {
        self.transit.iter().any(|sent| sent.order == order && sent.request == Request::Cancel)
    }

    /// `quantity` of `order` has filled: a change on its way was for the shares of all fills.
    pub(super) fn count_in_transit(&mut self, order: OrderId, quantity: Quantity) {
        for sent in self.transit.iter_mut().filter(|sent| sent.order == order) {
            if let Request::Replace(Some(left), _) = &mut sent.request {
                *left = *left - quantity.min(*left);
            }
        }
    }

    /// Restates changes on their way to orders of `symbol` for a split.
    pub(super) fn split_in_transit(
        &mut self,
        symbol: SymbolIndex,
        ratio: Ratio,
        restate: impl Fn(Quantity) -> Quantity,
    ) {
        let book = &self.books[symbol.get()];
        for sent in self.transit.iter_mut().filter(|sent| book.iter().any(|order| order.id == sent.order)) {
            if let Request::Replace(quantity, kind) = &mut sent.request {
                (*quantity, *kind) = (quantity.map(&restate), split_kind(*kind, ratio));
            }
        }
    }
}
