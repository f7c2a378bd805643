//! Executions.
use serde::{Deserialize, Serialize};

use super::{Money, OrderId, OrderPurpose, Price, Quantity, Side, SymbolIndex, Timestamp};

/// One execution. Quantity is this execution's, never cumulative.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fill {
    /// Whose.
    pub order: OrderId,
    /// Which share.
    pub symbol: SymbolIndex,
    /// Bought or sold.
    pub side: Side,
    /// Shares, above 0.
    pub quantity: Quantity,
    /// Dollars a share, slippage included.
    pub price: Price,
    /// Price before slippage.
    pub reference: Price,
    /// Commission and regulatory fees, dollars, 0 or more.
    pub fee: Money,
    /// The bar it happened on, by its open time.
    pub time: Timestamp,
    /// Why the order was sent.
    pub purpose: OrderPurpose,
}

impl Fill {
    /// Price × quantity, without the fee.
    #[inline]
    pub fn notional(&self) -> Money {
        self.price.notional(self.quantity)
    }

    /// What slippage cost: positive when the fill was worse than the reference.
    pub fn slippage(&self) -> Money {
        let difference = self.notional() - self.reference.notional(self.quantity);
        match self.side {
            Side::Buy => difference,
            Side::Sell => -difference,
        }
    }
}
