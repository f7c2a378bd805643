//! What risk costs an order: the walk of a correlation group, and what a session's close adds to it.
//!
//! Input: 500 symbols, 20 of them exposed and spread evenly; the group of the symbol asked for has 1, 5 or 20
//! members that are all correlated with each other, or 20 in a chain, each correlated with its neighbours alone.
//! Unit: time per question.
use std::f64::consts::TAU;
use std::hint::black_box;

use alphaflow::domain::{Price, SymbolIndex};
use alphaflow::risk::{Correlations, SymbolSet};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const SYMBOLS: usize = 500;
const EXPOSED: usize = 20;
const SESSIONS: usize = 60;

/// Which waves the returns of a symbol are made of.
#[derive(Clone, Copy)]
enum Groups {
    /// One for each so many exposed symbols.
    Of(usize),
    /// Four, three of them shared with the next exposed symbol: rho is 3/4 with it, 2/4 with the one after.
    Chain,
}

impl Groups {
    fn waves(self, place: usize) -> std::ops::Range<usize> {
        match self {
            Groups::Of(size) => place / size..place / size + 1,
            Groups::Chain => place..place + 4,
        }
    }
}

/// Correlations after 61 sessions of waves at right angles, and the exposed set.
fn world(groups: Groups) -> (Correlations, SymbolSet) {
    let (mut correlations, mut exposed) = (Correlations::new(SYMBOLS), SymbolSet::new(SYMBOLS));
    let step = SYMBOLS / EXPOSED;
    (0..EXPOSED).for_each(|at| exposed.insert(SymbolIndex((at * step) as u16)));
    let mut prices = vec![1_000.0; SYMBOLS];
    correlations.close_session(prices.iter().map(|price| Price::from_f64(*price)));
    for session in 0..SESSIONS {
        for (symbol, price) in prices.iter_mut().enumerate() {
            let wave = |wave: usize| (TAU * ((wave + 1) * session) as f64 / SESSIONS as f64).cos();
            *price *= 1.0 + 0.001 * groups.waves(symbol / step).map(wave).sum::<f64>();
        }
        correlations.close_session(prices.iter().map(|price| Price::from_f64(*price)));
    }
    (correlations, exposed)
}

fn group_walk(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("correlation");
    let worlds = [
        ("group_of_1", Groups::Of(1), 1),
        ("group_of_5", Groups::Of(5), 5),
        ("group_of_20", Groups::Of(EXPOSED), EXPOSED),
        ("chain_of_20", Groups::Chain, EXPOSED),
    ];
    for (name, groups, size) in worlds {
        let (fresh, exposed) = world(groups);
        let ask = |correlations: &Correlations| {
            let mut sum = 0u64;
            let count = correlations.group(black_box(SymbolIndex(0)), &exposed, |member| sum += u64::from(member.0));
            (count, sum)
        };
        let asked = fresh.clone();
        assert_eq!(ask(&asked).0, size);
        group.bench_function(format!("{name}/20_of_500"), |b| b.iter(|| ask(black_box(&asked))));
        group.bench_function(format!("{name}/first_after_a_close"), |b| {
            b.iter_batched_ref(|| fresh.clone(), |correlations| ask(correlations), BatchSize::LargeInput);
        });
    }
    let mut correlations = world(Groups::Of(1)).0;
    let closes = [Price::from_units(Price::UNITS_PER_USD); SYMBOLS];
    group.bench_function("close_session/500", |b| b.iter(|| correlations.close_session(black_box(closes))));
    group.finish();
}

criterion_group!(benches, group_walk);
criterion_main!(benches);
