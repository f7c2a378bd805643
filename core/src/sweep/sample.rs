//! Which combinations of values run: all that `where` allows, or a seeded sample of them.
//!
//! Not here: the values (`axis`), the conditions' meaning (`condition`).
//! Invariants: no run twice; every one fulfils `where`; the same scenario gives the same list on any machine.
//! A full grid is in the order of the axes, the last the fastest; a sample in the order it was drawn, so that a sweep
//! stopped early is a smaller sample.
use std::collections::HashSet;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::axis::Axis;
use super::condition::Conditions;
use super::moot::Moot;
use super::propose::STARTUP;
use super::sobol::Sobol;
use crate::scenario::spec::{SampleMethod, SampleSpec};
use crate::scenario::{Diagnostic, Diagnostics, LoadedScenario};

/// Most runs of a sweep: a million rows are what one table and one machine still hold, and a sample of them says as
/// much about a grid as all of it.
pub const RUNS_MAX: usize = 1_000_000;

/// Most combinations that `where` is asked about: ten million take seconds.
pub(super) const EXAMINED_MAX: u32 = 10_000_000;

/// Tells the draws of a sample from others with the scenario's seed.
const STREAM: u64 = 0x7377_6565_7073_616d; // "sweepsam"

/// Chosen combinations, each the index of a value per axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Points {
    axes: usize,
    count: usize,
    /// One after another, without a gap: a million small vectors would cost more than what they hold.
    indices: Vec<u16>,
}

impl Points {
    fn empty(axes: usize) -> Points {
        Points { axes, count: 0, indices: Vec::new() }
    }

    pub(super) fn push(&mut self, point: &[u16]) {
        self.count += 1;
        self.indices.extend_from_slice(point);
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The point at this position, below [`Self::len`].
    pub(super) fn get(&self, position: usize) -> &[u16] {
        assert!(position < self.count, "run {position} of {}", self.count);
        &self.indices[position * self.axes..][..self.axes]
    }
}

/// All combinations there are and what is asked of them.
pub(super) struct Grid<'a> {
    pub(super) loaded: &'a LoadedScenario,
    pub(super) axes: &'a [Axis],
    pub(super) conditions: &'a Conditions,
    pub(super) moot: &'a Moot,
}

