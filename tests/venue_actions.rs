//! Splits and dividends that only the venue tells: a session that learns of them there trades as one that knew them.
use std::path::Path;
use std::sync::{Arc, Mutex};

use alphaflow::domain::Timestamp;
use alphaflow::exchange::Exchange;
use alphaflow::exchange::server::Pace;
use alphaflow::execution::alpaca::history::HistoryClient;
use alphaflow::execution::alpaca::{ApiKeys, Feed, Rehearsal, TradingMode, VenueReader};
use alphaflow::live::Snapshot;
use alphaflow::live::driver::{ActionsFrom, Driver, Embedded, OnUnauthorised, People, Prepared, Setup, Venue, wall};
use alphaflow::live::journal::Journal;
use alphaflow::live::session::machine_of;
use alphaflow::scenario::{effective_toml, load, load_market};
use alphaflow::strategy::BuiltIn;
use tokio::sync::{mpsc, watch};

/// 20 shares are bought on the second day, with a stop a tenth below; a dividend on the fourth, a split on the sixth, a reverse
/// split on the eighth.
const SCENARIO: &str = r#"
[scenario]
name = "actions"
[data]
timeframe = "1d"
path = "{symbol}.csv"
symbols = ["AAA"]
corporate_actions = "actions.csv"
[account]
cash = "100000"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = "20"
[execution]
participation = "1"
[stop]
kind = "percent"
value = "0.1"
[risk]
max_daily_loss = "0.9"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 1000
max_order_notional = "1000000"
price_collar = "0.9"
on_daily_loss = "halt"
on_breach = "reject"
"#;

const BARS: &str = "timestamp,open,high,low,close,volume
2024-03-04,100,101,99,100,100000
2024-03-05,100,101,99,100,100000
2024-03-06,100,101,99,101,100000
2024-03-07,101,102,100,101,100000
2024-03-08,101,102,100,102,100000
2024-03-11,51,52,50,51,200000
2024-03-12,51,52,50,51,200000
2024-03-13,204,206,202,204,50000
2024-03-14,204,206,202,205,50000
2024-03-15,205,206,203,204,50000
";

const ACTIONS: &str = "symbol,ex_date,kind,ratio_or_amount
AAA,2024-03-07,dividend,0.50
AAA,2024-03-11,split,2
AAA,2024-03-13,split,0.25
";

/// What a session comes to: its fills, its shares, its cash, and the sentences that are told.
#[derive(Debug, PartialEq)]
struct Outcome {
    fingerprint: String,
    held: String,
    venue: Vec<(String, String)>,
    stop: Vec<String>,
    cash: String,
    told: Vec<String>,
}

