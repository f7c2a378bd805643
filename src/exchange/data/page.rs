//! One page of points over several symbols: by symbol, then by time, at most so many together.
//!
//! Not here: the points. A token names the last point of its page, so a page goes on behind it whatever has happened
//! in the meantime.
use serde_json::{Map, Value};

use super::request::{Range, Symbols, token};
use crate::domain::Timestamp;
use crate::exchange::Answer;
use crate::exchange::reply::bad_request;

/// Which points of one asset are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// First and last moment, both included.
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) newest_first: bool,
    pub(super) most: usize,
}

/// A point and its moment; no two of an asset share one.
pub(super) type Point = (Timestamp, Value);

/// The points by symbol and the token of the next page. `points` gives those of one asset in the order that is
/// wanted, at most as many as are asked for.
pub(super) fn page(
    symbols: &Symbols,
    range: &Range,
    points: impl Fn(usize, Part) -> Result<Vec<Point>, Answer>,
) -> Result<(Map<String, Value>, Option<String>), Answer> {
    if let Some((symbol, _)) = &range.behind
        && !symbols.contains_key(symbol)
    {
        return Err(bad_request("invalid page_token"));
    }
    let mut shown = Map::new();
    let mut left = range.limit;
    let mut last: Option<String> = None;
    for (symbol, asset) in symbols {
        let mut part = Part { from: range.from, to: range.to, newest_first: range.newest_first, most: left + 1 };
        match &range.behind {
            Some((behind, _)) if symbol < behind => continue,
            Some((behind, time)) if symbol == behind && part.newest_first => part.to = part.to.min(time.plus_ns(-1)),
            Some((behind, time)) if symbol == behind => part.from = part.from.max(time.plus_ns(1)),
            _ => {}
        }
        let mut found = if part.from <= part.to { points(*asset, part)? } else { Vec::new() };
        let is_more = found.len() > left;
        found.truncate(left);
        left -= found.len();
        if let Some((time, _)) = found.last() {
            last = Some(token(symbol, *time));
            shown.insert(symbol.clone(), found.into_iter().map(|(_, value)| value).collect());
        }
        if is_more {
            return Ok((shown, last));
        }
    }
    Ok((shown, None))
}
