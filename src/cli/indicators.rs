//! `alphaflow indicators`: what exists, or columns of them beside the bars of a file.
//!
//! Not here: the formulas (indicator), the files (market). The bars are those of the file, none set
//! aside: one row a bar.
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::data::{CalendarName, has_ending, on_calendar, same_file, timeframe};
use super::finish::input;
use super::screen::Progress;
use super::{Failure, Format};
use crate::domain::{Bar, Timeframe};
use crate::indicator::{
    IndicatorError, IndicatorInfo, IndicatorRow, IndicatorSpec, Ohlcv, ParameterInfo, ParameterKind, compute,
    parse_indicators, registry,
};
use crate::market::{Calendar, ExtraColumn, load_detected, write_csv_with, write_parquet_with};
use crate::report::format::counted;
use crate::scenario::{Diagnostic, data_diagnostic};

/// Arguments of `alphaflow indicators`.
#[derive(Debug, Args)]
#[command(after_help = "Example: alphaflow indicators\n\
    Example: alphaflow indicators --data data/bokeh_IBM_daily.csv --compute \"sma(10),atr(14),macd\" --out reports/ibm_indicators.csv")]
pub(super) struct IndicatorsArgs {
    /// Bars to compute over, .csv or .parquet
    #[arg(long, value_name = "FILE", requires_all = ["compute", "out"])]
    data: Option<PathBuf>,
    /// Indicators with their arguments, e.g. `sma(10),atr(14)`; what is left out takes its default
    #[arg(long, value_name = "LIST", requires = "data")]
    compute: Option<String>,
    /// File to write: the bars and a column for each value, .csv or .parquet
    #[arg(long, value_name = "FILE", requires = "data")]
    out: Option<PathBuf>,
    /// Span of a bar; found from the times without it
    #[arg(long, value_parser = timeframe, value_name = "1m|5m|15m|30m|1h|1d", requires = "data")]
    timeframe: Option<Timeframe>,
    /// Sessions, for the indicators that start again with each
    #[arg(long, value_enum, default_value_t = CalendarName::Xnys)]
    calendar: CalendarName,
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Lists, or computes.
pub(super) fn run(args: &IndicatorsArgs, out: &mut impl Write) -> Result<(), Failure> {
    let (Some(data), Some(list), Some(target)) = (&args.data, &args.compute, &args.out) else {
        let text = match args.format {
            Format::Json => format!("{:#}\n", Value::Array(registry().iter().map(as_json).collect())),
            Format::Text => registry().iter().map(as_text).collect(),
        };
        return Ok(out.write_all(text.as_bytes())?);
    };
    let specs = parse_indicators(list).map_err(|error| input(refused(list, &error)))?;
    if !has_ending(target) {
        let what = "the kind of file is not known; name it .csv or .parquet";
        return Err(input(Diagnostic::of_file(target, what)));
    }
    if same_file(data, target) {
        let what = "is the file of bars itself; choose another --out";
        return Err(input(Diagnostic::of_file(target, what)));
    }
    let progress = Progress::begin("computing", list);
    let (timeframe, file) = load_detected(data, args.timeframe).map_err(|error| input(data_diagnostic(&error)))?;
    let calendar = on_calendar(args.calendar);
    write(target, timeframe, &file.bars, &specs, calendar)?;
    drop(progress);
    let columns: usize = specs.iter().map(|spec| spec.info().outputs.len()).sum();
    let (rows, columns) = (counted(file.bars.len(), "row", "rows"), counted(columns, "column", "columns"));
    Ok(writeln!(out, "{}   {rows}, {columns} beside the bars, {}", target.display(), timeframe.adjective())?)
}

fn write(
    path: &Path,
    timeframe: Timeframe,
    bars: &[Bar],
    specs: &[IndicatorSpec],
    calendar: Calendar,
) -> Result<(), Failure> {
    let columns: Vec<ExtraColumn> = compute(specs, &rows(bars, timeframe, calendar))
        .into_iter()
        .map(|column| ExtraColumn { name: column.name, values: column.values })
        .collect();
    let is_parquet = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    let written = match is_parquet {
        true => write_parquet_with(path, timeframe, bars, &columns),
        false => write_csv_with(path, timeframe, bars, &columns),
    };
    written.map_err(|error| Failure::Machine(format!("error {error}")))
}

/// The bars as indicators read them.
fn rows(bars: &[Bar], timeframe: Timeframe, calendar: Calendar) -> Vec<IndicatorRow> {
    // A session of either calendar lies within one day of UTC.
    let session = |bar: &Bar| calendar.session_of(bar.time).map_or(bar.time.days(), |session| session.date.days());
    let mut previous: Option<i32> = None;
    bars.iter()
        .map(|bar| {
            let now = if timeframe.is_daily() { bar.time.days() } else { session(bar) };
            let starts_session = previous != Some(now);
            previous = Some(now);
            let ohlcv = Ohlcv {
                open: bar.open.to_f64(),
                high: bar.high.to_f64(),
                low: bar.low.to_f64(),
                close: bar.close.to_f64(),
                volume: bar.volume.to_f64(),
            };
            IndicatorRow { ohlcv, starts_session }
        })
        .collect()
}

/// The mistake in the list, marked.
fn refused(list: &str, error: &IndicatorError) -> Diagnostic {
    match error {
        IndicatorError::Unknown { name, nearest, valid } => {
            Diagnostic::new(format!("--compute {list}"), format!("unknown indicator {name}"))
                .about(name)
                .nearest("indicator", *nearest)
                .note(format!("valid: {valid}"))
        }
        other => Diagnostic::new(format!("--compute {list}"), other.to_string()),
    }
}

/// Name with parameters, defaults and ranges, what it is, its columns.
fn as_text(info: &IndicatorInfo) -> String {
    let parameter = |parameter: &ParameterInfo| {
        format!("{} {} ({} to {})", parameter.name, parameter.default, parameter.min, parameter.max)
    };
    let parameters: Vec<String> = info.parameters.iter().map(parameter).collect();
    let parameters = if parameters.is_empty() { "no parameters".to_owned() } else { parameters.join(", ") };
    format!("{:<18}{parameters}\n    {}\n    columns: {}\n\n", info.id, info.formula, columns(info).join(" "))
}

/// The columns with the defaults.
fn columns(info: &IndicatorInfo) -> Vec<String> {
    IndicatorSpec::new(info.id, &[]).map(|spec| spec.column_names()).unwrap_or_default()
}

fn as_json(info: &IndicatorInfo) -> Value {
    let parameter = |parameter: &ParameterInfo| {
        json!({
            "name": parameter.name, "default": parameter.default, "min": parameter.min, "max": parameter.max,
            "whole": parameter.kind == ParameterKind::Bars,
        })
    };
    let parameters: Vec<Value> = info.parameters.iter().map(parameter).collect();
    json!({"id": info.id, "parameters": parameters, "inputs": info.inputs, "what": info.formula, "columns": columns(info)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Volume};

    #[test]
    fn sessions_start_where_the_calendar_says() {
        let one = Price::from_f64(1.0).expect("price");
        let bar = |time: &str| Bar {
            time: time.parse().expect("time"),
            open: one,
            high: one,
            low: one,
            close: one,
            volume: Volume::ZERO,
        };
        let bars = ["2013-10-07T19:59:00Z", "2013-10-07T20:30:00Z", "2013-10-08T13:30:00Z"].map(bar);
        let starts: Vec<bool> =
            rows(&bars, Timeframe::Minute1, Calendar::xnys()).iter().map(|row| row.starts_session).collect();
        assert_eq!(starts, [true, false, true]);
    }
}
