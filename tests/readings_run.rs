//! Readings and finer bars through the real binary: what a run says of its undecided bars, and says again.
//!
//! The data are made here; where `../shared/data` is, SPY by the hour is read through its minutes, too.
#![allow(clippy::unwrap_used)]
mod cli_binary;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cli_binary::{done, fails, small};
use serde_json::Value;

/// Stop and target half a percent from every entry: many a day holds both.
const TIGHT: [&str; 8] = [
    "--set",
    "stop.kind=percent",
    "--set",
    "stop.value=0.005",
    "--set",
    "take_profit.kind=percent",
    "--set",
    "take_profit.value=0.005",
];

fn backtest(folder: &Path, scenario: &str, out: &str, more: &[&str]) -> (String, Value) {
    let arguments = [&["backtest", scenario, "--out", out], more].concat();
    let summary = done(folder, &arguments);
    let metrics = fs::read_to_string(folder.join(out).join("metrics.json")).unwrap();
    (summary.split_whitespace().collect::<Vec<_>>().join(" "), serde_json::from_str(&metrics).unwrap())
}

fn number(metrics: &Value, key: &str) -> f64 {
    metrics[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", metrics[key]))
}

#[test]
fn a_run_says_what_its_bars_leave_open_and_a_report_says_it_again() {
    let folder = small();
    let (summary, metrics) = backtest(folder.path(), "scenarios/small.toml", "run", &TIGHT);
    let bars = number(&metrics, "ambiguous_bars");
    assert!(bars > 1.0, "{metrics}");
    let [low, own, high] = ["final_equity_low", "final_equity", "final_equity_high"].map(|key| number(&metrics, key));
    assert!(low <= own && own < high, "{low} {own} {high}");
    let sentence = format!("{bars} bars held both the stop and the target; read the other ways, $100,000 becomes $");
    assert!(summary.contains(&sentence), "{summary}");
    let page = fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains(&sentence));
    fs::remove_file(folder.path().join("run/report.html")).unwrap();
    done(folder.path(), &["report", "run"]);
    assert!(fs::read_to_string(folder.path().join("run/report.html")).unwrap() == page, "the same page again");
    // The kind reading starts from the same band.
    let kind = [&TIGHT[..], &["--no-report", "--set", "execution.both_touched=target_first"]].concat();
    let (_, kind) = backtest(folder.path(), "scenarios/small.toml", "kind", &kind);
    assert!(number(&kind, "final_equity") > own);
}

#[test]
fn a_run_that_leaves_nothing_open_says_nothing() {
    let folder = small();
    let (summary, metrics) = backtest(folder.path(), "scenarios/small.toml", "run", &["--no-report"]);
    assert!(!summary.contains("read the other ways"), "{summary}");
    assert_eq!(number(&metrics, "ambiguous_bars") + number(&metrics, "unclear_entry_bars"), 0.0);
    assert_eq!(metrics["final_equity_low"], metrics["final_equity"]);
    assert_eq!(metrics["final_equity_high"], metrics["final_equity"]);
}

/// Days out of minutes: their open, high, low, close and volume.
fn days_of(minutes: &str) -> String {
    let mut days: BTreeMap<&str, [f64; 5]> = BTreeMap::new();
    for row in minutes.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().unwrap();
        let [open, high, low, close, volume] = [1, 2, 3, 4, 5].map(number);
        let day = days.entry(&row[..10]).or_insert([open, high, low, close, 0.0]);
        *day = [day[0], day[1].max(high), day[2].min(low), close, day[4] + volume];
    }
    let row = |(date, [open, high, low, close, volume]): (&&str, &[f64; 5])| {
        format!("{date},{open},{high},{low},{close},{volume}\n")
    };
    format!("timestamp,open,high,low,close,volume\n{}", days.iter().map(row).collect::<String>())
}

