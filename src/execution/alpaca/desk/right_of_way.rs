//! Orders of several books on one account that could trade with each other: which one waits, and which is taken back.
//!
//! Not here: the shares of the other sessions (strangers), who carries this from desk to desk (port).
//! The venue refuses a simple order that could trade with an open one of the same account. Exits come first. An opening
//! waits until the exit of another book has its answer. An exit or a stop waits until the opening of another book that is
//! at the venue has ended; that one is taken back, but for one at the market, which fills by itself: it has until a bar
//! has closed. An exit that the venue refuses all the same, since it met an order that is unknown here, is sent again.
//! Invariant: an exit waits for what has left only, so no two orders wait for each other.
use std::collections::{BTreeMap, BTreeSet};

use super::AlpacaDesk;
use super::known::{Ticket, TicketPurpose, TicketState};
use crate::domain::{OrderId, OrderKind, Side, Symbol, SymbolIndex};
use crate::execution::alpaca::entry::{Answer, Entry};
use crate::execution::alpaca::finding::Finding;

/// The first wait of an exit that met an unknown order is that of so many attempts.
const WAITS_SKIPPED: u32 = 3;

/// What an order of one book is to the orders of the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::execution::alpaca) struct Crossing {
    symbol: Symbol,
    side: Side,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// It opens, and is at the venue or may be.
    Opening,
    /// An exit or a stop without an answer.
    Exit,
    /// Likewise, and it waits for an opening; `insists`: a bar has closed meanwhile.
    Waiting { insists: bool },
}

/// What a desk knows of the others' orders, and what waits for them.
#[derive(Clone, Default, Debug)]
pub(super) struct RightOfWay {
    theirs: Vec<Crossing>,
    /// Protective orders that are not armed while an opening of another book is in their way.
    unarmed: BTreeMap<SymbolIndex, Side>,
    /// An exit or a stop of these waits since before the last bar.
    insists: BTreeMap<SymbolIndex, Side>,
}

impl AlpacaDesk {
    /// What the orders of this book are to those of the others.
    pub(in crate::execution::alpaca) fn crossings(&self) -> Vec<Crossing> {
        let crossing =
            |symbol: SymbolIndex, side, role| Crossing { symbol: self.config.symbols[symbol.get()], side, role };
        let waiting = |symbol, side| Role::Waiting { insists: self.right_of_way.insists.get(&symbol) == Some(&side) };
        let open = self.lines.values().filter(|line| line.opens && line.open().is_some());
        let open = open.map(|line| crossing(line.symbol, line.side, Role::Opening));
        let tickets = self.tickets.values().filter_map(|ticket| {
            let role = match (ticket.purpose, ticket.state) {
                (TicketPurpose::Opens, TicketState::Due(_)) | (TicketPurpose::Reduces, _) => return None,
                (TicketPurpose::Opens, _) => Role::Opening,
                (TicketPurpose::Leaves, _) if self.waits_for_others(ticket) => waiting(ticket.symbol, ticket.side),
                (TicketPurpose::Leaves | TicketPurpose::Arms, _) => Role::Exit,
            };
            Some(crossing(ticket.symbol, ticket.side, role))
        });
        let unarmed = self.right_of_way.unarmed.iter();
        let unarmed = unarmed.map(|(symbol, side)| crossing(*symbol, *side, waiting(*symbol, *side)));
        open.chain(tickets).chain(unarmed).collect()
    }

    /// The other books on the account have these orders: to be told before every call.
    pub(in crate::execution::alpaca) fn set_crossings(&mut self, theirs: Vec<Crossing>) {
        let is_new = self.right_of_way.theirs != theirs;
        self.right_of_way.theirs = theirs;
        let mut insists = std::mem::take(&mut self.right_of_way.insists);
        insists.retain(|symbol, side| self.is_in_the_way(*symbol, *side));
        self.right_of_way.insists = insists;
        if self.give_way() || is_new {
            self.settle();
        }
    }

    /// Openings at the venue that keep an exit or a stop of another book from it are to be taken back. Says whether there
    /// are any.
    fn give_way(&mut self) -> bool {
        let is_wanted_gone = |order: OrderId, symbol: SymbolIndex, side: Side| {
            let asked = self.ledger.asked(order);
            let fills_by_itself = asked.is_some_and(|asked| asked.request.kind == OrderKind::Market);
            self.meets(symbol, side, |role| matches!(role, Role::Waiting { insists } if insists || !fills_by_itself))
        };
        let open = self.lines.iter().filter(|(_, line)| line.opens && line.open().is_some() && !line.cancel_asked);
        let unwanted = open.filter(|(order, line)| is_wanted_gone(**order, line.symbol, line.side));
        let unwanted: Vec<OrderId> = unwanted.map(|(order, _)| *order).collect();
        for order in &unwanted {
            self.lines.get_mut(order).into_iter().for_each(|line| line.cancel_asked = true);
            self.find(Finding::GaveWay { order: *order });
        }
        !unwanted.is_empty()
    }

