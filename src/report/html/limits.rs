//! What the limits did: heat and exposure over time, a row for each limit, a row for each halt.
//!
//! Not here: the sentences (report::limits). All but the chart stands without scripts.
use super::text::{escape, json_string};
use crate::domain::{Money, Timestamp};
use crate::report::format::{Numbers, Sign, capitalized, code_in_words, counted, date_in_table};
use crate::report::limits;
use crate::report::model::ReportModel;
use crate::scenario::{HaltUse, LimitKind, LimitUse};

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Halts on the page; the rest is in the run's files.
const ROWS_MAX: usize = 500;

/// The whole section; empty where the run has no limits to speak of.
pub(super) fn section(model: &ReportModel) -> String {
    if model.efficacy.limits.is_empty() {
        return String::new();
    }
    format!(
        "<section id=\"limits\"><div class=\"head\"><h2>What the limits did</h2><p class=\"aside\">{}</p></div>{}{}{}{}</section>\n",
        escape(&aside(model)),
        chart(model),
        table(model),
        halts(model),
        beside(model)
    )
}

/// "17 entries refused by them, 3 halts in 12 of 2,054 sessions"
fn aside(model: &ReportModel) -> String {
    let all = &model.efficacy;
    let (refused, trimmed) =
        all.limits.iter().fold((0, 0), |sum, limit| (sum.0 + limit.refused, sum.1 + limit.trimmed));
    let mut parts = Vec::new();
    if refused > 0 {
        parts.push(format!("{} refused by them", counted(refused, "entry", "entries")));
    }
    if trimmed > 0 {
        parts.push(format!("{} made smaller", counted(trimmed, "entry", "entries")));
    }
    if !all.halts.is_empty() {
        parts.push(format!("{}, {}", counted(all.halts.len(), "halt", "halts"), limits::time_halted(all)));
    }
    if parts.is_empty() { "none of them refused an entry or halted".to_owned() } else { parts.join("; ") }
}

/// The place of the chart; a run that held nothing has a flat one, which is left out.
fn chart(model: &ReportModel) -> String {
    if !has_chart(model) {
        return String::new();
    }
    let words: Vec<String> = [LimitKind::PortfolioHeat, LimitKind::GrossExposure]
        .into_iter()
        .filter_map(|kind| model.efficacy.limits.iter().find(|limit| limit.kind == kind))
        .map(|limit| format!("{}: {}", limits::name(limit.kind), limits::in_words(limit, &model.efficacy, N)))
        .collect();
    format!(
        "<p class=\"readout\" aria-live=\"off\"></p><div class=\"chart\" data-label=\"{}\"><p class=\"png\">The chart needs a script. \
         The same picture: risk.png.</p></div><details class=\"astable\"><summary>Show as table</summary><div></div></details>",
        escape(&words.join(" "))
    )
}

/// Was anything held?
pub(super) fn has_chart(model: &ReportModel) -> bool {
    !model.efficacy.limits.is_empty() && model.exposure.iter().any(|share| *share > 0.0)
}

