//! The system quality number.
//!
//! Not here: Van Tharp's cap of 100 trades; backtesting.py and backtrader leave it out too.
use crate::metric::MetricError;
use crate::metric::check::{finite, require_trades};
use crate::metric::moments::{mean, sample_deviation};

/// Deviation of profits below this share of the largest is rounding, not variance.
const RELATIVE_RESOLUTION: f64 = 1e-14;

/// √n × mean ÷ sample deviation (n − 1) of trade profits.
///
/// `pnl`: dollars net of fees, one per closed trade, length ≥ 2.
/// Errors: [`MetricError::NoTrades`], [`MetricError::TooFewTrades`], [`MetricError::ZeroVariance`].
/// Source: Tharp (2008), "Definitive Guide to Position Sizing"; as backtesting.py.
pub fn sqn(pnl: &[f64]) -> Result<f64, MetricError> {
    require_trades(pnl)?;
    if pnl.len() < 2 {
        return Err(MetricError::TooFewTrades { need: 2, have: pnl.len() });
    }
    let deviation = sample_deviation(pnl)?;
    let largest = pnl.iter().fold(0.0, |largest: f64, profit| largest.max(profit.abs()));
    if deviation <= RELATIVE_RESOLUTION * largest {
        return Err(MetricError::ZeroVariance);
    }
    finite((pnl.len() as f64).sqrt() * mean(pnl) / deviation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        // mean 20, deviation 10√2.
        assert_close(sqn(&[10.0, 30.0]), 2.0, 1e-14);
        assert_eq!(sqn(&[]), Err(MetricError::NoTrades));
        assert_eq!(sqn(&[10.0]), Err(MetricError::TooFewTrades { need: 2, have: 1 }));
        assert_eq!(sqn(&[0.1; 7]), Err(MetricError::ZeroVariance));
        assert_eq!(sqn(&[0.0; 7]), Err(MetricError::ZeroVariance));
    }
}
