//! Decimal text of market data to integers.
//!
//! Not here: numbers of scenarios and orders, which are exact or refused. Vendors print floats, so
//! here what lies beyond the last kept decimal is rounded, half to even.
//! Invariant: where [`parse_plain`] answers, [`parse_any`] answers the same.
use rust_decimal::{Decimal, RoundingStrategy};

use super::error::Fault;
use crate::domain::Price;

/// Decimals of a price: billionths of a dollar.
pub(super) const PRICE_DECIMALS: u32 = 9;
/// Decimals of a volume: millionths of a share.
pub(super) const VOLUME_DECIMALS: u32 = 6;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NumberKind {
    /// Dollars a share.
    Price,
    /// Shares.
    Volume,
}

impl NumberKind {
    pub(super) const fn decimals(self) -> u32 {
        match self {
            Self::Price => PRICE_DECIMALS,
            Self::Volume => VOLUME_DECIMALS,
        }
    }

    /// The largest value, in units.
    pub(super) const fn max(self) -> i64 {
        match self {
            Self::Price => Price::MAX.units(),
            Self::Volume => i64::MAX,
        }
    }

    pub(super) const fn limit(self) -> &'static str {
        match self {
            Self::Price => "10,000,000 dollars a share",
            Self::Volume => "9.2e12 shares",
        }
    }
}

/// 10^18 fits an i64, so a number of this many digits cannot overflow while it is read.
const DIGITS_MAX: usize = 18;

const POWERS_OF_TEN: [i64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// The common case, in a few instructions: digits, perhaps a point and up to `DECIMALS` more digits.
///
/// Reads from `bytes[start]` to the first other byte. Answers the value × 10^`DECIMALS` and where it
/// ends; `None` when it is anything else or large, which says only that [`parse_any`] must look.
#[inline]
pub(super) fn parse_plain<const DECIMALS: usize>(bytes: &[u8], start: usize) -> Option<(i64, usize)> {
    let mut at = start;
    let mut value: i64 = 0;
    while let Some(digit) = digit_at(bytes, at) {
        value = value.wrapping_mul(10).wrapping_add(digit); // checked by the length, below
        at += 1;
    }
    let mut digits = at - start;
    if digits == 0 {
        return None;
    }
    let mut decimals = 0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        let point = at;
        while let Some(digit) = digit_at(bytes, at) {
            value = value.wrapping_mul(10).wrapping_add(digit);
            at += 1;
        }
        decimals = at - point;
        digits += decimals;
        if decimals == 0 {
            return None;
        }
    }
    if digits > DIGITS_MAX || decimals > DECIMALS {
        return None;
    }
    value.checked_mul(POWERS_OF_TEN[DECIMALS - decimals]).map(|units| (units, at))
}

#[inline]
fn digit_at(bytes: &[u8], at: usize) -> Option<i64> {
    let digit = bytes.get(at)?.wrapping_sub(b'0');
    (digit < 10).then_some(i64::from(digit))
}

