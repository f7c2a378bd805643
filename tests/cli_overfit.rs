//! `alphaflow overfit`: both forms, their keys, their errors, and the golden cases through the binary.
mod cli_binary;

use std::path::{Path, PathBuf};

use cli_binary::{alphaflow, done, fails};
use serde_json::Value;

const KEYS: [&str; 15] = [
    "pbo",
    "combinations",
    "mean_logit",
    "median_logit",
    "prob_oos_loss",
    "degradation_slope",
    "degradation_intercept",
    "best_trial",
    "best_sharpe",
    "best_skew",
    "best_kurtosis",
    "sharpe_variance",
    "expected_max_sharpe",
    "probabilistic_sharpe",
    "deflated_sharpe",
];

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let text = done(folder, &[&["overfit"], arguments, &["--format", "json"]].concat());
    serde_json::from_str(&text).expect("JSON")
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("object").keys().map(String::as_str).collect()
}

fn near(value: &Value, key: &str, expected: f64, relative: f64) {
    let actual = value[key].as_f64().unwrap_or_else(|| panic!("{key} is a number in {value}"));
    assert!((actual - expected).abs() <= relative * expected.abs(), "{key}: {actual} is not {expected}");
}

/// Three trials over `rows` rows, no two rows alike.
fn matrix(rows: usize) -> String {
    let row = |row: usize| {
        let wave = |step: usize| ((row * step) % 17) as f64 / 1_000.0 - 0.008;
        format!("2020-{:02}-{:02},{},{},{}\n", row / 28 + 1, row % 28 + 1, wave(5), wave(7) + 0.001, wave(11))
    };
    format!("date,slow,fast,flat\n{}", (0..rows).map(row).collect::<String>())
}

fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("t.csv"), text).expect("write");
    folder
}

/// The cases beside the repository; without them the test says that it was skipped.
fn golden() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let folder = std::env::var_os("ALPHAFLOW_SHARED").map_or(beside, PathBuf::from).join("golden");
    if !folder.is_dir() {
        eprintln!("skipped: no golden cases beside this project (set ALPHAFLOW_SHARED to the shared folder)");
        return None;
    }
    Some(folder)
}

#[test]
fn a_matrix_has_the_keys_of_the_specification_first() {
    let folder = folder_with(&matrix(120));
    let all = json(folder.path(), &["t.csv", "--blocks", "6"]);
    assert_eq!(keys(&all)[..15], KEYS);
    assert_eq!((all["combinations"].as_u64(), all["trials"].as_u64()), (Some(20), Some(3)));
    assert_eq!((all["best_trial"].as_u64(), all["best_trial_name"].as_str()), (Some(1), Some("fast")));
    assert_eq!(all["undefined"], serde_json::json!({}));
    assert!(all["verdict"].as_str().expect("text").starts_with("Of 3 tries (about 3 independent) the best made a "));
    // The deflated ratio is the probabilistic one against the expected maximum: the other form says the same.
    let number = |key: &str| all[key].as_f64().expect("number").to_string();
    let again = json(
        folder.path(),
        &[
            "--sharpe",
            &number("best_sharpe"),
            "--observations",
            "120",
            "--skew",
            &number("best_skew"),
            "--kurtosis",
            &number("best_kurtosis"),
            "--trials",
            "3",
            "--sharpe-variance",
            &number("sharpe_variance"),
        ],
    );
    for key in ["probabilistic_sharpe", "deflated_sharpe", "expected_max_sharpe", "min_track_record"] {
        near(&again, key, all[key].as_f64().expect("number"), 1e-12);
    }
}

#[test]
fn more_tries_than_columns_raise_the_bar() {
    let folder = folder_with(&matrix(120));
    let (few, many) = (json(folder.path(), &["t.csv"]), json(folder.path(), &["t.csv", "--trials", "5000"]));
    let number = |value: &Value, key: &str| value[key].as_f64().expect("number");
    assert_eq!(few["combinations"].as_u64(), Some(252));
    assert!(number(&many, "expected_max_sharpe") > number(&few, "expected_max_sharpe"));
    assert!(number(&many, "deflated_sharpe") < number(&few, "deflated_sharpe"));
    assert_eq!((many["trials"].as_u64(), number(&many, "pbo")), (Some(5_000), number(&few, "pbo")));
}

