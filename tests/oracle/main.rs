//! Thousands of small random cases through the engine and through an independent reference: the same fills,
//! statuses, refusals and cash, or the smallest case that differs is printed as files.
//!
//! `ALPHAFLOW_ORACLE_CASES` says how many (4,000), `ALPHAFLOW_ORACLE_SEED` where they start (1): a seed is a
//! case. `run_peers.py` beside this file asks other people's engines.
#![allow(clippy::unwrap_used)]
mod case;
mod desk;
mod engine;
mod generate;
mod market;
mod path;
mod reference;
mod shrink;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use case::Case;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} = {text} is no number")))
}

/// Every rule the reference applies. A run of thousands of cases must have needed each.
const RULES: [&str; 44] = [
    "alpaca: the regulators' fees of a day, each rounded up once",
    "a stop that has triggered voids its target",
    "an opening order makes way for a leg that is sent again",
    "buy stop: the open is beyond its collar, it waits as a limit",
    "cancel",
    "cancel of one of a group: the others go with it",
    "cls: canceled after the close",
    "cls: the session's last close",
    "day: expires with its session",
    "dividend: credited to a long, debited to a short",
    "flatten",
    "halt",
    "ioc, fok, opg: what is left after its moment is canceled",
    "legs: live for what has filled",
    "limit: reached, at the limit",
    "limit: the open, where it is better",
    "market: the close",
    "market: the open",
    "nothing left to protect, close or buy: canceled",
    "ohlc: a stop-limit becomes a limit on the way",
    "ohlc: a trailing stop moves on the way",
    "ohlc: reached on the way",
    "refused before it is sent",
    "refused: a change that would be refused as an order",
    "refused: a change across the pair",
    "refused: the order to change is not open",
    "rejected: it could trade with one of our own",
    "rejected: it does not fit what stays of the position",
    "rejected: it was to open, and would close",
    "rejected: legs hold its shares",
    "rejected: the stop of a leg is not beyond the market",
    "rejected: the type does not take the time in force",
    "replace",
    "split: position, orders and levels follow",
    "stop and its target in one bar",
    "stop-limit, triggered: the open, where it is good enough",
    "stop-limit: good enough where it triggers",
    "stop-limit: its limit is on the far side of its trigger, it waits a bar",
    "stop-limit: the open is beyond its limit, it waits a bar",
    "stop: the open, where it is beyond the stop",
    "stop: touched, at its level",
    "trailing stop: moves after it was tested",
    "volume: filled in part, the rest waits",
    "volume: too little, the order waits",
];

/// What differs, as text; nothing if both agree.
fn difference(case: &Case, folder: &Path) -> Option<String> {
    let ours = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| engine::replay(case, folder)));
    let (reference, _) = reference::play(case);
    match ours {
        Err(_) => Some("the engine panics".to_owned()),
        Ok(Err(message)) => Some(format!("the engine refuses the case:\n{message}")),
        Ok(Ok(ours)) if ours == reference => None,
        Ok(Ok(ours)) => Some(format!("the engine:\n{ours}\nthe reference:\n{reference}")),
    }
}

/// Plays the cases of `seeds`; how often each rule decided something.
///
/// Panics with the smallest case that differs.
fn play_all(seeds: impl Iterator<Item = u64>) -> BTreeMap<&'static str, u64> {
    let folder = tempfile::tempdir().unwrap();
    let mut used: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in seeds {
        let case = generate::case(seed);
        if difference(&case, folder.path()).is_some() {
            let smallest = shrink::smallest(case, |case| difference(case, folder.path()).is_some());
            let what = difference(&smallest, folder.path()).unwrap();
            panic!("seed {seed}, made as small as it still differs:\n{smallest}\n{what}");
        }
        for (rule, times) in reference::play(&case).1 {
            *used.entry(rule).or_default() += times;
        }
    }
    used
}

#[test]
fn the_engine_and_the_reference_agree() {
    let (cases, first) = (number("ALPHAFLOW_ORACLE_CASES", 4_000), number("ALPHAFLOW_ORACLE_SEED", 1));
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let mut used: BTreeMap<&'static str, u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        let play = |worker| scope.spawn(move || play_all((first..first + cases).skip(worker).step_by(workers)));
        let running: Vec<_> = (0..workers).map(play).collect();
        for worker in running {
            // A worker that panics has printed its case.
            for (rule, times) in worker.join().expect("a case differs; it stands above") {
                *used.entry(rule).or_default() += times;
            }
        }
    });
    eprintln!("{cases} cases agree; how often each rule decided something:\n{used:#?}");
    if cases >= 4_000 {
        let used: BTreeSet<&str> = used.into_keys().collect();
        assert_eq!(used, BTreeSet::from(RULES), "every rule is needed by some case, and listed");
    }
}
