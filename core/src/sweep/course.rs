//! What the sums of a run say of its course: the Sharpe ratio of each half, equity at the ends of the blocks.
//!
//! Not here: the sums (`row`), whether runs cover the same sessions (`results`).
use super::row::Row;
use crate::metric::{BlockSums, SESSIONS_PER_YEAR, sharpe_of_blocks};

impl Row {
    /// Sessions in each of its blocks; empty where there are none.
    pub fn block_lengths(&self) -> Vec<usize> {
        let sessions = self.measure("sessions").unwrap_or_default() as usize;
        BlockSums::new(sessions, self.blocks.len()).map(|sums| sums.lengths().to_vec()).unwrap_or_default()
    }

    /// Annualised Sharpe ratio of the first and of the second half of its blocks; 0 for a half that stood still.
    /// `None` where there are no blocks, or a half gains the same every day.
    pub fn halves(&self) -> Option<(f64, f64)> {
        let lengths = self.block_lengths();
        let middle = lengths.len() / 2;
        let sharpe = |from: usize, to: usize| {
            let sessions = lengths.get(from..to)?.iter().sum();
            sharpe_of_blocks(self.blocks.get(from..to)?, sessions).ok().map(|sharpe| sharpe * SESSIONS_PER_YEAR.sqrt())
        };
        sharpe(0, middle).zip(sharpe(middle, lengths.len()))
    }

    /// Equity at the end of each block as a multiple of the start; empty where it is unknown.
    ///
    /// The logarithm of growth over a block is Σr − Σr²/2 to the second order; what the higher ones leave, measured
    /// by the final equity, is shared out over the sessions, so that the last value is exact.
    pub fn growth(&self) -> Vec<f64> {
        let ends = self.measure("final_equity").zip(self.measure("initial_equity"));
        let Some((last, first)) = ends.filter(|(last, first)| *last > 0.0 && *first > 0.0) else { return Vec::new() };
        let lengths = self.block_lengths();
        let rough: Vec<f64> = self.blocks.iter().map(|block| block.sum - block.squares / 2.0).collect();
        let sessions: usize = lengths.iter().sum();
        let missed = (last / first).ln() - rough.iter().sum::<f64>();
        let mut log = 0.0;
        let step = |(rough, length): (&f64, &usize)| {
            log += rough + missed * *length as f64 / sessions as f64;
            log.exp()
        };
        rough.iter().zip(&lengths).map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{daily_returns, sharpe};
    use crate::sweep::row::empty_blocks;
    use crate::sweep::{RunStatus, measure_keys};

    /// A run whose equity is `dollars` at the session ends, from 100.
    fn run(dollars: &[f64]) -> Row {
        let returns = daily_returns(100.0, dollars).expect("returns");
        let mut row = Row::unfinished(0, RunStatus::Done, "", Vec::new());
        row.blocks = empty_blocks(returns.len()).expect("blocks").sum_up(&returns).expect("sums");
        let values = [
            ("sessions", dollars.len() as f64),
            ("initial_equity", 100.0),
            ("final_equity", dollars[dollars.len() - 1]),
        ];
        for (key, value) in values {
            let at = measure_keys().position(|known| known == key).expect("key");
            row.measures[at] = Some(value);
        }
        row
    }

    fn walk(sessions: usize) -> Vec<f64> {
        let mut equity = 100.0;
        (0..sessions)
            .map(|day| {
                equity *= 1.0 + 0.0004 + 0.02 * ((day * 7_919 % 101) as f64 / 101.0 - 0.5);
                equity
            })
            .collect()
    }

    #[test]
    fn halves_are_those_of_the_returns() {
        let dollars = walk(600);
        let (first, second) = run(&dollars).halves().expect("halves");
        let returns = daily_returns(100.0, &dollars).expect("returns");
        let of = |part: &[f64]| sharpe(part).expect("sharpe");
        assert!((first - of(&returns[..300])).abs() < 1e-9 && (second - of(&returns[300..])).abs() < 1e-9);
        assert_eq!(Row::unfinished(0, RunStatus::Failed, "", Vec::new()).halves(), None);
    }

    #[test]
    fn growth_follows_the_equity_and_ends_with_it() {
        let dollars = walk(1_234);
        let row = run(&dollars);
        let growth = row.growth();
        let mut end = 0;
        for (value, length) in growth.iter().zip(row.block_lengths()) {
            end += length;
            assert!((value * 100.0 / dollars[end - 1] - 1.0).abs() < 1e-3, "{value}");
        }
        assert!((growth[growth.len() - 1] * 100.0 - dollars[1_233]).abs() < 1e-9);
        assert!(Row::unfinished(0, RunStatus::Failed, "", Vec::new()).growth().is_empty());
    }
}
