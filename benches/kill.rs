//! From a halt to its effects, while orders leave as fast as the wire carries them: medians and 99th percentiles.
//!
//! Input: the drill's market on the built-in exchange in this process, a wire that is fed orders without a pause, the kill
//! switch of a session, 200 halts of another process and 200 of the session's own. Wanted: latch within 5 ms, first cancel
//! on the wire within 50 ms. Yardstick: one fsync of a new file in the same folder, measured between the halts, because
//! no halt can be on the disk sooner.
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alphaflow::domain::Timestamp;
use alphaflow::exchange::Exchange;
use alphaflow::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use alphaflow::execution::alpaca::{
    ApiKeys, DrillCount, DrillWire, EmergencyVenue, LoopbackAddr, Shutter, ShutterBar, provide_cryptography,
};
use alphaflow::live::drill::own_market;
use alphaflow::live::driver::wall;
use alphaflow::live::kill::{Kill, KillOptions, wait_for};
use alphaflow::risk::{HaltOrder, HaltedBy, LatchError, LatchFile, ResumeOrder, Words};
use tokio::runtime::Runtime;

const KEY: &str = "rehearsal";
const HALTS: usize = 400;
const PATIENCE: Duration = Duration::from_secs(60);
/// Bars of the morning that have passed.
const BARS: usize = 30;

fn keys() -> ApiKeys {
    ApiKeys::new(KEY.to_owned(), KEY.to_owned()).expect("keys")
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// The exchange, and a client that moves it.
struct Venue {
    server: Server,
    client: reqwest::Client,
    runtime: Runtime,
}

impl Venue {
    fn start() -> Venue {
        provide_cryptography();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (loaded, market) = own_market();
        let mut exchange = Exchange::new(&loaded, &market).expect("an exchange");
        exchange.step(BARS);
        let (keys, faults) = (Keys::new(KEY, KEY), FaultPlan::none());
        let options = ServerOptions { keys, pace: Pace::Step, faults, wall, drain_wait: ServerOptions::DRAIN_WAIT };
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = runtime.block_on(Server::start(exchange, listen, options)).expect("a server");
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        Venue { server, client, runtime }
    }

    /// Forgets the orders of the last halt: the list of them would grow for as long as this runs.
    fn reset(&self) {
        for (what, body) in [("reset", "{}".to_owned()), ("step", format!("{{\"bars\": {BARS}}}"))] {
            let call = self.client.post(format!("http://{}/_control/{what}", self.server.address()));
            let call = call.header("apca-api-key-id", KEY).header("apca-api-secret-key", KEY).body(body);
            self.runtime.block_on(async { call.send().await?.error_for_status() }).expect("an answer");
        }
    }
}

/// Carries bytes both ways, and notes when the first cancel goes by.
struct Tap {
    address: SocketAddr,
    first_cancel: Arc<Mutex<Option<Instant>>>,
}

impl Tap {
    fn new(to: SocketAddr) -> Tap {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (address, first_cancel) = (listener.local_addr().expect("address"), Arc::new(Mutex::new(None)));
        let noted = Arc::clone(&first_cancel);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, venue) = (client.expect("a connection"), TcpStream::connect(to).expect("the venue"));
                [&client, &venue].into_iter().for_each(|socket| socket.set_nodelay(true).expect("a socket"));
                let (from, into) = (client.try_clone().expect("a socket"), venue.try_clone().expect("a socket"));
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || pump(from, into, Some(&noted)));
                std::thread::spawn(move || pump(venue, client, None));
            }
        });
        Tap { address, first_cancel }
    }
}

fn pump(mut from: TcpStream, mut into: TcpStream, note: Option<&Mutex<Option<Instant>>>) {
    let mut block = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut block) {
        if let Some(note) = note.filter(|_| block[..read].starts_with(b"DELETE ")) {
            note.lock().expect("a note").get_or_insert_with(Instant::now);
        }
        if into.write_all(&block[..read]).is_err() {
            break;
        }
    }
    // The other way shares both sockets: without this neither end would see that the other has closed.
    for socket in [from, into] {
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// Orders that open, as many as the wire takes, from a thread of their own.
fn load(address: LoopbackAddr, is_over: Arc<AtomicBool>) -> (Shutter, DrillCount, std::thread::JoinHandle<()>) {
    let (told, made) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let symbols = ["AAA", "BBB", "CCC"].map(|symbol| symbol.parse().expect("a symbol")).to_vec();
            let mut wire = DrillWire::open(address, &keys(), symbols, "load").expect("a wire");
            told.send((wire.shutter(), wire.count())).expect("the bench listens");
            while !is_over.load(Ordering::Acquire) {
                tokio::time::timeout(PATIENCE, wire.step()).await.expect("an answer");
            }
        });
    });
    let (shutter, count) = made.recv().expect("a wire");
    (shutter, count, thread)
}

