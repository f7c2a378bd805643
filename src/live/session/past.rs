//! What the journal says of a scenario's session, and the same session made again from it.
//!
//! Not here: the file (journal). Both a restart and a proof come this way, so what is proved is what a restart does.
//! Invariants: (1) the machine is given the same inputs in the same order; (2) what it wants then is what the desk wrote
//! that it was asked, byte for byte; (3) an order that would open and was never written is refused as too late.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::day::Day;
use super::horizon::Horizon;
use super::input::Input;
use super::machine::Machine;
use super::terms::Terms;
use super::trader::{SessionError, Trader, to_value};
use crate::domain::{ExecutionEvent, Money, OrderId, Timestamp};
use crate::engine::Effect;
use crate::execution::ExecutionBackend;
use crate::execution::alpaca::{AlpacaDesk, Asked, DeskConfig, Entry, Heard, Instant, SessionName};
use crate::live::AccountMark;
use crate::live::journal::{RawRow, RowKind};
use crate::risk::{ApprovedChange, ApprovedOrder};
use crate::scenario::LoadedScenario;
use crate::venue::FillMoment;

/// The body of a row of [`RowKind::Session`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "session", rename_all = "snake_case")]
pub enum SessionRow {
    /// A book begins.
    Began(Began),
    /// A process goes on with it, after the end of another.
    WentOn {
        /// Version of the program.
        version: String,
        /// The account, which earlier versions did not keep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<AccountMark>,
    },
    /// The process ended in good order; positions and stops rest at the venue.
    Stopped,
}

/// How a book began.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Began {
    /// How many sessions of this scenario there have been on this account, with this one.
    pub number: u32,
    /// What names its orders at the venue.
    pub name: String,
    /// `rehearsal`, `paper` or `live`.
    pub mode: String,
    /// Version of the program.
    pub version: String,
    /// The scenario with every default.
    pub scenario: String,
    /// How many times as fast as the clock on the wall its market ran.
    pub pace: u32,
    /// When its process began a new account, by the clock on the wall: the exchange inside the program is one each time. None
    /// where the account was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_since: Option<Timestamp>,
    /// The account, where it was there before; earlier versions did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountMark>,
    /// Cash of the account at the venue, if it has told.
    pub venue_cash: Option<Money>,
    /// The moment on the venue's clock before which nothing of this session happened.
    pub started_at: Timestamp,
}

/// A scenario's session as it is in the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct Past {
    /// How it began.
    pub began: Began,
    /// Everything its engine was given.
    pub inputs: Vec<Input>,
    /// Everything its desk has noticed.
    pub log: Vec<Entry>,
}

/// Reads rows of all scenarios in order and keeps the last session of each.
#[derive(Debug, Default)]
pub struct PastReader {
    sessions: BTreeMap<String, Past>,
    /// Orders that a later session must not be given: how many sessions there were.
    numbers: BTreeMap<String, u32>,
    /// The last row of each session, by the machine's clock, and whether that is the row of an orderly end.
    ends: BTreeMap<String, (Timestamp, bool)>,
    names: Vec<SessionName>,
    account: Option<AccountMark>,
}

impl PastReader {
    /// Takes the next row.
    ///
    /// Errors: a row of a kind that a session writes, in another form.
    pub fn take(&mut self, row: RawRow<'_>) -> Result<(), SessionError> {
        let Some(strategy) = row.strategy else { return Ok(()) };
        let number = row.number;
        let strange = |error: serde_json::Error| SessionError::Journal(format!("row {number}: {error}"));
        let mut is_end = false;
        match row.kind {
            RowKind::Session => match serde_json::from_str(row.body).map_err(strange)? {
                SessionRow::Began(began) => {
                    self.account = began.account.clone().or(self.account.take());
                    self.numbers.insert(strategy.to_owned(), began.number);
                    let named = SessionName::new(&began.name);
                    let named = named.map_err(|error| SessionError::Journal(format!("row {number}: {error}")));
                    self.names.push(named?);
                    self.sessions.insert(strategy.to_owned(), Past { began, inputs: Vec::new(), log: Vec::new() });
                }
                SessionRow::WentOn { account, .. } => self.account = account.or(self.account.take()),
                SessionRow::Stopped => is_end = true,
            },
            RowKind::Input => {
                if let Some(past) = self.sessions.get_mut(strategy) {
                    past.inputs.push(serde_json::from_str(row.body).map_err(strange)?);
                }
            }
            RowKind::Desk => {
                if let Some(past) = self.sessions.get_mut(strategy) {
                    past.log.push(serde_json::from_str(row.body).map_err(strange)?);
                }
            }
            RowKind::Event | RowKind::Command | RowKind::Delivery | RowKind::Login | RowKind::Setting => {}
        }
        self.ends.insert(strategy.to_owned(), (row.wall, is_end));
        Ok(())
    }