impl Grid<'_> {
    /// The number of combinations before `where`; stops at the largest number there is.
    pub(super) fn combinations(&self) -> u128 {
        self.axes.iter().fold(1, |product, axis| product.saturating_mul(axis.values().len() as u128))
    }

    /// The combinations that run.
    ///
    /// Errors: more than [`RUNS_MAX`]; more than `where` can be asked about; none left; a sample that was not found.
    pub(super) fn points(&self) -> Result<Points, Diagnostics> {
        let points = match self.loaded.spec.sweep.as_ref().and_then(|sweep| sweep.sample) {
            None => self.every()?,
            Some(sample) => self.sampled(sample)?,
        };
        if points.len() == 0 {
            let what = format!("sweep.where leaves none of {} combinations", self.combinations());
            return Err(self
                .loaded
                .diagnostic("sweep.where", what)
                .note("loosen a condition, or widen the values")
                .into());
        }
        Ok(points)
    }

    fn every(&self) -> Result<Points, Box<Diagnostic>> {
        let total = self.combinations();
        if self.conditions.is_empty() && self.moot.is_empty() && total > RUNS_MAX as u128 {
            return Err(self.too_many(total));
        }
        let numbers = self.allowed()?;
        if numbers.len() > RUNS_MAX {
            return Err(self.too_many(numbers.len() as u128));
        }
        Ok(self.at(&numbers))
    }

    fn too_many(&self, runs: u128) -> Box<Diagnostic> {
        let what = format!("the sweep has {runs} runs, allowed is {RUNS_MAX}");
        let remedy = "draw some of them with sample = 500, or take wider steps";
        Box::new(self.loaded.diagnostic("sweep", what).note(remedy))
    }

    /// The numbers, in the order of the grid, of the combinations that `where` allows.
    pub(super) fn allowed(&self) -> Result<Vec<u32>, Box<Diagnostic>> {
        let total = self.combinations();
        let Some(total) = u32::try_from(total).ok().filter(|total| *total <= EXAMINED_MAX) else {
            let what = format!("the sweep would go through {total} combinations, allowed is {EXAMINED_MAX}");
            let remedy = "draw some of them with sample = 500, or take wider steps";
            return Err(Box::new(self.loaded.diagnostic("sweep", what).note(remedy)));
        };
        let mut point = vec![0; self.axes.len()];
        let mut allowed = Vec::new();
        for number in 0..total {
            self.fill(number, &mut point);
            if self.allows(&point)? {
                allowed.push(number);
            }
        }
        Ok(allowed)
    }

    /// May `point` run? Errors: a condition that cannot be computed there.
    pub(super) fn allows(&self, point: &[u16]) -> Result<bool, Box<Diagnostic>> {
        Ok(self.moot.is_first(point) && self.conditions.hold(point, self.loaded, self.axes)?)
    }

    /// The combination with this number in the order of the grid.
    pub(super) fn point(&self, number: u32) -> Box<[u16]> {
        let mut point = vec![0; self.axes.len()];
        self.fill(number, &mut point);
        point.into()
    }

    fn fill(&self, mut number: u32, point: &mut [u16]) {
        for (index, axis) in point.iter_mut().zip(self.axes).rev() {
            let values = axis.values().len() as u32;
            *index = (number % values) as u16;
            number /= values;
        }
    }

    fn number(&self, point: &[u16]) -> u32 {
        point
            .iter()
            .zip(self.axes)
            .fold(0, |number, (index, axis)| number * axis.values().len() as u32 + u32::from(*index))
    }

    fn at(&self, numbers: &[u32]) -> Points {
        let mut points = Points::empty(self.axes.len());
        let mut point = vec![0; self.axes.len()];
        for number in numbers {
            self.fill(*number, &mut point);
            points.push(&point);
        }
        points
    }

    fn sampled(&self, sample: SampleSpec) -> Result<Points, Box<Diagnostic>> {
        let random = Xoshiro256PlusPlus::seed_from_u64(self.loaded.spec.scenario.seed ^ STREAM);
        if self.combinations() > u128::from(EXAMINED_MAX) {
            return self.sampled_from_many(sample, random);
        }
        let mut allowed = self.allowed()?;
        let wanted = sample.count as usize;
        if allowed.len() <= wanted {
            return Ok(self.at(&allowed));
        }
        let wanted = known_at_once(sample);
        if matches!(sample.method, SampleMethod::Random | SampleMethod::Tpe) {
            let mut random = random;
            shuffle_front(&mut allowed, wanted, &mut random);
            return Ok(self.at(&allowed[..wanted]));
        }
        let mut draws = Draws::new(sample, self.axes, random);
        let mut points = self.drawn(&mut draws, wanted)?;
        if points.len() < wanted {
            // The method comes back to what it has drawn already; chance completes it.
            let taken: HashSet<u32> = (0..points.len()).map(|at| self.number(points.get(at))).collect();
            allowed.retain(|number| !taken.contains(number));
            let missing = wanted - points.len();
            shuffle_front(&mut allowed, missing, &mut draws.random);
            let rest = self.at(&allowed[..missing]);
            (0..missing).for_each(|at| points.push(rest.get(at)));
        }
        Ok(points)
    }

    fn sampled_from_many(&self, sample: SampleSpec, random: Xoshiro256PlusPlus) -> Result<Points, Box<Diagnostic>> {
        let wanted = known_at_once(sample);
        let mut draws = Draws::new(sample, self.axes, random);
        let points = self.drawn(&mut draws, wanted)?;
        if points.len() == wanted {
            return Ok(points);
        }
        Err(self.not_found(points.len(), wanted))
    }

    /// Chance has not found as many combinations as it should.
    pub(super) fn not_found(&self, found: usize, wanted: usize) -> Box<Diagnostic> {
        let what = format!(
            "sweep.sample found {found} of {wanted} combinations that sweep.where allows, in {EXAMINED_MAX} draws from {}",
            self.combinations()
        );
        Box::new(self.loaded.diagnostic("sweep.sample", what).note("narrow the values to where conditions hold"))
    }

    /// New and allowed draws until there are `wanted`, or until [`EXAMINED_MAX`] were made.
    fn drawn(&self, draws: &mut Draws, wanted: usize) -> Result<Points, Box<Diagnostic>> {
        let mut seen: HashSet<Box<[u16]>> = HashSet::new();
        let mut points = Points::empty(self.axes.len());
        let mut point = vec![0; self.axes.len()];
        for _ in 0..EXAMINED_MAX {
            if points.len() == wanted {
                break;
            }
            draws.next(&mut point);
            if !seen.contains(point.as_slice()) && self.allows(&point)? {
                seen.insert(point.clone().into());
                points.push(&point);
            }
        }
        Ok(points)
    }
}

