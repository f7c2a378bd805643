//! Growth per year, by the calendar and by sessions.
//!
//! Not here: growth of a resample; see `bootstrap`.
use super::check::{finite, require_a_day, require_compoundable, require_positive_equity};
use super::{MetricError, SESSIONS_PER_YEAR};

/// Days in a calendar year, leap years averaged.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// Compound annual growth rate by the calendar: (final ÷ initial)^(365.25 ÷ calendar days) − 1.
///
/// `initial`, `last`: equity in dollars, above zero. `calendar_days`: time from the first bar's stamp to the last's, so
/// whole for daily bars and with a fraction for intraday ones, as backtesting.py counts it; at least 1.
/// Errors: [`MetricError::NonPositiveEquity`] (0 initial, 1 final); [`MetricError::NoTime`] within one day;
/// [`MetricError::Overflow`] when a few days' gain, held for a year, passes every double.
/// Source: backtesting.py and LEAN count the calendar this way; it differs from [`annual_return`], which counts sessions.
pub fn cagr(initial: f64, last: f64, calendar_days: f64) -> Result<f64, MetricError> {
    require_positive_equity(&[initial, last], 2)?;
    require_a_day(calendar_days)?;
    finite((last / initial).powf(DAYS_PER_YEAR / calendar_days) - 1.0)
}

/// Annualised return by sessions: Π(1 + r)^(252 ÷ n) − 1.
///
/// `returns`: fractions, length ≥ 1. Errors: [`MetricError::TooShort`], [`MetricError::TotalLoss`],
/// [`MetricError::Overflow`] when a few days' gain, held for a year, passes every double.
/// Source: empyrical `annual_return`.
pub fn annual_return(returns: &[f64]) -> Result<f64, MetricError> {
    require_compoundable(returns, 1)?;
    let growth: f64 = returns.iter().map(|value| 1.0 + value).product();
    finite(growth.powf(SESSIONS_PER_YEAR / returns.len() as f64) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn a_year_is_a_year() {
        assert_close(cagr(100.0, 121.0, 1461.0), 1.21_f64.powf(0.25) - 1.0, 1e-14);
        assert_close(annual_return(&[0.001; 252]), 1.001_f64.powi(252) - 1.0, 1e-12);
        assert_close(annual_return(&[0.1]), 1.1_f64.powi(252) - 1.0, 1e-12);
    }

    #[test]
    fn refusals() {
        assert_eq!(cagr(100.0, 121.0, 0.99), Err(MetricError::NoTime));
        assert_eq!(cagr(100.0, 0.0, 9.0), Err(MetricError::NonPositiveEquity { index: 1, equity: 0.0 }));
        assert_eq!(cagr(100.0, 1e9, 1.0), Err(MetricError::Overflow));
        assert_eq!(annual_return(&[]), Err(MetricError::TooShort { need: 1, have: 0 }));
        assert_eq!(annual_return(&[-1.0]), Err(MetricError::TotalLoss { index: 0, value: -1.0 }));
        assert_eq!(annual_return(&[1e3]), Err(MetricError::Overflow));
    }
}
