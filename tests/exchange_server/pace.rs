//! How the data's clock runs by itself.
use std::time::{Duration, Instant};

use alphaflow::domain::Timestamp;
use alphaflow::exchange::server::{Pace, ServerOptions};
use reqwest::Method;
use serde_json::json;

use crate::kit::{Box, started};

async fn clock(own: &Box) -> Timestamp {
    own.get("/_control/state").await["time"].as_str().unwrap().parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Waits until the data's clock has come to `time`, and no longer than half a minute.
async fn until(own: &Box, time: &str) -> Duration {
    let began = Instant::now();
    while clock(own).await < at(time) {
        assert!(began.elapsed() < Duration::from_secs(30), "the clock stands at {}", clock(own).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

/// The clock is data, so this holds on a busy machine as well: it is never ahead of the wall's.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_passes_at_the_speed_asked_for() {
    let own = started(Pace::Times(60), &[5, 5], ServerOptions::DRAIN_WAIT).await;
    until(&own, "2013-10-07T13:30:01Z").await;
    let (began, first) = (Instant::now(), clock(&own).await);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let passed = clock(&own).await.ns() - first.ns();
    // The first look at the clock may be late, the last is later still.
    let wall = i64::try_from(began.elapsed().as_nanos()).unwrap();
    assert!(passed >= 60 * 1_000_000_000, "{passed} ns");
    assert!(passed <= 60 * (wall + 500_000_000), "{passed} ns of data in {wall} ns");
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_arrive_as_time_passes_and_the_end_is_no_end_of_the_server() {
    let own = started(Pace::Times(6_000), &[10, 5], ServerOptions::DRAIN_WAIT).await;
    let mut data = own.subscriber("/v2/iex", json!({"bars": ["AAPL"]})).await;
    let mut last = String::new();
    while last != "2013-10-08T13:34:00Z" {
        last = data.hear().await[0]["t"].as_str().unwrap().to_owned();
    }
    // A full session and the rest of the second are two times 6½ hours: eight seconds at this speed.
    until(&own, "2013-10-08T20:00:00Z").await;
    assert_eq!(own.call(Method::POST, "/_control/reset", "").await.0, 200);
    assert_eq!(data.hear().await[0]["t"], "2013-10-07T13:30:00Z", "and all over again");
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_highest_speed_the_clock_waits_for_the_first_client() {
    let own = started(Pace::Max, &[390, 390, 390], ServerOptions::DRAIN_WAIT).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = at("2013-10-07T04:00:00Z");
    assert_eq!(clock(&own).await, start, "control calls do not count");
    let mut data = own.subscriber("/v2/iex", json!({"bars": ["AAPL"]})).await;
    let mut times = Vec::new();
    while times.last().is_none_or(|last| last != "2013-10-09T19:59:00Z") {
        let frame = data.hear().await;
        times.extend(frame.as_array().unwrap().iter().map(|bar| bar["t"].as_str().unwrap().to_owned()));
    }
    assert!(times.is_sorted(), "every bar in its order, none before the other");
    assert_eq!(times.len(), 3 * 390, "none has passed before it subscribed");
    until(&own, "2013-10-09T20:00:00Z").await;
    own.get("/v2/clock").await;
    own.server.stop().await;
}
