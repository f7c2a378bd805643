//! Stress tests on the data of the repository: the same files whatever the threads, and limits that say which held.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::{Path, PathBuf};

use alphaflow::scenario::spec::Objective;
use alphaflow::scenario::{load, load_market};
use alphaflow::strategy::BuiltIn;
use alphaflow::sweep::{
    Begin, Identity, Plan, Results, RunStatus, Runner, Shard, StressHeld, SweepFolder, check_windows,
};

fn scenario(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)
}

/// The sweep of a scenario of the repository, changed by `overrides`, with its files in `folder`.
fn swept(name: &str, overrides: &[&str], threads: usize, folder: &Path) -> Results {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let loaded = load(&scenario(name), &overrides).unwrap_or_else(|errors| panic!("{errors}"));
    let plan = Plan::new(&loaded).unwrap_or_else(|errors| panic!("{errors}"));
    plan.check(&BuiltIn).unwrap_or_else(|errors| panic!("{errors}"));
    let market = load_market(&loaded).unwrap();
    check_windows(&plan, &market).unwrap_or_else(|error| panic!("{error}"));
    let open = SweepFolder::open(folder, &Identity::of(&plan, &market), Shard::WHOLE, Begin::New).unwrap();
    Runner { catalog: &BuiltIn, plan: &plan, threads }.run(&open, &|_| ()).unwrap();
    let axes: Vec<&str> = plan.axes().iter().map(|axis| axis.key()).collect();
    let results = Results::of(&plan, open.rows(&axes).unwrap(), Objective::Sharpe);
    results.write(folder).unwrap();
    results
}

fn stress(results: &Results) -> &StressHeld {
    results.stress.as_ref().unwrap()
}

/// Every kind of shock, few of each, on four years.
const FEW: [&str; 4] =
    ["data.start=2009-01-02", "stress.gap=[\"-0.2\"]", "stress.windows=[\"2010-05-06\"]", "stress.reorder=2"];

#[test]
fn threads_change_nothing() {
    let [one, two] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let results = swept("stress_tech4.toml", &FEW, 1, one.path());
    swept("stress_tech4.toml", &FEW, 2, two.path());
    for file in ["results.parquet", "verdict.json", "stress.csv"] {
        let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(file)).unwrap();
        assert!(read(&one) == read(&two), "{file} differs");
    }
    assert_eq!(results.rows.len(), 2 * 2 * 2 * 2 * 2 * 3);
    assert!(results.rows.iter().all(|row| row.status == RunStatus::Done && row.reached.len() == 10));
    // A shocked run is no try: one is ranked, and it is the calm one.
    assert_eq!((results.ranking.len(), results.winner().unwrap().position, results.luck.trials), (1, 0, 1));
    assert_eq!(results.deflated.iter().flatten().count(), results.deflated[0].iter().count());
    let gap = stress(&results).shocks.iter().find(|shock| shock.key == "stress.gap" && shock.value == "-0.2").unwrap();
    let loss = &gap.limits[0];
    let worst = loss.worst.as_ref().unwrap();
    assert_eq!((loss.kind.key(), loss.measured, loss.held), ("max_daily_loss", 1, 0));
    // Most of the account was in the market that night, and a fifth of it went.
    assert!((0.14..0.20).contains(&worst.overshoot()), "{worst:?}");
    let reordered = stress(&results).shocks.iter().find(|shock| shock.value == "1 to 2").unwrap();
    assert_eq!((reordered.key.as_str(), reordered.runs), ("stress.reorder", 2));
    let json: serde_json::Value = serde_json::from_slice(&fs::read(one.path().join("verdict.json")).unwrap()).unwrap();
    assert_eq!(json["stress"]["limits"][0]["limit"], "max_daily_loss");
    assert_eq!(json["stress"]["runs"], 96);
    assert!(json["stress"]["text"].as_str().unwrap().contains("max_daily_loss was passed in"));
}

/// Without `[stress]` the run of the same scenario has the same fills, and no columns of limits.
#[test]
fn the_calm_run_is_the_run_without_stress() {
    let [with, without] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let stressed = swept("stress_tech4.toml", &["stress={ slippage_times = [5] }"], 0, with.path());
    let plain = swept("sweep_ma_tech4.toml", &["sweep={ \"stop.multiple\" = [2, 3] }"], 0, without.path());
    let (calm, dear, own) = (&stressed.rows[0], &stressed.rows[1], &plain.rows[0]);
    assert_eq!((&calm.fingerprint, &calm.measures), (&own.fingerprint, &own.measures));
    assert_ne!(calm.fingerprint, dear.fingerprint);
    assert!(own.reached.is_empty() && plain.stress.is_none());
    assert!(!without.path().join("stress.csv").exists() && with.path().join("stress.csv").exists());
}

#[test]
fn minutes_are_shocked_by_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let table = "stress={ gap = [\"-0.1\"], frozen = [1], missing_bars = [\"0.05\"], reorder = 1 }";
    let results = swept("intraday_minutes.toml", &[table], 0, folder.path());
    assert_eq!(results.rows.len(), 16);
    for row in &results.rows {
        assert_eq!(row.status, RunStatus::Done, "{}", row.reason);
    }
    let bars = |at: usize| results.rows[at].measure("bars").unwrap();
    let missing = results.axes.iter().position(|axis| axis == "stress.missing_bars").unwrap();
    let fewer = (0..16).find(|at| results.rows[*at].values[missing] == "0.05").unwrap();
    assert!((0.93..0.97).contains(&(bars(fewer) / bars(0))), "{} of {}", bars(fewer), bars(0));
}
