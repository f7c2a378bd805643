//! Secrets of the dashboard's own: 256 bits from the operating system.
//!
//! Not here: what they open (access, tokens).
use std::fmt::Write;

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes, so no session can be made; look at its log")]
pub struct NoRandomness;

/// 64 hexadecimal digits that nobody can guess.
pub(super) fn hex_256() -> Result<String, NoRandomness> {
    let mut bytes = [0u8; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).map_err(|_| NoRandomness)?;
    let mut text = String::with_capacity(64);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ_and_are_64_hexadecimal_digits() {
        let (a, b) = (hex_256().unwrap(), hex_256().unwrap());
        assert_ne!(a, b);
        assert!(a.len() == 64 && a.bytes().all(|byte| byte.is_ascii_hexdigit()), "{a}");
    }
}
