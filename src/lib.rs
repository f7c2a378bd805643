//! AlphaFlow: one engine that backtests a US-equity strategy, rehearses it and trades it.
pub mod cli;
pub mod exchange;
pub mod execution;
pub mod live;
pub mod report;

pub use alphaflow_core::{
    domain, engine, indicator, market, metric, portfolio, risk, scenario, strategy, sweep, venue,
};
