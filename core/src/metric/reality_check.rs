//! White's reality check and Hansen's test for superior predictive ability: the best of all trials against luck.
//!
//! Not here: running the trials; they come as returns, or as sums of returns over blocks of sessions.
//! Invariants: (1) every trial meets the same resamples, so what they have in common stays in common; (2) trials are
//! compared by maxima only, so the order in which they are added, and on which threads, changes no bit.
//!
//! # What is tested
//!
//! The hypothesis is that no trial earns more than the benchmark, however many were tried. With m the mean of a trial's
//! excess returns over n sessions and m* that of a resample, White's statistic is the largest √n m of all trials and its
//! luck the largest √n (m* − m); Hansen's divides by the trial's deviation, so that a wild trial does not hide a steady
//! one, and stops counting a trial as a rival where it is so far below zero that luck does not explain it.
//!
//! # Returns or sums
//!
//! Resamples are strings of blocks of days, to keep what days have to do with each other. [`reality_check`] starts a
//! block on any session (the stationary bootstrap); [`RealityCheck`] is fed with sums over blocks whose places are
//! fixed, and strings whole ones together. With blocks of one session the two are the same. Longer blocks make it coarser, not biased:
//! fewer and fixed starts, so the p-value of the same data moves by about the error of resampling. Sixty blocks are
//! plenty; a trial then costs 60 × 1,000 multiplications and no memory at all.
use super::block_sums::{BlockSum, BlockSums, total};
use super::bootstrap::{Blocks, SESSIONS_MIN, mean_block_length};
use super::check::finite;
use super::moments::varying;
use super::{MetricError, RESAMPLES};

/// Fewest blocks that can be strung together in another way often enough to show what luck is.
pub const RESAMPLED_BLOCKS_MIN: usize = 10;

/// Resamples: at least a hundred to tell 5 % from 1 %, at most what 20 MB of weights hold for 250 blocks.
const RESAMPLES_RANGE: std::ops::RangeInclusive<usize> = 100..=10_000;

/// The resamples that every trial is measured on: how often each block was drawn.
#[derive(Debug, Clone)]
pub struct Resamples {
    lengths: Vec<usize>,
    sessions: usize,
    count: usize,
    seed: u64,
    /// For each block a row of one weight a resample: times drawn ÷ sessions drawn, so that Σ weight × sum is a mean.
    weights: Vec<f64>,
}

impl Resamples {
    /// Draws `count` resamples of blocks of `lengths` sessions, as [`BlockSums::lengths`] gives them.
    ///
    /// A resample strings together runs of neighbouring blocks that start anywhere and wrap around the end; their
    /// length is geometric with a mean of [`mean_block_length`] sessions, at least one block. `seed`: of the draws.
    /// `count`: 100 to 10,000; [`RESAMPLES`] is a good number.
    /// Errors: [`MetricError::TooShort`] under [`SESSIONS_MIN`] sessions; [`MetricError::OutOfRange`] under
    /// [`RESAMPLED_BLOCKS_MIN`] blocks, for an empty block and for `count`.
    /// Source: Politis & Romano (1994), "The Stationary Bootstrap", J. of the American Statistical Association 89(428);
    /// for blocks of fixed places Carlstein (1986), Annals of Statistics 14(3).
    pub fn draw(lengths: &[usize], count: usize, seed: u64) -> Result<Resamples, MetricError> {
        let (blocks, sessions) = (lengths.len(), lengths.iter().sum::<usize>());
        if sessions < SESSIONS_MIN {
            return Err(MetricError::TooShort { need: SESSIONS_MIN, have: sessions });
        }
        if blocks < RESAMPLED_BLOCKS_MIN {
            let valid = "at least 10 to be resampled";
            return Err(MetricError::OutOfRange { name: "the number of blocks", value: blocks as f64, valid });
        }
        if lengths.contains(&0) {
            return Err(MetricError::OutOfRange { name: "a block's length", value: 0.0, valid: "at least 1 session" });
        }
        if !RESAMPLES_RANGE.contains(&count) {
            let valid = "from 100 to 10,000";
            return Err(MetricError::OutOfRange { name: "the number of resamples", value: count as f64, valid });
        }
        let mean_run = (mean_block_length(sessions) * blocks as f64 / sessions as f64).max(1.0);
        let mut draws = Blocks::new(blocks, mean_run, seed);
        let mut weights = vec![0.0; blocks * count];
        for resample in 0..count {
            let (mut left, mut drawn) = (blocks, 0);
            while left > 0 {
                let (start, length) = draws.draw();
                let length = length.min(left);
                left -= length;
                for block in (start..start + length).map(|block| block % blocks) {
                    weights[block * count + resample] += 1.0;
                    drawn += lengths[block];
                }
            }
            weights.iter_mut().skip(resample).step_by(count).for_each(|weight| *weight /= drawn as f64);
        }
        Ok(Resamples { lengths: lengths.to_vec(), sessions, count, seed, weights })
    }

