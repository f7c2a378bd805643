//! What fills inside a bar, after its open; then trailing stops move.
//!
//! Not here: fills at opens and closes (matching), how much fills and what follows (execute), the path of
//! a bar (path). A bar is read as a whole, or part by part where it has finer bars; volume, time and range
//! of a fill are those of the bar itself either way.
use super::matching::{Legs, Moment};
use super::order::VenueOrder;
use super::reading::Reading;
use super::refusal::pair;
use super::simulated::SimulatedVenue;
use crate::domain::{Bar, ExecutionEvent, OrderKind, Price, SymbolIndex, Tick};

impl SimulatedVenue {
    /// Everything that fills inside the bar of `symbol`; then trailing stops move.
    #[inline]
    pub fn within(&mut self, symbol: SymbolIndex, bar: &Bar) {
        if self.is_quiet(symbol, bar) {
            // What was due at the open has filled or gone, and nothing that rests is reached.
            return;
        }
        let tick = self.rules.tick;
        let is_watched = |order: &VenueOrder| order.may_trigger_at_open(tick) && order.is_born_at(bar.time);
        if self.books[symbol.get()].iter().any(is_watched) {
            self.trigger_gapped_stop_limits(symbol, bar, Legs::BornHere);
        }
        if self.inside.finer.is_some() {
            self.through_finer(symbol, bar);
        } else {
            self.read(symbol, bar, bar);
        }
        self.inside.end_bar();
    }

    /// Reads the bar through its finer bars; as a whole where they do not tell what it tells.
    fn through_finer(&mut self, symbol: SymbolIndex, bar: &Bar) {
        let of_symbol = self.inside.finer.as_ref().and_then(|all| all.get(symbol.get()).cloned()).unwrap_or_default();
        let parts = of_symbol.of(bar.time);
        if !self.is_told(symbol, bar, parts) {
            if self.could_fill(symbol, bar) {
                self.inside.note_unread(bar.time);
            }
            return self.read(symbol, bar, bar);
        }
        // The open may have turned a stop-limit into a limit.
        self.refresh_band(symbol);
        for part in parts {
            if part.volume.is_zero() || self.is_quiet(symbol, part) {
                self.inside.release(symbol);
            } else {
                self.read(symbol, part, bar);
            }
        }
        self.trail_whole(symbol, bar);
    }

    /// Stops that were there before the bar have seen all of it, also what its finer bars leave out.
    fn trail_whole(&mut self, symbol: SymbolIndex, bar: &Bar) {
        let book = &self.books[symbol.get()];
        for born_here in book.iter().filter(|order| order.is_born_at(bar.time)) {
            self.inside.hold(symbol, born_here.id);
        }
        self.ratchet(symbol, bar, bar);
        self.inside.release(symbol);
    }

    /// Matches the orders of `symbol` inside `part`, which is `bar` or one of its finer bars.
    fn read(&mut self, symbol: SymbolIndex, part: &Bar, bar: &Bar) {
        self.inside.begin(part);
        self.count_ambiguous(symbol, part, bar);
        let order = match self.inside.reading {
            Reading::Ohlc => {
                self.walk(symbol, part, bar);
                return self.inside.release(symbol);
            }
            Reading::StopFirst | Reading::Cruellest => [true, false],
            Reading::TargetFirst | Reading::Kindest => [false, true],
        };
        // From the start after every fill: its legs may be of the kind that goes first.
        while let Some((at, price)) = order.into_iter().find_map(|stops| self.touched(symbol, part, bar, stops)) {
            self.execute(symbol, at, price, bar, Moment::Within);
        }
        self.ratchet(symbol, part, bar);
        self.inside.release(symbol);
    }

    /// The first stop (or limit) of `symbol` that `part` of the bar touches, and its price.
    fn touched(&mut self, symbol: SymbolIndex, part: &Bar, bar: &Bar, stops: bool) -> Option<(usize, Price)> {
        let mut at = 0;
        while let Some(order) = self.books[symbol.get()].get(at).copied() {
            at += 1;
            if !self.is_live(&order, bar) || !order.joins_bar() || order.kind == OrderKind::Market {
                continue;
            }
            let Some(first) = self.inside.first_price(&order, part.open) else { continue };
            if self.is_suspended(symbol, &order, bar) {
                continue;
            }
            if stops && order.is_stop() && order.stop_touched(part) {
                let price = order.worse(order.trigger, first);
                let OrderKind::StopLimit { limit, .. } = order.kind else { return Some((at - 1, price)) };
                // From here it is a limit; in this bar it fills only if the trigger itself is good enough.
                self.books[symbol.get()][at - 1].triggered = true;
                let reached = order.limit_reached(limit, price, self.rules.limit_fill);
                if !reached {
                    self.inside.hold(symbol, order.id);
                }
                // Its target may have stood before it in the book.
                self.void_target(symbol, &order);
                if reached {
                    return self.position_where(symbol, |_, other| other.id == order.id).map(|at| (at, price));
                }
                at = 0;
                continue;
            }
            let limit = match order.kind {
                OrderKind::Limit { limit } => limit,
                OrderKind::StopLimit { limit, .. } if order.triggered => limit,
                _ => continue,
            };
            if !stops && order.limit_reached(limit, order.best_of(part), self.rules.limit_fill) {
                // A leg that its entry has already passed fills there, as a limit would at any open.
                return Some((at - 1, order.better(limit, first)));
            }
        }
        None
    }

