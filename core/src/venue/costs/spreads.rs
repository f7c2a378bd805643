//! The spread of every symbol on every bar, as a quote file or a model has it.
//!
//! Not here: reading quotes (market), the model (indicator), which bars have which (scenario).
//! Invariant: the spread of a bar is made of its own quote or of bars before it, never of its own prices.
use std::sync::Arc;

use crate::domain::{Price, Ratio, SymbolIndex, Tick, Timestamp};

/// The whole spread of one bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spread {
    /// Ask less bid, dollars a share.
    Quoted {
        /// At the bar's open.
        open: Price,
        /// At its close.
        close: Price,
    },
    /// This fraction of the price, and at least one tick.
    Modelled(Ratio),
}

/// When in a bar a fill takes the spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::venue) enum SpreadAt {
    Open,
    /// At a time nobody knows: the larger of both ends.
    Within,
    Close,
}

/// Where spreads should come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SpreadSource {
    /// From quotes; a bar without one falls back to the model, and that is counted.
    Quotes,
    /// From the model.
    #[default]
    Model,
}

/// Spreads by symbol and bar time. Without any, every spread is one tick.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spreads {
    symbols: Vec<Column>,
    source: SpreadSource,
}

/// The spreads of one symbol. Times stand alone: a search that starts near its end then reads a few neighbouring
/// words, where rows would cost a miss of the cache at every step.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Column {
    times: Vec<Timestamp>,
    spreads: Vec<Spread>,
}

impl Spreads {
    /// Spreads of each symbol, in order of time.
    pub fn new(symbols: Vec<Vec<(Timestamp, Spread)>>, source: SpreadSource) -> Spreads {
        debug_assert!(symbols.iter().all(|rows| rows.windows(2).all(|pair| pair[0].0 < pair[1].0)));
        let column = |rows: Vec<(Timestamp, Spread)>| {
            let (times, spreads) = rows.into_iter().unzip();
            Column { times, spreads }
        };
        Spreads { symbols: symbols.into_iter().map(column).collect(), source }
    }

    /// The same up to the bar stamped `until`; every later one is `later`.
    pub fn with_future(&self, until: Timestamp, later: Spread) -> Spreads {
        let mut changed = self.clone();
        for column in &mut changed.symbols {
            let known = column.times.partition_point(|time| *time <= until);
            column.spreads[known..].fill(later);
        }
        changed
    }
}

/// The spreads while a run goes through them: fills come in order of time, so the search for one starts where
/// the last one ended.
#[derive(Debug, Default)]
pub(in crate::venue) struct SpreadTape {
    spreads: Arc<Spreads>,
    /// By symbol, the first row that may still be wanted.
    starts: Vec<usize>,
}

impl SpreadTape {
    pub(in crate::venue) fn new(spreads: Arc<Spreads>) -> SpreadTape {
        SpreadTape { starts: vec![0; spreads.symbols.len()], spreads }
    }

    /// The spread that the bar of `time` has for a fill at `reference`, dollars a share, and whether it should
    /// have been a quote and is not.
    #[cold]
    pub(in crate::venue) fn at(
        &mut self,
        symbol: SymbolIndex,
        time: Timestamp,
        at: SpreadAt,
        reference: Price,
    ) -> (Price, bool) {
        let falls_back = self.spreads.source == SpreadSource::Quotes;
        match (self.find(symbol, time), at) {
            (Some(Spread::Quoted { open, .. }), SpreadAt::Open) => (open, false),
            (Some(Spread::Quoted { close, .. }), SpreadAt::Close) => (close, false),
            (Some(Spread::Quoted { open, close }), SpreadAt::Within) => (open.max(close), false),
            (Some(Spread::Modelled(fraction)), _) => (modelled(fraction, reference), falls_back),
            (None, _) => (modelled(Ratio::ZERO, reference), falls_back),
        }
    }