    /// Writes the mean return of every resample of a trial into `means`.
    fn means(&self, sums: &[BlockSum], means: &mut [f64]) {
        means.fill(0.0);
        for (row, block) in self.weights.chunks_exact(self.count).zip(sums) {
            for (mean, weight) in means.iter_mut().zip(row) {
                *mean += weight * block.sum;
            }
        }
    }
}

/// What the tests say: the smaller, the harder the best trial is to explain by luck. None is ever 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LuckPValues {
    /// White's reality check.
    pub reality_check: f64,
    /// Hansen's test, consistent: what to go by.
    pub spa: f64,
    /// Its lower bound: trials with a mean below zero are no rivals at all.
    pub spa_lower: f64,
    /// Its upper bound: every trial is a rival, as if its true mean were zero.
    pub spa_upper: f64,
}

/// The tests at work: takes one trial after another, keeps maxima.
///
/// Several may be filled side by side on the same [`Resamples`] and [merged](RealityCheck::merge).
#[derive(Debug, Clone)]
pub struct RealityCheck<'a> {
    resamples: &'a Resamples,
    moving: usize,
    /// Largest √n m.
    best_mean: f64,
    /// Largest √n m ÷ deviation, and 0.
    best_ratio: f64,
    /// The same of each resample, by test.
    luck: [Vec<f64>; 4],
    means: Vec<f64>,
}

/// Places in `luck`.
const WHITE: usize = 0;
const LOWER: usize = 1;
const CONSISTENT: usize = 2;
const UPPER: usize = 3;

