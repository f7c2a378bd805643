//! Trades out of bars: a handful a bar, the same every time.
//!
//! Not here: what a trade looks like to a client (message), quotes around it.
//! Invariants: (1) the first trade of a bar is at its open in its first moment, the last at its close before its
//! end, and high and low are touched; (2) sizes are whole shares and sum to the bar's, so a bar of fewer shares than
//! trades has one a share: the close first, then the open, then the ends of its range; without a share there is no
//! trade; (3) of a bar that is going on nothing is known but the trade at its open, and that trade says nothing
//! about the rest: it is for one share.
use crate::domain::{Bar, Price, Tick, Timestamp, Volume};
use crate::exchange::{BarStep, Tape};

/// Most trades of a bar.
pub(in crate::exchange) const PRINTS_MAX: usize = 8;
/// Open, close and the ends of the range.
const ANCHORS: usize = 4;
/// The last trade of a bar is so long before its end, or a sixteenth of the bar if that is less.
const BEFORE_END_NS: i64 = 1_000_000;

/// A trade.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::exchange) struct Print {
    /// Its number among all trades of the asset.
    pub(in crate::exchange) id: u64,
    /// When.
    pub(in crate::exchange) time: Timestamp,
    /// At which price.
    pub(in crate::exchange) price: Price,
    /// How many shares.
    pub(in crate::exchange) size: i64,
    /// In the core session, not in the hours around it?
    pub(in crate::exchange) is_core: bool,
}

/// The trades of one bar, in order of time.
#[derive(Clone, Copy, Debug)]
pub(in crate::exchange) struct Prints {
    all: [Print; PRINTS_MAX],
    count: usize,
}

impl Prints {
    /// Those of a bar that is complete: the bar of this place among those of its asset.
    pub(in crate::exchange) fn of_bar(bar: &Bar, place: usize, step: BarStep) -> Prints {
        let (salt, shares) = (salt(bar), shares(bar));
        let (prices, count) = prices(bar, salt, shares);
        let mut prints = Prints { all: [Print::default(); PRINTS_MAX], count };
        let times = Times::new(step, count, salt);
        let mut time = Timestamp::MIN;
        for (at, print) in prints.all.iter_mut().enumerate().take(count) {
            time = times.at(at).max(time.plus_ns(1));
            let (id, size) = ((place * PRINTS_MAX + at + 1) as u64, size_of(at, count, shares));
            *print = Print { id, time, price: prices[at], size, is_core: step.is_core };
        }
        prints
    }

    /// The trade at the open, as long as it is all that is known.
    pub(in crate::exchange) fn opening(self) -> Prints {
        // With one share there is a trade at the close only.
        Prints { count: usize::from(self.count > 1), ..self }
    }

    /// All of them.
    pub(in crate::exchange) fn all(&self) -> &[Print] {
        &self.all[..self.count]
    }
}

/// What the trades of a bar come to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::exchange) struct Totals {
    /// How many there are.
    pub(in crate::exchange) trades: u64,
    /// Price times size over all of them: billionths of a dollar.
    pub(in crate::exchange) value: i128,
    /// Their shares.
    pub(in crate::exchange) shares: i128,
}

impl Totals {
    /// Of the trades of a bar, without making them.
    pub(in crate::exchange) fn of_bar(bar: &Bar) -> Totals {
        let shares = shares(bar);
        let (prices, count) = prices(bar, salt(bar), shares);
        let value = |at: usize| i128::from(prices[at].units()) * i128::from(size_of(at, count, shares));
        let all = if count == 0 { 0 } else { shares };
        Totals { trades: count as u64, value: (0..count).map(value).sum(), shares: all.into() }
    }

    /// With these as well.
    pub(in crate::exchange) fn plus(self, more: Totals) -> Totals {
        Totals { trades: self.trades + more.trades, value: self.value + more.value, shares: self.shares + more.shares }
    }
}

