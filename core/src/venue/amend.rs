//! Changes that only a venue's own face knows: how long an order lives, and legs whose entry has not filled.
//!
//! Not here: quantity and prices of what rests (simulated).
use super::expiry::gtc_end_of;
use super::simulated::SimulatedVenue;
use crate::domain::{LegLevel, OrderId, OrderKind, SymbolIndex, TimeInForce, Timestamp};

impl SimulatedVenue {
    /// Gives a leg of the resting entry `entry`, which has filled nothing yet, the prices of `kind`: a limit is its
    /// target, a stop or stop-limit its stop. An entry that has gone is no error: the leg has gone with it.
    pub fn move_waiting_leg(&mut self, symbol: SymbolIndex, entry: OrderId, kind: OrderKind) {
        let Some(order) = self.books[symbol.get()].iter_mut().find(|order| order.id == entry) else { return };
        match kind {
            OrderKind::Limit { limit } => order.legs.take_profit = Some(LegLevel::At(limit)),
            OrderKind::Stop { stop } => order.legs.stop = Some(LegLevel::At(stop)),
            OrderKind::StopLimit { stop, limit } => {
                (order.legs.stop, order.legs.stop_limit) = (Some(LegLevel::At(stop)), Some(limit));
            }
            OrderKind::Market | OrderKind::TrailingStop { .. } => {}
        }
    }

    /// The resting order lives for another time, counted from `now`; it keeps its place. One that has gone is no
    /// error.
    pub fn change_time_in_force(
        &mut self,
        symbol: SymbolIndex,
        id: OrderId,
        time_in_force: TimeInForce,
        now: Timestamp,
    ) {
        let book = &self.books[symbol.get()];
        let Some(at) = book.iter().position(|order| order.id == id) else { return };
        // Taken out and put back, so that what counts orders by their time counts it anew.
        let mut order = self.take(symbol, at);
        order.time_in_force = time_in_force;
        order.ends = gtc_end_of(order.purpose, time_in_force, now, self.rules.tick);
        self.rest(symbol, order);
        let book = &mut self.books[symbol.get()];
        let order = book.pop().expect("it was just put there");
        book.insert(at, order);
        self.refresh_band(symbol);
    }
}
