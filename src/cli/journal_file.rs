//! Which journal a command looks at, and what its errors are on the command line.
//!
//! Not here: journals (live::journal).
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Failure;
use crate::live::journal::{JournalError, JournalReader, head_path};

/// Arguments that name a journal.
#[derive(Debug, Args)]
pub(super) struct JournalArgs {
    /// Folder of kill switch and journals
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// Where the sessions traded; not needed where the folder has one journal
    #[arg(long, value_enum)]
    mode: Option<Place>,
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

impl Place {
    const ALL: [Place; 3] = [Place::Rehearsal, Place::Paper, Place::Live];

    const fn name(self) -> &'static str {
        match self {
            Place::Rehearsal => "rehearsal",
            Place::Paper => "paper",
            Place::Live => "live",
        }
    }
}

impl JournalArgs {
    /// The journal that is named, or else every one of the folder. One that is gone while its head file is there counts: that
    /// it is gone is a finding.
    ///
    /// Errors: there is none.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, Failure> {
        let of_mode = |mode: &Place| self.state.join(mode.name()).join("journal.db");
        let named = self.journal.clone().or(self.mode.as_ref().map(of_mode));
        if let Some(path) = named {
            return Ok(vec![path]);
        }
        let is_there = |path: &PathBuf| path.exists() || head_path(path).exists();
        let all: Vec<PathBuf> = Place::ALL.iter().map(of_mode).filter(is_there).collect();
        if all.is_empty() {
            return Err(Failure::Input(format!(
                "error --state {}: there is no journal of any mode; `alphaflow trade` makes one. --state says where to look",
                self.state.display()
            )));
        }
        Ok(all)
    }

    /// The journal that is named, or else the only one of the folder. Errors: there is none; there are several, and this
    /// command does not guess.
    pub(super) fn path(&self) -> Result<PathBuf, Failure> {
        let mut all = self.paths()?;
        match (all.pop(), all.as_slice()) {
            (Some(only), []) => Ok(only),
            (last, others) => {
                let all: Vec<String> = others.iter().chain(&last).map(|path| path.display().to_string()).collect();
                Err(Failure::Input(format!("error --mode: which journal? There are {}; say --mode", all.join(", "))))
            }
        }
    }

    /// The journal at `path`, open for reading.
    pub(super) fn open(&self, path: &Path) -> Result<JournalReader, Failure> {
        JournalReader::open(path).map_err(|error| self.failed(error))
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
