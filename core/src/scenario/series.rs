//! A series of returns or of equity out of a CSV file, whoever made it.
//!
//! Not here: statistics (`series_metrics`), bars (market). Accepted: a header, then a time and a value a
//! row; the time column is `date` or `timestamp`, the value `return` or `equity`, each with its common
//! other names; more columns are not read. Times must rise. A return is a fraction (0.01 is 1 %), one a
//! session; equity is dollars, any number of marks a session, of which the last counts.
use std::fs;
use std::path::{Path, PathBuf};

use super::Diagnostic;
use super::data_error::at_line;
use crate::domain::Timestamp;

/// Names of the time column, in lower case.
const TIMES: [&str; 5] = ["timestamp", "date", "time", "datetime", "session"];
/// Names of a column of returns.
const RETURNS: [&str; 5] = ["return", "returns", "ret", "daily_return", "r"];
/// Names of a column of dollars; with `close` a file of daily bars is the equity of one share.
const EQUITY: [&str; 6] = ["equity", "value", "nav", "balance", "portfolio_value", "close"];
/// Largest file: ten million rows. A series of a century's days takes a thousandth.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// What the values of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesKind {
    /// Simple returns, one a session.
    Returns,
    /// Marks in dollars.
    Equity,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// Its time.
    pub time: Timestamp,
    /// The return or the dollars; finite.
    pub value: f64,
}

/// A series as read. Invariants: times rise, values are finite, there is at least one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The file.
    pub path: PathBuf,
    /// What its values are.
    pub kind: SeriesKind,
    /// Its rows. Of returns, one a date; of equity, the last mark of each date (UTC).
    pub rows: Vec<SeriesRow>,
    /// Are all times dates?
    pub daily: bool,
}

/// Reads the series at `path`. Errors: with line, value and remedy; the first one only.
pub fn read_series(path: &Path) -> Result<Series, Box<Diagnostic>> {
    let text = text_of(path)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let refused = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Box::new(at_line(path, line, format!("not CSV: {error}")))
    };
    let Some(header) = records.next() else {
        let empty = Diagnostic::of_file(path, "the file is empty");
        return Err(Box::new(empty.note("it needs the header date,return or timestamp,equity and rows")));
    };
    let layout = Layout::of(path, &header.map_err(refused)?)?;
    let mut rows: Vec<SeriesRow> = Vec::new();
    for record in records {
        let record = record.map_err(refused)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = layout.row(&record, line).map_err(|what| Box::new(at_line(path, line, what)))?;
        if let Some(previous) = rows.last() {
            in_order(previous, &row, layout.kind).map_err(|what| Box::new(at_line(path, line, what)))?;
        }
        match rows.last_mut() {
            // The last mark of a session is the session's.
            Some(last) if layout.kind == SeriesKind::Equity && last.time.days() == row.time.days() => *last = row,
            _ => rows.push(row),
        }
    }
    if rows.is_empty() {
        return Err(Box::new(Diagnostic::of_file(path, "the file has a header but no rows")));
    }
    let daily = rows.iter().all(|row| row.time.ns() % Timestamp::NS_PER_DAY == 0);
    Ok(Series { path: path.to_owned(), kind: layout.kind, rows, daily })
}

pub(super) fn text_of(path: &Path) -> Result<String, Box<Diagnostic>> {
    let fail = |what: String| Box::new(Diagnostic::of_file(path, what));
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => fail("there is no such file; check the path".to_owned()),
        std::io::ErrorKind::InvalidData => fail("not UTF-8 text; save the file as UTF-8".to_owned()),
        _ => fail(format!("cannot be read: {error}")),
    };
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > FILE_BYTES_MAX {
        return Err(fail(format!("{size} bytes, allowed is {FILE_BYTES_MAX}; this is no series")));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Where time and value stand.
struct Layout {
    time: usize,
    value: usize,
    /// The name of the value column, for errors.
    name: String,
    kind: SeriesKind,
}

impl Layout {
    fn of(path: &Path, header: &csv::StringRecord) -> Result<Layout, Box<Diagnostic>> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        let place = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let fail = |what: String| {
            let rule = "name one column date or timestamp, and one return (fractions) or equity (dollars)";
            Box::new(at_line(path, 1, what).note(rule))
        };
        let Some(time) = place(&TIMES) else { return Err(fail("no column date or timestamp".to_owned())) };
        let (value, kind) = match (place(&RETURNS), place(&EQUITY)) {
            (Some(at), None) => (at, SeriesKind::Returns),
            (None, Some(at)) => (at, SeriesKind::Equity),
            (None, None) => return Err(fail("no column return or equity".to_owned())),
            (Some(a), Some(b)) => {
                return Err(fail(format!("both `{}` and {} could be the series; remove one", names[a], names[b])));
            }
        };
        Ok(Layout { time, value, name: names[value].clone(), kind })
    }

    fn row(&self, record: &csv::StringRecord, line: u64) -> Result<SeriesRow, String> {
        let cell = |at: usize| record.get(at).map(str::trim).unwrap_or_default();
        let time = time_of(cell(self.time))?;
        let (text, name) = (cell(self.value), &self.name);
        if text.is_empty() {
            return Err(format!("{name} is empty; fill it in or remove the row"));
        }
        let value: f64 =
            text.parse().map_err(|_| format!("{name} `{text}` is not a number; write it like 0.0123 or 100000"))?;
        if !value.is_finite() {
            return Err(format!("{name} `{text}` is not finite; fill it in or remove the row"));
        }
        Ok(SeriesRow { line, time, value })
    }
}

