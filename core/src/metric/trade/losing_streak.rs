//! The longest run of losing trades.
//!
//! Not here: runs of losing days.
use crate::metric::MetricError;
use crate::metric::check::require_trades;

/// Most losing trades in a row; a trade that made exactly nothing ends a run.
///
/// `pnl`: dollars net of fees, one per closed trade, in order of exit. 0 when none lost.
/// Errors: [`MetricError::NoTrades`].
pub fn max_consecutive_losses(pnl: &[f64]) -> Result<f64, MetricError> {
    require_trades(pnl)?;
    let longest = pnl.split(|profit| *profit >= 0.0).map(<[f64]>::len).max();
    Ok(longest.unwrap_or(0) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_values_and_refusal() {
        assert_eq!(max_consecutive_losses(&[-1.0, -1.0, 2.0, -1.0, -1.0, -1.0]), Ok(3.0));
        assert_eq!(max_consecutive_losses(&[-1.0, 0.0, -1.0]), Ok(1.0));
        assert_eq!(max_consecutive_losses(&[1.0]), Ok(0.0));
        assert_eq!(max_consecutive_losses(&[]), Err(MetricError::NoTrades));
    }
}
