//! A finished sweep as report draws it.
//!
//! Not here: any number that is not in the results. Sweep and report are on one floor and know nothing of each other;
//! this is where they meet.
use std::path::Path;

use super::sweep_walk::view as view_of_walk;
use crate::domain::Timestamp;
use crate::report::format::{Numbers, counted, date_in_prose, date_in_table};
use crate::report::sweep::measure::SHOWN;
use crate::report::sweep::model::{
    AllRuns, AxisView, Fan, LimitHeld as LimitHeldView, RUNS_SHOWN_MAX, RunEnd, RunView, ShockView, StressView,
    SweepModel, TestView, VerdictView,
};
use crate::scenario::LoadedScenario;
use crate::scenario::spec::{ParamValue, SampleMethod};
use crate::sweep::{
    Axis, LimitHeld, Plan, Results, Row, RunStatus, ShockEffect, StressHeld, WalkForward, Worst, evidence, headline,
    in_words,
};

/// Reasons of runs that did not end that are told.
const REASONS_TOLD: usize = 3;
/// Symbols that are named; more are counted.
const SYMBOLS_NAMED: usize = 8;
/// The lines of a fan, as shares of the runs under them.
const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Where a sweep comes from.
pub(super) struct Origin<'a> {
    /// The scenario's file as typed.
    pub(super) file: &'a Path,
    /// The scenario.
    pub(super) loaded: &'a LoadedScenario,
    /// Its runs.
    pub(super) plan: &'a Plan,
    /// Ends of the sessions of its data.
    pub(super) sessions: &'a [Timestamp],
}

/// What a person sees of `results` and of the walk-forward, if there is one.
pub(super) fn model(results: &Results, walked: Option<&WalkForward>, origin: &Origin<'_>) -> SweepModel {
    let Origin { file, loaded, plan, sessions } = origin;
    let spec = &loaded.spec;
    let sweep = spec.sweep.as_ref();
    let studies =
        [("sweep", sweep.is_some()), ("walk_forward", spec.walk_forward.is_some()), ("stress", spec.stress.is_some())];
    let same_sessions = same_sessions(&results.rows);
    let done: Vec<&Row> = results.rows.iter().filter(|row| row.status == RunStatus::Done).collect();
    SweepModel {
        name: spec.scenario.name.clone(),
        scenario_file: file.display().to_string(),
        without_studies: studies.iter().filter(|study| study.1).map(|(name, _)| format!("{name}={{}}")).collect(),
        scope: scope(loaded, plan, &done),
        program: concat!("alphaflow ", env!("CARGO_PKG_VERSION")).to_owned(),
        seed: spec.scenario.seed,
        axes: plan.axes().iter().map(|axis| view(axis, loaded)).collect(),
        conditions: sweep.map(|sweep| sweep.conditions.clone()).unwrap_or_default(),
        combinations: grouped(&plan.combinations().to_string()),
        sample: sweep.and_then(|sweep| sweep.sample).map(|sample| match sample.method {
            SampleMethod::Tpe => "an optimiser's choice (TPE)".to_owned(),
            method => format!("a {method} sample").replace('_', " "),
        }),
        objective: results.objective.to_string(),
        objective_words: in_words(results.objective).to_owned(),
        cash: spec.account.cash.to_f64(),
        measure_keys: SHOWN.iter().map(|shown| shown.key).collect(),
        runs: shown(results).into_iter().map(|at| run(results, plan, at)).collect(),
        all: all(results, plan),
        block_dates: done.first().filter(|_| same_sessions).map(|row| dates(row, sessions)).unwrap_or_default(),
        fan: same_sessions.then(|| fan(&done)).flatten(),
        verdict: verdict(results),
        walk_forward: walked.map(view_of_walk),
        stress: results.stress.as_ref().map(stress),
    }
}

/// What a stress test came to.
fn stress(held: &StressHeld) -> StressView {
    let limit = |limit: &LimitHeld| LimitHeldView {
        name: limit.kind.key().to_owned(),
        unit: limit.kind.unit(),
        limit: limit.worst.as_ref().map(|worst| worst.allowed),
        worst: limit.worst.as_ref().map(|worst| worst.reached),
        overshoot: limit.worst.as_ref().map_or(0.0, Worst::overshoot),
        run: limit.worst.as_ref().map(|worst| worst.run),
        shock: limit.worst.as_ref().map(|worst| worst.shock.clone()),
        held: limit.held as f64 / limit.measured.max(1) as f64,
    };
    let shock = |shock: &ShockEffect| ShockView {
        key: shock.key.clone(),
        value: shock.value.clone(),
        runs: shock.runs,
        total_return: shock.total_return,
        drawdown: shock.max_drawdown,
    };
    StressView {
        text: held.in_words(),
        limits: held.limits.iter().filter(|limit| limit.measured > 0).map(limit).collect(),
        shocks: held.shocks.iter().map(shock).collect(),
    }
}

