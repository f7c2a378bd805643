//! Bodies of rows, as far as the history needs them.
//!
//! Not here: who writes them (session). Fields that the history has no use for are passed over.
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::{Money, Price, Symbol, SymbolIndex};
use crate::live::journal::Row;

/// A row of kind `session`.
#[derive(Deserialize, Debug)]
#[serde(tag = "session", rename_all = "snake_case")]
pub(super) enum SessionBody {
    /// A session begins, or goes on after a restart.
    Begin {
        /// Its scenarios.
        strategies: Vec<Began>,
    },
    /// It ends, or says something else.
    #[serde(other)]
    Other,
}

/// A scenario of a session that begins.
#[derive(Deserialize, Debug)]
pub(super) struct Began {
    pub(super) name: String,
    /// Its shares, in its order.
    pub(super) symbols: Vec<Symbol>,
    /// Cash of its book.
    pub(super) cash: Money,
    /// The scenario's text.
    pub(super) toml: String,
    /// Counts the books of this scenario: a session with the same number goes on with the book.
    #[serde(default = "first")]
    pub(super) number: u32,
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

fn first() -> u32 {
    1
}

/// The body as `T`.
pub(super) fn read<T: DeserializeOwned>(row: &Row) -> Result<T, String> {
    T::deserialize(&row.body).map_err(|error| format!("its body is no body of kind {}: {error}", row.kind.name()))
}
