//! Moments in UTC.
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::Timeframe;

/// A moment: nanoseconds since 1970-01-01T00:00:00Z. A daily bar is stamped midnight UTC of its date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Why a piece of text is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time; write a date like 2013-10-07 or a UTC time like 2013-10-07T13:30:00Z")]
pub struct ParseTimeError {
    /// The text as found.
    pub text: String,
}

impl Timestamp {
    /// Nanoseconds in a second.
    pub const NS_PER_SECOND: i64 = 1_000_000_000;
    /// Nanoseconds in a day of UTC.
    pub const NS_PER_DAY: i64 = 86_400 * Self::NS_PER_SECOND;
    /// The last moment that can be named, after every real one.
    pub const MAX: Timestamp = Timestamp(i64::MAX);
    /// The first moment that can be named, before every real one.
    pub const MIN: Timestamp = Timestamp(i64::MIN);

    /// The moment `ns` nanoseconds after the epoch.
    #[inline]
    pub const fn from_ns(ns: i64) -> Timestamp {
        Timestamp(ns)
    }

    /// The moment `seconds` after the epoch; `None` outside the years 1678 to 2261.
    pub const fn from_seconds(seconds: i64) -> Option<Timestamp> {
        match seconds.checked_mul(Self::NS_PER_SECOND) {
            Some(ns) => Some(Timestamp(ns)),
            None => None,
        }
    }

    /// Midnight UTC of the day `days` after 1970-01-01; `None` outside the years 1678 to 2261.
    pub const fn from_days(days: i32) -> Option<Timestamp> {
        match (days as i64).checked_mul(Self::NS_PER_DAY) {
            Some(ns) => Some(Timestamp(ns)),
            None => None,
        }
    }

    /// Midnight UTC of `date`; `None` outside the years 1678 to 2261.
    pub fn from_date(date: Date) -> Option<Timestamp> {
        date.to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .ok()
            .and_then(|zoned| Self::from_seconds(zoned.timestamp().as_second()))
    }

    /// Nanoseconds since the epoch.
    #[inline]
    pub const fn ns(self) -> i64 {
        self.0
    }

    /// Whole days since 1970-01-01 in UTC, rounded down.
    pub const fn days(self) -> i32 {
        // Fits: i64::MAX nanoseconds are 106,751 days.
        self.0.div_euclid(Self::NS_PER_DAY) as i32
    }

    /// The calendar date in UTC.
    pub fn utc_date(self) -> Date {
        self.to_jiff().to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
    }

    /// This moment plus `ns` nanoseconds, held inside the range.
    #[inline]
    pub const fn plus_ns(self, ns: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ns))
    }

    /// How a file of this timeframe writes it: a date for daily bars, RFC 3339 for the rest.
    pub fn text(self, timeframe: Timeframe) -> String {
        match timeframe {
            Timeframe::Day1 => self.utc_date().to_string(),
            _ => self.to_string(),
        }
    }

    /// The same moment in `jiff`, for time zones.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).expect("jiff covers every i64 of nanoseconds")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_jiff(), f)
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseTimeError { text: text.to_owned() };
        let text = text.trim();
        if text.len() == 10 {
            let date: Date = text.parse().map_err(|_| error())?;
            return Timestamp::from_date(date).ok_or_else(error);
        }
        let moment: jiff::Timestamp = text.parse().map_err(|_| error())?;
        i64::try_from(moment.as_nanosecond()).map(Timestamp).map_err(|_| error())
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("time")
    }

    #[test]
    fn dates_and_times_read_and_print() {
        assert_eq!(time("2013-10-07").text(Timeframe::Day1), "2013-10-07");
        assert_eq!(time("2013-10-07T13:30:00Z").text(Timeframe::Minute1), "2013-10-07T13:30:00Z");
        assert_eq!(time("2013-10-07T09:30:00-04:00"), time("2013-10-07T13:30:00Z"));
        assert!("2013-02-30".parse::<Timestamp>().is_err());
        assert!("07/10/2013".parse::<Timestamp>().is_err());
        assert!("9999-12-31".parse::<Timestamp>().is_err());
    }

    proptest! {
        #[test]
        fn text_round_trips(ns in any::<i64>()) {
            prop_assert_eq!(time(&Timestamp(ns).to_string()), Timestamp(ns));
        }
    }
}
