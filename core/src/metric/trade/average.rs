//! Mean winning and mean losing trade.
//!
//! Not here: their ratio; see `payoff_ratio`.
use super::{losses, wins};
use crate::metric::MetricError;
use crate::metric::check::finite;
use crate::metric::moments::mean;

/// Mean profit of the winning trades, dollars.
///
/// `pnl`: dollars net of fees, one per closed trade. Errors: [`MetricError::NoTrades`], [`MetricError::NoWins`].
pub fn avg_win(pnl: &[f64]) -> Result<f64, MetricError> {
    finite(mean(&wins(pnl)?))
}

/// Mean profit of the losing trades, dollars: negative.
///
/// `pnl`: dollars net of fees, one per closed trade. Errors: [`MetricError::NoTrades`], [`MetricError::NoLosses`].
pub fn avg_loss(pnl: &[f64]) -> Result<f64, MetricError> {
    finite(mean(&losses(pnl)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_values_and_refusals() {
        assert_eq!(avg_win(&[30.0, 10.0, 0.0, -5.0]), Ok(20.0));
        assert_eq!(avg_loss(&[30.0, -10.0, 0.0, -5.0]), Ok(-7.5));
        assert_eq!(avg_win(&[0.0]), Err(MetricError::NoWins));
        assert_eq!(avg_loss(&[0.0]), Err(MetricError::NoLosses));
        assert_eq!(avg_loss(&[]), Err(MetricError::NoTrades));
    }
}
