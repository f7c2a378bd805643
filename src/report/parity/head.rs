//! The top of `parity.html`: the answer, its evidence, what was compared, every difference with its cause, the sums.
//!
//! Not here: the rows themselves (grid). All of it stands without scripts.
use super::difference::Difference;
use super::grid::{more, stamp, time_head};
use super::model::{FileCheck, ParityReport};
use super::words::{
    change, describe, dollars_apart, headline, paragraph, price_cost, scope, subject_name, verdict as counted_verdict,
};
use crate::domain::Money;
use crate::report::format::{Numbers, capitalized, code_in_words, counted};
use crate::report::html::text::{escape, typographic};

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Differences on the page; the rest is in `parity.json`.
const DIFFERENCES_SHOWN: usize = 200;
/// What stands in place of a number that is not there.
const NONE: &str = "–";

/// Product, controls, name, what was run.
pub(super) fn opening(report: &ParityReport<'_>) -> String {
    format!(
        "<header class=\"top\"><p class=\"brand\"><strong>AlphaFlow</strong> Parity report</p>\
         <div class=\"tools\"><button type=\"button\" id=\"copy\">Copy summary</button>\
         <button type=\"button\" id=\"theme\"><span>Dark</span> <kbd>D</kbd></button>\
         <button type=\"button\" id=\"print\">Print <kbd>P</kbd></button></div></header>\n\
         <div class=\"lead\"><h1>{}</h1><p class=\"sub\">{} and replay. {}.</p></div>\n",
        // A narrow page breaks a long name where its words end.
        escape(&report.context.scenario).replace('_', "_<wbr>"),
        escape(&capitalized(&report.context.other)),
        escape(&scope(report))
    )
}

/// The headline, the paragraph, the evidence; the table of what was compared beside them.
pub(super) fn verdict(report: &ParityReport<'_>) -> String {
    let rows: String = report
        .counts
        .iter()
        .map(|counts| {
            format!(
                "<tr><th scope=\"row\" class=\"word\">{}</th><td>{}</td><td>{}</td><td class=\"word\">{}</td></tr>",
                subject_name(counts.subject),
                N.count(counts.replay as f64),
                N.count(counts.other as f64),
                mark(counts.is_same(), &counted_verdict(counts, &report.context.other))
            )
        })
        .collect();
    format!(
        "<section id=\"verdict\" class=\"verdict\"><div><h2>{}</h2><p>{}</p>{}</div>\
         <table><caption class=\"hidden\">What was compared</caption><thead><tr><th scope=\"col\" class=\"word\">Rows of</th>\
         <th scope=\"col\">Replay</th><th scope=\"col\">{}</th><th scope=\"col\"><span class=\"hidden\">Result</span></th></tr></thead>\
         <tbody>{rows}</tbody></table></section>\n",
        escape(&typographic(&headline(report))),
        escape(&typographic(&paragraph(report))),
        report.first().map_or_else(String::new, evidence),
        escape(&capitalized(&report.context.other))
    )
}

/// "✓ same" or "▲ 3 differ".
fn mark(is_same: bool, words: &str) -> String {
    match is_same {
        true => format!("✓ {}", escape(words)),
        false => format!("<span class=\"warn\">▲ {}</span>", escape(words)),
    }
}

/// What shows the cause of the first difference, and what else was noticed on its bar.
fn evidence(first: &Difference) -> String {
    let item = |text: &String| format!("<li>{}</li>", escape(&typographic(text)));
    let list = |name: &str, items: &[String]| match items {
        [] => String::new(),
        items => format!("<h3>{name}</h3><ul class=\"shown\">{}</ul>", items.iter().map(item).collect::<String>()),
    };
    list("What shows it", &first.cause.evidence) + &list("Also noticed on that bar", &first.cause.noticed)
}

/// Every difference with its cause, in the order in which they came.
pub(super) fn differences(report: &ParityReport<'_>) -> String {
    if report.differences.is_empty() {
        return String::new();
    }
    let row = |difference: &Difference| {
        let time = difference.time.map_or_else(|| NONE.to_owned(), |time| stamp(report, time));
        let stretch = match difference.rows {
            1 => String::new(),
            rows => format!(" <small>{} rows</small>", N.count(rows as f64)),
        };
        let cause = &difference.cause;
        let shown: String =
            cause.evidence.iter().map(|text| format!("<small>{}</small>", escape(&typographic(text)))).collect();
        format!(
            "<tr><td class=\"word\">{}</td><td class=\"word wrap\">{}{stretch}</td><td class=\"word\">{}</td><td class=\"word wrap\">{}{shown}</td></tr>",
            escape(&time),
            escape(&typographic(&describe(report, difference))),
            escape(&capitalized(&code_in_words(cause.rule.name()))),
            escape(&typographic(&cause.text))
        )
    };
    let rows: String = report.differences.iter().take(DIFFERENCES_SHOWN).map(row).collect();
    format!(
        "<section id=\"differences\"><div class=\"head\"><h2>Differences</h2><p class=\"aside\">{}, in the order in which they came</p></div>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Differences\"><table class=\"tall\"><caption class=\"hidden\">Differences and their causes</caption>\
         <thead><tr><th scope=\"col\" class=\"word\">{}</th><th scope=\"col\" class=\"word\">What differs</th><th scope=\"col\" class=\"word\">Cause</th>\
         <th scope=\"col\" class=\"word\">In words</th></tr></thead><tbody>{rows}</tbody></table></div>{}</section>\n",
        N.count(report.differences_total as f64),
        time_head(report),
        more(report.differences_total.saturating_sub(DIFFERENCES_SHOWN), "in parity.json, up to the first 1,000")
    )
}

