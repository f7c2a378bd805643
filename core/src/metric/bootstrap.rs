//! 95 % intervals for the Sharpe ratio, CAGR and maximum drawdown, by the stationary block bootstrap.
//!
//! Not here: the point estimates; an interval answers "what else could this series have shown?".
//! Invariant: the same returns and seed give the same interval on every machine with the same floating arithmetic.
use super::check::{finite, require_a_day, require_compoundable};
use super::growth::DAYS_PER_YEAR;
use super::moments::{mean, varying};
use super::percentile::percentile_of_sorted;
use super::{MetricError, SESSIONS_PER_YEAR};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Resamples drawn: enough that the ends of the interval move by a few percent of its width from seed to seed.
pub const RESAMPLES: usize = 1_000;

/// Fewest sessions: under four blocks of five, a resample repeats the sample more than it varies it.
pub const SESSIONS_MIN: usize = 20;

/// Shortest mean block: a trading week keeps the day-to-day dependence that short samples show.
const MEAN_BLOCK_MIN: f64 = 5.0;

/// Share of resamples that must have a value, or the interval would describe the lucky ones only.
const DEFINED_MIN: f64 = 0.95;

/// Ends of the 95 % percentile interval.
const ENDS: (f64, f64) = (0.025, 0.975);

/// A 95 % interval: 2.5th and 97.5th percentile of the resamples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// The intervals of one series; each is undefined on its own account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intervals {
    /// Annualised Sharpe ratio.
    pub sharpe: Result<Interval, MetricError>,
    /// Growth a year over the same calendar time.
    pub cagr: Result<Interval, MetricError>,
    /// Deepest fall from a running peak, negative.
    pub max_drawdown: Result<Interval, MetricError>,
}

/// Mean length of a block, in sessions: n^(1/3) rounded, at least a week of five.
///
/// The cube root is the rate at which the best mean block grows with n: Politis & White (2004), "Automatic
/// Block-Length Selection for the Dependent Bootstrap", Econometric Reviews 23(1).
pub fn mean_block_length(sessions: usize) -> f64 {
    (sessions as f64).cbrt().round().max(MEAN_BLOCK_MIN)
}

/// 95 % intervals from [`RESAMPLES`] resamples of `returns`.
///
/// Each resample strings together blocks that start anywhere in the series, wrap around its end and have geometric
/// length of mean [`mean_block_length`]; runs of good and bad days stay together, so drawdowns keep their depth.
/// `returns`: fractions, oldest first, length ≥ [`SESSIONS_MIN`]. `calendar_days`: as `cagr` takes it. `seed`: of the draws, nothing else is random.
/// Errors: [`MetricError::TooShort`], [`MetricError::TotalLoss`], [`MetricError::NotFinite`]. Inside:
/// [`MetricError::SparseResamples`] when over 5 % of resamples have no Sharpe ratio; [`MetricError::NoTime`].
/// Source: Politis & Romano (1994), "The Stationary Bootstrap", J. of the American Statistical Association 89(428).
pub fn bootstrap_intervals(returns: &[f64], calendar_days: f64, seed: u64) -> Result<Intervals, MetricError> {
    require_compoundable(returns, SESSIONS_MIN)?;
    let days = prepare(returns);
    let center = mean(returns);
    let mut blocks = Blocks::new(returns.len(), mean_block_length(returns.len()), seed);
    let (mut sharpes, mut growths, mut falls) =
        (Vec::with_capacity(RESAMPLES), Vec::with_capacity(RESAMPLES), Vec::with_capacity(RESAMPLES));
    for _ in 0..RESAMPLES {
        let resample = resample(&days, &mut blocks);
        sharpes.extend(resample.sharpe(center, days.len()).ok());
        growths.push(resample.log_growth);
        falls.push(resample.log_fall.exp_m1());
    }
    Ok(Intervals { sharpe: interval(sharpes), cagr: yearly(growths, calendar_days), max_drawdown: interval(falls) })
}

/// One day, ready to be added up.
#[derive(Clone, Copy)]
struct Day {
    /// Return minus the mean of the whole series: keeps the sum of squares from cancelling.
    centered: f64,
    /// ln(1 + return).
    log_growth: f64,
}

fn prepare(returns: &[f64]) -> Vec<Day> {
    let center = mean(returns);
    returns.iter().map(|value| Day { centered: value - center, log_growth: value.ln_1p() }).collect()
}

