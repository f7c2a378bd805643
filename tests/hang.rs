//! A session whose thread stands still in the middle of a flatten: the kill switch, on a thread of its own, finishes it.
//!
//! Not here: a kill switch without a session (execution::alpaca), a session that closes its positions itself (cli_trade).
//! The session is a whole one: driver, journal, wire. It stands still in the very call in which it tells of what it does.
#![allow(clippy::unwrap_used)]
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use alphaflow::domain::{Quantity, Timestamp};
use alphaflow::exchange::Exchange;
use alphaflow::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use alphaflow::execution::alpaca::history::HistoryClient;
use alphaflow::execution::alpaca::{ApiKeys, Feed, LoopbackAddr, Rehearsal, provide_cryptography};
use alphaflow::live::driver::{ActionsFrom, Driver, OnUnauthorised, People, Prepared, Setup, Venue, wall};
use alphaflow::live::journal::Journal;
use alphaflow::live::kill::{HaltProgress, wait_for};
use alphaflow::live::session::machine_of;
use alphaflow::live::{EventKind, SessionEvent, Snapshot};
use alphaflow::risk::{HaltOrder, HaltedBy, LatchFile, Words};
use alphaflow::scenario::{Style, effective_toml, load, load_market};
use alphaflow::strategy::BuiltIn;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

const KEY: &str = "rehearsal";
const PATIENCE: Duration = Duration::from_secs(60);
const MINUTES: i64 = 300;
const SCENARIO: &str = r#"
[scenario]
name = "hangs"
[data]
timeframe = "1m"
path = "{symbol}.csv"
symbols = ["AAA", "BBB"]
[account]
cash = "100000"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "equity_fraction"
value = "0.3"
[execution]
participation = "0.5"
[stop]
kind = "percent"
value = "0.2"
[risk]
max_daily_loss = "0.5"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 1000
max_order_notional = "1000000"
price_collar = "0.5"
on_daily_loss = "halt"
on_breach = "reject"
"#;

fn write_scenario(folder: &Path) -> PathBuf {
    for symbol in ["AAA", "BBB"] {
        let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
        let open: Timestamp = "2024-03-05T14:30:00Z".parse().unwrap();
        for minute in 0..MINUTES {
            let time = open.plus_ns(minute * 60 * Timestamp::NS_PER_SECOND);
            text += &format!("{time},100.00,100.05,99.95,100.00,200\n");
        }
        std::fs::write(folder.join(format!("{symbol}.csv")), text).unwrap();
    }
    let path = folder.join("hangs.toml");
    std::fs::write(&path, SCENARIO).unwrap();
    path
}

/// The exchange, which the test moves.
struct Market {
    server: Server,
    client: reqwest::Client,
    runtime: Runtime,
}

impl Market {
    fn start(scenario: &Path) -> Market {
        provide_cryptography();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let loaded = load(scenario, &[]).unwrap_or_else(|error| panic!("{}", error.render(&Style::PLAIN)));
        let exchange = Exchange::new(&loaded, &load_market(&loaded).unwrap()).unwrap();
        let options = ServerOptions {
            keys: Keys::new(KEY, KEY),
            pace: Pace::Step,
            faults: FaultPlan::none(),
            wall,
            // A session that stands still does not read what the exchange tells it.
            drain_wait: Duration::from_millis(200),
        };
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = runtime.block_on(Server::start(exchange, listen, options)).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(PATIENCE).build().unwrap();
        Market { server, client, runtime }
    }

    fn step(&self) {
        let url = format!("http://{}/_control/step", self.server.address());
        let request = self.client.post(url).header("apca-api-key-id", KEY).header("apca-api-secret-key", KEY);
        let request = request.body(json!({ "bars": 1 }).to_string());
        self.runtime.block_on(async { request.send().await?.error_for_status() }).unwrap();
    }

