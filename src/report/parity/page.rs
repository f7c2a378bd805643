//! `parity.html`: one file that opens offline, asks nobody for anything, and says the answer first.
//!
//! Not here: any number that is not in the report. Without scripts the answer, the checks, the differences and the
//! tables show; the place of the chart says where the same numbers are. Same report, same bytes.
use super::model::{ParityReport, Subject};
use super::words::subject_name;
use super::{data, grid, head};
use crate::report::format::{Numbers, capitalized, counted};
use crate::report::html::Document;
use crate::report::html::text::{escape, typographic};

const STYLE: &str = include_str!("assets/parity.css");
const SCRIPT: &str = concat!(
    "'use strict';(()=>{\n",
    include_str!("../html/assets/data.js"),
    include_str!("../html/assets/axis.js"),
    include_str!("../html/assets/plot.js"),
    include_str!("../html/assets/shell.js"),
    include_str!("assets/parity.js"),
    "})();\n"
);

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Findings on the page; the rest is in `parity.json`.
const FINDINGS_MAX: usize = 500;

/// The page. Deterministic; needs time linear in the rows shown.
pub fn page(report: &ParityReport<'_>) -> String {
    let title = format!("{}, {} and replay", report.context.scenario, report.context.other);
    let data = data::json(report, &head::summary(report));
    Document { title: &title, style: STYLE, script: SCRIPT, body: &body(report), data: &data }.html()
}

fn body(report: &ParityReport<'_>) -> String {
    let mut html = String::from("<a class=\"skip\" href=\"#main\">Skip to the answer</a>\n<div class=\"page parity\">");
    html.push_str(&head::opening(report));
    html.push_str("<main id=\"main\">\n");
    html.push_str(&head::verdict(report));
    html.push_str(&head::differences(report));
    html.push_str(&head::sums(report));
    html.push_str(&equity(report));
    for subject in [Subject::Orders, Subject::Fills, Subject::Refusals, Subject::Halts, Subject::Equity] {
        html.push_str(&grid::section(report, subject));
    }
    html.push_str(&findings(report));
    html.push_str(&session(report));
    html.push_str("</main>\n");
    html.push_str(&format!(
        "<footer><p>{}, seed {}</p><p>the same for programs in parity.json</p></footer>\n</div>\n",
        escape(&report.context.program),
        report.context.seed
    ));
    html
}

/// The place of the chart; nothing where there is no line to draw.
fn equity(report: &ParityReport<'_>) -> String {
    if !data::has_chart(report) {
        return String::new();
    }
    let aside = match report.totals.0.equity == report.totals.1.equity && is_same(report, Subject::Equity) {
        true => "the two lines are the same to the last digit".to_owned(),
        false => format!("below it: {} less replay", escape(&report.context.other)),
    };
    format!(
        "<section id=\"equity\"><div class=\"head\"><h2>Equity of both</h2><p class=\"aside\">{aside}</p></div>\
         <p class=\"readout\" aria-live=\"off\"></p><div class=\"chart\" data-label=\"Equity of {} and replay\"><p class=\"png\">The chart needs a script. \
         The same numbers: equity.csv.</p></div><details class=\"astable\"><summary>Show as table</summary><div></div></details></section>\n",
        escape(&report.context.other)
    )
}

fn is_same(report: &ParityReport<'_>, subject: Subject) -> bool {
    report.counts.iter().all(|counts| counts.subject != subject || counts.is_same())
}

/// What was noticed on the way.
fn findings(report: &ParityReport<'_>) -> String {
    let all = &report.context.findings;
    if all.is_empty() {
        return String::new();
    }
    let row = |finding: &super::Finding| {
        let about = [finding.order.as_ref().map(|order| format!("order {order}")), finding.symbol.clone()];
        let about = about.into_iter().flatten().collect::<Vec<_>>().join(", ");
        format!(
            "<tr><td class=\"word\">{}</td><td class=\"word\">{}</td><td class=\"word\">{}</td><td class=\"word wrap\">{}</td></tr>",
            escape(&grid::stamp(report, finding.time)),
            escape(&capitalized(&finding.kind.name().replace('_', " "))),
            escape(&about),
            escape(&typographic(&finding.text))
        )
    };
    let rows: String = all.iter().take(FINDINGS_MAX).map(row).collect();
    format!(
        "<section id=\"findings\"><div class=\"head\"><h2>Noticed on the way</h2><p class=\"aside\">{}</p></div>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Findings\"><table><caption class=\"hidden\">What was noticed, in order of time</caption>\
         <thead><tr><th scope=\"col\" class=\"word\">{}</th><th scope=\"col\" class=\"word\">What</th><th scope=\"col\" class=\"word\">About</th>\
         <th scope=\"col\" class=\"word\">In words</th></tr></thead><tbody>{rows}</tbody></table></div>{}</section>\n",
        N.count(all.len() as f64),
        grid::time_head(report),
        grid::more(all.len().saturating_sub(FINDINGS_MAX), "in parity.json")
    )
}

/// What both sessions were made of.
fn session(report: &ParityReport<'_>) -> String {
    let context = report.context;
    let number = |count: Option<u64>| count.map_or_else(|| "not counted".to_owned(), |count| N.count(count as f64));
    let halts = match report.pairs.halts {
        Some(_) => String::new(),
        None => format!("not named on both sides, so not compared ({})", subject_name(Subject::Halts).to_lowercase()),
    };
    let rows = [
        ("Scenario", context.scenario.clone()),
        ("Seed", context.seed.to_string()),
        ("Program", context.program.clone()),
        ("Held against", format!("{} on {}", context.other, context.venue)),
        ("Calls made", number(context.calls)),
        ("Events received", number(context.events)),
        ("Bars compared", number(context.bars_compared)),
        ("Halts", halts),
    ];
    let shown = rows.iter().filter(|(_, value)| !value.is_empty());
    let list: String =
        shown.map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", escape(value))).collect();
    let files: String = context
        .files
        .iter()
        .map(|(file, hash)| format!("<dt>{}</dt><dd>{}</dd>", escape(file), escape(hash)))
        .collect();
    format!(
        "<section id=\"session\"><div class=\"head\"><h2>Session</h2></div><dl class=\"facts\">{list}</dl>\
         <details class=\"files\"><summary>{} and their sha256</summary><dl>{files}</dl></details></section>\n",
        counted(context.files.len(), "data file", "data files")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_and_the_style_cannot_end_their_elements() {
        assert!(!SCRIPT.contains("</script") && !STYLE.contains('<'));
    }
}
