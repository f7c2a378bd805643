//! What a venue tells us.
use super::{Fill, OrderId, OrderKind, Price, Quantity, RejectReason, SymbolIndex, Timestamp};

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
    /// A change was refused: the order stays as it was.
    ChangeRefused {
        /// Whose.
        order: OrderId,
        /// Why.
        reason: RejectReason,
    },
    /// It may fill another number of shares: its pair has filled or was changed, shares that it protects have
    /// left, or a split left it other whole shares than its own.
    Resized {
        /// Whose.
        order: OrderId,
        /// Shares it may still fill.
        remaining: Quantity,
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
