//! The kill switch of a session over real sockets: halts while orders leave as fast as the wire carries them.
//!
//! Not here: the procedure by itself (emergency::tests), the session. Times are measured and printed, not asserted: run
//! with `--nocapture` to see them.
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Runtime;

use super::{ApiKeys, DrillCount, DrillWire, EmergencyVenue, LoopbackAddr, Shutter, ShutterBar, provide_cryptography};
use crate::domain::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use crate::live::drill::own_market;
use crate::live::kill::{Acknowledgement, HaltProgress, Kill, KillError, KillOptions, sessions, wait_for};
use crate::risk::{HaltOrder, HaltedBy, LatchError, LatchEvent, LatchFile, ResumeOrder, Words};

/// Halts at full load; `ALPHAFLOW_KILL_TRIALS` sets another number.
const TRIALS: u64 = 500;
/// Nothing here takes so long; a test that hangs ends with it.
const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "rehearsal";

fn wall() -> Timestamp {
    crate::live::kill::wall()
}

fn keys() -> ApiKeys {
    ApiKeys::new(KEY.to_owned(), KEY.to_owned()).expect("keys")
}

fn order(flatten: bool) -> HaltOrder {
    HaltOrder { at: wall(), by: HaltedBy::Person(Words::fixed("ann")), reason: None, flatten }
}

fn resume(folder: &Path) {
    let by = HaltedBy::Person(Words::fixed("bob"));
    let order = ResumeOrder { at: wall(), by, reason: Words::fixed("checked") };
    // A halt whose command is still at work wins; once it is done, the resume is given again.
    until("the resume", || match LatchFile::new(folder).resume(order.clone()) {
        Ok(_) => true,
        Err(LatchError::Changed { .. }) => false,
        Err(error) => panic!("{error}"),
    });
}

/// Waits until a halt is in the document: as long as it is a note, its command is at work, and a halt wins over a resume.
fn settled(folder: &Path) {
    let document = LatchFile::new(folder).path();
    until("the document says so", || std::fs::read_to_string(&document).is_ok_and(|text| text.contains("latched")));
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// The built-in exchange in a morning session, and what a test asks of it.
struct Venue {
    server: Option<Server>,
    address: SocketAddr,
    client: reqwest::Client,
    runtime: Runtime,
}

impl Venue {
    fn new() -> Venue {
        provide_cryptography();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let mut venue = Venue {
            server: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            client: reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client"),
            runtime: runtime.expect("a runtime"),
        };
        venue.open();
        venue
    }

    /// Begins to listen, at the address it had if it had one.
    fn open(&mut self) {
        let options = ServerOptions {
            keys: Keys::new(KEY, KEY),
            pace: Pace::Step,
            faults: FaultPlan::default(),
            wall,
            drain_wait: ServerOptions::DRAIN_WAIT,
        };
        let (loaded, market) = own_market();
        let exchange = Exchange::new(&loaded, &market).expect("an exchange");
        let server = self.runtime.block_on(Server::start(exchange, self.address, options)).expect("a server");
        self.address = server.address();
        self.server = Some(server);
        self.step(30);
    }

    fn close(&mut self) {
        let server = self.server.take().expect("it listens");
        self.runtime.block_on(server.stop());
    }

    fn control(&self, what: &str, body: &serde_json::Value) {
        self.call(reqwest::Method::POST, &format!("/_control/{what}"), Some(body));
    }

    fn call(&self, method: reqwest::Method, path: &str, body: Option<&serde_json::Value>) -> String {
        let call = self.client.request(method, format!("http://{}{path}", self.address));
        let call = call.header("apca-api-key-id", KEY).header("apca-api-secret-key", KEY);
        let call = body.map_or_else(
            || call.try_clone().expect("no body"),
            |body| call.try_clone().expect("no body").body(body.to_string()),
        );
        self.runtime.block_on(async { call.send().await?.error_for_status()?.text().await }).expect("an answer")
    }

    fn step(&self, bars: u32) {
        self.control("step", &json!({ "bars": bars }));
    }

    fn look<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        self.runtime.block_on(self.server.as_ref().expect("it listens").look(look))
    }

    /// Orders that were ever taken since the last reset.
    fn orders(&self) -> u64 {
        self.look(|exchange| exchange.state()["counters"]["orders"].as_u64().expect("a count"))
    }

    fn open_orders(&self) -> usize {
        let text = self.call(reqwest::Method::GET, "/v2/orders?status=open&limit=500", None);
        serde_json::from_str::<Vec<serde_json::Value>>(&text).expect("a list").len()
    }

    fn buy(&self, symbol: &str, qty: u32, more: &serde_json::Value) {
        let mut order = json!({ "symbol": symbol, "side": "buy", "qty": qty.to_string(), "type": "market",
            "time_in_force": "day" });
        more.as_object().expect("fields").iter().for_each(|(name, value)| order[name] = value.clone());
        self.call(reqwest::Method::POST, "/v2/orders", Some(&order));
    }

    fn loopback(&self) -> LoopbackAddr {
        LoopbackAddr::new(self.address).expect("loopback")
    }
}

