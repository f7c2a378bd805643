//! The hash chain: what exactly is hashed, so that somebody else can verify a journal.
//!
//! Not here: reading rows (reading), looking for what does not hold (verify).
//!
//! All hashes are SHA-256. The hash before row 1 is that of the UTF-8 text
//!
//! ```text
//! alphaflow journal
//! chain 1
//! schema SCHEMA
//! made MADE
//! id ID
//! ```
//!
//! with a line feed after each line, and SCHEMA, MADE and ID from the table `identity`. The hash of a row is that of the
//! bytes
//!
//! ```text
//! hash of the row before                     32 bytes
//! row                                        8 bytes, big endian
//! time, wall                                 8 bytes each, two's complement, big endian
//! strategy                                   byte 0 if NULL; else byte 1, its length (4 bytes, big endian), its UTF-8
//! kind                                       its length (4 bytes, big endian), its UTF-8
//! body                                       its length (4 bytes, big endian), its UTF-8 as it is stored
//! ```
//!
//! No key is in it: it proves a change to whoever noted a later hash elsewhere, and to nobody else.
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// The number of this definition.
pub(super) const CHAIN: i64 = 1;

/// Who a journal is: the one row of its table `identity`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Number of the chain's definition.
    pub(super) chain: i64,
    /// Schema it was made with.
    pub(super) schema: i64,
    /// When it was made, by the machine's clock: nanoseconds since the epoch.
    pub(super) made: i64,
    /// 32 random hexadecimal digits.
    pub(super) id: String,
}

/// The fields of a row as they are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    pub(super) row: u64,
    pub(super) time: i64,
    pub(super) wall: i64,
    pub(super) strategy: Option<&'a [u8]>,
    pub(super) kind: &'a [u8],
    pub(super) body: &'a [u8],
}

/// A row number and its hash, written `ROW:HASH`: whoever notes it can prove later that nothing up to it was changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row; 0 before the first.
    pub row: u64,
    /// Its hash; before the first row, that of the journal's identity.
    pub(super) hash: Hash,
}

/// Why a piece of text is not a head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not ROW:HASH; it is a row number, a colon and 64 hexadecimal digits, as `alphaflow audit verify` prints"
)]
pub struct ParseHeadError {
    /// The text as found.
    pub text: String,
}

impl Identity {
    /// The hash before row 1.
    pub(super) fn genesis(&self) -> Hash {
        let Identity { chain, schema, made, id } = self;
        let text = format!("alphaflow journal\nchain {chain}\nschema {schema}\nmade {made}\nid {id}\n");
        Sha256::digest(text).into()
    }
}

/// The hash of a row after one with the hash `previous`.
pub(super) fn link(previous: &Hash, fields: &Fields<'_>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(fields.row.to_be_bytes());
    hasher.update(fields.time.to_be_bytes());
    hasher.update(fields.wall.to_be_bytes());
    hasher.update([u8::from(fields.strategy.is_some())]);
    for text in fields.strategy.into_iter().chain([fields.kind, fields.body]) {
        // A longer text than 32 bits can count is refused before it is written; one found in a file hashes to
        // something else than it says.
        hasher.update((text.len() as u32).to_be_bytes());
        hasher.update(text);
    }
    hasher.finalize().into()
}

/// Hexadecimal digits, lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.row, hex(&self.hash))
    }
}
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Head {
    type Err = ParseHeadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseHeadError { text: text.to_owned() };
        let (row, digits) = text.trim().split_once(':').ok_or_else(error)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(error());
        }
        let mut hash = Hash::default();
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| error())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| error())?;
        }
        Ok(Head { row: row.parse().map_err(|_| error())?, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<'a>(row: u64, strategy: Option<&'a str>, kind: &'a str, body: &'a str) -> Fields<'a> {
        let (time, wall) = if row == 1 { (-1, 1) } else { (5, 6) };
        let (strategy, kind, body) = (strategy.map(str::as_bytes), kind.as_bytes(), body.as_bytes());
        Fields { row, time, wall, strategy, kind, body }
    }

    /// The hashes were computed by Python's hashlib from the definition above.
    #[test]
    fn hashes_are_those_of_the_definition() {
        let id = "0123456789abcdef0123456789abcdef".to_owned();
        let identity = Identity { chain: 1, schema: 1, made: 1_790_000_000_000_000_000, id };
        let genesis = identity.genesis();
        assert_eq!(hex(&genesis), "bd1ae5e196848a107b15ea8d619360e63e9b06afba139bd06047cf4cb15c43df");
        let first = link(&genesis, &fields(1, None, "session", "{}"));
        assert_eq!(hex(&first), "e8eb1532b580bd5c9c253d3776315ebf74dd852e514986a007d874acfee06223");
        let second = link(&first, &fields(2, Some("é"), "event", r#"{"a":"ü"}"#));
        assert_eq!(hex(&second), "a4ccf2bdcc536f98a93b409401ed6fb61359b5559aa2e12cbea561a076d336f3");
    }

    /// Where one text ends and the next begins is part of the hash.
    #[test]
    fn no_two_rows_hash_the_same_bytes() {
        let previous = Hash::default();
        let rows = [
            fields(1, None, "ab", "c"),
            fields(1, None, "a", "bc"),
            fields(1, Some(""), "ab", "c"),
            fields(1, Some("a"), "b", "c"),
            fields(2, None, "ab", "c"),
        ];
        let hashes: std::collections::BTreeSet<Hash> = rows.iter().map(|row| link(&previous, row)).collect();
        assert_eq!(hashes.len(), rows.len());
    }

    #[test]
    fn a_head_reads_as_it_prints() {
        let head = Head { row: 1_234, hash: [0xa5; 32] };
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(format!(" {}\n", head.to_string().to_uppercase()).parse(), Ok(head));
        let digits = "a5".repeat(32);
        for bad in [
            "",
            "1",
            ":",
            &digits,
            &format!("1:{}", &digits[1..]),
            &format!("1:{}g", &digits[1..]),
            &format!("-1:{digits}"),
        ] {
            assert!(bad.parse::<Head>().is_err(), "{bad}");
        }
    }
}
