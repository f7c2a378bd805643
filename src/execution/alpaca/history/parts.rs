//! The span of a fetch: its bounds from dates, its cut into months.
//!
//! Not here: fetching them. Dates are days in New York, parts are months of UTC.
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::{ParseTimeError, Timeframe, Timestamp};
use crate::market::{Calendar, new_york_date};

/// A day or a moment, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A day in New York.
    Day(Date),
    /// A moment.
    Moment(Timestamp),
}

impl FromStr for Bound {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Bound, ParseTimeError> {
        let moment: Timestamp = text.parse()?;
        Ok(if text.trim().len() == 10 { Bound::Day(moment.utc_date()) } else { Bound::Moment(moment) })
    }
}

impl Bound {
    /// The first moment that it includes.
    pub fn first(self) -> Timestamp {
        match self {
            Bound::Day(date) => midnight(date),
            Bound::Moment(moment) => moment,
        }
    }

    /// The last moment that it includes.
    pub fn last(self) -> Timestamp {
        match self {
            Bound::Day(date) => date.tomorrow().map_or(Timestamp::MAX, midnight).plus_ns(-1),
            Bound::Moment(moment) => moment,
        }
    }
}

/// Midnight New York of a date, as a moment; held inside the range of moments.
pub(super) fn midnight(date: Date) -> Timestamp {
    let zone = TimeZone::get("America/New_York").expect("the time zones are inside the program");
    let moment = date.to_zoned_datetime(zone).map(|zoned| zoned.timestamp().as_nanosecond());
    moment.ok().and_then(|ns| i64::try_from(ns).ok()).map_or(Timestamp::MAX, Timestamp::from_ns)
}

/// When the bar of a day is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayEnd {
    /// With the session: the built-in exchange adds nothing after it.
    Close,
    /// With the day in New York: late reports and the hours after the session still change it.
    Midnight,
}

/// The last moment at which a bar can have begun that has ended by `now`.
pub(super) fn ended_by(now: Timestamp, timeframe: Timeframe, day_end: DayEnd) -> Timestamp {
    if !timeframe.is_daily() {
        return now.plus_ns(-timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND);
    }
    let today = new_york_date(now);
    let is_over = Calendar::xnys().session(today).is_some_and(|session| session.close <= now);
    if is_over && day_end == DayEnd::Close {
        Bound::Day(today.utc_date()).last()
    } else {
        midnight(today.utc_date()).plus_ns(-1)
    }
}

/// `start` to `end` in months of UTC, both included: first and last moment of each.
pub(super) fn months(start: Timestamp, end: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let (mut parts, mut from) = (Vec::new(), start);
    while from <= end {
        let next = from.utc_date().first_of_month().checked_add(jiff::Span::new().months(1)).ok();
        let next = next.and_then(Timestamp::from_date).unwrap_or(Timestamp::MAX);
        parts.push((from, next.plus_ns(-1).min(end)));
        from = next;
        if next == Timestamp::MAX {
            break;
        }
    }
    parts
}
