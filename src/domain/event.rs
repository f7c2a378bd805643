//! What a venue tells us.
use super::{Fill, Money, OrderId, OrderKind, Price, Quantity, Symbol, SymbolIndex, Timestamp};

/// Why a venue refused an order after risk had approved it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RejectReason {
    /// The account could not pay when the order came to its fill.
    #[error("insufficient buying power: needs {need}, has {have}")]
    BuyingPower {
        /// Dollars needed.
        need: Money,
        /// Dollars available.
        have: Money,
    },
    /// The size came to less than the smallest tradable quantity.
    #[error("the order came to no shares at {price}")]
    NoShares {
        /// The price it was sized at.
        price: Price,
    },
    /// It would sell more than is held (or buy back more than is owed): one order does not flip a position.
    #[error("insufficient qty available for order (requested: {need}, available: {have})")]
    Flips {
        /// Shares of the order.
        need: Quantity,
        /// Shares of the position.
        have: Quantity,
    },
    /// The venue does not take this type for this time (Alpaca: order types by time in force).
    #[error("{kind} orders do not take time in force {time_in_force}")]
    TimeInForce {
        /// The type of the order, in the venue's word.
        kind: &'static str,
        /// The time in force, in the venue's word.
        time_in_force: &'static str,
    },
    /// A price finer than the venue's grid.
    #[error("invalid price {price}: sub-penny increment does not fulfill minimum pricing criteria")]
    SubPenny {
        /// The price.
        price: Price,
    },
    /// The share is no longer listed (Alpaca: 422, 42210000).
    #[error("asset \"{symbol}\" is not active")]
    NotActive {
        /// The share.
        symbol: Symbol,
    },
}

/// One answer of a venue. Answers are events, never return values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExecutionEvent {
    /// The venue has the order.
    Accepted {
        /// Whose.
        order: OrderId,
    },
    /// An execution.
    Filled {
        /// The execution.
        fill: Fill,
        /// Shares of the order still to fill; none when it is done.
        remaining: Quantity,
    },
    /// Taken back.
    Canceled {
        /// Whose.
        order: OrderId,
    },
    /// Its time ran out.
    Expired {
        /// Whose.
        order: OrderId,
    },
    /// Refused by the venue.
    Rejected {
        /// Whose.
        order: OrderId,
        /// Why.
        reason: RejectReason,
    },
    /// A resting order was changed.
    Replaced {
        /// Whose.
        order: OrderId,
        /// Which share.
        symbol: SymbolIndex,
        /// Its prices now.
        kind: OrderKind,
        /// Shares it may still fill.
        remaining: Quantity,
        /// Since when.
        time: Timestamp,
    },
    /// A protective order went live or moved: where it stands now.
    LegLive {
        /// The leg.
        order: OrderId,
        /// Its entry.
        parent: OrderId,
        /// Which share.
        symbol: SymbolIndex,
        /// Where it stands.
        level: Price,
        /// Since when.
        time: Timestamp,
    },
}
