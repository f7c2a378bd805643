//! Changes: what the engine wants changed, and what must change for the venue to be equal to our image.
//!
//! Not here: when a change leaves (calls), what the venue makes of it (outcomes, observe).
use super::AlpacaDesk;
use super::known::{AtVenue, Attempt, Line, Patch, PatchState, Ticket, TicketPurpose, Wanted};
use crate::domain::{OrderId, OrderKind, OrderPurpose, Quantity, RejectReason, Trail};
use crate::execution::alpaca::client_id::Part;
use crate::execution::alpaca::entry::{Answer, Entry};
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::translate::{Prices, change_body, prices_of};
use crate::venue::{Standing, refusal};

impl AlpacaDesk {
    /// A change of which nobody knows whether it arrived shows in the order it was to change.
    pub(super) fn look_for_patch(&mut self, order: OrderId) {
        let due_ms = self.now.ms + self.config.patience.gap;
        if let Some(line) = self.lines.get_mut(&order)
            && line.patch.as_ref().is_some_and(|patch| patch.state == PatchState::Doubtful)
        {
            line.ask = line.ask.or(Some(Attempt::at(due_ms)));
        }
    }

    /// A change of an order that is not at the venue now needs no answer of the venue.
    pub(super) fn answer_change(&mut self, order: OrderId) {
        let time = self.bar;
        let Some(line) = self.lines.get_mut(&order) else { return };
        let Some(change) = line.change.filter(|_| line.patch.is_none()) else { return };
        let is_on_its_way = self.tickets.values().any(|ticket| ticket.main == order || ticket.mate == Some(order));
        if line.open().is_some() || line.is_unsettled() || is_on_its_way {
            return;
        }
        line.change = None;
        if self.ledger.mirror.standing(order).is_none() {
            return;
        }
        match self.keeps_pair(order, change.kind) {
            Ok(()) => self.ledger.record(Entry::Changed { order, quantity: change.quantity, kind: change.kind, time }),
            Err(reason) => self.refuse_change(order, reason),
        }
    }

    /// A trailing stop that has come to its price is not moved any more: it stands where it did at the venue. The bar on
    /// which it came to it may have been heard before its fill, and have moved it here alone.
    pub(super) fn note_level(&mut self, order: OrderId) {
        let Some(line) = self.lines.get(&order) else { return };
        let Some(level) = line.open().and_then(|at| at.prices.stop) else { return };
        if line.is_unsettled() || line.patch.is_some() || line.change.is_some() {
            return;
        }
        let Some(standing) = self.ledger.mirror.standing(order).filter(|standing| standing.reduces) else {
            return;
        };
        let trails = self.ledger.facts(order).is_some_and(|facts| facts.purpose == OrderPurpose::Trail);
        let has_fired = matches!(standing.kind, OrderKind::Market | OrderKind::StopLimit { .. });
        if trails && has_fired && level != standing.trigger {
            let time = self.bar;
            self.ledger.record(Entry::StopStood { order, level, time });
        }
    }

    /// Wishes for a change where the venue has an order otherwise than it should be.
    pub(super) fn wish_patch(&mut self, order: OrderId) {
        let Some(line) = self.lines.get(&order) else { return };
        let Some(at) = line.open() else { return };
        let is_leaving = line.cancel_asked || line.expire_asked || line.freeing || line.delete.is_some();
        if is_leaving || self.is_splitting(line.symbol) || line.patch.is_some() || line.is_unsettled() {
            return;
        }
        let Some(standing) = self.ledger.mirror.standing(order) else { return };
        let change = line.change;
        let (prices, trail) = self.wanted_prices(line, at, &standing);
        let quantity = match change {
            Some(change) => change.quantity.filter(|quantity| Some(*quantity) != at.quantity),
            None => match self.wanted_quantity(order, &standing) {
                Resize::None => None,
                Resize::Look(quantity) => return self.look_before_resize(order, quantity),
                Resize::To(quantity) => Some(quantity),
            },
        };
        let is_same = prices == Prices::default() && trail.is_none() && quantity.is_none();
        let wanted = Wanted { prices, quantity, status: at.status.clone() };
        if is_same && let Some(change) = change {
            // The venue has it so already.
            let time = self.bar;
            self.ledger.record(Entry::Changed { order, quantity: change.quantity, kind: change.kind, time });
            self.lines.entry(order).and_modify(|line| line.change = None);
        } else if !is_same && line.refused.as_ref() != Some(&wanted) && !self.waits_for_mate(&standing, wanted.prices) {
            self.write_patch(order, wanted, trail);
        }
    }