impl<'a> RealityCheck<'a> {
    /// No trial yet.
    pub fn new(resamples: &'a Resamples) -> RealityCheck<'a> {
        let row = |start: f64| vec![start; resamples.count];
        let luck = [row(f64::NEG_INFINITY), row(0.0), row(0.0), row(0.0)];
        let means = row(0.0);
        RealityCheck { resamples, moving: 0, best_mean: f64::NEG_INFINITY, best_ratio: 0.0, luck, means }
    }

    /// Adds a trial by the sums of its excess returns over the blocks; one that never moved changes nothing.
    ///
    /// Hansen's statistic is divided by the deviation of the single returns: any scale serves as long as the resamples
    /// are divided by the same, and a long-run deviation out of a few dozen blocks would be so uncertain that the
    /// largest of many ratios were an artefact of it.
    /// Errors: [`MetricError::LengthMismatch`] unless one sum a block; [`MetricError::ZeroVariance`] for the same gain
    /// every day; [`MetricError::Overflow`].
    pub fn add(&mut self, sums: &[BlockSum]) -> Result<(), MetricError> {
        let Resamples { lengths, sessions, .. } = self.resamples;
        if sums.len() != lengths.len() {
            return Err(MetricError::LengthMismatch { left: lengths.len(), right: sums.len() });
        }
        let n = *sessions as f64;
        let (mean, deviations) = total(sums).spread(*sessions);
        let deviation = match varying((deviations / (n - 1.0)).sqrt()) {
            Err(MetricError::ZeroVariance) if mean == 0.0 => return Ok(()),
            other => other?,
        };
        let root = n.sqrt();
        let ratio = finite(root * mean / deviation)?;
        self.resamples.means(sums, &mut self.means);
        finite(self.means.iter().sum())?;
        self.moving += 1;
        self.best_mean = self.best_mean.max(root * mean);
        self.best_ratio = self.best_ratio.max(ratio);
        // Hansen's threshold, by the law of the iterated logarithm: farther below zero than luck goes.
        let is_hopeless = ratio <= -(2.0 * n.ln().ln()).sqrt();
        let pull = [ratio.min(0.0), if is_hopeless { ratio } else { 0.0 }];
        let [white, lower, consistent, upper] = &mut self.luck;
        let rows = white.iter_mut().zip(lower).zip(consistent).zip(upper);
        for ((((white, lower), consistent), upper), resampled) in rows.zip(&self.means) {
            let luck = root * (resampled - mean);
            let scaled = luck / deviation;
            *white = white.max(luck);
            *lower = lower.max(scaled + pull[0]);
            *consistent = consistent.max(scaled + pull[1]);
            *upper = upper.max(scaled);
        }
        Ok(())
    }

    /// Takes in what `other` has seen.
    ///
    /// Errors: [`MetricError::OtherResamples`] unless both stand on the same blocks, number of resamples and seed.
    pub fn merge(&mut self, other: &RealityCheck<'_>) -> Result<(), MetricError> {
        let same = |of: &Resamples| (of.seed, of.count, of.lengths == self.resamples.lengths);
        if same(other.resamples) != (self.resamples.seed, self.resamples.count, true) {
            return Err(MetricError::OtherResamples);
        }
        self.moving += other.moving;
        self.best_mean = self.best_mean.max(other.best_mean);
        self.best_ratio = self.best_ratio.max(other.best_ratio);
        for (own, theirs) in self.luck.iter_mut().flatten().zip(other.luck.iter().flatten()) {
            *own = own.max(*theirs);
        }
        Ok(())
    }

    /// The p-values: (1 + resamples whose luck reaches the best) ÷ (1 + resamples).
    ///
    /// Errors: [`MetricError::ZeroVariance`] if no trial moved.
    /// Source: White (2000), "A Reality Check for Data Snooping", Econometrica 68(5); Hansen (2005), "A Test for
    /// Superior Predictive Ability", J. of Business & Economic Statistics 23(4). Counting the observed one among the
    /// resamples: Davison & Hinkley (1997), "Bootstrap Methods and their Application", eq. 4.11.
    pub fn p_values(&self) -> Result<LuckPValues, MetricError> {
        if self.moving == 0 {
            return Err(MetricError::ZeroVariance);
        }
        let share = |test: usize, best: f64| {
            let reached = self.luck[test].iter().filter(|luck| **luck >= best).count();
            (1 + reached) as f64 / (1 + self.resamples.count) as f64
        };
        Ok(LuckPValues {
            reality_check: share(WHITE, self.best_mean),
            spa: share(CONSISTENT, self.best_ratio),
            spa_lower: share(LOWER, self.best_ratio),
            spa_upper: share(UPPER, self.best_ratio),
        })
    }
}

/// Both tests of `trials`, one series of returns each, against a benchmark of zero or the returns of `benchmark`.
///
/// Resamples start a block on any session; costs trials × sessions × [`RESAMPLES`] multiplications and 8 KB a session.
/// `seed`: of the draws.
/// Errors: [`MetricError::TooFewTrials`] without a trial; [`MetricError::LengthMismatch`];
/// [`MetricError::NotFinite`]; and as [`Resamples::draw`], [`RealityCheck::add`], [`RealityCheck::p_values`].
pub fn reality_check(trials: &[Vec<f64>], benchmark: Option<&[f64]>, seed: u64) -> Result<LuckPValues, MetricError> {
    let Some(first) = trials.first() else { return Err(MetricError::TooFewTrials { need: 1, have: 0 }) };
    let sessions = first.len();
    let single = BlockSums::new(sessions, sessions.max(1))
        .map_err(|_| MetricError::TooShort { need: SESSIONS_MIN, have: sessions })?;
    let resamples = Resamples::draw(single.lengths(), RESAMPLES, seed)?;
    let mut check = RealityCheck::new(&resamples);
    for trial in trials {
        check.add(&single.sum_up(&excess(trial, benchmark)?)?)?;
    }
    check.p_values()
}

/// Both tests of trials of which only sums over blocks are left, against a benchmark of zero (or, where the sums are of
/// returns less a benchmark's, against that). `seed`: of the draws.
///
/// Errors: [`MetricError::TooFewTrials`] without a trial; and as [`Resamples::draw`], [`RealityCheck::add`],
/// [`RealityCheck::p_values`].
pub fn reality_check_of_blocks(trials: &BlockSums, seed: u64) -> Result<LuckPValues, MetricError> {
    if trials.trials() == 0 {
        return Err(MetricError::TooFewTrials { need: 1, have: 0 });
    }
    let resamples = Resamples::draw(trials.lengths(), RESAMPLES, seed)?;
    let mut check = RealityCheck::new(&resamples);
    trials.iter().try_for_each(|trial| check.add(trial))?;
    check.p_values()
}

/// Returns less those of the benchmark.
fn excess(trial: &[f64], benchmark: Option<&[f64]>) -> Result<Vec<f64>, MetricError> {
    let Some(benchmark) = benchmark else { return Ok(trial.to_vec()) };
    if benchmark.len() != trial.len() {
        return Err(MetricError::LengthMismatch { left: trial.len(), right: benchmark.len() });
    }
    Ok(trial.iter().zip(benchmark).map(|(own, theirs)| own - theirs).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::{Rng, SeedableRng};

    /// `count` trials of independent days: uniform, deviation 1 %, mean `edge`.
    fn worlds(count: usize, sessions: usize, edge: f64, seed: u64) -> Vec<Vec<f64>> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut day = || ((random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5) * 0.12_f64.sqrt() * 0.1 + edge;
        (0..count).map(|_| (0..sessions).map(|_| day()).collect()).collect()
    }

    fn blocks_of(trials: &[Vec<f64>], blocks: usize) -> BlockSums {
        let mut sums = BlockSums::new(trials[0].len(), blocks).expect("blocks");
        trials.iter().for_each(|trial| sums.add_returns(trial).expect("added"));
        sums
    }

    /// One trial: the bootstrap's answer is the one-sided test of a mean, Φ(−t).
    #[test]
    fn of_one_trial_it_is_the_test_of_a_mean() {
        let trials = worlds(1, 500, 0.0005, 4);
        let t = crate::metric::sharpe_per_day(&trials[0]).expect("defined") * 500.0_f64.sqrt();
        let p = reality_check(&trials, None, 1).expect("defined");
        let normal = crate::metric::normal::normal_cdf(-t);
        // Two errors of 1,000 resamples, and what the resamples know of the deviation.
        assert!((p.reality_check - normal).abs() < 0.04, "{p:?} and {normal}");
        assert_eq!((p.spa, p.spa_upper), (p.reality_check, p.reality_check));
    }

    #[test]
    fn blocks_agree_with_returns_within_the_error_of_resampling() {
        for seed in 0..6 {
            let mut trials = worlds(12, 300, 0.0, seed);
            trials[3].iter_mut().for_each(|value| *value += 0.0006);
            let whole = reality_check(&trials, None, 1).expect("defined");
            let single = reality_check_of_blocks(&blocks_of(&trials, 300), 1).expect("defined");
            assert_eq!(single, whole, "blocks of one session are the returns");
            for blocks in [60, 43] {
                let coarse = reality_check_of_blocks(&blocks_of(&trials, blocks), 2).expect("defined");
                let pairs = [(whole.reality_check, coarse.reality_check), (whole.spa, coarse.spa)];
                for (fine, coarse) in pairs {
                    // The resampling error of two estimates of p by 1,000 draws is 0.022 at most; four of it.
                    assert!((fine - coarse).abs() < 0.09, "{fine} and {coarse}, {blocks} blocks, seed {seed}");
                }
            }
        }
    }

    #[test]
    fn an_edge_is_seen_and_losers_do_not_hide_it() {
        let mut trials = worlds(20, 400, 0.0, 3);
        trials[7].iter_mut().for_each(|value| *value += 0.003);
        let alone = reality_check(&trials, None, 1).expect("defined");
        assert!(alone.spa < 0.01 && alone.reality_check < 0.01, "{alone:?}");
        // Ten wild losers: White's test drowns in their noise, Hansen's does not.
        let losers = worlds(10, 400, -0.01, 5);
        trials.extend(losers.into_iter().map(|trial| trial.into_iter().map(|value| value * 20.0).collect()));
        let among = reality_check(&trials, None, 1).expect("defined");
        assert!(among.spa < 0.01 && among.reality_check > 0.2, "{among:?}");
    }

    #[test]
    fn the_bounds_lie_around_the_consistent_value() {
        let mut trials = worlds(15, 250, 0.0, 8);
        trials.extend(worlds(15, 250, -0.004, 9));
        let p = reality_check(&trials, None, 1).expect("defined");
        assert!(p.spa_lower <= p.spa && p.spa <= p.spa_upper && p.spa_lower < p.spa_upper, "{p:?}");
    }

    #[test]
    fn against_a_benchmark_and_against_nothing() {
        let benchmark = worlds(1, 300, 0.003, 1).remove(0);
        let trials: Vec<Vec<f64>> = worlds(5, 300, 0.0, 2)
            .into_iter()
            .map(|trial| trial.iter().zip(&benchmark).map(|(own, market)| own * 0.5 + market).collect())
            .collect();
        let alone = reality_check(&trials, None, 1).expect("defined");
        let beside = reality_check(&trials, Some(&benchmark), 1).expect("defined");
        assert!(alone.spa < 0.01 && beside.spa > 0.1, "{alone:?} {beside:?}");
    }

    #[test]
    fn halves_on_two_threads_are_the_whole() {
        let sums = blocks_of(&worlds(30, 300, 0.0, 6), 60);
        let resamples = Resamples::draw(sums.lengths(), 500, 1).expect("drawn");
        let filled = |from: usize, to: usize| {
            let mut check = RealityCheck::new(&resamples);
            sums.iter().skip(from).take(to - from).for_each(|trial| check.add(trial).expect("added"));
            check
        };
        let mut late = filled(13, 30);
        late.merge(&filled(0, 13)).expect("the same resamples");
        assert_eq!(late.p_values(), filled(0, 30).p_values());
        for (blocks, count, seed) in [(60, 500, 2), (60, 400, 1), (50, 500, 1)] {
            let cut = BlockSums::new(300, blocks).expect("blocks");
            let other = Resamples::draw(cut.lengths(), count, seed).expect("drawn");
            assert_eq!(late.merge(&RealityCheck::new(&other)), Err(MetricError::OtherResamples));
        }
    }

    #[test]
    fn still_trials_say_nothing_and_losers_are_no_surprise() {
        let still = vec![vec![0.0; 40]; 3];
        assert_eq!(reality_check(&still, None, 1), Err(MetricError::ZeroVariance));
        let losers = worlds(4, 40, -0.02, 1);
        let alone = reality_check(&losers, None, 1).expect("defined");
        assert_eq!((alone.spa, alone.spa_lower, alone.spa_upper), (1.0, 1.0, 1.0));
        let with_still = [losers, still].concat();
        assert_eq!(reality_check(&with_still, None, 1), Ok(alone));
    }

    #[test]
    fn refusals() {
        assert_eq!(reality_check(&[], None, 1), Err(MetricError::TooFewTrials { need: 1, have: 0 }));
        for have in [0, 19] {
            let short = reality_check(&[vec![0.1; have]], None, 1);
            assert_eq!(short, Err(MetricError::TooShort { need: 20, have }));
        }
        let trials = worlds(2, 30, 0.0, 1);
        let mismatch = Err(MetricError::LengthMismatch { left: 30, right: 29 });
        assert_eq!(reality_check(&trials, Some(&trials[0][..29]), 1), mismatch);
        assert_eq!(reality_check(&[vec![0.01; 30]], None, 1), Err(MetricError::ZeroVariance));
        for (lengths, count) in [(vec![10; 9], 500), (vec![3; 10], 99), (vec![3; 10], 10_001)] {
            assert!(matches!(Resamples::draw(&lengths, count, 1), Err(MetricError::OutOfRange { .. })));
        }
        let empty = [vec![0], vec![3; 10]].concat();
        assert!(matches!(Resamples::draw(&empty, 500, 1), Err(MetricError::OutOfRange { .. })));
        let resamples = Resamples::draw(&[3; 10], 100, 1).expect("drawn");
        let mut check = RealityCheck::new(&resamples);
        assert_eq!(check.add(&[]), Err(MetricError::LengthMismatch { left: 10, right: 0 }));
        let huge = BlockSum { sum: 1e300, squares: f64::MAX };
        assert!(check.add(&[huge; 10]).is_err());
        assert_eq!(
            reality_check_of_blocks(&BlockSums::new(40, 10).expect("blocks"), 1),
            Err(MetricError::TooFewTrials { need: 1, have: 0 })
        );
    }
}
