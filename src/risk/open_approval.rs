//! What the gate remembers of an approval until it is filled or voided.
//!
//! Not here: making approvals (gate).
use crate::domain::{Money, OrderId, OrderKind, Price, Quantity, Side, SymbolIndex};

/// An approval that may still fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenApproval {
    /// Whose.
    pub order: OrderId,
    /// Which share.
    pub symbol: SymbolIndex,
    /// Bought or sold.
    pub side: Side,
    /// Shares not filled yet.
    pub open: Quantity,
    /// Dollars set aside for them.
    pub reserve: Money,
    /// It can only shrink the position.
    pub reduces: bool,
    /// Shares and dollars after a change that is on its way; until the venue answers, the larger of
    /// both counts.
    pub change: Option<(Quantity, Money)>,
}

/// The dearest of the reference price and the prices an order names: what a share may come to cost.
pub fn reserve_price(kind: OrderKind, reference: Price) -> Price {
    reference.max(kind.limit().unwrap_or(reference)).max(kind.stop().unwrap_or(reference))
}
