//! Sums of returns over blocks of sessions: what is kept of a trial when a hundred thousand of them are compared.
//!
//! Not here: what is made of them (`pbo`, `reality_check`, `best_trial`).
//! Invariants: (1) the blocks lie end to end and cover every session; (2) every trial has one sum a block, all finite.
use super::MetricError;
use super::check::{finite, require};
use super::moments::varying;

/// Part of a sum of squares that may be rounding: Σr² of 2,500 days carries up to 6e-13 of itself.
const SQUARES_RESOLUTION: f64 = 1e-12;

/// One trial in one block: with the block's length this gives mean and deviation of any union of blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockSum {
    /// Σ r.
    pub sum: f64,
    /// Σ r².
    pub squares: f64,
}

impl BlockSum {
    /// Nothing summed yet.
    const ZERO: BlockSum = BlockSum { sum: 0.0, squares: 0.0 };

    fn and(self, other: BlockSum) -> BlockSum {
        BlockSum { sum: self.sum + other.sum, squares: self.squares + other.squares }
    }

    /// Mean and sum of squared deviations of `sessions` returns; a deviation that may be rounding is none.
    pub(super) fn spread(self, sessions: usize) -> (f64, f64) {
        let mean = self.sum / sessions as f64;
        let deviations = self.squares - mean * self.sum;
        (mean, if deviations > SQUARES_RESOLUTION * self.squares { deviations } else { 0.0 })
    }
}

/// All sums of `sums` together.
pub(super) fn total(sums: &[BlockSum]) -> BlockSum {
    sums.iter().fold(BlockSum::ZERO, |all, each| all.and(*each))
}

/// Sharpe ratio per observation out of a sum, sample deviation; 0 for a trial that stood still, as one that never traded.
pub(super) fn sharpe_of_sum(sum: BlockSum, sessions: usize) -> Result<f64, MetricError> {
    let (mean, deviations) = sum.spread(sessions);
    match varying((deviations / (sessions as f64 - 1.0)).sqrt()) {
        Ok(deviation) => finite(mean / deviation),
        Err(MetricError::ZeroVariance) if mean == 0.0 => Ok(0.0),
        Err(reason) => Err(reason),
    }
}

/// Sharpe ratio per observation over the blocks `sums`, of `sessions` observations together, sample deviation; 0 for a
/// trial that stood still.
///
/// Errors: [`MetricError::TooShort`] for a single session; [`MetricError::ZeroVariance`] for the same gain every day.
pub fn sharpe_of_blocks(sums: &[BlockSum], sessions: usize) -> Result<f64, MetricError> {
    if sessions < 2 {
        return Err(MetricError::TooShort { need: 2, have: sessions });
    }
    sharpe_of_sum(total(sums), sessions)
}

/// The sums of many trials over the same blocks: 16 bytes a trial and block, so 100,000 trials in 60 blocks take 96 MB.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockSums {
    lengths: Vec<usize>,
    sums: Vec<BlockSum>,
}

impl BlockSums {
    /// No trial yet: `sessions` cut into `blocks` whose lengths differ by one at most.
    ///
    /// Block k ends before session (k + 1) × sessions ÷ blocks, rounded down, so that blocks of a coarser cut whose
    /// number divides this one's are unions of these.
    /// Errors: [`MetricError::OutOfRange`] unless 1 ≤ `blocks` ≤ `sessions`.
    pub fn new(sessions: usize, blocks: usize) -> Result<BlockSums, MetricError> {
        if blocks == 0 || blocks > sessions {
            let valid = "at least 1 and at most the number of sessions";
            return Err(MetricError::OutOfRange { name: "the number of blocks", value: blocks as f64, valid });
        }
        let end = |block: usize| (block as u128 * sessions as u128 / blocks as u128) as usize;
        Ok(BlockSums { lengths: (0..blocks).map(|block| end(block + 1) - end(block)).collect(), sums: Vec::new() })
    }

    /// Sessions in each block, oldest first.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Sessions in all blocks.
    pub fn sessions(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// Trials added so far.
    pub fn trials(&self) -> usize {
        self.sums.len() / self.lengths.len()
    }

    /// The sums of `trial`, one a block; `None` past the last.
    pub fn trial(&self, trial: usize) -> Option<&[BlockSum]> {
        self.sums.chunks_exact(self.lengths.len()).nth(trial)
    }

    /// Every trial's sums, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &[BlockSum]> {
        self.sums.chunks_exact(self.lengths.len())
    }

