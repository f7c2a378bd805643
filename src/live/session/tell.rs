//! What happened, in sentences: fills, refusals, halts, money.
//!
//! Not here: what the desk noticed (tell_found), the day (summary), who is told (notify). Each sentence is built from the records of the
//! engine, after they say so.
use super::burst::Burst;
use super::day::{Day, Leaving};
use super::input::Input;
use super::machine::{Acted, Machine};
use super::terms::Terms;
use super::words::{dollars, price, shares, signed};
use crate::domain::{ExecutionEvent, Fill, Money, OrderId, OrderPurpose, RejectReason, Side, Symbol, Timestamp};
use crate::engine::{OrderRecord, RefusalRecord};
use crate::live::event::{EventKind, RefusedOrder, SessionEvent, Severity};
use crate::portfolio::{CashEvent, CashReason};
use crate::report::format::to_the_second;
use crate::risk::{HaltCause, Refusal};

/// What has been told, and what must be remembered to tell the rest.
#[derive(Debug, Default)]
pub struct Teller {
    refusals: usize,
    halts: usize,
    cash: usize,
    burst: Burst,
}

/// Answers of the venue with what came of them.
#[derive(Debug)]
pub struct Answered<'a> {
    /// What the venue has said.
    pub events: &'a [ExecutionEvent],
    /// Dollars that each fill among them made; `None` for an entry.
    pub made: &'a [Option<Money>],
    /// The session at hand.
    pub day: &'a Day,
}

impl Teller {
    /// What a machine has done before is not told again.
    pub fn after(machine: &dyn Machine) -> Teller {
        let journal = machine.journal();
        let (refusals, halts, cash) = (journal.refusals.len(), journal.halts.len(), journal.cash_events.len());
        Teller { refusals, halts, cash, burst: Burst::default() }
    }

    /// The machine has let go of its record; what it keeps of it was told.
    pub fn forget(&mut self, machine: &dyn Machine) {
        let journal = machine.journal();
        (self.refusals, self.halts, self.cash) =
            (journal.refusals.len(), journal.halts.len(), journal.cash_events.len());
    }

    /// What came of an input.
    pub fn after_input(
        &mut self,
        input: &Input,
        acted: &Acted,
        machine: &dyn Machine,
        terms: &Terms,
        time: Timestamp,
    ) -> Vec<SessionEvent> {
        let mut events = self.refused_and_halted(machine, terms, time);
        events.extend(self.paid(machine, terms, time));
        if matches!(input, Input::Bars { warm_up: true, .. }) {
            events.clear();
        }
        events.extend(super::tell_actions::event(input, acted, machine, terms, time));
        if let Some(resumed) = &acted.resumed {
            let lifted: Vec<&str> = resumed.lifted.iter().map(|halt| halt.cause.words()).collect();
            let text = match lifted.is_empty() {
                true => format!("Nothing to resume; asked by {}: {}.", resumed.by, resumed.reason),
                false => format!("Resumed by {}: {}. Lifted: {}.", resumed.by, resumed.reason, lifted.join(", ")),
            };
            events.push(plain(EventKind::Resume, Severity::Warning, terms, None, time, text));
        }
        events
    }

    /// Money that moved without a trade.
    fn paid(&mut self, machine: &dyn Machine, terms: &Terms, time: Timestamp) -> Vec<SessionEvent> {
        let all = &machine.journal().cash_events;
        let event = |paid: &CashEvent| {
            let symbol = terms.symbols[paid.symbol.get()];
            let what = match paid.reason {
                CashReason::Dividend => "Dividend of",
                CashReason::CashInLieu => "Cash for a part of a share of",
                CashReason::BorrowFee => "Fee for borrowing",
                CashReason::MarginInterest => "Interest on what was borrowed for",
            };
            let text = format!("{what} {symbol}: {}.", signed(paid.amount));
            plain(EventKind::Cash, Severity::Info, terms, Some(symbol), time, text)
        };
        let events = all[self.cash..].iter().map(event).collect();
        self.cash = all.len();
        events
    }

