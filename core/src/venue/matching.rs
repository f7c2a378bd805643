//! Which orders fill at opens and closes, in what order, at which price.
//!
//! Not here: what fills inside a bar (within), how much of it and what follows (execute, legs).
//! Rules (spec §4). At one open: exits and gapped stops of every symbol first, then entries in the
//! order of symbols. Inside the bar: stops before targets (or after, by `both_touched`). A stop fills
//! at its level or at the open if the bar opened beyond it, so never better than a market order sent
//! at that moment. Nothing fills on a bar without volume.
use super::lifetime::ClosingOrders;
use super::order::VenueOrder;
use super::rules::{DueExit, MarketFill};
use super::simulated::SimulatedVenue;
use crate::domain::{Bar, OrderKind, Price, SymbolIndex, TimeInForce};

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

/// Which orders an open is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Legs {
    /// Those that were there before it.
    Older,
    /// Legs of what filled at it: it is behind them, and they may have been moved since.
    BornHere,
}

/// Orders approved as exits fill before all others.
pub(super) fn belongs(order: &VenueOrder, pass: Pass) -> bool {
    order.reduce_only == (pass == Pass::Exits)
}

impl SimulatedVenue {
    /// Everything that fills at the opens of one bar time.
    #[inline]
    pub fn open(&mut self, bars: &[(SymbolIndex, &Bar)]) {
        for &(symbol, bar) in bars {
            self.account.set_mark(symbol, bar.open);
        }
        for pass in Pass::ALL {
            for &(symbol, bar) in bars {
                if !self.books[symbol.get()].iter().any(|order| belongs(order, pass)) {
                    continue;
                }
                // To the end, though nothing of the pass may be left: legs that went live are looked at, too.
                while let Some((at, price)) = self.due_at_open(symbol, bar, pass) {
                    self.execute(symbol, at, price, bar, Moment::Open);
                }
            }
        }
    }

    /// What happens on these bars after their opens: inside, at closes where the rules fill there, in the closing
    /// auction of their session, and the end of orders of a moment.
    #[inline]
    pub fn after_open(&mut self, bars: &[(SymbolIndex, &Bar)], market_fill: MarketFill, ends_session: bool) {
        for &(symbol, bar) in bars {
            self.within(symbol, bar);
        }
        // With `market_fill = "close"`: what did not fill whole at the close that sent it.
        if market_fill != MarketFill::NextOpen {
            self.close(bars);
        }
        if ends_session {
            self.closing_auction(bars, ClosingOrders::OfBeforeTheBar);
        }
        self.end_moment(bars);
    }

    /// Market orders that fill at a close: those of this close, or those of the bar before.
    pub fn close(&mut self, bars: &[(SymbolIndex, &Bar)]) {
        self.mark(bars);
        for pass in Pass::ALL {
            for &(symbol, bar) in bars {
                while let Some(at) = self
                    .position_where(symbol, |venue, order| venue.is_due_at_close(order, bar) && belongs(order, pass))
                {
                    self.execute(symbol, at, bar.close, bar, Moment::Close);
                }
            }
        }
    }

    /// Bars have closed: the account is worth their closes.
    pub fn mark(&mut self, bars: &[(SymbolIndex, &Bar)]) {
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
        is_due && self.core && !bar.volume.is_zero() && order.filled_on != bar.time
    }

    pub(super) fn position_where(
        &self,
        symbol: SymbolIndex,
        wanted: impl Fn(&Self, &VenueOrder) -> bool,
    ) -> Option<usize> {
        self.books[symbol.get()].iter().position(|order| wanted(self, order))
    }

    /// May the order fill on this bar at all?
    #[inline]
    pub(super) fn is_live(&self, order: &VenueOrder, bar: &Bar) -> bool {
        order.live_after < bar.time && self.trades(order, bar)
    }

    /// Could it fill on this bar, whenever it was sent?
    #[inline]
    pub(super) fn trades(&self, order: &VenueOrder, bar: &Bar) -> bool {
        let has_hours = self.core || order.extended_hours;
        has_hours && order.filled_on != bar.time && !bar.volume.is_zero()
    }

