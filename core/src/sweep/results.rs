//! All rows of a sweep together: ranks, the deflated Sharpe ratio of each, the verdict over all.
//!
//! Not here: statistics (metric), words (`verdict`), pages (report).
use std::io;
use std::path::Path;

use polars::prelude::ParquetCompression;
use serde_json::{Value, json};

use super::folder::{RESULTS, STRESS, replace};
use super::limits_held::{StressHeld, is_calm};
use super::part;
use super::plan::Plan;
use super::row::{BLOCKS_STEP, Row, RunStatus, empty_blocks};
use super::verdict::{Known, Length, Verdict, VerdictNumbers, verdict};
use crate::metric::{
    self as m, BlockSums, LuckPValues, MetricError, Overfitting, Plateau, SESSIONS_PER_YEAR, SharpeEvidence,
};
use crate::scenario::spec::Objective;

/// Neighbours of the winner that a sample is asked for.
const NEAREST: usize = 8;

/// A finished sweep.
#[derive(Debug)]
pub struct Results {
    /// Swept keys.
    pub axes: Vec<String>,
    /// Every run, by its place in the plan.
    pub rows: Vec<Row>,
    /// What the best is best in.
    pub objective: Objective,
    /// Places in `rows`, best first; runs with a shock or without a value of the objective are not in it.
    pub ranking: Vec<usize>,
    /// For each row the confidence that its Sharpe ratio is above what luck gives in so many tries.
    pub deflated: Vec<Option<f64>>,
    /// The numbers behind the verdict.
    pub luck: Luck,
    /// The verdict.
    pub verdict: Verdict,
    /// What a sweep with `[stress]` says of the limits. Its shocked runs are no tries: nobody would pick one, so they
    /// are neither ranked nor counted in the verdict.
    pub stress: Option<StressHeld>,
}

/// What is known of all runs together; an error is why it is not.
#[derive(Debug)]
pub struct Luck {
    /// Runs that were tried.
    pub trials: usize,
    /// Independent ones among them, estimated.
    pub independent: Result<f64, String>,
    /// Variance of their Sharpe ratios, per session.
    pub sharpe_variance: Result<f64, String>,
    /// Sharpe ratio, annualised, that the best of so many is expected to show by luck.
    pub expected_max_sharpe: Result<f64, String>,
    /// Probability of overfitting and what belongs to it.
    pub overfitting: Result<Overfitting, String>,
    /// White's and Hansen's tests.
    pub p_values: Result<LuckPValues, String>,
    /// The winner's surroundings.
    pub plateau: Result<Plateau, String>,
    /// Years a backtest must have before the winner's Sharpe ratio means anything.
    pub min_backtest_years: Result<f64, String>,
}

impl Results {
    /// Puts all `rows` of `plan` together, by their places; `objective`: what the best is best in.
    pub fn of(plan: &Plan, rows: Vec<Row>, objective: Objective) -> Results {
        let key = objective.to_string();
        let value = |at: &usize| rows[*at].measure(&key);
        let is_try = |row: &Row| is_calm(plan.axes().iter().map(super::Axis::key), row);
        let tries: Vec<&Row> = rows.iter().filter(|row| is_try(row)).collect();
        let mut ranking: Vec<usize> = (0..rows.len()).filter(|at| value(at).is_some() && is_try(&rows[*at])).collect();
        // Stable: of equals the earlier in the plan is first.
        ranking.sort_by(|a, b| value(b).partial_cmp(&value(a)).unwrap_or(std::cmp::Ordering::Equal));
        let winner = ranking.first().map(|at| &rows[*at]);
        let luck = Luck::of(plan, &tries, &key, winner);
        let deflated = rows.iter().map(|row| luck.deflated(row, luck.trials).filter(|_| is_try(row))).collect();
        let stress = StressHeld::of(plan, &rows);
        let verdict = verdict(&luck.numbers(winner, objective));
        let axes = plan.axes().iter().map(|axis| axis.key().to_owned()).collect();
        Results { axes, rows, objective, ranking, deflated, luck, verdict, stress }
    }

    /// The best run.
    pub fn winner(&self) -> Option<&Row> {
        self.ranking.first().map(|at| &self.rows[*at])
    }

