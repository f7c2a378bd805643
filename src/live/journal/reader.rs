//! A journal for those who only read: `history`, `audit`, also while a session writes it.
//!
//! Not here: what rows mean (history), whether they hold (verify).
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::head_file::read_head;
use super::reading::{each_raw, each_raw_of, each_row};
use super::store::connect;
use super::{Head, JournalError, RawRow, Row, RowKind, files, schema};

/// A journal that is open for reading. Everything read through one of these is of one moment.
#[derive(Debug)]
pub struct JournalReader {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    /// Its schema.
    pub(super) version: i64,
    /// What the head file said before the first row was read: a session that writes meanwhile is never behind it.
    pub(super) head_file: Result<Option<Head>, String>,
}

impl JournalReader {
    /// Opens the journal at `path`; it takes no lock and changes nothing.
    pub fn open(path: &Path) -> Result<JournalReader, JournalError> {
        let absent = || JournalError::Absent { path: path.to_owned() };
        if !files::is_own_file(path)? {
            return Err(absent());
        }
        let head_file = read_head(path).map_err(|error| error.to_string());
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.execute_batch("BEGIN").map_err(|source| JournalError::sqlite(path, source))?;
        // A file without tables is one whose first session has not come further.
        let version = schema::version(path, &connection, schema::STEPS)?.ok_or_else(absent)?;
        Ok(JournalReader { path: path.to_owned(), connection, version, head_file })
    }

    /// Reads the rows from number `from` on, in order; an error of `each` ends it.
    pub fn read(&self, from: u64, each: impl FnMut(u64, Row) -> Result<(), JournalError>) -> Result<(), JournalError> {
        each_row(&self.path, &self.connection, from, each)
    }

    /// The same with the bodies as text: what is not looked at is not put together.
    pub fn read_raw(
        &self,
        from: u64,
        each: impl FnMut(RawRow<'_>) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        each_raw(&self.path, &self.connection, from, each)
    }

    /// Reads the rows of some kinds, of the scenario `strategy` where it is given, in order; an error of `each` ends it.
    pub fn read_of(
        &self,
        kinds: &[RowKind],
        strategy: Option<&str>,
        each: impl FnMut(RawRow<'_>) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        each_raw_of(&self.path, &self.connection, kinds, strategy, each)
    }
}
