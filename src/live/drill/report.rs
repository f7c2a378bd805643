//! What a drill leaves: steps, a verdict, the file that preflight reads.
//!
//! Not here: what is tried (mod, paper).
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DrillError, wall};
use crate::domain::Timestamp;
use crate::live::private;

/// The report of a drill on the built-in exchange, in the folder of the kill switch.
pub const DRILL_FILE: &str = "drill.json";
/// The report of a drill on the paper account, beside it.
pub const PAPER_DRILL_FILE: &str = "drill_paper.json";

/// One thing that was tried.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DrillStep {
    /// What must hold.
    pub claim: String,
    /// It held.
    pub held: bool,
    /// What was seen.
    pub seen: String,
    /// How long it took, in milliseconds, where that matters.
    pub ms: Option<f64>,
}

/// A drill that was run to its end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DrillReport {
    /// When, by the wall's clock.
    pub at: Timestamp,
    /// Of the program.
    pub version: String,
    /// `rehearsal` or `paper`.
    pub mode: String,
    /// Every step held.
    pub passed: bool,
    /// In order.
    pub steps: Vec<DrillStep>,
}

impl DrillReport {
    /// Of what was tried just now.
    pub(super) fn of(mode: &str, steps: Vec<DrillStep>) -> DrillReport {
        let passed = !steps.is_empty() && steps.iter().all(|step| step.held);
        let (version, mode) = (env!("CARGO_PKG_VERSION").to_owned(), mode.to_owned());
        DrillReport { at: wall(), version, mode, passed, steps }
    }

    /// Where the report of a drill in this mode lies.
    pub fn path(&self, state: &Path) -> PathBuf {
        state.join(if self.mode == "paper" { PAPER_DRILL_FILE } else { DRILL_FILE })
    }

    /// Writes it into `state`, whole or not at all.
    pub(super) fn write(&self, state: &Path) -> Result<(), DrillError> {
        let path = self.path(state);
        let mut text = serde_json::to_vec_pretty(self).expect("text and numbers are always JSON");
        text.push(b'\n');
        let draft = path.with_extension("json.draft");
        let written = private::write(&draft, &text).and_then(|()| fs::rename(&draft, &path));
        written.map_err(|source| DrillError::Folder { path, source })
    }
}
