//! Columns of numbers in as little text as a page should carry.
//!
//! A column is scaled to integers; each is written as its difference from the one before, zigzag
//! (sign in the lowest bit), least digit first, five bits a digit, the sixth bit saying that more
//! follow. `.` is "no value" and leaves the running value as it was. The alphabet needs no escape
//! in JSON or HTML. `decode` in `assets/data.js` is the other half.
//!
//! Not here: which numbers a page needs.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Largest integer the page's script holds exactly.
const EXACT_MAX: i64 = (1 << 53) - 1;

/// A packed column under construction.
pub(in crate::report) struct Column {
    scale: f64,
    previous: i64,
    text: String,
}

impl Column {
    /// A column whose values are kept to 1/`scale`.
    pub(in crate::report) fn new(scale: f64, capacity: usize) -> Column {
        Column { scale, previous: 0, text: String::with_capacity(capacity * 2) }
    }

    /// A column of integers.
    pub(in crate::report) fn of_integers(values: impl Iterator<Item = i64>) -> Column {
        let mut column = Column::new(1.0, values.size_hint().0);
        values.for_each(|value| column.push_integer(value));
        column
    }

    /// Adds a value; what is not finite becomes "no value".
    pub(in crate::report) fn push(&mut self, value: f64) {
        let scaled = (value * self.scale).round();
        if scaled.is_finite() { self.push_integer(scaled as i64) } else { self.text.push('.') }
    }

    /// Adds a value that may be absent.
    pub(in crate::report) fn push_option(&mut self, value: Option<f64>) {
        self.push(value.unwrap_or(f64::NAN));
    }

    /// Adds a value already scaled.
    pub(in crate::report) fn push_integer(&mut self, value: i64) {
        let value = value.clamp(-EXACT_MAX / 2, EXACT_MAX / 2);
        let change = value - self.previous;
        self.previous = value;
        let mut bits = ((change << 1) ^ (change >> 63)) as u64;
        loop {
            let more = bits > 31;
            self.text.push(char::from(DIGITS[(bits & 31) as usize | usize::from(more) << 5]));
            if !more {
                return;
            }
            bits >>= 5;
        }
    }

    /// `{"s":100,"d":"…"}`
    pub(in crate::report) fn json(&self) -> String {
        format!("{{\"s\":{},\"d\":\"{}\"}}", self.scale, self.text)
    }
}

/// The scale that keeps dollars of this size to seven digits or cents, whichever is coarser.
pub(in crate::report) fn dollar_scale(values: &[f64]) -> f64 {
    let largest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
    if largest >= 1e5 { 1.0 } else { 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What `decode` in `assets/data.js` does.
    fn decode(text: &str) -> Vec<Option<i64>> {
        let (mut found, mut value, mut bits, mut shift) = (Vec::new(), 0_i64, 0_u64, 0);
        for byte in text.bytes() {
            if byte == b'.' {
                found.push(None);
                continue;
            }
            let digit = DIGITS.iter().position(|other| *other == byte).expect("digit") as u64;
            bits |= (digit & 31) << shift;
            shift += 5;
            if digit < 32 {
                value += (bits >> 1) as i64 ^ -((bits & 1) as i64);
                found.push(Some(value));
                (bits, shift) = (0, 0);
            }
        }
        found
    }

    #[test]
    fn small_changes_take_one_character() {
        assert_eq!(Column::of_integers([0, 1, 0, 15, 15].into_iter()).text, "ACBeA");
        let mut column = Column::new(100.0, 2);
        column.push_option(None);
        column.push(f64::NAN);
        column.push(0.01);
        assert_eq!(column.json(), "{\"s\":100,\"d\":\"..C\"}");
    }

    proptest! {
        #[test]
        fn columns_read_back(values in prop::collection::vec(prop::option::of(-1_000_000_000_000_i64..1_000_000_000_000), 0..200)) {
            let mut column = Column::new(1.0, values.len());
            for value in &values {
                match value {
                    Some(value) => column.push_integer(*value),
                    None => column.push_option(None),
                }
            }
            prop_assert_eq!(decode(&column.text), values);
        }
    }
}
