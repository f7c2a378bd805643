//! How a bar is read where it does not say what came first, and what is remembered while it is.
//!
//! Not here: what fills (within, path). Invariant: an order is held back at most to the end of the bar
//! (or finer bar) in which it was born or triggered.
use super::finer::FinerBars;
use super::order::VenueOrder;
use super::rules::BothTouched;
use crate::domain::{Bar, OrderId, Price, SymbolIndex, Timestamp};

/// What is taken to have come first inside a bar.
///
/// The kindest and the cruellest differ from the two above them in the legs of an entry that filled inside
/// the bar: one of the two is live at once and is hit if its level lies in the bar, the other waits for
/// the next bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// Stops, then targets; legs of an entry that filled inside the bar wait for the next.
    StopFirst,
    /// Targets, then stops; legs of an entry that filled inside the bar wait for the next.
    TargetFirst,
    /// Along a path guessed from the shape of the bar.
    Ohlc,
    /// Targets, then stops; of an entry that filled inside the bar the target is live at once.
    Kindest,
    /// Stops, then targets; of an entry that filled inside the bar the stop is live at once.
    Cruellest,
}

/// Bars that decided something and did not tell how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undecided {
    /// Bars in which a stop and its own target both lay: nothing told which came first.
    pub ambiguous_bars: u64,
    /// Bars inside which an entry filled whose own stop or target lay in them, too: nothing told whether
    /// the exit came after the entry.
    pub unclear_entry_bars: u64,
    /// Bars that should have been read through finer bars and could not be.
    pub unread_bars: u64,
    /// The first of those.
    pub unread_first: Option<Timestamp>,
}

/// An order that waits for the end of the bar at hand.
#[derive(Clone, Copy, Debug)]
struct Held {
    symbol: SymbolIndex,
    order: OrderId,
    /// For a leg: the price at which its entry filled inside the bar. None for a stop-limit that was
    /// triggered beyond its limit.
    born_at: Option<Price>,
}

/// What is remembered while the inside of a bar is read.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) reading: Reading,
    /// By symbol; `None` unless bars are to be read through finer ones.
    pub(super) finer: Option<Vec<FinerBars>>,
    held: Vec<Held>,
    /// The bar, or the finer bar of it, that is being read.
    part: Option<Bar>,
    is_ambiguous: bool,
    is_unclear: bool,
    pub(super) counts: Undecided,
}

impl Inside {
    pub(super) fn new(both_touched: BothTouched) -> Inside {
        let reading = match both_touched {
            BothTouched::StopFirst | BothTouched::Finer => Reading::StopFirst,
            BothTouched::TargetFirst => Reading::TargetFirst,
            BothTouched::Ohlc => Reading::Ohlc,
        };
        Inside {
            reading,
            finer: (both_touched == BothTouched::Finer).then(Vec::new),
            held: Vec::with_capacity(8),
            part: None,
            is_ambiguous: false,
            is_unclear: false,
            counts: Undecided::default(),
        }
    }

    /// Orders are matched inside `part` from here on.
    pub(super) fn begin(&mut self, part: &Bar) {
        self.part = Some(*part);
    }

    /// The bar, or the finer bar, of `symbol` is over: what was held back takes part from here on.
    pub(super) fn release(&mut self, symbol: SymbolIndex) {
        self.held.retain(|held| held.symbol != symbol);
    }

    /// The bar is over: it counts at most once of each kind.
    pub(super) fn end_bar(&mut self) {
        self.counts.ambiguous_bars += u64::from(std::mem::take(&mut self.is_ambiguous));
        self.counts.unclear_entry_bars += u64::from(std::mem::take(&mut self.is_unclear));
        self.part = None;
    }

    pub(super) fn note_ambiguous(&mut self, is_ambiguous: bool) {
        self.is_ambiguous |= is_ambiguous;
    }

    pub(super) fn note_unread(&mut self, time: Timestamp) {
        self.counts.unread_bars += 1;
        self.counts.unread_first = self.counts.unread_first.or(Some(time));
    }

    pub(super) fn hold(&mut self, symbol: SymbolIndex, order: OrderId) {
        self.held.push(Held { symbol, order, born_at: None });
    }

    /// `order` went live through a fill at `price` inside the bar at hand; `reaches` says whether a bar
    /// holds its level.
    pub(super) fn bear(&mut self, symbol: SymbolIndex, order: OrderId, price: Price, reaches: impl Fn(&Bar) -> bool) {
        self.is_unclear |= self.part.as_ref().is_some_and(reaches);
        if self.reading != Reading::Ohlc {
            self.held.push(Held { symbol, order, born_at: Some(price) });
        }
    }

    /// The open has triggered a stop-limit and lies beyond its limit. A bar read as a whole cannot tell what
    /// came after; a path or finer bars can.
    pub(super) fn gap_over_limit(&mut self, symbol: SymbolIndex, order: &mut VenueOrder, bar: &Bar) {
        match (self.reading, &self.finer) {
            (Reading::Ohlc, _) => {}
            (_, Some(_)) => self.hold(symbol, order.id),
            (_, None) => order.filled_on = bar.time,
        }
    }

    pub(super) fn is_held(&self, order: OrderId) -> bool {
        self.held.iter().any(|held| held.order == order)
    }

    /// The first price of the part of the bar that `order` lives through: `open`, or that of its entry.
    /// None while it is held back.
    pub(super) fn first_price(&self, order: &VenueOrder, open: Price) -> Option<Price> {
        let Some(held) = self.held.iter().find(|held| held.order == order.id) else { return Some(open) };
        let is_live_at_once = match self.reading {
            Reading::Kindest => !order.is_stop(),
            Reading::Cruellest => order.is_stop(),
            Reading::StopFirst | Reading::TargetFirst | Reading::Ohlc => false,
        };
        held.born_at.filter(|_| is_live_at_once)
    }
}
