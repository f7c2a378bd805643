//! What the exchange tells those who listen, in the order in which it happened.
//!
//! Not here: frames, encodings and subscriptions (the server).
use serde_json::Value;

/// One thing to be told.
#[derive(Clone, PartialEq, Debug)]
pub enum Published {
    /// The `data` of a `trade_updates` message: an order has changed.
    Update(Value),
    /// The bars of this step have begun: their open is known, and nothing else.
    Opened(usize),
    /// The bars of this step are complete.
    Closed(usize),
}
