//! Bars of the past out of Alpaca's market data, into files: page by page, part by part, none twice and none missing.
//!
//! Not here: arguments and printing (cli), bars of a running session (stream).
//! Invariants: (1) a file appears whole, with its provenance beside it, or not at all; (2) a fetch that is killed goes on
//! where it stopped and gives the same bytes; (3) a bar that had not ended when the fetch began is not in it.
mod client;
mod error;
mod page;
mod parts;
mod pull;
mod request;
mod store;
#[cfg(test)]
mod tests;

pub use client::HistoryClient;
pub(super) use client::message;
pub use error::FetchError;
pub use parts::Bound;
pub use pull::{Fetched, fetch_bars, read_bars};
pub use request::{Adjustment, BarsRequest};
