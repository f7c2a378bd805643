//! A session without sockets and clocks: engines, desks, and the journal between them.
//!
//! Not here: the wire and the clock (driver), the file (journal), pages (dashboard). A session is a list of inputs: given
//! again, they make the same session, so a restart, a proof and the first run go the same way.
mod assemble;
mod burst;
mod chosen;
mod day;
mod horizon;
mod input;
mod keeper;
mod machine;
mod noticed;
mod past;
mod proof;
mod record;
mod replayed;
mod results;
mod show;
mod show_limits;
mod summary;
mod tell;
mod tell_actions;
mod tell_found;
mod terms;
#[cfg(test)]
mod tests_assemble;
#[cfg(test)]
mod tests_show;
mod trader;
pub(in crate::live) mod words;

pub use assemble::{Assembler, Step};
pub use chosen::{KnownSession, read_session, sessions_in};
pub use input::{Input, ShownBar};
pub use keeper::{KeepError, Keeper, SharedJournal};
pub use machine::{Acted, ActedOn, Machine, MachineOf};
pub use noticed::Noticed;
pub use past::{Began, Past, PastReader, SessionRow};
pub use proof::{machine_of, prove_session, record_session};
pub use record::SessionRecord;
pub use replayed::{Outcome, Replayed, replay_sessions};
pub use show::{BookView, Newest, book_view};
pub use tell_found::is_unauthorised;
pub use terms::{Terms, venue_time};
pub use trader::{Moment, SessionError, Trader, desk_rows, keep_events};
