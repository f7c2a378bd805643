//! What the result rests on: data warnings, rejected orders, refused entries, the scenario, and the page's foot.
//!
//! Not here: trades and falls (results). All of this stands without scripts.
use super::text::{escape, typographic};
use crate::domain::Timestamp;
use crate::report::format::{Numbers, capitalized, code_in_words, counted};
use crate::report::model::{RefusalRow, ReportModel};
use crate::report::refused;
use crate::report::sentence::refusals_by_reason;

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Rows of refusals and warnings on the page; the rest is in the run's files.
const ROWS_MAX: usize = 500;

/// The data warnings and rejected orders; then refused entries and the scenario, side by side.
pub(super) fn sections(model: &ReportModel) -> String {
    let (refusals, warnings) = (refusals(model), warnings(model) + &rejections(model));
    if refusals.is_empty() {
        return format!("{warnings}{}", scenario(model));
    }
    format!("{warnings}<div class=\"pair\">{refusals}{}</div>\n", scenario(model))
}

fn refusals(model: &ReportModel) -> String {
    if model.refusals.is_empty() {
        return String::new();
    }
    let counts: String = refusals_by_reason(model)
        .iter()
        .map(|(reason, count)| {
            format!("<li><b>{}</b> {}</li>", N.count(*count as f64), escape(&capitalized(&code_in_words(reason))))
        })
        .collect();
    let rows: String = model.refusals.iter().rev().take(ROWS_MAX).map(|refusal| refusal_row(model, refusal)).collect();
    format!(
        "<section id=\"refusals\"><div class=\"head\"><h2>Refused entries</h2><p class=\"aside\">{}</p></div><ul class=\"counts\">{counts}</ul>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Refused entries\"><table><caption class=\"hidden\">Entries the risk gate refused, newest first</caption>\
         <thead><tr><th scope=\"col\" class=\"word\">{}</th><th scope=\"col\" class=\"word\">Entry refused</th><th scope=\"col\" class=\"word\">Limit</th>\
         <th scope=\"col\">Would be</th><th scope=\"col\">Allowed</th></tr></thead><tbody>{rows}</tbody></table></div>{}</section>",
        N.count(model.refusals.len() as f64),
        time_head(model),
        more(model.refusals.len().saturating_sub(ROWS_MAX), " in refusals.csv")
    )
}

/// The venue's words stand as they are: they are what a live order would get.
fn rejections(model: &ReportModel) -> String {
    if model.rejections.is_empty() {
        return String::new();
    }
    let rows: String = model
        .rejections
        .iter()
        .rev()
        .take(ROWS_MAX)
        .map(|row| {
            let (symbol, order) = row.order.split_once(' ').unwrap_or((&row.order, ""));
            format!(
                "<tr><td class=\"word\">{}</td><td class=\"word\"><b>{}</b> {}</td><td class=\"word wrap\">{}</td></tr>",
                bar_time(model, row.time),
                escape(symbol),
                escape(order),
                escape(&row.reason)
            )
        })
        .collect();
    format!(
        "<section id=\"rejections\"><div class=\"head\"><h2>Rejected orders</h2><p class=\"aside\">{}</p></div><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rejected orders\">\
         <table><caption class=\"hidden\">Orders the venue rejected, newest first</caption><thead><tr><th scope=\"col\" class=\"word\">{}</th><th scope=\"col\" class=\"word\">Order</th>\
         <th scope=\"col\" class=\"word\">The venue's words</th></tr></thead><tbody>{rows}</tbody></table></div>{}</section>\n",
        N.count(model.rejections.len() as f64),
        time_head(model),
        more(model.rejections.len().saturating_sub(ROWS_MAX), " in orders.csv")
    )
}

fn time_head(model: &ReportModel) -> &'static str {
    if model.timeframe.is_daily() { "Session" } else { "Bar, UTC" }
}

