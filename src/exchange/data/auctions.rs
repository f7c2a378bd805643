//! The opening and the closing auction of each session, out of its first and its last bar.
//!
//! Not here: `opg` and `cls` orders (venue).
use serde_json::{Value, json};

use super::bars::date_of;
use super::message::VENUE;
use super::page::{Part, Point};
use super::prints::{Print, bars_begun, happened};
use crate::domain::{Timeframe, Timestamp};
use crate::exchange::Tape;
use crate::exchange::local_time::midnight;

/// Alpaca's marks of an official open and close.
const OPEN: &str = "Q";
const CLOSE: &str = "M";

/// The auctions of an asset that are wanted: one point a session, at its midnight.
pub(super) fn auctions(tape: &Tape, asset: usize, part: Part) -> Vec<Point> {
    let mut found: Vec<Point> = Vec::new();
    // Where the stretch begins within a day, that day's auctions may lie before it.
    let closed = tape.closed(asset);
    let first = closed.partition_point(|bar| bar.time < part.from.plus_ns(-Timestamp::NS_PER_DAY));
    let mut place = first;
    while place < bars_begun(tape, asset) {
        let (date, end) = day(tape, asset, place);
        let time = midnight(tape.calendar(), date);
        if part.from <= time && time <= part.to {
            found.extend(of_day(tape, asset, date, (place, end)).map(|shown| (time, shown)));
        }
        place = end;
    }
    if part.newest_first {
        found.reverse();
    }
    found.truncate(part.most);
    found
}

/// The date of the bar of this place, and the place of the first bar of a later one.
fn day(tape: &Tape, asset: usize, place: usize) -> (Timestamp, usize) {
    let stamp = |place: usize| {
        let closed = tape.closed(asset).get(place).map(|bar| bar.time);
        closed.or_else(|| tape.begun(asset).map(|(stamp, _)| stamp)).unwrap_or(Timestamp::MAX)
    };
    let date = date_of(tape, stamp(place));
    let count = bars_begun(tape, asset);
    let end = (place..count).find(|later| date_of(tape, stamp(*later)) != date).unwrap_or(count);
    (date, end)
}

fn of_day(tape: &Tape, asset: usize, date: Timestamp, (begin, end): (usize, usize)) -> Option<Value> {
    let core =
        |place: usize| happened(tape, asset, place).all().iter().copied().filter(|print| print.is_core).collect();
    let core: Vec<Print> = (begin..end).flat_map(|place| -> Vec<Print> { core(place) }).collect();
    let (first, last) = (core.first()?, core.last()?);
    let session = tape.sessions().iter().find(|session| session.date == date)?;
    let is_over = session.close <= tape.now();
    let shown = |print: &Print, mark: &str| json!({ "t": print.time, "x": VENUE, "p": print.price.to_f64(), "s": print.size, "c": mark });
    let close: Vec<Value> = Some(last).filter(|_| is_over).map(|print| shown(print, CLOSE)).into_iter().collect();
    Some(json!({ "d": date.text(Timeframe::Day1), "o": [shown(first, OPEN)], "c": close }))
}
