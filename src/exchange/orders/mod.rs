//! Orders as clients of the exchange see them: sent, changed, canceled, listed, filled.
//!
//! Not here: matching and rules (venue), the account (account, positions).
//! Invariants: (1) every order at the venue has one record that is open, and the number of shares left is the same
//! in both; (2) a record that has ended never changes again; (3) a replacement is a record of its own that goes on
//! under the same number at the venue.
mod admit;
mod amend;
mod book;
mod cancel;
#[cfg(test)]
pub(in crate::exchange) mod desk;
mod events;
mod intent;
mod list;
mod read;
mod record;
mod shown;
mod submit;
#[cfg(test)]
mod tests_legs;
#[cfg(test)]
mod tests_life;
#[cfg(test)]
mod tests_refused;
mod update;

pub(in crate::exchange) use book::Book;
pub(in crate::exchange) use read::{Wanted, decimal};
pub(in crate::exchange) use record::Status;
