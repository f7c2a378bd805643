//! Days since 1970-01-01 to and from year, month and day, in plain integers.
//!
//! Not here: sessions and holidays. The domain's dates go through `jiff`; files of ten million rows
//! and a calendar built at every start need these few instructions instead.

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; the date must exist.
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
pub(super) const fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01. Source: as above, `civil_from_days`.
pub(super) const fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// The weekday: 0 is Monday, 6 is Sunday.
pub(super) const fn weekday(days: i32) -> u32 {
    (days + 3).rem_euclid(7) as u32 // 1970-01-01 was a Thursday
}

/// Days in a month.
pub(super) const fn month_length(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use proptest::prelude::*;

    proptest! {
        /// The same dates as jiff's over every year a Timestamp can name.
        #[test]
        fn agrees_with_jiff(days in -106_000i32..106_000) {
            let date = Timestamp::from_days(days).expect("in range").utc_date();
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!((year, month, day), (i32::from(date.year()), date.month() as u32, date.day() as u32));
            prop_assert_eq!(days_from_civil(year, month, day), days);
            prop_assert_eq!(weekday(days), date.weekday().to_monday_zero_offset() as u32);
            prop_assert_eq!(month_length(year, month), date.days_in_month() as u32);
        }
    }
}
