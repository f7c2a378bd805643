//! What a strategy may look at besides its bars.
use crate::domain::{Money, OrderPurpose, Quantity, SymbolIndex, Timestamp};
use crate::portfolio::Portfolio;

/// Which way a position points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holding {
    /// No shares.
    Flat,
    /// More than none.
    Long,
    /// Fewer than none.
    Short,
}

/// How the last position of a symbol ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LastExit {
    /// Bars of this symbol seen when it ended.
    pub bars_seen: u64,
    /// Why.
    pub purpose: OrderPurpose,
}

/// What the engine knows of one symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SymbolBook {
    /// Shares held; negative is short.
    pub quantity: Quantity,
    /// Bars of this symbol that have closed, this one included.
    pub bars_seen: u64,
    /// Entries approved and not yet filled, canceled or expired.
    pub entries_pending: u16,
    /// Exits approved and not yet filled, canceled or expired.
    pub exits_pending: u16,
    /// How the last position ended.
    pub last_exit: Option<LastExit>,
}

/// The state of the account at a close, before any order of this close.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Open time of the bars that have just closed.
    pub time: Timestamp,
    portfolio: &'a Portfolio,
    books: &'a [SymbolBook],
}

impl<'a> View<'a> {
    /// The account at `time`; `books` has one entry per symbol, in the scenario's order.
    #[inline]
    pub fn new(time: Timestamp, portfolio: &'a Portfolio, books: &'a [SymbolBook]) -> View<'a> {
        View { time, portfolio, books }
    }

    /// Cash plus positions at their last close.
    #[inline]
    pub fn equity(&self) -> Money {
        self.portfolio.equity()
    }

    /// Cash.
    #[inline]
    pub fn cash(&self) -> Money {
        self.portfolio.cash()
    }

    /// What is known of every symbol, in the scenario's order.
    #[inline]
    pub fn books(&self) -> &'a [SymbolBook] {
        self.books
    }

    /// What is known of `symbol`.
    #[inline]
    pub fn book(&self, symbol: SymbolIndex) -> &SymbolBook {
        &self.books[symbol.get()]
    }

    /// Which way the position in `symbol` points.
    #[inline]
    pub fn holding(&self, symbol: SymbolIndex) -> Holding {
        self.book(symbol).holding()
    }
}

impl SymbolBook {
    /// Which way the position points.
    #[inline]
    pub fn holding(&self) -> Holding {
        match self.quantity.units() {
            0 => Holding::Flat,
            1.. => Holding::Long,
            _ => Holding::Short,
        }
    }
}
