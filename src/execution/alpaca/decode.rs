//! Batches of the market data stream into messages, without an allocation for each.
//!
//! Not here: the two notations (reader_*), sockets (stream), what follows from a message.
//! Invariants: (1) every message of a batch is handed out or the batch is an error that names the byte; (2) what is not
//! known is handed out as it came and counted; (3) the order of the fields of a message does not matter.
use std::borrow::Cow;

use super::market_message::{
    Band, BarKind, Cancel, Conditions, Correction, MarketMessage, Print, Quote, QuoteSide, StreamBar, Subscription,
    Trade, TradingStatus,
};
use super::reader::{DecodeError, Fields, Reader, Value};
use super::reader_json::JsonReader;
use super::reader_msgpack::MsgpackReader;
use crate::domain::{Bar, Price, Symbol};

/// How a market data stream is written; chosen by the handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// `Content-Type: application/json`.
    Json,
    /// `Content-Type: application/msgpack`.
    MessagePack,
}

/// What a decoder has seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DecodeCounts {
    /// Messages handed out, those below included.
    pub messages: u64,
    /// Messages of an unknown kind.
    pub unknown: u64,
    /// Messages of a known kind in a form that cannot be read.
    pub unreadable: u64,
}

/// Reads batches of one stream.
#[derive(Debug)]
pub struct Decoder {
    encoding: Encoding,
    counts: DecodeCounts,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(encoding: Encoding) -> Decoder {
        Decoder { encoding, counts: DecodeCounts::default() }
    }

    /// What it has seen.
    pub fn counts(&self) -> DecodeCounts {
        self.counts
    }

    /// Hands every message of a batch to `each`, in order. A batch is a list of messages; a message alone is one too.
    ///
    /// Errors: the bytes are cut off or no such notation; messages before that place have been handed out.
    pub fn decode<'a>(&mut self, batch: &'a [u8], each: impl FnMut(MarketMessage<'a>)) -> Result<(), DecodeError> {
        match self.encoding {
            Encoding::Json => self.walk::<JsonReader<'a>>(batch, each),
            Encoding::MessagePack => self.walk::<MsgpackReader<'a>>(batch, each),
        }
    }

    fn walk<'a, R: Reader<'a>>(
        &mut self,
        batch: &'a [u8],
        mut each: impl FnMut(MarketMessage<'a>),
    ) -> Result<(), DecodeError> {
        let mut reader = R::new(batch)?;
        let mut fields = Fields::new();
        let mut one = |reader: &mut R| -> Result<(), DecodeError> {
            let from = reader.place();
            fields.read(reader)?;
            let message = read::<R>(&fields, reader.since(from));
            self.counts.messages += 1;
            self.counts.unknown += u64::from(matches!(message, MarketMessage::Unknown { .. }));
            self.counts.unreadable += u64::from(matches!(message, MarketMessage::Unreadable { .. }));
            each(message);
            Ok(())
        };
        if reader.is_at_list() {
            let mut open = reader.open_list()?;
            while reader.more_in_list(&mut open)? {
                one(&mut reader)?;
            }
        } else {
            one(&mut reader)?;
        }
        reader.finish()
    }
}

/// The message that `fields` are; `raw` are its bytes.
#[inline]
fn read<'a, R: Reader<'a>>(fields: &Fields<'a>, raw: &'a [u8]) -> MarketMessage<'a> {
    let kind = match fields.get(b"T") {
        Some(Value::Text(kind)) => kind,
        _ => return MarketMessage::Unknown { kind: fields.text(b"T").unwrap_or_default(), raw },
    };
    let message = match kind {
        "t" => trade::<R>(fields).map(MarketMessage::Trade),
        "q" => quote::<R>(fields).map(MarketMessage::Quote),
        "b" => bar(fields, BarKind::Ended).map(MarketMessage::Bar),
        "u" => bar(fields, BarKind::Updated).map(MarketMessage::Bar),
        "d" => bar(fields, BarKind::Day).map(MarketMessage::Bar),
        "s" => status(fields).map(MarketMessage::Status),
        "c" => correction::<R>(fields).map(MarketMessage::Correction),
        "x" => cancel(fields).map(MarketMessage::Cancel),
        "l" => band(fields).map(MarketMessage::Band),
        "subscription" => subscription::<R>(fields).map(MarketMessage::Subscription),
        "success" => fields.text(b"msg").ok_or("msg").map(MarketMessage::Success),
        "error" => error(fields),
        _ => return MarketMessage::Unknown { kind: Cow::Borrowed(kind), raw },
    };
    message.unwrap_or_else(|field| MarketMessage::Unreadable { kind: Cow::Borrowed(kind), field, raw })
}

