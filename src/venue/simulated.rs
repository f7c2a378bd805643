//! The resting orders of all symbols, and what is asked of them between bars.
//!
//! Not here: which order fills at which price on a bar (matching).
//! Invariants: (1) an order fills only on a bar that opens after the order was sent, but for
//! `market_fill = "close"`; (2) legs never exceed the position they protect; (3) the band of a
//! symbol holds every price at which one of its orders could fill.
use std::collections::VecDeque;

use super::account::VenueAccount;
use super::order::{Band, VenueOrder, trail_level};
use super::rules::VenueRules;
use crate::domain::{
    Bar, ExecutionEvent, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, Price, Quantity, Ratio,
    SymbolIndex, TimeInForce, Timestamp,
};
use crate::portfolio::{split_price, split_quantity};

/// The simulated market for one account.
#[derive(Debug)]
pub struct SimulatedVenue {
    pub(super) rules: VenueRules,
    pub(super) account: VenueAccount,
    pub(super) books: Vec<Vec<VenueOrder>>,
    bands: Vec<Band>,
    pub(super) events: VecDeque<ExecutionEvent>,
    /// Open orders that expire with the session.
    pub(super) day_orders: usize,
    /// Bars in which a stop and its target both lay and nothing told which came first.
    pub(super) ambiguous_bars: u64,
}

/// An order as it arrives at the venue.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Submission {
    /// Our number for it.
    pub id: OrderId,
    /// What is wanted.
    pub request: OrderRequest,
    /// How many shares, unless it is sized at its fill.
    pub quantity: Quantity,
    /// It may only shrink the position.
    pub reduce_only: bool,
    /// Where its symbol last traded: a trailing stop starts from there.
    pub last: Price,
    /// Open time of the bar that has just closed.
    pub now: Timestamp,
    /// Another bar of this session may follow.
    pub in_session: bool,
}

impl SimulatedVenue {
    /// A venue that knows `cash` dollars and no orders.
    pub fn new(rules: VenueRules, cash: Money, symbols: usize) -> SimulatedVenue {
        SimulatedVenue {
            rules,
            account: VenueAccount::new(cash, symbols, rules.leverage),
            books: (0..symbols).map(|_| Vec::with_capacity(8)).collect(),
            bands: vec![Band::QUIET; symbols],
            events: VecDeque::with_capacity(64),
            day_orders: 0,
            ambiguous_bars: 0,
        }
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
    pub fn submit(&mut self, submission: &Submission) {
        let Submission { id, request, quantity, reduce_only, last, now, in_session } = *submission;
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
            live_after: now,
            trigger,
            best: last,
            triggered: false,
            started: in_session,
            filled_on: Timestamp::MIN,
        };
        self.events.push_back(ExecutionEvent::Accepted { order: id });
        self.account.set_mark(request.symbol, last);
        if request.class == OrderClass::Oco {
            self.rest_oco(request.symbol, order);
        } else {
            self.rest(request.symbol, order);
        }
    }

    /// A one-cancels-other pair: the target under the order's own number, the stop under the next.
    fn rest_oco(&mut self, symbol: SymbolIndex, target: VenueOrder) {
        let Some(crate::domain::LegLevel::At(stop)) = target.legs.stop else {
            self.rest(symbol, target);
            return;
        };
        let stop_id = OrderId(target.id.0 + 1);
        let kind = match target.legs.stop_limit {
            Some(limit) => OrderKind::StopLimit { stop, limit },
            None => OrderKind::Stop { stop },
        };
        let legs = crate::domain::ExitLegs::NONE;
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
        self.events.push_back(ExecutionEvent::LegLive {
            order: stop_id,
            parent: target.id,
            symbol,
            level: stop,
            time: target.live_after,
        });
        self.rest(symbol, stop_order);
    }

    pub(super) fn rest(&mut self, symbol: SymbolIndex, order: VenueOrder) {
        self.day_orders += usize::from(order.time_in_force == TimeInForce::Day);
        self.bands[symbol.get()] = self.bands[symbol.get()].joined(order.band());
        self.books[symbol.get()].push(order);
    }

    /// Takes the order at `at` out of the book of `symbol`.
    pub(super) fn take(&mut self, symbol: SymbolIndex, at: usize) -> VenueOrder {
        let order = self.books[symbol.get()].remove(at);
        self.day_orders -= usize::from(order.time_in_force == TimeInForce::Day);
        order
    }

    pub(super) fn refresh_band(&mut self, symbol: SymbolIndex) {
        let orders = self.books[symbol.get()].iter();
        self.bands[symbol.get()] = orders.fold(Band::QUIET, |band, order| band.joined(order.band()));
    }

