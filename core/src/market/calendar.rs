//! When the market is open: sessions of the New York Stock Exchange, or round the clock.
//!
//! Not here: the rules of holidays (`holidays`, `special`); what to do with a bar outside a session
//! (`validate`). A date is a [`Timestamp`] at midnight UTC of it, as daily bars are stamped; where a
//! date is asked for, any moment of that day of UTC will do.
//! Invariant: a session of XNYS lies within one day of UTC, the day of its date.
use std::str::FromStr;
use std::sync::OnceLock;

use super::civil::{civil_from_days, days_from_civil, weekday};
use super::{holidays, special};
use crate::domain::Timestamp;

const FIRST_YEAR: i32 = 1990;
const LAST_YEAR: i32 = 2035;
const FIRST_DAY: i32 = days_from_civil(FIRST_YEAR, 1, 1);
const LAST_DAY: i32 = days_from_civil(LAST_YEAR, 12, 31);
const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;
/// 09:30 and 16:00 in New York, in minutes after midnight.
const OPEN_MINUTE: u32 = 9 * 60 + 30;
const CLOSE_MINUTE: u32 = 16 * 60;

/// One trading session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Session {
    /// Its date: midnight UTC, the stamp of its daily bar.
    pub date: Timestamp,
    /// The first moment.
    pub open: Timestamp,
    /// The moment after the last.
    pub close: Timestamp,
    /// Shorter than usual?
    pub early_close: bool,
}

/// A market calendar. Cheap to copy; the table behind it is made once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    kind: Kind,
    hours: Hours,
}

/// Which bars belong to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hours {
    /// Those from its open to its close.
    Core,
    /// Those before and after it, too.
    Extended,
}

/// Extended hours begin at 04:00 in New York, so long before the open, and end at 20:00, on half days at
/// 17:00: so long after the close.
const BEFORE_OPEN_NS: i64 = 330 * NS_PER_MINUTE;
const AFTER_CLOSE_NS: i64 = 240 * NS_PER_MINUTE;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Xnys,
    AlwaysOpen,
}

impl Calendar {
    /// The New York Stock Exchange, regular hours, 1990-01-01 to 2035-12-31.
    pub const fn xnys() -> Calendar {
        Calendar { kind: Kind::Xnys, hours: Hours::Core }
    }

    /// Open round the clock; a session is a day of UTC.
    pub const fn always_open() -> Calendar {
        Calendar { kind: Kind::AlwaysOpen, hours: Hours::Core }
    }

    /// The same calendar, with the hours before and after a session of New York belonging to it where a
    /// moment asks for its session.
    pub const fn with_extended_hours(self) -> Calendar {
        match self.kind {
            Kind::Xnys => Calendar { hours: Hours::Extended, ..self },
            Kind::AlwaysOpen => self,
        }
    }

