//! What a report says about a real run: benchmark, holding through splits and dividends, refusals.
use std::fs;
use std::path::Path;

use alphaflow::domain::OrderPurpose;
use alphaflow::report::format::Numbers;
use alphaflow::report::gather::{Finished, gather};
use alphaflow::report::html;
use alphaflow::report::model::ReportModel;
use alphaflow::report::notes::notes;
use alphaflow::scenario::{
    LoadedScenario, account_rows, compute_metrics, efficacy, load, load_market, round_trips, run,
};

/// 40 sessions of a share that doubles, splits 4 for 1 half way and pays a dividend near the end.
fn splitting_share(folder: &Path) {
    let mut rows = String::from("timestamp,open,high,low,close,volume\n");
    for (day, date) in sessions().into_iter().enumerate() {
        let whole = 100.0 + 2.5 * day as f64;
        // The dividend of $10 an old share is $2.50 a new one, off the price from its ex-date on.
        let price = if day < 20 { whole } else { whole / 4.0 - if day >= 30 { 2.5 } else { 0.0 } };
        rows.push_str(&format!("{date},{price},{price},{price},{price},1000000\n"));
    }
    fs::write(folder.join("SPLT.csv"), rows).expect("prices");
    let actions = format!(
        "symbol,ex_date,kind,ratio_or_amount\nSPLT,{},split,4\nSPLT,{},dividend,2.5\n",
        sessions()[20],
        sessions()[30]
    );
    fs::write(folder.join("actions.csv"), actions).expect("actions");
}

/// A share that goes up and down.
fn waving_share(folder: &Path) {
    let mut rows = String::from("timestamp,open,high,low,close,volume\n");
    for (day, date) in sessions().into_iter().enumerate() {
        let price = 50.0 + [0.0, 1.0, 3.0, 2.0, -1.0, -2.0][day % 6];
        rows.push_str(&format!("{date},{price},{price},{price},{price},1000000\n"));
    }
    fs::write(folder.join("WAVE.csv"), rows).expect("prices");
}

/// The first 40 NYSE sessions from 2012-09-04 on.
fn sessions() -> Vec<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/xnys_sessions.csv")).expect("sessions");
    let dates = text.lines().skip(1).map(|line| line[..10].to_owned());
    dates.filter(|date| date.as_str() >= "2012-09-04").take(40).collect()
}

fn scenario(folder: &Path, symbols: &str, benchmark: &str, adjust: &str, size_max: &str) {
    let text = format!(
        r#"
[scenario]
name = "split"
[data]
timeframe = "1d"
path = "{{symbol}}.csv"
symbols = ["{symbols}"]
benchmark = "{benchmark}"
adjust = "{adjust}"
corporate_actions = "actions.csv"
[account]
cash = "100000"
[strategy]
name = "ma_crossover"
params = {{ fast_period = 1, slow_period = 2 }}
[sizing]
kind = "equity_fraction"
value = "0.5"
[risk]
max_daily_loss = "0.5"
max_position_size = "{size_max}"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "1000000"
price_collar = "0.1"
on_daily_loss = "halt"
on_breach = "reject"
"#
    );
    fs::write(folder.join("split.toml"), text).expect("scenario");
}

