//! The spans that bars can be gathered into.
//!
//! Not here: the timeframe of a file, which knows no weeks or months; the gathering (`resample`).
use std::fmt;
use std::str::FromStr;

use crate::domain::Timeframe;

/// How much time one gathered bar covers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Span {
    /// One minute.
    Minute1,
    /// Five minutes.
    Minute5,
    /// A quarter of an hour.
    Minute15,
    /// Half an hour.
    Minute30,
    /// An hour.
    Hour1,
    /// One session.
    Day1,
    /// The sessions of a week, Monday to Sunday.
    Week1,
    /// The sessions of a calendar month.
    Month1,
}

impl Span {
    /// Every span, shortest first.
    pub const ALL: [Span; 8] = [
        Self::Minute1,
        Self::Minute5,
        Self::Minute15,
        Self::Minute30,
        Self::Hour1,
        Self::Day1,
        Self::Week1,
        Self::Month1,
    ];

    /// The name used in files: `1m 5m 15m 30m 1h 1d 1w 1mo`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute1 => "1m",
            Self::Minute5 => "5m",
            Self::Minute15 => "15m",
            Self::Minute30 => "30m",
            Self::Hour1 => "1h",
            Self::Day1 => "1d",
            Self::Week1 => "1w",
            Self::Month1 => "1mo",
        }
    }

    /// The length of a span within a session; `None` from a day up.
    pub const fn minutes(self) -> Option<i64> {
        match self {
            Self::Minute1 => Some(1),
            Self::Minute5 => Some(5),
            Self::Minute15 => Some(15),
            Self::Minute30 => Some(30),
            Self::Hour1 => Some(60),
            Self::Day1 | Self::Week1 | Self::Month1 => None,
        }
    }
}

impl From<Timeframe> for Span {
    fn from(timeframe: Timeframe) -> Span {
        match timeframe {
            Timeframe::Minute1 => Self::Minute1,
            Timeframe::Minute5 => Self::Minute5,
            Timeframe::Minute15 => Self::Minute15,
            Timeframe::Minute30 => Self::Minute30,
            Timeframe::Hour1 => Self::Hour1,
            Timeframe::Day1 => Self::Day1,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|span| span.name() == text)
            .ok_or_else(|| format!("`{text}` is not a span; use 1m, 5m, 15m, 30m, 1h, 1d, 1w or 1mo"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_timeframes_and_two_more() {
        assert!(Timeframe::ALL.iter().all(|timeframe| Span::from(*timeframe).name() == timeframe.name()));
        assert!(Span::ALL.iter().all(|span| span.name().parse() == Ok(*span)) && Span::ALL.is_sorted());
        assert!("2h".parse::<Span>().is_err());
    }
}
