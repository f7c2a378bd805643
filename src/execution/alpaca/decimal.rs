//! Numbers of the wire to exact units: decimal text as it stands, a float by its shortest decimal.
//!
//! Not here: what a number means, and its limits (the types of `domain`).
//! Invariant: what lies beyond the last kept decimal is rounded half to even; a number that is negative, not finite or
//! beyond an i64 gives nothing.
use std::fmt::Write;

/// 10^18 fits an i64: a number of this many digits cannot overflow while it is read.
const SHORT_DIGITS_MAX: usize = 18;
/// Digits that are kept of a long number; 10^30 fits a u128 with room for eight more.
const LONG_DIGITS_MAX: usize = 30;
/// The longest number that is read: nobody prints a price with more digits.
const TEXT_BYTES_MAX: usize = 400;

const POWERS_OF_TEN: [i64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// A number in the notation of JSON, in units of 10^-`DECIMALS`; `None` when it is no such number, negative or too large.
#[inline]
pub(super) fn units_of_text<const DECIMALS: usize>(text: &[u8]) -> Option<i64> {
    short::<DECIMALS>(text).or_else(|| long(text, DECIMALS as i64))
}

/// A whole number at or above 0, in units of 10^-`DECIMALS`.
#[inline]
pub(super) fn units_of_whole<const DECIMALS: usize>(whole: u64) -> Option<i64> {
    i64::try_from(whole).ok()?.checked_mul(POWERS_OF_TEN[DECIMALS])
}

/// The shortest decimal that names `value` and no other float, in units of 10^-`DECIMALS`.
///
/// A decimal with no more decimals than that whose quotient is `value` again is the shortest one as long as floats lie
/// closer together than the units, which is so below 2^52 of them.
#[inline]
pub(super) fn units_of_float<const DECIMALS: usize>(value: f64) -> Option<i64> {
    const CLOSE: f64 = (1u64 << 52) as f64;
    let scale = const { POWERS_OF_TEN[DECIMALS] as f64 };
    let product = value * scale;
    if (0.0..CLOSE).contains(&product) {
        let nearest = (product + 0.5) as i64;
        if nearest as f64 / scale == value {
            return Some(nearest);
        }
    }
    shortest(value, DECIMALS as i64)
}

/// Digits, perhaps a point and at most `DECIMALS` more digits.
#[inline]
fn short<const DECIMALS: usize>(text: &[u8]) -> Option<i64> {
    if text.len() > SHORT_DIGITS_MAX {
        return None;
    }
    let (mut units, mut point) = (0i64, None);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => units = units * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let decimals = point.map_or(0, |at| text.len() - at - 1);
    let is_number = !text.is_empty() && (point.is_none() || decimals > 0);
    if !is_number || decimals > DECIMALS { None } else { units.checked_mul(POWERS_OF_TEN[DECIMALS - decimals]) }
}

/// Any notation of JSON.
#[cold]
fn long(text: &[u8], decimals: i64) -> Option<i64> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let end = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
    let mut exponent = if end == text.len() {
        0
    } else {
        std::str::from_utf8(&text[end + 1..]).ok()?.parse::<i64>().ok().filter(|power| power.abs() < 100_000)?
    };
    let (mut digits, mut kept, mut point, mut beyond) = (0u128, 0, None, false);
    for (at, byte) in text[..end].iter().enumerate() {
        match byte {
            b'0'..=b'9' if kept < LONG_DIGITS_MAX => {
                digits = digits * 10 + u128::from(byte - b'0');
                // Zeros in front are no digits.
                kept += usize::from(digits > 0);
                exponent -= i64::from(point.is_some());
            }
            b'0'..=b'9' => {
                beyond |= *byte != b'0';
                exponent += i64::from(point.is_none());
            }
            b'.' if point.is_none() && at > 0 && at + 1 < end => point = Some(at),
            _ => return None,
        }
    }
    if end == 0 {
        return None;
    }
    scaled(digits, beyond, exponent + decimals)
}

