//! A session in a process of its own is killed with SIGKILL at random moments, on an exchange that outlives it.
//!
//! Not here: a kill at every write of the journal (session). `ALPHAFLOW_KILLS` says how often; a failing run names its
//! seed, `ALPHAFLOW_SEED` plays it again as far as the machine's timing lets it.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use alphaflow::domain::{Money, Quantity, SymbolIndex};
use alphaflow::live::journal::Journal;
use alphaflow::live::session::{PastReader, prove_session};
use alphaflow::scenario::{Style, effective_toml, load};
use alphaflow::strategy::BuiltIn;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Kills where nobody says how many: a debug build starts slowly.
const KILLS: u64 = 12;
/// Minutes of the market between two looks at the session; more than a session's first hour is played.
const MINUTES: u64 = 600;
/// Between two minutes: the session has its orders out by then, or is killed on the way.
const MINUTE: Duration = Duration::from_millis(40);
const QUIET_TRIES: u32 = 600;
/// Without fills there is nothing to lose.
const FILLS: usize = 6;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One request with the exchange's keys, on a connection of its own.
fn ask(address: &str, request: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAPCA-API-KEY-ID: rehearsal\r\nAPCA-API-SECRET-KEY: \
         rehearsal\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{request}: {answer}");
    serde_json::from_str(body).unwrap()
}

struct Processes {
    exchange: Child,
    address: String,
    session: Option<Child>,
    folder: tempfile::TempDir,
    scenario: PathBuf,
}

