//! What a stress test says: which limits of `[risk]` held, how far the worst run went beyond each, under which
//! shock; and what each shock did to returns.
//!
//! Not here: the runs (`stressed`), pictures (report).
//! A limit of the gate holds orders back, it does not hold prices: a gap, or a rise of what is held, can carry an
//! account beyond it. That is what is counted here. Rows by shock are of the runs that have this shock alone, so
//! that each is seen by itself; the rows over all runs have every combination.
use serde_json::{Value, json};

use super::plan::Plan;
use super::row::{Row, RunStatus};
use super::verdict::grouped;
use crate::scenario::spec::{Choice, StressWindow};
use crate::scenario::{LimitKind, LimitUnit, NO_WINDOW};

/// One limit over some runs.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitHeld {
    /// Which.
    pub kind: LimitKind,
    /// Runs that had something to measure.
    pub measured: usize,
    /// Those of them that stayed within it.
    pub held: usize,
    /// The run that went farthest beyond it, or came nearest; the first of equals. `None` where nothing is measured.
    pub worst: Option<Worst>,
}

/// The run that went farthest.
#[derive(Debug, Clone, PartialEq)]
pub struct Worst {
    /// Its place in the plan.
    pub run: u32,
    /// Its limit, in the unit of the limit.
    pub allowed: f64,
    /// The most it reached, likewise.
    pub reached: f64,
    /// Its shock, as `stress.gap=-0.2`; `none` without one.
    pub shock: String,
}

impl Worst {
    /// How far beyond its limit, in the unit of the limit; 0 where it held.
    pub fn overshoot(&self) -> f64 {
        (self.reached - self.allowed).max(0.0)
    }
}

/// One shock, alone: what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct ShockEffect {
    /// Its key, like `stress.gap`.
    pub key: String,
    /// Its value; of reordered days all of them, as `1 to 20`. The value that changes nothing is the base line.
    pub value: String,
    /// Of a window: its days and what happened.
    pub about: Option<String>,
    /// Finished runs that have it and no other.
    pub runs: usize,
    /// Median and worst of `total_return`, fractions; `None` where no run has one.
    pub total_return: Option<(f64, f64)>,
    /// Median and worst of `max_drawdown`, at or below zero.
    pub max_drawdown: Option<(f64, f64)>,
    /// The limits under it, in the order of [`LimitKind::ALL`].
    pub limits: Vec<LimitHeld>,
}

/// A finished stress test.
#[derive(Debug, Clone, PartialEq)]
pub struct StressHeld {
    /// Finished runs.
    pub runs: usize,
    /// Runs that were not finished: what they would have reached is unknown.
    pub unfinished: usize,
    /// What finished runs say of their shock, such as that it found nothing to strike, and how many say it.
    pub notes: Vec<(String, usize)>,
    /// Every limit over all of them, in the order of [`LimitKind::ALL`].
    pub limits: Vec<LimitHeld>,
    /// Every shock, in the order of the axes and their values.
    pub shocks: Vec<ShockEffect>,
}

/// The value of a shock that changes nothing.
fn calm(key: &str) -> &'static str {
    match key {
        "stress.slippage_times" => "1",
        "stress.windows" => NO_WINDOW,
        _ => "0",
    }
}

/// Has the run no shock? `axes`: the keys of its values.
pub(super) fn is_calm<'a>(axes: impl Iterator<Item = &'a str>, row: &Row) -> bool {
    axes.zip(&row.values).all(|(key, value)| !key.starts_with("stress.") || value == calm(key))
}

/// A run and its limits.
struct Reached<'a> {
    row: &'a Row,
    allowed: [f64; 10],
}

impl StressHeld {
    /// That of a plan with `[stress]`; `rows`: all its rows, by place in the plan.
    pub(super) fn of(plan: &Plan, rows: &[Row]) -> Option<StressHeld> {
        plan.base().spec.stress.as_ref()?;
        let keys: Vec<&str> = plan.axes().iter().map(super::Axis::key).collect();
        let own = LimitKind::ALL.map(|kind| kind.allowed(&plan.base().spec.risk));
        let is_swept = keys.iter().any(|key| key.starts_with("risk."));
        let allowed = |row: &Row| {
            let swept = is_swept.then(|| plan.derived(row.place()).ok()).flatten();
            swept.map_or(own, |run| LimitKind::ALL.map(|kind| kind.allowed(&run.spec.risk)))
        };
        let finished = rows.iter().filter(|row| row.status == RunStatus::Done);
        let done: Vec<Reached<'_>> = finished.map(|row| Reached { row, allowed: allowed(row) }).collect();
        let all: Vec<&Reached<'_>> = done.iter().collect();
        let shocks = keys.iter().enumerate().filter(|(_, key)| key.starts_with("stress."));
        let shocks = shocks.flat_map(|(at, key)| effects(&keys, (at, key), plan.axes()[at].texts(), &done)).collect();
        let mut notes = std::collections::BTreeMap::new();
        for run in done.iter().filter(|run| !run.row.reason.is_empty()) {
            *notes.entry(run.row.reason.clone()).or_insert(0) += 1;
        }
        let (runs, unfinished) = (done.len(), rows.len() - done.len());
        let notes = notes.into_iter().collect();
        Some(StressHeld { runs, unfinished, notes, limits: limits(&keys, &all), shocks })
    }

