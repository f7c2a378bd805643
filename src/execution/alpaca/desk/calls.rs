//! Which call leaves next, and when something is due.
//!
//! Not here: what the answers mean (outcomes). Every wish is looked at anew when a call may leave, so nothing stale is
//! sent; a call that is on its way is in `calls` until its outcome is told.
use super::AlpacaDesk;
use super::known::{Attempt, Line, PatchState, Ticket, TicketPurpose, TicketState};
use super::reading::Page;
use crate::domain::OrderId;
use crate::execution::alpaca::entry::Entry;
use crate::execution::alpaca::{Call, Urgency, Verb};

/// Calls on their way at once: enough to hide a slow network, few enough for one connection pool.
const ON_THEIR_WAY_MAX: usize = 16;
/// An order that is still open after so many confirmed cancels is reported.
pub(super) const DELETES_MAX: u32 = 3;
/// An order whose name the venue does not know is asked for so often.
pub(super) const LOOKS_MAX: u32 = 6;

/// What a call on its way is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    /// The order of a ticket is sent.
    Post(String),
    /// The order of a ticket is looked up.
    Find(String),
    /// An order is changed.
    Patch(OrderId),
    /// An order is taken back.
    Delete(OrderId),
    /// An order is asked for, by the venue's name.
    Look(OrderId),
    /// Something is read.
    Read(Page),
}

impl Doing {
    /// Does it go on for ever, whatever happens?
    pub(super) fn is_background(&self) -> bool {
        matches!(self, Doing::Read(Page::Probe(_) | Page::Poll { .. }))
    }
}

/// A call that may leave, and from when on.
struct Wish {
    urgency: Urgency,
    due_ms: u64,
    doing: Doing,
}

impl AlpacaDesk {
    /// The most urgent call that may leave now. What [`AlpacaDesk::take_log`] gives must be on the disk before it does.
    pub fn next_call(&mut self) -> Option<Call> {
        let now_ms = self.now.ms;
        if self.calls.len() >= ON_THEIR_WAY_MAX {
            return None;
        }
        let wishes = self.wishes();
        let due = wishes.into_iter().filter(|wish| wish.due_ms <= now_ms);
        let best = due.min_by_key(|wish| wish.urgency)?;
        if self.bucket.free_at(best.urgency, now_ms) > now_ms {
            return None;
        }
        self.bucket.take(now_ms);
        Some(self.send(best))
    }

    /// When something is due that waits for time alone; `None` when only an answer or a message can bring more.
    pub fn wake_at(&mut self) -> Option<u64> {
        let now_ms = self.now.ms;
        let full = self.calls.len() >= ON_THEIR_WAY_MAX;
        let wishes = if full { Vec::new() } else { self.wishes() };
        let calls = wishes.into_iter().map(|wish| wish.due_ms.max(self.bucket.free_at(wish.urgency, now_ms)));
        let calls: Vec<u64> = calls.collect();
        let gaps = self.next_gap();
        let is_unsent = |ticket: &&Ticket| matches!(ticket.state, TicketState::Due(_));
        let ages = self.tickets.values().filter(|ticket| ticket.purpose == TicketPurpose::Opens).filter(is_unsent);
        let ages = ages.map(|ticket| ticket.asked_ms + self.config.patience.opening + 1);
        let bare = self.bare.values().filter_map(|bare| bare.due_ms(&self.config.patience));
        let armings = self.lines.values().map(|line| line.arm_after_ms).filter(|after| *after > now_ms);
        calls
            .into_iter()
            .chain(gaps)
            .chain(ages)
            .chain(bare)
            .chain(armings)
            .chain(self.doubt_due())
            .chain(self.stream_wake())
            .min()
    }

    fn wishes(&self) -> Vec<Wish> {
        let mut wishes = Vec::new();
        self.tickets.values().for_each(|ticket| wishes.extend(self.wish_of_ticket(ticket)));
        for (order, line) in &self.lines {
            self.wishes_of_line(*order, line, &mut wishes);
        }
        let reading = self.wish_to_read();
        wishes.extend(reading.map(|(urgency, due_ms, page)| Wish { urgency, due_ms, doing: Doing::Read(page) }));
        wishes
    }

    fn wish_of_ticket(&self, ticket: &Ticket) -> Option<Wish> {
        let name = || ticket.client_id.clone();
        match ticket.state {
            TicketState::Sent => None,
            TicketState::Doubtful(attempt) if attempt.is_sent => None,
            TicketState::Doubtful(attempt) => {
                Some(Wish { urgency: Urgency::Asking, due_ms: attempt.due_ms, doing: Doing::Find(name()) })
            }
            TicketState::Due(due_ms) => {
                let (urgency, may_go) = match ticket.purpose {
                    TicketPurpose::Leaves => (Urgency::Reducing, self.may_leave(ticket)),
                    TicketPurpose::Reduces => (Urgency::Reducing, true),
                    TicketPurpose::Arms => (Urgency::Protecting, true),
                    TicketPurpose::Opens => (Urgency::Opening, self.may_open(ticket)),
                };
                let is_wanted = may_go && !ticket.cancel_asked && !self.waits_for_others(ticket);
                is_wanted.then(|| Wish { urgency, due_ms, doing: Doing::Post(name()) })
            }
        }
    }