    /// The first order of `symbol` that fills at the open, and at what price.
    fn due_at_open(&mut self, symbol: SymbolIndex, bar: &Bar, pass: Pass) -> Option<(usize, Price)> {
        if pass == Pass::Exits && self.rules.due_exit == DueExit::StopFirst {
            let at_stop = self.exit_at_stop(symbol, bar);
            if at_stop.is_some() {
                return at_stop;
            }
        }
        if self.books[symbol.get()].iter().any(|order| order.may_trigger_at_open(self.rules.tick)) {
            self.trigger_gapped_stop_limits(symbol, bar, Legs::Older);
        }
        let (mut first, mut first_is_market) = (None, false);
        for (at, order) in self.books[symbol.get()].iter().enumerate() {
            if belongs(order, pass) && self.fills_at_open(order, bar) && !self.is_suspended(symbol, order, bar) {
                if order.kind == OrderKind::Market && order.parent.is_none() {
                    // A due exit comes before a stop that the open has jumped over, or that has filled in part: the
                    // stop is then void.
                    return Some((at, bar.open));
                }
                let is_sooner = order.kind == OrderKind::Market && !first_is_market;
                if first.is_none() || is_sooner {
                    (first, first_is_market) = (Some(at), order.kind == OrderKind::Market);
                }
            }
        }
        first.map(|at| (at, bar.open))
    }

    #[inline]
    fn fills_at_open(&self, order: &VenueOrder, bar: &Bar) -> bool {
        let limit_fill = self.rules.limit_fill;
        order.joins_open()
            && self.is_live(order, bar)
            && match order.kind {
                OrderKind::Market => {
                    self.rules.market_fill == MarketFill::NextOpen || order.time_in_force == TimeInForce::Opg
                }
                OrderKind::Limit { limit } => order.limit_reached(limit, bar.open, limit_fill),
                OrderKind::StopLimit { limit, .. } => {
                    order.triggered && order.limit_reached(limit, bar.open, limit_fill)
                }
                OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => order.stop_reached(bar.open),
            }
    }

    /// The exit that is due at the open of a bar that also touches its stop, and the price of that stop: the
    /// exit leaves there, which voids the stop.
    #[cold]
    fn exit_at_stop(&self, symbol: SymbolIndex, bar: &Bar) -> Option<(usize, Price)> {
        let exit_due = |venue: &Self, order: &VenueOrder| {
            let is_due = order.kind == OrderKind::Market && order.joins_open();
            is_due && venue.is_live(order, bar) && belongs(order, Pass::Exits)
        };
        let stop_hit = |venue: &Self, order: &VenueOrder| {
            order.is_stop() && order.parent.is_some() && venue.is_live(order, bar) && order.stop_touched(bar)
        };
        let exit = self.position_where(symbol, exit_due)?;
        let stop = &self.books[symbol.get()][self.position_where(symbol, stop_hit)?];
        Some((exit, stop.worse(stop.trigger, bar.open)))
    }

    /// A stop-limit whose stop lies behind the open becomes a limit before the open is matched; so does a buy
    /// stop whose collar lies behind it. Where the open is beyond the limit, it does not fill on this bar.
    #[cold]
    pub(super) fn trigger_gapped_stop_limits(&mut self, symbol: SymbolIndex, bar: &Bar, legs: Legs) {
        if !self.core {
            return;
        }
        let (limit_fill, tick) = (self.rules.limit_fill, self.rules.tick);
        let mut has_triggered = false;
        for at in 0..self.books[symbol.get()].len() {
            let order = &self.books[symbol.get()][at];
            let is_watched = order.may_trigger_at_open(tick) && order.is_born_at(bar.time) == (legs == Legs::BornHere);
            if !is_watched || self.is_suspended(symbol, order, bar) {
                continue;
            }
            let order = &mut self.books[symbol.get()][at];
            if order.live_after >= bar.time || bar.volume.is_zero() || !order.stop_reached(bar.open) {
                continue;
            }
            match (order.kind, order.collar(tick)) {
                (OrderKind::StopLimit { limit, .. }, _) if !order.triggered => {
                    order.triggered = true;
                    has_triggered = true;
                    if !order.limit_reached(limit, bar.open, limit_fill) {
                        self.inside.gap_over_limit(symbol, order, bar);
                    }
                }
                (_, Some(collar)) if bar.open > collar => {
                    order.wait_after(bar.time, tick);
                    has_triggered = true;
                }
                _ => {}
            }
        }
        if has_triggered {
            self.void_targets_of_limits(symbol);
        }
    }
}
