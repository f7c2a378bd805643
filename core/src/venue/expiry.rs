//! Orders that are good until canceled, and when they are.
//!
//! Not here: orders of a day and of a moment (lifetime).
use super::order::VenueOrder;
use super::simulated::SimulatedVenue;
use crate::domain::{ExecutionEvent, OrderPurpose, OrderRequest, SymbolIndex, Tick, TimeInForce, Timestamp};

/// Alpaca cancels such an order so many days of the calendar after it was sent.
const GTC_DAYS: i32 = 90;

/// The first moment at which an order sent at `now` is no longer alive: midnight UTC after its ninetieth
/// day, or never.
///
/// What a strategy sent lives on: the engine keeps a position's stop, and sends it anew.
pub(super) fn gtc_end(request: &OrderRequest, now: Timestamp, tick: Tick) -> Timestamp {
    gtc_end_of(request.purpose, request.time_in_force, now, tick)
}

/// The same for an order of this purpose that lives so from `now` on.
pub(super) fn gtc_end_of(purpose: OrderPurpose, time_in_force: TimeInForce, now: Timestamp, tick: Tick) -> Timestamp {
    let is_ours = purpose == OrderPurpose::Entry || purpose.leaves();
    if time_in_force != TimeInForce::Gtc || is_ours || tick == Tick::None {
        return Timestamp::MAX;
    }
    Timestamp::from_days(now.days() + GTC_DAYS + 1).unwrap_or(Timestamp::MAX)
}

impl SimulatedVenue {
    /// The first moment at which an order that is good until canceled ends; nothing does before it.
    #[inline]
    pub fn next_expiry(&self) -> Timestamp {
        self.next_expiry
    }

    /// Time has come to `now`: what was good until canceled for long enough expires, before the open.
    #[cold]
    pub fn expire(&mut self, now: Timestamp) {
        self.next_expiry = Timestamp::MAX;
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            self.expire_where(symbol, |order| order.ends <= now);
            let ends = self.books[index].iter().map(|order| order.ends);
            self.next_expiry = ends.fold(self.next_expiry, Timestamp::min);
        }
    }

    /// Expires orders of `symbol`.
    pub(super) fn expire_where(&mut self, symbol: SymbolIndex, over: impl Fn(&VenueOrder) -> bool) {
        let before = self.books[symbol.get()].len();
        while let Some(at) = self.position_where(symbol, |_, order| over(order)) {
            let order = self.take(symbol, at);
            self.events.push(ExecutionEvent::Expired { order: order.id });
            self.take_room_back(&order);
        }
        if self.books[symbol.get()].len() < before {
            self.refresh_band(symbol);
        }
    }
}
