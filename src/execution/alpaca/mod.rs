//! Alpaca: approved orders as calls, answers and streams as events.
//!
//! Not here: what may be sent (risk), what a fill means (engine). The desk decides what to call and what an answer
//! means without input or output of its own; tasks of `http` and `stream` carry it over the wire.
mod call;

pub use call::{Call, Outcome, RateHeaders, StreamKind, StreamSignal, Urgency, Verb};
