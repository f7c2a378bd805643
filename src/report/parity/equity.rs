//! Differences between two accounts, step by step: stretches of rows that stay different.
//!
//! Not here: why (cause). A stretch ends where the rows agree again, and a new one begins where the distance between
//! the two balances of cash changes: something happened there on one side alone.
use std::collections::BTreeSet;

use super::Side;
use super::align::Pair;
use super::compare::{Draft, Rank};
use super::difference::Place;
use super::model::Subject;
use super::outcome::nature;
use crate::domain::{Money, Timestamp};

/// Cash of the other side − cash of the replay; `None` where one has no row.
pub(super) fn cash_apart(replay: &Side, other: &Side, pair: &Pair) -> Option<Money> {
    let (left, right) = pair.replay.zip(pair.other)?;
    Some(other.equity.dollars(right, "cash") - replay.equity.dollars(left, "cash"))
}

/// The stretches. `late`: bars at whose very close something filled on one side alone.
pub(super) fn drafts(replay: &Side, other: &Side, pairs: &[Pair], late: &BTreeSet<Timestamp>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let (mut open, mut apart) = (false, Some(Money::ZERO));
    for (number, pair) in pairs.iter().enumerate() {
        if pair.is_same() {
            (open, apart) = (false, Some(Money::ZERO));
            continue;
        }
        let now = cash_apart(replay, other, pair);
        match drafts.last_mut() {
            Some(draft) if open && now == apart => draft.rows += 1,
            _ => {
                let stamp = |side: &Side, row: Option<usize>| row.map(|row| side.equity.time(row, "timestamp"));
                let time = stamp(replay, pair.replay).or_else(|| stamp(other, pair.other));
                let after = time.is_some_and(|time| late.contains(&time));
                drafts.push(Draft {
                    subject: Subject::Equity,
                    order: None,
                    ordinal: 0,
                    time,
                    rank: if after { Rank::AccountAfter } else { Rank::Account },
                    rows: 1,
                    nature: nature(&replay.equity, &other.equity, pair),
                    at: Place { replay: pair.replay, other: pair.other },
                    number,
                });
            }
        }
        (open, apart) = (true, now);
    }
    drafts
}