    /// Do orders of another book on the other side of the share play such a role?
    fn meets(&self, symbol: SymbolIndex, side: Side, is_such: impl Fn(Role) -> bool) -> bool {
        let Some(name) = self.config.symbols.get(symbol.get()) else { return false };
        let theirs = self.right_of_way.theirs.iter();
        theirs.filter(|other| other.symbol == *name && other.side != side).any(|other| is_such(other.role))
    }

    /// Would the venue refuse a simple order of this side for an opening of another book?
    fn is_in_the_way(&self, symbol: SymbolIndex, side: Side) -> bool {
        self.meets(symbol, side, |role| role == Role::Opening)
    }

    /// May stops not be armed now? They are as soon as what is in their way has ended.
    pub(super) fn is_arming_in_vain(&mut self, symbol: SymbolIndex, side: Side) -> bool {
        let is_in_vain = self.is_in_the_way(symbol, side);
        if is_in_vain {
            self.right_of_way.unarmed.insert(symbol, side);
        }
        is_in_vain
    }

    /// What is to be armed is looked at anew.
    pub(super) fn forget_unarmed(&mut self) {
        self.right_of_way.unarmed.clear();
    }

    /// Is it held back for an order of another book, or for the next bar? Nothing that happens before the market moves
    /// can change that, unless that order does.
    pub(super) fn waits_for_others(&self, ticket: &Ticket) -> bool {
        let TicketState::Due(due_ms) = ticket.state else { return false };
        let waits = match ticket.purpose {
            TicketPurpose::Leaves => {
                ticket.washes > 0 && due_ms > self.now.ms || self.is_in_the_way(ticket.symbol, ticket.side)
            }
            TicketPurpose::Opens => {
                let mut before = self.tickets.values().filter(|other| {
                    other.symbol == ticket.symbol && other.main < ticket.main && other.purpose != TicketPurpose::Arms
                });
                self.meets(ticket.symbol, ticket.side, |role| role != Role::Opening)
                    || before.any(|other| self.waits_for_others(other))
            }
            TicketPurpose::Reduces | TicketPurpose::Arms => false,
        };
        waits && !ticket.cancel_asked
    }

    /// The venue says that an exit could trade with an order of the account: it is sent again with the next bar, or when
    /// time has passed, until it is through.
    pub(super) fn exit_met_other(&mut self, name: &str, ticket: Ticket, reason: String) {
        self.find(Finding::ExitWaits { order: ticket.main, reason });
        let due_ms = self.now.ms + self.backoff.wait_ms(ticket.washes.saturating_add(WAITS_SKIPPED));
        let washes = ticket.washes.saturating_add(1);
        self.tickets.insert(name.to_owned(), Ticket { state: TicketState::Due(due_ms), washes, ..ticket });
    }

    /// A split has made other shares of those that a waiting exit is for: the engine gets it back.
    pub(super) fn drop_waiting_exits(&mut self, symbol: SymbolIndex) {
        let waits = |ticket: &&Ticket| {
            ticket.symbol == symbol && ticket.purpose == TicketPurpose::Leaves && self.waits_for_others(ticket)
        };
        let waiting: Vec<String> = self.tickets.values().filter(waits).map(|ticket| ticket.client_id.clone()).collect();
        for client_id in waiting {
            self.tickets.get_mut(&client_id).into_iter().for_each(|ticket| ticket.cancel_asked = true);
        }
    }

    /// Bars of these shares have closed: what has waited for one is tried again or insists; an opening that had to wait
    /// is too old.
    pub(super) fn end_waits(&mut self, symbols: &BTreeSet<SymbolIndex>) {
        let now_ms = self.now.ms;
        let mut insists = self.right_of_way.unarmed.clone();
        let mut late = Vec::new();
        for ticket in self.tickets.values().filter(|ticket| symbols.contains(&ticket.symbol)) {
            match ticket.purpose {
                _ if !self.waits_for_others(ticket) => {}
                TicketPurpose::Opens => late.push((ticket.client_id.clone(), ticket.main)),
                _ => drop(insists.insert(ticket.symbol, ticket.side)),
            }
        }
        insists.retain(|symbol, _| symbols.contains(symbol));
        self.right_of_way.insists.append(&mut insists);
        for (client_id, order) in late {
            self.tickets.remove(&client_id);
            self.ledger.record(Entry::Refused { order, answer: Answer::TooLate });
        }
        for ticket in self.tickets.values_mut().filter(|ticket| symbols.contains(&ticket.symbol)) {
            if let (1.., TicketState::Due(due_ms)) = (ticket.washes, &mut ticket.state) {
                *due_ms = now_ms;
            }
        }
        for line in self.lines.values_mut().filter(|line| line.awaits_bar && symbols.contains(&line.symbol)) {
            (line.awaits_bar, line.arm_after_ms) = (false, now_ms);
        }
    }
}
