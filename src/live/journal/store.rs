//! The journal of the one who writes it.
//!
//! Not here: readers beside it, audits (verify), what rows mean.
//! Invariant: `head` is the last row of the file, unless `broken` says that nobody knows.
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use serde_json::Value;

use super::chain::{Fields, Head, hex, link};
use super::head_file::{HeadFile, head_path, read_head};
use super::reading::{each_row, each_stored};
use super::{BODY_BYTES_MAX, Durability, JournalError, Row, files, schema};

/// Readers hold nobody back for longer than a page takes.
const BUSY: Duration = Duration::from_secs(5);
/// Rows whose hashes are looked at when a session begins: more than one append writes. The rest is for an audit.
const TAIL_ROWS: u64 = 1_000;
/// A write-ahead log that a slow reader has let grow is cut to this, bytes.
const LOG_BYTES: i64 = 16 << 20;

/// An open journal. One a file: it holds the lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    connection: Connection,
    head: Head,
    head_file: HeadFile,
    /// What the connection does at a commit at present.
    durability: Option<Durability>,
    is_flushed: bool,
    /// The error after which it is unknown what is on the disk.
    broken: Option<String>,
    /// Goes last: who opens the journal next finds the connection closed.
    _lock: File,
}

impl Journal {
    /// Makes the journal at `path`, brings it to the present schema, or goes on with it. Holds the lock of its writer
    /// until it is dropped. Looks at the hashes of the last 1,000 rows and at what is known of the end.
    pub fn open(path: &Path) -> Result<Journal, JournalError> {
        files::make_folder(path)?;
        let lock = files::lock(path)?;
        files::make_private(path)?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Before anything is written: a file that is not ours stays as it is.
        schema::version(path, &connection, schema::STEPS)?;
        let prepared = connection
            .pragma_update(None, "journal_mode", "WAL")
            .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
            .and_then(|()| connection.query_row(&format!("PRAGMA journal_size_limit = {LOG_BYTES}"), [], |_| Ok(())));
        prepared.map_err(|source| JournalError::sqlite(path, source))?;
        let made = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX);
        schema::migrate(path, &mut connection, schema::STEPS, made)?;
        let head = tail(path, &connection)?;
        check_end(path, &connection, head)?;
        // Rows beyond what the head file says may not be on the disk yet.
        let known = read_head(path)?.unwrap_or(head);
        Ok(Journal {
            path: path.to_owned(),
            head_file: HeadFile::open(path, known)?,
            is_flushed: known == head,
            connection,
            head,
            durability: None,
            broken: None,
            _lock: lock,
        })
    }

    /// Appends `rows` in one transaction and gives their numbers. Without rows, `Flushed` brings what was buffered to the
    /// disk. After an error that leaves the disk unknown, every append is an error.
    pub fn append(&mut self, rows: &[Row], durability: Durability) -> Result<Range<u64>, JournalError> {
        if let Some(first) = &self.broken {
            return Err(JournalError::Broken { path: self.path.clone(), first: first.clone() });
        }
        let from = self.head.row + 1;
        let outcome = self.write(rows, durability);
        if let Err(error) = &outcome {
            // A full disk or a body that cannot be written has changed nothing, and the next one may pass.
            if !matches!(error, JournalError::Full { .. } | JournalError::Body { .. }) {
                self.broken = Some(error.to_string());
            }
        }
        outcome.map(|()| from..self.head.row + 1)
    }

    /// Reads the rows from number `from` on, in order; an error of `each` ends it.
    pub fn read(&self, from: u64, each: impl FnMut(u64, Row) -> Result<(), JournalError>) -> Result<(), JournalError> {
        each_row(&self.path, &self.connection, from, each)
    }

    /// Number of the last row, 0 before the first, and its hash: 64 hexadecimal digits.
    pub fn head(&self) -> (u64, String) {
        (self.head.row, hex(&self.head.hash))
    }

    fn write(&mut self, rows: &[Row], durability: Durability) -> Result<(), JournalError> {
        let bodies = rows.iter().map(body).collect::<Result<Vec<String>, JournalError>>()?;
        if !rows.is_empty() {
            self.commit_as(durability)
                .and_then(|()| self.insert(rows, &bodies))
                .map_err(|source| JournalError::sqlite(&self.path, source))?;
            self.is_flushed = durability == Durability::Flushed;
        }
        if durability == Durability::Flushed {
            self.flush()?;
        }
        Ok(())
    }

    fn commit_as(&mut self, durability: Durability) -> rusqlite::Result<()> {
        if self.durability != Some(durability) {
            let synchronous = match durability {
                Durability::Flushed => "FULL",
                Durability::Buffered => "NORMAL",
            };
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.durability = Some(durability);
        }
        Ok(())
    }

    fn insert(&mut self, rows: &[Row], bodies: &[String]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut head = self.head;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO journal VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
            for (row, body) in rows.iter().zip(bodies) {
                let fields = Fields {
                    row: head.row + 1,
                    time: row.time.ns(),
                    wall: row.wall.ns(),
                    strategy: row.strategy.as_deref().map(str::as_bytes),
                    kind: row.kind.name().as_bytes(),
                    body: body.as_bytes(),
                };
                head = Head { row: fields.row, hash: link(&head.hash, &fields) };
                let number = fields.row as i64;
                insert.execute((
                    number,
                    fields.time,
                    fields.wall,
                    &row.strategy,
                    row.kind.name(),
                    body,
                    &head.hash[..],
                ))?;
            }
        }
        transaction.commit()?;
        self.head = head;
        Ok(())
    }

    /// Everything so far is on the disk, and the head file says so.
    fn flush(&mut self) -> Result<(), JournalError> {
        if !self.is_flushed {
            let log = files::write_ahead_log(&self.path);
            let synced = match OpenOptions::new().write(true).open(&log) {
                Ok(file) => file.sync_data(),
                // Where there is no log, all of it is in the file, which SQLite has flushed by then.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            };
            synced.map_err(|source| JournalError::io(&log, "it cannot be brought to the disk", source))?;
            self.is_flushed = true;
        }
        self.head_file.write(self.head)
    }
}

