//! Historical replay: approved orders go to the simulated venue, which bars move.
//!
//! Not here: the matching (venue), the loop over bars (engine::replay).
use super::ExecutionBackend;
use crate::domain::{Bar, ExecutionEvent, Money, OrderId, SymbolIndex, Timestamp};
use crate::risk::{ApprovedChange, ApprovedOrder};
use crate::venue::{Band, SimulatedVenue, Submission, VenueRules};

/// The backend of a backtest.
#[derive(Debug)]
pub struct ReplayBackend {
    venue: SimulatedVenue,
    /// Open time of the bars that have just closed.
    now: Timestamp,
    /// Another bar of this session may follow.
    in_session: bool,
}

impl ReplayBackend {
    /// A venue with `cash` and no orders.
    pub fn new(rules: VenueRules, cash: Money, symbols: usize) -> ReplayBackend {
        ReplayBackend { venue: SimulatedVenue::new(rules, cash, symbols), now: Timestamp::MIN, in_session: false }
    }

    /// Can nothing happen to `symbol` on this bar?
    #[inline]
    pub fn is_quiet(&self, symbol: SymbolIndex, bar: &Bar) -> bool {
        self.venue.is_quiet(symbol, bar)
    }

    /// The prices between which nothing can happen to `symbol`.
    #[inline]
    pub fn quiet_band(&self, symbol: SymbolIndex) -> Band {
        self.venue.quiet_band(symbol)
    }

    /// The market behind it.
    pub fn venue(&self) -> &SimulatedVenue {
        &self.venue
    }

    /// The market behind it, to move it.
    pub fn venue_mut(&mut self) -> &mut SimulatedVenue {
        &mut self.venue
    }

    /// Orders from here on are sent at the close of the bars that opened at `now`.
    #[inline]
    pub fn at_close(&mut self, now: Timestamp, in_session: bool) {
        (self.now, self.in_session) = (now, in_session);
    }
}

impl ExecutionBackend for ReplayBackend {
    #[inline]
    fn submit(&mut self, order: ApprovedOrder) {
        assert_eq!(order.approved_at(), self.now, "an approval is about a moment: it is sent at once or not at all");
        self.venue.submit(&Submission {
            id: order.id(),
            request: order.request(),
            quantity: order.quantity(),
            reduce_only: order.reduces(),
            last: order.reference(),
            now: self.now,
            in_session: self.in_session,
        });
    }

    fn cancel(&mut self, order: OrderId) {
        self.venue.cancel(order);
    }

    fn replace(&mut self, change: ApprovedChange) {
        assert_eq!(change.approved_at(), self.now, "an approval is about a moment: it is sent at once or not at all");
        self.venue.replace(change.order(), change.quantity(), change.kind(), self.now);
    }

    #[inline]
    fn poll(&mut self) -> Option<ExecutionEvent> {
        self.venue.poll()
    }
}
