//! What keeps a journal from being opened, written or read, with what to do next.
//!
//! Not here: what an audit finds (verify).
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::Head;

/// Why a journal cannot be used. After an error of [`super::Journal::append`] none of its rows counts as written, though
/// they may be found there after a restart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system would not.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// SQLite would not.
    #[error("{}: {source}; `alphaflow audit verify` says what of the journal holds", path.display())]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// No room.
    #[error("{}: the disk is full, and nothing of this was written; free some space and start the session again", path.display())]
    Full {
        /// Which file.
        path: PathBuf,
    },
    /// No right to write.
    #[error("{}: it cannot be written; give this user the right to write the file and its folder", path.display())]
    ReadOnly {
        /// Which file.
        path: PathBuf,
    },
    /// Somebody else writes it.
    #[error("{}: another session writes this journal; stop it first, or use another `--state` folder", path.display())]
    InUse {
        /// The file that is locked.
        path: PathBuf,
    },
    /// There is none.
    #[error("{}: there is no journal; `alphaflow trade` makes one. `--state` and `--mode` say where to look", path.display())]
    Absent {
        /// Which file.
        path: PathBuf,
    },
    /// Something else is in its place.
    #[error("{}: {what} is in the place of the journal; put it away and look at it", path.display())]
    NotAJournal {
        /// Which file.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// A later program wrote it.
    #[error("{}: it has schema {version}, this program knows up to {known}; use the version of alphaflow that wrote it, or a later one", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        version: i64,
        /// The latest schema of this program.
        known: i64,
    },
    /// The chain does not hold where the session would go on.
    #[error("{}: row {row}: {what}; nobody should trade on it before `alphaflow audit verify` has said what holds", path.display())]
    Chain {
        /// Which file.
        path: PathBuf,
        /// The first row that does not hold, as far as was looked.
        row: u64,
        /// What does not hold.
        what: String,
    },
    /// An audit of the whole journal finds what does not hold.
    #[error("{}: the journal does not hold: {first}{}; nothing is traded on it. Keep a copy as it is, `alphaflow audit verify \
             --journal {}` names all of it; bring back the journal that was there, with its -wal file, or use another --state \
             folder", path.display(), more_findings(*more), path.display())]
    DoesNotHold {
        /// Which file.
        path: PathBuf,
        /// The first finding.
        first: String,
        /// How many there are beside it.
        more: u64,
    },
    /// Rows that were on the disk are gone.
    #[error("{}: row {} was on the disk, as {} says, and is not the journal's row now; bring back the journal that \
             was there, with its -wal file, or put both files away to begin a new one", path.display(), head.row, head_file.display())]
    Lost {
        /// The journal.
        path: PathBuf,
        /// The file that remembers its end.
        head_file: PathBuf,
        /// What it remembers.
        head: Head,
    },
    /// The file that remembers the end does not.
    #[error("{}: {what}, so rows at the end of the journal may be missing unseen; bring back the file that was there, or \
             write the last line of `alphaflow audit verify` into it to accept the journal as it is", path.display())]
    HeadFile {
        /// That file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An earlier error left it unknown what is on the disk.
    #[error("{}: nothing more is written since an earlier error ({first}); start the session again", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// The first error.
        first: String,
    },
    /// A body that would not be read back as it is.
    #[error("a row of kind {kind} cannot be written: {what}")]
    Body {
        /// The kind of the row.
        kind: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A row that cannot be read.
    #[error("row {row} of the journal: {what}")]
    Row {
        /// Its number.
        row: u64,
        /// What is wrong.
        what: String,
    },
}

fn more_findings(more: u64) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}

impl JournalError {
    /// What SQLite says of the file at `path`.
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> JournalError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => JournalError::Full { path },
            Some(ErrorCode::ReadOnly) => JournalError::ReadOnly { path },
            Some(ErrorCode::NotADatabase) => {
                JournalError::NotAJournal { path, what: "a file that is no SQLite database" }
            }
            _ => JournalError::Sqlite { path, source },
        }
    }

    /// The system would not.
    pub(super) fn io(path: &Path, what: &'static str, source: io::Error) -> JournalError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull => JournalError::Full { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => JournalError::ReadOnly { path },
            _ => JournalError::Io { path, what, source },
        }
    }
}