/// "AAPL, MSFT, daily, 3 Jan 2005 to 1 Mar 2013", as far as it is true of every run.
fn scope(loaded: &LoadedScenario, plan: &Plan, done: &[&Row]) -> String {
    let data = &loaded.spec.data;
    let swept = |key: &str| plan.axes().iter().any(|axis| axis.key() == key);
    let mut parts = Vec::new();
    if !swept("data.symbols") {
        let names: Vec<String> = data.symbols.iter().map(ToString::to_string).collect();
        let many = names.len() > SYMBOLS_NAMED;
        parts.push(if many { counted(names.len(), "symbol", "symbols") } else { names.join(", ") });
    }
    if !swept("data.timeframe") {
        parts.push(data.timeframe.adjective().to_owned());
    }
    let span = done.first().map(|row| &row.span).filter(|span| done.iter().all(|row| row.span == **span));
    let prose = |text: &str| text.parse::<Timestamp>().map(date_in_prose).ok();
    if let Some((first, last)) = span.and_then(|(first, last)| prose(first).zip(prose(last))) {
        parts.push(format!("{first} to {last}"));
    }
    parts.join(", ")
}

fn view(axis: &Axis, loaded: &LoadedScenario) -> AxisView {
    let own = loaded.value_at(axis.key()).map(|value| value.to_string());
    let same = |text: &str, own: &str| {
        let numbers = text.parse::<f64>().ok().zip(own.parse::<f64>().ok());
        text == own || numbers.is_some_and(|(one, other)| one == other)
    };
    let place = own.and_then(|own| axis.texts().iter().position(|text| same(text, &own)));
    AxisView {
        key: axis.key().to_owned(),
        values: axis.texts().to_vec(),
        typed: axis.values().iter().map(|value| typed(axis.key(), value)).collect(),
        own: place,
    }
}

