//! An order while it rests at the venue.
use crate::domain::{
    Bar, ExitLegs, LegLevel, OrderId, OrderKind, OrderPurpose, OrderSize, Price, Quantity, Ratio, Side, Tick,
    TimeInForce, Timestamp, Trail,
};

use super::room::Room;
use super::rules::LimitFill;

/// A resting order.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct VenueOrder {
    pub(super) id: OrderId,
    pub(super) side: Side,
    pub(super) remaining: Quantity,
    pub(super) size: OrderSize,
    pub(super) kind: OrderKind,
    pub(super) time_in_force: TimeInForce,
    pub(super) purpose: OrderPurpose,
    pub(super) legs: ExitLegs,
    /// The entry this order protects.
    pub(super) parent: Option<OrderId>,
    /// It was approved to shrink a position, so it never opens one.
    pub(super) reduce_only: bool,
    /// Fills of one shrink the other.
    pub(super) sibling: Option<OrderId>,
    /// When it was sent.
    pub(super) sent: Timestamp,
    /// Whether it makes room for entries of that moment, or needs some.
    pub(super) room: Room,
    /// It can fill on bars that open after this.
    pub(super) live_after: Timestamp,
    /// The trigger now: a trailing stop's moves.
    pub(super) trigger: Price,
    /// A trailing stop's best price so far.
    pub(super) best: Price,
    /// A stop-limit that has become a limit.
    pub(super) triggered: bool,
    /// The session whose opening it waits for comes next: an opening order sent inside a session waits
    /// for that session's end first.
    pub(super) armed: bool,
    /// It may fill outside the core session.
    pub(super) extended_hours: bool,
    /// From this moment on it is dead, though it is good until canceled.
    pub(super) ends: Timestamp,
    /// The bar it last filled on: it takes one share of a bar's volume once.
    pub(super) filled_on: Timestamp,
}

/// Prices between which an order cannot fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    /// A low at or below this may fill something.
    pub(super) low: Price,
    /// A high at or above this may fill something.
    pub(super) high: Price,
}

impl Band {
    /// No order at all.
    pub(super) const QUIET: Band = Band { low: Price::ZERO, high: NEVER };
    /// Something to do on every bar.
    pub(super) const ALWAYS: Band = Band { low: Price::MAX, high: NEVER };

    /// Something may have to be done at a low of `low` or less and at a high of `high` or more.
    pub fn between(low: Price, high: Price) -> Band {
        Band { low, high }
    }

    /// Both at once.
    pub fn joined(self, other: Band) -> Band {
        Band { low: self.low.max(other.low), high: self.high.min(other.high) }
    }

    #[inline]
    /// Does the bar stay inside?
    pub fn is_quiet(&self, bar: &Bar) -> bool {
        bar.low > self.low && bar.high < self.high
    }
}

/// Above every price a bar can hold.
const NEVER: Price = Price::MAX;

impl VenueOrder {
    /// Does it protect an entry, and has not come to its price?
    #[inline]
    pub(super) fn waits_as_leg(&self) -> bool {
        self.parent.is_some() && self.kind != OrderKind::Market && !self.triggered
    }

    /// Where it could fill.
    pub(super) fn band(&self) -> Band {
        let rises_to = |price: Price| Band { low: Price::ZERO, high: price };
        let falls_to = |price: Price| Band { low: price, high: NEVER };
        if !self.joins_bar() {
            // It fills or ends at a moment, whatever the price does.
            return Band::ALWAYS;
        }
        match (self.kind, self.side) {
            (OrderKind::Market, _) => Band::ALWAYS,
            // Between its trigger and its best price so far it neither fills nor moves.
            (OrderKind::TrailingStop { .. }, Side::Sell) => {
                Band { low: self.trigger, high: self.best.saturating_offset(1) }
            }
            (OrderKind::TrailingStop { .. }, Side::Buy) => {
                Band { low: self.best.saturating_offset(-1), high: self.trigger }
            }
            (OrderKind::StopLimit { .. }, _) if self.triggered => Band::ALWAYS,
            (OrderKind::Limit { limit }, Side::Buy) => falls_to(limit),
            (OrderKind::Limit { limit }, Side::Sell) => rises_to(limit),
            (_, Side::Buy) => rises_to(self.trigger),
            (_, Side::Sell) => falls_to(self.trigger),
        }
    }

