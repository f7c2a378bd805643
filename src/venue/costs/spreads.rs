//! The spread of every symbol on every bar, as a quote file or a model has it.
//!
//! Not here: reading quotes (market), the model (indicator), which bars have which (scenario).
//! Invariant: the spread of a bar is made of its own quote or of bars before it, never of its own prices.
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
    symbols: Vec<Vec<(Timestamp, Spread)>>,
    source: SpreadSource,
}

impl Spreads {
    /// Spreads of each symbol, in order of time.
    pub fn new(symbols: Vec<Vec<(Timestamp, Spread)>>, source: SpreadSource) -> Spreads {
        debug_assert!(symbols.iter().all(|rows| rows.windows(2).all(|pair| pair[0].0 < pair[1].0)));
        Spreads { symbols, source }
    }

    /// The spread that the bar of `time` has for a fill at `reference`, dollars a share, and whether it should
    /// have been a quote and is not.
    #[cold]
    pub(in crate::venue) fn of(
        &self,
        symbol: SymbolIndex,
        time: Timestamp,
        at: SpreadAt,
        reference: Price,
    ) -> (Price, bool) {
        let rows = self.symbols.get(symbol.get()).map_or(&[][..], Vec::as_slice);
        let found = rows.binary_search_by_key(&time, |(time, _)| *time).map(|index| rows[index].1);
        let falls_back = self.source == SpreadSource::Quotes;
        match (found, at) {
            (Ok(Spread::Quoted { open, .. }), SpreadAt::Open) => (open, false),
            (Ok(Spread::Quoted { close, .. }), SpreadAt::Close) => (close, false),
            (Ok(Spread::Quoted { open, close }), SpreadAt::Within) => (open.max(close), false),
            (Ok(Spread::Modelled(fraction)), _) => (modelled(fraction, reference), falls_back),
            (Err(_), _) => (modelled(Ratio::ZERO, reference), falls_back),
        }
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

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }

    #[test]
    fn a_quote_counts_by_the_moment_and_a_model_by_the_price() {
        let time = |day| Timestamp::from_days(day).expect("day");
        let quoted = Spread::Quoted { open: price("0.02"), close: price("0.05") };
        let modelled = Spread::Modelled("0.001".parse().expect("ratio"));
        let spreads = Spreads::new(vec![vec![(time(1), quoted), (time(2), modelled)]], SpreadSource::Quotes);
        let of = |symbol, day, at, at_price| {
            let (spread, by_model) = spreads.of(SymbolIndex(symbol), time(day), at, price(at_price));
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
}
