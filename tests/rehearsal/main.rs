//! Replay and rehearsal are the same: orders, fills, refusals and equity, byte for byte.
#![allow(clippy::unwrap_used)]
mod scenarios;

use std::fs;
use std::path::Path;

use alphaflow::domain::Timeframe;
use alphaflow::engine::Journal;
use alphaflow::exchange::{Exchange, MemoryReach, Rehearsal, rehearsal_desk};
use alphaflow::execution::alpaca::{AlpacaDesk, Instant};
use alphaflow::report::parity::{Context, ParityReport, Side, describe, headline};
use alphaflow::scenario::{
    LoadedScenario, MarketData, account_rows, check_rehearsable, load, load_market, run_on, run_with,
};
use alphaflow::strategy::BuiltIn;
use scenarios::{SESSIONS_OF_HOURS, STRATEGIES, script, write_bars, write_case};

fn side(loaded: &LoadedScenario, market: &MarketData, journal: &Journal) -> Side {
    let rows = account_rows(market, journal, loaded.spec.account.cash);
    Side::of_run(loaded, market, journal, &rows).unwrap()
}

/// Replays and rehearses the scenario; how many fills both had.
fn same(path: &Path) -> usize {
    let loaded = load(path, &[]).unwrap_or_else(|all| panic!("{all:?}"));
    check_rehearsable(&loaded).unwrap();
    let market = load_market(&loaded).unwrap();
    let replayed = run_with(&BuiltIn, &loaded, &market).unwrap();

    let exchange = Exchange::new(&loaded, &market).unwrap();
    let tape = exchange.tape().clone();
    let desk = AlpacaDesk::new(rehearsal_desk(&loaded, false), Instant::default());
    let mut rehearsal = Rehearsal::new(MemoryReach::new(desk, exchange), tape);
    let rehearsed = run_on(&BuiltIn, &loaded, &market, &mut rehearsal).unwrap_or_else(|error| panic!("{error:?}"));

    let (ours, theirs) = (side(&loaded, &market, &replayed), side(&loaded, &market, &rehearsed));
    let context = Context::of(&loaded, &market, "rehearsal", "the built-in exchange");
    let report = ParityReport::of(&ours, &theirs, &context);
    let mut reach = rehearsal.into_reach();
    let findings = alphaflow::exchange::Reach::desk(&mut reach).take_findings();
    if let Some(first) = report.first() {
        let keep = std::env::temp_dir().join("rehearsal");
        fs::create_dir_all(&keep).unwrap();
        panic!("{}: {}\n{}\n{findings:#?}", path.display(), headline(&report), describe(&report, first));
    }
    assert!(findings.is_empty(), "{findings:#?}");
    replayed.fills.len()
}

#[test]
fn every_strategy_over_a_year_of_hours() {
    let folder = tempfile::tempdir().unwrap();
    write_bars(folder.path(), Timeframe::Hour1, SESSIONS_OF_HOURS, 11);
    for case in &STRATEGIES {
        if std::env::var("ONLY").is_ok_and(|only| only != case.name) {
            continue;
        }
        let fills = same(&write_case(folder.path(), case, Timeframe::Hour1, "0.10"));
        eprintln!("{}: {fills} fills", case.name);
        assert!(fills > 10 || case.name == "hold", "{}: {fills} fills", case.name);
    }
}
