//! `alphaflow rehearse --against` a journal: a session that `trade` has written, beside a replay of the bars it saw.
#![allow(clippy::unwrap_used)]
mod cli_binary;
#[path = "rehearsal/scenarios.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod scenarios;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use alphaflow::domain::Timeframe;
use cli_binary::{alphaflow, copy_of_repository, done, fails, has_traded};
use scenarios::{STRATEGIES, script, write_bars, write_case, write_script};
use serde_json::Value;

/// Trades a scenario at full speed.
fn trade(folder: &Path, scenario: &str, more: &[&str]) {
    done(folder, &[&["trade", scenario, "--speed", "max", "--port", "0"], more].concat());
}

/// What the comparison says: its exit code and its JSON.
fn compared(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let call = alphaflow(folder, &[&["rehearse", "--format", "json"], arguments].concat());
    let parity = serde_json::from_str(&call.out).unwrap_or_else(|_| panic!("{arguments:?}: {}{}", call.out, call.err));
    (call.code, parity)
}

/// A session that nobody disturbs does what its replay does: every strategy, with stops, targets, trails and shorts.
#[test]
fn an_undisturbed_session_is_its_replay() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_bars(at, Timeframe::Hour1, 60, 3);
    let mut fills = 0;
    for case in &STRATEGIES {
        // A limit on losses would decide at the same closes as the strategy.
        write_case(at, case, Timeframe::Hour1, "0.10");
        let (scenario, state) = (format!("{}.toml", case.name), format!("state_{}", case.name));
        let wide = ["--set", "risk.max_daily_loss=1", "--set", "risk.max_drawdown=1"];
        trade(at, &scenario, &[&wide[..], &["--state", &state]].concat());
        let against = format!("{state}/rehearsal");
        let (code, parity) = compared(at, &[&wide[..], &[&scenario, "--against", &against]].concat());
        let difference = &parity["first_difference"];
        assert_eq!((code, &parity["identical"]), (Some(0), &Value::from(true)), "{}: {difference:#}", case.name);
        let rows = |at: usize| parity["checks"][at]["same"].as_u64().unwrap();
        assert!(rows(1) > 0 && rows(4) == 60 * 7, "{}: {:#}", case.name, parity["checks"]);
        fills += rows(3);
    }
    assert!(fills > 300, "{fills} fills");
}

/// The orders of a script are in no journal; with the scenario's file the session is made again.
#[test]
fn a_session_of_a_script_is_compared_by_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bars = write_bars(at, Timeframe::Minute1, 2, 5);
    fs::write(at.join("parts.csv"), script(&bars, 9)).unwrap();
    write_script(at, "parts", Timeframe::Minute1, "0.01");
    trade(at, "parts.toml", &[]);
    let (code, parity) = compared(at, &["parts.toml", "--against", "state/rehearsal"]);
    assert_eq!(code, Some(0), "{:#}", parity["first_difference"]);
    assert!(parity["checks"][3]["same"].as_u64().unwrap() > 100, "{:#}", parity["checks"]);
    let error = fails(at, 2, &["rehearse", "--against", "state/rehearsal"]);
    assert!(error.contains("the orders of a script"), "{error}");
}

const MINUTES: &str = "scenarios/intraday_minutes.toml";
const SHORT: [&str; 2] = ["--set", "data.end=2024-01-04"];

