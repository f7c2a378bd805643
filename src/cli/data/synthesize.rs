//! `alphaflow data synthesize`: bars made up from a seed.
//!
//! Not here: the walk (market::synthetic).
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{CalendarName, check_target, in_words, on_calendar, timeframe, write_bars};
use crate::cli::Failure;
use crate::domain::{Price, Symbol, Timeframe, Timestamp};
use crate::market::{Length, SynthesisError, SyntheticSpec, synthesize};

/// Arguments of `alphaflow data synthesize`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow data synthesize --seed 7 --symbol TEST --timeframe 1m --start 2024-01-02 --sessions 5 --out reports/test_1m.parquet"
)]
pub(in crate::cli) struct SynthesizeArgs {
    /// Seed of the walk
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Name of the share; other names with the same seed give other bars
    #[arg(long, default_value = "TEST")]
    symbol: String,
    /// Span of a bar
    #[arg(long, value_parser = timeframe, value_name = "1m|5m|15m|30m|1h|1d", default_value = "1d")]
    timeframe: Timeframe,
    /// First day; the first session is on it or after
    #[arg(long, value_name = "DATE", default_value = "2020-01-02")]
    start: String,
    /// Sessions to make
    #[arg(long, required_unless_present = "end")]
    sessions: Option<u64>,
    /// Last day, included; instead of --sessions
    #[arg(long, value_name = "DATE", conflicts_with = "sessions")]
    end: Option<String>,
    /// When the market is open
    #[arg(long, value_enum, default_value_t = CalendarName::Xnys)]
    calendar: CalendarName,
    /// Dollars before the first session
    #[arg(long, value_name = "USD", default_value = "100")]
    price: String,
    /// Mean return of a year, a fraction
    #[arg(long, default_value_t = 0.08, allow_negative_numbers = true)]
    drift: f64,
    /// Deviation of a year's return, a fraction
    #[arg(long, default_value_t = 0.25)]
    volatility: f64,
    /// File to write, .csv or .parquet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    overwrite: bool,
}

/// Makes and writes.
pub(in crate::cli) fn run(args: &SynthesizeArgs, out: &mut impl Write) -> Result<(), Failure> {
    check_target(&args.out, args.overwrite)?;
    let spec = spec(args)?;
    let bars = synthesize(&spec).map_err(|error| refused(&error))?;
    write_bars(&args.out, args.timeframe, &bars).map_err(|error| Failure::Machine(format!("error {error}")))?;
    let (path, symbol) = (args.out.display(), spec.symbol);
    Ok(writeln!(out, "{path}   {symbol}, seed {}: {}", args.seed, in_words(args.timeframe, &bars))?)
}

/// The refusal in the words of the command line.
fn refused(error: &SynthesisError) -> Failure {
    let SynthesisError::OutOfRange { option, value, range } = error else {
        return Failure::Input(format!("error --sessions: {error}"));
    };
    let option = match *option {
        "length" => "sessions",
        "start_price" => "price",
        "annual_drift" => "drift",
        "annual_volatility" => "volatility",
        other => other,
    };
    Failure::Input(format!("error --{option}: is {value}; use {range}"))
}

fn spec(args: &SynthesizeArgs) -> Result<SyntheticSpec, Failure> {
    let wrong = |option: &str, what: String| Failure::Input(format!("error --{option}: {what}"));
    let date = |option: &'static str, text: &str| -> Result<Timestamp, Failure> {
        let day: Timestamp = text.parse().map_err(|error| wrong(option, format!("{error}")))?;
        let is_date = day.ns() % Timestamp::NS_PER_DAY == 0;
        if is_date { Ok(day) } else { Err(wrong(option, format!("`{text}` has a time of day; write a date"))) }
    };
    let (calendar, from) = (on_calendar(args.calendar), date("start", &args.start)?);
    let sessions = match (&args.end, args.sessions) {
        (Some(end), _) => {
            let to = date("end", end)?;
            match calendar.sessions(from, to).count() {
                0 => {
                    let what = format!("{} has no session from {} to {end}", calendar.name(), args.start);
                    return Err(wrong("end", format!("{what}; choose a later day")));
                }
                count => count as u64,
            }
        }
        (None, sessions) => sessions.unwrap_or(0),
    };
    Ok(SyntheticSpec {
        symbol: args.symbol.parse::<Symbol>().map_err(|error| wrong("symbol", error.to_string()))?,
        seed: args.seed,
        timeframe: args.timeframe,
        from,
        length: Length::Sessions(sessions),
        start_price: args.price.parse::<Price>().map_err(|error| wrong("price", error.to_string()))?,
        annual_drift: args.drift,
        annual_volatility: args.volatility,
        calendar,
    })
}
