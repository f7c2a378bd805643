//! What can be wrong with a data file, said with the file, the line, the value and the remedy.
//!
//! Not here: what is only suspicious (`validate`), and which errors end the program (`cli`).
use std::fmt;
use std::path::{Path, PathBuf};

use crate::domain::{BarError, Symbol, SymbolError, Timeframe, Timestamp};

/// Why a file of market data cannot be used. Every message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No such file.
    #[error("{}: there is no such file{}", path.display(), nearest_hint(nearest.as_deref()))]
    Missing {
        /// The file asked for.
        path: PathBuf,
        /// The file of the same folder with the nearest name.
        nearest: Option<PathBuf>,
    },
    /// The system refused to read it.
    #[error("{}: cannot be read: {source}; check the path and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The system refused to write it; nothing is left behind under that name.
    #[error("{}: cannot be written: {source}; check the folder, its permissions and the free space", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Neither `.csv` nor `.parquet`.
    #[error("{}: the kind of file is not known; name it .csv or .parquet", path.display())]
    UnknownExtension {
        /// The file.
        path: PathBuf,
    },
    /// A file without content.
    #[error("{}: the file is empty; it needs the header `{wanted}` and rows", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// Columns that are needed, as a header line.
        wanted: &'static str,
    },
    /// A header, but no row.
    #[error("{}: the file has a header but no rows; add rows or leave the file out", path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// Text in another encoding.
    #[error("{}: the file is UTF-16; save it as UTF-8", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
    },
    /// Columns that are not there.
    #[error("{}: no column {}; the header has {}; name the columns {wanted}", path.display(), quoted(missing), quoted(found))]
    Header {
        /// The file.
        path: PathBuf,
        /// Columns that are needed and not there.
        missing: Vec<String>,
        /// Columns that are there.
        found: Vec<String>,
        /// Columns that are needed, as a header line.
        wanted: &'static str,
    },
    /// Two columns that mean the same.
    #[error("{}: both `{first}` and `{second}` could be the column {column}; rename or remove one", path.display())]
    TwoColumns {
        /// The file.
        path: PathBuf,
        /// What both could be.
        column: &'static str,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// A Parquet column of a type that cannot hold what it should.
    #[error("{}: column {column} is {found}, but must be {accepted}; convert the column", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// The types that can be read.
        accepted: &'static str,
    },
    /// Not Parquet, or a damaged or unusual one.
    #[error("{}: not a Parquet file that can be read: {reason}; write it anew or use CSV", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The reader's words.
        reason: String,
    },
    /// A row that cannot be right.
    #[error("{}{place}: {fault}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The row.
        place: Place,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Bars whose timeframe cannot be seen from their times.
    #[error("{}: the timeframe is not clear: {reason}; name it with --timeframe", path.display())]
    UnclearTimeframe {
        /// The file.
        path: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// Every bar lies outside the calendar's sessions.
    #[error("{}: no bar lies inside a session of {calendar}; check `timeframe` and the time zone, or set calendar = \"24/7\"", path.display())]
    NoBarInSession {
        /// The file.
        path: PathBuf,
        /// The calendar.
        calendar: &'static str,
    },
}

