//! What a fill does to the orders around it: legs grow with their entry, shrink with their position.
//!
//! Not here: the fill itself (execute).
use super::matching::Moment;
use super::order::{VenueOrder, leg_price};
use super::refusal::pair;
use super::room::Room;
use super::rules::DueExit;
use super::simulated::SimulatedVenue;
use crate::domain::{
    Bar, ExecutionEvent, ExitLegs, Fill, LegActivation, LegLevel, OrderId, OrderKind, OrderPurpose, OrderSize, Price,
    Quantity, SymbolIndex, Tick, Timestamp, Trail,
};

impl SimulatedVenue {
    /// A fill of `quantity` took shares away: its pair and every leg shrink to what is left, and no more is
    /// bought of what is being sold. The legs of all entries together are for no more than is held: what was
    /// bought first has left first, so those of the oldest entries shrink.
    pub(super) fn shrink_legs(&mut self, symbol: SymbolIndex, filled: &VenueOrder, quantity: Quantity) {
        if self.books[symbol.get()].is_empty() {
            return;
        }
        let (held, mirrors) = (self.account.shares(symbol), self.mirrors);
        // Legs went live in the order of their entries, both of one entry together: from the newest to the oldest.
        let (mut bare, mut legs) = (held.abs(), (None, Quantity::ZERO));
        for order in self.books[symbol.get()].iter_mut().rev() {
            if mirrors && order.side != filled.side {
                // It protects what an entry on the other side has opened, whose fills were reported before these.
                continue;
            }
            let before = order.remaining;
            if order.sibling == Some(filled.id) {
                order.remaining = order.remaining - quantity.min(order.remaining);
            }
            if filled.parent == Some(order.id) && !mirrors {
                // The exit has begun: the rest of the entry would open a position that its exits have left.
                order.remaining = Quantity::ZERO;
            }
            if order.reduce_only && order.id != filled.id {
                let protects = held.closing_side() == Some(order.side);
                order.remaining = if protects { order.remaining.min(held.abs()) } else { Quantity::ZERO };
            }
            if order.parent.is_some() {
                if order.parent != legs.0 {
                    let shares = order.remaining.min(bare);
                    // Legs are for whole shares at Alpaca, even where an exit leaves parts.
                    let is_whole = self.rules.tick == Tick::UsEquity && before.is_whole();
                    legs = (order.parent, if is_whole { shares.whole() } else { shares });
                    bare = bare - legs.1;
                }
                order.remaining = order.remaining.min(legs.1);
            }
            if order.remaining != before && !order.remaining.is_zero() {
                let (order, remaining) = (order.id, order.remaining);
                self.events.push(ExecutionEvent::Resized { order, remaining });
            }
        }
        self.cancel_emptied(symbol);
        if self.mirrors {
            return;
        }
        // What is left of an entry would open again a position that is being left.
        let reopens = |order: &VenueOrder| order.purpose == OrderPurpose::Entry && order.side != filled.side;
        self.cancel_where(symbol, |order| !order.reduce_only && reopens(order));
    }

    /// Shares that a waiting leg may sell, or buy back, on this bar: at Alpaca one order holds a share, so those that an
    /// exit at the market is leaving with are not its, whatever of it has filled. What was bought first leaves first, so
    /// the legs of the newest entries keep theirs.
    pub(super) fn left_to_leg(&self, symbol: SymbolIndex, leg: &VenueOrder, bar: &Bar) -> Quantity {
        let held = self.account.shares(symbol).abs();
        if self.rules.tick == Tick::None || self.rules.due_exit == DueExit::StopFirst {
            return held;
        }
        let book = &self.books[symbol.get()];
        let is_leaving = |order: &&VenueOrder| order.is_market_exit() && order.live_after < bar.time;
        let leaving = book.iter().filter(is_leaving).fold(Quantity::ZERO, |sum, exit| sum + exit.remaining);
        if leaving.is_zero() {
            return held;
        }
        let (mut left, mut family) = (held - leaving.min(held), None);
        let newer = book.iter().rev().filter(|order| order.parent.is_some());
        for order in newer.take_while(|order| order.parent != leg.parent) {
            if order.parent != family {
                left = left - self.shares_of_legs(symbol, order.parent).min(left);
            }
            family = order.parent;
        }
        // Legs for whole shares trade in whole shares.
        if leg.remaining.is_whole() { left.whole() } else { left }
    }

