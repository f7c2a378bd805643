//! Keys of an account: wiped when they are let go, never printed.
//!
//! Not here: where they come from (env_file), who may see them (the wire, and nobody else).
//! Invariants: (1) neither `Debug` nor `Display` nor an error shows a key or a secret; (2) a key can stand in a header.
use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Longest key or secret: Alpaca's have up to 44 characters.
const LENGTH_MAX: usize = 128;
/// The beginning of every key of a stand-in, and of no key of Alpaca's, whose letters are drawn.
const STAND_IN: &str = "PKSTANDIN";
/// Text that must not be seen. It is overwritten when it is let go.
///
/// ```compile_fail,E0277
/// fn need<T: Clone + serde::Serialize>() {}
/// need::<alphaflow::execution::alpaca::Secret>();
/// ```
/// ```
/// fn need<T: Clone + serde::Serialize>() {}
/// need::<String>();
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

/// The key and the secret of an account.
#[derive(Debug)]
pub struct ApiKeys {
    id: Secret,
    secret: Secret,
}

/// Whose keys they are, as their beginning says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `PK…`: a paper account of Alpaca.
    Paper,
    /// `AK…`: a live account of Alpaca.
    Live,
    /// Neither.
    Other,
}

/// Why keys cannot be used. No message holds a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not there.
    #[error("{name} is not set; put `{name}=…` into {place}{}", hint(nearest.as_deref()))]
    Missing {
        /// The variable.
        name: &'static str,
        /// Where it belongs.
        place: String,
        /// The most similar name that is set.
        nearest: Option<String>,
    },
    /// It cannot be a key.
    #[error(
        "the {what} is empty, longer than 128 characters or has characters other than visible ASCII; copy it again"
    )]
    Malformed {
        /// `key id` or `secret`.
        what: &'static str,
    },
    /// Keys of another mode.
    #[error("the keys are {kind}, but --mode {mode} {}", wants(mode))]
    WrongKind {
        /// The mode.
        mode: &'static str,
        /// What they are.
        kind: KeyKind,
    },
    /// Keys that a venue on this machine must not get.
    #[error(
        "the keys may be those of an account at Alpaca, and the line to a stand-in is not encrypted; a stand-in takes keys that \
         begin with {STAND_IN}"
    )]
    NotOfStandIn,
    /// Live keys that the authorization was not given for.
    #[error("these live keys are not those of the authorized account; authorize the account that is to trade")]
    NotAuthorized,
    /// A secret that other programs can read.
    #[error(
        "argument {position} of the command line holds a secret, which every program of this machine can read and the \
         shell keeps; make new keys at Alpaca and put them into .env"
    )]
    OnCommandLine {
        /// Which argument, the program's own name not counted.
        position: usize,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; did you mean `{name}`, which is set?"))
}

fn wants(mode: &str) -> &'static str {
    match mode {
        "paper" => "takes paper keys, which begin with PK",
        "live" => "takes live keys, which begin with AK",
        _ => "takes those of the built-in exchange (ALPHAFLOW_EXCHANGE_KEY, ALPHAFLOW_EXCHANGE_SECRET)",
    }
}

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The text, for those who send it or compare it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl ApiKeys {
    /// Alpaca's key ids have at least this many capitals and digits, its secrets more letters.
    pub const LENGTH_MIN: usize = 16;

    /// Takes both over. Errors: [`KeyError::Malformed`].
    pub fn new(id: String, secret: String) -> Result<ApiKeys, KeyError> {
        let keys = ApiKeys { id: Secret(id), secret: Secret(secret) };
        let is_good = |text: &str| {
            !text.is_empty() && text.len() <= LENGTH_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !is_good(keys.id.reveal()) {
            return Err(KeyError::Malformed { what: "key id" });
        }
        if !is_good(keys.secret.reveal()) {
            return Err(KeyError::Malformed { what: "secret" });
        }
        Ok(keys)
    }

    /// Whose they are, as the id's first letters say.
    pub fn kind(&self) -> KeyKind {
        match self.id.reveal().as_bytes() {
            [b'P', b'K', ..] => KeyKind::Paper,
            [b'A', b'K', ..] => KeyKind::Live,
            _ => KeyKind::Other,
        }
    }

    /// Keys of a venue on this machine that stands in for Alpaca paper.
    pub(super) fn are_of_stand_in(&self) -> bool {
        self.id.reveal().starts_with(STAND_IN)
    }

    /// The key id, to be sent.
    pub(super) fn id(&self) -> &str {
        self.id.reveal()
    }

    /// The secret, to be sent.
    pub(super) fn secret(&self) -> &str {
        self.secret.reveal()
    }

    /// SHA-256 over both: tells pairs apart without holding them.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.id().len().to_le_bytes());
        hash.update(self.id());
        hash.update(self.secret());
        hash.finalize().into()
    }

    /// A second pair of the same text, for a second task of the wire.
    pub(crate) fn duplicate(&self) -> ApiKeys {
        ApiKeys { id: Secret(self.id().to_owned()), secret: Secret(self.secret().to_owned()) }
    }
}

