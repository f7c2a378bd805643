//! The strategy's own lines over the prices it read: averages, channels.
//!
//! Not here: drawing; strategies whose lines have another scale than prices (RSI, momentum) draw none.
use crate::domain::Bar;
use crate::indicator::{RollingMax, RollingMin, Sma};
use crate::scenario::spec::StrategySpec;

/// A name for the line's end, and a value for each bar: `None` while it warms up.
pub type Overlay = (String, Vec<Option<f64>>);

/// The lines of `strategy` over `bars`, heaviest first.
pub fn overlays(strategy: &StrategySpec, bars: &[Bar]) -> Vec<Overlay> {
    // Absent parameters have the defaults of spec §10.
    let period = |name: &str, default: usize| {
        strategy.param(name).and_then(|value| value.to_string().parse().ok()).unwrap_or(default)
    };
    let lines = match strategy.name.as_str() {
        "ma_crossover" => vec![mean(period("fast_period", 10), bars), mean(period("slow_period", 30), bars)],
        "donchian_breakout" => {
            vec![highest(period("entry_lookback", 20), bars), lowest(period("exit_lookback", 10), bars)]
        }
        _ => Vec::new(),
    };
    lines.into_iter().flatten().collect()
}

fn mean(period: usize, bars: &[Bar]) -> Option<Overlay> {
    let mut mean = Sma::new(period).ok()?;
    Some((format!("SMA {period}"), bars.iter().map(|bar| mean.update(bar.close.to_f64())).collect()))
}

/// Each bar shows the channel its close was held against: that of the bars before it.
fn highest(period: usize, bars: &[Bar]) -> Option<Overlay> {
    let mut highest = RollingMax::new(period).ok()?;
    let before = |bar: &Bar| {
        let value = highest.value();
        highest.update(bar.high.to_f64());
        value
    };
    Some((format!("High {period}"), bars.iter().map(before).collect()))
}

/// See [`highest`].
fn lowest(period: usize, bars: &[Bar]) -> Option<Overlay> {
    let mut lowest = RollingMin::new(period).ok()?;
    let before = |bar: &Bar| {
        let value = lowest.value();
        lowest.update(bar.low.to_f64());
        value
    };
    Some((format!("Low {period}"), bars.iter().map(before).collect()))
}