/// A connection that trusts nothing in the file.
pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection, JournalError> {
    let opened = (|| {
        let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        Ok(connection)
    })();
    opened.map_err(|source| JournalError::sqlite(path, source))
}

/// The last row, after a look at the hashes of the last rows.
fn tail(path: &Path, connection: &Connection) -> Result<Head, JournalError> {
    let last = connection.query_row("SELECT coalesce(max(row), 0) FROM journal", [], |row| row.get::<_, i64>(0));
    let last = last.map_err(|source| JournalError::sqlite(path, source))?;
    let identity = schema::identity(path, connection)?;
    let mut head = Head { row: 0, hash: identity.genesis() };
    // The row before the first one looked at is only believed.
    let believed = u64::try_from(last).unwrap_or(0).saturating_sub(TAIL_ROWS);
    let wrong = |row, what: &str| JournalError::Chain { path: path.to_owned(), row, what: what.to_owned() };
    each_stored(path, connection, believed.max(1), |number, stored| {
        let next = (head.row + 1).max(believed);
        let Ok((stored, hash)) = stored.and_then(|stored| Ok((stored, stored.hash().ok_or("hash")?))) else {
            return Err(wrong(next, "it holds what no journal writes"));
        };
        if number as u64 == believed {
            head = Head { row: believed, hash };
            return Ok(());
        }
        if stored.fields.row != next {
            return Err(wrong(next, "it is missing"));
        }
        if link(&head.hash, &stored.fields) != hash {
            return Err(wrong(next, "it does not carry the hash that follows from the row before"));
        }
        head = Head { row: next, hash };
        Ok(())
    })?;
    Ok(head)
}

/// What is known to have been on the disk must be there.
fn check_end(path: &Path, connection: &Connection, head: Head) -> Result<(), JournalError> {
    let head_file = head_path(path);
    let Some(known) = read_head(path)? else {
        return match head.row {
            0 => Ok(()),
            _ => Err(JournalError::HeadFile { path: head_file, what: "it is missing" }),
        };
    };
    let hash = match known.row {
        0 => Ok(schema::identity(path, connection)?.genesis().to_vec()),
        row => connection
            .query_row("SELECT hash FROM journal WHERE row = ?1", [row as i64], |row| row.get::<_, Vec<u8>>(0)),
    };
    match hash {
        Ok(hash) if hash == known.hash => Ok(()),
        Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows) => {
            Err(JournalError::Lost { path: path.to_owned(), head_file, head: known })
        }
        Err(source) => Err(JournalError::sqlite(path, source)),
    }
}

/// The body as text that reads back as the same value.
fn body(row: &Row) -> Result<String, JournalError> {
    let error = |what| JournalError::Body { kind: row.kind.name(), what };
    if let Some(number) = fraction(&row.body) {
        return Err(error(format!("its body holds the number {number}; a fraction is written as text")));
    }
    let text = serde_json::to_string(&row.body).map_err(|source| error(source.to_string()))?;
    if text.len() > BODY_BYTES_MAX {
        return Err(error(format!("its body has {} bytes, allowed are {BODY_BYTES_MAX}", text.len())));
    }
    Ok(text)
}

/// A number in `value` that is not whole: as JSON it might come back as its neighbour.
fn fraction(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_f64() => Some(number.to_string()),
        Value::Array(items) => items.iter().find_map(fraction),
        Value::Object(fields) => fields.values().find_map(fraction),
        _ => None,
    }
}
