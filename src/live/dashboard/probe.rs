//! `/health` and `/metrics`: for watchdogs, without a token and so without a word of the account.
//!
//! Not here: the health strip with its texts (api). No money, no symbol, no count of orders or positions, no text of
//! the session leaves through these two.
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::house::{House, SILENCE_MAX};
use super::reply::{json as as_json, with_type};
use crate::live::{HealthItem, Snapshot, StateView};

/// States as they are named here, in the order of the metrics.
const STATES: [&str; 5] = ["starting", "trading", "prices_old", "halted", "stopped"];
/// Parts of the health strip that are named here; a name of the session's own stays inside.
const CHECKS: [&str; 8] =
    ["trading_stream", "data_stream", "journal", "reconciliation", "clock", "notifications", "disk", "calls"];

fn state_name(snapshot: &Snapshot) -> &'static str {
    match snapshot.state {
        StateView::Starting { .. } => STATES[0],
        StateView::Trading => STATES[1],
        StateView::PricesOld { .. } => STATES[2],
        StateView::Halted(_) => STATES[3],
        StateView::Stopped => STATES[4],
    }
}

fn mode_name(snapshot: &Snapshot) -> &'static str {
    ["rehearsal", "paper", "live"].into_iter().find(|mode| *mode == snapshot.mode.mode).unwrap_or("unknown")
}

fn checks(snapshot: &Snapshot) -> impl Iterator<Item = (&'static str, &HealthItem)> {
    CHECKS.into_iter().filter_map(|name| Some((name, snapshot.health.iter().find(|item| item.name == name)?)))
}

fn age_seconds(snapshot: &Snapshot, item: &HealthItem) -> Option<f64> {
    item.at.map(|at| snapshot.time.ns().saturating_sub(at.ns()).max(0) as f64 / 1e9)
}

/// 200 while the engine answers, halted or not; 503 while it is silent or has ended.
pub(super) async fn health(State(house): State<Arc<House>>) -> Response {
    let snapshot = house.snapshot();
    let silence = house.silence();
    let answers = silence < SILENCE_MAX && !matches!(snapshot.state, StateView::Stopped);
    let status = if answers { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let check = |(name, item): (&str, &HealthItem)| json!({ "name": name, "is_well": item.is_well, "age_seconds": age_seconds(&snapshot, item) });
    let answer = json!({
        "status": if answers { "answers" } else { "silent" },
        "state": state_name(&snapshot),
        "mode": mode_name(&snapshot),
        "version": env!("CARGO_PKG_VERSION"),
        "engine_silent_seconds": silence.as_secs_f64(),
        "market_is_open": snapshot.market.is_open,
        "checks": checks(&snapshot).map(check).collect::<Vec<_>>(),
    });
    as_json(status, &answer)
}

/// The same in the text format of Prometheus, version 0.0.4.
pub(super) async fn metrics(State(house): State<Arc<House>>) -> Response {
    let text = metrics_text(&house, &house.snapshot());
    with_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text.into())
}

fn metrics_text(house: &House, snapshot: &Snapshot) -> String {
    let mut text = String::with_capacity(4 << 10);
    let silence = house.silence();
    let (mode, version) = (mode_name(snapshot), env!("CARGO_PKG_VERSION"));
    let info = vec![(format!("{{version=\"{version}\",mode=\"{mode}\"}}"), 1.0)];
    family(&mut text, "alphaflow_info", "gauge", "Version and mode; always 1.", info);
    let answers = f64::from(u8::from(silence < SILENCE_MAX));
    family(
        &mut text,
        "alphaflow_engine_answers",
        "gauge",
        "1 while the engine answers.",
        vec![(String::new(), answers)],
    );
    let silent = vec![(String::new(), silence.as_secs_f64())];
    family(&mut text, "alphaflow_engine_silent_seconds", "gauge", "Since the engine was last heard of.", silent);
    let current = state_name(snapshot);
    let states = STATES.map(|state| (format!("{{state=\"{state}\"}}"), f64::from(u8::from(state == current))));
    family(&mut text, "alphaflow_state", "gauge", "1 for the state the session is in.", states.to_vec());
    let open = vec![(String::new(), f64::from(u8::from(snapshot.market.is_open)))];
    family(&mut text, "alphaflow_market_open", "gauge", "1 while the core session is on.", open);
    let well =
        checks(snapshot).map(|(name, item)| (format!("{{check=\"{name}\"}}"), f64::from(u8::from(item.is_well))));
    family(&mut text, "alphaflow_check_well", "gauge", "1 where a part of the session is well.", well.collect());
    let ages = checks(snapshot)
        .filter_map(|(name, item)| Some((format!("{{check=\"{name}\"}}"), age_seconds(snapshot, item)?)));
    family(
        &mut text,
        "alphaflow_check_age_seconds",
        "gauge",
        "Since it was last heard of, venue time.",
        ages.collect(),
    );
    let counters: [(&str, &str, &AtomicU64); 4] = [
        ("alphaflow_dashboard_requests_total", "Requests to this dashboard.", &house.counters.requests),
        ("alphaflow_dashboard_refused_total", "Requests answered with a refusal.", &house.counters.refused),
        ("alphaflow_dashboard_wrong_tokens_total", "Wrong tokens.", &house.counters.wrong_tokens),
        ("alphaflow_dashboard_halts_total", "Halts asked for here.", &house.counters.halts),
    ];
    for (name, help, counter) in counters {
        family(&mut text, name, "counter", help, vec![(String::new(), counter.load(Ordering::Relaxed) as f64)]);
    }
    text
}

fn family(text: &mut String, name: &str, kind: &str, help: &str, samples: Vec<(String, f64)>) {
    if samples.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}