/// Carries bytes both ways until it is cut, and notes when the first cancel goes by.
struct Tap {
    address: SocketAddr,
    first_cancel: Arc<Mutex<Option<Instant>>>,
    /// Connections that stand; nothing where it is cut.
    line: Arc<Mutex<Option<Vec<Weak<TcpStream>>>>>,
}

impl Tap {
    fn new(to: SocketAddr) -> Tap {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (address, first_cancel) = (listener.local_addr().expect("address"), Arc::new(Mutex::new(None)));
        let (noted, line) = (Arc::clone(&first_cancel), Arc::new(Mutex::new(Some(Vec::new()))));
        let connections = Arc::clone(&line);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = Arc::new(client.expect("a connection"));
                let mut connections = connections.lock().expect("a line");
                let Some(standing) = connections.as_mut() else { continue };
                standing.retain(|socket: &Weak<TcpStream>| socket.strong_count() > 0);
                standing.push(Arc::downgrade(&client));
                let venue = Arc::new(TcpStream::connect(to).expect("the venue"));
                venue.set_nodelay(true).expect("a socket");
                client.set_nodelay(true).expect("a socket");
                let (from, into, noted) = (Arc::clone(&client), Arc::clone(&venue), Arc::clone(&noted));
                std::thread::spawn(move || pump(&from, &into, Some(&noted)));
                std::thread::spawn(move || pump(&venue, &client, None));
            }
        });
        Tap { address, first_cancel, line }
    }

    /// Every connection ends, and none begins.
    fn cut(&self) {
        let standing = self.line.lock().expect("a line").take().into_iter().flatten();
        let standing = standing.filter_map(|socket| socket.upgrade());
        standing.for_each(|socket| drop(socket.shutdown(std::net::Shutdown::Both)));
    }

    fn join(&self) {
        *self.line.lock().expect("a line") = Some(Vec::new());
    }
}

fn pump(mut from: &TcpStream, mut into: &TcpStream, note: Option<&Mutex<Option<Instant>>>) {
    let mut block = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut block) {
        if let Some(note) = note
            && block[..read].starts_with(b"DELETE ")
        {
            note.lock().expect("a note").get_or_insert_with(Instant::now);
        }
        if into.write_all(&block[..read]).is_err() {
            break;
        }
    }
    // The other way shares both sockets: without this neither end would see that the other has closed.
    for socket in [from, into] {
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }
}

/// A wire that is fed with orders that open, as many as it takes, on a thread of its own.
struct Load {
    shutter: Shutter,
    count: DrillCount,
    is_ended: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Load {
    fn new(address: LoopbackAddr) -> Load {
        let is_ended = Arc::new(AtomicBool::new(false));
        let (told, made) = std::sync::mpsc::channel();
        let ended = Arc::clone(&is_ended);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let symbols = ["AAA", "BBB", "CCC"].map(|symbol| symbol.parse().expect("a symbol")).to_vec();
                let mut wire = DrillWire::open(address, &keys(), symbols, "load").expect("a wire");
                told.send((wire.shutter(), wire.count())).expect("the test listens");
                while !ended.load(Ordering::Acquire) {
                    tokio::time::timeout(PATIENCE, wire.step()).await.expect("an answer");
                }
            });
        });
        let (shutter, count) = made.recv().expect("a wire");
        Load { shutter, count, is_ended, thread: Some(thread) }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Release);
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        assert!(std::thread::panicking() || ended.is_some_and(|ended| ended.is_ok()), "the load ran");
    }
}