    fn refused_and_halted(&mut self, machine: &dyn Machine, terms: &Terms, time: Timestamp) -> Vec<SessionEvent> {
        let journal = machine.journal();
        let mut events = Vec::new();
        for refusal in &journal.refusals[self.refusals..] {
            events.push(refused(refusal, machine, terms, time));
            // What a halt holds back is no news.
            if !matches!(refusal.refusal, Refusal::Halted { .. }) {
                events.extend(self.burst(refusal.refusal.code(), terms, time));
            }
        }
        self.refusals = journal.refusals.len();
        // The kill switch is told of by the driver, once for all scenarios.
        for halt in journal.halts[self.halts..].iter().filter(|halt| halt.cause != HaltCause::KillSwitch) {
            let lost = halt.loss.map(|loss| format!(": lost {} of {}", dollars(loss.lost), dollars(loss.of)));
            let flattens = if halt.flattens { " All positions are closed." } else { "" };
            let text = format!(
                "Halted by {}{}; {}.{flattens}",
                halt.cause.words(),
                lost.unwrap_or_default(),
                halt.cause.lifted_by()
            );
            events.push(plain(EventKind::Halt, Severity::Critical, terms, None, time, text));
        }
        self.halts = journal.halts.len();
        events
    }

    /// One more refusal: is it the one that makes them many?
    fn burst(&mut self, reason: &'static str, terms: &Terms, time: Timestamp) -> Option<SessionEvent> {
        let text = self.burst.add(reason, time)?;
        Some(plain(EventKind::RefusalBurst, Severity::Warning, terms, None, time, text))
    }

    /// What the venue has answered.
    pub fn after_answers(
        &mut self,
        answers: &Answered<'_>,
        machine: &dyn Machine,
        terms: &Terms,
        time: Timestamp,
    ) -> Vec<SessionEvent> {
        let mut events = Vec::new();
        let mut made = answers.made.iter().copied();
        for answer in answers.events {
            let mut burst = None;
            events.extend(match answer {
                ExecutionEvent::Accepted { order } => {
                    let record = machine.orders().get(*order);
                    let text = format!("At the venue: {}.", order_words(record, terms));
                    Some(of_order(EventKind::Order, Severity::Info, record, terms, time, text))
                }
                ExecutionEvent::Filled { fill, .. } => {
                    let leaving = answers.day.leaving(fill.symbol);
                    Some(filled(fill, made.next().flatten(), leaving, terms, time))
                }
                ExecutionEvent::Canceled { order } => Some(ended(*order, "was taken back", machine, terms, time)),
                ExecutionEvent::Expired { order } => Some(ended(*order, "has run out", machine, terms, time)),
                ExecutionEvent::Rejected { order, reason } => {
                    let record = machine.orders().get(*order);
                    let text = format!("{}: the venue refused it: {reason}.", order_words(record, terms));
                    burst = self.burst("the venue", terms, time);
                    let event = of_order(EventKind::Refusal, Severity::Warning, record, terms, time, text);
                    Some(by_the_venue(event, *order, reason))
                }
                ExecutionEvent::LegLive { order, level, .. } => {
                    let record = machine.orders().get(*order);
                    let what = if record.request.purpose.protects() { "Stop" } else { "Take-profit" };
                    let text = format!("{what} of {} stands at {}.", name(terms, record), price(*level));
                    Some(of_order(EventKind::Order, Severity::Info, record, terms, time, text))
                }
                ExecutionEvent::Replaced { order, .. } => {
                    let record = machine.orders().get(*order);
                    let text = format!("Changed at the venue: {}.", order_words(record, terms));
                    Some(of_order(EventKind::Order, Severity::Info, record, terms, time, text))
                }
                ExecutionEvent::ChangeRefused { order, reason } => {
                    let record = machine.orders().get(*order);
                    let text = format!(
                        "{} stays as it was; the venue refused the change: {reason}.",
                        order_words(record, terms)
                    );
                    let event = of_order(EventKind::Refusal, Severity::Warning, record, terms, time, text);
                    Some(by_the_venue(event, *order, reason))
                }
                ExecutionEvent::Resized { .. } => None,
            });
            events.extend(burst);
        }
        events.extend(self.refused_and_halted(machine, terms, time));
        events
    }
}

