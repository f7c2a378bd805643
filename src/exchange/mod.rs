//! The built-in Alpaca-compatible exchange: REST and websocket faces over the simulated venue.
//!
//! Not here: matching and refusals (venue), what a scenario says (scenario). The exchange itself does no input or
//! output: it takes requests and moments, gives answers and messages, and is the same in a server, in a test and
//! in a simulated network. Its clock is that of the data.
mod asset_actions;
mod assets;
mod calendar_days;
mod clock;
mod configurations;
mod corporate_actions;
pub mod data;
mod ids;
mod local_time;
mod page_token;
mod parameters;
mod published;
mod reading;
mod reply;
mod request;
mod tape;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_reading;
#[cfg(test)]
mod tests_tape;
mod watchlists;

pub use published::Published;
pub use request::{Answer, Method, Request};
pub use tape::{BarStep, Moment, SessionTimes, Tape};
