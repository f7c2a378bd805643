//! The desk: what to ask of the venue next, and what its answers and messages mean. No sockets, no clock.
//!
//! Not here: the wire (http, stream), the image of the venue that answers the engine (ledger, venue::mirror).
//! What the engine has been told is in the image; how the venue has it is in the lines. `settle` looks at both and wishes
//! for what makes the venue equal to the image: a stop moved, armed again, an order taken back. `next_call` hands out the
//! most urgent wish that may leave.
//! Invariants: (1) an order's name goes to the venue twice only after it was looked up and surely is not there; (2) an
//! intent is in the log before its call is handed out; (3) fills are counted by execution and never beyond what the
//! venue counts; (4) nothing opens before both streams are ready and everything is reconciled.
mod calls;
mod forget;
mod known;
mod observe;
mod outcomes;
mod outside;
mod reading;
mod restore;
mod right_of_way;
mod settle;
mod settle_changes;
mod settle_protection;
mod splits;
mod strangers;
mod streams;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_forget;
#[cfg(test)]
mod tests_found;
#[cfg(test)]
mod tests_fuzz;
#[cfg(test)]
mod tests_outside;
#[cfg(test)]
mod tests_restore;
#[cfg(test)]
mod tests_right_of_way;
#[cfg(test)]
mod tests_strangers;
#[cfg(test)]
mod tests_venue;
#[cfg(test)]
mod tests_world;

pub(super) use calls::encoded;
pub use outside::{Lost, OutsideFill};
pub use streams::{DataState, StreamCommand};

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::known::{Change, Line, Ticket, TicketPurpose, TicketState};
use self::reading::Reconcile;
use self::streams::Stream;
use super::bucket::{Backoff, Bucket, Instant};
use super::client_id::{Part, SessionName};
use super::entry::{Answer, Asked, Ending, Entry};
use super::finding::Finding;
use super::ledger::{Ledger, legs};
use super::translate::{Outgoing, is_sent_for_longer, order_body};
use super::wire::WireUpdate;
use crate::domain::{
    Bar, ExecutionEvent, Money, OrderClass, OrderId, OrderKind, OrderSize, Quantity, Symbol, SymbolIndex, TimeInForce,
    Timestamp,
};
use crate::execution::ExecutionBackend;
use crate::risk::{ApprovedChange, ApprovedOrder};
use crate::venue::{FillMoment, VenueRules};

/// What a desk must know of its session.
#[derive(Clone, Debug)]
pub struct DeskConfig {
    /// Names our orders.
    pub session: SessionName,
    /// Names the orders of the other sessions that this program runs on the account, or ran before: they are neither
    /// ours nor foreign.
    pub siblings: Vec<SessionName>,
    /// The shares, in the scenario's order.
    pub symbols: Vec<Symbol>,
    /// Commission and tick of the scenario.
    pub rules: VenueRules,
    /// Cash at the start.
    pub cash: Money,
    /// Calls a minute that the venue allows.
    pub calls_a_minute: u32,
    /// Of the chance in waits.
    pub seed: u64,
    /// Bars come over the data stream: it must be ready, too.
    pub listens_to_bars: bool,
    /// The moment on the venue's clock before which nothing of this session happened.
    pub started_at: Timestamp,
    /// How long it waits for what.
    pub patience: Patience,
}

/// How long the desk waits, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// An order that is not found is believed absent so long after its sending: REST may lag by 1 to 5 seconds.
    pub lookup: u64,
    /// An approval to open is too old to be sent after this.
    pub opening: u64,
    /// Shares may be without a stop at the venue so long before a person is told.
    pub bare: u64,
    /// Fills that the venue counts may come over the stream so long before they are asked for.
    pub gap: u64,
    /// Open orders are read anew so often, whatever the stream says.
    pub poll: u64,
    /// A stream that says nothing for so long is looked into.
    pub silence: u64,
    /// A connection must be made, and each of its steps answered, within this.
    pub handshake: u64,
    /// The clocks may differ by so much.
    pub skew: u64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            lookup: 5_000,
            opening: 60_000,
            bare: 10_000,
            gap: 500,
            poll: 30_000,
            silence: 120_000,
            handshake: 10_000,
            skew: 2_000,
        }
    }
}

