//! What notifications keep in the journal: which channels were set up, and what became of every message.
//!
//! Not here: the journal itself (live::journal), when to send (line).
//! Invariants: (1) a message is owed to the channels that were set up when its event was written; (2) it is settled by a
//! row that says delivered, refused or given up, and by nothing else.
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::Timestamp;
use crate::live::SessionEvent;

/// What became of one try to deliver a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The other side took it.
    Delivered,
    /// It did not; the message is tried again.
    Failed,
    /// It refused this message so often that no further try is made.
    Refused,
    /// Nobody took it for so long that no further try is made.
    GivenUp,
}

/// One try, as the journal keeps it in the body of a row `delivery`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The row of the event.
    pub event: u64,
    /// `email`, `slack` or `webhook`.
    pub channel: String,
    /// Which try, from 1.
    pub attempt: u32,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// How long it took.
    pub took_ms: u64,
    /// What the other side said, or what went wrong; no secrets.
    pub text: String,
    /// The message's own name: Message-ID of an e-mail, `Idempotency-Key` of a webhook.
    pub key: String,
}

/// Which channels are set up from here on, as the journal keeps it in the body of a row `setting`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Channels {
    /// Always `notifications`: which setting this is.
    pub setting: String,
    /// Their names.
    pub channels: Vec<String>,
}

/// What notifications write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// A try.
    Delivery(Delivery),
    /// What is set up.
    Channels(Channels),
}

/// What a row of the journal is to notifications.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// An event; its `row` is that of the row.
    Event(SessionEvent),
    /// What notifications wrote.
    Note(Note),
    /// Another row.
    Other,
}

/// What notifications need of a journal.
pub trait Outbox: Send + 'static {
    /// Gives rows from number `from` (≥ 1) on to `each`, in order, with the wall clock's time at which they were
    /// written, until it breaks. Errors: the journal's words.
    fn rows(&self, from: u64, each: &mut dyn FnMut(u64, Timestamp, Entry) -> ControlFlow<()>) -> Result<(), String>;

    /// The number of the last row; 0 while there is none.
    fn last(&self) -> u64;

    /// Appends a row. It need not be on the disk at once: a delivery that is forgotten is made twice, under the same key.
    /// `time`: the venue's clock of the event. Errors: the journal's words.
    fn note(&mut self, time: Timestamp, wall: Timestamp, note: &Note) -> Result<(), String>;

    /// What tells this journal from others: the same whenever it is read. `None` while it is empty.
    fn identity(&self) -> Result<Option<String>, String>;
}

impl Channels {
    const SETTING: &str = "notifications";

    /// Of these channels.
    pub fn new(channels: Vec<String>) -> Channels {
        Channels { setting: Self::SETTING.to_owned(), channels }
    }
}

impl Note {
    /// As the body of a row.
    pub fn to_body(&self) -> Value {
        let body = match self {
            Note::Delivery(delivery) => serde_json::to_value(delivery),
            Note::Channels(channels) => serde_json::to_value(channels),
        };
        body.expect("names and numbers are JSON")
    }

    /// A row `delivery`; `None`: a body of another program version.
    pub fn of_delivery(body: &Value) -> Option<Note> {
        Delivery::deserialize(body).ok().map(Note::Delivery)
    }

    /// A row `setting`; `None`: it is another setting.
    pub fn of_setting(body: &Value) -> Option<Note> {
        let channels = Channels::deserialize(body).ok()?;
        (channels.setting == Channels::SETTING).then_some(Note::Channels(channels))
    }
}

/// The first row written at or after `wall`, found by halving; one past the last where there is none.
///
/// Rows are in the order of writing. Where the machine's clock was set back in between, rows of up to that span may be
/// missed or read in vain.
pub fn first_since(outbox: &(impl Outbox + ?Sized), wall: Timestamp) -> Result<u64, String> {
    let (mut low, mut high) = (1, outbox.last() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut written = None;
        outbox.rows(middle, &mut |_, at, _| {
            written = Some(at);
            ControlFlow::Break(())
        })?;
        match written {
            Some(at) if at < wall => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

#[cfg(test)]
pub mod memory {
    //! An outbox in memory, for tests of this room.
    use super::*;

    /// Rows from 1, without gaps.
    #[derive(Default)]
    pub struct Memory {
        pub rows: Vec<(Timestamp, Entry)>,
        pub fails: bool,
    }

    impl Memory {
        /// Writes an event and gives it with its row.
        pub fn event(&mut self, wall: i64, mut event: SessionEvent) -> SessionEvent {
            event.row = self.rows.len() as u64 + 1;
            self.rows.push((Timestamp::from_ns(wall), Entry::Event(event.clone())));
            event
        }

        /// All deliveries, in order.
        pub fn deliveries(&self) -> Vec<Delivery> {
            let note = |entry: &Entry| match entry {
                Entry::Note(Note::Delivery(delivery)) => Some(delivery.clone()),
                _ => None,
            };
            self.rows.iter().filter_map(|(_, entry)| note(entry)).collect()
        }
    }

    impl Outbox for Memory {
        fn rows(
            &self,
            from: u64,
            each: &mut dyn FnMut(u64, Timestamp, Entry) -> ControlFlow<()>,
        ) -> Result<(), String> {
            if self.fails {
                return Err("the journal cannot be read".to_owned());
            }
            for (at, (wall, entry)) in self.rows.iter().enumerate().skip(from as usize - 1) {
                if each(at as u64 + 1, *wall, entry.clone()).is_break() {
                    break;
                }
            }
            Ok(())
        }

        fn last(&self) -> u64 {
            self.rows.len() as u64
        }

        fn note(&mut self, _: Timestamp, wall: Timestamp, note: &Note) -> Result<(), String> {
            self.rows.push((wall, Entry::Note(note.clone())));
            Ok(())
        }

        fn identity(&self) -> Result<Option<String>, String> {
            Ok((!self.rows.is_empty()).then(|| "memory".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::memory::Memory;
    use super::*;

    #[test]
    fn the_first_row_of_a_span_is_found() {
        let mut outbox = Memory::default();
        assert_eq!(first_since(&outbox, Timestamp::from_ns(0)), Ok(1), "an empty journal");
        outbox.rows = [10, 20, 20, 30, 40].map(|ns| (Timestamp::from_ns(ns), Entry::Other)).to_vec();
        for (wall, row) in [(0, 1), (10, 1), (11, 2), (20, 2), (21, 4), (40, 5), (41, 6)] {
            assert_eq!(first_since(&outbox, Timestamp::from_ns(wall)), Ok(row), "{wall}");
        }
    }

    #[test]
    fn notes_come_back_from_their_bodies() {
        let delivery = Delivery {
            event: 7,
            channel: "email".to_owned(),
            attempt: 2,
            outcome: DeliveryOutcome::Failed,
            took_ms: 31,
            text: "451 later".to_owned(),
            key: "7-aa".to_owned(),
        };
        let note = Note::Delivery(delivery);
        assert_eq!(note.to_body()["outcome"], "failed");
        assert_eq!(Note::of_delivery(&note.to_body()), Some(note.clone()));
        let channels = Note::Channels(Channels::new(vec!["slack".to_owned()]));
        assert_eq!(Note::of_setting(&channels.to_body()), Some(channels));
        assert_eq!(Note::of_setting(&serde_json::json!({ "setting": "other", "channels": [] })), None);
        assert_eq!(Note::of_delivery(&serde_json::json!({ "event": 7 })), None);
    }
}