fn kill(folder: &Path, address: SocketAddr, shutter: &Shutter) -> Result<Kill, KillError> {
    Kill::start(KillOptions {
        folder: folder.to_owned(),
        venue: EmergencyVenue::rehearsal(LoopbackAddr::new(address).expect("loopback")),
        keys: keys(),
        shutter: shutter.clone(),
        dead_man: None,
        closes_itself: None,
        clock: Arc::new(wall),
    })
}

fn acknowledged(folder: &Path, what: &str, is_enough: impl Fn(&Acknowledgement) -> bool) -> Acknowledgement {
    wait_for(folder, "rehearsal", PATIENCE, is_enough).unwrap_or_else(|| {
        let last = wait_for(folder, "rehearsal", Duration::ZERO, |_| true);
        panic!("{what}: {last:#?}")
    })
}

/// Median, 99th percentile and most, in microseconds.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |of_100: usize| times[(times.len() - 1) * of_100 / 100].as_micros();
    format!("median {} µs, p99 {} µs, most {} µs of {}", at(50), at(99), at(100), times.len())
}

/// After the acknowledgement of a halt no opening order reaches the exchange, however many were on their way.
#[test]
fn no_order_that_opens_follows_an_acknowledgement() {
    let trials = std::env::var("ALPHAFLOW_KILL_TRIALS").map_or(TRIALS, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("folder");
    let venue = Venue::new();
    let load = Load::new(venue.loopback());
    let tap = Tap::new(venue.address);
    let kill = kill(folder.path(), tap.address, &load.shutter).expect("a kill switch");
    let latch = LatchFile::new(folder.path());
    let [mut to_latch, mut to_disk, mut to_cancel, mut to_acknowledge] = [const { Vec::new() }; 4];
    for trial in 0..trials {
        let before = load.count.taken();
        until("orders leave", || load.count.taken() > before + 8);
        *tap.first_cancel.lock().expect("a note") = None;
        let (begun, begun_at) = (Instant::now(), wall());
        // Of another process, or of this one.
        if trial % 2 == 0 {
            let order = order(false);
            let noted = latch.note(&order).expect("latched");
            to_disk.push(begun.elapsed());
            latch.take_in(&order, &noted).expect("in the document");
            let done = acknowledged(folder.path(), "no acknowledgement", |done| done.is_clear == Some(true));
            to_latch.push(Duration::from_nanos((done.steps[0].time.ns() - begun_at.ns()).unsigned_abs()));
        } else {
            let done = kill.press(order(false));
            assert!(done.items.iter().all(|item| item.done || item.item == "venue"), "{done:?}");
        }
        to_acknowledge.push(begun.elapsed());
        let (count, held_back) = (venue.orders(), load.count.held_back());
        until("orders are held back", || load.count.held_back() > held_back + 30);
        assert_eq!(venue.orders(), count, "trial {trial}: an order came after the acknowledgement");
        let canceled = || *tap.first_cancel.lock().expect("a note");
        until("a cancel", || canceled().is_some());
        to_cancel.push(canceled().expect("noted") - begun);
        venue.control("reset", &json!({}));
        resume(folder.path());
        until("the shutter opens", || load.shutter.bar() == ShutterBar::Nothing);
    }
    println!("from command to closed shutter:  {}", spread(to_latch));
    println!("from command to halt on disk:    {}", spread(to_disk));
    println!("from command to first cancel:    {}", spread(to_cancel));
    println!("from command to acknowledgement: {}", spread(to_acknowledge));
}

/// A flatten under load: at the end the exchange holds nothing, and no order follows.
#[test]
fn a_flatten_leaves_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let venue = Venue::new();
    let stop = json!({ "order_class": "oto", "time_in_force": "gtc", "stop_loss": { "stop_price": "40" } });
    venue.buy("AAA", 30, &stop);
    venue.buy("BBB", 20, &json!({}));
    venue.step(1);
    let load = Load::new(venue.loopback());
    until("orders leave", || load.count.taken() > 30);
    let kill = kill(folder.path(), venue.address, &load.shutter).expect("a kill switch");
    let done = kill.press(order(true));
    assert!(done.taken && done.items[0].done && done.items[1].done, "{done:?}");
    let handle = kill.handle();
    let end = Instant::now() + PATIENCE;
    while handle.progress() != Some(HaltProgress::Done) {
        assert!(Instant::now() < end, "{:#?}", handle.steps());
        venue.step(1);
    }
    assert_eq!(venue.open_orders(), 0);
    assert_eq!(venue.look(|exchange| [0, 1, 2].map(|share| exchange.shares(share).units())), [0; 3]);
    let texts: Vec<String> = kill.steps().into_iter().map(|step| step.text).collect();
    for wanted in [
        "halted by ann; all positions are to be closed",
        "30 AAA: closed",
        "20 BBB: closed",
        "order to buy 1 BBB, limit: canceled",
        "order to sell 30 AAA, stop: canceled",
        "the venue shows no order and no position",
    ] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:#?}");
    }
    assert!(kill.steps().iter().all(|step| step.done), "{texts:#?}");
}

