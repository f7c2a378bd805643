//! The journal as the outbox of notifications.
//!
//! Not here: what is kept (outbox), the file (live::journal).
use std::fmt::Write as _;
use std::ops::ControlFlow;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::outbox::{Entry, Note, Outbox};
use crate::domain::Timestamp;
use crate::live::SessionEvent;
use crate::live::journal::{Durability, Journal, JournalError, Row, RowKind};

impl Outbox for Journal {
    fn rows(&self, from: u64, each: &mut dyn FnMut(u64, Timestamp, Entry) -> ControlFlow<()>) -> Result<(), String> {
        let mut is_over = false;
        let read = self.read(from, |number, row| {
            is_over = each(number, row.wall, entry(number, &row)).is_break();
            // An error is the only way to end a reading early.
            if is_over { Err(JournalError::Row { row: number, what: "enough".to_owned() }) } else { Ok(()) }
        });
        match read {
            Err(_) if is_over => Ok(()),
            other => other.map_err(|error| error.to_string()),
        }
    }

    fn last(&self) -> u64 {
        self.head().0
    }

    fn note(&mut self, time: Timestamp, wall: Timestamp, note: &Note) -> Result<(), String> {
        let kind = match note {
            Note::Delivery(_) => RowKind::Delivery,
            Note::Channels(_) => RowKind::Setting,
        };
        let row = Row { time, wall, strategy: None, kind, body: note.to_body() };
        self.append(&[row], Durability::Buffered).map(drop).map_err(|error| error.to_string())
    }

    fn identity(&self) -> Result<Option<String>, String> {
        let mut identity = None;
        let read = self.read(1, |number, row| {
            let mut hash = Sha256::new();
            for time in [row.time, row.wall] {
                hash.update(time.ns().to_le_bytes());
            }
            hash.update(row.body.to_string());
            let mut text = String::new();
            for byte in &hash.finalize()[..8] {
                let _ = write!(text, "{byte:02x}");
            }
            identity = Some(text);
            Err(JournalError::Row { row: number, what: "enough".to_owned() })
        });
        match read {
            Err(error) if identity.is_none() => Err(error.to_string()),
            _ => Ok(identity),
        }
    }
}

fn entry(number: u64, row: &Row) -> Entry {
    let entry = match row.kind {
        RowKind::Event => SessionEvent::deserialize(&row.body)
            .ok()
            .map(|event| SessionEvent { row: number, ..event })
            .map(Entry::Event),
        RowKind::Delivery => Note::of_delivery(&row.body).map(Entry::Note),
        RowKind::Setting => Note::of_setting(&row.body).map(Entry::Note),
        _ => None,
    };
    entry.unwrap_or(Entry::Other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::notify::outbox::{Channels, Delivery, DeliveryOutcome, first_since};
    use crate::live::notify::testing::event;
    use crate::live::{EventKind, Severity};

    fn append(journal: &mut Journal, wall: i64, kind: RowKind, body: serde_json::Value) {
        let at = Timestamp::from_ns(wall);
        let row = Row { time: at, wall: at, strategy: None, kind, body };
        journal.append(&[row], Durability::Flushed).expect("append");
    }

    #[test]
    fn a_journal_gives_back_what_notifications_wrote() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("journal.db");
        let mut journal = Journal::open(&path).expect("journal");
        assert_eq!((journal.last(), journal.identity()), (0, Ok(None)));
        append(&mut journal, 10, RowKind::Input, serde_json::json!({ "bar": 1 }));
        let told = event(0, EventKind::Fill, Severity::Info, "Bought.");
        append(&mut journal, 20, RowKind::Event, serde_json::to_value(&told).expect("JSON"));
        let delivery = Note::Delivery(Delivery {
            event: 2,
            channel: "email".to_owned(),
            attempt: 1,
            outcome: DeliveryOutcome::Delivered,
            took_ms: 12,
            text: "250 ok".to_owned(),
            key: "2-ab".to_owned(),
        });
        let channels = Note::Channels(Channels::new(vec!["email".to_owned()]));
        let at = Timestamp::from_ns(30);
        journal.note(at, at, &delivery).expect("note");
        journal.note(at, at, &channels).expect("note");
        let mut found = Vec::new();
        let all = journal.rows(1, &mut |row, wall, entry| {
            found.push((row, wall.ns(), entry));
            ControlFlow::Continue(())
        });
        assert_eq!(all, Ok(()));
        let read = SessionEvent { row: 2, ..told };
        assert_eq!(
            found,
            [
                (1, 10, Entry::Other),
                (2, 20, Entry::Event(read)),
                (3, 30, Entry::Note(delivery)),
                (4, 30, Entry::Note(channels))
            ]
        );
        let mut count = 0;
        let one = journal.rows(2, &mut |_, _, _| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!((one, count), (Ok(()), 1));
        assert_eq!(first_since(&journal, Timestamp::from_ns(15)), Ok(2));
        let identity = journal.identity();
        assert!(matches!(&identity, Ok(Some(text)) if text.len() == 16), "{identity:?}");
        drop(journal);
        assert_eq!(Journal::open(&path).expect("again").identity(), identity);
    }
}
