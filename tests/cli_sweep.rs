//! `alphaflow sweep`: the same results however it was made, and errors that help.
mod cli_binary;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use alphaflow::domain::Timestamp;
use alphaflow::scenario::{GroupRun, load, load_market, run, run_together};
use alphaflow::strategy::BuiltIn;
use alphaflow::sweep::{Axis, Begin, Identity, Plan, RunStatus, Shard, SweepFolder};
use cli_binary::{done, fails, small};
use serde_json::Value;

const SWEEP: &str = r#"
[sweep]
"strategy.params.fast_period" = [2, 3, 4, 5, 6]
"strategy.params.slow_period" = { from = 5, to = 14, step = 1 }
"stop.multiple" = ["1", "2.5"]
where = ["strategy.params.fast_period != 4"]
"#;

/// A folder with `scenarios/sweep.toml`: 80 runs, two of them with averages that do not go together.
fn swept() -> tempfile::TempDir {
    let folder = small();
    let text = fs::read_to_string(folder.path().join("scenarios/small.toml")).expect("scenario");
    fs::write(folder.path().join("scenarios/sweep.toml"), text.replace("\"small\"", "\"many\"") + SWEEP)
        .expect("write");
    folder
}

/// What is left of a sweep: its files, without parts.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
    let files = entries.filter(|entry| entry.path().is_file());
    files
        .map(|entry| (entry.file_name().into_string().expect("name"), fs::read(entry.path()).expect("file")))
        .filter(|(name, _)| name != "sweep.json")
        .collect()
}

fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (files(one), files(other));
    assert!(one.contains_key("results.parquet") && one.contains_key("verdict.json"), "{:?}", one.keys());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(other[name] == *bytes, "{name} differs");
    }
}

