//! A session that is started again: on another account, with other settings, without one of its scenarios, on a journal
//! that somebody changed.
//!
//! Not here: a crash in the middle of something (crash), what a restart reads (session).
#![allow(clippy::unwrap_used)]
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use alphaflow::exchange::Exchange;
use alphaflow::exchange::server::Pace;
use alphaflow::execution::alpaca::history::HistoryClient;
use alphaflow::execution::alpaca::{ApiKeys, Feed, Rehearsal};
use alphaflow::live::driver::{
    ActionsFrom, Driver, DriverError, Embedded, OnUnauthorised, People, Prepared, Setup, Venue, wall,
};
use alphaflow::live::journal::{Journal, JournalReader};
use alphaflow::live::session::{Outcome, machine_of, replay_sessions};
use alphaflow::live::{Asked, Command, EventKind, SessionEvent, Severity, Snapshot};
use alphaflow::scenario::{Style, effective_toml, load, load_market};
use alphaflow::strategy::BuiltIn;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot, watch};

/// Shares are bought once, with a stop a twentieth below; what falls by a tenth is more than any limit on losses allows.
const SCENARIO: &str = r#"
[scenario]
name = "NAME"
[data]
timeframe = "1m"
path = "{symbol}.csv"
symbols = [SYMBOLS]
[account]
cash = "100000"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "equity_fraction"
value = "0.4"
[execution]
participation = "1"
[stop]
kind = "percent"
value = "0.05"
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

/// Times as fast as the wall's clock.
const SPEED: u32 = 60;
/// Minutes at 100, then at 90.
const MINUTES: i64 = 300;
const FALLS_AT: i64 = 10;

/// A folder with scenarios `first` of AAA and `second` of BBB, `both` for their exchange, and its state.
struct World {
    folder: TempDir,
    exchange: Embedded,
}

/// What a session told, and its driver's last snapshot.
struct Told {
    events: Vec<SessionEvent>,
    last: Arc<Snapshot>,
}

impl Told {
    fn has(&self, text: &str) -> bool {
        self.events.iter().any(|event| event.text.contains(text))
    }

    fn texts(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.text.as_str()).collect()
    }
}

/// How a session is started, and when it is told to stop: as soon as it tells something with that text.
struct Start<'a> {
    scenarios: &'a [&'a str],
    set: &'a [&'a str],
    /// Asked for when the text before it is told.
    then: Vec<(&'a str, Command)>,
}

impl<'a> Start<'a> {
    fn of(scenarios: &'a [&'a str], set: &'a [&'a str], until: &'a str) -> Start<'a> {
        Start { scenarios, set, then: vec![(until, Command::Stop)] }
    }
}

async fn exchange(folder: &Path, name: &str) -> Embedded {
    let loaded = load(&folder.join("both.toml"), &[format!("scenario.name={name}")]);
    let loaded = loaded.unwrap_or_else(|error| panic!("{}", error.render(&Style::PLAIN)));
    Embedded::start(Exchange::new(&loaded, &load_market(&loaded).unwrap()).unwrap(), Pace::Times(SPEED)).await.unwrap()
}

impl World {
    async fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        for symbol in ["AAA", "BBB"] {
            let open: alphaflow::domain::Timestamp = "2024-03-05T14:30:00Z".parse().unwrap();
            let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
            for minute in 0..MINUTES {
                let (time, price) = (open.plus_ns(minute * 60_000_000_000), if minute < FALLS_AT { 100 } else { 90 });
                text += &format!("{time},{price},{price},{price},{price},100000\n");
            }
            std::fs::write(folder.path().join(format!("{symbol}.csv")), text).unwrap();
        }
        for (name, symbols) in [("first", "\"AAA\""), ("second", "\"BBB\""), ("both", "\"AAA\", \"BBB\"")] {
            let text = SCENARIO.replace("NAME", name).replace("SYMBOLS", symbols);
            std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let exchange = exchange(folder.path(), "both").await;
        World { folder, exchange }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("state/rehearsal/journal.db")
    }

    fn rows(&self) -> u64 {
        JournalReader::open(&self.journal()).unwrap().audit(None).unwrap().rows
    }

    async fn session(&self, start: Start<'_>) -> Result<Told, DriverError> {
        self.session_on(&self.exchange, start).await
    }

    async fn refused(&self, start: Start<'_>) -> String {
        let (rows, updates) = (self.rows(), self.exchange.look(Exchange::updates).await);
        let error = self.session(start).await.err().expect("a refusal").to_string();
        assert_eq!((self.rows(), self.exchange.look(Exchange::updates).await), (rows, updates), "{error}");
        error
    }

