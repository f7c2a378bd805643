//! What people ask of a running session, and the kill switch, which any process of the account may press.
//!
//! Not here: who may ask (dashboard, cli), what the switch is (risk).
//! A command is in the journal before it is done. Everything here stops, shrinks or goes on.
use serde_json::json;

use super::{Commanded, Driver, DriverError};
use crate::domain::Quantity;
use crate::execution::alpaca::{StreamKind, TradingMode};
use crate::live::command::{Asked, Command, Done, ItemOutcome};
use crate::live::event::{EventKind, Severity};
use crate::live::journal::{Durability, Row, RowKind};
use crate::live::kill::stop_file;
use crate::live::session::{Input, Keeper, SessionRow};
use crate::report::format::to_the_second;
use crate::risk::{Halt, HaltCause, HaltOrder, HaltedBy, LatchEvent, LatchFile, ResumeOrder, Words};

/// Entries are taken back within this when a session ends; what the venue has not answered by then stays there.
const STOP_MS: u64 = 10_000;
/// What a person is called who gave no name that can be kept.
const UNNAMED: Words = Words::fixed("somebody");

impl<M: TradingMode> Driver<M> {
    /// Commands that have come, without waiting.
    pub(super) fn take_waiting_commands(&mut self) -> Result<(), DriverError> {
        while let Ok(command) = self.people.commands.try_recv() {
            self.command(command)?;
        }
        Ok(())
    }

    /// Does what is asked, and says what came of it.
    pub(super) fn command(&mut self, (asked, answer): Commanded) -> Result<(), DriverError> {
        let done = self.obey(&asked)?;
        let at = self.clock.moment();
        let body = json!({ "asked": asked, "done": done });
        let row = Row { time: at.time, wall: at.wall, strategy: None, kind: RowKind::Command, body };
        self.keeper.append(&[row], Durability::Flushed)?;
        // Whoever asked may have left.
        let _ = answer.send(done);
        Ok(())
    }

    fn obey(&mut self, asked: &Asked) -> Result<Done, DriverError> {
        let by = Words::new(&asked.by).unwrap_or(UNNAMED);
        match &asked.command {
            Command::Halt { flatten, reason } => {
                // Whoever asks has pressed the switch first; it is pressed here where that press is not on the disk.
                if !self.is_latched(*flatten) {
                    let reason = reason.as_deref().and_then(|text| Words::new(text).ok());
                    let at = super::wall();
                    let order = HaltOrder { at, by: HaltedBy::Person(by), reason, flatten: *flatten };
                    self.kill.handle().hold(&order);
                }
                self.watch_latch()?;
                Ok(match self.kill.handle().why_unrecorded() {
                    None => done("Halted. Only a resume with a reason ends it."),
                    Some(why) => {
                        done(&format!("Halted, but not on the disk ({why}); it holds as long as this session runs."))
                    }
                })
            }
            Command::Resume { reason } => match Words::new(reason) {
                Err(error) => Ok(refused(format!("The reason cannot be kept: {error}."))),
                Ok(reason) => {
                    if let Some(file) = stop_file(&self.state) {
                        let what = "is there and would halt again at once; take it away, then resume";
                        return Ok(refused(format!("Not resumed: {} {what}.", file.display())));
                    }
                    if let Some(order) = self.kill.handle().unrecorded() {
                        let HaltOrder { by, at, .. } = order;
                        return Ok(refused(format!(
                            "Not resumed: the halt by {by} of {} is not on the disk yet, and would halt again at once; make \
                             room there, and resume when it is.",
                            to_the_second(at)
                        )));
                    }
                    let order =
                        ResumeOrder { at: super::wall(), by: HaltedBy::Person(by.clone()), reason: reason.clone() };
                    let ended = match self.latch.resume(order) {
                        Ok(ended) => ended,
                        Err(error) => return Ok(refused(format!("Not resumed: {error}."))),
                    };
                    // Before anything is lifted.
                    let lifted = self.lifted(ended.is_some());
                    // What the switch had latched is lifted as the switch is seen clear; a limit's halt has no latch.
                    if ended.is_none() {
                        if let Some(nothing) = self.nothing_to_resume() {
                            return Ok(nothing);
                        }
                        self.give_all(&Input::Resume { by: HaltedBy::Person(by), reason })?;
                    }
                    self.watch_latch()?;
                    Ok(done(&format!("Resumed. Lifted: {lifted}.")))
                }
            },
            Command::Flatten => self.flatten(by),
            Command::Close { strategy, symbol } => self.close(strategy, symbol),
            Command::Cancel { strategy, order } => match self.seat_of(strategy) {
                None => Ok(refused(format!("No scenario `{strategy}` runs here."))),
                Some(seat) => {
                    let gate = self.seats[seat].trader.machine().gate();
                    if !gate.open().iter().any(|open| open.order == *order && !open.reduces) {
                        return Ok(refused(format!("Order {} is no entry that rests.", order.0)));
                    }
                    self.give(seat, Input::TakeBack { order: *order })?;
                    Ok(done("The order is being taken back."))
                }
            },
            Command::Reconnect => {
                self.port.drop_stream(StreamKind::Trading);
                self.port.drop_stream(StreamKind::Data);
                Ok(done("Both streams are being connected anew."))
            }
            Command::Stop => {
                self.take_entries_back()?;
                Ok(done(match self.venue_ends {
                    true => "The rehearsal ends, and its exchange with it.",
                    false => "The session ends; positions and their stops stay at the venue.",
                }))
            }
        }
    }