/// What it came to, and the files.
pub(super) fn sums(report: &ParityReport<'_>) -> String {
    let (mine, theirs) = &report.totals;
    let rows: String = [
        ("Equity at the end", mine.equity, theirs.equity),
        ("Cash at the end", mine.cash, theirs.cash),
        ("Fees", Some(mine.fees), Some(theirs.fees)),
    ]
    .into_iter()
    .map(|(name, mine, theirs)| sum_row(name, mine, theirs))
    .collect();
    let rows = rows + &prices(report);
    let files: String = report.files.iter().map(file_row).collect();
    format!(
        "<div class=\"pair\"><section id=\"sums\"><div class=\"head\"><h2>What it came to</h2></div><table><caption class=\"hidden\">Sums of both sides</caption>\
         <thead><tr><th scope=\"col\" class=\"word\">Dollars</th><th scope=\"col\">Replay</th><th scope=\"col\">{}</th><th scope=\"col\">Difference</th></tr></thead>\
         <tbody>{rows}</tbody></table></section>\
         <section id=\"files\"><div class=\"head\"><h2>Files</h2><p class=\"aside\">sha256 of every byte</p></div><table><caption class=\"hidden\">Files of both sides</caption>\
         <thead><tr><th scope=\"col\" class=\"word\">File</th><th scope=\"col\" class=\"word\">sha256</th><th scope=\"col\"><span class=\"hidden\">Result</span></th></tr></thead>\
         <tbody>{files}</tbody></table></section></div>\n",
        escape(&capitalized(&report.context.other))
    )
}

/// What other prices cost; nothing where they are the same.
fn prices(report: &ParityReport<'_>) -> String {
    price_cost(report).map_or_else(String::new, |said| {
        let fills = counted(report.price_cost.fills, "fill", "fills");
        format!(
            "<tr><th scope=\"row\" class=\"word\" colspan=\"2\">Prices of {fills} on both sides</th>\
             <td colspan=\"2\"><b class=\"warn\">▲ {said}</b></td></tr>"
        )
    })
}

fn sum_row(name: &str, mine: Option<Money>, theirs: Option<Money>) -> String {
    let (left, right) = match mine.zip(theirs) {
        Some((mine, theirs)) => dollars_apart(mine, theirs),
        None => {
            let one = |amount: Option<Money>| amount.map_or(NONE.to_owned(), |amount| dollars_apart(amount, amount).0);
            (one(mine), one(theirs))
        }
    };
    let apart = mine.zip(theirs).map_or(NONE.to_owned(), |(mine, theirs)| change(theirs - mine));
    let strong =
        if mine == theirs { apart.clone() } else { format!("<b class=\"warn\">▲ {}</b>", typographic(&apart)) };
    format!(
        "<tr><th scope=\"row\" class=\"word\">{name}</th><td>{}</td><td>{}</td><td>{strong}</td></tr>",
        typographic(&left),
        typographic(&right)
    )
}

fn file_row(file: &FileCheck) -> String {
    let hashes = match file.is_same() {
        true => escape(&file.replay).into_owned(),
        false => format!("{}<br>{}", escape(&file.replay), escape(&file.other)),
    };
    format!(
        "<tr><th scope=\"row\" class=\"word\">{}</th><td class=\"word mono\">{hashes}</td><td class=\"word\">{}</td></tr>",
        file.name,
        mark(file.is_same(), if file.is_same() { "same" } else { "differs" })
    )
}

/// What "Copy summary" puts on the clipboard: plain text with plain minus signs.
pub(super) fn summary(report: &ParityReport<'_>) -> String {
    let context = report.context;
    let mut lines = vec![
        format!("{}, {} and replay", context.scenario, context.other),
        format!("{}.", scope(report)),
        String::new(),
        headline(report),
        paragraph(report),
        String::new(),
    ];
    for counts in &report.counts {
        let words = counted_verdict(counts, &context.other);
        lines.push(format!("{}: {} and {}, {words}", subject_name(counts.subject), counts.replay, counts.other));
    }
    lines.extend(report.files.iter().map(|file| {
        let same = if file.is_same() {
            format!("same, {}", file.replay)
        } else {
            format!("{} and {}", file.replay, file.other)
        };
        format!("{}: {same}", file.name)
    }));
    lines.extend([String::new(), format!("{}, seed {}", context.program, context.seed)]);
    lines.join("\n")
}
