//! Statistics of closed round trips, from their profits in dollars, net of fees.
//!
//! Not here: what a round trip is (portfolio makes them, flat to flat) and open positions, which are not counted.
//! A *win* has profit above zero, a *loss* below; a trade that made exactly nothing is neither. Money lost is negative.
mod average;
mod days;
mod expectancy;
mod kelly;
mod largest;
mod losing_streak;
mod payoff_ratio;
mod profit_factor;
mod sqn;
mod win_rate;

pub use average::{avg_loss, avg_win};
pub use days::avg_trade_days;
pub use expectancy::expectancy;
pub use kelly::kelly;
pub use largest::{largest_loss, largest_win};
pub use losing_streak::max_consecutive_losses;
pub use payoff_ratio::payoff_ratio;
pub use profit_factor::profit_factor;
pub use sqn::sqn;
pub use win_rate::win_rate;

use super::MetricError;
use super::check::require_trades;

/// Profits of the winning trades, one or more.
fn wins(pnl: &[f64]) -> Result<Vec<f64>, MetricError> {
    require_trades(pnl)?;
    let wins: Vec<f64> = pnl.iter().copied().filter(|profit| *profit > 0.0).collect();
    if wins.is_empty() { Err(MetricError::NoWins) } else { Ok(wins) }
}

/// Profits (negative) of the losing trades, one or more.
fn losses(pnl: &[f64]) -> Result<Vec<f64>, MetricError> {
    require_trades(pnl)?;
    let losses: Vec<f64> = pnl.iter().copied().filter(|profit| *profit < 0.0).collect();
    if losses.is_empty() { Err(MetricError::NoLosses) } else { Ok(losses) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Ratio = fn(&[f64]) -> Result<f64, MetricError>;

    proptest! {
        /// Ratios do not know the unit of money; amounts scale with it.
        #[test]
        fn unit_of_money(pnl in prop::collection::vec(-1e4..1e4f64, 2..40), unit in 0.01..100.0f64) {
            let scaled: Vec<f64> = pnl.iter().map(|profit| profit * unit).collect();
            let ratios: [Ratio; 5] = [win_rate, profit_factor, payoff_ratio, sqn, kelly];
            for ratio in ratios {
                match (ratio(&pnl), ratio(&scaled)) {
                    (Ok(base), Ok(other)) => prop_assert!((base - other).abs() < 1e-9 * (1.0 + base.abs())),
                    (base, other) => prop_assert_eq!(base, other),
                }
            }
            let amounts: [Ratio; 5] = [expectancy, avg_win, avg_loss, largest_win, largest_loss];
            for amount in amounts {
                match (amount(&pnl), amount(&scaled)) {
                    (Ok(base), Ok(other)) => prop_assert!((base * unit - other).abs() < 1e-6 * unit),
                    (base, other) => prop_assert_eq!(base, other),
                }
            }
        }

        /// The parts make the whole: expectancy = W × average win + L × average loss.
        #[test]
        fn expectancy_from_its_parts(pnl in prop::collection::vec(prop_oneof![Just(0.0), -1e4..1e4f64], 1..40)) {
            let n = pnl.len() as f64;
            let losing = pnl.iter().filter(|profit| **profit < 0.0).count() as f64 / n;
            let parts = win_rate(&pnl).expect("trades") * avg_win(&pnl).unwrap_or(0.0)
                + losing * avg_loss(&pnl).unwrap_or(0.0);
            prop_assert!((expectancy(&pnl).expect("trades") - parts).abs() < 1e-8);
        }
    }
}
