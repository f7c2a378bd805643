//! The simulated market: what happens to orders when a bar comes.
//!
//! Not here: whether an order may be sent (risk), who sends it (execution), what it means for our
//! books (engine, portfolio). The venue keeps an account of its own, as a broker does.
mod account;
mod admission;
mod amend;
mod costs;
mod delist;
mod execute;
mod expiry;
mod finer;
mod freeing;
mod legs;
mod lifetime;
mod matching;
mod mirror;
mod order;
mod path;
mod reading;
pub mod refusal;
mod resting;
mod room;
mod rules;
mod settling;
mod simulated;
mod split;
#[cfg(test)]
mod tests_pairs;
mod transit;
mod within;

pub use costs::{
    Commission, CostScope, Depth, Occasion, RegulatoryFees, Slippage, Spread, SpreadSource, Spreads, TradeDate,
    regulatory_fees,
};
pub use finer::FinerBars;
pub use lifetime::ClosingOrders;
pub use mirror::{FillMoment, Reported, Standing};
pub use order::Band;
pub use order::leg_price;
pub use reading::{Reading, Undecided};
pub use resting::Resting;
pub use rules::{BothTouched, DueExit, LimitFill, MarketFill, VenueRules};
pub use simulated::{SimulatedVenue, Submission};
pub use split::split_kind;
pub use transit::Request;
