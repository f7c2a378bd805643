//! The charts of a run as PNG files: equity, drawdown, price with trades, heat and exposure.
//!
//! Not here: the charts of the HTML report, and any number that is not already in the model.
//! Invariant: the same model gives the same bytes.
mod axis;
mod candles;
mod columns;
mod drawdown;
mod encode;
mod equity;
mod frame;
mod heatmap;
pub mod label;
mod marks;
mod price;
mod raster;
mod risk;
mod surface;
mod theme;

pub use drawdown::drawdown_png;
pub use equity::equity_png;
pub use heatmap::heatmap_png;
pub use price::price_png;
pub use risk::risk_png;

use super::font::FontError;

/// Why there is no chart.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The run has no bar at all.
    #[error("the run has no bars, so there is nothing to draw")]
    Empty,
    /// The typeface cannot be read.
    #[error(transparent)]
    Font(#[from] FontError),
    /// plotters refused an element.
    #[error("the chart cannot be drawn: {0}")]
    Draw(String),
    /// The PNG encoder refused the pixels.
    #[error("the chart cannot be encoded: {0}")]
    Encode(#[from] png::EncodingError),
}
