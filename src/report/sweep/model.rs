//! Everything a person sees of a sweep, as plain values.
//!
//! Not here: computing any of it (sweep, metric), filling it (cli), drawing it.
//! Invariants: (1) the runs shown come in the order of the ranking, those without a value of the objective last;
//! (2) every list "by run" is as long as `all.runs`, every list by axis as long as `axes`.

use crate::scenario::LimitUnit;

/// Runs that a page carries one by one; of a larger sweep these are the best, and the page says so. Twenty thousand
/// rows of thirty numbers are about four megabytes.
pub const RUNS_SHOWN_MAX: usize = 20_000;

/// A finished sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepModel {
    /// The scenario's name.
    pub name: String,
    /// Its file as the user wrote it, for the command that repeats a run.
    pub scenario_file: String,
    /// What takes the studies out of the scenario, such as `sweep={}`: a backtest is a single run.
    pub without_studies: Vec<String>,
    /// Symbols and dates in words, where the runs share them: "AAPL, MSFT, daily, 3 Jan 2005 to 1 Mar 2013".
    pub scope: String,
    /// "alphaflow 0.1.0".
    pub program: String,
    /// Seed of the scenario.
    pub seed: u64,
    /// Swept keys; none where the sweep is a walk-forward of a single candidate.
    pub axes: Vec<AxisView>,
    /// Conditions between them, as written.
    pub conditions: Vec<String>,
    /// Combinations there are before conditions and sample, in words: "1,170".
    pub combinations: String,
    /// How they were sampled, in words; `None`: every combination that the conditions allow.
    pub sample: Option<String>,
    /// Key of the measure that the best is best in.
    pub objective: String,
    /// The same in a sentence, such as "Sharpe ratio".
    pub objective_words: String,
    /// Starting cash, dollars.
    pub cash: f64,
    /// Keys of [`RunView::measures`], in their order.
    pub measure_keys: Vec<&'static str>,
    /// The runs shown, at most [`RUNS_SHOWN_MAX`], best first.
    pub runs: Vec<RunView>,
    /// What is kept of all runs.
    pub all: AllRuns,
    /// Dates on which the blocks of [`RunView::growth`] end, the first block's beginning before them; empty where the
    /// runs cover different sessions.
    pub block_dates: Vec<String>,
    /// Growth of all runs together; `None` where they cover different sessions.
    pub fan: Option<Fan>,
    /// What the runs say together.
    pub verdict: VerdictView,
    /// The walk-forward, where the scenario has one.
    pub walk_forward: Option<WalkForwardView>,
    /// The stress test, where the scenario has one.
    pub stress: Option<StressView>,
}

impl SweepModel {
    /// The measure `key` of a run; `None` where it is undefined or not kept.
    pub fn measure(&self, run: &RunView, key: &str) -> Option<f64> {
        let place = self.measure_keys.iter().position(|known| *known == key)?;
        run.measures.get(place).copied().flatten()
    }

    /// Best runs first, as many as have a value of the objective.
    pub fn ranked(&self) -> impl Iterator<Item = &RunView> {
        self.runs.iter().filter(|run| self.measure(run, &self.objective).is_some())
    }

    /// The value of axis number `axis` in `run`, as text.
    pub fn value(&self, run: &RunView, axis: usize) -> &str {
        let place = run.point.get(axis).map_or(usize::MAX, |place| usize::from(*place));
        self.axes.get(axis).and_then(|axis| axis.values.get(place)).map_or("", String::as_str)
    }
}

/// One swept key.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisView {
    /// Its path in the scenario.
    pub key: String,
    /// Its values as text, in the order of the file.
    pub values: Vec<String>,
    /// The same as `--set` reads them.
    pub typed: Vec<String>,
    /// Place of the scenario's own value in `values`, if it is among them.
    pub own: Option<usize>,
}

impl AxisView {
    /// The last part of the key: `fast_period` of `strategy.params.fast_period`.
    pub fn short(&self) -> &str {
        self.key.rsplit_once('.').map_or(self.key.as_str(), |(_, last)| last)
    }

    /// Are all its values numbers?
    pub fn is_numeric(&self) -> bool {
        self.values.iter().all(|value| value.parse::<f64>().is_ok_and(f64::is_finite))
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// To its last bar.
    Done,
    /// Not begun: its values do not go together.
    Invalid,
    /// Broken off.
    Failed,
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// Its place in the plan, from 0.
    pub run: u32,
    /// How it ended.
    pub end: RunEnd,
    /// Why it did not run to its last bar; else empty.
    pub reason: String,
    /// For each axis the place of its value in [`AxisView::values`].
    pub point: Vec<u16>,
    /// By [`SweepModel::measure_keys`]; `None`: undefined.
    pub measures: Vec<Option<f64>>,
    /// Confidence that its Sharpe ratio is above what luck gives in so many tries.
    pub deflated_sharpe: Option<f64>,
    /// Annualised Sharpe ratio of the first and of the second half of the sessions.
    pub halves: Option<(f64, f64)>,
    /// Equity as a multiple of the start at the end of each block; empty where unknown.
    pub growth: Vec<f64>,
}

/// What is kept of every run, shown or not, by place in the plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AllRuns {
    /// How many there are.
    pub runs: usize,
    /// Those that ran to their last bar.
    pub done: usize,
    /// Those whose values do not go together.
    pub invalid: usize,
    /// Those that broke off.
    pub failed: usize,
    /// Why runs are invalid or failed: each reason with its count, the most frequent first, a few of them.
    pub reasons: Vec<(String, usize)>,
    /// Value of the objective of each run.
    pub objective: Vec<Option<f64>>,
    /// The point of each run, one after the other: as many places as there are axes.
    pub points: Vec<u16>,
}

