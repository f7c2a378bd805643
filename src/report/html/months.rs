//! Returns by month and year, newest year first.
//!
//! Not here: the arithmetic (curve). The tint of a cell grows with its size up to ±8 %.
use super::head::tone_class;
use super::text::escape;
use crate::report::curve::{self, Year};
use crate::report::format::{Numbers, month_name};
use crate::report::model::ReportModel;

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Full tint from here.
const FULL_TINT: f64 = 0.08;
/// Steps of tint in the style sheet: `g1` to `g8`, `l1` to `l8`.
const TINTS: f64 = 8.0;

/// The section; empty without a session.
pub(super) fn section(model: &ReportModel) -> String {
    let own = curve::years(model.initial_equity, &model.steps, &model.session_ends, &model.equity);
    let reference = curve::years(model.initial_equity, &model.steps, &model.session_ends, &model.reference().values);
    if own.is_empty() {
        return String::new();
    }
    let heads: String =
        (1..=12).map(|month| format!("<th scope=\"col\" class=\"mon\">{}</th>", month_name(month))).collect();
    let rows: String =
        own.iter().rev().map(|year| row(year, reference.iter().find(|other| other.year == year.year))).collect();
    format!(
        "<section id=\"months\"><div class=\"head\"><h2>Returns by <span class=\"wide\">month</span><span class=\"narrow\">year</span>, %</h2>\
         <p class=\"aside wide\">after costs; shade grows with size up to ±8%{}</p></div>\
         <table class=\"months\"><caption class=\"hidden\">Return of each month and year in percent, after costs</caption>\
         <thead><tr><th scope=\"col\" class=\"word\">Year</th>{heads}<th scope=\"col\" class=\"total\">Total</th>\
         <th scope=\"col\" class=\"ref\">{}</th><th scope=\"col\">Max DD</th></tr></thead><tbody>{rows}</tbody></table></section>\n",
        // The measure goes by session closes; say why it may differ.
        if model.timeframe.is_daily() { "" } else { "; Max DD counts lows inside sessions" },
        escape(&model.reference().name)
    )
}

fn row(year: &Year, reference: Option<&Year>) -> String {
    let months: String = year
        .months
        .iter()
        .map(|month| match month {
            Some(change) => format!("<td class=\"mon {}\">{}</td>", tint(*change), N.percent_bare(*change, 1)),
            None => "<td class=\"mon void\">·</td>".to_owned(),
        })
        .collect();
    let reference = reference.map_or("·".to_owned(), |other| N.percent_bare(other.total, 1));
    format!(
        "<tr><th scope=\"row\" class=\"word\">{}</th>{months}<td class=\"total {}\">{}</td><td class=\"ref\">{reference}</td>\
         <td class=\"{}\">{}</td></tr>",
        year.year,
        tone_class(year.total),
        N.percent_bare(year.total, 1),
        tone_class(year.max_drawdown),
        N.percent_bare(year.max_drawdown, 1)
    )
}

/// The tint class of a change; none when it rounds to zero.
fn tint(change: f64) -> String {
    if (change * 1000.0).round() == 0.0 {
        return String::new();
    }
    let step = (change.abs() / FULL_TINT * TINTS).ceil().clamp(1.0, TINTS);
    format!("{}{step}", if change > 0.0 { 'g' } else { 'l' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tints_grow_to_eight_percent() {
        assert_eq!(tint(0.0004), "");
        assert_eq!(tint(0.001), "g1");
        assert_eq!(tint(-0.057), "l6");
        assert_eq!(tint(0.117), "g8");
    }
}
