//! The measures of a series of returns or equity: the keys of `metrics.json`, from the same functions.
//!
//! Not here: reading the series (`series`), the formulas (metric). What only a run knows (trades, costs,
//! exposure) is undefined with its reason.
use serde_json::Value;

use super::metrics::{Inputs, Metrics, beside_benchmark, confidence, of_returns, without_benchmark};
use super::series::{Series, SeriesKind, SeriesRow};
use super::{Diagnostic, data_error};
use crate::domain::{Timeframe, Timestamp};
use crate::metric::daily_returns;

/// Keys that a series cannot answer, between those of returns and those against a benchmark.
const OF_TRADES: [&str; 16] = [
    "exposure",
    "turnover",
    "trades",
    "win_rate",
    "profit_factor",
    "payoff_ratio",
    "expectancy",
    "avg_win",
    "avg_loss",
    "largest_win",
    "largest_loss",
    "avg_trade_days",
    "sqn",
    "kelly",
    "max_consecutive_losses",
    "commission",
];
/// The same between those against a benchmark and those of confidence.
const OF_RUNS: [&str; 10] = [
    "buy_and_hold_return",
    "ambiguous_bars",
    "unclear_entry_bars",
    "finer_unread_bars",
    "final_equity_low",
    "final_equity_high",
    "refusals",
    "halts",
    "margin_calls",
    "open_positions",
];

/// Every measure of `series`, with those against `benchmark`.
///
/// `initial_equity`: dollars before the first mark of a series of equity; without it the first mark is
/// the start and the returns begin with the second. Returns start from 1. `seed`: of the bootstrap.
/// Errors: the benchmark has no value on a date of the series.
pub fn series_metrics(
    series: &Series,
    benchmark: Option<&Series>,
    initial_equity: Option<f64>,
    seed: u64,
) -> Result<Metrics, Box<Diagnostic>> {
    let inputs = inputs(series, initial_equity);
    let mut out = Metrics::default();
    head(&mut out, series, initial_equity);
    of_returns(&mut out, &inputs);
    let unknown = |out: &mut Metrics, key: &str| out.undefined(key, "a series of returns or equity does not record it");
    OF_TRADES.iter().for_each(|key| unknown(&mut out, key));
    ["slippage", "borrow_fees", "margin_interest", "dividends"].iter().for_each(|key| unknown(&mut out, key));
    match benchmark {
        None => without_benchmark(&mut out, "no benchmark was given (--benchmark)"),
        Some(benchmark) => {
            let (ours, theirs) = paired(series, &inputs, benchmark)?;
            beside_benchmark(&mut out, &ours, &theirs);
        }
    }
    OF_RUNS.iter().for_each(|key| unknown(&mut out, key));
    confidence(&mut out, &inputs, seed);
    Ok(out)
}

fn inputs(series: &Series, initial_equity: Option<f64>) -> Inputs {
    let rows = &series.rows;
    let mut days: Vec<i64> = rows.iter().map(|row| i64::from(row.time.days())).collect();
    let first = days.first().copied().unwrap_or(0);
    let mut path: Vec<f64> = rows.iter().map(|row| row.value).collect();
    let returns = match series.kind {
        SeriesKind::Returns => {
            let returns = std::mem::take(&mut path);
            path = wealth(&returns);
            days.insert(0, first);
            Ok(returns)
        }
        SeriesKind::Equity => {
            if let Some(start) = initial_equity {
                path.insert(0, start);
                days.insert(0, first);
            }
            daily_returns(path[0], &path[1..])
        }
    };
    let span = rows.last().zip(rows.first()).map_or(0, |(last, first)| last.time.ns() - first.time.ns());
    Inputs { returns, path, days, calendar_days: span as f64 / Timestamp::NS_PER_DAY as f64 }
}

/// 1, then what it has become after each return; a loss of everything shows in the measures that need more.
fn wealth(returns: &[f64]) -> Vec<f64> {
    let mut level = 1.0;
    std::iter::once(level)
        .chain(returns.iter().map(|value| {
            level *= 1.0 + value;
            level
        }))
        .collect()
}

fn head(out: &mut Metrics, series: &Series, initial_equity: Option<f64>) {
    let timeframe = if series.daily { Timeframe::Day1 } else { Timeframe::Minute1 };
    let time = |row: Option<&SeriesRow>| row.map_or(Value::Null, |row| row.time.text(timeframe).into());
    let (first, last) = (series.rows.first(), series.rows.last());
    out.put("start", time(first));
    out.put("end", time(last));
    out.put("sessions", series.rows.len());
    out.undefined("bars", "a series of returns or equity has no bars");
    match (series.kind, first, last) {
        (SeriesKind::Equity, Some(first), Some(last)) => {
            out.put("initial_equity", initial_equity.unwrap_or(first.value));
            out.put("final_equity", last.value);
        }
        _ => ["initial_equity", "final_equity"].iter().for_each(|key| out.undefined(key, "returns have no dollars")),
    }
}

