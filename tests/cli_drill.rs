//! The drill, and halts that work at the venue without a session.
mod cli_binary;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cli_binary::{alphaflow, done, fails, has_traded, small};
use serde_json::{Value, json};

/// A line in which it is named what must hold and whether it did.
fn claims(report: &Value) -> Vec<(String, bool)> {
    let steps = report["steps"].as_array().expect("steps");
    steps.iter().map(|step| (step["claim"].as_str().expect("text").to_owned(), step["held"] == true)).collect()
}

#[test]
fn a_drill_passes_and_stamps_its_date() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    let call = alphaflow(at, &["drill", "--format", "json"]);
    let report: Value = serde_json::from_str(&call.out).unwrap_or_else(|_| panic!("{}{}", call.out, call.err));
    assert!(claims(&report).iter().all(|(_, held)| *held), "{report:#}");
    assert_eq!((call.code, &report["passed"]), (Some(0), &true.into()), "{}", call.err);
    assert_eq!(claims(&report).len(), 17);
    let written = std::fs::read_to_string(at.join("state/drill.json")).expect("the report");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), report);
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    // The latch of sessions has not been touched.
    assert!(!at.join("state/kill_switch.json").exists());
    assert!(done(at, &["status"]).starts_with("Active: the kill switch is clear.\nNo session is running"));
}

#[test]
fn a_drill_needs_bars_within_the_day() {
    let folder = small();
    let error = fails(folder.path(), 2, &["drill", "scenarios/small.toml"]);
    assert!(error.contains("a drill needs bars within the day"), "{error}");
}

/// What a drill on paper needs is said before anything is called.
#[test]
fn a_drill_on_paper_needs_keys_and_no_scenario() {
    let folder = small();
    let at = folder.path();
    let error = fails(at, 2, &["drill", "--mode", "paper"]);
    assert!(error.starts_with("error ALPACA_API_KEY is not set"), "{error}");
    let error = fails(at, 2, &["drill", "--mode", "paper", "scenarios/small.toml"]);
    assert!(error.contains("a drill on paper trades one share and no scenario; use --symbol"), "{error}");
    let error = fails(at, 2, &["drill", "--stand-in", "127.0.0.1:9"]);
    assert!(error.contains("it stands in for paper alone; say --mode paper"), "{error}");
    let error = fails(at, 2, &["drill", "--mode", "paper", "--stand-in", "192.0.2.1:80", "--state", "mine"]);
    assert!(error.contains("is no loopback address"), "{error}");
    assert!(!at.join("state").exists() && !at.join("mine").exists(), "nothing was begun");
}

/// Keys that may be those of an account never go to a stand-in, whose line is plain.
#[test]
fn keys_of_an_account_do_not_go_to_a_stand_in() {
    let folder = small();
    let at = folder.path();
    let env = at.join("keys.env");
    std::fs::write(&env, "ALPACA_API_KEY=PKABCDEFGHIJKLMNOPQR\nALPACA_SECRET_KEY=paperSecret0123456789\n")
        .expect("written");
    std::fs::set_permissions(&env, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
    // Whoever listens there would hear them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    listener.set_nonblocking(true).expect("a mode");
    let place = ["--mode", "paper", "--stand-in", &address, "--env", "keys.env", "--state", "mine"];
    for (command, code) in [(vec!["drill"], 2), (vec!["halt"], 1), (vec!["preflight", "scenarios/small.toml"], 3)] {
        let call = alphaflow(at, &[&command[..], &place].concat());
        assert_eq!(call.code, Some(code), "{command:?}: {}", call.err);
        assert!((call.out + &call.err).contains("PKSTANDIN"), "{command:?}");
    }
    assert!(listener.accept().is_err(), "nobody called");
}

#[test]
fn without_keys_it_latches_and_says_what_is_left() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    let call = alphaflow(at, &["halt", "--mode", "paper", "--flatten"]);
    assert_eq!(call.code, Some(1), "{}", call.err);
    assert!(call.out.contains("Nothing was done at the venue: ALPACA_API_KEY is not set"), "{}", call.out);
    assert!(call.err.starts_with("error halted, but nothing was done at the venue: ALPACA_API_KEY"), "{}", call.err);
    let status: Value = serde_json::from_str(&done(at, &["status", "--format", "json"])).expect("JSON");
    assert_eq!((&status["state"], &status["halt"]["flatten"]), (&"halted".into(), &true.into()));
}

