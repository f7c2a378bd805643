//! Which orders fill on a bar, in what order, at which price.
//!
//! Rules (spec §4). At one open: exits and gapped stops of every symbol first, then entries in the
//! order of symbols. Inside the bar: stops before targets (or after, by `both_touched`). A stop fills
//! at its level or at the open if the bar opened beyond it, so never better than a market order sent
//! at that moment. Nothing fills on a bar without volume.
use super::CostScope;
use super::order::{VenueOrder, leg_price};
use super::rules::{BothTouched, DueExit, MarketFill};
use super::simulated::SimulatedVenue;
use crate::domain::{
    Bar, ExecutionEvent, ExitLegs, Fill, LegActivation, LegLevel, OrderId, OrderKind, OrderPurpose, OrderSize, Price,
    Quantity, RejectReason, SymbolIndex, TimeInForce, Timestamp, Trail,
};

/// What an open is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    Exits,
    Entries,
}

impl Pass {
    /// Exits first, so that what they free can be spent.
    pub(super) const ALL: [Pass; 2] = [Pass::Exits, Pass::Entries];
}

/// When in a bar a fill happens: decides from when its legs are live.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Open,
    Within,
    Close,
}

/// Orders approved as exits fill before all others.
pub(super) fn belongs(order: &VenueOrder, pass: Pass) -> bool {
    order.reduce_only == (pass == Pass::Exits)
}

impl SimulatedVenue {
    /// Everything that fills at the opens of one bar time.
    #[inline]
    pub fn open(&mut self, bars: &[(SymbolIndex, Bar)]) {
        for &(symbol, bar) in bars {
            self.account.set_mark(symbol, bar.open);
        }
        for pass in Pass::ALL {
            for &(symbol, bar) in bars {
                if !self.books[symbol.get()].iter().any(|order| belongs(order, pass)) {
                    continue;
                }
                // To the end, though nothing of the pass may be left: legs that went live are looked at, too.
                while let Some((at, price)) = self.due_at_open(symbol, &bar, pass) {
                    self.execute(symbol, at, price, &bar, Moment::Open);
                }
            }
        }
    }

    /// Everything that fills inside the bar of `symbol`; then trailing stops move.
    #[inline]
    pub fn within(&mut self, symbol: SymbolIndex, bar: &Bar) {
        if self.is_quiet(symbol, bar) {
            // What was due at the open has filled or gone, and nothing that rests is reached.
            return;
        }
        self.count_ambiguous(symbol, bar);
        let order = match self.rules.both_touched {
            BothTouched::StopFirst => [true, false],
            BothTouched::TargetFirst => [false, true],
        };
        for stops in order {
            while let Some((at, price)) = self.touched(symbol, bar, stops) {
                self.execute(symbol, at, price, bar, Moment::Within);
            }
        }
        self.ratchet(symbol, bar);
    }

    /// Market orders that fill at a close: those of this close, or those of the bar before.
    pub fn close(&mut self, bars: &[(SymbolIndex, Bar)]) {
        self.mark(bars);
        for pass in Pass::ALL {
            for &(symbol, bar) in bars {
                while let Some(at) = self
                    .position_where(symbol, |venue, order| venue.is_due_at_close(order, &bar) && belongs(order, pass))
                {
                    self.execute(symbol, at, bar.close, &bar, Moment::Close);
                }
            }
        }
    }

    /// Bars have closed: the account is worth their closes.
    pub fn mark(&mut self, bars: &[(SymbolIndex, Bar)]) {
        for &(symbol, bar) in bars {
            self.account.set_mark(symbol, bar.close);
        }
    }

    fn is_due_at_close(&self, order: &VenueOrder, bar: &Bar) -> bool {
        let sent_in_time = match self.rules.market_fill {
            MarketFill::NextOpen => false,
            MarketFill::Close => order.live_after <= bar.time,
            MarketFill::NextClose => order.live_after < bar.time,
        };
        let at_auction = matches!(order.time_in_force, TimeInForce::Opg | TimeInForce::Cls);
        let is_due = sent_in_time && order.kind == OrderKind::Market && !at_auction;
        is_due && !bar.volume.is_zero() && order.filled_on != bar.time
    }

    pub(super) fn position_where(
        &self,
        symbol: SymbolIndex,
        wanted: impl Fn(&Self, &VenueOrder) -> bool,
    ) -> Option<usize> {
        self.books[symbol.get()].iter().position(|order| wanted(self, order))
    }