    async fn session_on(&self, exchange: &Embedded, start: Start<'_>) -> Result<Told, DriverError> {
        let overrides: Vec<String> = start.set.iter().map(|&text| text.to_owned()).collect();
        let prepared = |name: &&str| {
            let loaded = load(&self.folder.path().join(format!("{name}.toml")), &overrides).unwrap();
            Prepared { effective: effective_toml(&loaded.spec), loaded, actions: Vec::new() }
        };
        let mode: Rehearsal = exchange.mode().unwrap();
        let keys = || ApiKeys::new(Embedded::key().to_owned(), Embedded::key().to_owned()).unwrap();
        let ((commander, commands), (_signer, logins)) = (mpsc::channel(8), mpsc::channel(1));
        let (snapshots, page) = watch::channel(Arc::new(Snapshot::before("rehearsal")));
        let events = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&events);
        let mut then =
            start.then.iter().map(|(text, command)| ((*text).to_owned(), command.clone())).collect::<Vec<_>>();
        let setup = Setup {
            mode,
            keys: keys(),
            feed: Feed::Iex,
            history: Arc::new(HistoryClient::rehearsal(mode, &keys(), wall).unwrap()),
            journal: Arc::new(Mutex::new(
                Journal::open(&self.journal()).map_err(|error| DriverError::Venue(error.to_string()))?,
            )),
            state: self.folder.path().join("state"),
            scenarios: start.scenarios.iter().map(prepared).collect(),
            venue: Venue::Exchange { speed: SPEED },
            actions: ActionsFrom::Scenario,
            speed_text: String::new(),
            is_new_account: false,
            on_unauthorised: OnUnauthorised::Halt,
            dead_man: None,
            health: Box::new(Vec::new),
            people: People { commands, logins },
            snapshots,
            tell: Box::new(move |event| {
                telling.lock().unwrap().push(event.clone());
                if then.first().is_some_and(|(text, _)| event.text.contains(text.as_str())) {
                    let asked = Asked { command: then.remove(0).1, by: "ann".to_owned() };
                    commander.try_send((asked, oneshot::channel().0)).unwrap();
                }
            }),
        };
        let build = |prepared: &Prepared, terms| machine_of(&BuiltIn, &prepared.loaded, None, &terms);
        let mut driver = Driver::open(setup, build).await?;
        driver.run(Some(exchange)).await?;
        let (events, last) = (events.lock().unwrap().clone(), page.borrow().clone());
        Ok(Told { events, last })
    }

    /// Every session of the journal comes out of it to the byte.
    fn replays(&self) -> usize {
        let mut all = Vec::new();
        replay_sessions(&BuiltIn, &JournalReader::open(&self.journal()).unwrap(), |found| all.push(found)).unwrap();
        assert!(all.iter().all(|found| matches!(found.outcome, Outcome::Same { .. })), "{all:#?}");
        all.len()
    }
}

/// Orders and stops of a book are at the account it was begun on; another one holds shares of somebody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_trades_on_its_own_account_alone() {
    let world = World::new().await;
    let held = world.session(Start::of(&["first"], &[], "Stop of AAA stands")).await.unwrap();
    assert_eq!(held.last.positions.len(), 1, "{:?}", held.texts());
    let other = exchange(world.folder.path(), "other").await;
    for scenario in ["first", "second"] {
        let (rows, updates) = (world.rows(), other.look(Exchange::updates).await);
        let error = world.session_on(&other, Start::of(&[scenario], &[], "Bought")).await.err().unwrap().to_string();
        assert!(error.contains("this journal belongs to the account that ends in "), "{error}");
        assert!(error.contains("another --state folder, or put the keys of the journal's account back"), "{error}");
        assert_eq!((world.rows(), other.look(Exchange::updates).await), (rows, updates), "{error}");
    }
    let again = world.session(Start::of(&["first"], &[], "The session begins")).await.unwrap();
    assert!(!again.has("A new book begins"), "{:?}", again.texts());
    assert_eq!(world.replays(), 1);
}

