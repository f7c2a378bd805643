//! Values out of bytes, one after another, without an allocation: what JSON and MessagePack have in common.
//!
//! Not here: the two notations (reader_json, reader_msgpack), what a message means (decode).
//! Invariants: (1) nothing is read past the end, and no length is believed before the bytes are there; (2) nothing
//! recurses, so depth costs nothing.
use std::borrow::Cow;

use super::decimal::{units_of_float, units_of_text, units_of_whole};
use crate::domain::{Price, Quantity, Timestamp, Volume};

/// Fields of one map that are looked at; the largest message of Alpaca has 14.
const FIELDS_MAX: usize = 64;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {what}")]
pub struct DecodeError {
    /// Where, counted from 0.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// One value. A list or a map is its bytes, to be opened or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// At or above 0.
    Whole(u64),
    /// Below 0.
    Negative(i64),
    Float(f64),
    /// A number of JSON, as it stands.
    Digits(&'a [u8]),
    Text(&'a str),
    /// Text of JSON with escapes in it, without its quotes.
    Escaped(&'a str),
    Time(Timestamp),
    List(&'a [u8]),
    Map(&'a [u8]),
    /// Bytes or an extension that nobody here reads.
    Other,
}

/// A list or a map that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    /// How many are still to come, where the notation says so.
    pub(super) left: u32,
    /// Nothing has been read of it.
    pub(super) is_new: bool,
}

/// Bytes in one of the notations, and a place in them.
pub(super) trait Reader<'a>: Sized {
    /// At the beginning of `bytes`. Errors: they cannot be text of the notation at all.
    fn new(bytes: &'a [u8]) -> Result<Self, DecodeError>;
    /// The next value, whole.
    fn value(&mut self) -> Result<Value<'a>, DecodeError>;
    /// Steps into the list that begins here.
    fn open_list(&mut self) -> Result<Open, DecodeError>;
    /// Steps into the map that begins here.
    fn open_map(&mut self) -> Result<Open, DecodeError>;
    /// Is another element of the list to come? Steps out of it otherwise.
    fn more_in_list(&mut self, open: &mut Open) -> Result<bool, DecodeError>;
    /// Is another pair of the map to come? Steps out of it otherwise.
    fn more_in_map(&mut self, open: &mut Open) -> Result<bool, DecodeError>;
    /// The key of a pair; its value is next.
    fn key(&mut self) -> Result<&'a [u8], DecodeError>;
    /// Does a list begin here?
    fn is_at_list(&mut self) -> bool;
    /// Where the reader stands.
    fn place(&self) -> usize;
    /// The bytes from `from` to where the reader stands.
    fn since(&self, from: usize) -> &'a [u8];
    /// Errors: something follows.
    fn finish(&mut self) -> Result<(), DecodeError>;
}

/// The fields of one map, in its order.
pub(super) struct Fields<'a> {
    entries: [(&'a [u8], Value<'a>); FIELDS_MAX],
    count: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new() -> Fields<'a> {
        Fields { entries: [(&[], Value::Null); FIELDS_MAX], count: 0 }
    }

    /// Reads the map that begins here in place of what was here before.
    pub(super) fn read<R: Reader<'a>>(&mut self, reader: &mut R) -> Result<(), DecodeError> {
        self.count = 0;
        let mut open = reader.open_map()?;
        while reader.more_in_map(&mut open)? {
            let key = reader.key()?;
            let value = reader.value()?;
            let Some(entry) = self.entries.get_mut(self.count) else {
                return Err(DecodeError { at: reader.place(), what: "a map has more than 64 fields" });
            };
            *entry = (key, value);
            self.count += 1;
        }
        Ok(())
    }

    /// The value of a field; `None` where it is absent or null.
    #[inline]
    pub(super) fn get(&self, key: &[u8]) -> Option<Value<'a>> {
        let found = self.entries[..self.count].iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| *value).filter(|value| *value != Value::Null)
    }

    /// Every field.
    pub(super) fn all(&self) -> &[(&'a [u8], Value<'a>)] {
        &self.entries[..self.count]
    }

    /// A field as text; borrowed unless JSON escaped it.
    pub(super) fn text(&self, key: &[u8]) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    /// A field as a price; `None` where it is absent, no price or out of range.
    #[inline]
    pub(super) fn price(&self, key: &[u8]) -> Option<Price> {
        self.get(key)?.units::<9>().and_then(Price::from_units)
    }

    /// A field as a number of shares.
    #[inline]
    pub(super) fn quantity(&self, key: &[u8]) -> Option<Quantity> {
        self.get(key)?.units::<9>().map(Quantity::from_units)
    }

    /// A field as traded shares.
    pub(super) fn volume(&self, key: &[u8]) -> Option<Volume> {
        self.get(key)?.units::<6>().and_then(Volume::from_units)
    }

    /// A field as a whole number at or above 0.
    #[inline]
    pub(super) fn whole(&self, key: &[u8]) -> Option<u64> {
        match self.get(key)? {
            Value::Whole(whole) => Some(whole),
            Value::Digits(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// A field as a moment: text of RFC 3339, or MessagePack's own time.
    #[inline]
    pub(super) fn time(&self, key: &[u8]) -> Option<Timestamp> {
        match self.get(key)? {
            Value::Time(time) => Some(time),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A field that is one letter of ASCII.
    #[inline]
    pub(super) fn letter(&self, key: &[u8]) -> Option<char> {
        match self.get(key)? {
            Value::Text(text) => match text.as_bytes() {
                [letter] => Some(char::from(*letter)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl<'a> Value<'a> {
    /// A number at or above 0 in units of 10^-`DECIMALS`.
    #[inline]
    pub(super) fn units<const DECIMALS: usize>(self) -> Option<i64> {
        match self {
            Value::Whole(whole) => units_of_whole::<DECIMALS>(whole),
            Value::Float(value) => units_of_float::<DECIMALS>(value),
            Value::Digits(digits) => units_of_text::<DECIMALS>(digits),
            _ => None,
        }
    }

    /// Text; borrowed unless JSON escaped it.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            // Escapes are rare and end up in messages for people, so the quotes are put back for the parser.
            Value::Escaped(text) => serde_json::from_str::<String>(&format!("\"{text}\"")).ok().map(Cow::Owned),
            _ => None,
        }
    }
}