/// Errors: an argument that is a key id of Alpaca, or holds the id or the secret of `keys`.
///
/// Keys of the built-in exchange are no secrets: they open nothing but a simulation on this machine.
pub fn refuse_secrets_in<'a>(
    arguments: impl IntoIterator<Item = &'a str>,
    keys: Option<&ApiKeys>,
) -> Result<(), KeyError> {
    let own = keys.filter(|keys| keys.kind() != KeyKind::Other);
    for (at, argument) in arguments.into_iter().enumerate() {
        let words = argument.split(|letter: char| !letter.is_ascii_alphanumeric());
        let holds = |text: &str| text.len() >= ApiKeys::LENGTH_MIN && argument.contains(text);
        let holds_own = own.is_some_and(|keys| holds(keys.id()) || holds(keys.secret()));
        if holds_own || words.into_iter().any(is_key_id) {
            return Err(KeyError::OnCommandLine { position: at + 1 });
        }
    }
    Ok(())
}

fn is_key_id(word: &str) -> bool {
    let begins = word.starts_with("PK") || word.starts_with("AK");
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    begins && word.len() >= ApiKeys::LENGTH_MIN && word.bytes().all(is_part)
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyKind::Paper => "keys of a paper account (they begin with PK)",
            KeyKind::Live => "keys of a live account (they begin with AK)",
            KeyKind::Other => "neither paper nor live keys of Alpaca (those begin with PK or AK)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "PKABCDEFGHIJKLMNOPQR";
    const SECRET: &str = "s3cr3t/Text+0123456789";

    fn keys() -> ApiKeys {
        ApiKeys::new(ID.to_owned(), SECRET.to_owned()).expect("keys")
    }

    #[test]
    fn nothing_shows_them() {
        let keys = keys();
        let shown = format!("{keys:?} {:#?} {} {}", keys, keys.id, keys.secret);
        assert!(!shown.contains(ID) && !shown.contains(SECRET) && shown.contains("[secret]"), "{shown}");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_key() {
        let long = "x".repeat(LENGTH_MAX + 1);
        for bad in ["", " ", "a b", "a\nb", "ä", long.as_str()] {
            let id = ApiKeys::new(bad.to_owned(), SECRET.to_owned()).expect_err(bad);
            assert_eq!(id, KeyError::Malformed { what: "key id" });
            let secret = ApiKeys::new(ID.to_owned(), bad.to_owned()).expect_err(bad);
            assert_eq!(secret, KeyError::Malformed { what: "secret" });
            assert!(bad.len() < 2 || !format!("{id} {secret}").contains(bad));
        }
    }

    #[test]
    fn a_secret_among_the_arguments_is_refused_without_showing_it() {
        let keys = keys();
        for arguments in [
            vec!["fetch", ID],
            vec!["x", SECRET],
            vec!["--a", &format!("--key={ID}")],
            vec!["x", "AK00112233445566778"],
        ] {
            let refused = refuse_secrets_in(arguments, Some(&keys)).expect_err("a secret");
            assert_eq!(refused, KeyError::OnCommandLine { position: 2 });
            assert!(!refused.to_string().contains(ID));
        }
        let innocent = ["data", "fetch", "--symbols", "AAPL,PKI,AKAM", "--out", "PK.parquet"];
        assert_eq!(refuse_secrets_in(innocent, Some(&keys)), Ok(()));
        assert_eq!(refuse_secrets_in(innocent, None), Ok(()));
    }

    #[test]
    fn pairs_are_told_apart() {
        let other = ApiKeys::new(ID.to_owned(), "other".to_owned()).expect("keys");
        assert_eq!(keys().fingerprint(), keys().duplicate().fingerprint());
        assert_ne!(keys().fingerprint(), other.fingerprint());
    }
}
