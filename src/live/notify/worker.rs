//! One channel's task: takes in what is owed, delivers it, keeps in the journal what came of it.
//!
//! Not here: order and times (line), the thread (mod).
//! Invariants: (1) what is sent is read from the journal, so nobody is told what is not written; (2) the journal is held
//! for a handful of rows at a time; (3) nothing here makes the session wait.
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::channel::Channel;
use super::line::{Line, LineHealth, Outcome, Step};
use super::outbox::{Delivery, Entry, Note, Outbox, first_since};
use super::rules::is_told;
use super::schedule::AGE_MAX;
use super::text::{Banner, Message};
use crate::domain::Timestamp;
use crate::live::SessionEvent;
use crate::live::redact::Redactor;

/// Rows read while the journal is held: a fraction of a millisecond.
const ROWS_AT_ONCE: usize = 128;
/// Between two such readings the session has the journal.
const PAUSE: Duration = Duration::from_millis(1);
/// A journal that cannot be read is asked again after this.
const TROUBLE_WAIT: Duration = Duration::from_secs(5);
/// How long an orderly end waits for what is owed; the rest is sent when the next session starts.
pub const STOP_TIME: Duration = Duration::from_secs(10);

/// What a line and those who tell it things share.
pub struct Shared {
    /// The lowest row that was not handed over because the channel was full; 0: none.
    missed: AtomicU64,
    wake: Notify,
    health: Mutex<LineHealth>,
}

impl Shared {
    /// Of a line that owes nothing yet.
    pub fn new(channel: &'static str) -> Shared {
        let health = Line::new(channel, 0).health(None);
        Shared { missed: AtomicU64::new(0), wake: Notify::new(), health: Mutex::new(health) }
    }

    /// `row` is to be read from the journal.
    pub fn miss(&self, row: u64) {
        let lower = |missed: u64| Some(if missed == 0 { row } else { missed.min(row) });
        let _ = self.missed.fetch_update(Ordering::AcqRel, Ordering::Acquire, lower);
        self.wake.notify_one();
    }

