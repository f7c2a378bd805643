//! Signing in, sessions, and what is open to whom.
use crate::kit::{SCRIPT, TOKEN, kit};

/// What needs a session, and with which method.
pub const INSIDE: [(&str, &str); 21] = [
    ("GET", "/api/v1/session"),
    ("GET", "/api/v1/snapshot"),
    ("GET", "/api/v1/state"),
    ("GET", "/api/v1/figures"),
    ("GET", "/api/v1/positions"),
    ("GET", "/api/v1/orders"),
    ("GET", "/api/v1/refusals"),
    ("GET", "/api/v1/limits"),
    ("GET", "/api/v1/strategies"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/chart/SPY"),
    ("GET", "/api/v1/stream"),
    ("GET", "/assets/dashboard.js"),
    ("POST", "/api/v1/halt"),
    ("POST", "/api/v1/resume"),
    ("POST", "/api/v1/flatten"),
    ("POST", "/api/v1/close"),
    ("POST", "/api/v1/cancel"),
    ("POST", "/api/v1/reconnect"),
    ("POST", "/logout"),
];

#[tokio::test]
async fn nothing_inside_opens_without_a_session_and_no_answer_tells_what_is_there() {
    let mut kit = kit().await;
    let cookie = format!("Cookie: alphaflow_{}={}", kit.port(), "a".repeat(64));
    for (method, path) in INSIDE.into_iter().chain([("GET", "/api/v1/nothing"), ("GET", "/nothing"), ("GET", "/api")]) {
        for lines in
            [vec![], vec![cookie.as_str()], vec!["Authorization: Bearer wrong"], vec!["Authorization: Basic YTpi"]]
        {
            kit.pass(10);
            let answer = kit.send(method, path, &lines, if method == "POST" { "{\"flatten\":true}" } else { "" }).await;
            assert_eq!(answer.status, 401, "{method} {path} {lines:?}");
            assert!(!answer.body.contains("103602") && !answer.body.contains("SPY"), "{answer:?}");
        }
    }
    assert!(kit.halts.lock().unwrap().is_empty() && kit.asked.try_recv().is_err());
}

#[tokio::test]
async fn the_page_sends_strangers_to_the_sign_in_and_that_tells_no_account() {
    let kit = kit().await;
    let page = kit.send("GET", "/", &[], "").await;
    assert_eq!((page.status, page.header("location")), (303, Some("/login")));
    let login = kit.send("GET", "/login", &[], "").await;
    assert_eq!(login.status, 200);
    assert!(login.body.contains("PAPER") && login.body.contains("alphaflow halt"));
    assert!(!login.body.contains("07F2"), "the account is not for strangers");
    for name in ["base.css", "login.js", "theme.js", "paper.svg", "inter-400.ttf", "inter-600.ttf"] {
        assert_eq!(kit.send("GET", &format!("/assets/{name}"), &[], "").await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn health_and_metrics_are_open_and_without_a_word_of_the_account() {
    let kit = kit().await;
    let health = kit.send("GET", "/health", &[], "").await;
    assert_eq!(health.status, 200);
    let json = health.json();
    assert_eq!((json["state"].as_str(), json["mode"].as_str()), (Some("trading"), Some("paper")));
    assert_eq!(json["checks"][0]["name"], "trading_stream");
    let metrics = kit.send("GET", "/metrics", &[], "").await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(metrics.body.contains("alphaflow_state{state=\"trading\"} 1\n"), "{}", metrics.body);
    assert!(metrics.body.contains("# TYPE alphaflow_dashboard_requests_total counter\n"));
    for body in [&health.body, &metrics.body] {
        for secret in ["SPY", "IBM", "103602", "616", "07F2", "MSFT", "momentum", "18,442", TOKEN] {
            assert!(!body.contains(secret), "{secret} in {body}");
        }
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_host_no_script_and_no_other_page() {
    let kit = kit().await;
    let answer = kit.send("POST", "/login", &[&kit.origin()], &format!("{{\"token\":\"{TOKEN}\"}}")).await;
    let cookie = answer.header("set-cookie").unwrap();
    let (value, rest) = cookie.split_once("; ").unwrap();
    assert_eq!(rest, "Max-Age=43200; Path=/; HttpOnly; SameSite=Strict");
    let (name, value) = value.split_once('=').unwrap();
    assert_eq!(name, format!("alphaflow_{}", kit.port()));
    assert!(value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()), "256 bits");
    assert_eq!(kit.notices.lock().unwrap().as_slice(), ["Signed in at the dashboard."]);
}

#[tokio::test]
async fn a_session_ends_by_signing_out_by_time_and_by_silence() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 200);
    assert_eq!(kit.post("/logout", &signed, "{}").await.status, 200);
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 401);

    let signed = kit.sign_in().await;
    for _ in 0..12 {
        kit.pass(3599);
        assert_eq!(kit.get("/api/v1/state", &signed).await.status, 200);
    }
    kit.pass(13);
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 401, "twelve hours are over");

    let signed = kit.sign_in().await;
    kit.pass(3600);
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 401, "an hour of silence");
}

