//! The thread that tells, against a server on this machine and an outbox in memory.
//!
//! Not here: SMTP and TLS (tests/notify_py), a journal and a killed process (tests/notify_outbox.rs).
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::outbox::memory::Memory;
use super::testing::event;
use super::*;
use crate::execution::alpaca::EnvFile;
use crate::live::{EventKind, Severity};

/// What the server answers, in turn; after the last, the last again. `None`: nothing, ever.
type Script = Vec<Option<&'static str>>;

const OK: Option<&str> = Some("200 OK");
const BUSY: Option<&str> = Some("503 Service Unavailable");

/// A webhook that keeps what it was sent.
struct Server {
    address: String,
    got: Arc<Mutex<Vec<Got>>>,
}

/// A request.
#[derive(Clone, Debug)]
struct Got {
    key: String,
    body: Value,
    answer: Option<&'static str>,
}

impl Server {
    async fn start(script: Script) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/hidden", listener.local_addr().expect("an address"));
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = got.clone();
        tokio::spawn(async move {
            let mut hanging = Vec::new();
            let mut script = script.into_iter().peekable();
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let (key, body) = request(&mut stream).await;
                let next = script.next().expect("a script has an end that repeats");
                if script.peek().is_none() {
                    script = vec![next].into_iter().peekable();
                }
                kept.lock().expect("got").push(Got { key, body, answer: next });
                match next {
                    Some(status) => {
                        let text = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                        stream.write_all(text.as_bytes()).await.expect("an answer");
                    }
                    None => hanging.push(stream),
                }
            }
        });
        Server { address, got }
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().expect("got").clone()
    }

    /// Rows of the events that it took, in order.
    fn rows(&self) -> Vec<u64> {
        let taken = |got: &Got| got.answer == OK;
        self.got()
            .iter()
            .filter(|got| taken(got))
            .map(|got| got.body["event"]["row"].as_u64().expect("a row"))
            .collect()
    }

    async fn until(&self, what: &str, holds: impl Fn(&Server) -> bool) {
        for _ in 0..3_000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {:?}", self.got());
    }
}

async fn request(stream: &mut TcpStream) -> (String, Value) {
    let mut text = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let count = stream.read(&mut part).await.expect("a request");
        text.extend_from_slice(&part[..count]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
        };
        let length: usize = header("content-length").expect("a length").parse().expect("a number");
        if body.len() >= length {
            return (header("idempotency-key").unwrap_or_default(), serde_json::from_str(body).expect("JSON"));
        }
    }
}

#[cfg(unix)]
fn config(server: &Server) -> NotifyConfig {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(".env");
    let text = format!("WEBHOOK_URL={}\nWEBHOOK_SECRET=0123456789abcdef\n", server.address);
    std::fs::write(&path, text).expect("write");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
    let env = EnvFile::read(&path).expect("a .env");
    NotifyConfig::from_env(&env, Banner::Paper, "s").expect("a config")
}

fn outbox() -> Arc<Mutex<Memory>> {
    Arc::new(Mutex::new(Memory::default()))
}

fn written(outbox: &Mutex<Memory>, kind: EventKind) -> SessionEvent {
    let told = event(0, kind, Severity::Info, "Bought 52 IBM at 179.14.");
    outbox.lock().expect("outbox").event(wall().ns(), told)
}

fn outcomes(outbox: &Mutex<Memory>) -> Vec<(u64, u32, DeliveryOutcome)> {
    let deliveries = outbox.lock().expect("outbox").deliveries();
    deliveries.iter().map(|delivery| (delivery.event, delivery.attempt, delivery.outcome)).collect()
}

#[tokio::test]
async fn what_happens_is_told_in_order_and_the_rest_is_not() {
    let server = Server::start(vec![OK]).await;
    let outbox = outbox();
    let notifier = start(config(&server), outbox.clone()).expect("a notifier");
    let kinds = [EventKind::Fill, EventKind::Refusal, EventKind::Stop, EventKind::Order, EventKind::Halt];
    let events = kinds.map(|kind| written(&outbox, kind));
    events.iter().for_each(|event| notifier.tell(event));
    let wanted = [0, 2, 4].map(|at: usize| events[at].row);
    server.until("three are told", |server| server.rows() == wanted).await;
    notifier.stop().await;
    assert_eq!(outcomes(&outbox), wanted.map(|row| (row, 1, DeliveryOutcome::Delivered)));
    assert_eq!(server.got()[0].body["text"], "PAPER: Bought 52 IBM at 179.14.");
}

#[tokio::test]
async fn what_an_earlier_session_left_is_told_and_what_it_told_is_not() {
    let server = Server::start(vec![OK]).await;
    let outbox = outbox();
    let old = wall().ns() - 25 * 3_600 * 1_000_000_000;
    outbox.lock().expect("outbox").event(old, event(0, EventKind::Fill, Severity::Info, "too old"));
    let [told, refused, left] = [(); 3].map(|()| written(&outbox, EventKind::Fill).row);
    for (row, outcome) in
        [(told, DeliveryOutcome::Delivered), (refused, DeliveryOutcome::Refused), (left, DeliveryOutcome::Failed)]
    {
        let (channel, text, key) = ("webhook".to_owned(), String::new(), String::new());
        let delivery = Delivery { event: row, channel, attempt: 1, outcome, took_ms: 0, text, key };
        outbox.lock().expect("outbox").note(wall(), wall(), &Note::Delivery(delivery)).expect("note");
    }
    let notifier = start(config(&server), outbox.clone()).expect("a notifier");
    server.until("the one that was left", |server| server.rows() == [left]).await;
    notifier.stop().await;
    assert_eq!(outcomes(&outbox).last(), Some(&(left, 2, DeliveryOutcome::Delivered)));
    // A second session has nothing to tell.
    let notifier = start(config(&server), outbox.clone()).expect("a notifier");
    notifier.stop().await;
    assert_eq!(server.rows(), [left]);
}

