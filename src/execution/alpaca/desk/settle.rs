//! What follows once something has changed: what ends mean, what is to be asked, taken back or moved.
//!
//! Not here: changes (settle_changes), protective orders that must be freed or armed again (settle_protection), which
//! wish leaves first (calls).
use super::AlpacaDesk;
use super::known::{AtVenue, Attempt, Life, Line, TicketState};
use crate::domain::{OrderId, SymbolIndex, TimeInForce};
use crate::execution::alpaca::entry::{Answer, Ending, Entry};
use crate::execution::alpaca::finding::Finding;
use crate::venue::Standing;

/// How often an order that should be gone is asked for before it is taken back, or reported.
const LOOKS_MAX: u32 = 8;
/// How often the venue may end a protective order unasked before we believe that it means it.
const UNASKED_ENDS_MAX: u32 = 3;

impl AlpacaDesk {
    /// Draws what follows from how things stand.
    pub(super) fn settle(&mut self) {
        self.note_births();
        let orders: Vec<OrderId> = self.lines.keys().copied().collect();
        for order in &orders {
            self.promote_former(*order);
            self.conclude(*order);
            // What was armed in its place may have been seen before its end.
            self.promote_former(*order);
        }
        self.take_early();
        self.drop_unsent();
        for order in orders {
            self.look_for_patch(order);
            self.wish_delete(order);
            self.answer_change(order);
            self.look_at_stale(order);
            self.note_level(order);
            self.wish_patch(order);
        }
        self.free_shares();
        self.arm_all();
        self.watch_bare();
        self.drop_finished();
    }

    fn note_births(&mut self) {
        for (order, line) in &mut self.lines {
            line.was_live |= self.ledger.mirror.standing(*order).is_some();
        }
    }

    /// An order seen beside the present one, which has ended since, is the present one.
    fn promote_former(&mut self, order: OrderId) {
        let Some(line) = self.lines.get_mut(&order) else { return };
        let has_ended = line.at_venue.as_ref().is_some_and(|at| at.is_settled && at.replaced_by.is_none());
        // One that another has replaced has ended, even if its end was never shown.
        let is_open = |at: &AtVenue| at.life == Life::Open && !at.status.is_empty() && at.replaced_by.is_none();
        if has_ended && let Some(place) = line.former.iter().position(is_open) {
            let next = line.former.remove(place);
            line.former.extend(line.at_venue.replace(next));
        }
    }

    /// An order at the venue has ended, and all its fills are counted: what does its end mean?
    fn conclude(&mut self, order: OrderId) {
        let Some(parent) = self.lines.get(&order).map(|line| line.parent) else { return };
        // A leg grows with what its entry has filled, before it ends.
        let may_grow = parent.and_then(|entry| self.lines.get(&entry)).is_some_and(Line::has_gap);
        let Some(line) = self.lines.get_mut(&order) else { return };
        let Some(at) = line.at_venue.as_mut() else { return };
        if at.life == Life::Open || at.is_settled || at.gap_since_ms.is_some() || may_grow {
            return;
        }
        if self.awaits_mate(order) {
            return;
        }
        let Some(line) = self.lines.get_mut(&order) else { return };
        let Some(at_end) = line.at_venue.clone() else { return };
        line.delete = None;
        if at_end.life != Life::Replaced {
            // It cannot be changed any more.
            line.patch = None;
        }
        match (at_end.life, &at_end.replaced_by) {
            (Life::Open, _) => {}
            (Life::Filled, _) => self.conclude_filled(order),
            (Life::Replaced, Some(successor)) if at_end.refused(successor) => {
                // Replaced by one that was refused: nothing of it is left.
                let reason = at_end.refused_successor.as_ref().map(|(_, reason)| reason.clone()).unwrap_or_default();
                self.conclude_ended(order, &AtVenue { life: Life::Rejected, reason, ..at_end.clone() });
            }
            (Life::Replaced, Some(_)) => self.follow_successor(order),
            (Life::Replaced, None) if line.patch.is_some() => {}
            (Life::Rejected, _) if !at_end.replaces.is_empty() => self.return_to_former(order, &at_end),
            _ => self.conclude_ended(order, &at_end),
        }
    }

