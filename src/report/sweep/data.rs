//! What the script of `sweep.html` reads: columns, packed.
//!
//! Not here: HTML. The other half is `assets/state.js`.
use super::measure::{Form, SHOWN, find};
use super::model::{Fan, RunEnd, RunView, SweepModel};
use crate::report::html::pack::Column;
use crate::report::html::text::json_string;

/// Points of the small line in a row of the table.
const SPARK_POINTS: usize = 20;
/// The best runs that are drawn as whole lines.
const LINES: usize = 20;
/// Reasons why runs did not end are often the same; a page carries so many of them.
const REASONS_MAX: usize = 200;

/// The JSON of the page; `summary` goes to the clipboard.
pub(super) fn json(model: &SweepModel, summary: &str) -> String {
    let runs = &model.runs;
    let mut json = String::with_capacity(runs.len() * 200 + 4096);
    json.push_str(&format!(
        "{{\"n\":{},\"total\":{},\"done\":{},\"file\":{},\"without\":{},\"objective\":{},\"words\":{},\"cash\":{},\"luck\":{},\"own\":{},\"summary\":{}",
        runs.len(),
        model.all.runs,
        model.all.done,
        json_string(&model.scenario_file),
        strings(&model.without_studies),
        json_string(&model.objective),
        json_string(&model.objective_words),
        number(model.cash),
        model.verdict.luck.as_ref().map_or("null".to_owned(), |luck| number(*luck)),
        own(model).map_or("-1".to_owned(), |at| at.to_string()),
        json_string(summary)
    ));
    json.push_str(&format!(",\"headline\":{},\"axes\":[{}]", json_string(&model.verdict.headline), axes(model)));
    let reasons = reasons(runs);
    let reason = |run: &RunView| reasons.iter().position(|known| *known == run.reason).map_or(-1, |at| at as i64);
    push(&mut json, "run", integers(runs, |run| i64::from(run.run)));
    push(&mut json, "end", integers(runs, |run| end(run.end)));
    push(&mut json, "why", integers(runs, reason));
    json.push_str(&format!(",\"reasons\":{}", strings(&reasons)));
    json.push_str(&format!(",\"measures\":[{}]", measures(model)));
    let optional = |scale: f64, value: &dyn Fn(&RunView) -> Option<f64>| {
        let mut column = Column::new(scale, runs.len());
        runs.iter().for_each(|run| column.push_option(value(run)));
        column.json()
    };
    push(&mut json, "first", optional(1e4, &|run| run.halves.map(|halves| halves.0)));
    push(&mut json, "second", optional(1e4, &|run| run.halves.map(|halves| halves.1)));
    push(&mut json, "spread", spread(model));
    push(&mut json, "spark", sparks(model));
    json.push_str(&format!(",\"sparks\":{}", spark_places(model).len()));
    push(&mut json, "lines", lines(model));
    json.push_str(&format!(",\"dates\":{}", strings(&model.block_dates)));
    if let Some(fan) = &model.fan {
        push(&mut json, "fan", fan_json(fan));
    }
    if let Some(walk) = &model.walk_forward {
        let dates: Vec<&str> = walk.stitched.iter().map(|(date, _)| date.as_str()).collect();
        let line = |values: &mut dyn Iterator<Item = f64>| {
            let mut column = Column::new(100.0, dates.len());
            values.for_each(|value| column.push(value));
            column.json()
        };
        let beside: Vec<String> = walk
            .beside
            .iter()
            .map(|(name, values)| format!("[{},{}]", json_string(name), line(&mut values.iter().copied())))
            .collect();
        let own = line(&mut walk.stitched.iter().map(|(_, dollars)| *dollars));
        json.push_str(&format!(
            ",\"walk\":{{\"dates\":{},\"own\":{own},\"beside\":[{}]}}",
            strings(&dates),
            beside.join(",")
        ));
    }
    json.push('}');
    json
}

fn push(json: &mut String, key: &str, value: String) {
    json.push_str(&format!(",\"{key}\":{value}"));
}

/// A number that JSON can hold; what is not finite is null.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "null".to_owned() }
}

fn strings<S: AsRef<str>>(texts: &[S]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| json_string(text.as_ref())).collect();
    format!("[{}]", quoted.join(","))
}

fn integers(runs: &[RunView], value: impl Fn(&RunView) -> i64) -> String {
    Column::of_integers(runs.iter().map(value)).json()
}

