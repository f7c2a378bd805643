//! How many of the trials were independent, from the average correlation of their returns.
//!
//! Not here: what the number is used for (`deflated_sharpe`, `min_backtest_length`).
//! Invariant: a trial that never moved correlates with nothing; it is left out of the average and counted apart.
use super::check::require;
use super::moments::{mean, nonzero_deviation};
use super::{BlockSums, MetricError};

/// Average correlation of trials, gathered one by one: N trials of T values cost N × T steps and T numbers.
///
/// The standardised series z of all trials are added up; the mean square of the sum is the sum of the whole
/// correlation matrix, N + N (N − 1) ρ̄. Sums are in the order of the calls.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialCorrelation {
    sums: Vec<f64>,
    moving: usize,
    still: usize,
}

impl TrialCorrelation {
    /// No trial yet; every one will have `length` values of the same times.
    pub fn new(length: usize) -> TrialCorrelation {
        TrialCorrelation { sums: vec![0.0; length], moving: 0, still: 0 }
    }

    /// Adds a trial: its returns, or their sums over blocks, oldest first.
    ///
    /// Errors: [`MetricError::LengthMismatch`]; [`MetricError::TooShort`] under two; [`MetricError::NotFinite`];
    /// [`MetricError::Overflow`].
    pub fn add(&mut self, values: &[f64]) -> Result<(), MetricError> {
        if values.len() != self.sums.len() {
            return Err(MetricError::LengthMismatch { left: self.sums.len(), right: values.len() });
        }
        require(values, 2)?;
        let deviation = match nonzero_deviation(values) {
            Err(MetricError::ZeroVariance) => {
                self.still += 1;
                return Ok(());
            }
            other => other?,
        };
        let center = mean(values);
        // The sample deviation is √(T ÷ (T − 1)) of the one that gives z a mean square of 1.
        let n = values.len() as f64;
        let scale = (n / (n - 1.0)).sqrt() / deviation;
        for (sum, value) in self.sums.iter_mut().zip(values) {
            *sum += (value - center) * scale;
        }
        self.moving += 1;
        Ok(())
    }

    /// Trials that moved.
    pub fn moving(&self) -> usize {
        self.moving
    }

    /// Trials that never moved.
    pub fn still(&self) -> usize {
        self.still
    }

    /// Mean correlation ρ̄ over all pairs of trials that moved.
    ///
    /// Errors: [`MetricError::TooFewTrials`] unless two moved.
    pub fn average(&self) -> Result<f64, MetricError> {
        if self.moving < 2 {
            return Err(MetricError::TooFewTrials { need: 2, have: self.moving });
        }
        let n = self.moving as f64;
        let whole = self.sums.iter().map(|sum| sum * sum).sum::<f64>() / self.sums.len() as f64;
        // The bounds of a correlation matrix; only rounding passes them.
        Ok(((whole - n) / (n * (n - 1.0))).clamp(-1.0 / (n - 1.0), 1.0))
    }
}

/// Average correlation of `trials`, one series of returns each. Errors: as [`TrialCorrelation`].
pub fn average_correlation(trials: &[Vec<f64>]) -> Result<f64, MetricError> {
    let mut correlation = TrialCorrelation::new(trials.first().map_or(0, Vec::len));
    trials.iter().try_for_each(|trial| correlation.add(trial))?;
    correlation.average()
}

/// Average correlation of trials of which only sums over blocks are left; the longer the blocks, the coarser.
///
/// Blocks should be of about equal length. Errors: as [`TrialCorrelation`].
pub fn average_correlation_of_blocks(trials: &BlockSums) -> Result<f64, MetricError> {
    let lengths = trials.lengths();
    let mut correlation = TrialCorrelation::new(lengths.len());
    let mut means = vec![0.0; lengths.len()];
    for trial in trials.iter() {
        for ((mean, block), length) in means.iter_mut().zip(trial).zip(lengths) {
            *mean = block.sum / *length as f64;
        }
        correlation.add(&means)?;
    }
    correlation.average()
}

