//! `alphaflow rehearse` as a user runs it: over sockets, with its files and exit codes.
#![allow(clippy::unwrap_used)]
#[path = "rehearsal/scenarios.rs"]
mod scenarios;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use alphaflow::domain::Timeframe;
use scenarios::{STRATEGIES, script, write_bars, write_case, write_script};

fn alphaflow(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs it; the exit code, what it printed, and what it complained of.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = alphaflow(folder, arguments);
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_rehearsal_over_sockets_is_its_replay() {
    let folder = tempfile::tempdir().unwrap();
    let bars = write_bars(folder.path(), Timeframe::Minute1, 5, 5);
    fs::write(folder.path().join("parts.csv"), script(&bars, 9)).unwrap();
    write_script(folder.path(), "parts", Timeframe::Minute1, "0.01");
    let (code, out, error) = run(folder.path(), &["rehearse", "parts.toml", "--out", "both"]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert!(out.contains("Rehearsal and replay are the same, order by order."), "{out}");
    let both = folder.path().join("both");
    for file in ["orders.csv", "fills.csv", "refusals.csv", "equity.csv"] {
        let of = |side: &str| fs::read(both.join(side).join(file)).unwrap();
        assert_eq!(of("replay"), of("rehearsal"), "{file}");
    }
    assert!(fs::read_to_string(both.join("replay/fills.csv")).unwrap().lines().count() > 200);
    let parity: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(both.join("parity.json")).unwrap()).unwrap();
    assert_eq!(parity["identical"], true);
    // Every bar of both shares came over the stream of market data and was the data's.
    assert_eq!(parity["session"]["bars_compared"].as_u64(), Some(2 * 5 * 390), "{}", parity["session"]);
    assert!(fs::read_to_string(both.join("parity.html")).unwrap().contains("order by order"));
}

#[test]
fn a_recorded_session_is_compared_with_a_replay_of_its_scenario() {
    let folder = tempfile::tempdir().unwrap();
    write_bars(folder.path(), Timeframe::Hour1, 30, 3);
    let case = STRATEGIES.iter().find(|case| case.name == "quick").unwrap();
    write_case(folder.path(), case, Timeframe::Hour1, "0.10");
    assert_eq!(run(folder.path(), &["backtest", "quick.toml", "--no-report", "--out", "session"]).0, 0);
    let (code, out, error) = run(folder.path(), &["rehearse", "--against", "session", "--out", "same"]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");

    // A fill that the venue gave at another price.
    let fills = folder.path().join("session/fills.csv");
    let recorded = fs::read_to_string(&fills).unwrap();
    let row = recorded.lines().nth(3).unwrap();
    let price = row.split(',').nth(5).unwrap();
    fs::write(&fills, recorded.replacen(row, &row.replacen(price, &format!("{price}1"), 1), 1)).unwrap();
    let (code, out, error) = run(folder.path(), &["rehearse", "--against", "session", "--out", "other"]);
    assert_eq!((code, error.as_str()), (3, "error the two sessions are not the same\n"), "{out}");
    assert!(out.contains("They differ from"), "{out}");
}

#[test]
fn what_only_replay_can_do_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    write_bars(folder.path(), Timeframe::Hour1, 3, 3);
    write_case(folder.path(), &STRATEGIES[0], Timeframe::Hour1, "0.10");
    for (set, key) in [
        ("sizing.kind=cash_fraction", "sizing.kind"),
        ("account.cash_check=fill", "account.cash_check"),
        ("execution.market_fill=close", "execution.market_fill"),
        ("execution.latency_ms=50", "execution.latency_ms"),
        ("account.settlement=dated", "account.settlement"),
        ("stop.due_exit=stop_first", "stop.due_exit"),
        ("execution.venue_rules=none", "execution.venue_rules"),
    ] {
        let (code, out, error) = run(folder.path(), &["rehearse", "ma.toml", "--set", set]);
        assert_eq!((code, out.as_str()), (2, ""), "{set}: {error}");
        assert!(error.contains(key), "{set}: {error}");
        assert!(!folder.path().join("reports").exists(), "{set}");
    }
    assert_eq!(run(folder.path(), &["rehearse"]).0, 2);
    assert_eq!(run(folder.path(), &["rehearse", "ma.toml", "--against", "x"]).0, 2);
    assert!(run(folder.path(), &["rehearse", "--against", "nowhere"]).2.contains("run.json"));
}