/// The sums of one resample.
#[derive(Clone, Copy)]
struct Resample {
    sum: f64,
    squares: f64,
    log_growth: f64,
    log_peak: f64,
    /// Lowest ln(equity ÷ running peak).
    log_fall: f64,
}

impl Resample {
    fn add(self, day: Day) -> Self {
        let log_growth = self.log_growth + day.log_growth;
        let log_peak = self.log_peak.max(log_growth);
        Self {
            sum: self.sum + day.centered,
            squares: self.squares + day.centered * day.centered,
            log_growth,
            log_peak,
            log_fall: self.log_fall.min(log_growth - log_peak),
        }
    }

    /// Annualised Sharpe ratio of the resampled days, whose returns were centered by `center`.
    fn sharpe(&self, center: f64, sessions: usize) -> Result<f64, MetricError> {
        let n = sessions as f64;
        let shift = self.sum / n;
        let variance = (self.squares - shift * self.sum).max(0.0) / (n - 1.0);
        finite((center + shift) / varying(variance.sqrt())? * SESSIONS_PER_YEAR.sqrt())
    }
}

/// Adds up one resample in a single pass, without allocating.
fn resample(days: &[Day], blocks: &mut Blocks) -> Resample {
    let mut sums = Resample { sum: 0.0, squares: 0.0, log_growth: 0.0, log_peak: 0.0, log_fall: 0.0 };
    let mut left = days.len();
    while left > 0 {
        let (start, length) = blocks.draw();
        let length = length.min(left);
        left -= length;
        let straight = length.min(days.len() - start);
        sums = days[start..start + straight].iter().fold(sums, |sums, day| sums.add(*day));
        sums = days[..length - straight].iter().fold(sums, |sums, day| sums.add(*day));
    }
    sums
}

/// Draws blocks: a uniform start and a geometric length.
pub(super) struct Blocks {
    random: Xoshiro256PlusPlus,
    sessions: usize,
    /// ln of the chance that a block goes on for another day.
    log_stay: f64,
}

impl Blocks {
    /// Blocks of `mean_length` sessions on average, at least 1, out of `sessions`.
    pub(super) fn new(sessions: usize, mean_length: f64, seed: u64) -> Self {
        // A mean of one makes this −∞, and every block one session long.
        let log_stay = (1.0 - 1.0 / mean_length).ln();
        Self { random: Xoshiro256PlusPlus::seed_from_u64(seed), sessions, log_stay }
    }

