//! `alphaflow data`: check, convert, fetch and make up files of bars.
//!
//! Not here: reading and writing them (market).
mod check;
mod convert;
mod fetch;
mod synthesize;

use std::io::Write;
use std::path::Path;

use clap::{Subcommand, ValueEnum};

use super::Failure;
use super::finish::input;
use crate::domain::{Bar, Timeframe};
use crate::market::{Calendar, DataError, write_csv, write_parquet};
use crate::report::format::counted;
use crate::scenario::Diagnostic;

/// What to do with files of bars.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example: alphaflow data check data/bokeh_IBM_daily.csv")]
pub(super) enum DataCommand {
    /// Check files of bars: what is malformed is refused, what is suspicious is listed
    Check(check::CheckArgs),
    /// Write bars as another kind of file, CSV or Parquet by the ending; every value comes back the same
    Convert(convert::ConvertArgs),
    /// Download bars of the past from Alpaca as Parquet, with their provenance beside them
    Fetch(fetch::FetchArgs),
    /// Make up bars from a seed, for trying things out: same options, same bytes
    Synthesize(synthesize::SynthesizeArgs),
}

/// Runs one of them.
pub(super) fn run(command: &DataCommand, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        DataCommand::Check(args) => check::run(args, out),
        DataCommand::Convert(args) => convert::run(args, out),
        DataCommand::Fetch(args) => fetch::run(args, out),
        DataCommand::Synthesize(args) => synthesize::run(args, out),
    }
}

/// A calendar by its name in scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CalendarName {
    /// New York Stock Exchange, regular hours
    #[value(name = "XNYS")]
    Xnys,
    /// Round the clock
    #[value(name = "24/7")]
    AlwaysOpen,
}

/// The calendar of that name.
pub(super) fn on_calendar(name: CalendarName) -> Calendar {
    match name {
        CalendarName::Xnys => Calendar::xnys(),
        CalendarName::AlwaysOpen => Calendar::always_open(),
    }
}

/// A timeframe as typed, for clap.
pub(super) fn timeframe(text: &str) -> Result<Timeframe, String> {
    text.parse()
}

/// Is this a name that bars can be written to?
pub(super) fn has_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv") || ending.eq_ignore_ascii_case("parquet"))
}

/// Do both names lead to one file? One that is not there is nobody's.
pub(super) fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Writes bars as CSV or Parquet, by the ending.
fn write_bars(path: &Path, timeframe: Timeframe, bars: &[Bar]) -> Result<(), DataError> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet")) {
        write_parquet(path, timeframe, bars)
    } else {
        write_csv(path, timeframe, bars)
    }
}

/// Errors: another ending; a file with content is there and `overwrite` was not asked for.
fn check_target(path: &Path, overwrite: bool) -> Result<(), Failure> {
    let fail = |what: &str| Err(input(Diagnostic::of_file(path, what)));
    if !has_ending(path) {
        return fail("the kind of file is not known; name it .csv or .parquet");
    }
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => fail("is a folder; name a file in it"),
        // An empty file holds nothing that could be lost.
        Ok(there) if there.len() > 0 && !overwrite => fail("is there already; choose another name, or --overwrite"),
        _ => Ok(()),
    }
}

/// "3,269 rows, daily, 2000-03-01 to 2013-03-01"
fn in_words(timeframe: Timeframe, bars: &[Bar]) -> String {
    let span = match (bars.first(), bars.last()) {
        (Some(first), Some(last)) => format!(", {} to {}", first.time.text(timeframe), last.time.text(timeframe)),
        _ => String::new(),
    };
    format!("{}, {}{span}", counted(bars.len(), "row", "rows"), timeframe.adjective())
}
