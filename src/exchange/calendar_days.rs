//! `/v2/calendar`: which days are sessions, from when to when, and when their trades settle.
//!
//! Not here: the clock. Dates that the calendar of the scenario does not know are those of the data, up to the clock.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::local_time::{is_new_york, new_york_clock};
use super::parameters::Parameters;
use super::reply::{bad_request, ok};
use super::{Answer, SessionTimes, Tape};
use crate::domain::{Timeframe, Timestamp};
use crate::market::{Calendar, Session, settlement_date};

/// The dates Alpaca's calendar has.
const FIRST: &str = "1970-01-01";
const LAST: &str = "2029-12-31";
/// No trade takes longer to settle: five sessions, and a week around holidays.
const DAYS_TO_SETTLE_MAX: i32 = 14;

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
    let settled = |date: Timestamp| (date, settlement_date(calendar, date));
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
    known.chain(own.map(|session| (session.date, *session))).collect()
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
