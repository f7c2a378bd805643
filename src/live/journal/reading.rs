//! Rows out of the file: as they are stored, and as what they say.
//!
//! Not here: whether they hold (verify).
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::chain::{Fields, Hash};
use super::{JournalError, Row, RowKind};
use crate::domain::Timestamp;

/// A row as it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) hash: &'a [u8],
}

/// Reads the rows from number `from` on, in order. `each` gets the number as it is stored, and the row, or the name of
/// the column that holds what no journal writes.
pub(super) fn each_stored(
    path: &Path,
    connection: &Connection,
    from: u64,
    mut each: impl FnMut(i64, Result<Stored<'_>, &'static str>) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let failed = |source| JournalError::sqlite(path, source);
    let sql = "SELECT row, time, wall, strategy, kind, body, hash FROM journal WHERE row >= ?1 ORDER BY row";
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let from = if from == 0 { i64::MIN } else { i64::try_from(from).unwrap_or(i64::MAX) };
    let mut rows = statement.query([from]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let number = row.get(0).map_err(failed)?;
        each(number, stored(row, number))?;
    }
    Ok(())
}

fn stored<'a>(row: &'a rusqlite::Row<'_>, number: i64) -> Result<Stored<'a>, &'static str> {
    let integer = |index, name| match row.get_ref(index) {
        Ok(ValueRef::Integer(value)) => Ok(value),
        _ => Err(name),
    };
    let text = |index, name| match row.get_ref(index) {
        Ok(ValueRef::Text(bytes)) => Ok(bytes),
        _ => Err(name),
    };
    let strategy = match row.get_ref(3) {
        Ok(ValueRef::Null) => None,
        _ => Some(text(3, "strategy")?),
    };
    let Ok(ValueRef::Blob(hash)) = row.get_ref(6) else { return Err("hash") };
    let fields = Fields {
        row: u64::try_from(number).map_err(|_| "row")?,
        time: integer(1, "time")?,
        wall: integer(2, "wall")?,
        strategy,
        kind: text(4, "kind")?,
        body: text(5, "body")?,
    };
    Ok(Stored { fields, hash })
}

impl<'a> Stored<'a> {
    /// Its hash, if it is as long as one.
    pub(super) fn hash(&self) -> Option<Hash> {
        Hash::try_from(self.hash).ok()
    }

    /// What it says, its body as text.
    pub(super) fn raw(&self) -> Result<RawRow<'a>, JournalError> {
        let Fields { row, time, wall, strategy, kind, body } = self.fields;
        let error = |what: String| JournalError::Row { row, what };
        let text = |bytes, name| std::str::from_utf8(bytes).map_err(|_| error(format!("{name} is not UTF-8")));
        let kind = text(kind, "kind")?;
        let newer = || error(format!("its kind `{kind}` is not one that this program knows; a later one wrote it"));
        Ok(RawRow {
            number: row,
            time: Timestamp::from_ns(time),
            wall: Timestamp::from_ns(wall),
            strategy: strategy.map(|strategy| text(strategy, "strategy")).transpose()?,
            kind: RowKind::named(kind).ok_or_else(newer)?,
            body: text(body, "body")?,
        })
    }

    /// What it says.
    pub(super) fn row(&self) -> Result<Row, JournalError> {
        let RawRow { number, time, wall, strategy, kind, body } = self.raw()?;
        let not_json = |source| JournalError::Row { row: number, what: format!("its body is not JSON: {source}") };
        Ok(Row {
            time,
            wall,
            strategy: strategy.map(str::to_owned),
            kind,
            body: serde_json::from_str(body).map_err(not_json)?,
        })
    }
}

/// A row whose body is for its reader to read: what is not looked at is not put together.
#[derive(Clone, Copy, Debug)]
pub struct RawRow<'a> {
    /// Its number.
    pub number: u64,
    /// When, by the venue's clock.
    pub time: Timestamp,
    /// When, by the machine's clock.
    pub wall: Timestamp,
    /// The scenario it belongs to.
    pub strategy: Option<&'a str>,
    /// What it is.
    pub kind: RowKind,
    /// What it says, as JSON.
    pub body: &'a str,
}

/// Reads the rows of some kinds, of one scenario or of all and none, in order; the others are passed over in the file.
pub(super) fn each_raw_of(
    path: &Path,
    connection: &Connection,
    kinds: &[RowKind],
    strategy: Option<&str>,
    mut each: impl FnMut(RawRow<'_>) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let failed = |source| JournalError::sqlite(path, source);
    let names: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.name())).collect();
    let sql = format!(
        "SELECT row, time, wall, strategy, kind, body, hash FROM journal WHERE kind IN ({}) AND (?1 IS NULL OR strategy = \
         ?1) ORDER BY row",
        names.join(", ")
    );
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let mut rows = statement.query([strategy]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let number = row.get(0).map_err(failed)?;
        match stored(row, number) {
            Ok(stored) => each(stored.raw()?)?,
            Err(column) => return Err(strange(path, column)),
        }
    }
    Ok(())
}

fn strange(path: &Path, column: &str) -> JournalError {
    let what = format!("a value of column `{column}` is none that a journal writes");
    JournalError::Chain { path: path.to_owned(), row: 0, what }
}

/// Reads the rows from number `from` on, in order, their bodies as text.
pub(super) fn each_raw(
    path: &Path,
    connection: &Connection,
    from: u64,
    mut each: impl FnMut(RawRow<'_>) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    each_stored(path, connection, from.max(1), |_, stored| match stored {
        Ok(stored) => each(stored.raw()?),
        Err(column) => Err(strange(path, column)),
    })
}

/// Reads the rows from number `from` on as what they say.
pub(super) fn each_row(
    path: &Path,
    connection: &Connection,
    from: u64,
    mut each: impl FnMut(u64, Row) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    each_stored(path, connection, from.max(1), |_, stored| match stored {
        Ok(stored) => each(stored.fields.row, stored.row()?),
        Err(column) => Err(strange(path, column)),
    })
}