/// The desk of one session.
#[derive(Debug)]
pub struct AlpacaDesk {
    config: DeskConfig,
    ledger: Ledger,
    lines: BTreeMap<OrderId, Line>,
    tickets: BTreeMap<String, Ticket>,
    calls: BTreeMap<u64, calls::Doing>,
    calls_made: u64,
    bucket: Bucket,
    backoff: Backoff,
    now: Instant,
    bar: Timestamp,
    moment: FillMoment,
    trading: Stream,
    data: Stream,
    reconcile: Reconcile,
    commands: VecDeque<StreamCommand>,
    findings: Vec<Finding>,
    /// What was found once is not told again.
    told: BTreeSet<Finding>,
    /// Fills of legs whose entry's fill has not come yet.
    early: Vec<WireUpdate>,
    /// Targets whose stop has come to its price.
    reached: BTreeSet<OrderId>,
    /// Shares whose split has begun at the venue and is not booked.
    splitting: BTreeSet<SymbolIndex>,
    /// Shares that have no stop.
    bare: BTreeMap<SymbolIndex, settle_protection::Bare>,
    /// Shares that the other sessions on the account hold.
    siblings_shares: BTreeMap<Symbol, Quantity>,
    /// Shares whose positions nobody here can judge.
    beyond_judgement: BTreeSet<Symbol>,
    /// Orders of other sessions, and their legs, whose names are the venue's own.
    siblings_legs: BTreeSet<String>,
    /// Positions at the venue that are not what the sessions hold.
    doubted: BTreeMap<Symbol, strangers::Doubt>,
    /// Those that have shrunk by no order of ours, and nobody has taken out of a book yet.
    lost: Vec<Lost>,
    /// Orders that are of no session and have filled.
    outside_fills: Vec<OutsideFill>,
    /// The kill switch is closing positions.
    expects_closings: bool,
    /// Orders of the other books on the account that ours could trade with.
    right_of_way: right_of_way::RightOfWay,
}

impl AlpacaDesk {
    /// A desk before its first call; `now` starts its clocks.
    pub fn new(config: DeskConfig, now: Instant) -> AlpacaDesk {
        AlpacaDesk {
            ledger: Ledger::new(config.rules, config.cash, config.symbols.len()),
            lines: BTreeMap::new(),
            tickets: BTreeMap::new(),
            calls: BTreeMap::new(),
            calls_made: 0,
            bucket: Bucket::new(config.calls_a_minute),
            backoff: Backoff::new(config.seed),
            now,
            bar: config.started_at,
            moment: FillMoment::Within,
            trading: Stream::down(now.ms),
            data: Stream::down(now.ms),
            reconcile: Reconcile::new(config.started_at),
            commands: VecDeque::new(),
            findings: Vec::new(),
            told: BTreeSet::new(),
            early: Vec::new(),
            reached: BTreeSet::new(),
            splitting: BTreeSet::new(),
            bare: BTreeMap::new(),
            siblings_shares: BTreeMap::new(),
            beyond_judgement: BTreeSet::new(),
            siblings_legs: BTreeSet::new(),
            doubted: BTreeMap::new(),
            lost: Vec::new(),
            outside_fills: Vec::new(),
            expects_closings: false,
            right_of_way: right_of_way::RightOfWay::default(),
            config,
        }
    }

    /// Fills from here on happened on the bar that opens at `bar`.
    pub fn at_bar(&mut self, bar: Timestamp, moment: FillMoment) {
        (self.bar, self.moment) = (bar, moment);
    }

    /// Bars have closed: trailing stops follow them, and what waited for one is tried again.
    pub fn on_bars(&mut self, bars: &[(SymbolIndex, &Bar)]) {
        for &(symbol, bar) in bars.iter().filter(|(_, bar)| !bar.volume.is_zero()) {
            if self.ledger.mirror.is_trailing(symbol) {
                let Bar { time, high, low, .. } = *bar;
                self.ledger.record(Entry::Bar { symbol, time, high, low });
            }
        }
        let traded = bars.iter().filter(|(_, bar)| !bar.volume.is_zero()).map(|(symbol, _)| *symbol).collect();
        self.end_waits(&traded);
        self.settle();
    }

