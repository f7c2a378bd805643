//! Bars out of Parquet files, some row groups at a time.
//!
//! Not here: the values of the columns (`parquet_column`), the calendar (`validate`). Columns go by the
//! names of CSV files, in any order; others are not read.
//! Invariant: besides the bars, memory holds two slices of the columns, whatever the size of the file:
//! the one that becomes bars and the one that is being decoded meanwhile.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use polars::prelude::{Column, DataFrame, ParallelStrategy, ParquetReader, PolarsResult, SerReader};

use super::csv_header::{self, Role};
use super::error::{DataError, Fault};
use super::file;
use super::parquet_column::{Columns, Layout};
use super::series::{in_order, malformed_row};
use crate::domain::{Bar, Price, Timeframe, Timestamp, Volume};

/// Rows decoded at once, 12 MB of columns: a row group of ours, so that none is copied together.
const SLICE_ROWS: usize = 256 << 10;
/// Rows for which a second thread is worth its start.
const THREAD_ROWS_MIN: usize = 32 << 10;
/// Threads beyond this wait for memory, not for work.
const THREADS_MAX: usize = 8;

/// What a row holds before it is read.
const BLANK: Bar = Bar {
    time: Timestamp::MIN,
    open: Price::ZERO,
    high: Price::ZERO,
    low: Price::ZERO,
    close: Price::ZERO,
    volume: Volume::ZERO,
};

/// The bars of a Parquet file, in order and each [`checked`](Bar::checked).
///
/// Errors: [`DataError`] with the column of a wrong type or the first row that cannot be right.
pub fn read_parquet(path: &Path, timeframe: Timeframe) -> Result<Vec<Bar>, DataError> {
    let unreadable = |source| DataError::Read { path: path.to_owned(), source };
    let file = file::open(path)?;
    if file.metadata().map_err(unreadable)?.len() == 0 {
        return Err(DataError::Empty { path: path.to_owned(), wanted: super::csv_header::WANTED });
    }
    let mut reader = ParquetReader::new(file.try_clone().map_err(unreadable)?);
    let schema = guarded(path, || reader.schema())?;
    let names: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
    let roles = csv_header::roles(path, &names)?;
    let place = |role| roles.iter().position(|found| *found == role).expect("`roles` answers only with every role");
    let places =
        [Role::Timestamp, Role::Price(0), Role::Price(1), Role::Price(2), Role::Price(3), Role::Volume].map(place);
    let fields = places.map(|place| {
        let (name, field) = schema.get_at_index(place).expect("a place of the schema's own names");
        (name.as_str(), &field.dtype)
    });
    let layout = Layout::new(path, fields)?;
    let metadata = guarded(path, || reader.get_metadata().cloned())?;
    if metadata.num_rows == 0 {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    let mut bars = Vec::new();
    // A damaged file may claim any number of rows.
    bars.try_reserve_exact(metadata.num_rows).map_err(|_| damaged(path))?;
    let decode = |slice: (usize, usize)| -> Result<DataFrame, DataError> {
        let mut reader = ParquetReader::new(file.try_clone().map_err(unreadable)?)
            .with_columns(Some(layout.names.to_vec()))
            .with_slice(Some(slice))
            .set_rechunk(true)
            .read_parallel(ParallelStrategy::Columns);
        reader.set_metadata(metadata.clone());
        let frame = guarded(path, || reader.finish())?;
        // The reader does not compare the rows a damaged file claims with the values it holds.
        let is_whole = layout.names.iter().all(|name| frame.column(name).is_ok_and(|column| column.len() == slice.1));
        if is_whole { Ok(frame) } else { Err(damaged(path)) }
    };
    let slices = slices(metadata.row_groups.iter().map(|group| group.num_rows()));
    let mut decoded = slices.first().map(|slice| decode(*slice));
    for index in 0..slices.len() {
        let Some(frame) = decoded.take().transpose()? else { break };
        let appended = thread::scope(|scope| {
            let next = slices.get(index + 1).map(|slice| scope.spawn(|| decode(*slice)));
            let appended = append(&mut bars, &frame, &layout, timeframe);
            decoded = next.map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            appended
        });
        appended.map_err(|(row, fault)| malformed_row(path, row, fault))?;
    }
    Ok(bars)
}

/// What the reader answers. It panics on some damaged files, where others get an error.
fn guarded<T>(path: &Path, read: impl FnOnce() -> PolarsResult<T>) -> Result<T, DataError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(answer) => answer.map_err(|error| DataError::Parquet { path: path.to_owned(), reason: error.to_string() }),
        Err(_) => Err(damaged(path)),
    }
}

