//! What the script of `parity.html` draws: both equities and what lies between them, as packed columns.
//!
//! Not here: HTML. The other half is `assets/parity.js`. A point that stands for many steps keeps the lowest, the
//! highest and the last of each line, and the largest distance, so no spike is lost.
use super::Side;
use super::align::Pair;
use super::model::{ParityReport, Subject};
use crate::report::format::capitalized;
use crate::report::html::pack::Column;
use crate::report::html::prices::time_unit_ns;
use crate::report::html::text::json_string;

/// Most points of the chart that are steps; beyond it each point is many.
const POINTS_MAX: usize = 8_000;
/// Most points that are many steps each.
const BUCKETS_MAX: usize = 4_000;
/// Equity is drawn to the cent.
const CENTS: f64 = 100.0;
/// The distance is drawn to a millionth of a dollar.
const MILLIONTHS: f64 = 1e6;

/// Is there a line to draw?
pub(super) fn has_chart(report: &ParityReport<'_>) -> bool {
    let moves = |side: &Side| side.fills.len() > 0 && side.equity.len() > 1;
    let unlike = report.counts.iter().any(|counts| counts.subject == Subject::Equity && !counts.is_same());
    report.pairs.equity.len() > 1 && (moves(report.replay) || moves(&report.other) || unlike)
}

/// The JSON of the page; `summary` goes to the clipboard.
pub(super) fn json(report: &ParityReport<'_>, summary: &str) -> String {
    let context = report.context;
    let chart = if has_chart(report) { curve(report) } else { "null".to_owned() };
    format!(
        "{{\"daily\":{},\"tf\":{},\"other\":{},\"summary\":{},\"curve\":{chart}}}",
        context.timeframe.is_daily(),
        json_string(context.timeframe.adjective()),
        json_string(&capitalized(&context.other)),
        json_string(summary)
    )
}

fn curve(report: &ParityReport<'_>) -> String {
    let pairs = &report.pairs.equity;
    let size = if pairs.len() <= POINTS_MAX { 1 } else { pairs.len().div_ceil(BUCKETS_MAX) };
    let points: Vec<&[Pair]> = pairs.chunks(size).collect();
    let unit = time_unit_ns(report.context.timeframe);
    let time = |pair: &Pair| {
        let stamp = |side: &Side, row: Option<usize>| row.map(|row| side.equity.time(row, "timestamp"));
        stamp(report.replay, pair.replay).or_else(|| stamp(&report.other, pair.other)).map_or(0, |time| time.ns())
    };
    let times = Column::of_integers(points.iter().map(|point| time(&point[point.len() - 1]).div_euclid(unit)));
    let replay = |pair: &Pair| pair.replay.map(|row| report.replay.equity.dollars(row, "equity").to_f64());
    let other = |pair: &Pair| pair.other.map(|row| report.other.equity.dollars(row, "equity").to_f64());
    let apart = |pair: &Pair| {
        let (mine, theirs) = pair.replay.zip(pair.other)?;
        let dollars = |side: &Side, row: usize| side.equity.dollars(row, "equity");
        Some((dollars(&report.other, theirs) - dollars(report.replay, mine)).to_f64())
    };
    let mut fields = vec![format!("\"n\":{}", points.len()), format!("\"t\":{}", times.json())];
    for (name, value) in [("a", &replay as &dyn Fn(&Pair) -> Option<f64>), ("b", &other)] {
        let mut push = |suffix: &str, of: &dyn Fn(&[Pair]) -> Option<f64>| {
            let mut column = Column::new(CENTS, points.len());
            points.iter().for_each(|point| column.push_option(of(point)));
            fields.push(format!("\"{name}{suffix}\":{}", column.json()));
        };
        push("", &|point| point.iter().rev().find_map(value));
        if size > 1 {
            push("lo", &|point| point.iter().filter_map(value).reduce(f64::min));
            push("hi", &|point| point.iter().filter_map(value).reduce(f64::max));
        }
    }
    let mut column = Column::new(MILLIONTHS, points.len());
    for point in &points {
        column.push_option(
            point.iter().filter_map(apart).reduce(|far, now| if now.abs() > far.abs() { now } else { far }),
        );
    }
    fields.push(format!("\"d\":{}", column.json()));
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, rows};
    use super::*;

    /// A long session is drawn in points of many steps, and one step in ten thousand still shows.
    #[test]
    fn a_spike_survives() {
        let step = |at: usize, equity: usize| {
            let seconds = 1_381_152_600 + 60 * at as i64;
            let time = crate::domain::Timestamp::from_seconds(seconds).expect("time");
            format!("{time},{equity},10000,0,0,0")
        };
        let session = |spike: usize| {
            let mut rows = rows();
            rows.equity = (0..10_000).map(|at| step(at, if at == 5_003 { spike } else { 10_000 })).collect();
            rows.side()
        };
        let (replay, other, context) = (session(10_000), session(10_070), context());
        let report = ParityReport::of(&replay, &other, &context);
        let read: serde_json::Value = serde_json::from_str(&json(&report, "")).expect("JSON");
        let curve = &read["curve"];
        assert_eq!(curve["n"], 3_334);
        // All else is one value throughout: only the spike makes columns of highs and of distances move.
        let moves =
            |key: &str| curve[key]["d"].as_str().expect("a column").chars().filter(|digit| *digit != 'A').count();
        assert!(moves("d") > 2 && moves("bhi") > moves("ahi") && moves("blo") == moves("alo"), "{curve}");
        assert_eq!(json(&ParityReport::of(&replay, &replay, &context), "").matches("null").count(), 0);
    }

    #[test]
    fn a_session_without_a_fill_has_no_chart() {
        let mut quiet = rows();
        quiet.orders.clear();
        quiet.fills.clear();
        quiet.refusals.clear();
        let (side, context) = (quiet.side(), context());
        let report = ParityReport::of(&side, &side, &context);
        assert!(!has_chart(&report));
        assert!(json(&report, "").contains("\"curve\":null"));
        assert!(!super::super::page(&report).contains("id=\"equity\""));
    }
}
