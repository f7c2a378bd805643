//! What is shown: the API mirrors the snapshot exactly, and the stream tells what has changed.
use std::sync::Arc;

use alphaflow::live::{Snapshot, StateView};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::kit::{Kit, Signed, kit, kit_with, read_until};
use crate::states::{self, MODES, STATES};

async fn listen(kit: &Kit, signed: &Signed) -> TcpStream {
    let mut stream = kit.connect().await;
    stream.write_all(kit.request("GET", "/api/v1/stream", &[&signed.cookie], "").as_bytes()).await.unwrap();
    stream
}

/// The data of the events of this name in what a stream sent.
fn events(text: &str, name: &str) -> Vec<Value> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line == format!("event: {name}") {
            let data = lines.next().and_then(|line| line.strip_prefix("data: ")).unwrap();
            found.push(serde_json::from_str(data).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn every_state_is_mirrored_to_the_last_digit() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    for (state, mode) in STATES.into_iter().flat_map(|state| MODES.map(|mode| (state, mode))) {
        let shown: Snapshot = states::named(state, mode).unwrap();
        kit.publish.send_replace(Arc::new(shown.clone()));
        let whole = kit.get("/api/v1/snapshot", &signed).await.json();
        let wanted = serde_json::to_value(&shown).unwrap();
        for part in [
            "version",
            "time",
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
        ] {
            assert_eq!(whole[part], wanted[part], "{state} {mode} {part}");
        }
        assert_eq!(whole["charts"].as_array().unwrap().len(), shown.charts.len());
        kit.pass(5);
    }
    let positions = kit.get("/api/v1/positions", &signed).await.json();
    assert!(positions["positions"].is_array() && positions["closed"].is_array() && positions["orders"].is_null());
}

#[tokio::test]
async fn each_part_has_its_own_address_and_a_chart_its_bars() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let wanted = serde_json::to_value(states::named("trading", "paper").unwrap()).unwrap();
    for part in ["figures", "orders", "refusals", "limits", "strategies", "events", "health", "state"] {
        assert_eq!(kit.get(&format!("/api/v1/{part}"), &signed).await.json()[part], wanted[part], "{part}");
    }
    let chart = kit.get("/api/v1/chart/SPY", &signed).await.json();
    assert_eq!(chart["chart"], wanted["charts"][1]);
    assert_eq!(kit.get("/api/v1/chart/NONE", &signed).await.status, 404);
    let session = kit.get("/api/v1/session", &signed).await.json();
    assert_eq!((session["by"].as_str(), session["silence_ms_max"].as_u64()), (Some("dashboard"), Some(5000)));
    assert_eq!(format!("X-CSRF-Token: {}", session["csrf"].as_str().unwrap()), signed.csrf);
}

#[tokio::test]
async fn the_stream_begins_with_everything_and_goes_on_with_what_has_changed() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut stream = listen(&kit, &signed).await;
    let first = events(&read_until(&mut stream, "\n\n").await, "update");
    let wanted = serde_json::to_value(states::named("trading", "paper").unwrap()).unwrap();
    assert_eq!(first[0]["figures"], wanted["figures"]);
    assert_eq!(
        first[0]["charts"][1],
        json!({ "symbol": "SPY", "opens": "2013-10-08T13:30:00Z", "closes": "2013-10-08T20:00:00Z", "bars": 317, "last": wanted["charts"][1]["bars"][316]["close"], "fills": 1 })
    );
    let mut next = states::named("trading", "paper").unwrap();
    next.version = 7;
    next.orders.pop();
    kit.publish.send_replace(Arc::new(next));
    let update = events(&read_until(&mut stream, "\"version\":7").await, "update");
    let keys: Vec<&String> = update[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["version", "time", "silent_ms", "orders"]);
    let beat = events(&read_until(&mut stream, "event: beat\ndata: {").await, "beat");
    assert!(beat.len() <= 1);
}

