//! The minimum backtest length: how many years make a Sharpe ratio more than the best of N tries by luck.
//!
//! Not here: the length that proves a single record; see `min_track_record`.
use super::check::finite;
use super::{MetricError, expected_max_sharpe};

/// Years under which the best of `trials` without skill is expected to show `annual_sharpe`:
/// (((1 − γ) Z(1 − 1/N) + γ Z(1 − 1/(N e))) ÷ SR)².
///
/// `trials`: independent strategies tried, ≥ 2. `annual_sharpe`: annualised, above 0. A backtest no longer than the
/// result says nothing about a best of that size. The formula, not its upper bound 2 ln N ÷ SR².
/// Errors: [`MetricError::TooFewTrials`]; [`MetricError::OutOfRange`]; [`MetricError::Overflow`].
/// Source: Bailey, Borwein, López de Prado & Zhu (2014), "Pseudo-Mathematics and Financial Charlatanism", Notices of
/// the American Mathematical Society 61(5), theorem 1 and eq. 6.
pub fn min_backtest_years(trials: usize, annual_sharpe: f64) -> Result<f64, MetricError> {
    if !(annual_sharpe > 0.0 && annual_sharpe.is_finite()) {
        let valid = "above 0, and finite";
        return Err(MetricError::OutOfRange { name: "the Sharpe ratio", value: annual_sharpe, valid });
    }
    // Without skill a year's Sharpe ratio, estimated over y years, has variance 1 ÷ y.
    finite((expected_max_sharpe(trials, 1.0)? / annual_sharpe).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The paper's own example: 45 configurations on five years reach an annual Sharpe ratio of 1.
    #[test]
    fn the_papers_example() {
        let years = min_backtest_years(45, 1.0).expect("defined");
        assert!((4.8..5.1).contains(&years), "{years}");
    }

    #[test]
    fn refusals() {
        assert_eq!(min_backtest_years(1, 1.0), Err(MetricError::TooFewTrials { need: 2, have: 1 }));
        for sharpe in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(min_backtest_years(9, sharpe), Err(MetricError::OutOfRange { .. })));
        }
        assert_eq!(min_backtest_years(9, f64::MIN_POSITIVE), Err(MetricError::Overflow));
    }

    proptest! {
        /// Below the paper's bound; more tries need more years; twice the ratio needs a quarter.
        #[test]
        fn bounded_and_scaled(trials in 2usize..100_000, sharpe in 0.1..5.0f64) {
            let years = min_backtest_years(trials, sharpe).expect("defined");
            prop_assert!(years <= 2.0 * (trials as f64).ln() / (sharpe * sharpe));
            prop_assert!(min_backtest_years(trials + 1, sharpe).expect("defined") >= years);
            let quarter = min_backtest_years(trials, 2.0 * sharpe).expect("defined");
            prop_assert!((quarter * 4.0 - years).abs() <= 1e-12 * years);
        }
    }
}
