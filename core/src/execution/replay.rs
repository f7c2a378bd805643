//! Historical replay: approved orders go to the simulated venue, which bars move.
//!
//! Not here: the matching (venue), the loop over bars (engine::replay).
use super::{BackendFailure, ExecutionBackend, ReplayMarket};
use crate::domain::{
    Bar, ExecutionEvent, Fill, Money, OrderId, Price, Quantity, Ratio, Symbol, SymbolIndex, Timestamp,
};
use crate::market::Calendar;
use crate::risk::{ApprovedChange, ApprovedOrder, Gate};
use crate::venue::{Band, MarketFill, Request, SimulatedVenue, Submission, VenueRules};

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

    /// The market behind it.
    pub fn venue(&self) -> &SimulatedVenue {
        &self.venue
    }

    /// The market behind it, to move it.
    pub fn venue_mut(&mut self) -> &mut SimulatedVenue {
        &mut self.venue
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

impl ReplayMarket for ReplayBackend {
    #[inline]
    fn quiet_band(&self, symbol: SymbolIndex) -> Band {
        self.venue.quiet_band(symbol)
    }

    #[inline]
    fn is_quiet(&self, symbol: SymbolIndex, bar: &Bar) -> bool {
        self.venue.is_quiet(symbol, bar)
    }

    #[inline]
    fn next_expiry(&self) -> Timestamp {
        self.venue.next_expiry()
    }

    #[inline]
    fn has_session_orders(&self) -> bool {
        self.venue.has_session_orders()
    }

    fn dearest_level(&self, symbol: SymbolIndex) -> Price {
        self.venue.dearest_level(symbol)
    }

    #[inline]
    fn check(&mut self) -> Result<(), BackendFailure> {
        Ok(())
    }

    #[inline]
    fn begin(&mut self, _time: Timestamp) {}

    fn expire(&mut self, now: Timestamp) {
        self.venue.expire(now);
    }

    fn set_core(&mut self, core: bool) {
        self.venue.set_core(core);
    }

    fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, kept: (Quantity, Price, Money), time: Timestamp) {
        self.venue.split(symbol, ratio, kept, time);
    }

    fn receive(&mut self, amount: Money) {
        self.venue.receive(amount);
    }

    fn delist(&mut self, symbol: SymbolIndex, name: Symbol, paid: Option<Fill>) {
        self.venue.delist(symbol, name, paid);
    }

    #[inline]
    fn deliver(&mut self, now: Timestamp) -> bool {
        let Some(Latency { way_ns, .. }) = self.latency else { return false };
        // What follows from them is sent now, at the open.
        (self.now, self.in_session, self.live_after) = (now, true, now.plus_ns(way_ns - 1));
        self.venue.deliver(now)
    }

    #[inline]
    fn trade(&mut self, step: &[(SymbolIndex, &Bar)], market_fill: MarketFill, ends_session: bool) {
        self.venue.open(step);
        self.venue.after_open(step, market_fill, ends_session);
    }

    #[inline]
    fn mark(&mut self, step: &[(SymbolIndex, &Bar)]) {
        self.venue.mark(step);
    }

    #[inline]
    fn at_close(&mut self, now: Timestamp, in_session: bool) {
        (self.now, self.in_session) = (now, in_session);
        self.live_after = match self.latency {
            None => now,
            // The moment before the arrival: a bar that opens at the arrival can fill it.
            Some(Latency { way_ns, bar_ns }) => now.plus_ns(bar_ns).plus_ns(way_ns - 1),
        };
    }

    #[inline]
    fn at_answers(&mut self, now: Timestamp) {
        if self.now != now {
            self.at_close(now, true);
        }
    }

    fn fill_at_this_close(&mut self, step: &[(SymbolIndex, &Bar)]) {
        self.venue.close(step);
        self.venue.end_moment_of_this_close(step);
    }

    fn end_session(&mut self, last_bar: Timestamp) {
        let close = self.latency.map_or(Timestamp::MAX, |latency| last_bar.plus_ns(latency.bar_ns));
        self.venue.end_session(close, last_bar);
    }

    fn end_extended_hours(&mut self, last_bar: Timestamp) {
        // What arrives before that bar's close belongs to them.
        let until = self.latency.map_or(last_bar, |latency| last_bar.plus_ns(latency.bar_ns - 1));
        self.venue.end_extended_hours(until);
    }

    fn set_leverage(&mut self, leverage: i64) {
        self.venue.set_leverage(leverage);
    }

    fn settle_by(&mut self, calendar: Calendar) {
        self.venue.settle_by(calendar);
    }

    fn settle(&mut self, now: Timestamp) {
        self.venue.settle(now);
    }

    fn ties(&self, gate: &Gate) -> bool {
        let open = gate.open();
        let as_approved = |(order, remaining)| {
            let mut approvals = open.iter().filter(|approval| approval.order == order);
            // While a change is on its way the larger of both is set aside.
            approvals.next().is_some_and(|approval| match approval.change {
                None => approval.open == remaining,
                Some(_) => approval.open >= remaining,
            })
        };
        let total: Money = open.iter().map(|approval| approval.reserve).sum();
        let free = open.iter().all(|approval| !approval.reduces || approval.reserve == Money::ZERO);
        let own = || self.venue.approved();
        gate.reserved() == total && free && own().count() == open.len() && own().all(as_approved)
    }
}
