//! `/v2/calendar` and `/v3/calendar/{market}`: which days are sessions, from when to when, and when their trades settle.
//!
//! Not here: the clock. Dates that the calendar of the scenario does not know are those of Alpaca's calendar before 1990
//! (`early_days`), and those of the data, up to the clock.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::local_time::{date_at, is_new_york, new_york_clock, new_york_text};
use super::parameters::Parameters;
use super::reply::{bad_request, ok};
use super::{Answer, SessionTimes, Tape, clock, early_days};
use crate::domain::{Timeframe, Timestamp};
use crate::market::{Calendar, Session, settlement_date};

/// The dates Alpaca's calendar has.
const FIRST: &str = "1970-01-01";
const LAST: &str = "2029-12-31";
/// No trade takes longer to settle: five sessions, and a week around holidays.
const DAYS_TO_SETTLE_MAX: i32 = 14;
/// Days behind the first that `/v3/calendar` shows unless it is told.
const DAYS_SHOWN: i32 = 7;

/// `GET /v2/calendar`.
pub(super) fn calendar(tape: &Tape, query: &Parameters) -> Answer {
    days(tape, query).map_or_else(|refused| refused, |days| ok(&Value::Array(days)))
}

fn days(tape: &Tape, query: &Parameters) -> Result<Vec<Value>, Answer> {
    let first = date(query, "start", FIRST)?.max(bound(FIRST));
    let last = date(query, "end", LAST)?.min(bound(LAST));
    if query.get("start").is_some()
        && query.get("end").is_some()
        && date(query, "end", LAST)? < date(query, "start", FIRST)?
    {
        return Err(bad_request("start must not be after end"));
    }
    let by_settlement = match query.get("date_type") {
        None | Some("TRADING") => false,
        Some("SETTLEMENT") => true,
        Some(other) => return Err(bad_request(format!("invalid date_type: {other}"))),
    };
    let calendar = tape.calendar();
    let margin = if by_settlement { DAYS_TO_SETTLE_MAX } else { 0 };
    let from = Timestamp::from_days(first.days() - margin).unwrap_or(first);
    let in_range = |date: Timestamp| first <= date && date <= last;
    let settled = |date: Timestamp| (date, settles(calendar, date));
    let shown = sessions(tape, from, last).into_values().map(|session| (session, settled(session.date)));
    let wanted = shown.filter(|(_, (date, settles))| in_range(if by_settlement { *settles } else { *date }));
    Ok(wanted.map(|(session, (_, settles))| day(calendar, session, settles)).collect())
}

/// The sessions between two dates, by date.
fn sessions(tape: &Tape, from: Timestamp, to: Timestamp) -> BTreeMap<Timestamp, SessionTimes> {
    let calendar = tape.calendar();
    let known = calendar.sessions(from, to).map(|session| (session.date, times(calendar, session)));
    let own = tape.sessions().iter().filter(|session| !calendar.covers(session.date));
    let own = own.filter(|session| from <= session.date && session.date <= to && session.midnight <= tape.now());
    let early = is_new_york(calendar).then(|| early_days::sessions(from, to)).into_iter().flatten();
    own.map(|session| (session.date, *session))
        .chain(early.map(|session| (session.date, session)))
        .chain(known)
        .collect()
}

fn settles(calendar: Calendar, date: Timestamp) -> Timestamp {
    match is_new_york(calendar) && early_days::session(date).is_some() {
        true => early_days::settlement_date(date),
        false => settlement_date(calendar, date),
    }
}

/// `GET /v3/calendar/{market}?start=&end=&timezone=`: by default from today on, and a week from the start; times with the
/// offset of the market, or of UTC.
pub(super) fn of_market(tape: &Tape, market: &str, query: &Parameters) -> Answer {
    market_days(tape, market, query).unwrap_or_else(|refused| refused)
}

fn market_days(tape: &Tape, market: &str, query: &Parameters) -> Result<Answer, Answer> {
    let market = clock::market(market).ok_or_else(|| bad_request(format!("invalid market: {market}")))?;
    let in_utc = match query.get("timezone") {
        None => false,
        Some("UTC") => true,
        Some(other) => return Err(bad_request(format!("invalid timezone: {other}; write UTC, or leave it out"))),
    };
    let calendar = tape.calendar();
    let today = date_at(calendar, tape.now());
    let start = if query.get("start").is_some() { date(query, "start", FIRST)? } else { today };
    let a_week_later = Timestamp::from_days(start.days() + DAYS_SHOWN).unwrap_or(start);
    let end = if query.get("end").is_some() { date(query, "end", LAST)? } else { a_week_later };
    if end < start {
        return Err(bad_request("start must not be after end"));
    }
    let days = sessions(tape, start.max(bound(FIRST)), end.min(bound(LAST)));
    let text = |moment: Timestamp| if in_utc { moment.to_string() } else { new_york_text(moment) };
    let day = |session: SessionTimes| {
        let mut day = json!({
            "date": session.date.text(Timeframe::Day1),
            "core_start": text(session.open),
            "core_end": text(session.close),
            "settlement_date": settles(calendar, session.date).text(Timeframe::Day1),
        });
        // Round the clock there is nothing before and after.
        if session.extended_open < session.open {
            day["pre_start"] = text(session.extended_open).into();
            day["pre_end"] = text(session.open).into();
            day["post_start"] = text(session.close).into();
            day["post_end"] = text(session.extended_close).into();
        }
        day
    };
    let days: Vec<Value> = days.into_values().map(day).collect();
    Ok(ok(&json!({ "market": market, "calendar": days })))
}

fn times(calendar: Calendar, session: Session) -> SessionTimes {
    let around = if is_new_york(calendar) { session.extended() } else { session };
    SessionTimes {
        date: session.date,
        midnight: calendar.start_of_day(session.date),
        open: session.open,
        close: session.close,
        extended_open: around.open,
        extended_close: around.close,
    }
}

fn day(calendar: Calendar, session: SessionTimes, settles: Timestamp) -> Value {
    // A day round the clock has no hours that HH:MM could tell apart from none.
    let clock = |moment: Timestamp, round: (i8, i8)| if is_new_york(calendar) { new_york_clock(moment) } else { round };
    let (open, close) = (clock(session.open, (0, 0)), clock(session.close, (23, 59)));
    let (early, late) = (clock(session.extended_open, (0, 0)), clock(session.extended_close, (23, 59)));
    json!({
        "date": session.date.text(Timeframe::Day1),
        "open": format!("{:02}:{:02}", open.0, open.1),
        "close": format!("{:02}:{:02}", close.0, close.1),
        "session_open": format!("{:02}{:02}", early.0, early.1),
        "session_close": format!("{:02}{:02}", late.0, late.1),
        "settlement_date": settles.text(Timeframe::Day1),
    })
}

fn bound(text: &str) -> Timestamp {
    text.parse().unwrap_or_default()
}

/// A date, or the date of a moment.
fn date(query: &Parameters, name: &str, default: &str) -> Result<Timestamp, Answer> {
    let text = query.get(name).unwrap_or(default);
    let date = text.get(..10).and_then(|date| date.parse::<Timestamp>().ok());
    date.ok_or_else(|| bad_request(format!("invalid {name}: {text}; write a date like 2013-10-07")))
}
