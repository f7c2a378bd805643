//! Which account something was made for: the end of its number and a hash, never the number.
//!
//! Not here: what is in the account (execution::alpaca).
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Digits of an account's number that may be shown.
const TAIL: usize = 4;

/// An account, as far as it may be kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountMark {
    /// The end of its number, for people.
    pub tail: String,
    /// SHA-256 of its number, hexadecimal.
    pub sha256: String,
}

impl AccountMark {
    /// Of the account with this number.
    pub fn of(number: &str) -> AccountMark {
        let letters: Vec<char> = number.chars().collect();
        let tail = letters[letters.len().saturating_sub(TAIL)..].iter().collect();
        AccountMark { tail, sha256: Sha256::digest(number).iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}
