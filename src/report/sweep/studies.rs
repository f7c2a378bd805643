//! The sections of `sweep.html` on walk-forward and stress, where the scenario has them.
//!
//! Not here: the line of equity (`assets/fan.js` draws it). Everything else stands without scripts.
use super::measure::{Form, find};
use super::model::{LimitHeld, ShockView, StressView, SweepModel, WalkForwardView};
use crate::report::format::{Numbers, Sign, capitalized, code_in_words, counted};
use crate::report::html::text::{escape, typographic};
use crate::scenario::LimitUnit;

const N: Numbers = Numbers::TYPOGRAPHIC;

/// The walk-forward; empty without one.
pub(super) fn walk_forward(model: &SweepModel) -> String {
    let Some(walk) = &model.walk_forward else { return String::new() };
    let efficiency = match &walk.efficiency {
        Ok(value) => format!("efficiency {}", N.percent(*value, 0, Sign::Negative)),
        Err(reason) => format!("efficiency n/a: {reason}"),
    };
    let chart = if walk.stitched.is_empty() {
        String::new()
    } else {
        format!(
            "<p class=\"readout\" aria-live=\"off\"></p><div class=\"chart\" data-label=\"{}\"><p class=\"png\">The chart needs a script. \
             The same line: walk_forward.csv.</p></div>",
            escape(&walk.text)
        )
    };
    format!(
        "<section id=\"walk\"><div class=\"head\"><h2>Walk-forward <small>{}</small></h2><p class=\"aside\">{}</p></div><p class=\"said\">{}</p>{chart}\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Windows\">{}</div>{}</section>\n",
        counted(walk.windows.len(), "window", "windows"),
        escape(&efficiency),
        escape(&typographic(&walk.text)),
        windows(model, walk),
        drift(walk)
    )
}

