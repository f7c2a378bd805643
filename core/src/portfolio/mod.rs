//! What we own: cash, positions, and the round trips they made.
//!
//! Not here: prices of orders, limits, the venue's own account. No `f64` in the ledger.
//! Invariants: equity = cash + Σ quantity × mark, exactly, after every call; cash = deposit + Σ fills
//! + Σ cash events, exactly.
mod account;
mod position;
mod round_trip;
mod unsettled;

pub use account::{CashEvent, CashReason, Portfolio, split_price, split_quantity};
pub(crate) use account::{fits_after_split, price_after_split};
pub use position::Position;
pub use round_trip::share;
pub use round_trip::{RoundTrip, RoundTrips};
pub use unsettled::Unsettled;
