//! Trades and quotes of a stretch of time, and the latest.
//!
//! Not here: how they come out of bars (prints, quotes), pages.
use super::page::Part;
use super::prints::{Print, bars_begun, happened};
use crate::domain::Timestamp;
use crate::exchange::Tape;

/// The trades of an asset that are wanted, in the order that is wanted.
pub(super) fn trades(tape: &Tape, asset: usize, part: Part) -> Vec<Print> {
    let count = bars_begun(tape, asset);
    // Bars lie one behind the other, so those with a trade in the stretch do as well.
    let ends = |place: usize| tape.closed(asset).get(place).map_or(Timestamp::MAX, |bar| tape.step_of(bar.time).closes);
    let begins = |place: usize| {
        let stamp = tape.closed(asset).get(place).map(|bar| bar.time);
        let stamp = stamp.or_else(|| tape.begun(asset).map(|(stamp, _)| stamp));
        stamp.map_or(Timestamp::MAX, |stamp| tape.step_of(stamp).opens)
    };
    let first = partition(count, |place| ends(place) <= part.from);
    let end = partition(count, |place| begins(place) <= part.to);
    let mut found = Vec::new();
    let mut places: Box<dyn Iterator<Item = usize>> = match part.newest_first {
        false => Box::new(first..end),
        true => Box::new((first..end).rev()),
    };
    let is_wanted = |print: &&Print| part.from <= print.time && print.time <= part.to;
    while found.len() < part.most
        && let Some(place) = places.next()
    {
        let prints = happened(tape, asset, place);
        match part.newest_first {
            false => found.extend(prints.all().iter().filter(is_wanted)),
            true => found.extend(prints.all().iter().rev().filter(is_wanted)),
        }
    }
    found.truncate(part.most);
    found
}

/// The last trade of an asset.
pub(super) fn latest(tape: &Tape, asset: usize) -> Option<Print> {
    (0..bars_begun(tape, asset)).rev().find_map(|place| happened(tape, asset, place).all().last().copied())
}

/// How many of `0..count` come before the first for which `before` does not hold.
fn partition(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
