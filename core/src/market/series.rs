//! A file of bars, whichever its kind.
//!
//! Not here: the kinds (`csv`, `parquet`), the calendar (`validate`).
use std::path::Path;

use super::csv::read_csv;
use super::error::{DataError, Fault, Place};
use super::parquet::read_parquet;
use crate::domain::{Bar, Timeframe, Timestamp};

/// The bars of a file, strictly ordered and each [`checked`](Bar::checked); never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarFile {
    /// The bars.
    pub bars: Vec<Bar>,
    /// The line of the first bar where bar `i` stands on line `first_line + i`; `None` for Parquet and
    /// for text with blank lines between its rows.
    pub first_line: Option<u64>,
}

/// The bars of a `.csv` or `.parquet` file. Errors: [`DataError`], another ending among them.
pub fn load_bars(path: &Path, timeframe: Timeframe) -> Result<Vec<Bar>, DataError> {
    load_series(path, timeframe).map(|file| file.bars)
}

/// [`load_bars`], with what is needed to name lines.
pub fn load_series(path: &Path, timeframe: Timeframe) -> Result<BarFile, DataError> {
    match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => read_csv(path, timeframe),
        Some("parquet") => read_parquet(path, timeframe).map(|bars| BarFile { bars, first_line: None }),
        _ => Err(DataError::UnknownExtension { path: path.to_owned() }),
    }
}

/// Does `now` come after `previous`?
pub(super) fn in_order(previous: Timestamp, now: Timestamp, timeframe: Timeframe) -> Result<(), Fault> {
    match previous.cmp(&now) {
        std::cmp::Ordering::Less => Ok(()),
        std::cmp::Ordering::Equal => Err(Fault::Duplicate { time: now.text(timeframe) }),
        std::cmp::Ordering::Greater => {
            Err(Fault::Unordered { previous: previous.text(timeframe), now: now.text(timeframe) })
        }
    }
}

/// The error for one row of a table.
pub(super) fn malformed_row(path: &Path, index: usize, fault: Fault) -> DataError {
    DataError::Malformed { path: path.to_owned(), place: Place::Row(index as u64 + 1), fault }
}
