//! The tables of a journal, by version, and how an older file becomes a newer one.
//!
//! Not here: rows (reading, store). Steps only add: a row that is written stays as it is, and so does its hash.
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::JournalError;
use super::chain::{CHAIN, Identity};

/// `AFJL`: says in the file's head whose it is.
pub(super) const APPLICATION_ID: i64 = 0x4146_4A4C;

/// Step n makes version n of version n − 1.
pub(super) const STEPS: &[&str] = &["
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    chain INTEGER NOT NULL,
    schema INTEGER NOT NULL,
    made INTEGER NOT NULL,
    id TEXT NOT NULL
) STRICT;
CREATE TABLE journal (
    row INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    wall INTEGER NOT NULL,
    strategy TEXT,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER journal_insert BEFORE INSERT ON journal
WHEN NEW.row IS NOT (SELECT coalesce(max(row), 0) + 1 FROM journal)
BEGIN SELECT RAISE(ABORT, 'rows of the journal are numbered without gaps'); END;
CREATE TRIGGER journal_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal only grows: no row is changed'); END;
CREATE TRIGGER journal_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal only grows: no row is deleted'); END;
CREATE TRIGGER identity_insert BEFORE INSERT ON identity
WHEN (SELECT count(*) FROM identity) > 0
BEGIN SELECT RAISE(ABORT, 'the journal has its identity'); END;
CREATE TRIGGER identity_update BEFORE UPDATE ON identity
BEGIN SELECT RAISE(ABORT, 'the journal keeps its identity'); END;
CREATE TRIGGER identity_delete BEFORE DELETE ON identity
BEGIN SELECT RAISE(ABORT, 'the journal keeps its identity'); END;
"];

/// The version of a file that is ours; `None` for one that has nothing in it yet.
pub(super) fn version(path: &Path, connection: &Connection, steps: &[&str]) -> Result<Option<i64>, JournalError> {
    let failed = |source| JournalError::sqlite(path, source);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let objects = number("SELECT count(*) FROM sqlite_schema")?;
    let known = steps.len() as i64;
    match (application, version) {
        (0, 0) if objects == 0 => Ok(None),
        (APPLICATION_ID, _) if version > known => Err(JournalError::Newer { path: path.to_owned(), version, known }),
        (APPLICATION_ID, 1..) => Ok(Some(version)),
        _ => Err(JournalError::NotAJournal { path: path.to_owned(), what: "an SQLite file of another program" }),
    }
}

/// Makes tables, or brings them to the last of `steps`; all of it or nothing. `made` is the machine's clock,
/// nanoseconds since the epoch.
pub(super) fn migrate(path: &Path, connection: &mut Connection, steps: &[&str], made: i64) -> Result<(), JournalError> {
    let found = version(path, connection, steps)?;
    if found == Some(steps.len() as i64) {
        return Ok(());
    }
    let from = found.map_or(0, |version| version as usize);
    let outcome = (|| {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for step in &steps[from..] {
            transaction.execute_batch(step)?;
        }
        if from == 0 {
            let sql = "INSERT INTO identity VALUES (1, ?1, ?2, ?3, lower(hex(randomblob(16))))";
            transaction.execute(sql, (CHAIN, steps.len() as i64, made))?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        transaction.pragma_update(None, "user_version", steps.len() as i64)?;
        transaction.commit()
    })();
    outcome.map_err(|source| JournalError::sqlite(path, source))
}

/// Who the journal is.
pub(super) fn identity(path: &Path, connection: &Connection) -> Result<Identity, JournalError> {
    let read = connection.query_row("SELECT chain, schema, made, id FROM identity", [], |row| {
        Ok(Identity { chain: row.get(0)?, schema: row.get(1)?, made: row.get(2)?, id: row.get(3)? })
    });
    read.map_err(|source| match source {
        rusqlite::Error::SqliteFailure(..) => JournalError::sqlite(path, source),
        other => {
            let what = format!("the table `identity` cannot be read ({other})");
            JournalError::Chain { path: path.to_owned(), row: 0, what }
        }
    })
}
