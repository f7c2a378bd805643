//! The record of the last preflight of each mode: what it was made for, and whether it passed.
//!
//! Not here: whether a record is enough for live trading (evidence).
//! Invariant: the account is kept as the end of its number and a hash, never whole.
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::documents::{read_json, write_json};
use super::{Examined, Verdict};
use crate::domain::Timestamp;
use crate::live::AccountMark;
use crate::scenario::{LoadedScenario, scenario_sha256};

/// The file of the records in the folder of the state.
pub const PREFLIGHT_FILE: &str = "preflight.json";
/// This program, as records name it.
pub(super) const PROGRAM: &str = concat!("alphaflow ", env!("CARGO_PKG_VERSION"));

/// A file of the state that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}; mend the file or the folder, or move the file away", path.display())]
pub struct RecordError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub what: String,
}

/// What a preflight was, as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// When it ended.
    pub at: Timestamp,
    /// Name and version of the program.
    pub program: String,
    /// Nothing failed.
    pub has_passed: bool,
    /// The end of the account's number; `None` where the venue did not tell it.
    pub account_tail: Option<String>,
    /// SHA-256 of the account's number, likewise.
    pub account_sha256: Option<String>,
    /// What was to trade.
    pub scenarios: Vec<RecordedScenario>,
    /// The items that failed.
    pub failed: Vec<String>,
}

/// A scenario that a preflight was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedScenario {
    /// Its name.
    pub name: String,
    /// SHA-256 of the whole effective scenario.
    pub sha256: String,
}

/// The last preflight of `mode`; `None` without one. Errors: a file that cannot be read whole.
pub fn recorded(state: &Path, mode: &str) -> Result<Option<Recorded>, RecordError> {
    let path = state.join(PREFLIGHT_FILE);
    let fail = |what: String| RecordError { path: path.clone(), what };
    let Some(mut all) = read_json(&path).map_err(fail)? else { return Ok(None) };
    match all.get_mut(mode).map(Value::take) {
        None => Ok(None),
        Some(value) => serde_json::from_value(value).map(Some).map_err(|error| fail(error.to_string())),
    }
}

/// Keeps what was found in the place of the last preflight of the mode, passed or not. Errors: what the disk says.
pub fn write_record(state: &Path, examined: &Examined, scenarios: &[LoadedScenario]) -> Result<(), RecordError> {
    let path = state.join(PREFLIGHT_FILE);
    // A file that cannot be read holds nothing that counts; the other modes ask for a new preflight then.
    let mut all = match read_json(&path) {
        Ok(Some(Value::Object(all))) => all,
        _ => serde_json::Map::new(),
    };
    let failed = examined.items.iter().filter(|item| item.verdict == Verdict::Fails);
    let account = examined.account.as_deref().map(AccountMark::of);
    let record = Recorded {
        at: examined.at,
        program: PROGRAM.to_owned(),
        has_passed: examined.has_passed(),
        account_tail: account.as_ref().map(|account| account.tail.clone()),
        account_sha256: account.map(|account| account.sha256),
        scenarios: scenarios.iter().map(of_scenario).collect(),
        failed: failed.map(|item| item.item.to_owned()).collect(),
    };
    all.insert(examined.mode.to_owned(), json!(record));
    write_json(&path, &Value::Object(all))
}

pub(super) fn of_scenario(loaded: &LoadedScenario) -> RecordedScenario {
    RecordedScenario { name: loaded.spec.scenario.name.clone(), sha256: scenario_sha256(&loaded.spec) }
}
