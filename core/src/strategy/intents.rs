//! What a strategy wants, in its own words.
//!
//! Not here: how many shares that is and whether it may be (engine, risk).
use crate::domain::{Money, NewPrices, OrderRequest, Quantity, Ratio, Side, SymbolIndex};

/// One wish of a strategy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Intent {
    /// Open a position; `[sizing]` says how large and `[stop]` how protected, unless `weight` is set:
    /// then floor(weight × equity ÷ close) shares, and no more than `equity_fraction` gives. A strategy that
    /// sets it says so ([`super::Listed::WEIGHS`]).
    Enter {
        /// Which share.
        symbol: SymbolIndex,
        /// Buy for long, sell for short.
        side: Side,
        /// Share of equity instead of `[sizing]`.
        weight: Option<Ratio>,
    },
    /// Close the whole position at the next fill.
    Exit {
        /// Which share.
        symbol: SymbolIndex,
    },
    /// Send exactly this order.
    Submit(ScriptOrder),
    /// Cancel an order, and with it its pair.
    Cancel {
        /// Which.
        target: ScriptTarget,
    },
    /// Change price or quantity of a resting order.
    Replace {
        /// Which.
        target: ScriptTarget,
        /// New quantity in all, what has filled included, if any.
        quantity: Option<Quantity>,
        /// New prices, if any.
        prices: NewPrices,
    },
    /// Cancel resting orders that increase exposure and refuse new ones until `Resume`.
    Halt,
    /// Close one symbol, or all, and void its resting orders.
    Flatten {
        /// Which share; all without it.
        symbol: Option<SymbolIndex>,
        /// The script's number for the exits.
        label: Option<u32>,
    },
    /// Lift `Halt`.
    Resume,
}

/// An order written out whole.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ScriptOrder {
    /// The script's number for it.
    pub label: u32,
    /// The order; its size is overwritten by `size`.
    pub request: OrderRequest,
    /// How many.
    pub size: ScriptSize,
}

/// An order that a script has sent, or a leg of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScriptTarget {
    /// The script's number for the order.
    pub label: u32,
    /// The part of it that is meant.
    pub part: ScriptPart,
}

/// A part of an order with legs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScriptPart {
    /// The order itself.
    Whole,
    /// Its protective stop.
    Stop,
    /// Its profit target.
    TakeProfit,
}

/// The `qty` of a script, or its `notional`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScriptSize {
    /// So many shares.
    Shares(Quantity),
    /// As many shares as so many dollars buy at the fill.
    Notional(Money),
    /// As many as the gate would pass.
    Max,
}

/// The wishes of one step, in the order they were pushed.
#[derive(Debug, Default)]
pub struct Intents {
    list: Vec<Intent>,
}

impl Intents {
    /// Wishes a strategy may have for one step per symbol: an exit, an entry and two changes.
    pub const PER_SYMBOL_MAX: usize = 4;

    /// Room for `symbols`, so that no push of an ordinary step allocates.
    pub fn for_symbols(symbols: usize) -> Intents {
        Intents { list: Vec::with_capacity((symbols * Self::PER_SYMBOL_MAX).max(64)) }
    }

    /// Adds a wish.
    #[inline]
    pub fn push(&mut self, intent: Intent) {
        self.list.push(intent);
    }

    /// Nothing wanted?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The wishes in push order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &Intent> + '_ {
        self.list.iter()
    }

    /// Forgets all wishes.
    pub fn clear(&mut self) {
        self.list.clear();
    }
}
