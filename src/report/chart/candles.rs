//! Bars of a stretch as candles: one each while there is room, several joined to one beyond.
//!
//! Not here: marks and lines over them (report::chart::price).
use super::ChartError;
use super::frame::Frame;
use super::theme::{INK2, WHITE};
use crate::domain::Bar;

/// Narrowest candle, pixels from one to the next.
const PITCH_MIN: f32 = 5.0;

/// Open, high, low and close of one or more bars in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// Middle of its bars, as an index.
    pub at: f64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
}

/// How many bars go into a candle so that `bars` of them fit `columns` pixels.
pub fn bars_per_candle(bars: usize, columns: usize) -> usize {
    let room = (columns as f32 / PITCH_MIN).max(1.0) as usize;
    bars.div_ceil(room).max(1)
}

/// Candles of `per_candle` bars each (the last may have fewer).
pub fn join(bars: &[Bar], per_candle: usize) -> Vec<Candle> {
    let candle = |(number, bars): (usize, &[Bar])| Candle {
        at: (number * per_candle) as f64 + (bars.len() - 1) as f64 / 2.0,
        open: bars[0].open.to_f64(),
        high: bars.iter().map(|bar| bar.high).max().unwrap_or_default().to_f64(),
        low: bars.iter().map(|bar| bar.low).min().unwrap_or_default().to_f64(),
        close: bars[bars.len() - 1].close.to_f64(),
    };
    bars.chunks(per_candle.max(1)).enumerate().map(candle).collect()
}

/// Draws them: hollow when they close higher, filled when lower, a dash when level.
pub fn draw(frame: &Frame, candles: &[Candle], pitch: f32) -> Result<(), ChartError> {
    let line = if pitch < 8.0 { 1.5 } else { 2.0 };
    let half = (pitch * 0.32).clamp(1.5, 14.0);
    for candle in candles {
        let (x, high) = frame.pixel((candle.at, candle.high));
        let low = frame.pixel((candle.at, candle.low)).1;
        let (open, close) = (frame.pixel((candle.at, candle.open)).1, frame.pixel((candle.at, candle.close)).1);
        frame.stroke(&[(x, high), (x, low)], INK2, line)?;
        let (top, bottom) = (open.min(close), open.max(close));
        if bottom - top < 1.5 {
            frame.stroke(&[(x - half, open), (x + half, close)], INK2, line)?;
        } else {
            frame.rectangle((x - half - line / 2.0, top), (x + half + line / 2.0, bottom), INK2, 1.0)?;
            let inset = line / 2.0;
            if candle.close > candle.open && bottom - top > 2.0 * line {
                frame.rectangle((x - half + inset, top + line), (x + half - inset, bottom - line), WHITE, 1.0)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Timestamp, Volume};

    fn bar(open: f64, high: f64, low: f64, close: f64) -> Bar {
        let price = |usd: f64| Price::from_f64(usd).expect("price");
        Bar {
            time: Timestamp::from_ns(0),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Volume::ZERO,
        }
    }

    #[test]
    fn joined_bars_keep_first_extremes_and_last() {
        let bars = [bar(10.0, 12.0, 9.0, 11.0), bar(11.0, 15.0, 10.5, 14.0), bar(14.0, 14.5, 8.0, 9.5)];
        let candles = join(&bars, 2);
        let near = |candle: &Candle, all: [f64; 5]| {
            let found = [candle.at, candle.open, candle.high, candle.low, candle.close];
            assert!(found.iter().zip(all).all(|(a, b)| (a - b).abs() < 1e-9), "{candle:?}");
        };
        near(&candles[0], [0.5, 10.0, 15.0, 9.0, 14.0]);
        near(&candles[1], [2.0, 14.0, 14.5, 8.0, 9.5]);
    }

    #[test]
    fn as_many_bars_a_candle_as_the_width_asks_for() {
        assert_eq!(bars_per_candle(250, 1_330), 1);
        assert_eq!(bars_per_candle(3_270, 1_330), 13);
        assert_eq!(bars_per_candle(1, 1_330), 1);
    }
}