    /// A session has closed: day orders that were sent until canceled, for the sake of their legs, are taken back.
    pub fn on_session_close(&mut self) {
        self.ledger.record(Entry::SessionClosed);
        let mirror = &self.ledger.mirror;
        let ends = |(order, line): &(&OrderId, &mut Line)| line.lives_a_day && mirror.standing(**order).is_some();
        self.lines.iter_mut().filter(ends).for_each(|(_, line)| line.expire_asked = true);
        let is_of_day = |ticket: &&mut Ticket| {
            let asked = self.ledger.asked(ticket.main);
            ticket.purpose == TicketPurpose::Opens && asked.is_some_and(|asked| is_sent_for_longer(&asked.request))
        };
        self.tickets.values_mut().filter(is_of_day).for_each(|ticket| ticket.cancel_asked = true);
        self.expire_unarmed();
        self.settle();
    }

    /// The shares of its scenario.
    pub fn symbols(&self) -> &[Symbol] {
        &self.config.symbols
    }

    /// Time has passed.
    pub fn on_time(&mut self, now: Instant) {
        self.now = Instant { ms: self.now.ms.max(now.ms), wall_ms: now.wall_ms };
        self.watch_streams();
        self.settle();
    }

    /// What must be on the disk before the next call leaves.
    pub fn take_log(&mut self) -> Vec<Entry> {
        self.ledger.take_fresh()
    }

    /// What a person should know, each thing once.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// What the streams' tasks are to do, in order.
    pub fn take_commands(&mut self) -> impl Iterator<Item = StreamCommand> + use<'_> {
        self.commands.drain(..)
    }

    /// Are both streams ready and everything reconciled, so that orders may open?
    pub fn is_ready(&self) -> bool {
        self.trading.is_ready() && (!self.config.listens_to_bars || self.data.is_ready()) && self.reconcile.is_done()
    }

    /// Is nothing on its way, nothing wished for and nothing awaited? Reading that goes on for ever does not count, nor does
    /// what waits for the market: for the order of another book, or for a bar.
    pub fn is_quiet(&self) -> bool {
        self.calls.values().all(|doing| doing.is_background())
            && self.tickets.values().all(|ticket| self.waits_for_others(ticket))
            && self.early.is_empty()
            && self.reconcile.is_idle()
            && self.doubt_due().is_none()
            && self.lines.values().all(|line| !line.is_busy() && (line.awaits_bar || line.arm_after_ms <= self.now.ms))
    }

    /// Shares as our orders have left them.
    pub fn shares(&self, symbol: SymbolIndex) -> Quantity {
        self.ledger.mirror.shares(symbol)
    }

    fn find(&mut self, finding: Finding) {
        if self.told.insert(finding.clone()) {
            self.findings.push(finding);
        }
    }

    /// A line for our number, before the venue has said anything of it.
    fn new_line(&self, order: OrderId) -> Option<Line> {
        let facts = self.ledger.facts(order)?;
        let asked = self.ledger.asked(order);
        Some(Line {
            symbol: facts.symbol,
            side: facts.side,
            parent: facts.parent,
            is_own: asked.is_some(),
            opens: asked.is_some_and(|asked| !asked.reduces),
            lives_a_day: asked.is_some_and(|asked| is_sent_for_longer(&asked.request)),
            ..Line::blank()
        })
    }

    fn ticket_of(&self, order: OrderId, asked: &Asked) -> Ticket {
        let request = &asked.request;
        let client_id = self.config.session.client_id(order, Part::Order);
        let symbol = self.config.symbols[request.symbol.get()];
        let outgoing = Outgoing {
            symbol,
            request,
            quantity: asked.quantity,
            reference: asked.reference,
            reduces: asked.reduces,
            meets_position: self.ledger.mirror.shares(request.symbol).closing_side() == Some(request.side),
            client_id: &client_id,
        };
        let body = order_body(&outgoing, self.config.rules.tick);
        let leaves_now =
            matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok);
        let purpose = match asked.reduces {
            false => TicketPurpose::Opens,
            true if request.kind == OrderKind::Market && leaves_now => TicketPurpose::Leaves,
            true => TicketPurpose::Reduces,
        };
        Ticket {
            client_id,
            main: order,
            mate: None,
            symbol: request.symbol,
            side: request.side,
            quantity: asked.quantity,
            purpose,
            body,
            state: TicketState::Due(self.now.ms),
            asked_ms: self.now.ms,
            sent_ms: self.now.ms,
            cancel_asked: false,
            refusals: 0,
            washes: 0,
        }
    }

    /// Takes an order on: its line, those of its legs, and the ticket that carries it.
    fn take_on(&mut self, order: OrderId) {
        let Some(asked) = self.ledger.asked(order).copied() else { return };
        let of_legs = legs(&asked.request, order).into_iter().flatten().map(|leg| leg.order);
        for id in std::iter::once(order).chain(of_legs) {
            if let Some(line) = self.new_line(id) {
                self.lines.insert(id, line);
            }
        }
        let ticket = self.ticket_of(order, &asked);
        self.tickets.insert(ticket.client_id.clone(), ticket);
    }

    fn ticket_for(&mut self, order: OrderId) -> Option<&mut Ticket> {
        self.tickets.values_mut().find(|ticket| ticket.main == order || ticket.mate == Some(order))
    }

    /// The engine wants `order` back.
    fn cancel_order(&mut self, order: OrderId) {
        self.ledger.record(Entry::CancelAsked { order });
        self.take_back(order);
    }

    fn take_back(&mut self, order: OrderId) {
        if self.ledger.is_closed(order) {
            return;
        }
        let mate_is_open = self.is_mate_open(order);
        if let Some(ticket) = self.ticket_for(order) {
            ticket.cancel_asked = true;
        } else if let Some(line) = self.lines.get_mut(&order)
            && line.open().is_some()
        {
            line.cancel_asked = true;
        } else if let Some(line) = self.lines.get_mut(&order)
            && (line.is_unsettled() || self.reached.contains(&order))
        {
            // How it has ended is not known yet, or it ends with its stop.
            line.cancel_asked = true;
        } else if mate_is_open
            && let Some(line) = self.lines.get_mut(&order)
            && let Some(at) = &mut line.at_venue
        {
            // It ends with the other of its pair, which may have filled.
            (line.cancel_asked, at.is_settled) = (true, false);
        } else {
            // Nothing of it is at the venue; it rests in our image alone.
            self.ledger.record(Entry::Ended { order, ending: Ending::Canceled });
        }
        self.settle();
    }

    /// Is the other of its pair at the venue, or how it has ended not known?
    fn is_mate_open(&self, order: OrderId) -> bool {
        let mate = self.ledger.mirror.standing(order).and_then(|standing| standing.sibling);
        let line = mate.and_then(|mate| self.lines.get(&mate));
        line.is_some_and(|line| line.open().is_some() || line.is_unsettled())
    }
}