async fn session(folder: &Path, actions: ActionsFrom) -> Outcome {
    let loaded = load(&folder.join("actions.toml"), &[]).expect("a scenario");
    let market = load_market(&loaded).expect("data");
    let exchange = Exchange::new(&loaded, &market).expect("an exchange");
    let embedded = Embedded::start(exchange, Pace::Step).await.expect("it serves");
    let mode: Rehearsal = embedded.mode().expect("loopback");
    let keys = || ApiKeys::new(Embedded::key().to_owned(), Embedded::key().to_owned()).expect("keys");
    let state = tempfile::tempdir().expect("folder");
    let journal = Journal::open(&state.path().join("journal.db")).expect("a journal");
    let (_commander, commands) = mpsc::channel(1);
    let (_signer, logins) = mpsc::channel(1);
    let (snapshots, page) = watch::channel(Arc::new(Snapshot::before(Rehearsal::NAME)));
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let known = if actions == ActionsFrom::Scenario { market.actions.clone() } else { Vec::new() };
    let effective = effective_toml(&loaded.spec);
    let setup = Setup {
        mode,
        keys: keys(),
        feed: Feed::Iex,
        history: Arc::new(HistoryClient::rehearsal(mode, &keys(), wall).expect("a client")),
        journal: Arc::new(Mutex::new(journal)),
        state: state.path().to_owned(),
        scenarios: vec![Prepared { loaded, effective, actions: known }],
        venue: Venue::Stepped,
        actions,
        speed_text: String::new(),
        is_new_account: true,
        on_unauthorised: OnUnauthorised::Halt,
        dead_man: None,
        health: Box::new(Vec::new),
        people: People { commands, logins },
        snapshots,
        tell: Box::new(move |event| telling.lock().expect("one thread").push(event.clone())),
    };
    let build = |prepared: &Prepared, terms| machine_of(&BuiltIn, &prepared.loaded, None, &terms);
    let mut driver = Driver::open(setup, build).await.expect("a session");
    driver.run_stepped(&embedded).await.expect("to the end of the data");
    let reader = VenueReader::new(&mode, &keys()).expect("a reader");
    let positions = reader.positions().await.expect("positions");
    let state = embedded.look(|exchange| exchange.shares(0)).await;
    let snapshot = page.borrow().clone();
    let position = &snapshot.positions[0];
    let told = told.lock().expect("one thread").clone();
    let bad = told.iter().filter(|event| format!("{:?}", event.severity) == "Critical");
    assert_eq!(bad.map(|event| event.text.clone()).collect::<Vec<_>>(), Vec::<String>::new());
    let is_cash = |text: &&String| text.contains("AAA") && (text.contains("split") || text.contains("ividend"));
    let outcome = Outcome {
        fingerprint: driver.fingerprints()[0].2.clone(),
        held: state.to_string(),
        venue: positions.into_iter().map(|(symbol, shares)| (symbol, shares.to_string())).collect(),
        stop: position.stop.iter().map(ToString::to_string).collect(),
        cash: reader.account().await.expect("an account").cash.to_string(),
        told: told.iter().map(|event| event.text.clone()).collect::<Vec<_>>().iter().filter(is_cash).cloned().collect(),
    };
    assert_eq!(position.shares.to_string(), outcome.held, "books and account tie");
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_venue_tells_is_as_good_as_the_file() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text) in [("actions.toml", SCENARIO), ("AAA.csv", BARS), ("actions.csv", ACTIONS)] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let known = session(folder.path(), ActionsFrom::Scenario).await;
    let told = session(folder.path(), ActionsFrom::Venue).await;
    // 20 shares became 40, and those 10; the stop at 90 became 45, and that 180.
    assert_eq!((known.held.as_str(), known.stop.as_slice()), ("10", ["180".to_owned()].as_slice()));
    assert_eq!(told.venue, [("AAA".to_owned(), "10".to_owned())]);
    assert_eq!(
        (&told.fingerprint, &told.held, &told.stop, &told.cash),
        (&known.fingerprint, &known.held, &known.stop, &known.cash)
    );
    assert_eq!(
        told.told,
        [
            "Dividend of AAA: +$10.00.",
            "AAA was split, 2 new for each old: 40 shares at 51.00 now. Its stops move with it.",
            "AAA was split, 0.25 new for each old: 10 shares at 204.00 now. Its stops move with it."
        ]
    );
    assert_eq!(told.told, known.told);
}

/// The lists of the exchange say what was in the file, from its day on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_before_its_day() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text) in [("actions.toml", SCENARIO), ("AAA.csv", BARS), ("actions.csv", ACTIONS)] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let loaded = load(&folder.path().join("actions.toml"), &[]).expect("a scenario");
    let market = load_market(&loaded).expect("data");
    let embedded =
        Embedded::start(Exchange::new(&loaded, &market).expect("an exchange"), Pace::Step).await.expect("it serves");
    let mode = embedded.mode().expect("loopback");
    let keys = ApiKeys::new(Embedded::key().to_owned(), Embedded::key().to_owned()).expect("keys");
    let reader = VenueReader::new(&mode, &keys).expect("a reader");
    let day = |text: &str| text.parse::<Timestamp>().expect("a date");
    let found = reader.splits(&loaded.spec.data.symbols, (day("2023-01-01"), day("2025-01-01"))).await.expect("a list");
    assert_eq!(found, []);
    assert_eq!(reader.payments(day("2023-01-01")).await.expect("a list"), []);
}