/// `digits` × 10^`power`, to the nearest whole number, half to even. `beyond`: a little more than `digits`.
fn scaled(digits: u128, beyond: bool, power: i64) -> Option<i64> {
    if digits == 0 {
        return Some(0);
    }
    if power >= 0 {
        let factor = 10u128.checked_pow(u32::try_from(power).ok()?)?;
        return i64::try_from(digits.checked_mul(factor)?).ok();
    }
    let Some(divisor) = u32::try_from(-power).ok().and_then(|power| 10u128.checked_pow(power)) else {
        return Some(0); // fewer than 39 digits, divided by more than 10^38
    };
    let (whole, rest) = (digits / divisor, digits % divisor);
    let half = divisor / 2;
    let up = rest > half || (rest == half && (beyond || whole % 2 == 1));
    i64::try_from(whole + u128::from(up)).ok()
}

/// By way of the text, which the formatter makes the shortest.
#[cold]
fn shortest(value: f64, decimals: i64) -> Option<i64> {
    if !value.is_finite() || value < 0.0 {
        return None;
    }
    let mut text = Digits { bytes: [0; 32], length: 0 };
    write!(text, "{value:e}").ok()?;
    long(&text.bytes[..text.length], decimals)
}

/// Text without an allocation; the shortest decimal of a float has 17 digits, a point and an exponent.
struct Digits {
    bytes: [u8; 32],
    length: usize,
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_in_every_notation() {
        for (text, units) in [
            ("130.31", Some(130_310_000_000)),
            ("0", Some(0)),
            ("5", Some(5_000_000_000)),
            ("1e2", Some(100_000_000_000)),
            ("1.5E-3", Some(1_500_000)),
            ("1.5e+3", Some(1_500_000_000_000)),
            ("0.0000000005", Some(0)),
            ("0.0000000015", Some(2)),
            ("0.00000000050000000000000000000000000000000000001", Some(1)),
            ("118.55999999999999", Some(118_560_000_000)),
            ("000000000000000000000000000000000000000000001.5", Some(1_500_000_000)),
            ("1e-400", Some(0)),
            ("9223372036.854775807", Some(i64::MAX)),
            ("9223372036.8547758075", None),
            ("1e300", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("5.", None),
            ("1.2.3", None),
            ("e5", None),
            ("1e", None),
            ("NaN", None),
            ("0x10", None),
        ] {
            assert_eq!(units_of_text::<9>(text.as_bytes()), units, "{text}");
        }
        assert_eq!(units_of_whole::<9>(3), Some(3_000_000_000));
        assert_eq!(units_of_whole::<9>(u64::MAX), None);
    }

    #[test]
    fn a_float_is_the_decimal_that_was_meant() {
        for (value, units) in [
            (130.31, Some(130_310_000_000)),
            (0.0, Some(0)),
            (-0.0, Some(0)),
            (9_000_000.01, Some(9_000_000_010_000_000)), // floats lie 1.9e-9 apart here
            (5e-10, Some(0)),
            (1.5e-9, Some(2)),
            (5e-324, Some(0)),
            (-1.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (1e300, None),
        ] {
            assert_eq!(units_of_float::<9>(value), units, "{value}");
        }
    }

    proptest! {
        /// Whatever decimal a venue means: as text, and as the float nearest to it.
        #[test]
        fn decimals_come_back(units in 0i64..4_000_000_000_000_000) {
            let text = format!("{}.{:09}", units / 1_000_000_000, units % 1_000_000_000);
            prop_assert_eq!(units_of_text::<9>(text.as_bytes()), Some(units));
            prop_assert_eq!(units_of_float::<9>(text.parse().expect("float")), Some(units));
        }
        /// Cents of any price that is allowed, also where floats are coarser than the units.
        #[test]
        fn cents_come_back(cents in 0i64..1_000_000_000) {
            let text = format!("{}.{:02}", cents / 100, cents % 100);
            prop_assert_eq!(units_of_float::<9>(text.parse().expect("float")), Some(cents * 10_000_000));
        }
        /// The quick ways answer as the long one.
        #[test]
        fn quick_equals_long(value in 0.0f64..2e7, text in r"[0-9]{1,10}(\.[0-9]{1,12})?") {
            prop_assert_eq!(units_of_float::<9>(value), shortest(value, 9));
            prop_assert_eq!(units_of_text::<9>(text.as_bytes()), long(text.as_bytes(), 9));
        }
        #[test]
        fn garbage_is_no_panic(text in proptest::collection::vec(any::<u8>(), 0..40), bits in any::<u64>()) {
            let _ = (units_of_text::<9>(&text), units_of_float::<9>(f64::from_bits(bits)));
        }
    }
}
