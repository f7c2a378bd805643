//! The Kelly fraction of a win-or-lose bet with this record.
//!
//! Not here: position sizing; nothing bets this much because of it.
use super::payoff_ratio::payoff_ratio;
use super::win_rate::win_rate;
use crate::metric::MetricError;
use crate::metric::check::finite;

/// W − (1 − W) ÷ R, with W the win rate and R the payoff ratio. Negative: do not bet.
///
/// `pnl`: dollars net of fees, one per closed trade.
/// Errors: [`MetricError::NoTrades`], [`MetricError::NoWins`], [`MetricError::NoLosses`].
/// Source: Kelly (1956), "A New Interpretation of Information Rate", Bell System Technical J. 35(4); as quantstats.
pub fn kelly(pnl: &[f64]) -> Result<f64, MetricError> {
    let win_rate = win_rate(pnl)?;
    finite(win_rate - (1.0 - win_rate) / payoff_ratio(pnl)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_refusals() {
        // Even odds, payoff 2: a quarter.
        assert_eq!(kelly(&[20.0, -10.0]), Ok(0.25));
        assert_eq!(kelly(&[20.0]), Err(MetricError::NoLosses));
        assert_eq!(kelly(&[-20.0]), Err(MetricError::NoWins));
        assert_eq!(kelly(&[]), Err(MetricError::NoTrades));
    }
}