    /// Does `part` of the bar reach the order?
    fn reaches(&self, symbol: SymbolIndex, order: &VenueOrder, part: &Bar, bar: &Bar) -> bool {
        let is_reached = match order.kind {
            OrderKind::Market => false,
            _ if order.is_stop() => order.stop_touched(part),
            kind => {
                let reached = |limit| order.limit_reached(limit, order.best_of(part), self.rules.limit_fill);
                kind.limit().is_some_and(reached)
            }
        };
        is_reached && self.is_live(order, bar) && order.joins_bar() && !self.is_suspended(symbol, order, bar)
    }

    /// Could something fill inside the bar? A trailing stop may be hit on the way back.
    fn could_fill(&self, symbol: SymbolIndex, bar: &Bar) -> bool {
        let trails =
            |order: &VenueOrder| matches!(order.kind, OrderKind::TrailingStop { .. }) && self.is_live(order, bar);
        self.books[symbol.get()].iter().any(|order| trails(order) || self.reaches(symbol, order, bar, bar))
    }

    /// Are there finer bars of the bar, and do they reach every order that it reaches?
    fn is_told(&self, symbol: SymbolIndex, bar: &Bar, parts: &[Bar]) -> bool {
        let mut reached = self.books[symbol.get()].iter().filter(|order| self.reaches(symbol, order, bar, bar));
        let trading = || parts.iter().filter(|part| !part.volume.is_zero());
        trading().next().is_some() && reached.all(|order| trading().any(|part| self.reaches(symbol, order, part, bar)))
    }

    /// Notes that a stop and its own target both lie in `part` of the bar.
    fn count_ambiguous(&mut self, symbol: SymbolIndex, part: &Bar, bar: &Bar) {
        let book = &self.books[symbol.get()];
        let both = book.iter().any(|stop| {
            let hit = stop.is_stop() && self.is_live(stop, bar) && stop.stop_touched(part);
            let hit = hit && !self.is_suspended(symbol, stop, bar);
            hit && book.iter().any(|target| {
                let is_limit = matches!(target.kind, OrderKind::Limit { .. });
                is_limit && target.sibling == Some(stop.id) && self.reaches(symbol, target, part, bar)
            })
        });
        self.inside.note_ambiguous(both);
    }

    /// Moves trailing stops by what `part` of the bar has seen. One whose target waits for volume may come to belong across
    /// it; no venue takes such a pair, so at Alpaca it stays where it is.
    pub(super) fn ratchet(&mut self, symbol: SymbolIndex, part: &Bar, bar: &Bar) {
        for at in 0..self.books[symbol.get()].len() {
            let tick = self.rules.tick;
            let order = self.books[symbol.get()][at];
            let trades = self.core && order.live_after < bar.time && !bar.volume.is_zero();
            if !trades || !matches!(order.kind, OrderKind::TrailingStop { .. }) || self.inside.is_held(order.id) {
                continue;
            }
            let target = self.books[symbol.get()].iter().find(|other| Some(other.id) == order.sibling);
            let target = target.filter(|_| tick == Tick::UsEquity).and_then(|target| target.kind.limit());
            let order = &mut self.books[symbol.get()][at];
            let before = order.trigger;
            let has_moved = order.ratchet(part, tick);
            if target.is_some_and(|target| pair(order.side, order.trigger, target, tick).is_err()) {
                order.trigger = before;
            } else if has_moved {
                let (order, level) = (order.id, order.trigger);
                let parent = self.books[symbol.get()][at].parent.unwrap_or(order);
                self.events.push(ExecutionEvent::LegLive { order, parent, symbol, level, time: bar.time });
            }
        }
        self.refresh_band(symbol);
    }
}