/// Where in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line of a text file; the header is line 1.
    Line(u64),
    /// A row of a table or a bar of a series; the first is 1.
    Row(u64),
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More or fewer fields than the header has.
    #[error("{found} fields, but the header has {wanted}; mend the commas of this row")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Columns of the header.
        wanted: usize,
    },
    /// A quote that does not close on its line.
    #[error("a quote is opened and not closed; mend the quotes of this row")]
    Quote,
    /// A line that never ends.
    #[error("the line is longer than {bytes_max} bytes; is this a CSV file?")]
    LineTooLong {
        /// The longest line read.
        bytes_max: usize,
    },
    /// Nothing in a field.
    #[error("{column} is empty; fill it in or remove the row")]
    NoValue {
        /// The column.
        column: &'static str,
    },
    /// No number.
    #[error("{column} `{value}` is not a number; write it like 1234.56")]
    NotANumber {
        /// The column.
        column: &'static str,
        /// The text as found.
        value: String,
    },
    /// NaN or infinite.
    #[error("{column} `{value}` is not finite; fill it in from the vendor or remove the row")]
    NotFinite {
        /// The column.
        column: &'static str,
        /// The text as found.
        value: String,
    },
    /// Below zero.
    #[error("{column} `{value}` is negative; mend the value or remove the row")]
    Negative {
        /// The column.
        column: &'static str,
        /// The text as found.
        value: String,
    },
    /// Zero where something above it is needed.
    #[error("{column} `{value}` is zero; it must be above 0")]
    NotPositive {
        /// The column.
        column: &'static str,
        /// The text as found.
        value: String,
    },
    /// More than the type can hold.
    #[error("{column} `{value}` is too large; the most is {limit}")]
    TooLarge {
        /// The column.
        column: &'static str,
        /// The text as found.
        value: String,
        /// The most, in words.
        limit: &'static str,
    },
    /// A bid above its ask.
    #[error("{} `{bid}` is above {} `{ask}`; mend the row or remove it", columns.0, columns.1)]
    CrossedQuote {
        /// The columns of bid and ask.
        columns: (&'static str, &'static str),
        /// The bid as found.
        bid: String,
        /// The ask as found.
        ask: String,
    },
    /// Prices that do not fit together.
    #[error("{0}; compare the row with the vendor's or remove it")]
    Bar(#[from] BarError),
    /// No time.
    #[error("timestamp `{value}` is not a time; write 2013-10-07, 2013-10-07T13:30:00Z or 2013-10-07 13:30:00 (UTC)")]
    BadTime {
        /// The text as found.
        value: String,
    },
    /// A date or time of day that does not exist.
    #[error("timestamp `{value}` is impossible: there is no such date or time of day; mend it")]
    ImpossibleTime {
        /// The text as found.
        value: String,
    },
    /// A year that nanoseconds cannot reach.
    #[error("timestamp `{value}` is outside the years 1678 to 2261; mend it")]
    TimeOutOfRange {
        /// The text as found.
        value: String,
    },
    /// A time of day in a daily file.
    #[error(
        "timestamp `{value}` has a time of day, but daily bars are stamped by their date; \
         set `timeframe` to the file's own (1m 5m 15m 30m 1h)"
    )]
    NotMidnight {
        /// The text as found.
        value: String,
    },
    /// A date alone in an intraday file.
    #[error("timestamp `{value}` is a date, but {timeframe} bars need a time of day; set `timeframe` to 1d")]
    DateOnly {
        /// The text as found.
        value: String,
        /// The timeframe asked for.
        timeframe: Timeframe,
    },
    /// The same time twice.
    #[error("duplicate timestamp {time}; keep one bar of that time")]
    Duplicate {
        /// The time.
        time: String,
    },
    /// Time runs backwards.
    #[error("bars must be in time order, but {now} comes after {previous}; sort the file by its timestamp")]
    Unordered {
        /// The bar before.
        previous: String,
        /// This bar.
        now: String,
    },
    /// No ticker.
    #[error("{0}")]
    Symbol(#[from] SymbolError),
    /// No kind of corporate action.
    #[error("kind `{value}` is not known; use split, dividend, delisting or rename")]
    UnknownKind {
        /// The text as found.
        value: String,
    },
    /// The same corporate action twice.
    #[error("duplicate {kind} of {symbol} on {ex_date}; keep one row, with the sum if both were paid")]
    DuplicateAction {
        /// The share.
        symbol: String,
        /// The day.
        ex_date: String,
        /// split, dividend, delisting or rename.
        kind: &'static str,
    },
    /// A corporate action of a share that is gone.
    #[error(
        "{kind} of {symbol} on {}, but it was delisted on {}; remove one of the rows, and put what was paid that day into the amount of the delisting",
        date(ex_date),
        date(gone)
    )]
    AfterDelisting {
        /// The share.
        symbol: Symbol,
        /// What the row is.
        kind: &'static str,
        /// Its day.
        ex_date: Timestamp,
        /// The day of the delisting.
        gone: Timestamp,
    },
    /// A bar of a share that is gone.
    #[error(
        "a bar of {time}, but {symbol} was delisted on {} (line {line} of the corporate actions); remove the bars from then on, which may be another company's, or mend the date there",
        date(gone)
    )]
    BarAfterDelisting {
        /// The time of the bar.
        time: String,
        /// The share.
        symbol: Symbol,
        /// The day of the delisting.
        gone: Timestamp,
        /// Where the corporate actions say so.
        line: u64,
    },
    /// A rename that changes nothing.
    #[error("rename of `{symbol}` to itself; name the new symbol or remove the row")]
    RenameToItself {
        /// The share.
        symbol: Symbol,
    },
    /// A second name taken, though the first rename already took the share away.
    #[error(
        "rename of {symbol} on {}, but no share has that name any more: it became {to} on {} (line {line}); rename {to} instead, or remove one of the rows",
        date(ex_date),
        date(earlier)
    )]
    RenamedAlready {
        /// The old name.
        symbol: Symbol,
        /// The day of this rename.
        ex_date: Timestamp,
        /// What it became before.
        to: Symbol,
        /// When it did.
        earlier: Timestamp,
        /// Where it says so.
        line: u64,
    },
    /// Two shares under one name.
    #[error(
        "rename to {symbol} on {}, but {from} has had that name since {} (line {line}); mend one of the rows",
        date(ex_date),
        date(earlier)
    )]
    NameTaken {
        /// The name wanted.
        symbol: Symbol,
        /// The day of this rename.
        ex_date: Timestamp,
        /// Who took it before.
        from: Symbol,
        /// When it did.
        earlier: Timestamp,
        /// Where it says so.
        line: u64,
    },
}

fn date(time: &Timestamp) -> String {
    time.text(Timeframe::Day1)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, ":{line}"),
            Place::Row(row) => write!(f, ", row {row}"),
        }
    }
}

impl DataError {
    /// The file that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path, .. }
            | Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::UnknownExtension { path }
            | Self::Empty { path, .. }
            | Self::NoRows { path }
            | Self::Encoding { path }
            | Self::Header { path, .. }
            | Self::TwoColumns { path, .. }
            | Self::ColumnType { path, .. }
            | Self::Parquet { path, .. }
            | Self::Malformed { path, .. }
            | Self::UnclearTimeframe { path, .. }
            | Self::NoBarInSession { path, .. } => path,
        }
    }
}

fn nearest_hint(nearest: Option<&Path>) -> String {
    match nearest {
        Some(path) => format!("; did you mean {}?", path.display()),
        None => "; check the path".to_owned(),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