/// Growth of all runs that ran to their last bar, at the ends of the blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// How many runs.
    pub runs: usize,
    /// Equity as a multiple of the start that 5, 25, 50, 75 and 95 % of the runs lie under, by block.
    pub growth: [Vec<f64>; 5],
    /// Likewise of the fall from the highest block end before, at most 0.
    pub falls: [Vec<f64>; 5],
}

/// What all runs say together.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictView {
    /// A few words with a full stop.
    pub headline: String,
    /// One paragraph.
    pub text: String,
    /// The numbers behind it.
    pub tests: Vec<TestView>,
    /// Sharpe ratio, annualised, that the best of so many tries is expected to show by luck; or why it is unknown.
    pub luck: Result<f64, String>,
}

/// A number of the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct TestView {
    /// What it is.
    pub name: String,
    /// Its value as text; or why it is unknown.
    pub here: Result<String, String>,
    /// What it has to be, as text; empty where nothing is asked.
    pub wanted: String,
    /// Does it hold? `None` where nothing is asked, or it is unknown.
    pub holds: Option<bool>,
}

/// Train, pick, test, over the years.
#[derive(Debug, Clone, PartialEq)]
pub struct WalkForwardView {
    /// One paragraph in words.
    pub text: String,
    /// The windows, oldest first.
    pub windows: Vec<WindowView>,
    /// Growth a year out of sample ÷ growth a year in sample; or why it is unknown.
    pub efficiency: Result<f64, String>,
    /// The test spans end to end: date and equity in dollars.
    pub stitched: Vec<(String, f64)>,
    /// Other lines on the dates of `stitched`, such as holding, in dollars.
    pub beside: Vec<(String, Vec<f64>)>,
    /// How far the picks move, by axis.
    pub drift: Vec<DriftView>,
}

/// One window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowView {
    /// First and last day of training.
    pub train: (String, String),
    /// First and last day of the test.
    pub test: (String, String),
    /// The values picked, by axis; empty where no run could be picked.
    pub picked: Vec<String>,
    /// The objective of the pick in training.
    pub in_train: Option<f64>,
    /// The objective of the pick in the test.
    pub in_test: Option<f64>,
    /// Its return in the test, a fraction.
    pub test_return: Option<f64>,
}

/// How far the picks move along one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftView {
    /// The swept key.
    pub key: String,
    /// Windows whose pick differs from the one before.
    pub moves: usize,
    /// Windows that have one before.
    pub of: usize,
    /// Mean absolute step, in values of the axis; `None` with a single window.
    pub mean_step: Option<f64>,
    /// Lowest and highest value picked, in the order of the file.
    pub range: (String, String),
}

/// What the shocks did.
#[derive(Debug, Clone, PartialEq)]
pub struct StressView {
    /// Which limits held, in sentences.
    pub text: String,
    /// The limits of the scenario.
    pub limits: Vec<LimitHeld>,
    /// The shocks, each beside the runs without it.
    pub shocks: Vec<ShockView>,
}

/// Would a limit have held?
#[derive(Debug, Clone, PartialEq)]
pub struct LimitHeld {
    /// Its key under `[risk]`.
    pub name: String,
    /// What it is counted in.
    pub unit: LimitUnit,
    /// What it allowed the run that went farthest; `None` where nothing was measured.
    pub limit: Option<f64>,
    /// The worst that any run reached; `None` where no run reached anything.
    pub worst: Option<f64>,
    /// By how much that is over the limit; 0 where it held.
    pub overshoot: f64,
    /// The run that reached it.
    pub run: Option<u32>,
    /// The shock of that run, such as `stress.gap=-0.2`.
    pub shock: Option<String>,
    /// Share of the runs in which it held.
    pub held: f64,
}

/// All runs with one shock.
#[derive(Debug, Clone, PartialEq)]
pub struct ShockView {
    /// The key, such as `stress.gap`.
    pub key: String,
    /// Its value as text.
    pub value: String,
    /// Runs with it that ran to their last bar.
    pub runs: usize,
    /// Median and least return, fractions.
    pub total_return: Option<(f64, f64)>,
    /// Median and deepest drawdown, fractions at most 0.
    pub drawdown: Option<(f64, f64)>,
}
