//! The gate beside an independent model of it: long random sequences of orders, fills, cancels, changes, splits,
//! sessions, halts and restarts under random limits, and both agree on every decision.
//!
//! A seed is a sequence. `ALPHAFLOW_MODEL_DECISIONS` says how many decisions (a million where the tests are
//! optimised, 40,000 where they are not), `ALPHAFLOW_MODEL_SEED` from which seed on. A disagreement is made as
//! small as it still shows and names its seed; `fuzz/` plays the same sequences out of a fuzzer's bytes.
#![allow(clippy::unwrap_used)]
#[allow(dead_code, reason = "of_bytes is the fuzz target's way in")]
mod draw;
mod found;
mod history;
mod judge;
mod steps;
mod world;

use draw::Sequence;
use world::{OUTCOMES, Tally};

/// Steps of one sequence: the model works everything out anew at each, so a few long ones cost more than many
/// that begin again.
const STEPS: usize = 150;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} = {text} is no number")))
}

fn decisions(tally: &Tally) -> u64 {
    tally.get("decisions").copied().unwrap_or(0)
}

/// The step at which both differ, and how; a panic is a difference too.
fn difference(sequence: &Sequence) -> Option<(usize, String)> {
    let played = std::panic::catch_unwind(|| steps::play(sequence, &mut Tally::new()));
    match played {
        Ok(outcome) => outcome.err(),
        Err(_) => Some((sequence.steps.len(), "a panic".to_owned())),
    }
}

/// Leaves out every step without which both still differ.
fn smallest(mut sequence: Sequence) -> Sequence {
    let mut at = 0;
    while at < sequence.steps.len() {
        let mut fewer = sequence.clone();
        fewer.steps.remove(at);
        match difference(&fewer) {
            Some(_) => sequence = fewer,
            None => at += 1,
        }
    }
    sequence
}

fn agree(seed: u64, tally: &mut Tally) {
    let sequence = Sequence::of_seed(seed, STEPS);
    let mut own = Tally::new();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| steps::play(&sequence, &mut own)));
    if !matches!(outcome, Ok(Ok(()))) {
        let small = smallest(sequence);
        let (step, what) = difference(&small).unwrap_or_else(|| panic!("seed {seed} differs only sometimes"));
        panic!("seed {seed}, {} steps are left, differs at step {step}:\n{what}\n{small:?}", small.steps.len());
    }
    for (outcome, times) in own {
        *tally.entry(outcome).or_default() += times;
    }
}

#[test]
fn the_gate_and_the_model_agree() {
    let default = if cfg!(debug_assertions) { 40_000 } else { 1_000_000 };
    let (wanted, first) = (number("ALPHAFLOW_MODEL_DECISIONS", default), number("ALPHAFLOW_MODEL_SEED", 1));
    let mut tally = Tally::new();
    let mut seed = first;
    while decisions(&tally) < wanted {
        agree(seed, &mut tally);
        seed += 1;
    }
    let seen: Vec<String> = tally.iter().map(|(outcome, times)| format!("{times:>9} {outcome}")).collect();
    eprintln!("{} sequences agree:\n{}", seed - first, seen.join("\n"));
    // One in five thousand decisions at least: what is never asked is not proved.
    let least = wanted / 5_000;
    let rare: Vec<_> = OUTCOMES.iter().filter(|name| tally.get(*name).copied().unwrap_or(0) < least).collect();
    assert!(rare.is_empty(), "seen less than {least} times: {rare:?}");
}
