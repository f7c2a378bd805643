//! Where approved orders go: one trait, one backend a venue.
//!
//! Not here: what may go (risk), what it means when it fills (engine).
mod market;
mod replay;

pub use market::{BackendFailure, ReplayMarket};
pub use replay::{Latency, ReplayBackend};

use crate::domain::{ExecutionEvent, OrderId};
use crate::risk::{ApprovedChange, ApprovedOrder};

/// A way to a venue. Answers come as events from [`ExecutionBackend::poll`], never as return values.
pub trait ExecutionBackend {
    /// Sends an order. It is used up by sending, so it cannot be sent twice.
    fn submit(&mut self, order: ApprovedOrder);

    /// Asks for an order to be taken back; the answer may be that it has filled.
    fn cancel(&mut self, order: OrderId);

    /// Asks for a resting order to be changed; the answer may be that it has filled.
    fn replace(&mut self, change: ApprovedChange);

    /// Moves what has been answered so far to the end of `answers`, oldest first.
    fn poll(&mut self, answers: &mut Vec<ExecutionEvent>);
}