/// The venue is away when the halt comes, and comes back.
#[test]
fn an_unreachable_exchange_is_waited_for() {
    let folder = tempfile::tempdir().expect("folder");
    let mut venue = Venue::new();
    venue.close();
    let kill = kill(folder.path(), venue.address, &Shutter::new()).expect("a kill switch");
    assert!(kill.press(order(true)).items[1].done);
    until("it says so", || kill.steps().iter().any(|step| step.text.starts_with("the venue does not answer: ")));
    venue.open();
    venue.buy("CCC", 7, &json!({}));
    venue.step(1);
    let end = Instant::now() + PATIENCE;
    while kill.handle().progress() != Some(HaltProgress::Done) {
        assert!(Instant::now() < end, "{:#?}", kill.steps());
        venue.step(1);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(venue.look(|exchange| exchange.shares(2).is_zero()));
}

/// The venue is cut off when the first cancel has gone out, and comes back with everything that it had.
#[test]
fn an_exchange_that_is_cut_off_in_the_middle_is_waited_for() {
    let folder = tempfile::tempdir().expect("folder");
    let venue = Venue::new();
    let stop = json!({ "order_class": "oto", "time_in_force": "gtc", "stop_loss": { "stop_price": "40" } });
    venue.buy("AAA", 30, &stop);
    venue.buy("BBB", 20, &json!({}));
    venue.step(1);
    venue.buy("CCC", 1, &json!({ "type": "limit", "limit_price": "10" }));
    let (tap, shutter) = (Tap::new(venue.address), Shutter::new());
    let kill = kill(folder.path(), tap.address, &shutter).expect("a kill switch");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            until("a cancel", || tap.first_cancel.lock().expect("a note").is_some());
            tap.cut();
        });
        assert!(kill.press(order(true)).items[1].done);
    });
    until("it says so", || kill.steps().iter().any(|step| step.text.starts_with("the venue does not answer: ")));
    assert_eq!((shutter.bar(), kill.handle().progress()), (ShutterBar::Orders, Some(HaltProgress::Working)));
    tap.join();
    let end = Instant::now() + PATIENCE;
    while kill.handle().progress() != Some(HaltProgress::Done) {
        assert!(Instant::now() < end, "{:#?}", kill.steps());
        venue.step(1);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(venue.open_orders(), 0);
    assert_eq!(venue.look(|exchange| [0, 1, 2].map(|share| exchange.shares(share).units())), [0; 3]);
}

/// A life ends in the middle of a flatten; the next one finishes it, and a third has nothing left to do.
#[test]
fn the_next_life_finishes_a_flatten() {
    let folder = tempfile::tempdir().expect("folder");
    let venue = Venue::new();
    venue.buy("AAA", 10, &json!({}));
    venue.step(1);
    let first = kill(folder.path(), venue.address, &Shutter::new()).expect("a kill switch");
    assert!(matches!(kill(folder.path(), venue.address, &Shutter::new()), Err(KillError::Running { .. })));
    first.press(order(true));
    until("the exit is sent", || venue.open_orders() == 1);
    drop(first);
    let shutter = Shutter::new();
    let second = kill(folder.path(), venue.address, &shutter).expect("a kill switch");
    until("it goes on", || shutter.bar() == ShutterBar::Orders && second.handle().progress().is_some());
    acknowledged(folder.path(), "it sees the exit", |done| {
        done.steps.iter().any(|step| {
            step.text == "order to sell 10 AAA, market: the exit is at the venue"
                || step.text == "order to sell 10 AAA, market: the cancel is at the venue"
        })
    });
    let sent = venue.orders();
    venue.step(1);
    acknowledged(folder.path(), "it ends", |done| done.progress == HaltProgress::Done && done.is_clear == Some(true));
    assert!(venue.look(|exchange| exchange.shares(0).is_zero()));
    assert_eq!(venue.orders(), sent, "the exit of the first life was left where it was");
    drop(second);
    venue.buy("BBB", 5, &json!({}));
    venue.step(1);
    let shutter = Shutter::new();
    let third = kill(folder.path(), venue.address, &shutter).expect("a kill switch");
    until("it halts", || shutter.bar() == ShutterBar::Orders);
    acknowledged(folder.path(), "it is done", |done| done.progress == HaltProgress::Done);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(venue.orders(), sent + 1, "a finished flatten does not sell what a person bought since");
    resume(folder.path());
    until("it is over", || shutter.bar() == ShutterBar::Nothing && third.steps().is_empty());
    assert!(wait_for(folder.path(), "rehearsal", Duration::ZERO, |_| true).is_none());
}

