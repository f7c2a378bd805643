//! What Alpaca refuses: pure functions over a request and what the account knows.
//!
//! Not here: the words (domain::RejectReason has them, a row each), limits of our own (risk), what the
//! account can pay when an order comes to its fill (execute).
//! A request passes `fields` (are they an order?), [`form`] (type × time in force × class × hours × prices),
//! [`asset`] and [`account`] (position, resting orders, funds); a change of one passes [`change`] or
//! [`cancel`]. The caller supplies what only it knows; without Alpaca's rules (`Tick::None`) only what makes
//! no sense is refused.
//!
//! Replay differs in three places. A simple market exit of a position whose legs rest closes it and voids them: against
//! it the shares of legs are not held for orders, only those of open approved exits are, as in the gate. Shares that
//! leave at the market count as gone, so that an entry may turn a position round at one open; those of an exit
//! with a price are held for it. And there is no evening, so nothing is refused for the hour it was sent.
mod account;
mod change;
mod fields;
mod form;
#[cfg(test)]
mod testing;

pub use account::{AssetStatus, Funds, Resting, Standing, Trading, account, asset};
pub use change::{Change, Changing, beside_legs, cancel, change, pair};
pub use fields::{OrderFields, OrderType, Read, fields};
pub use form::{Terms, auction_hours, form};

use crate::domain::RejectReason;

/// `reason`, unless `holds`.
#[inline]
fn ensure(holds: bool, reason: RejectReason) -> Result<(), RejectReason> {
    if holds { Ok(()) } else { Err(reason) }
}