/// `value` as `--set` reads it: a parameter of a strategy is TOML, every other key takes its text without quotes.
fn typed(key: &str, value: &ParamValue) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    match value {
        ParamValue::Text(text) if key.starts_with("strategy.params.") => quoted(text),
        ParamValue::List(values) if key != "data.symbols" => {
            let items = values.iter().map(|item| match item {
                ParamValue::Text(text) => quoted(text),
                other => other.to_string(),
            });
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A whole number with commas between thousands.
fn grouped(digits: &str) -> String {
    digits.parse::<f64>().map_or_else(|_| digits.to_owned(), |number| Numbers::PLAIN.count(number))
}

/// Places of the rows that are shown: the best, then those without a value, in the order of the plan.
fn shown(results: &Results) -> Vec<usize> {
    let mut ranked = vec![false; results.rows.len()];
    results.ranking.iter().for_each(|at| ranked[*at] = true);
    let rest = (0..results.rows.len()).filter(|at| !ranked[*at]);
    results.ranking.iter().copied().chain(rest).take(RUNS_SHOWN_MAX).collect()
}

fn run(results: &Results, plan: &Plan, at: usize) -> RunView {
    let row = &results.rows[at];
    RunView {
        run: row.position,
        end: match row.status {
            RunStatus::Done => RunEnd::Done,
            RunStatus::Invalid => RunEnd::Invalid,
            RunStatus::Failed => RunEnd::Failed,
        },
        reason: row.reason.clone(),
        point: plan.point(row.position as usize).to_vec(),
        measures: SHOWN.iter().map(|shown| row.measure(shown.key)).collect(),
        deflated_sharpe: results.deflated[at],
        halves: row.halves(),
        growth: row.growth(),
    }
}

fn all(results: &Results, plan: &Plan) -> AllRuns {
    let rows = &results.rows;
    let count = |status: RunStatus| rows.iter().filter(|row| row.status == status).count();
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for row in rows.iter().filter(|row| !row.reason.is_empty()) {
        // Reasons that name values may all differ: the first hundred tell enough.
        let has_room = reasons.len() < 100;
        match reasons.iter_mut().find(|(reason, _)| *reason == row.reason) {
            Some((_, count)) => *count += 1,
            None if has_room => reasons.push((row.reason.clone(), 1)),
            None => {}
        }
    }
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons.truncate(REASONS_TOLD);
    let objective = results.objective.to_string();
    AllRuns {
        runs: rows.len(),
        done: count(RunStatus::Done),
        invalid: count(RunStatus::Invalid),
        failed: count(RunStatus::Failed),
        reasons,
        objective: rows.iter().map(|row| row.measure(&objective)).collect(),
        points: rows.iter().flat_map(|row| plan.point(row.position as usize).iter().copied()).collect(),
    }
}

/// Did all runs that ended cover the same sessions, so that their blocks are the same?
fn same_sessions(rows: &[Row]) -> bool {
    let mut done = rows.iter().filter(|row| row.status == RunStatus::Done && !row.blocks.is_empty());
    let Some(first) = done.next() else { return false };
    done.all(|row| row.span == first.span && row.measure("sessions") == first.measure("sessions"))
}

/// The session before the first block's end, then the end of each block; empty where the sessions are not those of
/// the data, as with a run of other symbols.
fn dates(row: &Row, sessions: &[Timestamp]) -> Vec<String> {
    let lengths = row.block_lengths();
    let Some(first) = sessions.first().filter(|_| lengths.iter().sum::<usize>() == sessions.len()) else {
        return Vec::new();
    };
    let mut end = 0;
    let ends = lengths.iter().map(|length| {
        end += length;
        sessions[end - 1]
    });
    std::iter::once(*first).chain(ends).map(date_in_table).collect()
}

/// The spread of all runs block by block.
fn fan(done: &[&Row]) -> Option<Fan> {
    let mut lines: Vec<Vec<f64>> = done.iter().map(|row| row.growth()).filter(|line| !line.is_empty()).collect();
    let blocks = lines.first()?.len();
    let spread = |lines: &[Vec<f64>]| {
        let mut shares: [Vec<f64>; 5] = Default::default();
        for block in 0..blocks {
            let mut values: Vec<f64> = lines.iter().filter_map(|line| line.get(block).copied()).collect();
            values.sort_unstable_by(f64::total_cmp);
            for (line, share) in shares.iter_mut().zip(SHARES) {
                line.push(crate::metric::percentile_of_sorted(&values, share).unwrap_or(f64::NAN));
            }
        }
        shares
    };
    let growth = spread(&lines);
    // In their place: of a hundred thousand runs the lines are fifty megabytes.
    lines.iter_mut().for_each(|line| *line = falls(line));
    Some(Fan { runs: lines.len(), growth, falls: spread(&lines) })
}

/// Of each block end, the fall from the highest before it, the start included.
fn falls(growth: &[f64]) -> Vec<f64> {
    let mut peak = 1.0_f64;
    let fall = |value: &f64| {
        peak = peak.max(*value);
        value / peak - 1.0
    };
    growth.iter().map(fall).collect()
}

fn verdict(results: &Results) -> VerdictView {
    let tests = evidence(results).into_iter().map(|row| TestView {
        name: row.name,
        here: row.here,
        wanted: row.wanted,
        holds: row.holds,
    });
    VerdictView {
        headline: results.stress.as_ref().and_then(broken).unwrap_or_else(|| headline(results).to_owned()),
        text: results.verdict.text.clone(),
        tests: tests.collect(),
        luck: results.luck.expected_max_sharpe.clone(),
    }
}

/// What a stress test says before anything else: how many limits were passed, if any.
fn broken(held: &StressHeld) -> Option<String> {
    let measured: Vec<&LimitHeld> = held.limits.iter().filter(|limit| limit.measured > 0).collect();
    let passed = measured.iter().filter(|limit| limit.held < limit.measured).count();
    (passed > 0).then(|| format!("{passed} of {} limits did not hold.", measured.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_as_set_reads_them() {
        let text = |text: &str| ParamValue::Text(text.to_owned());
        let list = ParamValue::List(vec![text("AAPL"), text("MSFT")]);
        assert_eq!(typed("data.symbols", &list), "AAPL,MSFT");
        assert_eq!(typed("strategy.params.timeframes", &list), "[\"AAPL\", \"MSFT\"]");
        assert_eq!(typed("strategy.params.mode", &text("a\"b")), "'a\"b'");
        assert_eq!(typed("stop.multiple", &text("2.5")), "2.5");
        assert_eq!(typed("strategy.params.fast_period", &ParamValue::Int(9)), "9");
    }

    #[test]
    fn falls_are_from_the_highest_end_before() {
        let found = falls(&[0.8, 1.2, 0.9, 1.5]);
        let wanted = [-0.2, 0.0, -0.25, 0.0];
        assert!(found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-12), "{found:?}");
    }
}
