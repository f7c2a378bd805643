//! The stop: the kill switch first, whatever the session does; and what else a person may do.
use std::sync::atomic::Ordering;
use std::time::Duration;

use alphaflow::live::{Command, StateView};
use alphaflow::risk::{HaltedBy, Words};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::kit::{Kit, SECRET, Signed, kit, kit_with, read_answer};
use crate::states;

/// Sends a command, answers it as the session, and gives what was asked and what came back.
async fn exchange(kit: &mut Kit, signed: &Signed, path: &str, body: &str) -> (Command, u16, serde_json::Value) {
    let mut stream = kit.connect().await;
    let request = kit.request("POST", path, &[&signed.cookie, &signed.csrf, &kit.origin()], body);
    stream.write_all(request.as_bytes()).await.unwrap();
    let asked = kit.answer_next("Done.").await;
    assert_eq!(asked.by, "dashboard");
    let answer = read_answer(&mut stream).await.unwrap();
    (asked.command, answer.status, answer.json())
}

#[tokio::test]
async fn a_halt_presses_the_kill_switch_and_tells_the_session() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let answer = kit.post("/api/v1/halt", &signed, "{\"flatten\":true,\"reason\":\"odd fills in AIG\"}").await;
    assert_eq!(answer.json(), json!({ "taken": true, "text": "Halted.", "items": [], "session_told": true }));
    let halt = kit.halts.lock().unwrap()[0].clone();
    assert_eq!((halt.flatten, halt.by), (true, HaltedBy::Person(Words::new("dashboard").unwrap())));
    assert_eq!(halt.reason.map(|words| words.as_str().to_owned()).as_deref(), Some("odd fills in AIG"));
    let asked = kit.answer_next("").await;
    assert_eq!(asked.command, Command::Halt { flatten: true, reason: Some("odd fills in AIG".into()) });
}

#[tokio::test]
async fn a_secret_in_a_reason_is_not_kept() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let body = format!("{{\"flatten\":false,\"reason\":\"key {SECRET} pasted\"}}");
    kit.post("/api/v1/halt", &signed, &body).await;
    let halt = kit.halts.lock().unwrap()[0].clone();
    let reason = halt.reason.map(|words| words.as_str().to_owned()).unwrap_or_default();
    assert!(reason.starts_with("key ") && reason.ends_with(" pasted") && !reason.contains(SECRET), "{reason}");
    assert!(!format!("{:?}", kit.answer_next("").await.command).contains(SECRET));
}

#[tokio::test]
async fn a_halt_does_not_wait_for_a_session_that_is_busy_or_gone() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    // Nobody takes a command: after four the way to the session is full.
    for press in 1..=6 {
        let answer = kit.post("/api/v1/halt", &signed, "{\"flatten\":false}").await;
        assert_eq!((answer.status, answer.json()["session_told"].as_bool()), (200, Some(press <= 4)), "press {press}");
    }
    kit.asked.close();
    while kit.asked.try_recv().is_ok() {}
    let answer = kit.post("/api/v1/halt", &signed, "{\"flatten\":false,\"reason\":null}").await;
    assert_eq!((answer.status, answer.json()["session_told"].as_bool()), (200, Some(false)));
    assert_eq!(kit.halts.lock().unwrap().len(), 7);
    let other = kit.post("/api/v1/flatten", &signed, "{}").await;
    assert_eq!((other.status, other.json()["error"].as_str()), (503, Some("the session has ended; start it again")));
}

#[tokio::test]
async fn a_latch_that_cannot_be_written_is_no_success() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    kit.latches.store(false, Ordering::SeqCst);
    let answer = kit.post("/api/v1/halt", &signed, "{\"flatten\":false}").await;
    assert_eq!((answer.status, answer.json()["taken"].as_bool()), (500, Some(false)));
}

