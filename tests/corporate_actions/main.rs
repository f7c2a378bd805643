//! Corporate actions through files, as the program runs them: splits, dividends, delistings, renames.
//!
//! Days are the XNYS sessions of January 2024, starting cash is 100,000.
#![allow(clippy::unwrap_used)]
#[path = "../cli_binary/mod.rs"]
mod cli_binary;
mod delisting;
mod lookback;
#[path = "../micro/mod.rs"]
mod micro;
mod positions;
mod rename;

use micro::{Micro, Outcome, run_micro};

const DAYS: [&str; 8] =
    ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"];

const FLAT: &str = "60 61 59 60";

/// `open high low close [volume]` a day; `-` is a day without a bar.
fn bars(days: &[&str]) -> String {
    let row = |(time, bar): (&&str, &&str)| {
        let mut fields: Vec<&str> = bar.split_whitespace().collect();
        if fields.len() == 4 {
            fields.push("1000000");
        }
        format!("{time},{}", fields.join(","))
    };
    DAYS.iter().zip(days).filter(|(_, bar)| **bar != "-").map(row).collect::<Vec<_>>().join("\n")
}

/// A run of `script`, each row `bar rest of the line`; the message of a refused input is the error.
fn try_play(series: &[(&str, &[&str])], script: &[&str], actions: &str, set: &[&str]) -> Result<Outcome, String> {
    let bars: Vec<(&str, String)> = series.iter().map(|(symbol, days)| (*symbol, bars(days))).collect();
    let row = |text: &&str| {
        let (day, rest) = text.split_once(' ').unwrap();
        format!("{},{rest}", DAYS[day.parse::<usize>().unwrap()])
    };
    let script = script.iter().map(row).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    run_micro(&Micro { bars: &bars, script, actions, set, ..Micro::default() })
}

fn play(series: &[(&str, &[&str])], script: &[&str], actions: &str, set: &[&str]) -> Outcome {
    try_play(series, script, actions, set).unwrap()
}

/// Days of FLAT, then `rest`.
fn flat_then(count: usize, rest: &[&'static str]) -> Vec<&'static str> {
    [&vec![FLAT; count][..], rest].concat()
}

fn equity(outcome: &Outcome) -> Vec<&str> {
    outcome.equity.iter().map(|(_, equity)| equity.as_str()).collect()
}