#[tokio::test]
async fn updates_are_joined_to_four_a_second_and_the_last_one_arrives() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut stream = listen(&kit, &signed).await;
    read_until(&mut stream, "event: update").await;
    let began = tokio::time::Instant::now();
    for version in 2..=200 {
        let mut next = states::named("empty", "paper").unwrap();
        next.version = version;
        kit.publish.send_replace(Arc::new(next));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let text = read_until(&mut stream, "\"version\":200").await;
    let most = began.elapsed().as_millis() as usize / 250 + 2;
    let updates = text.matches("event: update").count();
    assert!(updates <= most, "{updates} updates, at most {most}");
}

#[tokio::test]
async fn a_stream_ends_with_the_session_of_its_browser() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut stream = listen(&kit, &signed).await;
    read_until(&mut stream, "event: beat").await;
    // An open page keeps its session over the hour of silence, and not over the twelve hours.
    kit.pass(3000);
    read_until(&mut stream, "event: beat").await;
    kit.pass(3000);
    read_until(&mut stream, "event: beat").await;
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 200);
    kit.pass(12 * 3600);
    let end = read_until(&mut stream, "event: signed_out").await;
    assert!(end.contains("event: signed_out"), "{end}");
    let other = kit.sign_in().await;
    let mut stream = listen(&kit, &other).await;
    read_until(&mut stream, "event: update").await;
    assert_eq!(kit.post("/logout", &other, "{}").await.status, 200);
    assert!(read_until(&mut stream, "event: signed_out").await.contains("event: signed_out"));
}

#[tokio::test]
async fn beats_go_on_when_the_session_has_gone_and_tell_of_the_silence() {
    let kit = kit_with("trading", "live").await;
    let signed = kit.sign_in().await;
    let mut stream = listen(&kit, &signed).await;
    read_until(&mut stream, "event: update").await;
    drop(kit.publish);
    let text = read_until(&mut stream, "event: beat").await
        + &read_until(&mut stream, "event: beat").await
        + &read_until(&mut stream, "\n\n").await;
    let silences: Vec<u64> = events(&text, "beat").iter().map(|beat| beat["silent_ms"].as_u64().unwrap()).collect();
    assert!(
        silences.windows(2).all(|pair| pair[0] < pair[1]) && silences.last().is_some_and(|last| *last > 1000),
        "{silences:?}"
    );
}

#[tokio::test]
async fn the_first_load_is_small() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let page = kit.get("/", &signed).await;
    let mut bytes = page.body.len() + kit.get("/api/v1/snapshot", &signed).await.body.len();
    let scripts = [
        "dashboard.js",
        "format.js",
        "dom.js",
        "head.js",
        "panels.js",
        "positions.js",
        "chart.js",
        "chart_draw.js",
        "chart_view.js",
        "dialogs.js",
        "link.js",
        "theme.js",
        "base.css",
        "dashboard.css",
        "inter-400.ttf",
        "inter-600.ttf",
        "paper.svg",
    ];
    for name in scripts {
        let answer = kit.get(&format!("/assets/{name}"), &signed).await;
        assert_eq!(answer.status, 200, "{name}");
        bytes += answer.header("content-length").unwrap().parse::<usize>().unwrap();
    }
    assert!(bytes <= 300 * 1024, "{bytes} bytes at the first load");
}

#[tokio::test]
async fn a_page_hears_that_its_session_has_ended_before_the_dashboard_goes() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut stream = listen(&kit, &signed).await;
    read_until(&mut stream, "event: update").await;
    let mut ended = states::named("trading", "paper").unwrap();
    ended.state = StateView::Stopped;
    // Within the quarter of a second between two updates.
    kit.publish.send_replace(Arc::new(ended));
    let began = tokio::time::Instant::now();
    kit.dashboard.stop().await;
    assert!(began.elapsed().as_millis() < 900, "it does not wait for a page that has been told");
    let heard = read_until(&mut stream, "nothing like it").await;
    assert_eq!(events(&heard, "update")[0]["state"], json!({ "state": "stopped" }), "{heard}");
}