fn end(end: RunEnd) -> i64 {
    match end {
        RunEnd::Done => 0,
        RunEnd::Invalid => 1,
        RunEnd::Failed => 2,
    }
}

/// The run with the scenario's own values, if it is shown.
fn own(model: &SweepModel) -> Option<usize> {
    let own: Vec<usize> = model.axes.iter().map(|axis| axis.own).collect::<Option<_>>()?;
    let is_own = |run: &RunView| run.point.iter().zip(&own).all(|(place, own)| usize::from(*place) == *own);
    model.runs.iter().position(is_own).filter(|_| !own.is_empty())
}

fn axes(model: &SweepModel) -> String {
    let one = |(at, axis): (usize, &super::model::AxisView)| {
        format!(
            "{{\"key\":{},\"name\":{},\"values\":{},\"typed\":{},\"at\":{}}}",
            json_string(&axis.key),
            json_string(axis.short()),
            strings(&axis.values),
            if axis.typed == axis.values { "null".to_owned() } else { strings(&axis.typed) },
            integers(&model.runs, |run| run.point.get(at).map_or(0, |place| i64::from(*place)))
        )
    };
    model.axes.iter().enumerate().map(one).collect::<Vec<_>>().join(",")
}

fn reasons(runs: &[RunView]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for run in runs.iter().filter(|run| !run.reason.is_empty()) {
        if reasons.len() < REASONS_MAX && !reasons.contains(&run.reason) {
            reasons.push(run.reason.clone());
        }
    }
    reasons
}

/// The measures that at least one run has, and the deflated Sharpe ratio.
fn measures(model: &SweepModel) -> String {
    let one = |key: &str, name: &str, form: Form, value: &dyn Fn(&RunView) -> Option<f64>| {
        let mut column = Column::new(form.scale(), model.runs.len());
        model.runs.iter().for_each(|run| column.push_option(value(run)));
        format!(
            "{{\"key\":{},\"name\":{},\"form\":\"{}\",\"v\":{}}}",
            json_string(key),
            json_string(name),
            form.code(),
            column.json()
        )
    };
    let kept = SHOWN.iter().filter(|shown| model.runs.iter().any(|run| model.measure(run, shown.key).is_some()));
    let mut all: Vec<String> =
        kept.map(|shown| one(shown.key, shown.name, shown.form, &|run| model.measure(run, shown.key))).collect();
    all.push(one("deflated_sharpe", "Deflated Sharpe", Form::Share, &|run| run.deflated_sharpe));
    all.join(",")
}

/// The objective of all runs, ascending: what the histogram counts when not all runs are shown.
fn spread(model: &SweepModel) -> String {
    let mut values: Vec<f64> = model.all.objective.iter().copied().flatten().collect();
    values.sort_by(f64::total_cmp);
    let mut column = Column::new(find(&model.objective).map_or(1e4, |shown| shown.form.scale()), values.len());
    values.into_iter().for_each(|value| column.push(value));
    column.json()
}

/// The blocks whose ends a small line goes through, after its start.
fn spark_places(model: &SweepModel) -> Vec<usize> {
    let blocks = model.runs.iter().map(|run| run.growth.len()).max().unwrap_or(0);
    let points = blocks.min(SPARK_POINTS);
    (1..=points).map(|point| point * blocks / points - 1).collect()
}

/// The small lines of all runs, one after the other, as the logarithm of growth in hundredths.
fn sparks(model: &SweepModel) -> String {
    let places = spark_places(model);
    let mut column = Column::new(100.0, model.runs.len() * places.len());
    for run in &model.runs {
        for place in &places {
            column.push_option(run.growth.get(*place).map(|growth| growth.ln()));
        }
    }
    column.json()
}

/// Growth of the best runs, block by block.
fn lines(model: &SweepModel) -> String {
    let one = |run: &RunView| fraction_column(&run.growth);
    let best: Vec<String> = model.ranked().take(LINES).filter(|run| !run.growth.is_empty()).map(one).collect();
    format!("[{}]", best.join(","))
}

fn fraction_column(values: &[f64]) -> String {
    let mut column = Column::new(1e4, values.len());
    values.iter().for_each(|value| column.push(*value));
    column.json()
}

fn fan_json(fan: &Fan) -> String {
    let all = |lines: &[Vec<f64>; 5]| lines.iter().map(|line| fraction_column(line)).collect::<Vec<_>>().join(",");
    format!("{{\"runs\":{},\"growth\":[{}],\"falls\":[{}]}}", fan.runs, all(&fan.growth), all(&fan.falls))
}
