//! `alphaflow backtest` and `report`: what a run prints, and its report made again.
mod cli_binary;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cli_binary::{alphaflow, done, fails, small};
use serde_json::Value;

/// Names and bytes of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
    entries
        .map(|entry| (entry.file_name().into_string().expect("name"), fs::read(entry.path()).expect("file")))
        .collect()
}

#[test]
fn the_summary_says_the_answer_the_doubts_and_the_cost() {
    let folder = small();
    let text = done(folder.path(), &["backtest", "scenarios/small.toml"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("small   TEST, daily, 2020-01-02 to 2021-03-1"), "{text}");
    assert!(lines[2].starts_with("$100,000 became $"), "{text}");
    for expected in [
        "                    strategy   TEST held    95% range\n",
        "\nTrades          ",
        "\nLeft by         ",
        "\nCosts           $",
        "! Set but not enforced yet: max_daily_loss",
        "\nreport          reports/small/report.html\nfingerprint     ",
        "\nreading         300 rows from 1 file ",
        "\nreplaying       300 bars, ",
        "\nreporting       ",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
    assert!(text.is_ascii(), "a pipe gets no drawing and no colour: {text}");
    assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
}

/// The times are printed, and nowhere in the folder.
#[test]
fn json_is_metrics_with_the_cost() {
    let folder = small();
    let text = done(folder.path(), &["backtest", "scenarios/small.toml", "--format", "json", "--out", "run"]);
    let mut printed: Value = serde_json::from_str(&text).expect("JSON");
    for key in ["load_seconds", "replay_seconds", "report_seconds"] {
        let seconds = printed.as_object_mut().expect("object").remove(key).and_then(|value| value.as_f64());
        assert!(seconds.is_some_and(|seconds| seconds > 0.0), "{key}");
    }
    let written = fs::read_to_string(folder.path().join("run/metrics.json")).expect("metrics");
    assert_eq!(printed, serde_json::from_str::<Value>(&written).expect("JSON"));
}

/// The numbers are those of the whole run, an older page does not stay beside them, and `report` draws it.
#[test]
fn a_run_without_its_report_can_have_it_later() {
    let folder = small();
    done(folder.path(), &["backtest", "scenarios/small.toml", "--out", "run"]);
    let whole = files(&folder.path().join("run"));
    let text = done(folder.path(), &["backtest", "scenarios/small.toml", "--out", "run", "--no-report"]);
    assert!(text.contains("\nrun folder      run\n"), "{text}");
    let numbers = files(&folder.path().join("run"));
    let drawn = |name: &&String| name.ends_with(".png") || name.ends_with(".html");
    assert_eq!(numbers.keys().filter(drawn).count(), 0);
    assert!(numbers.iter().all(|(name, bytes)| whole[name] == *bytes));
    done(folder.path(), &["report", "run"]);
    assert!(files(&folder.path().join("run")) == whole);
}

#[test]
fn no_trade_is_said_with_its_reason() {
    let folder = small();
    let text = done(folder.path(), &["backtest", "scenarios/small.toml", "--set", "account.cash=1"]);
    assert!(
        text.contains("\nNo trade was made. All ") && text.contains("entries were refused by too small."),
        "{text}"
    );
    assert!(!text.contains("Sharpe  ") && !text.contains("NaN"), "{text}");
}

/// The report is made again byte for byte, also from another folder.
#[test]
fn report_rebuilds_the_same_bytes() {
    let folder = small();
    done(folder.path(), &["backtest", "scenarios/small.toml"]);
    let run = folder.path().join("reports/small");
    let before = files(&run);
    for name in ["report.html", "equity.png", "drawdown.png", "price.png"] {
        fs::remove_file(run.join(name)).expect("remove");
    }
    let elsewhere = tempfile::tempdir().expect("folder");
    let text = done(elsewhere.path(), &["report", run.to_str().expect("path")]);
    assert!(text.starts_with("report          ") && text.contains("\nfingerprint     "), "{text}");
    assert_eq!(files(&run), before);
    let record = String::from_utf8(before["run.json"].clone()).expect("text");
    assert!(!record.contains(folder.path().to_str().expect("path")), "run.json names no folder of this machine");
    // A folder that was carried away finds its data only by name.
    let moved = elsewhere.path().join("moved");
    fs::rename(&run, &moved).expect("move");
    let error = fails(elsewhere.path(), 2, &["report", "moved"]);
    assert!(error.contains("name the folder of the scenario with --paths-from"), "{error}");
    let scenarios = folder.path().join("scenarios");
    done(elsewhere.path(), &["report", "moved", "--paths-from", scenarios.to_str().expect("path")]);
    assert_eq!(files(&moved), before);
}

/// A report is never made from other data, or for other numbers than are recorded.
#[test]
fn report_refuses_what_is_not_the_run() {
    let folder = small();
    done(folder.path(), &["backtest", "scenarios/small.toml"]);
    let run = folder.path().join("reports/small");
    let before = files(&run);
    let change = |name: &str, from: &str, to: &str| {
        let text = fs::read_to_string(run.join(name)).expect("text");
        assert!(text.contains(from), "{text}");
        fs::write(run.join(name), text.replacen(from, to, 1)).expect("write");
    };
    change("metrics.json", "\"sessions\": 300", "\"sessions\": 301");
    let error = fails(folder.path(), 3, &["report", "reports/small"]);
    assert!(error.contains("metrics.json: `sessions` is 301, but the replay gives 300"), "{error}");
    change("run.json", "\"fingerprint\": \"", "\"fingerprint\": \"0");
    assert!(fails(folder.path(), 3, &["report", "reports/small"]).contains("replayed to fingerprint"));
    let data = folder.path().join("data/TEST.csv");
    let text = fs::read_to_string(&data).expect("data");
    fs::write(&data, format!("{text}\n")).expect("write");
    let error = fails(folder.path(), 2, &["report", "reports/small"]);
    assert!(error.contains("TEST.csv: has changed since the run: its sha256 is"), "{error}");
    fs::remove_file(&data).expect("remove");
    assert!(fails(folder.path(), 2, &["report", "reports/small"]).contains("TEST.csv"));
    assert!(fails(folder.path(), 2, &["report", "data"]).contains("data/run.json: there is no such file"));
    for name in ["report.html", "equity.png"] {
        assert_eq!(fs::read(run.join(name)).expect(name), before[name], "a refused report changes nothing");
    }
}

#[test]
fn suspicious_data_is_refused_when_asked() {
    let folder = small();
    let data = folder.path().join("data/TEST.csv");
    let text = fs::read_to_string(&data).expect("data");
    let kept: Vec<&str> = text.lines().enumerate().filter(|(number, _)| *number != 50).map(|(_, line)| line).collect();
    fs::write(&data, kept.join("\n") + "\n").expect("write");
    let error = fails(folder.path(), 2, &["backtest", "scenarios/small.toml", "--strict"]);
    assert!(error.contains("TEST.csv:51: 1 session of XNYS has no bar"), "{error}");
    let call = alphaflow(folder.path(), &["backtest", "scenarios/small.toml"]);
    assert_eq!(call.code, Some(0));
    assert!(call.out.contains("! 1 value in the data looks suspicious, the first in TEST.csv."), "{}", call.out);
}
