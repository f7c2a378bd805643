//! The probability of backtest overfitting, by combinatorially symmetric cross-validation.
//!
//! Not here: running the trials; they come as columns of returns of the same sessions.
use super::MetricError;
use super::block_sums::{BlockSum, BlockSums, total};
use super::check::{finite, require};
use super::line::Line;
use super::moments::{mean, varying};
use super::percentile::percentile;

/// Most blocks the sessions are cut into: 20 make 184,756 splits, and more would only cost time.
pub const BLOCKS_MAX: usize = 20;

/// One way of splitting the blocks, and what became of the in-sample winner.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The blocks looked at, ascending; the other half is out of sample.
    pub in_sample_blocks: Vec<usize>,
    /// The trial with the best Sharpe ratio in sample, the first of equals.
    pub best: usize,
    /// Its Sharpe ratio per observation in sample.
    pub sharpe_in_sample: f64,
    /// Its Sharpe ratio per observation out of sample.
    pub sharpe_out_of_sample: f64,
    /// Its rank out of sample: 1 is the worst, N the best, equals share the mean of their ranks.
    pub rank: f64,
    /// ln(w ÷ (1 − w)) with w = rank ÷ (N + 1): 0 or less means below the median.
    pub logit: f64,
}

/// What all splits say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Overfitting {
    /// Share of splits whose winner ends at or below the median out of sample.
    pub pbo: f64,
    /// Mean of the logits.
    pub mean_logit: f64,
    /// Median of the logits.
    pub median_logit: f64,
    /// Share of splits whose winner has a negative Sharpe ratio out of sample.
    pub prob_oos_loss: f64,
    /// Least-squares line of the winners' Sharpe ratio out of sample on that in sample; undefined if the latter never
    /// varies.
    pub degradation: Result<Line, MetricError>,
    /// Every split, in-sample blocks in lexicographic order.
    pub splits: Vec<Split>,
}

/// Probability of backtest overfitting of a set of trials.
///
/// `trials`: one series of returns per trial, two or more, of the same sessions. `blocks`: an even number from 2 to
/// [`BLOCKS_MAX`]; the sessions are cut into that many equal blocks (the oldest are left out when they do not divide),
/// each at least two long. Performance is the Sharpe ratio per observation, sample deviation; a trial that stood still
/// through a whole half, as one that never traded there, scores 0 in it.
/// Errors: [`MetricError::TooFewTrials`]; [`MetricError::LengthMismatch`]; [`MetricError::NotFinite`];
/// [`MetricError::OutOfRange`] for `blocks`; [`MetricError::TooShort`]; [`MetricError::ZeroVariance`] for a trial with
/// the same gain every day.
/// Source: Bailey, Borwein, López de Prado & Zhu (2017), "The Probability of Backtest Overfitting", J. of
/// Computational Finance 20(4).
pub fn pbo(trials: &[Vec<f64>], blocks: usize) -> Result<Overfitting, MetricError> {
    over_splits(&summarise(trials, blocks)?, blocks)
}

/// [`pbo`] of trials of which only sums over blocks are left; equal to it up to rounding.
///
/// `blocks` must divide the number of blocks summed over. No session is left out: where `blocks` does not divide the
/// sessions, the blocks differ by one in length, and the result is that of other blocks than [`pbo`] takes.
/// Errors: as [`pbo`]; [`MetricError::OutOfRange`] for `blocks` that do not divide.
pub fn pbo_of_blocks(trials: &BlockSums, blocks: usize) -> Result<Overfitting, MetricError> {
    require_trials(trials.trials(), blocks)?;
    let summed = trials.lengths().len();
    if !summed.is_multiple_of(blocks) {
        let valid = "a divisor of the number of blocks summed over";
        return Err(MetricError::OutOfRange { name: "blocks", value: blocks as f64, valid });
    }
    if trials.sessions() < 2 * blocks {
        return Err(MetricError::TooShort { need: 2 * blocks, have: trials.sessions() });
    }
    let together = summed / blocks;
    let lengths: Vec<usize> = trials.lengths().chunks_exact(together).map(|part| part.iter().sum()).collect();
    let summary = |(part, sessions): (&[BlockSum], &usize)| {
        let (mean, squares) = total(part).spread(*sessions);
        BlockSummary { length: *sessions as f64, mean, squares }
    };
    let of_trial = |sums: &[BlockSum]| sums.chunks_exact(together).zip(&lengths).map(summary).collect();
    over_splits(&trials.iter().map(of_trial).collect::<Vec<_>>(), blocks)
}

