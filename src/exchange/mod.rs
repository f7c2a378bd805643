//! The built-in Alpaca-compatible exchange: REST and websocket faces over the simulated venue.
//!
//! Not here: matching and refusals (venue), what a scenario says (scenario). The exchange itself does no input or
//! output: it takes requests and moments, gives answers and messages, and is the same in a server, in a test and
//! in a simulated network. Its clock is that of the data.
mod account;
mod actions;
mod activities;
mod announcements;
mod asset_actions;
mod assets;
mod calendar_days;
mod clock;
mod configurations;
mod core;
mod corporate_actions;
pub mod data;
mod day;
mod early_days;
mod history;
mod ids;
mod local_time;
mod market;
mod orders;
mod page_token;
mod parameters;
mod positions;
mod published;
mod reading;
mod refusal;
mod rehearsal;
mod reply;
mod request;
pub mod server;
mod state;
mod statement;
mod tape;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_account;
#[cfg(test)]
mod tests_reading;
#[cfg(test)]
mod tests_replay;
#[cfg(test)]
mod tests_tape;
mod watchlists;

pub use core::Exchange;
pub use published::Published;
pub use rehearsal::{BarSeen, MemoryReach, Reach, Rehearsal, SocketReach, answered, rehearsal_desk};
pub use request::{Answer, Method, Request};
pub use tape::{BarStep, Moment, SessionTimes, Tape};
