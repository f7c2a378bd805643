//! One scenario at work: its machine, its desk, and what is written between them. No sockets, no clock.
//!
//! Not here: when bars come (aggregate, driver), the wire (execution::alpaca), words (tell), a restart (restart).
//! Invariants: (1) an input is in the journal before it is applied; (2) so is what the desk has noticed before the
//! engine hears what follows from it.
use std::sync::Arc;

use serde_json::Value;

use super::day::Day;
use super::horizon::Horizon;
use super::input::Input;
use super::keeper::{KeepError, Keeper};
use super::machine::{Acted, Machine};
use super::tell::{Answered, Teller};
use super::terms::Terms;
use crate::domain::{Bar, IllegalTransition, SymbolIndex, Timestamp};
use crate::engine::Effect;
use crate::execution::ExecutionBackend;
use crate::execution::alpaca::{AlpacaDesk, Entry, LeftOutside};
use crate::live::event::SessionEvent;
use crate::live::journal::{Durability, Row, RowKind};
use crate::venue::FillMoment;

/// Rounds of answers and what the engine wants on them before a session is declared broken.
const ROUNDS_MAX: usize = 64;

/// A moment on the venue's clock and on the machine's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The venue's.
    pub time: Timestamp,
    /// The machine's.
    pub wall: Timestamp,
}

/// Why a session cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Nothing can be kept any more.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The venue's answers do not follow from each other.
    #[error("{0}; positions and their stops rest at the venue. Look at them there, and do not start anew before")]
    Broken(#[from] IllegalTransition),
    /// Engine and venue answer each other without an end.
    #[error("engine and venue answer each other for more than {ROUNDS_MAX} rounds; this is a defect of the program")]
    Endless,
    /// The journal does not lead to what it says.
    #[error("the journal does not make the session again: {0}; `alphaflow audit verify` says whether it is whole")]
    Journal(String),
}

/// A scenario that trades.
pub struct Trader {
    pub(super) machine: Box<dyn Machine>,
    pub(super) desk: AlpacaDesk,
    pub(super) terms: Arc<Terms>,
    pub(super) teller: Teller,
    /// The bar that fills happen on.
    pub(super) bar: Timestamp,
    pub(super) day: Day,
    pub(super) horizon: Horizon,
}

impl Trader {
    /// One that begins, or goes on with what a restart has made.
    pub fn new(machine: Box<dyn Machine>, desk: AlpacaDesk, terms: Arc<Terms>) -> Trader {
        let (teller, bar) = (Teller::after(machine.as_ref()), machine.stamp());
        Trader { machine, desk, terms, teller, bar, day: Day::default(), horizon: Horizon::default() }
    }

    /// The same with the session at hand as the inputs so far have left it.
    pub(super) fn with_day(self, day: Day, horizon: Horizon) -> Trader {
        Trader { day, horizon, ..self }
    }

    /// Its scenario.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Its desk.
    pub fn desk(&mut self) -> &mut AlpacaDesk {
        &mut self.desk
    }

    /// Its desk, to look at.
    pub fn desk_ref(&self) -> &AlpacaDesk {
        &self.desk
    }

    /// Its engine, to look at.
    pub fn machine(&self) -> &dyn Machine {
        self.machine.as_ref()
    }

    /// Fills it has had so far.
    pub fn filled(&self) -> u64 {
        self.day.filled()
    }

    /// Fills from here on happened on the bar `stamp`, unless it is one that has closed already.
    pub fn begin_bar(&mut self, stamp: Timestamp, moment: FillMoment) {
        let first = match self.machine.stamp() {
            Timestamp::MIN => stamp,
            shown => self.terms.next_stamp(shown),
        };
        self.bar = stamp.max(first);
        self.desk.at_bar(self.bar, moment);
    }

