//! Market data: bars, trades, quotes and auctions over REST, and the messages of the data stream.
//!
//! Not here: sockets and subscriptions (the server), orders. Invariants: (1) nothing after the clock is told, and of
//! a bar that is going on nothing but a trade at its open; (2) the same bars give the same trades and quotes, with
//! the same ids on REST and on the stream; (3) parts of a share are no trade.
mod auctions;
mod bars;
mod feed;
mod latest;
mod message;
mod meta;
mod pack;
mod page;
mod prints;
mod quotes;
mod request;
mod test_feed;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_feed;
mod ticks;
mod timeframe;

use serde_json::{Map, Value, json};

use self::bars::Wanted;
use self::latest::Latest;
use self::message::object;
use self::page::{Part, Point, page};
use self::quotes::Quote;
use self::request::Symbols;
use super::asset_actions::Action;
use super::parameters::Parameters;
use super::reply::{NOT_FOUND, bad_request, ok, refuse};
use super::{Answer, Tape};

pub use feed::{closed, opened};
pub use message::{DataMessage, Field, Fields, MessageKind, to_json};
pub use pack::to_pack;
pub use test_feed::{TEST_SYMBOL, test_messages};

/// Points of a stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Bars,
    Trades,
    Quotes,
    Auctions,
}

/// What the points are made of.
#[derive(Clone, Copy)]
struct Source<'a> {
    tape: &'a Tape,
    actions: &'a [Action],
    query: &'a Parameters,
}

/// Answers `GET /v2/stocks/...`; `path` is what follows. `None` for no route of this room.
pub(super) fn answer(tape: &Tape, actions: &[Action], path: &[&str], query: &Parameters) -> Option<Answer> {
    let source = Source { tape, actions, query };
    let answer = match path {
        ["meta", "exchanges"] => Ok(ok(&meta::exchanges())),
        ["meta", "conditions", what @ ("trade" | "quote")] => source.conditions(what),
        ["snapshots"] => source.snapshots(),
        [symbol, "snapshot"] => source.snapshot(symbol),
        [kind, "latest"] => source.all_latest(latest(kind)?),
        [symbol, kind, "latest"] => source.one_latest(symbol, latest(kind)?),
        [kind] => source.all(stretch(kind)?),
        [symbol, kind] => source.one(symbol, stretch(kind)?),
        _ => return None,
    };
    Some(answer.unwrap_or_else(|refused| refused))
}

fn stretch(name: &str) -> Option<Kind> {
    [Kind::Bars, Kind::Trades, Kind::Quotes, Kind::Auctions].into_iter().find(|kind| kind.name() == name)
}

fn latest(name: &str) -> Option<Latest> {
    [Latest::Bar, Latest::Trade, Latest::Quote].into_iter().find(|kind| name.strip_suffix('s') == Some(kind.name()))
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Trades => "trades",
            Self::Quotes => "quotes",
            Self::Auctions => "auctions",
        }
    }
}

impl Source<'_> {
    fn points(&self, kind: Kind, symbols: &Symbols) -> Result<(Map<String, Value>, Option<String>), Answer> {
        let (tape, range) = (self.tape, request::range(self.tape, self.query)?);
        match kind {
            Kind::Bars => {
                let (span, adjusting) = (request::span(self.query)?, request::adjusting(self.query)?);
                page(symbols, &range, |asset, part| {
                    let Part { from, to, newest_first, most } = part;
                    let wanted = Wanted { span, adjusting, from, to, most, newest_first };
                    let found = bars::gathered(tape, self.actions, asset, wanted);
                    let found = found.map_err(|error| refuse(500, 50_010_000, error.to_string()))?;
                    Ok(found.iter().map(|bar| (bar.time, object(&message::bar(bar)))).collect())
                })
            }
            Kind::Trades => page(symbols, &range, |asset, part| {
                let trades = ticks::trades(tape, asset, part);
                Ok(trades.iter().map(|print| (print.time, object(&message::trade(print)))).collect())
            }),
            Kind::Quotes => page(symbols, &range, |asset, part| {
                let trades = ticks::trades(tape, asset, part);
                let shown = |quote: Quote| (quote.time, object(&message::quote(&quote)));
                Ok(trades.iter().map(|print| shown(Quote::around(print))).collect::<Vec<Point>>())
            }),
            Kind::Auctions => page(symbols, &range, |asset, part| Ok(auctions::auctions(tape, asset, part))),
        }
    }

    fn all(&self, kind: Kind) -> Result<Answer, Answer> {
        let (points, next) = self.points(kind, &request::symbols(self.tape, self.query)?)?;
        Ok(ok(&json!({ kind.name(): points, "next_page_token": next })))
    }

    fn one(&self, symbol: &str, kind: Kind) -> Result<Answer, Answer> {
        let (mut points, next) = self.points(kind, &request::symbol(self.tape, symbol, self.query)?)?;
        let points = points.remove(symbol).unwrap_or_else(|| json!([]));
        Ok(ok(&json!({ "symbol": symbol, kind.name(): points, "next_page_token": next })))
    }

    fn all_latest(&self, kind: Latest) -> Result<Answer, Answer> {
        let symbols = request::symbols(self.tape, self.query)?;
        let known = symbols.into_iter().filter_map(|(symbol, asset)| Some((symbol, kind.of(self.tape, asset)?)));
        let known: Map<String, Value> = known.collect();
        Ok(ok(&json!({ format!("{}s", kind.name()): known })))
    }

    fn one_latest(&self, symbol: &str, kind: Latest) -> Result<Answer, Answer> {
        let asset = request::symbol(self.tape, symbol, self.query)?.remove(symbol);
        match asset.and_then(|asset| kind.of(self.tape, asset)) {
            Some(latest) => Ok(ok(&json!({ "symbol": symbol, kind.name(): latest }))),
            None => Err(nothing(kind.name(), symbol)),
        }
    }

    fn snapshots(&self) -> Result<Answer, Answer> {
        let symbols = request::symbols(self.tape, self.query)?;
        let shown = |(symbol, asset)| Some((symbol, Value::Object(latest::snapshot(self.tape, asset)?)));
        Ok(ok(&Value::Object(symbols.into_iter().filter_map(shown).collect())))
    }

    fn snapshot(&self, symbol: &str) -> Result<Answer, Answer> {
        let asset = request::symbol(self.tape, symbol, self.query)?.remove(symbol);
        let parts = asset.and_then(|asset| latest::snapshot(self.tape, asset));
        let parts = parts.ok_or_else(|| nothing("snapshot", symbol))?;
        let named = Map::from_iter([("symbol".to_owned(), json!(symbol))]);
        Ok(ok(&Value::Object(named.into_iter().chain(parts).collect())))
    }

    fn conditions(&self, what: &str) -> Result<Answer, Answer> {
        let tape = self.query.get("tape").ok_or_else(|| bad_request("tape is required"))?;
        if !meta::TAPES.contains(&tape) {
            return Err(bad_request(format!("invalid tape: {tape}")));
        }
        Ok(ok(&if what == "trade" { meta::trade_conditions() } else { meta::quote_conditions() }))
    }
}

/// 404: there is no such thing by now.
fn nothing(what: &str, symbol: &str) -> Answer {
    refuse(404, NOT_FOUND, format!("no {what} found for {symbol}"))
}
