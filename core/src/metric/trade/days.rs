//! How long trades were held.
//!
//! Not here: how a day is counted; the caller hands over days held.
use crate::metric::MetricError;
use crate::metric::check::{finite, require_trades};
use crate::metric::moments::mean;

/// Mean holding time of closed trades, in the unit of `days`.
///
/// `days`: time from entry to exit, one per closed trade, zero or more. Errors: [`MetricError::NoTrades`];
/// [`MetricError::OutOfRange`] for a negative one.
pub fn avg_trade_days(days: &[f64]) -> Result<f64, MetricError> {
    require_trades(days)?;
    if let Some(value) = days.iter().copied().find(|held| *held < 0.0) {
        return Err(MetricError::OutOfRange { name: "days held", value, valid: "zero or more" });
    }
    finite(mean(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_refusals() {
        assert_eq!(avg_trade_days(&[0.0, 3.0]), Ok(1.5));
        assert_eq!(avg_trade_days(&[]), Err(MetricError::NoTrades));
        assert!(matches!(avg_trade_days(&[1.0, -1.0]), Err(MetricError::OutOfRange { .. })));
    }
}
