//! `/v2/clock` and `/v3/clock`: what time it is and when the market opens and closes.
//!
//! Not here: moving the clock. Sessions are those of the tape; after its last one those of the calendar, though
//! the market of the exchange stays shut then.
use serde_json::{Value, json};

use super::local_time::{date_at, is_new_york, midnight, new_york_text};
use super::parameters::Parameters;
use super::reply::{bad_request, ok};
use super::{Answer, Tape};
use crate::domain::Timestamp;
use crate::market::{Calendar, next_session_date};

const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

/// A market of `/v3/clock`: how it may be called, and its name.
struct Market {
    acronym: &'static str,
    mic: &'static str,
    name: &'static str,
}

/// All keep the hours of the first.
const MARKETS: [Market; 3] = [
    Market { acronym: "NYSE", mic: "XNYS", name: "New York Stock Exchange" },
    Market { acronym: "NASDAQ", mic: "XNAS", name: "Nasdaq Stock Market" },
    Market { acronym: "ARCA", mic: "ARCX", name: "NYSE Arca" },
];

impl Market {
    fn of(name: &str) -> Option<&'static Market> {
        MARKETS.iter().find(|market| market.acronym == name || market.mic == name)
    }

    fn shown(&self) -> Value {
        json!({
            "acronym": self.acronym, "mic": self.mic, "bic": self.mic, "name": self.name, "timezone": "America/New_York",
        })
    }
}

/// A market by its acronym or code, as answers show it.
pub(super) fn market(name: &str) -> Option<Value> {
    Market::of(name).map(Market::shown)
}

/// A session that is still to open.
#[derive(Clone, Copy)]
struct Coming {
    open: Timestamp,
    close: Timestamp,
    extended_open: Timestamp,
}

/// The first session that opens after the clock.
fn coming(tape: &Tape) -> Coming {
    let on_tape = tape.sessions().iter().find(|session| session.open > tape.now());
    if let Some(session) = on_tape {
        return Coming { open: session.open, close: session.close, extended_open: session.extended_open };
    }
    let (calendar, now) = (tape.calendar(), tape.now());
    let today = date_at(calendar, now);
    let of_calendar = [calendar.session(today), calendar.next_session(today)];
    let known = of_calendar.into_iter().flatten().find(|session| session.open > now && calendar.covers(today));
    match known {
        Some(session) => {
            let around = if is_new_york(calendar) { session.extended() } else { session };
            Coming { open: session.open, close: session.close, extended_open: around.open }
        }
        None => usual(calendar, next_session_date(calendar, today)),
    }
}

/// The usual hours of a date that the calendar does not know.
fn usual(calendar: Calendar, date: Timestamp) -> Coming {
    let at = |hour: i64, minute: i64| midnight(calendar, date).plus_ns((hour * 60 + minute) * NS_PER_MINUTE);
    Coming { open: at(9, 30), close: at(16, 0), extended_open: at(4, 0) }
}

/// When the market closes next.
fn next_close(tape: &Tape, coming: Coming) -> Timestamp {
    tape.session_now().filter(|_| tape.is_open()).map_or(coming.close, |session| session.close)
}

/// `GET /v2/clock`.
pub(super) fn clock(tape: &Tape) -> Answer {
    let coming = coming(tape);
    ok(&json!({
        "timestamp": new_york_text(tape.now()),
        "is_open": tape.is_open(),
        "next_open": new_york_text(coming.open),
        "next_close": new_york_text(next_close(tape, coming)),
    }))
}

/// `GET /v3/clock?markets=`: by default all of them.
pub(super) fn clocks(tape: &Tape, query: &Parameters) -> Answer {
    let asked = query.list("markets");
    if let Some(unknown) = asked.iter().find(|name| Market::of(name).is_none()) {
        return bad_request(format!("invalid market: {unknown}"));
    }
    let is_asked =
        |market: &&Market| asked.is_empty() || asked.contains(&market.acronym) || asked.contains(&market.mic);
    let clocks: Vec<Value> = MARKETS.iter().filter(is_asked).map(|market| of_market(tape, market)).collect();
    ok(&json!({ "clocks": clocks }))
}

fn of_market(tape: &Tape, market: &Market) -> Value {
    let coming = coming(tape);
    let (phase, phase_until) = match tape.session_now() {
        Some(session) if tape.is_open() => ("core", session.close),
        Some(session) if tape.now() < session.open => ("pre", session.open),
        Some(session) if session.close <= tape.now() => ("post", session.extended_close),
        _ => ("closed", coming.extended_open),
    };
    let is_today = |day: super::SessionTimes| day.date == date_at(tape.calendar(), tape.now());
    json!({
        "market": market.shown(),
        "timestamp": new_york_text(tape.now()),
        "is_market_day": tape.day().is_some_and(is_today),
        "phase": phase,
        "phase_until": new_york_text(phase_until),
        "next_market_open": new_york_text(coming.open),
        "next_market_close": new_york_text(next_close(tape, coming)),
    })
}
