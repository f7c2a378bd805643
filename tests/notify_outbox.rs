//! The outbox over a real journal, with the program killed between any two of its steps: nothing is lost, nothing is told
//! twice but under the same key, and the order stays.
//!
//! Not here: SMTP and TLS (tests/notify_py), waits and retries (live::notify).
#![cfg(unix)]
#![allow(clippy::unwrap_used)]
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use alphaflow::domain::Timestamp;
use alphaflow::execution::alpaca::EnvFile;
use alphaflow::live::journal::{Durability, Journal, Row, RowKind};
use alphaflow::live::notify::{Banner, DeliveryOutcome, Entry, Note, NotifyConfig, Outbox, start};
use alphaflow::live::{EventKind, SessionEvent, Severity};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Set for the process that is killed: the folder of its journal.
const FOLDER: &str = "ALPHAFLOW_TEST_OUTBOX";
const EVENTS: usize = 600;
const KILLS: u64 = 30;

/// Key and row of each request that was answered with 200, in order.
type Taken = Arc<Mutex<Vec<(String, u64)>>>;

#[test]
fn killed_at_any_moment_it_loses_nothing_and_repeats_under_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let (address, taken) = serve();
    let env = folder.path().join(".env");
    std::fs::write(&env, format!("WEBHOOK_URL=http://{address}/\nWEBHOOK_SECRET=0123456789abcdef\n")).unwrap();
    std::fs::set_permissions(&env, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut struck = 0;
    for _ in 0..KILLS {
        let mut session = session(folder.path());
        thread::sleep(Duration::from_millis(20 + draws.next_u64() % 120));
        struck += u64::from(session.try_wait().unwrap().is_none());
        session.kill().unwrap();
        session.wait().unwrap();
    }
    assert!(struck > KILLS / 2, "only {struck} of {KILLS} sessions were still at work when they were killed");
    // A session ends ten seconds after it is told to, whatever is owed; the next one tells the rest.
    for _ in 0..10 {
        assert!(session(folder.path()).wait().unwrap().success(), "a session that is left alone ends in good order");
        let rows: BTreeSet<u64> = taken.lock().unwrap().iter().map(|(_, row)| *row).collect();
        if rows.len() == EVENTS {
            break;
        }
    }

    let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
    let (mut written, mut delivered) = (Vec::new(), BTreeMap::new());
    let read = journal.rows(1, &mut |row, _, entry| {
        match entry {
            Entry::Event(_) => written.push(row),
            Entry::Note(Note::Delivery(delivery)) if delivery.outcome == DeliveryOutcome::Delivered => {
                *delivered.entry(delivery.event).or_insert(0) += 1;
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    assert_eq!(written.len(), EVENTS);
    let once: BTreeMap<u64, i32> = written.iter().map(|row| (*row, 1)).collect();
    assert_eq!(delivered, once, "each is settled once");
    let taken = taken.lock().unwrap().clone();
    let mut keys = BTreeMap::new();
    let mut first = Vec::new();
    for (key, row) in &taken {
        match keys.insert(*row, key) {
            None => first.push(*row),
            Some(other) => assert_eq!(other, key, "row {row} came twice under two keys"),
        }
    }
    assert_eq!(first, written, "all of them, in order");
    let repeats = taken.len() - first.len();
    assert!(repeats as u64 <= KILLS, "{repeats} repeats of {KILLS} kills");
}

fn session(folder: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_session_that_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the other test starts it as a process of its own"]
fn a_session_that_is_killed() {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).expect("the other test sets it"));
    let env = EnvFile::read(&folder.join(".env")).unwrap();
    let config = NotifyConfig::from_env(&env, Banner::Paper, "s").unwrap();
    let journal = Arc::new(Mutex::new(Journal::open(&folder.join("journal.db")).unwrap()));
    let mut written = 0;
    let mut count = |_, _, entry: Entry| {
        written += usize::from(matches!(entry, Entry::Event(_)));
        ControlFlow::Continue(())
    };
    journal.lock().unwrap().rows(1, &mut count).unwrap();
    let notifier = start(config, journal.clone()).unwrap();
    for number in written..EVENTS {
        let now = Timestamp::from_ns(jiff::Timestamp::now().as_nanosecond().try_into().unwrap());
        let (kind, severity, text) = (EventKind::Fill, Severity::Info, format!("Bought {number} IBM."));
        let mut event =
            SessionEvent { row: 0, time: now, kind, severity, strategy: None, symbol: None, text, refused: None };
        let body = serde_json::to_value(&event).unwrap();
        let row = Row { time: now, wall: now, strategy: None, kind: RowKind::Event, body };
        event.row = journal.lock().unwrap().append(&[row], Durability::Flushed).unwrap().start;
        notifier.tell(&event);
        thread::sleep(Duration::from_millis(3));
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(notifier.stop());
}

/// A webhook that takes a while over each message, and is busy now and then.
fn serve() -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let taken = Taken::default();
    let kept = taken.clone();
    thread::spawn(move || {
        let mut draws = Xoshiro256PlusPlus::seed_from_u64(11);
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // A killed session leaves half a request behind.
            let Some((key, row)) = request(&mut stream) else { continue };
            thread::sleep(Duration::from_millis(draws.next_u64() % 6));
            let is_busy = draws.next_u64().is_multiple_of(200);
            let status = if is_busy { "503 Busy" } else { "200 OK" };
            if !is_busy {
                kept.lock().unwrap().push((key, row));
            }
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (address, taken)
}

fn request(stream: &mut TcpStream) -> Option<(String, u64)> {
    let mut text = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let count = stream.read(&mut part).ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&part[..count]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let pairs = head.lines().filter_map(|line| line.split_once(": "));
            pairs.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next().unwrap()
        };
        if body.len() >= header("content-length").parse().unwrap() {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            return Some((header("idempotency-key"), body["event"]["row"].as_u64().unwrap()));
        }
    }
}
