//! Which row of one side belongs to which of the other.
//!
//! Not here: what a difference means (outcome, cause). Orders go by their id, fills and refusals by order and
//! ordinal, the account by time: what two sessions number alike they did alike, up to the first difference.
use std::collections::BTreeMap;

use super::table::Table;

/// Two rows that belong together; one of them may be missing, never both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pair {
    /// Row of the replay.
    pub(super) replay: Option<usize>,
    /// Row of the other side.
    pub(super) other: Option<usize>,
    /// Bit n: column n differs.
    pub(super) differing: u32,
}

impl Pair {
    /// Both rows are there and the same.
    pub(super) fn is_same(&self) -> bool {
        self.replay.is_some() && self.other.is_some() && self.differing == 0
    }

    /// Does column number `column` differ?
    pub(super) fn differs(&self, column: usize) -> bool {
        self.differing >> column & 1 == 1
    }
}

/// Rows side by side, those of the replay in its order, then those of the other side alone.
pub(super) fn by_key<K: Ord>(replay: (&Table, &[K]), other: (&Table, &[K])) -> Vec<Pair> {
    let places: BTreeMap<&K, usize> = other.1.iter().enumerate().map(|(row, key)| (key, row)).collect();
    let mut taken = vec![false; other.1.len()];
    let mut pairs: Vec<Pair> = Vec::with_capacity(replay.1.len());
    for (row, key) in replay.1.iter().enumerate() {
        let found = places.get(key).copied();
        found.into_iter().for_each(|place| taken[place] = true);
        pairs.push(pair(replay.0, other.0, Some(row), found));
    }
    let alone = taken.iter().enumerate().filter(|(_, taken)| !**taken);
    pairs.extend(alone.map(|(row, _)| pair(replay.0, other.0, None, Some(row))));
    pairs
}

/// Rows of the account side by side, in order of time.
pub(super) fn by_time(replay: &Table, other: &Table) -> Vec<Pair> {
    let (mut left, mut right) = (0, 0);
    let mut pairs = Vec::with_capacity(replay.len().max(other.len()));
    while left < replay.len() || right < other.len() {
        // The text is the same most of the time; only where it is not is it read as a moment.
        let both = left < replay.len() && right < other.len();
        let order = match both {
            true if replay.cell(left, 0) == other.cell(right, 0) => std::cmp::Ordering::Equal,
            true => replay.time(left, "timestamp").cmp(&other.time(right, "timestamp")),
            false if left < replay.len() => std::cmp::Ordering::Less,
            false => std::cmp::Ordering::Greater,
        };
        let (first, second) = (order.is_le().then_some(left), order.is_ge().then_some(right));
        left += usize::from(first.is_some());
        right += usize::from(second.is_some());
        pairs.push(pair(replay, other, first, second));
    }
    pairs
}

fn pair(replay: &Table, other: &Table, left: Option<usize>, right: Option<usize>) -> Pair {
    let mut differing = 0;
    if let (Some(left), Some(right)) = (left, right) {
        for column in 0..replay.columns().len() {
            if replay.cell(left, column) != other.cell(right, column) {
                differing |= 1 << column;
            }
        }
    }
    Pair { replay: left, other: right, differing }
}

/// Each row's key by `column` and how many of that value came before it, from 1.
pub(super) fn ordinals<'a>(table: &'a Table, column: &str) -> Vec<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let key = |row: usize| {
        let value = table.get(row, column);
        let count = counts.entry(value).or_insert(0);
        *count += 1;
        (value, *count)
    };
    (0..table.len()).map(key).collect()
}