    /// Gives it an input, after it is written. What comes of it is told.
    ///
    /// Errors: the session must not go on.
    pub fn give(
        &mut self,
        input: Input,
        at: Moment,
        keeper: &mut dyn Keeper,
    ) -> Result<Vec<SessionEvent>, SessionError> {
        let row = self.row(RowKind::Input, at, to_value(&input));
        keeper.append(&[row], Durability::Buffered)?;
        self.apply(input, at, keeper)
    }

    /// Shares that left the account by no order of ours leave the book, as if an order of its own had filled. Input and
    /// entry are written together: either both are there after a restart, or the difference is found anew.
    ///
    /// Errors: the session must not go on.
    pub fn take_out(
        &mut self,
        left: &LeftOutside,
        by_kill_switch: bool,
        at: Moment,
        keeper: &mut dyn Keeper,
    ) -> Result<Vec<SessionEvent>, SessionError> {
        let LeftOutside { symbol, side, quantity, .. } = *left;
        self.desk.left_outside(self.machine.orders().next_id(), left);
        let input = Input::LeftOutside { symbol, side, quantity, by_kill_switch, now: self.bar };
        let mut rows = vec![self.row(RowKind::Input, at, to_value(&input))];
        rows.extend(desk_rows(&self.terms.name, &self.desk.take_log(), at));
        keeper.append(&rows, Durability::Flushed)?;
        let mut told = self.apply(input, at, keeper)?;
        told.extend(self.answer(at, keeper)?);
        Ok(told)
    }

    /// What follows from an input that is written.
    fn apply(&mut self, input: Input, at: Moment, keeper: &mut dyn Keeper) -> Result<Vec<SessionEvent>, SessionError> {
        if let Input::Bars { time, bars, warm_up: false, .. } = &input {
            let all: Vec<(SymbolIndex, Bar)> = bars.iter().map(|bar| (bar.symbol, bar.at(*time))).collect();
            let step: Vec<(SymbolIndex, &Bar)> = all.iter().map(|(symbol, bar)| (*symbol, bar)).collect();
            self.desk.on_bars(&step);
        }
        self.day.before(&input, &[], self.machine.as_ref(), &self.terms);
        self.horizon.before(&input, self.machine.as_ref(), &self.terms);
        let acted = self.machine.act(&input, &[])?;
        if matches!(input, Input::Forgotten { .. }) {
            self.teller.forget(self.machine.as_ref());
        }
        if let (Input::Split { symbol, ratio, time }, Some(after)) = (&input, acted.after_split) {
            self.desk.on_split(*symbol, *ratio, after, *time);
        }
        self.day.follow(self.machine.as_ref(), &self.terms);
        let mut told = self.teller.after_input(&input, &acted, self.machine.as_ref(), &self.terms, at.time);
        if acted.session_ended && !matches!(input, Input::Bars { warm_up: true, .. }) {
            told.push(super::summary::of_session(self, at.time));
        }
        self.carry(acted);
        self.tell(told, at, keeper)
    }

    /// Before the first bars of a session, which open at `stamp`, what is over and in the journal leaves memory.
    ///
    /// Errors: the session must not go on.
    pub fn forget_before(
        &mut self,
        stamp: Timestamp,
        at: Moment,
        keeper: &mut dyn Keeper,
    ) -> Result<Vec<SessionEvent>, SessionError> {
        let Some(before) = self.horizon.passed(stamp, &self.terms) else { return Ok(Vec::new()) };
        let Some(but) = self.desk.forget(before) else { return Ok(Vec::new()) };
        // The desk's entry comes first: an engine that remembers more than its desk hears of nothing that it does not know.
        let rows = desk_rows(&self.terms.name, &self.desk.take_log(), at);
        keeper.append(&rows, Durability::Buffered)?;
        self.give(Input::Forgotten { before, but }, at, keeper)
    }

