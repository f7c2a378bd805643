//! `overfit` from numbers alone: those statistics that the numbers given allow.
//!
//! Not here: the formulas (metric).
use super::table::Table;
use super::{OverfitArgs, wrong};
use crate::cli::Failure;
use crate::metric::{
    CONFIDENCE, SharpeEvidence, deflated_sharpe, expected_max_sharpe, min_backtest_years, min_track_record,
    probabilistic_sharpe,
};

pub(super) fn table(args: &OverfitArgs) -> Result<Table, Failure> {
    check(args)?;
    let trials = args.trials.and_then(|trials| usize::try_from(trials).ok());
    let evidence = match (args.sharpe, args.skew, args.kurtosis) {
        (Some(sharpe), Some(skew), Some(kurtosis)) => Some(SharpeEvidence { sharpe, skew, kurtosis }),
        _ => None,
    };
    let record = evidence.zip(args.observations);
    let field = trials.zip(args.sharpe_variance);
    let benchmark = args.benchmark_sharpe.unwrap_or(0.0);
    let mut table = Table::default();
    if let Some((evidence, observations)) = record {
        table.measure("probabilistic_sharpe", probabilistic_sharpe(evidence, observations, benchmark));
    }
    if let (Some((evidence, observations)), Some((trials, variance))) = (record, field) {
        table.measure("deflated_sharpe", deflated_sharpe(evidence, observations, trials, variance));
    }
    if let Some((trials, variance)) = field {
        table.measure("expected_max_sharpe", expected_max_sharpe(trials, variance));
    }
    if let Some(evidence) = evidence {
        let confidence = args.confidence.unwrap_or(CONFIDENCE);
        table.measure("min_track_record", min_track_record(evidence, benchmark, confidence));
    }
    if let Some((trials, sharpe)) = trials.zip(args.annual_sharpe) {
        table.measure("min_backtest_years", min_backtest_years(trials, sharpe));
    }
    Ok(table)
}

/// Numbers that no record can have, and too few of them.
fn check(args: &OverfitArgs) -> Result<(), Failure> {
    if args.sharpe.is_none() && args.sharpe_variance.is_none() && args.annual_sharpe.is_none() {
        let what = "nothing to compute from; name a FILE of returns, or give --sharpe with --skew and --kurtosis, or \
                    --trials with --sharpe-variance or --annual-sharpe";
        return Err(wrong("overfit", what));
    }
    if let Some(observations) = args.observations.filter(|observations| *observations < 2) {
        return Err(wrong("--observations", format!("{observations} is under 2; a deviation needs two returns")));
    }
    if let Some(kurtosis) = args.kurtosis.filter(|kurtosis| *kurtosis < 1.0) {
        let what = format!("{kurtosis} is under 1, which no returns have; if it is excess kurtosis, add 3");
        return Err(wrong("--kurtosis", what));
    }
    if let Some(variance) = args.sharpe_variance.filter(|variance| *variance < 0.0) {
        return Err(wrong("--sharpe-variance", format!("{variance} is under 0, which no variance is")));
    }
    if let Some(confidence) = args.confidence.filter(|value| !(*value > 0.5 && *value < 1.0)) {
        return Err(wrong("--confidence", format!("{confidence} is not above 0.5 and below 1; 0.95 is usual")));
    }
    Ok(())
}
