//! The parameters of market data requests, with Alpaca's defaults and errors.
//!
//! Not here: finding what they ask for.
use std::collections::BTreeMap;

use super::bars::Adjusting;
use super::timeframe::BarSpan;
use crate::domain::{Symbol, Timestamp};
use crate::exchange::corporate_actions::limit;
use crate::exchange::local_time::{date_at, midnight};
use crate::exchange::page_token;
use crate::exchange::parameters::Parameters;
use crate::exchange::reply::bad_request;
use crate::exchange::{Answer, Tape};

/// Points of a page, over all symbols.
const LIMIT_DEFAULT: usize = 1_000;
const LIMIT_MAX: usize = 10_000;
/// Feeds that carry what the tape has, and feeds that exist and carry nothing of it.
const FEEDS: [&str; 3] = ["sip", "iex", "delayed_sip"];
const OTHER_FEEDS: [&str; 3] = ["otc", "boats", "overnight"];

/// Which points, in which order, from where on.
#[derive(Clone, Debug)]
pub(super) struct Range {
    /// First and last moment, both included; never after the clock.
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) newest_first: bool,
    pub(super) limit: usize,
    /// The symbol and the moment of the last point of the page before.
    pub(super) behind: Option<(String, Timestamp)>,
}

/// Symbols by name and their places on the tape; those that the tape does not have are left out.
pub(super) type Symbols = BTreeMap<String, usize>;

/// The assets that `symbols` names, none where the feed carries nothing of them. Errors: 400.
pub(super) fn symbols(tape: &Tape, query: &Parameters) -> Result<Symbols, Answer> {
    let named = query.list("symbols");
    if named.is_empty() {
        return Err(bad_request("symbols is required"));
    }
    known(tape, &named, query)
}

/// The asset that a path names. Errors: 400.
pub(super) fn symbol(tape: &Tape, name: &str, query: &Parameters) -> Result<Symbols, Answer> {
    known(tape, &[name], query)
}

fn known(tape: &Tape, named: &[&str], query: &Parameters) -> Result<Symbols, Answer> {
    if let Some(bad) = named.iter().find(|name| name.parse::<Symbol>().is_err()) {
        return Err(bad_request(format!("invalid symbol: {bad}")));
    }
    let carries = carries(query)?;
    let place = |name: &&str| tape.index_of(name).filter(|_| carries).map(|asset| ((*name).to_owned(), asset));
    Ok(named.iter().filter_map(place).collect())
}

/// Does the feed that is asked for carry the tape? Checks what does not change the answer on the way.
fn carries(query: &Parameters) -> Result<bool, Answer> {
    if let Some(currency) = query.get("currency").filter(|currency| *currency != "USD") {
        return Err(bad_request(format!("invalid currency: {currency}; the data are in USD")));
    }
    if let Some(asof) = query.get("asof").filter(|asof| *asof != "-" && asof.parse::<jiff::civil::Date>().is_err()) {
        return Err(bad_request(format!("invalid asof: {asof}")));
    }
    match query.get("feed") {
        None => Ok(true),
        Some(feed) if FEEDS.contains(&feed) => Ok(true),
        Some(feed) if OTHER_FEEDS.contains(&feed) => Ok(false),
        Some(other) => Err(bad_request(format!("invalid feed: {other}"))),
    }
}

/// `start end limit sort page_token`. Errors: 400.
pub(super) fn range(tape: &Tape, query: &Parameters) -> Result<Range, Answer> {
    let calendar = tape.calendar();
    let begins = |date: Timestamp| midnight(calendar, date);
    // The whole day counts where a date is its last.
    let ends = |date: Timestamp| midnight(calendar, date.plus_ns(Timestamp::NS_PER_DAY)).plus_ns(-1);
    let today = begins(date_at(calendar, tape.now()));
    let from = moment(query, "start", begins)?;
    let to = moment(query, "end", ends)?;
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(bad_request("end should not be before start"));
    }
    let newest_first = match query.get("sort") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => return Err(bad_request(format!("invalid sort: {other}"))),
    };
    let behind = query.get("page_token").map(|token| behind(token).ok_or_else(|| bad_request("invalid page_token")));
    Ok(Range {
        from: from.unwrap_or(today),
        to: to.unwrap_or(tape.now()).min(tape.now()),
        newest_first,
        limit: limit(query, LIMIT_DEFAULT, LIMIT_MAX)?,
        behind: behind.transpose()?,
    })
}

/// A moment, or what a date stands for.
fn moment(
    query: &Parameters,
    name: &str,
    of_date: impl Fn(Timestamp) -> Timestamp,
) -> Result<Option<Timestamp>, Answer> {
    let Some(text) = query.get(name) else { return Ok(None) };
    // A plus that was not encoded has become a space.
    let read: Result<Timestamp, _> = text.replace(' ', "+").parse();
    let time = read.map_err(|_| bad_request(format!("invalid {name}: {text}; use RFC 3339 or YYYY-MM-DD")))?;
    Ok(Some(if text.len() == "2013-10-07".len() { of_date(time) } else { time }))
}

/// The token of the page behind this point.
pub(super) fn token(symbol: &str, time: Timestamp) -> String {
    page_token::token(&format!("{symbol}|{}", time.ns()))
}

fn behind(token: &str) -> Option<(String, Timestamp)> {
    let text = page_token::read(token)?;
    let (symbol, ns) = text.split_once('|')?;
    Some((symbol.to_owned(), Timestamp::from_ns(ns.parse().ok()?)))
}

/// `timeframe`. Errors: 400.
pub(super) fn span(query: &Parameters) -> Result<BarSpan, Answer> {
    let text = query.get("timeframe").ok_or_else(|| bad_request("timeframe is required"))?;
    BarSpan::read(text).ok_or_else(|| bad_request(format!("invalid timeframe: {text}")))
}

/// `adjustment`: one or several with commas. Errors: 400.
pub(super) fn adjusting(query: &Parameters) -> Result<Adjusting, Answer> {
    let mut adjusting = Adjusting::default();
    for part in query.list("adjustment") {
        match part {
            // A scenario has no spin-offs.
            "raw" | "spin-off" => {}
            "split" => adjusting.splits = true,
            "dividend" => adjusting.dividends = true,
            "all" => adjusting = Adjusting { splits: true, dividends: true },
            other => return Err(bad_request(format!("invalid adjustment: {other}"))),
        }
    }
    Ok(adjusting)
}
