//! `alphaflow data`, `indicators` and `metrics`: files in, files and tables out.
mod cli_binary;

use std::fs;
use std::path::Path;

use cli_binary::{alphaflow, done, fails};
use serde_json::Value;

const IBM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/bokeh_IBM_daily.csv");
const AAPL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/bokeh_AAPL_daily.csv");
const ACTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/corporate_actions.csv");

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("folder")
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("write");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn check_names_rows_times_and_suspicions() {
    let folder = folder();
    let text = done(folder.path(), &["data", "check", IBM]);
    assert_eq!(text, format!("{IBM}   3,270 rows, daily, 2000-03-01 to 2013-03-01\n  nothing suspicious\n"));
    let text = done(folder.path(), &["data", "check", AAPL]);
    assert!(text.contains(&format!("! {AAPL}:1256: price jump of -49.8% on 2005-02-28")), "{text}");
    let explained =
        ["data", "check", AAPL, "--corporate-actions", ACTIONS, "--symbol", "AAPL", "--format", "json", "--strict"];
    let call = alphaflow(folder.path(), &explained);
    assert_eq!(call.code, Some(2));
    assert_eq!(call.err, "error 1 suspicious place; mend the data, or check without --strict\n");
    let file = &json(&call.out)["files"][0];
    assert_eq!((file["rows"].as_u64(), file["timeframe"].as_str()), (Some(3270), Some("1d")));
    assert_eq!((file["counts"]["price_jump"].as_u64(), file["findings"][0]["line"].as_u64()), (Some(1), Some(150)));
}

#[test]
fn check_refuses_the_malformed_and_still_looks_at_the_rest() {
    let folder = folder();
    let head = "timestamp,open,high,low,close,volume\n";
    write(folder.path(), "bad.csv", &format!("{head}2013-10-07,10,9,8,8.5,100\n"));
    let call = alphaflow(folder.path(), &["data", "check", "bad.csv", IBM]);
    assert_eq!(call.code, Some(2));
    assert!(call.out.starts_with(IBM), "{}", call.out);
    assert!(call.err.starts_with("error bad.csv:2: open 10 lies outside the bar's range"), "{}", call.err);
    assert!(call.err.contains("    2 | 2013-10-07,10,9,8,8.5,100\n      | ^^^"), "{}", call.err);
    write(folder.path(), "good.csv", &format!("{head}2013-10-07,1,1,1,1,1\n"));
    let missing = fails(folder.path(), 2, &["data", "check", "god.csv"]);
    assert!(missing.contains("error god.csv: there is no such file\n      nearest file: good.csv"), "{missing}");
    write(folder.path(), "one.csv", &format!("{head}2013-10-07T13:30:00Z,1,1,1,1,1\n"));
    assert!(fails(folder.path(), 2, &["data", "check", "one.csv"]).contains("name it with --timeframe"));
    assert!(done(folder.path(), &["data", "check", "one.csv", "--timeframe", "5m"]).contains("1 row, 5-minute"));
}

#[test]
fn convert_goes_and_comes_back_the_same() {
    let folder = folder();
    let minutes = ["data", "synthesize", "--timeframe", "1m", "--sessions", "3", "--out", "a.csv"];
    done(folder.path(), &minutes);
    done(folder.path(), &["data", "convert", "a.csv", "a.parquet"]);
    done(folder.path(), &["data", "convert", "a.parquet", "b.csv"]);
    let bytes = |name: &str| fs::read(folder.path().join(name)).expect(name);
    assert_eq!(bytes("a.csv"), bytes("b.csv"));
    let refused = fails(folder.path(), 2, &["data", "convert", "a.csv", "a.parquet"]);
    assert_eq!(refused, "error a.parquet: is there already; choose another name, or --overwrite\n");
    done(folder.path(), &["data", "convert", "a.csv", "a.parquet", "--overwrite"]);
    assert!(fails(folder.path(), 2, &["data", "convert", "a.csv", "a.txt"]).contains("name it .csv or .parquet"));
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 3, "nothing is left over");
}

