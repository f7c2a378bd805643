//! Bodies of rows, as far as the history needs them.
//!
//! Not here: who writes them (session). Fields that the history has no use for are passed over.
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::{Price, SymbolIndex, Timestamp};
use crate::live::journal::RawRow;

/// A row of kind `session`; it names its scenario.
#[derive(Deserialize, Debug)]
#[serde(tag = "session", rename_all = "snake_case")]
pub(super) enum SessionBody {
    /// A book begins.
    Began {
        /// The scenario's text.
        scenario: String,
        /// When its process began a new account; none where the account was there before.
        account_since: Option<Timestamp>,
    },
    /// A process goes on with it.
    WentOn,
    /// A process ends, or says something else.
    #[serde(other)]
    Other,
}

/// A row of kind `input`: what its kind does not have is absent. Bars are passed over without being put together.
#[derive(Deserialize, Debug)]
struct InputBody {
    input: String,
    count: Option<usize>,
    symbol: Option<SymbolIndex>,
    amount: Option<Price>,
}

/// What the history needs of an input.
#[derive(Debug)]
pub(super) enum InputSeen {
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
    Other,
}

/// The body of an input.
pub(super) fn input(row: &RawRow<'_>) -> Result<InputSeen, String> {
    let body: InputBody = read(row)?;
    let lacks = |what: &str| format!("its body is no body of kind input: `{}` without `{what}`", body.input);
    Ok(match body.input.as_str() {
        "answers" => InputSeen::Answers { count: body.count.ok_or_else(|| lacks("count"))? },
        "dividend" => InputSeen::Dividend {
            symbol: body.symbol.ok_or_else(|| lacks("symbol"))?,
            amount: body.amount.ok_or_else(|| lacks("amount"))?,
        },
        _ => InputSeen::Other,
    })
}

/// The body as `T`.
pub(super) fn read<T: DeserializeOwned>(row: &RawRow<'_>) -> Result<T, String> {
    serde_json::from_str(row.body).map_err(|error| format!("its body is no body of kind {}: {error}", row.kind.name()))
}
