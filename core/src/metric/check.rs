//! What every statistic asks of its input and of its result, written once.
//!
//! Not here: rules of one statistic.
use super::MetricError;

/// `values` are finite and at least `need` of them.
pub(super) fn require(values: &[f64], need: usize) -> Result<(), MetricError> {
    if values.len() < need {
        return Err(MetricError::TooShort { need, have: values.len() });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(MetricError::NotFinite { index }),
        None => Ok(()),
    }
}

/// Both series pass [`require`] and run side by side.
pub(super) fn require_pair(left: &[f64], right: &[f64], need: usize) -> Result<(), MetricError> {
    if left.len() != right.len() {
        return Err(MetricError::LengthMismatch { left: left.len(), right: right.len() });
    }
    require(left, need)?;
    require(right, need)
}

/// Returns pass [`require`] and none of them ends the account.
pub(super) fn require_compoundable(returns: &[f64], need: usize) -> Result<(), MetricError> {
    require(returns, need)?;
    match returns.iter().position(|value| *value <= -1.0) {
        Some(index) => Err(MetricError::TotalLoss { index, value: returns[index] }),
        None => Ok(()),
    }
}

/// Equity marks pass [`require`] and stand above zero.
pub(super) fn require_positive_equity(path: &[f64], need: usize) -> Result<(), MetricError> {
    require(path, need)?;
    match path.iter().position(|equity| *equity <= 0.0) {
        Some(index) => Err(MetricError::NonPositiveEquity { index, equity: path[index] }),
        None => Ok(()),
    }
}

/// Time enough to speak of growth a year.
pub(super) fn require_a_day(calendar_days: f64) -> Result<(), MetricError> {
    if calendar_days >= 1.0 { finite(calendar_days).map(|_| ()) } else { Err(MetricError::NoTime) }
}

/// Profits of closed trades: finite and at least one.
pub(super) fn require_trades(pnl: &[f64]) -> Result<(), MetricError> {
    if pnl.is_empty() {
        return Err(MetricError::NoTrades);
    }
    require(pnl, 1)
}

/// A result that fits a double.
pub(super) fn finite(value: f64) -> Result<f64, MetricError> {
    if value.is_finite() { Ok(value) } else { Err(MetricError::Overflow) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_names_what_is_wrong() {
        assert_eq!(require(&[0.1], 2), Err(MetricError::TooShort { need: 2, have: 1 }));
        assert_eq!(require(&[0.1, f64::NAN], 2), Err(MetricError::NotFinite { index: 1 }));
        assert_eq!(require(&[f64::INFINITY, 0.1], 2), Err(MetricError::NotFinite { index: 0 }));
        assert_eq!(require_pair(&[0.1], &[], 0), Err(MetricError::LengthMismatch { left: 1, right: 0 }));
        assert_eq!(require_pair(&[0.1], &[f64::NAN], 1), Err(MetricError::NotFinite { index: 0 }));
        assert_eq!(require_compoundable(&[0.1, -1.0], 1), Err(MetricError::TotalLoss { index: 1, value: -1.0 }));
        assert_eq!(
            require_positive_equity(&[1.0, 0.0], 1),
            Err(MetricError::NonPositiveEquity { index: 1, equity: 0.0 })
        );
        assert_eq!(require_a_day(f64::NAN), Err(MetricError::NoTime));
        assert_eq!(require_a_day(f64::INFINITY), Err(MetricError::Overflow));
        assert_eq!(require_trades(&[]), Err(MetricError::NoTrades));
        assert_eq!(finite(f64::INFINITY), Err(MetricError::Overflow));
        assert_eq!(finite(-1.5), Ok(-1.5));
    }

    #[test]
    fn reasons_are_sentences() {
        assert_eq!(MetricError::TooShort { need: 2, have: 1 }.to_string(), "needs at least 2 daily values, has 1");
        assert_eq!(
            MetricError::NonPositiveEquity { index: 3, equity: -12.5 }.to_string(),
            "equity mark 3 (0 is the start) is -12.5 dollars; returns need equity above zero, \
             so shorten the period or lower the leverage"
        );
    }
}
