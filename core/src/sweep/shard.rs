//! One part of a sweep, `i/n`, for machines that share the work.
//!
//! Not here: which runs there are (`plan`), joining the parts.
//! Invariant: the n shards of a plan hold each of its runs once.
use std::fmt;
use std::str::FromStr;

/// Most shards of a sweep: a million runs would be a hundred each.
pub const SHARDS_MAX: u32 = 10_000;

/// Shard `number` of `count`: the runs at the positions k with k % `count` = `number` − 1. Neighbours go to different
/// shards, so that no shard gets a whole slow corner of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    count: u32,
}

/// Why a text names no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Not two whole numbers around a slash.
    #[error("`{text}` is no shard; write i/n, like 2/8 for the second of eight parts")]
    Form {
        /// The text as found.
        text: String,
    },
    /// Too many parts, or none.
    #[error("shard {text} asks for {count} parts, allowed is 1 to {SHARDS_MAX}")]
    Count {
        /// The text as found.
        text: String,
        /// The number of parts.
        count: u64,
    },
    /// A part that does not exist.
    #[error("shard {text} asks for part {number} of {count}; parts are numbered 1 to {count}")]
    Number {
        /// The text as found.
        text: String,
        /// The part.
        number: u64,
        /// The number of parts.
        count: u32,
    },
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { number: 1, count: 1 };

    /// Which part, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Of how many.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Positions of this shard in a plan of `runs` runs, ascending.
    pub fn positions(self, runs: usize) -> impl Iterator<Item = usize> {
        (self.number as usize - 1..runs).step_by(self.count as usize)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || ShardError::Form { text: text.chars().take(40).collect() };
        let whole = |part: &str| {
            let is_digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            is_digits.then(|| part.parse::<u64>().ok()).flatten().ok_or_else(form)
        };
        let (number, count) = text.trim().split_once('/').ok_or_else(form)?;
        let (number, count) = (whole(number)?, whole(count)?);
        let text = text.trim().to_owned();
        match u32::try_from(count) {
            Ok(parts @ 1..=SHARDS_MAX) => match u32::try_from(number) {
                Ok(number) if (1..=parts).contains(&number) => Ok(Shard { number, count: parts }),
                _ => Err(ShardError::Number { text, number, count: parts }),
            },
            _ => Err(ShardError::Count { text, count }),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_out_every_run_once() {
        for (runs, count) in [(0, 3), (1, 3), (10, 1), (10, 3), (10, 10), (5, 8)] {
            let mut all: Vec<usize> = (1..=count)
                .flat_map(|number| {
                    let shard: Shard = format!("{number}/{count}").parse().expect("shard");
                    shard.positions(runs).inspect(move |at| assert_eq!(at % count, number - 1))
                })
                .collect();
            all.sort_unstable();
            assert_eq!(all, (0..runs).collect::<Vec<_>>());
        }
        assert_eq!(Shard::WHOLE, "1/1".parse().expect("shard"));
    }

    #[test]
    fn refusals_name_the_number() {
        let error = |text: &str| text.parse::<Shard>().expect_err(text).to_string();
        assert_eq!(error("3"), "`3` is no shard; write i/n, like 2/8 for the second of eight parts");
        assert_eq!(error("0/3"), "shard 0/3 asks for part 0 of 3; parts are numbered 1 to 3");
        assert_eq!(error("4/3"), "shard 4/3 asks for part 4 of 3; parts are numbered 1 to 3");
        assert_eq!(error("1/0"), "shard 1/0 asks for 0 parts, allowed is 1 to 10000");
        assert_eq!(error("1/10001"), "shard 1/10001 asks for 10001 parts, allowed is 1 to 10000");
        for text in ["", "/", "a/b", "-1/3", "+1/3", "1/2/3", "1.5/3", "99999999999999999999/3", "é/3"] {
            assert!(error(text).contains("is no shard"), "{text}");
        }
    }
}