/// Where nothing can be written, it halts and cancels all the same, and says what does not hold.
#[test]
fn a_folder_that_cannot_be_written_does_not_hold_it_up() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    let venue = Venue::new();
    venue.buy("AAA", 1, &json!({ "type": "limit", "limit_price": "10" }));
    let shutter = Shutter::new();
    let kill = kill(&state, venue.address, &shutter).expect("a kill switch");
    // Root may write anywhere: a file in the place of the folder stops everybody.
    std::fs::rename(&state, folder.path().join("elsewhere")).expect("moved");
    std::fs::write(&state, "a file").expect("written");
    let done = kill.press(order(false));
    assert!(done.taken && !done.items[0].done, "{done:?}");
    assert!(done.text.starts_with("Halted, but not on the disk ("), "{done:?}");
    assert_eq!(shutter.bar(), ShutterBar::Openings);
    until("it cancels", || venue.open_orders() == 0);
    until("it ends", || kill.handle().progress() == Some(HaltProgress::Done));
}

#[test]
fn a_file_or_a_missing_beat_halts() {
    let folder = tempfile::tempdir().expect("folder");
    let venue = Venue::new();
    let shutter = Shutter::new();
    let options = KillOptions {
        folder: folder.path().to_owned(),
        venue: EmergencyVenue::rehearsal(venue.loopback()),
        keys: keys(),
        shutter: shutter.clone(),
        dead_man: Some(Duration::from_millis(100)),
        closes_itself: None,
        clock: Arc::new(wall),
    };
    let kill = Kill::start(options).expect("a kill switch");
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(shutter.bar(), ShutterBar::Nothing, "it counts from the first beat on");
    kill.handle().beat();
    let by = |who: &'static str| move |done: &Acknowledgement| done.by.contains(who) && done.is_clear == Some(true);
    acknowledged(folder.path(), "no beat", by("the dead-man timer"));
    settled(folder.path());
    resume(folder.path());
    until("it is over", || shutter.bar() == ShutterBar::Nothing);
    std::fs::write(folder.path().join("STOP"), "").expect("written");
    acknowledged(folder.path(), "the file", by("the file STOP"));
    settled(folder.path());
    resume(folder.path());
    // As long as the file lies there, a resume does not help.
    until("it halts anew", || LatchFile::new(folder.path()).read(wall()).is_ok_and(|latch| latch.history().len() == 5));
    assert_eq!(sessions(folder.path()).len(), 1);
}

/// A resume that comes while somebody presses never leaves the wire open behind a halt that stands.
#[test]
fn a_resume_beside_a_press_opens_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let venue = Venue::new();
    let shutter = Shutter::new();
    let kill = kill(folder.path(), venue.address, &shutter).expect("a kill switch");
    let (latch, is_over) = (LatchFile::new(folder.path()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                resume(folder.path());
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        for _ in 0..150 {
            let order = order(false);
            kill.press(order.clone());
            let is_open = shutter.bar() == ShutterBar::Nothing;
            let history = latch.read(wall()).expect("whole").history().to_vec();
            let after = history.iter().skip_while(|event| !matches!(event, LatchEvent::Halt(own) if *own == order));
            let is_resumed = after.filter(|event| matches!(event, LatchEvent::Resume(_))).count() > 0;
            assert!(!is_open || is_resumed, "{history:?}");
        }
        is_over.store(true, Ordering::Release);
    });
    until("it opens in the end", || {
        resume(folder.path());
        shutter.bar() == ShutterBar::Nothing
    });
}
