//! The token of a next page: opaque to a client, base64 of what the next page begins behind.
//!
//! Not here: what that is.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The token that stands for a text; its letters need no encoding in a query.
pub(super) fn token(text: &str) -> String {
    let mut out = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            out.push(char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]));
        }
    }
    out
}

/// The text that a token stands for; `None` for what is no token.
pub(super) fn read(token: &str) -> Option<String> {
    let mut out = Vec::new();
    for group in token.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for letter in group {
            bits = bits << 6 | ALPHABET.iter().position(|own| own == letter)? as u32;
        }
        bits <<= 6 * (4 - group.len());
        out.extend(bits.to_be_bytes()[1..].iter().take(group.len() - 1));
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(text in ".{0,40}") {
            let written = token(&text);
            prop_assert!(written.bytes().all(|byte| ALPHABET.contains(&byte)));
            prop_assert_eq!(read(&written), Some(text));
        }
    }

    #[test]
    fn other_letters_are_no_token() {
        assert_eq!(token("AAPL"), "QUFQTA");
        assert_eq!(read("AA=="), None);
    }
}
