//! What AlphaFlow decides, below everything that waits: numbers, bars, indicators, matching, risk, engine, scenarios, sweeps.
//!
//! Not here: pages, the network, the journal, the command line (the crate `alphaflow`, which shows these rooms under its
//! own name). This crate names neither a socket nor a runtime, so nothing in it can wait for one.
#![forbid(unsafe_code)]
pub mod domain;
pub mod engine;
pub mod execution;
pub mod indicator;
pub mod market;
pub mod metric;
pub mod portfolio;
pub mod risk;
pub mod scenario;
pub mod strategy;
pub mod sweep;
pub mod venue;