    /// Shares that the legs of one entry hold: both of a pair are for the same.
    pub(super) fn shares_of_legs(&self, symbol: SymbolIndex, entry: Option<OrderId>) -> Quantity {
        let legs = self.books[symbol.get()].iter().filter(|order| order.parent == entry);
        legs.fold(Quantity::ZERO, |most, leg| most.max(leg.remaining))
    }

    /// Is it a leg that has no shares on this bar? One that has come to its price is an exit at the market itself.
    #[inline]
    pub(super) fn is_suspended(&self, symbol: SymbolIndex, order: &VenueOrder, bar: &Bar) -> bool {
        order.waits_as_leg() && self.left_to_leg(symbol, order, bar).is_zero()
    }

    /// `order` has come to its price: if it is a stop, its target ends, whatever is left of both; so does what
    /// is left of their entry, which would open again what is being left.
    #[inline]
    pub(super) fn void_target(&mut self, symbol: SymbolIndex, order: &VenueOrder) {
        if order.is_stop() && (order.sibling.is_some() || order.parent.is_some()) {
            let parent = order.parent.filter(|_| !self.mirrors);
            self.cancel_where(symbol, |other| Some(other.id) == order.sibling || Some(other.id) == parent);
        }
    }

    /// The same for stops that have become limits without a fill.
    pub(super) fn void_targets_of_limits(&mut self, symbol: SymbolIndex) {
        let book = &self.books[symbol.get()];
        let mut limits = book.iter().filter(|order| order.triggered);
        let rests = |id: OrderId| book.iter().any(|order| order.id == id);
        let ends_another = |order: &&VenueOrder| [order.sibling, order.parent].into_iter().flatten().any(rests);
        if let Some(stop) = limits.find(ends_another).copied() {
            self.cancel_where(symbol, |order| Some(order.id) == stop.sibling || Some(order.id) == stop.parent);
        }
    }

    /// An entry filled: its legs go live, sized to what has filled.
    pub(super) fn protect(&mut self, symbol: SymbolIndex, entry: &VenueOrder, fill: &Fill, moment: Moment) {
        let on_this_bar = moment != Moment::Close && entry.legs.activation == LegActivation::EntryBar;
        let live_after = if on_this_bar { fill.time.plus_ns(-1) } else { fill.time };
        let stop_id = entry.legs.stop.map(|_| OrderId(entry.id.0 + 1));
        let target_id = entry.legs.take_profit.map(|_| OrderId(entry.id.0 + 1 + u64::from(stop_id.is_some())));
        let born_inside = on_this_bar && moment == Moment::Within;
        let leg = LegTemplate { entry, symbol, fill, live_after, born_inside };
        if let (Some(id), Some(level)) = (stop_id, entry.legs.stop) {
            self.grow_leg(&leg, id, target_id, level, true);
        }
        // A stop that has come to its price has ended its target, and more shares do not bring it back.
        let book = &self.books[symbol.get()];
        let is_ended = book.iter().any(|order| Some(order.id) == stop_id && !order.is_stop());
        if let (Some(id), Some(level), false) = (target_id, entry.legs.take_profit, is_ended) {
            self.grow_leg(&leg, id, stop_id, self.beside_stop(&leg, stop_id, level), false);
        }
    }

