//! The latest bar, trade and quote of an asset, and its snapshot.
//!
//! Not here: parameters. Of an asset that has not had one yet there is nothing.
use serde_json::{Map, Value};

use super::bars::{days, own};
use super::message::{bar, object, quote, trade};
use super::quotes::Quote;
use super::ticks::latest;
use crate::exchange::Tape;

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Latest {
    /// The last complete bar of the data's own timeframe.
    Bar,
    /// The last trade.
    Trade,
    /// The last quote.
    Quote,
}

impl Latest {
    /// The word for one of them.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Trade => "trade",
            Self::Quote => "quote",
        }
    }

    /// The latest one of an asset.
    pub(super) fn of(self, tape: &Tape, asset: usize) -> Option<Value> {
        Some(object(&match self {
            Self::Bar => bar(&own(tape, tape.closed(asset).last()?)),
            Self::Trade => trade(&latest(tape, asset)?),
            Self::Quote => quote(&Quote::around(&latest(tape, asset)?)),
        }))
    }
}

/// Everything that is the latest of an asset; a part that there is not yet is left out. `None` where nothing is known.
pub(super) fn snapshot(tape: &Tape, asset: usize) -> Option<Map<String, Value>> {
    let [day, before] = days(tape, asset);
    // Days have no minutes.
    let minute = if tape.timeframe().is_daily() { None } else { Latest::Bar.of(tape, asset) };
    let parts = [
        ("latestTrade", Latest::Trade.of(tape, asset)),
        ("latestQuote", Latest::Quote.of(tape, asset)),
        ("minuteBar", minute),
        ("dailyBar", day.map(|day| object(&bar(&day)))),
        ("prevDailyBar", before.map(|before| object(&bar(&before)))),
    ];
    let known: Map<String, Value> =
        parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?))).collect();
    Some(known).filter(|known| !known.is_empty())
}
