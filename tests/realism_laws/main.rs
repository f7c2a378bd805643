//! Laws of whole scenarios: whatever keys, orders and bars are drawn, the money is accounted for.
//!
//! Each seed is a scenario written as files and run as the program runs it. `REALISM_CASES` says how many,
//! `REALISM_FROM` from which seed on; a failure names its seed.
#![allow(clippy::unwrap_used)]
mod draw;
mod laws;
mod limits;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Seeds of a normal run: some seconds without optimisation.
const CASES: u64 = 200;
/// Seeds of a normal run that are proved, too.
const PROOFS: u64 = 60;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Most scenarios run, and what is refused is refused in words that name a key or a file.
#[test]
fn whatever_is_drawn_the_laws_hold() {
    let (cases, ran, filled) = all(CASES, |seed| laws::check(&draw::case(seed)));
    assert!(ran * 10 >= cases * 8 && filled * 2 >= cases, "{ran} of {cases} ran, {filled} with fills");
}

/// One strange number, or a line too few or too many, is refused in words or does no harm.
#[test]
fn what_is_damaged_is_refused_or_runs() {
    let (cases, ran, _) = all(CASES, |seed| laws::check(&draw::damaged(seed)));
    assert!(ran < cases, "nothing was refused");
}

/// Every drawn scenario is proved as `backtest --prove` does it: hundreds of reruns each, so of fewer seeds.
#[test]
fn no_future_reaches_back() {
    let (cases, ran, filled) = all(PROOFS, |seed| laws::proves(&draw::case(seed)));
    assert!(ran * 2 >= cases && filled * 3 >= cases, "{ran} of {cases} ran, {filled} with fills");
}

/// How many cases there were, how many ran, how many of them with fills.
fn all(usual: u64, law: impl Fn(u64) -> Result<usize, laws::Broken>) -> (u64, u64, u64) {
    let (from, cases) = (from_environment("REALISM_FROM", 0), from_environment("REALISM_CASES", usual));
    let mut broken = Vec::new();
    let (mut ran, mut filled) = (0, 0);
    for seed in from..from + cases {
        match catch_unwind(AssertUnwindSafe(|| law(seed))) {
            Ok(Ok(fills)) => {
                ran += 1;
                filled += u64::from(fills > 0);
            }
            Ok(Err(laws::Broken::Refused)) => {}
            Ok(Err(laws::Broken::Law(what))) => broken.push(format!("seed {seed}: {what}")),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                broken.push(format!("seed {seed}: panic: {}", text.unwrap_or_default()));
            }
        }
    }
    assert!(broken.is_empty(), "{} of {cases}:\n{}", broken.len(), broken.join("\n"));
    (cases, ran, filled)
}
