//! The timeframes of market data requests, and which bar of one a moment belongs to.
//!
//! Not here: gathering bars. Buckets are those of Alpaca: minutes and hours count from midnight, weeks begin on
//! Monday, months on the first; two and more months count from January.
use crate::domain::{Timeframe, Timestamp};
use crate::exchange::local_time::midnight;
use crate::market::Calendar;

const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

/// The unit of a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    Minutes,
    Days,
    Weeks,
    Months,
}

/// How much time a bar covers: `5Min`, `1Hour`, `1Day`, `1Week`, `3Month`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) struct BarSpan {
    unit: Unit,
    /// Minutes of an hour are counted as minutes.
    count: i64,
}

/// Finds buckets of moments that come in order; remembers the midnight found last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets {
    span: BarSpan,
    calendar: Calendar,
    own: Timeframe,
    day: (Timestamp, Timestamp),
}

impl BarSpan {
    /// A day.
    pub(super) const DAY: BarSpan = BarSpan { unit: Unit::Days, count: 1 };

    /// Reads Alpaca's way of writing it; `None` for what Alpaca does not have.
    pub(super) fn read(text: &str) -> Option<BarSpan> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = text[..digits].parse().ok()?;
        let (unit, count, is_known) = match &text[digits..] {
            "Min" | "T" => (Unit::Minutes, count, (1..=59).contains(&count)),
            "Hour" | "H" => (Unit::Minutes, count * 60, (1..=23).contains(&count)),
            "Day" | "D" => (Unit::Days, count, count == 1),
            "Week" | "W" => (Unit::Weeks, count, count == 1),
            "Month" | "M" => (Unit::Months, count, [1, 2, 3, 4, 6, 12].contains(&count)),
            _ => return None,
        };
        is_known.then_some(BarSpan { unit, count })
    }

    /// Are bars of this timeframe too coarse for it?
    pub(super) fn is_finer_than(self, timeframe: Timeframe) -> bool {
        self.unit == Unit::Minutes && self.count < timeframe.minutes()
    }

    /// No bar of it covers more than this.
    pub(super) fn longest_ns(self) -> i64 {
        let days = match self.unit {
            Unit::Minutes | Unit::Days => 2,
            Unit::Weeks => 8,
            Unit::Months => 32 * self.count,
        };
        days * Timestamp::NS_PER_DAY
    }
}

impl Buckets {
    /// Buckets of bars of a timeframe.
    pub(super) fn new(span: BarSpan, calendar: Calendar, own: Timeframe) -> Buckets {
        Buckets { span, calendar, own, day: (Timestamp::MIN, Timestamp::MIN) }
    }

    /// The stamp of the bucket to which a bar with this stamp and date belongs.
    pub(super) fn stamp(&mut self, date: Timestamp, stamp: Timestamp) -> Timestamp {
        let first = match self.span.unit {
            Unit::Minutes if self.span.count == self.own.minutes() => return stamp,
            Unit::Minutes => {
                let start = self.midnight(date);
                let length = self.span.count * NS_PER_MINUTE;
                return start.plus_ns((stamp.ns() - start.ns()).div_euclid(length) * length);
            }
            Unit::Days => date,
            Unit::Weeks => {
                let weekday = i32::from(date.utc_date().weekday().to_monday_zero_offset());
                Timestamp::from_days(date.days() - weekday).unwrap_or(date)
            }
            Unit::Months => {
                let day = date.utc_date();
                let month = (i64::from(day.month()) - 1) / self.span.count * self.span.count + 1;
                Timestamp::from_date(jiff::civil::date(day.year(), month as i8, 1)).unwrap_or(date)
            }
        };
        self.midnight(first)
    }

    fn midnight(&mut self, date: Timestamp) -> Timestamp {
        if self.day.0 != date {
            self.day = (date, midnight(self.calendar, date));
        }
        self.day.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("time")
    }

    fn stamp(span: &str, at: &str) -> String {
        let span = BarSpan::read(span).expect("a span");
        let date = crate::exchange::local_time::date_at(Calendar::xnys(), time(at));
        Buckets::new(span, Calendar::xnys(), Timeframe::Minute1).stamp(date, time(at)).to_string()
    }

    #[test]
    fn alpacas_timeframes_are_read_and_no_others() {
        for text in ["1Min", "59Min", "5T", "1Hour", "23H", "1Day", "1D", "1Week", "1W", "12Month", "3M"] {
            assert!(BarSpan::read(text).is_some(), "{text}");
        }
        for text in ["", "Min", "0Min", "60Min", "24Hour", "2Day", "2Week", "5Month", "1min", "1 Min", "-1Min", "1m"] {
            assert_eq!(BarSpan::read(text), None, "{text}");
        }
        assert_eq!(BarSpan::read("60T"), None);
        let five = BarSpan::read("5Min").expect("a span");
        assert!(five.is_finer_than(Timeframe::Minute15) && !five.is_finer_than(Timeframe::Minute5));
        assert!(!BarSpan::DAY.is_finer_than(Timeframe::Day1));
    }

    #[test]
    fn a_bucket_begins_where_alpacas_does() {
        let noon = "2013-10-09T16:07:00Z";
        assert_eq!(stamp("5Min", noon), "2013-10-09T16:05:00Z");
        assert_eq!(stamp("1Hour", "2013-10-09T13:30:00Z"), "2013-10-09T13:00:00Z");
        // Four hours from midnight in New York.
        assert_eq!(stamp("4Hour", "2013-10-09T13:30:00Z"), "2013-10-09T12:00:00Z");
        assert_eq!(stamp("1Day", noon), "2013-10-09T04:00:00Z");
        assert_eq!(stamp("1Week", noon), "2013-10-07T04:00:00Z");
        assert_eq!(stamp("1Month", "2013-12-31T20:59:00Z"), "2013-12-01T05:00:00Z");
        assert_eq!(stamp("3Month", noon), "2013-10-01T04:00:00Z");
        assert_eq!(stamp("6Month", noon), "2013-07-01T04:00:00Z");
        assert_eq!(stamp("12Month", noon), "2013-01-01T05:00:00Z");
    }
}
