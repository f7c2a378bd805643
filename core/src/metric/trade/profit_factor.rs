//! Gross profit against gross loss.
//!
//! Not here: the same ratio of daily returns, which is `omega`.
use super::losses;
use crate::metric::MetricError;
use crate::metric::check::finite;

/// Σ profits of winners ÷ |Σ of losers|.
///
/// `pnl`: dollars net of fees, one per closed trade. 0 when every trade lost.
/// Errors: [`MetricError::NoTrades`]; [`MetricError::NoLosses`] (never 999).
/// Source: vectorbt, LEAN: money, net of fees, closed trades only.
pub fn profit_factor(pnl: &[f64]) -> Result<f64, MetricError> {
    let lost: f64 = losses(pnl)?.iter().sum();
    // From 0 on: the sum of no numbers is -0.
    let won = pnl.iter().filter(|profit| **profit > 0.0).fold(0.0, |sum, profit| sum + profit);
    finite(won / lost.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_refusals() {
        assert_eq!(profit_factor(&[30.0, -10.0, 0.0, -5.0]), Ok(2.0));
        assert!(profit_factor(&[-10.0]).is_ok_and(|none| none == 0.0 && none.is_sign_positive()));
        assert_eq!(profit_factor(&[10.0, 0.0]), Err(MetricError::NoLosses));
        assert_eq!(profit_factor(&[]), Err(MetricError::NoTrades));
    }
}
