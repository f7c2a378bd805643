//! The top of `sweep.html`: what was swept, the verdict, the numbers behind it.
//!
//! Not here: charts and tables of runs. All of it stands without scripts.
use super::model::{SweepModel, TestView};
use crate::report::format::{Numbers, counted};
use crate::report::html::text::{escape, typographic};

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Values of an axis that are listed; of more the first and the last.
const VALUES_LISTED: usize = 12;

/// Product, controls, name, scope.
pub(super) fn opening(model: &SweepModel) -> String {
    format!(
        "<header class=\"top\"><p class=\"brand\"><strong>AlphaFlow</strong> Sweep report</p>\
         <div class=\"tools\"><button type=\"button\" id=\"copy\">Copy verdict</button>\
         <button type=\"button\" id=\"theme\"><span>Dark</span> <kbd>D</kbd></button>\
         <button type=\"button\" id=\"print\">Print <kbd>P</kbd></button></div></header>\n\
         <div class=\"lead\"><h1>{}, {}</h1><p class=\"sub\">{}</p></div>\n",
        // A narrow page breaks a long name where its words end.
        escape(&model.name).replace('_', "_<wbr>"),
        counted(model.all.runs, "run", "runs"),
        escape(&scope(model)).replace('_', "_<wbr>")
    )
}

/// "fast_period × stop.multiple. AAPL, daily, 3 Jan 2005 to 1 Mar 2013. 537 of 537 done."
pub(super) fn scope(model: &SweepModel) -> String {
    let axes: Vec<&str> = model.axes.iter().map(|axis| axis.short()).collect();
    let mut parts = Vec::new();
    if !axes.is_empty() {
        parts.push(axes.join(" × "));
    }
    if !model.scope.is_empty() {
        parts.push(model.scope.clone());
    }
    let all = &model.all;
    let mut done = format!("{} of {} done", N.count(all.done as f64), N.count(all.runs as f64));
    for (count, what) in [(all.invalid, "invalid"), (all.failed, "failed")] {
        if count > 0 {
            done.push_str(&format!(", {} {what}", N.count(count as f64)));
        }
    }
    parts.push(done);
    parts.iter().map(|part| format!("{part}.")).collect::<Vec<_>>().join(" ")
}

/// The headline, the paragraph, the table of tests.
pub(super) fn verdict(model: &SweepModel) -> String {
    let verdict = &model.verdict;
    let rows: String = verdict.tests.iter().map(test).collect();
    format!(
        "<section id=\"verdict\" class=\"verdict\"><div><h2>{}</h2><p>{}</p></div>\
         <table><caption class=\"hidden\">The numbers behind the verdict</caption><thead><tr><th scope=\"col\" class=\"word\">Test</th>\
         <th scope=\"col\">Here</th><th scope=\"col\">Wanted</th><th scope=\"col\"><span class=\"hidden\">Holds</span></th></tr></thead>\
         <tbody>{rows}</tbody></table></section>\n",
        escape(&verdict.headline),
        escape(&typographic(&verdict.text))
    )
}

fn test(test: &TestView) -> String {
    let holds = match test.holds {
        Some(true) => "✓ holds",
        Some(false) => "<span class=\"warn\">▲ fails</span>",
        None => "",
    };
    let (here, why) = match &test.here {
        Ok(value) => (format!("<b>{}</b>", escape(&typographic(value))), String::new()),
        Err(reason) => ("<span class=\"none\">n/a</span>".to_owned(), format!("<small>{}</small>", escape(reason))),
    };
    format!(
        "<tr><th scope=\"row\" class=\"word\">{}{why}</th><td>{here}</td><td class=\"ref\">{}</td><td class=\"word\">{holds}</td></tr>",
        escape(&test.name),
        escape(&typographic(&test.wanted))
    )
}

/// Keys, values, conditions, and the runs that did not end.
pub(super) fn swept(model: &SweepModel) -> String {
    let rows: String = model.axes.iter().enumerate().map(|(at, axis)| {
        let best = model.ranked().next().map_or("n/a", |run| model.value(run, at));
        let own = axis.own.map_or("–", |own| axis.values[own].as_str());
        format!(
            "<tr><th scope=\"row\" class=\"word mono\">{}</th><td>{}</td><td class=\"word wrap\">{}</td><td>{}</td><td>{}</td></tr>",
            escape(&axis.key),
            N.count(axis.values.len() as f64),
            escape(&listed(&axis.values)),
            escape(own),
            escape(best)
        )
    }).collect();
    let table = if rows.is_empty() {
        String::new()
    } else {
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Swept keys\"><table><caption class=\"hidden\">Swept keys</caption>\
             <thead><tr><th scope=\"col\" class=\"word\">Key</th><th scope=\"col\">Values</th><th scope=\"col\" class=\"word\">Which</th>\
             <th scope=\"col\">Scenario has</th><th scope=\"col\">Best run has</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )
    };
    let lines: String = notes(model).iter().map(|line| format!("<p class=\"more\">{}</p>", escape(line))).collect();
    format!(
        "<section id=\"swept\"><div class=\"head\"><h2>What was swept</h2><p class=\"aside\">{}</p></div>{table}{lines}</section>\n",
        escape(&format!("best in {}", model.objective_words))
    )
}

/// Sentences under the table of keys.
fn notes(model: &SweepModel) -> Vec<String> {
    let mut lines = Vec::new();
    if !model.conditions.is_empty() {
        lines.push(format!("Where {}.", model.conditions.join(" and ")));
    }
    let made = counted(model.all.runs, "run", "runs");
    lines.push(match &model.sample {
        Some(sample) => format!("{made}: {sample} of {} combinations.", model.combinations),
        None => format!("{made} of {} combinations.", model.combinations),
    });
    for (reason, count) in &model.all.reasons {
        lines.push(format!("{} did not end: {reason}", counted(*count, "run", "runs")));
    }
    lines
}

/// "5, 10, 15", or "20, 25, 30 … 210" for many.
fn listed(values: &[String]) -> String {
    match values {
        [first, second, third, .., last] if values.len() > VALUES_LISTED => {
            format!("{first}, {second}, {third} … {last}")
        }
        few => few.join(", "),
    }
}

/// What "Copy verdict" puts on the clipboard: plain text with plain minus signs.
pub(super) fn summary(model: &SweepModel) -> String {
    let mut lines =
        vec![format!("{}, {}", model.name, counted(model.all.runs, "run", "runs")), scope(model), String::new()];
    lines.push(model.verdict.headline.clone());
    lines.push(model.verdict.text.clone());
    lines.push(String::new());
    for test in &model.verdict.tests {
        let wanted = if test.wanted.is_empty() { String::new() } else { format!(" (wanted {})", test.wanted) };
        let here = test.here.clone().unwrap_or_else(|reason| format!("n/a: {reason}"));
        lines.push(format!("{}: {here}{wanted}", test.name));
    }
    lines.push(String::new());
    lines.push(format!("{}, seed {}", model.program, model.seed));
    lines.join("\n").replace('\u{2212}', "-")
}
