//! Exact fractions, for the conditions of a sweep: `5 * fast < 2 * slow` holds or does not, without rounding.
//!
//! Not here: the language of conditions (`condition`).
//! Invariant: in lowest terms, the denominator above 0; what 128 bits cannot hold is an error, never a near value.
use std::cmp::Ordering;

/// A rational number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fraction {
    numerator: i128,
    denominator: i128,
}

/// Why a number could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Inexact {
    /// The result needs more than 128 bits.
    #[error("a number is too large for exact arithmetic")]
    TooLarge,
    /// The divisor is 0.
    #[error("division by 0")]
    DivisionByZero,
}

impl Fraction {
    /// A whole number.
    pub(super) fn whole(number: i64) -> Fraction {
        Fraction { numerator: number.into(), denominator: 1 }
    }

    /// `numerator` ÷ `denominator`.
    fn new(numerator: i128, denominator: i128) -> Result<Fraction, Inexact> {
        if denominator == 0 {
            return Err(Inexact::DivisionByZero);
        }
        let common = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let common = i128::try_from(common).map_err(|_| Inexact::TooLarge)?;
        let (numerator, denominator) = (numerator / common, denominator / common);
        if denominator > 0 {
            return Ok(Fraction { numerator, denominator });
        }
        let negated = (numerator.checked_neg(), denominator.checked_neg());
        match negated {
            (Some(numerator), Some(denominator)) => Ok(Fraction { numerator, denominator }),
            _ => Err(Inexact::TooLarge),
        }
    }

    /// The number a decimal text writes: digits, a point, an exponent. `None` when it is no such text, or one of
    /// more digits than 128 bits hold.
    pub(super) fn parse(text: &str) -> Option<Fraction> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) || digits.ends_with('.') {
            return None;
        }
        let mut number: i128 = 0;
        for digit in whole.bytes().chain(decimals.bytes()) {
            number = number.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let shift = exponent.checked_sub(i32::try_from(decimals.len()).ok()?)?;
        let power = 10i128.checked_pow(shift.unsigned_abs())?;
        match shift {
            0.. => Fraction::new(number.checked_mul(power)?.checked_mul(sign)?, 1).ok(),
            _ => Fraction::new(number * sign, power).ok(),
        }
    }

    pub(super) fn negate(self) -> Result<Fraction, Inexact> {
        let numerator = self.numerator.checked_neg().ok_or(Inexact::TooLarge)?;
        Ok(Fraction { numerator, ..self })
    }

    pub(super) fn add(self, other: Fraction) -> Result<Fraction, Inexact> {
        let left = self.numerator.checked_mul(other.denominator);
        let right = other.numerator.checked_mul(self.denominator);
        let sum = left.zip(right).and_then(|(left, right)| left.checked_add(right));
        let denominator = self.denominator.checked_mul(other.denominator);
        let (sum, denominator) = sum.zip(denominator).ok_or(Inexact::TooLarge)?;
        Fraction::new(sum, denominator)
    }

    pub(super) fn subtract(self, other: Fraction) -> Result<Fraction, Inexact> {
        self.add(other.negate()?)
    }

    pub(super) fn multiply(self, other: Fraction) -> Result<Fraction, Inexact> {
        let numerator = self.numerator.checked_mul(other.numerator);
        let denominator = self.denominator.checked_mul(other.denominator);
        let (numerator, denominator) = numerator.zip(denominator).ok_or(Inexact::TooLarge)?;
        Fraction::new(numerator, denominator)
    }

    pub(super) fn divide(self, other: Fraction) -> Result<Fraction, Inexact> {
        self.multiply(Fraction::new(other.denominator, other.numerator)?)
    }

    /// Compares the continued fractions, so that nothing is multiplied and nothing can overflow.
    pub(super) fn compare(self, other: Fraction) -> Ordering {
        let (mut left, mut right) = ((self.numerator, self.denominator), (other.numerator, other.denominator));
        let mut is_turned = false;
        loop {
            let wholes = (left.0.div_euclid(left.1), right.0.div_euclid(right.1));
            let rests = (left.0.rem_euclid(left.1), right.0.rem_euclid(right.1));
            let order = match wholes.0.cmp(&wholes.1) {
                Ordering::Equal if rests.0 == 0 || rests.1 == 0 => rests.0.cmp(&rests.1),
                // Of two rests below 1, the larger has the smaller reciprocal.
                Ordering::Equal => {
                    (left, right) = ((left.1, rests.0), (right.1, rests.1));
                    is_turned = !is_turned;
                    continue;
                }
                order => order,
            };
            return if is_turned { order.reverse() } else { order };
        }
    }
}

fn greatest_common_divisor(mut left: u128, mut right: u128) -> u128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Fraction {
        Fraction::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn texts_are_read_exactly_or_not_at_all() {
        assert_eq!(number("0.1").add(number("0.2")), Ok(number("0.3")));
        assert_eq!(number("-1.50e-2"), number("-0.015"));
        assert_eq!(number("+2E3"), number("2000"));
        for text in ["", "-", ".5", "5.", "1e", "1e999999999999", "1e400", "0x1", "1_000", "NaN", "inf", "1.2.3", "é"]
        {
            assert_eq!(Fraction::parse(text), None, "{text}");
        }
        assert_eq!(Fraction::parse(&"9".repeat(40)), None);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let large = number(&i128::MAX.to_string());
        assert_eq!(large.add(large), Err(Inexact::TooLarge));
        assert_eq!(large.multiply(number("2")), Err(Inexact::TooLarge));
        assert_eq!(large.divide(number("0.0")), Err(Inexact::DivisionByZero));
        assert_eq!(large.compare(large.negate().expect("fits")), Ordering::Greater);
        let third = number("1").divide(number("3")).expect("fits");
        assert_eq!(third.multiply(number("3")), Ok(number("1")));
        assert_eq!(number("2").divide(number("-4")), number("-0.5").add(number("0")));
    }

    proptest! {
        /// Sum, product and order are those of whole numbers over a common denominator.
        #[test]
        fn arithmetic_is_exact(a in any::<i32>(), b in 1..i32::MAX, c in any::<i32>(), d in 1..i32::MAX) {
            let [a, b, c, d] = [a, b, c, d].map(i128::from);
            let (left, right) = (Fraction::new(a, b).expect("small"), Fraction::new(c, d).expect("small"));
            prop_assert_eq!(left.add(right), Fraction::new(a * d + c * b, b * d));
            prop_assert_eq!(left.subtract(right), Fraction::new(a * d - c * b, b * d));
            prop_assert_eq!(left.multiply(right), Fraction::new(a * c, b * d));
            prop_assert_eq!(left.divide(right), Fraction::new(a * d, b * c));
            prop_assert_eq!(left.compare(right), (a * d).cmp(&(c * b)));
            prop_assert_eq!(left.compare(left), Ordering::Equal);
        }
    }
}