/// Combinations of a sample that are known before the first run: of an optimiser's, those it begins with.
fn known_at_once(sample: SampleSpec) -> usize {
    let count = sample.count as usize;
    if sample.method == SampleMethod::Tpe { count.min(STARTUP) } else { count }
}

/// Puts a random choice of `count` items to the front, in random order.
fn shuffle_front<T>(items: &mut [T], count: usize, random: &mut Xoshiro256PlusPlus) {
    for at in 0..count.min(items.len()) {
        items.swap(at, at + below(random, (items.len() - at) as u64) as usize);
    }
}

/// A whole number below `end`; the bias is `end` ÷ 2^64.
pub(super) fn below(random: &mut Xoshiro256PlusPlus, end: u64) -> u64 {
    ((u128::from(random.next_u64()) * u128::from(end)) >> 64) as u64
}

/// Draws of combinations, without end.
pub(super) struct Draws {
    random: Xoshiro256PlusPlus,
    /// Values of each axis.
    values: Vec<u16>,
    method: Method,
}

enum Method {
    Random,
    /// For each axis the order in which its equal parts are drawn from; `next`: how many have been.
    Latin {
        orders: Vec<Vec<u32>>,
        next: usize,
    },
    Sobol(Sobol),
}

impl Draws {
    pub(super) fn new(sample: SampleSpec, axes: &[Axis], mut random: Xoshiro256PlusPlus) -> Draws {
        let values: Vec<u16> = axes.iter().map(|axis| axis.values().len() as u16).collect();
        let method = match sample.method {
            SampleMethod::Random | SampleMethod::Tpe => Method::Random,
            SampleMethod::LatinHypercube => {
                let parts: Vec<u32> = (0..sample.count).collect();
                Method::Latin { orders: vec![parts; axes.len()], next: sample.count as usize }
            }
            SampleMethod::Sobol => Method::Sobol(Sobol::shifted(axes.len(), &mut random)),
        };
        Draws { random, values, method }
    }

    /// The next draw, into `point`.
    pub(super) fn next(&mut self, point: &mut [u16]) {
        let Draws { random, values, method } = self;
        let slots = point.iter_mut().zip(values.iter());
        match method {
            Method::Random => slots.for_each(|(index, values)| *index = below(random, u64::from(*values)) as u16),
            Method::Sobol(sobol) => {
                for ((index, values), coordinate) in slots.zip(sobol.next()) {
                    *index = ((u64::from(coordinate) * u64::from(*values)) >> 32) as u16;
                }
            }
            Method::Latin { orders, next } => {
                let parts = orders.first().map_or(1, Vec::len);
                if *next == parts {
                    *next = 0;
                    orders.iter_mut().for_each(|order| shuffle_front(order, parts, random));
                }
                for ((index, values), order) in slots.zip(orders.iter()) {
                    // A random place within the part: (part + u) ÷ parts of the axis, u in 64 bits.
                    let place = u128::from(order[*next]) << 64 | u128::from(random.next_u64());
                    *index = ((place * u128::from(*values) / parts as u128) >> 64) as u16;
                }
                *next += 1;
            }
        }
    }
}