/// A journal of several sessions, named in every way.
#[test]
fn the_session_that_is_meant_is_found() {
    let copy = copy_of_repository();
    let at = copy.path();
    trade(at, MINUTES, &SHORT);
    trade(at, MINUTES, &[]);
    trade(at, "scenarios/mean_reversion_msft.toml", &["--set", "data.end=2004-12-31"]);
    let first = [&[MINUTES, "--against", "state/rehearsal", "--session", "intraday_minutes_1"], &SHORT[..]].concat();
    let (code, parity) = compared(at, &first);
    assert_eq!((code, &parity["checks"][4]["same"]), (Some(0), &Value::from(3 * 390)), "{:#}", parity["checks"]);
    assert_eq!(
        (&parity["session"]["other"], &parity["session"]["venue"]),
        (&"rehearsal".into(), &"the built-in exchange".into())
    );
    // The last one of the scenario; the scenario that the journal holds; the file in the place of its folder.
    let (code, last) = compared(at, &[MINUTES, "--against", "state/rehearsal/journal.db"]);
    assert!(code == Some(0) && last["checks"][4]["same"].as_u64() > parity["checks"][4]["same"].as_u64());
    let (code, named) = compared(at, &["--against", "state/rehearsal", "--session", "intraday_minutes_2"]);
    assert_eq!((code, named), (Some(0), last));
    assert!(at.join("reports/intraday_minutes_against/parity.html").is_file());

    let two = fails(at, 2, &["rehearse", "--against", "state/rehearsal"]);
    assert!(two.contains("sessions of `intraday_minutes`, `mean_reversion_msft`; name the scenario"), "{two}");
    let none = fails(at, 2, &["rehearse", MINUTES, "--against", "state/rehearsal", "--session", "minutes"]);
    assert!(none.contains("the latest are intraday_minutes_2, intraday_minutes_1"), "{none}");
    let changed = fails(at, 2, &["rehearse", MINUTES, "--against", "state/rehearsal", "--set", "stop.multiple=7"]);
    assert!(
        changed.contains("not the scenario of session intraday_minutes_2: the file says `multiple = \"7\"`"),
        "{changed}"
    );
    let other = fails(at, 2, &["rehearse", "scenarios/macd_trend_tech4.toml", "--against", "state/rehearsal"]);
    assert!(other.contains("no session of scenario `macd_trend_tech4`; it has `intraday_minutes`, `mean"), "{other}");
    let modes = fails(at, 2, &["rehearse", MINUTES, "--against", "state"]);
    assert!(modes.contains("name one: --against state/rehearsal"), "{modes}");
    let nothing = fails(at, 2, &["rehearse", MINUTES, "--against", "nowhere"]);
    assert!(nothing.contains("nowhere: there is neither a journal nor a run there"), "{nothing}");
    let text = fails(at, 2, &["rehearse", MINUTES, "--against", MINUTES]);
    assert!(text.contains("a file that is no SQLite database"), "{text}");
}

/// A journal in which somebody changed a row is not compared with anything.
#[test]
fn a_journal_that_does_not_hold_is_refused() {
    let copy = copy_of_repository();
    let at = copy.path();
    trade(at, MINUTES, &SHORT);
    let head = at.join("state/rehearsal/journal.head");
    let written = fs::read_to_string(&head).unwrap();
    let (row, _) = written.trim().split_once(':').unwrap();
    fs::write(&head, format!("{row}:{}\n", "ab".repeat(32))).unwrap();
    let error = fails(at, 3, &["rehearse", "--against", "state/rehearsal"]);
    assert!(error.contains("does not hold") && error.contains("audit verify"), "{error}");
}

/// Whoever halts before the session makes it refuse what its replay sends, and is named.
#[test]
fn a_halt_is_named_as_the_cause() {
    let copy = copy_of_repository();
    let at = copy.path();
    has_traded(&at.join("state"));
    done(at, &["halt", "--reason", "fire drill"]);
    trade(at, MINUTES, &SHORT);
    let (code, parity) = compared(at, &[&[MINUTES, "--against", "state/rehearsal"], &SHORT[..]].concat());
    assert_eq!((code, &parity["identical"]), (Some(3), &Value::from(false)));
    let first = &parity["first_difference"];
    assert_eq!((&first["subject"], &first["cause"]["rule"]), (&"halts".into(), &"halted".into()), "{first:#}");
    assert!(first["cause"]["evidence"][0].as_str().unwrap().ends_with(": fire drill"), "{first:#}");
    let refused = parity["differences"].as_array().unwrap().iter().find(|found| found["subject"] == "orders").unwrap();
    assert_eq!(refused["cause"]["rule"], "halted", "{refused:#}");
    let call = alphaflow(at, &[&["rehearse", MINUTES, "--against", "state/rehearsal"], &SHORT[..]].concat());
    assert_eq!((call.code, call.err.as_str()), (Some(3), "error the two sessions are not the same\n"));
    assert!(call.out.contains("a replay has nobody who asks"), "{}", call.out);
}

/// A limit on losses that halts at the close at which the strategy decides.
#[test]
fn a_limit_that_the_venue_answers_later_is_named_as_the_cause() {
    let copy = copy_of_repository();
    let at = copy.path();
    let (scenario, end) = ("scenarios/limits_2008.toml", ["--set", "data.end=2007-08-31"]);
    trade(at, scenario, &end);
    let (code, parity) = compared(at, &[&[scenario, "--against", "state/rehearsal"], &end[..]].concat());
    let rules: Vec<&Value> =
        parity["differences"].as_array().unwrap().iter().map(|found| &found["cause"]["rule"]).collect();
    assert!(code == Some(3) && !rules.is_empty() && rules.iter().all(|rule| *rule == "halt_answered"), "{parity:#}");
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the binary with its lines in a file, or in a pipe.
fn started(at: &Path, arguments: &[&str], lines: Stdio) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
    command.args(arguments).current_dir(at).env_remove("ALPACA_API_KEY").env_remove("ALPACA_SECRET_KEY");
    Running(command.stdout(lines).spawn().unwrap())
}

