//! What a walk-forward has found: its windows, the line of all tests, what it lost against training, how the pick
//! moved.
//!
//! Not here: making the runs (`walk_forward`), words (`walk_forward_words`), files (`walk_forward_file`).
//! Invariant: the line is the tests' returns chained from the starting cash; nothing of a training is in it.
use std::io;

use super::folder::SweepFolder;
use super::row::Row;
use super::runner::Runner;
use super::walk_forward::{Stretch, WalkPlan, Walked, Walker};
use super::walk_forward_windows::Window;
use crate::domain::Timestamp;
use crate::metric::SESSIONS_PER_YEAR;
use crate::scenario::spec::{Objective, Period};
use crate::scenario::{Metrics, measures_of_line};
use crate::strategy::Catalog;

/// A finished walk-forward.
#[derive(Debug)]
pub struct WalkForward {
    /// What training maximised.
    pub objective: Objective,
    /// Length of a training span, and of a test.
    pub spans: (Period, Period),
    /// Did training always start with the data?
    pub anchored: bool,
    /// Runs that were picked from.
    pub candidates: usize,
    /// Swept keys.
    pub axes: Vec<String>,
    /// The windows, in order.
    pub windows: Vec<TestedWindow>,
    /// The picks' tests, chained.
    pub line: Line,
    /// The same of the run that was best over everything; `None` where no run has a value of the objective.
    pub hindsight: Option<Hindsight>,
    /// The symbols held equally from the first tested session on.
    pub holding: Line,
    /// What was left of training's return, or why that is no number.
    pub efficiency: Result<Efficiency, String>,
    /// How the pick moved, by axis.
    pub drift: Vec<Drift>,
}

/// One window and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TestedWindow {
    /// First and last session of training, by date; `None` where the data have none there.
    pub train: Option<(String, String)>,
    /// First and last session of the test.
    pub test: (String, String),
    /// Sessions of training and test.
    pub sessions: (usize, usize),
    /// Do the data end before the test does?
    pub is_short: bool,
    /// What was picked, or why nothing was: then the test holds cash.
    pub pick: Result<Pick, String>,
}

/// A picked run.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Its place in the plan.
    pub position: usize,
    /// Its value of each axis.
    pub values: Vec<String>,
    /// The objective in training.
    pub train_value: Option<f64>,
    /// The objective in the test, if it has one there.
    pub test_value: Option<f64>,
    /// Return over training, a fraction.
    pub train_return: Option<f64>,
    /// Return over the test, or why the run did not get to its end: then the test holds cash.
    pub test_return: Result<f64, String>,
    /// Trades closed in the test.
    pub test_trades: Option<f64>,
}

/// Dollars at the session ends of all tests.
#[derive(Debug)]
pub struct Line {
    /// In order of time.
    pub points: Vec<LinePoint>,
    /// Its measures, those that need no trade.
    pub metrics: Metrics,
}

/// One session of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinePoint {
    /// The session's last step.
    pub time: Timestamp,
    /// Which window, from 0.
    pub window: usize,
    /// Dollars.
    pub equity: f64,
}

/// The run that was best over everything, tests included.
#[derive(Debug)]
pub struct Hindsight {
    /// Its place in the plan.
    pub position: usize,
    /// Its value of each axis.
    pub values: Vec<String>,
    /// Its tests, chained.
    pub line: Line,
}

/// Walk-forward efficiency (Pardo 2008, The Evaluation and Optimization of Trading Strategies, chapter 11): annualised
/// return of the picks out of sample ÷ in sample, both chained over the windows, at 252 sessions a year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Efficiency {
    /// In training.
    pub in_sample: f64,
    /// In the tests.
    pub out_of_sample: f64,
    /// The one ÷ the other.
    pub ratio: f64,
}

/// How the picked value of one axis moved from window to window.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The swept key.
    pub key: String,
    /// Values there are to pick from.
    pub values: usize,
    /// Different values picked.
    pub picked: usize,
    /// Windows whose value is not that of the pick before.
    pub moves: usize,
    /// Mean distance from one pick to the next, in places of the list of values; `None` with fewer than two picks.
    pub mean_step: Option<f64>,
    /// The picked values that stand first and last in the list.
    pub spread: Option<(String, String)>,
}

