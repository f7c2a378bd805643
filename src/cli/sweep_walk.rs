//! What the rows of a sweep say together, its walk-forward included.
//!
//! Not here: statistics, windows and picks (sweep), the rest of the command (`sweep`).
use std::time::{Duration, Instant};

use super::Failure;
use super::screen::Counter;
use crate::report::sweep::model::{DriftView, WalkForwardView, WindowView};
use crate::scenario::spec::Objective;
use crate::strategy::Catalog;
use crate::sweep::{Line, Results, Row, Runner, SweepFolder, TestedWindow, WalkForward, WalkPlan};

/// Who puts rows together.
pub(super) struct Judge<'a, C> {
    /// The runs and the strategies.
    pub(super) runner: &'a Runner<'a, C>,
    /// The walk-forward, where the scenario has one.
    pub(super) walk: Option<&'a WalkPlan>,
    /// What the best is best in, over everything and in training.
    pub(super) objective: Objective,
    /// Where training is kept.
    pub(super) folder: Option<&'a SweepFolder>,
}

/// What came of a sweep, and how long that took.
pub(super) struct Judged {
    pub(super) results: Results,
    pub(super) walked: Option<WalkForward>,
    pub(super) counting: Duration,
    pub(super) walking: Duration,
}

impl<C: Catalog + Sync> Judge<'_, C> {
    /// Puts all rows of the plan together, then walks.
    pub(super) fn judge(&self, rows: Vec<Row>) -> Result<Judged, Failure> {
        let started = Instant::now();
        let results = Results::of(self.runner.plan, rows, self.objective);
        let counting = started.elapsed();
        let Some(walk) = self.walk else {
            return Ok(Judged { results, walked: None, counting, walking: Duration::ZERO });
        };
        let counter = Counter::begin("walking forward", 0, walk.trainings() as u64);
        let best = results.ranking.iter().map(|at| results.rows[*at].position as usize).find(|at| walk.picks_from(*at));
        let done = |runs: usize| counter.add(runs as u64);
        let walked = WalkForward::of((self.runner, walk), self.objective, best, self.folder, &done)?;
        Ok(Judged { results, walked: Some(walked), counting, walking: started.elapsed() - counting })
    }
}

/// What a person sees of it.
pub(super) fn view(walked: &WalkForward) -> WalkForwardView {
    let dollars = |line: &Line| -> Vec<f64> { line.points.iter().map(|point| point.equity).collect() };
    let date = |point: &crate::sweep::LinePoint| (point.time.utc_date().to_string(), point.equity);
    let holding = [("holding".to_owned(), dollars(&walked.holding))];
    let best = walked.hindsight.iter().map(|best| ("best in hindsight".to_owned(), dollars(&best.line)));
    // Where a swept key chooses the data, sessions may differ: such a line cannot stand over the same dates.
    let fits = |(_, line): &(String, Vec<f64>)| line.len() == walked.line.points.len();
    let picks = walked.windows.iter().filter(|window| window.pick.is_ok()).count();
    WalkForwardView {
        text: walked.in_words(),
        windows: walked.windows.iter().map(window).collect(),
        efficiency: walked.efficiency.as_ref().map(|all| all.ratio).map_err(Clone::clone),
        stitched: walked.line.points.iter().map(date).collect(),
        beside: holding.into_iter().chain(best).filter(fits).collect(),
        drift: walked
            .drift
            .iter()
            .map(|drift| DriftView {
                key: drift.key.clone(),
                moves: drift.moves,
                of: picks.saturating_sub(1),
                mean_step: drift.mean_step,
                range: drift.spread.clone().unwrap_or_default(),
            })
            .collect(),
    }
}

fn window(window: &TestedWindow) -> WindowView {
    let pick = window.pick.as_ref().ok();
    WindowView {
        train: window.train.clone().unwrap_or_else(|| ("–".to_owned(), "–".to_owned())),
        test: window.test.clone(),
        picked: pick.map(|pick| pick.values.clone()).unwrap_or_default(),
        in_train: pick.and_then(|pick| pick.train_value),
        in_test: pick.and_then(|pick| pick.test_value),
        test_return: pick.and_then(|pick| pick.test_return.as_ref().ok().copied()),
    }
}
