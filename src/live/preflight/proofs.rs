//! Proofs on the disk: the backtest, the rehearsal, the drill of the kill switch, messages that arrived.
//!
//! Not here: making them (backtest, rehearse, drill, notify test). A proof is judged by what it says it is of, not by
//! the date of a file: a scenario that was changed and changed back is the same scenario.
use std::path::Path;

use serde_json::Value;

use super::documents::read_json;
use super::record::PROGRAM;
use super::{Item, Preflight, PreflightMode, Verdict};
use crate::domain::Timestamp;
use crate::live::drill::{DRILL_FILE, PAPER_DRILL_FILE};
use crate::live::notify::{Banner, NotifyConfig, TestRecord};
use crate::report::format::to_the_second;
use crate::scenario::{LoadedScenario, effective_toml, scenario_sha256};

/// A drill or a test message older than this says little about today.
const PROOF_DAYS_MAX: i64 = 30;

/// What a parity report of a rehearsal holds the replay against.
const REHEARSAL: &str = "rehearsal";

/// What the rehearsal of a scenario says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parity {
    /// SHA-256 of the scenario that was rehearsed; empty where the report does not say it.
    pub(super) scenario_sha256: String,
    /// This version of the program made it in a rehearsal, and nothing differed.
    pub(super) is_identical: bool,
    program: String,
    /// What the replay was held against.
    other: String,
}

/// The parity report of a scenario; `None` without one. Errors: it cannot be read, in words.
pub(super) fn parity(reports: &Path, loaded: &LoadedScenario) -> Result<Option<Parity>, String> {
    let path = reports.join(format!("{}_rehearsal", loaded.spec.scenario.name)).join("parity.json");
    let Some(report) = read_json(&path).map_err(|what| format!("{}: {what}", path.display()))? else { return Ok(None) };
    let session = |key: &str| report["session"][key].as_str().unwrap_or_default().to_owned();
    let program = session("program");
    let is_identical =
        report["identical"].as_bool() == Some(true) && session("other") == REHEARSAL && program == PROGRAM;
    let other = session("other");
    Ok(Some(Parity { scenario_sha256: session("scenario_sha256"), is_identical, program, other }))
}

/// Items about the proofs of each scenario and of this installation.
pub(super) fn examine(flight: &Preflight<'_>, now: Timestamp) -> Vec<Item> {
    let of_all = |item, judge: &dyn Fn(&LoadedScenario) -> Result<(), String>| {
        let faults: Vec<String> = flight.scenarios.iter().filter_map(|loaded| judge(loaded).err()).collect();
        let fine = || format!("of {}", names(flight.scenarios));
        Item::of(item, if faults.is_empty() { Ok(fine()) } else { Err(faults.join("; ")) })
    };
    let mut items = Vec::new();
    if !flight.scenarios.is_empty() {
        items.push(of_all("backtest", &|loaded| backtest(flight.reports, loaded)));
        items.push(of_all("parity", &|loaded| rehearsed(flight.reports, loaded)));
    }
    items.push(Item::of("drill", drill(flight.state, DRILL_FILE, now)).must_hold_live(flight.mode));
    if !matches!(flight.mode, PreflightMode::Rehearsal(_)) {
        // It needs an open market, so that it is missing is no reason not to trade.
        let found = drill(flight.state, PAPER_DRILL_FILE, now);
        items.push(found.map_or_else(
            |what| Item::new("drill_paper", Verdict::Warns, what),
            |text| Item::holds("drill_paper", text),
        ));
    }
    items.push(Item::of("notifications", notified(flight, now)).must_hold_live(flight.mode));
    items
}

