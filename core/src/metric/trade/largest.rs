//! The best and the worst closed trade.
//!
//! Not here: the best and worst day.
use super::{losses, wins};
use crate::metric::MetricError;

/// Profit of the best trade, dollars, if any won.
///
/// `pnl`: dollars net of fees, one per closed trade. Errors: [`MetricError::NoTrades`], [`MetricError::NoWins`].
pub fn largest_win(pnl: &[f64]) -> Result<f64, MetricError> {
    Ok(wins(pnl)?.into_iter().fold(f64::MIN, f64::max))
}

/// Profit of the worst trade, dollars, if any lost: negative.
///
/// `pnl`: dollars net of fees, one per closed trade. Errors: [`MetricError::NoTrades`], [`MetricError::NoLosses`].
pub fn largest_loss(pnl: &[f64]) -> Result<f64, MetricError> {
    Ok(losses(pnl)?.into_iter().fold(f64::MAX, f64::min))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_values_and_refusals() {
        assert_eq!(largest_win(&[30.0, 10.0, -50.0]), Ok(30.0));
        assert_eq!(largest_loss(&[30.0, -10.0, -50.0]), Ok(-50.0));
        assert_eq!(largest_win(&[-1.0]), Err(MetricError::NoWins));
        assert_eq!(largest_loss(&[1.0]), Err(MetricError::NoLosses));
        assert_eq!(largest_win(&[]), Err(MetricError::NoTrades));
    }
}