    /// Does the switch say halted, and closing all positions where that is `wanted`: on the disk, or in memory where a press
    /// could not be written down? One that cannot be read has to be pressed.
    fn is_latched(&self, wanted: bool) -> bool {
        if self.kill.handle().unrecorded().is_some_and(|order| order.flatten || !wanted) {
            return true;
        }
        let found = LatchFile::new(&self.state).read(super::wall());
        found.is_ok_and(|latch| latch.latched().is_some_and(|latched| latched.flatten || !wanted))
    }

    /// What a resume lifts, in words: the kill switch where it stands, and what a person may lift of the limits' halts.
    fn lifted(&self, is_latched: bool) -> String {
        let limits = self.limit_halts().into_iter().filter(|limit| limit.halt.cause != HaltCause::DailyLoss);
        let limits = limits.map(|limit| format!("{} of {}", limit.halt.cause.words(), limit.strategy));
        let switch = is_latched.then(|| HaltCause::KillSwitch.words().to_owned());
        switch.into_iter().chain(limits).collect::<Vec<_>>().join(", ")
    }

    /// What is said to a resume that would lift nothing, where the switch is clear; `None` where it lifts something.
    fn nothing_to_resume(&self) -> Option<Done> {
        let halts = || self.seats.iter().flat_map(|seat| seat.trader.machine().gate().watch().halts().iter());
        if halts().any(|halt| halt.cause != HaltCause::DailyLoss) {
            return None;
        }
        Some(refused(match halts().next() {
            None => "Nothing is halted, so nothing was resumed.".to_owned(),
            Some(halt) => format!("Nothing was resumed: halted by {}; {}.", halt.cause.words(), halt.cause.lifted_by()),
        }))
    }

    /// Closes what is held, and takes back what rests and could open.
    fn flatten(&mut self, by: Words) -> Result<Done, DriverError> {
        let items = self.positions();
        let rests = |seat: &super::Seat| seat.trader.machine().gate().open().iter().any(|open| !open.reduces);
        let text = match (items.is_empty(), self.seats.iter().any(rests)) {
            (false, _) => "All positions are being closed at the market.",
            (true, true) => "No position is open; the entries that rest are being taken back.",
            (true, false) => {
                return Ok(refused("Nothing to close: no position is open and no entry rests.".to_owned()));
            }
        };
        // Where the switch stands it goes the switch's way, which says item by item what comes of it.
        let is_kill = self.latch.read(super::wall()).is_ok_and(|latch| latch.latched().is_some());
        let order = HaltOrder { at: super::wall(), by: HaltedBy::Person(by), reason: None, flatten: true };
        let (was_added, is_added) = (self.has_flattened, is_kill && self.latch.halt(&order).is_ok());
        if is_added {
            self.watch_latch()?;
        }
        // What the switch has told the books once, it tells them no more.
        if was_added || !is_added {
            self.give_all(&Input::Leave { only: None })?;
        }
        Ok(Done { items, ..done(text) })
    }