    /// Sums up `returns`, one a session, without adding them.
    ///
    /// Errors: [`MetricError::LengthMismatch`], [`MetricError::NotFinite`], [`MetricError::Overflow`].
    pub fn sum_up(&self, returns: &[f64]) -> Result<Vec<BlockSum>, MetricError> {
        let sessions = self.sessions();
        if returns.len() != sessions {
            return Err(MetricError::LengthMismatch { left: sessions, right: returns.len() });
        }
        require(returns, 1)?;
        let mut rest = returns;
        let mut summed = Vec::with_capacity(self.lengths.len());
        for length in &self.lengths {
            let (block, after) = rest.split_at(*length);
            let one = |value: &f64| BlockSum { sum: *value, squares: value * value };
            let sum = block.iter().fold(BlockSum::ZERO, |all, value| all.and(one(value)));
            finite(sum.sum + sum.squares)?;
            summed.push(sum);
            rest = after;
        }
        Ok(summed)
    }

    /// Adds a trial by its returns. Errors: as [`BlockSums::sum_up`].
    pub fn add_returns(&mut self, returns: &[f64]) -> Result<(), MetricError> {
        let sums = self.sum_up(returns)?;
        self.sums.extend(sums);
        Ok(())
    }

    /// Adds a trial whose sums were made before, as out of a file.
    ///
    /// Errors: [`MetricError::LengthMismatch`] unless one a block; [`MetricError::NotFinite`].
    pub fn add_sums(&mut self, sums: &[BlockSum]) -> Result<(), MetricError> {
        if sums.len() != self.lengths.len() {
            return Err(MetricError::LengthMismatch { left: self.lengths.len(), right: sums.len() });
        }
        if let Some(index) = sums.iter().position(|each| !(each.sum.is_finite() && each.squares.is_finite())) {
            return Err(MetricError::NotFinite { index });
        }
        self.sums.extend_from_slice(sums);
        Ok(())
    }

    /// Sharpe ratio per observation of every trial, sample deviation; 0 for one that stood still.
    ///
    /// Errors: [`MetricError::TooShort`] for a single session; [`MetricError::ZeroVariance`] for a trial with the same
    /// gain every day.
    pub fn sharpes(&self) -> Result<Vec<f64>, MetricError> {
        let sessions = self.sessions();
        if sessions < 2 {
            return Err(MetricError::TooShort { need: 2, have: sessions });
        }
        self.iter().map(|trial| sharpe_of_sum(total(trial), sessions)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::sharpe_per_day;
    use proptest::prelude::*;

    #[test]
    fn blocks_cover_all_sessions_and_coarser_blocks_are_unions() {
        let fine = BlockSums::new(2_503, 60).expect("blocks");
        let coarse = BlockSums::new(2_503, 10).expect("blocks");
        assert_eq!((fine.sessions(), fine.trials()), (2_503, 0));
        assert!(fine.lengths().iter().all(|length| (41..=42).contains(length)));
        let unions: Vec<usize> = fine.lengths().chunks(6).map(|six| six.iter().sum()).collect();
        assert_eq!(unions, coarse.lengths());
    }

    #[test]
    fn refusals() {
        for blocks in [0, 5] {
            assert!(matches!(BlockSums::new(4, blocks), Err(MetricError::OutOfRange { .. })));
        }
        let mut sums = BlockSums::new(4, 2).expect("blocks");
        assert_eq!(sums.add_returns(&[0.1; 3]), Err(MetricError::LengthMismatch { left: 4, right: 3 }));
        assert_eq!(sums.add_returns(&[0.1, 0.1, f64::NAN, 0.1]), Err(MetricError::NotFinite { index: 2 }));
        assert_eq!(sums.add_returns(&[f64::MAX; 4]), Err(MetricError::Overflow));
        let one = BlockSum { sum: 0.1, squares: f64::INFINITY };
        assert_eq!(sums.add_sums(&[one]), Err(MetricError::LengthMismatch { left: 2, right: 1 }));
        assert_eq!(sums.add_sums(&[one, one]), Err(MetricError::NotFinite { index: 0 }));
        assert_eq!((sums.trials(), sums.trial(0)), (0, None));
        sums.add_returns(&[0.1; 4]).expect("added");
        assert_eq!(sums.sharpes(), Err(MetricError::ZeroVariance));
    }

    proptest! {
        /// The Sharpe ratio out of sums is that of the returns; what was cut can be added again.
        #[test]
        fn sharpe_is_that_of_the_returns(returns in prop::collection::vec(-0.1..0.1f64, 20..90), blocks in 1usize..20) {
            let mut sums = BlockSums::new(returns.len(), blocks).expect("blocks");
            sums.add_returns(&returns).expect("added");
            sums.add_returns(&vec![0.0; returns.len()]).expect("added");
            let again = sums.trial(0).expect("there").to_vec();
            sums.add_sums(&again).expect("added");
            let sharpes = sums.sharpes().expect("defined");
            prop_assert!((sharpes[0] - sharpe_per_day(&returns).expect("defined")).abs() < 1e-9);
            prop_assert_eq!((sharpes[1], sharpes[2]), (0.0, sharpes[0]));
        }
    }
}
