//! When a trade is paid for: the standard settlement cycle of US stocks, by trade date.
//!
//! Not here: what may be spent before that (portfolio, risk). Counted in sessions of the exchange. The
//! settlement system also rests on two bank holidays on which the exchange trades, Columbus Day and Veterans
//! Day; they are counted here.
use super::Calendar;
use super::civil::{days_from_civil, weekday};
use crate::domain::Timestamp;

/// First trade date, and sessions from trade to settlement from then on.
///
/// Source: SEC Rule 15c6-1 (17 CFR 240.15c6-1): release 34-33023, three days from 1995-06-07 (five by custom
/// before); 34-80295, two days from 2017-09-05; 34-96930, one day from 2024-05-28.
const CYCLES: &[(i32, u32)] = &[
    (i32::MIN, 5),
    (days_from_civil(1995, 6, 7), 3),
    (days_from_civil(2017, 9, 5), 2),
    (days_from_civil(2024, 5, 28), 1),
];

/// Sessions from a trade on `date` to its settlement.
pub fn settlement_sessions(date: Timestamp) -> u32 {
    let begun = CYCLES.iter().take_while(|(from, _)| *from <= date.days());
    begun.last().map_or(CYCLES[0].1, |(_, sessions)| *sessions)
}

/// The date on which a trade of `date` settles: midnight UTC of it. Dates that the calendar does not know
/// count Monday to Friday.
pub fn settlement_date(calendar: Calendar, date: Timestamp) -> Timestamp {
    (0..settlement_sessions(date)).fold(date, |date, _| next_session_date(calendar, date))
}

/// The date of the first session after `date`: midnight UTC. Dates that the calendar does not know count
/// Monday to Friday.
pub fn next_session_date(calendar: Calendar, date: Timestamp) -> Timestamp {
    let known = calendar.covers(date).then(|| calendar.next_session(date)).flatten();
    let next_weekday = || {
        let next = (date.days() + 1..).find(|day| weekday(*day) < 5).unwrap_or(date.days());
        Timestamp::from_days(next).unwrap_or(Timestamp::MAX)
    };
    known.map_or_else(next_weekday, |session| session.date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Timestamp {
        text.parse().expect("date")
    }

    #[test]
    fn each_cycle_holds_from_its_first_trade_date() {
        for (traded, settles) in [
            ("1995-06-06", "1995-06-13"), // T+5
            ("1995-06-07", "1995-06-12"), // T+3
            ("2017-09-01", "2017-09-07"), // T+3 over Labor Day
            ("2017-09-05", "2017-09-07"), // T+2
            ("2024-05-24", "2024-05-29"), // T+2 over Memorial Day
            ("2024-05-28", "2024-05-29"), // T+1
            ("2024-05-31", "2024-06-03"), // over a weekend
            ("2050-01-07", "2050-01-10"), // beyond the calendar: Friday to Monday
        ] {
            assert_eq!(settlement_date(Calendar::xnys(), date(traded)), date(settles), "{traded}");
        }
    }

    #[test]
    fn round_the_clock_every_day_counts() {
        assert_eq!(settlement_date(Calendar::always_open(), date("2024-06-01")), date("2024-06-02"));
    }
}
