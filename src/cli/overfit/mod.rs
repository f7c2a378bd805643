//! `alphaflow overfit`: how much of the best of many tries is luck, from a matrix of returns or from numbers alone.
//!
//! Not here: the statistics (metric), the words of the verdict (sweep). Keys are those of the two forms; what the
//! inputs do not allow is absent, what they make undefined is null with its reason.
mod matrix;
mod numbers;
mod table;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Failure, Format};

/// Most trials: from here on 1 − 1/N is no longer told apart from 1 well enough for its quantile.
const TRIALS_MAX: u64 = 1_000_000_000;

/// Arguments of `alphaflow overfit`.
#[derive(Debug, Args)]
#[command(
    override_usage = "alphaflow overfit FILE [--blocks 10] [--trials N] [--format text|json]\n       \
        alphaflow overfit --sharpe S --observations N --skew G --kurtosis K [--benchmark-sharpe B] [--trials N \
        --sharpe-variance V] [--confidence P] [--annual-sharpe S] [--format text|json]",
    after_help = "Example: alphaflow overfit data/trials_ma_crossover_ibm.csv\n\
    Example: alphaflow overfit --sharpe 0.08 --observations 1250 --skew -0.4 --kurtosis 6 --trials 45 --sharpe-variance 0.0008 --annual-sharpe 1.27\n\n\
    FILE is CSV with a header: one column of returns (fractions) a trial, one row an observation, oldest first; a \
    first column date or timestamp is skipped. Sharpe ratios are per observation (divide an annual one by the root \
    of 252 for daily returns); kurtosis is not excess: 3 for a normal distribution."
)]
pub(super) struct OverfitArgs {
    /// Matrix of returns, one column a trial
    file: Option<PathBuf>,
    /// Blocks the rows are cut into, even, 2 to 20 [default: 10]
    #[arg(long, value_name = "S", requires = "file", conflicts_with = "sharpe")]
    blocks: Option<usize>,
    /// Trials that were made; with FILE its columns unless more were tried
    #[arg(long, value_name = "N")]
    trials: Option<u64>,
    /// Sharpe ratio of the record, per observation
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = number, conflicts_with = "file", requires_all = ["skew", "kurtosis"])]
    sharpe: Option<f64>,
    /// Observations in the record
    #[arg(long, value_name = "N", requires = "sharpe")]
    observations: Option<usize>,
    /// Skewness of its returns
    #[arg(long, value_name = "G", allow_negative_numbers = true, value_parser = number, requires = "sharpe")]
    skew: Option<f64>,
    /// Kurtosis of its returns, not excess: 3 for a normal distribution
    #[arg(long, value_name = "K", allow_negative_numbers = true, value_parser = number, requires = "sharpe")]
    kurtosis: Option<f64>,
    /// Sharpe ratio to be above, per observation [default: 0]
    #[arg(long, value_name = "B", allow_negative_numbers = true, value_parser = number, requires = "sharpe")]
    benchmark_sharpe: Option<f64>,
    /// Variance of the trials' Sharpe ratios, per observation
    #[arg(long, value_name = "V", allow_negative_numbers = true, value_parser = number, conflicts_with = "file", requires = "trials")]
    sharpe_variance: Option<f64>,
    /// Confidence of the minimum track record, above 0.5 and below 1 [default: 0.95]
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = number, requires = "sharpe")]
    confidence: Option<f64>,
    /// Annual Sharpe ratio of the best, for the minimum length of a backtest
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = number, conflicts_with = "file", requires = "trials")]
    annual_sharpe: Option<f64>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Computes and prints.
pub(super) fn run(args: &OverfitArgs, out: &mut impl Write) -> Result<(), Failure> {
    if let Some(trials) = args.trials
        && !(2..=TRIALS_MAX).contains(&trials)
    {
        return Err(wrong(
            "--trials",
            format!("{trials} is not from 2 to 1,000,000,000; of a single trial nothing was picked, so leave it out"),
        ));
    }
    let table = match &args.file {
        Some(file) => matrix::table(file, args.blocks, args.trials)?,
        None => numbers::table(args)?,
    };
    let text = match args.format {
        Format::Json => format!("{:#}\n", table.to_json()),
        Format::Text => table.to_text(),
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// A finite number.
fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("not a finite number; write it like 0.08".to_owned()),
    }
}

/// An argument that is wrong, with what is wrong and the remedy.
fn wrong(argument: &str, what: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("error {argument}: {what}"))
}
