//! Colours, sizes and strokes of the PNG charts: the light tokens of look.md §2 and §8.
//!
//! Not here: the dark theme (only the HTML has one). Sizes are pixels of the finished picture.
use plotters::style::RGBColor;

/// Text, the strategy's line.
pub const INK: RGBColor = RGBColor(0x0f, 0x16, 0x1d);
/// Labels, candles.
pub const INK2: RGBColor = RGBColor(0x45, 0x50, 0x5c);
/// Axis, benchmark.
pub const INK3: RGBColor = RGBColor(0x62, 0x6d, 0x79);
/// Grid.
pub const LINE: RGBColor = RGBColor(0xdf, 0xe4, 0xea);
/// The baseline: zero, or the starting equity.
pub const LINE2: RGBColor = RGBColor(0xb9, 0xc2, 0xcc);
/// Above zero, entries.
pub const GAIN: RGBColor = RGBColor(0x0a, 0x5f, 0xb4);
/// Below zero, drawdown, stops.
pub const LOSS: RGBColor = RGBColor(0xb2, 0x45, 0x0a);
/// Indicators, heaviest first; the second is the first lightened.
pub const INDICATORS: [RGBColor; 3] =
    [RGBColor(0x6a, 0x45, 0xa8), RGBColor(0x9b, 0x82, 0xc8), RGBColor(0x84, 0x66, 0xb8)];
/// Paper.
pub const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// Width of the picture.
pub const WIDTH: usize = 1_600;
/// Height of the picture.
pub const HEIGHT: usize = 900;
/// Space around everything.
pub const MARGIN: f32 = 56.0;
/// Top and bottom of the plot.
pub const PLOT_TOP: f32 = 150.0;
/// See [`PLOT_TOP`].
pub const PLOT_BOTTOM: f32 = 806.0;

/// Size of the title.
pub const TITLE: u32 = 32;
/// Size of subtitle, axis, names and marks in the legend.
pub const TEXT: u32 = 22;
/// Size of the footer.
pub const FOOT: u32 = 17;

/// The strategy's line.
pub const STRATEGY_LINE: f32 = 3.25;
/// The benchmark's line.
pub const BENCHMARK_LINE: f32 = 2.0;
/// Indicator lines, heaviest first.
pub const INDICATOR_LINES: [f32; 3] = [2.6, 1.9, 1.9];
/// A stop's line, its dash and its gap.
pub const STOP_LINE: (f32, f32, f32) = (2.25, 8.0, 6.0);
