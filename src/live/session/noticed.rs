//! What people, the venue and the clock did to a session, as findings of a comparison: why it may differ from its replay.
//!
//! Not here: the session itself (record), what a finding explains (report::parity).
//! A finding stands on the bar at hand, and on none before the first that the session could trade on.
use super::input::Input;
use super::machine::Machine;
use super::past::SessionRow;
use super::terms::Terms;
use crate::domain::{Fill, OrderId, SymbolIndex, Timestamp};
use crate::execution::alpaca::{Answer, Entry};
use crate::live::event::{EventKind, SessionEvent, Severity};
use crate::live::journal::{RawRow, RowKind};
use crate::report::format::counted;
use crate::report::parity::{Finding, FindingKind};
use crate::risk::{Halt, HaltedBy};

/// Something that a row says, by the venue's clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noticed {
    time: Timestamp,
    kind: FindingKind,
    order: Option<OrderId>,
    symbol: Option<String>,
    text: String,
}

impl Noticed {
    /// What a row says of people or venue, if it does.
    ///
    /// Errors: a body in another form.
    pub(super) fn of_row(row: &RawRow<'_>) -> Result<Option<Noticed>, serde_json::Error> {
        let of = |kind, order, text: String| Noticed { time: row.time, kind, order, symbol: None, text };
        Ok(match row.kind {
            RowKind::Session => match serde_json::from_str(row.body)? {
                SessionRow::WentOn { .. } => {
                    Some(of(FindingKind::Restart, None, "the session went on after its process had ended".to_owned()))
                }
                SessionRow::Began(_) | SessionRow::Stopped => None,
            },
            RowKind::Desk => match serde_json::from_str(row.body)? {
                Entry::ChangeRefused { order, answer } => {
                    let text = format!("order {} was not changed: {}", order.0, words(&answer));
                    Some(of(FindingKind::StopChangeRefused, Some(order), text))
                }
                Entry::Filled { order, quantity, execution_id, .. } if execution_id.is_empty() => {
                    let text =
                        format!("{quantity} shares of order {} filled without an execution that was shown", order.0);
                    Some(of(FindingKind::FillRecovered, Some(order), text))
                }
                Entry::LeftOutside { order, left, .. } => {
                    let text = format!("{} shares left the account by no order of this session", left.quantity);
                    Some(of(FindingKind::ByHand, Some(order), text))
                }
                _ => None,
            },
            RowKind::Event => of_event(row.time, &serde_json::from_str(row.body)?),
            _ => None,
        })
    }

    /// The finding, on its bar.
    pub fn finding(self, terms: &Terms) -> Finding {
        let Noticed { time, kind, order, symbol, text } = self;
        Finding { time: terms.stamp_at(time), kind, order: order.map(|order| order.0.to_string()), symbol, text }
    }
}

/// Of what people were told, that which may make a session differ.
fn of_event(time: Timestamp, event: &SessionEvent) -> Option<Noticed> {
    let kind = match event.kind {
        EventKind::Connection => FindingKind::Reconnect,
        EventKind::Unauthorised | EventKind::Reconciliation => FindingKind::Foreign,
        EventKind::Health => FindingKind::Other,
        _ => return None,
    };
    let text = event.sentence().trim_end_matches('.').to_owned();
    let matters = event.severity >= Severity::Warning;
    matters.then(|| Noticed { time, kind, order: None, symbol: event.symbol.clone(), text })
}

fn words(answer: &Answer) -> String {
    match answer {
        Answer::NotSendable => "it cannot be sent".to_owned(),
        Answer::TooLate => "it was not sent in time".to_owned(),
        Answer::Venue { status, body, .. } => format!("status {status}, {body}"),
    }
}

/// What an input is to a comparison, seen before it is applied.
pub(super) fn of_input(input: &Input, machine: &dyn Machine, terms: &Terms) -> Vec<Finding> {
    let time = machine.stamp();
    let of = |kind, text: String| Finding { time, kind, order: None, symbol: None, text };
    let name = |symbol: SymbolIndex| terms.symbols[symbol.get()].to_string();
    match input {
        Input::Bars { time, late_ns, warm_up: false, .. } if *late_ns > terms.allowed_late_ns() => {
            let (late, allowed) = (seconds(*late_ns), seconds(terms.allowed_late_ns()));
            let text = format!("the bar was shown {late} after it was due, and nothing opens after {allowed}");
            vec![Finding { time: *time, ..of(FindingKind::LateBar, text) }]
        }
        Input::Halt { halt, flatten } => {
            let text = halted(halt, *flatten);
            let mut all = vec![of(FindingKind::Halt, text.clone())];
            all.extend(
                entries(machine).map(|order| Finding { order: Some(order), ..of(FindingKind::Halt, text.clone()) }),
            );
            all
        }
        Input::Resume { by, reason } => vec![of(FindingKind::Resume, format!("resumed by {}: {reason}", who(by)))],
        Input::Limits { daily_loss, position_size, portfolio_heat } => {
            let text = format!(
                "limits from here on: max_daily_loss {daily_loss}, max_position_size {position_size}, max_portfolio_heat \
                 {portfolio_heat}"
            );
            vec![of(FindingKind::Other, text)]
        }
        Input::Leave { only: None } => vec![of(FindingKind::ByHand, "all positions were closed by hand".to_owned())],
        Input::Leave { only: Some(symbol) } => {
            let text = format!("the position in {} was closed by hand", name(*symbol));
            vec![Finding { symbol: Some(name(*symbol)), ..of(FindingKind::ByHand, text) }]
        }
        Input::TakeBack { order } => {
            let text = format!("order {} was taken back by hand", order.0);
            vec![Finding { order: Some(order.0.to_string()), ..of(FindingKind::ByHand, text) }]
        }
        Input::TakeEntriesBack => {
            let text = "the session took its entries back to end, and went on later";
            let order = |order| Finding { order: Some(order), ..of(FindingKind::Restart, text.to_owned()) };
            entries(machine).map(order).collect()
        }
        _ => Vec::new(),
    }
}

/// A fill that was told after its bar had been shown.
pub(super) fn late_fill(fill: &Fill, terms: &Terms) -> Finding {
    Finding {
        time: fill.time,
        kind: FindingKind::LateEvent,
        order: Some(fill.order.0.to_string()),
        symbol: Some(terms.symbols[fill.symbol.get()].to_string()),
        text: format!(
            "{} shares of order {} were told as filled after that bar had closed",
            fill.quantity, fill.order.0
        ),
    }
}

/// Entries that rest, by their numbers.
fn entries(machine: &dyn Machine) -> impl Iterator<Item = String> {
    machine.gate().open().iter().filter(|open| !open.reduces).map(|open| open.order.0.to_string())
}

fn halted(halt: &Halt, flatten: bool) -> String {
    let mut text = format!("halted by {}, {}", halt.cause.words(), who(&halt.by));
    if let Some(reason) = &halt.reason {
        text.push_str(&format!(": {reason}"));
    }
    if flatten {
        text.push_str("; positions were closed");
    }
    text
}

fn who(by: &HaltedBy) -> String {
    match by {
        HaltedBy::Limit { .. } => "a limit".to_owned(),
        HaltedBy::Script => "the script".to_owned(),
        HaltedBy::Person(name) => name.to_string(),
        HaltedBy::Unreadable => "a latch that could not be read".to_owned(),
    }
}

fn seconds(ns: i64) -> String {
    counted((ns / Timestamp::NS_PER_SECOND) as usize, "second", "seconds")
}