    /// Can it fill at an open? An opening order only at a session's first, a closing order never.
    pub(super) fn joins_open(&self) -> bool {
        match self.time_in_force {
            TimeInForce::Opg => self.armed,
            TimeInForce::Cls => false,
            TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => true,
        }
    }

    /// Can it fill inside a bar? What is immediate or for an auction has one moment only.
    pub(super) fn joins_bar(&self) -> bool {
        matches!(self.time_in_force, TimeInForce::Day | TimeInForce::Gtc)
    }

    /// Does the end of a session matter to it?
    pub(super) fn heeds_session(&self) -> bool {
        self.time_in_force != TimeInForce::Gtc
    }

    /// Was it approved, not made by the venue? Legs and the stops of pairs protect what has filled.
    pub(super) fn is_approved(&self) -> bool {
        self.parent.is_none() && self.sibling.is_none_or(|pair| self.id < pair)
    }

    /// Does it close the position at the market, sent to do so? Not a stop that has triggered.
    pub(super) fn is_market_exit(&self) -> bool {
        self.reduce_only && self.parent.is_none() && self.sibling.is_none() && self.kind == OrderKind::Market
    }

    /// Is it a stop of any kind that has not become a limit?
    pub(super) fn is_stop(&self) -> bool {
        match self.kind {
            OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => true,
            OrderKind::StopLimit { .. } => !self.triggered,
            OrderKind::Market | OrderKind::Limit { .. } => false,
        }
    }

    /// Could an open behind its stop make it a limit? A stop-limit, or a buy stop with a collar.
    #[inline]
    pub(super) fn may_trigger_at_open(&self, tick: Tick) -> bool {
        match self.kind {
            OrderKind::StopLimit { .. } => !self.triggered,
            OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => self.is_collared() && tick == Tick::UsEquity,
            OrderKind::Market | OrderKind::Limit { .. } => false,
        }
    }

    /// It could not fill whole on the bar of `time`: it waits for the next, a triggered stop as the market order it
    /// is, or as a limit at its collar.
    pub(super) fn wait_after(&mut self, time: Timestamp, tick: Tick) {
        self.filled_on = time;
        if let Some(limit) = self.collar(tick) {
            self.kind = OrderKind::StopLimit { stop: self.trigger, limit };
            self.triggered = true;
        } else if matches!(self.kind, OrderKind::Stop { .. } | OrderKind::TrailingStop { .. }) {
            self.kind = OrderKind::Market;
        }
    }

    /// It has come to its price without filling whole: a market order from here on, or a limit.
    pub(super) fn come_to_price(&mut self, tick: Tick) {
        self.wait_after(self.filled_on, tick);
        self.triggered |= matches!(self.kind, OrderKind::StopLimit { .. });
    }

    /// The most a buy stop pays at Alpaca, which sends it as a stop-limit: 4 % above a stop below $50, 2.5 %
    /// from there on.
    pub(super) fn collar(&self, tick: Tick) -> Option<Price> {
        const FIFTY: i64 = 50 * Price::UNITS_PER_USD;
        let share = Ratio::from_units(if self.trigger.units() < FIFTY { 40_000_000 } else { 25_000_000 });
        (self.is_collared() && tick == Tick::UsEquity).then(|| self.trigger.scaled(share.one_plus()).floor_to(tick))
    }

