//! Control calls.
use alphaflow::exchange::server::Pace;
use reqwest::Method;
use serde_json::json;

use crate::kit::{BARS, started, stepped};
use alphaflow::exchange::server::ServerOptions;

#[tokio::test(flavor = "multi_thread")]
async fn steps_end_bars_or_set_the_clock() {
    let own = stepped().await;
    let first = own.step(r#"{"bars": 1}"#).await;
    assert_eq!(first, json!({"time": "2013-10-07T13:31:00Z", "is_open": true, "done": false}));
    assert_eq!(own.step(r#"{"bars": 3}"#).await["time"], "2013-10-07T13:34:00Z");
    // A time exactly, inside a bar; the same time again is not past.
    for _ in 0..2 {
        assert_eq!(own.step(r#"{"until": "2013-10-07T13:36:30.5Z"}"#).await["time"], "2013-10-07T13:36:30.5Z");
    }
    assert_eq!(own.step(r#"{"until": "2013-10-07T09:37:00-04:00"}"#).await["time"], "2013-10-07T13:37:00Z");
    let night = own.step(r#"{"until": "2013-10-08T02:00:00Z"}"#).await;
    assert_eq!(night, json!({"time": "2013-10-08T02:00:00Z", "is_open": false, "done": false}));
    // The next bar, closed hours skipped; more bars than there are.
    assert_eq!(own.step(r#"{"bars": 1}"#).await["time"], "2013-10-08T13:31:00Z");
    let last = own.step(r#"{"bars": 18446744073709551615}"#).await;
    assert_eq!(last, json!({"time": "2013-10-08T13:35:00Z", "is_open": true, "done": true}));
    assert_eq!(own.step(r#"{"bars": 1}"#).await, last, "a further step is no error");
    assert_eq!(own.step(r#"{"until": "2014-01-01T00:00:00Z"}"#).await["time"], "2014-01-01T00:00:00Z");
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_step_changes_nothing() {
    let own = stepped().await;
    own.step(r#"{"bars": 2}"#).await;
    let before = own.get("/_control/state").await;
    let past = own.call(Method::POST, "/_control/step", r#"{"until": "2013-10-07T13:31:00Z"}"#).await;
    assert_eq!(past.0, 422);
    assert_eq!(past.1["message"], "`until` is 2013-10-07T13:31:00Z, and the clock stands at 2013-10-07T13:32:00Z");
    for body in [
        "",
        "no json",
        "[]",
        "{}",
        r#"{"bars": 0}"#,
        r#"{"bars": -1}"#,
        r#"{"bars": 1.5}"#,
        r#"{"bars": "1"}"#,
        r#"{"bars": true}"#,
        r#"{"bars": 1e30}"#,
        r#"{"bars": 1, "until": "2013-10-07T14:00:00Z"}"#,
        r#"{"until": "2013-10-08"}"#,
        r#"{"until": "2013-10-07T14:00:00"}"#,
        r#"{"until": 5}"#,
        r#"{"until": "9999-01-01T00:00:00Z"}"#,
        r#"{"minutes": 1}"#,
    ] {
        let (status, answer) = own.call(Method::POST, "/_control/step", body).await;
        assert_eq!((status, &answer["code"]), (400, &40_010_000.into()), "{body}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(r#"send {"bars": 1} or {"until""#), "{answer}");
    }
    assert_eq!(own.get("/_control/state").await, before);
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_stepped_clock_takes_steps() {
    let own = started(Pace::Times(1), &BARS, ServerOptions::DRAIN_WAIT).await;
    let (status, answer) = own.call(Method::POST, "/_control/step", r#"{"bars": 1}"#).await;
    assert_eq!(status, 409);
    assert_eq!(answer["message"], "the clock runs at speed 1; only `--speed step` takes steps");
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_goes_back_to_the_start_and_listeners_stay() {
    let own = stepped().await;
    let start = own.get("/_control/state").await;
    let mut listener = own.listener().await;
    let mut data = own.subscriber("/v2/iex", json!({"bars": ["AAPL"]})).await;
    own.faults(1, json!([{"route": "GET /v2/clock", "kind": "status", "status": 500, "count": 9}])).await;
    own.step(r#"{"bars": 3}"#).await;
    let first = own.order().await.unwrap();
    let (told, bars) = (listener.heard().await, data.heard().await);
    assert!(!told.is_empty() && bars.len() == 3);
    let (status, answer) = own.call(Method::POST, "/_control/reset", "").await;
    assert_eq!((status, answer), (200, json!({"time": "2013-10-07T04:00:00Z", "is_open": false, "done": false})));
    assert_eq!(own.get("/_control/state").await, start);
    assert_eq!(own.orders().await, 0);
    own.get("/v2/clock").await;
    own.step(r#"{"bars": 3}"#).await;
    // The same again, ids included.
    assert_eq!(own.order().await.unwrap(), first);
    assert_eq!((listener.heard().await, data.heard().await), (told, bars));
    own.server.stop().await;
}