    /// Openings wait until all is ready, and for what was asked for before them in the same share: an entry that turns a
    /// position round must find its exit at the venue.
    fn may_open(&self, ticket: &Ticket) -> bool {
        let is_before = |other: &Ticket| other.symbol == ticket.symbol && other.main < ticket.main;
        self.is_ready() && !self.tickets.values().any(is_before)
    }

    fn wishes_of_line(&self, order: OrderId, line: &Line, wishes: &mut Vec<Wish>) {
        let due = |attempt: &Option<Attempt>| attempt.filter(|attempt| !attempt.is_sent).map(|attempt| attempt.due_ms);
        if let Some(due_ms) = due(&line.ask) {
            wishes.push(Wish { urgency: Urgency::Asking, due_ms, doing: Doing::Look(order) });
        }
        let is_being_patched = line.patch.as_ref().is_some_and(|patch| matches!(patch.state, PatchState::Sent));
        if let Some(due_ms) = due(&line.delete)
            && line.open().is_some()
            && !is_being_patched
        {
            wishes.push(Wish { urgency: Urgency::Reducing, due_ms, doing: Doing::Delete(order) });
        } else if let Some(patch) = &line.patch
            && let PatchState::Due(due_ms) = patch.state
            && line.delete.is_none()
        {
            let urgency = if line.opens { Urgency::Opening } else { Urgency::Protecting };
            wishes.push(Wish { urgency, due_ms, doing: Doing::Patch(order) });
        }
    }

    fn send(&mut self, wish: Wish) -> Call {
        self.calls_made += 1;
        let id = self.calls_made;
        let (verb, path, body) = match &wish.doing {
            Doing::Post(name) => self.send_post(name),
            Doing::Find(name) => {
                if let Some(Ticket { state: TicketState::Doubtful(attempt), .. }) = self.tickets.get_mut(name) {
                    attempt.is_sent = true;
                }
                let path = format!("/v2/orders:by_client_order_id?client_order_id={}", encoded(name));
                (Verb::Get, path, None)
            }
            Doing::Patch(order) => self.send_patch(*order),
            Doing::Delete(order) => {
                let line = self.lines.get_mut(order);
                line.and_then(|line| line.delete.as_mut()).into_iter().for_each(|delete| delete.is_sent = true);
                (Verb::Delete, format!("/v2/orders/{}", encoded(&self.venue_id(*order))), None)
            }
            Doing::Look(order) => {
                let line = self.lines.get_mut(order);
                line.and_then(|line| line.ask.as_mut())
                    .into_iter()
                    .for_each(|ask| (ask.is_sent, ask.call) = (true, id));
                (Verb::Get, format!("/v2/orders/{}?nested=true", encoded(&self.name_to_ask(*order))), None)
            }
            Doing::Read(page) => (Verb::Get, self.path_of(page), None),
        };
        if let Doing::Read(page) = &wish.doing {
            self.begin_reading(page);
        }
        self.calls.insert(id, wish.doing);
        Call { id, verb, path, body, urgency: wish.urgency }
    }

    fn send_post(&mut self, name: &str) -> (Verb, String, Option<String>) {
        let now_ms = self.now.ms;
        let path = "/v2/orders".to_owned();
        let Some(ticket) = self.tickets.get_mut(name) else { return (Verb::Post, path, None) };
        (ticket.state, ticket.sent_ms) = (TicketState::Sent, now_ms);
        let (order, client_id, body) = (ticket.main, ticket.client_id.clone(), ticket.body.clone());
        let call = format!("POST {path}");
        self.ledger.record(Entry::Intent { order, client_id, call, body: body.clone() });
        (Verb::Post, path, Some(body))
    }

    fn send_patch(&mut self, order: OrderId) -> (Verb, String, Option<String>) {
        let now_ms = self.now.ms;
        let Some(patch) = self.lines.get_mut(&order).and_then(|line| line.patch.as_mut()) else {
            return (Verb::Patch, String::new(), None);
        };
        (patch.state, patch.sent_ms) = (PatchState::Sent, now_ms);
        let path = format!("/v2/orders/{}", encoded(&patch.venue_id));
        let (client_id, body) = (patch.client_id.clone(), patch.body.clone());
        let call = format!("PATCH {path}");
        self.ledger.record(Entry::Intent { order, client_id, call, body: body.clone() });
        (Verb::Patch, path, Some(body))
    }

    fn venue_id(&self, order: OrderId) -> String {
        let at = self.lines.get(&order).and_then(|line| line.at_venue.as_ref());
        at.map(|at| at.id.clone()).unwrap_or_default()
    }

    /// The order to ask for: the one in its place, where there is one.
    fn name_to_ask(&self, order: OrderId) -> String {
        let at = self.lines.get(&order).and_then(|line| line.at_venue.as_ref());
        let successor = at.and_then(|at| at.replaced_by.clone());
        successor.unwrap_or_else(|| self.venue_id(order))
    }
}

/// `text` as a part of a path or a query.
pub(in crate::execution::alpaca) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