fn windows(model: &SweepModel, walk: &WalkForwardView) -> String {
    let form = find(&model.objective).map_or(Form::Ratio, |shown| shown.form);
    let name = find(&model.objective).map_or("Objective", |shown| shown.name);
    let heads: String =
        model.axes.iter().map(|axis| format!("<th scope=\"col\">{}</th>", escape(axis.short()))).collect();
    let rows: String = walk
        .windows
        .iter()
        .map(|window| {
            let picked: String = (0..model.axes.len())
                .map(|axis| format!("<td>{}</td>", escape(window.picked.get(axis).map_or("–", String::as_str))))
                .collect();
            let tone = window.test_return.map_or("", |value| if value < 0.0 { "loss" } else { "" });
            format!(
                "<tr><th scope=\"row\" class=\"word\">{} to {}</th><td class=\"word\">{} to {}</td>{picked}<td>{}</td><td>{}</td><td class=\"{tone}\">{}</td></tr>",
                escape(&window.train.0),
                escape(&window.train.1),
                escape(&window.test.0),
                escape(&window.test.1),
                form.write(window.in_train, N),
                form.write(window.in_test, N),
                Form::Change.write(window.test_return, N)
            )
        })
        .collect();
    format!(
        "<table><caption class=\"hidden\">Windows of the walk-forward</caption><thead><tr><th scope=\"col\" class=\"word\">Train</th>\
         <th scope=\"col\" class=\"word\">Test</th>{heads}<th scope=\"col\">{name} in train</th><th scope=\"col\">in test</th>\
         <th scope=\"col\">Return in test</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn drift(walk: &WalkForwardView) -> String {
    if walk.drift.is_empty() {
        return String::new();
    }
    let rows: String = walk
        .drift
        .iter()
        .map(|axis| {
            format!(
                "<tr><th scope=\"row\" class=\"word mono\">{}</th><td>{} of {}</td><td>{}</td><td>{} to {}</td></tr>",
                escape(&axis.key),
                axis.moves,
                axis.of,
                axis.mean_step.map_or("n/a".to_owned(), |step| N.ratio(step)),
                escape(&axis.range.0),
                escape(&axis.range.1)
            )
        })
        .collect();
    format!(
        "<h3>How far the picks move</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"How far the picks move\"><table class=\"drift\"><caption class=\"hidden\">How far the picks move</caption><thead><tr>\
         <th scope=\"col\" class=\"word\">Key</th><th scope=\"col\">Moves</th><th scope=\"col\">Mean step, values</th>\
         <th scope=\"col\">Picked from</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

/// The stress test; empty without one.
pub(super) fn stress(model: &SweepModel) -> String {
    let Some(stress) = &model.stress else { return String::new() };
    let held = stress.limits.iter().filter(|limit| limit.overshoot <= 0.0).count();
    let aside = format!("{held} of {} held in every run", counted(stress.limits.len(), "limit", "limits"));
    format!(
        "<section id=\"stress\"><div class=\"head\"><h2>Stress</h2><p class=\"aside\">{aside}</p></div><p>{}</p>{}{}</section>\n",
        escape(&stress.text),
        limits(stress),
        shocks(stress)
    )
}

fn limits(stress: &StressView) -> String {
    let row = |limit: &LimitHeld| {
        let written = |value: Option<f64>| value.map_or("–".to_owned(), |value| limit_amount(limit.unit, value));
        let fails = limit.overshoot > 0.0;
        format!(
            "<tr><th scope=\"row\" class=\"word\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"word\">{}</td><td>{}</td><td class=\"word\">{}</td></tr>",
            escape(&capitalized(&code_in_words(&limit.name))),
            written(limit.limit),
            written(limit.worst),
            written(Some(limit.overshoot).filter(|_| fails)),
            limit.run.map_or("–".to_owned(), |run| N.count(f64::from(run))),
            escape(&typographic(limit.shock.as_deref().unwrap_or("–").trim_start_matches("stress."))),
            N.percent(limit.held, 1, Sign::Negative),
            if fails { "<span class=\"warn\">▲ overshot</span>" } else { "✓ held" }
        )
    };
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Limits under stress\"><table><caption class=\"hidden\">Would each limit have held?</caption><thead><tr>\
         <th scope=\"col\" class=\"word\">Limit</th><th scope=\"col\">Allowed</th><th scope=\"col\">Worst</th><th scope=\"col\">Over by</th>\
         <th scope=\"col\">In run</th><th scope=\"col\" class=\"word\">Its shock</th><th scope=\"col\">Runs it held in</th><th scope=\"col\"><span class=\"hidden\">Held</span></th></tr></thead><tbody>{}</tbody></table></div>",
        stress.limits.iter().map(row).collect::<String>()
    )
}

/// An amount of a limit in its unit.
pub(crate) fn limit_amount(unit: LimitUnit, value: f64) -> String {
    match unit {
        LimitUnit::Share => N.percent(value, 2, Sign::Negative),
        LimitUnit::Dollars => N.dollars_whole(value, Sign::Negative),
        LimitUnit::Count => N.count(value),
    }
}

fn shocks(stress: &StressView) -> String {
    if stress.shocks.is_empty() {
        return String::new();
    }
    let row = |shock: &ShockView| {
        let pair = |pair: Option<(f64, f64)>| {
            let (median, worst) = pair.map_or((None, None), |(median, worst)| (Some(median), Some(worst)));
            format!("<td>{}</td><td>{}</td>", Form::Change.write(median, N), Form::Change.write(worst, N))
        };
        format!(
            "<tr><th scope=\"row\" class=\"word\">{}</th><td>{}</td><td>{}</td>{}{}</tr>",
            escape(&code_in_words(shock.key.trim_start_matches("stress."))),
            escape(&typographic(&shock.value)),
            N.count(shock.runs as f64),
            pair(shock.total_return),
            pair(shock.drawdown)
        )
    };
    format!(
        "<h3>What each shock did</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Shocks\"><table><caption class=\"hidden\">What each shock did</caption><thead><tr>\
         <th scope=\"col\" class=\"word\">Shock</th><th scope=\"col\">Value</th><th scope=\"col\">Runs</th><th scope=\"col\">Median return</th><th scope=\"col\">Least return</th>\
         <th scope=\"col\">Median drawdown</th><th scope=\"col\">Deepest drawdown</th></tr></thead><tbody>{}</tbody></table></div>",
        stress.shocks.iter().map(row).collect::<String>()
    )
}
