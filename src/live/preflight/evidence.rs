//! The evidence for live trading, gathered anew: records, settings, the kill switch.
//!
//! Not here: judging it ([`crate::execution::alpaca::LiveAuthorization::request`]), asking the person (ask).
//! Invariant: a record counts only for what it was made for: this account, these scenarios as they are now, this
//! version. Several scenarios are named by one hash over theirs, and their parity reports count together.
use std::path::Path;

use sha2::{Digest, Sha256};

use super::environment::capital_max;
use super::record::{PROGRAM, of_scenario, recorded};
use super::{cash_of, proofs};
use crate::domain::{Money, Timestamp};
use crate::execution::alpaca::{
    ApiKeys, EnvFile, LiveAccount, LiveAuthorization, LiveEvidence, LiveRefusal, ParityRecord, PreflightRecord,
};
use crate::live::AccountMark;
use crate::risk::LatchFile;
use crate::scenario::LoadedScenario;

/// What asks for live trading.
#[derive(Debug, Clone, Copy)]
pub struct LiveRequest<'a> {
    /// What was typed after `--mode`.
    pub mode: &'a str,
    /// The settings.
    pub env: &'a EnvFile,
    /// The folder of the kill switch and of the records.
    pub state: &'a Path,
    /// The folder of the parity reports.
    pub reports: &'a Path,
    /// What is to trade.
    pub scenarios: &'a [LoadedScenario],
    /// The moment.
    pub now: Timestamp,
}

/// What the disk says in favour of it.
#[derive(Debug)]
pub struct LiveRecords {
    /// One hash for all scenarios.
    pub scenario_sha256: String,
    /// The last preflight for live trading; `None` without one.
    pub preflight: Option<PreflightRecord>,
    /// The hash for all scenarios as they were rehearsed, and whether nothing differed; `None` where one has no report.
    pub parity: Option<(String, bool)>,
    /// `LIVE_MAX_CAPITAL`; `None` where it is not set or no amount.
    pub capital_max: Option<Money>,
    kill_switch: LatchFile,
}

impl LiveRecords {
    /// Reads the records. `account`: the number of the account as the venue told it; what cannot be read is missing.
    pub fn read(request: &LiveRequest<'_>, account: Option<&str>) -> LiveRecords {
        let hashes = request.scenarios.iter().map(|loaded| of_scenario(loaded).sha256);
        let capital_max = capital_max(request.env).ok().flatten();
        LiveRecords {
            scenario_sha256: one_hash(hashes.collect()),
            preflight: preflight(request, account, capital_max),
            parity: parity(request),
            capital_max,
            kill_switch: LatchFile::new(request.state),
        }
    }
}

/// Everything that [`crate::execution::alpaca::LiveAuthorization::request`] judges. `account`: as
/// [`LiveAccount::ask`] gave it, `typed_account`: as [`super::ask_account_number`] did, in this session.
pub fn evidence<'a>(
    request: &LiveRequest<'a>,
    records: &'a LiveRecords,
    account: Result<LiveAccount, String>,
    typed_account: Option<&'a str>,
) -> LiveEvidence<'a> {
    LiveEvidence {
        mode: request.mode,
        paper: request.env.get("ALPACA_PAPER"),
        account,
        typed_account,
        capital_max: records.capital_max,
        preflight: records.preflight,
        parity: records
            .parity
            .as_ref()
            .map(|(scenario_sha256, is_identical)| ParityRecord { scenario_sha256, is_identical: *is_identical }),
        scenario_sha256: &records.scenario_sha256,
        kill_switch: &records.kill_switch,
        now: request.now,
    }
}

/// Asks the live host whose keys these are, and then for permission. `typed_account`: as [`super::ask_account_number`]
/// gave it, in this session. Errors: everything that is missing, the account included.
pub async fn authorize(
    request: &LiveRequest<'_>,
    keys: &ApiKeys,
    typed_account: Option<&str>,
) -> Result<LiveAuthorization, LiveRefusal> {
    let account = LiveAccount::ask(keys).await;
    let records = LiveRecords::read(request, account.as_ref().ok().map(LiveAccount::number));
    LiveAuthorization::request(evidence(request, &records, account, typed_account))
}

fn preflight(request: &LiveRequest<'_>, account: Option<&str>, capital_max: Option<Money>) -> Option<PreflightRecord> {
    let record = recorded(request.state, "live").ok()??;
    let is_in_it = |loaded: &LoadedScenario| record.scenarios.contains(&of_scenario(loaded));
    let mismatch = if record.program != PROGRAM {
        Some("the last preflight is of another version of this program")
    } else if account.is_some_and(|number| record.account_sha256 != Some(AccountMark::of(number).sha256)) {
        Some("the last preflight is of another account")
    } else if request.scenarios.is_empty() || !request.scenarios.iter().all(is_in_it) {
        Some("the last preflight is of other scenarios, or they have changed since")
    } else if capital_max.is_some_and(|cap| cash_of(request.scenarios) > cap) {
        Some("the scenarios' cash is more than LIVE_MAX_CAPITAL")
    } else {
        None
    };
    Some(PreflightRecord { at: record.at, has_passed: record.has_passed, mismatch })
}

fn parity(request: &LiveRequest<'_>) -> Option<(String, bool)> {
    let mut hashes = Vec::new();
    let mut is_identical = true;
    for loaded in request.scenarios {
        let report = proofs::parity(request.reports, loaded).ok()??;
        is_identical &= report.is_identical;
        hashes.push(report.scenario_sha256);
    }
    Some((one_hash(hashes), is_identical))
}

/// The hash of one scenario is its own; of several, that of the list; of none, empty.
fn one_hash(hashes: Vec<String>) -> String {
    match &hashes[..] {
        [] => String::new(),
        [one] => one.clone(),
        all => Sha256::digest(all.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
