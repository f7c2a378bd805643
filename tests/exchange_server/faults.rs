//! Faults on request, each kind.
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{Box, stepped};

/// A server in the first session, so that orders are told at once.
async fn in_session() -> Box {
    let own = stepped().await;
    own.step(r#"{"bars": 1}"#).await;
    own
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_answered_and_nothing_is_booked() {
    let own = in_session().await;
    own.faults(1, json!([{"route": "POST /v2/orders", "kind": "status", "status": 429, "count": 2}])).await;
    for _ in 0..2 {
        let refused = own.send(Method::POST, "/v2/orders", "{}").await.unwrap();
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()["x-ratelimit-remaining"], "0");
        assert_eq!(refused.text().await.unwrap(), r#"{"code":42910000,"message":"rate limit exceeded"}"#);
    }
    assert_eq!(own.orders().await, 0);
    own.order().await.unwrap();
    assert_eq!(own.orders().await, 1);
    for (status, message) in [(500, "internal server error"), (503, "service unavailable"), (504, "request timed out")]
    {
        own.faults(1, json!([{"route": "GET /v2/orders/{id}", "kind": "status", "status": status, "count": 1}])).await;
        let (got, body) = own.call(Method::GET, "/v2/orders/some-id", "").await;
        assert_eq!((got, &body["message"]), (status, &message.into()));
        assert_eq!(body["code"], u64::from(status) * 100_000 + 10_000);
    }
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_before_books_nothing_and_a_cut_after_books() {
    let own = in_session().await;
    let mut listener = own.listener().await;
    own.faults(1, json!([{"route": "POST /v2/orders", "kind": "drop_before", "count": 1}])).await;
    assert!(own.order().await.is_err());
    assert_eq!((own.orders().await, listener.heard().await.len()), (0, 0));
    own.faults(1, json!([{"route": "POST /v2/orders", "kind": "drop_after", "count": 1}])).await;
    assert!(own.order().await.is_err());
    assert_eq!(own.orders().await, 1);
    assert!(!listener.heard().await.is_empty(), "its events were told");
    own.order().await.unwrap();
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_request_waits_and_lets_others_pass() {
    let own = in_session().await;
    let rule = json!([{"route": "POST /v2/orders", "kind": "latency_ms", "value": 600, "count": 1}]);
    own.faults(1, rule).await;
    let began = Instant::now();
    let others = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        own.orders().await
    };
    let (order, orders_meanwhile) = tokio::join!(own.order(), others);
    order.unwrap();
    assert_eq!(orders_meanwhile, 0, "it was not booked while it waited");
    assert!(began.elapsed() >= Duration::from_millis(600));
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_is_a_request() {
    let own = in_session().await;
    own.faults(
        1,
        json!([{"route": "GET /stream", "kind": "status", "status": 503, "count": 1},
        {"route": "GET /v2/iex", "kind": "drop_before", "count": 1}]),
    )
    .await;
    assert_eq!(own.try_socket("/stream", &[]).await.err(), Some(503));
    assert_eq!(own.try_socket("/v2/iex", &[]).await.err(), Some(0));
    own.listener().await;
    own.subscriber("/v2/iex", json!({"bars": ["*"]})).await;
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_doubled_swallowed_and_held_back() {
    let own = in_session().await;
    let mut listener = own.listener().await;
    own.order().await.unwrap();
    let plain = listener.heard().await;
    let events = plain.len();

    own.faults(1, json!([{"route": "/stream", "kind": "duplicate", "count": 1}])).await;
    own.order().await.unwrap();
    let doubled = listener.heard().await;
    assert_eq!(doubled.len(), events + 1);
    assert_eq!(doubled[0], doubled[1], "the same event with the same execution id");

    own.faults(1, json!([{"route": "/stream", "kind": "halt_stream", "count": events}])).await;
    own.order().await.unwrap();
    assert_eq!(listener.heard().await, Vec::<Value>::new());

    // Held until after the next, and at the end of its request at the latest.
    own.faults(1, json!([{"route": "/stream", "kind": "reorder", "count": 1}])).await;
    own.order().await.unwrap();
    let kinds = |events: &[Value]| -> Vec<String> {
        events.iter().map(|event| event["data"]["event"].as_str().unwrap().to_owned()).collect()
    };
    let mut reordered = kinds(&listener.heard().await);
    assert_eq!(reordered.len(), 2, "{reordered:?}");
    reordered.reverse();
    assert_eq!(reordered, kinds(&plain));
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_are_held_back_until_after_the_next() {
    let own = in_session().await;
    let mut data = own.subscriber("/v2/iex", json!({"bars": ["*"]})).await;
    own.faults(1, json!([{"route": "/v2/iex", "kind": "reorder", "count": 1}])).await;
    own.step(r#"{"bars": 1}"#).await;
    let first = data.heard().await;
    let symbols = |frames: &[Value]| -> Vec<String> {
        let all = frames.iter().flat_map(|frame| frame.as_array().unwrap());
        all.map(|one| one["S"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(symbols(&first), ["MSFT", "AAPL"]);
    own.faults(1, json!([{"route": "/v2/iex", "kind": "duplicate", "count": 1}])).await;
    own.step(r#"{"bars": 1}"#).await;
    assert_eq!(symbols(&data.heard().await), ["AAPL", "AAPL", "MSFT"]);
    own.faults(1, json!([{"route": "/v2/iex", "kind": "halt_stream", "count": 1}])).await;
    own.step(r#"{"bars": 1}"#).await;
    assert_eq!(symbols(&data.heard().await), ["MSFT"]);
    own.faults(1, json!([{"route": "/v2/iex", "kind": "disconnect", "count": 1}])).await;
    own.step(r#"{"bars": 1}"#).await;
    assert!(data.is_cut().await, "cut instead of sending");
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_cuts_every_listener_and_spends_itself() {
    let own = in_session().await;
    let (mut one, mut other) = (own.listener().await, own.listener().await);
    own.faults(1, json!([{"route": "/stream", "kind": "disconnect", "count": 1}])).await;
    own.order().await.unwrap();
    assert!(one.is_cut().await && other.is_cut().await);
    // Nobody listens: nothing is drawn, nothing is kept.
    own.faults(1, json!([{"route": "/stream", "kind": "disconnect", "count": 1}])).await;
    own.order().await.unwrap();
    let mut again = own.listener().await;
    own.order().await.unwrap();
    assert!(again.is_cut().await);
    own.server.stop().await;
}

/// A delayed event comes after the answer of its order; a step waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_event_comes_late_and_a_step_waits_for_it() {
    let own = in_session().await;
    let mut listener = own.listener().await;
    own.faults(1, json!([{"route": "/stream", "kind": "latency_ms", "value": 700, "count": 1}])).await;
    let id = own.order().await.unwrap();
    assert_eq!(listener.heard().await, Vec::<Value>::new(), "within 200 ms nothing has come");
    own.step(r#"{"bars": 1}"#).await;
    assert_eq!(listener.orders_heard().await.first(), Some(&id));
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_after_a_reset_gives_the_same_outcomes() {
    let own = in_session().await;
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        own.call(Method::POST, "/_control/reset", "").await;
        own.step(r#"{"bars": 1}"#).await;
        let rules = json!([
            {"route": "POST /v2/orders", "kind": "status", "status": 500, "probability": 0.3},
            {"route": "POST /v2/orders", "kind": "drop_after", "probability": 0.3},
            {"route": "/stream", "kind": "duplicate", "probability": 0.3},
            {"route": "/stream", "kind": "halt_stream", "probability": 0.3}]);
        own.faults(seed, rules).await;
        let mut listener = own.listener().await;
        let mut outcomes = Vec::new();
        for _ in 0..40 {
            let body =
                r#"{"symbol":"AAPL","qty":"1","side":"buy","type":"limit","limit_price":"100","time_in_force":"day"}"#;
            let outcome = own.send(Method::POST, "/v2/orders", body).await;
            outcomes.push(outcome.ok().map(|response| response.status().as_u16()));
        }
        runs.push((outcomes, listener.heard().await));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0].0, runs[2].0);
    for outcome in [None, Some(200), Some(500)] {
        assert!(runs[0].0.contains(&outcome), "{outcome:?} in {:?}", runs[0].0);
    }
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rules_are_refused_and_the_old_ones_stay() {
    let own = in_session().await;
    own.faults(1, json!([{"route": "GET /v2/clock", "kind": "status", "status": 503, "count": 2}])).await;
    for (body, message) in [
        (r#"{"rules": [{"route": "/stream", "kind": "melt", "count": 1}]}"#, "rule 1: `kind` is \"melt\""),
        (r#"{"rules": [{"route": "/stream", "kind": "reorder"}]}"#, "rule 1: neither `count` nor `probability`"),
        (r#"{"rules": 5}"#, "faults: `rules` must be a list"),
        ("", "faults are no JSON"),
    ] {
        let (status, answer) = own.call(Method::POST, "/_control/faults", body).await;
        assert_eq!(status, 422, "{body}");
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{answer}");
    }
    assert_eq!(own.call(Method::GET, "/v2/clock", "").await.0, 503);
    own.faults(1, json!([])).await;
    own.get("/v2/clock").await;
    own.server.stop().await;
}
