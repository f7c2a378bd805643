//! Whole scenarios drawn by seed: what may be rehearsed is rehearsed as it was replayed.
//!
//! Not here: how they are drawn (`realism_laws`). A seed that fails leaves its files, and says where.
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use alphaflow::scenario::{check_rehearsable, check_strategy, load, load_market, run_with};
use alphaflow::strategy::BuiltIn;

use super::compared;
use super::draw::{Case, case, damaged};

/// Seeds of a normal run; a third of them can be rehearsed.
const CASES: u64 = 1000;

/// Seeds whose two sides once differed.
const DIFFERED: [u64; 45] = [
    1033, 1065, 1113, 1130, 1156, 1162, 1255, 1308, 1319, 1402, 1442, 1532, 1558, 1672, 1688, 1788, 1853, 1885, 1889,
    1903, 2218, 2428, 2512, 2644, 2835, 2966, 3023, 3194, 3409, 3566, 4125, 4302, 5012, 5112, 5266, 5313, 6046, 6264,
    6485, 6566, 6696, 6933, 8527, 8584, 9589,
];
const DIFFERED_DAMAGED: [u64; 9] = [1065, 1113, 1255, 1402, 1532, 1558, 1672, 1688, 1853];

/// What only replay can follow is set to what a venue can.
const REHEARSABLE: [&str; 8] = [
    "execution.venue_rules=alpaca",
    "execution.market_fill=next_open",
    "execution.latency_ms=0",
    "account.cash_check=approval",
    "account.settlement=instant",
    "account.borrow_rate=0",
    "account.margin_rate=0",
    "stop.due_exit=exit_first",
];

/// How a case went.
enum Went {
    /// It is no scenario, or none to rehearse.
    Refused,
    /// Both sides are the same, with so many fills.
    Same(usize),
    Differs(String),
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// Without what no rehearsal admits: delistings, and orders for an auction at hours when Alpaca takes none.
fn write(folder: &Path, case: &Case) {
    for (name, text) in &case.files {
        let kept: Vec<&str> = text.lines().filter(|line| !line.contains(",delisting,")).collect();
        let text = kept.join("\n").replace(",opg,", ",day,").replace(",cls,", ",day,");
        fs::write(folder.join(name), text + "\n").unwrap();
    }
}

fn overrides(text: &str) -> Vec<String> {
    let mut all: Vec<String> = REHEARSABLE.iter().map(ToString::to_string).collect();
    if text.contains("kind = \"cash_fraction\"") {
        all.push("sizing={ kind = \"equity_fraction\", value = \"0.6\" }".to_owned());
    }
    all
}

fn rehearse(folder: &Path) -> Went {
    let path = folder.join("scenario.toml");
    let overrides = overrides(&fs::read_to_string(&path).unwrap());
    let Ok(loaded) = load(&path, &overrides) else { return Went::Refused };
    let Ok(market) = load_market(&loaded) else { return Went::Refused };
    if check_strategy(&BuiltIn, &loaded).is_err() || check_rehearsable(&loaded, &market).is_err() {
        return Went::Refused;
    }
    if run_with(&BuiltIn, &loaded, &market).is_err() {
        return Went::Refused;
    }
    match catch_unwind(AssertUnwindSafe(|| compared(&loaded, &market))) {
        Ok((fills, None)) => Went::Same(fills),
        Ok((_, Some(first))) => Went::Differs(first),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Went::Differs(format!("panic: {}", text.unwrap_or_default()))
        }
    }
}

/// Seeds of a run: a stretch that was asked for, or else the usual one and those that once differed.
fn seeds(found: &[u64]) -> impl Iterator<Item = u64> {
    let is_asked_for = std::env::var("REHEARSAL_FROM").is_ok();
    let (from, cases) = (number("REHEARSAL_FROM", 0), number("REHEARSAL_CASES", CASES));
    found.iter().copied().filter(move |_| !is_asked_for).chain(from..from + cases)
}

/// Cases, those that ran, and those with fills.
fn all(drawn: impl Fn(u64) -> Case, found: &[u64]) -> (usize, usize, usize) {
    let (mut cases, mut ran, mut filled, mut broken) = (0, 0, 0, Vec::new());
    for seed in seeds(found) {
        cases += 1;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &drawn(seed));
        match rehearse(folder.path()) {
            Went::Refused => {}
            Went::Same(fills) => {
                ran += 1;
                filled += usize::from(fills > 0);
            }
            Went::Differs(first) => broken.push(format!("seed {seed}, {}: {first}", folder.keep().display())),
        }
    }
    assert!(broken.is_empty(), "{} of {cases}:\n{}", broken.len(), broken.join("\n"));
    (cases, ran, filled)
}

#[test]
fn whatever_is_drawn_both_sides_are_the_same() {
    let (cases, ran, filled) = all(case, &DIFFERED);
    assert!(ran * 5 >= cases && filled * 2 >= ran, "of {cases} {ran} ran, {filled} with fills");
}

/// One strange number, a line too few or too many.
#[test]
fn what_is_damaged_is_refused_or_the_same() {
    let (cases, ran, filled) = all(damaged, &DIFFERED_DAMAGED);
    assert!(ran < cases && filled > 0, "of {cases} {ran} ran, {filled} with fills");
}
