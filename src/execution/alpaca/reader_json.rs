//! JSON, value by value.
//!
//! Not here: what a value means. A list or map that nobody opens is passed by its brackets; what is in it is not
//! examined. Numbers stay text, so that none loses a digit.
use super::reader::{DecodeError, Open, Reader, Value};

/// A place in a JSON text.
pub(super) struct JsonReader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> JsonReader<'a> {
    fn error(&self, what: &'static str) -> DecodeError {
        DecodeError { at: self.at, what }
    }

    /// The next byte that is no white space, without taking it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    #[inline]
    fn take(&mut self, byte: u8, what: &'static str) -> Result<(), DecodeError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(what))
    }

    /// The inside of the text that begins here, and whether it has escapes.
    #[inline]
    fn quoted(&mut self) -> Result<(&'a str, bool), DecodeError> {
        self.take(b'"', "text should begin here")?;
        let (start, bytes, mut has_escapes) = (self.at, self.text.as_bytes(), false);
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    let inside = &self.text[start..self.at];
                    self.at += 1;
                    return Ok((inside, has_escapes));
                }
                b'\\' => {
                    has_escapes = true;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        Err(self.error("the text is cut off"))
    }

    /// Passes the list or map that begins here.
    fn pass(&mut self) -> Result<(), DecodeError> {
        let bytes = self.text.as_bytes();
        let mut depth = 0usize;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.quoted()?;
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.error("the list or map is cut off"))
    }

    fn word(&mut self) -> Result<Value<'a>, DecodeError> {
        for (word, value) in [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
            if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.error("a value should begin here"))
    }

    fn more(&mut self, open: &mut Open, end: u8) -> Result<bool, DecodeError> {
        let is_new = std::mem::replace(&mut open.is_new, false);
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if is_new => Ok(true),
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(_) => Err(self.error("a comma should stand here")),
            None => Err(self.error("the list or map is cut off")),
        }
    }
}

impl<'a> Reader<'a> for JsonReader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| DecodeError { at: error.valid_up_to(), what: "the bytes are not UTF-8" })?;
        Ok(JsonReader { text, at: 0 })
    }

    #[inline]
    fn value(&mut self) -> Result<Value<'a>, DecodeError> {
        let first = self.peek().ok_or_else(|| self.error("a value should begin here"))?;
        let start = self.at;
        match first {
            b'"' => {
                let (text, has_escapes) = self.quoted()?;
                Ok(if has_escapes { Value::Escaped(text) } else { Value::Text(text) })
            }
            b'-' | b'0'..=b'9' => {
                let bytes = self.text.as_bytes();
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
                while bytes.get(self.at).is_some_and(is_part) {
                    self.at += 1;
                }
                Ok(Value::Digits(&bytes[start..self.at]))
            }
            b'[' => {
                self.pass()?;
                Ok(Value::List(self.since(start)))
            }
            b'{' => {
                self.pass()?;
                Ok(Value::Map(self.since(start)))
            }
            _ => self.word(),
        }
    }

    fn open_list(&mut self) -> Result<Open, DecodeError> {
        self.take(b'[', "a list should begin here").map(|()| Open { left: 0, is_new: true })
    }

    #[inline]
    fn open_map(&mut self) -> Result<Open, DecodeError> {
        self.take(b'{', "a map should begin here").map(|()| Open { left: 0, is_new: true })
    }

    #[inline]
    fn more_in_list(&mut self, open: &mut Open) -> Result<bool, DecodeError> {
        self.more(open, b']')
    }

    #[inline]
    fn more_in_map(&mut self, open: &mut Open) -> Result<bool, DecodeError> {
        self.more(open, b'}')
    }

    #[inline]
    fn key(&mut self) -> Result<&'a [u8], DecodeError> {
        let (key, _) = self.quoted()?;
        self.take(b':', "a colon should stand here")?;
        Ok(key.as_bytes())
    }

    fn is_at_list(&mut self) -> bool {
        self.peek() == Some(b'[')
    }

    fn place(&self) -> usize {
        self.at
    }

    fn since(&self, from: usize) -> &'a [u8] {
        &self.text.as_bytes()[from..self.at.min(self.text.len())]
    }

    fn finish(&mut self) -> Result<(), DecodeError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.error("something follows the last value")) }
    }
}
