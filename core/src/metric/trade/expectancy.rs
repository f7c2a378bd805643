//! What a trade made on average.
//!
//! Not here: how sure that is; see `sqn`.
use crate::metric::MetricError;
use crate::metric::check::{finite, require_trades};
use crate::metric::moments::mean;

/// Mean profit of all closed trades, dollars.
///
/// `pnl`: dollars net of fees, one per closed trade. Errors: [`MetricError::NoTrades`]. Source: vectorbt `expectancy`.
pub fn expectancy(pnl: &[f64]) -> Result<f64, MetricError> {
    require_trades(pnl)?;
    finite(mean(pnl))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_and_refusal() {
        assert_eq!(expectancy(&[30.0, -10.0, 0.0, -5.0]), Ok(3.75));
        assert_eq!(expectancy(&[]), Err(MetricError::NoTrades));
    }
}
