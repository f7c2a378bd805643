//! The metric room against numbers of other programs: empyrical, quantstats, backtesting.py and the papers.
//!
//! Not here: how the trades and curves came about. The cases are read from the shared folder and skipped, with a line
//! that says so, when it is absent. A metric of a case that is neither compared nor listed as left out fails the test.
use alphaflow::metric::{self, MetricError, SharpeEvidence};
use jiff::Unit;
use jiff::civil::DateTime;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

type Measure = Result<f64, MetricError>;

/// Metrics of the cases that AlphaFlow does not compute, and why.
const LEFT_OUT: [(&str, &str); 2] = [
    ("qs_var_95_parametric", "normal approximation; ours is historical"),
    ("qs_cvar_95", "normal approximation; ours is historical"),
];

/// Metrics of the backtest cases that are other definitions of something we report, or not of this room.
const LEFT_OUT_OF_BACKTESTS: [(&str, &str); 3] = [
    ("annual_volatility_compounded_pct", "compounded volatility; ours is the deviation times the root of 252"),
    ("rejected", "orders refused, not a statistic"),
    ("sharpe_backtestingpy", "geometric return over compounded volatility; ours is the arithmetic ratio"),
];

fn golden_folder() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let shared = std::env::var_os("ALPHAFLOW_SHARED").map_or(beside, PathBuf::from);
    let folder = shared.join("golden");
    if !folder.is_dir() {
        eprintln!("skipped: no golden cases beside this project (set ALPHAFLOW_SHARED to the shared folder)");
        return None;
    }
    Some(folder)
}

fn case(name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(golden_folder()?.join(format!("{name}.json"))).expect("the case is there");
    Some(serde_json::from_str(&text).expect("the case is JSON"))
}

/// Columns of numbers of a CSV beside the cases, by position; a column of text is left empty.
fn columns(file: &str) -> Vec<Vec<f64>> {
    let folder = golden_folder().expect("called for a case that is there");
    let mut reader = csv::Reader::from_path(folder.join(file)).expect("the table is there");
    let mut columns = vec![Vec::new(); reader.headers().expect("headers").len()];
    for row in reader.records() {
        for (column, field) in columns.iter_mut().zip(row.expect("row").iter()) {
            column.extend(field.parse::<f64>().ok());
        }
    }
    columns
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} is a number in {value}"))
}

/// Fails unless `actual` is within the tolerance the case states.
fn compare(what: &str, actual: Measure, expected: f64, relative: f64, absolute: f64) {
    let actual = actual.unwrap_or_else(|reason| panic!("{what}: {reason}"));
    let distance = (actual - expected).abs();
    assert!(
        distance <= (relative * expected.abs()).max(absolute),
        "{what}: {actual} is not {expected}, off by {distance:e}"
    );
}

/// Our value under the name a metrics case gives it; `None` for a name we do not know.
fn measure(name: &str, returns: &[f64], benchmark: &[f64]) -> Option<Measure> {
    let path = metric::wealth(returns).expect("path");
    let moving: Vec<f64> = returns.iter().copied().filter(|value| *value != 0.0).collect();
    Some(match name {
        "total_return" => metric::total_return(returns),
        "cagr_252" | "qs_cagr" => metric::annual_return(returns),
        "annual_volatility" => metric::annual_volatility(returns),
        "sharpe" | "qs_sharpe" => metric::sharpe(returns),
        "sortino" | "qs_sortino" => metric::sortino(returns),
        "downside_risk" => metric::downside_risk(returns),
        "max_drawdown" | "qs_max_drawdown" => metric::max_drawdown(&path),
        "calmar" | "qs_calmar" => metric::calmar(returns),
        "omega" => metric::omega(returns),
        "tail_ratio" => metric::tail_ratio(returns),
        "stability" => metric::stability(returns),
        "var_95_historical" => metric::value_at_risk_95(returns),
        "cvar_95_historical" | "qs_cvar_95_historical" => metric::conditional_var_95(returns),
        "beta" => metric::beta(returns, benchmark),
        "alpha_annual" => metric::alpha(returns, benchmark),
        "excess_sharpe_information_ratio_daily" => {
            metric::information_ratio(returns, benchmark).map(|annual| annual / metric::SESSIONS_PER_YEAR.sqrt())
        }
        "up_capture" => metric::up_capture(returns, benchmark),
        "down_capture" => metric::down_capture(returns, benchmark),
        "qs_skew" => metric::skew(returns),
        "qs_kurtosis_excess" => metric::kurtosis(returns),
        "qs_ulcer_index" => metric::ulcer_index(&path),
        // quantstats treats days as trades; the formulas are the same.
        "qs_win_rate" => metric::win_rate(&moving),
        "qs_profit_factor" => metric::profit_factor(returns),
        "qs_payoff_ratio" => metric::payoff_ratio(returns),
        "qs_gain_to_pain" => metric::gain_to_pain(returns),
        "psr_vs_zero" => {
            SharpeEvidence::of(returns).and_then(|evidence| metric::probabilistic_sharpe(evidence, returns.len(), 0.0))
        }
        _ => return None,
    })
}

