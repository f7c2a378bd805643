//! What a person should know of a session at the venue, and nothing else would say.
//!
//! Not here: answers to orders (events), what is done about a finding (live).
use std::fmt;

use crate::domain::{OrderId, Price, Quantity, Symbol};

/// One thing to know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Finding {
    /// A field or a word that the reference of the venue does not know.
    Strange(String),
    /// A message or an answer that could not be read.
    Unreadable(String),
    /// The venue shows an order that this session did not send.
    ForeignOrder {
        /// The venue's name for it.
        id: String,
        /// Which share.
        symbol: String,
        /// The name its sender gave it.
        client_id: String,
    },
    /// The venue holds another number of shares than our orders have left.
    Position {
        /// Which share.
        symbol: Symbol,
        /// Shares we count.
        ours: Quantity,
        /// Shares the venue counts.
        venue: Quantity,
    },
    /// The venue would not move a protective order: it stays where it was.
    NotMoved {
        /// Which.
        order: OrderId,
        /// Where it should stand.
        wanted: Option<Price>,
        /// The venue's words.
        reason: String,
    },
    /// The venue would not change an order; it stays as it was.
    NotChanged {
        /// Which.
        order: OrderId,
        /// The venue's words.
        reason: String,
    },
    /// The venue's words for a refusal that is not in the catalogue.
    Refused {
        /// Which order.
        order: OrderId,
        /// The HTTP status.
        status: u16,
        /// The venue's words.
        reason: String,
    },
    /// Shares that a stop should protect had none at the venue for longer than allowed.
    Bare {
        /// Which share.
        symbol: Symbol,
        /// Milliseconds without.
        ms: u64,
    },
    /// The venue ended a protective order without being asked; it is armed again.
    StopEnded {
        /// Which.
        order: OrderId,
    },
    /// A protective order could not be armed again.
    NotArmed {
        /// Which.
        order: OrderId,
        /// The venue's words.
        reason: String,
    },
    /// An opening was taken back: by the venue's wash-trade rule it kept an exit or a stop of another book from the venue.
    GaveWay {
        /// Which.
        order: OrderId,
    },
    /// By the same rule the venue refused an exit, which is sent again until it is through.
    ExitWaits {
        /// Which.
        order: OrderId,
        /// The venue's words.
        reason: String,
    },
    /// The venue counts shares of an order as filled whose executions it does not show: the fill was worked out from
    /// its average price.
    MissingFill {
        /// Which order.
        order: OrderId,
        /// Shares.
        quantity: Quantity,
    },
    /// The venue took an execution back or corrected it; the books are as they were.
    Busted {
        /// Which order.
        order: OrderId,
        /// The execution.
        execution: String,
    },
    /// An order filled after it had ended for us; the engine does not know of these shares.
    LateFill {
        /// Which order.
        order: OrderId,
        /// Shares.
        quantity: Quantity,
    },
    /// The clocks differ.
    Skew {
        /// Milliseconds by which the venue's clock is ahead of ours.
        ms: i64,
    },
    /// A stream was lost, or said nothing for too long.
    Stream(String),
    /// The venue did not take our keys.
    Unauthorized(String),
    /// The venue did not do what it had confirmed, asked again and again.
    Stuck {
        /// Which order.
        order: OrderId,
        /// What was asked.
        asked: &'static str,
    },
}

impl Finding {
    /// The order of ours that it is about.
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Finding::NotMoved { order, .. }
            | Finding::NotChanged { order, .. }
            | Finding::Refused { order, .. }
            | Finding::StopEnded { order }
            | Finding::NotArmed { order, .. }
            | Finding::GaveWay { order }
            | Finding::ExitWaits { order, .. }
            | Finding::MissingFill { order, .. }
            | Finding::Busted { order, .. }
            | Finding::LateFill { order, .. }
            | Finding::Stuck { order, .. } => Some(*order),
            Finding::Strange(_)
            | Finding::Unreadable(_)
            | Finding::ForeignOrder { .. }
            | Finding::Position { .. }
            | Finding::Bare { .. }
            | Finding::Skew { .. }
            | Finding::Stream(_)
            | Finding::Unauthorized(_) => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Strange(what) => write!(f, "the venue says something new: {what}"),
            Finding::Unreadable(what) => write!(f, "the venue says something that cannot be read: {what}"),
            Finding::ForeignOrder { id, symbol, client_id } => {
                write!(f, "order {id} for {symbol} (`{client_id}`) is open and is not of this session")
            }
            Finding::Position { symbol, ours, venue } => {
                write!(f, "the venue holds {venue} shares of {symbol}, our orders come to {ours}")
            }
            Finding::NotMoved { order, wanted: Some(price), reason } => {
                write!(f, "protective order {} stays where it was instead of {price}: {reason}", order.0)
            }
            Finding::NotMoved { order, wanted: None, reason } => {
                write!(f, "protective order {} stays as it was: {reason}", order.0)
            }
            Finding::NotChanged { order, reason } => write!(f, "order {} was not changed: {reason}", order.0),
            Finding::Refused { order, status, reason } => {
                write!(f, "order {} was refused with status {status}: {reason}", order.0)
            }
            Finding::Bare { symbol, ms } => write!(f, "shares of {symbol} have had no stop at the venue for {ms} ms"),
            Finding::StopEnded { order } => {
                write!(f, "the venue ended protective order {} unasked; it is armed again", order.0)
            }
            Finding::NotArmed { order, reason } => {
                write!(f, "protective order {} could not be armed again: {reason}", order.0)
            }
            Finding::GaveWay { order } => {
                write!(
                    f,
                    "entry {} was taken back: it kept an exit or a stop of another scenario from the venue",
                    order.0
                )
            }
            Finding::ExitWaits { order, reason } => {
                write!(f, "exit {} is sent again with the next bar, since the venue refused it: {reason}", order.0)
            }
            Finding::MissingFill { order, quantity } => {
                write!(f, "{quantity} shares of order {} filled without an execution; taken at its average", order.0)
            }
            Finding::Busted { order, execution } => {
                write!(f, "execution {execution} of order {} was taken back or corrected; compare the books", order.0)
            }
            Finding::LateFill { order, quantity } => {
                write!(f, "{quantity} shares of order {} filled after it had ended; compare the books", order.0)
            }
            Finding::Skew { ms } => {
                let side = if *ms < 0 { "behind" } else { "ahead of" };
                write!(
                    f,
                    "the venue's clock is {} ms {side} ours; set the clock of this machine (NTP)",
                    ms.unsigned_abs()
                )
            }
            Finding::Stream(what) => write!(f, "{what}"),
            Finding::Unauthorized(what) => write!(f, "the venue did not take the keys: {what}"),
            Finding::Stuck { order, asked } => {
                write!(f, "order {} is still open though {asked} was confirmed", order.0)
            }
        }
    }
}
