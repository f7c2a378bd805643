//! Ids that look random and are not: the same scenario and the same requests give the same ids.
//!
//! Not here: what is counted. An id is the sha256 of its parts in the shape of a random UUID (version 4).
use sha2::{Digest, Sha256};

/// The id of a thing that these parts name together.
pub(super) fn uuid(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // The length goes before the part, so that no two lists of parts run together.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let hex = |from: usize, to: usize| digest[from..to].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (version, variant) = (u16::from_be_bytes([digest[6], digest[7]]), u16::from_be_bytes([digest[8], digest[9]]));
    let (version, variant) = (version & 0x0fff | 0x4000, variant & 0x3fff | 0x8000);
    format!("{}-{}-{version:04x}-{variant:04x}-{}", hex(0, 4), hex(4, 6), hex(10, 16))
}

/// A UUID as ours are written, from any way in which clients write one: with hyphens or without, in large letters or
/// small. `None` for what is none.
pub(super) fn canonical(text: &str) -> Option<String> {
    const PARTS: [usize; 5] = [8, 4, 4, 4, 12];
    let has_hyphens = text.split('-').map(str::len).eq(PARTS);
    let digits: String = text.chars().filter(|letter| *letter != '-' || !has_hyphens).collect();
    if digits.len() != PARTS.iter().sum::<usize>() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut rest = digits.to_ascii_lowercase();
    let parts = PARTS.map(|length| rest.drain(..length).collect::<String>());
    Some(parts.join("-"))
}

/// The id of the account of a scenario.
pub(super) fn account_id(scenario: &str) -> String {
    uuid(&[scenario, "account"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_however_they_are_written() {
        let id = uuid(&["demo", "order"]);
        for text in [id.clone(), id.replace('-', ""), id.to_uppercase()] {
            assert_eq!(canonical(&text).as_ref(), Some(&id));
        }
        for text in ["", "abc", &id[1..], &format!("{id}0"), &id.replace('-', "g"), &format!("-{}", &id[1..])] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn ids_have_the_shape_of_version_4_and_are_told_apart() {
        let id = uuid(&["demo", "asset", "AAPL"]);
        assert_eq!(id, uuid(&["demo", "asset", "AAPL"]));
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        assert_ne!(uuid(&["ab", "c"]), uuid(&["a", "bc"]));
        assert_ne!(account_id("a"), account_id("b"));
    }
}