    /// The name used in files: `XNYS` or `24/7`.
    pub const fn name(self) -> &'static str {
        match self.kind {
            Kind::Xnys => "XNYS",
            Kind::AlwaysOpen => "24/7",
        }
    }

    /// Does the calendar know this date? Outside, whoever asks goes by the data's own sessions.
    pub const fn covers(self, date: Timestamp) -> bool {
        match self.kind {
            Kind::Xnys => FIRST_DAY <= date.days() && date.days() <= LAST_DAY,
            Kind::AlwaysOpen => true,
        }
    }

    /// The session of this date; `None` when shut, or when the date is not covered.
    pub fn session(self, date: Timestamp) -> Option<Session> {
        match self.kind {
            Kind::AlwaysOpen => Some(day_of_utc(date.days())),
            Kind::Xnys => {
                let table = table();
                let session = table.sessions.get(table.rank(date.days())?)?;
                (session.date.days() == date.days()).then_some(*session)
            }
        }
    }

    /// The first moment of this date where the exchange is, or of the next one that has a session; midnight UTC
    /// where the calendar does not know it. Trades after hours can lie in the next day of UTC.
    pub fn start_of_day(self, date: Timestamp) -> Timestamp {
        let session = match self.kind {
            Kind::Xnys if self.covers(date) => self.session(date).or_else(|| self.next_session(date)),
            _ => None,
        };
        // The clocks change on Sundays, so a day with a session has 9½ hours before its open.
        session.map_or(date, |session| session.open.plus_ns(-i64::from(OPEN_MINUTE) * NS_PER_MINUTE))
    }

    /// The session that contains this moment: open ≤ moment < close, of a calendar with extended hours
    /// those around it.
    pub fn session_of(self, moment: Timestamp) -> Option<Session> {
        match self.hours {
            Hours::Core => self.session(moment).filter(|session| session.contains(moment)),
            Hours::Extended => {
                // They end at midnight UTC in summer and an hour later in winter.
                let days = [moment, moment.plus_ns(-Timestamp::NS_PER_DAY)];
                let mut around = days.into_iter().filter_map(|day| self.session(day)).map(|session| session.extended());
                around.find(|session| session.contains(moment))
            }
        }
    }

    /// The sessions dated `from` to `to`, both included, in order; only covered ones.
    pub fn sessions(self, from: Timestamp, to: Timestamp) -> Sessions {
        Sessions { calendar: self, next: self.first_from(from.days()), last_day: to.days() }
    }

    /// The first session dated after this date.
    pub fn next_session(self, date: Timestamp) -> Option<Session> {
        self.first_from(date.days() + 1)
    }

    /// The last session dated before this date.
    pub fn previous_session(self, date: Timestamp) -> Option<Session> {
        match self.kind {
            Kind::AlwaysOpen => Some(day_of_utc(date.days() - 1)),
            Kind::Xnys => {
                let table = table();
                let at_or_after = table.sessions.partition_point(|session| session.date.days() < date.days());
                Some(table.sessions[at_or_after.checked_sub(1)?])
            }
        }
    }

    /// How many sessions are dated strictly between two dates; only covered ones count.
    pub fn sessions_between(self, after: Timestamp, before: Timestamp) -> u32 {
        let (first, end) = (after.days() + 1, before.days());
        match self.kind {
            Kind::AlwaysOpen => (end - first).max(0) as u32,
            Kind::Xnys => {
                let table = table();
                table.count_before(end).saturating_sub(table.count_before(first))
            }
        }
    }

    /// Is this date a session with none after it in its month? `false` when not covered.
    pub fn is_last_session_of_month(self, date: Timestamp) -> bool {
        let month = |days| {
            let (year, month, _) = civil_from_days(days);
            (year, month)
        };
        self.ends_period(date, month)
    }

    /// Is this date a session with none after it in its week, Monday to Sunday? `false` when not covered.
    pub fn is_last_session_of_week(self, date: Timestamp) -> bool {
        self.ends_period(date, week)
    }

    /// A lookup that remembers the last session, for moments that come in order.
    pub const fn cursor(self) -> SessionCursor {
        SessionCursor { calendar: self, current: None }
    }

    fn ends_period<P: PartialEq>(self, date: Timestamp, period: impl Fn(i32) -> P) -> bool {
        let next = self.next_session(date);
        self.session(date).is_some() && next.is_none_or(|next| period(next.date.days()) != period(date.days()))
    }

    fn first_from(self, days: i32) -> Option<Session> {
        match self.kind {
            Kind::AlwaysOpen => Some(day_of_utc(days)),
            Kind::Xnys => {
                let table = table();
                table.sessions.get(table.count_before(days) as usize).copied()
            }
        }
    }
}

impl FromStr for Calendar {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::xnys(), Self::always_open()]
            .into_iter()
            .find(|calendar| calendar.name() == text)
            .ok_or_else(|| format!("`{text}` is not a calendar; use XNYS or 24/7"))
    }
}

impl Session {
    /// Is the moment inside: open ≤ moment < close?
    #[inline]
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.open <= moment && moment < self.close
    }

    /// The same session with its extended hours: 04:00 to 20:00 in New York, on half days to 17:00.
    pub const fn extended(&self) -> Session {
        Session {
            open: self.open.plus_ns(-BEFORE_OPEN_NS),
            close: self.close.plus_ns(AFTER_CLOSE_NS),
            date: self.date,
            early_close: self.early_close,
        }
    }

    /// Minutes from open to close: 390 for a full day of XNYS.
    pub const fn minutes(&self) -> i64 {
        (self.close.ns() - self.open.ns()) / NS_PER_MINUTE
    }
}

/// The sessions of a range of dates, in order.
#[derive(Clone, Debug)]
pub struct Sessions {
    calendar: Calendar,
    next: Option<Session>,
    last_day: i32,
}

impl Iterator for Sessions {
    type Item = Session;

    fn next(&mut self) -> Option<Session> {
        let session = self.next.filter(|session| session.date.days() <= self.last_day)?;
        self.next = self.calendar.next_session(session.date);
        Some(session)
    }
}

/// A lookup that answers at once while the moment stays inside the session found last.
#[derive(Clone, Debug)]
pub struct SessionCursor {
    calendar: Calendar,
    current: Option<Session>,
}

impl SessionCursor {
    /// The session that contains this moment, as [`Calendar::session_of`].
    #[inline]
    pub fn session_of(&mut self, moment: Timestamp) -> Option<Session> {
        match self.current {
            Some(session) if session.contains(moment) => Some(session),
            _ => {
                self.current = self.calendar.session_of(moment);
                self.current
            }
        }
    }
}

