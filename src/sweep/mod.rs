//! Sweeps: many runs of one scenario, and what they say together.
//!
//! Not here: one run (scenario), what a sweep looks like (report).
mod verdict;

pub use verdict::{Conclusion, Known, Length, Verdict, VerdictNumbers, verdict};