    /// May the order fill on this bar at all?
    pub(super) fn is_live(&self, order: &VenueOrder, bar: &Bar) -> bool {
        order.live_after < bar.time && order.filled_on != bar.time && !bar.volume.is_zero()
    }

    /// The first order of `symbol` that fills at the open, and at what price.
    fn due_at_open(&mut self, symbol: SymbolIndex, bar: &Bar, pass: Pass) -> Option<(usize, Price)> {
        if pass == Pass::Exits && self.rules.due_exit == DueExit::StopFirst {
            let exit_due = |venue: &Self, order: &VenueOrder| {
                let is_due = order.kind == OrderKind::Market && order.joins_open();
                is_due && venue.is_live(order, bar) && belongs(order, pass)
            };
            let stop_hit = |venue: &Self, order: &VenueOrder| {
                order.is_stop() && order.parent.is_some() && venue.is_live(order, bar) && order.stop_touched(bar)
            };
            if let Some(exit) = self.position_where(symbol, exit_due)
                && let Some(stop) = self.position_where(symbol, stop_hit)
            {
                // The exit leaves at the stop's price, which voids the stop.
                let stop = &self.books[symbol.get()][stop];
                return Some((exit, stop.worse(stop.trigger, bar.open)));
            }
        }
        self.trigger_gapped_stop_limits(symbol, bar);
        let fills_at_open = |venue: &Self, order: &VenueOrder| {
            let opens = order.time_in_force == TimeInForce::Opg;
            order.joins_open()
                && venue.is_live(order, bar)
                && belongs(order, pass)
                && match order.kind {
                    OrderKind::Market => opens || venue.rules.market_fill == MarketFill::NextOpen,
                    OrderKind::Limit { limit } => order.limit_reached(limit, bar.open, venue.rules.limit_fill),
                    OrderKind::StopLimit { limit, .. } => {
                        order.triggered && order.limit_reached(limit, bar.open, venue.rules.limit_fill)
                    }
                    OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => order.stop_reached(bar.open),
                }
        };
        // A due exit comes before a stop that the open has jumped over: the stop is then void.
        let first =
            self.position_where(symbol, |venue, order| order.kind == OrderKind::Market && fills_at_open(venue, order));
        first.or_else(|| self.position_where(symbol, fills_at_open)).map(|at| (at, bar.open))
    }

    /// A stop-limit whose stop lies behind the open becomes a limit before the open is matched; so does a buy
    /// stop whose collar lies behind it. Where the open is beyond the limit, it does not fill on this bar.
    fn trigger_gapped_stop_limits(&mut self, symbol: SymbolIndex, bar: &Bar) {
        let (limit_fill, tick) = (self.rules.limit_fill, self.rules.tick);
        for order in &mut self.books[symbol.get()] {
            if order.live_after >= bar.time || bar.volume.is_zero() || !order.stop_reached(bar.open) {
                continue;
            }
            match (order.kind, order.collar(tick)) {
                (OrderKind::StopLimit { limit, .. }, _) if !order.triggered => {
                    order.triggered = true;
                    if !order.limit_reached(limit, bar.open, limit_fill) {
                        order.filled_on = bar.time;
                    }
                }
                (_, Some(collar)) if bar.open > collar => order.wait_after(bar, tick),
                _ => {}
            }
        }
    }

    /// The first stop (or limit) of `symbol` that the bar touches, and its price.
    fn touched(&mut self, symbol: SymbolIndex, bar: &Bar, stops: bool) -> Option<(usize, Price)> {
        for at in 0..self.books[symbol.get()].len() {
            let order = self.books[symbol.get()][at];
            if !self.is_live(&order, bar) || !order.joins_bar() || order.kind == OrderKind::Market {
                continue;
            }
            if stops && order.is_stop() && order.stop_touched(bar) {
                let price = order.worse(order.trigger, bar.open);
                let OrderKind::StopLimit { limit, .. } = order.kind else { return Some((at, price)) };
                // From here it is a limit; in this bar it fills only if the trigger itself is good enough.
                self.books[symbol.get()][at].triggered = true;
                self.books[symbol.get()][at].filled_on = bar.time;
                if order.limit_reached(limit, price, self.rules.limit_fill) {
                    self.books[symbol.get()][at].filled_on = Timestamp::MIN;
                    return Some((at, price));
                }
            }
            let limit = match order.kind {
                OrderKind::Limit { limit } => limit,
                OrderKind::StopLimit { limit, .. } if order.triggered => limit,
                _ => continue,
            };
            if !stops && order.limit_reached(limit, order.best_of(bar), self.rules.limit_fill) {
                // A leg that its entry's open has already passed fills there, as a limit would at any open.
                return Some((at, order.better(limit, bar.open)));
            }
        }
        None
    }

