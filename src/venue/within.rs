//! What fills inside a bar, after its open; then trailing stops move.
//!
//! Not here: fills at opens and closes (matching), how much fills and what follows (execute).
use super::matching::Moment;
use super::rules::BothTouched;
use super::simulated::SimulatedVenue;
use crate::domain::{Bar, ExecutionEvent, OrderKind, Price, SymbolIndex};

impl SimulatedVenue {
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

    /// The first stop (or limit) of `symbol` that the bar touches, and its price.
    fn touched(&mut self, symbol: SymbolIndex, bar: &Bar, stops: bool) -> Option<(usize, Price)> {
        let mut at = 0;
        while let Some(order) = self.books[symbol.get()].get(at).copied() {
            at += 1;
            if !self.is_live(&order, bar) || !order.joins_bar() || order.kind == OrderKind::Market {
                continue;
            }
            if stops && order.is_stop() && order.stop_touched(bar) {
                let price = order.worse(order.trigger, bar.open);
                let OrderKind::StopLimit { limit, .. } = order.kind else { return Some((at - 1, price)) };
                // From here it is a limit; in this bar it fills only if the trigger itself is good enough.
                let resting = &mut self.books[symbol.get()][at - 1];
                resting.triggered = true;
                let reached = order.limit_reached(limit, price, self.rules.limit_fill);
                if !reached {
                    resting.filled_on = bar.time;
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
            if !stops && order.limit_reached(limit, order.best_of(bar), self.rules.limit_fill) {
                // A leg that its entry's open has already passed fills there, as a limit would at any open.
                return Some((at - 1, order.better(limit, bar.open)));
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
            let trades = self.core && order.live_after < bar.time && !bar.volume.is_zero();
            if trades && order.ratchet(bar, tick) {
                let (order, level) = (order.id, order.trigger);
                let parent = self.books[symbol.get()][at].parent.unwrap_or(order);
                self.events.push_back(ExecutionEvent::LegLive { order, parent, symbol, level, time: bar.time });
            }
        }
        self.refresh_band(symbol);
    }
}
