//! Protective orders, proved: where they stand, what they cover, when time is up, what a split does to them.
//!
//! Two ways in: order scripts through files, as the program runs them, and a desk that drives the engine with
//! wishes by hand and reads its record.
#![allow(clippy::unwrap_used)]
mod covers;
mod desk;
mod heat;
mod laws;
mod levels;
#[path = "../micro/mod.rs"]
mod micro;
mod splits;
mod time;

use micro::{Micro, Outcome, row, run_micro};

/// Sessions of XNYS in January 2024.
const DAYS: [&str; 12] = [
    "2024-01-02",
    "2024-01-03",
    "2024-01-04",
    "2024-01-05",
    "2024-01-08",
    "2024-01-09",
    "2024-01-10",
    "2024-01-11",
    "2024-01-12",
    "2024-01-16",
    "2024-01-17",
    "2024-01-18",
];

/// A script, each row `day action id side quantity type name=value…`, on days of TST `open high low close
/// [volume]`.
fn play(days: &[&str], script: &[&str], actions: &str, set: &[&str]) -> Outcome {
    let bar = |(time, bar): (&&str, &&str)| {
        let mut fields: Vec<&str> = bar.split_whitespace().collect();
        if fields.len() == 4 {
            fields.push("1000000");
        }
        format!("{time},{}", fields.join(","))
    };
    let bars = DAYS.iter().zip(days).map(bar).collect::<Vec<_>>().join("\n");
    let script = script.iter().map(|text| row(&DAYS, "", text)).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    run_micro(&Micro { bars: &[("TST", bars)], script, actions, set, ..Micro::default() }).unwrap()
}
