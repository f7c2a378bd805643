//! Which journal a command looks at, and what its errors are on the command line.
//!
//! Not here: journals (live::journal).
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Failure;
use crate::live::journal::{JournalError, JournalReader};

/// Arguments that name a journal.
#[derive(Debug, Args)]
pub(super) struct JournalArgs {
    /// Folder of kill switch and journals
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// Where the sessions traded
    #[arg(long, value_enum, default_value_t = Place::Rehearsal)]
    mode: Place,
    /// A journal elsewhere, such as a copy; its .head file stands beside it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["state", "mode"])]
    journal: Option<PathBuf>,
}

/// A mode of trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// The built-in exchange
    Rehearsal,
    /// Alpaca paper
    Paper,
    /// Alpaca live
    Live,
}

impl JournalArgs {
    /// Where the journal is.
    pub(super) fn path(&self) -> PathBuf {
        let mode = match self.mode {
            Place::Rehearsal => "rehearsal",
            Place::Paper => "paper",
            Place::Live => "live",
        };
        self.journal.clone().unwrap_or_else(|| self.state.join(mode).join("journal.db"))
    }

    /// The journal, open for reading.
    pub(super) fn open(&self) -> Result<JournalReader, Failure> {
        JournalReader::open(&self.path()).map_err(|error| self.failed(error))
    }

    /// What keeps this journal from being read.
    pub(super) fn failed(&self, error: JournalError) -> Failure {
        match (&self.journal, error) {
            (Some(path), JournalError::Absent { .. }) => Failure::Input(format!(
                "error --journal {}: there is no journal; name the file that `alphaflow trade` wrote, or a copy of it",
                path.display()
            )),
            (_, error) => failed(error),
        }
    }
}

/// What keeps a journal from being read.
pub(super) fn failed(error: JournalError) -> Failure {
    let text = format!("error {error}");
    match error {
        JournalError::Absent { .. } | JournalError::NotAJournal { .. } | JournalError::Newer { .. } => {
            Failure::Input(text)
        }
        JournalError::Chain { .. } | JournalError::Lost { .. } | JournalError::HeadFile { .. } => Failure::Check(text),
        _ => Failure::Machine(text),
    }
}