/// An order of somebody else.
fn send(address: &str, order: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let keys = "apca-api-key-id: rehearsal\r\napca-api-secret-key: rehearsal";
    let length = order.len();
    let head = format!(
        "POST /v2/orders HTTP/1.1\r\nhost: {address}\r\n{keys}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{order}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// An exchange whose market runs by itself, and its address.
fn exchange(at: &Path) -> (Running, String) {
    let arguments = [&["exchange", "quick.toml", "--listen", "127.0.0.1:0", "--speed", "600"], &OFTEN[..]].concat();
    let mut exchange = started(at, &arguments, Stdio::piped());
    let mut line = String::new();
    BufReader::new(exchange.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit('/').next().unwrap().to_owned();
    (exchange, address)
}

/// A strategy that trades all the time, on minutes.
fn write_quick(at: &Path) {
    write_bars(at, Timeframe::Minute1, 1, 3);
    let case = STRATEGIES.iter().find(|case| case.name == "quick").unwrap();
    write_case(at, case, Timeframe::Minute1, "0.10");
}

const OFTEN: [&str; 2] = ["--set", "strategy.params.threshold=0.0001"];

/// Begins a session at the exchange and waits until its lines say something so often.
fn session(at: &Path, address: &str, more: &[&str], (word, times): (&str, usize)) -> Running {
    let lines = at.join("lines.txt");
    let session = ["trade", "quick.toml", "--exchange", address, "--speed", "600", "--port", "0"];
    let session = [&session[..], more, &OFTEN[..]].concat();
    let running = started(at, &session, Stdio::from(File::create(&lines).unwrap()));
    let has_said = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        fs::read_to_string(&lines).unwrap().matches(word).count() >= times
    });
    assert!(has_said, "within half a minute: {}", fs::read_to_string(&lines).unwrap());
    running
}

/// Somebody else's order stands at the venue: the session halts by itself, and the comparison names that order.
#[test]
fn a_stranger_at_the_venue_is_named_as_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_quick(at);
    let (_exchange, address) = exchange(at);
    send(&address, r#"{"symbol":"AAA","qty":"1","side":"buy","type":"limit","limit_price":"1","time_in_force":"gtc"}"#);
    // Also of a session that was killed.
    drop(session(at, &address, &["--on-unauthorised", "halt"], ("refusal", 1)));
    let (code, parity) = compared(at, &[&["quick.toml", "--against", "state/rehearsal"], &OFTEN[..]].concat());
    let first = &parity["first_difference"];
    assert_eq!((code, &first["cause"]["rule"]), (Some(3), &"halted".into()), "{first:#}");
    let evidence = first["cause"]["evidence"][0].as_str().unwrap();
    assert!(evidence.contains("an order or position at the venue that this program did not make"), "{evidence}");
    let noticed = parity["findings"].as_array().unwrap();
    assert!(noticed.iter().any(|found| found["kind"] == "foreign" && found["symbol"] == "AAA"), "{noticed:#?}");
}

/// A market that does not wait, an end in good order in the midst of it, and a kill: whatever came when, the books of the
/// session tie at every step, and it can be compared.
#[test]
fn a_session_with_a_break_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_quick(at);
    let (_exchange, address) = exchange(at);
    let mut first = session(at, &address, &[], ("Bought", 4));
    assert!(Command::new("kill").args(["-s", "TERM", &first.0.id().to_string()]).status().unwrap().success());
    assert_eq!(first.0.wait().unwrap().code(), Some(0));
    drop(session(at, &address, &[], ("Bought", 4)));
    let (code, parity) = compared(at, &[&["quick.toml", "--against", "state/rehearsal"], &OFTEN[..]].concat());
    assert!(matches!(code, Some(0 | 3)), "{code:?}");
    let fills = &parity["checks"][3];
    assert!(fills["other"].as_u64().unwrap() >= 8, "{fills:#}");
    let kinds: Vec<&Value> = parity["findings"].as_array().unwrap().iter().map(|found| &found["kind"]).collect();
    assert!(kinds.contains(&&Value::from("restart")), "{kinds:?}");
}
