//! Our orders as the venue has them: one line a number of ours, and the tickets of orders that are on their way.
//!
//! Not here: what is done about them (settle, calls), what is believed of an answer (observe).
//! Invariants: (1) a line's order at the venue never comes back to life; (2) a ticket's name is used for one order only.
use super::super::translate::Prices;
pub(super) use super::super::wire::WireLife as Life;
use crate::domain::{OrderId, OrderKind, Quantity, Side, SymbolIndex};

/// One of our numbers, an order or a leg, from its sending until nothing of it is left anywhere.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line {
    pub(super) symbol: SymbolIndex,
    pub(super) side: Side,
    /// The entry it protects, for a leg of an entry.
    pub(super) parent: Option<OrderId>,
    /// It was approved; a leg or the stop of a pair was not.
    pub(super) is_own: bool,
    /// It opens or adds.
    pub(super) opens: bool,
    /// It has rested in our image of the venue.
    pub(super) was_live: bool,
    /// How the venue has it now.
    pub(super) at_venue: Option<AtVenue>,
    /// What it was before, as long as fills of that are missing.
    pub(super) former: Vec<AtVenue>,
    /// Names of what it was before that: a message of one that comes late does not bring it back.
    pub(super) ended: Vec<String>,
    /// A change that the engine waits for.
    pub(super) change: Option<Change>,
    /// The engine wants it back.
    pub(super) cancel_asked: bool,
    /// Its session is over: the rest is to be taken back, as if it had expired.
    pub(super) expire_asked: bool,
    /// It would open again what is being left: the venue is to have ended it, or it is taken back.
    pub(super) doomed: bool,
    /// Its shares are needed for an exit.
    pub(super) freeing: bool,
    /// It was sent until canceled, and lives for a day.
    pub(super) lives_a_day: bool,
    pub(super) patch: Option<Patch>,
    pub(super) delete: Option<Attempt>,
    /// Cancels of the present order that the venue has answered.
    pub(super) cancels_answered: u32,
    pub(super) ask: Option<Attempt>,
    /// What the venue would not make of it, so that it is not asked again and again.
    pub(super) refused: Option<Wanted>,
    /// The shares for which it was asked before its size is changed.
    pub(super) looked_for: Option<Quantity>,
    /// How often it was asked for since it should be gone.
    pub(super) stale_looks: u32,
    /// Changes so far, for their names.
    pub(super) changes: u32,
    /// How often it was armed, for names.
    pub(super) armed: u32,
    /// How often the venue ended it unasked.
    pub(super) ended_unasked: u32,
    /// Its stop lies beyond the market: it leaves at the market.
    pub(super) at_market: bool,
    /// Not armed before this.
    pub(super) arm_after_ms: u64,
    /// Nor does anything here bring it about before the next bar: an order that is unknown here is in its way.
    pub(super) awaits_bar: bool,
}

/// An order as the venue showed it last.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct AtVenue {
    pub(super) id: String,
    pub(super) life: Life,
    /// Shares in all, where it says so.
    pub(super) quantity: Option<Quantity>,
    /// Shares filled, as the venue counts them.
    pub(super) filled: Quantity,
    pub(super) prices: Prices,
    pub(super) average: String,
    pub(super) submitted_at: String,
    /// The venue's word, which decides whether it takes a change.
    pub(super) status: String,
    /// Its name for the order in its place.
    pub(super) replaced_by: Option<String>,
    /// Shares that it counts as filled and we do not: since when.
    pub(super) gap_since_ms: Option<u64>,
    /// Another stands in its place, and how it ended was not shown: since when. It may have filled before.
    pub(super) doubted_since_ms: Option<u64>,
    /// What its end means was drawn.
    pub(super) is_settled: bool,
    /// The other of its pair was asked for since it has ended.
    pub(super) has_asked_mate: bool,
    /// Why it was refused, where the venue said so.
    pub(super) reason: String,
    /// The order in whose place it stands.
    pub(super) replaces: String,
    /// The order in its place was refused: its name, and why.
    pub(super) refused_successor: Option<(String, String)>,
}

/// A change that was approved.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Change {
    pub(super) quantity: Option<Quantity>,
    pub(super) kind: OrderKind,
}

/// What a line should be at the venue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) prices: Prices,
    pub(super) quantity: Option<Quantity>,
    /// The word of its status when it was asked for.
    pub(super) status: String,
}

/// A change on its way.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Patch {
    /// The order it is to change.
    pub(super) venue_id: String,
    pub(super) client_id: String,
    pub(super) body: String,
    pub(super) wanted: Wanted,
    /// The engine waits for it.
    pub(super) change: Option<Change>,
    pub(super) sent_ms: u64,
    pub(super) state: PatchState,
}

/// How far a change is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PatchState {
    /// It may go from this moment on.
    Due(u64),
    /// It is on its way.
    Sent,
    /// Nobody knows whether it arrived: the order is asked for.
    Doubtful,
}

/// Something that is repeated until it has worked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Attempt {
    pub(super) due_ms: u64,
    pub(super) tries: u32,
    pub(super) is_sent: bool,
    /// The call that does it, once it has left.
    pub(super) call: u64,
}

