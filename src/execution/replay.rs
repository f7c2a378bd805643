//! Historical replay: approved orders go to the simulated venue, which bars move.
//!
//! Not here: the matching (venue), the loop over bars (engine::replay).
use super::ExecutionBackend;
use crate::domain::{Bar, ExecutionEvent, Money, OrderId, SymbolIndex, Timestamp};
use crate::risk::{ApprovedChange, ApprovedOrder};
use crate::venue::{Band, Request, SimulatedVenue, Submission, VenueRules};

/// The backend of a backtest.
#[derive(Debug)]
pub struct ReplayBackend {
    venue: SimulatedVenue,
    /// Open time of the bars that have just closed.
    now: Timestamp,
    /// Another bar of this session may follow.
    in_session: bool,
    /// What is sent now can fill on bars that open after this.
    live_after: Timestamp,
    latency: Option<Latency>,
}

/// How long an order, a cancel or a change is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Latency {
    /// Nanoseconds between sending and arrival, above 0.
    pub way_ns: i64,
    /// Nanoseconds from the open of a bar to its close, when decisions are made.
    pub bar_ns: i64,
}

impl ReplayBackend {
    /// A venue with `cash` and no orders.
    pub fn new(rules: VenueRules, cash: Money, symbols: usize) -> ReplayBackend {
        ReplayBackend {
            venue: SimulatedVenue::new(rules, cash, symbols),
            now: Timestamp::MIN,
            in_session: false,
            live_after: Timestamp::MIN,
            latency: None,
        }
    }

    /// What is sent takes time to arrive: an order fills first on the first bar that opens at or after its
    /// arrival, and until a cancel or a change has arrived the order is as it was. Legs rest at the venue.
    pub fn with_latency(mut self, latency: Latency) -> ReplayBackend {
        assert!(latency.way_ns > 0, "no way takes less than no time");
        self.latency = Some(latency);
        self
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
        self.live_after = match self.latency {
            None => now,
            // The moment before the arrival: a bar that opens at the arrival can fill it.
            Some(Latency { way_ns, bar_ns }) => now.plus_ns(bar_ns).plus_ns(way_ns - 1),
        };
    }

    /// Answers of the bars that open at `now` may bring forth orders, too: they are sent at their close at the
    /// latest.
    #[inline]
    pub fn at_answers(&mut self, now: Timestamp) {
        if self.now != now {
            self.at_close(now, true);
        }
    }

    /// Cancels and changes that have arrived by the open of the bars at `now` take effect; were there any?
    #[inline]
    pub fn deliver(&mut self, now: Timestamp) -> bool {
        let Some(Latency { way_ns, .. }) = self.latency else { return false };
        // What follows from them is sent now, at the open.
        (self.now, self.in_session, self.live_after) = (now, true, now.plus_ns(way_ns - 1));
        self.venue.deliver(now)
    }

    /// The session whose last bar opened at `last_bar` has closed.
    pub fn end_session(&mut self, last_bar: Timestamp) {
        let close = self.latency.map_or(Timestamp::MAX, |latency| last_bar.plus_ns(latency.bar_ns));
        self.venue.end_session(close);
    }

    /// The hours around a session, whose last bar opened at `last_bar`, have ended.
    pub fn end_extended_hours(&mut self, last_bar: Timestamp) {
        // What arrives before that bar's close belongs to them.
        let until = self.latency.map_or(last_bar, |latency| last_bar.plus_ns(latency.bar_ns - 1));
        self.venue.end_extended_hours(until);
    }

    /// The moment a request that is sent now arrives; `None` where it is there at once.
    fn arrival(&self) -> Option<Timestamp> {
        self.latency.map(|_| self.live_after.plus_ns(1))
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
            relies_on_exits: order.relies_on_exits(),
            last: order.reference(),
            now: self.now,
            live_after: self.live_after,
            in_session: self.in_session,
        });
    }

    fn cancel(&mut self, order: OrderId) {
        match self.arrival() {
            None => self.venue.cancel(order),
            Some(arrival) => self.venue.send(order, Request::Cancel, arrival),
        }
    }

    fn replace(&mut self, change: ApprovedChange) {
        assert_eq!(change.approved_at(), self.now, "an approval is about a moment: it is sent at once or not at all");
        let (order, quantity, kind) = (change.order(), change.quantity(), change.kind());
        match self.arrival() {
            None => self.venue.replace(order, quantity, kind, self.now),
            Some(arrival) => self.venue.send(order, Request::Replace(quantity, kind), arrival),
        }
    }

    #[inline]
    fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        self.venue.poll(answers);
    }
}
