//! The example's strategy through the library, and through its own command line.
#![allow(clippy::unwrap_used)]
use std::path::{Path, PathBuf};

use alphaflow::scenario::{Style, chart_lines, check_strategy, load, load_market, round_trips, run_with};
use alphaflow::strategy::{BuiltIn, Catalog};

#[allow(dead_code, reason = "its main is not called here")]
#[path = "../examples/my_strategy.rs"]
mod my_strategy;
use my_strategy::AboveMean;

fn scenario() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/my_strategy.toml")
}

#[test]
fn it_trades_and_draws_its_line() {
    let catalog = BuiltIn.and::<AboveMean>();
    let loaded = load(&scenario(), &[]).unwrap();
    let market = load_market(&loaded).unwrap();
    let journal = run_with(&catalog, &loaded, &market).unwrap();
    let (closed, _) = round_trips(&market, &journal);
    assert!(closed.len() > 20, "{} trades", closed.len());
    let lines = chart_lines(&catalog, &loaded, &market).unwrap();
    assert_eq!(lines.len(), 2);
    for (lines, bars) in lines.iter().zip(&market.bars) {
        assert_eq!(lines[0].label, "Mean");
        assert_eq!(lines[0].values.len(), bars.len());
        assert_eq!(lines[0].values.iter().position(Option::is_some), Some(99));
    }
    // Every entry was decided by five closes above the mean.
    for trip in &closed {
        let (bars, mean) = (&market.bars[trip.symbol.get()], &lines[trip.symbol.get()][0].values);
        let entry = bars.partition_point(|bar| bar.time < trip.entry_time);
        assert!((entry - 5..entry).all(|at| mean[at].is_some_and(|mean| bars[at].close.to_f64() > mean)), "{trip:?}");
    }
}

#[test]
fn it_is_listed_after_the_built_in_ones() {
    let infos = BuiltIn.and::<AboveMean>().infos();
    assert_eq!(infos.len(), BuiltIn.infos().len() + 1);
    assert_eq!(infos.last().unwrap().id, "above_mean");
}

#[test]
fn a_wrong_parameter_is_placed_in_the_file() {
    let catalog = BuiltIn.and::<AboveMean>();
    let error = |set: &str| {
        let loaded = load(&scenario(), &[]).unwrap();
        let text = loaded.text().replace("sma_period = 100", set);
        let loaded = alphaflow::scenario::parse(&scenario(), &text, &[]).unwrap();
        check_strategy(&catalog, &loaded).unwrap_err().render(&Style::PLAIN)
    };
    let range = error("sma_period = 1");
    assert!(range.contains("my_strategy.toml:21: sma_period = 1 is not a whole number from 2 to 1000"), "{range}");
    let unknown = error("smaperiod = 100");
    assert!(unknown.contains("my_strategy.toml:21: above_mean has no parameter smaperiod"), "{unknown}");
    assert!(unknown.contains("nearest known name: sma_period"), "{unknown}");
}

#[test]
fn the_plain_program_does_not_know_it() {
    let loaded = load(&scenario(), &[]).unwrap();
    let market = load_market(&loaded).unwrap();
    let error = run_with(&BuiltIn, &loaded, &market).unwrap_err().render(&Style::PLAIN);
    assert!(error.contains("my_strategy.toml:20: unknown strategy above_mean"), "{error}");
    assert!(error.contains("strategies: ma_crossover "), "{error}");
}