/// The moment at which the shutter is seen closed.
fn closed(shutter: Shutter) -> std::thread::JoinHandle<Instant> {
    std::thread::spawn(move || {
        until("the shutter closes", || {
            std::thread::sleep(Duration::from_micros(10));
            shutter.bar() != ShutterBar::Nothing
        });
        Instant::now()
    })
}

/// A new file of the length of a note, and its fsync.
fn bare_fsync(folder: &Path) -> Duration {
    let path = folder.join("yardstick");
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).expect("a file");
    file.write_all(&[b'x'; 200]).expect("written");
    let begun = Instant::now();
    file.sync_all().expect("on the disk");
    let took = begun.elapsed();
    std::fs::remove_file(&path).expect("removed");
    File::open(folder).and_then(|folder| folder.sync_all()).expect("on the disk");
    took
}

fn resume(folder: &Path) {
    let by = HaltedBy::Person(Words::fixed("bob"));
    let order = ResumeOrder { at: wall(), by, reason: Words::fixed("checked") };
    until("the resume", || match LatchFile::new(folder).resume(order.clone()) {
        Ok(_) => true,
        Err(LatchError::Changed { .. }) => false,
        Err(error) => panic!("{error}"),
    });
}

/// Times of one kind.
struct Times(&'static str, Vec<Duration>);

impl Times {
    fn print(&mut self) {
        let Times(name, times) = self;
        times.sort_unstable();
        let at = |of_100: usize| times[(times.len() - 1) * of_100 / 100].as_secs_f64() * 1e3;
        println!("{name:<58} median {:8.3} ms   p99 {:8.3} ms   of {}", at(50), at(99), times.len());
    }
}

fn main() {
    let (folder, is_over) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicBool::new(false)));
    let folder = folder.path();
    let venue = Venue::start();
    let (shutter, count, thread) =
        load(LoopbackAddr::new(venue.server.address()).expect("loopback"), Arc::clone(&is_over));
    let tap = Tap::new(venue.server.address());
    let clock: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(wall);
    let kill = Kill::start(KillOptions {
        folder: folder.to_owned(),
        venue: EmergencyVenue::rehearsal(LoopbackAddr::new(tap.address).expect("loopback")),
        keys: keys(),
        shutter: shutter.clone(),
        dead_man: None,
        closes_itself: None,
        clock,
    });
    let (kill, latch) = (kill.expect("a kill switch"), LatchFile::new(folder));
    let mut yardstick = Times("one fsync of a new file on this disk", Vec::new());
    let mut other = [
        "halt of another process: shutter closed",
        "halt of another process: on the disk, holds",
        "halt of another process: first cancel on the wire",
        "halt of another process: acknowledged by the session",
    ]
    .map(|name| Times(name, Vec::new()));
    let mut own = [
        "halt of the session: shutter closed",
        "halt of the session: first cancel on the wire",
        "halt of the session: acknowledged",
    ]
    .map(|name| Times(name, Vec::new()));
    for halt in 0..HALTS {
        let before = count.taken();
        until("orders leave", || count.taken() > before + 8);
        yardstick.1.push(bare_fsync(folder));
        *tap.first_cancel.lock().expect("a note") = None;
        let watching = closed(shutter.clone());
        let order = HaltOrder { at: wall(), by: HaltedBy::Person(Words::fixed("ann")), reason: None, flatten: false };
        let begun = Instant::now();
        let (is_other, mut times) = (halt % 2 == 0, Vec::new());
        if is_other {
            let noted = latch.note(&order).expect("latched");
            times.push(begun.elapsed());
            latch.take_in(&order, &noted).expect("in the document");
            let done = wait_for(folder, "rehearsal", PATIENCE, |done| done.is_clear == Some(true));
            assert!(done.is_some(), "no acknowledgement");
        } else {
            kill.press(order);
        }
        let acknowledged = begun.elapsed();
        times.insert(0, watching.join().expect("seen") - begun);
        let canceled = || *tap.first_cancel.lock().expect("a note");
        until("a cancel", || canceled().is_some());
        times.extend([canceled().expect("noted") - begun, acknowledged]);
        let kinds: &mut [Times] = if is_other { &mut other } else { &mut own };
        kinds.iter_mut().zip(times).for_each(|(kind, time)| kind.1.push(time));
        venue.reset();
        resume(folder);
        until("the shutter opens", || shutter.bar() == ShutterBar::Nothing);
    }
    is_over.store(true, Ordering::Release);
    thread.join().expect("the load ran");
    yardstick.print();
    other.iter_mut().chain(&mut own).for_each(Times::print);
}