    fn find(&mut self, symbol: SymbolIndex, time: Timestamp) -> Option<Spread> {
        let start = self.starts.get_mut(symbol.get())?;
        let column = &self.spreads.symbols[symbol.get()];
        let times = &column.times[*start..];
        // In doubling steps to a bar that is late enough, then by halves between the last two.
        let mut end = 1;
        while times.get(end).is_some_and(|bar| *bar < time) {
            end *= 2;
        }
        let near = &times[(end / 2).min(times.len())..times.len().min(end + 1)];
        *start += end / 2 + near.partition_point(|bar| *bar < time);
        (column.times.get(*start) == Some(&time)).then(|| column.spreads[*start])
    }
}

/// `fraction` of the price, no less than the smallest step that quotes may have: the market's own, which holds
/// whatever rules the venue has.
fn modelled(fraction: Ratio, reference: Price) -> Price {
    let tick = Price::ZERO.saturating_offset(Tick::UsEquity.units_at(reference));
    reference.scaled(fraction).max(tick)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }

    #[test]
    fn a_quote_counts_by_the_moment_and_a_model_by_the_price() {
        let time = |day| Timestamp::from_days(day).expect("day");
        let quoted = Spread::Quoted { open: price("0.02"), close: price("0.05") };
        let modelled = Spread::Modelled("0.001".parse().expect("ratio"));
        let spreads = Arc::new(Spreads::new(vec![vec![(time(1), quoted), (time(2), modelled)]], SpreadSource::Quotes));
        let of = |symbol, day, at, at_price| {
            let (spread, by_model) =
                SpreadTape::new(spreads.clone()).at(SymbolIndex(symbol), time(day), at, price(at_price));
            (spread.to_string(), by_model)
        };
        assert_eq!(of(0, 1, SpreadAt::Open, "100"), ("0.02".to_owned(), false));
        assert_eq!(of(0, 1, SpreadAt::Close, "100"), ("0.05".to_owned(), false));
        assert_eq!(of(0, 1, SpreadAt::Within, "100"), ("0.05".to_owned(), false));
        assert_eq!(of(0, 2, SpreadAt::Open, "100"), ("0.1".to_owned(), true));
        assert_eq!(of(0, 2, SpreadAt::Open, "5"), ("0.01".to_owned(), true), "a cent is the least");
        assert_eq!(of(0, 2, SpreadAt::Open, "0.05"), ("0.0001".to_owned(), true), "below a dollar a hundredth of it");
        assert_eq!(of(0, 3, SpreadAt::Open, "100"), ("0.01".to_owned(), true));
        assert_eq!(of(7, 1, SpreadAt::Open, "100"), ("0.01".to_owned(), true));
    }

    #[test]
    fn another_future_begins_after_its_bar() {
        let time = |day| Timestamp::from_days(day).expect("day");
        let (tight, wide) = (Spread::Modelled(Ratio::ZERO), Spread::Modelled(Ratio::ONE));
        let spreads = Spreads::new(vec![(1..5).map(|day| (time(day), tight)).collect()], SpreadSource::Model);
        assert_eq!(spreads.with_future(time(2), wide).symbols[0].spreads, [tight, tight, wide, wide]);
    }

    proptest! {
        /// Every wish in order of time finds its row, and only its row.
        #[test]
        fn a_tape_finds_what_is_there(gaps in proptest::collection::vec(1i64..9, 0..80), wishes in proptest::collection::vec(0i64..400, 0..60)) {
            let at = |ns: i64| Timestamp::from_ns(ns);
            let times: Vec<i64> = gaps.iter().scan(0, |sum, gap| { *sum += gap; Some(*sum) }).collect();
            let rows = times.iter().map(|ns| (at(*ns), Spread::Modelled(Ratio::from_units(*ns)))).collect();
            let mut tape = SpreadTape::new(Arc::new(Spreads::new(vec![rows], SpreadSource::Model)));
            let mut wishes = wishes;
            wishes.sort_unstable();
            for wish in wishes {
                let expected = times.contains(&wish).then(|| Spread::Modelled(Ratio::from_units(wish)));
                prop_assert_eq!(tape.find(SymbolIndex(0), at(wish)), expected);
            }
        }
    }
}
