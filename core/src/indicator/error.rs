//! What can be wrong with an indicator's parameters or with the text that names it.
//!
//! Not here: bad prices; bars are checked when they are read (market).

use thiserror::Error;

/// Longest window of any indicator, in bars: TA-Lib's own limit, and 800 kB of ring.
pub const PERIOD_MAX: usize = 100_000;

/// Widest band, in deviations or ranges: a band farther out than this is a typing mistake.
pub const MULTIPLIER_MAX: f64 = 100.0;

/// Why an indicator could not be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum IndicatorError {
    /// A parameter outside its range.
    #[error("{indicator}: {parameter} must be from {min} to {max}, but it is {value}")]
    OutOfRange {
        /// Registry id.
        indicator: &'static str,
        /// Parameter name in the registry.
        parameter: &'static str,
        /// What was given.
        value: f64,
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
    },
    /// A period with a fraction.
    #[error("{indicator}: {parameter} must be a whole number, but it is {value}; write {rounded} instead")]
    NotWhole {
        /// Registry id.
        indicator: &'static str,
        /// Parameter name in the registry.
        parameter: &'static str,
        /// What was given.
        value: f64,
        /// The nearest whole number.
        rounded: f64,
    },
    /// MACD needs two different speeds.
    #[error("macd: fast_period {fast} must be below slow_period {slow}; give the smaller one first")]
    FastNotBelowSlow {
        /// Period of the fast average, bars.
        fast: usize,
        /// Period of the slow average, bars.
        slow: usize,
    },
    /// No indicator of this name.
    #[error("unknown indicator `{name}`; the nearest is `{nearest}`; valid names: {valid}")]
    Unknown {
        /// What was written.
        name: String,
        /// The closest registry id.
        nearest: &'static str,
        /// All registry ids, separated by spaces.
        valid: String,
    },
    /// More arguments than the indicator has parameters.
    #[error("{indicator}: too many arguments ({given} given, at most {max} allowed); write {usage}")]
    TooManyArguments {
        /// Registry id.
        indicator: &'static str,
        /// How many were written.
        given: usize,
        /// How many it has.
        max: usize,
        /// The full form, as `macd(fast_period, slow_period, signal_period)`.
        usage: String,
    },
    /// An argument that is no number.
    #[error("{indicator}: {parameter} must be a number, but it is `{text}`")]
    NotANumber {
        /// Registry id.
        indicator: &'static str,
        /// Parameter name in the registry.
        parameter: &'static str,
        /// What was written.
        text: String,
    },
    /// Text that is no list of indicators.
    #[error("cannot read `{text}`: {problem}; write for example `sma(10),atr(14)`")]
    Syntax {
        /// The part that could not be read.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The same columns asked for twice.
    #[error("`{name}` is asked for twice; remove one of them")]
    Duplicate {
        /// The column name both would have.
        name: String,
    },
    /// A list that is too long.
    #[error("more than {max} indicators; ask for at most {max} at once")]
    TooMany {
        /// [`INDICATORS_MAX`](super::INDICATORS_MAX).
        max: usize,
    },
}

/// `value` when it is in `min..=PERIOD_MAX`.
///
/// Errors: [`IndicatorError::OutOfRange`].
pub(super) fn check_period(
    indicator: &'static str,
    parameter: &'static str,
    value: usize,
    min: usize,
) -> Result<usize, IndicatorError> {
    if (min..=PERIOD_MAX).contains(&value) {
        return Ok(value);
    }
    let (value, min, max) = (value as f64, min as f64, PERIOD_MAX as f64);
    Err(IndicatorError::OutOfRange { indicator, parameter, value, min, max })
}

/// `value` when it is in `0..=MULTIPLIER_MAX`; NaN is not.
///
/// Errors: [`IndicatorError::OutOfRange`].
pub(super) fn check_multiplier(indicator: &'static str, value: f64) -> Result<f64, IndicatorError> {
    if (0.0..=MULTIPLIER_MAX).contains(&value) {
        return Ok(value);
    }
    let (parameter, min, max) = ("multiplier", 0.0, MULTIPLIER_MAX);
    Err(IndicatorError::OutOfRange { indicator, parameter, value, min, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_out_of_range_names_the_value_and_the_limit() {
        let error = check_period("sma", "period", 0, 1).unwrap_err();
        assert_eq!(error.to_string(), "sma: period must be from 1 to 100000, but it is 0");
        assert_eq!(check_period("sma", "period", PERIOD_MAX, 1), Ok(PERIOD_MAX));
        assert!(check_period("sma", "period", PERIOD_MAX + 1, 1).is_err());
        assert!(check_period("sma", "period", usize::MAX, 1).is_err());
    }

    #[test]
    fn a_multiplier_must_be_a_number_in_range() {
        assert_eq!(check_multiplier("bollinger", 2.0), Ok(2.0));
        for bad in [f64::NAN, -0.1, 100.1, f64::INFINITY] {
            assert!(check_multiplier("bollinger", bad).is_err(), "{bad}");
        }
    }
}
