//! `alphaflow backtest --prove`: what it prints, what it leaves, and how it ends.
mod cli_binary;

use std::fs;

use cli_binary::{alphaflow, done, fails, small};
use serde_json::Value;

#[test]
fn a_proof_that_holds_says_what_was_tried_and_writes_nothing() {
    let folder = small();
    let text = done(folder.path(), &["backtest", "scenarios/small.toml", "--prove"]);
    for expected in [
        "small   TEST, daily, 2020-01-02 to 2021-03-1",
        "\nNo order that was decided changed in any rerun.\n",
        "\nSame again      the same ",
        "\nData that end   ",
        "\nFalse futures   ",
        "\nBar by bar      ",
        "\nWarm-up         ",
        "\nreruns          ",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{text}");
    assert!(!folder.path().join("reports").exists());
}

#[test]
fn json_is_the_proof_and_out_keeps_it_beside_the_run() {
    let folder = small();
    let arguments = ["backtest", "scenarios/small.toml", "--prove", "--format", "json", "--out", "run", "--no-report"];
    let mut printed: Value = serde_json::from_str(&done(folder.path(), &arguments)).expect("JSON");
    let seconds = printed.as_object_mut().expect("object").remove("prove_seconds");
    assert!(seconds.and_then(|value| value.as_f64()).is_some_and(|seconds| seconds > 0.0));
    assert_eq!(printed["holds"], true);
    assert_eq!(printed["reruns"], 3 + 5 * printed["cuts"].as_u64().expect("cuts"));
    assert_eq!(printed["changes"], Value::Array(Vec::new()));
    let run = folder.path().join("run");
    let kept = fs::read_to_string(run.join("prove.json")).expect("prove.json");
    assert_eq!(printed, serde_json::from_str::<Value>(&kept).expect("JSON"));
    assert!(run.join("run.json").exists() && !run.join("report.html").exists());
    // The next run of the folder has no proof.
    done(folder.path(), &["backtest", "scenarios/small.toml", "--out", "run", "--no-report"]);
    assert!(!run.join("prove.json").exists());
}

/// An average of half the run: who begins later does not know it in time.
#[test]
fn a_change_ends_with_3_and_is_named() {
    let folder = small();
    let arguments = [
        "backtest",
        "scenarios/small.toml",
        "--prove",
        "--set",
        "strategy.params.fast_period=2",
        "--set",
        "strategy.params.slow_period=130",
    ];
    let call = alphaflow(folder.path(), &arguments);
    assert_eq!(call.code, Some(3), "{}{}", call.out, call.err);
    assert_eq!(
        call.err,
        "error scenarios/small.toml: orders changed in 1 kind of rerun; the proof says which and why\n"
    );
    for expected in [
        "\nOrders changed that must not.\n",
        "\nNot stable      ",
        "\n  was           wish to ",
        "\n  became        nothing for a strategy that began at ",
    ] {
        assert!(call.out.contains(expected), "{expected:?} is missing:\n{}", call.out);
    }
    let json = alphaflow(folder.path(), &[&arguments[..], &["--format", "json"]].concat());
    let printed: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((json.code, &printed["holds"]), (Some(3), &Value::Bool(false)));
    assert_eq!(printed["changes"][0]["rerun"], "later_start");
    assert_eq!(printed["changes"][0]["symbol"], "TEST");
    assert_eq!(printed["warm_up"]["bars"], Value::Null);
}

#[test]
fn a_run_too_short_to_prove_is_wrong_input() {
    let folder = small();
    let error = fails(
        folder.path(),
        2,
        &["backtest", "scenarios/small.toml", "--prove", "--set", "data.end=2020-01-20", "--out", "run"],
    );
    assert!(error.contains("too short to be proved") && !folder.path().join("run").exists(), "{error}");
}
