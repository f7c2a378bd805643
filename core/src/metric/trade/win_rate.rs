//! Share of closed trades that won.
//!
//! Not here: the share of days that rose.
use crate::metric::MetricError;
use crate::metric::check::require_trades;

/// Trades with profit above zero ÷ all closed trades.
///
/// `pnl`: dollars net of fees, one per closed trade, length ≥ 1. Errors: [`MetricError::NoTrades`].
/// Source: the definition of backtesting.py, backtrader and vectorbt.
pub fn win_rate(pnl: &[f64]) -> Result<f64, MetricError> {
    require_trades(pnl)?;
    Ok(pnl.iter().filter(|profit| **profit > 0.0).count() as f64 / pnl.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_not_a_win() {
        assert_eq!(win_rate(&[1.0, 0.0, -1.0, 2.0]), Ok(0.5));
        assert_eq!(win_rate(&[-1.0]), Ok(0.0));
        assert_eq!(win_rate(&[]), Err(MetricError::NoTrades));
        assert_eq!(win_rate(&[f64::NAN]), Err(MetricError::NotFinite { index: 0 }));
    }
}
