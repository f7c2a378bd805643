//! Every limit of `[risk]` by hand: at it, just under it and just over it, with what is pending, on several
//! shares, on both sides, and what a halt does.
//!
//! Not here: random sequences (the model of the gate), history (risk_history). An account has $100,000; a share
//! stands at $100 unless its bars say otherwise, so a hundred shares are a tenth of the account. The arithmetic of
//! a case stands beside it where it is more than that.
#![allow(clippy::unwrap_used)]
mod changes;
mod edges;
mod gate;
mod halts;
mod hostile;
#[path = "../micro/mod.rs"]
mod micro;
mod most;
mod partial;
mod protection;
mod room;
mod sessions;

use micro::{Micro, Outcome, row, run_micro};

/// Sessions of January 2024.
pub const DAYS: [&str; 6] = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"];
/// Three minutes each of two sessions.
pub const MINUTES: [&str; 6] = [
    "2024-01-02T14:30:00Z",
    "2024-01-02T14:31:00Z",
    "2024-01-02T14:32:00Z",
    "2024-01-03T14:30:00Z",
    "2024-01-03T14:31:00Z",
    "2024-01-03T14:32:00Z",
];
/// A bar that closes where it opened.
pub const FLAT: &str = "100 101 99 100";
/// Shares that never move.
pub const STILL: &[(&str, &[&str])] = &[("TST", &[FLAT; 4]), ("BBB", &[FLAT; 4]), ("CCC", &[FLAT; 4])];

/// Plays a script; a bar is `open high low close [volume]`, a million shares unless it says so, a row is
/// `bar action id …`, bars counted from 0.
pub fn play_on(times: &[&str], shares: &[(&str, &[&str])], script: &[&str], set: &[&str]) -> Outcome {
    let of_share = |bars: &[&str]| {
        let line = |(time, bar): (&&str, &&str)| {
            let mut fields: Vec<&str> = bar.split_whitespace().collect();
            if fields.len() == 4 {
                fields.push("1000000");
            }
            format!("{time},{}", fields.join(","))
        };
        times.iter().zip(bars).map(line).collect::<Vec<_>>().join("\n")
    };
    let bars: Vec<(&str, String)> = shares.iter().map(|(name, bars)| (*name, of_share(bars))).collect();
    let script = script.iter().map(|text| row(times, ",notional", text)).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    let timeframe = if times[0].len() > 10 { "1m" } else { "1d" };
    run_micro(&Micro { bars: &bars, script, columns: ",notional", timeframe, set, ..Micro::default() }).unwrap()
}

/// The same on daily bars.
pub fn play(shares: &[(&str, &[&str])], script: &[&str], set: &[&str]) -> Outcome {
    play_on(&DAYS, shares, script, set)
}