/// A fill in one sentence; `made`: dollars, of an exit.
fn filled(fill: &Fill, made: Option<Money>, leaving: Option<Leaving>, terms: &Terms, time: Timestamp) -> SessionEvent {
    let symbol = terms.symbols[fill.symbol.get()];
    let verb = if fill.side == Side::Buy { "Bought" } else { "Sold" };
    let result = made.map(|made| format!(", {}", signed(made))).unwrap_or_default();
    let (kind, severity, why) = match (fill.purpose, leaving) {
        (OrderPurpose::Stop, _) => (EventKind::Stop, Severity::Notice, " (stop)"),
        (OrderPurpose::Trail, _) => (EventKind::Stop, Severity::Notice, " (trailing stop)"),
        (OrderPurpose::TakeProfit, _) => (EventKind::TakeProfit, Severity::Notice, " (take-profit)"),
        (OrderPurpose::RiskHalt, _) => (EventKind::Fill, Severity::Warning, " (closed by a limit)"),
        (OrderPurpose::KillSwitch, Some(Leaving::KillSwitch)) => {
            (EventKind::Fill, Severity::Warning, " (closed by the kill switch)")
        }
        (OrderPurpose::KillSwitch, Some(Leaving::Hand)) => (EventKind::Fill, Severity::Warning, " (closed by hand)"),
        (OrderPurpose::KillSwitch, Some(Leaving::Outside)) => {
            (EventKind::Fill, Severity::Warning, " (outside this program)")
        }
        (OrderPurpose::KillSwitch, None) => (EventKind::Fill, Severity::Warning, " (closed by the order script)"),
        _ => (EventKind::Fill, Severity::Notice, ""),
    };
    let text = format!("{verb} {} {symbol} at {}{result}{why}.", shares(fill.quantity), price(fill.price));
    plain(kind, severity, terms, Some(symbol), time, text)
}

fn refused(record: &RefusalRecord, machine: &dyn Machine, terms: &Terms, time: Timestamp) -> SessionEvent {
    let order = machine.orders().get(record.order);
    let text = format!("{}: {}.", order_words(order, terms), refusal_words(&record.refusal));
    let RefusalRecord { order: id, refusal, .. } = record;
    let (need, have) = (refusal.need(), refusal.have());
    let refused = Some(RefusedOrder { order: *id, reason: refusal.code().to_owned(), need, have });
    SessionEvent { refused, ..of_order(EventKind::Refusal, Severity::Notice, order, terms, time, text) }
}

fn by_the_venue(event: SessionEvent, order: OrderId, reason: &RejectReason) -> SessionEvent {
    let refused = Some(RefusedOrder { order, reason: reason.rule().to_owned(), need: None, have: None });
    SessionEvent { refused, ..event }
}

/// Why the gate said no; the moment of a halt to the second.
pub(super) fn refusal_words(refusal: &Refusal) -> String {
    match *refusal {
        Refusal::Halted { cause, since } => Refusal::Halted { cause, since: to_the_second(since) }.to_string(),
        _ => refusal.to_string(),
    }
}

fn ended(order: OrderId, what: &str, machine: &dyn Machine, terms: &Terms, time: Timestamp) -> SessionEvent {
    let record = machine.orders().get(order);
    of_order(
        EventKind::Canceled,
        Severity::Info,
        record,
        terms,
        time,
        format!("{} {what}.", order_words(record, terms)),
    )
}

/// `AAPL buy 300`, with its kind where it is no market order, and without a size where it never had one.
pub(super) fn order_words(record: &OrderRecord, terms: &Terms) -> String {
    let kind = match record.request.kind.name() {
        "market" => String::new(),
        name => format!(" ({})", name.replace('_', " ")),
    };
    let size = match record.quantity.is_zero() {
        true => String::new(),
        false => format!(" {}", shares(record.quantity)),
    };
    format!("{} {}{size}{kind}", name(terms, record), record.request.side.name())
}

fn name(terms: &Terms, record: &OrderRecord) -> Symbol {
    terms.symbols[record.request.symbol.get()]
}

fn of_order(
    kind: EventKind,
    severity: Severity,
    record: &OrderRecord,
    terms: &Terms,
    time: Timestamp,
    text: String,
) -> SessionEvent {
    plain(kind, severity, terms, Some(name(terms, record)), time, text)
}

/// An event of a scenario, before it has a row.
pub(super) fn plain(
    kind: EventKind,
    severity: Severity,
    terms: &Terms,
    symbol: Option<Symbol>,
    time: Timestamp,
    text: String,
) -> SessionEvent {
    let (strategy, symbol) = (Some(terms.name.clone()), symbol.map(|symbol| symbol.to_string()));
    SessionEvent { row: 0, time, kind, severity, strategy, symbol, text, refused: None }
}
