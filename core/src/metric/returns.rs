//! From equity to daily returns and back.
//!
//! Not here: which mark is a session's last; the engine hands those over.
use super::MetricError;
use super::check::{finite, require_compoundable, require_positive_equity};

/// Simple returns of one equity mark per session; the first is from the starting cash.
///
/// `initial`: starting cash, dollars. `session_marks`: the last mark of each session, dollars, oldest first.
/// The result has the length of `session_marks`: fractions, 0.01 for 1 %.
/// Errors: [`MetricError::NonPositiveEquity`] (0 is the start, k the k-th session); [`MetricError::TooShort`] without
/// a session; [`MetricError::NotFinite`], counted the same way.
pub fn daily_returns(initial: f64, session_marks: &[f64]) -> Result<Vec<f64>, MetricError> {
    if session_marks.is_empty() {
        return Err(MetricError::TooShort { need: 1, have: 0 });
    }
    let path: Vec<f64> = std::iter::once(initial).chain(session_marks.iter().copied()).collect();
    require_positive_equity(&path, 2)?;
    path.windows(2).map(|pair| finite(pair[1] / pair[0] - 1.0)).collect()
}

/// What one dollar becomes: 1 at the start, then after each return; length n + 1.
///
/// The path that the drawdown statistics read when only returns are known.
/// Errors: [`MetricError::TotalLoss`] at a return of −100 % or less; [`MetricError::TooShort`] without a return.
pub fn wealth(returns: &[f64]) -> Result<Vec<f64>, MetricError> {
    require_compoundable(returns, 1)?;
    let mut level = 1.0;
    std::iter::once(Ok(level))
        .chain(returns.iter().map(|value| {
            level *= 1.0 + value;
            finite(level)
        }))
        .collect()
}

/// Return over the whole series: Π(1 + r) − 1.
///
/// `returns`: fractions, length ≥ 1. Errors: as [`wealth`].
pub fn total_return(returns: &[f64]) -> Result<f64, MetricError> {
    require_compoundable(returns, 1)?;
    finite(returns.iter().map(|value| 1.0 + value).product::<f64>() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn the_first_return_is_from_the_starting_cash() {
        let returns = daily_returns(100.0, &[110.0, 99.0]).expect("returns");
        assert_close(Ok(returns[0]), 0.1, 1e-14);
        assert_close(Ok(returns[1]), -0.1, 1e-14);
        assert_close(total_return(&returns), -0.01, 1e-12);
    }

    #[test]
    fn refuses_equity_that_has_no_return() {
        assert_eq!(daily_returns(100.0, &[]), Err(MetricError::TooShort { need: 1, have: 0 }));
        assert_eq!(daily_returns(0.0, &[1.0]), Err(MetricError::NonPositiveEquity { index: 0, equity: 0.0 }));
        assert_eq!(daily_returns(9.0, &[1.0, -2.0]), Err(MetricError::NonPositiveEquity { index: 2, equity: -2.0 }));
        assert_eq!(daily_returns(9.0, &[f64::NAN]), Err(MetricError::NotFinite { index: 1 }));
        assert_eq!(wealth(&[0.1, -1.5]), Err(MetricError::TotalLoss { index: 1, value: -1.5 }));
        assert_eq!(total_return(&[]), Err(MetricError::TooShort { need: 1, have: 0 }));
        assert_eq!(wealth(&[1e200, 1e200]), Err(MetricError::Overflow));
    }

    proptest! {
        /// Equity to returns and back is the identity, up to rounding.
        #[test]
        fn wealth_undoes_returns(marks in prop::collection::vec(1e3..1e6f64, 1..60)) {
            let path = wealth(&daily_returns(1e5, &marks).expect("returns")).expect("wealth");
            prop_assert_eq!(path.len(), marks.len() + 1);
            for (level, mark) in path[1..].iter().zip(&marks) {
                prop_assert!((level * 1e5 - mark).abs() < 1e-9 * mark);
            }
        }

        /// Two stretches in a row multiply.
        #[test]
        fn stretches_multiply(
            first in prop::collection::vec(-0.2..0.2f64, 1..30), second in prop::collection::vec(-0.2..0.2f64, 1..30),
        ) {
            let whole = total_return(&[first.clone(), second.clone()].concat()).expect("whole");
            let (first, second) = (total_return(&first).expect("first"), total_return(&second).expect("second"));
            prop_assert!((whole - ((1.0 + first) * (1.0 + second) - 1.0)).abs() < 1e-12 * (1.0 + whole));
        }
    }
}
