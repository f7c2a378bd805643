//! Quotes around trades: one a trade, in its moment.
//!
//! Not here: what a quote looks like to a client (message). The simulated market has no book, so a quote is as narrow
//! as the grid of prices allows: one step below and one step above the last trade.
use super::prints::Print;
use crate::domain::{Price, Tick, Timestamp};

/// Shares that are said to be bid and offered: a round lot.
pub(super) const SIZE: i64 = 100;

/// The best bid and offer after a trade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) struct Quote {
    /// When.
    pub(in crate::exchange) time: Timestamp,
    /// What is bid: not above the trade.
    pub(in crate::exchange) bid: Price,
    /// What is asked: not below the trade.
    pub(in crate::exchange) ask: Price,
}

impl Quote {
    /// Around a trade.
    pub(in crate::exchange) fn around(print: &Print) -> Quote {
        let below = print.price.saturating_offset(-1).floor_to(Tick::UsEquity);
        let above = print.price.saturating_offset(1).ceil_to(Tick::UsEquity);
        // Below the lowest step nobody bids: the price of an absent side is zero.
        Quote { time: print.time, bid: below, ask: above }
    }
}
