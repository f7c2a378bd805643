//! The night of a run on which a jump of prices would have cost most.
//!
//! Not here: making the jump (sweep). Found in the record of the run, which is read again step by step.
use super::MarketData;
use super::account_rows::{Books, Held};
use super::efficacy_peaks::share;
use crate::domain::{Bar, Money, Side, SymbolIndex, Timestamp};
use crate::engine::Journal;
use crate::market::Merge;

/// A night between two sessions, and what was held over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Night {
    /// The last step before it.
    pub after: Timestamp,
    /// The first step after it.
    pub next: Timestamp,
    /// Symbols held: `Buy` for a long position, `Sell` for a short one.
    pub held: Vec<(SymbolIndex, Side)>,
    /// Gross exposure ÷ equity at the closes before it.
    pub exposure: f64,
}

/// The night with the largest gross exposure as a share of equity, the first of equals, among those that end at
/// `from` or later; `None` where nothing was held over any. The run began with `cash`.
///
/// There is no night after the last session, and none while nothing is left of the account.
pub fn largest_night(market: &MarketData, journal: &Journal, cash: Money, from: Timestamp) -> Option<Night> {
    let bars: Vec<&[Bar]> = market.bars.iter().map(Vec::as_slice).collect();
    let mut merge = Merge::new(&bars);
    let mut step = Vec::with_capacity(bars.len());
    let mut books = Books::new(bars.len(), journal, cash);
    let mut largest: Option<Night> = None;
    let mut before: Option<Timestamp> = None;
    while let Some(next) = merge.next_step(&mut step) {
        if let Some(after) = before.filter(|after| next >= from && market.is_night(*after, next)) {
            let gross = books.held.iter().map(|held| held.value().abs()).sum();
            let equity = books.cash + books.held.iter().map(Held::value).sum();
            let exposure = share(gross, equity).filter(|exposure| *exposure > 0.0);
            if let Some(exposure) =
                exposure.filter(|share| largest.as_ref().is_none_or(|night| *share > night.exposure))
            {
                largest = Some(Night { after, next, held: held(&books), exposure });
            }
        }
        books.open(next);
        books.trade(next);
        for (symbol, index) in &step {
            books.held[symbol.get()].close = bars[symbol.get()][*index].close;
        }
        before = Some(next);
    }
    largest
}

impl MarketData {
    /// Are these steps of different sessions?
    pub fn is_night(&self, after: Timestamp, next: Timestamp) -> bool {
        self.sessions.is_empty() || self.session_index(after) != self.session_index(next)
    }
}

fn held(books: &Books<'_>) -> Vec<(SymbolIndex, Side)> {
    let symbols = (0u16..).map(SymbolIndex).zip(&books.held).filter(|(_, held)| !held.quantity.is_zero());
    symbols.map(|(symbol, held)| (symbol, if held.value() < Money::ZERO { Side::Sell } else { Side::Buy })).collect()
}