impl Processes {
    fn start() -> Processes {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder.path().join("minutes.toml");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(root.join("scenarios/intraday_minutes.toml")).unwrap();
        let text = text.replace("../data", root.join("data").to_str().unwrap());
        // Crosses come often, so that there is something to lose at every kill.
        let text = text.replace("fast_period = 15, slow_period = 60", "fast_period = 2, slow_period = 5");
        let text =
            text.replace("period = 30", "period = 5").replace("participation = \"0.05\"", "participation = \"1\"");
        std::fs::write(&scenario, text).unwrap();
        let mut exchange = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .args(["exchange", scenario.to_str().unwrap(), "--listen", "127.0.0.1:0", "--speed", "step"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(exchange.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Processes { exchange, address, session: None, folder, scenario }
    }

    /// At a speed by which no price gets old: the machine of a test may be slow, and its market is stepped.
    fn begin_session(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let session = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .args(["trade", self.scenario.to_str().unwrap(), "--exchange", &self.address, "--speed", "6000"])
            .args(["--state", self.folder.path().join("state").to_str().unwrap()])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.session = Some(session);
    }

    fn kill_session(&mut self) {
        let mut session = self.session.take().unwrap();
        // It must not have ended by itself: then there would be nothing to kill.
        assert_eq!(session.try_wait().unwrap(), None, "{}", self.log());
        session.kill().unwrap();
        session.wait().unwrap();
    }

    fn end_session(&mut self) {
        let mut session = self.session.take().unwrap();
        let sent = Command::new("kill").args(["-s", "TERM", &session.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(session.wait().unwrap().code(), Some(0), "{}", self.log());
    }

    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let from = text.len().saturating_sub(4_000);
        text.get(from..).unwrap_or(&text).to_owned()
    }

    fn state(&self) -> Value {
        ask(&self.address, "GET /_control/state", "")
    }

    fn step(&self) {
        ask(&self.address, "POST /_control/step", &json!({ "bars": 1 }).to_string());
    }

    /// Waits until the exchange's orders have not changed for a while.
    fn rest(&self) {
        let (mut last, mut same) = (Value::Null, 0);
        for _ in 0..QUIET_TRIES {
            let orders = self.state()["orders"].clone();
            same = if orders == last { same + 1 } else { 0 };
            if same == 20 {
                return;
            }
            last = orders;
            sleep(Duration::from_millis(50));
        }
        panic!("the session does not come to rest: {}", self.log());
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        let both = self.session.take().into_iter();
        for mut child in both {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = self.exchange.kill();
        let _ = self.exchange.wait();
    }
}

/// Every share that the exchange holds has an open order there that sells it, whoever is alive. The one exception is an
/// exit on its way: one order holds a share at the venue, so its stop is taken back before it leaves, and the last stop is
/// canceled then. A session that is killed between the two sends the exit when it goes on.
fn check_stop(state: &Value) {
    let number = |value: &Value, name: &str| value[name].as_str().unwrap_or("0").parse::<Quantity>().unwrap();
    for position in state["positions"].as_array().unwrap() {
        let held = number(position, "qty");
        let sells = |order: &&Value| order["symbol"] == position["symbol"] && order["side"] == "sell";
        let orders = || state["orders"].as_array().unwrap().iter().filter(sells);
        let is_open = |order: &&Value| {
            let status = order["status"].as_str().unwrap_or_default();
            matches!(status, "new" | "accepted" | "held" | "pending_new" | "partially_filled")
        };
        let covered = orders()
            .filter(is_open)
            .fold(Quantity::ZERO, |sum, order| sum + number(order, "qty") - number(order, "filled_qty"));
        let last_stop = orders().rfind(|order| order["type"] == "stop");
        let leaves = last_stop.is_some_and(|order| order["status"] == "canceled");
        assert!(covered >= held || leaves, "{held} held and {covered} covered at {}", state["time"]);
    }
}

#[test]
fn a_session_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let (kills, seed) = (number("ALPHAFLOW_KILLS", KILLS), number("ALPHAFLOW_SEED", 1));
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut all = Processes::start();
    all.step();
    all.begin_session();
    all.rest();
    let mut killed = 0;
    let mut minute = 0;
    let fills = |all: &Processes| all.state()["fills"].as_array().unwrap().len();
    // On a slow machine a session may be killed before it trades: then it is given more minutes.
    while killed < kills || minute < MINUTES.min(kills * 30) || fills(&all) < FILLS {
        minute += 1;
        all.step();
        sleep(MINUTE);
        check_stop(&all.state());
        if killed < kills && chance.next_u64().is_multiple_of(20) {
            // In the middle of whatever the last minute led to.
            all.step();
            sleep(Duration::from_micros(chance.next_u64() % 40_000));
            all.kill_session();
            killed += 1;
            for _ in 0..chance.next_u64() % 3 {
                all.step();
                check_stop(&all.state());
            }
            all.begin_session();
            if chance.next_u64().is_multiple_of(3) {
                // Sometimes it is killed while it comes up.
                sleep(Duration::from_micros(chance.next_u64() % 800_000));
                continue;
            }
            sleep(Duration::from_millis(1_500));
        }
        assert!(minute < 5_000, "too little is traded: {}", all.log());
    }
    all.rest();
    all.end_session();
    let state = all.state();
    check_stop(&state);
    check_books(&all, &state);
}

/// The journal makes the session again, and its book is what the exchange holds.
fn check_books(all: &Processes, state: &Value) {
    let mut names = BTreeSet::new();
    for order in state["orders"].as_array().unwrap() {
        let name = order["client_order_id"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
    }
    let loaded = load(&all.scenario, &[]).unwrap_or_else(|error| panic!("{}", error.render(&Style::PLAIN)));
    let journal = Journal::open(&all.folder.path().join("state/rehearsal/journal.db")).unwrap();
    let mut reader = PastReader::default();
    journal
        .read(1, |number, row| {
            reader.take(number, row).unwrap();
            Ok(())
        })
        .unwrap();
    let past = reader.session("intraday_minutes").unwrap();
    assert_eq!(past.began.scenario, effective_toml(&loaded.spec));
    let machine = prove_session(&BuiltIn, "intraday_minutes", &past).unwrap();
    assert!(machine.journal().fills.len() >= FILLS, "{} fills", machine.journal().fills.len());
    let cash: Money = state["cash"].as_str().unwrap().parse().unwrap();
    assert_eq!(machine.portfolio().cash(), cash, "cash");
    let held = state["positions"]
        .as_array()
        .unwrap()
        .first()
        .map_or(Quantity::ZERO, |position| position["qty"].as_str().unwrap().parse().unwrap());
    assert_eq!(machine.portfolio().position(SymbolIndex(0)).quantity(), held, "shares");
    assert_eq!(machine.journal().fills.len(), state["fills"].as_array().unwrap().len(), "fills, each once");
}
