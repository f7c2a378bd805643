//! Bodies of rows, as far as the history needs them.
//!
//! Not here: who writes them (session). Fields that the history has no use for are passed over.
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::{Price, SymbolIndex};
use crate::live::journal::Row;

/// A row of kind `session`; it names its scenario.
#[derive(Deserialize, Debug)]
#[serde(tag = "session", rename_all = "snake_case")]
pub(super) enum SessionBody {
    /// A book begins.
    Began {
        /// The scenario's text.
        scenario: String,
    },
    /// A process goes on with it, ends, or says something else.
    #[serde(other)]
    Other,
}

/// A row of kind `input`.
#[derive(Deserialize, Debug)]
#[serde(tag = "input", rename_all = "snake_case")]
pub(super) enum InputBody {
    /// The engine was given the next answers that follow from the desk's entries.
    Answers {
        /// How many.
        count: usize,
    },
    /// A dividend.
    Dividend {
        /// Of which share.
        symbol: SymbolIndex,
        /// Dollars a share.
        amount: Price,
    },
    /// Bars, halts and the like.
    #[serde(other)]
    Other,
}

/// The body as `T`.
pub(super) fn read<T: DeserializeOwned>(row: &Row) -> Result<T, String> {
    T::deserialize(&row.body).map_err(|error| format!("its body is no body of kind {}: {error}", row.kind.name()))
}
