//! A dashboard over real sockets, its clock and its session in the test's hands, and a client that sends any bytes.
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alphaflow::domain::Timestamp;
use alphaflow::live::dashboard::{Dashboard, DashboardLinks, DashboardOptions, DashboardPort, Question, Tokens};
use alphaflow::live::redact::Redactor;
use alphaflow::live::{Done, Snapshot};
use alphaflow::risk::HaltOrder;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use crate::states;

pub const TOKEN: &str = "test-0123456789abcdef-dashboard-token";
/// A secret of the `.env` beside it.
pub const SECRET: &str = "vFk8TQ2mWzR5xL0aJdY7pHs3";
pub const SCRIPT: &str = "test-0123456789abcdef-scripts-token-x";
/// Whatever is to come has come by then on any machine.
const WAIT: Duration = Duration::from_secs(20);

/// A running dashboard and what it is joined to.
pub struct Kit {
    pub dashboard: Dashboard,
    pub publish: watch::Sender<Arc<Snapshot>>,
    pub asked: mpsc::Receiver<Question>,
    pub halts: Arc<Mutex<Vec<HaltOrder>>>,
    pub notices: Arc<Mutex<Vec<String>>>,
    /// Whether a halt is taken.
    pub latches: Arc<AtomicBool>,
    seconds: Arc<AtomicI64>,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// A browser that is signed in.
pub struct Signed {
    pub cookie: String,
    pub csrf: String,
}

pub async fn kit() -> Kit {
    kit_with("trading", "paper").await
}

pub async fn kit_with(state: &str, mode: &str) -> Kit {
    let (publish, snapshots) = watch::channel(Arc::new(states::named(state, mode).expect("a state")));
    let (commands, asked) = mpsc::channel(4);
    let (halts, notices) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (seconds, latches) = (Arc::new(AtomicI64::new(1_700_000_000)), Arc::new(AtomicBool::new(true)));
    let (halted, latched) = (Arc::clone(&halts), Arc::clone(&latches));
    let stop = Arc::new(move |order: HaltOrder| {
        halted.lock().unwrap().push(order);
        let taken = latched.load(Ordering::SeqCst);
        Done { taken, text: if taken { "Halted." } else { "The latch cannot be written." }.into(), items: Vec::new() }
    });
    let (told, clock) = (Arc::clone(&notices), Arc::clone(&seconds));
    let options = DashboardOptions {
        redactor: Arc::new(Redactor::of([SECRET])),
        tokens: Tokens::of(TOKEN, Some(SCRIPT)).expect("tokens"),
        clock: Arc::new(move || Timestamp::from_seconds(clock.load(Ordering::SeqCst)).expect("a time")),
        on_login: Arc::new(move |notice| told.lock().unwrap().push(notice.text)),
    };
    let links = DashboardLinks { snapshots, commands, stop };
    let port = DashboardPort::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
    let dashboard = Dashboard::start(port, options, links);
    Kit { dashboard, publish, asked, halts, notices, latches, seconds }
}

impl Kit {
    pub fn port(&self) -> u16 {
        self.dashboard.address().port()
    }

    /// The wall's clock goes on, and with it permits for requests come back.
    pub fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.dashboard.address()).await.expect("a connection")
    }

    /// Sends these bytes and reads until the connection ends or an answer is whole.
    pub async fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        // The other side may cut while this is still being written: then its answer is what counts.
        let _ = stream.write_all(bytes).await;
        read_answer(&mut stream).await.expect("an answer")
    }

    /// A request with the right host and these header lines.
    pub async fn send(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        self.raw(self.request(method, path, lines, body).as_bytes()).await
    }

    pub fn request(&self, method: &str, path: &str, lines: &[&str], body: &str) -> String {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", self.port());
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        if !body.is_empty() || method == "POST" {
            text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        text
    }

    pub fn origin(&self) -> String {
        format!("Origin: http://127.0.0.1:{}", self.port())
    }

    pub async fn get(&self, path: &str, signed: &Signed) -> Answer {
        self.send("GET", path, &[&signed.cookie], "").await
    }

    /// What a page of the dashboard sends.
    pub async fn post(&self, path: &str, signed: &Signed, body: &str) -> Answer {
        self.send("POST", path, &[&signed.cookie, &signed.csrf, &self.origin()], body).await
    }

    pub async fn sign_in(&self) -> Signed {
        let body = format!("{{\"token\":\"{TOKEN}\"}}");
        let answer = self.send("POST", "/login", &[&self.origin()], &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.header("set-cookie").expect("a cookie").split(';').next().unwrap().to_owned();
        let csrf = answer.json()["csrf"].as_str().expect("a token").to_owned();
        Signed { cookie: format!("Cookie: {cookie}"), csrf: format!("X-CSRF-Token: {csrf}") }
    }

    /// Answers the next question, and gives what was asked.
    pub async fn answer_next(&mut self, text: &str) -> alphaflow::live::Asked {
        let (asked, answer) =
            tokio::time::timeout(WAIT, self.asked.recv()).await.expect("in time").expect("a question");
        let _ = answer.send(Done { taken: true, text: text.into(), items: Vec::new() });
        asked
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// One answer; `None` where the connection ended without one.
pub async fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let read = async {
        let mut chunk = [0u8; 16384];
        loop {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(length) => bytes.extend_from_slice(&chunk[..length]),
            }
            if is_whole(&bytes) {
                return;
            }
        }
    };
    tokio::time::timeout(WAIT, read).await.expect("the connection answers or ends");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let Some(length) = length.and_then(|(_, value)| value.trim().parse::<usize>().ok()) else { return false };
    let start = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
    bytes.len() >= start + length
}

/// Reads from a stream of events until `wanted` is in what came; gives all of it.
pub async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let read = async {
        let mut chunk = [0u8; 16384];
        while !text.contains(wanted) {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(length) => text.push_str(&String::from_utf8_lossy(&chunk[..length])),
            }
        }
    };
    tokio::time::timeout(WAIT, read).await.expect("it comes in time");
    text
}
