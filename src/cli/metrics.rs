//! `alphaflow metrics`: every measure of a series of returns or equity, whoever made it.
//!
//! Not here: the measures (metric), the series (scenario).
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::finish::input;
use super::{Failure, Format};
use crate::report::format::{Numbers, Sign, UNDEFINED};
use crate::scenario::{Metrics, SeriesKind, read_series, series_metrics};

const N: Numbers = Numbers::PLAIN;

/// Arguments of `alphaflow metrics`.
#[derive(Debug, Args)]
#[command(after_help = "Example: alphaflow metrics reports/ma_crossover_tech4/equity.csv --initial-equity 100000\n\n\
    FILE is CSV with a header: `date,return` (fractions, one a session) or `timestamp,equity` (dollars; the last \
    mark of each date counts); a file of bars counts by its close. Other columns are not read. The JSON keys are \
    those of metrics.json.")]
pub(super) struct MetricsArgs {
    /// Series of returns or equity
    file: PathBuf,
    /// Series to hold it against, with a value on every date of FILE
    #[arg(long, value_name = "FILE")]
    benchmark: Option<PathBuf>,
    /// Dollars before the first mark of equity; without it the first mark is the start
    #[arg(long, value_name = "USD")]
    initial_equity: Option<f64>,
    /// Seed of the bootstrap intervals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Computes and prints.
pub(super) fn run(args: &MetricsArgs, out: &mut impl Write) -> Result<(), Failure> {
    let series = read_series(&args.file).map_err(input)?;
    if let Some(usd) = args.initial_equity {
        if series.kind == SeriesKind::Returns {
            let what = "error --initial-equity: goes with a column of equity, but the file has returns";
            return Err(Failure::Input(what.to_owned()));
        }
        if !usd.is_finite() || usd <= 0.0 {
            return Err(Failure::Input(format!("error --initial-equity: {usd} is not above 0 dollars")));
        }
    }
    let benchmark = args.benchmark.as_deref().map(read_series).transpose().map_err(input)?;
    let metrics = series_metrics(&series, benchmark.as_ref(), args.initial_equity, args.seed).map_err(input)?;
    let text = match args.format {
        Format::Json => format!("{:#}\n", metrics.to_json()),
        Format::Text => table(&metrics),
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// One measure a line; what a series cannot know is left out, what is undefined says why.
fn table(metrics: &Metrics) -> String {
    let all = metrics.to_json();
    let mut out = String::new();
    for key in ["start", "end"] {
        let text = all.get(key).and_then(serde_json::Value::as_str).unwrap_or(UNDEFINED);
        out.push_str(&format!("{key:<24}{text:>14}\n"));
    }
    for (key, value) in metrics.measures() {
        match value {
            Ok(value) => {
                let range = metrics
                    .intervals()
                    .find(|(name, _)| *name == key)
                    .map(|(_, (low, high))| format!("   95%: {} to {}", write(key, low), write(key, high)));
                out.push_str(&format!("{key:<24}{:>14}{}\n", write(key, value), range.unwrap_or_default()));
            }
            Err(reason) if reason.starts_with("a series of returns") => {}
            Err(reason) => out.push_str(&format!("{key:<24}{UNDEFINED:>14}   {reason}\n")),
        }
    }
    out
}

/// The value as people read it.
fn write(key: &str, value: f64) -> String {
    match key {
        "total_return" | "cagr" | "annual_return" | "max_drawdown" | "avg_drawdown" | "value_at_risk_95"
        | "conditional_var_95" | "alpha" => N.percent(value, 2, Sign::Always),
        "annual_volatility" | "probabilistic_sharpe" => N.percent(value, 2, Sign::Negative),
        "initial_equity" | "final_equity" => N.dollars_cents(value, Sign::Negative),
        "sessions" => N.count(value),
        "max_drawdown_days" | "min_track_record_days" => N.count(value.ceil()),
        _ => format!("{value:.4}"),
    }
}