    /// One of a pair has ended that is wanted back. If the other has filled, which the venue need not tell, its fills come
    /// first: an end takes the pair along. So that one is asked for, and awaited.
    fn awaits_mate(&mut self, order: OrderId) -> bool {
        let now_ms = self.now.ms;
        let Some(line) = self.lines.get(&order).filter(|line| line.cancel_asked || line.is_own) else { return false };
        let is_end = |at: &AtVenue| matches!(at.life, Life::Canceled | Life::Expired);
        let Some(has_asked) = line.at_venue.as_ref().filter(|at| is_end(at)).map(|at| at.has_asked_mate) else {
            return false;
        };
        let mate = self.ledger.mirror.standing(order).and_then(|standing| standing.sibling);
        let Some(mate) = mate.and_then(|mate| self.lines.get_mut(&mate)) else { return false };
        let is_asked = !has_asked && mate.open().is_some();
        if is_asked {
            mate.ask = Some(Attempt::at(now_ms));
        }
        let awaits = mate.ask.is_some() || mate.has_gap();
        if let Some(at) = self.lines.get_mut(&order).and_then(|line| line.at_venue.as_mut()) {
            at.has_asked_mate |= is_asked;
        }
        awaits
    }

    /// Says whether its shares were to be freed.
    fn mark_settled(&mut self, order: OrderId) -> bool {
        let Some(line) = self.lines.get_mut(&order) else { return false };
        line.at_venue.iter_mut().for_each(|at| at.is_settled = true);
        std::mem::take(&mut line.freeing)
    }

    /// Shares of `symbol` have come free: what the venue would not make of its orders before, it may make now.
    pub(super) fn reconsider(&mut self, symbol: SymbolIndex) {
        self.lines.values_mut().filter(|line| line.symbol == symbol).for_each(|line| line.refused = None);
    }

    fn conclude_filled(&mut self, order: OrderId) {
        self.mark_settled(order);
        let Some(line) = self.lines.get(&order) else { return };
        if line.is_own && self.ledger.mirror.standing(order).is_some() {
            // The venue has filled fewer shares than we believed it was for.
            self.ledger.record(Entry::Ended { order, ending: Ending::Canceled });
        }
    }

    /// Another order stands in its place: that one is asked for.
    fn follow_successor(&mut self, order: OrderId) {
        let now_ms = self.now.ms;
        if let Some(line) = self.lines.get_mut(&order)
            && line.ask.is_none()
        {
            line.ask = Some(Attempt::at(now_ms));
        }
    }

    /// The order in its place was refused: the one before it may live on.
    fn return_to_former(&mut self, order: OrderId, refused: &AtVenue) {
        let (now_ms, reason) = (self.now.ms, refused.reason.clone());
        let Some(line) = self.lines.get_mut(&order) else { return };
        let place = line.former.iter().position(|former| former.id == refused.replaces);
        let mut former = match place {
            Some(place) => line.former.remove(place),
            None => AtVenue::unseen(refused.replaces.clone()),
        };
        (former.life, former.replaced_by, former.is_settled) = (Life::Open, None, false);
        former.refused_successor = Some((refused.id.clone(), reason.clone()));
        line.at_venue = Some(former);
        line.ask = Some(Attempt::at(now_ms));
        self.find(Finding::NotChanged { order, reason });
    }

    fn conclude_ended(&mut self, order: OrderId, at: &AtVenue) {
        let was_freed = self.mark_settled(order);
        let Some(symbol) = self.lines.get(&order).map(|line| line.symbol) else { return };
        self.reconsider(symbol);
        let Some(line) = self.lines.get_mut(&order) else { return };
        let Some(standing) = self.ledger.mirror.standing(order) else {
            if line.is_own && !self.ledger.is_closed(order) && !self.ledger.is_taken(order) {
                let ending = ending_of(at, false);
                self.ledger.record(Entry::Ended { order, ending });
            }
            return;
        };
        if at.life == Life::Replaced && (!line.is_own || standing.sibling.is_some()) {
            // Its stop has come to its price; what that filled comes first, if it is here by then.
            self.reached.insert(order);
            return self.ask_mate(order, &standing);
        }
        if line.is_own || line.cancel_asked {
            let is_expiry = std::mem::take(&mut line.expire_asked);
            line.cancel_asked = false;
            let ending = ending_of(at, is_expiry);
            return self.ledger.record(Entry::Ended { order, ending });
        }
        if at.life == Life::Expired && standing.time_in_force == TimeInForce::Day {
            // Its time is over, whatever it was to be taken back for: it is not armed again.
            return self.ledger.record(Entry::Ended { order, ending: Ending::Expired });
        }
        if standing.parent.is_none() {
            // The stop of a pair ends with its target; whose target is gone, that has ended for good.
            let target = standing.sibling.and_then(|target| self.ledger.mirror.standing(target));
            if target.is_none() {
                self.ledger.record(Entry::Ended { order, ending: Ending::Canceled });
            }
            return;
        }
        if was_freed {
            // It is armed again when it may be.
            return;
        }
        if at.life == Life::Expired {
            // The venue's own limit of time: it is armed anew.
            return self.ask_mate(order, &standing);
        }
        self.ended_unasked(order, &standing);
    }

