//! Preflight: is everything as it must be before a session trades on paper or with money?
//!
//! Not here: starting a session, the permission itself (execution::alpaca::authorization). Nothing is changed at the
//! venue, and nothing on this machine but the record of the preflight and what a person answered.
//! Invariants: (1) what could not be found out fails; (2) no text holds a key, a secret or more of an account's number
//! than its end; (3) a record is of one mode, one account, one version and named scenarios, and of one moment.
mod answers;
mod ask;
mod dashboard;
mod documents;
mod environment;
mod evidence;
mod examine;
mod journal;
mod machine;
mod money;
mod proofs;
mod record;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_evidence;
#[cfg(test)]
mod tests_examine;
mod venue;

use std::path::Path;

use serde::Serialize;

use crate::domain::{Money, Timestamp};
use crate::execution::alpaca::{EnvError, EnvFile, LoopbackAddr};
use crate::scenario::LoadedScenario;

pub use answers::{ANSWERS_FILE, Answer, Answers, QUESTIONS, Question};
pub use ask::{ask_account_number, ask_questions};
pub use environment::{SETTINGS, SettingError, capital_max, limit_caps};
pub use evidence::{LiveRecords, LiveRequest, authorize, evidence};
pub use record::{PREFLIGHT_FILE, RecordError, Recorded, RecordedScenario, recorded, write_record};

/// Where the session is to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreflightMode {
    /// The built-in exchange, to try a preflight without an account.
    Rehearsal(LoopbackAddr),
    /// Alpaca paper.
    Paper,
    /// What stands in for Alpaca paper on this machine.
    StandIn(LoopbackAddr),
    /// Alpaca live.
    Live,
}

/// How an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is as it must be.
    Holds,
    /// It may be so, and is worth a thought.
    Warns,
    /// It must be mended first, or could not be found out.
    Fails,
}

/// One item of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name, stable: `keys`, `account`.
    pub item: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found and, unless it holds, what to do.
    pub text: String,
}

/// Everything that a preflight looks at.
#[derive(Debug, Clone, Copy)]
pub struct Preflight<'a> {
    /// Where the session is to trade.
    pub mode: PreflightMode,
    /// The `.env`, with the environment, or why it gives nothing.
    pub env: &'a Result<EnvFile, EnvError>,
    /// The `.env`.
    pub env_path: &'a Path,
    /// The folder of the kill switch and of the journals.
    pub state: &'a Path,
    /// The folder of run folders and parity reports.
    pub reports: &'a Path,
    /// What is to trade.
    pub scenarios: &'a [LoadedScenario],
    /// What a person has answered.
    pub answers: &'a Answers,
    /// The wall's clock.
    pub wall: fn() -> Timestamp,
}

/// What a preflight found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// `rehearsal`, `paper` or `live`.
    pub mode: &'static str,
    /// When it ended.
    pub at: Timestamp,
    /// The number of the account, if the venue told it.
    pub account: Option<String>,
    /// Item by item, in the order of the checklist.
    pub items: Vec<Item>,
}

impl PreflightMode {
    /// `rehearsal`, `paper` or `live`.
    pub const fn name(self) -> &'static str {
        match self {
            PreflightMode::Rehearsal(_) => "rehearsal",
            PreflightMode::Paper | PreflightMode::StandIn(_) => "paper",
            PreflightMode::Live => "live",
        }
    }
}

impl Item {
    fn new(item: &'static str, verdict: Verdict, text: impl Into<String>) -> Item {
        Item { item, verdict, text: text.into() }
    }

    fn holds(item: &'static str, text: impl Into<String>) -> Item {
        Item::new(item, Verdict::Holds, text)
    }

    fn fails(item: &'static str, text: impl Into<String>) -> Item {
        Item::new(item, Verdict::Fails, text)
    }

    /// Holds, or fails with the reason.
    fn of(item: &'static str, found: Result<String, String>) -> Item {
        match found {
            Ok(text) => Item::holds(item, text),
            Err(text) => Item::fails(item, text),
        }
    }

    /// What must hold for money, and is worth a thought before.
    fn must_hold_live(self, mode: PreflightMode) -> Item {
        match self.verdict {
            Verdict::Fails if mode != PreflightMode::Live => Item { verdict: Verdict::Warns, ..self },
            _ => self,
        }
    }
}

impl Examined {
    /// Nothing fails.
    pub fn has_passed(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| item.verdict != Verdict::Fails)
    }
}

/// The cash of all scenarios together, which is what they may lose.
pub fn cash_of(scenarios: &[LoadedScenario]) -> Money {
    scenarios.iter().map(|loaded| loaded.spec.account.cash).fold(Money::ZERO, |sum, cash| sum + cash)
}