    /// Cancels an open order and whatever is left of its pair; an unknown one is no error: it may have
    /// filled while the cancel was on its way.
    pub fn cancel(&mut self, id: OrderId) {
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            let Some(at) = self.books[index].iter().position(|order| order.id == id) else { continue };
            let order = self.take(symbol, at);
            self.events.push_back(ExecutionEvent::Canceled { order: id });
            self.cancel_where(symbol, |other| Some(other.id) == order.sibling);
            return;
        }
    }

    pub(super) fn cancel_where(&mut self, symbol: SymbolIndex, unwanted: impl Fn(&VenueOrder) -> bool) {
        let mut at = 0;
        while at < self.books[symbol.get()].len() {
            if unwanted(&self.books[symbol.get()][at]) {
                let order = self.take(symbol, at);
                self.events.push_back(ExecutionEvent::Canceled { order: order.id });
            } else {
                at += 1;
            }
        }
        self.refresh_band(symbol);
    }

    /// Changes quantity, limit or stop of a resting order; false when there is no such order.
    pub fn replace(
        &mut self,
        id: OrderId,
        quantity: Option<Quantity>,
        limit: Option<Price>,
        stop: Option<Price>,
    ) -> bool {
        for index in 0..self.books.len() {
            let Some(order) = self.books[index].iter_mut().find(|order| order.id == id) else { continue };
            order.remaining = quantity.unwrap_or(order.remaining);
            order.trigger = stop.unwrap_or(order.trigger);
            order.kind = match order.kind {
                OrderKind::Limit { limit: old } => OrderKind::Limit { limit: limit.unwrap_or(old) },
                OrderKind::Stop { stop: old } => OrderKind::Stop { stop: stop.unwrap_or(old) },
                OrderKind::StopLimit { stop: old_stop, limit: old } => {
                    OrderKind::StopLimit { stop: stop.unwrap_or(old_stop), limit: limit.unwrap_or(old) }
                }
                kind @ (OrderKind::Market | OrderKind::TrailingStop { .. }) => kind,
            };
            self.refresh_band(SymbolIndex(index as u16));
            return true;
        }
        false
    }

    /// Is there an order that may expire with the session?
    #[inline]
    pub fn has_day_orders(&self) -> bool {
        self.day_orders > 0
    }

    /// The session has closed: day orders that could have filled in it expire.
    #[cold]
    pub fn end_session(&mut self) {
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            let mut at = 0;
            while at < self.books[index].len() {
                let order = &mut self.books[index][at];
                if order.time_in_force == TimeInForce::Day && order.started {
                    let order = self.take(symbol, at);
                    self.events.push_back(ExecutionEvent::Expired { order: order.id });
                } else {
                    order.started = true;
                    at += 1;
                }
            }
            self.refresh_band(symbol);
        }
    }

    /// A split into `ratio` new shares per old, before the open: shares, levels and quantities of
    /// resting orders. `kept` is what our own books hold afterwards, `cash_change` what was paid for a
    /// fraction of a share.
    pub fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, kept: Quantity, mark: Price, cash_change: Money) {
        self.account.restate(symbol, kept, mark, cash_change);
        let whole = |quantity: Quantity| {
            let shares = split_quantity(quantity, ratio);
            if self.rules.fractional { shares } else { shares.whole() }
        };
        for order in &mut self.books[symbol.get()] {
            order.remaining = whole(order.remaining);
            order.trigger = split_price(order.trigger, ratio);
            order.best = split_price(order.best, ratio);
            order.kind = split_kind(order.kind, ratio);
            order.legs = split_legs(order.legs, ratio);
        }
        self.cancel_where(symbol, |order| order.remaining.is_zero());
    }

    /// A dividend was paid.
    pub fn receive(&mut self, amount: Money) {
        self.account.receive(amount);
    }

    /// The next answer, oldest first.
    #[inline]
    pub fn poll(&mut self) -> Option<ExecutionEvent> {
        self.events.pop_front()
    }

    /// Cash as the venue counts it: must equal ours.
    pub fn cash(&self) -> Money {
        self.account.cash()
    }

    /// Shares as the venue counts them: must equal ours.
    pub fn shares(&self, symbol: SymbolIndex) -> Quantity {
        self.account.shares(symbol)
    }

    /// Bars that decided something and could not tell what came first.
    pub fn ambiguous_bars(&self) -> u64 {
        self.ambiguous_bars
    }
}

fn split_kind(kind: OrderKind, ratio: Ratio) -> OrderKind {
    use crate::domain::Trail;
    match kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit { limit: split_price(limit, ratio) },
        OrderKind::Stop { stop } => OrderKind::Stop { stop: split_price(stop, ratio) },
        OrderKind::StopLimit { stop, limit } => {
            OrderKind::StopLimit { stop: split_price(stop, ratio), limit: split_price(limit, ratio) }
        }
        OrderKind::TrailingStop { trail: Trail::Price(price) } => {
            OrderKind::TrailingStop { trail: Trail::Price(split_price(price, ratio)) }
        }
        OrderKind::TrailingStop { trail } => OrderKind::TrailingStop { trail },
    }
}

fn split_legs(mut legs: crate::domain::ExitLegs, ratio: Ratio) -> crate::domain::ExitLegs {
    use crate::domain::LegLevel;
    let level = |level: LegLevel| match level {
        LegLevel::At(price) => LegLevel::At(split_price(price, ratio)),
        LegLevel::FromFill { distance_units } => LegLevel::FromFill {
            distance_units: split_price(Price::ZERO.saturating_offset(distance_units), ratio).units(),
        },
        LegLevel::FractionFromFill(fraction) => LegLevel::FractionFromFill(fraction),
    };
    legs.stop = legs.stop.map(level);
    legs.take_profit = legs.take_profit.map(level);
    legs.stop_limit = legs.stop_limit.map(|price| split_price(price, ratio));
    legs
}