pub(super) fn names(scenarios: &[LoadedScenario]) -> String {
    scenarios.iter().map(|loaded| loaded.spec.scenario.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn backtest(reports: &Path, loaded: &LoadedScenario) -> Result<(), String> {
    let path = reports.join(&loaded.spec.scenario.name).join("run.json");
    let file = loaded.path().display();
    let again = format!("run `alphaflow backtest {file}`");
    let run = read_json(&path).map_err(|what| format!("{}: {what}; {again}", path.display()))?;
    let Some(run) = run else { return Err(format!("there is no backtest in {}; {again}", path.display())) };
    if run["effective_scenario"].as_str() != Some(&effective_toml(&loaded.spec)) {
        return Err(format!("{} is of another scenario than {file} is now; {again}", path.display()));
    }
    same_program(&run["program"], &path.display().to_string(), &again)
}

fn rehearsed(reports: &Path, loaded: &LoadedScenario) -> Result<(), String> {
    let file = loaded.path().display();
    let again = format!("run `alphaflow rehearse {file}`");
    let Some(parity) = parity(reports, loaded).map_err(|what| format!("{what}; {again}"))? else {
        return Err(format!("there is no parity report of {file}; {again}"));
    };
    if parity.scenario_sha256 != scenario_sha256(&loaded.spec) {
        return Err(format!("{file} has changed since its parity report; {again}"));
    }
    same_program(&Value::String(parity.program.clone()), "the parity report", &again)?;
    if parity.other != REHEARSAL {
        let other = if parity.other.is_empty() { "something else" } else { &parity.other };
        return Err(format!("the parity report of {file} is of a {other}, not of a rehearsal; {again}"));
    }
    match parity.is_identical {
        true => Ok(()),
        false => Err(format!("replay and rehearsal of {file} differ; see its parity.html, mend the cause and {again}")),
    }
}

fn same_program(found: &Value, what: &str, again: &str) -> Result<(), String> {
    match found.as_str() {
        Some(PROGRAM) => Ok(()),
        found => {
            Err(format!("{what} was made by {}, this is {PROGRAM}; {again}", found.unwrap_or("nobody knows what")))
        }
    }
}

/// The report of a drill: `at`, `version`, `passed`.
fn drill(state: &Path, file: &str, now: Timestamp) -> Result<String, String> {
    let is_paper = file == PAPER_DRILL_FILE;
    let again =
        if is_paper { "run `alphaflow drill --mode paper` while the market is open" } else { "run `alphaflow drill`" };
    let place = if is_paper { " on the paper account" } else { "" };
    let (path, drill) = document(state, file, again)?;
    let at: Option<Timestamp> = drill["at"].as_str().and_then(|text| text.parse().ok());
    let at = recent(at.ok_or_else(|| format!("{path}: `at` is no time; {again}"))?, &path, now, again)?;
    if drill["passed"].as_bool() != Some(true) {
        return Err(format!("the drill of the kill switch{place} on {} did not pass; {again}", at.utc_date()));
    }
    match drill["version"].as_str() {
        Some(env!("CARGO_PKG_VERSION")) => Ok(format!("the kill switch passed its drill{place} on {}", at.utc_date())),
        version => {
            let version = version.unwrap_or("no version");
            Err(format!("the drill was of {version}, this is {}; {again}", env!("CARGO_PKG_VERSION")))
        }
    }
}

/// The test of all channels, made with the settings as they are now.
fn notified(flight: &Preflight<'_>, now: Timestamp) -> Result<String, String> {
    const AGAIN: &str = "run `alphaflow notify test`";
    let env = flight.env.as_ref().map_err(|_| "not judged, because there are no settings".to_owned())?;
    let config = NotifyConfig::from_env(env, Banner::Test, "none").map_err(|error| error.to_string())?;
    if config.channels().next().is_none() {
        return Err(format!(
            "no channel is set up, so nobody is told of a halt; set SMTP_HOST, EMAIL_FROM and EMAIL_TO, SLACK_WEBHOOK_URL \
             or WEBHOOK_URL in {}, then {AGAIN}",
            env.path().display()
        ));
    }
    let record = TestRecord::read(flight.state).map_err(|error| error.to_string())?;
    let Some(record) = record else { return Err(format!("no message was ever tested; {AGAIN}")) };
    recent(record.at, "the test of messages", now, AGAIN)?;
    if record.settings != config.fingerprint() {
        return Err(format!("the settings have changed since the test of {}; {AGAIN}", record.at.utc_date()));
    }
    let names = |is_wanted: bool| {
        let channels = record.channels.iter().filter(|channel| channel.delivered == is_wanted);
        channels.map(|channel| channel.channel.as_str()).collect::<Vec<_>>().join(", ")
    };
    match record.is_good() {
        true => Ok(format!("a message arrived over {} on {}", names(true), record.at.utc_date())),
        false => Err(format!("no message arrived over {}; mend its settings, then {AGAIN}", names(false))),
    }
}

fn document(state: &Path, name: &str, again: &str) -> Result<(String, Value), String> {
    let path = state.join(name);
    let shown = path.display().to_string();
    match read_json(&path) {
        Ok(Some(value)) => Ok((shown, value)),
        Ok(None) => Err(format!("there is no {shown}; {again}")),
        Err(what) => Err(format!("{shown}: {what}; {again}")),
    }
}

/// The date of a proof, which must lie within the last [`PROOF_DAYS_MAX`] days.
fn recent(at: Timestamp, what: &str, now: Timestamp, again: &str) -> Result<Timestamp, String> {
    let age = now.ns().saturating_sub(at.ns());
    if age < 0 {
        return Err(format!("{what} is from the future ({}); check the clock, then {again}", to_the_second(at)));
    }
    if age > PROOF_DAYS_MAX * Timestamp::NS_PER_DAY {
        return Err(format!("{what} is of {}, more than {PROOF_DAYS_MAX} days ago; {again}", at.utc_date()));
    }
    Ok(at)
}
