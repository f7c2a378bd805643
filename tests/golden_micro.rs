//! Micro cases of other people, derived by hand or agreed by other engines, through files and order scripts.
//!
//! The cases lie in `../shared/golden`; without that folder the test says so and skips. `order_script.rs`
//! holds cases of our own.
#![allow(clippy::unwrap_used)]
mod micro;

use std::fs;
use std::path::{Path, PathBuf};

use alphaflow::domain::Money;
use micro::{Micro, Outcome, run_micro};
use serde_json::Value;

fn shared() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    std::env::var_os("ALPHAFLOW_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    }
}

/// The bars of each symbol, from the case or from the file beside it.
fn bars(case: &Value, folder: &Path) -> Vec<(String, String)> {
    let of_row = |row: &Value| row.as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(",");
    match case["bars"].as_object() {
        Some(symbols) => symbols
            .iter()
            .map(|(symbol, rows)| {
                (symbol.clone(), rows.as_array().unwrap().iter().map(of_row).collect::<Vec<_>>().join("\n"))
            })
            .collect(),
        None => {
            let file = case["bars_file"].as_str().unwrap();
            let symbol = file.rsplit('.').nth(1).unwrap().to_owned();
            let rows = fs::read_to_string(folder.join(file)).unwrap();
            vec![(symbol, rows.lines().skip(1).collect::<Vec<_>>().join("\n"))]
        }
    }
}

/// The rows of our script. Of a pair, `oco` names the order that the other of the two cancels.
fn script(case: &Value, times: &[&str]) -> String {
    let steps = case["script"].as_array().unwrap();
    let partner =
        |id: &str| steps.iter().find(|step| step["order"]["oco"].as_str() == Some(id)).map(|step| &step["order"]);
    let mut rows = Vec::new();
    for step in steps {
        let (time, order) = (times[step["bar"].as_u64().unwrap() as usize], &step["order"]);
        let tif = match text(&order["tif"]).as_str() {
            "" => "gtc".to_owned(),
            written => written.to_owned(),
        };
        let field = |name: &str| text(&order[name]);
        match step["action"].as_str().unwrap() {
            "cancel" => rows.push(format!("{time},cancel,{},,,,,,,,,,,,", text(&step["id"]))),
            "kill_switch" => {
                rows.push(format!("{time},halt,,,,,,,,,,,,,"));
                rows.push(format!("{time},flatten,,,,,,,,,,,,,"));
            }
            "submit" if !order["oco"].is_null() => {} // the other of the pair stands for both
            "submit" => {
                let (id, symbol, side, qty) = (field("id"), field("symbol"), field("side"), field("qty"));
                let row = match partner(&id) {
                    Some(target) => format!(
                        "{time},submit,{id},{symbol},{side},{qty},,,,,,{tif},oco,{},{}",
                        text(&target["limit"]),
                        field("stop")
                    ),
                    None => format!(
                        "{time},submit,{id},{symbol},{side},{qty},{},{},{},{},,{tif},,,",
                        field("type"),
                        field("limit"),
                        field("stop"),
                        field("trail")
                    ),
                };
                rows.push(row);
            }
            other => panic!("no such action: {other}"),
        }
    }
    rows.join("\n")
}

fn money(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn check(case_file: &Path) {
    let case: Value = serde_json::from_str(&fs::read_to_string(case_file).unwrap()).unwrap();
    let id = case["id"].as_str().unwrap();
    let series = bars(&case, case_file.parent().unwrap());
    let times: Vec<&str> = series[0].1.lines().map(|line| line.split(',').next().unwrap()).collect();
    let actions = case["corporate_actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_action = |row: &Value| ["symbol", "ex_date", "kind", "value"].map(|field| text(&row[field])).join(",");
    let actions = actions.iter().map(of_action).collect::<Vec<_>>().join("\n");
    let mut set = vec!["execution.venue_rules=none".to_owned()];
    if let Some(percent) = case["config"]["max_position_pct"].as_f64() {
        set.push(format!("risk.max_position_size={}", percent / 100.0));
    }
    let named: Vec<(&str, String)> = series.iter().map(|(symbol, rows)| (symbol.as_str(), rows.clone())).collect();
    let outcome =
        run_micro(&Micro { bars: &named, script: script(&case, &times), actions: &actions, set, ..Micro::default() });
    let expected = &case["expected"];
    if expected["rejected"] == true {
        let message = outcome.expect_err(id);
        for word in expected["message_should_name"].as_array().unwrap() {
            assert!(message.contains(word.as_str().unwrap()), "{id}: {message}");
        }
        return;
    }
    agrees(id, expected, &outcome.unwrap_or_else(|error| panic!("{id}: {error}")));
}

/// Fills, fees, equity, cash and refusals, exactly.
fn agrees(id: &str, expected: &Value, ours: &Outcome) {
    let exact = |text: &str| text.parse::<Money>().unwrap().to_f64();
    let fills: Vec<String> = expected["fills"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fill| {
            let price: f64 = money(&fill["price"]);
            assert_eq!(money(&fill["fee"]), 0.0, "{id}: the cases have no fees");
            let [order, time, side, qty] = ["order", "time", "side", "qty"].map(|field| text(&fill[field]));
            format!("{order} {time} {side} {qty} @ {price}")
        })
        .collect();
    // The stop of a pair is called after the pair.
    let named: Vec<String> = ours.fills.iter().map(|fill| fill.replacen(".stop ", " ", 1)).collect();
    assert_eq!(named, fills, "{id}: fills");
    let equity = expected["equity"].as_array().unwrap();
    assert_eq!(ours.equity.len(), equity.len(), "{id}: equity points");
    for ((time, value), row) in ours.equity.iter().zip(equity) {
        assert_eq!((time.as_str(), exact(value)), (row["timestamp"].as_str().unwrap(), money(&row["equity"])), "{id}");
    }
    assert_eq!(exact(&ours.cash), money(&expected["final_cash"]), "{id}: cash");
    let refused: Vec<String> = ours.refusals.iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect();
    let expected = expected["refused"].as_array().map(|ids| ids.iter().map(text).collect()).unwrap_or_default();
    let expected: Vec<String> = expected;
    assert_eq!(refused, expected, "{id}: refused");
}

#[test]
fn micro_cases_are_reproduced() {
    let golden = shared().join("golden");
    if !golden.is_dir() {
        eprintln!("skipped: ../shared/golden is not here");
        return;
    }
    let mut cases: Vec<PathBuf> = fs::read_dir(&golden)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| fs::read_to_string(path).unwrap().contains("\"kind\": \"micro\""))
        .collect();
    cases.sort();
    assert!(cases.len() >= 5, "{} cases", cases.len());
    cases.iter().for_each(|case| check(case));
}
