//! The life of an order: one table.
use super::order_status::OrderStatus::*;

/// Where an order is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OrderStatus {
    /// Risk said yes; not yet on its way.
    Approved,
    /// On its way to the venue.
    Submitted,
    /// A leg whose entry has not filled.
    Held,
    /// The venue has it.
    Accepted,
    /// Some of it has filled.
    PartiallyFilled,
    /// A cancel is on its way.
    PendingCancel,
    /// All of it has filled.
    Filled,
    /// Taken back before it filled whole.
    Canceled,
    /// The venue said no.
    Rejected,
    /// Its time in force ran out.
    Expired,
}

/// What happened to an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OrderUpdate {
    /// Sent to the venue.
    Sent,
    /// The venue has it, waiting for its parent.
    Held,
    /// The venue has it.
    Acknowledged,
    /// Some of it filled.
    PartFilled,
    /// The last of it filled.
    Filled,
    /// A cancel was sent.
    CancelSent,
    /// The venue canceled it.
    Canceled,
    /// The venue refused it.
    Rejected,
    /// Its time ran out.
    Expired,
}

/// An update that cannot follow a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from:?} cannot become {update:?}")]
pub struct IllegalTransition {
    /// Where the order was.
    pub from: OrderStatus,
    /// What was said to have happened.
    pub update: OrderUpdate,
}

impl OrderStatus {
    /// The status after `update`; closed by default.
    pub const fn after(self, update: OrderUpdate) -> Result<OrderStatus, IllegalTransition> {
        use OrderUpdate as U;
        Ok(match (self, update) {
            (Approved, U::Sent) => Submitted,
            (Submitted, U::Held) => Held,
            (Submitted | Held, U::Acknowledged) => Accepted,
            (Submitted | Accepted | PartiallyFilled, U::PartFilled) => PartiallyFilled,
            (PendingCancel, U::PartFilled) => PendingCancel, // the cancel is still on its way
            // A fill can overtake a cancel, and the venue can fill before it acknowledges.
            (Submitted | Accepted | PartiallyFilled | PendingCancel | Canceled, U::Filled) => Filled,
            (Submitted | Held | Accepted | PartiallyFilled, U::CancelSent) => PendingCancel,
            // The venue cancels siblings and expired auctions without being asked.
            (Submitted | Held | Accepted | PartiallyFilled | PendingCancel, U::Canceled) => Canceled,
            // A resting order can be rejected later: no cash at its open.
            (Submitted | Held | Accepted | PendingCancel, U::Rejected) => Rejected,
            // What has filled stands; only the rest is refused.
            (PartiallyFilled, U::Rejected) => Canceled,
            (Submitted | Held | Accepted | PartiallyFilled | PendingCancel, U::Expired) => Expired,
            (from, update) => return Err(IllegalTransition { from, update }),
        })
    }

    /// Can it still fill?
    pub const fn is_open(self) -> bool {
        matches!(self, Approved | Submitted | Held | Accepted | PartiallyFilled | PendingCancel)
    }

    /// Alpaca's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Approved | Submitted => "pending_new",
            Held => "held",
            Accepted => "new",
            PartiallyFilled => "partially_filled",
            PendingCancel => "pending_cancel",
            Filled => "filled",
            Canceled => "canceled",
            Rejected => "rejected",
            Expired => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrderUpdate as U;

    const STATUSES: [OrderStatus; 10] =
        [Approved, Submitted, Held, Accepted, PartiallyFilled, PendingCancel, Filled, Canceled, Rejected, Expired];
    const UPDATES: [U; 9] = [
        U::Sent,
        U::Held,
        U::Acknowledged,
        U::PartFilled,
        U::Filled,
        U::CancelSent,
        U::Canceled,
        U::Rejected,
        U::Expired,
    ];

    #[test]
    fn a_closed_order_stays_closed_but_for_a_late_fill() {
        for from in STATUSES.into_iter().filter(|status| !status.is_open()) {
            for update in UPDATES {
                let allowed = from == Canceled && update == U::Filled;
                assert_eq!(from.after(update).is_ok(), allowed, "{from:?} {update:?}");
            }
        }
    }

    #[test]
    fn every_open_order_can_end() {
        for from in STATUSES.into_iter().filter(|&status| status.is_open() && status != Approved) {
            assert!(from.after(U::Expired).is_ok(), "{from:?}");
            assert!(from.after(U::Canceled).is_ok(), "{from:?}");
        }
    }
}