impl AlpacaDesk {
    /// Takes an order that was approved.
    fn ask(&mut self, id: OrderId, asked: Asked, relies_on_exits: bool) {
        self.ledger.record(Entry::Asked { order: id, asked });
        let request = &asked.request;
        let is_sendable = !relies_on_exits
            && !matches!(request.size, OrderSize::CashFraction { .. })
            && (request.class != OrderClass::Oco || request.kind.limit().is_some());
        if is_sendable {
            self.take_on(id);
        } else {
            self.ledger.record(Entry::Refused { order: id, answer: Answer::NotSendable });
        }
        self.settle();
    }

    /// Takes a change that was approved.
    fn change(&mut self, order: OrderId, change: Change) {
        let Change { quantity, kind } = change;
        self.ledger.record(Entry::ChangeAsked { order, quantity, kind });
        if let Err(reason) = self.keeps_pair(order, kind) {
            self.refuse_change(order, reason);
        } else if let Some(line) = self.lines.get_mut(&order) {
            line.change = Some(change);
            line.refused = None;
        }
        self.settle();
    }
}

impl ExecutionBackend for AlpacaDesk {
    fn submit(&mut self, order: ApprovedOrder) {
        let asked = Asked {
            request: *order.request(),
            quantity: order.quantity(),
            reference: order.reference(),
            reduces: order.reduces(),
            time: order.approved_at(),
        };
        self.ask(order.id(), asked, order.relies_on_exits());
    }

    fn cancel(&mut self, order: OrderId) {
        self.cancel_order(order);
    }

    fn replace(&mut self, change: ApprovedChange) {
        self.change(change.order(), Change { quantity: change.quantity(), kind: change.kind() });
    }

    fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        self.draw_reached();
        self.ledger.poll(answers);
    }
}
