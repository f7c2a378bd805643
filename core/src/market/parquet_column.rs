//! Columns of a Parquet table to the numbers of bars.
//!
//! Not here: files and row groups (`parquet`). Floats become the nearest 1e-9 (volumes 1e-6), exactly;
//! short floats the shortest decimal that names them; times any unit and zone, as UTC.
use std::path::Path;

use jiff::tz::TimeZone;
use polars::prelude::{ArrowDataType, Column, DataType, TimeUnit};

use super::csv_header::PRICE_NAMES;
use super::error::{DataError, Fault};
use super::number::{NumberKind, units_of_f32, units_of_f64};
use crate::domain::{Bar, Price, Timeframe, Timestamp, Volume};

const TIMES_ACCEPTED: &str = "Datetime of any unit and zone, or Date";
const NUMBERS_ACCEPTED: &str = "Float64, Float32, Int64, Int32, UInt64 or UInt32";

/// The names of the six columns in the order of [`super::csv_header::WANTED`], and the zone of the times.
pub(super) struct Layout {
    pub(super) names: [String; 6],
    zone: Option<TimeZone>,
}

impl Layout {
    /// Checks the types of the six columns. Errors: a type that cannot hold what it should.
    pub(super) fn new(path: &Path, fields: [(&str, &ArrowDataType); 6]) -> Result<Layout, DataError> {
        let refuse = |(name, found): (&str, &ArrowDataType), accepted| DataError::ColumnType {
            path: path.to_owned(),
            column: format!("`{name}`"),
            found: format!("{found:?}"),
            accepted,
        };
        use ArrowDataType as A;
        let zone = match fields[0].1 {
            A::Timestamp(_, Some(zone)) => Some(zone_named(zone).ok_or_else(|| refuse(fields[0], TIMES_ACCEPTED))?),
            A::Timestamp(_, None) | A::Date32 | A::Date64 => None,
            _ => return Err(refuse(fields[0], TIMES_ACCEPTED)),
        };
        for field in &fields[1..] {
            if !matches!(field.1, A::Float64 | A::Float32 | A::Int64 | A::Int32 | A::UInt64 | A::UInt32) {
                return Err(refuse(*field, NUMBERS_ACCEPTED));
            }
        }
        Ok(Layout { names: fields.map(|(name, _)| name.to_owned()), zone: zone.filter(|zone| *zone != TimeZone::UTC) })
    }
}

/// `America/New_York`, `UTC` or `+01:00`.
fn zone_named(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("utc") || name == "+00:00" {
        return Some(TimeZone::UTC);
    }
    TimeZone::get(name).or_else(|_| TimeZone::posix(&format!("<{name}>{}", inverted_offset(name)))).ok()
}

/// POSIX counts offsets westwards.
fn inverted_offset(name: &str) -> String {
    match name.split_at_checked(1) {
        Some(("+", rest)) => format!("-{rest}"),
        Some(("-", rest)) => rest.to_owned(),
        _ => String::new(),
    }
}

/// The columns of one slice of rows, each in one piece and without empty values.
pub(super) struct Columns<'a> {
    time: Times<'a>,
    prices: [Numbers<'a>; 4],
    volume: Numbers<'a>,
    zone: Option<&'a TimeZone>,
    timeframe: Timeframe,
}

