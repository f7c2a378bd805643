//! How much time one bar covers.
use std::fmt;
use std::str::FromStr;

/// The span of a bar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timeframe {
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
}

impl Timeframe {
    /// Every timeframe, shortest first.
    pub const ALL: [Timeframe; 6] =
        [Self::Minute1, Self::Minute5, Self::Minute15, Self::Minute30, Self::Hour1, Self::Day1];

    /// The name used in files: `1m 5m 15m 30m 1h 1d`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute1 => "1m",
            Self::Minute5 => "5m",
            Self::Minute15 => "15m",
            Self::Minute30 => "30m",
            Self::Hour1 => "1h",
            Self::Day1 => "1d",
        }
    }

    /// In prose: "daily", "hourly", "1-minute".
    pub const fn adjective(self) -> &'static str {
        match self {
            Self::Minute1 => "1-minute",
            Self::Minute5 => "5-minute",
            Self::Minute15 => "15-minute",
            Self::Minute30 => "30-minute",
            Self::Hour1 => "hourly",
            Self::Day1 => "daily",
        }
    }

    /// Length in minutes of trading; a day counts 1,440 (its session is shorter).
    pub const fn minutes(self) -> i64 {
        match self {
            Self::Minute1 => 1,
            Self::Minute5 => 5,
            Self::Minute15 => 15,
            Self::Minute30 => 30,
            Self::Hour1 => 60,
            Self::Day1 => 1_440,
        }
    }

    /// One bar a session?
    pub const fn is_daily(self) -> bool {
        matches!(self, Self::Day1)
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Timeframe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|timeframe| timeframe.name() == text)
            .ok_or_else(|| format!("`{text}` is not a timeframe; use 1m, 5m, 15m, 30m, 1h or 1d"))
    }
}
