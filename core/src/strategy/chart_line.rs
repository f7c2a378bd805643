//! The lines a strategy looks at, for the price chart.
//!
//! Not here: drawing (report), deciding (each strategy).
use crate::domain::Bar;

/// A named line over the prices of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartLine {
    /// Its name at the line's end, as "SMA 10".
    pub label: String,
    /// Dollars a share, one value a bar; `None` where the line does not exist.
    pub values: Vec<Option<f64>>,
}

impl ChartLine {
    /// The line through `value` of each bar, oldest first.
    pub fn each(label: impl Into<String>, bars: &[Bar], value: impl FnMut(&Bar) -> Option<f64>) -> ChartLine {
        ChartLine { label: label.into(), values: bars.iter().map(value).collect() }
    }
}
