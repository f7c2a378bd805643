//! The signature of a webhook: proof that a message is ours and of now.
//!
//! Not here: sending (webhook). What a receiver does with it: `docs/webhook.md`.
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// `v1=` and the hexadecimal HMAC-SHA256, under `secret`, of the seconds since 1970 in decimal, a dot, and the body.
///
/// The time is signed as well, so that a receiver can refuse a message that was caught and sent again later.
/// Source: RFC 2104; the layout is Stripe's and Slack's.
pub fn sign(secret: &[u8], seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let mut text = "v1=".to_owned();
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `printf '1.{}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn it_is_the_hmac_that_others_compute() {
        assert_eq!(sign(b"key", 1, b"{}"), EXPECTED);
        for other in [sign(b"kez", 1, b"{}"), sign(b"key", 2, b"{}"), sign(b"key", 1, b"{ }")] {
            assert_ne!(other, EXPECTED);
        }
    }

    const EXPECTED: &str = "v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224";
}
