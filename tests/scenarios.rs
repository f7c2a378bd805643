//! Every scenario of the repository runs, trades, and gives the figures of `tests/golden/scenarios.json`.
//!
//! `UPDATE_GOLDEN=1` rewrites the file (and the made-up bars); a change of it is a change of what every
//! user gets, and belongs into the message of its commit.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use alphaflow::domain::{Money, Timeframe};
use alphaflow::market::{Calendar, Length, SyntheticSpec, read_parquet, synthesize, write_parquet};
use alphaflow::scenario::{Style, account_rows, compute_metrics, fingerprint, load, load_market, round_trips, run};
use serde_json::{Value, json};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn updates() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1")
}

/// The run of one scenario: its fingerprint and figures that are exact decimals.
fn figures(path: &Path) -> Value {
    let name = path.display();
    let loaded = load(path, &[]).unwrap_or_else(|errors| panic!("{}", errors.render(&Style::PLAIN)));
    let market = load_market(&loaded).unwrap_or_else(|error| panic!("{name}: {error}"));
    let journal = run(&loaded, &market).unwrap_or_else(|error| panic!("{name}: {error}"));
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    assert!(!(trips.0.is_empty() && trips.1.is_empty()), "{name}: a scenario of the repository trades");
    let sum = |amounts: &mut dyn Iterator<Item = Money>| amounts.sum::<Money>().to_string();
    json!({
        "fingerprint": fingerprint(&journal, &loaded.spec.data.symbols, loaded.spec.data.timeframe),
        "bars": market.bars.iter().map(Vec::len).sum::<usize>(),
        "steps": rows.len(),
        "orders": journal.orders.len(),
        "refused": journal.refusals.len(),
        "fills": journal.fills.len(),
        "trades": trips.0.len(),
        "open_positions": trips.1.len(),
        "final_equity": rows.last().unwrap().equity.to_string(),
        "fees": sum(&mut journal.fills.iter().map(|fill| fill.fee)),
        "slippage": sum(&mut journal.fills.iter().map(|fill| fill.slippage())),
        "realised": sum(&mut trips.0.iter().map(|trip| trip.realised())),
        // A float, and so to six digits only.
        "sharpe": metrics.number("sharpe").map(|sharpe| format!("{sharpe:.6}")),
    })
}

#[test]
fn every_scenario_gives_its_golden_figures() {
    let entries = fs::read_dir(root().join("scenarios")).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let found: BTreeMap<String, Value> =
        files.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), figures(&path))).collect();
    assert!(found.len() >= 2, "{:?}", found.keys());
    let golden = root().join("tests/golden/scenarios.json");
    if updates() {
        fs::write(&golden, format!("{:#}\n", json!(found))).unwrap();
    }
    let expected: BTreeMap<String, Value> = serde_json::from_str(&fs::read_to_string(&golden).unwrap()).unwrap();
    assert!(found.keys().eq(expected.keys()), "{:?} and {:?}; UPDATE_GOLDEN=1", found.keys(), expected.keys());
    for (name, figures) in &found {
        assert_eq!(figures, &expected[name], "{name}; if this is meant, UPDATE_GOLDEN=1 rewrites {}", golden.display());
    }
}

/// The made-up minutes are what the command in `data/README.md` makes.
#[test]
fn the_synthetic_minutes_are_those_of_their_command() {
    let readme = fs::read_to_string(root().join("data/README.md")).unwrap();
    let command = "data synthesize --seed 7 --symbol SYN --timeframe 1m --start 2024-01-02 --sessions 20";
    assert!(readme.contains(command), "the command stands in data/README.md");
    let spec = SyntheticSpec {
        symbol: "SYN".parse().unwrap(),
        seed: 7,
        timeframe: Timeframe::Minute1,
        from: "2024-01-02".parse().unwrap(),
        length: Length::Sessions(20),
        start_price: "100".parse().unwrap(),
        annual_drift: 0.08,
        annual_volatility: 0.25,
        calendar: Calendar::xnys(),
    };
    let bars = synthesize(&spec).unwrap();
    let path = root().join("data/synthetic_minutes.parquet");
    if updates() {
        write_parquet(&path, Timeframe::Minute1, &bars).unwrap();
    }
    assert_eq!(bars.len(), 20 * 390);
    assert!(read_parquet(&path, Timeframe::Minute1).unwrap() == bars, "the file holds other bars");
    assert!(fs::metadata(&path).unwrap().len() < 300_000);
}