/// Any decimal or scientific notation, in units of the kind; what lies beyond is rounded half to even.
///
/// Errors: empty, no number, not finite, negative, too large. Zero is a value here.
pub(super) fn parse_any(text: &str, column: &'static str, kind: NumberKind) -> Result<i64, Fault> {
    let text = text.trim();
    let value = || text.to_owned();
    if text.is_empty() {
        return Err(Fault::NoValue { column });
    }
    // The float says what sort of thing it is; the value is taken exactly, below.
    let estimate: f64 = text.parse().map_err(|_| Fault::NotANumber { column, value: value() })?;
    if !estimate.is_finite() && text.bytes().all(|byte| !byte.is_ascii_digit()) {
        return Err(Fault::NotFinite { column, value: value() });
    }
    if estimate < 0.0 {
        return Err(Fault::Negative { column, value: value() });
    }
    let too_large = || Fault::TooLarge { column, value: value(), limit: kind.limit() };
    match decimal(text) {
        Some(number) => units(number, kind).ok_or_else(too_large),
        // Beyond 28 digits: nothing at all, or far too much.
        None if estimate < 1.0 => Ok(0),
        None => Err(too_large()),
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    let text = text.strip_prefix('+').unwrap_or(text);
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

fn units(number: Decimal, kind: NumberKind) -> Option<i64> {
    let rounded = number.round_dp_with_strategy(kind.decimals(), RoundingStrategy::MidpointNearestEven);
    let missing = kind.decimals().checked_sub(rounded.scale())?;
    let units = rounded.mantissa().checked_mul(10i128.pow(missing))?;
    i64::try_from(units).ok().filter(|units| *units <= kind.max())
}

/// A float to the nearest unit of 10^-`DECIMALS`, exactly, half to even; `None` when it is negative,
/// not finite or beyond an i64.
///
/// Below 2^50 a float product is off by less than an eighth, so when it stands within a quarter of a
/// whole number, that number is the nearest; a price out of a file nearly always does.
#[inline]
pub(super) fn units_of_f64<const DECIMALS: usize>(value: f64) -> Option<i64> {
    const SAFE: f64 = (1u64 << 50) as f64;
    let product = value * const { POWERS_OF_TEN[DECIMALS] as f64 };
    if (0.0..SAFE).contains(&product) {
        let nearest = (product + 0.5) as i64;
        if (product - nearest as f64).abs() < 0.25 {
            return Some(nearest);
        }
    }
    exact_units_of_f64::<DECIMALS>(value)
}

/// [`units_of_f64`] of any value, in integers.
fn exact_units_of_f64<const DECIMALS: usize>(value: f64) -> Option<i64> {
    let bits = value.to_bits();
    if value == 0.0 {
        return Some(0);
    }
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    if value < 0.0 || exponent == 0x7ff {
        return None;
    }
    let fraction = bits & ((1 << 52) - 1);
    // value = significand × 2^power
    let (significand, power) = if exponent == 0 { (fraction, -1_074) } else { (fraction | 1 << 52, exponent - 1_075) };
    let product = u128::from(significand) * POWERS_OF_TEN[DECIMALS] as u128; // < 2^53 × 2^30
    if power >= 0 {
        return if power > 44 { None } else { i64::try_from(product << power).ok() };
    }
    let shift = power.unsigned_abs();
    if shift > 84 {
        return Some(0); // below half a unit
    }
    let (whole, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1u128 << (shift - 1));
    let up = rest > half || (rest == half && whole & 1 == 1);
    i64::try_from(whole + u128::from(up)).ok()
}

/// A short float to the shortest decimal that names it: `130.31f32` is 130.31, not 130.309997559.
#[inline]
pub(super) fn units_of_f32<const DECIMALS: usize>(value: f32) -> Option<i64> {
    let wide = f64::from(value);
    for decimals in 0..=DECIMALS {
        let scale = POWERS_OF_TEN[decimals];
        let rounded = (wide * scale as f64).round_ties_even();
        // A short float holds 24 bits, so a decimal of more than 2^53 units names nothing new.
        if !(0.0..9.0e15).contains(&rounded) {
            break;
        }
        if (rounded / scale as f64) as f32 == value {
            return (rounded as i64).checked_mul(POWERS_OF_TEN[DECIMALS - decimals]);
        }
    }
    units_of_f64::<DECIMALS>(wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Result<i64, Fault> {
        parse_any(text, "close", NumberKind::Price)
    }

    #[test]
    fn every_notation_is_read_and_rounded_half_even() {
        for (text, units) in [
            ("12.34", 12_340_000_000),
            ("+12.34", 12_340_000_000),
            (" 1e2 ", 100_000_000_000),
            ("1.5E-3", 1_500_000),
            ("5.", 5_000_000_000),
            (".5", 500_000_000),
            ("0.0000000005", 0),
            ("0.0000000015", 2),
            ("0.00000000250000000001", 3),
            ("118.55999999999999", 118_560_000_000),
            ("1e-40", 0),
            ("-0.0", 0),
        ] {
            assert_eq!(price(text), Ok(units), "{text}");
        }
    }

    #[test]
    fn each_refusal_names_the_column_and_value() {
        let refusal = |text: &str| price(text).expect_err(text).to_string();
        assert!(refusal("").starts_with("close is empty"));
        assert!(refusal("abc").starts_with("close `abc` is not a number"));
        assert!(refusal("1_000").starts_with("close `1_000` is not a number"));
        assert!(refusal("1,5").starts_with("close `1,5` is not a number"));
        assert!(refusal("NaN").starts_with("close `NaN` is not finite"));
        assert!(refusal("-inf").starts_with("close `-inf` is not finite"));
        assert!(refusal("-3").starts_with("close `-3` is negative"));
        assert!(refusal("10000000.01").contains("too large"));
        assert!(refusal("1e400").contains("too large"));
    }

    #[test]
    fn floats_become_the_nearest_unit() {
        assert_eq!(units_of_f64::<9>(130.31), Some(130_310_000_000));
        assert_eq!(units_of_f64::<9>(f64::NAN), None);
        assert_eq!(units_of_f64::<9>(-1.0), None);
        assert_eq!(units_of_f64::<9>(1e300), None);
        assert_eq!(units_of_f64::<9>(1e-300), Some(0));
        assert_eq!(units_of_f32::<9>(130.31), Some(130_310_000_000));
        assert_eq!(units_of_f32::<9>(f32::INFINITY), None);
        assert_eq!(units_of_f32::<9>(0.1), Some(100_000_000));
    }

    proptest! {
        /// Where the short way answers, the exact one answers the same.
        #[test]
        fn plain_equals_exact(text in r"[0-9]{1,10}(\.[0-9]{1,10})?") {
            if let Some((units, end)) = parse_plain::<9>(text.as_bytes(), 0) {
                prop_assert_eq!(end, text.len());
                if units <= Price::MAX.units() {
                    prop_assert_eq!(price(&text), Ok(units));
                } else {
                    prop_assert!(price(&text).is_err());
                }
            }
        }
        /// The short way answers for every price as files print it.
        #[test]
        fn plain_reads_common_prices(dollars in 0i64..10_000_000, cents in 0i64..10_000) {
            let text = format!("{dollars}.{cents:04},");
            let units = dollars * 1_000_000_000 + cents * 100_000;
            prop_assert_eq!(parse_plain::<9>(text.as_bytes(), 0), Some((units, text.len() - 1)));
        }
        /// A price survives the way through a float, up to where floats are finer than the unit.
        #[test]
        fn floats_round_trip(units in 0i64..4_000_000_000_000_000) {
            prop_assert_eq!(units_of_f64::<9>(units as f64 / 1e9), Some(units));
        }
        /// The short way answers as the exact one, near whole units and halves too.
        #[test]
        fn short_floats_equal_exact(units in 0i64..(1 << 52), eighths in 0i64..8) {
            for value in [units as f64 / 1e9, (units as f64 + eighths as f64 / 8.0) / 1e9, units as f64 / 1e4] {
                prop_assert_eq!(units_of_f64::<9>(value), exact_units_of_f64::<9>(value));
                prop_assert_eq!(units_of_f64::<6>(value), exact_units_of_f64::<6>(value));
            }
        }

        /// The float way and the text way agree: both are the nearest unit of the float's value.
        #[test]
        fn floats_equal_their_exact_text(value in 0.0f64..1e6) {
            prop_assert_eq!(units_of_f64::<9>(value), price(&format!("{value:.60}")).ok());
        }
    }
}
