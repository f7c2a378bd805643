//! Shared by the unit tests of this room: price walks and comparisons.
//!
//! Not here: the batch formulas; each test states its own.

use proptest::prelude::*;

/// A deterministic walk of `bars` prices from `start`, steps uniform in ±`step`.
pub(super) fn seeded_walk(seed: u64, bars: usize, start: f64, step: f64) -> Vec<f64> {
    let (mut state, mut price) = (seed, start);
    (0..bars)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            price += step * ((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0);
            price
        })
        .collect()
}

/// A period and a random walk: several scales, tiny moves at large offsets, flat stretches and jumps.
pub(super) fn walk() -> impl Strategy<Value = (usize, Vec<f64>)> {
    let scale = prop::sample::select(vec![(1.0, 0.01), (100.0, 1.0), (1e5, 1.0), (1e5, 1e-3)]);
    let moves = prop::collection::vec((-1.0..1.0f64, 0..20u8), 1..300);
    (2..40usize, scale, moves).prop_map(|(period, (start, step), moves)| {
        let mut price: f64 = start;
        let prices = moves.iter().enumerate().map(|(i, (change, kind))| {
            price += match kind {
                0 => change * start * 0.1,     // a jump
                _ if (i / 60) % 3 == 1 => 0.0, // a flat stretch, longer than any window
                _ => change * step,
            };
            price = price.max(start * 1e-3);
            price
        });
        (period, prices.collect())
    })
}

/// Turns a walk of closes into (high, low, close) bars around it.
pub(super) fn bars_around(closes: &[f64]) -> Vec<(f64, f64, f64)> {
    let mut previous = closes[0];
    closes
        .iter()
        .enumerate()
        .map(|(i, close)| {
            let wick = 1e-4 * close * (i % 5) as f64;
            let bar = (close.max(previous) + wick, close.min(previous) - wick * 0.5, *close);
            previous = *close;
            bar
        })
        .collect()
}

/// Both undefined, or equal within `tolerance`, relative or absolute.
#[track_caller]
pub(super) fn assert_close(value: Option<f64>, expected: Option<f64>, tolerance: f64) {
    match (value, expected) {
        (None, None) => {}
        (Some(a), Some(b)) => {
            let limit = tolerance * a.abs().max(b.abs()).max(1.0);
            assert!((a - b).abs() <= limit, "{a} is not {b} within {limit:e}");
        }
        _ => panic!("{value:?} is not {expected:?}"),
    }
}

/// Sum of the squared deviations from the mean, in two passes: the batch reference of every spread.
pub(super) fn batch_spread(window: &[f64]) -> f64 {
    let shifted: Vec<f64> = window.iter().map(|x| x - window[0]).collect();
    let mean = shifted.iter().sum::<f64>() / shifted.len() as f64;
    shifted.iter().map(|x| (x - mean).powi(2)).sum()
}