fn bar_time(model: &ReportModel, time: Timestamp) -> String {
    time.text(model.timeframe).replace('T', " ").trim_end_matches(":00Z").to_owned()
}

fn refusal_row(model: &ReportModel, refusal: &RefusalRow) -> String {
    let (symbol, order) = refusal.order.split_once(' ').unwrap_or((&refusal.order, ""));
    let time = bar_time(model, refusal.time);
    let (need, have) = (escape(&refusal.need), escape(&refusal.have));
    let amounts = match refusal.have.is_empty() {
        true => format!("<td class=\"wrap\" colspan=\"2\">{need}</td>"),
        false => format!("<td>{need}</td><td class=\"ref\">{have}</td>"),
    };
    format!(
        "<tr><td class=\"word\">{time}</td><td class=\"word\"><b>{}</b> {}</td><td class=\"word\">{}</td>{amounts}\
         <td class=\"say\"><i>{time}</i> {}</td></tr>",
        escape(symbol),
        escape(order),
        escape(&capitalized(&code_in_words(&refusal.reason))),
        escape(&refused::sentence(refusal))
    )
}

/// "and 1,200 more in refusals.csv"
fn more(rest: usize, place: &str) -> String {
    if rest == 0 { String::new() } else { format!("<p class=\"more\">and {} more{place}</p>", N.count(rest as f64)) }
}

fn warnings(model: &ReportModel) -> String {
    if model.warnings.is_empty() {
        return String::new();
    }
    let rows: String = model
        .warnings
        .iter()
        .take(ROWS_MAX)
        .map(|warning| {
            let line = warning.line.map_or_else(|| "·".to_owned(), |line| N.count(line as f64));
            format!(
                "<tr><td class=\"word\">{}</td><td>{line}</td><td class=\"word wrap\">{}</td></tr>",
                escape(&warning.file),
                escape(&typographic(&warning.message))
            )
        })
        .collect();
    format!(
        "<section id=\"warnings\"><div class=\"head\"><h2>Data warnings</h2><p class=\"aside\">{}</p></div><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Data warnings\">\
         <table><caption class=\"hidden\">What the data gate found suspicious</caption><thead><tr><th scope=\"col\" class=\"word\">File</th><th scope=\"col\">Line</th>\
         <th scope=\"col\" class=\"word\">What is odd</th></tr></thead><tbody>{rows}</tbody></table></div>{}</section>\n",
        N.count(model.findings() as f64),
        more(model.findings().saturating_sub(model.warnings.len().min(ROWS_MAX)), ", of the kinds above")
    )
}

fn scenario(model: &ReportModel) -> String {
    let toml: String = model
        .scenario_toml
        .lines()
        .map(|line| {
            let safe = escape(line);
            if line.starts_with('[') { format!("<b>{safe}</b>\n") } else { format!("{safe}\n") }
        })
        .collect();
    let files: String =
        model.files.iter().map(|(file, hash)| format!("<dt>{}</dt><dd>{}</dd>", escape(file), escape(hash))).collect();
    format!(
        "<section id=\"scenario\"><div class=\"head\"><h2>Scenario</h2><p class=\"aside\">everything that made this run</p></div>\
         <pre class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Scenario as TOML\">{toml}</pre>\
         <details class=\"files\"><summary>{} and their sha256</summary><dl>{files}</dl></details></section>\n",
        counted(model.files.len(), "data file", "data files")
    )
}

/// Program, seed, fingerprint, files.
pub(super) fn footer(model: &ReportModel) -> String {
    format!(
        "<footer><p>{}, seed {}</p><p class=\"mono\">fingerprint <span>{}</span></p><p>{}</p></footer>\n",
        escape(&model.program),
        model.seed,
        escape(&model.fingerprint),
        if model.files.len() == 1 {
            "1 data file, checked by sha256".to_owned()
        } else {
            format!("{} data files, all checked by sha256", model.files.len())
        }
    )
}
