//! Odd input that is right: the run ends well, with every file, whatever is undefined about it.
use std::fs;

use super::bench::{Bench, SCENARIO, names};

/// The scenario and its bars changed, then run: it must end well.
fn runs(case: &str, bench: &Bench, more: &[&str]) {
    let run = bench.backtest(more);
    run.assert_no_panic(case);
    assert_eq!(run.code, 0, "{case}: {}", run.stderr);
    assert_eq!(names(&bench.path("out")).len(), 13, "{case}");
    let metrics = fs::read_to_string(bench.path("out/metrics.json")).unwrap();
    for word in ["NaN", "inf", "Infinity"] {
        assert!(!metrics.contains(&format!(": {word}")), "{case}: {word} in metrics.json");
    }
}

fn flat(days: usize) -> Vec<String> {
    (0..days).map(|day| format!("2010-{:02}-{:02},10,10,10,10,1000", 1 + day / 28, 1 + day % 28)).collect()
}

#[test]
fn few_bars() {
    for count in [1, 2, 3, 5] {
        let bench = Bench::new();
        bench.write("SYN.csv", Bench::csv(&Bench::rows()[..count]));
        runs(&format!("{count} bars"), &bench, &[]);
    }
}

#[test]
fn a_price_that_never_moves_and_one_that_nobody_trades() {
    let bench = Bench::new();
    bench.write("SYN.csv", Bench::csv(&flat(40)));
    runs("flat", &bench, &[]);
    runs("flat and bought", &bench, &["--set", "strategy={ name = \"buy_and_hold\" }"]);
    bench.write("SYN.csv", Bench::csv(&Bench::rows()).replace(",100000\n", ",0\n"));
    runs("no volume", &bench, &[]);
}

#[test]
fn a_price_at_either_end() {
    let bench = Bench::new();
    for price in ["0.000000001", "10000000"] {
        let rows: Vec<String> = flat(40)
            .iter()
            .map(|row| row.replace(",10,10,10,10,", &format!(",{price},{price},{price},{price},")))
            .collect();
        bench.write("SYN.csv", Bench::csv(&rows));
        runs(price, &bench, &["--set", "strategy={ name = \"buy_and_hold\" }"]);
    }
}

/// A short that the market runs over: equity far below zero, no ratio of it is defined.
#[test]
fn equity_below_zero() {
    let bench = Bench::new();
    let mut rows = Bench::rows();
    rows.truncate(30);
    rows.extend((30..60).map(|day| format!("2010-{:02}-{:02},5000,5000,5000,5000,100000", 1 + day / 28, 1 + day % 28)));
    bench.write("SYN.csv", Bench::csv(&rows));
    let text = SCENARIO
        .replace("leverage = 1", "leverage = 4\nallow_short = true")
        .replace(
            "lookback_period = 3, momentum_threshold = 0.01",
            "lookback_period = 3, momentum_threshold = 0.01, direction = \"long_short\"",
        )
        .replace("max_position_size = \"1.0\"", "max_position_size = \"100\"")
        .replace("max_portfolio_heat = \"1.0\"", "max_portfolio_heat = \"100\"")
        .replace("max_gross_exposure = \"1.0\"", "max_gross_exposure = \"100\"")
        // Daily bars hold no more than twice the equity.
        .replace("value = \"0.5\"", "value = \"1.9\"")
        .replace("[stop]\nkind = \"percent\"\nvalue = \"0.05\"\n", "");
    bench.write("scenario.toml", text);
    runs("ruin", &bench, &[]);
    let equity = fs::read_to_string(bench.path("out/equity.csv")).unwrap();
    assert!(equity.contains(",-"), "the account is ruined: {equity}");
}

#[test]
fn symbols_that_never_trade_at_the_same_time() {
    let bench = Bench::new();
    bench.write("TWO.csv", Bench::csv(&Bench::rows()).replace("2010-", "2012-"));
    runs("disjoint", &bench, &["--set", "data.symbols=SYN,TWO"]);
    runs("half outside", &bench, &["--set", "data.symbols=SYN,TWO", "--set", "data.benchmark=SYN"]);
}

/// A benchmark that has no bar in the span, or only later ones.
#[test]
fn a_benchmark_without_bars_in_the_span() {
    let bench = Bench::new();
    bench.write("MKT.csv", Bench::csv(&Bench::rows()).replace("2010-", "2012-"));
    runs("later", &bench, &["--set", "data.benchmark=MKT"]);
    bench.assert_refused(
        "none",
        &["--set", "data.benchmark=MKT", "--set", "data.end=2010-02-20"],
        &["MKT.csv", "no bars"],
    );
}

#[test]
fn names_in_any_script() {
    let bench = Bench::new();
    runs("name", &bench, &["--set", "scenario.name=Früh & spät 東京 {x} $(y)"]);
    let report = fs::read_to_string(bench.path("out/report.html")).unwrap();
    assert!(report.contains("Früh &amp; spät 東京"), "a name is text, not markup");
}

#[test]
fn a_timeframe_that_is_not_the_files_is_refused() {
    let bench = Bench::new();
    bench.assert_refused("daily as minutes", &["--set", "data.timeframe=1m"], &["SYN.csv:2: ", "is a date", "1d"]);
    let weekend = Bench::csv(&["2010-01-02,10,10,10,10,5".to_owned(), "2010-01-03,10,10,10,10,5".to_owned()]);
    bench.write("SYN.csv", weekend);
    bench.assert_refused(
        "weekend",
        &["--set", "data.calendar=XNYS"],
        &["SYN.csv: no bar lies inside a session of XNYS"],
    );
}
