//! What the venue answers, written into the orders of clients and told to them.
//!
//! Not here: what happens at the venue (venue). Silent, as the real service is: the stop of a pair whose target has
//! filled whole; no event after that fill shows it open. A stop that comes to its price stands in the place of its target, which is told as `replaced`.
use super::record::Status;
use super::update::More;
use crate::domain::{
    ExecutionEvent, Fill, OrderId, OrderKind, Quantity, Ratio, RejectReason, Side, SymbolIndex, Timestamp,
};
use crate::exchange::core::Exchange;
use crate::exchange::ids;
use crate::exchange::statement::Execution;
use crate::venue::split_kind;

impl Exchange {
    /// Takes what the venue has answered; it happened at `time` or just after.
    pub(in crate::exchange) fn collect(&mut self, time: Timestamp) {
        let mut answers = Vec::new();
        self.venue.poll(&mut answers);
        for (index, event) in answers.iter().enumerate() {
            self.follow(event, &answers[index + 1..], time);
        }
    }

    fn follow(&mut self, event: &ExecutionEvent, later: &[ExecutionEvent], time: Timestamp) {
        match *event {
            ExecutionEvent::Filled { ref fill, remaining } => {
                self.filled(fill, remaining, time);
                if remaining.is_zero() {
                    self.end_stop_of(fill.order, later, time);
                }
            }
            ExecutionEvent::Canceled { order } => self.canceled(order, later, time),
            ExecutionEvent::Expired { order } => {
                if let Some(at) = self.open_under(order) {
                    self.end(at, Status::Expired, time);
                }
            }
            ExecutionEvent::Rejected { order, reason } => {
                if let Some(at) = self.open_under(order) {
                    self.reject(at, reason, time);
                }
            }
            ExecutionEvent::Resized { order, remaining } => {
                if let Some(at) = self.open_under(order) {
                    let order = self.book.get_mut(at);
                    order.qty = order.filled + remaining;
                }
            }
            ExecutionEvent::LegLive { order, .. } => self.leg_is_live(order, time),
            // Told when they were asked for.
            ExecutionEvent::Accepted { .. }
            | ExecutionEvent::Replaced { .. }
            | ExecutionEvent::ChangeRefused { .. } => {}
        }
    }

    /// The open order under a number of the venue.
    fn open_under(&self, number: OrderId) -> Option<usize> {
        self.book.by_number(number).filter(|at| self.book.get(*at).status.is_open())
    }

    fn filled(&mut self, fill: &Fill, remaining: Quantity, time: Timestamp) {
        let before = self.ledger.position(fill.symbol).quantity();
        self.ledger.apply(fill);
        // The share was taken away by a delisting: no order of a client's did that.
        let Some(at) = self.open_under(fill.order) else { return };
        self.end_target_of(at, time);
        let time = self.event_time(time);
        let order = self.book.get_mut(at);
        order.filled += fill.quantity;
        order.value += fill.notional();
        order.qty = order.filled + remaining;
        order.status = if remaining.is_zero() { Status::Filled } else { Status::PartiallyFilled };
        (order.times.filled, order.times.updated) = (Some(time), time);
        let execution = Execution {
            id: ids::uuid(&[&self.setup.name, "execution", &self.statement.executions.len().to_string()]),
            order: at,
            fill: *fill,
            time,
            filled: order.filled,
            left: remaining,
            status: order.status,
            is_short_sale: fill.side == Side::Sell && before <= Quantity::ZERO,
        };
        self.cover(at, fill.quantity);
        if remaining.is_zero() {
            self.book.close(at);
        }
        self.statement.executions.push(execution.clone());
        let event = if remaining.is_zero() { "fill" } else { "partial_fill" };
        self.tell(at, event, time, More { execution: Some(&execution), ..More::default() });
    }

    /// Legs that are live already cover `more` shares of their entry, too.
    fn cover(&mut self, entry: usize, more: Quantity) {
        let side = self.book.get(entry).side;
        for leg in self.book.get(entry).legs.clone() {
            let leg = self.book.get_mut(leg);
            // Those of a pair stand on its own side: they are for the same shares.
            if leg.is_live && leg.status.is_open() && leg.side != side {
                leg.qty += more;
            }
        }
    }

    fn leg_is_live(&mut self, number: OrderId, time: Timestamp) {
        let Some(at) = self.open_under(number).filter(|at| self.book.get(*at).waits_for_entry()) else { return };
        let leg = self.book.get(at);
        let Some(entry) = leg.leg_of else { return };
        let covered = self.book.get(entry).filled;
        let waits = leg.is_stop() && self.target_of(at).is_some();
        let leg = self.book.get_mut(at);
        (leg.is_live, leg.qty) = (true, covered);
        if !waits {
            self.take_up(at, time);
        }
    }

    /// The open target beside a stop.
    pub(super) fn target_of(&self, stop: usize) -> Option<usize> {
        let order = self.book.get(stop);
        let entry = order.leg_of.filter(|_| order.is_stop())?;
        let mut pair = self.book.get(entry).legs.iter().copied().chain([entry]);
        pair.find(|at| {
            let other = self.book.get(*at);
            *at != stop && other.side == order.side && other.status.is_open()
        })
    }

