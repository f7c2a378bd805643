//! Walk-forward: in every window the best of all runs in training, then that run on the sessions after it.
//!
//! Not here: which windows (`walk_forward_windows`), what is made of the tests (`walk_forward_results`), files
//! (`walk_forward_file`). Every run starts flat with the account's cash; bars before its span, as many sessions as
//! a training has, are shown to it and nothing is traded on them.
//! Invariants: (1) a pick follows from bars before its test alone; (2) what is picked and made depends neither on the
//! number of workers nor on where a sweep was stopped.
use std::io;
use std::ops::Range;

use super::axis::Axis;
use super::folder::SweepFolder;
use super::markets::Markets;
use super::plan::Plan;
use super::row::{Row, RunStatus};
use super::runner::Runner;
use super::walk_forward_windows::{Window, windows};
use super::workers::side_by_side;
use crate::domain::Timestamp;
use crate::scenario::spec::{Objective, ParamValue, WalkForwardSpec};
use crate::scenario::{Diagnostic, MarketData, Marks, held_equally};
use crate::strategy::{Catalog, Script};

/// Most training runs of a walk-forward: each is a row on disk.
const TRAININGS_MAX: usize = super::RUNS_MAX;
/// Pieces that the training of a window is cut into, so that many workers have something to do.
const PIECES: usize = 16;
/// Most runs of a piece: a worker that is killed loses one.
const PIECE_RUNS_MAX: usize = 250;

/// What a walk-forward will do.
#[derive(Debug, Clone)]
pub struct WalkPlan {
    pub(super) spec: WalkForwardSpec,
    pub(super) windows: Vec<Window>,
    /// First moment and last step of every session.
    pub(super) sessions: Vec<(Timestamp, Timestamp)>,
    /// Runs of the plan to pick from.
    pub(super) candidates: Vec<usize>,
    /// The symbols held equally over the tested sessions, from the first one's close on: dollars at each.
    pub(super) held: Vec<f64>,
}

/// A run over one span.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) row: Row,
    /// Dollars at its session ends; `None` if it did not get to the last.
    pub(super) marks: Option<Marks>,
}

/// One window, done.
#[derive(Debug, Clone)]
pub(super) struct Walked {
    /// The pick in training; `None` where no run has a value of the objective.
    pub(super) trained: Option<Row>,
    /// The pick in the test.
    pub(super) tested: Option<Stretch>,
    /// In the test, the run that was best over everything.
    pub(super) hindsight: Option<Stretch>,
}

impl WalkPlan {
    /// That of `plan`, whose base scenario reads `market`; `None` without `[walk_forward]`.
    ///
    /// Among runs that differ in shocks only, the one without any is picked from, or else that with the first of each
    /// list: a shock is no choice.
    ///
    /// Errors, placed in the file: data that are too short, too many windows or runs, orders out of a file, or an
    /// optimiser, which has looked at the sessions that are to be tested.
    pub fn of(plan: &Plan, market: &MarketData) -> Result<Option<WalkPlan>, Box<Diagnostic>> {
        let loaded = plan.base();
        let Some(spec) = loaded.spec.walk_forward.clone() else { return Ok(None) };
        if loaded.spec.strategy.name == Script::STRATEGY {
            let what = "orders that stand in a file are not chosen by training";
            let remedy = "leave out [walk_forward], or name a strategy with a rule";
            return Err(Box::new(loaded.diagnostic("walk_forward", what).note(remedy)));
        }
        let sessions = market.sessions_with_bars();
        let starts: Vec<Timestamp> = sessions.iter().map(|(start, _)| *start).collect();
        let windows = windows(loaded, &spec, &starts)?;
        let axes = plan.axes().iter().enumerate().filter(|(_, axis)| axis.key().starts_with("stress."));
        let shocks: Vec<(usize, u16)> = axes.map(|(at, axis)| (at, calm(plan, axis))).collect();
        let is_calm = |position: &usize| shocks.iter().all(|(axis, calm)| plan.point(*position)[*axis] == *calm);
        let candidates: Vec<usize> = (0..plan.len()).filter(is_calm).collect();
        let trainings = candidates.len() * windows.len();
        if trainings > TRAININGS_MAX {
            let what = format!(
                "{} windows of {} runs each are {trainings} runs, allowed is {TRAININGS_MAX}",
                windows.len(),
                candidates.len()
            );
            let remedy = "lengthen test, or sweep fewer values";
            return Err(Box::new(loaded.diagnostic("walk_forward", what).note(remedy)));
        }
        let mut walk = WalkPlan { spec, windows, sessions, candidates, held: Vec::new() };
        let times: Vec<Timestamp> = walk.tested().map(|(_, end)| end).collect();
        let first = walk.windows.first().map_or(starts.len(), |window| window.test.start);
        let tested = market.cut(&walk.span(&(first..starts.len())));
        walk.held = held_equally(&tested, &times, loaded.spec.account.cash.to_f64());
        Ok(Some(walk))
    }

    /// Every tested session: which window, from 0, and its last step.
    pub(super) fn tested(&self) -> impl Iterator<Item = (usize, Timestamp)> {
        let windows = self.windows.iter().enumerate();
        windows.flat_map(move |(number, window)| window.test.clone().map(move |at| (number, self.sessions[at].1)))
    }

    /// Is this run of the plan one to pick from?
    pub fn picks_from(&self, position: usize) -> bool {
        self.candidates.binary_search(&position).is_ok()
    }

