//! Times as the exchange tells them: New York's dates and offsets; round the clock, days of UTC.
//!
//! Not here: sessions (market).
use std::sync::OnceLock;

use jiff::tz::TimeZone;

use crate::domain::Timestamp;
use crate::market::{Calendar, new_york_date};

fn zone() -> TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    let get = || TimeZone::get("America/New_York").expect("the time zone database is inside the binary");
    ZONE.get_or_init(get).clone()
}

/// Are its days those of New York?
pub(super) fn is_new_york(calendar: Calendar) -> bool {
    calendar.name() == Calendar::xnys().name()
}

/// RFC 3339 with New York's offset: `2013-10-07T09:30:00-04:00`.
pub(super) fn new_york_text(moment: Timestamp) -> String {
    let zoned = moment.to_jiff().to_zoned_datetime(zone());
    zoned.timestamp().display_with_offset(zoned.offset()).to_string()
}

/// The time of day in New York: hours and minutes.
pub(super) fn new_york_clock(moment: Timestamp) -> (i8, i8) {
    let zoned = moment.to_jiff().to_zoned_datetime(zone());
    (zoned.hour(), zoned.minute())
}

/// The date at this moment, as midnight UTC of it.
pub(super) fn date_at(calendar: Calendar, moment: Timestamp) -> Timestamp {
    match is_new_york(calendar) {
        true => new_york_date(moment),
        false => Timestamp::from_days(moment.days()).unwrap_or(moment),
    }
}

/// The first moment of a date.
pub(super) fn midnight(calendar: Calendar, date: Timestamp) -> Timestamp {
    if !is_new_york(calendar) {
        return date;
    }
    let start = date.utc_date().to_zoned_datetime(zone()).ok();
    start.and_then(|start| i64::try_from(start.timestamp().as_nanosecond()).ok()).map_or(date, Timestamp::from_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("time")
    }

    #[test]
    fn new_york_has_its_own_dates_and_offsets() {
        let calendar = Calendar::xnys();
        assert_eq!(new_york_text(time("2013-10-07T13:30:00Z")), "2013-10-07T09:30:00-04:00");
        assert_eq!(new_york_text(time("2013-12-02T14:30:00.5Z")), "2013-12-02T09:30:00.5-05:00");
        assert_eq!(new_york_clock(time("2013-11-29T18:00:00Z")), (13, 0));
        assert_eq!(date_at(calendar, time("2013-10-08T03:59:00Z")), time("2013-10-07"));
        assert_eq!(midnight(calendar, time("2013-10-07")), time("2013-10-07T04:00:00Z"));
        // Before the calendar begins and on the day on which the clocks change, too.
        assert_eq!(midnight(calendar, time("1980-01-02")), time("1980-01-02T05:00:00Z"));
        assert_eq!(midnight(calendar, time("2024-03-11")), time("2024-03-11T04:00:00Z"));
        let always = Calendar::always_open();
        assert_eq!(date_at(always, time("2013-10-08T03:59:00Z")), time("2013-10-08"));
        assert_eq!(midnight(always, time("2013-10-07")), time("2013-10-07"));
    }
}