/// Runs the scenario of `folder` and hands its report to `look`.
fn report<T>(folder: &Path, look: impl FnOnce(&ReportModel<'_>) -> T) -> T {
    report_of(&load(&folder.join("split.toml"), &[]).expect("scenario"), look)
}

fn report_of<T>(loaded: &LoadedScenario, look: impl FnOnce(&ReportModel<'_>) -> T) -> T {
    let market = load_market(loaded).expect("market");
    let journal = run(loaded, &market).expect("run");
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(loaded, &market, &journal, &trips);
    let finished = Finished {
        loaded,
        market: &market,
        journal: &journal,
        rows: &rows,
        trips: &trips,
        metrics: &metrics,
        lines: &vec![Vec::new(); loaded.spec.data.symbols.len()],
        efficacy: &efficacy(loaded, &market, &journal, &rows),
    };
    look(&gather(finished))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    splitting_share(folder.path());
    waving_share(folder.path());
    folder
}

#[test]
fn holding_is_the_same_whatever_adjust_says() {
    let folder = folder();
    let held = |adjust: &str| {
        scenario(folder.path(), "SPLT", "WAVE", adjust, "0.6");
        report(folder.path(), |model| (model.hold.values.clone(), model.measure("buy_and_hold_return").expect("held")))
    };
    let (raw, total) = held("none");
    // $100 became 4 × $46.875; the dividend bought 175 ÷ 165 as many shares at day 29's close of $43.125.
    let last: f64 = (100.0 + 2.5 * 39.0) / 4.0 - 2.5;
    let wanted = 4.0 * last / 100.0 * 43.125 / (43.125 - 2.5);
    assert!((total + 1.0 - wanted).abs() < 1e-9, "{total} is not {wanted} − 1");
    for adjust in ["splits", "all"] {
        let (values, other) = held(adjust);
        assert!((other - total).abs() < 1e-7, "{adjust}: {other}, raw {total}");
        assert!(raw.iter().zip(&values).all(|(a, b)| (a / b - 1.0).abs() < 1e-7), "{adjust}");
    }
}

#[test]
fn a_benchmark_fills_its_column_its_line_and_the_sentence() {
    let folder = folder();
    let measured = |adjust: &str| {
        scenario(folder.path(), "WAVE", "SPLT", adjust, "0.6");
        report(folder.path(), |model| {
            let line = model.benchmark.as_ref().expect("benchmark");
            assert_eq!((line.name.as_str(), line.values[0]), ("SPLT", 100_000.0));
            assert_eq!(model.benchmark_measure("beta"), Some(1.0));
            assert!(model.benchmark_measure("sharpe").is_some_and(|sharpe| sharpe > 0.0));
            assert!(model.benchmark_measure("max_drawdown").is_some_and(|fall| fall > -0.01), "a split is no fall");
            let page = html::render(model);
            assert!(page.contains("SPLT made +"), "the sentence names the benchmark");
            assert!(model.benchmark_has_dividends && !page.contains("without its dividends"));
            ["alpha", "beta", "information_ratio"].map(|key| model.measure(key).expect(key))
        })
    };
    let (raw, all) = (measured("none"), measured("all"));
    assert!(raw.iter().zip(all).all(|(a, b)| (a - b).abs() < 1e-6), "{raw:?} and {all:?}");
}

#[test]
fn a_benchmark_without_dividends_is_said() {
    let folder = folder();
    scenario(folder.path(), "SPLT", "WAVE", "splits", "0.6");
    let said = report(folder.path(), |model| notes(model, Numbers::PLAIN));
    assert!(said.iter().any(|note| note.text == "WAVE is shown without its dividends."), "{said:?}");
    scenario(folder.path(), "SPLT", "WAVE", "all", "0.6");
    let said = report(folder.path(), |model| notes(model, Numbers::PLAIN));
    assert!(said.iter().all(|note| !note.text.contains("dividends")), "{said:?}");
}

#[test]
fn refusals_are_said_in_percent_of_equity() {
    let folder = folder();
    scenario(folder.path(), "WAVE", "SPLT", "none", "0.3");
    report(folder.path(), |model| {
        let first = model.refusals.first().expect("a refusal");
        assert_eq!((first.reason.as_str(), first.have.as_str()), ("position_size", "30.00%"));
        let page = html::render(model);
        let words = format!("{}: position size would be {}, allowed 30.00%.", first.order, first.need);
        assert!(page.contains(&words), "{words}");
        assert!(first.order.contains(" buy ") && first.need.starts_with("49.") | first.need.starts_with("50."));
    });
}

/// A position turned round at an open: the old stop goes and the new one comes on one bar, and each trade is
/// measured by its own.
#[test]
fn every_trade_that_was_stopped_out_knows_its_risk() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/ma_crossover_tech4.toml");
    let changes = ["strategy.params.direction=long_short", "account.allow_short=true"].map(str::to_owned);
    let loaded = load(&scenario, &changes).expect("scenario");
    report_of(&loaded, |model| {
        let stopped: Vec<_> =
            model.closed_trades().filter(|trade| trade.exit_reason == Some(OrderPurpose::Stop)).collect();
        let turned = |entry| model.closed_trades().any(|trade| trade.exit_time == Some(entry));
        assert!(stopped.iter().any(|trade| turned(trade.entry_time)), "a case of a position turned round");
        for trade in &stopped {
            // A stop fills at its level or worse, and costs come on top.
            let r = trade.r_multiple.expect("a stop, so a risk");
            assert!(r < -0.99, "{} of {}: {r}", trade.symbol, trade.entry_time.text(model.timeframe));
        }
        assert!(model.trades.iter().all(|trade| trade.r_multiple.is_some()), "every trade had a stop");
    });
}
