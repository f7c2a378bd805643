//! The loop over bars allocates nothing: not on a quiet bar, and on a trade only as the record grows.
//!
//! A file of its own: the counting allocator that `allocation_counter` brings counts by thread.
#![allow(clippy::unwrap_used)]
#[allow(dead_code)] // the laws use more of it than this file
mod harness;

use allocation_counter::measure;
use alphaflow::domain::{Bar, Price, Ratio, SymbolIndex, Timestamp, Volume};
use alphaflow::risk::{Correlations, SymbolSet};
use harness::Harness;

/// Minutes whose close follows `close`, in cents.
fn bars(count: usize, close: impl Fn(usize) -> i64) -> Vec<Bar> {
    let price = |cents: i64| alphaflow::domain::Price::from_units(cents * 10_000_000).unwrap();
    let bar = |at: usize| {
        let (open, close) = (close(at.saturating_sub(1)), close(at));
        Bar {
            time: Timestamp::from_seconds(1_381_152_600 + 60 * at as i64).unwrap(),
            open: price(open),
            high: price(open.max(close) + 1),
            low: price(open.min(close) - 1),
            close: price(close),
            volume: Volume::from_shares(100_000).unwrap(),
        }
    };
    (0..count).map(bar).collect()
}

/// Allocations of one replay, and how many fills it made.
fn allocations(series: &[&[Bar]]) -> (u64, usize) {
    let mut harness = Harness::new(series.len());
    let counted = measure(|| harness.replay(series, &[]));
    (counted.count_total, harness.engine.finish().fills.len())
}

/// A price that never moves: the strategy looks at every bar and wants nothing.
#[test]
fn a_quiet_bar_allocates_nothing() {
    let quiet = bars(20_000, |_| 5_000);
    for symbols in [1, 3] {
        let series = vec![&quiet[..]; symbols];
        let half: Vec<&[Bar]> = series.iter().map(|bars| &bars[..10_000]).collect();
        let ((few, no_fills), (many, still_none)) = (allocations(&half), allocations(&series));
        assert_eq!((no_fills, still_none), (0, 0));
        assert_eq!(few, many, "{symbols} symbols: allocations of 10,000 and of 20,000 bars");
    }
}

/// A price that swings: one position after another. Only the record grows, and it doubles.
#[test]
fn a_trade_allocates_only_as_the_record_grows() {
    let wave = |at: usize| 5_000 + ((at % 40) as i64 - 20).abs();
    let swing = bars(40_000, wave);
    for symbols in [1, 3] {
        let series = vec![&swing[..]; symbols];
        let half: Vec<&[Bar]> = series.iter().map(|bars| &bars[..20_000]).collect();
        let ((few, some), (many, twice)) = (allocations(&half), allocations(&series));
        assert!(some > 500 && twice > some * 19 / 10, "{some} and {twice} fills");
        // Four lists that double when they are full: orders, fills, stops, refusals.
        assert!(many <= few + 4, "{symbols} symbols: {few} allocations for {some} fills, {many} for {twice}");
    }
}

/// Correlations take their memory once: closing sessions, the first question after one, and the next ones need
/// no more, however much of the matrix they fill.
#[test]
fn correlations_allocate_only_when_they_are_made() {
    const SYMBOLS: u16 = 130;
    let mut correlations = Correlations::new(usize::from(SYMBOLS));
    let mut everyone = SymbolSet::new(usize::from(SYMBOLS));
    (0..SYMBOLS).for_each(|symbol| everyone.insert(SymbolIndex(symbol)));
    let mut members = 0;
    let counted = measure(|| {
        for session in 0..70i64 {
            let close = |symbol: i64| Price::from_units((100 + (session * symbol) % 7) * Price::UNITS_PER_USD);
            correlations.close_session((0..i64::from(SYMBOLS)).map(close));
            correlations.split(SymbolIndex(3), Ratio::ONE);
            for symbol in [0, 64, 129] {
                correlations.group(SymbolIndex(symbol), &everyone, |_| members += 1);
                correlations.are_correlated(SymbolIndex(symbol), SymbolIndex(1));
            }
        }
    });
    assert_eq!(counted.count_total, 0);
    assert!(members > 60 * 3 * i32::from(SYMBOLS), "{members}");
}

/// The counter counts, or the two laws above would say nothing.
#[test]
fn the_counter_counts() {
    // Through a black box: an optimised build would leave the pair of calls out.
    assert_eq!(measure(|| drop(std::hint::black_box(vec![0u8; 100]))).count_total, 1);
}

/// Market data comes in thousands of messages a second.
#[test]
fn a_batch_of_market_data_allocates_nothing() {
    use alphaflow::execution::alpaca::{Decoder, Encoding, MarketMessage};
    let trade = r#"{"T":"t","S":"AAPL","i":96921,"x":"D","p":126.55,"s":1,"t":"2024-01-02T14:30:00.123456789Z","c":["@","I"],"z":"C"}"#;
    let quote = r#"{"T":"q","S":"AMD","bx":"U","bp":87.66,"bs":1,"ax":"Q","ap":87.68,"as":4,"t":"2024-01-02T14:30:00Z","c":["R"],"z":"C"}"#;
    let bar = r#"{"T":"b","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378,"n":461,"vw":389.06,"t":"2021-02-22T19:15:00Z"}"#;
    let json = format!("[{trade},{quote},{bar}]");
    let msgpack =
        b"\x91\x88\xa1T\xa1t\xa1S\xa4AAPL\xa1i\xcd\x12\x34\xa1x\xa1D\xa1p\xcb\x40\x5f\xa3\x33\x33\x33\x33\x33\xa1s\x01\
        \xa1t\xd7\xff\x00\x00\x00\x00\x65\x94\x1e\x28\xa1c\x92\xa1@\xa1I";
    for (encoding, batch, messages) in [(Encoding::Json, json.as_bytes(), 3), (Encoding::MessagePack, &msgpack[..], 1)]
    {
        let mut decoder = Decoder::new(encoding);
        let mut count = 0;
        let counted = measure(|| {
            let each = |message: MarketMessage<'_>| {
                count +=
                    usize::from(!matches!(message, MarketMessage::Unknown { .. } | MarketMessage::Unreadable { .. }));
            };
            decoder.decode(batch, each).unwrap();
        });
        assert_eq!((counted.count_total, count), (0, messages), "{encoding:?}");
    }
}
