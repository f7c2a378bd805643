//! Crashes under all limits: autumn 2008, spring 2020 and one made up. Every refusal and every halt is golden, and
//! every limit has bitten.
//!
//! Not here: one limit at a time (limits). `tests/golden/risk_check.py` works the refusals and halts out anew from
//! bars, orders and fills. The bars of 2008 and 2020 lie in `../shared/data`; without that folder those runs are
//! skipped and say so. `UPDATE_GOLDEN=1` rewrites the files.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use alphaflow::engine::Journal;
use alphaflow::scenario::{account_rows, compute_metrics, load, load_market, round_trips, run, write_folder};

/// Limits that prices alone bring an account to.
const BY_HISTORY: [&str; 5] = ["correlated_exposure", "daily_loss", "drawdown", "portfolio_heat", "position_size"];
/// Limits of the made-up crash. `stale_price`, which only a live session knows, and `duplicate_order`, which no script
/// sends, are in `limits`.
const BY_HAND: [&str; 12] = [
    "buying_power",
    "daily_loss",
    "drawdown",
    "gross_exposure",
    "open_positions",
    "order_notional",
    "orders_per_minute",
    "portfolio_heat",
    "position_size",
    "price_collar",
    "restricted_symbol",
    "short_ban",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Where the bars of history are.
fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("ALPHAFLOW_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    fs::canonicalize(folder.join("data")).ok()
}

/// Cause, from, until, dollars lost, of how many, and the share of them that may be lost.
fn halts(journal: &Journal) -> String {
    let mut table = "cause,from,until,lost,of,limit\n".to_owned();
    for halt in &journal.halts {
        let until = halt.until.map_or(String::new(), |time| time.utc_date().to_string());
        let loss = halt.loss.map_or(",,".to_owned(), |loss| format!("{},{},{}", loss.lost, loss.of, loss.limit));
        table += &format!("{},{},{until},{loss}\n", halt.cause.name(), halt.from.utc_date());
    }
    table
}

/// Runs `tests/risk_history/{name}.toml`; its refusals and halts must be the golden ones. Gives the reasons.
fn run_golden(name: &str, set: &[String]) -> BTreeSet<String> {
    let loaded = load(&root().join(format!("tests/risk_history/{name}.toml")), set).unwrap_or_else(|e| panic!("{e}"));
    let market = load_market(&loaded).unwrap();
    let journal = run(&loaded, &market).unwrap();
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path(), &loaded, &market, &journal, &rows, &trips, &metrics).unwrap();
    let refusals = fs::read_to_string(folder.path().join("refusals.csv")).unwrap();
    folder.close().unwrap();
    is_golden(&root().join(format!("tests/golden/{name}.csv")), &refusals);
    is_golden(&root().join(format!("tests/golden/{name}_halts.csv")), &halts(&journal));
    let reason = |line: &str| line.split(',').nth(2).unwrap().to_owned();
    refusals.lines().skip(1).map(reason).collect()
}

fn is_golden(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::write(path, found).unwrap();
    }
    let wanted = fs::read_to_string(path).unwrap();
    let differs = wanted.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
    assert!(wanted == found, "{}: the first difference is {differs:?}", path.display());
}

fn run_history(name: &str) {
    let Some(data) = shared_data() else {
        return eprintln!("skipped: the bars of {name} are in ../shared/data, which is not here");
    };
    let data = data.display();
    let set = [
        format!("data.path={data}/lean_{{symbol}}_daily.csv"),
        format!("data.corporate_actions={data}/corporate_actions.csv"),
    ];
    let reasons = run_golden(name, &set);
    assert!(reasons.iter().map(String::as_str).eq(BY_HISTORY), "{reasons:?}");
}

#[test]
fn autumn_2008() {
    run_history("risk_2008");
}

#[test]
fn spring_2020() {
    run_history("risk_2020");
}

#[test]
fn a_made_up_crash_meets_every_other_limit() {
    let reasons = run_golden("risk_crash", &[]);
    assert!(reasons.iter().map(String::as_str).eq(BY_HAND), "{reasons:?}");
}
