//! Everything that an engine is given in a session, as the journal keeps it: the same inputs make the same engine.
//!
//! Not here: what follows from an input (machine), where it is kept (keeper).
//! Invariant: an input is in the journal before it is applied.
use serde::{Deserialize, Serialize};

use crate::domain::{Bar, Money, OrderId, Price, Quantity, Ratio, Side, SymbolIndex, Timestamp, Volume};
use crate::risk::{Halt, HaltedBy, Words};

/// One thing that an engine is given.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// The bars of a step have closed.
    Bars {
        /// Their stamp.
        time: Timestamp,
        /// Of each share that has one, in the scenario's order.
        bars: Vec<ShownBar>,
        /// How long before they were shown they had closed.
        late_ns: i64,
        /// They are shown so that the strategy knows the market; what it wants on them is dropped.
        warm_up: bool,
    },
    /// The venue has answered: the next `count` events that follow from the desk's entries.
    Answers {
        /// How many.
        count: usize,
        /// The bar they came on.
        now: Timestamp,
    },
    /// The session that opened at `start` is over, and no bar of its last interval has come.
    SessionEnds {
        /// Its open.
        start: Timestamp,
    },
    /// A split, before the open of `time`.
    Split {
        /// Which share.
        symbol: SymbolIndex,
        /// New shares per old.
        ratio: Ratio,
        /// The first bar after it.
        time: Timestamp,
    },
    /// A dividend, before the open of `time`.
    Dividend {
        /// Which share.
        symbol: SymbolIndex,
        /// Dollars a share.
        amount: Price,
        /// The first bar after it.
        time: Timestamp,
    },
    /// The venue has paid a dividend, or took its cost.
    Paid {
        /// Of which share.
        symbol: SymbolIndex,
        /// Dollars that belong to this book; negative is paid by it.
        amount: Money,
        /// The venue's name of the payment, which is booked once.
        id: String,
        /// The bar at hand.
        time: Timestamp,
    },
    /// A person was told of money that moved and is in no book.
    Told {
        /// The venue's name of the payment, which is told once.
        id: String,
    },
    /// Somebody halts.
    Halt {
        /// Who, and why.
        halt: Halt,
        /// Positions leave, too.
        flatten: bool,
    },
    /// Somebody ends a halt.
    Resume {
        /// Who.
        by: HaltedBy,
        /// Why.
        reason: Words,
    },
    /// Shares have left the account by no order of ours; the answers that follow say at what price.
    LeftOutside {
        /// Which share.
        symbol: SymbolIndex,
        /// Sold, or bought back.
        side: Side,
        /// How many.
        quantity: Quantity,
        /// The kill switch closed the position; otherwise nobody knows who did.
        by_kill_switch: bool,
        /// The bar at hand.
        now: Timestamp,
    },
    /// The limits that the environment may cap are these from here on.
    Limits {
        /// `max_daily_loss`.
        daily_loss: Ratio,
        /// `max_position_size`.
        position_size: Ratio,
        /// `max_portfolio_heat`.
        portfolio_heat: Ratio,
    },
    /// Positions, or that of one share, leave at the market.
    Leave {
        /// The share; all without one.
        only: Option<SymbolIndex>,
    },
    /// An entry is taken back.
    TakeBack {
        /// Our number.
        order: OrderId,
    },
    /// All resting entries are taken back: the session ends.
    TakeEntriesBack,
    /// The record so far, and what is over of the orders below a number, leaves memory: this journal holds it.
    Forgotten {
        /// Our number of the first order that stays.
        before: OrderId,
        /// Orders below it that stay, with their legs, since something of them is open or was a short time ago.
        but: Vec<OrderId>,
    },
}

/// A bar of a step.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ShownBar {
    /// Which share.
    pub symbol: SymbolIndex,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares traded.
    pub volume: Volume,
}

impl ShownBar {
    /// A bar as it is kept.
    pub fn of(symbol: SymbolIndex, bar: &Bar) -> ShownBar {
        let Bar { open, high, low, close, volume, .. } = *bar;
        ShownBar { symbol, open, high, low, close, volume }
    }

    /// The bar, stamped `time`.
    pub fn at(&self, time: Timestamp) -> Bar {
        let ShownBar { open, high, low, close, volume, .. } = *self;
        Bar { time, open, high, low, close, volume }
    }
}

/// Shares that a position came to after a split, with the mark and the cash for a part of one.
pub type AfterSplit = (Quantity, Price, Money);
