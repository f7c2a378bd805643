//! What risk costs an order: the walk of a correlation group, and what a session's close adds to it.
//!
//! Input: 500 symbols, 20 of them exposed and spread evenly, in groups of 1, 5 or 20 of which the asked symbol's
//! is one. Unit: time per question.
use std::hint::black_box;

use alphaflow::domain::{Price, SymbolIndex};
use alphaflow::risk::{Correlations, SymbolSet};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const SYMBOLS: usize = 500;
const EXPOSED: usize = 20;
const SESSIONS: usize = 61;

/// Correlations of symbols of which every `size` exposed ones follow a factor of their own, and the exposed set.
fn world(size: usize) -> (Correlations, SymbolSet, Vec<Option<Price>>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut signed = || (rng.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
    let (mut correlations, mut exposed) = (Correlations::new(SYMBOLS), SymbolSet::new(SYMBOLS));
    let step = SYMBOLS / EXPOSED;
    (0..EXPOSED).for_each(|at| exposed.insert(SymbolIndex((at * step) as u16)));
    let mut prices = vec![100.0; SYMBOLS];
    let closes = |prices: &[f64]| prices.iter().map(|price| Price::from_f64(*price)).collect::<Vec<_>>();
    for _ in 0..SESSIONS {
        let factors: Vec<f64> = (0..EXPOSED).map(|_| 0.01 * signed()).collect();
        for (symbol, price) in prices.iter_mut().enumerate() {
            *price *= 1.0 + factors[symbol / step / size] + 0.002 * signed();
        }
        correlations.close_session(closes(&prices));
    }
    (correlations, exposed, closes(&prices))
}

fn group_walk(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("correlation");
    for size in [1, 5, EXPOSED] {
        let (correlations, exposed, _) = world(size);
        let ask = |correlations: &Correlations| {
            let mut sum = 0u64;
            let count = correlations.group(black_box(SymbolIndex(0)), &exposed, |member| sum += u64::from(member.0));
            (count, sum)
        };
        assert_eq!(ask(&correlations).0, size);
        group.bench_function(format!("group_of_{size}/20_of_500"), |b| b.iter(|| ask(black_box(&correlations))));
        let fresh = Correlations::clone(&world(size).0);
        group.bench_function(format!("first_after_a_close/group_of_{size}/20_of_500"), |b| {
            b.iter_batched_ref(|| fresh.clone(), |correlations| ask(correlations), BatchSize::LargeInput);
        });
    }
    let (mut correlations, _, closes) = world(1);
    group.bench_function("close_session/500", |b| b.iter(|| correlations.close_session(closes.iter().copied())));
    group.finish();
}

criterion_group!(benches, group_walk);
criterion_main!(benches);