    /// The venue has ended a leg that protects: with its entry, or for a reason of its own.
    fn ended_unasked(&mut self, order: OrderId, standing: &Standing) {
        let parent_ended = standing.parent.and_then(|parent| self.lines.get(&parent)).is_some_and(|parent| {
            let ended = |at: &AtVenue| matches!(at.life, Life::Canceled | Life::Expired | Life::Rejected);
            parent.at_venue.as_ref().is_some_and(ended)
        });
        self.ask_mate(order, standing);
        if parent_ended {
            return;
        }
        let Some(line) = self.lines.get_mut(&order) else { return };
        line.ended_unasked += 1;
        if line.ended_unasked > UNASKED_ENDS_MAX {
            self.find(Finding::NotArmed { order, reason: "the venue ended it again and again".to_owned() });
            self.ledger.record(Entry::Ended { order, ending: Ending::Canceled });
        }
    }

    /// Targets whose stop has come to its price end with it, after what the stop has filled: where the venue has no
    /// fill of it, by themselves.
    pub(super) fn draw_reached(&mut self) {
        for target in std::mem::take(&mut self.reached) {
            let Some(standing) = self.ledger.mirror.standing(target) else { continue };
            let stop = standing.sibling.and_then(|stop| self.lines.get(&stop));
            if stop.is_some_and(Line::is_unsettled) {
                self.reached.insert(target);
            } else {
                self.ledger.record(Entry::StopReached { target });
                self.settle();
            }
        }
    }

    /// What is wanted back and rests at the venue is to be taken back.
    fn wish_delete(&mut self, order: OrderId) {
        let now_ms = self.now.ms;
        if let Some(line) = self.lines.get_mut(&order)
            && (line.cancel_asked || line.expire_asked)
            && line.open().is_some()
        {
            line.delete = line.delete.or(Some(Attempt::at(now_ms)));
        }
    }

    /// The other of the pair may have filled: it is asked for before anything is armed again, unless the stream tells.
    fn ask_mate(&mut self, order: OrderId, standing: &Standing) {
        let due_ms = self.now.ms + self.config.patience.gap;
        let mate = standing.sibling.filter(|mate| *mate != order).and_then(|mate| self.lines.get_mut(&mate));
        if let Some(mate) = mate
            && mate.open().is_some()
            && mate.ask.is_none()
        {
            mate.ask = Some(Attempt::at(due_ms));
        }
    }

    /// What is wanted back before it left is over.
    fn drop_unsent(&mut self) {
        let is_unsent = |ticket: &super::Ticket| ticket.cancel_asked && matches!(ticket.state, TicketState::Due(_));
        let orders: Vec<(String, OrderId)> = self
            .tickets
            .values()
            .filter(|ticket| is_unsent(ticket))
            .map(|ticket| (ticket.client_id.clone(), ticket.main))
            .collect();
        for (client_id, order) in orders {
            self.tickets.remove(&client_id);
            self.ledger.record(Entry::Ended { order, ending: Ending::Canceled });
        }
        let (late, now_ms) = (self.config.patience.opening, self.now.ms);
        let is_late = |ticket: &&super::Ticket| {
            let is_due = matches!(ticket.state, TicketState::Due(_));
            ticket.purpose == super::TicketPurpose::Opens && is_due && now_ms.saturating_sub(ticket.asked_ms) > late
        };
        let orders: Vec<(String, OrderId)> =
            self.tickets.values().filter(is_late).map(|ticket| (ticket.client_id.clone(), ticket.main)).collect();
        for (client_id, order) in orders {
            self.tickets.remove(&client_id);
            self.ledger.record(Entry::Refused { order, answer: Answer::TooLate });
        }
    }

