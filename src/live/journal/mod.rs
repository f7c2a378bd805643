//! The journal of an account: what sessions took in, meant to do, did and were asked, in one file that only grows.
//!
//! Not here: what rows mean (session, bodies of `history` aside), what is told to whom (notify), when to write (session).
//! Invariants: (1) rows are numbered from 1 without gaps, and nothing changes or deletes one; (2) what [`Journal::append`]
//! returned for with [`Durability::Flushed`] is on the disk, and so is everything before it; (3) every row carries a hash
//! over itself and the hash of the row before it (`chain`).
//!
//! Files, beside each other: `journal.db` (SQLite, with its `-wal` and `-shm`), `journal.lock` (whose lock the writer
//! holds), `journal.head` (number and hash of a row that is on the disk, so that a lost end is seen).
mod chain;
mod error;
mod export;
mod files;
mod head_file;
mod reader;
mod reading;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod verify;

pub use chain::{Head, Identity, ParseHeadError};
pub use error::JournalError;
pub use head_file::head_path;
pub use reader::JournalReader;
pub use reading::RawRow;
pub use store::Journal;
pub use verify::{Audit, FINDINGS_MAX, Finding, Noted};

use serde_json::Value;

use crate::domain::Timestamp;

/// Longest body of a row as JSON text, bytes: a session's begin holds the scenarios' texts, 1 MiB each at most.
pub const BODY_BYTES_MAX: usize = 16 << 20;

/// When an append may return.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// With its rows on the disk (fsync of the write-ahead log), and everything before them.
    Flushed,
    /// With its rows handed to the system: they outlive this process, and are lost with the power.
    Buffered,
}

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RowKind {
    /// A session began or ended.
    Session,
    /// What engine and strategy were given.
    Input,
    /// An entry of the desk's list: intents, and what the venue said.
    Desk,
    /// A happening, as people are told of it.
    Event,
    /// What a person asked for, and what came of it.
    Command,
    /// A notification on its way out, and what became of it.
    Delivery,
    /// Somebody signed in at the dashboard, tried to, or left: a body as that of an event.
    Login,
    /// A setting that a session began with.
    Setting,
}

/// A row, before it has a number.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// When, by the venue's clock.
    pub time: Timestamp,
    /// When, by this machine's clock.
    pub wall: Timestamp,
    /// The scenario it belongs to; none where it is of the whole session.
    pub strategy: Option<String>,
    /// What it is.
    pub kind: RowKind,
    /// What it says. Numbers are whole; fractions are text, as everywhere in this program's files.
    pub body: Value,
}

impl RowKind {
    /// All kinds.
    pub const ALL: [RowKind; 8] = [
        RowKind::Session,
        RowKind::Input,
        RowKind::Desk,
        RowKind::Event,
        RowKind::Command,
        RowKind::Delivery,
        RowKind::Login,
        RowKind::Setting,
    ];

    /// The name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            RowKind::Session => "session",
            RowKind::Input => "input",
            RowKind::Desk => "desk",
            RowKind::Event => "event",
            RowKind::Command => "command",
            RowKind::Delivery => "delivery",
            RowKind::Login => "login",
            RowKind::Setting => "setting",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<RowKind> {
        RowKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
