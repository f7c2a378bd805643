//! Spans of the past that a stress test names: what markets did to shares of companies in the United States.
//!
//! Not here: cutting bars to a span (sweep). Invariant: first and last day are sessions of the New York Stock
//! Exchange, so data that cover a window have a bar on both.
use std::fmt;

use jiff::civil::{Date, date};

use super::spec_choice::{Choice, choice};

choice! {
    /// `stress.windows`.
    StressWindow {
        /// The fall of the technology shares.
        Year2000 = "2000",
        /// The financial crisis.
        Year2008 = "2008",
        /// The flash crash.
        FlashCrash = "2010-05-06",
        /// The opening with a thousand halts of trading.
        August2015 = "2015-08-24",
        /// The volatility shock.
        February2018 = "2018-02",
        /// The beginning of the pandemic.
        March2020 = "2020-03",
    }
}

impl StressWindow {
    /// First day.
    pub const fn first(self) -> Date {
        match self {
            Self::Year2000 => date(2000, 3, 10),
            Self::Year2008 => date(2007, 10, 9),
            Self::FlashCrash => date(2010, 5, 6),
            Self::August2015 => date(2015, 8, 18),
            Self::February2018 => date(2018, 1, 26),
            Self::March2020 => date(2020, 2, 19),
        }
    }

    /// Last day.
    pub const fn last(self) -> Date {
        match self {
            Self::Year2000 => date(2002, 10, 9),
            Self::Year2008 => date(2009, 3, 9),
            Self::FlashCrash => date(2010, 5, 20),
            Self::August2015 => date(2015, 9, 1),
            Self::February2018 => date(2018, 2, 28),
            Self::March2020 => date(2020, 3, 31),
        }
    }

    /// What happened, in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Year2000 => "from the high of the Nasdaq Composite to its low, which was 78 % below",
            Self::Year2008 => "from the high of the S&P 500 before the financial crisis to its low, 57 % below",
            Self::FlashCrash => "the day on which the Dow was 9 % down for some minutes, and the two weeks after it",
            Self::August2015 => {
                "the two weeks around the Monday whose opening had more than a thousand halts of trading"
            }
            Self::February2018 => "from the high of the S&P 500 through its fall of a tenth within two weeks",
            Self::March2020 => "from the high of the S&P 500 through the fall of a third within five weeks",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::market::Calendar;

    #[test]
    fn every_window_begins_and_ends_with_a_session() {
        for window in StressWindow::ALL {
            assert!(window.first() < window.last(), "{window}");
            for day in [window.first(), window.last()] {
                let day = Timestamp::from_date(day).expect("day");
                assert!(Calendar::xnys().session(day).is_some(), "{window}: {day}");
            }
        }
    }
}