    /// An order that rests at the venue and no longer in our image is asked for, then taken back.
    fn look_at_stale(&mut self, order: OrderId) {
        let now_ms = self.now.ms;
        let Some(line) = self.lines.get(&order) else { return };
        let was_there = line.was_live || line.is_own && self.ledger.is_taken(order);
        let is_unwanted = line.doomed || self.ledger.mirror.standing(order).is_none();
        let is_stale = was_there && line.open().is_some() && is_unwanted;
        if !is_stale || line.ask.is_some() || line.delete.is_some() {
            return;
        }
        let mate_lives = if line.is_own { self.is_being_left(order) } else { self.has_living_mate(order) };
        let (looks, wait) = (line.stale_looks, self.backoff.wait_ms(line.stale_looks));
        if looks > LOOKS_MAX && mate_lives {
            return self.find(Finding::Stuck { order, asked: "its end" });
        }
        let Some(line) = self.lines.get_mut(&order) else { return };
        if looks == 0 || mate_lives {
            // Its pair may have ended it without a word. Taking it back would take a living pair along.
            line.ask = Some(Attempt::at(if looks == 0 { now_ms } else { now_ms + wait }));
            line.stale_looks += 1;
        } else {
            line.delete = Some(Attempt::at(now_ms));
        }
    }

    /// Has a leg of the entry come to its price? The venue ends the entry then; taking it back would end the leg.
    fn is_being_left(&self, entry: OrderId) -> bool {
        let fills = |line: &Line| line.open().is_some_and(|at| !at.filled.is_zero());
        self.lines.values().any(|line| line.parent == Some(entry) && fills(line))
    }

    fn has_living_mate(&self, order: OrderId) -> bool {
        let Some(line) = self.lines.get(&order) else { return false };
        let is_family = |other: &OrderId, candidate: &Line| {
            let same_entry = line.parent.is_some() && candidate.parent == line.parent;
            *other != order && (same_entry || line.parent == Some(*other) || candidate.parent == Some(order))
        };
        self.lines.iter().any(|(other, candidate)| {
            is_family(other, candidate) && candidate.open().is_some() && self.ledger.mirror.standing(*other).is_some()
        })
    }

    /// Lines of which nothing is left anywhere are forgotten; late messages still find their numbers.
    fn drop_finished(&mut self) {
        let (ledger, tickets, early) = (&self.ledger, &self.tickets, &self.early);
        let waits = |order: OrderId| tickets.values().any(|ticket| ticket.main == order || ticket.mate == Some(order));
        let lives = |order: OrderId, line: &Line| {
            ledger.mirror.standing(order).is_some() || line.open().is_some() || line.is_busy() || waits(order)
        };
        if !early.is_empty() {
            return;
        }
        // A family goes together: a leg that is not born yet waits for its entry.
        let root = |order: OrderId, line: &Line| line.parent.unwrap_or(order);
        let living: std::collections::BTreeSet<OrderId> = self
            .lines
            .iter()
            .filter(|(order, line)| lives(**order, line))
            .map(|(order, line)| root(*order, line))
            .collect();
        let unborn_only = |order: OrderId, line: &Line| {
            // The venue ends legs with an entry that never filled, silently.
            !line.was_live
                && line.parent.is_some_and(|parent| ledger.mirror.standing(parent).is_none() && !waits(parent))
                && order != line.parent.unwrap_or(order)
        };
        self.lines.retain(|order, line| {
            let keeps = living.contains(&root(*order, line));
            keeps && !(unborn_only(*order, line) && ledger.is_closed(line.parent.unwrap_or(*order)))
        });
    }
}

fn ending_of(at: &AtVenue, is_expiry: bool) -> Ending {
    match at.life {
        _ if is_expiry => Ending::Expired,
        Life::Expired => Ending::Expired,
        Life::Rejected => {
            let body = serde_json::json!({ "message": at.reason }).to_string();
            Ending::Rejected(Answer::Venue { status: 0, body, existing: None })
        }
        _ => Ending::Canceled,
    }
}
