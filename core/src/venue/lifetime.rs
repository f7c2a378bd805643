//! How long an order lives: auctions, what is immediate, the end of a session.
//!
//! Not here: prices and quantities of fills (matching). An immediate order has its moment at the first
//! open (or close, by `market_fill`) after it was sent, an opening order at the first bar of the next
//! session, a closing order at the close of a session's last bar; what is left of them is canceled.
use super::matching::{Moment, Pass, belongs};
use super::order::VenueOrder;
use super::room::Room;
use super::simulated::SimulatedVenue;
use crate::domain::{Bar, ExecutionEvent, OrderKind, SymbolIndex, TimeInForce, Timestamp};

/// Which closing orders a session's close finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClosingOrders {
    /// Those that had been sent when its last bar opened: a replay decides at closes alone.
    OfBeforeTheBar,
    /// Those that came while the bar went on as well: a client may send one at any time.
    OfDuringTheBarToo,
}

impl SimulatedVenue {
    /// The bars end their session: closing orders fill at the close, limits only where it is good enough.
    #[inline]
    pub fn closing_auction(&mut self, bars: &[(SymbolIndex, &Bar)], orders: ClosingOrders) {
        if self.session_orders > 0 {
            self.fill_at_auction(bars, orders);
        }
    }

    #[cold]
    fn fill_at_auction(&mut self, bars: &[(SymbolIndex, &Bar)], orders: ClosingOrders) {
        self.mark(bars);
        let fills = |venue: &Self, order: &VenueOrder, bar: &Bar, pass: Pass| {
            let good = match order.kind {
                OrderKind::Limit { limit } => order.limit_reached(limit, bar.close, venue.rules.limit_fill),
                _ => true,
            };
            let is_there = match orders {
                ClosingOrders::OfBeforeTheBar => venue.is_live(order, bar),
                ClosingOrders::OfDuringTheBarToo => venue.trades(order, bar),
            };
            order.time_in_force == TimeInForce::Cls && good && is_there && belongs(order, pass)
        };
        for pass in Pass::ALL {
            for &(symbol, bar) in bars {
                while let Some(at) = self.position_where(symbol, |venue, order| fills(venue, order, bar, pass)) {
                    self.execute(symbol, at, bar.close, bar, Moment::Close);
                }
            }
        }
    }

    /// The bars have passed: immediate and opening orders that had their moment are canceled.
    #[inline]
    pub fn end_moment(&mut self, bars: &[(SymbolIndex, &Bar)]) {
        if self.brief_orders > 0 && self.core {
            self.cancel_past_their_moment(bars);
        }
    }

    #[cold]
    fn cancel_past_their_moment(&mut self, bars: &[(SymbolIndex, &Bar)]) {
        for &(symbol, bar) in bars {
            self.cancel_where(symbol, |order| {
                let had_its_moment = match order.time_in_force {
                    TimeInForce::Ioc | TimeInForce::Fok => true,
                    TimeInForce::Opg => order.armed,
                    TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Cls => false,
                };
                had_its_moment && order.live_after < bar.time
            });
        }
    }

    /// Where markets fill at the close that sends them, that close was the moment of an immediate one. An
    /// opening order waits: its session has not come.
    pub fn end_moment_of_this_close(&mut self, bars: &[(SymbolIndex, &Bar)]) {
        if self.brief_orders == 0 || !self.core {
            return;
        }
        for &(symbol, _) in bars {
            self.cancel_where(symbol, |order| {
                order.kind == OrderKind::Market && matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok)
            });
        }
    }

    /// Is there an order to which the end of a session matters?
    #[inline]
    pub fn has_session_orders(&self) -> bool {
        self.session_orders > 0
    }

    /// The session whose last bar opened at `last_bar` has closed at `close`: day orders expire, orders of a moment that
    /// have not had it are canceled, but for opening orders that were sent inside it: they wait for the next open. An
    /// order that arrives at the close or later, or was sent there, is for the next session; the latest moments say
    /// that all have arrived before.
    #[cold]
    pub fn end_session(&mut self, close: Timestamp, last_bar: Timestamp) {
        let mut expired = Vec::new();
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            let mut at = 0;
            while at < self.books[index].len() {
                let order = &mut self.books[index][at];
                let is_sent_after = order.armed && order.is_approved() && order.sent >= last_bar;
                if order.live_after.plus_ns(1) >= close || is_sent_after {
                    order.armed = true;
                    at += 1;
                    continue;
                }
                match order.time_in_force {
                    // A day order of extended hours lives on until they end.
                    TimeInForce::Day if !order.extended_hours => {
                        let order = self.take(symbol, at);
                        self.events.push(ExecutionEvent::Expired { order: order.id });
                        if order.room == Room::Makes {
                            expired.push(order);
                        }
                    }
                    // Without a bar of its share in this session an order of a moment has missed it.
                    TimeInForce::Opg if !order.armed => {
                        order.armed = true;
                        at += 1;
                    }
                    TimeInForce::Cls | TimeInForce::Opg | TimeInForce::Ioc | TimeInForce::Fok => {
                        let order = self.take(symbol, at).id;
                        self.events.push(ExecutionEvent::Canceled { order });
                    }
                    TimeInForce::Day | TimeInForce::Gtc => {
                        order.armed = true;
                        at += 1;
                    }
                }
            }
            self.refresh_band(symbol);
        }
        expired.iter().for_each(|exit| self.take_room_back(exit));
    }

    /// The core session begins or ends: outside it only limit orders of extended hours fill.
    #[cold]
    pub fn set_core(&mut self, core: bool) {
        self.core = core;
    }

    /// Extended hours have ended whose last bar opened, or would have, at `last_bar`: day orders of theirs
    /// expire, but for those sent at that bar's close.
    #[cold]
    pub fn end_extended_hours(&mut self, last_bar: Timestamp) {
        for index in 0..self.books.len() {
            self.expire_where(SymbolIndex(index as u16), |order| {
                order.extended_hours && order.time_in_force == TimeInForce::Day && order.live_after < last_bar
            });
        }
    }
}