    fn close(&mut self, strategy: &str, symbol: &str) -> Result<Done, DriverError> {
        let Some(seat) = self.seat_of(strategy) else {
            return Ok(refused(format!("No scenario `{strategy}` runs here.")));
        };
        let index = symbol.parse().ok().and_then(|symbol| self.seats[seat].trader.terms().index_of(symbol));
        let Some(index) = index else { return Ok(refused(format!("{strategy} does not trade `{symbol}`."))) };
        let held = self.seats[seat].trader.machine().portfolio().position(index).quantity();
        if held.is_zero() {
            return Ok(refused(format!("{strategy} holds no share of {symbol}.")));
        }
        self.give(seat, Input::Leave { only: Some(index) })?;
        Ok(done(&format!("{} shares of {symbol} are being closed at the market.", held.abs())))
    }

    pub(super) fn positions(&self) -> Vec<ItemOutcome> {
        let mut items = Vec::new();
        for seat in &self.seats {
            let (terms, portfolio) = (seat.trader.terms(), seat.trader.machine().portfolio());
            for (symbol, position) in terms.symbols.iter().zip(portfolio.positions()) {
                if !position.quantity().is_zero() {
                    let way = if position.quantity() < Quantity::ZERO { "Buying back" } else { "Selling" };
                    let of = if self.seats.len() > 1 { format!(" of {}", terms.name) } else { String::new() };
                    let text = format!("{way} {} {symbol}{of}.", position.quantity().abs());
                    items.push(ItemOutcome { item: symbol.to_string(), done: false, text });
                }
            }
        }
        items
    }

    fn seat_of(&self, strategy: &str) -> Option<usize> {
        self.seats.iter().position(|seat| seat.trader.terms().name == strategy)
    }

    /// Gives the same input to every engine.
    pub(super) fn give_all(&mut self, input: &Input) -> Result<(), DriverError> {
        (0..self.seats.len()).try_for_each(|at| self.give(at, input.clone()))
    }

    /// The switch is read, and what it says is an input: the engine that is made again from the journal is halted where
    /// this one was. One that cannot be read is a halt.
    pub(super) fn watch_latch(&mut self) -> Result<(), DriverError> {
        let now = super::wall();
        // Before the folder: a press that is written down in between shows there.
        let kept = self.kill.handle().unrecorded();
        let found = LatchFile::new(&self.state).read(now);
        let halt = match &found {
            Ok(latch) => latch.latched().map(|latched| (latched.to_halt(), latched.flatten)),
            Err(error) => {
                let (cause, by) = (HaltCause::KillSwitch, HaltedBy::Unreadable);
                Some((Halt { cause, since: now, by, reason: Words::new(&error.to_string()).ok() }, false))
            }
        };
        let halt = with_kept(halt, kept);
        let mut is_news = false;
        for at in 0..self.seats.len() {
            let own = self.seats[at].trader.machine().gate().watch().halts().get(HaltCause::KillSwitch).is_some();
            match (&halt, own) {
                (Some((halt, flatten)), false) => {
                    is_news = true;
                    self.give(at, Input::Halt { halt: halt.clone(), flatten: *flatten })?;
                }
                // A flatten that came after the halt: the books close what they hold, as if it had come with it.
                (Some((halt, true)), true) if !self.has_flattened => {
                    is_news = true;
                    self.give(at, Input::Halt { halt: halt.clone(), flatten: true })?;
                }
                (None, true) => {
                    let resume = found.as_ref().ok().and_then(|latch| last_resume(latch.history()));
                    let (by, reason) = resume.unwrap_or((HaltedBy::Unreadable, Words::fixed("the switch is clear")));
                    self.give(at, Input::Resume { by, reason })?;
                }
                _ => {}
            }
        }
        let now = self.clock.time();
        self.halted_at = halt.is_some().then(|| self.halted_at.unwrap_or(now));
        self.has_flattened = halt.as_ref().is_some_and(|(_, flatten)| *flatten);
        let closes = self.has_flattened;
        self.seats.iter_mut().for_each(|seat| seat.trader.desk().expect_closings(closes));
        if let Some((halt, flatten)) = halt.filter(|_| is_news) {
            self.say_halted(&halt, flatten)?;
        }
        self.tell_unrecorded()?;
        self.tell_kill()
    }