/// Follows the winner of every split.
fn over_splits(summaries: &[Vec<BlockSummary>], blocks: usize) -> Result<Overfitting, MetricError> {
    let mut splits = Vec::new();
    let mut chosen: Vec<usize> = (0..blocks / 2).collect();
    loop {
        splits.push(split(summaries, &chosen, blocks)?);
        if !next_choice(&mut chosen, blocks) {
            break;
        }
    }
    let column = |value: fn(&Split) -> f64| splits.iter().map(value).collect::<Vec<f64>>();
    let share =
        |holds: fn(&Split) -> bool| splits.iter().filter(|each| holds(each)).count() as f64 / splits.len() as f64;
    let logits = column(|each| each.logit);
    Ok(Overfitting {
        pbo: share(|each| each.logit <= 0.0),
        mean_logit: mean(&logits),
        median_logit: percentile(&logits, 0.5)?,
        prob_oos_loss: share(|each| each.sharpe_out_of_sample < 0.0),
        degradation: Line::fit(&column(|each| each.sharpe_in_sample), &column(|each| each.sharpe_out_of_sample)),
        splits,
    })
}

/// Length, mean and squared deviations of one trial in one block: enough to score any union of blocks.
#[derive(Clone, Copy)]
struct BlockSummary {
    length: f64,
    mean: f64,
    squares: f64,
}

/// Checks the input and summarises every trial in every block.
fn summarise(trials: &[Vec<f64>], blocks: usize) -> Result<Vec<Vec<BlockSummary>>, MetricError> {
    require_trials(trials.len(), blocks)?;
    let sessions = trials[0].len();
    let length = sessions / blocks;
    for trial in trials {
        if trial.len() != sessions {
            return Err(MetricError::LengthMismatch { left: sessions, right: trial.len() });
        }
        require(trial, 2 * blocks)?;
    }
    let summary = |block: &[f64]| {
        let center = mean(block);
        let squares = block.iter().map(|value| (value - center) * (value - center)).sum();
        BlockSummary { length: length as f64, mean: center, squares }
    };
    Ok(trials.iter().map(|trial| trial[sessions % blocks..].chunks_exact(length).map(summary).collect()).collect())
}

/// Two trials or more, and a number of blocks that can be halved.
fn require_trials(trials: usize, blocks: usize) -> Result<(), MetricError> {
    if trials < 2 {
        return Err(MetricError::TooFewTrials { need: 2, have: trials });
    }
    if !(2..=BLOCKS_MAX).contains(&blocks) || !blocks.is_multiple_of(2) {
        let valid = "an even number from 2 to 20";
        return Err(MetricError::OutOfRange { name: "blocks", value: blocks as f64, valid });
    }
    Ok(())
}

/// Scores every trial on the `chosen` blocks and on the others, and follows the winner.
fn split(summaries: &[Vec<BlockSummary>], chosen: &[usize], blocks: usize) -> Result<Split, MetricError> {
    let others: Vec<usize> = (0..blocks).filter(|block| !chosen.contains(block)).collect();
    let scores = |half: &[usize]| summaries.iter().map(|trial| score(trial, half)).collect::<Result<Vec<f64>, _>>();
    let (inside, outside) = (scores(chosen)?, scores(&others)?);
    let best = (1..inside.len()).fold(0, |best, trial| if inside[trial] > inside[best] { trial } else { best });
    let own = outside[best];
    let below = outside.iter().filter(|other| **other < own).count() as f64;
    let equal = outside.iter().filter(|other| **other == own).count() as f64;
    let rank = below + (equal + 1.0) / 2.0;
    // w / (1 − w) with w = rank / (N + 1), without the two divisions.
    let odds = rank / (inside.len() as f64 + 1.0 - rank);
    Ok(Split {
        in_sample_blocks: chosen.to_vec(),
        best,
        sharpe_in_sample: inside[best],
        sharpe_out_of_sample: own,
        rank,
        logit: odds.ln(),
    })
}

/// Sharpe ratio per observation of a trial over the union of `half`, from its block summaries.
///
/// Deviations are merged as in Chan, Golub & LeVeque (1983), The American Statistician 37(3): no cancellation.
fn score(trial: &[BlockSummary], half: &[usize]) -> Result<f64, MetricError> {
    let (sum, count) = half.iter().fold((0.0, 0.0), |(sum, count), block| {
        let BlockSummary { length, mean, .. } = trial[*block];
        (sum + length * mean, count + length)
    });
    let center = sum / count;
    let squares = half.iter().fold(0.0, |squares, block| {
        let BlockSummary { length, mean, squares: own } = trial[*block];
        squares + own + length * (mean - center) * (mean - center)
    });
    match varying((squares / (count - 1.0)).sqrt()) {
        Ok(deviation) => finite(center / deviation),
        Err(MetricError::ZeroVariance) if center == 0.0 => Ok(0.0),
        Err(reason) => Err(reason),
    }
}