    /// How the line does.
    pub fn health(&self) -> LineHealth {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What all lines of a notifier need.
pub struct Common<O> {
    pub banner: Banner,
    pub session: String,
    pub redactor: Arc<Redactor>,
    pub outbox: Arc<Mutex<O>>,
}

/// The task of one channel.
pub struct Worker<O> {
    common: Arc<Common<O>>,
    channel: Channel,
    line: Line,
    shared: Arc<Shared>,
    rows: mpsc::Receiver<u64>,
    stop: watch::Receiver<bool>,
    /// Rows from here on have not been looked at.
    unread: Option<u64>,
    /// Events of the rows being read are owed to this channel.
    is_set_up: bool,
    journal: Option<String>,
    trouble: Option<String>,
}

impl<O: Outbox> Worker<O> {
    /// A task that is not running yet. `seed`: of the draws that spread its waits.
    pub fn new(
        common: Arc<Common<O>>,
        channel: Channel,
        shared: Arc<Shared>,
        rows: mpsc::Receiver<u64>,
        stop: watch::Receiver<bool>,
        seed: u64,
    ) -> Worker<O> {
        let line = Line::new(channel.name(), seed);
        let (unread, journal, trouble) = (None, None, None);
        Worker { common, channel, line, shared, rows, stop, unread, is_set_up: true, journal, trouble }
    }

    /// Works until it is told to stop and nothing is owed, or the time for that is over.
    pub async fn run(mut self) {
        self.begin();
        let mut deadline = None;
        // An end without a word (the notifier was dropped) waits for nothing.
        while self.stop.has_changed().is_ok() {
            if deadline.is_none() && *self.stop.borrow_and_update() {
                deadline = Some(Instant::now() + STOP_TIME);
            }
            let may_end = deadline.is_some();
            tokio::select! {
                biased;
                () = until(deadline) => break,
                is_idle = self.step() => if is_idle && may_end { break },
            }
        }
        self.publish();
    }

    /// Where reading begins: what was written within the age of a message.
    fn begin(&mut self) {
        let day = i64::try_from(AGE_MAX.as_nanos()).expect("a day of nanoseconds");
        let since = Timestamp::from_ns(wall().ns().saturating_sub(day));
        let first = first_since(&*self.outbox(), since);
        self.unread = Some(first.unwrap_or_else(|trouble| {
            self.trouble = Some(trouble);
            1
        }));
    }

    /// Does the next thing; `true`: nothing was owed. Cancelled, it loses nothing but a try.
    async fn step(&mut self) -> bool {
        while let Ok(row) = self.rows.try_recv() {
            // All rows are owed as if written now: told at once, or found in the journal with their time.
            self.line.owe(row, wall());
        }
        let missed = self.shared.missed.swap(0, Ordering::AcqRel);
        if missed > 0 {
            self.unread = Some(self.unread.map_or(missed, |unread| unread.min(missed)));
        }
        if let Some(from) = self.unread {
            // Nothing is sent before all that was sent earlier is known.
            self.read_on(from).await;
            return false;
        }
        match self.line.next(wall()) {
            Step::Send(row) => {
                self.send(row).await;
                false
            }
            Step::GiveUp(row) => {
                let delivery = self.line.give_up(row, wall());
                tracing::warn!(channel = self.channel.name(), row, "a message was given up: {}", delivery.text);
                self.keep(wall(), delivery);
                false
            }
            Step::Wait(moment) => {
                let left = Duration::from_nanos(u64::try_from(moment.ns() - wall().ns()).unwrap_or(0));
                // A clock that is set while this waits is looked at again.
                self.rest(left.min(TROUBLE_WAIT)).await;
                false
            }
            Step::Idle => {
                if !*self.stop.borrow() {
                    self.rest(Duration::from_secs(3_600)).await;
                }
                true
            }
        }
    }

    /// Waits for something new, `longest` at most. What comes is only noticed here and taken by the next step.
    async fn rest(&mut self, longest: Duration) {
        self.publish();
        tokio::select! {
            row = self.rows.recv() => if let Some(row) = row { self.line.owe(row, wall()) },
            () = self.shared.wake.notified() => {}
            _ = self.stop.changed() => {}
            () = tokio::time::sleep(longest) => {}
        }
    }

    /// Looks at some rows from `from` on.
    async fn read_on(&mut self, from: u64) {
        let mut entries = Vec::with_capacity(ROWS_AT_ONCE);
        let mut next = from;
        let read = self.outbox().rows(from, &mut |row, wall, entry| {
            next = row + 1;
            entries.push((row, wall, entry));
            if entries.len() < ROWS_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let is_end = entries.len() < ROWS_AT_ONCE;
        for (row, wall, entry) in entries {
            self.take_in(row, wall, &entry);
        }
        self.trouble = read.err();
        self.unread = if is_end && self.trouble.is_none() { None } else { Some(next) };
        if self.trouble.is_some() {
            return self.wait_for_the_journal().await;
        }
        tokio::time::sleep(PAUSE).await;
    }

    async fn wait_for_the_journal(&self) {
        self.publish();
        tokio::time::sleep(TROUBLE_WAIT).await;
    }

    fn take_in(&mut self, row: u64, wall: Timestamp, entry: &Entry) {
        match entry {
            Entry::Event(event) if is_told(event) && self.is_set_up => self.line.owe(row, wall),
            Entry::Note(Note::Delivery(delivery)) => self.line.remember(delivery),
            Entry::Note(Note::Channels(channels)) => {
                self.is_set_up = channels.channels.iter().any(|name| name == self.channel.name());
            }
            Entry::Event(_) | Entry::Other => {}
        }
    }

    async fn send(&mut self, row: u64) {
        let event = match self.event(row) {
            Ok(Some(event)) => event,
            Ok(None) => {
                tracing::warn!(row, "a message was asked for a row that is no event");
                return self.line.settle(row);
            }
            Err(trouble) => {
                self.trouble = Some(trouble);
                return self.wait_for_the_journal().await;
            }
        };
        let Common { banner, session, redactor, .. } = &*self.common;
        let journal = self.journal.as_deref().unwrap_or_default();
        let message = Message::new(*banner, session, journal, &event, redactor);
        let began = Instant::now();
        let outcome = self.channel.deliver(&message, wall(), redactor).await;
        let name = self.channel.name();
        match &outcome {
            Outcome::Delivered(_) => tracing::debug!(channel = name, row, "told"),
            Outcome::Later { why, .. } | Outcome::Refused(why) => {
                tracing::warn!(channel = name, row, "not told: {why}")
            }
        }
        let delivery = self.line.tried(row, message.key(), outcome, began.elapsed(), wall());
        self.keep(event.time, delivery);
    }

    /// The event of `row`; learns the journal's identity on the way.
    fn event(&mut self, row: u64) -> Result<Option<SessionEvent>, String> {
        let mut found = None;
        let identity = {
            let outbox = self.outbox();
            outbox.rows(row, &mut |number, _, entry| {
                if let (true, Entry::Event(event)) = (number == row, entry) {
                    found = Some(event);
                }
                ControlFlow::Break(())
            })?;
            if self.journal.is_none() { outbox.identity()? } else { None }
        };
        self.journal = self.journal.take().or(identity);
        Ok(found)
    }

    fn keep(&mut self, time: Timestamp, delivery: Delivery) {
        let note = Note::Delivery(delivery);
        let kept = self.outbox().note(time, wall(), &note);
        self.trouble = kept.err();
    }

    /// A panic of another holder is no reason to tell nobody.
    fn outbox(&self) -> MutexGuard<'_, O> {
        self.common.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self) {
        let trouble = self.trouble.as_deref().map(|text| self.common.redactor.clean(text).into_owned());
        *self.shared.health.lock().unwrap_or_else(PoisonError::into_inner) = self.line.health(trouble);
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// The machine's clock.
pub fn wall() -> Timestamp {
    Timestamp::from_ns(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}
