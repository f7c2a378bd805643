//! Sessions of New York from 1970 to 1989, which Alpaca's calendar tells and ours does not know.
//!
//! Not here: sessions from 1990 on (market::calendar). Alpaca tells today's hours for the past, too: no session of these
//! years opened before 10:00 until 1985. Weekdays without a session and half days are those of the package
//! `exchange_calendars` (XNYS), which names a source for each.
use super::SessionTimes;
use super::local_time::midnight;
use crate::domain::Timestamp;
use crate::market::{Calendar, next_session_date};

/// The first year, and how many.
const FIRST_YEAR: usize = 1970;
/// Weekdays without a session, month and day, year by year.
const CLOSED: [&[(i8, i8)]; 20] = [
    &[(1, 1), (2, 23), (3, 27), (7, 3), (9, 7), (11, 26), (12, 25)],
    &[(1, 1), (2, 15), (4, 9), (5, 31), (7, 5), (9, 6), (11, 25), (12, 24)],
    &[(2, 21), (3, 31), (5, 29), (7, 4), (9, 4), (11, 7), (11, 23), (12, 25), (12, 28)],
    &[(1, 1), (1, 25), (2, 19), (4, 20), (5, 28), (7, 4), (9, 3), (11, 22), (12, 25)],
    &[(1, 1), (2, 18), (4, 12), (5, 27), (7, 4), (9, 2), (11, 28), (12, 25)],
    &[(1, 1), (2, 17), (3, 28), (5, 26), (7, 4), (9, 1), (11, 27), (12, 25)],
    &[(1, 1), (2, 16), (4, 16), (5, 31), (7, 5), (9, 6), (11, 2), (11, 25), (12, 24)],
    &[(2, 21), (4, 8), (5, 30), (7, 4), (7, 14), (9, 5), (11, 24), (12, 26)],
    &[(1, 2), (2, 20), (3, 24), (5, 29), (7, 4), (9, 4), (11, 23), (12, 25)],
    &[(1, 1), (2, 19), (4, 13), (5, 28), (7, 4), (9, 3), (11, 22), (12, 25)],
    &[(1, 1), (2, 18), (4, 4), (5, 26), (7, 4), (9, 1), (11, 4), (11, 27), (12, 25)],
    &[(1, 1), (2, 16), (4, 17), (5, 25), (7, 3), (9, 7), (11, 26), (12, 25)],
    &[(1, 1), (2, 15), (4, 9), (5, 31), (7, 5), (9, 6), (11, 25), (12, 24)],
    &[(2, 21), (4, 1), (5, 30), (7, 4), (9, 5), (11, 24), (12, 26)],
    &[(1, 2), (2, 20), (4, 20), (5, 28), (7, 4), (9, 3), (11, 22), (12, 25)],
    &[(1, 1), (2, 18), (4, 5), (5, 27), (7, 4), (9, 2), (9, 27), (11, 28), (12, 25)],
    &[(1, 1), (2, 17), (3, 28), (5, 26), (7, 4), (9, 1), (11, 27), (12, 25)],
    &[(1, 1), (2, 16), (4, 17), (5, 25), (7, 3), (9, 7), (11, 26), (12, 25)],
    &[(1, 1), (2, 15), (4, 1), (5, 30), (7, 4), (9, 5), (11, 24), (12, 26)],
    &[(1, 2), (2, 20), (3, 24), (5, 29), (7, 4), (9, 4), (11, 23), (12, 25)],
];
/// Years in which the day before Christmas closed at 14:00.
const SHORT_CHRISTMAS_EVES: [i16; 11] = [1970, 1973, 1974, 1975, 1979, 1980, 1981, 1984, 1985, 1986, 1987];

/// 1989-12-31, in days since 1970-01-01.
const LAST_DAY: i32 = 7_304;
const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

/// The session of this date; `None` when shut, or when it is of another time.
pub(super) fn session(date: Timestamp) -> Option<SessionTimes> {
    let day = date.utc_date();
    let closed = usize::try_from(day.year()).ok()?.checked_sub(FIRST_YEAR).and_then(|year| CLOSED.get(year))?;
    if day.weekday().to_monday_zero_offset() >= 5 || closed.contains(&(day.month(), day.day())) {
        return None;
    }
    let is_short = (day.month(), day.day()) == (12, 24) && SHORT_CHRISTMAS_EVES.contains(&day.year());
    let midnight = midnight(Calendar::xnys(), date);
    let at = |hour: i64, minute: i64| midnight.plus_ns((60 * hour + minute) * NS_PER_MINUTE);
    let close = if is_short { 14 } else { 16 };
    Some(SessionTimes {
        date,
        midnight,
        open: at(9, 30),
        close: at(close, 0),
        extended_open: at(4, 0),
        extended_close: at(close + 4, 0),
    })
}

/// The sessions dated `from` to `to`, both included.
pub(super) fn sessions(from: Timestamp, to: Timestamp) -> impl Iterator<Item = SessionTimes> {
    let days = from.days()..=to.days().min(LAST_DAY);
    days.filter_map(Timestamp::from_days).filter_map(session)
}

/// When a trade of one of these sessions settles: five sessions later.
pub(super) fn settlement_date(date: Timestamp) -> Timestamp {
    let next = |date: Timestamp| {
        let own = sessions(date.plus_ns(Timestamp::NS_PER_DAY), Timestamp::MAX).next();
        let known = Timestamp::from_days(LAST_DAY + 1).unwrap_or(date).max(date);
        own.map_or_else(|| next_session_date(Calendar::xnys(), known), |session| session.date)
    };
    (0..5).fold(date, |date, _| next(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Timestamp {
        text.parse().expect("a date")
    }

    #[test]
    fn holidays_elections_funerals_and_a_blackout_have_no_session() {
        for shut in ["1970-01-01", "1972-11-07", "1973-01-25", "1977-07-14", "1985-09-27", "1989-12-25", "1989-12-31"] {
            assert_eq!(session(date(shut)), None, "{shut}");
        }
        assert_eq!((session(date("1969-12-31")), session(date("1990-01-02"))), (None, None), "of another time");
        assert_eq!(sessions(date("1970-01-01"), date("1989-12-31")).count(), 5_054);
        let eve = session(date("1987-12-24")).expect("a session");
        assert_eq!((eve.open, eve.close), (date("1987-12-24T14:30:00Z"), date("1987-12-24T19:00:00Z")));
        let summer = session(date("1974-07-05")).expect("a session");
        assert_eq!((summer.open, summer.extended_close), (date("1974-07-05T13:30:00Z"), date("1974-07-06T00:00:00Z")));
    }

    #[test]
    fn a_trade_settles_five_sessions_later() {
        for (traded, settles) in [
            ("1985-03-04", "1985-03-11"),
            ("1989-12-15", "1989-12-22"),
            ("1989-12-22", "1990-01-02"),
            ("1989-12-29", "1990-01-08"),
        ] {
            assert_eq!(settlement_date(date(traded)), date(settles), "{traded}");
        }
    }
}