/// Steps to the next choice in lexicographic order; `false` after the last.
fn next_choice(chosen: &mut [usize], blocks: usize) -> bool {
    let count = chosen.len();
    let Some(moved) = (0..count).rev().find(|place| chosen[*place] < blocks - count + place) else {
        return false;
    };
    chosen[moved] += 1;
    for place in moved + 1..count {
        chosen[place] = chosen[place - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn choices_are_complete_and_in_order() {
        let mut chosen = vec![0, 1];
        let mut all = vec![chosen.clone()];
        while next_choice(&mut chosen, 4) {
            all.push(chosen.clone());
        }
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
    }

    #[test]
    fn a_trial_that_is_better_every_day_is_not_overfitted() {
        let noise: Vec<f64> = (0..40).map(|day| if day % 2 == 0 { 0.01 } else { -0.011 }).collect();
        let trials: Vec<Vec<f64>> =
            [0.0, 0.002, 0.004].iter().map(|edge| noise.iter().map(|r| r + edge).collect()).collect();
        let verdict = pbo(&trials, 4).expect("defined");
        assert_eq!((verdict.pbo, verdict.prob_oos_loss, verdict.splits.len()), (0.0, 0.0, 6));
        assert!(verdict.splits.iter().all(|each| each.best == 2 && each.rank == 3.0));
    }

    #[test]
    fn a_trial_that_never_traded_scores_nothing_and_ties_share_ranks() {
        let verdict = pbo(&[vec![0.0; 8], vec![0.0; 8]], 2).expect("defined");
        assert!(verdict.splits.iter().all(|each| each.rank == 1.5 && each.logit == 0.0));
        assert_eq!((verdict.pbo, verdict.degradation), (1.0, Err(MetricError::ZeroVariance)));
    }

    #[test]
    fn refusals() {
        let good = vec![0.01, -0.01, 0.02, 0.0];
        assert_eq!(pbo(std::slice::from_ref(&good), 2), Err(MetricError::TooFewTrials { need: 2, have: 1 }));
        for blocks in [0, 3, 22] {
            assert!(matches!(pbo(&[good.clone(), good.clone()], blocks), Err(MetricError::OutOfRange { .. })));
        }
        let pair = |second: Vec<f64>, blocks| pbo(&[good.clone(), second], blocks);
        assert_eq!(pair(vec![0.1], 2), Err(MetricError::LengthMismatch { left: 4, right: 1 }));
        assert_eq!(pair(good.clone(), 4), Err(MetricError::TooShort { need: 8, have: 4 }));
        assert_eq!(pair(vec![0.01; 4], 2), Err(MetricError::ZeroVariance));
        assert_eq!(pair(vec![0.0, 0.0, f64::NAN, 0.0], 2), Err(MetricError::NotFinite { index: 2 }));
    }

    #[test]
    fn refusals_of_sums() {
        let mut sums = BlockSums::new(12, 6).expect("blocks");
        sums.add_returns(&[0.01; 12]).expect("added");
        assert_eq!(pbo_of_blocks(&sums, 6), Err(MetricError::TooFewTrials { need: 2, have: 1 }));
        sums.add_returns(&[0.0; 12]).expect("added");
        for blocks in [3, 4, 8] {
            assert!(matches!(pbo_of_blocks(&sums, blocks), Err(MetricError::OutOfRange { .. })));
        }
        assert_eq!(pbo_of_blocks(&sums, 6), Err(MetricError::ZeroVariance));
        let mut short = BlockSums::new(11, 6).expect("blocks");
        (0..2).for_each(|_| short.add_returns(&[0.0; 11]).expect("added"));
        assert_eq!(pbo_of_blocks(&short, 6), Err(MetricError::TooShort { need: 12, have: 11 }));
    }

    proptest! {
        /// Sums over the blocks, or over parts of them, say what the returns say.
        #[test]
        fn sums_say_what_returns_say(
            trials in prop::collection::vec(prop::collection::vec(-0.1..0.1f64, 48), 2..6), parts in 1usize..4,
        ) {
            let mut sums = BlockSums::new(48, 8 * parts).expect("blocks");
            trials.iter().for_each(|trial| sums.add_returns(trial).expect("added"));
            let (whole, summed) = (pbo(&trials, 8).expect("defined"), pbo_of_blocks(&sums, 8).expect("defined"));
            prop_assert_eq!((whole.pbo, whole.prob_oos_loss), (summed.pbo, summed.prob_oos_loss));
            for (left, right) in whole.splits.iter().zip(&summed.splits) {
                prop_assert_eq!((left.best, left.rank), (right.best, right.rank));
                prop_assert!((left.sharpe_in_sample - right.sharpe_in_sample).abs() < 1e-11);
                prop_assert!((left.sharpe_out_of_sample - right.sharpe_out_of_sample).abs() < 1e-11);
            }
        }

        /// The order of the trials does not matter, and neither does each one's leverage.
        #[test]
        fn relabelling_and_leverage(
            trials in prop::collection::vec(prop::collection::vec(-0.1..0.1f64, 24), 2..6), leverage in 0.5..2.0f64,
        ) {
            let base = pbo(&trials, 6).expect("defined");
            let mut other = trials.clone();
            other.reverse();
            other[0].iter_mut().for_each(|value| *value *= leverage);
            let other = pbo(&other, 6).expect("defined");
            prop_assert!((0.0..=1.0).contains(&base.pbo));
            prop_assert_eq!(base.pbo, other.pbo);
            prop_assert!((base.mean_logit - other.mean_logit).abs() < 1e-12);
        }
    }
}
