//! Mean win against mean loss.
//!
//! Not here: how often each comes; see `win_rate`.
use super::average::{avg_loss, avg_win};
use crate::metric::MetricError;
use crate::metric::check::finite;

/// Mean win ÷ |mean loss|.
///
/// `pnl`: dollars net of fees, one per closed trade.
/// Errors: [`MetricError::NoTrades`], [`MetricError::NoWins`], [`MetricError::NoLosses`]. Source: quantstats.
pub fn payoff_ratio(pnl: &[f64]) -> Result<f64, MetricError> {
    finite(avg_win(pnl)? / avg_loss(pnl)?.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_refusals() {
        assert_eq!(payoff_ratio(&[30.0, -10.0, -5.0]), Ok(4.0));
        assert_eq!(payoff_ratio(&[-1.0]), Err(MetricError::NoWins));
        assert_eq!(payoff_ratio(&[1.0]), Err(MetricError::NoLosses));
        assert_eq!(payoff_ratio(&[]), Err(MetricError::NoTrades));
    }
}