    /// The session itself presses the switch.
    pub(super) fn halt_for(&mut self, reason: &str) -> Result<(), DriverError> {
        let reason = Words::new(reason).ok();
        let by = HaltedBy::Person(Words::fixed("the session"));
        self.kill.handle().hold(&HaltOrder { at: super::wall(), by, reason, flatten: false });
        self.watch_latch()
    }

    /// Begins the end in good order: entries are taken back, positions and their stops stay.
    pub(super) fn take_entries_back(&mut self) -> Result<(), DriverError> {
        if self.stops_at.is_none() {
            self.stops_at = Some(self.clock.instant().ms + STOP_MS);
            self.give_all(&Input::TakeEntriesBack)?;
        }
        Ok(())
    }

    /// Is it about to end?
    pub(super) fn is_stopping(&self) -> bool {
        self.stops_at.is_some()
    }

    /// Is everything taken back, or was that waited for long enough?
    pub(super) fn has_stopped(&self) -> bool {
        let rests = |seat: &super::Seat| seat.trader.machine().gate().open().iter().any(|open| !open.reduces);
        let is_over = !self.seats.iter().any(rests) && self.is_quiet();
        self.stops_at.is_some_and(|until| is_over || self.clock.instant().ms >= until)
    }

    /// The end: the journal says that it was in good order.
    pub(super) fn stopped(&mut self) -> Result<(), DriverError> {
        let open: usize = self.positions().len();
        let rest = match (open, self.venue_ends) {
            (0, _) => "nothing is open".to_owned(),
            (1, true) => "1 position was open, and its exchange has ended with it".to_owned(),
            (_, true) => format!("{open} positions were open, and their exchange has ended with them"),
            (1, false) => "1 position and its stop stay at the venue".to_owned(),
            (_, false) => format!("{open} positions and their stops stay at the venue"),
        };
        let text = format!("The session has ended in good order; {rest}.");
        self.say_of_all(EventKind::Stopped, Severity::Info, text)?;
        let at = self.clock.moment();
        let body = json!(SessionRow::Stopped);
        let row = |seat: &super::Seat| Row {
            time: at.time,
            wall: at.wall,
            strategy: Some(seat.trader.terms().name.clone()),
            kind: RowKind::Session,
            body: body.clone(),
        };
        let rows: Vec<Row> = self.seats.iter().map(row).collect();
        self.keeper.append(&rows, Durability::Flushed)?;
        self.show_ended();
        Ok(())
    }
}

/// The halt that the folder shows, with one that is not there because it could not be written down. A folder that cannot be
/// read does not say who halted; what is in memory does.
fn with_kept(found: Option<(Halt, bool)>, kept: Option<HaltOrder>) -> Option<(Halt, bool)> {
    let Some(HaltOrder { at: since, by, reason, flatten: wanted }) = kept else { return found };
    let flatten = wanted || found.as_ref().is_some_and(|(_, flatten)| *flatten);
    let halt = found.map(|(halt, _)| halt).filter(|halt| halt.by != HaltedBy::Unreadable);
    Some((halt.unwrap_or(Halt { cause: HaltCause::KillSwitch, since, by, reason }), flatten))
}

fn last_resume(history: &[LatchEvent]) -> Option<(HaltedBy, Words)> {
    history.iter().rev().find_map(|event| match event {
        LatchEvent::Resume(ResumeOrder { by, reason, .. }) => Some((by.clone(), reason.clone())),
        LatchEvent::Halt(_) => None,
    })
}

fn done(text: &str) -> Done {
    Done { taken: true, text: text.to_owned(), items: Vec::new() }
}

fn refused(text: String) -> Done {
    Done { taken: false, text, items: Vec::new() }
}