fn damaged(path: &Path) -> DataError {
    DataError::Parquet { path: path.to_owned(), reason: "it is damaged".to_owned() }
}

/// Slices of whole row groups, or of parts of a large one: first row and length.
fn slices(groups: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut slices: Vec<(usize, usize)> = Vec::new();
    let mut group_start = 0;
    for rows in groups {
        for start in (0..rows).step_by(SLICE_ROWS) {
            let length = SLICE_ROWS.min(rows - start);
            match slices.last_mut() {
                // Small groups are read together.
                Some(last) if last.1 + length <= SLICE_ROWS => last.1 += length,
                _ => slices.push((group_start + start, length)),
            }
        }
        group_start += rows;
    }
    slices
}

/// Adds the rows of a frame. Errors: the first wrong row of the file, and why.
fn append(bars: &mut Vec<Bar>, frame: &DataFrame, layout: &Layout, timeframe: Timeframe) -> Result<(), (usize, Fault)> {
    let start = bars.len();
    let columns = layout.names.each_ref().map(|name| frame.column(name).expect("the reader was asked for this column"));
    if let Some((row, column)) = first_null(&columns) {
        return Err((start + row, Fault::NoValue { column: csv_name(column) }));
    }
    let views = Columns::new(columns, layout, timeframe).expect("types are checked, columns rechunked and full");
    let rows = frame.height();
    bars.resize(start + rows, BLANK);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let part = rows.div_ceil(threads).max(THREAD_ROWS_MIN);
    let filled: Vec<Result<(), (usize, Fault)>> = thread::scope(|scope| {
        let parts = bars[start..].chunks_mut(part).enumerate();
        let handles: Vec<_> = parts
            .map(|(index, part_bars)| {
                let views = &views;
                scope.spawn(move || views.fill(index * part, part_bars))
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let wrong = filled.into_iter().find_map(Result::err);
    let good = wrong.as_ref().map_or(rows, |(row, _)| *row);
    for row in start.max(1)..start + good {
        in_order(bars[row - 1].time, bars[row].time, timeframe).map_err(|fault| (row, fault))?;
    }
    wrong.map_or(Ok(()), |(row, fault)| Err((start + row, fault)))
}

fn first_null(columns: &[&Column; 6]) -> Option<(usize, usize)> {
    let first = |column: &Column| {
        (column.null_count() > 0).then(|| column.is_null().iter().position(|null| null == Some(true)))
    };
    columns.iter().enumerate().filter_map(|(index, column)| Some((first(column)??, index))).min()
}

/// The name a fault uses for the column at this place.
fn csv_name(place: usize) -> &'static str {
    csv_header::WANTED.split(',').nth(place).unwrap_or("a column")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_every_row_once() {
        let groups = [10, 0, SLICE_ROWS - 10, 5, 3 * SLICE_ROWS + 1, 7];
        let slices = slices(groups.into_iter());
        assert_eq!(slices[0], (0, SLICE_ROWS));
        let mut next = 0;
        for (start, length) in slices {
            assert!(start == next && length <= SLICE_ROWS);
            next = start + length;
        }
        assert_eq!(next, groups.iter().sum::<usize>());
    }
}