    /// A stop has come to its price: it stands in the place of its target.
    fn end_target_of(&mut self, stop: usize, time: Timestamp) {
        let Some(target) = self.target_of(stop) else { return };
        let time = self.event_time(time);
        let order = self.book.get_mut(target);
        (order.status, order.times.replaced, order.times.updated) = (Status::Replaced, Some(time), time);
        order.replaced_by = Some(stop);
        self.book.get_mut(stop).replaces = Some(target);
        self.book.close(target);
        self.tell(target, "replaced", time, More::default());
    }

    fn canceled(&mut self, number: OrderId, later: &[ExecutionEvent], time: Timestamp) {
        let Some(at) = self.open_under(number) else { return };
        let goes_later = |order| later.contains(&ExecutionEvent::Canceled { order });
        // A target that goes while its stop stays has made way for it.
        let stop = self.stop_of(at).filter(|stop| {
            let order = self.book.get(*stop);
            order.status.is_open() && order.is_live && !goes_later(order.at_venue)
        });
        if let Some(stop) = stop {
            self.end_target_of(stop, time);
            return self.take_up(stop, time);
        }
        self.end(at, Status::Canceled, time);
    }

    /// The stop beside a target.
    pub(super) fn stop_of(&self, target: usize) -> Option<usize> {
        let order = self.book.get(target);
        let group = order.leg_of.unwrap_or(target);
        let stops = self.book.get(group).legs.iter().copied();
        stops
            .filter(|_| !order.is_stop())
            .find(|at| self.book.get(*at).is_stop() && self.book.get(*at).side == order.side)
    }

    /// A target has filled whole: with it, and without a word, ends its stop, if the venue has ended that. What is left of
    /// their entry ends by the same fill and is told: it must not show a stop that rests no more.
    fn end_stop_of(&mut self, target: OrderId, later: &[ExecutionEvent], time: Timestamp) {
        let stop = self.book.by_number(target).and_then(|target| self.stop_of(target));
        let Some(at) = stop.filter(|at| self.book.get(*at).status.is_open()) else { return };
        if !later.contains(&ExecutionEvent::Canceled { order: self.book.get(at).at_venue }) {
            return;
        }
        let time = self.event_time(time);
        let order = self.book.get_mut(at);
        (order.status, order.times.canceled, order.times.updated) = (Status::Canceled, Some(time), time);
        self.book.close(at);
    }

    /// The order has ended so, and legs that wait for it with it.
    fn end(&mut self, at: usize, status: Status, time: Timestamp) {
        let time = self.event_time(time);
        let order = self.book.get_mut(at);
        (order.status, order.times.updated) = (status, time);
        match status {
            Status::Expired => order.times.expired = Some(time),
            _ => order.times.canceled = Some(time),
        }
        self.book.close(at);
        self.tell(at, status.name(), time, More::default());
        self.end_waiting_legs(at, time);
    }

    /// The venue could not take the order in the end.
    pub(in crate::exchange) fn reject(&mut self, at: usize, reason: RejectReason, time: Timestamp) {
        let time = self.event_time(time);
        let order = self.book.get_mut(at);
        (order.status, order.times.failed, order.times.updated) = (Status::Rejected, Some(time), time);
        self.book.close(at);
        self.tell(at, "rejected", time, More { reason: Some(&reason.to_string()), ..More::default() });
        self.end_waiting_legs(at, time);
    }

    fn end_waiting_legs(&mut self, entry: usize, time: Timestamp) {
        for leg in self.book.get(entry).legs.clone() {
            let order = self.book.get(leg);
            if order.status.is_open() && order.waits_for_entry() {
                self.end(leg, Status::Canceled, time);
            }
        }
    }

    /// Looks where trailing stops stand.
    pub(in crate::exchange) fn see_trails(&mut self) {
        for at in self.book.open().collect::<Vec<_>>() {
            let order = self.book.get(at);
            if !matches!(order.kind, OrderKind::TrailingStop { .. }) {
                continue;
            }
            if let Some(resting) = self.venue.resting(SymbolIndex(order.asset as u16), order.at_venue) {
                self.book.get_mut(at).trail = Some((resting.trigger, resting.best));
            }
        }
    }

    /// A split has restated what rests at the venue: the orders of clients follow, without a word on the stream.
    pub(in crate::exchange) fn restate_orders(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        for at in self.book.open().collect::<Vec<_>>() {
            if self.book.get(at).asset != symbol.get() {
                continue;
            }
            let resting = self.venue.resting(symbol, self.book.get(at).at_venue);
            let order = self.book.get_mut(at);
            order.kind = split_kind(order.kind, ratio);
            order.reserve = crate::portfolio::split_price(order.reserve, ratio);
            if let Some(resting) = resting {
                order.qty = order.filled + resting.remaining;
            } else if let Some(entry) = order.leg_of {
                // It waits for its entry, and is for what that is for.
                let entry = self.venue.resting(symbol, self.book.get(entry).at_venue);
                if let Some(entry) = entry {
                    self.book.get_mut(at).qty = entry.remaining;
                }
            }
        }
        self.see_trails();
    }
}
