//! What a run looks like to a person: HTML, PNG, terminal.
//!
//! Not here: any number that is not already in the run; files of numbers (scenario::folder).
pub mod chart;
pub mod font;
pub mod model;
mod reading;