    /// Takes what the venue has answered to the engine, until both are quiet.
    ///
    /// Errors: the session must not go on.
    pub fn answer(&mut self, at: Moment, keeper: &mut dyn Keeper) -> Result<Vec<SessionEvent>, SessionError> {
        let mut told = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let mut events = Vec::new();
            self.desk.poll(&mut events);
            let log = self.desk.take_log();
            let mut rows = desk_rows(&self.terms.name, &log, at);
            let count = events.len();
            if count > 0 {
                let input = Input::Answers { count, now: self.bar };
                rows.push(self.row(RowKind::Input, at, to_value(&input)));
            }
            if !rows.is_empty() {
                keeper.append(&rows, Durability::Buffered)?;
            }
            if count == 0 {
                return Ok(told);
            }
            let input = Input::Answers { count, now: self.bar };
            self.day.before(&input, &events, self.machine.as_ref(), &self.terms);
            let acted = self.machine.act(&input, &events)?;
            let made = self.day.follow(self.machine.as_ref(), &self.terms);
            let answered = Answered { events: &events, made: &made, day: &self.day };
            let words = self.teller.after_answers(&answered, self.machine.as_ref(), &self.terms, at.time);
            self.carry(acted);
            told.extend(self.tell(words, at, keeper)?);
        }
        Err(SessionError::Endless)
    }

    /// What the desk has noticed, for people.
    ///
    /// Errors: the session must not go on.
    pub fn take_findings(&mut self, at: Moment, keeper: &mut dyn Keeper) -> Result<Vec<SessionEvent>, SessionError> {
        let found = self.desk.take_findings();
        let told = found.iter().map(|finding| super::tell_found::event(finding, &self.terms, at.time)).collect();
        self.tell(told, at, keeper)
    }

    /// Writes events and gives them their rows.
    pub(super) fn tell(
        &self,
        events: Vec<SessionEvent>,
        at: Moment,
        keeper: &mut dyn Keeper,
    ) -> Result<Vec<SessionEvent>, SessionError> {
        Ok(keep_events(events, at, keeper)?)
    }

    /// Effects go to the desk; what ends with a session ends before what was decided after it.
    fn carry(&mut self, acted: Acted) {
        if acted.session_ended {
            self.desk.on_session_close();
        }
        for effect in acted.effects {
            match effect {
                Effect::Submit(order) => self.desk.submit(order),
                Effect::Cancel(order) => self.desk.cancel(order),
                Effect::Replace(change) => self.desk.replace(change),
            }
        }
    }

    fn row(&self, kind: RowKind, at: Moment, body: Value) -> Row {
        Row { time: at.time, wall: at.wall, strategy: Some(self.terms.name.clone()), kind, body }
    }
}

/// The rows of what the desk of a scenario wants kept.
pub fn desk_rows(strategy: &str, log: &[Entry], at: Moment) -> Vec<Row> {
    let row = |entry: &Entry| Row {
        time: at.time,
        wall: at.wall,
        strategy: Some(strategy.to_owned()),
        kind: RowKind::Desk,
        body: to_value(entry),
    };
    log.iter().map(row).collect()
}

/// Writes events and gives them the numbers of their rows.
pub fn keep_events(
    mut events: Vec<SessionEvent>,
    at: Moment,
    keeper: &mut dyn Keeper,
) -> Result<Vec<SessionEvent>, KeepError> {
    if events.is_empty() {
        return Ok(events);
    }
    let row = |event: &SessionEvent| {
        let (strategy, body) = (event.strategy.clone(), to_value(event));
        Row { time: at.time, wall: at.wall, strategy, kind: RowKind::Event, body }
    };
    let rows: Vec<Row> = events.iter().map(row).collect();
    let last = keeper.append(&rows, Durability::Buffered)?;
    let first = (last + 1).saturating_sub(rows.len() as u64);
    events.iter_mut().zip(first..).for_each(|(event, number)| event.row = number);
    Ok(events)
}

/// What the journal keeps: every type here writes itself as JSON without a number that is not whole.
pub(super) fn to_value(what: &impl serde::Serialize) -> Value {
    serde_json::to_value(what).expect("keys are text")
}