    /// Writes `results.parquet`: one row a run, by place in the plan.
    ///
    /// Errors: whatever the file system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let axes: Vec<&str> = self.axes.iter().map(String::as_str).collect();
        let more = [("deflated_sharpe", self.deflated.clone())];
        let mut table = part::frame(&axes, &self.rows, &more).map_err(part::from_polars)?;
        replace(&folder.join(RESULTS), |file| part::save(file, &mut table, ParquetCompression::Zstd(None)))?;
        if let Some(stress) = &self.stress {
            let text = stress.to_csv();
            replace(&folder.join(STRESS), |file| io::Write::write_all(file, text.as_bytes()))?;
        }
        let text = format!("{:#}\n", self.to_json());
        replace(&folder.join("verdict.json"), |file| io::Write::write_all(file, text.as_bytes()))
    }

    /// `verdict.json`: what all runs say together. A number that is not known is null, with its reason in
    /// `undefined`.
    pub fn to_json(&self) -> Value {
        let luck = &self.luck;
        let winner = self.winner();
        let of_winner = |key: &str| winner.and_then(|row| row.measure(key)).ok_or_else(|| NO_WINNER.to_owned());
        let deflated = self.ranking.first().and_then(|at| self.deflated[*at]).ok_or_else(|| NO_WINNER.to_owned());
        let pbo = |of: fn(&Overfitting) -> f64| luck.overfitting.as_ref().map(of).map_err(Clone::clone);
        let p_value = |of: fn(&LuckPValues) -> f64| luck.p_values.as_ref().map(of).map_err(Clone::clone);
        let plateau = |of: fn(&Plateau) -> f64| luck.plateau.as_ref().map(of).map_err(Clone::clone);
        let known: [(&str, Known); 17] = [
            ("best_value", of_winner(&self.objective.to_string())),
            ("independent_trials", luck.independent.clone()),
            ("sharpe_variance", luck.sharpe_variance.clone()),
            ("expected_max_sharpe", luck.expected_max_sharpe.clone()),
            ("probabilistic_sharpe", of_winner("probabilistic_sharpe")),
            ("deflated_sharpe", deflated),
            ("pbo", pbo(|all| all.pbo)),
            ("prob_oos_loss", pbo(|all| all.prob_oos_loss)),
            ("reality_check_p", p_value(|all| all.reality_check)),
            ("spa_p", p_value(|all| all.spa)),
            ("spa_lower_p", p_value(|all| all.spa_lower)),
            ("spa_upper_p", p_value(|all| all.spa_upper)),
            ("min_track_record_days", of_winner("min_track_record_days")),
            ("min_backtest_years", luck.min_backtest_years.clone()),
            ("plateau_neighbours", plateau(|all| all.neighbours as f64)),
            ("plateau_mean", plateau(|all| all.mean)),
            ("plateau_worst", plateau(|all| all.worst)),
        ];
        let count = |status: RunStatus| self.rows.iter().filter(|row| row.status == status).count();
        let mut json = json!({
            "runs": self.rows.len(),
            "trials": luck.trials,
            "invalid": count(RunStatus::Invalid),
            "failed": count(RunStatus::Failed),
            "objective": self.objective.to_string(),
            "conclusion": self.verdict.conclusion.code(),
            "verdict": self.verdict.text,
        });
        if let Some(row) = winner {
            let values: serde_json::Map<String, Value> =
                self.axes.iter().cloned().zip(row.values.iter().map(|value| value.as_str().into())).collect();
            json["best"] = json!({"run": row.position, "id": row.id, "values": values});
        }
        let mut undefined = serde_json::Map::new();
        for (key, value) in known {
            json[key] = value.as_ref().map_or(Value::Null, |number| (*number).into());
            if let Err(reason) = value {
                undefined.insert(key.into(), reason.into());
            }
        }
        json["undefined"] = undefined.into();
        if let Some(stress) = &self.stress {
            json["stress"] = stress.to_json();
        }
        json
    }
}

/// Why a number of the winner is not known.
const NO_WINNER: &str = "no run has a value of the objective";

