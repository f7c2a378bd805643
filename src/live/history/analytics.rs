//! Round trips in groups: by scenario, share or month.
//!
//! Not here: what the measures mean (metric::trade). Sums are exact; ratios are estimates and stand beside the number of
//! trades they come from.
use std::collections::BTreeMap;

use super::Trade;
use crate::domain::Money;
use crate::metric::{profit_factor, win_rate};

/// What makes a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupBy {
    /// The scenario.
    Strategy,
    /// The share.
    Symbol,
    /// The month of the exit, in UTC.
    Month,
}

/// A group of round trips that have ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Its name: a scenario, a share, `2026-09`.
    pub name: String,
    /// How many have ended.
    pub trades: usize,
    /// With a profit above zero.
    pub wins: usize,
    /// With a profit below zero.
    pub losses: usize,
    /// Share of the wins, a fraction.
    pub win_rate: Option<f64>,
    /// Money won ÷ money lost; none where nothing was won or lost.
    pub profit_factor: Option<f64>,
    /// Profit, net of fees.
    pub pnl: Money,
    /// Fees.
    pub fees: Money,
}

/// The groups in the order of their names, and all of them together. Open round trips are in none.
pub fn group(trades: &[Trade], by: GroupBy) -> (Vec<Group>, Group) {
    let mut groups: BTreeMap<String, Vec<&Trade>> = BTreeMap::new();
    for trade in trades {
        let Some(exit) = trade.exit_time else { continue };
        let name = match by {
            GroupBy::Strategy => trade.strategy.clone(),
            GroupBy::Symbol => trade.symbol.clone(),
            GroupBy::Month => {
                let date = exit.utc_date();
                format!("{:04}-{:02}", date.year(), date.month())
            }
        };
        groups.entry(name).or_default().push(trade);
    }
    let all: Vec<&Trade> = trades.iter().filter(|trade| trade.exit_time.is_some()).collect();
    (groups.into_iter().map(|(name, trades)| of(name, &trades)).collect(), of("all".to_owned(), &all))
}

fn of(name: String, trades: &[&Trade]) -> Group {
    let pnl: Vec<Money> = trades.iter().filter_map(|trade| trade.pnl).collect();
    let dollars: Vec<f64> = pnl.iter().map(|pnl| pnl.to_f64()).collect();
    Group {
        name,
        trades: trades.len(),
        wins: pnl.iter().filter(|pnl| **pnl > Money::ZERO).count(),
        losses: pnl.iter().filter(|pnl| **pnl < Money::ZERO).count(),
        win_rate: win_rate(&dollars).ok(),
        profit_factor: profit_factor(&dollars).ok(),
        pnl: pnl.iter().copied().sum(),
        fees: trades.iter().map(|trade| trade.fees).sum(),
    }
}