#[test]
fn the_text_says_the_verdict_first() {
    let folder = folder_with(&matrix(120));
    let text = done(folder.path(), &["overfit", "t.csv"]);
    assert!(text.starts_with("Of 3 tries"), "{text}");
    let (verdict, table) = text.split_once("\n\n").expect("verdict and table");
    assert!(verdict.lines().all(|line| line.chars().count() <= 80), "{verdict}");
    assert!(table.starts_with("pbo  ") && table.contains("\nbest_trial_name                       fast\n"), "{table}");
    assert!(!text.contains("NaN") && !text.contains("\"t"), "{text}");
}

/// Too few rows to resample: the tests of luck are null with their reason, and the verdict does not pretend.
#[test]
fn what_is_undefined_says_why() {
    let folder = folder_with(&matrix(19));
    let all = json(folder.path(), &["t.csv", "--blocks", "2"]);
    assert!(all["spa"].is_null());
    assert_eq!(all["undefined"]["spa"].as_str(), Some("needs at least 20 daily values, has 19"));
    assert_ne!(all["conclusion"].as_str(), Some("distinguishable"));
    let text = done(folder.path(), &["overfit", "t.csv", "--blocks", "2"]);
    assert!(text.contains("n/a   needs at least 20 daily values, has 19"), "{text}");
}

#[test]
fn numbers_give_what_they_allow() {
    let folder = tempfile::tempdir().expect("folder");
    let record = ["--sharpe", "0.15", "--skew", "-1", "--kurtosis", "7"];
    let ask = |more: &[&str]| json(folder.path(), &[&record, more].concat());
    assert_eq!(keys(&ask(&[])), ["min_track_record", "undefined"]);
    assert_eq!(keys(&ask(&["--observations", "500"])), ["probabilistic_sharpe", "min_track_record", "undefined"]);
    let more = ["--observations", "500", "--trials", "20", "--sharpe-variance", "0.003", "--annual-sharpe", "1"];
    let five = ["probabilistic_sharpe", "deflated_sharpe", "expected_max_sharpe", "min_track_record"];
    assert_eq!(keys(&ask(&more)), [&five[..], &["min_backtest_years", "undefined"]].concat());
    let alone = json(folder.path(), &["--trials", "45", "--annual-sharpe", "1"]);
    assert_eq!(keys(&alone), ["min_backtest_years", "undefined"]);
    let lost = ask(&["--benchmark-sharpe", "0.2"]);
    assert!(lost["min_track_record"].is_null());
    assert!(lost["undefined"]["min_track_record"].as_str().expect("reason").contains("does not exceed"));
    let text = done(folder.path(), &[&["overfit"], &record[..], &more[..]].concat());
    assert!(text.contains("deflated_sharpe                     82.70%\n"), "{text}");
}

#[test]
fn golden_numbers_through_the_binary() {
    let Some(golden) = golden() else { return };
    let read = |name: &str| std::fs::read_to_string(golden.join(name)).expect("the case is there");
    let case: Value = serde_json::from_str(&read("sh-25-pbo-6x120-s6.json")).expect("JSON");
    let all = json(&golden, &["sh-25-pbo-6x120-s6.returns.csv", "--blocks", "6"]);
    for entry in case["expected"]["values"].as_array().expect("values") {
        near(&all, entry["name"].as_str().expect("name"), entry["expected"].as_f64().expect("number"), 1e-8);
    }
    let paper: Value = serde_json::from_str(&read("sh-24-psr-dsr-mintrl.json")).expect("JSON");
    for entry in paper["expected"]["values"].as_array().expect("values") {
        let key = match entry["function"].as_str().expect("function") {
            "psr" => "probabilistic_sharpe",
            "dsr" => "deflated_sharpe",
            "min_track_record_length" => "min_track_record",
            other => other,
        };
        let mut arguments: Vec<String> = Vec::new();
        for (name, value) in entry["inputs"].as_object().expect("inputs") {
            let option = match name.as_str() {
                "sr" => "sharpe",
                "n" => "observations",
                "kurt" => "kurtosis",
                "var_sr" => "sharpe-variance",
                "sr_benchmark" => "benchmark-sharpe",
                other => other,
            };
            arguments.extend([format!("--{option}"), value.to_string()]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        near(&json(&golden, &arguments), key, entry["expected"].as_f64().expect("number"), 1e-9);
    }
}

/// An implementation in another language, from the definitions: `tests/golden/overfit.py`.
#[test]
fn an_independent_implementation_agrees() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("tests/golden/overfit.json")).expect("the numbers are there");
    let golden: Value = serde_json::from_str(&text).expect("JSON");
    let all = json(root, &["data/trials_ma_crossover_ibm.csv", "--blocks", "8"]);
    let entries = |part: &str| golden[part].as_object().expect("numbers").clone();
    let (exact, resampled) = (entries("exact"), entries("resampled"));
    assert_eq!((exact.len(), resampled.len()), (16, 4));
    for (key, expected) in exact {
        near(&all, &key, expected.as_f64().expect("number"), 1e-9);
    }
    for (key, expected) in resampled {
        let (ours, theirs) = (all[&key].as_f64().expect("number"), expected.as_f64().expect("number"));
        // 1,000 and 2,000 resamples: a standard error of 0.017 at p = 0.26; four of it.
        assert!((ours - theirs).abs() < 0.068, "{key}: {ours} and {theirs}");
    }
}