/// A date, an RFC 3339 time, or `YYYY-MM-DD HH:MM:SS` in UTC.
fn time_of(text: &str) -> Result<Timestamp, String> {
    let utc = || format!("{}Z", text.replacen(' ', "T", 1)).parse().ok();
    text.parse().ok().or_else(utc).ok_or_else(|| {
        format!("`{text}` is not a time; write a date like 2013-10-07 or a UTC time like 2013-10-07T13:30:00Z")
    })
}

fn in_order(previous: &SeriesRow, row: &SeriesRow, kind: SeriesKind) -> Result<(), String> {
    if row.time < previous.time {
        return Err(format!("times must rise, but {} comes after {}; sort the file", row.time, previous.time));
    }
    if row.time == previous.time {
        return Err(format!("duplicate time {}; keep one row of it", row.time));
    }
    if kind == SeriesKind::Returns && row.time.days() == previous.time.days() {
        let date = row.time.utc_date();
        return Err(format!("a second return on {date}; give one a session, or a column of equity instead"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Series, String> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("s.csv");
        fs::write(&path, text).expect("write");
        read_series(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "s.csv"))
    }

    #[test]
    fn returns_and_equity_are_told_apart_by_name() {
        let returns = read("date,return\n2013-10-07,0.01\n2013-10-08,-0.02\n").expect("returns");
        assert_eq!((returns.kind, returns.rows.len(), returns.daily), (SeriesKind::Returns, 2, true));
        let marks = "\u{feff}Timestamp,cash,Equity\n2013-10-07T13:30:00Z,1,100\n2013-10-07 19:59:00,1,101\n2013-10-08T13:30:00Z,1,99\n";
        let equity = read(marks).expect("equity");
        let bars = read("timestamp,open,high,low,close,volume\n2013-10-07,1,3,1,2,9\n").expect("bars");
        assert_eq!((bars.kind, bars.rows[0].value), (SeriesKind::Equity, 2.0));
        assert_eq!((equity.kind, equity.daily), (SeriesKind::Equity, false));
        assert_eq!(equity.rows.iter().map(|row| (row.line, row.value)).collect::<Vec<_>>(), [(3, 101.0), (4, 99.0)]);
    }

    #[test]
    fn each_refusal_names_line_value_and_remedy() {
        for (text, expected) in [
            ("", "error s.csv: the file is empty"),
            ("date,return\n", "error s.csv: the file has a header but no rows"),
            ("date,price\n2013-10-07,1\n", "error s.csv:1: no column return or equity"),
            ("day,return\n", "error s.csv:1: no column date or timestamp"),
            ("date,return,equity\n", "error s.csv:1: both `return` and equity could be the series"),
            ("date,return\n2013-10-07,1%\n", "error s.csv:2: return `1%` is not a number"),
            ("date,return\n2013-10-07,nan\n", "error s.csv:2: return `nan` is not finite"),
            ("date,return\n2013-10-07,\n", "error s.csv:2: return is empty"),
            ("date,equity\n2013-02-30,5\n", "error s.csv:2: `2013-02-30` is not a time"),
            ("date,equity\n2013-10-08,5\n2013-10-07,5\n", "error s.csv:3: times must rise"),
            ("date,equity\n2013-10-08,5\n2013-10-08,5\n", "error s.csv:3: duplicate time"),
            ("date,return\n2013-10-08T14:00:00Z,0\n2013-10-08T15:00:00Z,0\n", "error s.csv:3: a second return on"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
