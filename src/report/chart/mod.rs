//! The charts of a run as PNG files: equity, drawdown, price with trades.
//!
//! Not here: the charts of the HTML report, and any number that is not already in the model.
//! Invariant: the same model gives the same bytes.
mod raster;