    fn look<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        self.runtime.block_on(self.server.look(look))
    }

    fn shares(&self) -> [Quantity; 2] {
        self.look(|exchange| [exchange.shares(0), exchange.shares(1)])
    }

    fn open_orders(&self) -> Vec<Value> {
        self.look(|exchange| exchange.open_state()["orders"].as_array().unwrap().clone())
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What a session has come to.
#[derive(Clone, Default)]
struct Shown {
    is_ready: Arc<AtomicBool>,
    stands: Arc<AtomicBool>,
}

/// A session on a thread of its own that stands still for good at the `nth` thing it tells after the halt.
fn session(scenario: PathBuf, state: PathBuf, address: SocketAddr, nth: usize) -> Shown {
    let shown = Shown::default();
    let Shown { is_ready, stands } = shown.clone();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let loaded = load(&scenario, &[]).unwrap();
        let mode = Rehearsal(LoopbackAddr::new(address).unwrap());
        let keys = ApiKeys::new(KEY.to_owned(), KEY.to_owned()).unwrap();
        let ((_commander, commands), (_signer, logins)) = (mpsc::channel(1), mpsc::channel(1));
        let mut since_halt = None;
        let tell = move |event: &SessionEvent| {
            is_ready.fetch_or(event.text.contains("streams are ready"), Ordering::AcqRel);
            if matches!(event.kind, EventKind::Halt | EventKind::Kill) {
                since_halt.get_or_insert(0);
            }
            if let Some(told) = &mut since_halt {
                *told += 1;
                if *told > nth {
                    stands.store(true, Ordering::Release);
                    loop {
                        thread::park();
                    }
                }
            }
        };
        let setup = Setup {
            history: Arc::new(HistoryClient::rehearsal(Rehearsal(mode.0), &keys, wall).unwrap()),
            mode,
            keys,
            feed: Feed::Iex,
            journal: Arc::new(Mutex::new(Journal::open(&state.join("rehearsal/journal.db")).unwrap())),
            state,
            scenarios: vec![Prepared { effective: effective_toml(&loaded.spec), loaded, actions: Vec::new() }],
            venue: Venue::Exchange { speed: 6_000 },
            actions: ActionsFrom::Scenario,
            speed_text: "stepped".to_owned(),
            is_new_account: false,
            on_unauthorised: OnUnauthorised::Report,
            dead_man: None,
            health: Box::new(Vec::new),
            people: People { commands, logins },
            snapshots: watch::channel(Arc::new(Snapshot::before("rehearsal"))).0,
            tell: Box::new(tell),
        };
        runtime.block_on(async {
            let build = |prepared: &Prepared, terms| machine_of(&BuiltIn, &prepared.loaded, None, &terms);
            let mut driver = Driver::open(setup, build).await.unwrap();
            driver.run(None).await.unwrap();
        });
    });
    shown
}

/// `nth`: where it stands still. 0: when it has heard of the halt, and decided, and sent nothing.
fn play(nth: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, state) = (write_scenario(folder.path()), folder.path().join("state"));
    let market = Market::start(&scenario);
    let shown = session(scenario, state.clone(), market.server.address(), nth);
    // What it is shown before that counts as warm-up, and the strategy buys once.
    until("it is ready", || shown.is_ready.load(Ordering::Acquire));
    until("it buys both shares and stops protect them", || {
        market.step();
        let stops = market.open_orders().iter().filter(|order| order["type"] == "stop").count();
        market.shares().iter().all(|shares| !shares.is_zero()) && stops == 2
    });
    let by = HaltedBy::Person(Words::fixed("ann"));
    LatchFile::new(&state).halt(&HaltOrder { at: wall(), by, reason: None, flatten: true }).unwrap();
    let mut minutes = 0;
    until("the session stands still", || {
        // Exits fill in parts, a minute at a time.
        if minutes % 10 == 9 {
            market.step();
        }
        minutes += 1;
        shown.stands.load(Ordering::Acquire)
    });
    until("the kill switch finishes the flatten", || {
        market.step();
        wait_for(&state, "rehearsal", Duration::ZERO, |done| done.progress == HaltProgress::Done).is_some()
    });
    assert_eq!(market.shares(), [Quantity::ZERO; 2], "it stood still at {nth}");
    assert_eq!(market.open_orders(), Vec::<Value>::new(), "it stood still at {nth}");
}

#[test]
fn a_session_that_stands_still_in_a_flatten_is_flattened_for_it() {
    let plays: Vec<_> = (0..4).map(|nth| (nth, thread::spawn(move || play(nth)))).collect();
    for (nth, play) in plays {
        assert!(play.join().is_ok(), "it stood still at {nth}");
    }
}