    /// Start of a block, below the number of sessions, and its length, from 1 to that number.
    pub(super) fn draw(&mut self) -> (usize, usize) {
        // Multiply and shift maps 64 random bits to 0..n; its bias is n ÷ 2^64.
        let start = ((u128::from(self.random.next_u64()) * self.sessions as u128) >> 64) as usize;
        // 53 random bits in (0, 1]: the logarithm is finite, the length geometric from 1 on.
        let uniform = ((self.random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        let length = 1 + (uniform.ln() / self.log_stay) as usize;
        (start, length.min(self.sessions))
    }
}

/// Interval of the growth a year, from logarithms of growth over the whole series.
fn yearly(mut log_growths: Vec<f64>, calendar_days: f64) -> Result<Interval, MetricError> {
    require_a_day(calendar_days)?;
    for growth in &mut log_growths {
        *growth = finite((*growth * DAYS_PER_YEAR / calendar_days).exp_m1())?;
    }
    interval(log_growths)
}

/// The percentile interval of the resamples that have a value.
fn interval(mut values: Vec<f64>) -> Result<Interval, MetricError> {
    if (values.len() as f64) < DEFINED_MIN * RESAMPLES as f64 {
        return Err(MetricError::SparseResamples { defined: values.len(), resamples: RESAMPLES });
    }
    values.sort_unstable_by(f64::total_cmp);
    Ok(Interval { low: percentile_of_sorted(&values, ENDS.0)?, high: percentile_of_sorted(&values, ENDS.1)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{cagr, max_drawdown, sharpe, wealth};
    use proptest::prelude::*;

    /// Independent days between −1 % and +1.1 %, the same ones every time.
    fn returns(sessions: usize) -> Vec<f64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(9);
        (0..sessions).map(|_| (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 * 0.021 - 0.01).collect()
    }

    #[test]
    fn same_seed_same_interval_other_seed_other_interval() {
        let first = bootstrap_intervals(&returns(300), 435.0, 1).expect("drawn");
        assert_eq!(bootstrap_intervals(&returns(300), 435.0, 1), Ok(first));
        assert_ne!(bootstrap_intervals(&returns(300), 435.0, 2), Ok(first));
    }

    #[test]
    fn contains_the_estimate_of_an_ordinary_series() {
        let returns = returns(500);
        let all = bootstrap_intervals(&returns, 727.0, 1).expect("drawn");
        let path = wealth(&returns).expect("path");
        let holds = |interval: Result<Interval, MetricError>, estimate: Result<f64, MetricError>| {
            let (interval, estimate) = (interval.expect("interval"), estimate.expect("estimate"));
            assert!(interval.low < estimate && estimate < interval.high, "{estimate} outside {interval:?}");
        };
        holds(all.sharpe, sharpe(&returns));
        holds(all.cagr, cagr(1.0, path[500], 727.0));
        holds(all.max_drawdown, max_drawdown(&path));
    }

    /// A resample of the series in its own order gives the room's own statistics.
    #[test]
    fn the_single_pass_agrees_with_the_definitions() {
        let returns = returns(250);
        let days = prepare(&returns);
        let start = Resample { sum: 0.0, squares: 0.0, log_growth: 0.0, log_peak: 0.0, log_fall: 0.0 };
        let sums = days.iter().fold(start, |sums, day| sums.add(*day));
        let path = wealth(&returns).expect("path");
        let near = |left: f64, right: f64| assert!((left - right).abs() < 1e-10, "{left} is not {right}");
        near(sums.sharpe(mean(&returns), 250).expect("sharpe"), sharpe(&returns).expect("sharpe"));
        near(sums.log_growth.exp(), path[250]);
        near(sums.log_fall.exp_m1(), max_drawdown(&path).expect("fall"));
    }

    #[test]
    fn blocks_have_the_mean_they_claim_and_start_everywhere() {
        assert_eq!((mean_block_length(20), mean_block_length(2_500)), (5.0, 14.0));
        let mut blocks = Blocks::new(2_500, mean_block_length(2_500), 7);
        let draws: Vec<(usize, usize)> = (0..20_000).map(|_| blocks.draw()).collect();
        let mean_length = draws.iter().map(|draw| draw.1 as f64).sum::<f64>() / 20_000.0;
        let mean_start = draws.iter().map(|draw| draw.0 as f64).sum::<f64>() / 20_000.0;
        // Five standard errors: 13.5 and 722 over √20,000.
        assert!((mean_length - 14.0).abs() < 0.5, "{mean_length}");
        assert!((mean_start - 1_249.5).abs() < 26.0, "{mean_start}");
        let mut single = Blocks::new(9, 1.0, 7);
        assert!((0..1_000).all(|_| single.draw().1 == 1));
    }

    #[test]
    fn refusals() {
        assert_eq!(bootstrap_intervals(&[0.1; 19], 30.0, 1), Err(MetricError::TooShort { need: 20, have: 19 }));
        assert_eq!(bootstrap_intervals(&[-1.0; 20], 30.0, 1), Err(MetricError::TotalLoss { index: 0, value: -1.0 }));
        let still = bootstrap_intervals(&[0.0; 20], 0.0, 1).expect("drawn");
        assert_eq!(still.sharpe, Err(MetricError::SparseResamples { defined: 0, resamples: RESAMPLES }));
        assert_eq!(still.cagr, Err(MetricError::NoTime));
        assert_eq!(still.max_drawdown, Ok(Interval { low: 0.0, high: 0.0 }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// Low ends below high ends, falls stay in [−1, 0], leverage leaves the Sharpe ratio alone.
        #[test]
        fn ordered_and_bounded(returns in prop::collection::vec(-0.1..0.1f64, 20..60), seed: u64, leverage in 0.2..5.0f64) {
            let all = bootstrap_intervals(&returns, 90.0, seed).expect("drawn");
            let (sharpe, cagr, fall) =
                (all.sharpe.expect("sharpe"), all.cagr.expect("cagr"), all.max_drawdown.expect("fall"));
            prop_assert!(sharpe.low <= sharpe.high && cagr.low <= cagr.high);
            prop_assert!(-1.0 <= fall.low && fall.low <= fall.high && fall.high <= 0.0);
            let scaled: Vec<f64> = returns.iter().map(|value| value * leverage).collect();
            let scaled = bootstrap_intervals(&scaled, 90.0, seed).expect("drawn").sharpe.expect("sharpe");
            prop_assert!((scaled.low - sharpe.low).abs() < 1e-7 * (1.0 + sharpe.low.abs()));
        }
    }
}
