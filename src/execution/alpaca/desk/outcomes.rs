//! What became of a call.
//!
//! Not here: what an order that it shows means (observe), what follows (settle).
//! Rules: a POST or PATCH of which nobody knows whether it arrived is looked up, never repeated; a GET or DELETE is
//! repeated, later each time.
use super::AlpacaDesk;
use super::calls::Doing;
use super::known::{Attempt, PatchState, Ticket, TicketPurpose, TicketState};
use crate::domain::{OrderId, RejectReason, SymbolIndex};
use crate::execution::alpaca::entry::{Answer, Entry};
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::refusal;
use crate::execution::alpaca::wire::{WireOrder, WireProblem};
use crate::execution::alpaca::{Instant, Outcome};

/// An exit that is refused for shares which legs have just let go is sent again so often.
const EXIT_REFUSALS_MAX: u32 = 6;

/// An outcome, seen as what it says about the request.
enum Verdict {
    /// Done; the body.
    Done(Vec<u8>),
    /// Surely not done, and never will be, by the words of the answer.
    Refused(u16, WireProblem, String),
    /// There is nothing of that name.
    NotFound(WireProblem),
    /// It surely did not leave.
    NotSent,
    /// Likewise, and the kill switch is why.
    HeldBack,
    /// Nobody knows.
    Unknown,
}

impl AlpacaDesk {
    /// Takes what became of call `id`; an unknown one is no error, it may be of an earlier life.
    pub fn on_outcome(&mut self, id: u64, outcome: Outcome, now: Instant) {
        self.now = Instant { ms: self.now.ms.max(now.ms), wall_ms: now.wall_ms };
        let Some(doing) = self.calls.remove(&id) else { return };
        let verdict = self.judge(outcome);
        match doing {
            Doing::Post(name) => self.posted(&name, verdict),
            Doing::Find(name) => self.found(&name, verdict),
            Doing::Patch(order) => self.patched(order, verdict),
            Doing::Delete(order) => self.deleted(order, verdict),
            Doing::Look(order) => self.looked(order, id, verdict),
            Doing::Read(page) => match verdict {
                Verdict::Done(body) => self.read(page, &body),
                Verdict::Refused(status, problem, _) => {
                    self.find(Finding::Unreadable(format!(
                        "{page} was refused with {status}: {}",
                        problem.message.as_str()
                    )));
                    self.read_failed(page);
                }
                Verdict::NotFound(_) | Verdict::NotSent | Verdict::HeldBack | Verdict::Unknown => {
                    self.read_failed(page)
                }
            },
        }
        self.settle();
        // The last answer may be the one that all waited for: nothing else need come for a long time.
        self.watch_reading();
    }