/// The trades of an asset that have happened in the bar of this place: all of a complete one, that at the open of
/// one that is going on.
pub(in crate::exchange) fn happened(tape: &Tape, asset: usize, place: usize) -> Prints {
    if let Some(bar) = tape.closed(asset).get(place) {
        return Prints::of_bar(bar, place, tape.step_of(bar.time));
    }
    let begun = tape.begun(asset).and_then(|(stamp, _)| tape.step_at(stamp));
    let bar = begun.and_then(|step| tape.bars_of(step).find(|(own, _)| *own == asset).map(|(_, bar)| (bar, step)));
    match bar {
        Some((bar, step)) => Prints::of_bar(bar, place, tape.step(step)).opening(),
        None => Prints { all: [Print::default(); PRINTS_MAX], count: 0 },
    }
}

/// How many bars of an asset have begun.
pub(in crate::exchange) fn bars_begun(tape: &Tape, asset: usize) -> usize {
    tape.closed(asset).len() + usize::from(tape.begun(asset).is_some())
}

/// What tells bars apart: how many trades they have and when.
fn salt(bar: &Bar) -> u64 {
    mixed(bar.time.ns() as u64)
}

fn shares(bar: &Bar) -> i64 {
    bar.volume.units() / Volume::UNITS_PER_SHARE
}

/// The prices of a bar on its way from open to close, and how many there are: the nearer end of the range first,
/// and up to four prices on the way.
fn prices(bar: &Bar, salt: u64, shares: i64) -> ([Price; PRINTS_MAX], usize) {
    let (first, second) = if bar.close >= bar.open { (bar.low, bar.high) } else { (bar.high, bar.low) };
    let anchors = [bar.open, first, second, bar.close];
    let more = (salt % (PRINTS_MAX - ANCHORS + 1) as u64) as usize;
    let mut all = [bar.close; PRINTS_MAX];
    match shares {
        ..=0 => return (all, 0),
        1 => return (all, 1),
        2 | 3 => {
            all[..shares as usize - 1].copy_from_slice(&anchors[..shares as usize - 1]);
            return (all, shares as usize);
        }
        _ if shares < (ANCHORS + more) as i64 => {
            all[..ANCHORS].copy_from_slice(&anchors);
            return (all, ANCHORS);
        }
        _ => {}
    }
    let mut count = 0;
    for (leg, ends) in anchors.windows(2).enumerate() {
        all[count] = ends[0];
        count += 1;
        for extra in (0..more).filter(|extra| extra % (ANCHORS - 1) == leg) {
            // A leg has at most two: the one at a third of it, the other at two thirds.
            let thirds = 1 + extra / (ANCHORS - 1);
            let way = (ends[1].units() - ends[0].units()) / 3 * thirds as i64;
            all[count] = ends[0].saturating_offset(way).floor_to(Tick::UsEquity).clamp(bar.low, bar.high);
            count += 1;
        }
    }
    (all, count + 1)
}

/// One share at the open, the rest in equal parts; what is left over goes with the close.
fn size_of(at: usize, count: usize, shares: i64) -> i64 {
    if count == 1 {
        return shares;
    }
    let part = (shares - 1) / (count as i64 - 1);
    match at {
        0 => 1,
        _ if at + 1 == count => shares - 1 - part * (count as i64 - 2),
        _ => part,
    }
}

/// When the trades of a bar happen.
struct Times {
    first: Timestamp,
    last: Timestamp,
    count: usize,
    salt: u64,
}

impl Times {
    fn new(step: BarStep, count: usize, salt: u64) -> Times {
        let span = step.closes.ns().saturating_sub(step.opens.ns());
        let last = step.closes.plus_ns(-(span / 16).clamp(1, BEFORE_END_NS));
        Times { first: step.opens, last, count, salt }
    }

    /// Evenly spread, each but the first and the last up to half a part later.
    fn at(&self, at: usize) -> Timestamp {
        match at {
            _ if at + 1 == self.count => self.last,
            0 => self.first,
            _ => {
                let part = (self.last.ns() - self.first.ns()) / (self.count as i64 - 1).max(1);
                let late = (self.salt >> (8 * (at % 8)) & 255) as i64;
                self.first.plus_ns(part * at as i64 + part / 512 * late)
            }
        }
    }
}

/// Bits that look random. Source: Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators",
/// the finalizer of SplitMix64.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}
