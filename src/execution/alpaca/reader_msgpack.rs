//! MessagePack, value by value. Source: the specification of MessagePack, its timestamp extension −1 included.
//!
//! Not here: what a value means.
use rmp::Marker;

use super::reader::{DecodeError, Open, Reader, Value};
use crate::domain::Timestamp;

/// The extension that is a time.
const TIME_EXTENSION: i8 = -1;

/// A place in MessagePack bytes.
pub(super) struct MsgpackReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> MsgpackReader<'a> {
    fn error(&self, what: &'static str) -> DecodeError {
        DecodeError { at: self.at, what }
    }

    #[inline]
    fn marker(&mut self) -> Result<Marker, DecodeError> {
        let byte = *self.bytes.get(self.at).ok_or_else(|| self.error("a value should begin here"))?;
        self.at += 1;
        Ok(Marker::from_u8(byte))
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..length));
        let taken = taken.ok_or_else(|| self.error("the bytes are cut off"))?;
        self.at += length;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A length in `bytes` bytes, high byte first.
    #[inline]
    fn length(&mut self, bytes: usize) -> Result<usize, DecodeError> {
        Ok(self.take(bytes)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    #[inline]
    fn text(&mut self, length: usize) -> Result<&'a str, DecodeError> {
        let at = self.at;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError { at, what: "the text is not UTF-8" })
    }

    fn text_length(&mut self, marker: Marker) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.length(1)?,
            Marker::Str16 => self.length(2)?,
            Marker::Str32 => self.length(4)?,
            _ => return Ok(None),
        }))
    }

    /// An extension of `length` bytes, its kind first.
    fn extension(&mut self, length: usize) -> Result<Value<'a>, DecodeError> {
        let kind = i8::from_be_bytes(self.array()?);
        let at = self.at;
        let bytes = self.take(length)?;
        if kind != TIME_EXTENSION {
            return Ok(Value::Other);
        }
        let number = |bytes: &[u8]| bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        let (seconds, ns) = match length {
            4 => (number(bytes) as i64, 0),
            8 => ((number(bytes) & ((1 << 34) - 1)) as i64, number(bytes) >> 34),
            12 => (number(&bytes[4..]) as i64, number(&bytes[..4])),
            _ => return Ok(Value::Other),
        };
        let whole = Timestamp::from_seconds(seconds).filter(|_| ns < 1_000_000_000);
        let time = whole.and_then(|whole| whole.ns().checked_add(ns as i64)).map(Timestamp::from_ns);
        time.map(Value::Time).ok_or(DecodeError { at, what: "the time is out of range" })
    }

    /// How many values directly follow the one whose marker was just read, and belong to it; passes its own bytes.
    fn pass_one(&mut self) -> Result<u64, DecodeError> {
        let marker = self.marker()?;
        if let Some(length) = self.text_length(marker)? {
            return self.take(length).map(|_| 0);
        }
        let (bytes, inside) = match marker {
            Marker::FixArray(length) => (0, u64::from(length)),
            Marker::Array16 => (0, self.length(2)? as u64),
            Marker::Array32 => (0, self.length(4)? as u64),
            Marker::FixMap(length) => (0, 2 * u64::from(length)),
            Marker::Map16 => (0, 2 * self.length(2)? as u64),
            Marker::Map32 => (0, 2 * self.length(4)? as u64),
            Marker::Bin8 => (self.length(1)?, 0),
            Marker::Bin16 => (self.length(2)?, 0),
            Marker::Bin32 => (self.length(4)?, 0),
            Marker::Ext8 => (self.length(1)? + 1, 0),
            Marker::Ext16 => (self.length(2)? + 1, 0),
            Marker::Ext32 => (self.length(4)? + 1, 0),
            Marker::U8 | Marker::I8 => (1, 0),
            Marker::U16 | Marker::I16 | Marker::FixExt1 => (2, 0),
            Marker::FixExt2 => (3, 0),
            Marker::U32 | Marker::I32 | Marker::F32 => (4, 0),
            Marker::FixExt4 => (5, 0),
            Marker::U64 | Marker::I64 | Marker::F64 => (8, 0),
            Marker::FixExt8 => (9, 0),
            Marker::FixExt16 => (17, 0),
            _ => (0, 0),
        };
        self.take(bytes).map(|_| inside)
    }

    /// Passes `values` values with all that is in them.
    fn pass(&mut self, mut values: u64) -> Result<(), DecodeError> {
        while values > 0 {
            values = values - 1 + self.pass_one()?;
        }
        Ok(())
    }

    fn list_length(&mut self, marker: Marker) -> Result<Option<u32>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixArray(length) => u32::from(length),
            Marker::Array16 => self.length(2)? as u32,
            Marker::Array32 => self.length(4)? as u32,
            _ => return Ok(None),
        }))
    }

    fn map_length(&mut self, marker: Marker) -> Result<Option<u32>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixMap(length) => u32::from(length),
            Marker::Map16 => self.length(2)? as u32,
            Marker::Map32 => self.length(4)? as u32,
            _ => return Ok(None),
        }))
    }

    fn signed(whole: i64) -> Value<'a> {
        u64::try_from(whole).map_or(Value::Negative(whole), Value::Whole)
    }

    /// What is neither a plain number nor text.
    fn rare(&mut self, start: usize, marker: Marker) -> Result<Value<'a>, DecodeError> {
        if let Some(length) = self.list_length(marker)? {
            self.pass(u64::from(length))?;
            return Ok(Value::List(self.since(start)));
        }
        if let Some(length) = self.map_length(marker)? {
            self.pass(2 * u64::from(length))?;
            return Ok(Value::Map(self.since(start)));
        }
        match marker {
            Marker::Null => Ok(Value::Null),
            Marker::False => Ok(Value::Bool(false)),
            Marker::True => Ok(Value::Bool(true)),
            Marker::FixExt1 => self.extension(1),
            Marker::FixExt2 => self.extension(2),
            Marker::FixExt4 => self.extension(4),
            Marker::FixExt16 => self.extension(16),
            Marker::Ext8 => self.length(1).and_then(|length| self.extension(length)),
            Marker::Ext16 => self.length(2).and_then(|length| self.extension(length)),
            Marker::Ext32 => self.length(4).and_then(|length| self.extension(length)),
            Marker::Bin8 => self.length(1).and_then(|length| self.take(length)).map(|_| Value::Other),
            Marker::Bin16 => self.length(2).and_then(|length| self.take(length)).map(|_| Value::Other),
            Marker::Bin32 => self.length(4).and_then(|length| self.take(length)).map(|_| Value::Other),
            _ => Err(DecodeError { at: start, what: "no value begins with this byte" }),
        }
    }
}