/// Estimated number of independent trials among `trials`: ρ̄ + (1 − ρ̄) N, from 1 to N.
///
/// `average`: ρ̄, −1 to 1. Trials that all do the same are one; trials that have nothing in common are N. It is an
/// average over pairs: many copies of a few ideas look like more ideas than they are, so it errs to the strict side.
/// Errors: [`MetricError::TooFewTrials`] for none; [`MetricError::OutOfRange`].
/// Source: Bailey & López de Prado (2014), "The Deflated Sharpe Ratio", J. of Portfolio Management 40(5), appendix 3.
pub fn independent_trials(trials: usize, average: f64) -> Result<f64, MetricError> {
    if trials == 0 {
        return Err(MetricError::TooFewTrials { need: 1, have: 0 });
    }
    if !(-1.0..=1.0).contains(&average) {
        return Err(MetricError::OutOfRange { name: "the average correlation", value: average, valid: "from -1 to 1" });
    }
    let n = trials as f64;
    Ok((average + (1.0 - average) * n).clamp(1.0, n))
}

/// `independent` as a count, rounded up: a fraction of a trial raises the bar as a whole one.
pub fn whole_trials(independent: f64) -> usize {
    // A millionth above a whole number is rounding of the correlation.
    (independent - 1e-6).ceil().max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pearson's r of two series, by its definition.
    fn pearson(a: &[f64], b: &[f64]) -> f64 {
        let (x, y) = (mean(a), mean(b));
        let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - x, b - y)).sum::<f64>();
        sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
    }

    #[test]
    fn copies_are_one_trial() {
        let one = vec![0.01, -0.02, 0.03, 0.0];
        let twice: Vec<f64> = one.iter().map(|value| value * 2.0 + 0.001).collect();
        let average = average_correlation(&[one.clone(), twice, one, vec![0.0; 4]]).expect("defined");
        assert!((average - 1.0).abs() < 1e-12);
        assert_eq!(whole_trials(independent_trials(3, average).expect("defined")), 1);
        assert_eq!(independent_trials(500, 0.0), Ok(500.0));
        assert_eq!(independent_trials(500, -0.5), Ok(500.0));
        assert_eq!((whole_trials(36.2), whole_trials(37.0), whole_trials(1.0)), (37, 37, 1));
    }

    #[test]
    fn refusals() {
        let mut correlation = TrialCorrelation::new(3);
        assert_eq!(correlation.add(&[0.1]), Err(MetricError::LengthMismatch { left: 3, right: 1 }));
        assert_eq!(correlation.add(&[0.1, f64::NAN, 0.0]), Err(MetricError::NotFinite { index: 1 }));
        correlation.add(&[0.0; 3]).expect("added");
        assert_eq!((correlation.still(), correlation.moving()), (1, 0));
        assert_eq!(correlation.average(), Err(MetricError::TooFewTrials { need: 2, have: 0 }));
        assert_eq!(independent_trials(0, 0.0), Err(MetricError::TooFewTrials { need: 1, have: 0 }));
        assert!(matches!(independent_trials(2, f64::NAN), Err(MetricError::OutOfRange { .. })));
    }

    proptest! {
        /// The shortcut is the mean of all pairs, and sums over blocks of one session are the returns.
        #[test]
        fn mean_of_all_pairs(trials in prop::collection::vec(prop::collection::vec(-0.1..0.1f64, 12), 2..7)) {
            let n = trials.len();
            let pairs = (0..n).flat_map(|a| (0..a).map(move |b| (a, b)));
            let sum: f64 = pairs.map(|(a, b)| pearson(&trials[a], &trials[b])).sum();
            let average = average_correlation(&trials).expect("defined");
            prop_assert!((average - sum / (n * (n - 1) / 2) as f64).abs() < 1e-10);
            let mut sums = BlockSums::new(12, 12).expect("blocks");
            trials.iter().for_each(|trial| sums.add_returns(trial).expect("added"));
            prop_assert!((average_correlation_of_blocks(&sums).expect("defined") - average).abs() < 1e-10);
        }
    }
}
