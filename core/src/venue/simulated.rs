//! The resting orders of all symbols, and what is asked of them between bars.
//!
//! Not here: which order fills at which price on a bar (matching).
//! Invariants: (1) an order fills only on a bar that opens after the order was sent, but for
//! `market_fill = "close"`; (2) legs never exceed the position they protect, one by one or together; (3) the band of a
//! symbol holds every price at which one of its orders could fill.
use std::sync::Arc;

use super::account::VenueAccount;
use super::costs::{FeeMeter, SpreadTape, Spreads};
use super::expiry::gtc_end;
use super::finer::FinerBars;
use super::order::{Band, VenueOrder, trail_level};
use super::reading::{Inside, Reading, Undecided};
use super::room::Room;
use super::rules::VenueRules;
use super::transit::Sent;
use crate::domain::{
    Bar, ExecutionEvent, ExitLegs, LegLevel, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, Price,
    Quantity, RejectReason, Symbol, SymbolIndex, Timestamp,
};

/// The simulated market for one account.
#[derive(Debug)]
pub struct SimulatedVenue {
    pub(super) rules: VenueRules,
    pub(super) account: VenueAccount,
    pub(super) fees: FeeMeter,
    pub(super) spreads: SpreadTape,
    /// Fills that paid the model's spread for want of a quote.
    pub(super) quotes_missing: u64,
    pub(super) books: Vec<Vec<VenueOrder>>,
    pub(super) bands: Vec<Band>,
    pub(super) events: Vec<ExecutionEvent>,
    /// Open orders to which the end of a session matters.
    pub(super) session_orders: usize,
    /// Open orders that live for a moment only.
    pub(super) brief_orders: usize,
    /// Shares that are listed no more, with their names.
    pub(super) inactive: Vec<(SymbolIndex, Symbol)>,
    /// The first moment at which an order that is good until canceled ends.
    pub(super) next_expiry: Timestamp,
    /// The core session is on; always, where bars of other hours are not shown.
    pub(super) core: bool,
    /// How bars are read inside.
    pub(super) inside: Inside,
    /// The moment whose exits were last taken back: what was sent then and relies on them has no room.
    pub(super) room_lost_of: Option<Timestamp>,
    /// Cancels and changes on their way.
    pub(super) transit: Vec<Sent>,
    /// Another venue holds the orders and says which entries end: see `mirror`.
    pub(super) mirrors: bool,
}

/// An order as it arrives at the venue.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Submission<'a> {
    /// Our number for it.
    pub id: OrderId,
    /// What is wanted.
    pub request: &'a OrderRequest,
    /// How many shares, unless it is sized at its fill.
    pub quantity: Quantity,
    /// It may only shrink the position.
    pub reduce_only: bool,
    /// It fills after the market exits of its moment, or not at all.
    pub relies_on_exits: bool,
    /// Where its symbol last traded: a trailing stop starts from there.
    pub last: Price,
    /// Open time of the bar that has just closed.
    pub now: Timestamp,
    /// It can fill on bars that open after this: `now`, or later where the way takes time.
    pub live_after: Timestamp,
    /// Another bar of this session may follow.
    pub in_session: bool,
}

impl SimulatedVenue {
    /// A venue that knows `cash` dollars and no orders.
    pub fn new(rules: VenueRules, cash: Money, symbols: usize) -> SimulatedVenue {
        SimulatedVenue {
            rules,
            account: VenueAccount::new(cash, symbols, rules.leverage),
            fees: FeeMeter::new(rules.commission),
            spreads: SpreadTape::default(),
            quotes_missing: 0,
            books: (0..symbols).map(|_| Vec::with_capacity(8)).collect(),
            bands: vec![Band::QUIET; symbols],
            events: Vec::with_capacity(64),
            session_orders: 0,
            brief_orders: 0,
            inactive: Vec::new(),
            next_expiry: Timestamp::MAX,
            core: true,
            inside: Inside::new(rules.both_touched),
            room_lost_of: None,
            transit: Vec::new(),
            mirrors: false,
        }
    }

    /// The spreads that fills pay under [`Slippage::Spread`](super::Slippage::Spread).
    pub fn set_spreads(&mut self, spreads: Arc<Spreads>) {
        self.spreads = SpreadTape::new(spreads);
    }

    /// Can nothing happen to `symbol` on this bar?
    #[inline]
    pub fn is_quiet(&self, symbol: SymbolIndex, bar: &Bar) -> bool {
        self.bands[symbol.get()].is_quiet(bar)
    }

    /// The prices between which nothing can happen to `symbol`.
    #[inline]
    pub fn quiet_band(&self, symbol: SymbolIndex) -> Band {
        self.bands[symbol.get()]
    }

