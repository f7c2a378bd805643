//! A desk that goes on where an earlier life of its session ended.
//!
//! Not here: the list that outlives it (ledger), who keeps it (the session).
//! Invariants: (1) nothing that may have left is sent again before it was looked up; (2) what the engine asked for and
//! the list has is done, or the engine is told that it is not.
use super::known::{self, Change, Ticket, TicketPurpose, TicketState};
use super::{AlpacaDesk, DeskConfig};
use crate::domain::{OrderId, TimeInForce};
use crate::execution::alpaca::bucket::{Bucket, Instant};
use crate::execution::alpaca::client_id::Part;
use crate::execution::alpaca::entry::{Answer, Asked, Entry};
use crate::execution::alpaca::ledger::legs;

impl AlpacaDesk {
    /// A desk that goes on where an earlier life of its session ended: `log` is all it wrote, `events_given` how many
    /// answers the engine has had. What was on its way is looked up, stops are armed before anything else; what was to
    /// open and never left is refused as too late.
    pub fn restore(config: DeskConfig, now: Instant, log: &[Entry], events_given: usize) -> AlpacaDesk {
        let bucket = Bucket::emptied(config.calls_a_minute, now.ms);
        let mut desk = AlpacaDesk { bucket, ..AlpacaDesk::new(config, now) };
        log.iter().for_each(|entry| desk.ledger.apply(entry));
        desk.ledger.forget_events(events_given);
        desk.restore_lines(log);
        desk.restore_asked();
        desk.settle();
        desk
    }

    /// The lines and tickets of an earlier life.
    fn restore_lines(&mut self, log: &[Entry]) {
        let open: Vec<(OrderId, bool)> =
            self.ledger.asked_orders().map(|(order, _)| (order, self.ledger.is_taken(order))).collect();
        for (order, is_taken) in open {
            let Some(asked) = self.ledger.asked(order).copied() else { continue };
            let family: Vec<OrderId> = std::iter::once(order)
                .chain(legs(&asked.request, order).into_iter().flatten().map(|leg| leg.order))
                .collect();
            let is_over = family.iter().all(|id| self.ledger.mirror.standing(*id).is_none());
            if is_over && (is_taken || self.ledger.is_closed(order)) {
                continue;
            }
            self.take_on(order);
            let client_id = self.config.session.client_id(order, Part::Order);
            if is_taken {
                self.tickets.remove(&client_id);
                self.remember_family(&family, log);
            } else {
                self.resume_ticket(order, &asked, &client_id, log);
            }
        }
        self.restore_armed(log);
    }

    /// An order that the venue had not taken when we stopped: it may have left, or not.
    fn resume_ticket(&mut self, order: OrderId, asked: &Asked, client_id: &str, log: &[Entry]) {
        let may_have_left =
            log.iter().any(|entry| matches!(entry, Entry::Intent { client_id: sent, .. } if sent == client_id));
        if may_have_left {
            let due = known::Attempt::at(self.now.ms);
            if let Some(ticket) = self.tickets.get_mut(client_id) {
                ticket.state = TicketState::Doubtful(due);
            }
        } else if !asked.reduces {
            self.tickets.remove(client_id);
            self.drop_family(order);
            self.ledger.record(Entry::Refused { order, answer: Answer::TooLate });
        }
    }

    /// What the earlier life knew of a family is asked for anew, by the venue's last name for each.
    fn remember_family(&mut self, family: &[OrderId], log: &[Entry]) {
        let now_ms = self.now.ms;
        for entry in log {
            let Entry::Linked { order, venue_id } = entry else { continue };
            let Some(line) = self.lines.get_mut(order).filter(|_| family.contains(order)) else { continue };
            let shown = known::AtVenue::unseen(venue_id.clone());
            line.former.extend(line.at_venue.replace(shown));
            line.ask = Some(known::Attempt::at(now_ms));
        }
        for id in family {
            if let Some(line) = self.lines.get_mut(id) {
                line.was_live = self.ledger.mirror.standing(*id).is_some();
            }
        }
    }

    /// Protective orders that were being armed, and changes, are counted on, so that no name is used twice.
    fn restore_armed(&mut self, log: &[Entry]) {
        for entry in log {
            let Entry::Intent { order, client_id, body, .. } = entry else { continue };
            let Some((_, part)) = self.config.session.read(client_id) else { continue };
            let Some(line) = self.lines.get_mut(order) else { continue };
            match part {
                Part::Order => {}
                Part::Changed(count) => line.changes = line.changes.max(count),
                Part::Armed(count) => {
                    line.armed = line.armed.max(count);
                    self.resume_arming(*order, client_id, body);
                }
            }
        }
    }

    fn drop_family(&mut self, order: OrderId) {
        let Some(asked) = self.ledger.asked(order) else { return };
        let of_legs: Vec<OrderId> = legs(&asked.request, order).into_iter().flatten().map(|leg| leg.order).collect();
        std::iter::once(order).chain(of_legs).for_each(|id| drop(self.lines.remove(&id)));
    }

    /// What the engine wanted changed or back, and what the end of a session ended, is wanted still.
    fn restore_asked(&mut self) {
        let is_over = |ledger: &super::Ledger, order: OrderId| ledger.was_there_at_close(order);
        for (order, line) in &mut self.lines {
            let is_of_day = |standing: crate::venue::Standing| {
                line.lives_a_day || !line.is_own && standing.time_in_force == TimeInForce::Day
            };
            line.expire_asked =
                is_over(&self.ledger, *order) && self.ledger.mirror.standing(*order).is_some_and(is_of_day);
        }
        let lines = &self.lines;
        let lives_a_day = |ticket: &&mut Ticket| lines.get(&ticket.main).is_some_and(|line| line.lives_a_day);
        for ticket in self.tickets.values_mut().filter(lives_a_day) {
            ticket.cancel_asked |= ticket.purpose == TicketPurpose::Opens && is_over(&self.ledger, ticket.main);
        }
        for order in self.ledger.cancels_asked() {
            self.take_back(order);
        }
        for (order, quantity, kind) in self.ledger.changes_asked() {
            if let Some(line) = self.lines.get_mut(&order) {
                line.change = Some(Change { quantity, kind });
            }
        }
    }
}
