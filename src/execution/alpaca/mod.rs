//! Alpaca: approved orders as calls, answers and streams as events.
//!
//! Not here: what may be sent (risk), what a fill means (engine). The desk decides what to call and what an answer
//! means without input or output of its own; tasks of `http` and `stream` carry it over the wire.
mod bucket;
mod call;
mod client_id;
mod desk;
mod finding;
mod ledger;
mod refusal;
mod translate;
mod wire;

pub use bucket::Instant;
pub use call::{Call, Outcome, RateHeaders, StreamKind, StreamSignal, Urgency, Verb};
pub use client_id::{SessionName, SessionNameError};
pub use desk::{AlpacaDesk, DataState, DeskConfig, Patience, StreamCommand};
pub use finding::Finding;
pub use ledger::{Answer, Asked, Ending, Entry};