    /// The level of a target. Where a fill lies beyond the stop, a target that is measured from it may belong across that
    /// stop; no venue takes such a pair, so at Alpaca it stays where it was sent: measured from the last price before.
    fn beside_stop(&self, leg: &LegTemplate<'_>, stop: Option<OrderId>, level: LegLevel) -> LegLevel {
        let (side, tick) = (leg.entry.side.opposite(), self.rules.tick);
        let rests = |order: &&VenueOrder| Some(order.id) == stop;
        let Some(stop) = self.books[leg.symbol.get()].iter().find(rests).filter(|_| tick == Tick::UsEquity) else {
            return level;
        };
        let measured = |from: Price| leg_price(side, from, level, false, tick);
        match pair(side, stop.trigger, measured(leg.fill.price), tick) {
            Ok(()) => level,
            Err(_) => LegLevel::At(measured(leg.entry.best)),
        }
    }

    fn grow_leg(
        &mut self,
        leg: &LegTemplate<'_>,
        id: OrderId,
        sibling: Option<OrderId>,
        level: LegLevel,
        is_stop: bool,
    ) {
        if let Some(order) = self.books[leg.symbol.get()].iter_mut().find(|order| order.id == id) {
            order.remaining += leg.fill.quantity;
            return;
        }
        let side = leg.entry.side.opposite();
        let price = leg_price(side, leg.fill.price, level, is_stop, self.rules.tick);
        let order = leg.order(id, sibling, price, is_stop);
        self.events.push(ExecutionEvent::LegLive {
            order: id,
            parent: leg.entry.id,
            symbol: leg.symbol,
            level: price,
            time: leg.fill.time,
        });
        if leg.born_inside {
            let limit_fill = self.rules.limit_fill;
            let reaches = |bar: &Bar| match order.kind {
                OrderKind::Limit { limit } => order.limit_reached(limit, order.best_of(bar), limit_fill),
                _ => order.stop_touched(bar),
            };
            self.inside.bear(leg.symbol, id, leg.fill.reference, reaches);
        }
        self.rest(leg.symbol, order);
    }
}

/// What the legs of one entry share.
struct LegTemplate<'a> {
    entry: &'a VenueOrder,
    symbol: SymbolIndex,
    fill: &'a Fill,
    live_after: Timestamp,
    /// The entry filled inside the bar, after its open.
    born_inside: bool,
}

impl LegTemplate<'_> {
    fn order(&self, id: OrderId, sibling: Option<OrderId>, price: Price, is_stop: bool) -> VenueOrder {
        let side = self.entry.side.opposite();
        let (kind, purpose) = match (is_stop, self.entry.legs.trailing, self.entry.legs.stop_limit) {
            (false, ..) => (OrderKind::Limit { limit: price }, OrderPurpose::TakeProfit),
            (true, true, _) => (OrderKind::TrailingStop { trail: self.trail(price) }, OrderPurpose::Trail),
            (true, false, Some(limit)) => (OrderKind::StopLimit { stop: price, limit }, OrderPurpose::Stop),
            (true, false, None) => (OrderKind::Stop { stop: price }, OrderPurpose::Stop),
        };
        VenueOrder {
            id,
            side,
            remaining: self.fill.quantity,
            size: OrderSize::Shares(self.fill.quantity),
            kind,
            time_in_force: self.entry.legs.time_in_force,
            purpose,
            legs: ExitLegs::NONE,
            parent: Some(self.entry.id),
            reduce_only: true,
            sibling,
            sent: self.fill.time,
            room: Room::None,
            live_after: self.live_after,
            trigger: price,
            best: self.fill.price,
            triggered: false,
            armed: true,
            extended_hours: false,
            ends: self.entry.ends,
            filled_on: Timestamp::MIN,
        }
    }

    /// How far the first level stands from the fill: a fraction stays a fraction.
    fn trail(&self, price: Price) -> Trail {
        match self.entry.legs.stop {
            Some(LegLevel::FractionFromFill(fraction)) => Trail::Fraction(fraction),
            _ => {
                let distance = (self.fill.price.units() - price.units()).abs();
                Trail::Price(Price::ZERO.saturating_offset(distance))
            }
        }
    }
}
