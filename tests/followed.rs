//! Positions that are closed by somebody else than the session: its books follow, whoever it was. Real processes: an
//! exchange, a session, and the commands of another terminal.
mod cli_binary;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cli_binary::{alphaflow, copy_of_repository, done};

const SCENARIO: &str = "scenarios/intraday_minutes.toml";
const TOKEN: &str = "af_script_0123456789abcdefghijklmnopqrstuv";

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// An exchange, and where it listens.
    fn exchange(folder: &Path, speed: &str) -> (Running, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
        command.args(["exchange", SCENARIO, "--listen", "127.0.0.1:0", "--speed", speed]).current_dir(folder);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim_end().strip_prefix("listening on http://").expect("its first line").to_owned();
        (Running(child), address)
    }

    /// A session whose lines go to `lines.txt`.
    fn session(folder: &Path, arguments: &[&str]) -> Running {
        let lines = File::create(folder.join("lines.txt")).expect("file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
        command.args(["trade", "--port", "0"]).args(arguments).current_dir(folder).env("ALPHAFLOW_TOKEN", TOKEN);
        Running(command.stdout(lines).spawn().expect("the binary starts"))
    }

    fn interrupt(mut self) {
        let sent = Command::new("kill").args(["-s", "INT", &self.0.id().to_string()]).status().expect("kill");
        assert!(sent.success() && self.0.wait().expect("it ends").success());
    }
}

/// What the session has printed, as soon as that is enough.
fn lines_with(folder: &Path, is_enough: impl Fn(&str) -> bool) -> String {
    for _ in 0..2_400 {
        let lines = fs::read_to_string(folder.join("lines.txt")).expect("lines");
        if is_enough(&lines) {
            return lines;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("within two minutes: {}", fs::read_to_string(folder.join("lines.txt")).expect("lines"));
}

/// Body of the answer to a request with these lines in its head.
fn asked(address: &str, request: &str, head: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{head}\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{request}: {answer}"))
}

fn at_exchange(address: &str, request: &str) -> serde_json::Value {
    asked(address, request, "APCA-API-KEY-ID: rehearsal\r\nAPCA-API-SECRET-KEY: rehearsal\r\n")
}

/// Trades that are open and closed, by the history.
fn trades(folder: &Path) -> (usize, usize) {
    let out = done(folder, &["history", "--kind", "trades", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let all = all["trades"].as_array().or(all.as_array()).unwrap_or_else(|| panic!("{out}")).clone();
    let open = all.iter().filter(|trade| trade["exit_time"].is_null()).count();
    (open, all.len() - open)
}

/// A person closes the position on the broker's page.
#[test]
fn what_a_person_sold_at_the_broker_leaves_the_books_and_is_told_as_not_ours() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let (_exchange, address) = Running::exchange(folder, "600");
    let session = Running::session(folder, &[SCENARIO, "--exchange", &address, "--speed", "600"]);
    lines_with(folder, |lines| lines.contains("Bought"));
    at_exchange(&address, "DELETE /v2/orders");
    at_exchange(&address, "DELETE /v2/positions");
    let lines = lines_with(folder, |lines| lines.contains("which this program did not send"));
    assert!(lines.contains("unauthorised") && lines.contains("(outside this program)"), "{lines}");
    let (open, closed) = trades(folder);
    assert!(closed >= 1, "{open} open, {closed} closed: {lines}");
    session.interrupt();
    assert_eq!(at_exchange(&address, "GET /v2/orders?status=open").as_array().map(Vec::len), Some(0));
    assert!(done(folder, &["audit", "verify"]).contains("holds"));
    assert!(done(folder, &["audit", "replay"]).contains("to the byte"));
}

/// The session is dead, `halt --flatten` works at the venue itself, and the next session knows of it.
#[test]
fn a_flatten_without_a_session_is_in_the_books_of_the_next() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let (_exchange, address) = Running::exchange(folder, "600");
    let arguments = [SCENARIO, "--exchange", &address, "--speed", "600"];
    let session = Running::session(folder, &arguments);
    lines_with(folder, |lines| lines.contains("Bought"));
    drop(session);
    let halted = done(folder, &["halt", "--flatten", "--reason", "it died", "--exchange", &address]);
    assert!(halted.contains("the venue shows no order and no position"), "{halted}");
    done(folder, &["resume", "--reason", "looked at"]);
    let session = Running::session(folder, &arguments);
    let lines = lines_with(folder, |lines| lines.contains("The kill switch has sold"));
    assert!(lines.contains("(closed by the kill switch)") && !lines.contains("unauthorised"), "{lines}");
    assert_eq!(trades(folder).0, 0, "{lines}");
    session.interrupt();
}

/// The flatten was written down while nothing ran: the session does it when it runs.
#[test]
fn a_flatten_that_came_between_two_sessions_is_done_by_the_next() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let (_exchange, address) = Running::exchange(folder, "600");
    let arguments = [SCENARIO, "--exchange", &address, "--speed", "600"];
    let session = Running::session(folder, &arguments);
    lines_with(folder, |lines| lines.contains("Bought"));
    done(folder, &["halt", "--reason", "lunch"]);
    session.interrupt();
    done(folder, &["halt", "--flatten", "--reason", "rather not"]);
    let _session = Running::session(folder, &arguments);
    let lines = lines_with(folder, |lines| lines.contains("Sold") || lines.contains("The kill switch has sold"));
    assert!(!lines.contains("unauthorised"), "{lines}");
    assert_eq!(trades(folder).0, 0, "{lines}");
    assert_eq!(at_exchange(&address, "GET /v2/positions").as_array().map(Vec::len), Some(0));
}

/// Outside hours the session's own exits wait for the open, and the kill switch leaves them where they are.
#[test]
fn a_flatten_outside_hours_waits_with_the_exits_of_the_session() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let scenario = "scenarios/buy_and_hold_tech5.toml";
    let _session = Running::session(folder, &[scenario, "--speed", "3600"]);
    let lines = lines_with(folder, |lines| lines.contains("Bought") && lines.contains("dashboard: http://"));
    let address = lines.split("dashboard: http://").nth(1).and_then(|rest| rest.split(' ').next()).expect("an address");
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    let is_open = || asked(address, "GET /api/v1/state", &bearer)["market"]["is_open"].as_bool();
    for _ in 0..2_400 {
        if is_open() == Some(false) {
            break;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    assert_eq!(is_open(), Some(false), "the market closes");
    let halted = alphaflow(folder, &["halt", "--flatten", "--reason", "overnight"]);
    assert_eq!(halted.code, Some(0), "{}{}", halted.out, halted.err);
    let lines = lines_with(folder, |lines| {
        lines.contains("The kill switch has done its work: the venue shows no order and no position.")
    });
    assert!(lines.contains("(closed by the kill switch)") && !lines.contains("unauthorised"), "{lines}");
    assert!(!lines.contains("The kill switch has sold"), "its own orders were not needed: {lines}");
    assert_eq!(trades(folder).0, 0, "{lines}");
}