fn return_series_case(name: &str) {
    let Some(case) = case(name) else { return };
    let table = columns(case["data"]["file"].as_str().expect("file"));
    let (returns, benchmark) = (&table[1], &table[2]);
    let (relative, absolute) = (number(&case["tolerance"], "relative"), number(&case["tolerance"], "absolute"));
    let metrics = case["expected"]["metrics"].as_object().expect("metrics");
    let mut left_out = Vec::new();
    for (key, entry) in metrics {
        match measure(key, returns, benchmark) {
            Some(actual) => compare(key, actual, number(entry, "value"), relative, absolute),
            None => left_out.push(key.as_str()),
        }
    }
    assert_eq!(left_out, LEFT_OUT.map(|(key, _)| key), "compared or listed, nothing else");
    assert_eq!(metrics.len(), 34, "the case grew: look at what is new");
}

#[test]
fn sh_22_ibm_against_spy() {
    return_series_case("sh-22-metrics-ibm-vs-spy");
}

#[test]
fn sh_23_a_strategy_that_is_often_flat() {
    return_series_case("sh-23-metrics-strategy-sh-07");
}

#[test]
fn sh_24_sharpe_papers() {
    let Some(case) = case("sh-24-psr-dsr-mintrl") else { return };
    let relative = number(&case["tolerance"], "relative");
    let values = case["expected"]["values"].as_array().expect("values");
    for entry in values {
        let inputs = &entry["inputs"];
        let input = |key| number(inputs, key);
        let evidence = || SharpeEvidence { sharpe: input("sr"), skew: input("skew"), kurtosis: input("kurt") };
        let actual = match entry["function"].as_str().expect("function") {
            "psr" => metric::probabilistic_sharpe(evidence(), input("n") as usize, input("sr_benchmark")),
            "expected_max_sharpe" => metric::expected_max_sharpe(input("trials") as usize, input("var_sr")),
            "dsr" => {
                metric::deflated_sharpe(evidence(), input("n") as usize, input("trials") as usize, input("var_sr"))
            }
            "min_track_record_length" => {
                metric::min_track_record(evidence(), input("sr_benchmark"), input("confidence"))
            }
            other => panic!("{other} is not computed"),
        };
        compare(entry["name"].as_str().expect("name"), actual, number(entry, "expected"), relative, 0.0);
    }
    assert_eq!(values.len(), 4, "the case grew: look at what is new");
}