#[test]
fn minutes_decide_what_days_leave_open() {
    let folder = small();
    let data = folder.path().join("data");
    let make = ["data", "synthesize", "--symbol", "TEST", "--sessions", "60", "--timeframe", "1m", "--seed", "3"];
    done(folder.path(), &[&make[..], &["--out", "data/minute.csv"]].concat());
    fs::write(data.join("TEST.csv"), days_of(&fs::read_to_string(data.join("minute.csv")).unwrap())).unwrap();
    let often = ["--no-report", "--set", "strategy.params.fast_period=1", "--set", "strategy.params.slow_period=2"];
    let often = [&TIGHT[..], &often].concat();
    let (_, whole) = backtest(folder.path(), "scenarios/small.toml", "whole", &often);
    assert!(number(&whole, "ambiguous_bars") > 0.0, "{whole}");
    let through =
        [&often[..], &["--set", "execution.both_touched=finer", "--set", "data.finer_path=../data/minute.csv"]]
            .concat();
    let (_, finer) = backtest(folder.path(), "scenarios/small.toml", "finer", &through);
    assert_eq!(number(&finer, "finer_unread_bars"), 0.0);
    assert_eq!(number(&finer, "ambiguous_bars"), 0.0, "a minute of this share does not span both");
    assert_eq!(finer["final_equity_low"], finer["final_equity_high"]);
    let run: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("finer/run.json")).unwrap()).unwrap();
    let named = run["files"].as_array().unwrap().iter().any(|file| file["path"] == "../data/minute.csv");
    assert!(named, "{}", run["files"]);
    // A changed minute is another run: the report refuses it.
    fs::write(data.join("minute.csv"), fs::read_to_string(data.join("TEST.csv")).unwrap()).unwrap();
    let error = fails(folder.path(), 2, &["report", "finer", "--paths-from", "scenarios"]);
    assert!(error.contains("has changed since the run"), "{error}");
}

#[test]
fn spy_by_the_hour_is_read_through_its_minutes() {
    let shared = std::env::var_os("ALPHAFLOW_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !shared.join("data").is_dir() {
        eprintln!("skipped: ../shared/data is not here");
        return;
    }
    let folder = small();
    for file in ["lean_SPY_hourly.csv", "lean_SPY_minute.csv"] {
        fs::copy(shared.join("data").join(file), folder.path().join("data").join(file)).unwrap();
    }
    let text = fs::read_to_string(folder.path().join("scenarios/small.toml")).unwrap();
    let text = text
        .replace("\"1d\"", "\"1h\"\nstart = \"2013-10-04\"\nend = \"2013-10-11\"")
        .replace("{symbol}.csv", "lean_{symbol}_hourly.csv")
        .replace("TEST", "SPY")
        .replace("fast_period = 3, slow_period = 8", "fast_period = 2, slow_period = 3");
    fs::write(folder.path().join("scenarios/spy.toml"), text).unwrap();
    let tight = [
        "--no-report",
        "--set",
        "stop.kind=percent",
        "--set",
        "stop.value=0.001",
        "--set",
        "take_profit.kind=percent",
        "--set",
        "take_profit.value=0.001",
    ];
    let (_, whole) = backtest(folder.path(), "scenarios/spy.toml", "whole", &tight);
    // 2013-10-09 17:00: in at 165.06, the stop 164.89 and the target 165.23 both in the hour.
    assert_eq!(number(&whole, "ambiguous_bars"), 1.0);
    let through = [
        &tight[..],
        &["--set", "execution.both_touched=finer", "--set", "data.finer_path=../data/lean_{symbol}_minute.csv"],
    ]
    .concat();
    let (_, finer) = backtest(folder.path(), "scenarios/spy.toml", "finer", &through);
    assert_eq!(number(&finer, "ambiguous_bars"), 0.0);
    // Some hours of this vendor lie a cent inside their own minutes; such an hour is read as a whole.
    assert!(number(&finer, "finer_unread_bars") < number(&finer, "trades"), "{finer}");
}
