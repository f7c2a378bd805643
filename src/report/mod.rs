//! What a run looks like to a person: HTML, PNG, terminal.
//!
//! Not here: any number that is not already in the run; files of numbers (scenario::folder).
mod account;
pub mod chart;
pub mod curve;
mod ended;
pub mod font;
pub mod format;
pub mod gather;
pub mod histogram;
pub mod html;
pub mod limits;
pub mod model;
pub mod notes;
pub mod parity;
pub mod proof;
pub mod reading;
pub mod reference;
pub mod refused;
pub mod sentence;
pub mod sweep;
pub mod terminal;
pub mod trade_rows;