/// The number of the week of a day, Monday to Sunday.
pub(super) const fn week(days: i32) -> i32 {
    (days - weekday(days) as i32).div_euclid(7)
}

fn day_of_utc(days: i32) -> Session {
    let at = |days| Timestamp::from_days(days).unwrap_or(Timestamp::MAX);
    Session { date: at(days), open: at(days), close: at(days + 1), early_close: false }
}

/// Every session of the covered years, and how many come before each day.
struct Table {
    sessions: Vec<Session>,
    count_before: Vec<u32>,
}

impl Table {
    /// Where the first session at or after this covered day stands.
    fn rank(&self, days: i32) -> Option<usize> {
        let offset = usize::try_from(days - FIRST_DAY).ok()?;
        self.count_before.get(offset).map(|count| *count as usize)
    }

    /// Sessions dated before this day, covered or not.
    fn count_before(&self, days: i32) -> u32 {
        let offset = days.clamp(FIRST_DAY, LAST_DAY + 1) - FIRST_DAY;
        self.count_before[offset as usize]
    }
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let days = (LAST_DAY - FIRST_DAY + 1) as usize;
        let mut table =
            Table { sessions: Vec::with_capacity(days * 7 / 10), count_before: Vec::with_capacity(days + 1) };
        (FIRST_YEAR..=LAST_YEAR).for_each(|year| table.add_year(year));
        table.count_before.push(table.sessions.len() as u32);
        table
    })
}

impl Table {
    fn add_year(&mut self, year: i32) {
        let special = |days: &[(i32, u32, u32)]| -> Vec<i32> {
            days.iter().filter(|day| day.0 == year).map(|day| days_from_civil(day.0, day.1, day.2)).collect()
        };
        let mut closed = holidays::holidays(year);
        closed.extend(special(&special::CLOSED));
        let mut half_days = holidays::half_days(year);
        half_days.extend(special(&special::HALF_DAYS).into_iter().map(|days| (days, holidays::HALF_DAY_CLOSE)));
        for days in days_from_civil(year, 1, 1)..days_from_civil(year + 1, 1, 1) {
            self.count_before.push(self.sessions.len() as u32);
            if weekday(days) < 5 && !closed.contains(&days) {
                let half_day = half_days.iter().find(|half_day| half_day.0 == days).map(|half_day| half_day.1);
                self.sessions.push(new_york_session(year, days, half_day));
            }
        }
    }
}