fn table(model: &ReportModel) -> String {
    let all = &model.efficacy;
    let trims = all.limits.iter().any(|limit| limit.trimmed > 0);
    let rows: String = all
        .limits
        .iter()
        .map(|limit| {
            let (most, on) = match limit.most {
                Some(most) => (limits::amount(limit.kind, most.amount, N), date_in_table(most.time)),
                None => ("n/a".to_owned(), String::new()),
            };
            let why = if limit.most.is_none() {
                format!(" title=\"{}\"", escape(limits::unmeasured(limit.kind)))
            } else {
                String::new()
            };
            let smaller = if trims { format!("<td>{}</td>", count(limit.trimmed)) } else { String::new() };
            format!(
                "<tr><th scope=\"row\" class=\"word\">{}</th><td class=\"most\"{why}>{most}</td><td class=\"ref allowed\">{}</td>\
                 <td class=\"rail\">{}</td><td class=\"ref on\">{on}</td><td class=\"bit\">{}</td>{smaller}<td class=\"word wrap\">{}</td></tr>",
                limits::name(limit.kind),
                limits::amount(limit.kind, limit.allowed, N),
                meter(limit),
                count(limit.refused),
                escape(&limits::in_words(limit, all, N))
            )
        })
        .collect();
    let smaller = if trims { "<th scope=\"col\">Smaller</th>" } else { "" };
    format!(
        "<table class=\"limits\"><caption class=\"hidden\">Each limit: the most that was used of it, and what it refused</caption>\
         <thead><tr><th scope=\"col\" class=\"word\">Limit</th><th scope=\"col\">Most used</th><th scope=\"col\">Allowed</th>\
         <th scope=\"col\" class=\"rail word\">Used of allowed</th><th scope=\"col\">On</th><th scope=\"col\">Refused</th>{smaller}\
         <th scope=\"col\" class=\"word\">In words</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn count(count: usize) -> String {
    if count == 0 { "<span class=\"none\">0</span>".to_owned() } else { N.count(count as f64) }
}

/// A bar that ends at the limit; near it, or past it, it is striped and marked.
fn meter(limit: &LimitUse) -> String {
    let Some(used) = limits::used(limit) else { return String::new() };
    let near = used >= limits::NEAR;
    let class = if near { "near" } else { "used" };
    let words = format!(
        "{} of {}{}",
        limits::amount(limit.kind, limit.most.map_or(0.0, |most| most.amount), N),
        limits::amount(limit.kind, limit.allowed, N),
        if near { ", near" } else { "" }
    );
    // Stripes are gaps in the bar, so that they show without colour.
    let stripes: String = (0..25).filter(|_| near).map(|stripe| format!("M{} 9l4 -10", stripe * 4)).collect();
    format!(
        "<svg class=\"meter\" role=\"meter\" aria-valuemin=\"0\" aria-valuemax=\"100\" aria-valuenow=\"{:.0}\" aria-valuetext=\"{}\" \
         aria-label=\"{}\" width=\"112\" height=\"8\" viewBox=\"0 0 112 8\"><rect class=\"track\" width=\"100\" height=\"8\"/>\
         <rect class=\"{class}\" width=\"{:.1}\" height=\"8\"/>{}</svg>",
        (used * 100.0).min(100.0),
        escape(&words),
        limits::name(limit.kind),
        (used * 100.0).min(100.0),
        if near {
            format!("<path class=\"stripes\" d=\"{stripes}\"/><path class=\"warned\" d=\"M108 0l4 8h-8Z\"/>")
        } else {
            String::new()
        }
    )
}

fn halts(model: &ReportModel) -> String {
    let all = &model.efficacy.halts;
    if all.is_empty() {
        return String::new();
    }
    let rows: String = all.iter().rev().take(ROWS_MAX).map(|halt| halt_row(model, halt)).collect();
    let more = match all.len().saturating_sub(ROWS_MAX) {
        0 => String::new(),
        rest => format!("<p class=\"more\">and {} more in limits.json</p>", N.count(rest as f64)),
    };
    format!(
        "<h3>Halts</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Halts\"><table class=\"halts\">\
         <caption class=\"hidden\">Spans in which entries were refused, newest first</caption><thead><tr>\
         <th scope=\"col\" class=\"word\">Since the close of</th><th scope=\"col\" class=\"word\">Until</th><th scope=\"col\" class=\"word\">By</th>\
         <th scope=\"col\">Lost</th><th scope=\"col\">Limit</th><th scope=\"col\">Beyond</th><th scope=\"col\">Refused</th>\
         <th scope=\"col\" class=\"word\">In words</th></tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )
}

fn halt_row(model: &ReportModel, halt: &HaltUse) -> String {
    let percent = |share: Option<f64>| share.map_or_else(String::new, |share| N.percent(share, 2, Sign::Negative));
    let until = halt.until.map_or_else(|| "the end".to_owned(), |until| limits::moment(model, until));
    format!(
        "<tr><td class=\"word\">{}</td><td class=\"word\">{until}</td><td class=\"word\"><b>■</b> {}</td><td class=\"loss\">{}</td><td class=\"ref\">{}</td>\
         <td>{}</td><td>{}</td><td class=\"word wrap\">{}</td></tr>",
        limits::moment(model, halt.from),
        capitalized(halt.cause.words()),
        percent(halt.lost()),
        percent(halt.loss.map(|loss| loss.limit.to_f64())),
        percent(halt.beyond()),
        count(halt.refused),
        escape(&halt_in_words(halt))
    )
}

/// "Lost $3,700.00 of $100,000.00. The open had jumped over the limit, to 3.10%. Lifted by a resume."
fn halt_in_words(halt: &HaltUse) -> String {
    let dollars = |amount: Money| N.dollars_cents(amount.to_f64(), Sign::Negative);
    let mut words = match halt.loss {
        Some(loss) => format!("Lost {} of {}.", dollars(loss.lost), dollars(loss.of)),
        None => "Asked for by the order script.".to_owned(),
    };
    if halt.jumped() {
        let at_open = N.percent(halt.at_open.unwrap_or(0.0), 2, Sign::Negative);
        words.push_str(&format!(" The open had jumped over the limit, to {at_open}."));
    }
    if let Some(cost) = halt.close_cost {
        let way = if cost < Money::ZERO { "brought back" } else { "cost another" };
        words.push_str(&format!(" Closing the positions {way} {}.", dollars(cost.abs())));
    }
    if halt.until.is_none() {
        words.push_str(&format!(" It stood at the end: {}.", halt.cause.lifted_by()));
    }
    words
}

/// What refused entries beside the limits of the table.
fn beside(model: &ReportModel) -> String {
    let other = &model.efficacy.other;
    let mut words = String::new();
    if !other.is_empty() {
        let all: usize = other.iter().map(|(_, count)| count).sum();
        let reasons: Vec<String> =
            other.iter().map(|(code, count)| format!("{} {}", code_in_words(code), N.count(*count as f64))).collect();
        words.push_str(&format!(
            "Other rules refused <a href=\"#refusals\">{}</a>: {}. ",
            N.count(all as f64),
            escape(&reasons.join(", "))
        ));
    }
    if model.efficacy.trimmed_otherwise > 0 {
        let count = counted(model.efficacy.trimmed_otherwise, "entry", "entries");
        words.push_str(&format!("{count} made smaller to what the account could pay. "));
    }
    words.push_str("Used is what the account came to at a close. The age of a price, stale_after, is for live prices: here the reference is the last close.");
    format!("<p class=\"more\">{words}</p>")
}

/// What the script draws: the limits of both panels, and the spans of halts as (from, until, words).
pub(super) fn json(model: &ReportModel, time: impl Fn(Timestamp) -> i64) -> String {
    let limit = |kind: LimitKind| {
        let found = model.efficacy.limits.iter().find(|limit| limit.kind == kind);
        found.map_or("null".to_owned(), |limit| limit.allowed.to_string())
    };
    let spans: Vec<String> = model
        .efficacy
        .halts
        .iter()
        .map(|halt| {
            let until = halt.until.map_or("null".to_owned(), |until| time(until).to_string());
            format!("[{},{until},{}]", time(halt.from), json_string(halt.cause.words()))
        })
        .collect();
    format!(
        "{{\"heat\":{},\"gross\":{},\"halts\":[{}]}}",
        limit(LimitKind::PortfolioHeat),
        limit(LimitKind::GrossExposure),
        spans.join(",")
    )
}
