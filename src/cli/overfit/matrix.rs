//! `overfit` of a matrix of returns: overfitting, deflation, luck among all trials, and the verdict on them.
//!
//! Not here: reading the matrix (scenario), the formulas (metric), the words (sweep).
use std::path::Path;

use super::table::Table;
use super::wrong;
use crate::cli::Failure;
use crate::cli::finish::input;
use crate::cli::screen::Progress;
use crate::metric::{
    BLOCKS_MAX, BestTrial, BlockSums, CONFIDENCE, LuckPValues, MetricError, Overfitting, SharpeEvidence,
    TrialCorrelation, best_trial, deflated_sharpe, expected_max_sharpe, independent_trials, min_backtest_years,
    min_track_record, pbo, probabilistic_sharpe, reality_check_of_blocks, whole_trials,
};
use crate::report::format::counted;
use crate::scenario::{Diagnostic, Trials, read_trials};
use crate::sweep::{Known, Length, VerdictNumbers, verdict};

/// Blocks where nobody says otherwise: 252 ways to halve them.
const BLOCKS: usize = 10;
/// Blocks that are resampled for the tests of luck; up to so many rows every row is one.
const RESAMPLED_BLOCKS: usize = 250;
/// Seed of the resamples: the same file gives the same answer.
const SEED: u64 = 1;

type Measure<T = f64> = Result<T, MetricError>;

/// Everything that is computed before it is put in order.
struct Findings {
    observations: usize,
    trials: usize,
    best: Measure<(BestTrial, SharpeEvidence)>,
    overfitting: Measure<Overfitting>,
    independent: Measure,
    luck: Measure<LuckPValues>,
}

pub(super) fn table(file: &Path, blocks: Option<usize>, tried: Option<u64>) -> Result<Table, Failure> {
    let blocks = blocks.unwrap_or(BLOCKS);
    if !(2..=BLOCKS_MAX).contains(&blocks) || !blocks.is_multiple_of(2) {
        return Err(wrong("--blocks", format!("{blocks} is not an even number from 2 to {BLOCKS_MAX}")));
    }
    let trials = read_trials(file).map_err(input)?;
    let (columns, rows) = (trials.returns.len(), trials.observations());
    if rows < 2 * blocks {
        let rows = counted(rows, "row", "rows");
        let what = format!("{rows}, but {blocks} blocks need {}: two each; add rows or lower --blocks", 2 * blocks);
        return Err(input(Diagnostic::of_file(file, what)));
    }
    let tried = tried.map_or(columns, |tried| usize::try_from(tried).unwrap_or(usize::MAX));
    if tried < columns {
        let what = format!("{tried} is fewer than the {columns} trials in the file; count every trial that was made");
        return Err(wrong("--trials", what));
    }
    let progress = Progress::begin("computing", &counted(columns, "trial", "trials"));
    let findings = Findings {
        observations: rows,
        trials: tried,
        best: best_trial(&trials.returns),
        overfitting: pbo(&trials.returns, blocks),
        independent: independent(&trials, tried),
        luck: luck(&trials),
    };
    drop(progress);
    Ok(arranged(&findings, &trials, blocks))
}

/// Independent ones among all trials that were made; those that never moved are none.
fn independent(trials: &Trials, tried: usize) -> Measure {
    let mut correlation = TrialCorrelation::new(trials.observations());
    trials.returns.iter().try_for_each(|trial| correlation.add(trial))?;
    independent_trials(tried - correlation.still(), correlation.average()?)
}

fn luck(trials: &Trials) -> Measure<LuckPValues> {
    let rows = trials.observations();
    let mut sums = BlockSums::new(rows, rows.min(RESAMPLED_BLOCKS))?;
    trials.returns.iter().try_for_each(|trial| sums.add_returns(trial))?;
    reality_check_of_blocks(&sums, SEED)
}