    fn judge(&mut self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::NotSent(_) => Verdict::NotSent,
            Outcome::HeldBack => Verdict::HeldBack,
            Outcome::Unknown(_) => Verdict::Unknown,
            Outcome::Answered { status, body, rate } => {
                let now = self.now;
                self.bucket.heed(status, &rate, now, &mut self.backoff);
                match status {
                    200..=299 => Verdict::Done(body),
                    408 | 425 | 429 | 500..=599 => Verdict::Unknown,
                    404 => Verdict::NotFound(WireProblem::read(&body)),
                    _ => {
                        let problem = WireProblem::read(&body);
                        if status == 401 || status == 403 && problem.code.is_none() {
                            self.find(Finding::Unauthorized(problem.message.as_str().to_owned()));
                        }
                        Verdict::Refused(status, problem, String::from_utf8_lossy(&body).into_owned())
                    }
                }
            }
        }
    }

    fn posted(&mut self, name: &str, verdict: Verdict) {
        let now_ms = self.now.ms;
        match verdict {
            Verdict::Done(body) => match serde_json::from_slice::<WireOrder>(&body) {
                Ok(order) if !order.id.as_str().is_empty() => self.observe(&order),
                _ => self.doubt(name),
            },
            Verdict::NotSent => {
                let wait = self.backoff.wait_ms(0);
                if let Some(ticket) = self.tickets.get_mut(name) {
                    ticket.state = TicketState::Due(now_ms + wait);
                }
            }
            Verdict::HeldBack => self.held_back(name),
            Verdict::Unknown => self.doubt(name),
            Verdict::Refused(_, ref problem, _)
                if problem.message.as_str().starts_with("client_order_id must be unique") =>
            {
                // An earlier sending has arrived after all.
                self.doubt(name);
            }
            Verdict::Refused(status, problem, body) => self.refuse(name, status, &problem, body),
            Verdict::NotFound(problem) => {
                let body = serde_json::json!({ "message": problem.message.as_str(), "code": problem.code });
                self.refuse(name, 404, &problem, body.to_string());
            }
        }
    }

    /// The wire is closed: an opening will never be wanted as it is, so it is refused; what protects or leaves is tried
    /// again, in case a resume comes.
    fn held_back(&mut self, name: &str) {
        let due_ms = self.now.ms + self.config.patience.lookup;
        let Some(ticket) = self.tickets.get_mut(name) else { return };
        ticket.state = TicketState::Due(due_ms);
        if ticket.purpose == TicketPurpose::Opens {
            let order = ticket.main;
            self.tickets.remove(name);
            self.ledger.record(Entry::Refused { order, answer: Answer::TooLate });
        }
    }

    /// Nobody knows whether it arrived: it is looked up, soon and then less and less often.
    fn doubt(&mut self, name: &str) {
        let due_ms = self.now.ms + self.backoff.wait_ms(0);
        if let Some(ticket) = self.tickets.get_mut(name)
            && !matches!(ticket.state, TicketState::Doubtful(_))
        {
            ticket.state = TicketState::Doubtful(Attempt::at(due_ms));
        }
    }

    fn found(&mut self, name: &str, verdict: Verdict) {
        let (now_ms, grace) = (self.now.ms, self.config.patience.lookup);
        let Some(ticket) = self.tickets.get(name) else { return };
        let TicketState::Doubtful(attempt) = ticket.state else { return };
        let (symbol, tries) = (ticket.symbol, attempt.tries + 1);
        let wait = self.wait_to_ask(symbol, tries);
        let Some(ticket) = self.tickets.get(name) else { return };
        let again = TicketState::Doubtful(Attempt { tries: attempt.tries + 1, ..Attempt::at(now_ms + wait) });
        let next = match verdict {
            Verdict::Done(body) => match serde_json::from_slice::<WireOrder>(&body) {
                Ok(order) if !order.id.as_str().is_empty() => return self.found_order(name, &order),
                _ => again,
            },
            // Absent for longer than an answer can lag: the same name may be sent once more.
            Verdict::NotFound(_) if now_ms.saturating_sub(ticket.sent_ms) >= grace => TicketState::Due(now_ms),
            _ => again,
        };
        if let Some(ticket) = self.tickets.get_mut(name) {
            ticket.state = next;
        }
    }

    /// The wait before something of `symbol` is asked for again. Where shares have no stop because nobody knows what
    /// became of an order, it is not so long that they stay bare for it.
    fn wait_to_ask(&mut self, symbol: SymbolIndex, tries: u32) -> u64 {
        let wait = self.backoff.wait_ms(tries);
        if self.bare.contains_key(&symbol) { wait.min(self.config.patience.bare / 4) } else { wait }
    }

    /// What is found under the name must be what was sent under it.
    fn found_order(&mut self, name: &str, order: &WireOrder) {
        let Some(ticket) = self.tickets.get(name) else { return };
        let symbol = self.config.symbols[ticket.symbol.get()];
        let is_ours = order.symbol.as_str() == symbol.as_str() && order.side.as_str() == ticket.side.name();
        if is_ours {
            return self.observe(order);
        }
        let taken = RejectReason::ClientOrderIdTaken;
        let body = serde_json::json!({ "code": taken.code(), "message": taken.to_string() }).to_string();
        self.refuse(name, 422, &WireProblem::read(body.as_bytes()), body);
    }

    fn refuse(&mut self, name: &str, status: u16, problem: &WireProblem, body: String) {
        let Some(ticket) = self.tickets.remove(name) else { return };
        self.reconsider(ticket.symbol);
        let existing = self.ledger.linked(problem.existing_order_id.as_str());
        let reason = refusal::reason(status, problem, existing);
        if ticket.purpose == TicketPurpose::Arms {
            let is_beyond = matches!(reason, RejectReason::StopAboveBase | RejectReason::StopBelowBase);
            let is_unknown = matches!(reason, RejectReason::WashTrade { .. }) && existing.is_none();
            self.make_way(existing);
            return self.arming_refused(&ticket, problem.message.as_str().to_owned(), is_beyond, is_unknown);
        }
        // Where the other order is this book's own, the engine decides what comes first.
        let is_unknown = matches!(reason, RejectReason::WashTrade { .. }) && existing.is_none();
        if ticket.purpose == TicketPurpose::Leaves && is_unknown {
            return self.exit_met_other(name, ticket, problem.message.as_str().to_owned());
        }
        let lacks_shares = matches!(reason, RejectReason::InsufficientQty { .. });
        if ticket.purpose == TicketPurpose::Leaves
            && lacks_shares
            && ticket.refusals < EXIT_REFUSALS_MAX
            && self.may_come_free(&ticket)
        {
            // Its shares were let go a moment ago; the venue has not noticed yet. A refused name is not used up.
            let due_ms = self.now.ms + self.backoff.wait_ms(ticket.refusals);
            let refusals = ticket.refusals + 1;
            self.tickets.insert(name.to_owned(), Ticket { state: TicketState::Due(due_ms), refusals, ..ticket });
            return;
        }
        if matches!(reason, RejectReason::Unlisted { .. }) {
            self.find(Finding::Refused { order: ticket.main, status, reason: problem.message.as_str().to_owned() });
        }
        self.ledger.record(Entry::Refused { order: ticket.main, answer: Answer::Venue { status, body, existing } });
    }

    /// The venue takes no stop beside an opening of ours on the other side (its wash-trade rule, from which only orders
    /// of an entry are exempt): the opening is taken back.
    fn make_way(&mut self, existing: Option<OrderId>) {
        if let Some(line) = existing.and_then(|other| self.lines.get_mut(&other)).filter(|line| line.opens) {
            line.cancel_asked = true;
        }
    }

    /// Does our image say that the shares of a refused exit are there, held by legs at most?
    fn may_come_free(&self, ticket: &Ticket) -> bool {
        let held = self.ledger.mirror.shares(ticket.symbol);
        let others = self
            .ledger
            .mirror
            .standings(ticket.symbol)
            .filter(|standing| standing.reduces && standing.parent.is_none() && standing.order != ticket.main);
        let taken = others.fold(crate::domain::Quantity::ZERO, |sum, standing| sum + standing.remaining);
        held.closing_side() == Some(ticket.side) && taken + ticket.quantity <= held.abs()
    }

    fn patched(&mut self, order: OrderId, verdict: Verdict) {
        let now_ms = self.now.ms;
        match verdict {
            Verdict::Done(body) => match serde_json::from_slice::<WireOrder>(&body) {
                Ok(changed) if !changed.id.as_str().is_empty() => self.observe(&changed),
                _ => self.doubt_patch(order),
            },
            Verdict::NotSent => {
                let wait = self.backoff.wait_ms(0);
                if let Some(patch) = self.lines.get_mut(&order).and_then(|line| line.patch.as_mut()) {
                    patch.state = PatchState::Due(now_ms + wait);
                }
            }
            Verdict::HeldBack if self.lines.get(&order).is_some_and(|line| line.opens) => {
                let words = "the kill switch holds it back";
                let body = serde_json::json!({ "message": words });
                self.patch_refused(order, 0, words, body.to_string());
            }
            Verdict::HeldBack => {
                let wait = self.config.patience.lookup;
                if let Some(patch) = self.lines.get_mut(&order).and_then(|line| line.patch.as_mut()) {
                    patch.state = PatchState::Due(now_ms + wait);
                }
            }
            Verdict::Unknown => self.doubt_patch(order),
            Verdict::Refused(status, problem, body) => {
                self.patch_refused(order, status, problem.message.as_str(), body)
            }
            Verdict::NotFound(problem) => {
                let body = serde_json::json!({ "message": problem.message.as_str(), "code": problem.code });
                self.patch_refused(order, 404, problem.message.as_str(), body.to_string());
            }
        }
    }

    fn doubt_patch(&mut self, order: OrderId) {
        let due_ms = self.now.ms + self.backoff.wait_ms(0);
        let Some(line) = self.lines.get_mut(&order) else { return };
        if let Some(patch) = &mut line.patch {
            patch.state = PatchState::Doubtful;
            line.ask = line.ask.or(Some(Attempt::at(due_ms)));
        }
    }

    /// The venue will not change the order: it stays as it is, and a person is told.
    pub(super) fn patch_refused(&mut self, order: OrderId, status: u16, reason: &str, body: String) {
        let now_ms = self.now.ms;
        let Some(line) = self.lines.get_mut(&order) else { return };
        let Some(patch) = line.patch.take() else { return };
        // Whatever the reason, how the order stands is looked at: it may have ended.
        line.ask = line.ask.or(Some(Attempt::at(now_ms)));
        line.refused = Some(patch.wanted.clone());
        let reason = reason.to_owned();
        let says_same = reason.starts_with("order parameters are not changed");
        match patch.change {
            Some(change) => {
                if line.change == Some(change) {
                    line.change = None;
                }
                let (quantity, kind, time) = (change.quantity, change.kind, self.bar);
                match says_same {
                    true => self.ledger.record(Entry::Changed { order, quantity, kind, time }),
                    false => {
                        let answer = Answer::Venue { status, body, existing: None };
                        self.ledger.record(Entry::ChangeRefused { order, answer });
                        self.find(Finding::NotChanged { order, reason });
                    }
                }
            }
            None if says_same => {}
            None => {
                let wanted = patch.wanted.prices.stop.or(patch.wanted.prices.limit);
                self.find(Finding::NotMoved { order, wanted, reason });
            }
        }
    }

    fn deleted(&mut self, order: OrderId, verdict: Verdict) {
        let now_ms = self.now.ms;
        let Some(line) = self.lines.get_mut(&order) else { return };
        let Some(delete) = line.delete else { return };
        let tries = delete.tries + 1;
        let wait = self.backoff.wait_ms(tries.min(8));
        line.delete = match verdict {
            Verdict::Done(_) | Verdict::Refused(..) | Verdict::NotFound(_) => {
                // The effect comes over the stream; should it not, the order is asked for.
                let is_confirmed = matches!(verdict, Verdict::Done(_));
                let due_ms = if is_confirmed { now_ms + self.config.patience.gap } else { now_ms };
                line.ask = line.ask.or(Some(Attempt::at(due_ms)));
                line.cancels_answered += 1;
                // Off hours a cancel may wait for the open: it is repeated seldom.
                Some(Attempt { tries, ..Attempt::at(now_ms + wait.max(self.config.patience.lookup)) })
            }
            Verdict::NotSent | Verdict::HeldBack | Verdict::Unknown => {
                Some(Attempt { tries, ..Attempt::at(now_ms + wait) })
            }
        };
        if line.cancels_answered > super::calls::DELETES_MAX {
            self.find(Finding::Stuck { order, asked: "its cancel" });
        }
    }

    fn looked(&mut self, order: OrderId, call: u64, verdict: Verdict) {
        let Some(line) = self.lines.get_mut(&order) else { return };
        let tries = line.ask.map_or(0, |ask| ask.tries) + 1;
        let is_awaited = line.ask.is_some_and(|ask| ask.call == call);
        // What was wished for since it left is asked all the same.
        line.ask = line.ask.filter(|_| !is_awaited);
        match verdict {
            // The stream has told meanwhile how it ended.
            _ if !is_awaited && !matches!(verdict, Verdict::Done(_)) => {}
            Verdict::Done(body) => match serde_json::from_slice::<WireOrder>(&body) {
                Ok(shown) if !shown.id.as_str().is_empty() => {
                    self.observe(&shown);
                    self.look_again(order, tries);
                }
                _ => self.ask_again(order, tries),
            },
            Verdict::Refused(..) | Verdict::NotFound(_) if tries > super::calls::LOOKS_MAX => {
                let at = line.at_venue.as_mut();
                at.into_iter().for_each(|at| at.life = super::known::Life::Canceled);
                line.patch = None;
                self.find(Finding::Stuck { order, asked: "its name" });
            }
            _ => self.ask_again(order, tries),
        }
    }

    fn ask_again(&mut self, order: OrderId, tries: u32) {
        let Some(symbol) = self.lines.get(&order).map(|line| line.symbol) else { return };
        let due_ms = self.now.ms + self.wait_to_ask(symbol, tries);
        if let Some(line) = self.lines.get_mut(&order) {
            line.ask = Some(Attempt { tries, ..Attempt::at(due_ms) });
        }
    }

    /// The answer may not have settled what it was asked for.
    fn look_again(&mut self, order: OrderId, tries: u32) {
        let (now_ms, grace) = (self.now.ms, self.config.patience.lookup);
        let Some(line) = self.lines.get_mut(&order) else { return };
        if line.ask.is_some() {
            return;
        }
        if let Some(patch) = &mut line.patch
            && patch.state == PatchState::Doubtful
        {
            let is_absent = line.at_venue.as_ref().is_some_and(|at| {
                // Ended by its pair, it says `replaced` and names no order in its place.
                let stands = at.life == super::known::Life::Open
                    || at.life == super::known::Life::Replaced && at.replaced_by.is_none();
                stands && at.id == patch.venue_id
            });
            if is_absent && now_ms.saturating_sub(patch.sent_ms) >= grace {
                // Its old order stands as it was for longer than an answer can lag: it is drawn up anew.
                line.patch = None;
            } else {
                self.ask_again(order, tries);
            }
        }
    }
}
