//! A real session behind the page: what it says when prices stop, what it keeps of sign-ins, which limits it shows.
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::cli_binary::{copy_of_repository, done, fails};

const TOKEN: &str = "session-0123456789abcdef-dashboard-token";
/// At 600 times the wall's clock a session lasts 39 s, and closed hours pass within one.
const SPEED: &str = "600";
/// Whatever is to come has come by then on any machine.
const WAIT: Duration = Duration::from_secs(120);

/// A process of this program, its lines in a file.
struct Running(Child);

impl Running {
    fn start(folder: &Path, lines: &str, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
        command.args(arguments).current_dir(folder).env("DASHBOARD_TOKEN", TOKEN).stdin(Stdio::null());
        command.env_remove("ALPACA_API_KEY").env_remove("ALPACA_SECRET_KEY");
        let file = File::create(folder.join(lines)).unwrap();
        Running(command.stdout(file).spawn().expect("the binary starts"))
    }
}

impl Running {
    /// Ends it in good order.
    fn end(&mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The address that a process has printed after `words`.
async fn address(folder: &Path, lines: &str, words: &str) -> String {
    let looks = async {
        loop {
            let text = fs::read_to_string(folder.join(lines)).unwrap();
            let found = text.lines().find_map(|line| line.split_once(words));
            if let Some(address) = found.and_then(|(_, rest)| rest.split_whitespace().next()) {
                return address.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(WAIT, looks).await.unwrap_or_else(|_| panic!("{:?}", fs::read_to_string(folder.join(lines))))
}

/// Asks until the answer is as wanted.
async fn until(client: &Client, url: &str, cookie: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let looks = async {
        loop {
            let answer = client.get(url).header("Cookie", cookie).send().await.unwrap();
            last = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            if is_wanted(&last) {
                return last.clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    match tokio::time::timeout(WAIT, looks).await {
        Ok(found) => found,
        Err(_) => panic!("{url}: {last}"),
    }
}

/// A browser that is signed in: its cookie, and the proof of its changes.
struct Signed {
    cookie: String,
    csrf: String,
}

async fn sign_in(client: &Client, page: &str, token: &str) -> (StatusCode, Option<Signed>) {
    let call = client.post(format!("http://{page}/login")).header("Origin", format!("http://{page}"));
    let call = call.header("Content-Type", "application/json").body(json!({ "token": token }).to_string());
    let answer = call.send().await.unwrap();
    let status = answer.status();
    let cookie = answer.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
    let said: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let csrf = said["csrf"].as_str().unwrap_or_default().to_owned();
    (status, cookie.map(|cookie| Signed { cookie: cookie.split(';').next().unwrap().to_owned(), csrf }))
}

async fn act(client: &Client, page: &str, signed: &Signed, path: &str, body: Value) -> (u16, Value) {
    let call = client.post(format!("http://{page}/api/v1/{path}")).header("Origin", format!("http://{page}"));
    let call = call.header("Cookie", &signed.cookie).header("X-CSRF-Token", &signed.csrf);
    let answer = call.header("Content-Type", "application/json").body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

/// Harm in every text that a person may give: it is kept and told as text, and does nothing else.
async fn harmful_words(client: &Client, page: &str, signed: &Signed, folder: &Path) {
    const HARM: &str = "'); DROP TABLE journal; --<img src=x onerror=alert(1)>";
    let (status, _) =
        act(client, page, signed, "halt", json!({ "flatten": false, "reason": format!("{HARM}\n\u{1b}[2J") })).await;
    assert_eq!(status, 200);
    until(client, &format!("http://{page}/api/v1/state"), &signed.cookie, |answer| {
        let reason = answer["state"]["reason"].as_str().unwrap_or_default();
        reason.starts_with(HARM) && !reason.contains(char::is_control)
    })
    .await;
    let (status, said) = act(client, page, signed, "close", json!({ "strategy": HARM, "symbol": HARM })).await;
    assert_eq!((status, said["text"].as_str()), (409, Some(format!("No scenario `{HARM}` runs here.").as_str())));
    let (status, _) = act(client, page, signed, "cancel", json!({ "strategy": HARM, "order": 1 })).await;
    assert_eq!(status, 409);
    let (status, _) = act(client, page, signed, "resume", json!({ "reason": HARM })).await;
    assert_eq!(status, 200);
    for filter in ["--strategy", "--symbol"] {
        let said = fails(folder, 2, &["history", "--kind", "events", filter, HARM]);
        assert!(said.starts_with(&format!("error {filter} {HARM}: ")), "{said}");
    }
    let told = done(folder, &["history", "--kind", "events"]);
    assert!(told.contains(HARM) && !told.contains('\u{1b}'), "{told}");
    for file in fs::read_dir(folder.join("logs")).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
        }
    }
}

#[tokio::test]
async fn prices_that_stop_are_said_to_be_old_and_sign_ins_are_in_the_journal() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let scenario = "scenarios/intraday_minutes.toml";
    let overrides = ["--set", "risk.stale_after=1s"];
    let exchange = [&["exchange", scenario, "--listen", "127.0.0.1:0", "--speed", SPEED][..], &overrides].concat();
    let _exchange = Running::start(folder, "exchange.txt", &exchange);
    let venue = address(folder, "exchange.txt", "listening on http://").await;
    let trade = ["trade", scenario, "--speed", SPEED, "--exchange", &venue, "--port", "0", "--state", "state"];
    let _session = Running::start(folder, "trade.txt", &[&trade[..], &overrides].concat());
    let page = address(folder, "trade.txt", "dashboard: http://").await;
    // The provider may be there already: then nothing changes.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().build().unwrap();

    assert_eq!(sign_in(&client, &page, "not the token").await.0, StatusCode::UNAUTHORIZED);
    let (status, cookie) = sign_in(&client, &page, TOKEN).await;
    assert_eq!(status, StatusCode::OK);
    let signed = cookie.unwrap();
    let cookie = signed.cookie.clone();
    let url = |path: &str| format!("http://{page}/api/v1/{path}");
    until(&client, &url("state"), &cookie, |answer| {
        answer["state"]["state"] == "trading" && answer["market"]["is_open"] == true
    })
    .await;

    let limits = until(&client, &url("limits"), &cookie, |answer| answer["limits"][7].is_object()).await;
    let keys: Vec<&str> = limits["limits"].as_array().unwrap().iter().filter_map(|one| one["limit"].as_str()).collect();
    assert!(keys.contains(&"max_correlated_exposure") && keys.contains(&"max_orders_per_minute"), "{keys:?}");
    let events = until(&client, &url("events"), &cookie, |answer| answer.to_string().contains("Signed in")).await;
    let login = events["events"].as_array().unwrap().iter().find(|event| event["kind"] == "login").unwrap().clone();
    assert!(login["row"].as_u64().is_some_and(|row| row > 0), "{login}");

    harmful_words(&client, &page, &signed, folder).await;

    let faults = json!({ "seed": 1, "rules": [{ "route": "/v2/iex", "kind": "halt_stream", "probability": 1.0 }] });
    let call = client.post(format!("http://{venue}/_control/faults")).body(faults.to_string());
    let call = call.header("APCA-API-KEY-ID", "rehearsal").header("APCA-API-SECRET-KEY", "rehearsal");
    assert!(call.send().await.unwrap().status().is_success());
    let old = until(&client, &url("state"), &cookie, |answer| answer["state"]["state"] == "prices_old").await;
    assert_eq!(old["state"]["allowed_ms"], 600_000, "a second of the wall is ten minutes of this market: {old}");
    assert!(old["state"]["since"].as_str().unwrap() < old["time"].as_str().unwrap(), "{old}");
    let health = client.get(format!("http://{page}/health")).send().await.unwrap().text().await.unwrap();
    assert!(health.contains("\"status\":\"answers\""), "{health}");

    let told = done(folder, &["history", "--kind", "events"]);
    assert!(
        told.contains("A wrong token at the dashboard, 4 tries left.") && told.contains("Signed in at the"),
        "{told}"
    );
    assert!(done(folder, &["audit", "verify"]).contains("row"));
}

/// A halt on a market of another day: the page tells it by that market's clock, and what it did as it goes on.
#[tokio::test]
async fn a_halt_is_told_by_the_clock_of_its_market_and_a_flatten_after_it_is_worked_through() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let trade = ["trade", "scenarios/intraday_minutes.toml", "--speed", SPEED, "--port", "0", "--state", "state"];
    // Held for more than an hour of this market.
    let slow = ["strategy.params.fast_period=40", "strategy.params.slow_period=120", "stop.multiple=40"];
    let trade: Vec<&str> = trade.into_iter().chain(slow.into_iter().flat_map(|set| ["--set", set])).collect();
    let mut session = Running::start(folder, "trade.txt", &trade);
    let page = address(folder, "trade.txt", "dashboard: http://").await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().build().unwrap();
    let signed = sign_in(&client, &page, TOKEN).await.1.unwrap();
    let url = |path: &str| format!("http://{page}/api/v1/{path}");
    let holds = |answer: &Value| answer["positions"].as_array().is_some_and(|all| !all.is_empty());
    until(&client, &url("positions"), &signed.cookie, holds).await;

    assert_eq!(act(&client, &page, &signed, "halt", json!({ "flatten": false })).await.0, 200);
    let kept = |answer: &Value| answer["state"]["steps"].to_string().contains("stays");
    let halted = until(&client, &url("state"), &signed.cookie, kept).await;
    let day = |time: &Value| time.as_str().unwrap()[..10].to_owned();
    let of_market = day(&halted["time"]);
    assert_eq!((day(&halted["state"]["since"]), &halted["state"]["stood_before"]), (of_market.clone(), &json!(false)));
    let steps = halted["state"]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| day(&step["time"]) == of_market), "{steps:?}");

    let (status, said) = act(&client, &page, &signed, "flatten", json!({})).await;
    assert_eq!(status, 200, "{said}");
    assert!(said["items"][0]["text"].as_str().unwrap().starts_with("Selling "), "{said}");
    let is_flat = |answer: &Value| {
        let steps = answer["state"]["steps"].to_string();
        steps.contains("the venue shows no order and no position") && !steps.contains("stays")
    };
    until(&client, &url("state"), &signed.cookie, is_flat).await;
    until(&client, &url("positions"), &signed.cookie, |answer| !holds(answer)).await;
    // The account is read soon after a fill, though not yet due.
    until(&client, &url("figures"), &signed.cookie, |answer| answer["figures"]["is_power_behind"] == false).await;

    // It ends in good order, and whoever listens sees that it did.
    let mut stream = client.get(url("stream")).header("Cookie", &signed.cookie).send().await.unwrap();
    session.end();
    let mut heard = String::new();
    while let Some(bytes) = stream.chunk().await.unwrap() {
        heard.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(heard.contains("\"state\":{\"state\":\"stopped\"}"), "{}", &heard[heard.len().saturating_sub(2000)..]);

    // The next session begins halted, at a market that never saw that halt: it is said to be of before.
    let _next = Running::start(folder, "next.txt", &trade);
    let page = address(folder, "next.txt", "dashboard: http://").await;
    let signed = sign_in(&client, &page, TOKEN).await.1.unwrap();
    let is_halted = |answer: &Value| answer["state"]["state"] == "halted";
    let found = until(&client, &format!("http://{page}/api/v1/state"), &signed.cookie, is_halted).await;
    let state = &found["state"];
    assert_eq!((&state["stood_before"], &state["done_before"]), (&json!(true), &json!(true)), "{state}");
    assert_ne!(day(&state["since"]), of_market, "the wall's day, which is not that of this market");
}
