//! What happened, in sentences: fills, refusals, halts, the day.
//!
//! Not here: what the desk noticed (tell_found), who is told (notify). Each sentence is built from the records of the
//! engine, after they say so.
use std::collections::BTreeMap;

use super::input::Input;
use super::machine::{Acted, Machine};
use super::terms::Terms;
use super::words::{dollars, price, shares, signed};
use crate::domain::{ExecutionEvent, Fill, Money, OrderId, OrderPurpose, Price, Side, Symbol, SymbolIndex, Timestamp};
use crate::engine::{OrderRecord, RefusalRecord};
use crate::live::event::{EventKind, SessionEvent, Severity};

/// What has been told, and what must be remembered to tell the rest.
#[derive(Debug, Default)]
pub struct Teller {
    refusals: usize,
    halts: usize,
    /// Average prices before the fills at hand, by share.
    averages: BTreeMap<SymbolIndex, Price>,
    /// Realised by fills of the session at hand.
    realised: Money,
    fills: usize,
    refused: usize,
}

impl Teller {
    /// What a machine has done before is not told again.
    pub fn after(machine: &dyn Machine) -> Teller {
        let journal = machine.journal();
        Teller { refusals: journal.refusals.len(), halts: journal.halts.len(), ..Teller::default() }
    }

    /// The machine has let go of its record; what it keeps of it was told.
    pub fn forget(&mut self, machine: &dyn Machine) {
        let journal = machine.journal();
        (self.refusals, self.halts) = (journal.refusals.len(), journal.halts.len());
    }

    /// Remembers what an answer is about to change.
    pub fn before_answer(&mut self, event: &ExecutionEvent, machine: &dyn Machine) {
        if let ExecutionEvent::Filled { fill, .. } = event {
            let average = machine.portfolio().position(fill.symbol).average_price();
            self.averages.entry(fill.symbol).or_insert(average);
        }
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
        if acted.session_ended && !matches!(input, Input::Bars { warm_up: true, .. }) {
            events.push(self.day(machine, terms, time));
        }
        events
    }

    fn refused_and_halted(&mut self, machine: &dyn Machine, terms: &Terms, time: Timestamp) -> Vec<SessionEvent> {
        let journal = machine.journal();
        let refusals = &journal.refusals[self.refusals..];
        let mut events: Vec<SessionEvent> =
            refusals.iter().map(|refusal| refused(refusal, machine, terms, time)).collect();
        self.refused += refusals.len();
        self.refusals = journal.refusals.len();
        for halt in &journal.halts[self.halts..] {
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

    /// The day in one sentence.
    fn day(&mut self, machine: &dyn Machine, terms: &Terms, time: Timestamp) -> SessionEvent {
        let equity = machine.portfolio().equity();
        let open = machine.portfolio().positions().iter().filter(|position| !position.quantity().is_zero()).count();
        let text = format!(
            "Session closed: equity {}, realised today {}, {} fills, {} refused, {open} positions open.",
            dollars(equity),
            signed(self.realised),
            self.fills,
            self.refused
        );
        (self.realised, self.fills, self.refused) = (Money::ZERO, 0, 0);
        plain(EventKind::DailySummary, Severity::Info, terms, None, time, text)
    }

    /// What the venue has answered.
    pub fn after_answers(
        &mut self,
        answers: &[ExecutionEvent],
        machine: &dyn Machine,
        terms: &Terms,
        time: Timestamp,
    ) -> Vec<SessionEvent> {
        let mut events = Vec::new();
        for answer in answers {
            events.extend(match answer {
                ExecutionEvent::Accepted { order } => {
                    let record = machine.orders().get(*order);
                    let text = format!("At the venue: {}.", order_words(record, terms));
                    Some(of_order(EventKind::Order, Severity::Info, record, terms, time, text))
                }
                ExecutionEvent::Filled { fill, .. } => Some(self.filled(fill, terms, time)),
                ExecutionEvent::Canceled { order } => Some(ended(*order, "was taken back", machine, terms, time)),
                ExecutionEvent::Expired { order } => Some(ended(*order, "has run out", machine, terms, time)),
                ExecutionEvent::Rejected { order, reason } => {
                    let record = machine.orders().get(*order);
                    let text = format!("{}: the venue refused it: {reason}.", order_words(record, terms));
                    Some(of_order(EventKind::Refusal, Severity::Warning, record, terms, time, text))
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
                    Some(of_order(EventKind::Refusal, Severity::Warning, record, terms, time, text))
                }
                ExecutionEvent::Resized { .. } => None,
            });
        }
        self.averages.clear();
        events.extend(self.refused_and_halted(machine, terms, time));
        events
    }

    fn filled(&mut self, fill: &Fill, terms: &Terms, time: Timestamp) -> SessionEvent {
        self.fills += 1;
        let symbol = terms.symbols[fill.symbol.get()];
        let verb = if fill.side == Side::Buy { "Bought" } else { "Sold" };
        let closes = fill.purpose != OrderPurpose::Entry;
        let average = self.averages.get(&fill.symbol).copied().filter(|average| closes && *average > Price::ZERO);
        let pnl = average.map(|average| {
            let (paid, got) = (average.notional(fill.quantity), fill.notional());
            let gross = if fill.side == Side::Sell { got - paid } else { paid - got };
            gross - fill.fee
        });
        self.realised += pnl.unwrap_or(-fill.fee);
        let result = pnl.map(|pnl| format!(", {}", signed(pnl))).unwrap_or_default();
        let (kind, severity, why) = match fill.purpose {
            OrderPurpose::Stop => (EventKind::Stop, Severity::Notice, " (stop)"),
            OrderPurpose::Trail => (EventKind::Stop, Severity::Notice, " (trailing stop)"),
            OrderPurpose::TakeProfit => (EventKind::TakeProfit, Severity::Notice, " (take-profit)"),
            OrderPurpose::RiskHalt => (EventKind::Fill, Severity::Warning, " (risk halt)"),
            OrderPurpose::KillSwitch => (EventKind::Fill, Severity::Warning, " (closed by hand)"),
            _ => (EventKind::Fill, Severity::Notice, ""),
        };
        let text = format!("{verb} {} {symbol} at {}{result}{why}.", shares(fill.quantity), price(fill.price));
        plain(kind, severity, terms, Some(symbol), time, text)
    }
}

fn refused(record: &RefusalRecord, machine: &dyn Machine, terms: &Terms, time: Timestamp) -> SessionEvent {
    let order = machine.orders().get(record.order);
    let text = format!("{}: {}.", order_words(order, terms), record.refusal);
    of_order(EventKind::Refusal, Severity::Notice, order, terms, time, text)
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

/// `AAPL buy 300`, with its kind where it is no market order.
pub(super) fn order_words(record: &OrderRecord, terms: &Terms) -> String {
    let kind = match record.request.kind.name() {
        "market" => String::new(),
        name => format!(" ({})", name.replace('_', " ")),
    };
    format!("{} {} {}{kind}", name(terms, record), record.request.side.name(), shares(record.quantity))
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
    SessionEvent { row: 0, time, kind, severity, strategy, symbol, text }
}
