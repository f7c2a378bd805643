//! Which combinations an optimiser tries next, from what the tries so far have made.
//!
//! Not here: the statistics (crate tpe: a tree-structured Parzen estimator, Bergstra et al. 2011, Algorithms for
//! Hyper-Parameter Optimization), making the runs (`optimise`).
//! Invariants: (1) a batch follows from the seed, its number and the values of all runs before it alone, so threads
//! and interruptions change nothing; (2) no combination twice; (3) every one fulfils `where`.
use std::collections::HashSet;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use tpe::density_estimation::DefaultEstimatorBuilder;
use tpe::{TpeOptimizer, categorical_range, histogram_estimator, parzen_estimator};

use super::axis::Axis;
use super::fraction::Fraction;
use super::sample::below;

/// Runs that are drawn at random before the first proposal: what they make is also the measure of luck.
pub(super) const STARTUP: usize = 32;
/// Runs proposed at once, side by side, from the same earlier ones: as many as usual machines have cores.
pub(super) const BATCH: usize = 16;
/// Most runs: what a proposal costs grows with their number.
pub(super) const TRIALS_MAX: usize = 10_000;
/// Proposals that were tried before or that `where` forbids, in a row, before chance helps out.
const ASKED_MAX: usize = 200;

/// Tells the draws of proposals from others with the scenario's seed.
const STREAM: u64 = 0x7072_6f70_6f73_6573; // "proposes"

/// What is known when a batch is proposed.
pub(super) struct Known<'a> {
    /// The swept keys.
    pub(super) axes: &'a [Axis],
    /// Every point so far, in the order of the plan, with the value to be maximised; `None`: it has none.
    pub(super) tried: &'a [(&'a [u16], Option<f64>)],
    /// The scenario's seed.
    pub(super) seed: u64,
}

impl Known<'_> {
    /// `count` more points, which `allows`, none of them tried before. Where the estimator keeps coming back to
    /// what it knows, `draw` gives some point.
    pub(super) fn propose<E>(
        &self,
        count: usize,
        mut allows: impl FnMut(&[u16]) -> Result<bool, E>,
        mut draw: impl FnMut(&mut Xoshiro256PlusPlus, &HashSet<Box<[u16]>>) -> Result<Box<[u16]>, E>,
    ) -> Result<Vec<Box<[u16]>>, E> {
        // Of its own for each batch: a batch does not depend on how often the ones before it have drawn.
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ STREAM ^ ((self.tried.len() as u64) << 32));
        let mut seen: HashSet<Box<[u16]>> = self.tried.iter().map(|(point, _)| Box::from(*point)).collect();
        let mut estimators: Vec<TpeOptimizer> = (0..self.axes.len()).map(|at| self.estimator(at)).collect();
        let mut points = Vec::with_capacity(count);
        while points.len() < count {
            let mut found = None;
            for _ in 0..ASKED_MAX {
                let point = self.asked(&mut estimators, &mut random);
                if !seen.contains(&point) && allows(&point)? {
                    found = Some(point);
                    break;
                }
            }
            let point = match found {
                Some(point) => point,
                None => draw(&mut random, &seen)?,
            };
            seen.insert(point.clone());
            points.push(point);
        }
        Ok(points)
    }

    /// What has been made along one axis. Values that are numbers have neighbours, words have not.
    fn estimator(&self, axis: usize) -> TpeOptimizer {
        let texts = self.axes[axis].texts();
        let is_ordered = texts.iter().all(|text| Fraction::parse(text).is_some());
        let kind: DefaultEstimatorBuilder = if is_ordered { parzen_estimator() } else { histogram_estimator() };
        let range = categorical_range(texts.len()).expect("an axis has a value");
        let mut estimator = TpeOptimizer::new(kind, range);
        for (point, value) in self.tried {
            // The middle of its place. It minimises, and a run without a value is worse than any.
            let (place, cost) = (f64::from(point[axis]) + 0.5, value.map_or(f64::INFINITY, |value| -value));
            estimator.tell(place, cost).expect("a place within the axis and no NaN");
        }
        estimator
    }

    fn asked(&self, estimators: &mut [TpeOptimizer], random: &mut Xoshiro256PlusPlus) -> Box<[u16]> {
        let asked = estimators.iter_mut().zip(self.axes).map(|(estimator, axis)| {
            let place = estimator.ask(random).unwrap_or_else(|never| match never {});
            (place as usize).min(axis.values().len() - 1) as u16
        });
        asked.collect()
    }
}