/// A price that no float holds is not written as one.
#[test]
fn convert_refuses_what_would_not_come_back() {
    let folder = folder();
    let price = "9000000.000000001";
    let row = format!("2013-10-07,{price},{price},{price},{price},1\n");
    write(folder.path(), "high.csv", &format!("timestamp,open,high,low,close,volume\n{row}"));
    let refused = fails(folder.path(), 2, &["data", "convert", "high.csv", "high.parquet"]);
    assert!(refused.contains("row 1 would not come back the same"), "{refused}");
    assert!(!folder.path().join("high.parquet").exists());
}

#[test]
fn synthesize_is_decided_by_its_seed() {
    let folder = folder();
    let make = |seed: &str, out: &str| {
        let span = ["--start", "2024-01-02", "--end", "2024-01-31"];
        done(folder.path(), &[&["data", "synthesize", "--seed", seed, "--out", out], &span[..]].concat())
    };
    let text = make("7", "a.csv");
    assert_eq!(text, "a.csv   TEST, seed 7: 21 rows, daily, 2024-01-02 to 2024-01-31\n");
    make("7", "b.csv");
    make("8", "c.csv");
    let bytes = |name: &str| fs::read(folder.path().join(name)).expect(name);
    assert_eq!(bytes("a.csv"), bytes("b.csv"));
    assert_ne!(bytes("a.csv"), bytes("c.csv"));
    done(folder.path(), &["data", "check", "--strict", "a.csv"]);
    let wrong = fails(folder.path(), 2, &["data", "synthesize", "--sessions", "5", "--price", "0.5", "--out", "x.csv"]);
    assert!(wrong.starts_with("error --price: is 0.5; use 1 to 1,000,000 dollars"), "{wrong}");
    assert!(
        fails(folder.path(), 2, &["data", "synthesize", "--end", "2019-01-01", "--out", "x.csv"]).contains("--end")
    );
}

#[test]
fn indicator_columns_stand_beside_the_bars() {
    let folder = folder();
    let list = "sma(2),macd,bollinger(20,2.5),stochastic,donchian(3),plus_di,obv";
    for out in ["out.csv", "out.parquet"] {
        let text = done(folder.path(), &["indicators", "--data", IBM, "--compute", list, "--out", out]);
        assert_eq!(text, format!("{out}   3,270 rows, 13 columns beside the bars, daily\n"));
    }
    let text = fs::read_to_string(folder.path().join("out.csv")).expect("out");
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some(
            "timestamp,open,high,low,close,volume,sma_2,macd_12_26_9,macd_12_26_9_signal,macd_12_26_9_histogram,\
             bollinger_20_2.5_upper,bollinger_20_2.5_middle,bollinger_20_2.5_lower,stochastic_14_3_3_k,\
             stochastic_14_3_3_d,donchian_3_high,donchian_3_low,plus_di_14,obv"
        )
    );
    assert_eq!(lines.next(), Some("2000-03-01,102,105.5,100.06,100.25,10807800,,,,,,,,,,,,,10807800"));
    let second: Vec<&str> = lines.next().expect("row").split(',').collect();
    let number = |text: &str| text.parse::<f64>().expect("number");
    assert!((number(second[6]) - (100.25 + number(second[4])) / 2.0).abs() < 1e-9);
    assert_eq!(text.lines().count(), 3271);
    // The Parquet file is a file of bars with more columns.
    assert!(done(folder.path(), &["data", "check", "out.parquet"]).contains("3,270 rows"));
}

