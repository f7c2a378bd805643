//! What goes over the wire, without one: calls and what became of them, streams and what they bring.
//!
//! Not here: sockets, hosts and keys (http, stream), what calls mean (the desk).
use std::fmt;

/// How a call is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Read: may be repeated.
    Get,
    /// Send an order: never repeated before it has been looked up.
    Post,
    /// Change an order: never repeated before it has been looked up.
    Patch,
    /// Cancel: may be repeated.
    Delete,
}

/// Which call goes first when the venue's rate allows only one: the earlier variant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Urgency {
    /// It shrinks a position or takes an order back.
    Reducing,
    /// It arms a stop or moves one.
    Protecting,
    /// It asks what became of something.
    Asking,
    /// It opens or adds.
    Opening,
    /// It looks around.
    Reading,
}

/// One call on the venue's REST face.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Its number; the outcome names it.
    pub id: u64,
    /// How it is made.
    pub verb: Verb,
    /// Path and query, percent-encoded, from `/v2` on.
    pub path: String,
    /// JSON, where there is a body.
    pub body: Option<String>,
    /// Which goes first.
    pub urgency: Urgency,
}

/// What became of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The venue answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body; empty without one.
        body: Vec<u8>,
        /// What it said about its limit of calls.
        rate: RateHeaders,
    },
    /// It surely never left: no connection could be made.
    NotSent(String),
    /// It did not leave: the kill switch has closed the wire for its kind.
    HeldBack,
    /// It may have arrived: the connection broke, or no answer came in time.
    Unknown(String),
}

/// The venue's own count of our calls, where it sends one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RateHeaders {
    /// Calls a minute.
    pub limit: Option<u32>,
    /// Calls left before the reset.
    pub remaining: Option<u32>,
    /// When the count starts anew: seconds since 1970.
    pub reset_seconds: Option<i64>,
    /// Seconds to wait, of an answer that says so.
    pub retry_after_seconds: Option<u32>,
}

/// Which of the two streams.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StreamKind {
    /// What becomes of orders.
    Trading,
    /// Bars, quotes and trades.
    Data,
}

/// What a stream brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamSignal {
    /// It is connected, nothing has been said yet.
    Connected,
    /// A whole message, text or binary alike.
    Message(Vec<u8>),
    /// It is gone, with the reason.
    Lost(String),
}

impl Verb {
    /// The word in a request line.
    pub const fn name(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StreamKind::Trading => "trade updates",
            StreamKind::Data => "market data",
        })
    }
}