    /// Runs in training, over all windows.
    pub fn trainings(&self) -> usize {
        self.candidates.len() * self.windows.len()
    }

    /// The moments of some sessions: from the first one's start to the start of the one after the last.
    fn span(&self, sessions: &Range<usize>) -> Range<Timestamp> {
        let start = |at: usize| self.sessions.get(at).map_or(Timestamp::MAX, |(start, _)| *start);
        start(sessions.start)..start(sessions.end)
    }

    /// Bars of these sessions, shown from as many sessions before them as the window trains.
    fn markets<'a>(&self, whole: &'a Markets<'a>, window: &Window, sessions: &Range<usize>) -> Markets<'a> {
        let shown = sessions.start.saturating_sub(window.train.len());
        Markets::within(whole, self.span(&(shown..shown)).start, self.span(sessions))
    }

    /// The runs of a piece of training; a piece is of one window.
    fn pieces(&self) -> impl Iterator<Item = &[usize]> {
        let runs = self.candidates.len().div_ceil(PIECES).clamp(1, PIECE_RUNS_MAX);
        self.candidates.chunks(runs)
    }
}

/// The place of the value that is no shock; the first where every value is one.
fn calm(plan: &Plan, axis: &Axis) -> u16 {
    let is_none =
        |value: &ParamValue| plan.base().with_values(&[(axis.key(), value)]).is_ok_and(|run| run.spec.stress.is_none());
    axis.values().iter().position(is_none).unwrap_or(0) as u16
}

/// What walks.
pub(super) struct Walker<'a, C> {
    pub(super) runner: &'a Runner<'a, C>,
    pub(super) walk: &'a WalkPlan,
    pub(super) objective: Objective,
    /// Where training is kept; `None`: nowhere.
    pub(super) folder: Option<&'a SweepFolder>,
    /// The run that is best over everything, by place in the plan.
    pub(super) best: Option<usize>,
}

impl<C: Catalog + Sync> Walker<'_, C> {
    /// All windows; `done` is told how many training runs have been made, or found on disk.
    ///
    /// Errors: the file system would not take or give a piece.
    pub(super) fn walk(&self, done: &(dyn Fn(usize) + Sync)) -> io::Result<Vec<Walked>> {
        let whole = Markets::of(self.runner.plan);
        let windows = self.walk.windows.iter().enumerate();
        // Window after window, so that the bars of one are in memory at a time.
        let picks: Vec<Option<Row>> = windows
            .map(|(number, window)| self.train(number, window, &whole, done))
            .collect::<io::Result<Vec<Option<Row>>>>()?;
        let test = |number: usize| Ok(self.test(&self.walk.windows[number], picks[number].clone(), &whole));
        side_by_side(self.runner.threads, picks.len(), test)
    }

    /// The best in training; of equals the earlier in the plan.
    fn train(
        &self,
        number: usize,
        window: &Window,
        whole: &Markets<'_>,
        done: &(dyn Fn(usize) + Sync),
    ) -> io::Result<Option<Row>> {
        let markets = self.walk.markets(whole, window, &window.train);
        let pieces: Vec<&[usize]> = self.walk.pieces().collect();
        let best_of = |piece: usize| {
            let rows = self.trained(number, pieces[piece], &markets)?;
            done(pieces[piece].len());
            Ok(better_of(rows, self.objective))
        };
        let best: Vec<Option<Row>> = side_by_side(self.runner.threads, pieces.len(), best_of)?;
        Ok(better_of(best.into_iter().flatten(), self.objective))
    }

    /// The rows of a piece, from disk if they are there.
    fn trained(&self, window: usize, piece: &[usize], markets: &Markets<'_>) -> io::Result<Vec<Row>> {
        let axes: Vec<&str> = self.runner.plan.axes().iter().map(Axis::key).collect();
        if let Some(rows) = self.folder.map(|folder| folder.trained(window, piece, &axes)).transpose()?.flatten() {
            return Ok(rows);
        }
        let mut rows = self.runner.rows(piece, markets);
        // Overfitting is judged over the whole span; here the sums would only take room.
        rows.iter_mut().for_each(|row| row.blocks.clear());
        if let Some(folder) = self.folder {
            folder.keep_trained(window, piece, &axes, &rows)?;
        }
        Ok(rows)
    }

    fn test(&self, window: &Window, trained: Option<Row>, whole: &Markets<'_>) -> Walked {
        let markets = self.walk.markets(whole, window, &window.test);
        let stretch = |position: usize| {
            let (row, marks) = self.runner.row(position, &markets);
            Stretch { row, marks }
        };
        let tested = trained.as_ref().map(|row| stretch(row.position as usize));
        let same = |best: usize| tested.as_ref().filter(|tested| tested.row.position as usize == best).cloned();
        let hindsight = self.best.map(|best| same(best).unwrap_or_else(|| stretch(best)));
        Walked { trained, tested, hindsight }
    }
}

/// The row with the highest value of the objective, the first of equals; rows without one cannot win.
fn better_of(rows: impl IntoIterator<Item = Row>, objective: Objective) -> Option<Row> {
    let key = objective.to_string();
    let mut best: Option<(f64, Row)> = None;
    for row in rows {
        let Some(value) = row.measure(&key).filter(|_| row.status == RunStatus::Done) else { continue };
        if best.as_ref().is_none_or(|(highest, _)| value > *highest) {
            best = Some((value, row));
        }
    }
    best.map(|(_, row)| row)
}