#[tokio::test]
async fn a_cookie_that_was_there_before_is_never_made_a_session() {
    let kit = kit().await;
    let fixed = format!("Cookie: alphaflow_{}={}", kit.port(), "f".repeat(64));
    let body = format!("{{\"token\":\"{TOKEN}\"}}");
    let answer = kit.send("POST", "/login", &[&kit.origin(), &fixed], &body).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.header("set-cookie").unwrap().contains(&"f".repeat(64)));
    assert_eq!(kit.send("GET", "/api/v1/state", &[&fixed], "").await.status, 401);
    // A second sign-in of the same browser ends its first session.
    let first = kit.sign_in().await;
    let again = kit.send("POST", "/login", &[&kit.origin(), &first.cookie], &body).await;
    assert_eq!(again.status, 200);
    assert_eq!(kit.get("/api/v1/state", &first).await.status, 401);
    // Two cookies of the name: one of them is somebody else's.
    let signed = kit.sign_in().await;
    let two = format!("{}; alphaflow_{}=0", signed.cookie, kit.port());
    assert_eq!(kit.send("GET", "/api/v1/state", &[&two], "").await.status, 401);
}

#[tokio::test]
async fn five_wrong_tokens_shut_the_sign_in_for_a_minute_but_not_who_is_in() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let said = |answer: crate::kit::Answer| (answer.status, answer.json()["error"].as_str().unwrap().to_owned());
    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        let answer = kit.send("POST", "/login", &[&kit.origin()], "{\"token\":\"wrong\"}").await;
        assert_eq!(said(answer), (401, format!("Wrong token. {left} left, then a 60 s wait.")));
    }
    assert_eq!(kit.send("POST", "/login", &[&kit.origin()], "{\"token\":\"wrong\"}").await.status, 429);
    let right = format!("{{\"token\":\"{TOKEN}\"}}");
    kit.pass(59);
    let shut = kit.send("POST", "/login", &[&kit.origin()], &right).await;
    assert_eq!(said(shut), (429, "Five wrong tokens. Wait 2 s, then try again.".to_owned()));
    assert_eq!(kit.post("/api/v1/halt", &signed, "{\"flatten\":false}").await.status, 200, "the stop is never shut");
    kit.pass(1);
    assert_eq!(kit.send("POST", "/login", &[&kit.origin()], &right).await.status, 200);
    assert_eq!(kit.notices.lock().unwrap().iter().filter(|text| text.starts_with("A wrong token")).count(), 4);
}

#[tokio::test]
async fn the_scripts_token_has_the_same_power_without_a_cookie() {
    let mut kit = kit().await;
    let bearer = format!("Authorization: Bearer {SCRIPT}");
    assert_eq!(kit.send("GET", "/api/v1/snapshot", &[&bearer], "").await.status, 200);
    assert_eq!(
        kit.send("POST", "/api/v1/halt", &[&bearer], "{\"flatten\":true,\"reason\":\"by cron\"}").await.status,
        200
    );
    let asked = kit.answer_next("").await;
    assert_eq!(asked.by, "script");
    let halt = kit.halts.lock().unwrap()[0].clone();
    assert!(halt.flatten && halt.reason.unwrap().as_str() == "by cron");
    // The people's token is no bearer token, and the scripts' does not sign in.
    let wrong = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(kit.send("GET", "/api/v1/state", &[&wrong], "").await.status, 401);
    let body = format!("{{\"token\":\"{SCRIPT}\"}}");
    assert_eq!(kit.send("POST", "/login", &[&kit.origin()], &body).await.status, 401);
    // A wrong bearer token is refused even beside a session that holds.
    let signed = kit.sign_in().await;
    assert_eq!(kit.send("GET", "/api/v1/state", &[&signed.cookie, "Authorization: Bearer x"], "").await.status, 401);
}