    /// Counts the bar when a stop and its own target both lie in it.
    fn count_ambiguous(&mut self, symbol: SymbolIndex, bar: &Bar) {
        let book = &self.books[symbol.get()];
        let both = book.iter().any(|stop| {
            let hit = stop.is_stop() && self.is_live(stop, bar) && stop.stop_touched(bar);
            hit && book.iter().any(|target| {
                let OrderKind::Limit { limit } = target.kind else { return false };
                target.sibling == Some(stop.id)
                    && self.is_live(target, bar)
                    && target.limit_reached(limit, target.best_of(bar), self.rules.limit_fill)
            })
        });
        self.ambiguous_bars += u64::from(both);
    }

    fn ratchet(&mut self, symbol: SymbolIndex, bar: &Bar) {
        for at in 0..self.books[symbol.get()].len() {
            let tick = self.rules.tick;
            let order = &mut self.books[symbol.get()][at];
            let trades = order.live_after < bar.time && !bar.volume.is_zero();
            if trades && order.ratchet(bar, tick) {
                let (order, level) = (order.id, order.trigger);
                let parent = self.books[symbol.get()][at].parent.unwrap_or(order);
                self.events.push_back(ExecutionEvent::LegLive { order, parent, symbol, level, time: bar.time });
            }
        }
        self.refresh_band(symbol);
    }

    /// Fills the order at `at` as far as volume, position and cash allow.
    pub(super) fn execute(&mut self, symbol: SymbolIndex, at: usize, reference: Price, bar: &Bar, moment: Moment) {
        let order = self.books[symbol.get()][at];
        let reduces = self.account.reduces(symbol, order.side);
        let price = self.fill_price(&order, reference, reduces);
        let wanted = match self.wanted(symbol, &order, price, reduces) {
            Ok(wanted) => wanted,
            Err(reason) => return self.reject(symbol, at, reason),
        };
        let quantity = wanted.min(bar.volume.share(self.rules.participation));
        if quantity.is_zero() || (order.time_in_force == TimeInForce::Fok && quantity < wanted) {
            // Not enough volume for it: it waits for the next bar, if it may.
            let tick = self.rules.tick;
            self.books[symbol.get()][at].wait_after(bar, tick);
            self.refresh_band(symbol);
            return;
        }
        let done = quantity == wanted;
        let fee = self.rules.commission.fee(price, quantity);
        let (time, purpose, side) = (bar.time, order.purpose, order.side);
        let fill = Fill { order: order.id, symbol, side, quantity, price, reference, fee, time, purpose };
        self.account.apply(&fill);
        self.events.push_back(ExecutionEvent::Filled { fill, remaining: wanted - quantity });
        if done {
            self.take(symbol, at);
        } else {
            let tick = self.rules.tick;
            let resting = &mut self.books[symbol.get()][at];
            resting.remaining = wanted - quantity;
            // Sized now; the rest is a plain number of shares.
            resting.size = OrderSize::Shares(resting.remaining);
            resting.wait_after(bar, tick);
        }
        if reduces {
            self.shrink_legs(symbol, &order, quantity);
        } else if order.legs.any() {
            self.protect(symbol, &order, &fill, moment);
        }
        self.refresh_band(symbol);
    }

    fn fill_price(&self, order: &VenueOrder, reference: Price, reduces: bool) -> Price {
        let takes = matches!(order.kind, OrderKind::Market | OrderKind::Stop { .. } | OrderKind::TrailingStop { .. });
        let pays = takes && (self.rules.slippage_on == CostScope::Both || !reduces);
        let price = if pays { self.rules.slippage.applied(order.side, reference) } else { reference };
        order.collar(self.rules.tick).map_or(price, |collar| price.min(collar))
    }