/// What a field must be; the error is its name.
type Field<T> = Result<T, &'static str>;

#[inline]
fn symbol(fields: &Fields<'_>) -> Field<Symbol> {
    match fields.get(b"S") {
        Some(Value::Text(text)) => text.parse().map_err(|_| "S"),
        _ => Err("S"),
    }
}

/// The codes of a list; absent or null is none.
#[inline]
fn conditions<'a, R: Reader<'a>>(fields: &Fields<'a>, key: &'static str) -> Field<Conditions> {
    let mut conditions = Conditions::default();
    let list = match fields.get(key.as_bytes()) {
        None => return Ok(conditions),
        Some(Value::List(list)) => list,
        // Corrections and crypto may say it as text.
        Some(Value::Text(text)) => {
            text.bytes().for_each(|code| conditions.add(Some(code)));
            return Ok(conditions);
        }
        Some(_) => return Err(key),
    };
    let mut add = || -> Result<(), DecodeError> {
        let mut reader = R::new(list)?;
        let mut open = reader.open_list()?;
        while reader.more_in_list(&mut open)? {
            let code = match reader.value()? {
                Value::Text(text) if text.len() == 1 => Some(text.as_bytes()[0]),
                _ => None,
            };
            conditions.add(code);
        }
        Ok(())
    };
    add().map_err(|_| key)?;
    Ok(conditions)
}

#[inline]
fn trade<'a, R: Reader<'a>>(fields: &Fields<'a>) -> Field<Trade> {
    Ok(Trade {
        symbol: symbol(fields)?,
        id: fields.whole(b"i").ok_or("i")?,
        time: fields.time(b"t").ok_or("t")?,
        price: fields.price(b"p").ok_or("p")?,
        size: fields.quantity(b"s").ok_or("s")?,
        exchange: fields.letter(b"x"),
        tape: fields.letter(b"z"),
        conditions: conditions::<R>(fields, "c")?,
    })
}

fn quote<'a, R: Reader<'a>>(fields: &Fields<'a>) -> Field<Quote> {
    let side = |price: &'static str, size: &'static str, exchange: &str| -> Field<Option<QuoteSide>> {
        let side = QuoteSide {
            price: fields.price(price.as_bytes()).ok_or(price)?,
            size: fields.quantity(size.as_bytes()).ok_or(size)?,
            exchange: fields.letter(exchange.as_bytes()),
        };
        Ok(Some(side).filter(|side| side.price > Price::ZERO))
    };
    Ok(Quote {
        symbol: symbol(fields)?,
        time: fields.time(b"t").ok_or("t")?,
        bid: side("bp", "bs", "bx")?,
        ask: side("ap", "as", "ax")?,
        tape: fields.letter(b"z"),
        conditions: conditions::<R>(fields, "c")?,
    })
}

fn bar(fields: &Fields<'_>, kind: BarKind) -> Field<StreamBar> {
    Ok(StreamBar { kind, symbol: symbol(fields)?, bar: plain_bar(fields)? })
}