/// The exchange as a process of its own; it ends with this value.
struct Exchange {
    child: Child,
    address: String,
}

impl Exchange {
    fn start(folder: &Path) -> Exchange {
        let mut child = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .args(["exchange", "scenarios/small.toml", "--listen", "127.0.0.1:0", "--speed", "step"])
            .current_dir(folder)
            .env_remove("ALPHAFLOW_EXCHANGE_KEY")
            .env_remove("ALPHAFLOW_EXCHANGE_SECRET")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("an address").to_owned();
        Exchange { child, address }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut socket = TcpStream::connect(&self.address).expect("it listens");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\napca-api-key-id: rehearsal\r\napca-api-secret-key: rehearsal\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        socket.write_all(head.as_bytes()).expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        assert!(head.starts_with("HTTP/1.1 2"), "{answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    fn step(&self) {
        self.call("POST", "/_control/step", &json!({ "bars": 1 }));
    }

    fn positions(&self) -> usize {
        self.call("GET", "/v2/positions", &Value::Null).as_array().expect("a list").len()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.child.kill().expect("our child");
        self.child.wait().expect("it ends");
    }
}

/// A command that is killed in the middle of a flatten loses nothing: given again, it finishes.
#[test]
fn a_killed_flatten_is_finished_by_the_next() {
    let folder = small();
    let at = folder.path();
    let exchange = Exchange::start(at);
    exchange.step();
    let order = json!({ "symbol": "TEST", "side": "buy", "qty": "5", "type": "market", "time_in_force": "gtc",
        "order_class": "oto", "stop_loss": { "stop_price": "1" } });
    exchange.call("POST", "/v2/orders", &order);
    exchange.step();
    assert_eq!(exchange.positions(), 1);
    // Each answer takes so long that a kill falls between two of them.
    let rules = ["GET /v2/orders", "DELETE /v2/orders", "GET /v2/positions", "DELETE /v2/positions/{id}"];
    let rules: Vec<Value> = rules
        .iter()
        .map(|route| json!({ "route": route, "kind": "latency_ms", "value": 40, "probability": 1 }))
        .collect();
    exchange.call("POST", "/_control/faults", &json!({ "seed": 1, "rules": rules }));
    let arguments = ["halt", "--flatten", "--exchange", &exchange.address];
    has_traded(&at.join("state"));
    for after_ms in [60, 110, 160, 210] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
        let command = command.args(arguments).current_dir(at).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        std::thread::sleep(Duration::from_millis(after_ms));
        child.kill().expect("our child");
        child.wait().expect("it ends");
    }
    exchange.call("POST", "/_control/faults", &json!([]));
    // The market is shut: the exits wait, and that is as much as a command can do.
    let said = done(at, &arguments);
    assert!(said.contains("  … exits wait at the venue for the next open\n"), "{said}");
    assert!(said.contains("  … 5 TEST: leaves at the next open, "), "{said}");
    exchange.step();
    assert_eq!(exchange.positions(), 0);
    let said = done(at, &arguments);
    assert!(said.contains("  ✓ the venue shows no order and no position\n"), "{said}");
    let orders = exchange.call("GET", "/v2/orders?status=all&limit=500", &Value::Null);
    let filled = orders.as_array().expect("a list").iter().filter(|order| order["status"] == "filled").count();
    assert_eq!(filled, 2, "an entry and an exit, whatever was killed: {orders:#}");
}