/// The keys in their order: first those of the specification, then ours.
fn arranged(findings: &Findings, trials: &Trials, blocks: usize) -> Table {
    let mut table = Table::default();
    of_overfitting(&mut table, &findings.overfitting);
    let Findings { observations, trials: tried, best, .. } = findings;
    match best {
        Ok((best, evidence)) => {
            table.put_for_programs("best_trial", best.index);
            table.put("best_sharpe", evidence.sharpe);
            table.put("best_skew", evidence.skew);
            table.put("best_kurtosis", evidence.kurtosis);
            table.put("sharpe_variance", best.sharpe_variance);
        }
        Err(reason) => {
            let keys = ["best_trial", "best_sharpe", "best_skew", "best_kurtosis", "sharpe_variance"];
            keys.iter().for_each(|key| table.undefined(key, reason.to_string()));
        }
    }
    let chances = Chances::of(findings);
    let expected = best.and_then(|(best, _)| expected_max_sharpe(*tried, best.sharpe_variance));
    table.measure("expected_max_sharpe", expected);
    table.measure("probabilistic_sharpe", chances.alone);
    table.measure("deflated_sharpe", chances.deflated);
    if let Ok((best, _)) = best {
        table.put("best_trial_name", trials.names[best.index].as_str());
    }
    table.put("observations", *observations);
    table.put("blocks", blocks);
    table.put("trials", *tried);
    table.measure("independent_trials", findings.independent);
    table.measure("deflated_sharpe_independent", chances.deflated_independent);
    let p = |of: fn(&LuckPValues) -> f64| findings.luck.map(|luck| of(&luck));
    table.measure("reality_check", p(|luck| luck.reality_check));
    table.measure("spa", p(|luck| luck.spa));
    table.measure("spa_lower", p(|luck| luck.spa_lower));
    table.measure("spa_upper", p(|luck| luck.spa_upper));
    table.measure("min_track_record", chances.record);
    table.measure("min_backtest_observations", chances.backtest);
    let verdict = verdict(&in_words(findings, &chances));
    table.put_for_programs("conclusion", verdict.conclusion.code());
    table.verdict(&verdict.text);
    table
}

fn of_overfitting(table: &mut Table, overfitting: &Measure<Overfitting>) {
    match overfitting {
        Ok(found) => {
            table.put("pbo", found.pbo);
            table.put("combinations", found.splits.len());
            table.measure("mean_logit", Ok(found.mean_logit));
            table.measure("median_logit", Ok(found.median_logit));
            table.put("prob_oos_loss", found.prob_oos_loss);
            table.measure("degradation_slope", found.degradation.map(|line| line.slope));
            table.measure("degradation_intercept", found.degradation.map(|line| line.intercept));
        }
        Err(reason) => {
            let keys = ["pbo", "combinations", "mean_logit", "median_logit", "prob_oos_loss"];
            let line = ["degradation_slope", "degradation_intercept"];
            keys.iter().chain(&line).for_each(|key| table.undefined(key, reason.to_string()));
        }
    }
}

/// What follows from the best trial's evidence and the number of trials.
struct Chances {
    alone: Measure,
    deflated: Measure,
    deflated_independent: Measure,
    record: Measure,
    backtest: Measure,
}

impl Chances {
    fn of(findings: &Findings) -> Chances {
        let Findings { observations, trials, best, independent, .. } = findings;
        let deflated = |trials: usize| {
            best.and_then(|(best, evidence)| deflated_sharpe(evidence, *observations, trials, best.sharpe_variance))
        };
        let of_evidence = |statistic: &dyn Fn(SharpeEvidence) -> Measure| best.and_then(|(_, own)| statistic(own));
        Chances {
            alone: of_evidence(&|own| probabilistic_sharpe(own, *observations, 0.0)),
            deflated: deflated(*trials),
            deflated_independent: independent.and_then(|count| deflated(whole_trials(count))),
            record: of_evidence(&|own| min_track_record(own, 0.0, CONFIDENCE)),
            // Per observation in place of per year, and so in observations.
            backtest: of_evidence(&|own| min_backtest_years(*trials, own.sharpe)),
        }
    }
}

fn in_words(findings: &Findings, chances: &Chances) -> VerdictNumbers {
    let known = |value: Measure| -> Known { value.map_err(|reason| reason.to_string()) };
    let have = findings.observations as f64;
    let length = |needed: Measure| Length { needed: known(needed), have, unit: "observations" };
    VerdictNumbers {
        trials: findings.trials,
        independent_trials: known(findings.independent),
        metric: "Sharpe ratio per observation",
        best: known(findings.best.map(|(best, _)| best.sharpe)),
        probabilistic_sharpe: known(chances.alone),
        deflated_sharpe: known(chances.deflated),
        deflated_sharpe_independent: known(chances.deflated_independent),
        pbo: known(findings.overfitting.as_ref().map(|found| found.pbo).map_err(|reason| *reason)),
        spa: known(findings.luck.map(|luck| luck.spa)),
        track_record: length(chances.record),
        backtest: length(chances.backtest),
        plateau: None,
    }
}