impl Attempt {
    /// To be done at `due_ms`.
    pub(super) fn at(due_ms: u64) -> Attempt {
        Attempt { due_ms, tries: 0, is_sent: false, call: 0 }
    }
}

/// An order on its way to the venue.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Ticket {
    pub(super) client_id: String,
    /// What it makes: the order itself, or the protective orders that are armed.
    pub(super) main: OrderId,
    /// The other of a pair that is armed with it.
    pub(super) mate: Option<OrderId>,
    pub(super) symbol: SymbolIndex,
    pub(super) side: Side,
    pub(super) quantity: Quantity,
    pub(super) purpose: TicketPurpose,
    pub(super) body: String,
    pub(super) state: TicketState,
    pub(super) asked_ms: u64,
    pub(super) sent_ms: u64,
    /// The engine wants it back.
    pub(super) cancel_asked: bool,
    /// How often it was refused for shares that were not free yet.
    pub(super) refusals: u32,
    /// How often it was refused since it could trade with another order of the account.
    pub(super) washes: u32,
}

/// What a ticket is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TicketPurpose {
    /// An order that opens or adds.
    Opens,
    /// An exit at the market, for which protective orders make room.
    Leaves,
    /// Any other order that shrinks the position.
    Reduces,
    /// Protective orders, armed again.
    Arms,
}

/// How far a ticket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TicketState {
    /// It may go from this moment on.
    Due(u64),
    /// It is on its way.
    Sent,
    /// Nobody knows whether it arrived: it is looked up.
    Doubtful(Attempt),
}

impl Line {
    /// The order at the venue, while it may still fill.
    pub(super) fn open(&self) -> Option<&AtVenue> {
        self.at_venue.as_ref().filter(|at| at.life == Life::Open)
    }

    /// Shares it may still fill there, as the venue shows them.
    pub(super) fn open_quantity(&self) -> Quantity {
        self.open().and_then(|at| Some(at.quantity? - at.filled.min(at.quantity?))).unwrap_or_default()
    }

    /// Does the venue count more as filled than we do, has it ended without our having drawn what that means, or is
    /// the order in its place not known yet?
    pub(super) fn is_unsettled(&self) -> bool {
        let is_open_question = |at: &AtVenue| {
            let is_awaited = |successor: &String| !at.refused(successor);
            let awaits_another = at.life == Life::Replaced && at.replaced_by.as_ref().is_some_and(is_awaited);
            at.gap_since_ms.is_some() || at.life != Life::Open && (!at.is_settled || awaits_another)
        };
        let is_asked = self.ask.is_some() || self.patch.as_ref().is_some_and(|patch| patch.state != PatchState::Due(0));
        is_asked || self.at_venue.as_ref().is_some_and(is_open_question) || self.has_gap()
    }

    /// Does the venue count more as filled than we do?
    pub(super) fn has_gap(&self) -> bool {
        self.at_venue.iter().chain(&self.former).any(|at| at.gap_since_ms.is_some())
    }
}

impl Line {
    pub(super) fn blank() -> Line {
        Line {
            symbol: SymbolIndex(0),
            side: Side::Buy,
            parent: None,
            is_own: false,
            opens: false,
            was_live: false,
            at_venue: None,
            former: Vec::new(),
            ended: Vec::new(),
            change: None,
            cancel_asked: false,
            expire_asked: false,
            doomed: false,
            freeing: false,
            lives_a_day: false,
            patch: None,
            delete: None,
            cancels_answered: 0,
            ask: None,
            refused: None,
            looked_for: None,
            stale_looks: 0,
            changes: 0,
            armed: 0,
            ended_unasked: 0,
            at_market: false,
            arm_after_ms: 0,
            awaits_bar: false,
        }
    }

    /// Is something of it on its way, wished for or awaited?
    pub(super) fn is_busy(&self) -> bool {
        let is_wished = self.patch.is_some() || self.delete.is_some() || self.change.is_some();
        let is_leaving =
            self.open().is_some() && (self.cancel_asked || self.expire_asked || self.freeing || self.doomed);
        is_wished || is_leaving || self.is_unsettled()
    }

    /// The order at the venue of this name, the present one or a former.
    pub(super) fn named(&mut self, venue_id: &str) -> Option<&mut AtVenue> {
        self.at_venue.iter_mut().chain(&mut self.former).find(|at| at.id == venue_id)
    }
}

impl AtVenue {
    /// Was the order of this name refused, which was to stand in its place?
    pub(super) fn refused(&self, successor: &str) -> bool {
        self.refused_successor.as_ref().is_some_and(|(name, _)| name == successor)
    }

    /// An order of which nothing but the name is known.
    pub(super) fn unseen(id: String) -> AtVenue {
        AtVenue {
            id,
            life: Life::Open,
            quantity: None,
            filled: Quantity::ZERO,
            prices: Prices::default(),
            average: String::new(),
            submitted_at: String::new(),
            status: String::new(),
            replaced_by: None,
            gap_since_ms: None,
            doubted_since_ms: None,
            is_settled: false,
            has_asked_mate: false,
            reason: String::new(),
            replaces: String::new(),
            refused_successor: None,
        }
    }
}
