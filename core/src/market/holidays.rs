//! The yearly holidays, half days and summer time of the New York Stock Exchange, by rule.
//!
//! Not here: closures that no rule foresees (`special`), and lookups (`calendar`).
//! Source: NYSE Rule 7.2 and its history; checked against `data/xnys_sessions.csv`.
use super::civil::{days_from_civil, month_length, weekday};

const MONDAY: u32 = 0;
const THURSDAY: u32 = 3;
const SATURDAY: u32 = 5;
const SUNDAY: u32 = 6;

/// Minutes from midnight to the close of a half day.
pub(super) const HALF_DAY_CLOSE: u32 = 13 * 60;
/// Half days ended at two o'clock until 1992.
const HALF_DAY_CLOSE_UNTIL_1992: u32 = 14 * 60;

/// Days on which the exchange is shut in `year` by rule, weekends left out, in no order.
pub(super) fn holidays(year: i32) -> Vec<i32> {
    let new_year = days_from_civil(year, 1, 1);
    let mut days = vec![
        nth_weekday(year, 2, MONDAY, 3), // Washington's Birthday
        easter_sunday(year) - 2,         // Good Friday
        last_weekday(year, 5, MONDAY),   // Memorial Day
        observed(days_from_civil(year, 7, 4)),
        nth_weekday(year, 9, MONDAY, 1), // Labor Day
        thanksgiving(year),
        observed(days_from_civil(year, 12, 25)),
    ];
    match weekday(new_year) {
        SUNDAY => days.push(new_year + 1),
        SATURDAY => {} // never moved back: the books of the old year close on its last Friday
        _ => days.push(new_year),
    }
    if year >= 1998 {
        days.push(nth_weekday(year, 1, MONDAY, 3)); // Martin Luther King Jr. Day
    }
    if year >= 2022 {
        days.push(observed(days_from_civil(year, 6, 19))); // Juneteenth
    }
    days
}

/// Half days of `year` by rule: the day and its close in minutes after midnight, New York.
/// A day may be a holiday or weekend as well; then it is shut.
pub(super) fn half_days(year: i32) -> Vec<(i32, u32)> {
    let close = if year <= 1992 { HALF_DAY_CLOSE_UNTIL_1992 } else { HALF_DAY_CLOSE };
    let mut days = Vec::new();
    if year >= 1992 {
        days.push((thanksgiving(year) + 1, close));
    }
    let christmas_eve = days_from_civil(year, 12, 24);
    if weekday(christmas_eve) <= THURSDAY {
        days.push((christmas_eve, close));
    }
    if year >= 1995 {
        let independence_day = days_from_civil(year, 7, 4);
        // Until 2012 a Thursday holiday shortened the Friday after it, since then the Wednesday before.
        match weekday(independence_day) {
            THURSDAY if year < 2013 => days.push((independence_day + 1, close)),
            MONDAY | SATURDAY | SUNDAY => {}
            _ => days.push((independence_day - 1, close)),
        }
    }
    days
}

/// Does New York keep summer time (UTC−4) on the trading hours of this day?
/// Since 2007 second Sunday of March to first of November; before, from 1987, first Sunday of April to
/// last of October (15 U.S.C. 260a).
pub(super) fn is_summer_time(year: i32, days: i32) -> bool {
    let (start, end) = if year >= 2007 {
        (nth_weekday(year, 3, SUNDAY, 2), nth_weekday(year, 11, SUNDAY, 1))
    } else {
        (nth_weekday(year, 4, SUNDAY, 1), last_weekday(year, 10, SUNDAY))
    };
    start <= days && days < end
}

fn thanksgiving(year: i32) -> i32 {
    nth_weekday(year, 11, THURSDAY, 4)
}

/// A holiday on a Saturday is kept on Friday, one on a Sunday on Monday.
fn observed(days: i32) -> i32 {
    match weekday(days) {
        SATURDAY => days - 1,
        SUNDAY => days + 1,
        _ => days,
    }
}

fn nth_weekday(year: i32, month: u32, wanted: u32, nth: i32) -> i32 {
    let first = days_from_civil(year, month, 1);
    first + ((wanted + 7 - weekday(first)) % 7) as i32 + 7 * (nth - 1)
}

fn last_weekday(year: i32, month: u32, wanted: u32) -> i32 {
    let last = days_from_civil(year, month, month_length(year, month));
    last - ((weekday(last) + 7 - wanted) % 7) as i32
}

/// Easter Sunday. Source: the "anonymous Gregorian" computus (Meeus, Astronomical Algorithms, ch. 8).
fn easter_sunday(year: i32) -> i32 {
    let golden = year % 19;
    let (century, year_of_century) = (year / 100, year % 100);
    let leap_centuries = century / 4;
    let moon_correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leap_centuries - moon_correction + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (year_of_century / 4) - epact - year_of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let months_and_days = epact + to_sunday - 7 * late + 114;
    days_from_civil(year, (months_and_days / 31) as u32, (months_and_days % 31 + 1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_it_should() {
        for (year, month, day) in [(1990, 4, 15), (2000, 4, 23), (2008, 3, 23), (2024, 3, 31), (2035, 3, 25)] {
            assert_eq!(easter_sunday(year), days_from_civil(year, month, day), "{year}");
        }
    }
}
