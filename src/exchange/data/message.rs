//! What there is to say about the market, as REST and the data stream say it.
//!
//! Not here: which messages there are (feed), MessagePack (pack), sockets and subscriptions (the server).
//! Invariant: a thing has the same fields with the same values on REST and on the stream.
use std::fmt::Write;

use serde_json::{Map, Number, Value};

use super::bars::DataBar;
use super::prints::Print;
use super::quotes::{self, Quote};
use crate::domain::{Price, Symbol, Timestamp, Volume};

/// The venue of every trade and quote.
pub(super) const VENUE: &str = "V";
/// The tape of every asset: they are listed on Nasdaq.
pub(super) const TAPE: &str = "C";

/// The kinds of messages of the data stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageKind {
    /// A trade.
    Trade,
    /// A quote.
    Quote,
    /// A bar right after its end.
    Bar,
    /// A bar again, after a late trade.
    UpdatedBar,
    /// The day so far.
    DailyBar,
    /// Trading is halted or goes on.
    Status,
    /// A trade is corrected.
    Correction,
    /// A trade is taken back.
    CancelError,
    /// The bounds of prices change.
    Luld,
    /// An auction is out of balance.
    Imbalance,
}

/// The value of a field.
#[derive(Clone, PartialEq, Debug)]
pub enum Field {
    /// Dollars; a number.
    Price(Price),
    /// Shares traded; a whole number where they are whole.
    Volume(Volume),
    /// A size, a count or an id.
    Whole(u64),
    /// Text.
    Text(&'static str),
    /// A list of texts.
    Texts(&'static [&'static str]),
    /// A moment.
    Time(Timestamp),
}

/// Fields by name.
pub type Fields = Vec<(&'static str, Field)>;

/// One message of the data stream.
#[derive(Clone, PartialEq, Debug)]
pub struct DataMessage {
    /// What it is: the key `T`.
    pub kind: MessageKind,
    /// Which share: the key `S`.
    pub symbol: Symbol,
    /// Everything else.
    pub fields: Fields,
}

impl MessageKind {
    /// The value of the key `T`.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Trade => "t",
            Self::Quote => "q",
            Self::Bar => "b",
            Self::UpdatedBar => "u",
            Self::DailyBar => "d",
            Self::Status => "s",
            Self::Correction => "c",
            Self::CancelError => "x",
            Self::Luld => "l",
            Self::Imbalance => "i",
        }
    }

    /// The channel that a client subscribes to for it.
    pub const fn channel(self) -> &'static str {
        match self {
            Self::Trade => "trades",
            Self::Quote => "quotes",
            Self::Bar => "bars",
            Self::UpdatedBar => "updatedBars",
            Self::DailyBar => "dailyBars",
            Self::Status => "statuses",
            Self::Correction => "corrections",
            Self::CancelError => "cancelErrors",
            Self::Luld => "lulds",
            Self::Imbalance => "imbalances",
        }
    }
}

/// The fields of a trade.
pub(in crate::exchange) fn trade(print: &Print) -> Fields {
    vec![
        ("i", Field::Whole(print.id)),
        ("x", Field::Text(VENUE)),
        ("p", Field::Price(print.price)),
        ("s", Field::Whole(print.size.unsigned_abs())),
        // Outside the core session a trade is one of "Form T".
        ("c", Field::Texts(if print.is_core { &["@"] } else { &["@", "T"] })),
        ("t", Field::Time(print.time)),
        ("z", Field::Text(TAPE)),
    ]
}

/// The fields of a quote; a side that nobody is on has price and size zero.
pub(in crate::exchange) fn quote(quote: &Quote) -> Fields {
    let size = |price: Price| if price == Price::ZERO { 0 } else { quotes::SIZE.unsigned_abs() };
    vec![
        ("ax", Field::Text(VENUE)),
        ("ap", Field::Price(quote.ask)),
        ("as", Field::Whole(size(quote.ask))),
        ("bx", Field::Text(VENUE)),
        ("bp", Field::Price(quote.bid)),
        ("bs", Field::Whole(size(quote.bid))),
        ("c", Field::Texts(&["R"])),
        ("t", Field::Time(quote.time)),
        ("z", Field::Text(TAPE)),
    ]
}

/// The fields of a bar.
pub(in crate::exchange) fn bar(bar: &DataBar) -> Fields {
    vec![
        ("o", Field::Price(bar.open)),
        ("h", Field::Price(bar.high)),
        ("l", Field::Price(bar.low)),
        ("c", Field::Price(bar.close)),
        ("v", Field::Volume(bar.volume)),
        ("n", Field::Whole(bar.totals.trades)),
        ("vw", Field::Price(bar.mean_price())),
        ("t", Field::Time(bar.time)),
    ]
}

/// The fields as REST shows them.
pub(in crate::exchange) fn object(fields: &Fields) -> Value {
    let value = |field: &Field| match field {
        Field::Price(price) => number(price.to_f64(), price.units() % Price::UNITS_PER_USD == 0),
        Field::Volume(volume) => number(volume.to_f64(), volume.units() % Volume::UNITS_PER_SHARE == 0),
        Field::Whole(whole) => Value::from(*whole),
        Field::Text(text) => Value::from(*text),
        Field::Texts(texts) => texts.iter().copied().map(Value::from).collect(),
        Field::Time(time) => Value::from(time.to_string()),
    };
    Value::Object(fields.iter().map(|(name, field)| ((*name).to_owned(), value(field))).collect::<Map<_, _>>())
}

/// A whole number has no point: `100`, as Alpaca writes it.
fn number(value: f64, is_whole: bool) -> Value {
    match is_whole {
        true => Value::from(value as i64),
        false => Number::from_f64(value).map_or(Value::Null, Value::Number),
    }
}

/// The messages as a JSON array.
pub fn to_json(messages: &[DataMessage]) -> String {
    let mut out = String::with_capacity(2 + messages.len() * 128);
    for message in messages {
        out.push(if out.is_empty() { '[' } else { ',' });
        // Letters, symbols, names and texts hold nothing that JSON would escape; writing to a String cannot fail.
        let _ = write!(out, "{{\"T\":\"{}\",\"S\":\"{}\"", message.kind.letter(), message.symbol);
        for (name, field) in &message.fields {
            let _ = write!(out, ",\"{name}\":");
            write_json(&mut out, field);
        }
        out.push('}');
    }
    out.push_str(if out.is_empty() { "[]" } else { "]" });
    out
}

fn write_json(out: &mut String, field: &Field) {
    let _ = match field {
        Field::Price(price) => write!(out, "{price}"),
        Field::Volume(volume) => write!(out, "{volume}"),
        Field::Whole(whole) => write!(out, "{whole}"),
        Field::Text(text) => write!(out, "\"{text}\""),
        Field::Texts(texts) => {
            let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            write!(out, "[{}]", quoted.join(","))
        }
        Field::Time(time) => write!(out, "\"{time}\""),
    };
}
