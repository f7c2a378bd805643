//! The exchange and the session, each in a process of its own, and looking at them from outside.
//!
//! Not here: what must hold (main).
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use alphaflow::domain::Timestamp;
use serde_json::Value;

use super::command;
use super::data::Soak;
use super::record::Sample;

/// Looks in a row that show the same: an order that nobody knows to have arrived is looked up for five seconds.
const SAME: u32 = 130;
const LOOKS_MAX: u32 = 1_200;

/// Both processes.
pub struct Processes<'a> {
    soak: &'a Soak,
    speed: String,
    exchange: Child,
    address: String,
    session: Option<Child>,
    /// How often a session had said that it is ready when this one began.
    ready_before: usize,
}

/// What a session says once it may trade.
const READY: &str = "orders, fills and positions at the venue have been read";

impl Processes<'_> {
    /// The exchange, which runs from its first client on.
    pub fn start(soak: &Soak, speed: u32) -> Processes<'_> {
        let speed = speed.to_string();
        let mut exchange = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .current_dir(soak.folder())
            .args(["exchange", "soak.toml", "--listen", "127.0.0.1:0", "--faults", "faults.json", "--speed", &speed])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(exchange.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Processes { soak, speed, exchange, address, session: None, ready_before: 0 }
    }

    pub fn begin_session(&mut self) {
        self.ready_before = self.whole_log().matches(READY).count();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.soak.path("log")).unwrap();
        let session = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .current_dir(self.soak.folder())
            .args(["trade", "soak.toml", "--exchange", &self.address, "--speed", &self.speed, "--port", "0"])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.session = Some(session);
    }

    /// Waits until the session says that it has read everything and may trade.
    pub fn await_ready(&self) {
        for _ in 0..LOOKS_MAX {
            if self.whole_log().matches(READY).count() > self.ready_before {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the session does not come up: {}", self.log());
    }

    /// In good order: entries are taken back, positions stay.
    pub fn end_session(&mut self) {
        let mut session = self.session.take().unwrap();
        let sent = Command::new("kill").args(["-s", "TERM", &session.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(session.wait().unwrap().code(), Some(0), "{}", self.log());
    }

    /// The exchange's clock.
    pub fn time(&self) -> Timestamp {
        let clock = self.ask("GET /v2/clock", "");
        clock["timestamp"].as_str().unwrap().parse().unwrap()
    }

    /// Everything behaves from here on.
    pub fn end_faults(&self) {
        self.ask("POST /_control/faults", "[]");
    }

    /// Waits until what is open and held at the exchange has not changed for a while; gives its whole state.
    pub fn rest(&mut self) -> Value {
        let (mut last, mut same) = (Value::Null, 0);
        for _ in 0..LOOKS_MAX {
            let ended = self.session.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the session has ended: {}", self.log());
            let open = self.ask("GET /v2/orders?status=open&limit=500", "");
            let now = Value::Array(vec![open, self.ask("GET /v2/positions", "")]);
            same = if now == last { same + 1 } else { 0 };
            if same == SAME {
                return self.state();
            }
            last = now;
            sleep(Duration::from_millis(50));
        }
        panic!("the session does not come to rest: {}", self.log());
    }

    /// Everything at the exchange.
    pub fn state(&self) -> Value {
        self.ask("GET /_control/state", "")
    }

    /// How things are now.
    pub fn sample(&mut self) -> Sample {
        let ended = self.session.as_mut().unwrap().try_wait().unwrap();
        assert!(ended.is_none(), "the session has ended: {}", self.log());
        let time = self.time();
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Sample {
            wall: Timestamp::from_ns(wall.as_nanos() as i64),
            time,
            session_kib: memory_kib(self.session.as_ref().unwrap().id()),
            exchange_kib: memory_kib(self.exchange.id()),
        }
    }

    /// `audit verify` finds nothing, and `history` lists what was traded.
    pub fn verify_journal(&self) {
        let begun = std::time::Instant::now();
        let text = command(self.soak, &["audit", "verify"]);
        let verified = begun.elapsed();
        let trades = command(self.soak, &["history", "--format", "csv"]).lines().count();
        eprintln!(
            "{}; verified in {:.1} s, {trades} lines of history in {:.1} s",
            text.lines().next().unwrap_or_default(),
            verified.as_secs_f64(),
            (begun.elapsed() - verified).as_secs_f64()
        );
    }

    /// Bytes of the journal's file.
    pub fn journal_bytes(&self) -> u64 {
        std::fs::metadata(self.soak.path("state/rehearsal/journal.db")).unwrap().len()
    }

    /// The end of what the session has printed.
    pub fn log(&self) -> String {
        let text = self.whole_log();
        text.get(text.len().saturating_sub(4_000)..).unwrap_or(&text).to_owned()
    }

    fn whole_log(&self) -> String {
        std::fs::read_to_string(self.soak.path("log")).unwrap_or_default()
    }

    /// One request with the exchange's keys, on a connection of its own.
    fn ask(&self, request: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
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
}

impl Drop for Processes<'_> {
    fn drop(&mut self) {
        for child in self.session.iter_mut().chain([&mut self.exchange]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a process has in memory.
fn memory_kib(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
