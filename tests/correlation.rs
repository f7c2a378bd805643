//! Laws of correlation groups, over random closes with gaps, late starters, flat stretches and splits.
//!
//! The model keeps every close, corrects it for splits, and works out everything anew at every question: a dense
//! matrix and union-find. Not here: ρ itself (golden, in `core/src/risk/correlation.rs`).
#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use alphaflow::domain::{Price, Ratio, SymbolIndex};
use alphaflow::risk::{Correlations, SymbolSet};
use proptest::prelude::*;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const SESSIONS: usize = 60;

/// Draws of one seed.
struct Draws(Xoshiro256PlusPlus);

impl Draws {
    fn new(seed: u64) -> Draws {
        Draws(Xoshiro256PlusPlus::seed_from_u64(seed))
    }
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }
    /// From −1 to 1.
    fn signed(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    fn symbol(&mut self, symbols: usize) -> SymbolIndex {
        SymbolIndex(self.below(symbols) as u16)
    }
    /// A random part of all symbols.
    fn set(&mut self, symbols: usize) -> BTreeSet<usize> {
        let one_in = 1 + self.below(4);
        (0..symbols).filter(|_| self.below(one_in) == 0).collect()
    }
    fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        (1..count).rev().for_each(|at| order.swap(at, self.below(at + 1)));
        order
    }
}

/// What happens to a share at a session: a split before its open, and its close.
#[derive(Clone, Copy, Debug)]
struct Day {
    split: Option<Ratio>,
    close: Option<Price>,
}

/// Days of one share that follows one of three factors, up or down, and its own mood; one in `rarity` is late,
/// has holes, or stands still for good.
fn share(draws: &mut Draws, factors: &[[f64; 3]], rarity: usize) -> Vec<Day> {
    let sessions = factors.len();
    let (factor, loading, mood) = (draws.below(3), 1.5 * draws.signed(), 0.012 * draws.signed());
    let mut some_session = |kinds| {
        let is_one = draws.below(rarity) == 0 && draws.below(kinds) == 0;
        is_one.then(|| draws.below(sessions))
    };
    let (listed, gap, holes) = (some_session(3).unwrap_or(0), some_session(2), some_session(8).is_some());
    let flat = some_session(6).unwrap_or(sessions)..;
    let split_at = if draws.below(2) == 0 { draws.below(sessions) } else { sessions };
    let ratio: Ratio = ["2", "3", "0.05", "1.0027"][draws.below(4)].parse().unwrap();
    let mut price = 5.0 + 400.0 * draws.signed().abs();
    let day = |(session, moves): (usize, &[f64; 3])| {
        let split = (session == split_at).then_some(ratio);
        price /= split.map_or(1.0, Ratio::to_f64);
        let value = loading * moves[factor] + mood * draws.signed();
        price *= 1.0 + if flat.contains(&session) { 0.0 } else { value };
        let is_missing = session < listed || gap == Some(session) || (holes && draws.below(8) == 0);
        Day { split, close: (!is_missing).then(|| Price::from_f64(price).unwrap()) }
    };
    factors.iter().enumerate().map(day).collect()
}

fn shares(draws: &mut Draws, symbols: usize, sessions: usize) -> Vec<Vec<Day>> {
    let factors: Vec<[f64; 3]> = (0..sessions).map(|_| [(); 3].map(|()| 0.01 * draws.signed())).collect();
    // One share that is unknown joins all the others: worlds with many groups have few of them.
    let rarity = [1, 6, 1_000][draws.below(3)];
    (0..symbols).map(|_| share(draws, &factors, rarity)).collect()
}

/// Closes session number `session` of `shares`.
fn close(correlations: &mut Correlations, shares: &[Vec<Day>], session: usize) {
    for (symbol, share) in shares.iter().enumerate() {
        if let Some(ratio) = share[session].split {
            correlations.split(SymbolIndex(symbol as u16), ratio);
        }
    }
    correlations.close_session(shares.iter().map(|share| share[session].close));
}

/// The last sixty returns of a share whose last session is `last`, `None` unless all of them are there.
fn returns(share: &[Day], last: usize) -> Option<Vec<f64>> {
    let adjusted = |session: usize| {
        let later = share[session + 1..=last].iter().filter_map(|day| day.split);
        share[session].close.map(|close| close.to_f64() / later.map(Ratio::to_f64).product::<f64>())
    };
    let first = (last + 1).checked_sub(SESSIONS)?;
    (first..=last).map(|session| Some(adjusted(session)? / adjusted(session.checked_sub(1)?)? - 1.0)).collect()
}

/// From the textbook: covariance ÷ both deviations.
fn are_correlated(a: &Option<Vec<f64>>, b: &Option<Vec<f64>>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return true };
    let count = SESSIONS as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let deviation = |values: &[f64], mean: f64| {
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt()
    };
    let (deviation_a, deviation_b) = (deviation(a, mean_a), deviation(b, mean_b));
    if deviation_a < 1e-9 || deviation_b < 1e-9 {
        return true;
    }
    let products = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b));
    let rho = products.sum::<f64>() / (count - 1.0) / (deviation_a * deviation_b);
    rho.abs() >= 0.7 - 1e-9
}

fn matrix(shares: &[Vec<Day>], last: usize) -> Vec<Vec<bool>> {
    let returns: Vec<_> = shares.iter().map(|share| returns(share, last)).collect();
    let row = |a| returns.iter().map(|b| are_correlated(a, b)).collect();
    returns.iter().map(row).collect()
}