    /// When the last row of any scenario was written, by the machine's clock.
    pub fn last_written(&self) -> Timestamp {
        self.ends.values().map(|(at, _)| *at).max().unwrap_or(Timestamp::MIN)
    }

    /// When the last row of a scenario was written, if that is not the one of an orderly end.
    pub fn broken_off(&self, strategy: &str) -> Option<Timestamp> {
        self.ends.get(strategy).filter(|(_, is_end)| !is_end).map(|(at, _)| *at)
    }

    /// Takes the last session of a scenario.
    pub fn session(&mut self, strategy: &str) -> Option<Past> {
        self.sessions.remove(strategy)
    }

    /// The last sessions of all scenarios that were not taken, by the scenario's name.
    pub fn sessions(&self) -> &BTreeMap<String, Past> {
        &self.sessions
    }

    /// The account that the sessions traded on, where a row says it.
    pub fn account(&self) -> Option<&AccountMark> {
        self.account.as_ref()
    }

    /// What named the orders of every session.
    pub fn names(&self) -> impl Iterator<Item = &SessionName> {
        self.names.iter()
    }

    /// How many sessions of a scenario there have been.
    pub fn sessions_so_far(&self, strategy: &str) -> u32 {
        self.numbers.get(strategy).copied().unwrap_or(0)
    }
}

/// What a machine wanted on the inputs of the past.
struct Wanted {
    given: usize,
    orders: Vec<ApprovedOrder>,
    cancels: Vec<OrderId>,
    changes: Vec<ApprovedChange>,
    /// Sessions that ended while it traded.
    ends: usize,
}

impl Past {
    /// What the session must know of its scenario.
    ///
    /// Errors: a name that names no session.
    pub fn terms(&self, loaded: &LoadedScenario) -> Result<Terms, SessionError> {
        let terms = Terms::of(loaded, self.began.number).map_err(|error| SessionError::Journal(error.to_string()))?;
        Ok(Terms { pace: self.began.pace, ..terms })
    }

    /// Gives the inputs to a new `machine`, and holds what it wants against what the desk was asked.
    ///
    /// Errors: they differ.
    fn replay(
        &self,
        machine: &mut dyn Machine,
        config: &DeskConfig,
        mut each: impl FnMut(&Input, &[ExecutionEvent], &dyn Machine),
    ) -> Result<Wanted, SessionError> {
        let mut heard = Heard::new(config.rules, config.cash, config.symbols.len());
        let mut log = self.log.iter();
        let mut wanted = Wanted { given: 0, orders: Vec::new(), cancels: Vec::new(), changes: Vec::new(), ends: 0 };
        let asked_before = self.asked();
        for input in &self.inputs {
            let count = if let Input::Answers { count, .. } = input { *count } else { 0 };
            while heard.ready() < count
                && let Some(entry) = log.next()
            {
                heard.take(entry);
            }
            let answers: Vec<ExecutionEvent> = heard.give(count).collect();
            if answers.len() < count {
                let had = answers.len();
                let what = format!("{count} answers were given, the desk's entries lead to {had}");
                return Err(SessionError::Journal(what));
            }
            wanted.given += count;
            self.refuse_unknown(&answers, machine)?;
            each(input, &answers, machine);
            let acted = machine.act(input, &answers).map_err(|error| SessionError::Journal(error.to_string()))?;
            wanted.ends += usize::from(acted.session_ended);
            for effect in acted.effects {
                match effect {
                    Effect::Submit(order) => {
                        self.compare(&asked_before, &order)?;
                        wanted.orders.push(order);
                    }
                    Effect::Cancel(order) => wanted.cancels.push(order),
                    Effect::Replace(change) => wanted.changes.push(change),
                }
            }
        }
        let again: BTreeSet<OrderId> = wanted.orders.iter().map(ApprovedOrder::id).collect();
        match asked_before.keys().find(|order| !again.contains(order)) {
            Some(order) => {
                Err(SessionError::Journal(format!("order {} was asked, and nobody wants it again", order.0)))
            }
            None => Ok(wanted),
        }
    }

    /// Orders as the desk wrote that it was asked.
    fn asked(&self) -> BTreeMap<OrderId, String> {
        let written = |entry: &Entry| match entry {
            Entry::Asked { order, asked } => Some((*order, to_value(asked).to_string())),
            _ => None,
        };
        self.log.iter().filter_map(written).collect()
    }

    /// Is what the machine wants what the desk was asked, to the byte? The last orders may not have been written.
    fn compare(&self, before: &BTreeMap<OrderId, String>, order: &ApprovedOrder) -> Result<(), SessionError> {
        let is = to_value(&asked(order)).to_string();
        match before.get(&order.id()) {
            Some(was) if *was != is => {
                Err(SessionError::Journal(format!("order {} was {was}, and comes out as {is}", order.id().0)))
            }
            _ => Ok(()),
        }
    }

