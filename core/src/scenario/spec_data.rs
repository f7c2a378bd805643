//! `[data]`: which bars, from when to when.
//!
//! Not here: reading bars (market); finding files (`load`, which knows the scenario's folder).
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::spec_choice::{Adjust, CalendarKind, Hours};
use crate::domain::{Symbol, Timeframe, Timestamp};

/// `[data]`. Paths are as written: relative to the scenario file, `{symbol}` unexpanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSpec {
    /// Span of a bar.
    pub timeframe: Timeframe,
    /// First bar, inclusive; `None`: where the data begins.
    pub start: Option<TimeBound>,
    /// Last bar, inclusive; `None`: where the data ends.
    pub end: Option<TimeBound>,
    /// Whose sessions.
    pub calendar: CalendarKind,
    /// Which bars of a day are shown; `extended` only for bars of XNYS shorter than a day.
    pub hours: Hours,
    /// What corporate actions do to prices before the run; other than `none` only with `corporate_actions`.
    pub adjust: Adjust,
    /// CSV of splits and dividends.
    pub corporate_actions: Option<String>,
    /// `.csv` or `.parquet`; holds `{symbol}` when there are several symbols.
    pub path: String,
    /// 1 to 1,000, none twice.
    pub symbols: Vec<Symbol>,
    /// What the result is held against; read through `path`.
    pub benchmark: Option<Symbol>,
    /// Finer bars for `both_touched = "finer"`.
    pub finer_path: Option<String>,
}

/// A `start` or `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBound {
    /// A whole day of the calendar.
    Date(Date),
    /// A bar's stamp.
    Moment(Timestamp),
}

impl std::fmt::Display for TimeBound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TimeBound::Date(date) => date.fmt(f),
            TimeBound::Moment(moment) => moment.fmt(f),
        }
    }
}

impl DataSpec {
    /// The earliest stamp a bar may carry.
    pub fn first_time(&self) -> Timestamp {
        self.start.map_or(Timestamp::MIN, |bound| self.first_of(bound))
    }

    /// The latest stamp a bar may carry. A date as `end` covers its whole day: the New York day for
    /// XNYS minutes, the UTC day for 24/7.
    pub fn last_time(&self) -> Timestamp {
        match self.end {
            None => Timestamp::MAX,
            Some(TimeBound::Date(date)) if !self.timeframe.is_daily() => match date.tomorrow() {
                Ok(next) => self.first_of(TimeBound::Date(next)).plus_ns(-1),
                Err(_) => Timestamp::MAX,
            },
            Some(bound) => self.first_of(bound),
        }
    }

    fn first_of(&self, bound: TimeBound) -> Timestamp {
        let date = match bound {
            TimeBound::Moment(moment) => return moment,
            TimeBound::Date(date) => date,
        };
        let zone = match self.calendar {
            // Daily bars are stamped midnight UTC of their date, whatever the exchange.
            CalendarKind::Xnys if !self.timeframe.is_daily() => {
                TimeZone::get("America/New_York").expect("the time zone database is inside the binary")
            }
            _ => TimeZone::UTC,
        };
        date.to_zoned_datetime(zone)
            .ok()
            .and_then(|zoned| Timestamp::from_seconds(zoned.timestamp().as_second()))
            .unwrap_or(if date.year() < 1970 { Timestamp::MIN } else { Timestamp::MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(timeframe: Timeframe, calendar: CalendarKind) -> DataSpec {
        let day = |text: &str| Some(TimeBound::Date(text.parse().expect("date")));
        DataSpec {
            timeframe,
            start: day("2013-10-07"),
            end: day("2013-10-07"),
            calendar,
            hours: Hours::Regular,
            adjust: Adjust::None,
            corporate_actions: None,
            path: "a.csv".to_owned(),
            symbols: Vec::new(),
            benchmark: None,
            finer_path: None,
        }
    }

    #[test]
    fn a_date_covers_the_whole_day_of_its_calendar() {
        let span = |data: DataSpec| (data.first_time().to_string(), data.last_time().to_string());
        let text = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(
            span(data(Timeframe::Day1, CalendarKind::Xnys)),
            text("2013-10-07T00:00:00Z", "2013-10-07T00:00:00Z")
        );
        assert_eq!(
            span(data(Timeframe::Minute1, CalendarKind::Xnys)),
            text("2013-10-07T04:00:00Z", "2013-10-08T03:59:59.999999999Z")
        );
        assert_eq!(
            span(data(Timeframe::Minute1, CalendarKind::AlwaysOpen)),
            text("2013-10-07T00:00:00Z", "2013-10-07T23:59:59.999999999Z")
        );
    }

    #[test]
    fn an_open_end_holds_every_bar() {
        let open = DataSpec { start: None, end: None, ..data(Timeframe::Day1, CalendarKind::Xnys) };
        assert_eq!((open.first_time(), open.last_time()), (Timestamp::MIN, Timestamp::MAX));
    }
}
