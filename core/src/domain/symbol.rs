//! Names of shares.
use std::fmt;
use std::str::FromStr;

/// A ticker such as `AAPL` or `BRK.B`: 1 to 12 of `A–Z 0–9 . - /`, held inline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    bytes: [u8; Symbol::LENGTH_MAX],
    length: u8,
}

/// The place of a symbol in the scenario's list: how the hot path names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct SymbolIndex(pub u16);

/// Why a piece of text is not a ticker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a symbol; use 1 to 12 of A-Z, 0-9, `.`, `-`, `/`, like BRK.B")]
pub struct SymbolError {
    /// The text as found.
    pub text: String,
}

impl Symbol {
    /// Longest ticker: US ones have up to 5 letters, a class and a suffix; crypto pairs up to 11.
    pub const LENGTH_MAX: usize = 12;

    /// The ticker as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("a symbol is ASCII")
    }
}

impl SymbolIndex {
    /// The index for slices.
    #[inline]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b".-/".contains(&byte);
        // A letter or digit first, so a symbol put into a file name cannot climb out of its folder.
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !starts_well || text.len() > Self::LENGTH_MAX || !text.bytes().all(allowed) || text.contains("..") {
            return Err(SymbolError { text: text.to_owned() });
        }
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Symbol { bytes, length: text.len() as u8 })
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl serde::Serialize for Symbol {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
impl<'de> serde::Deserialize<'de> for Symbol {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickers_are_checked() {
        assert_eq!("BRK.B".parse::<Symbol>().expect("symbol").to_string(), "BRK.B");
        for bad in ["", "aapl", "TOOLONGSYMBOL", "A B", "../X"] {
            assert!(bad.parse::<Symbol>().is_err(), "{bad}");
            assert!(serde_json::from_value::<Symbol>(bad.into()).is_err(), "{bad}");
        }
        let symbol: Symbol = serde_json::from_str("\"BRK.B\"").expect("symbol");
        assert_eq!(serde_json::to_string(&symbol).expect("JSON"), "\"BRK.B\"");
    }
}
