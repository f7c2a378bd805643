//! Reading with tolerance: numbers as text or not, names nobody knows.
//!
//! Not here: which fields there are.
use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::{Price, Quantity};

/// A text, or a number where a text is usual, or nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct Text(pub(in super::super) Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        Ok(Text(match Value::deserialize(deserializer)? {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Number(number) => Some(number.to_string()),
            // An object where a text should be is no text; what it was for is missing then.
            _ => None,
        }))
    }
}

impl Text {
    /// The text; empty without one.
    pub(in super::super) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("")
    }

    /// Shares; more than nine decimals are cut.
    pub(in super::super) fn quantity(&self) -> Option<Quantity> {
        self.number()?.to_string().parse().ok()
    }

    /// Dollars a share; rounded to nine decimals.
    pub(in super::super) fn price(&self) -> Option<Price> {
        self.number()?.to_string().parse().ok()
    }

    fn number(&self) -> Option<Decimal> {
        let text = self.0.as_deref()?;
        let number = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
        Some(number.round_dp(9).normalize())
    }
}

/// Names that the reference does not know, met while reading.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct Strange(pub(in super::super) Vec<String>);

impl Strange {
    /// Notes the fields of `extra` that are not among `usual`.
    pub(super) fn fields(&mut self, of: &str, extra: &BTreeMap<String, Value>, usual: &[&str]) {
        let unknown = extra.keys().filter(|name| !usual.contains(&name.as_str()));
        self.0.extend(unknown.map(|name| format!("field `{name}` of {of}")));
    }

    /// Notes a word.
    pub(super) fn word(&mut self, of: &str, word: &str) {
        self.0.push(format!("{of} `{word}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_dress() {
        let read = |json: &str| serde_json::from_str::<Text>(json).expect("json");
        assert_eq!(read("\"1.5\"").quantity(), "1.5".parse().ok());
        assert_eq!(read("1.5").quantity(), "1.5".parse().ok());
        assert_eq!(read("3").price(), "3".parse().ok());
        assert_eq!(read("\"101.12345678949\"").price(), "101.123456789".parse().ok());
        for nothing in ["null", "\"\"", "{}", "[1]", "true", "\"x\""] {
            assert_eq!(read(nothing).price(), None, "{nothing}");
        }
    }
}