fn new_york_session(year: i32, days: i32, half_day_close: Option<u32>) -> Session {
    let hours_behind_utc = if holidays::is_summer_time(year, days) { 4 } else { 5 };
    let date = Timestamp::from_ns(i64::from(days) * Timestamp::NS_PER_DAY);
    let at = |minute: u32| date.plus_ns((i64::from(minute) + hours_behind_utc * 60) * NS_PER_MINUTE);
    Session {
        date,
        open: at(OPEN_MINUTE),
        close: at(half_day_close.unwrap_or(CLOSE_MINUTE)),
        early_close: half_day_close.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("time")
    }

    /// Every day the reference table covers: the same sessions, opens and closes, and no others.
    #[test]
    fn a_day_starts_at_midnight_where_the_exchange_is() {
        let start = |calendar: Calendar, date: &str| calendar.start_of_day(date.parse().expect("date")).to_string();
        assert_eq!(start(Calendar::xnys(), "2024-01-02"), "2024-01-02T05:00:00Z");
        assert_eq!(start(Calendar::xnys(), "2024-07-01"), "2024-07-01T04:00:00Z");
        // A Saturday and the Sunday on which the clocks change: Monday.
        assert_eq!(start(Calendar::xnys(), "2024-03-09"), "2024-03-11T04:00:00Z");
        assert_eq!(start(Calendar::xnys(), "2040-01-03"), "2040-01-03T00:00:00Z");
        assert_eq!(start(Calendar::always_open(), "2024-01-02"), "2024-01-02T00:00:00Z");
    }

    #[test]
    fn equals_the_reference_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/xnys_sessions.csv");
        let text = std::fs::read_to_string(path).expect("data/xnys_sessions.csv");
        let mut ours = Calendar::xnys().sessions(time("1990-01-01"), time("2030-12-31"));
        let mut rows = 0;
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let session = ours.next().expect("a session for each row");
            let found = (session.date, session.open, session.close);
            assert_eq!(found, (time(fields[0]), time(fields[1]), time(fields[2])), "{line}");
            let usual = session.minutes() == 390;
            assert_eq!(session.early_close, !usual, "{line}");
            rows += 1;
        }
        assert_eq!((rows, ours.next()), (10_322, None));
    }

    #[test]
    fn moments_find_their_session() {
        let calendar = Calendar::xnys();
        let session = calendar.session_of(time("2013-11-29T17:59:00Z")).expect("a half day");
        assert!(session.early_close && session.minutes() == 210);
        assert_eq!(calendar.session_of(time("2013-11-29T18:00:00Z")), None);
        assert_eq!(calendar.session_of(time("2013-10-07T13:29:59Z")), None);
        assert!(calendar.session_of(time("2013-10-07T13:30:00Z")).is_some());
        let mut cursor = calendar.cursor();
        for moment in ["2013-10-04T15:00:00Z", "2013-10-05T15:00:00Z", "2013-10-07T13:30:00Z", "2013-10-04T13:30:00Z"] {
            assert_eq!(cursor.session_of(time(moment)), calendar.session_of(time(moment)), "{moment}");
        }
    }

    #[test]
    fn extended_hours_surround_the_session() {
        let calendar = Calendar::xnys().with_extended_hours();
        let date = |moment: &str| calendar.session_of(time(moment)).map(|session| session.date);
        // Summer: 08:00 to 24:00 UTC; winter: 09:00 to 01:00 of the next day; a half day ends at 17:00.
        assert_eq!(date("2013-10-07T07:59:59Z"), None);
        assert_eq!(date("2013-10-07T08:00:00Z"), Some(time("2013-10-07")));
        assert_eq!(date("2013-10-07T23:59:59Z"), Some(time("2013-10-07")));
        assert_eq!(date("2013-10-08T00:00:00Z"), None);
        assert_eq!(date("2014-01-08T00:59:59Z"), Some(time("2014-01-07")));
        assert_eq!(date("2014-01-08T01:00:00Z"), None);
        assert_eq!(date("2013-11-29T21:59:59Z"), Some(time("2013-11-29")));
        assert_eq!(date("2013-11-29T22:00:00Z"), None);
        let session = calendar.session(time("2013-10-07")).expect("a session");
        assert_eq!(session.minutes(), 390);
        assert_eq!(Calendar::always_open().with_extended_hours(), Calendar::always_open());
    }

    #[test]
    fn neighbours_months_and_weeks() {
        let calendar = Calendar::xnys();
        let date = |session: Option<Session>| session.map(|session| session.date);
        assert_eq!(date(calendar.next_session(time("2001-09-10"))), Some(time("2001-09-17")));
        assert_eq!(date(calendar.previous_session(time("2001-09-17"))), Some(time("2001-09-10")));
        assert_eq!(calendar.sessions_between(time("2001-09-07"), time("2001-09-18")), 2);
        assert_eq!(calendar.sessions_between(time("2001-09-18"), time("2001-09-07")), 0);
        // The Friday is Good Friday: Thursday ends the week and, in 2013, the month.
        assert!(calendar.is_last_session_of_week(time("2013-03-28")));
        assert!(calendar.is_last_session_of_month(time("2013-03-28")));
        assert!(!calendar.is_last_session_of_week(time("2013-03-27")));
        assert!(!calendar.is_last_session_of_month(time("2013-03-29")));
        assert!(calendar.is_last_session_of_month(time("2035-12-31")));
    }

    #[test]
    fn the_edges_are_known() {
        let calendar = Calendar::xnys();
        assert!(!calendar.covers(time("1989-12-29")) && !calendar.covers(time("2036-01-02")));
        assert!(calendar.covers(time("1990-01-01")) && calendar.covers(time("2035-12-31T23:00:00Z")));
        assert_eq!(calendar.session(time("1989-12-29")), None);
        assert_eq!(calendar.session(time("2036-01-02")), None);
        assert_eq!(calendar.next_session(time("2035-12-31")), None);
        assert_eq!(calendar.previous_session(time("1990-01-02")), None);
        assert_eq!(calendar.next_session(time("1970-01-01")).map(|s| s.date), Some(time("1990-01-02")));
        let always = Calendar::always_open();
        let night = always.session_of(time("1950-06-03T03:00:00Z")).expect("always open");
        assert_eq!((night.date, night.minutes()), (time("1950-06-03"), 1_440));
        assert_eq!("XNYS".parse(), Ok(calendar));
        assert_eq!("24/7".parse(), Ok(always));
        assert!("NYSE".parse::<Calendar>().is_err());
    }

    proptest! {
        /// Rules for the years beyond the table keep its shape: 9:30 in New York by the tz database.
        #[test]
        fn opens_at_half_past_nine_in_new_york(days in FIRST_DAY..=LAST_DAY) {
            let date = Timestamp::from_days(days).expect("in range");
            if let Some(session) = Calendar::xnys().session(date) {
                let zone = jiff::tz::TimeZone::get("America/New_York").expect("bundled");
                let open = session.open.to_jiff().to_zoned_datetime(zone);
                prop_assert_eq!((open.hour(), open.minute()), (9, 30));
                prop_assert_eq!(open.date(), date.utc_date());
            }
        }
    }
}
