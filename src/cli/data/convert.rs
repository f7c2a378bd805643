//! `alphaflow data convert`: the same bars as another kind of file.
//!
//! Not here: the kinds (market). What was written is read back and compared before it takes its name, so a
//! file that could not hold every value exactly never appears.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{check_target, in_words, timeframe, write_bars};
use crate::cli::Failure;
use crate::cli::finish::input;
use crate::cli::screen::Progress;
use crate::domain::{Bar, Timeframe};
use crate::market::{load_bars, load_detected};
use crate::scenario::{Diagnostic, data_diagnostic};

/// Arguments of `alphaflow data convert`.
#[derive(Debug, Args)]
#[command(after_help = "Example: alphaflow data convert data/bokeh_IBM_daily.csv reports/ibm.parquet\n\n\
    Columns other than timestamp, open, high, low, close and volume are not kept.")]
pub(in crate::cli) struct ConvertArgs {
    /// Bars to read, .csv or .parquet
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// File to write, .csv or .parquet
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Span of a bar; found from the times without it
    #[arg(long, value_parser = timeframe, value_name = "1m|5m|15m|30m|1h|1d")]
    timeframe: Option<Timeframe>,
    /// Replace OUT if it is there
    #[arg(long)]
    overwrite: bool,
}

/// Converts.
pub(in crate::cli) fn run(args: &ConvertArgs, out: &mut impl Write) -> Result<(), Failure> {
    check_target(&args.output, args.overwrite)?;
    let progress = Progress::begin("converting", &args.input.display().to_string());
    let (timeframe, file) =
        load_detected(&args.input, args.timeframe).map_err(|error| input(data_diagnostic(&error)))?;
    let trial = beside(&args.output);
    let written = write_compared(&trial, timeframe, &file.bars);
    if let Err(failure) = written {
        // The failure is the one to report; a leftover that cannot be removed is not worse.
        let _ = fs::remove_file(&trial);
        return Err(failure);
    }
    fs::rename(&trial, &args.output)
        .map_err(|error| Failure::Machine(format!("error {}: {error}", args.output.display())))?;
    drop(progress);
    Ok(writeln!(out, "{}   {}", args.output.display(), in_words(timeframe, &file.bars))?)
}

/// A hidden neighbour with the same ending.
fn beside(path: &Path) -> PathBuf {
    let ending = path.extension().map_or(String::new(), |ending| ending.to_string_lossy().into_owned());
    let stem = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
    path.with_file_name(format!(".{stem}.unchecked.{ending}"))
}

fn write_compared(path: &Path, timeframe: Timeframe, bars: &[Bar]) -> Result<(), Failure> {
    write_bars(path, timeframe, bars).map_err(|error| Failure::Machine(format!("error {error}")))?;
    let back = load_bars(path, timeframe).map_err(|error| Failure::Machine(format!("error {error}")))?;
    let first_lost = bars.iter().zip(&back).position(|(sent, came)| sent != came);
    match first_lost {
        None if bars.len() == back.len() => Ok(()),
        lost => {
            let row = lost.unwrap_or(bars.len().min(back.len())) + 1;
            let what = format!("row {row} would not come back the same: a float cannot hold it");
            Err(input(Diagnostic::of_file(path, what).note("write CSV, which holds every value exactly")))
        }
    }
}