#[test]
fn indicators_refuse_with_the_nearest_name() {
    let folder = folder();
    let compute = |list: &str, out: &str| {
        fails(folder.path(), 2, &["indicators", "--data", IBM, "--compute", list, "--out", out])
    };
    let unknown = compute("bolinger(20)", "o.csv");
    let expected = "error --compute bolinger(20): unknown indicator bolinger\n      nearest indicator: bollinger\n      valid: sma ";
    assert!(unknown.starts_with(expected), "{unknown}");
    assert!(compute("sma(0)", "o.csv").contains("period must be from 1 to 100000, but it is 0"));
    assert!(compute("sma", IBM).contains("is the file of bars itself"));
    assert!(compute("sma", "o.txt").contains("name it .csv or .parquet"));
    let list = done(folder.path(), &["indicators"]);
    assert!(list.starts_with("sma               period 20 (1 to 100000)\n    mean of the last n closes"), "{list}");
    let list = json(&done(folder.path(), &["indicators", "--format", "json"]));
    assert_eq!(list[0]["columns"][0].as_str(), Some("sma_20"));
}

/// One object with the keys of metrics.json; what a series cannot know is null with its reason.
#[test]
fn metrics_of_returns_and_of_equity() {
    let folder = folder();
    let days = ["2013-10-07", "2013-10-08", "2013-10-09", "2013-10-10", "2013-10-11"];
    let returns = [0.01, -0.02, 0.015, 0.0, 0.005];
    let (mut rows, mut marks, mut bench, mut level) = (String::new(), String::new(), String::new(), 1000.0);
    for (day, value) in days.iter().zip(returns) {
        level *= 1.0 + value;
        rows += &format!("{day},{value}\n");
        marks += &format!("{day},{level}\n");
        bench += &format!("{day},{}\n", value / 2.0);
    }
    write(folder.path(), "r.csv", &format!("date,return\n{rows}"));
    write(folder.path(), "b.csv", &format!("date,return\n{bench}"));
    write(folder.path(), "e.csv", &format!("timestamp,equity\n{marks}"));
    let of_returns = json(&done(folder.path(), &["metrics", "r.csv", "--benchmark", "b.csv", "--format", "json"]));
    let of_equity = json(&done(folder.path(), &["metrics", "e.csv", "--initial-equity", "1000", "--format", "json"]));
    let number = |object: &Value, key: &str| object[key].as_f64().unwrap_or_else(|| panic!("{key} of {object}"));
    assert!((number(&of_returns, "beta") - 2.0).abs() < 1e-9);
    for key in ["total_return", "sharpe", "max_drawdown", "cagr", "value_at_risk_95"] {
        assert!((number(&of_returns, key) - number(&of_equity, key)).abs() < 1e-9, "{key}");
    }
    assert_eq!(number(&of_equity, "initial_equity"), 1000.0);
    assert!(of_returns["win_rate"].is_null() && of_returns["undefined"]["win_rate"].is_string());
    let text = done(folder.path(), &["metrics", "r.csv"]);
    assert!(text.contains("beta") && text.contains("no benchmark was given (--benchmark)"), "{text}");
}

#[test]
fn metrics_errors_name_file_line_and_value() {
    let folder = folder();
    write(folder.path(), "r.csv", "date,return\n2013-10-07,0.01\n2013-10-08,1%\n");
    let error = fails(folder.path(), 2, &["metrics", "r.csv"]);
    let expected = "error r.csv:3: return `1%` is not a number; write it like 0.0123 or 100000\n    3 | 2013-10-08,1%\n      |            ^^\n";
    assert_eq!(error, expected);
    write(folder.path(), "r.csv", "date,return\n2013-10-07,0.01\n");
    assert!(fails(folder.path(), 2, &["metrics", "r.csv", "--initial-equity", "5"]).contains("the file has returns"));
    write(folder.path(), "b.csv", "date,return\n2013-10-08,0.01\n");
    let error = fails(folder.path(), 2, &["metrics", "r.csv", "--benchmark", "b.csv"]);
    assert!(error.starts_with("error r.csv:2: 2013-10-07 is not in the benchmark b.csv"), "{error}");
}
