//! Bars into Parquet: `timestamp` (nanoseconds UTC, a Date for daily bars), four Float64, `volume` as
//! Int64 (Float64 where a volume has fractions), compressed by zstd.
//!
//! Not here: reading. Prices above 8.3 million dollars lose billionths in a float; all others come
//! back as they were.
use std::path::Path;

use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, NamedFrom, ParquetCompression, ParquetWriter, PolarsError, PolarsResult,
    Series, TimeUnit, TimeZone,
};

use super::csv_write::ExtraColumn;
use super::error::DataError;
use super::file;
use crate::domain::{Bar, Price, Timeframe, Volume};

/// Rows of a group: what a reader must hold at once.
const GROUP_ROWS: usize = 256 << 10;

/// Writes bars as Parquet; the file appears whole or not. Errors: [`DataError::Write`].
pub fn write_parquet(path: &Path, timeframe: Timeframe, bars: &[Bar]) -> Result<(), DataError> {
    write_parquet_with(path, timeframe, bars, &[])
}

/// [`write_parquet`] with more Float64 columns to the right; where one is undefined its cell is null.
pub fn write_parquet_with(
    path: &Path,
    timeframe: Timeframe,
    bars: &[Bar],
    extra: &[ExtraColumn],
) -> Result<(), DataError> {
    let whole = bars.iter().all(|bar| bar.volume.units() % Volume::UNITS_PER_SHARE == 0);
    file::replace(path, |file| {
        let mut written = || -> PolarsResult<()> {
            let schema = frame(timeframe, &[], whole, extra, 0)?.schema().as_ref().clone();
            let writer = ParquetWriter::new(&mut *file).with_compression(ParquetCompression::Zstd(None));
            let mut writer = writer.with_row_group_size(Some(GROUP_ROWS)).batched(&schema)?;
            for (number, group) in bars.chunks(GROUP_ROWS).enumerate() {
                writer.write_batch(&frame(timeframe, group, whole, extra, number * GROUP_ROWS)?)?;
            }
            writer.finish().map(|_| ())
        };
        written().map_err(|error| match error {
            PolarsError::IO { error, .. } => std::io::Error::new(error.kind(), error.to_string()),
            other => std::io::Error::other(other.to_string()),
        })
    })
}

/// The rows of `bars`, which begin at row `first` of the columns in `extra`.
fn frame(
    timeframe: Timeframe,
    bars: &[Bar],
    whole: bool,
    extra: &[ExtraColumn],
    first: usize,
) -> PolarsResult<DataFrame> {
    let price = |name: &str, pick: fn(&Bar) -> Price| {
        // A quotient of exact integers is the nearest float; a product with 1e-9 would not be.
        let values = bars.iter().map(|bar| pick(bar).units() as f64 / Price::UNITS_PER_USD as f64);
        column(name, values.collect::<Vec<f64>>())
    };
    let shares = Volume::UNITS_PER_SHARE;
    let volume = if whole {
        column("volume", bars.iter().map(|bar| bar.volume.units() / shares).collect::<Vec<i64>>())
    } else {
        column("volume", bars.iter().map(|bar| bar.volume.units() as f64 / shares as f64).collect::<Vec<f64>>())
    };
    let time = if timeframe.is_daily() {
        column("timestamp", bars.iter().map(|bar| bar.time.days()).collect::<Vec<i32>>()).cast(&DataType::Date)?
    } else {
        column("timestamp", bars.iter().map(|bar| bar.time.ns()).collect::<Vec<i64>>())
            .cast(&DataType::Datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC)))?
    };
    let mut columns = vec![
        time,
        price("open", |bar| bar.open),
        price("high", |bar| bar.high),
        price("low", |bar| bar.low),
        price("close", |bar| bar.close),
        volume,
    ];
    for ExtraColumn { name, values } in extra {
        let rows = values.get(first..).unwrap_or_default().iter().take(bars.len()).copied();
        columns.push(Series::new(name.as_str().into(), rows.collect::<Vec<Option<f64>>>()).into_column());
    }
    DataFrame::new(bars.len(), columns)
}

fn column<T>(name: &str, values: Vec<T>) -> Column
where
    Series: NamedFrom<Vec<T>, [T]>,
    T: polars::prelude::NumericNative,
{
    Series::new(name.into(), values).into_column()
}