    /// The prices that are to change, and the trail.
    fn wanted_prices(&self, line: &Line, at: &AtVenue, standing: &Standing) -> (Prices, Option<Trail>) {
        let differs = |wanted: Prices| Prices {
            limit: wanted.limit.filter(|price| Some(*price) != at.prices.limit),
            stop: wanted.stop.filter(|price| Some(*price) != at.prices.stop),
        };
        match (line.change, standing.kind) {
            (Some(change), OrderKind::TrailingStop { trail: old }) if line.is_own => match change.kind {
                OrderKind::TrailingStop { trail } if trail != old => (Prices::default(), Some(trail)),
                _ => (Prices::default(), None),
            },
            (Some(_), OrderKind::TrailingStop { .. }) => {
                // A leg that trails rests as a fixed stop: the new distance moves it when it is drawn.
                (Prices::default(), None)
            }
            (Some(change), _) => (differs(prices_of(change.kind)), None),
            (None, _) if line.is_own => (Prices::default(), None),
            (None, OrderKind::TrailingStop { .. } | OrderKind::Stop { .. }) => {
                (differs(Prices { stop: Some(standing.trigger), limit: None }), None)
            }
            // A target that belongs across its stop, since the entry filled beyond that, stays where it is: the stop leaves.
            (None, OrderKind::Limit { limit }) if self.keeps_pair(standing.order, standing.kind).is_ok() => {
                (differs(Prices { limit: Some(limit), stop: None }), None)
            }
            (None, OrderKind::Limit { .. } | OrderKind::StopLimit { .. } | OrderKind::Market) => {
                (Prices::default(), None)
            }
        }
    }

    /// Would these prices stand across the other of the pair, as the venue has it now, and is that one on its way to
    /// where they do not? Then it goes first: no venue takes a pair that crosses, be it for a moment.
    fn waits_for_mate(&self, standing: &Standing, prices: Prices) -> bool {
        let Some(mate) = standing.sibling else { return false };
        let (Some(line), Some(of_mate)) = (self.lines.get(&mate), self.ledger.mirror.standing(mate)) else {
            return false;
        };
        let Some(at) = line.open() else { return false };
        let is_target = matches!(standing.kind, OrderKind::Limit { .. });
        let fits = |of_mate: &Prices| {
            let (stop, target) = if is_target { (of_mate.stop, prices.limit) } else { (prices.stop, of_mate.limit) };
            let keeps = |(stop, target)| refusal::pair(standing.side, stop, target, self.config.rules.tick).is_ok();
            stop.zip(target).is_none_or(keeps)
        };
        if fits(&at.prices) {
            return false;
        }
        let (wanted, _) = self.wanted_prices(line, at, &of_mate);
        let was_refused = line.refused.as_ref().is_some_and(|refused| refused.prices == wanted);
        wanted != Prices::default() && fits(&wanted) && !was_refused
    }

    /// The shares a leg is to be for, where the venue has it for others: only once its entry has ended, since it grows
    /// with the entry there.
    fn wanted_quantity(&self, order: OrderId, standing: &Standing) -> Resize {
        let Some((line, parent)) = self.lines.get(&order).and_then(|line| Some((line, line.parent?))) else {
            return Resize::None;
        };
        if self.ledger.mirror.standing(parent).is_some() {
            return Resize::None;
        }
        let shares = self.shares_by_family(line.symbol, line.side);
        let most = shares.into_iter().find(|(family, _)| *family == parent).map_or(Quantity::ZERO, |(_, most)| most);
        let wanted = standing.remaining.min(most);
        let is_market = standing.kind == OrderKind::Market;
        if wanted == line.open_quantity() || wanted.is_zero() || is_market && wanted < line.open_quantity() {
            // What leaves at the market is not held back; it may be for more, once an exit was refused.
            return Resize::None;
        }
        // An exit that is not taken yet may be refused: the shares keep their stop until it is. One at the market needs
        // them free first.
        let is_unsure = |ticket: &Ticket| {
            ticket.purpose == TicketPurpose::Reduces && ticket.symbol == line.symbol && ticket.side == line.side
        };
        if wanted < line.open_quantity() && self.tickets.values().any(is_unsure) {
            return Resize::None;
        }
        if line.looked_for != Some(wanted) {
            return Resize::Look(wanted);
        }
        Resize::To(wanted)
    }

    /// The venue may have changed its size by itself, without a word.
    fn look_before_resize(&mut self, order: OrderId, quantity: Quantity) {
        let now_ms = self.now.ms;
        if let Some(line) = self.lines.get_mut(&order) {
            line.looked_for = Some(quantity);
            line.ask = Some(Attempt::at(now_ms));
        }
    }

    fn write_patch(&mut self, order: OrderId, wanted: Wanted, trail: Option<Trail>) {
        let (now_ms, session) = (self.now.ms, self.config.session.clone());
        let Some(line) = self.lines.get_mut(&order) else { return };
        let Some(venue_id) = line.open().map(|at| at.id.clone()) else { return };
        line.changes += 1;
        let client_id = session.client_id(order, Part::Changed(line.changes));
        let body = change_body(wanted.quantity, wanted.prices, trail, &client_id);
        let state = PatchState::Due(now_ms);
        line.patch = Some(Patch { venue_id, client_id, body, wanted, change: line.change, sent_ms: now_ms, state });
    }

    /// A change that no venue would take: the engine and a person are told, as if one had refused it.
    pub(super) fn refuse_change(&mut self, order: OrderId, reason: RejectReason) {
        let body = serde_json::json!({ "code": reason.code(), "message": reason.to_string() }).to_string();
        let answer = Answer::Venue { status: reason.http_status(), body, existing: None };
        self.ledger.record(Entry::ChangeRefused { order, answer });
        self.find(Finding::NotChanged { order, reason: reason.to_string() });
    }
}

/// What is to be done about the size of a leg.
enum Resize {
    None,
    Look(Quantity),
    To(Quantity),
}