    /// How many shares the order is for, now that its price is known.
    fn wanted(
        &self,
        symbol: SymbolIndex,
        order: &VenueOrder,
        price: Price,
        reduces: bool,
    ) -> Result<Quantity, RejectReason> {
        let wanted = match order.size {
            OrderSize::Shares(_) => order.remaining,
            OrderSize::CashFraction { fraction, most } => {
                let mut budget = self.account.cash().share(fraction).min(most);
                if !reduces {
                    // Sold short, cash grows while the account has less to spend.
                    budget = budget.min(self.account.buying_power());
                }
                self.grid(self.rules.commission.affordable(budget, price))
            }
        };
        if reduces {
            let held = self.account.shares(symbol).abs();
            return match order.reduce_only {
                true => Ok(wanted.min(held)),
                false if wanted > held => Err(RejectReason::Flips { need: wanted, have: held }),
                // It was sent to open a position with exits of its own, and the old one has not left yet.
                false if order.legs.any() => Err(RejectReason::Flips { need: wanted, have: Quantity::ZERO }),
                false => Ok(wanted),
            };
        }
        if wanted.is_zero() {
            return Err(RejectReason::NoShares { price });
        }
        if !self.rules.cash_check_at_fill {
            return Ok(wanted);
        }
        let have = self.account.buying_power();
        let need = price.notional(wanted) + self.rules.commission.fee(price, wanted);
        if need <= have {
            return Ok(wanted);
        }
        let affordable = self.grid(self.rules.commission.affordable(have, price));
        if self.rules.trim_to_cash && !affordable.is_zero() {
            return Ok(affordable);
        }
        Err(RejectReason::BuyingPower { need, have })
    }

    fn grid(&self, quantity: Quantity) -> Quantity {
        if self.rules.fractional { quantity } else { quantity.whole() }
    }

    fn reject(&mut self, symbol: SymbolIndex, at: usize, reason: RejectReason) {
        let order = self.take(symbol, at);
        self.events.push_back(ExecutionEvent::Rejected { order: order.id, reason });
        self.refresh_band(symbol);
    }

    /// A fill of `quantity` took shares away: its pair and every leg shrink to what is left, and no more is
    /// bought of what is being sold.
    fn shrink_legs(&mut self, symbol: SymbolIndex, filled: &VenueOrder, quantity: Quantity) {
        let held = self.account.shares(symbol);
        for order in &mut self.books[symbol.get()] {
            if order.sibling == Some(filled.id) {
                order.remaining = order.remaining - quantity.min(order.remaining);
            }
            if filled.parent == Some(order.id) {
                // The exit has begun: the rest of the entry would open a position that its exits have left.
                order.remaining = Quantity::ZERO;
            }
            if order.reduce_only && order.id != filled.id {
                let protects = held.closing_side() == Some(order.side);
                order.remaining = if protects { order.remaining.min(held.abs()) } else { Quantity::ZERO };
            }
        }
        self.cancel_emptied(symbol);
        // What is left of an entry would open again a position that is being left.
        let reopens = |order: &VenueOrder| order.purpose == OrderPurpose::Entry && order.side != filled.side;
        self.cancel_where(symbol, |order| !order.reduce_only && reopens(order));
    }

    /// An entry filled: its legs go live, sized to what has filled.
    fn protect(&mut self, symbol: SymbolIndex, entry: &VenueOrder, fill: &Fill, moment: Moment) {
        let at_open = moment == Moment::Open && entry.legs.activation == LegActivation::EntryBar;
        let live_after = if at_open { fill.time.plus_ns(-1) } else { fill.time };
        let stop_id = entry.legs.stop.map(|_| OrderId(entry.id.0 + 1));
        let target_id = entry.legs.take_profit.map(|_| OrderId(entry.id.0 + 1 + u64::from(stop_id.is_some())));
        let leg = LegTemplate { entry, symbol, fill, live_after };
        if let (Some(id), Some(level)) = (stop_id, entry.legs.stop) {
            self.grow_leg(&leg, id, target_id, level, true);
        }
        if let (Some(id), Some(level)) = (target_id, entry.legs.take_profit) {
            self.grow_leg(&leg, id, stop_id, level, false);
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
        self.events.push_back(ExecutionEvent::LegLive {
            order: id,
            parent: leg.entry.id,
            symbol: leg.symbol,
            level: price,
            time: leg.fill.time,
        });
        self.rest(leg.symbol, order);
    }
}

/// What the legs of one entry share.
struct LegTemplate<'a> {
    entry: &'a VenueOrder,
    symbol: SymbolIndex,
    fill: &'a Fill,
    live_after: Timestamp,
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
            time_in_force: TimeInForce::Gtc,
            purpose,
            legs: ExitLegs::NONE,
            parent: Some(self.entry.id),
            reduce_only: true,
            sibling,
            live_after: self.live_after,
            trigger: price,
            best: self.fill.price,
            triggered: false,
            armed: true,
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