    /// An answer to an order that the machine has not made shows that it makes another session.
    fn refuse_unknown(&self, answers: &[ExecutionEvent], machine: &dyn Machine) -> Result<(), SessionError> {
        let end = machine.orders().next_id();
        match answers.iter().map(ExecutionEvent::order).find(|order| *order >= end) {
            Some(order) => Err(SessionError::Journal(format!("order {} was answered and is not made again", order.0))),
            None => Ok(()),
        }
    }

    /// Shows that the journal makes the session again: `machine` is new.
    ///
    /// Errors: what differs first.
    pub fn prove(&self, machine: Box<dyn Machine>, config: &DeskConfig) -> Result<Box<dyn Machine>, SessionError> {
        self.prove_before(machine, config, |_, _, _| {})
    }

    /// The same; `each` sees every input, with the answers that come with it, and the machine before it is given.
    ///
    /// Errors: what differs first.
    pub fn prove_before(
        &self,
        mut machine: Box<dyn Machine>,
        config: &DeskConfig,
        each: impl FnMut(&Input, &[ExecutionEvent], &dyn Machine),
    ) -> Result<Box<dyn Machine>, SessionError> {
        let wanted = self.replay(machine.as_mut(), config, each)?;
        self.compare_rest(&wanted)?;
        Ok(machine)
    }

    /// Are the cancels and changes that the desk was asked for those that are wanted, in order? The last may be missing.
    fn compare_rest(&self, wanted: &Wanted) -> Result<(), SessionError> {
        let mut cancels = wanted.cancels.iter();
        let mut changes = wanted.changes.iter().map(|change| (change.order(), change.quantity(), change.kind()));
        for entry in &self.log {
            let is_wanted = match entry {
                Entry::CancelAsked { order } => cancels.next() == Some(order),
                Entry::ChangeAsked { order, quantity, kind } => changes.next() == Some((*order, *quantity, *kind)),
                _ => true,
            };
            if !is_wanted {
                return Err(SessionError::Journal(format!("nobody wants this again: {}", to_value(entry))));
            }
        }
        Ok(())
    }

    /// The session goes on where the journal says that it was. The entries must be in the journal before any call leaves.
    ///
    /// Errors: the journal does not lead to what it says.
    pub fn go_on(
        mut self,
        mut machine: Box<dyn Machine>,
        terms: Arc<Terms>,
        config: DeskConfig,
        now: Instant,
    ) -> Result<(Trader, Vec<Entry>), SessionError> {
        let (mut day, mut horizon) = (Day::default(), Horizon::default());
        let wanted = self.replay(machine.as_mut(), &config, |input, answers, machine| {
            day.before(input, answers, machine, &terms);
            horizon.before(input, machine, &terms);
        })?;
        day.follow(machine.as_ref(), &terms);
        let written: BTreeSet<OrderId> = self.log.iter().filter_map(asked_order).collect();
        let unwritten = wanted.orders.into_iter().filter(|order| !written.contains(&order.id()));
        let (reducing, opening): (Vec<_>, Vec<_>) = unwritten.partition(ApprovedOrder::reduces);
        let late: Vec<Entry> =
            opening.iter().map(|order| Entry::Asked { order: order.id(), asked: asked(order) }).collect();
        self.log.extend(late.iter().cloned());
        let mut desk = AlpacaDesk::restore(config, now, &self.log, wanted.given);
        if machine.stamp() > Timestamp::MIN {
            desk.at_bar(terms.next_stamp(machine.stamp()), FillMoment::Within);
        }
        // What was asked of the desk and never written is asked again, in the order in which it was asked.
        let count = |is_meant: fn(&Entry) -> bool| self.log.iter().filter(|entry| is_meant(entry)).count();
        let ends = count(|entry| matches!(entry, Entry::SessionClosed));
        (ends..wanted.ends).for_each(|_| desk.on_session_close());
        reducing.into_iter().for_each(|order| desk.submit(order));
        let cancels = count(|entry| matches!(entry, Entry::CancelAsked { .. }));
        wanted.cancels.into_iter().skip(cancels).for_each(|order| desk.cancel(order));
        let changes = count(|entry| matches!(entry, Entry::ChangeAsked { .. }));
        wanted.changes.into_iter().skip(changes).for_each(|change| desk.replace(change));
        Ok((Trader::new(machine, desk, terms).with_day(day, horizon), late))
    }
}

fn asked_order(entry: &Entry) -> Option<OrderId> {
    match entry {
        Entry::Asked { order, .. } => Some(*order),
        _ => None,
    }
}

fn asked(order: &ApprovedOrder) -> Asked {
    Asked {
        request: *order.request(),
        quantity: order.quantity(),
        reference: order.reference(),
        reduces: order.reduces(),
        time: order.approved_at(),
    }
}
