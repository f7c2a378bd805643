//! What a client says an order is meant to do to the position.
//!
//! Not here: what it does (admit).
use crate::domain::Side;

/// Open or close, long or short.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) enum Intent {
    BuyToOpen,
    BuyToClose,
    SellToOpen,
    SellToClose,
}

impl Intent {
    const ALL: [Intent; 4] = [Intent::BuyToOpen, Intent::BuyToClose, Intent::SellToOpen, Intent::SellToClose];

    /// What an order on `side` does that opens, or closes.
    pub(in crate::exchange) const fn of(side: Side, opens: bool) -> Intent {
        match (side, opens) {
            (Side::Buy, true) => Intent::BuyToOpen,
            (Side::Buy, false) => Intent::BuyToClose,
            (Side::Sell, true) => Intent::SellToOpen,
            (Side::Sell, false) => Intent::SellToClose,
        }
    }

    /// Alpaca's word.
    pub(in crate::exchange) const fn name(self) -> &'static str {
        match self {
            Intent::BuyToOpen => "buy_to_open",
            Intent::BuyToClose => "buy_to_close",
            Intent::SellToOpen => "sell_to_open",
            Intent::SellToClose => "sell_to_close",
        }
    }

    /// The intent of a word.
    pub(in crate::exchange) fn read(word: &str) -> Option<Intent> {
        Intent::ALL.into_iter().find(|intent| intent.name() == word)
    }
}