/// A point that is not in `seen`, by chance out of the places of `allowed`, at least one of which is not.
pub(super) fn unseen(
    allowed: usize,
    at: impl Fn(usize) -> Box<[u16]>,
    random: &mut Xoshiro256PlusPlus,
    seen: &HashSet<Box<[u16]>>,
) -> Option<Box<[u16]>> {
    let first = below(random, allowed as u64) as usize;
    (first..allowed).chain(0..first).map(at).find(|point| !seen.contains(point))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::sweep::axis::axes;
    use crate::sweep::testing::scenario;

    const SIDE: usize = 41;

    fn square() -> Vec<Axis> {
        let range = "{ from = 1, to = 41, step = 1 }";
        axes(&scenario(&format!("[sweep]\n\"stop.period\" = {range}\n\"stop.multiple\" = {range}\n"))).expect("axes")
    }

    /// A hill whose top, 0, is at 29 and 11.
    fn height(point: &[u16]) -> f64 {
        let (x, y) = (f64::from(point[0]) - 29.0, f64::from(point[1]) - 11.0);
        -(x * x + 2.0 * y * y)
    }

    fn by_chance(random: &mut Xoshiro256PlusPlus) -> Box<[u16]> {
        (0..2).map(|_| below(random, SIDE as u64) as u16).collect()
    }

    /// The tries it takes to come within one step of the top, of at most 400: by chance, or proposed.
    fn tries(seed: u64, proposes: bool) -> usize {
        let axes = square();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut points: Vec<Box<[u16]>> = Vec::new();
        while points.len() < 400 {
            let tried: Vec<(&[u16], Option<f64>)> =
                points.iter().map(|point| (&point[..], Some(height(point)))).collect();
            if let Some(at) = points.iter().position(|point| height(point) >= -3.0) {
                return at + 1;
            }
            if proposes && points.len() >= STARTUP {
                let known = Known { axes: &axes, tried: &tried, seed };
                let chance = |random: &mut Xoshiro256PlusPlus, _: &HashSet<Box<[u16]>>| Ok(by_chance(random));
                let batch = known.propose(BATCH, |_| Ok::<bool, Infallible>(true), chance);
                points.extend(batch.expect("never fails"));
            } else {
                points.push(by_chance(&mut random));
            }
        }
        400
    }

    #[test]
    fn it_finds_the_top_of_a_smooth_hill_faster_than_chance() {
        let all = |proposes: bool| (0..20).map(|seed| tries(seed, proposes)).collect::<Vec<usize>>();
        let (proposed, chance) = (all(true), all(false));
        let faster = proposed.iter().zip(&chance).filter(|(ours, theirs)| ours <= theirs).count();
        let (ours, theirs) = (proposed.iter().sum::<usize>(), chance.iter().sum::<usize>());
        assert!(ours * 2 < theirs, "{ours} tries against {theirs} over 20 seeds");
        assert!(faster >= 14, "faster in {faster} of 20");
    }

    #[test]
    fn a_batch_is_new_allowed_and_repeatable() {
        let axes = square();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let points: Vec<Box<[u16]>> = (0..60).map(|_| by_chance(&mut random)).collect();
        // Some runs have no value of the objective.
        let value = |point: &[u16]| (!point[0].is_multiple_of(5)).then(|| height(point));
        let tried: Vec<(&[u16], Option<f64>)> = points.iter().map(|point| (&point[..], value(point))).collect();
        let batch = |seed: u64| {
            let known = Known { axes: &axes, tried: &tried, seed };
            let allows = |point: &[u16]| Ok::<bool, Infallible>(point[0] > point[1]);
            known.propose(BATCH, allows, |_, _| unreachable!("room is left")).expect("never fails")
        };
        assert_eq!(batch(1), batch(1));
        assert_ne!(batch(1), batch(2));
        let mut all: HashSet<&[u16]> = points.iter().map(|point| &point[..]).collect();
        let known = all.len();
        let found = batch(1);
        all.extend(found.iter().map(|point| &point[..]));
        assert_eq!(all.len(), known + BATCH, "none twice, none tried before");
        assert!(found.iter().all(|point| point[0] > point[1]));
    }

    /// When nearly everything has been tried, the last ones are found all the same.
    #[test]
    fn the_last_points_are_found() {
        let axes = axes(&scenario(
            "[sweep]\n\"stop.period\" = [1, 2, 3, 4]\n\"stop.anchor\" = [\"fill\", \"signal_close\"]\n",
        ))
        .expect("axes");
        let all: Vec<Box<[u16]>> = (0..8u16).map(|number| Box::from([number / 2, number % 2])).collect();
        let tried: Vec<(&[u16], Option<f64>)> =
            all.iter().skip(2).map(|point| (&point[..], Some(f64::from(point[0])))).collect();
        let known = Known { axes: &axes, tried: &tried, seed: 1 };
        let draw = |random: &mut Xoshiro256PlusPlus, seen: &HashSet<Box<[u16]>>| {
            Ok::<Box<[u16]>, Infallible>(unseen(8, |at| all[at].clone(), random, seen).expect("one is left"))
        };
        let mut found = known.propose(2, |_| Ok(true), draw).expect("never fails");
        found.sort();
        assert_eq!(found, all[..2]);
        let every: HashSet<Box<[u16]>> = all.iter().cloned().collect();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        assert_eq!(unseen(8, |at| all[at].clone(), &mut random, &every), None);
    }
}
