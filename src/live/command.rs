//! What a person may ask of a running session.
//!
//! Not here: who may ask (dashboard, cli), what comes of it (session).
use serde::{Deserialize, Serialize};

use crate::domain::OrderId;

/// What is asked. A session takes no orders from people: everything here stops, shrinks or goes on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Latch the kill switch; cancel what opens; close all positions if asked.
    Halt {
        /// Also close all positions.
        flatten: bool,
        /// Why; not needed to halt.
        reason: Option<String>,
    },
    /// End a halt.
    Resume {
        /// Why it may go on.
        reason: String,
    },
    /// Close all positions at market, through the gate; no latch, and where one stands closing is added to it.
    Flatten,
    /// Close the position of one share at market, and void its orders.
    Close {
        /// The scenario.
        strategy: String,
        /// Which share.
        symbol: String,
    },
    /// Take one order back.
    Cancel {
        /// The scenario.
        strategy: String,
        /// Our number.
        order: OrderId,
    },
    /// Connect both streams anew.
    Reconnect,
    /// End the session in good order; positions and their stops stay at the venue.
    Stop,
}

/// A command and who gave it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// What.
    #[serde(flatten)]
    pub command: Command,
    /// A name, or where it came from: `dashboard`, `SIGTERM`, `file`.
    pub by: String,
}

/// What came of one item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ItemOutcome {
    /// The item: an order, a position, the latch.
    pub item: String,
    /// It is done, as far as the venue says.
    pub done: bool,
    /// One plain sentence.
    pub text: String,
}

/// What came of a command so far. What is not done yet is tried again and reported as events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Done {
    /// It was taken; `false`: it cannot be done, and `text` says why.
    pub taken: bool,
    /// One plain sentence.
    pub text: String,
    /// Item by item.
    pub items: Vec<ItemOutcome>,
}