/// The group of `symbol` by union-find over everything exposed.
fn group(matrix: &[Vec<bool>], symbol: SymbolIndex, exposed: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut members = exposed.clone();
    members.insert(symbol.get());
    let mut parents: Vec<usize> = (0..matrix.len()).collect();
    fn root(parents: &[usize], mut symbol: usize) -> usize {
        while parents[symbol] != symbol {
            symbol = parents[symbol];
        }
        symbol
    }
    for (&a, &b) in members.iter().flat_map(|a| members.iter().map(move |b| (a, b))) {
        if matrix[a][b] {
            let (a, b) = (root(&parents, a), root(&parents, b));
            parents[a] = b;
        }
    }
    members.into_iter().filter(|member| root(&parents, *member) == root(&parents, symbol.get())).collect()
}

fn found(correlations: &Correlations, symbol: SymbolIndex, exposed: &BTreeSet<usize>, symbols: usize) -> Vec<usize> {
    let mut set = SymbolSet::new(symbols);
    exposed.iter().for_each(|symbol| set.insert(SymbolIndex(*symbol as u16)));
    let mut members = Vec::new();
    let count = correlations.group(symbol, &set, |member| members.push(member.get()));
    assert_eq!(count, members.len());
    members.sort_unstable();
    members
}

/// Which questions a run of cases met, so that a law does not hold for want of cases.
#[derive(Default)]
struct Met {
    single: usize,
    several: usize,
    apart: usize,
    known: usize,
}

fn equals_the_model(seed: u64, symbols: usize, sessions: usize, met: &mut Met) {
    let mut draws = Draws::new(seed);
    let shares = shares(&mut draws, symbols, sessions);
    let mut correlations = Correlations::new(symbols);
    for session in 0..sessions {
        close(&mut correlations, &shares, session);
        if draws.below(8) != 0 {
            continue;
        }
        let matrix = matrix(&shares, session);
        met.known += matrix.iter().filter(|row| row.contains(&false)).count();
        for _ in 0..1 + draws.below(6) {
            let (symbol, other, exposed) = (draws.symbol(symbols), draws.symbol(symbols), draws.set(symbols));
            let wanted = group(&matrix, symbol, &exposed);
            let found = found(&correlations, symbol, &exposed, symbols);
            assert_eq!(found, Vec::from_iter(wanted.iter().copied()), "{symbol:?} at {session} among {exposed:?}");
            assert_eq!(
                correlations.are_correlated(symbol, other),
                symbol == other || matrix[symbol.get()][other.get()]
            );
            met.single += usize::from(wanted.len() == 1 && !exposed.is_empty());
            met.several += usize::from(wanted.len() > 1);
            met.apart += usize::from(wanted.len() > 1 && exposed.difference(&wanted).next().is_some());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What is worked out when asked and kept until the next session equals what is worked out anew: nothing
    /// stale is ever answered.
    #[test]
    fn groups_are_those_of_the_model(seed: u64, symbols in 1usize..12, sessions in 1usize..260) {
        equals_the_model(seed, symbols, sessions, &mut Met::default());
    }

    /// The order of the symbols does not matter, nor the order of the questions.
    #[test]
    fn groups_do_not_depend_on_order(seed: u64, symbols in 2usize..80, sessions in 55usize..130) {
        let mut draws = Draws::new(seed);
        let shares = shares(&mut draws, symbols, sessions);
        let order = draws.shuffled(symbols);
        let place = |symbol: usize| order.iter().position(|other| *other == symbol).unwrap();
        let shuffled: Vec<Vec<Day>> = order.iter().map(|symbol| shares[*symbol].clone()).collect();
        let (mut plain, mut other) = (Correlations::new(symbols), Correlations::new(symbols));
        for session in 0..sessions {
            close(&mut plain, &shares, session);
            close(&mut other, &shuffled, session);
            if session % 16 == 1 {
                // One of the two has been asked before, about others.
                found(&other, draws.symbol(symbols), &draws.set(symbols), symbols);
            }
        }
        for _ in 0..4 {
            found(&other, draws.symbol(symbols), &draws.set(symbols), symbols);
            let (symbol, exposed) = (draws.symbol(symbols), draws.set(symbols));
            let here = found(&plain, symbol, &exposed, symbols);
            let there_exposed = exposed.iter().map(|symbol| place(*symbol)).collect();
            let there = found(&other, SymbolIndex(place(symbol.get()) as u16), &there_exposed, symbols);
            let mut there: Vec<usize> = there.into_iter().map(|place| order[place]).collect();
            there.sort_unstable();
            prop_assert_eq!(&here, &there);
            // A group is the same from each of its members, all of them exposed.
            let exposed = exposed.into_iter().chain([symbol.get()]).collect();
            for member in &here {
                prop_assert_eq!(&found(&plain, SymbolIndex(*member as u16), &exposed, symbols), &here);
            }
        }
    }
}

/// The model over more symbols than a word has bits, and over enough cases to meet every kind of answer.
#[test]
fn groups_are_those_of_the_model_over_many_symbols() {
    let mut met = Met::default();
    for seed in 0..6 {
        equals_the_model(seed, 40 + 25 * seed as usize, 150, &mut met);
    }
    for seed in 100..150 {
        equals_the_model(seed, 6, 200, &mut met);
    }
    let Met { single, several, apart, known } = met;
    assert!(single > 50 && several > 500 && apart > 200 && known > 2_000, "{single}, {several}, {apart}, {known}");
}
