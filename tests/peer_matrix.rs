//! Named cases: what other engines were measured at, every rule where they agree or differ, and more of the
//! kinds of the golden micro-cases (corporate actions, the kill switch, caps, partial fills, bad input).
//!
//! Not here: random cases (oracle), running the other engines (`oracle/run_peers.py`, on the same
//! `oracle/peer_cases.json`). Days are the XNYS sessions of January 2024; a bar is `open high low close
//! [volume]`, a million shares unless it says so; a row of a script is `bar action id …`, bars counted from 0.
#![allow(clippy::unwrap_used)]
mod micro;

use micro::{Micro, Outcome, run_micro};
use serde_json::Value;

const CASES: &str = include_str!("oracle/peer_cases.json");

const DAYS: [&str; 8] =
    ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"];

fn bars(bars: &[&str]) -> String {
    let row = |(time, bar): (&&str, &&str)| {
        let mut fields: Vec<&str> = bar.split_whitespace().collect();
        if fields.len() == 4 {
            fields.push("1000000");
        }
        format!("{time},{}", fields.join(","))
    };
    assert!(bars.len() <= DAYS.len());
    DAYS.iter().zip(bars).map(row).collect::<Vec<_>>().join("\n")
}

/// `1 submit S1 sell 50 stop stop_price=57` as a row of the file.
fn row(text: &str) -> String {
    let names: Vec<&str> = micro::HEADER.split(',').collect();
    let mut fields = vec![""; names.len()];
    let mut place = |name: &str, value| fields[names.iter().position(|known| *known == name).unwrap()] = value;
    let (named, plain): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| word.contains('='));
    place("time", DAYS[plain[0].parse::<usize>().unwrap()]);
    place("symbol", if plain[1] == "submit" { "TST" } else { "" });
    for (name, value) in ["action", "id", "side", "qty", "type"].into_iter().zip(&plain[1..]) {
        place(name, value);
    }
    for word in named {
        let (name, value) = word.split_once('=').unwrap();
        place(name, value);
    }
    fields.join(",")
}

fn play(days: &[&str], script: &[&str], set: &[&str], actions: &str) -> Outcome {
    let script = script.iter().map(|text| row(text)).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    let bars = [("TST", bars(days))];
    run_micro(&Micro { bars: &bars, script, actions, set, ..Micro::default() }).unwrap()
}

/// Fills with the day as its number: `E1 3 buy 10 @ 103`.
fn numbered(outcome: &Outcome) -> Vec<String> {
    let number = |fill: &String| {
        let day = DAYS.iter().position(|day| fill.contains(day)).unwrap();
        fill.replace(DAYS[day], &day.to_string())
    };
    outcome.fills.iter().map(number).collect()
}

fn texts<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    case[key].as_array().map(|texts| texts.iter().map(|text| text.as_str().unwrap()).collect()).unwrap_or_default()
}

/// The matrix of `peers.md` and its rules, one case each.
#[test]
fn every_case_of_the_matrix() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let outcome = play(&texts(case, "bars"), &texts(case, "script"), &texts(case, "set"), "");
        let (fills, wanted) = (numbered(&outcome), texts(case, "fills"));
        let missing: Vec<&str> = texts(case, "orders")
            .into_iter()
            .filter(|order| !outcome.orders.iter().any(|ours| ours.starts_with(order)))
            .collect();
        if fills != wanted || !missing.is_empty() {
            let (name, rule) = (&case["name"], &case["rule"]);
            wrong.push(format!(
                "{name} ({rule})\n  wanted {wanted:?} {missing:?}\n  got {fills:?} {:?}",
                outcome.orders
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