impl WalkForward {
    /// Walks: every run of the plan in training, the pick and the run `best`, by place in the plan, in the tests.
    /// Training is kept in `folder`, if there is one; `done` is told how many training runs are there.
    ///
    /// Errors: the file system would not take or give a piece of training.
    pub fn of<C: Catalog + Sync>(
        (runner, walk): (&Runner<'_, C>, &WalkPlan),
        objective: Objective,
        best: Option<usize>,
        folder: Option<&SweepFolder>,
        done: &(dyn Fn(usize) + Sync),
    ) -> io::Result<WalkForward> {
        let walked = Walker { runner, walk, objective, folder, best }.walk(done)?;
        let plan = runner.plan;
        let cash = plan.base().spec.account.cash.to_f64();
        let axes: Vec<String> = plan.axes().iter().map(|axis| axis.key().to_owned()).collect();
        let windows = walk.windows.iter().zip(&walked).map(|(window, walked)| tested(walk, window, walked, objective));
        let windows: Vec<TestedWindow> = windows.collect();
        let hindsight =
            best.filter(|_| walked.iter().any(|walked| walked.hindsight.is_some())).map(|position| Hindsight {
                position,
                values: plan.values(position).map(|(_, value)| value.to_owned()).collect(),
                line: chained(walk, cash, walked.iter().map(|walked| walked.hindsight.as_ref())),
            });
        Ok(WalkForward {
            objective,
            spans: (walk.spec.train, walk.spec.test),
            anchored: walk.spec.anchored,
            candidates: walk.candidates.len(),
            axes,
            efficiency: efficiency(&walked),
            line: chained(walk, cash, walked.iter().map(|walked| walked.tested.as_ref())),
            hindsight,
            holding: held_line(walk, cash),
            drift: drift(runner, &walked),
            windows,
        })
    }

    /// Windows whose pick gained in its test, and windows with a pick that got to the end of its test.
    pub fn gained(&self) -> (usize, usize) {
        let returns = || self.windows.iter().filter_map(|window| window.pick.as_ref().ok()?.test_return.as_ref().ok());
        (returns().filter(|made| **made > 0.0).count(), returns().count())
    }
}

fn tested(walk: &WalkPlan, window: &Window, walked: &Walked, objective: Objective) -> TestedWindow {
    let date = |at: usize| walk.sessions[at].0.utc_date().to_string();
    let train = &window.train;
    let key = objective.to_string();
    let pick = match (&walked.trained, &walked.tested) {
        (Some(trained), Some(Stretch { row, .. })) => Ok(Pick {
            position: trained.position as usize,
            values: trained.values.clone(),
            train_value: trained.measure(&key),
            test_value: row.measure(&key),
            train_return: trained.measure("total_return"),
            test_return: row.measure("total_return").ok_or_else(|| why_no_return(row)),
            test_trades: row.measure("trades"),
        }),
        _ => Err(format!("no run has a value of {key} in training")),
    };
    TestedWindow {
        train: (!train.is_empty()).then(|| (date(train.start), date(train.end - 1))),
        test: (date(window.test.start), date(window.test.end - 1)),
        sessions: (train.len(), window.test.len()),
        is_short: window.is_short,
        pick,
    }
}

fn why_no_return(row: &Row) -> String {
    if row.reason.is_empty() { "its equity was not above zero throughout".to_owned() } else { row.reason.clone() }
}

/// The stretches of all windows as one line from `cash` on. Where there is none, it holds what it has; once it has
/// nothing, it stays there.
fn chained<'a>(walk: &WalkPlan, cash: f64, stretches: impl Iterator<Item = Option<&'a Stretch>>) -> Line {
    let mut points = Vec::new();
    let mut base = cash;
    for (number, (window, stretch)) in walk.windows.iter().zip(stretches).enumerate() {
        let begun = base;
        match stretch.and_then(|stretch| stretch.marks.as_ref()) {
            Some(marks) if begun > 0.0 => {
                for (time, equity) in marks.times.iter().zip(&marks.equity) {
                    base = begun * (equity.to_f64() / cash);
                    points.push(LinePoint { time: *time, window: number, equity: base });
                }
            }
            _ => {
                let ends = walk.sessions[window.test.clone()].iter().map(|(_, end)| *end);
                points.extend(ends.map(|time| LinePoint { time, window: number, equity: begun }));
            }
        }
    }
    Line::of(points, cash)
}

