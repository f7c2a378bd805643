//! Numbers at the ends of their ranges: arithmetic refuses or holds, and never wraps or panics.
use alphaflow::scenario::{account_rows, compute_metrics, load, load_market, round_trips, run};

use super::bench::{Bench, HEADER, SCENARIO};

/// The cheapest and the dearest share there may be, in turn, with the largest volume.
fn extreme_rows() -> Vec<String> {
    let price = |day: usize| if (day / 4).is_multiple_of(2) { "0.000000001" } else { "10000000" };
    let row = |day: usize| {
        let (open, close) = (price(day), price(day + 1));
        let date = format!("2010-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        format!("{date},{open},10000000,0.000000001,{close},9223372036854")
    };
    (0..240).map(row).collect()
}

/// Prices that climb from a tenth of a cent to the dearest price.
fn climbing_rows() -> Vec<String> {
    let row = |day: u32| {
        let price = |day: u32| 10f64.powf(-3.0 + f64::from(day) / 6.0).min(9_999_999.0);
        let (open, close) = (price(day), price(day + 1));
        let date = format!("2010-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        format!("{date},{open:.9},{close:.9},{open:.9},{close:.9},9000000000000")
    };
    (0..60).map(row).collect()
}

/// Every sizing with the most cash, the most leverage and limits as wide as they go.
#[test]
fn the_largest_numbers_are_survived() {
    let wide = SCENARIO
        .replace("cash = \"100000\"", "cash = \"1000000000000\"")
        .replace("leverage = 1", "leverage = 4\nallow_short = true")
        .replace("max_position_size = \"1.0\"", "max_position_size = \"1000000\"")
        .replace("max_portfolio_heat = \"1.0\"", "max_portfolio_heat = \"1000000\"")
        .replace("max_gross_exposure = \"1.0\"", "max_gross_exposure = \"1000000\"")
        .replace("max_order_notional = \"1000000\"", "max_order_notional = \"1000000000000\"");
    let sizings = [
        ("equity_fraction", "4"),
        ("cash_fraction", "1"),
        ("fixed_shares", "1000000000"),
        ("notional", "1000000000000"),
        ("risk_fraction", "1"),
        ("volatility_target", "4"),
    ];
    for rows in [extreme_rows(), climbing_rows()] {
        let bench = Bench::new();
        bench.write("SYN.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
        bench.write("scenario.toml", &wide);
        let run = bench.backtest(&["--set", "sizing={ kind = \"fixed_shares\", value = 1000000000 }"]);
        run.assert_no_panic("the binary");
        assert_eq!(run.code, 0, "{}", run.stderr);
        for (kind, value) in sizings {
            for (stop, fractional) in [("0.999999999", true), ("0.000000001", true), ("0.000000001", false)] {
                survived(
                    &bench,
                    &[
                        format!("sizing={{ kind = \"{kind}\", value = \"{value}\", fractional = {fractional} }}"),
                        format!("stop.value={stop}"),
                        "strategy.params.direction=long_short".to_owned(),
                    ],
                );
            }
        }
    }
}

/// A whole run through the library, without the pictures: every number is computed, none panics.
fn survived(bench: &Bench, overrides: &[String]) {
    let loaded = load(&bench.path("scenario.toml"), overrides).unwrap_or_else(|errors| panic!("{errors}"));
    let market = load_market(&loaded).unwrap();
    let journal = run(&loaded, &market).unwrap();
    account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    compute_metrics(&loaded, &market, &journal, &trips);
}

/// An ATR over the widest ranges there may be: the sum of ranges outgrows 64 bits.
#[test]
fn the_widest_ranges_are_survived() {
    let bench = Bench::new();
    let rows: Vec<String> = (0..1_200)
        .map(|day| {
            let date = format!("{}-{:02}-{:02}", 2000 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
            format!("{date},5000000,10000000,0.000000001,{},1000", 5_000_000 + day % 7)
        })
        .collect();
    bench.write("SYN.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let stop = "kind = \"atr\"\nperiod = 1000\nmultiple = \"1\"\nsmoothing = ";
    for smoothing in ["wilder", "simple"] {
        let text = SCENARIO
            .replace("kind = \"percent\"\nvalue = \"0.05\"", &format!("{stop}\"{smoothing}\""))
            .replace("momentum_threshold = 0.01", "momentum_threshold = 0.0000001");
        bench.write("scenario.toml", text);
        let run = bench.backtest(&[]);
        run.assert_no_panic(smoothing);
        assert_eq!(run.code, 0, "{smoothing}: {}", run.stderr);
    }
}

/// Splits that multiply a position beyond what a position can be are refused, not wrapped.
#[test]
fn a_split_beyond_all_shares_is_an_error() {
    let bench = Bench::new();
    let text = SCENARIO
        .replace("calendar = \"24/7\"", "calendar = \"24/7\"\ncorporate_actions = \"actions.csv\"")
        .replace("cash = \"100000\"", "cash = \"1000000000000\"")
        .replace("max_order_notional = \"1000000\"", "max_order_notional = \"1000000000000\"")
        .replace("kind = \"equity_fraction\"\nvalue = \"0.5\"", "kind = \"fixed_shares\"\nvalue = \"1000000\"")
        .replace("max_order_notional = \"1000000\"", "max_order_notional = \"1000000000000\"")
        .replace("[stop]\nkind = \"percent\"\nvalue = \"0.05\"\n", "")
        .replace(
            "name = \"momentum\"\nparams = { lookback_period = 3, momentum_threshold = 0.01 }",
            "name = \"buy_and_hold\"",
        );
    bench.write("scenario.toml", text);
    bench.write("SYN.csv", Bench::csv(&Bench::rows()).replace(",100000", ",100000000000"));
    bench.write("actions.csv", "symbol,ex_date,kind,ratio_or_amount\nSYN,2010-01-20,split,1000000\n");
    bench.assert_refused(
        "a split by a million",
        &[],
        &["scenario.toml:7: ", "SYN", "1000000", "9.2 billion", "size smaller"],
    );
    for row in [
        "SYN,2010-01-20,split,0",
        "SYN,2010-01-20,split,-2",
        "SYN,2010-01-20,split,1e30",
        "SYN,2010-01-20,merge,2",
        "SYN,2010-02-30,split,2",
        "SYN,2010-01-20,dividend,-1",
        "SYN,2010-01-20,split",
    ] {
        bench.write("actions.csv", format!("symbol,ex_date,kind,ratio_or_amount\n{row}\n"));
        bench.assert_refused(row, &[], &["actions.csv:2: "]);
    }
    bench.write("actions.csv", "symbol,ex_date,kind,ratio_or_amount\nSYN,2010-01-20,split,1000\n");
    let run = bench.backtest(&[]);
    run.assert_no_panic("a split by a thousand");
    assert_eq!(run.code, 0, "{}", run.stderr);
}