impl<'a> Reader<'a> for MsgpackReader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Ok(MsgpackReader { bytes, at: 0 })
    }

    #[inline]
    fn value(&mut self) -> Result<Value<'a>, DecodeError> {
        let start = self.at;
        let marker = self.marker()?;
        Ok(match marker {
            Marker::FixStr(length) => Value::Text(self.text(usize::from(length))?),
            Marker::F64 => Value::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixPos(whole) => Value::Whole(u64::from(whole)),
            Marker::U8 => Value::Whole(u64::from(u8::from_be_bytes(self.array()?))),
            Marker::U16 => Value::Whole(u64::from(u16::from_be_bytes(self.array()?))),
            Marker::U32 => Value::Whole(u64::from(u32::from_be_bytes(self.array()?))),
            Marker::U64 => Value::Whole(u64::from_be_bytes(self.array()?)),
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixNeg(whole) => Value::Negative(i64::from(whole)),
            Marker::I8 => Self::signed(i64::from(i8::from_be_bytes(self.array()?))),
            Marker::I16 => Self::signed(i64::from(i16::from_be_bytes(self.array()?))),
            Marker::I32 => Self::signed(i64::from(i32::from_be_bytes(self.array()?))),
            Marker::I64 => Self::signed(i64::from_be_bytes(self.array()?)),
            // The decimal that a short float names, not the longer one that it equals.
            Marker::F32 => {
                let short = f32::from_be_bytes(self.array()?);
                Value::Float(short.to_string().parse().unwrap_or(f64::from(short)))
            }
            Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                let length = self.text_length(marker)?.unwrap_or_default();
                Value::Text(self.text(length)?)
            }
            _ => self.rare(start, marker)?,
        })
    }

    fn open_list(&mut self) -> Result<Open, DecodeError> {
        let at = self.at;
        let marker = self.marker()?;
        let left = self.list_length(marker)?.ok_or(DecodeError { at, what: "a list should begin here" })?;
        Ok(Open { left, is_new: true })
    }

    #[inline]
    fn open_map(&mut self) -> Result<Open, DecodeError> {
        let at = self.at;
        let marker = self.marker()?;
        let left = self.map_length(marker)?.ok_or(DecodeError { at, what: "a map should begin here" })?;
        Ok(Open { left, is_new: true })
    }

    #[inline]
    fn more_in_list(&mut self, open: &mut Open) -> Result<bool, DecodeError> {
        let is_more = open.left > 0;
        open.left -= u32::from(is_more);
        Ok(is_more)
    }

    #[inline]
    fn more_in_map(&mut self, open: &mut Open) -> Result<bool, DecodeError> {
        self.more_in_list(open)
    }

    #[inline]
    fn key(&mut self) -> Result<&'a [u8], DecodeError> {
        let at = self.at;
        match self.value()? {
            Value::Text(text) => Ok(text.as_bytes()),
            _ => Err(DecodeError { at, what: "a key should be text" }),
        }
    }

    fn is_at_list(&mut self) -> bool {
        let marker = self.bytes.get(self.at).map(|byte| Marker::from_u8(*byte));
        matches!(marker, Some(Marker::FixArray(_) | Marker::Array16 | Marker::Array32))
    }

    fn place(&self) -> usize {
        self.at
    }

    fn since(&self, from: usize) -> &'a [u8] {
        &self.bytes[from..self.at]
    }

    fn finish(&mut self) -> Result<(), DecodeError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error("something follows the last value")) }
    }
}