/// Our returns and the benchmark's over the same stretches of time.
fn paired(series: &Series, inputs: &Inputs, benchmark: &Series) -> Result<(Vec<f64>, Vec<f64>), Box<Diagnostic>> {
    let Ok(ours) = &inputs.returns else { return Ok((Vec::new(), Vec::new())) };
    // Level of the benchmark after each of its rows; of returns also before the first.
    let (levels, before) = match benchmark.kind {
        SeriesKind::Returns => (wealth(&benchmark.rows.iter().map(|row| row.value).collect::<Vec<f64>>()), 1),
        SeriesKind::Equity => (benchmark.rows.iter().map(|row| row.value).collect(), 0),
    };
    let level_of = |row: &SeriesRow| -> Result<usize, Box<Diagnostic>> {
        let found = benchmark.rows.binary_search_by_key(&row.time.days(), |theirs| theirs.time.days());
        found.map(|at| at + before).map_err(|_| no_value(series, benchmark, row))
    };
    let places: Vec<usize> = series.rows.iter().map(level_of).collect::<Result<_, _>>()?;
    let mut theirs: Vec<f64> = places.windows(2).map(|pair| levels[pair[1]] / levels[pair[0]] - 1.0).collect();
    // Our first row is a return too: the benchmark's begins a row earlier, where it has one.
    let begins_with_return = ours.len() == series.rows.len();
    if begins_with_return && let Some(previous) = places[0].checked_sub(1) {
        theirs.insert(0, levels[places[0]] / levels[previous] - 1.0);
    }
    Ok((ours[ours.len() - theirs.len()..].to_vec(), theirs))
}

fn no_value(series: &Series, benchmark: &Series, row: &SeriesRow) -> Box<Diagnostic> {
    let date = row.time.utc_date();
    let what = format!("{date} is not in the benchmark {}", benchmark.path.display());
    let diagnostic = data_error::at_line(&series.path, row.line, what);
    Box::new(diagnostic.note("give a benchmark with a value on every date of the series, or cut the series"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn series(kind: SeriesKind, first_day: i32, values: &[f64]) -> Series {
        let row = |(index, value): (usize, &f64)| SeriesRow {
            line: index as u64 + 2,
            time: Timestamp::from_days(first_day + index as i32).expect("day"),
            value: *value,
        };
        let rows = values.iter().enumerate().map(row).collect();
        Series { path: PathBuf::from("s.csv"), kind, rows, daily: true }
    }

    fn of(series: &Series, initial: Option<f64>) -> Metrics {
        series_metrics(series, None, initial, 1).expect("metrics")
    }

    /// The same history as returns and as equity gives the same measures.
    #[test]
    fn returns_and_equity_agree() {
        let returns = [0.01, -0.02, 0.005, 0.03, -0.01, 0.002];
        let mut level = 100.0;
        let marks = returns.map(|value| {
            level *= 1.0 + value;
            level
        });
        let (a, b) = (
            of(&series(SeriesKind::Returns, 0, &returns), None),
            of(&series(SeriesKind::Equity, 0, &marks), Some(100.0)),
        );
        for key in ["total_return", "sharpe", "sortino", "max_drawdown", "cagr", "max_drawdown_days", "ulcer_index"] {
            let (a, b) = (a.number(key).expect(key), b.number(key).expect(key));
            assert!((a - b).abs() < 1e-9, "{key}: {a} {b}");
        }
        // Without the cash before it the first mark is the start.
        let shorter = of(&series(SeriesKind::Equity, 0, &marks), None);
        assert!((shorter.number("total_return").expect("total") - (marks[5] / marks[0] - 1.0)).abs() < 1e-12);
    }

    #[test]
    fn what_a_series_does_not_know_is_undefined() {
        let text = of(&series(SeriesKind::Returns, 0, &[0.1, -1.0]), None).to_json();
        assert!(text["win_rate"].is_null() && text["undefined"]["win_rate"].is_string());
        assert!(text["cagr"].is_null(), "everything was lost");
        let single = of(&series(SeriesKind::Equity, 0, &[5.0]), None).to_json();
        assert!(single["undefined"]["sharpe"].as_str().is_some_and(|reason| reason.contains("at least")));
    }

    /// A benchmark with more dates is compounded over ours; one with fewer is refused.
    #[test]
    fn the_benchmark_runs_over_our_dates() {
        let returns = [0.01, -0.02, 0.005, 0.03];
        let ours = series(SeriesKind::Returns, 10, &returns);
        let beta = |benchmark: &Series| {
            series_metrics(&ours, Some(benchmark), None, 1).expect("metrics").number("beta").expect("beta")
        };
        let doubled = returns.map(|value| value / 2.0);
        assert!((beta(&series(SeriesKind::Returns, 10, &doubled)) - 2.0).abs() < 1e-9);
        let longer = [[0.5, -0.5].as_slice(), &returns, &[0.7]].concat();
        assert!((beta(&series(SeriesKind::Returns, 8, &longer)) - 1.0).abs() < 1e-9);
        let short = series(SeriesKind::Returns, 11, &returns);
        let error = series_metrics(&ours, Some(&short), None, 1).expect_err("no value").to_string();
        assert!(error.starts_with("error s.csv:2: 1970-01-11 is not in the benchmark s.csv"), "{error}");
    }
}