#[tokio::test]
async fn a_session_that_does_not_answer_is_told_apart_from_one_that_refuses() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let answer = kit.post("/api/v1/flatten", &signed, "{}").await;
    assert_eq!(answer.status, 504, "{answer:?}");
    assert!(answer.json()["error"].as_str().unwrap().contains("may still do it"));
    assert_eq!(kit.answer_next("late").await.command, Command::Flatten);

    let mut stream = kit.connect().await;
    let request = kit.request(
        "POST",
        "/api/v1/close",
        &[&signed.cookie, &signed.csrf, &kit.origin()],
        "{\"strategy\":\"s\",\"symbol\":\"NONE\"}",
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (_, answer) = tokio::time::timeout(Duration::from_secs(20), kit.asked.recv()).await.unwrap().unwrap();
    answer
        .send(alphaflow::live::Done { taken: false, text: "No position in NONE.".into(), items: Vec::new() })
        .unwrap();
    let refused = read_answer(&mut stream).await.unwrap();
    assert_eq!((refused.status, refused.json()["text"].as_str()), (409, Some("No position in NONE.")));
}

#[tokio::test]
async fn each_command_reaches_the_session_as_it_was_meant() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let (strategy, symbol) = ("momentum".to_owned(), "QQQ".to_owned());
    let cases = [
        (
            "/api/v1/resume",
            "{\"reason\":\" the feed is back \"}",
            Command::Resume { reason: "the feed is back".into() },
        ),
        ("/api/v1/flatten", "{}", Command::Flatten),
        (
            "/api/v1/close",
            "{\"strategy\":\"momentum\",\"symbol\":\"QQQ\"}",
            Command::Close { strategy: strategy.clone(), symbol },
        ),
        (
            "/api/v1/cancel",
            "{\"strategy\":\"momentum\",\"order\":96}",
            Command::Cancel { strategy, order: alphaflow::domain::OrderId(96) },
        ),
        ("/api/v1/reconnect", "{}", Command::Reconnect),
    ];
    for (path, body, wanted) in cases {
        let (command, status, said) = exchange(&mut kit, &signed, path, body).await;
        assert_eq!((command, status, said["text"].as_str()), (wanted, 200, Some("Done.")), "{path}");
    }
    assert!(kit.halts.lock().unwrap().is_empty(), "none of these presses the kill switch");
}

#[tokio::test]
async fn where_money_is_real_a_resume_names_the_account() {
    let mut kit = kit_with("halted", "live").await;
    let signed = kit.sign_in().await;
    for body in [
        "{\"reason\":\"ok\"}",
        "{\"reason\":\"ok\",\"account\":\"\"}",
        "{\"reason\":\"ok\",\"account\":\"4418\"}",
        "{\"reason\":\"ok\",\"account\":\"44170\"}",
    ] {
        assert_eq!(kit.post("/api/v1/resume", &signed, body).await.status, 422, "{body}");
    }
    let mut unknown = states::named("halted", "live").unwrap();
    unknown.mode.account_tail = None;
    kit.publish.send_replace(unknown.into());
    assert_eq!(
        kit.post("/api/v1/resume", &signed, "{\"reason\":\"ok\",\"account\":\"4417\"}").await.status,
        422,
        "an account that is not known"
    );
    let mut odd = states::named("halted", "live").unwrap();
    odd.mode.mode = "somewhere".into();
    kit.publish.send_replace(odd.into());
    assert_eq!(
        kit.post("/api/v1/resume", &signed, "{\"reason\":\"ok\"}").await.status,
        422,
        "a mode that is not known counts as real"
    );
    assert!(kit.asked.try_recv().is_err());
    kit.publish.send_replace(states::named("halted", "live").unwrap().into());
    let (command, status, _) =
        exchange(&mut kit, &signed, "/api/v1/resume", "{\"reason\":\"ok\",\"account\":\"4417\"}").await;
    assert_eq!((command, status), (Command::Resume { reason: "ok".into() }, 200));
}

#[tokio::test]
async fn health_is_503_once_the_session_has_ended() {
    let kit = kit().await;
    let mut ended = states::named("trading", "paper").unwrap();
    ended.state = StateView::Stopped;
    kit.publish.send_replace(ended.into());
    let health = kit.send("GET", "/health", &[], "").await;
    assert_eq!((health.status, health.json()["state"].as_str()), (503, Some("stopped")));
    kit.publish.send_replace(states::named("halted", "paper").unwrap().into());
    let halted = kit.send("GET", "/health", &[], "").await;
    assert_eq!((halted.status, halted.json()["state"].as_str()), (200, Some("halted")), "halted is alive");
}