enum Times<'a> {
    /// Counts of this many nanoseconds.
    Moments(&'a [i64], i64),
    Days(&'a [i32]),
}

enum Numbers<'a> {
    F64(&'a [f64]),
    F32(&'a [f32]),
    I64(&'a [i64]),
    I32(&'a [i32]),
    U64(&'a [u64]),
    U32(&'a [u32]),
}

impl<'a> Columns<'a> {
    /// Views into six columns; `None` when one is empty in a row, in several pieces or of another type.
    pub(super) fn new(columns: [&'a Column; 6], layout: &'a Layout, timeframe: Timeframe) -> Option<Columns<'a>> {
        let [time, open, high, low, close, volume] = columns;
        let prices = [numbers(open)?, numbers(high)?, numbers(low)?, numbers(close)?];
        Some(Columns { time: times(time)?, prices, volume: numbers(volume)?, zone: layout.zone.as_ref(), timeframe })
    }

    /// Fills `bars` from the row `first` on. Errors: the first wrong row, and why.
    pub(super) fn fill(&self, first: usize, bars: &mut [Bar]) -> Result<(), (usize, Fault)> {
        let rows = first..first + bars.len();
        if let (
            Times::Moments(times, unit_ns),
            [Numbers::F64(open), Numbers::F64(high), Numbers::F64(low), Numbers::F64(close)],
        ) = (&self.time, &self.prices)
            && !self.timeframe.is_daily()
        {
            // As nearly every file is: which kind of column it is need not be asked for every value.
            let (times, unit_ns) = (&times[rows.clone()], *unit_ns);
            let [open, high, low, close] = [open, high, low, close].map(|prices| &prices[rows.clone()]);
            return self.fill_by(first, bars, |index| {
                let price = |prices: &[f64]| Price::from_units(units_of_f64::<9>(prices[index])?);
                let bar = Bar {
                    time: Timestamp::from_ns(times[index].checked_mul(unit_ns)?),
                    open: price(open)?,
                    high: price(high)?,
                    low: price(low)?,
                    close: price(close)?,
                    volume: Volume::from_units(self.volume.units::<6>(first + index)?)?,
                };
                bar.checked().ok()
            });
        }
        self.fill_by(first, bars, |index| self.bar(first + index))
    }

    #[inline]
    fn fill_by(
        &self,
        first: usize,
        bars: &mut [Bar],
        bar: impl Fn(usize) -> Option<Bar>,
    ) -> Result<(), (usize, Fault)> {
        for (index, slot) in bars.iter_mut().enumerate() {
            *slot = match bar(index) {
                Some(bar) => bar,
                None => return Err((first + index, self.fault(first + index))),
            };
        }
        Ok(())
    }

    #[inline]
    fn bar(&self, row: usize) -> Option<Bar> {
        let price = |slot: usize| Price::from_units(self.prices[slot].units::<9>(row)?);
        let bar = Bar {
            time: self.moment(row).ok()?,
            open: price(0)?,
            high: price(1)?,
            low: price(2)?,
            close: price(3)?,
            volume: Volume::from_units(self.volume.units::<6>(row)?)?,
        };
        bar.checked().ok()
    }

    #[inline]
    fn moment(&self, row: usize) -> Result<Timestamp, Fault> {
        let moment = match self.time {
            Times::Moments(counts, unit_ns) => {
                let ns = counts[row].checked_mul(unit_ns);
                Timestamp::from_ns(ns.ok_or_else(|| Fault::TimeOutOfRange { value: counts[row].to_string() })?)
            }
            Times::Days(days) => {
                let midnight = Timestamp::from_days(days[row]);
                let midnight = midnight.ok_or_else(|| Fault::TimeOutOfRange { value: days[row].to_string() })?;
                if !self.timeframe.is_daily() {
                    let value = midnight.text(Timeframe::Day1);
                    return Err(Fault::DateOnly { value, timeframe: self.timeframe });
                }
                return Ok(midnight);
            }
        };
        if self.timeframe.is_daily() { self.date(moment) } else { Ok(moment) }
    }

    /// The date of a daily bar: its moment must be midnight in the zone of the column.
    fn date(&self, moment: Timestamp) -> Result<Timestamp, Fault> {
        let not_midnight = || Fault::NotMidnight { value: moment.to_string() };
        let Some(zone) = self.zone else {
            return if moment.ns() % Timestamp::NS_PER_DAY == 0 { Ok(moment) } else { Err(not_midnight()) };
        };
        let local = moment.to_jiff().to_zoned_datetime(zone.clone()).datetime();
        if local.time() != jiff::civil::Time::midnight() {
            return Err(not_midnight());
        }
        Timestamp::from_date(local.date()).ok_or_else(not_midnight)
    }

    /// Why [`Columns::bar`] has no answer.
    #[cold]
    fn fault(&self, row: usize) -> Fault {
        let whole = || -> Result<Bar, Fault> {
            let price = |slot: usize| self.prices[slot].checked::<9>(row, PRICE_NAMES[slot], NumberKind::Price);
            let [open, high, low, close] = [price(0)?, price(1)?, price(2)?, price(3)?]
                .map(|units| Price::from_units(units).expect("held to its range by `checked`"));
            let volume = self.volume.checked::<6>(row, "volume", NumberKind::Volume)?;
            let volume = Volume::from_units(volume).expect("held to its range by `checked`");
            Ok(Bar { time: self.moment(row)?, open, high, low, close, volume }.checked()?)
        };
        whole().expect_err("the same checks as in `bar`, one by one")
    }
}

impl Numbers<'_> {
    #[inline]
    fn units<const DECIMALS: usize>(&self, row: usize) -> Option<i64> {
        let unit = const { 10i64.pow(DECIMALS as u32) };
        let whole = |value: i64| value.checked_mul(unit);
        match self {
            Self::F64(values) => units_of_f64::<DECIMALS>(values[row]),
            Self::F32(values) => units_of_f32::<DECIMALS>(values[row]),
            Self::I64(values) => whole(values[row]),
            Self::I32(values) => whole(i64::from(values[row])),
            Self::U64(values) => whole(i64::try_from(values[row]).ok()?),
            Self::U32(values) => whole(i64::from(values[row])),
        }
    }

    fn checked<const DECIMALS: usize>(&self, row: usize, column: &'static str, kind: NumberKind) -> Result<i64, Fault> {
        let (text, estimate) = match self {
            Self::F64(values) => (values[row].to_string(), values[row]),
            Self::F32(values) => (values[row].to_string(), f64::from(values[row])),
            Self::I64(values) => (values[row].to_string(), values[row] as f64),
            Self::I32(values) => (values[row].to_string(), f64::from(values[row])),
            Self::U64(values) => (values[row].to_string(), values[row] as f64),
            Self::U32(values) => (values[row].to_string(), f64::from(values[row])),
        };
        match self.units::<DECIMALS>(row) {
            Some(units) if (0..=kind.max()).contains(&units) => Ok(units),
            _ if !estimate.is_finite() => Err(Fault::NotFinite { column, value: text }),
            _ if estimate < 0.0 => Err(Fault::Negative { column, value: text }),
            _ => Err(Fault::TooLarge { column, value: text, limit: kind.limit() }),
        }
    }
}

fn times(column: &Column) -> Option<Times<'_>> {
    let series = column.as_materialized_series();
    match series.dtype() {
        DataType::Datetime(unit, _) => {
            let unit_ns = match unit {
                TimeUnit::Nanoseconds => 1,
                TimeUnit::Microseconds => 1_000,
                TimeUnit::Milliseconds => 1_000_000,
            };
            Some(Times::Moments(series.datetime().ok()?.phys.cont_slice().ok()?, unit_ns))
        }
        DataType::Date => Some(Times::Days(series.date().ok()?.phys.cont_slice().ok()?)),
        _ => None,
    }
}

fn numbers(column: &Column) -> Option<Numbers<'_>> {
    let series = column.as_materialized_series();
    Some(match series.dtype() {
        DataType::Float64 => Numbers::F64(series.f64().ok()?.cont_slice().ok()?),
        DataType::Float32 => Numbers::F32(series.f32().ok()?.cont_slice().ok()?),
        DataType::Int64 => Numbers::I64(series.i64().ok()?.cont_slice().ok()?),
        DataType::Int32 => Numbers::I32(series.i32().ok()?.cont_slice().ok()?),
        DataType::UInt64 => Numbers::U64(series.u64().ok()?.cont_slice().ok()?),
        DataType::UInt32 => Numbers::U32(series.u32().ok()?.cont_slice().ok()?),
        _ => return None,
    })
}
