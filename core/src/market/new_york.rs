//! The date in New York at a moment.
//!
//! Not here: sessions (calendar), the rule of summer time (holidays).
use super::civil::civil_from_days;
use super::holidays;
use crate::domain::Timestamp;

const NS_PER_HOUR: i64 = 3_600 * Timestamp::NS_PER_SECOND;

/// Midnight UTC of the date that New York has at `moment`; right from 1987 on.
pub fn new_york_date(moment: Timestamp) -> Timestamp {
    // The clocks change at two in the morning, so the date by winter time tells which time holds: a day that
    // begins in the other time begins on the same date.
    let winter = moment.plus_ns(-5 * NS_PER_HOUR).days();
    let is_summer = holidays::is_summer_time(civil_from_days(winter).0, winter);
    let days = if is_summer { moment.plus_ns(-4 * NS_PER_HOUR).days() } else { winter };
    // The first day that can be named began before the first moment that can: a client may ask for any.
    Timestamp::from_ns(i64::from(days).saturating_mul(Timestamp::NS_PER_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_and_the_last_moment_have_a_date() {
        assert_eq!(new_york_date(Timestamp::MIN), Timestamp::MIN);
        assert_eq!(new_york_date(Timestamp::MAX).utc_date().to_string(), "2262-04-11");
    }

    proptest! {
        /// As the tz database has it, at every minute of these years.
        #[test]
        fn agrees_with_the_tz_database(minute in 8_941_680i64..34_712_640) {
            let moment = Timestamp::from_seconds(minute * 60).expect("time");
            let zone = jiff::tz::TimeZone::get("America/New_York").expect("bundled");
            prop_assert_eq!(new_york_date(moment).utc_date(), moment.to_jiff().to_zoned_datetime(zone).date());
        }

        /// The nights in which the clocks change are no exception.
        #[test]
        fn agrees_when_the_clocks_change(year in 1990i16..2036, month in 3i8..12, day in 1i8..15, minute in 0i64..1_440) {
            let date = jiff::civil::date(year, month, day);
            let moment = Timestamp::from_date(date).expect("date").plus_ns(minute * 60 * Timestamp::NS_PER_SECOND);
            let zone = jiff::tz::TimeZone::get("America/New_York").expect("bundled");
            prop_assert_eq!(new_york_date(moment).utc_date(), moment.to_jiff().to_zoned_datetime(zone).date());
        }
    }
}
