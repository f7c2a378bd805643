//! Days in another order: a block bootstrap of whole sessions.
//!
//! Not here: statistics (metric). Every session of the market is drawn from all of them, in blocks, and all symbols
//! have the same days, so that what moved together still does. Prices are chained: each session follows its
//! forerunner in the new order by the returns it had against its own.
//! Source: Politis and Romano (1992), "A circular block-resampling procedure for stationary data".
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::shock::{below, on_grid};
use super::shock_overnight::with_prices;
use super::shock_window::session_starts;
use crate::domain::{Bar, Price, Tick, Timestamp};
use crate::engine::MarketAction;
use crate::scenario::MarketData;

/// Sessions of a block: a month, so that runs of days and clusters of large moves stay whole.
pub(super) const BLOCK: usize = 20;

/// Tells these draws from others with the scenario's seed.
const STREAM: u64 = 0x7265_6f72_6465_7220; // "reorder "

/// `market` with its sessions from `from` on drawn anew; `number`: which of the orders that the seed gives.
///
/// Errors: fewer than two sessions; shares that split or end, whose prices do not follow from returns alone.
pub(super) fn reordered(
    market: &MarketData,
    from: Timestamp,
    (seed, number): (u64, u32),
    tick: Tick,
) -> Result<MarketData, String> {
    let breaks = |(_, action): &(Timestamp, MarketAction)| !matches!(action, MarketAction::Dividend { .. });
    if market.actions.iter().chain(&market.benchmark_actions).any(breaks) {
        return Err("stress.reorder needs prices without splits and shares that stay listed; set data.adjust = \
                    \"splits\", or leave out the share"
            .to_owned());
    }
    let mut starts = session_starts(market);
    starts.drain(..starts.partition_point(|start| *start < from));
    if starts.len() < 2 {
        return Err(format!("stress.reorder needs two sessions or more, there are {}", starts.len()));
    }
    let days = Days::of(market, &starts);
    let order = order_of_days(starts.len(), (seed, number));
    let bars = market.bars.iter().map(|bars| days.chained(bars, &order, tick)).collect();
    let benchmark = market.benchmark.as_ref().map(|bars| days.chained(bars, &order, tick));
    Ok(MarketData { bars, benchmark: benchmark.filter(|bars| !bars.is_empty()), ..market.clone() })
}

/// For each session the one that takes its place: blocks that begin anywhere and go on from the end to the beginning.
fn order_of_days(sessions: usize, (seed, number): (u64, u32)) -> Vec<usize> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ STREAM ^ (u64::from(number) << 32));
    let mut order = Vec::with_capacity(sessions + BLOCK);
    while order.len() < sessions {
        let first = below(&mut random, sessions as u64) as usize;
        order.extend((first..first + BLOCK).map(|day| day % sessions));
    }
    order.truncate(sessions);
    order
}

/// Sessions in which bars may stand.
struct Days {
    /// The first step of each.
    starts: Vec<Timestamp>,
    /// Where its clock begins and its last bar opens.
    clocks: Vec<(Timestamp, Timestamp)>,
}

impl Days {
    fn of(market: &MarketData, starts: &[Timestamp]) -> Days {
        let clock = |start: &Timestamp| {
            let session = market.session_index(*start).checked_sub(1).and_then(|at| market.sessions.get(at));
            session.map_or((*start, *start), |session| (session.start, session.last_bar))
        };
        let clocks = starts.iter().map(clock).collect();
        Days { starts: starts.to_vec(), clocks }
    }

    /// The bars of one symbol in the new order, after those before the first of the days.
    fn chained(&self, bars: &[Bar], order: &[usize], tick: Tick) -> Vec<Bar> {
        let begins: Vec<usize> =
            self.starts.iter().map(|start| bars.partition_point(|bar| bar.time < *start)).chain([bars.len()]).collect();
        let mut made = bars[..begins[0]].to_vec();
        let Some(first) = bars.first() else { return made };
        // Kept apart from the bars, whose rounding to the grid would add up.
        let mut level = i128::from(made.last().map_or(first.open, |bar| bar.close).units());
        for (day, source) in order.iter().enumerate() {
            let own = &bars[begins[*source]..begins[source + 1]];
            let (Some(open), Some(last)) = (own.first(), own.last()) else { continue };
            let before = begins[*source].checked_sub(1).map_or(open.open, |at| bars[at].close);
            let follow = |price: Price| follows(level, price, before);
            for bar in own {
                let time = self.clocks[day].0.plus_ns(bar.time.ns() - self.clocks[*source].0.ns());
                // A short day has no room for the afternoon of a long one.
                if time <= self.clocks[day].1 {
                    made.push(Bar { time, ..with_prices(bar, |price| on_grid(follow(price), tick)) });
                }
            }
            level = i128::from(follow(last.close).units()).max(1);
        }
        made
    }
}

/// `level` × price ÷ before, to the nearest billionth, at most [`Price::MAX`].
fn follows(level: i128, price: Price, before: Price) -> Price {
    let before = i128::from(before.units()).max(1);
    let units = (level * i128::from(price.units()) + before / 2) / before;
    i64::try_from(units).ok().and_then(Price::from_units).unwrap_or(Price::MAX)
}