    /// Which limits held, and by how much the others were passed: a few sentences.
    pub fn in_words(&self) -> String {
        let count = |count: usize| grouped(count as f64);
        let of_runs = |runs: usize| if runs == 1 { "1 run".to_owned() } else { format!("{} runs", count(runs)) };
        let measured: Vec<&LimitHeld> = self.limits.iter().filter(|limit| limit.measured > 0).collect();
        let passed: Vec<&&LimitHeld> = measured.iter().filter(|limit| limit.held < limit.measured).collect();
        if measured.is_empty() {
            return "No run was finished, so nothing is known of the limits.".to_owned();
        }
        let opening = match passed.len() {
            0 => format!("All {} limits held in each of {} runs.", measured.len(), count(self.runs)),
            _ => format!(
                "{} of {} limits held in each of {} runs.",
                measured.len() - passed.len(),
                measured.len(),
                count(self.runs)
            ),
        };
        let beyond = passed.iter().filter_map(|limit| {
            let worst = limit.worst.as_ref()?;
            let unit = limit.kind.unit();
            Some(format!(
                " {} was passed in {} of {}: run {} reached {} where {} is allowed (shock: {}).",
                limit.kind.key(),
                count(limit.measured - limit.held),
                count(limit.measured),
                worst.run,
                amount(unit, worst.reached),
                amount(unit, worst.allowed),
                worst.shock
            ))
        });
        let notes = self.notes.iter().map(|(note, runs)| format!(" Of {} it is to be said: {note}.", of_runs(*runs)));
        let unfinished = match self.unfinished {
            0 => String::new(),
            runs => format!(" {} ended early: what would have been reached is unknown.", of_runs(runs)),
        };
        beyond.chain(notes).fold(opening, |text, sentence| text + &sentence) + &unfinished
    }

    /// `stress` of `verdict.json`. Shares are fractions, money is dollars.
    pub(super) fn to_json(&self) -> Value {
        let pair = |pair: Option<(f64, f64)>| pair.map(|(median, worst)| json!({"median": median, "worst": worst}));
        let shock = |shock: &ShockEffect| {
            json!({
                "shock": shock.key,
                "value": shock.value,
                "about": shock.about,
                "runs": shock.runs,
                "total_return": pair(shock.total_return),
                "max_drawdown": pair(shock.max_drawdown),
            })
        };
        json!({
            "text": self.in_words(),
            "runs": self.runs,
            "unfinished": self.unfinished,
            "notes": self.notes.iter().map(|(note, runs)| json!({"note": note, "runs": runs})).collect::<Vec<_>>(),
            "limits": self.limits.iter().map(limit_json).collect::<Vec<_>>(),
            "shocks": self.shocks.iter().map(shock).collect::<Vec<_>>(),
        })
    }

    /// `stress.csv`: every limit over all runs, then under each shock alone. What is unknown is empty.
    pub(super) fn to_csv(&self) -> String {
        let mut text = "shock,value,limit,unit,runs,held,allowed,worst,overshoot,run,worst_shock\n".to_owned();
        let mut add = |shock: &str, value: &str, limits: &[LimitHeld]| {
            for limit in limits {
                let LimitHeld { kind, measured, held, worst } = limit;
                let worst = worst.as_ref().map_or(",,,,".to_owned(), |worst| {
                    let Worst { run, allowed, reached, shock } = worst;
                    format!("{allowed},{reached},{},{run},{shock}", worst.overshoot())
                });
                text.push_str(&format!(
                    "{shock},{value},{},{},{measured},{held},{worst}\n",
                    kind.key(),
                    unit(kind.unit())
                ));
            }
        };
        add("all", "", &self.limits);
        self.shocks.iter().for_each(|shock| add(&shock.key, &shock.value, &shock.limits));
        text
    }
}

