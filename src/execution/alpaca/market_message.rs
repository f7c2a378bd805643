//! What Alpaca's market data stream says, as values: prices, sizes and times exact.
//!
//! Not here: how it is written on the wire (decode), what a session does with it.
//! Source: Alpaca, "Real-time stock data": the messages t, q, b, u, d, c, x, s, l, subscription, error and success.
use std::borrow::Cow;

use crate::domain::{Bar, Price, Quantity, Symbol, Timestamp};

/// One message. What is not known, or cannot be read, is kept as it came.
#[derive(Debug, Clone, PartialEq)]
pub enum MarketMessage<'a> {
    /// One print on the tape.
    Trade(Trade),
    /// The best bid and ask.
    Quote(Quote),
    /// A bar that has ended, or the day so far.
    Bar(StreamBar),
    /// A halt or its end.
    Status(TradingStatus<'a>),
    /// A trade that was reported wrongly.
    Correction(Correction),
    /// A trade that did not take place.
    Cancel(Cancel),
    /// The band outside which nothing may trade.
    Band(Band),
    /// Everything that is subscribed to now.
    Subscription(Subscription),
    /// A step that the venue took.
    Success(Cow<'a, str>),
    /// A step that the venue refused.
    Error {
        /// Alpaca's number for it.
        code: u64,
        /// Its words.
        message: Cow<'a, str>,
    },
    /// A kind of message that this program does not know.
    Unknown {
        /// Its `T`; empty without one.
        kind: Cow<'a, str>,
        /// The bytes of the message, in the notation of the stream.
        raw: &'a [u8],
    },
    /// A kind that is known, but not in this form.
    Unreadable {
        /// Its `T`.
        kind: Cow<'a, str>,
        /// The first field that is missing or no such value.
        field: &'static str,
        /// The bytes of the message, in the notation of the stream.
        raw: &'a [u8],
    },
}

/// Conditions of a trade or quote: codes of one letter, as the tape's plan names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    codes: [u8; Conditions::KEPT_MAX],
    kept: u8,
    left_out: u8,
}

/// One print on the tape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trade {
    /// The share.
    pub symbol: Symbol,
    /// Unique for a symbol, exchange and day.
    pub id: u64,
    /// When it took place.
    pub time: Timestamp,
    /// Dollars a share.
    pub price: Price,
    /// Shares.
    pub size: Quantity,
    /// Where, as the tape abbreviates it.
    pub exchange: Option<char>,
    /// Which tape.
    pub tape: Option<char>,
    /// How.
    pub conditions: Conditions,
}

/// One side of a quote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuoteSide {
    /// Dollars a share; above 0.
    pub price: Price,
    /// Shares, as Alpaca counts them since 2025-11-03; before, round lots.
    pub size: Quantity,
    /// Where, as the tape abbreviates it.
    pub exchange: Option<char>,
}

/// The best bid and ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quote {
    /// The share.
    pub symbol: Symbol,
    /// When.
    pub time: Timestamp,
    /// The highest bid; `None` when there is none (Alpaca sends a price of 0).
    pub bid: Option<QuoteSide>,
    /// The lowest ask; `None` when there is none.
    pub ask: Option<QuoteSide>,
    /// Which tape.
    pub tape: Option<char>,
    /// How.
    pub conditions: Conditions,
}

/// Which bar it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BarKind {
    /// The bar of the minute that has just ended; of the data's own timeframe on the built-in exchange.
    Ended,
    /// The same bar again, after a trade that was reported late.
    Updated,
    /// The day so far.
    Day,
}

/// A bar of the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamBar {
    /// Which bar it is.
    pub kind: BarKind,
    /// The share.
    pub symbol: Symbol,
    /// The bar, stamped as it came: the beginning of its interval, midnight New York of a day.
    pub bar: Bar,
}

/// A halt or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradingStatus<'a> {
    /// The share.
    pub symbol: Symbol,
    /// When.
    pub time: Timestamp,
    /// The tape's code, such as `H` (halted) or `T` (resumed).
    pub code: Cow<'a, str>,
    /// The code in words.
    pub message: Cow<'a, str>,
    /// The code of the reason.
    pub reason_code: Cow<'a, str>,
    /// The reason in words.
    pub reason: Cow<'a, str>,
    /// Which tape.
    pub tape: Option<char>,
}

/// A print as a correction names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Print {
    /// Its number.
    pub id: u64,
    /// Dollars a share.
    pub price: Price,
    /// Shares.
    pub size: Quantity,
    /// How.
    pub conditions: Conditions,
}

/// A trade that was reported wrongly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Correction {
    /// The share.
    pub symbol: Symbol,
    /// When it was corrected.
    pub time: Timestamp,
    /// As it was reported.
    pub original: Print,
    /// As it was.
    pub corrected: Print,
    /// Where, as the tape abbreviates it.
    pub exchange: Option<char>,
    /// Which tape.
    pub tape: Option<char>,
}

/// A trade that did not take place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cancel {
    /// The share.
    pub symbol: Symbol,
    /// The number of the trade.
    pub id: u64,
    /// When it was taken back.
    pub time: Timestamp,
    /// Its price.
    pub price: Price,
    /// Its shares.
    pub size: Quantity,
    /// `C` canceled, `E` an error.
    pub action: Option<char>,
    /// Where, as the tape abbreviates it.
    pub exchange: Option<char>,
    /// Which tape.
    pub tape: Option<char>,
}

/// The band outside which nothing may trade (limit up, limit down).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    /// The share.
    pub symbol: Symbol,
    /// Since when.
    pub time: Timestamp,
    /// The highest price.
    pub up: Price,
    /// The lowest price.
    pub down: Price,
    /// Why it was sent.
    pub indicator: Option<char>,
    /// Which tape.
    pub tape: Option<char>,
}

/// Everything that is subscribed to now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscription {
    /// Channels by their names on the wire (`trades`, `bars`, …), each with its symbols; `*` is all.
    pub channels: Vec<(String, Vec<String>)>,
}

impl Conditions {
    /// Codes that are kept: the tapes allow four, plus what Alpaca adds.
    pub const KEPT_MAX: usize = 6;

    /// The codes, one byte of ASCII each, in the order of the tape.
    pub fn codes(&self) -> &[u8] {
        &self.codes[..usize::from(self.kept)]
    }

    /// Codes that were not kept: longer than a letter, or too many.
    pub fn left_out(&self) -> u8 {
        self.left_out
    }

    /// Adds a code.
    pub(super) fn add(&mut self, code: Option<u8>) {
        match (code, self.codes.get_mut(usize::from(self.kept))) {
            (Some(code), Some(place)) => {
                *place = code;
                self.kept += 1;
            }
            _ => self.left_out = self.left_out.saturating_add(1),
        }
    }
}

impl Subscription {
    /// Longest list of symbols that is kept, all channels together: the exchanges list about 12,000 shares.
    pub const SYMBOLS_MAX: usize = 200_000;

    /// The symbols of a channel; empty where it is not subscribed to.
    pub fn channel(&self, name: &str) -> &[String] {
        self.channels.iter().find(|(channel, _)| channel == name).map_or(&[], |(_, symbols)| symbols)
    }
}
