//! What the letters in market data mean: conditions of trades and quotes, venues.
//!
//! Not here: which of them this exchange uses: `@`, `T`, `R` and the venue `V`.
use serde_json::{Value, json};

/// The tapes there are; conditions are asked for by tape.
pub(super) const TAPES: [&str; 5] = ["A", "B", "C", "N", "O"];

/// Source: UTP and CTA participant specifications, sale conditions.
pub(super) fn trade_conditions() -> Value {
    json!({
        " ": "Regular Sale", "@": "Regular Sale", "4": "Derivatively Priced",
        "5": "Market Center Reopening Trade", "6": "Market Center Closing Trade", "7": "Qualified Contingent Trade",
        "B": "Bunched Trade", "C": "Cash Sale", "F": "Intermarket Sweep", "H": "Price Variation Trade",
        "I": "Odd Lot Trade", "L": "Sold Last", "M": "Market Center Official Close", "N": "Next Day",
        "O": "Market Center Opening Trade", "P": "Prior Reference Price", "Q": "Market Center Official Open",
        "R": "Seller", "T": "Form T", "U": "Extended Trading Hours (Sold Out of Sequence)",
        "V": "Contingent Trade", "W": "Average Price Trade", "X": "Cross Trade", "Z": "Sold (Out of Sequence)",
    })
}

/// Source: UTP and CTA participant specifications, quote conditions.
pub(super) fn quote_conditions() -> Value {
    json!({
        "A": "Manual Ask, Automated Bid", "B": "Manual Bid, Automated Ask", "F": "Fast Trading",
        "H": "Manual Bid And Ask", "I": "Order Imbalance", "L": "Closed Quote", "N": "Non-Firm Quote",
        "O": "Opening Quote Automated", "R": "Regular, Two-Sided Open", "U": "Manual Bid And Ask (Non-Firm)",
        "Y": "No Offer, No Bid - One Sided Open", "X": "Order Influx", "Z": "No Open, No Resume",
    })
}

/// Source: Alpaca's documentation, "Exchanges".
pub(super) fn exchanges() -> Value {
    json!({
        "A": "NYSE American (AMEX)", "B": "NASDAQ OMX BX", "C": "National Stock Exchange",
        "D": "FINRA ADF", "E": "Market Independent", "H": "MIAX", "I": "International Securities Exchange",
        "J": "Cboe EDGA", "K": "Cboe EDGX", "L": "Long Term Stock Exchange", "M": "Chicago Stock Exchange",
        "N": "New York Stock Exchange", "P": "NYSE Arca", "Q": "NASDAQ OMX", "S": "NASDAQ Small Cap",
        "T": "NASDAQ Int", "U": "Members Exchange", "V": "IEX", "W": "CBOE", "X": "NASDAQ OMX PSX",
        "Y": "Cboe BYX", "Z": "Cboe BZX",
    })
}