impl Luck {
    fn of(plan: &Plan, rows: &[&Row], key: &str, winner: Option<&Row>) -> Luck {
        let done: Vec<&Row> = rows.iter().copied().filter(|row| row.status == RunStatus::Done).collect();
        let trials = done.len();
        // A run that never traded has no Sharpe ratio; it was tried all the same, and scored nothing.
        let sharpes: Vec<f64> = done.iter().map(|row| per_session(row).unwrap_or(0.0)).collect();
        let spread = |sharpes: &[f64]| m::best_of(sharpes).map(|best| best.sharpe_variance);
        // An optimiser draws its tries towards the best, where they are alike: luck is that of its random start, too.
        let drawn = done.iter().filter(|row| (row.position as usize) < plan.drawn()).count();
        let of_start = spread(&sharpes[..drawn]).unwrap_or(0.0);
        let sharpe_variance = spread(&sharpes).map(|all| all.max(of_start));
        let expected = sharpe_variance.and_then(|variance| m::expected_max_sharpe(trials, variance));
        let sums = block_sums(&done);
        let of_sums = |of: &dyn Fn(&BlockSums) -> Result<f64, MetricError>| {
            sums.as_ref().map_err(Clone::clone).and_then(|sums| of(sums).map_err(|error| error.to_string()))
        };
        let independent = of_sums(&|sums| {
            m::average_correlation_of_blocks(sums).and_then(|average| m::independent_trials(trials, average))
        });
        let seed = plan.base().spec.scenario.seed;
        let sharpe = winner.and_then(|row| row.measure("sharpe")).ok_or_else(|| NO_WINNER.to_owned());
        let text = |error: MetricError| error.to_string();
        Luck {
            trials,
            independent,
            sharpe_variance: sharpe_variance.map_err(text),
            expected_max_sharpe: expected.map(|expected| expected * SESSIONS_PER_YEAR.sqrt()).map_err(text),
            overfitting: sums
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|sums| m::pbo_of_blocks(sums, BLOCKS_STEP).map_err(text)),
            p_values: sums.as_ref().map_err(Clone::clone).and_then(|sums| p_values(sums, seed).map_err(text)),
            plateau: plateau(plan, rows, key).map_err(text),
            min_backtest_years: sharpe.and_then(|sharpe| m::min_backtest_years(trials, sharpe).map_err(text)),
        }
    }

    /// Confidence that the Sharpe ratio of a run is above what luck gives in `trials` tries.
    fn deflated(&self, row: &Row, trials: usize) -> Option<f64> {
        let variance = *self.sharpe_variance.as_ref().ok()?;
        let evidence = SharpeEvidence {
            sharpe: per_session(row)?,
            skew: row.measure("skew")?,
            kurtosis: row.measure("kurtosis")? + 3.0,
        };
        m::deflated_sharpe(evidence, row.measure("sessions")? as usize, trials, variance).ok()
    }

    fn numbers(&self, winner: Option<&Row>, objective: Objective) -> VerdictNumbers {
        let of_winner = |key: &str| winner.and_then(|row| row.measure(key)).ok_or_else(|| NO_WINNER.to_owned());
        let deflated = |trials: usize| {
            let row = winner.ok_or_else(|| NO_WINNER.to_owned())?;
            self.deflated(row, trials).ok_or_else(|| "too few tries or sessions".to_owned())
        };
        let sessions = of_winner("sessions").unwrap_or_default();
        VerdictNumbers {
            trials: self.trials,
            independent_trials: self.independent.clone(),
            metric: in_words(objective),
            best: of_winner(&objective.to_string()),
            probabilistic_sharpe: of_winner("probabilistic_sharpe"),
            deflated_sharpe: deflated(self.trials),
            deflated_sharpe_independent: self
                .independent
                .clone()
                .and_then(|independent| deflated(m::whole_trials(independent))),
            pbo: self.overfitting.as_ref().map(|all| all.pbo).map_err(Clone::clone),
            spa: self.p_values.as_ref().map(|all| all.spa).map_err(Clone::clone),
            track_record: Length { needed: of_winner("min_track_record_days"), have: sessions, unit: "sessions" },
            backtest: Length {
                needed: self.min_backtest_years.clone(),
                have: sessions / SESSIONS_PER_YEAR,
                unit: "years",
            },
            plateau: Some(self.plateau.clone()),
        }
    }
}

/// What an objective is called in a sentence.
pub fn in_words(objective: Objective) -> &'static str {
    match objective {
        Objective::Sharpe => "Sharpe ratio",
        Objective::Sortino => "Sortino ratio",
        Objective::Calmar => "Calmar ratio",
        Objective::Omega => "Omega ratio",
        Objective::Cagr => "growth a year",
        Objective::TotalReturn => "total return",
        Objective::ProfitFactor => "profit factor",
        Objective::Expectancy => "mean profit of a trade",
        Objective::Sqn => "system quality number",
    }
}

/// Sharpe ratio of a run per session.
fn per_session(row: &Row) -> Option<f64> {
    row.measure("sharpe").map(|sharpe| sharpe / SESSIONS_PER_YEAR.sqrt())
}

/// The returns of all runs over the same sessions, or why they cannot be held beside each other.
fn block_sums(done: &[&Row]) -> Result<BlockSums, String> {
    let Some(first) = done.first() else { return Err("no run got to its last bar".to_owned()) };
    let sessions = first.measure("sessions").unwrap_or_default();
    if done.iter().any(|row| row.measure("sessions") != Some(sessions) || row.span != first.span) {
        return Err("the runs cover different sessions".to_owned());
    }
    let mut sums = empty_blocks(sessions as usize)
        .ok_or_else(|| format!("{sessions} sessions cannot be cut into {BLOCKS_STEP} blocks"))?;
    for row in done {
        if row.blocks.is_empty() {
            return Err(format!("run {} has no returns: its equity was not above zero throughout", row.position));
        }
        sums.add_sums(&row.blocks).map_err(|error| error.to_string())?;
    }
    Ok(sums)
}

fn p_values(sums: &BlockSums, seed: u64) -> Result<LuckPValues, MetricError> {
    m::reality_check_of_blocks(sums, seed)
}

/// The winner among its neighbours: those one step away on a grid, the nearest in a sample.
fn plateau(plan: &Plan, rows: &[&Row], key: &str) -> Result<Plateau, MetricError> {
    let values: Vec<Option<f64>> = rows.iter().map(|row| row.measure(key)).collect();
    let point = |row: &Row| plan.point(row.position as usize);
    let sampled = plan.base().spec.sweep.as_ref().is_some_and(|sweep| sweep.sample.is_some());
    if sampled {
        let points: Vec<Vec<f64>> =
            rows.iter().map(|row| point(row).iter().map(|at| f64::from(*at)).collect()).collect();
        return m::plateau_of_sample(&points, &values, NEAREST);
    }
    let points: Vec<Vec<usize>> =
        rows.iter().map(|row| point(row).iter().map(|at| usize::from(*at)).collect()).collect();
    m::plateau_on_grid(&points, &values)
}