    /// Takes an order.
    #[inline]
    pub fn submit(&mut self, submission: &Submission<'_>) {
        let room = self.room_of(submission);
        let is_late = room == Room::Needs && self.is_room_lost(submission.now);
        let needs_legs = self.needs_legs(submission);
        if needs_legs {
            self.take_legs_back(submission.request.symbol, submission.request.side);
        }
        let admitted = if is_late { Err(RejectReason::ExitNotFilled) } else { self.admit(submission) };
        match admitted {
            Ok(()) => self.accept(submission, room),
            Err(reason) => self.events.push(ExecutionEvent::Rejected { order: submission.id, reason }),
        }
        if needs_legs {
            self.send_legs_again(submission.request.symbol);
        }
    }

    /// An order that may be sent rests from here on.
    #[inline]
    pub(super) fn accept(&mut self, submission: &Submission<'_>, room: Room) {
        let Submission { id, request, quantity, reduce_only, last, now, live_after, in_session, .. } = *submission;
        let trigger = match request.kind {
            OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. } => stop,
            OrderKind::TrailingStop { trail } => trail_level(request.side, last, trail, self.rules.tick),
            OrderKind::Market | OrderKind::Limit { .. } => Price::ZERO,
        };
        let order = VenueOrder {
            id,
            side: request.side,
            remaining: quantity,
            size: request.size,
            kind: request.kind,
            time_in_force: request.time_in_force,
            purpose: request.purpose,
            legs: request.legs,
            parent: None,
            reduce_only,
            sibling: None,
            sent: now,
            room,
            live_after,
            trigger,
            best: last,
            triggered: false,
            armed: !in_session,
            extended_hours: request.extended_hours,
            ends: gtc_end(request, now, self.rules.tick),
            filled_on: Timestamp::MIN,
        };
        self.events.push(ExecutionEvent::Accepted { order: id });
        if reduce_only && order.is_stop() {
            // It protects: where it stands counts for heat.
            let (symbol, time) = (request.symbol, now);
            self.events.push(ExecutionEvent::LegLive { order: id, parent: id, symbol, level: trigger, time });
        }
        self.account.set_mark(request.symbol, last);
        if request.class == OrderClass::Oco {
            self.rest_oco(request.symbol, order, now);
        } else {
            self.rest(request.symbol, order);
        }
    }

    /// A one-cancels-other pair: the target under the order's own number, the stop under the next.
    fn rest_oco(&mut self, symbol: SymbolIndex, target: VenueOrder, now: Timestamp) {
        let Some(LegLevel::At(stop)) = target.legs.stop else {
            self.rest(symbol, target);
            return;
        };
        let stop_id = OrderId(target.id.0 + 1);
        let kind = match target.legs.stop_limit {
            Some(limit) => OrderKind::StopLimit { stop, limit },
            None => OrderKind::Stop { stop },
        };
        let legs = ExitLegs::NONE;
        let stop_order = VenueOrder {
            id: stop_id,
            kind,
            purpose: OrderPurpose::Stop,
            trigger: stop,
            sibling: Some(target.id),
            legs,
            ..target
        };
        self.rest(symbol, VenueOrder { sibling: Some(stop_id), purpose: OrderPurpose::TakeProfit, legs, ..target });
        self.events.push(ExecutionEvent::LegLive { order: stop_id, parent: target.id, symbol, level: stop, time: now });
        self.rest(symbol, stop_order);
    }

    pub(super) fn rest(&mut self, symbol: SymbolIndex, order: VenueOrder) {
        // Asked, not added: two counters read as one word just after one was written wait for each other.
        if order.heeds_session() {
            self.session_orders += 1;
        }
        if !order.joins_bar() {
            self.brief_orders += 1;
        }
        self.next_expiry = self.next_expiry.min(order.ends);
        self.bands[symbol.get()] = self.bands[symbol.get()].joined(order.band());
        self.books[symbol.get()].push(order);
    }

    /// Takes the order at `at` out of the book of `symbol`.
    #[inline]
    pub(super) fn take(&mut self, symbol: SymbolIndex, at: usize) -> VenueOrder {
        let order = self.books[symbol.get()].remove(at);
        if order.heeds_session() {
            self.session_orders -= 1;
        }
        if !order.joins_bar() {
            self.brief_orders -= 1;
        }
        order
    }

    pub(super) fn refresh_band(&mut self, symbol: SymbolIndex) {
        let orders = self.books[symbol.get()].iter();
        let start = if self.transit.is_empty() { Band::QUIET } else { Band::ALWAYS };
        self.bands[symbol.get()] = orders.fold(start, |band, order| band.joined(order.band()));
    }

    /// Cancels an open order and whatever is left of its pair; an unknown one is no error: it may have
    /// filled while the cancel was on its way.
    pub fn cancel(&mut self, id: OrderId) {
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            let Some(at) = self.books[index].iter().position(|order| order.id == id) else { continue };
            let order = self.take(symbol, at);
            self.events.push(ExecutionEvent::Canceled { order: id });
            self.take_room_back(&order);
            // A leg takes its pair along, and what is left of an entry that would bring it back.
            let parent = order.parent.filter(|_| !self.mirrors);
            self.cancel_where(symbol, |other| Some(other.id) == order.sibling || Some(other.id) == parent);
            self.refresh_band(symbol);
            return;
        }
    }

    pub(super) fn cancel_where(&mut self, symbol: SymbolIndex, unwanted: impl Fn(&VenueOrder) -> bool) {
        let (mut at, mut gone) = (0, Vec::new());
        let before = self.books[symbol.get()].len();
        while at < self.books[symbol.get()].len() {
            if unwanted(&self.books[symbol.get()][at]) {
                let order = self.take(symbol, at);
                self.events.push(ExecutionEvent::Canceled { order: order.id });
                if order.room == Room::Makes {
                    gone.push(order);
                }
            } else {
                at += 1;
            }
        }
        gone.iter().for_each(|exit| self.take_room_back(exit));
        if self.books[symbol.get()].len() < before {
            self.refresh_band(symbol);
        }
    }

    /// Cancels orders without shares left, and the rest of an entry whose legs are among them: what it
    /// bought has left, and its legs cannot come back.
    pub(super) fn cancel_emptied(&mut self, symbol: SymbolIndex) {
        let ends_entries = !self.mirrors;
        let book = &mut self.books[symbol.get()];
        for at in 0..book.len() {
            if let (Some(parent), true) = (book[at].parent, ends_entries && book[at].remaining.is_zero())
                && let Some(entry) = book.iter_mut().find(|order| order.id == parent)
            {
                entry.remaining = Quantity::ZERO;
            }
        }
        self.cancel_where(symbol, |order| order.remaining.is_zero());
    }

    /// Changes quantity and prices of a resting order; an unknown one is no error: it may have filled while
    /// the change was on its way. Both of a pair are for the same quantity.
    pub fn replace(&mut self, id: OrderId, quantity: Option<Quantity>, kind: OrderKind, now: Timestamp) {
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            let Some(at) = self.books[index].iter().position(|order| order.id == id) else { continue };
            let tick = self.rules.tick;
            let order = &mut self.books[index][at];
            // A stop that has triggered is a market order, or a limit at its collar, and stays one.
            let is_same_kind = std::mem::discriminant(&order.kind) == std::mem::discriminant(&kind);
            let before = order.kind;
            order.kind = if is_same_kind { kind } else { before };
            order.trigger = kind.stop().unwrap_or(order.trigger);
            order.remaining = quantity.unwrap_or(order.remaining);
            let (changed, remaining, sibling) = (*order, order.remaining, order.sibling);
            if let (OrderKind::TrailingStop { trail }, true) = (order.kind, order.kind != before) {
                // From the best price so far, which stays.
                order.trigger = trail_level(order.side, order.best, trail, tick);
                let (level, parent) = (order.trigger, order.parent.unwrap_or(id));
                self.events.push(ExecutionEvent::LegLive { order: id, parent, symbol, level, time: now });
            }
            let pair = self.books[index].iter_mut().find(|other| Some(other.id) == sibling);
            if let Some(pair) = pair.filter(|pair| pair.remaining != remaining) {
                pair.remaining = remaining;
                self.events.push(ExecutionEvent::Resized { order: pair.id, remaining });
            }
            self.events.push(ExecutionEvent::Replaced { order: id, symbol, kind, remaining, time: now });
            if quantity.is_some() {
                self.take_room_back(&changed);
            }
            self.refresh_band(symbol);
            return;
        }
    }

    /// Resting orders that were approved, with the shares they may still fill. Legs and the stops of pairs
    /// are not among them: they protect what has filled.
    pub fn approved(&self) -> impl Iterator<Item = (OrderId, Quantity)> + '_ {
        let all = self.books.iter().flatten();
        let own = all.filter(|order| order.is_approved());
        own.map(|order| (order.id, order.remaining))
    }

    /// A dividend was paid.
    pub fn receive(&mut self, amount: Money) {
        self.account.receive(amount);
    }

    /// Moves what has been answered so far to the end of `answers`, oldest first.
    #[inline]
    pub fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        if answers.is_empty() {
            std::mem::swap(answers, &mut self.events);
        } else {
            answers.append(&mut self.events);
        }
    }

    /// Cash as the venue counts it: must equal ours.
    pub fn cash(&self) -> Money {
        self.account.cash()
    }

    /// Shares as the venue counts them: must equal ours.
    pub fn shares(&self, symbol: SymbolIndex) -> Quantity {
        self.account.shares(symbol)
    }

    /// Fills that paid the model's spread, there being no quote of their bar.
    pub fn quotes_missing(&self) -> u64 {
        self.quotes_missing
    }

    /// Gives it the finer bars of the symbols, in their order; read where `both_touched` asks for them.
    pub fn take_finer(&mut self, finer: Vec<FinerBars>) {
        if let Some(of_symbols) = &mut self.inside.finer {
            *of_symbols = finer;
        }
    }

    /// Reads bars, and finer bars where there are any, in another way than `both_touched` says.
    pub fn read_as(&mut self, reading: Reading) {
        self.inside.reading = reading;
    }

    /// Bars that decided something and could not tell how.
    pub fn undecided(&self) -> Undecided {
        self.inside.counts
    }
}
