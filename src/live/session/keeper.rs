//! Where a session writes what must outlive it.
//!
//! Not here: the file (journal). A test keeps rows in memory and loses them where it likes.
use std::sync::{Arc, Mutex, PoisonError};

use crate::live::journal::{Durability, Journal, Row};

/// Nothing can be kept any more: the session must not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal cannot be written: {0}; what rests at the venue stays there, stops too")]
pub struct KeepError(pub String);

/// Keeps rows, in order.
pub trait Keeper {
    /// Appends; answers the number of the last row. With [`Durability::Flushed`] the rows and all before them are on
    /// the disk when it returns.
    ///
    /// Errors: they are not kept; neither is anything after them.
    fn append(&mut self, rows: &[Row], durability: Durability) -> Result<u64, KeepError>;
}

/// The journal of an account, shared with those who only read it or write deliveries.
#[derive(Debug, Clone)]
pub struct SharedJournal(pub Arc<Mutex<Journal>>);

impl SharedJournal {
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).head().0
    }
}

impl Keeper for SharedJournal {
    fn append(&mut self, rows: &[Row], durability: Durability) -> Result<u64, KeepError> {
        // A writer that broke off in the middle has left the journal saying so by itself.
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers = journal.append(rows, durability).map_err(|error| KeepError(error.to_string()))?;
        Ok(numbers.end.saturating_sub(1))
    }
}