#[tokio::test]
async fn a_channel_is_not_told_what_happened_before_it_was_set_up() {
    let server = Server::start(vec![OK]).await;
    let outbox = outbox();
    let note = Note::Channels(Channels::new(vec!["email".to_owned()]));
    outbox.lock().expect("outbox").note(wall(), wall(), &note).expect("note");
    written(&outbox, EventKind::Fill);
    let notifier = start(config(&server), outbox.clone()).expect("a notifier");
    let now = written(&outbox, EventKind::Fill);
    notifier.tell(&now);
    server.until("the new one", |server| server.rows() == [now.row]).await;
    notifier.stop().await;
    assert_eq!(server.rows(), [now.row]);
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_with_the_same_key() {
    let server = Server::start(vec![BUSY, OK]).await;
    let outbox = outbox();
    let notifier = start(config(&server), outbox.clone()).expect("a notifier");
    let (first, second) = (written(&outbox, EventKind::Fill), written(&outbox, EventKind::Stop));
    notifier.tell(&first);
    notifier.tell(&second);
    server.until("a first try", |server| server.got().len() == 1).await;
    for _ in 0..100 {
        if !notifier.health().is_well {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let health = notifier.health();
    assert!(!health.is_well && health.text.contains("after 1 try: 503"), "{health:?}");
    server.until("both", |server| server.rows() == [first.row, second.row]).await;
    notifier.stop().await;
    let got = server.got();
    assert_eq!(got[0].key, got[1].key);
    assert_ne!(got[1].key, got[2].key);
    use DeliveryOutcome::{Delivered, Failed};
    assert_eq!(outcomes(&outbox), [(first.row, 1, Failed), (first.row, 2, Delivered), (second.row, 1, Delivered)]);
}

/// Ten times as many events as a channel holds, while the server says nothing: none is lost, and nobody waits.
#[tokio::test]
async fn a_flood_beyond_the_channel_is_read_from_the_journal() {
    let server = Server::start(vec![OK]).await;
    let outbox = outbox();
    let config = config(&server);
    let notifier = start(config, outbox.clone()).expect("a notifier");
    let rows: Vec<u64> = {
        // The notifier cannot read while this is held, so its channel is full soon.
        let mut held = outbox.lock().expect("outbox");
        let count = ROWS_MAX + 200;
        (0..count)
            .map(|_| {
                let told = held.event(wall().ns(), event(0, EventKind::Fill, Severity::Info, "x"));
                notifier.tell(&told);
                told.row
            })
            .collect()
    };
    server.until("all of them", |server| server.rows().len() >= rows.len()).await;
    notifier.stop().await;
    assert_eq!(server.rows(), rows);
}

#[tokio::test]
async fn a_server_that_hangs_holds_up_neither_telling_nor_the_end() {
    let server = Server::start(vec![None]).await;
    let outbox = outbox();
    let notifier = start(config(&server), outbox.clone()).expect("a notifier");
    let told = written(&outbox, EventKind::Fill);
    notifier.tell(&told);
    server.until("it hangs", |server| server.got().len() == 1).await;
    for _ in 0..10 {
        notifier.tell(&written(&outbox, EventKind::Fill));
    }
    // The server still says nothing, and all of the above is over.
    drop(notifier);
    assert!(outcomes(&outbox).is_empty());
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_said_and_read_again() {
    let server = Server::start(vec![OK]).await;
    let outbox = outbox();
    let notifier = start(config(&server), outbox.clone()).expect("a notifier");
    let told = written(&outbox, EventKind::Fill);
    outbox.lock().expect("outbox").fails = true;
    notifier.tell(&told);
    for _ in 0..300 {
        if !notifier.health().is_well {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(notifier.health().text, "webhook: the journal cannot be read");
    outbox.lock().expect("outbox").fails = false;
    server.until("told in the end", |server| server.rows() == [told.row]).await;
    notifier.stop().await;
}

#[test]
fn health_in_words() {
    let outbox = outbox();
    let env = EnvFile::read(std::path::Path::new("no such file")).expect("nothing");
    let config = NotifyConfig::from_env(&env, Banner::Paper, "s").expect("no channel");
    let notifier = start(config, outbox).expect("a notifier");
    let health = notifier.health();
    assert_eq!((health.is_well, health.text.as_str()), (true, "off: no channel is set up in .env"));
    let line = |owed, left_out| LineHealth { channel: "slack", owed, failures: 0, last: None, left_out, trouble: None };
    for (lines, has_ended, is_well, text) in [
        (vec![line(0, 0)], false, true, "slack: ready"),
        (vec![line(2, 0)], false, true, "slack: 2 messages wait"),
        (vec![line(1, 3)], false, false, "slack: 3 messages left out, 1 message waits"),
        (vec![line(0, 0)], true, false, "ended: nobody is told any more; slack: ready"),
    ] {
        let item = health_item(&lines, has_ended);
        assert_eq!((item.is_well, item.text.as_str()), (is_well, text));
    }
}