#[test]
fn threads_shards_and_kills_change_no_byte() {
    let root = swept();
    let at = |name: &str| root.path().join(name);
    let sweep = ["sweep", "scenarios/sweep.toml"];
    let with = |more: &[&'static str]| [&sweep[..], more].concat();
    done(root.path(), &with(&["--out", "whole", "--threads", "1"]));
    done(root.path(), &with(&["--out", "two", "--threads", "2"]));
    assert_same(&at("whole"), &at("two"));
    for shard in ["1/3", "2/3", "3/3"] {
        let folder = format!("shard{}", &shard[..1]);
        done(root.path(), &[sweep[0], sweep[1], "--out", &folder, "--shard", shard]);
    }
    let shards = ["shard3", "shard1", "shard2"];
    done(root.path(), &[&["sweep", "merge", "scenarios/sweep.toml", "--out", "merged"][..], &shards].concat());
    assert_same(&at("whole"), &at("merged"));
    let error = fails(root.path(), 2, &["sweep", "merge", "scenarios/sweep.toml", "shard1", "shard2", "--out", "part"]);
    assert!(error.contains("of 80 runs; name the folder of every shard"), "{error}");
}

/// Twenty kills, each a little later than the last, and one more run to the end.
#[test]
fn a_sweep_that_is_killed_goes_on_where_it_stopped() {
    let root = swept();
    let sweep = ["sweep", "scenarios/sweep.toml", "--threads", "2"];
    done(root.path(), &[&sweep[..], &["--out", "whole"]].concat());
    let mut kills = 0;
    for round in 0..20u64 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .args(sweep)
            .args(["--out", "killed", "--resume"])
            .current_dir(root.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        // Most of the time goes into reading bars and into the runs, by no fixed measure: a moment in either.
        sleep(Duration::from_millis(20 + 37 * round % 400));
        kills += u32::from(child.try_wait().expect("wait").is_none());
        child.kill().expect("kill");
        child.wait().expect("wait");
        if round % 5 == 0 {
            // A file half written under its other name is what a kill leaves.
            let parts = root.path().join("killed/parts");
            fs::create_dir_all(&parts).expect("folder");
            fs::write(parts.join("part-0000000.partial"), b"PAR1").expect("write");
        }
    }
    assert!(kills > 0, "every round was over before it was killed");
    done(root.path(), &[&sweep[..], &["--out", "killed", "--resume"]].concat());
    assert_same(&root.path().join("whole"), &root.path().join("killed"));
}

/// A row says what a backtest with these values says.
#[test]
fn a_row_is_a_backtest() {
    let root = swept();
    done(root.path(), &["sweep", "scenarios/sweep.toml", "--out", "whole"]);
    let loaded = load(&root.path().join("scenarios/sweep.toml"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    let plan = Plan::new(&loaded).unwrap_or_else(|errors| panic!("{errors}"));
    let identity = Identity::of(&plan, &load_market(&loaded).expect("market"));
    let folder = SweepFolder::open(&root.path().join("whole"), &identity, Shard::WHOLE, Begin::Resume).expect("folder");
    let axes: Vec<&str> = plan.axes().iter().map(Axis::key).collect();
    let rows = folder.rows(&axes).expect("rows");
    assert_eq!(rows.len(), 80);
    for row in rows.iter().step_by(7) {
        let sets: Vec<String> = axes.iter().zip(&row.values).map(|(key, value)| format!("{key}={value}")).collect();
        let mut arguments = vec!["backtest", "scenarios/small.toml", "--format", "json", "--no-report", "--out", "run"];
        sets.iter().for_each(|set| arguments.extend(["--set", set]));
        if row.status == RunStatus::Invalid {
            assert!(fails(root.path(), 2, &arguments).contains(&row.reason), "{row:?}");
            continue;
        }
        let metrics: Value = serde_json::from_str(&done(root.path(), &arguments)).expect("JSON");
        for key in ["final_equity", "sharpe", "max_drawdown", "exposure", "turnover", "trades", "commission", "skew"] {
            // The reader of JSON is a unit of the last place off now and then.
            let (found, wanted) = (row.measure(key), metrics[key].as_f64());
            let near = found.zip(wanted).map_or(found == wanted, |(a, b)| (a - b).abs() <= 1e-14 * b.abs());
            assert!(near, "{key}: {found:?} is not {wanted:?}");
        }
        let run: Value =
            serde_json::from_slice(&fs::read(root.path().join("run/run.json")).expect("file")).expect("JSON");
        assert_eq!(run["fingerprint"], row.fingerprint.as_str());
    }
}

/// A column of ATRs that runs share is the one that a run computes, also where a share splits meanwhile.
#[test]
fn shared_indicators_are_those_of_a_run() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/sweep_ma_tech4.toml");
    for adjust in ["splits", "none"] {
        let sets = [format!("data.adjust={adjust}"), "sweep={}".to_owned(), "stop.smoothing=simple".to_owned()];
        let loaded = load(&scenario, &sets).unwrap_or_else(|errors| panic!("{errors}"));
        let market = load_market(&loaded).expect("market");
        let own = run(&loaded, &market).expect("run");
        let columns = alphaflow::scenario::atr_columns(&loaded, &market);
        assert_eq!(columns.is_empty(), adjust == "none", "Apple splits in these years");
        let shared = alphaflow::scenario::run_again(&alphaflow::strategy::BuiltIn, &loaded, &market, None, &columns);
        let shared = shared.expect("run");
        assert_eq!((own.fills, own.orders, own.equity), (shared.fills, shared.orders, shared.equity));
    }
}

/// Runs that take turns over blocks of bars are the runs they are alone.
#[test]
fn taking_turns_changes_no_run() {
    let root = small();
    let arguments = ["data", "synthesize", "--symbol", "TEST", "--timeframe", "1m", "--sessions", "50", "--out"];
    done(root.path(), &[&arguments[..], &["data/minutes.csv"]].concat());
    let load = |fast: usize| {
        let sets = ["data.timeframe=1m", "data.path=../data/minutes.csv", "execution.participation=0.001"];
        let mut sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        sets.push(format!("strategy.params.fast_period={fast}"));
        let path = root.path().join("scenarios/small.toml");
        alphaflow::scenario::load(&path, &sets).unwrap_or_else(|errors| panic!("{errors}"))
    };
    let runs = [load(2), load(5), load(7)];
    let market = load_market(&runs[0]).expect("market");
    assert!(market.bars[0].len() > 2 * 8_192, "{} bars are no three blocks", market.bars[0].len());
    let columns = alphaflow::scenario::atr_columns(&runs[0], &market);
    let group = |atrs| runs.iter().map(|loaded| GroupRun { loaded, earlier: None, atrs }).collect();
    for atrs in [&columns[..], &[]] {
        let together = run_together(&BuiltIn, group(atrs), (&market, Timestamp::MIN));
        for (loaded, turn) in runs.iter().zip(together) {
            let (alone, turn) = (run(loaded, &market).expect("run"), turn.expect("run"));
            assert!(alone.fills.len() > 1_000, "{} fills", alone.fills.len());
            assert_eq!((alone.fills, alone.orders, alone.equity), (turn.fills, turn.orders, turn.equity));
            assert_eq!((alone.stops, alone.halts, alone.refusals), (turn.stops, turn.halts, turn.refusals));
        }
    }
}

#[test]
fn a_folder_that_holds_a_sweep_is_not_overwritten_unasked() {
    let root = swept();
    let sweep = ["sweep", "scenarios/sweep.toml", "--out", "out"];
    done(root.path(), &sweep);
    let error = fails(root.path(), 2, &sweep);
    assert!(error.contains("80 of 80 runs done; go on with --resume, or begin anew with --fresh"), "{error}");
    let other = [&sweep[..], &["--resume", "--set", "stop.period=9"]].concat();
    let error = fails(root.path(), 2, &other);
    assert!(error.contains("holds another sweep (its effective_scenario differs)"), "{error}");
    let error = fails(root.path(), 2, &[&sweep[..], &["--resume", "--shard", "1/2"]].concat());
    assert!(error.contains("holds shard 1/1 of this sweep, not 1/2"), "{error}");
    fs::write(root.path().join("out/mine.txt"), "kept").expect("write");
    done(root.path(), &[&sweep[..], &["--fresh"]].concat());
    assert_eq!(fs::read_to_string(root.path().join("out/mine.txt")).expect("file"), "kept");
    // A part that rotted on the disk is named, not skipped.
    let part = fs::read_dir(root.path().join("out/parts")).expect("parts").next().expect("a part").expect("entry");
    fs::write(part.path(), b"PAR1 rotten PAR1").expect("write");
    let error = fails(root.path(), 1, &[&sweep[..], &["--resume"]].concat());
    assert!(error.contains("part-"), "{error}");
    for (arguments, expected) in [
        (["--shard", "3/2"], "parts are numbered 1 to 2"),
        (["--objective", "luck"], "known are sharpe, sortino"),
        (["--set", "sweep.sample=0"], "sweep.sample"),
    ] {
        let error = fails(root.path(), 2, &[&sweep[..], &arguments].concat());
        assert!(error.contains(expected), "{error}");
    }
}