#[test]
fn bad_files_are_named_with_line_value_and_remedy() {
    for (text, expected) in [
        ("a,b\n0.1,0.2\n0.1\n", "error t.csv:3: 1 values, but the header names 2 columns"),
        ("a,b\n0.1,x\n", "error t.csv:2: b `x` is not a number; write it like 0.0123\n"),
        ("a,b\n0.1,nan\n", "error t.csv:2: b `nan` is not finite"),
        ("a\n0.1\n", "error t.csv:1: one column of returns"),
        ("a,b\n0.1,0.2\n0.2,0.1\n", "error t.csv: 2 rows, but 10 blocks need 20: two each; add rows or lower --blocks"),
    ] {
        let folder = folder_with(text);
        let error = fails(folder.path(), 2, &["overfit", "t.csv"]);
        assert!(error.starts_with(expected), "{error}");
    }
    let folder = tempfile::tempdir().expect("folder");
    assert!(fails(folder.path(), 2, &["overfit", "none.csv"]).starts_with("error none.csv: there is no such file"));
}

#[test]
fn bad_arguments_are_named() {
    let folder = folder_with(&matrix(60));
    for (arguments, expected) in [
        (&["t.csv", "--blocks", "7"][..], "error --blocks: 7 is not an even number from 2 to 20"),
        (&["t.csv", "--blocks", "0"], "error --blocks: 0 is not"),
        (&["t.csv", "--blocks", "22"], "error --blocks: 22 is not"),
        (&["t.csv", "--trials", "2"], "error --trials: 2 is fewer than the 3 trials in the file"),
        (&["t.csv", "--trials", "1"], "error --trials: 1 is not from 2 to 1,000,000,000"),
        (&["--trials", "9"], "error overfit: nothing to compute from; name a FILE"),
        (&[], "error overfit: nothing to compute from"),
    ] {
        let error = fails(folder.path(), 2, &[&["overfit"], arguments].concat());
        assert!(error.starts_with(expected), "{error}");
    }
    let record = |sharpe: &str, kurtosis: &str, more: &[&str]| {
        let own = ["overfit", "--sharpe", sharpe, "--skew", "0", "--kurtosis", kurtosis];
        let call = alphaflow(folder.path(), &[&own, more].concat());
        assert_eq!(call.code, Some(2), "{}{}", call.out, call.err);
        call.err
    };
    assert!(record("0.1", "0", &[]).contains("if it is excess kurtosis, add 3"));
    assert!(record("nan", "3", &[]).contains("not a finite number"));
    assert!(record("0.1", "3", &["--observations", "1"]).contains("error --observations: 1 is under 2"));
    assert!(record("0.1", "3", &["--confidence", "0.5"]).contains("error --confidence: 0.5 is not above 0.5"));
    let negative = ["--trials", "9", "--sharpe-variance", "-1"];
    assert!(record("0.1", "3", &negative).contains("error --sharpe-variance: -1 is under 0"));
    assert!(fails(folder.path(), 2, &["overfit", "t.csv", "--sharpe", "0.1"]).contains("cannot be used with"));
    assert!(fails(folder.path(), 2, &["overfit", "--sharpe", "0.1"]).contains("--kurtosis"));
}
