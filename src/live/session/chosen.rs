//! Which sessions a journal holds, and one of them out of it.
//!
//! Not here: making it again (proof), what it did (record). A restart and the audit read all sessions in one pass
//! (past, replayed); here is one that somebody has named.
use super::noticed::Noticed;
use super::past::{Began, Past, PastReader, SessionRow};
use crate::live::journal::{JournalError, JournalReader, RowKind};

/// A session of a journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownSession {
    /// The scenario.
    pub strategy: String,
    /// How it began.
    pub began: Began,
    /// Versions of the program that wrote it, each once, in order.
    pub versions: Vec<String>,
    /// Its first row.
    first: u64,
    /// The row with which the next session of the scenario begins.
    until: u64,
}

/// All sessions of a journal, in the order in which they began.
///
/// Errors: the journal cannot be read; a row of a session in no form that this program knows.
pub fn sessions_in(journal: &JournalReader) -> Result<Vec<KnownSession>, JournalError> {
    let mut all: Vec<KnownSession> = Vec::new();
    journal.read_of(&[RowKind::Session], None, |row| {
        let strange = |error: serde_json::Error| JournalError::Row { row: row.number, what: error.to_string() };
        let Some(strategy) = row.strategy else { return Ok(()) };
        let last = all.iter_mut().rev().find(|known| known.strategy == strategy);
        match (serde_json::from_str(row.body).map_err(strange)?, last) {
            (SessionRow::Began(began), last) => {
                last.into_iter().for_each(|last| last.until = row.number);
                let versions = vec![began.version.clone()];
                let strategy = strategy.to_owned();
                all.push(KnownSession { strategy, began, versions, first: row.number, until: u64::MAX });
            }
            (SessionRow::WentOn { version, .. }, Some(last)) if !last.versions.contains(&version) => {
                last.versions.push(version);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(all)
}

/// One session: what it was given, and what its rows say of people and venue.
///
/// Errors: the journal cannot be read; a row of a session in no form that this program knows.
pub fn read_session(journal: &JournalReader, known: &KnownSession) -> Result<(Past, Vec<Noticed>), JournalError> {
    let (mut reader, mut noticed) = (PastReader::default(), Vec::new());
    journal.read_raw(known.first, |row| {
        let number = row.number;
        if number >= known.until || row.strategy.is_some_and(|strategy| strategy != known.strategy) {
            return Ok(());
        }
        let strange = |what: String| JournalError::Row { row: number, what };
        noticed.extend(Noticed::of_row(&row).map_err(|error| strange(error.to_string()))?);
        reader.take(row).map_err(|error| strange(error.to_string()))
    })?;
    let past = reader.session(&known.strategy);
    let lost = || JournalError::Row { row: known.first, what: "its session is not in the journal any more".to_owned() };
    Ok((past.ok_or_else(lost)?, noticed))
}
