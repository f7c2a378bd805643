//! What a session writes down of its orders: the entries of its list, in the words that they are kept in.
//!
//! Not here: what follows from them (ledger), disks (whoever keeps the list).
//! Invariant: an entry is never changed once a session has written it, so its words stay readable.
use serde::{Deserialize, Serialize};

use super::refusal;
use super::wire::WireProblem;
use crate::domain::{
    Money, OrderId, OrderKind, OrderRequest, Price, Quantity, Ratio, RejectReason, Side, SymbolIndex, Timestamp,
};
use crate::venue::FillMoment;

/// Something that happened, or is about to leave.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The engine wants an order sent.
    Asked {
        /// Our number.
        order: OrderId,
        /// What is wanted.
        asked: Asked,
    },
    /// A call that makes or changes an order is about to leave; it may have left.
    Intent {
        /// The order it is for.
        order: OrderId,
        /// The name it gives the order at the venue.
        client_id: String,
        /// POST or PATCH, with its path.
        call: String,
        /// Its body.
        body: String,
    },
    /// An order of ours is this one at the venue.
    Linked {
        /// Our number.
        order: OrderId,
        /// The venue's name.
        venue_id: String,
    },
    /// The venue has taken the order.
    Taken {
        /// Our number.
        order: OrderId,
    },
    /// The venue has refused the order, or it was not sent.
    Refused {
        /// Our number.
        order: OrderId,
        /// Why.
        answer: Answer,
    },
    /// An execution.
    Filled {
        /// Our number.
        order: OrderId,
        /// The venue's name for the order.
        venue_id: String,
        /// The venue's name for the execution; empty where it was worked out.
        execution_id: String,
        /// Dollars a share.
        price: Price,
        /// Price before slippage.
        reference: Price,
        /// Shares of this execution.
        quantity: Quantity,
        /// The bar it happened on, as far as was known when it was heard of.
        time: Timestamp,
        /// When it traded, where that was on an earlier day than the bar's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traded_at: Option<Timestamp>,
        /// When in that bar.
        moment: FillMoment,
        /// Nothing of the order is left.
        is_last: bool,
    },
    /// The order has ended before it filled whole.
    Ended {
        /// Our number.
        order: OrderId,
        /// How.
        ending: Ending,
    },
    /// The order was changed.
    Changed {
        /// Our number.
        order: OrderId,
        /// Shares it may still fill; `None` leaves them.
        quantity: Option<Quantity>,
        /// Its prices.
        kind: OrderKind,
        /// Since when.
        time: Timestamp,
    },
    /// The engine wants the order back.
    CancelAsked {
        /// Our number.
        order: OrderId,
    },
    /// The engine wants the order changed.
    ChangeAsked {
        /// Our number.
        order: OrderId,
        /// Shares it may still fill; `None` leaves them.
        quantity: Option<Quantity>,
        /// Its prices.
        kind: OrderKind,
    },
    /// The change was refused: the order stays as it was.
    ChangeRefused {
        /// Our number.
        order: OrderId,
        /// Why.
        answer: Answer,
    },
    /// A session has closed: what was for the day is over.
    SessionClosed,
    /// The stop of this target's pair has come to its price.
    StopReached {
        /// Our number for the target.
        target: OrderId,
    },
    /// A trailing stop that has come to its price stands where it did at the venue.
    StopStood {
        /// Our number for the stop.
        order: OrderId,
        /// Where it stands.
        level: Price,
        /// The bar on which this was seen.
        time: Timestamp,
    },
    /// A bar that trailing stops follow.
    Bar {
        /// Which share.
        symbol: SymbolIndex,
        /// Its open time.
        time: Timestamp,
        /// Its highest price.
        high: Price,
        /// Its lowest price.
        low: Price,
    },
    /// A split.
    Split {
        /// Which share.
        symbol: SymbolIndex,
        /// New shares per old.
        ratio: Ratio,
        /// Shares held after it.
        kept: Quantity,
        /// The mark after it.
        mark: Price,
        /// Paid for a part of a share.
        cash: Money,
        /// When.
        time: Timestamp,
    },
    /// Shares have left the account by no order of this session.
    LeftOutside {
        /// Our number for what took them.
        order: OrderId,
        /// What left.
        left: LeftOutside,
        /// The bar at hand.
        time: Timestamp,
    },
    /// What is over of the orders below a number is forgotten: nothing of it is open, on its way or awaited.
    Forgotten {
        /// Our number of the first order that stays.
        before: OrderId,
        /// Orders and legs below it that stay, in order.
        but: Vec<OrderId>,
    },
}

/// Shares that have left the account by no order of this session, but by that of the kill switch or of a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeftOutside {
    /// Which share.
    pub symbol: SymbolIndex,
    /// Sold, or bought back.
    pub side: Side,
    /// How many.
    pub quantity: Quantity,
    /// Dollars a share: the average of the order that took them.
    pub price: Price,
    /// The venue's name for that order.
    pub venue_id: String,
}

/// An approved order as it was handed over.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// What is wanted.
    pub request: OrderRequest,
    /// Shares, unless sized at the fill.
    pub quantity: Quantity,
    /// The price it was measured at.
    pub reference: Price,
    /// It was proved to shrink the position.
    pub reduces: bool,
    /// The moment of its approval.
    pub time: Timestamp,
}

/// How an order ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Taken back.
    Canceled,
    /// Its time ran out.
    Expired,
    /// Refused after it was taken.
    Rejected(Answer),
}

/// A refusal as the venue gave it, or ours in its place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It cannot be sent at all.
    NotSendable,
    /// It was not sent in time.
    TooLate,
    /// The venue's.
    Venue {
        /// The HTTP status; 0 where it came after the order was taken.
        status: u16,
        /// The body, as far as it could be read as text.
        body: String,
        /// Our number for the order that the answer names.
        existing: Option<OrderId>,
    },
}

impl Answer {
    pub(super) fn reason(&self) -> RejectReason {
        match self {
            Answer::NotSendable => RejectReason::NotSendable,
            Answer::TooLate => RejectReason::TooLate,
            Answer::Venue { status, body, existing } => {
                refusal::reason(*status, &WireProblem::read(body.as_bytes()), *existing)
            }
        }
    }
}
