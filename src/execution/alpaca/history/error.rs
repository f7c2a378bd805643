//! Why a fetch does not come to its end, and what to do.
//!
//! Not here: exit codes (cli).
use std::path::PathBuf;

use super::super::http::ClientError;
use super::super::keys::KeyError;
use crate::market::DataError;

/// Why bars cannot be fetched. No message holds a key.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The keys are not for this source.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The machine cannot connect to anything.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The venue does not accept the keys.
    #[error("{source_name} refuses the keys ({status} {message}); check the key and the secret")]
    Unauthorized {
        /// Who.
        source_name: String,
        /// The HTTP status.
        status: u16,
        /// The venue's words.
        message: String,
    },
    /// The venue does not accept the request.
    #[error("{about}: {source_name} refuses the request ({status} {message}){}", remedy(message))]
    Refused {
        /// What was asked for: a share, or the time.
        about: String,
        /// Who.
        source_name: String,
        /// The HTTP status.
        status: u16,
        /// The venue's words.
        message: String,
    },
    /// Tried often enough.
    #[error(
        "{about}: no answer of {source_name} after {tries} tries, the last: {last}; run the same command again, it goes on from here"
    )]
    Exhausted {
        /// What was asked for: a share, or the time.
        about: String,
        /// Who.
        source_name: String,
        /// How often.
        tries: u32,
        /// What became of the last.
        last: String,
    },
    /// The answer is not what was asked for.
    #[error("{about}: the answer of {source_name} cannot be used: {what}; nothing was written")]
    Answer {
        /// What was asked for: a share, or the time.
        about: String,
        /// Who.
        source_name: String,
        /// What is wrong with it.
        what: String,
    },
    /// Not a single bar.
    #[error("{about}: {source_name} has no bars from {start} to {end}; check the symbol, the feed and the dates")]
    NoBars {
        /// What was asked for: a share, or the time.
        about: String,
        /// Who.
        source_name: String,
        /// The first moment asked for.
        start: String,
        /// The last.
        end: String,
    },
    /// Nothing of the span has ended.
    #[error("{about}: no bar between {start} and {end} has ended yet; choose an earlier --start")]
    NothingEnded {
        /// What was asked for: a share, or the time.
        about: String,
        /// The first moment asked for.
        start: String,
        /// The last moment at which a bar that has ended can have begun.
        end: String,
    },
    /// A file of bars.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A number that Parquet cannot hold.
    #[error("{}: bar {row} would not come back the same: a float cannot hold it", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// The bar, counted from 1.
        row: usize,
    },
    /// The system refused to write.
    #[error("{}: cannot be written: {source}; check the folder, its permissions and the free space", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

impl FetchError {
    /// Is it the input that is wrong, and not the machine or the line?
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            FetchError::Keys(_)
                | FetchError::Unauthorized { .. }
                | FetchError::Refused { .. }
                | FetchError::NoBars { .. }
                | FetchError::NothingEnded { .. }
        )
    }
}

fn remedy(message: &str) -> &'static str {
    if message.contains("subscription") {
        "; the plan of the account does not allow it: use --feed iex, or an --end at least 15 minutes ago"
    } else {
        "; check --symbols, --timeframe, --start, --end and --feed"
    }
}
