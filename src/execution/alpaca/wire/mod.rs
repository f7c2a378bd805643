//! What the venue says, as we read it: every field may be missing, null, a number or a text.
//!
//! Not here: what it means (the desk), what we write (translate). Fields and words that the reference does not know
//! are kept aside and reported, never an error: the venue adds them without notice.
mod order;
mod read;
mod rest;
mod update;

pub(super) use order::{WireLife, WireOrder};
pub(super) use read::Strange;
#[cfg(test)]
pub(super) use read::Text;
pub(super) use rest::{WireClock, WireFill, WirePosition, WireProblem};
pub(super) use update::{StreamMessage, WireUpdate, read_message};