    /// A buy stop; a leg that trails, too: at Alpaca it is a stop that is moved.
    fn is_collared(&self) -> bool {
        let is_stop = match self.kind {
            OrderKind::Stop { .. } => true,
            OrderKind::TrailingStop { .. } => self.parent.is_some(),
            _ => false,
        };
        is_stop && self.side == Side::Buy
    }

    /// Did it go live with the open of the bar of `time`, its entry having filled there?
    pub(super) fn is_born_at(&self, time: Timestamp) -> bool {
        self.parent.is_some() && self.live_after == time.plus_ns(-1)
    }

    /// Does `price` reach the stop?
    pub(super) fn stop_reached(&self, price: Price) -> bool {
        match self.side {
            Side::Buy => price >= self.trigger,
            Side::Sell => price <= self.trigger,
        }
    }

    /// Does `bar` reach the stop anywhere?
    pub(super) fn stop_touched(&self, bar: &Bar) -> bool {
        self.stop_reached(match self.side {
            Side::Buy => bar.high,
            Side::Sell => bar.low,
        })
    }

    /// Does `price` satisfy `limit`?
    pub(super) fn limit_reached(&self, limit: Price, price: Price, rule: LimitFill) -> bool {
        match (self.side, rule) {
            (Side::Buy, LimitFill::Touch) => price <= limit,
            (Side::Buy, LimitFill::Through) => price < limit,
            (Side::Sell, LimitFill::Touch) => price >= limit,
            (Side::Sell, LimitFill::Through) => price > limit,
        }
    }

    /// The price on this bar that suits a limit best.
    pub(super) fn best_of(&self, bar: &Bar) -> Price {
        match self.side {
            Side::Buy => bar.low,
            Side::Sell => bar.high,
        }
    }

    /// The worse of two prices for this side.
    pub(super) fn worse(&self, a: Price, b: Price) -> Price {
        match self.side {
            Side::Buy => a.max(b),
            Side::Sell => a.min(b),
        }
    }

    /// The better of two prices for this side.
    pub(super) fn better(&self, a: Price, b: Price) -> Price {
        match self.side {
            Side::Buy => a.min(b),
            Side::Sell => a.max(b),
        }
    }

    /// Moves a trailing stop after a bar, never away from the market; true when its trigger changed.
    pub(super) fn ratchet(&mut self, bar: &Bar, tick: Tick) -> bool {
        let OrderKind::TrailingStop { trail } = self.kind else { return false };
        let best = match self.side {
            Side::Sell => self.best.max(bar.high),
            Side::Buy => self.best.min(bar.low),
        };
        if best == self.best {
            return false;
        }
        self.best = best;
        let trigger = self.better(self.trigger, trail_level(self.side, best, trail, tick));
        let moved = trigger != self.trigger;
        self.trigger = trigger;
        moved
    }
}

/// Where a stop stands that trails `best`: below it for a sell, above it for a buy.
pub(super) fn trail_level(side: Side, best: Price, trail: Trail, tick: Tick) -> Price {
    let units = match trail {
        Trail::Price(price) => price.units(),
        Trail::Fraction(fraction) => best.scaled(fraction).units(),
    };
    losing_side(side, best, units, tick)
}

/// The price of a protective level, `side` being the side of the protective order.
pub fn leg_price(side: Side, fill: Price, level: LegLevel, is_stop: bool, tick: Tick) -> Price {
    let units = match level {
        LegLevel::At(price) => return price,
        LegLevel::FromFill { distance_units } => distance_units,
        LegLevel::FractionFromFill(fraction) => fill.scaled(fraction).units(),
    };
    if is_stop { losing_side(side, fill, units, tick) } else { losing_side(side.opposite(), fill, units, tick) }
}

/// `units` below `from` for a sell, above it for a buy, rounded to the tick away from `from`.
fn losing_side(side: Side, from: Price, units: i64, tick: Tick) -> Price {
    match side {
        Side::Sell => from.saturating_offset(-units).floor_to(tick),
        Side::Buy => from.saturating_offset(units).ceil_to(tick),
    }
}