/// A limit that halts is lifted by what lifts it, and by no setting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_settings_lift_no_halt() {
    let drawdown = ["risk.max_drawdown=0.01"];
    let world = World::new().await;
    let fallen = world.session(Start::of(&["first"], &drawdown, "Halted by drawdown")).await.unwrap();
    assert!(fallen.has("Halted by drawdown"), "{:?}", fallen.texts());
    let seed = [drawdown[0], "scenario.seed=2"];
    let error = world.refused(Start::of(&["first"], &seed, "begins")).await;
    assert!(error.starts_with("first: halted by drawdown since "), "{error}");
    assert!(error.contains("(scenario.seed was 1 and is 2)") && error.contains("resume it with a reason"), "{error}");
    // What `.env` may cap is no part of what the book is: it goes on, and is halted.
    let stricter = [drawdown[0], "risk.max_daily_loss=0.4"];
    let still = world.session(Start::of(&["first"], &stricter, "Limits of first have changed")).await.unwrap();
    assert!(still.has("max_daily_loss was 0.5 and is 0.4. Its book goes on."), "{:?}", still.texts());
    assert!(!still.last.strategies[0].is_on, "{:?}", still.texts());
    // A person resumes it as it is, and may change it then.
    let resume = Command::Resume { reason: "looked at".to_owned() };
    let then = vec![("The session begins", resume), ("esumed", Command::Stop)];
    let resumed = world.session(Start { then, ..Start::of(&["first"], &stricter, "") }).await.unwrap();
    assert!(!resumed.has("Limits of first have changed"), "{:?}", resumed.texts());
    let changed = [&stricter[..], &["scenario.seed=2"]].concat();
    let anew = world.session(Start::of(&["first"], &changed, "The session begins")).await.unwrap();
    assert!(anew.has("A new book begins for first: scenario.seed was 1 and is 2."), "{:?}", anew.texts());
    assert_eq!(world.replays(), 2);
}

/// A daily loss ends with the next session, and a changed scenario may begin then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daily_loss_of_today_outlives_changed_settings() {
    let loss = ["risk.max_daily_loss=0.01"];
    let world = World::new().await;
    world.session(Start::of(&["first"], &loss, "Halted by daily loss")).await.unwrap();
    let error = world.refused(Start::of(&["first"], &["risk.max_daily_loss=0.01", "scenario.seed=2"], "begins")).await;
    assert!(error.starts_with("first: halted by daily loss since "), "{error}");
    assert!(error.contains("start it changed after the session of 2024-03-06T14:30:00Z has opened"), "{error}");
    // A wider limit does not lift it either.
    let wider = world.session(Start::of(&["first"], &["risk.max_daily_loss=0.5"], "Limits of first")).await.unwrap();
    assert!(!wider.last.strategies[0].is_on, "{:?}", wider.texts());
    assert_eq!(world.replays(), 1);
}

/// Whoever changed what must be put back is told which keys those are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_book_says_what_was_changed() {
    let world = World::new().await;
    world.session(Start::of(&["first"], &[], "Stop of AAA stands")).await.unwrap();
    let error = world.refused(Start::of(&["first"], &["stop.value=0.1", "scenario.seed=7"], "begins")).await;
    let wanted = "first: the scenario was changed (scenario.seed was 1 and is 7, stop.value was \"0.05\" and is \"0.1\") while a \
                  position or an order of its book is open; start it as it was and flatten it first";
    assert_eq!(error, wanted);
    // With a position open, a limit of the account may be made stricter all the same.
    let stricter = ["risk.max_position_size=0.5"];
    let told = world.session(Start::of(&["first"], &stricter, "Limits of first have changed")).await.unwrap();
    assert_eq!(told.last.positions.len(), 1);
    assert_eq!(world.replays(), 1);
}

/// Shares of a scenario that was left out are known to be its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_left_out_is_no_stranger() {
    let world = World::new().await;
    let both = world.session(Start::of(&["first", "second"], &[], "Stop of BBB stands")).await.unwrap();
    assert!(both.has("Stop of AAA stands"), "{:?}", both.texts());
    // It is compared as soon as the streams are ready, and ends long after.
    let told = world.session(Start::of(&["first"], &[], "Sold")).await.unwrap();
    let wanted = "Scenario second, which is not running, holds 400 shares of BBB, and its orders rest at the venue. Nobody \
                  manages them now; name its scenario beside the others to go on with it.";
    let said: Vec<&SessionEvent> = told.events.iter().filter(|event| event.text.contains("BBB")).collect();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!((said[0].text.as_str(), said[0].severity), (wanted, Severity::Warning));
    let is_bad = |event: &&SessionEvent| event.kind == EventKind::Unauthorised || event.severity == Severity::Critical;
    let bad: Vec<&SessionEvent> = told.events.iter().filter(is_bad).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}