#[test]
fn sh_25_probability_of_backtest_overfitting() {
    let Some(case) = case("sh-25-pbo-6x120-s6") else { return };
    let relative = number(&case["tolerance"], "relative");
    let blocks = case["params"]["S"].as_u64().expect("S") as usize;
    let verdict = metric::pbo(&columns(case["data"]["file"].as_str().expect("file")), blocks).expect("defined");
    let line = verdict.degradation.expect("a line");
    let values = case["expected"]["values"].as_array().expect("values");
    for entry in values {
        let name = entry["name"].as_str().expect("name");
        let actual = match name {
            "combinations" => verdict.splits.len() as f64,
            "pbo" => verdict.pbo,
            "mean_logit" => verdict.mean_logit,
            "median_logit" => verdict.median_logit,
            "prob_oos_loss" => verdict.prob_oos_loss,
            "degradation_slope" => line.slope,
            "degradation_intercept" => line.intercept,
            other => panic!("{other} is not computed"),
        };
        compare(name, Ok(actual), number(entry, "expected"), relative, 0.0);
    }
    assert_eq!(values.len(), 7, "the case grew: look at what is new");

    let rows = case["expected"]["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), verdict.splits.len());
    for (row, split) in rows.iter().zip(&verdict.splits) {
        let name = format!("{:?}", split.in_sample_blocks);
        assert_eq!(row["in_sample_blocks"], serde_json::json!(split.in_sample_blocks));
        assert_eq!(number(row, "best"), split.best as f64, "{name}");
        assert_eq!(number(row, "oos_rank"), split.rank, "{name}");
        // The table has ten decimals, so half of the last is its own error.
        compare(&name, Ok(split.sharpe_in_sample), number(row, "sr_is"), relative, 5.1e-11);
        compare(&name, Ok(split.sharpe_out_of_sample), number(row, "sr_oos"), relative, 5.1e-11);
        compare(&name, Ok(split.logit), number(row, "logit"), relative, 5.1e-11);
    }
}

/// The equity curve of a backtest case: the stamp of each bar and its mark.
fn curve(file: &str) -> (Vec<DateTime>, Vec<f64>) {
    let folder = golden_folder().expect("called for a case that is there");
    let mut reader = csv::Reader::from_path(folder.join(file)).expect("the curve is there");
    let rows = reader.records().map(|row| row.expect("row"));
    let stamp = |text: &str| text.trim_end_matches('Z').parse::<DateTime>().expect("a stamp");
    rows.map(|row| (stamp(&row[0]), row[1].parse::<f64>().expect("equity"))).unzip()
}

/// What the backtest cases let us compute.
struct Backtest {
    initial: f64,
    calendar_days: f64,
    /// Starting cash and every bar's mark.
    bars: Vec<f64>,
    /// Daily returns from the last mark of each day.
    returns: Vec<f64>,
    pnl: Vec<f64>,
    /// Profit over what the entry cost.
    trade_returns: Vec<f64>,
}

impl Backtest {
    fn of(case: &Value) -> Self {
        let expected = &case["expected"];
        let (stamps, marks) = curve(expected["equity_file"].as_str().expect("file"));
        let initial = number(&case["semantics"], "initial_cash");
        let day = |index: usize| stamps.get(index).map(|stamp| stamp.date());
        let last_of_day = |index: &usize| day(index + 1) != day(*index);
        let elapsed = stamps[stamps.len() - 1].since((Unit::Hour, stamps[0])).expect("a span");
        let session_marks: Vec<f64> = (0..stamps.len()).filter(last_of_day).map(|index| marks[index]).collect();
        let trades = expected["trades"].as_array().expect("trades");
        let entry = |trade| number(trade, "qty").abs() * number(trade, "entry_price");
        Self {
            initial,
            calendar_days: f64::from(elapsed.get_hours()) / 24.0 + elapsed.get_minutes() as f64 / 1_440.0,
            returns: metric::daily_returns(initial, &session_marks).expect("returns"),
            bars: std::iter::once(initial).chain(marks).collect(),
            pnl: trades.iter().map(|trade| number(trade, "pnl")).collect(),
            trade_returns: trades.iter().map(|trade| number(trade, "pnl") / entry(trade)).collect(),
        }
    }

    /// Our value, in percent where the name says so, under the name a backtest case gives it.
    fn measure(&self, name: &str) -> Option<Measure> {
        let percent = |value: Measure| value.map(|fraction| fraction * 100.0);
        // backtesting.py starts at the first mark, one return later than we do.
        let from_first_mark = &self.returns[1..];
        let annual_return = metric::annual_return(from_first_mark);
        Some(match name {
            "return_pct" | "total_return_pct" => percent(metric::total_return(&self.returns)),
            "max_drawdown_pct" => percent(metric::max_drawdown(&self.bars)),
            "cagr_pct" => percent(metric::cagr(self.initial, self.bars[self.bars.len() - 1], self.calendar_days)),
            "annual_return_geometric_pct" => percent(annual_return),
            "calmar_backtestingpy" => {
                annual_return.and_then(|annual| metric::max_drawdown(&self.bars).map(|deepest| annual / deepest.abs()))
            }
            "sortino_backtestingpy" => {
                annual_return.and_then(|annual| metric::downside_risk(from_first_mark).map(|risk| annual / risk))
            }
            "n_trades" => Ok(self.pnl.len() as f64),
            "win_rate_pct" => percent(metric::win_rate(&self.pnl)),
            "sqn" => metric::sqn(&self.pnl),
            "profit_factor_of_returns" => metric::profit_factor(&self.trade_returns),
            "mean_trade_return_pct" => percent(metric::expectancy(&self.trade_returns)),
            "best_trade_pct" => percent(metric::largest_win(&self.trade_returns)),
            "worst_trade_pct" => percent(metric::largest_loss(&self.trade_returns)),
            _ => return None,
        })
    }
}

#[test]
fn sh_01_to_16_curves_and_trades_of_other_engines() {
    let Some(folder) = golden_folder() else { return };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    let mut left_out = BTreeSet::new();
    let mut compared = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let id = file.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let case = case(id).expect("the case is there");
        if case["kind"] != "backtest" {
            continue;
        }
        let backtest = Backtest::of(&case);
        let relative = number(&case["tolerance"], "metric_rel");
        for (key, value) in case["expected"]["metrics"].as_object().expect("metrics") {
            match backtest.measure(key) {
                Some(actual) => {
                    compare(&format!("{id} {key}"), actual, value.as_f64().expect("number"), relative, 0.0);
                    compared += 1;
                }
                None => _ = left_out.insert(key.clone()),
            }
        }
    }
    assert_eq!(Vec::from_iter(left_out), LEFT_OUT_OF_BACKTESTS.map(|(key, _)| key), "compared or listed, nothing else");
    assert_eq!(compared, 116, "the cases grew: look at what is new");
}