fn held_line(walk: &WalkPlan, cash: f64) -> Line {
    let point = |((window, time), equity): ((usize, Timestamp), &f64)| LinePoint { time, window, equity: *equity };
    Line::of(walk.tested().zip(&walk.held).map(point).collect(), cash)
}

impl Line {
    fn of(points: Vec<LinePoint>, cash: f64) -> Line {
        let equity: Vec<f64> = points.iter().map(|point| point.equity).collect();
        let times: Vec<Timestamp> = points.iter().map(|point| point.time).collect();
        let every: Vec<usize> = (0..points.len()).collect();
        let metrics = measures_of_line(cash, &equity, &times, &every);
        Line { points, metrics }
    }
}

/// Over the windows whose pick got to the end of its test.
fn efficiency(walked: &[Walked]) -> Result<Efficiency, String> {
    let pairs: Vec<(&Row, &Row)> = walked
        .iter()
        .filter_map(|walked| Some((walked.trained.as_ref()?, &walked.tested.as_ref()?.row)))
        .filter(|(_, test)| test.measure("total_return").is_some())
        .collect();
    let annual = |rows: &mut dyn Iterator<Item = &Row>| -> Option<f64> {
        let (mut growth, mut sessions) = (0.0, 0.0);
        for row in rows {
            growth += (1.0 + row.measure("total_return")?).max(0.0).ln();
            sessions += row.measure("sessions")?;
        }
        (sessions > 0.0).then(|| (growth * SESSIONS_PER_YEAR / sessions).exp() - 1.0)
    };
    let in_sample = annual(&mut pairs.iter().map(|(train, _)| *train));
    let out_of_sample = annual(&mut pairs.iter().map(|(_, test)| *test));
    let (Some(in_sample), Some(out_of_sample)) = (in_sample, out_of_sample) else {
        return Err("no window has a pick with a return in training and test".to_owned());
    };
    if in_sample <= 0.0 {
        let made = super::verdict::percent(in_sample);
        return Err(format!("the picks made {made} a year in training, which is no gain to keep"));
    }
    Ok(Efficiency { in_sample, out_of_sample, ratio: out_of_sample / in_sample })
}

fn drift<C>(runner: &Runner<'_, C>, walked: &[Walked]) -> Vec<Drift> {
    let picks: Vec<&[u16]> = walked
        .iter()
        .filter_map(|walked| walked.trained.as_ref())
        .map(|row| runner.plan.point(row.position as usize))
        .collect();
    let of_axis = |(at, axis): (usize, &super::Axis)| {
        let places: Vec<u16> = picks.iter().map(|point| point[at]).collect();
        let steps: Vec<u16> = places.windows(2).map(|pair| pair[0].abs_diff(pair[1])).collect();
        let ends = places.iter().min().zip(places.iter().max());
        let text = |place: &u16| axis.texts()[usize::from(*place)].clone();
        let mut distinct = places.clone();
        distinct.sort_unstable();
        distinct.dedup();
        Drift {
            key: axis.key().to_owned(),
            values: axis.values().len(),
            picked: distinct.len(),
            moves: steps.iter().filter(|step| **step > 0).count(),
            mean_step: (!steps.is_empty())
                .then(|| steps.iter().map(|step| f64::from(*step)).sum::<f64>() / steps.len() as f64),
            spread: ends.map(|(low, high)| (text(low), text(high))),
        }
    };
    let swept = runner.plan.axes().iter().enumerate().filter(|(_, axis)| !axis.key().starts_with("stress."));
    swept.map(of_axis).collect()
}
