//! What the API says: every part of the page as JSON, under names that stay.
//!
//! Not here: changes (act), the live stream (stream). Money, prices and shares are exact decimals as text, moments are
//! RFC 3339 in UTC, shares of something are fractions, what is unknown is null.
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::body::Named;
use super::guard::Who;
use super::house::{House, locked};
use super::reply::{Refused, json as as_json};
use crate::live::Snapshot;

/// The parts of a snapshot, in the order of the page.
pub(super) const SECTIONS: [&str; 12] = [
    "mode",
    "state",
    "market",
    "figures",
    "positions",
    "closed",
    "orders",
    "refusals",
    "limits",
    "strategies",
    "events",
    "health",
];

/// One part of a snapshot.
pub(super) fn section(snapshot: &Snapshot, name: &str) -> Value {
    match name {
        "mode" => json!(snapshot.mode),
        "state" => json!(snapshot.state),
        "market" => json!(snapshot.market),
        "figures" => json!(snapshot.figures),
        "positions" => json!(snapshot.positions),
        "closed" => json!(snapshot.closed),
        "orders" => json!(snapshot.orders),
        "refusals" => json!(snapshot.refusals),
        "limits" => json!(snapshot.limits),
        "strategies" => json!(snapshot.strategies),
        "events" => json!(snapshot.events),
        "health" => json!(snapshot.health),
        _ => Value::Null,
    }
}

/// Does this part differ?
pub(super) fn differs(a: &Snapshot, b: &Snapshot, name: &str) -> bool {
    match name {
        "mode" => a.mode != b.mode,
        "state" => a.state != b.state,
        "market" => a.market != b.market,
        "figures" => a.figures != b.figures,
        "positions" => a.positions != b.positions,
        "closed" => a.closed != b.closed,
        "orders" => a.orders != b.orders,
        "refusals" => a.refusals != b.refusals,
        "limits" => a.limits != b.limits,
        "strategies" => a.strategies != b.strategies,
        "events" => a.events != b.events,
        _ => a.health != b.health,
    }
}

/// Which charts there are, without their bars: a page fetches the one it shows when its entry has changed.
pub(super) fn chart_list(snapshot: &Snapshot) -> Value {
    let entry = |chart: &crate::live::ChartView| {
        json!({
            "symbol": chart.symbol,
            "opens": chart.opens,
            "closes": chart.closes,
            "bars": chart.bars.len(),
            "last": chart.bars.last().map(|bar| bar.close),
            "fills": chart.fills.len(),
        })
    };
    snapshot.charts.iter().map(entry).collect()
}

/// What stands at the head of every answer.
pub(super) fn head(house: &House, snapshot: &Snapshot) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("version".into(), json!(snapshot.version));
    head.insert("time".into(), json!(snapshot.time));
    head.insert("silent_ms".into(), json!(house.silence().as_millis() as u64));
    head
}

fn parts(house: &House, names: &[&str]) -> Response {
    let snapshot = house.snapshot();
    let mut answer = head(house, &snapshot);
    answer.extend(names.iter().map(|name| ((*name).to_owned(), section(&snapshot, name))));
    as_json(StatusCode::OK, &answer)
}

/// Everything but the bars of charts.
pub(super) async fn snapshot(State(house): State<Arc<House>>) -> Response {
    let snapshot = house.snapshot();
    let mut answer = head(&house, &snapshot);
    answer.extend(SECTIONS.iter().map(|name| ((*name).to_owned(), section(&snapshot, name))));
    answer.insert("charts".into(), chart_list(&snapshot));
    answer.insert("equity_line".into(), json!(locked(&house.line).points()));
    as_json(StatusCode::OK, &answer)
}

/// Mode, state and hours of the market.
pub(super) async fn state(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["mode", "state", "market"])
}

/// The six figures.
pub(super) async fn figures(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["figures"])
}

/// Open positions and what was closed today.
pub(super) async fn positions(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["positions", "closed"])
}

/// Orders at the venue.
pub(super) async fn orders(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["orders"])
}

/// Refused today.
pub(super) async fn refusals(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["refusals"])
}

/// Limits and what is used of them.
pub(super) async fn limits(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["limits"])
}

/// Strategies and their books.
pub(super) async fn strategies(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["strategies"])
}

/// Events, newest first.
pub(super) async fn events(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["events"])
}

/// The health strip, with the account's part of it.
pub(super) async fn health(State(house): State<Arc<House>>) -> Response {
    parts(&house, &["health"])
}

/// The session's prices of one share.
pub(super) async fn chart(State(house): State<Arc<House>>, Named(symbol): Named) -> Result<Response, Refused> {
    let snapshot = house.snapshot();
    let chart = snapshot.charts.iter().find(|chart| chart.symbol == symbol).ok_or_else(|| {
        Refused::new(StatusCode::NOT_FOUND, "no chart of this symbol; /api/v1/snapshot lists them under charts")
    })?;
    let mut answer = head(&house, &snapshot);
    answer.insert("chart".into(), json!(chart));
    Ok(as_json(StatusCode::OK, &answer))
}

/// What a page needs beside the snapshot: its own proof for changes, and when its session ends.
pub(super) async fn session(who: axum::Extension<Who>) -> Response {
    let (csrf, ends) = match &who.0 {
        Who::Person { pass, .. } => (Some(pass.csrf.clone()), Some(pass.ends)),
        Who::Script => (None, None),
    };
    let answer = json!({
        "csrf": csrf,
        "ends": ends,
        "by": who.0.name(),
        "silence_ms_max": super::house::SILENCE_MAX.as_millis() as u64,
        "program": env!("CARGO_PKG_VERSION"),
    });
    as_json(StatusCode::OK, &answer)
}
