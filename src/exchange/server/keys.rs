//! The keys that a client must show.
//!
//! Not here: how they arrive (headers, the first message of a stream). They are never printed.
use std::fmt;

use axum::http::HeaderMap;
use zeroize::Zeroizing;

/// The header of the key.
const KEY_HEADER: &str = "apca-api-key-id";
/// The header of the secret.
const SECRET_HEADER: &str = "apca-api-secret-key";

/// Key and secret of the one account.
#[derive(Clone)]
pub struct Keys {
    key: Zeroizing<String>,
    secret: Zeroizing<String>,
}

/// What a request shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shown {
    /// The right keys.
    Right,
    /// Keys, but not these.
    Wrong,
    /// No keys at all.
    Nothing,
}

impl Keys {
    /// Keys as they are.
    pub fn new(key: impl Into<String>, secret: impl Into<String>) -> Keys {
        Keys { key: Zeroizing::new(key.into()), secret: Zeroizing::new(secret.into()) }
    }

    /// Are these the keys?
    pub(super) fn are(&self, key: &str, secret: &str) -> bool {
        *self.key == key && *self.secret == secret
    }

    /// What the headers of a request show.
    pub(super) fn shown(&self, headers: &HeaderMap) -> Shown {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (text(KEY_HEADER), text(SECRET_HEADER)) {
            (Some(key), Some(secret)) if self.are(key, secret) => Shown::Right,
            (None, None) if !headers.contains_key("authorization") => Shown::Nothing,
            _ => Shown::Wrong,
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}
