//! AlphaFlow: one engine that backtests a US-equity strategy, rehearses it and trades it.
pub mod cli;
pub mod domain;
pub mod engine;
pub mod exchange;
pub mod execution;
pub mod indicator;
pub mod live;
pub mod market;
pub mod metric;
pub mod portfolio;
pub mod report;
pub mod risk;
pub mod scenario;
pub mod strategy;
pub mod sweep;
pub mod venue;
