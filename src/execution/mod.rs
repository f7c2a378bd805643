//! Where approved orders go, with the venues that need a network: the core's trait and replay, and Alpaca.
//!
//! Not here: what may go (risk), what it means when it fills (engine).
pub mod alpaca;

pub use alphaflow_core::execution::{BackendFailure, ExecutionBackend, Latency, ReplayBackend, ReplayMarket};