/// A bar of the stream or of REST, whose prices fit together.
pub(super) fn plain_bar(fields: &Fields<'_>) -> Field<Bar> {
    let bar = Bar {
        time: fields.time(b"t").ok_or("t")?,
        open: fields.price(b"o").ok_or("o")?,
        high: fields.price(b"h").ok_or("h")?,
        low: fields.price(b"l").ok_or("l")?,
        close: fields.price(b"c").ok_or("c")?,
        volume: fields.volume(b"v").ok_or("v")?,
    };
    bar.checked().map_err(|_| "o, h, l and c together")
}

fn status<'a>(fields: &Fields<'a>) -> Field<TradingStatus<'a>> {
    let text = |key: &'static str| fields.text(key.as_bytes()).ok_or(key);
    Ok(TradingStatus {
        symbol: symbol(fields)?,
        time: fields.time(b"t").ok_or("t")?,
        code: text("sc")?,
        message: text("sm").unwrap_or_default(),
        reason_code: text("rc").unwrap_or_default(),
        reason: text("rm").unwrap_or_default(),
        tape: fields.letter(b"z"),
    })
}

fn correction<'a, R: Reader<'a>>(fields: &Fields<'a>) -> Field<Correction> {
    let print = |id: &'static str, price: &'static str, size: &'static str, codes: &'static str| -> Field<Print> {
        Ok(Print {
            id: fields.whole(id.as_bytes()).ok_or(id)?,
            price: fields.price(price.as_bytes()).ok_or(price)?,
            size: fields.quantity(size.as_bytes()).ok_or(size)?,
            conditions: conditions::<R>(fields, codes)?,
        })
    };
    Ok(Correction {
        symbol: symbol(fields)?,
        time: fields.time(b"t").ok_or("t")?,
        original: print("oi", "op", "os", "oc")?,
        corrected: print("ci", "cp", "cs", "cc")?,
        exchange: fields.letter(b"x"),
        tape: fields.letter(b"z"),
    })
}

fn cancel(fields: &Fields<'_>) -> Field<Cancel> {
    Ok(Cancel {
        symbol: symbol(fields)?,
        id: fields.whole(b"i").ok_or("i")?,
        time: fields.time(b"t").ok_or("t")?,
        price: fields.price(b"p").ok_or("p")?,
        size: fields.quantity(b"s").ok_or("s")?,
        action: fields.letter(b"a"),
        exchange: fields.letter(b"x"),
        tape: fields.letter(b"z"),
    })
}

fn band(fields: &Fields<'_>) -> Field<Band> {
    Ok(Band {
        symbol: symbol(fields)?,
        time: fields.time(b"t").ok_or("t")?,
        up: fields.price(b"u").ok_or("u")?,
        down: fields.price(b"d").ok_or("d")?,
        indicator: fields.letter(b"i"),
        tape: fields.letter(b"z"),
    })
}

fn error<'a>(fields: &Fields<'a>) -> Field<MarketMessage<'a>> {
    let (code, message) = (fields.whole(b"code").ok_or("code")?, fields.text(b"msg").ok_or("msg")?);
    Ok(MarketMessage::Error { code, message })
}

/// Every list of the message is a channel, known or not.
fn subscription<'a, R: Reader<'a>>(fields: &Fields<'a>) -> Field<Subscription> {
    let mut subscription = Subscription::default();
    let mut symbols = 0;
    for (name, value) in fields.all() {
        let Value::List(list) = value else { continue };
        let mut read = || -> Result<Vec<String>, DecodeError> {
            let mut reader = R::new(list)?;
            let (mut open, mut channel) = (reader.open_list()?, Vec::new());
            while reader.more_in_list(&mut open)? {
                symbols += 1;
                let text = reader.value()?.text().filter(|_| symbols <= Subscription::SYMBOLS_MAX);
                let text = text.ok_or(DecodeError { at: reader.place(), what: "no symbol, or too many" })?;
                channel.push(text.into_owned());
            }
            Ok(channel)
        };
        let channel = read().map_err(|_| "a list of symbols")?;
        subscription.channels.push((String::from_utf8_lossy(name).into_owned(), channel));
    }
    Ok(subscription)
}
