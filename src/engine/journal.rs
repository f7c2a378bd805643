//! What a run leaves behind: everything reports and files are made of.
use super::orders::OrderRecord;
use crate::domain::{Fill, Money, OrderId, Price, Quantity, SymbolIndex, Timestamp};
use crate::portfolio::CashEvent;
use crate::risk::Refusal;

/// A protective stop appeared, moved, or went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StopChange {
    /// The bar it happened on.
    pub time: Timestamp,
    /// Which share.
    pub symbol: SymbolIndex,
    /// The stop.
    pub order: OrderId,
    /// Where it stands now; `None` when it is gone.
    pub level: Option<Price>,
}

/// One refusal of the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefusalRecord {
    /// Open time of the bar whose close decided the order.
    pub time: Timestamp,
    /// The order.
    pub order: OrderId,
    /// Why not.
    pub refusal: Refusal,
}

/// The record of a run. Equity is kept per step; cash, exposure and heat follow from the rest.
#[derive(Debug, Default)]
pub struct Journal {
    /// Equity at the close of each step.
    pub equity: Vec<Money>,
    /// Executions in the order they happened.
    pub fills: Vec<Fill>,
    /// Orders by number.
    pub orders: Vec<OrderRecord>,
    /// What the gate refused.
    pub refusals: Vec<RefusalRecord>,
    /// Protective stops over time.
    pub stops: Vec<StopChange>,
    /// Changes of cash without a fill.
    pub cash_events: Vec<CashEvent>,
    /// Positions after splits: time, symbol, shares.
    pub splits: Vec<(Timestamp, SymbolIndex, Quantity)>,
    /// Times entries were halted.
    pub halts: u64,
    /// Bars that could not tell a stop from a target.
    pub ambiguous_bars: u64,
}
