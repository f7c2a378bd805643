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
use super::reader::JournalReader;
use super::reading::{each_row, each_stored};
use super::{BODY_BYTES_MAX, Durability, JournalError, RawRow, Row, files, schema};

/// Readers hold nobody back for longer than a page takes.
const BUSY: Duration = Duration::from_secs(5);
/// Rows whose hashes are looked at when it is opened: more than one append writes. The rest is for [`Journal::read_whole`].
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

    /// Looks at every row, as an audit does, and gives each to `each` in the same pass.
    ///
    /// Errors: the journal does not hold; a row in no form that this program knows.
    pub fn read_whole(&self, mut each: impl FnMut(RawRow<'_>)) -> Result<(), JournalError> {
        let mut strange = None;
        let audit = JournalReader::open(&self.path)?.audit_each(None, |stored| {
            match stored.raw() {
                Ok(row) => each(row),
                // Where the journal does not hold, that is what to say of it.
                Err(error) => drop(strange.get_or_insert(error)),
            }
            Ok(())
        })?;
        match (audit.findings.first(), strange) {
            (Some(first), _) => Err(JournalError::DoesNotHold {
                path: self.path.clone(),
                first: first.to_string(),
                more: audit.findings.len() as u64 + audit.more - 1,
            }),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;
    use tempfile::TempDir;

    use super::super::tests::row;
    use super::*;

    fn opened() -> (TempDir, PathBuf, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/paper/journal.db");
        let journal = Journal::open(&path).unwrap();
        (folder, path, journal)
    }

    fn head_in_file(path: &Path) -> u64 {
        read_head(path).unwrap().unwrap().row
    }

    #[test]
    fn the_head_file_says_what_is_on_the_disk_and_no_more() {
        let (_folder, path, mut journal) = opened();
        assert_eq!(head_in_file(&path), 0);
        assert_eq!(journal.append(&[], Durability::Flushed).unwrap(), 1..1);
        assert_eq!(journal.append(&[row(json!(1)), row(json!(2))], Durability::Buffered).unwrap(), 1..3);
        assert_eq!(head_in_file(&path), 0);
        assert_eq!(journal.append(&[], Durability::Flushed).unwrap(), 3..3);
        assert_eq!(head_in_file(&path), 2);
        journal.append(&[row(json!(3))], Durability::Buffered).unwrap();
        drop(journal);
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!((journal.head().0, head_in_file(&path)), (3, 2), "row 3 was never flushed");
        journal.append(&[row(json!(4))], Durability::Flushed).unwrap();
        assert_eq!(head_in_file(&path), 4);
    }

    #[test]
    fn a_flush_is_a_flush_of_the_log() {
        let (_folder, _, mut journal) = opened();
        let synchronous = |journal: &Journal| {
            journal.connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        for (durability, wanted) in [(Durability::Flushed, 2), (Durability::Buffered, 1), (Durability::Flushed, 2)] {
            journal.append(&[row(json!(1))], durability).unwrap();
            assert_eq!(synchronous(&journal), wanted);
        }
        let mode: String = journal.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[cfg(unix)]
    #[test]
    fn only_this_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path, mut journal) = opened();
        journal.append(&[row(json!(1))], Durability::Buffered).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for file in [path.clone(), files::write_ahead_log(&path), head_path(&path), files::beside(&path, "lock")] {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        drop(journal);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        drop(Journal::open(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_second_writer_is_turned_away() {
        let (_folder, path, journal) = opened();
        let error = Journal::open(&path).unwrap_err();
        assert!(matches!(error, JournalError::InUse { .. }));
        assert!(error.to_string().ends_with(
            "journal.lock: another session writes this journal; stop it first, or use another `--state` folder"
        ));
        drop(journal);
        assert!(Journal::open(&path).is_ok());
    }

    /// Somebody who does not ask for the lock: it is noticed, and nothing more is written.
    #[test]
    fn rows_of_somebody_else_end_the_session() {
        let (_folder, path, mut journal) = opened();
        journal.append(&[row(json!(1))], Durability::Flushed).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute("INSERT INTO journal SELECT 2, time, wall, strategy, kind, body, hash FROM journal", []).unwrap();
        assert!(matches!(journal.append(&[row(json!(2))], Durability::Flushed), Err(JournalError::Sqlite { .. })));
        let error = journal.append(&[row(json!(2))], Durability::Flushed).unwrap_err().to_string();
        assert!(error.contains("nothing more is written since an earlier error ("), "{error}");
        assert_eq!(journal.head().0, 1);
        drop(journal);
        assert!(matches!(Journal::open(&path), Err(JournalError::Chain { row: 2, .. })));
    }

    #[test]
    fn the_file_itself_refuses_every_change() {
        let (_folder, path, mut journal) = opened();
        journal.append(&[row(json!(1)), row(json!(2))], Durability::Flushed).unwrap();
        let other = Connection::open(&path).unwrap();
        for (sql, why) in [
            ("UPDATE journal SET body = '{}' WHERE row = 1", "no row is changed"),
            ("UPDATE journal SET row = 9 WHERE row = 1", "no row is changed"),
            ("DELETE FROM journal", "no row is deleted"),
            ("REPLACE INTO journal VALUES (1, 0, 0, NULL, 'event', '{}', x'00')", "without gaps"),
            ("INSERT INTO journal VALUES (4, 0, 0, NULL, 'event', '{}', x'00')", "without gaps"),
            ("INSERT INTO journal VALUES (0, 0, 0, NULL, 'event', '{}', x'00')", "without gaps"),
            ("UPDATE identity SET id = ''", "keeps its identity"),
            ("DELETE FROM identity", "keeps its identity"),
            ("REPLACE INTO identity VALUES (1, 1, 1, 1, '')", "has its identity"),
        ] {
            assert!(other.execute(sql, []).unwrap_err().to_string().contains(why), "{sql}");
        }
    }

    /// Nothing of the append is there, the next one may pass, and the chain holds.
    #[test]
    fn a_full_disk_is_said_and_leaves_the_journal_whole() {
        let (_folder, path, mut journal) = opened();
        journal.append(&[row(json!(1))], Durability::Flushed).unwrap();
        let pages: i64 = journal.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let limit = |journal: &Journal, pages: i64| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            journal.connection.query_row(&sql, [], |_| Ok(())).unwrap();
        };
        limit(&journal, pages + 2);
        let long = row(json!("x".repeat(100_000)));
        let error = journal.append(&[row(json!(2)), long], Durability::Flushed).unwrap_err();
        assert!(matches!(error, JournalError::Full { .. }), "{error}");
        assert!(error.to_string().ends_with(
            "the disk is full, and nothing of this was written; free some space and start the session again"
        ));
        limit(&journal, pages + 1_000);
        assert_eq!(journal.append(&[row(json!(2))], Durability::Flushed).unwrap(), 2..3);
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().head().0, 2);
    }

    #[test]
    fn what_cannot_be_written_says_so() {
        let (folder, path, mut journal) = opened();
        journal.connection.pragma_update(None, "query_only", true).unwrap();
        let error = journal.append(&[row(json!(1))], Durability::Flushed).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("it cannot be written; give this user the right to write the file and its folder")
        );
        drop(journal);
        let denied = std::io::Error::from(ErrorKind::ReadOnlyFilesystem);
        assert!(matches!(JournalError::io(&path, "x", denied), JournalError::ReadOnly { .. }));
        let full = std::io::Error::from(ErrorKind::StorageFull);
        assert!(matches!(JournalError::io(&path, "x", full), JournalError::Full { .. }));
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        let error = Journal::open(&file.join("paper/journal.db")).unwrap_err();
        assert!(error.to_string().contains("file/paper: the folder cannot be made: "), "{error}");
    }

    #[test]
    fn what_is_no_journal_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let refused = |wanted: &str| {
            let error = Journal::open(&path).unwrap_err();
            assert!(matches!(error, JournalError::NotAJournal { .. }), "{error}");
            assert!(error.to_string().contains(wanted), "{error}");
        };
        fs::write(&path, "a text of somebody that is long enough to be looked at as a database").unwrap();
        refused("a file that is no SQLite database is in the place of the journal; put it away");
        fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        let before = fs::read(&path).unwrap();
        refused("an SQLite file of another program");
        assert_eq!(fs::read(&path).unwrap(), before);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        refused("a folder or a device");
        fs::remove_dir(&path).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
            refused("a symbolic link");
        }
    }

    #[test]
    fn a_newer_schema_is_refused_in_plain_words() {
        let (_folder, path, journal) = opened();
        drop(journal);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
        for error in [Journal::open(&path).unwrap_err(), super::super::JournalReader::open(&path).unwrap_err()] {
            let wanted = "it has schema 9, this program knows up to 1; use the version of alphaflow that wrote it, or a \
                          later one";
            assert!(error.to_string().ends_with(wanted), "{error}");
        }
    }

    /// A later step adds and changes no row: hashes stay.
    #[test]
    fn an_older_schema_is_brought_forward() {
        let (_folder, path, mut journal) = opened();
        journal.append(&[row(json!(1)), row(json!(2))], Durability::Flushed).unwrap();
        drop(journal);
        let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        let before = tail(&path, &connection).unwrap();
        let steps = [schema::STEPS[0], "CREATE INDEX journal_kind ON journal (kind)"];
        schema::migrate(&path, &mut connection, &steps, 1).unwrap();
        assert_eq!(schema::version(&path, &connection, &steps).unwrap(), Some(2));
        assert_eq!(tail(&path, &connection).unwrap(), before);
        // A step that fails changes nothing.
        let broken = [steps[0], steps[1], "CREATE TABLE more (x); CREATE TABLE journal (x)"];
        assert!(schema::migrate(&path, &mut connection, &broken, 1).is_err());
        assert_eq!(schema::version(&path, &connection, &steps).unwrap(), Some(2));
        let more: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'more'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(more, 0);
    }

    #[test]
    fn bodies_that_would_not_come_back_are_refused() {
        let (_folder, _, mut journal) = opened();
        let refused = |journal: &mut Journal, body| {
            let error = journal.append(&[row(json!(1)), row(body)], Durability::Flushed).unwrap_err();
            assert!(matches!(error, JournalError::Body { kind: "event", .. }), "{error}");
            error.to_string()
        };
        let error = refused(&mut journal, json!({ "a": [1, { "b": 0.5 }] }));
        assert_eq!(
            error,
            "a row of kind event cannot be written: its body holds the number 0.5; a fraction is written as text"
        );
        let long = "x".repeat(BODY_BYTES_MAX - 1);
        assert!(refused(&mut journal, json!(long)).ends_with("has 16777217 bytes, allowed are 16777216"));
        journal.append(&[row(json!(&long[1..]))], Durability::Flushed).unwrap();
        assert_eq!(journal.head().0, 1);
    }

    /// A journal that came back from a copy has lost what was written since: nobody trades on it.
    #[test]
    fn an_older_copy_of_the_journal_is_refused() {
        let (_folder, path, mut journal) = opened();
        journal.append(&[row(json!(1))], Durability::Flushed).unwrap();
        drop(journal);
        let copy = fs::read(&path).unwrap();
        Journal::open(&path).unwrap().append(&[row(json!(2))], Durability::Flushed).unwrap();
        fs::write(&path, copy).unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert!(matches!(error, JournalError::Lost { head: Head { row: 2, .. }, .. }), "{error}");
    }

    #[test]
    fn the_end_of_the_chain_is_looked_at_when_a_session_begins() {
        let (_folder, path, mut journal) = opened();
        let rows: Vec<Row> = (0..TAIL_ROWS + 20).map(|number| row(json!(number))).collect();
        journal.append(&rows, Durability::Flushed).unwrap();
        drop(journal);
        assert!(Journal::open(&path).is_ok());
        for (number, is_seen) in [(5, false), (TAIL_ROWS, true)] {
            let other = Connection::open(&path).unwrap();
            let sql = "DROP TRIGGER IF EXISTS journal_update; UPDATE journal SET time = time + 1 WHERE row = ";
            other.execute_batch(&format!("{sql}{number}")).unwrap();
            drop(other);
            let found = match Journal::open(&path) {
                Err(JournalError::Chain { row, .. }) => Some(row),
                Ok(_) => None,
                Err(error) => panic!("{error}"),
            };
            assert_eq!(found, is_seen.then_some(number));
        }
    }
}
