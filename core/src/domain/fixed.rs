//! Decimal text to and from scaled integers.
//!
//! Not here: what the numbers mean. Text goes in through `rust_decimal`; it comes out of plain
//! integer arithmetic, because a `Decimal` holds 96 bits and [`super::Money`] needs 128.
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// Why a piece of text is not a number of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseNumberError {
    /// The text is no decimal number.
    #[error("`{text}` is not a decimal number; write it like 1234.56")]
    NotANumber {
        /// The text as found.
        text: String,
    },
    /// More digits after the point than the type can hold.
    #[error("`{text}` has more than {decimals_max} decimals; round it")]
    TooPrecise {
        /// The text as found.
        text: String,
        /// Digits after the point that fit.
        decimals_max: u32,
    },
    /// Outside the range of the type.
    #[error("`{text}` is out of range; allowed is {range}")]
    OutOfRange {
        /// The text as found.
        text: String,
        /// The allowed range, in words.
        range: &'static str,
    },
}

/// `value` ÷ 1e9, rounded down, and the rest.
///
/// The compiler divides 128 bits by a library call; two 64-bit divisions by a constant, which it turns
/// into multiplications, are several times faster, and every fee and limit needs one.
#[inline]
pub(super) fn div_rem_billion(value: i128) -> (i128, i64) {
    // 1e9 = 2^9 × ODD. After the shift, the upper part is below 2^64 and the middle one below 2^(21 + 43).
    const ODD: u64 = 1_953_125;
    const LOW_BITS: u32 = 43;
    if !(0..1 << 116).contains(&value) {
        return (value.div_euclid(1_000_000_000), value.rem_euclid(1_000_000_000) as i64);
    }
    let shifted = value as u128 >> 9;
    let (high, low) = ((shifted >> LOW_BITS) as u64, shifted as u64 & ((1 << LOW_BITS) - 1));
    let middle = ((high % ODD) << LOW_BITS) | low;
    let quotient = (u128::from(high / ODD) << LOW_BITS) | u128::from(middle / ODD);
    let rest = ((middle % ODD) << 9) | (value as u64 & 511);
    (quotient as i128, rest as i64)
}

/// Parses exactly: the value is `text` × 10^`decimals`, or an error; nothing is rounded.
pub(super) fn parse_exact(text: &str, decimals: u32, range: &'static str) -> Result<i128, ParseNumberError> {
    let number = text.trim();
    // `Decimal` would round what stands before an exponent, and take `1_000`, which no file or client writes.
    let value = match number.split_once(['e', 'E']) {
        _ if number.contains('_') => None,
        None => Decimal::from_str_exact(number).ok(),
        Some((base, _)) => Decimal::from_str_exact(base).and_then(|_| Decimal::from_scientific(number)).ok(),
    };
    let value = value.ok_or_else(|| ParseNumberError::NotANumber { text: text.to_owned() })?;
    let value = value.normalize();
    if value.scale() > decimals {
        return Err(ParseNumberError::TooPrecise { text: text.to_owned(), decimals_max: decimals });
    }
    10i128
        .checked_pow(decimals - value.scale())
        .and_then(|factor| value.mantissa().checked_mul(factor))
        .ok_or_else(|| ParseNumberError::OutOfRange { text: text.to_owned(), range })
}

/// Writes `value` × 10^-`decimals` with no digit lost and no trailing zero.
pub(super) fn write_exact(f: &mut fmt::Formatter<'_>, value: i128, decimals: u32) -> fmt::Result {
    let unit = 10u128.pow(decimals);
    let (whole, fraction) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    if fraction == 0 {
        return f.pad_integral(value >= 0, "", &whole.to_string());
    }
    // No type has more than 18 decimals, and 64 bits divide ten times faster than 128.
    let (mut fraction, mut width) = (fraction as u64, decimals as usize);
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        width -= 1;
    }
    if f.width().is_none() && f.precision().is_none() {
        return write!(f, "{sign}{whole}.{fraction:0width$}");
    }
    f.pad(&format!("{sign}{whole}.{fraction:0width$}"))
}

/// `FromStr`, `Display`, `Debug`, serde as text (numbers accepted on the way in) for a scaled integer.
macro_rules! text_face {
    ($type:ty, $decimals:expr, $expecting:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::domain::fixed::write_exact(f, i128::from(self.0), $decimals)
            }
        }
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::domain::fixed::NumberText::<$type>::new($expecting))
            }
        }
    };
}
pub(super) use text_face;

/// Reads a number written as text (exact), an integer, or a float (its shortest decimal form).
pub(super) struct NumberText<T> {
    expecting: &'static str,
    kind: std::marker::PhantomData<T>,
}

impl<T> NumberText<T> {
    pub(super) fn new(expecting: &'static str) -> Self {
        Self { expecting, kind: std::marker::PhantomData }
    }
}

impl<T: FromStr<Err = ParseNumberError>> serde::de::Visitor<'_> for NumberText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<T, E> {
        value.to_string().parse().map_err(E::custom)
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<T, E> {
        value.to_string().parse().map_err(E::custom)
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<T, E> {
        value.to_string().parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BILLION: i128 = 1_000_000_000;

    #[test]
    fn division_at_its_edges() {
        let edges = [0, 1, BILLION - 1, BILLION, (1 << 116) - 1, 1 << 116, i128::MAX, -1, -BILLION, i128::MIN];
        for value in edges {
            let (quotient, rest) = div_rem_billion(value);
            assert_eq!((quotient, i128::from(rest)), (value.div_euclid(BILLION), value.rem_euclid(BILLION)), "{value}");
        }
    }

    #[test]
    fn a_number_is_read_exactly_or_not_at_all() {
        let read = |text: &str| parse_exact(text, 9, "anything");
        for (text, units) in [(" 1.50 ", 1_500_000_000), ("+1e3", 1_000 * BILLION), ("1E-9", 1), ("-.5", -BILLION / 2)]
        {
            assert_eq!(read(text), Ok(units), "{text}");
        }
        let digits = "1.00000000000000000000000000000000001";
        for text in ["1_000", "1_0e3", digits, &format!("{digits}e2"), "1e", "e1", "1e2e3", "", "NaN", "0x10"] {
            assert_eq!(read(text), Err(ParseNumberError::NotANumber { text: text.to_owned() }), "{text}");
        }
    }

    proptest! {
        /// The fast division is the division.
        #[test]
        fn division_by_a_billion(value in any::<i128>(), shift in 0u32..127) {
            let value = value >> shift;
            let (quotient, rest) = div_rem_billion(value);
            prop_assert_eq!((quotient, i128::from(rest)), (value.div_euclid(BILLION), value.rem_euclid(BILLION)));
        }
    }
}