/// The values of one shock, each over the runs in which every other shock changes nothing.
fn effects(keys: &[&str], (at, key): (usize, &str), texts: &[String], done: &[Reached<'_>]) -> Vec<ShockEffect> {
    let others = |row: &Row| {
        let values = keys.iter().zip(&row.values).enumerate();
        values.into_iter().all(|(other, (key, value))| other == at || !key.starts_with("stress.") || value == calm(key))
    };
    let alone: Vec<&Reached<'_>> = done.iter().filter(|run| others(run.row)).collect();
    let groups: Vec<(String, Vec<&str>)> = if key == "stress.reorder" {
        // Each of them is one draw of the same shock.
        let drawn: Vec<&str> = texts.iter().map(String::as_str).filter(|text| *text != calm(key)).collect();
        vec![(calm(key).to_owned(), vec![calm(key)]), (format!("1 to {}", drawn.len()), drawn)]
    } else {
        texts.iter().map(|text| (text.clone(), vec![text.as_str()])).collect()
    };
    let effect = |(value, texts): (String, Vec<&str>)| {
        let has = |run: &&&Reached<'_>| texts.contains(&run.row.values[at].as_str());
        let runs: Vec<&Reached<'_>> = alone.iter().filter(has).copied().collect();
        ShockEffect {
            about: about(key, &value),
            key: key.to_owned(),
            value,
            runs: runs.len(),
            total_return: median_and_worst(&runs, "total_return"),
            max_drawdown: median_and_worst(&runs, "max_drawdown"),
            limits: limits(keys, &runs),
        }
    };
    groups.into_iter().map(effect).collect()
}

/// `2007-10-09 to 2009-03-09: from the high of …`
fn about(key: &str, value: &str) -> Option<String> {
    let named = |window: &&StressWindow| key == "stress.windows" && window.name() == value;
    let window = StressWindow::ALL.iter().find(named)?;
    Some(format!("{} to {}: {}", window.first(), window.last(), window.sentence()))
}

fn limits(keys: &[&str], runs: &[&Reached<'_>]) -> Vec<LimitHeld> {
    let limit = |(at, kind): (usize, LimitKind)| {
        let mut limit = LimitHeld { kind, measured: 0, held: 0, worst: None };
        let mut farthest = f64::NEG_INFINITY;
        for Reached { row, allowed } in runs {
            let (Some(reached), allowed) = (row.reached.get(at).copied().flatten(), allowed[at]) else { continue };
            limit.measured += 1;
            limit.held += usize::from(reached <= allowed);
            if reached - allowed > farthest {
                farthest = reached - allowed;
                limit.worst = Some(Worst { run: row.position, allowed, reached, shock: shock_of(keys, row) });
            }
        }
        limit
    };
    LimitKind::ALL.into_iter().enumerate().map(limit).collect()
}

fn shock_of(keys: &[&str], row: &Row) -> String {
    let shocks = keys.iter().zip(&row.values).filter(|(key, value)| key.starts_with("stress.") && *value != calm(key));
    let shocks: Vec<String> = shocks.map(|(key, value)| format!("{key}={value}")).collect();
    if shocks.is_empty() { "none".to_owned() } else { shocks.join(" ") }
}

/// Of a measure whose lowest value is the worst. The median of an even number is the mean of the two in the middle.
fn median_and_worst(runs: &[&Reached<'_>], key: &str) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = runs.iter().filter_map(|run| run.row.measure(key)).collect();
    values.sort_by(f64::total_cmp);
    let worst = *values.first()?;
    let half = values.len() / 2;
    let median = if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 };
    Some((median, worst))
}

fn limit_json(limit: &LimitHeld) -> Value {
    let worst = limit.worst.as_ref();
    json!({
        "limit": limit.kind.key(),
        "unit": unit(limit.kind.unit()),
        "runs": limit.measured,
        "held": limit.held,
        "allowed": worst.map(|worst| worst.allowed),
        "worst": worst.map(|worst| worst.reached),
        "overshoot": worst.map(Worst::overshoot),
        "run": worst.map(|worst| worst.run),
        "shock": worst.map(|worst| worst.shock.as_str()),
    })
}

fn unit(unit: LimitUnit) -> &'static str {
    match unit {
        LimitUnit::Share => "share",
        LimitUnit::Dollars => "dollars",
        LimitUnit::Count => "count",
    }
}

fn amount(unit: LimitUnit, value: f64) -> String {
    match unit {
        LimitUnit::Share => format!("{:.2}%", value * 100.0),
        LimitUnit::Dollars => format!("${}", grouped(value)),
        LimitUnit::Count => grouped(value),
    }
}
