//! Rows in Parquet: what a sweep has on disk at any moment.
//!
//! Not here: which rows a file holds (`folder`). Floats come back to the bit; block sums stand as one binary column
//! of little-endian pairs, since no reader of results wants 240 columns of them.
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use polars::prelude::{
    BinaryChunked, Column, DataFrame, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray, ParquetCompression,
    ParquetReader, ParquetWriter, PolarsError, PolarsResult, SerReader, Series, StatisticsOptions,
};

use super::row::{Row, RunStatus, measure_keys};
use crate::metric::BlockSum;
use crate::scenario::LimitKind;

/// Where the sums of returns stand.
const BLOCKS: &str = "returns";

/// Bytes put together before they are written: a part in one piece.
const BUFFER: usize = 1 << 20;

/// The columns of a row before and after its measures.
const HEAD: [&str; 4] = ["run", "id", "status", "reason"];

/// The columns of what a run reached of each limit; none unless the sweep has `[stress]`.
fn reached_columns(axes: &[&str]) -> Vec<String> {
    let has_stress = axes.iter().any(|axis| axis.starts_with("stress."));
    LimitKind::ALL.iter().filter(|_| has_stress).map(|limit| format!("reached_{}", limit.key())).collect()
}

/// A table of `rows`, with the axes called `axes`. `more`: columns that need all rows, by name.
pub(super) fn frame(axes: &[&str], rows: &[Row], more: &[(&str, Vec<Option<f64>>)]) -> PolarsResult<DataFrame> {
    let texts = |name: &str, text: &dyn Fn(&Row) -> String| {
        Series::new(name.into(), rows.iter().map(text).collect::<Vec<String>>()).into_column()
    };
    let numbers = |name: &str, values: Vec<Option<f64>>| Series::new(name.into(), values).into_column();
    let mut columns: Vec<Column> = vec![
        Series::new(HEAD[0].into(), rows.iter().map(|row| row.position).collect::<Vec<u32>>()).into_column(),
        texts(HEAD[1], &|row| row.id.clone()),
        texts(HEAD[2], &|row| row.status.name().to_owned()),
        texts(HEAD[3], &|row| row.reason.clone()),
    ];
    for (at, axis) in axes.iter().enumerate() {
        columns.push(texts(axis, &|row| row.values[at].clone()));
    }
    columns.push(texts("start", &|row| row.span.0.clone()));
    columns.push(texts("end", &|row| row.span.1.clone()));
    for (at, key) in measure_keys().enumerate() {
        columns.push(numbers(key, rows.iter().map(|row| row.measures[at]).collect()));
    }
    for (at, name) in reached_columns(axes).iter().enumerate() {
        columns.push(numbers(name, rows.iter().map(|row| row.reached.get(at).copied().flatten()).collect()));
    }
    for (key, values) in more {
        columns.push(numbers(key, values.clone()));
    }
    columns.push(texts("fingerprint", &|row| row.fingerprint.clone()));
    DataFrame::new(rows.len(), columns)
}

/// Writes `rows` with their block sums.
///
/// Errors: whatever the file system says.
pub(super) fn write(file: &mut File, axes: &[&str], rows: &[Row]) -> io::Result<()> {
    let mut table = frame(axes, rows, &[]).map_err(from_polars)?;
    let bytes: Vec<Vec<u8>> = rows.iter().map(|row| to_bytes(&row.blocks)).collect();
    let sums = BinaryChunked::from_slice(BLOCKS.into(), &bytes).into_series().into_column();
    table.with_column(sums).map_err(from_polars)?;
    // A part is small, and many are written: compressing them costs more than the runs of some.
    save(file, &mut table, ParquetCompression::Uncompressed)
}

/// Writes a table.
///
/// Errors: whatever the file system says.
pub(super) fn save(file: &mut File, table: &mut DataFrame, compression: ParquetCompression) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, &mut *file);
    let writer = ParquetWriter::new(&mut out).with_compression(compression);
    writer.with_statistics(StatisticsOptions::empty()).finish(table).map_err(from_polars)?;
    // Dropping it would swallow what the disk says of the last piece.
    out.flush()
}

/// Reads what [`write`] wrote for a sweep with these axes.
///
/// Errors: the file is none of this sweep's, or damaged.
pub(super) fn read(path: &Path, axes: &[&str]) -> io::Result<Vec<Row>> {
    let named = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()));
    let table = ParquetReader::new(File::open(path)?).finish().map_err(|error| named(error.to_string()))?;
    rows(&table, axes).map_err(|error| named(error.to_string()))
}

