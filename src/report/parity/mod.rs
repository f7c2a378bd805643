//! Whether two sessions did the same: every row of one beside the other, the first difference with its cause.
//!
//! Not here: running either session (cli), what a session's rows are made of (scenario::session_files), the summary
//! on the terminal (report::terminal). Two sides go in, a [`ParityReport`] comes out; page and JSON are made of it.
mod align;
mod cause;
mod compare;
mod context;
mod data;
mod difference;
mod equity;
mod grid;
mod head;
mod json;
mod model;
mod outcome;
mod page;
mod renumber;
mod side;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests_compare;
#[cfg(test)]
mod tests_session;
mod words;

pub use cause::{Cause, Rule};
pub use context::{Context, Finding, FindingKind};
pub use difference::{Difference, FieldDifference, Nature};
pub use json::json;
pub use model::{Counts, DIFFERENCES_MAX, FileCheck, ParityReport, PriceCost, Subject, Totals};
pub use page::page;
pub use side::{CashChange, Side};
pub(in crate::report) use words::{change, price_cost, scope, subject_name, verdict};
pub use words::{describe, headline, paragraph};
