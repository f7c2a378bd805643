//! Entries that were approved only because exits of the same moment leave first.
//!
//! Not here: which entries those are (risk::gate), what an entry costs at its fill (execute).
//! Invariant: such an entry fills after all market exits of its moment have filled, or not at all: it is rejected
//! when one of them is taken back, and at its fill while one of them rests.
use super::order::VenueOrder;
use super::simulated::{SimulatedVenue, Submission};
use crate::domain::{OrderKind, RejectReason, SymbolIndex, TimeInForce, Timestamp};

/// What an order has to do with the room that exits make for entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    /// Nothing.
    None,
    /// It is an exit that makes room for entries sent at the same moment.
    Makes,
    /// It is an entry that needs that room.
    Needs,
}

impl SimulatedVenue {
    /// What `submission` has to do with it. Where an entry is paid for at its approval, nothing has.
    pub(super) fn room_of(&self, submission: &Submission<'_>) -> Room {
        let Submission { request, reduce_only, relies_on_exits, .. } = *submission;
        let leaves = matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc);
        match reduce_only {
            _ if relies_on_exits => Room::Needs,
            true if self.rules.cash_check_at_fill && leaves && request.kind == OrderKind::Market => Room::Makes,
            _ => Room::None,
        }
    }

    /// Was the room of orders sent at `sent` taken back already?
    pub(super) fn is_room_lost(&self, sent: Timestamp) -> bool {
        self.room_lost_of == Some(sent)
    }

    /// The entry at `at` has come to its fill: are all exits gone that it relies on? If not it is rejected.
    #[cold]
    pub(super) fn has_room(&mut self, symbol: SymbolIndex, at: usize) -> bool {
        let sent = self.books[symbol.get()][at].sent;
        let is_awaited = |order: &VenueOrder| order.room == Room::Makes && order.sent == sent;
        if self.books.iter().flatten().any(is_awaited) {
            self.reject(symbol, at, RejectReason::ExitNotFilled);
            return false;
        }
        // From here on nothing can be taken back.
        self.books[symbol.get()][at].room = Room::None;
        true
    }

    /// `order` has left the book without a fill, or is for fewer shares: what relies on it is rejected.
    #[inline]
    pub(super) fn take_room_back(&mut self, order: &VenueOrder) {
        if order.room == Room::Makes && !order.remaining.is_zero() {
            self.reject_relying(order.sent);
        }
    }

    #[cold]
    fn reject_relying(&mut self, sent: Timestamp) {
        self.room_lost_of = Some(sent);
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            let relies = |_: &Self, order: &VenueOrder| order.room == Room::Needs && order.sent == sent;
            while let Some(at) = self.position_where(symbol, relies) {
                self.reject(symbol, at, RejectReason::ExitNotFilled);
            }
        }
    }
}
