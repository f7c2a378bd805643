//! The numbers behind the charts and the trade table, as JSON columns.
//!
//! Not here: how a column is packed (pack), the bars (prices). Equity keeps the lowest and the highest
//! value of every bucket, so a downsampled line still touches every extreme.
use std::ops::Range;

use super::limits;
use super::pack::{Column, dollar_scale};
use super::prices::{bar_at, panels_json, time_unit_ns};
use super::text::json_string;
use crate::domain::{OrderPurpose, Side};
use crate::report::curve;
use crate::report::model::{Line, ReportModel};
use crate::scenario::Forced;

/// Most points of the equity chart that are steps; beyond it each point is a bucket.
const POINTS_MAX: usize = 8_000;
/// Most buckets: two values each.
const BUCKETS_MAX: usize = 4_000;

/// Everything the script draws from, as one JSON object. `summary`: what "Copy summary" copies.
pub(super) fn json(model: &ReportModel, summary: &str) -> String {
    let reference = model.reference();
    format!(
        "{{\"name\":{},\"daily\":{},\"tf\":{},\"unit\":{},\"start\":{},\"ref\":{},\"summary\":{},\"limits\":{},\"curve\":{},\"prices\":{},\"trades\":{}}}",
        json_string(&model.name),
        model.timeframe.is_daily(),
        json_string(model.timeframe.adjective()),
        time_unit_ns(model.timeframe) / 1_000_000_000,
        if model.initial_equity.is_finite() { model.initial_equity } else { 0.0 },
        json_string(&reference.name),
        json_string(summary),
        limits::json(model, |time| time.ns().div_euclid(time_unit_ns(model.timeframe))),
        curve_json(model, reference),
        panels_json(&model.prices, &model.trades, model.timeframe),
        trades_json(model)
    )
}

/// Ranges of steps, each of which is one point of the equity chart: steps, else sessions, else equal
/// shares.
fn buckets(model: &ReportModel) -> Vec<Range<usize>> {
    let steps = model.steps.len();
    if steps <= POINTS_MAX {
        return (0..steps).map(|step| step..step + 1).collect();
    }
    if model.session_ends.len() <= BUCKETS_MAX {
        let mut from = 0;
        let sessions = model.session_ends.iter().map(|end| {
            let range = from..(end + 1).min(steps);
            from = end + 1;
            range
        });
        return sessions.filter(|range| !range.is_empty()).collect();
    }
    let size = steps.div_ceil(BUCKETS_MAX);
    (0..steps).step_by(size).map(|from| from..(from + size).min(steps)).collect()
}

fn curve_json(model: &ReportModel, reference: &Line) -> String {
    let buckets = buckets(model);
    let whole = buckets.len() == model.steps.len();
    let unit = time_unit_ns(model.timeframe);
    let times = Column::of_integers(buckets.iter().map(|range| model.steps[range.end - 1].ns().div_euclid(unit)));
    let reference_falls = curve::drawdowns(model.initial_equity, &reference.values);
    let mut fields = vec![format!("\"n\":{}", buckets.len()), format!("\"t\":{}", times.json())];
    for (name, values) in [("eq", &model.equity), ("ref", &reference.values)] {
        let scale = dollar_scale(values);
        fields.push(format!("\"{name}\":{}", reduced(&buckets, values, scale, |part| part.last().copied())));
        if !whole {
            fields.push(format!("\"{name}lo\":{}", reduced(&buckets, values, scale, lowest)));
            fields.push(format!("\"{name}hi\":{}", reduced(&buckets, values, scale, highest)));
        }
    }
    fields.push(format!("\"dd\":{}", reduced(&buckets, &model.drawdown, 1e4, lowest)));
    fields.push(format!("\"refdd\":{}", reduced(&buckets, &reference_falls, 1e4, lowest)));
    fields.push(format!("\"ex\":{}", reduced(&buckets, &model.exposure, 1e3, highest)));
    if limits::has_chart(model) {
        fields.push(format!("\"heat\":{}", reduced(&buckets, &model.heat, 1e4, highest)));
    }
    format!("{{{}}}", fields.join(","))
}