fn rows(table: &DataFrame, axes: &[&str]) -> PolarsResult<Vec<Row>> {
    let missing = |what: &str| PolarsError::ComputeError(format!("{what} is missing").into());
    let texts = |name: &str| -> PolarsResult<Vec<String>> {
        let column = table.column(name)?.str()?;
        column.iter().map(|text| text.map(str::to_owned).ok_or_else(|| missing(name))).collect()
    };
    let positions: Vec<u32> = table.column(HEAD[0])?.u32()?.iter().flatten().collect();
    let (ids, states, reasons) = (texts(HEAD[1])?, texts(HEAD[2])?, texts(HEAD[3])?);
    let values = axes.iter().map(|axis| texts(axis)).collect::<PolarsResult<Vec<_>>>()?;
    let (starts, ends, prints) = (texts("start")?, texts("end")?, texts("fingerprint")?);
    let measures = measure_keys()
        .map(|key| Ok(table.column(key)?.f64()?.iter().collect()))
        .collect::<PolarsResult<Vec<Vec<Option<f64>>>>>()?;
    let reached = reached_columns(axes)
        .iter()
        .map(|name| Ok(table.column(name)?.f64()?.iter().collect()))
        .collect::<PolarsResult<Vec<Vec<Option<f64>>>>>()?;
    let sums = table.column(BLOCKS)?.binary()?;
    if positions.len() != table.height() {
        return Err(missing(HEAD[0]));
    }
    let row = |at: usize| -> PolarsResult<Row> {
        let bytes = sums.get(at).ok_or_else(|| missing(BLOCKS))?;
        let status = RunStatus::named(&states[at]).ok_or_else(|| missing(HEAD[2]))?;
        let is_done = status == RunStatus::Done;
        Ok(Row {
            position: positions[at],
            id: ids[at].clone(),
            status,
            reason: reasons[at].clone(),
            values: values.iter().map(|column| column[at].clone()).collect(),
            span: (starts[at].clone(), ends[at].clone()),
            measures: measures.iter().map(|column| column[at]).collect(),
            fingerprint: prints[at].clone(),
            blocks: from_bytes(bytes).ok_or_else(|| missing(BLOCKS))?,
            reached: reached.iter().filter(|_| is_done).map(|column| column[at]).collect(),
        })
    };
    (0..table.height()).map(row).collect()
}

/// Sum and sum of squares of each block, 16 bytes each.
fn to_bytes(blocks: &[BlockSum]) -> Vec<u8> {
    blocks.iter().flat_map(|block| [block.sum, block.squares]).flat_map(f64::to_le_bytes).collect()
}

fn from_bytes(bytes: &[u8]) -> Option<Vec<BlockSum>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let numbers: Vec<f64> = numbers.iter().map(|number| f64::from_le_bytes(*number)).collect();
    let (pairs, half) = numbers.as_chunks::<2>();
    let whole = rest.is_empty() && half.is_empty();
    whole.then(|| pairs.iter().map(|[sum, squares]| BlockSum { sum: *sum, squares: *squares }).collect())
}

pub(super) fn from_polars(error: PolarsError) -> io::Error {
    match error {
        PolarsError::IO { error, .. } => io::Error::new(error.kind(), error.to_string()),
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_to_the_bit() {
        let mut one = Row::unfinished(7, RunStatus::Invalid, "fast_period 9 must be less\nmore", vec!["9".to_owned()]);
        assert_eq!(one.reason, "fast_period 9 must be less");
        let mut two = one.clone();
        (two.position, two.status) = (9, RunStatus::Done);
        two.measures[0] = Some(0.1 + 0.2);
        two.blocks = vec![BlockSum { sum: -0.0, squares: 1e-300 }, BlockSum { sum: 0.3, squares: 1.0 }];
        one.fingerprint = "é".to_owned();
        let rows = vec![one, two];
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("part.parquet");
        let mut file = File::create(&path).expect("file");
        write(&mut file, &["strategy.params.fast_period"], &rows).expect("write");
        assert_eq!(read(&path, &["strategy.params.fast_period"]).expect("read"), rows);
        read(&path, &["stop.multiple"]).expect_err("another sweep's");
        let mut stressed = rows.clone();
        stressed[1].reached = vec![None, Some(0.1 + 0.2), None, None, None, None, None, None, None, Some(0.0)];
        write(&mut File::create(&path).expect("file"), &["stress.gap"], &stressed).expect("write");
        assert_eq!(read(&path, &["stress.gap"]).expect("read"), stressed);
        std::fs::write(&path, b"PAR1 damaged").expect("write");
        read(&path, &["strategy.params.fast_period"]).expect_err("damaged");
    }
}