/// One value for each bucket; a line that is too short has none there.
fn reduced(buckets: &[Range<usize>], values: &[f64], scale: f64, of: impl Fn(&[f64]) -> Option<f64>) -> String {
    let mut column = Column::new(scale, buckets.len());
    for range in buckets {
        column.push_option(values.get(range.clone()).and_then(&of));
    }
    column.json()
}

fn lowest(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::min)
}

fn highest(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::max)
}

/// The number of an exit reason in the script's list (`WHY` in `assets/data.js`).
fn exit_code(reason: OrderPurpose, forced: Option<Forced>) -> i64 {
    match reason {
        OrderPurpose::RiskHalt if forced == Some(Forced::DailyLoss) => 9,
        OrderPurpose::Signal => 0,
        OrderPurpose::Stop => 1,
        OrderPurpose::TakeProfit => 2,
        OrderPurpose::Trail => 3,
        OrderPurpose::RiskHalt => 4,
        OrderPurpose::KillSwitch => 5,
        OrderPurpose::Entry | OrderPurpose::Manual => 6,
        OrderPurpose::Delisted => 7,
        OrderPurpose::TimeStop => 8,
    }
}

/// The round trips as columns; places of bars are those of the symbol's own panel.
fn trades_json(model: &ReportModel) -> String {
    let trades = &model.trades;
    let unit = time_unit_ns(model.timeframe);
    // Place of each symbol's panel, found by binary search: there may be thousands of trades.
    let mut places: Vec<(&str, usize)> =
        model.prices.iter().enumerate().map(|(place, panel)| (panel.symbol.as_str(), place)).collect();
    places.sort_unstable();
    let panel_of = |symbol: &str| places.binary_search_by(|(name, _)| (*name).cmp(symbol)).ok().map(|at| places[at].1);
    let bar = |symbol: &str, time| panel_of(symbol).map(|place| bar_at(model.prices[place].bars, time) as f64);
    let whole = trades.iter().all(|trade| trade.quantity.fract() == 0.0);
    let optional = |scale: f64, value: &dyn Fn(usize) -> Option<f64>| {
        let mut column = Column::new(scale, trades.len());
        (0..trades.len()).for_each(|row| column.push_option(value(row)));
        column.json()
    };
    let number = |scale: f64, value: &dyn Fn(usize) -> f64| optional(scale, &|row| Some(value(row)));
    let time = |moment: crate::domain::Timestamp| moment.ns().div_euclid(unit) as f64;
    let columns = [
        ("s", optional(1.0, &|row| panel_of(&trades[row].symbol).map(|place| place as f64))),
        ("short", number(1.0, &|row| f64::from(trades[row].side == Side::Sell))),
        ("q", number(if whole { 1.0 } else { 1e9 }, &|row| trades[row].quantity)),
        ("et", number(1.0, &|row| time(trades[row].entry_time))),
        ("ep", number(1e6, &|row| trades[row].entry_price)),
        ("xt", optional(1.0, &|row| trades[row].exit_time.map(time))),
        ("xp", optional(1e6, &|row| trades[row].exit_price)),
        ("pnl", number(100.0, &|row| trades[row].pnl)),
        ("fees", number(100.0, &|row| trades[row].fees)),
        (
            "why",
            optional(1.0, &|row| trades[row].exit_reason.map(|reason| exit_code(reason, trades[row].forced) as f64)),
        ),
        ("ses", number(1.0, &|row| trades[row].sessions as f64)),
        ("r", optional(100.0, &|row| trades[row].r_multiple)),
        ("worst", number(1e3, &|row| trades[row].worst)),
        ("best", number(1e3, &|row| trades[row].best)),
        ("ei", optional(1.0, &|row| bar(&trades[row].symbol, trades[row].entry_time))),
        ("xi", optional(1.0, &|row| trades[row].exit_time.and_then(|time| bar(&trades[row].symbol, time)))),
    ];
    let columns: Vec<String> = columns.iter().map(|(name, column)| format!("\"{name}\":{column}")).collect();
    let names: Vec<String> = model.prices.iter().map(|panel| json_string(&panel.symbol)).collect();
    format!("{{\"n\":{},\"names\":[{}],{}}}", trades.len(), names.join(","), columns.join(","))
}
