//! What the SEC and FINRA take from a sale, by the date of the trade.
//!
//! Not here: sums over a day and their rounding as time goes on (fee_meter). Brokers pass both fees on, on
//! sells only, short sales among them. Left out is the Consolidated Audit Trail (a few millionths of a
//! dollar a share since 2024).
use jiff::civil::{Date, date};

use crate::domain::{Money, Price, Quantity, Timestamp};
use crate::market::new_york_date;

/// How the time of a bar names the date of its trades.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TradeDate {
    /// Bars of a day: stamped by their date.
    Stamp,
    /// Shorter bars: the date in New York at their open.
    NewYork,
}

impl TradeDate {
    /// The date on which a fill on the bar of `time` trades.
    pub fn of(self, time: Timestamp) -> Date {
        match self {
            TradeDate::Stamp => time.utc_date(),
            TradeDate::NewYork => new_york_date(time).utc_date(),
        }
    }
}

/// Dollars and cents as cents.
const fn usd(dollars: i64, cents: i64) -> i64 {
    dollars * 100 + cents
}

/// Before every trade.
const ALWAYS: Date = date(1, 1, 1);

/// Section 31 of the Securities Exchange Act: from this date on, so many cents per million dollars sold.
///
/// Source: the SEC's fee rate advisories; each date is the first of the rate, by "charge date", the trade's.
/// The first row is 1/300 of 1 %, in force before the Fee Relief Act of 2002 (which reached back to
/// 2001-12-28) and taken for every earlier date.
const SEC_CENTS_PER_MILLION: &[(Date, i64)] = &[
    (ALWAYS, 33_33),
    (date(2001, 12, 28), usd(15, 0)),
    (date(2002, 4, 1), usd(30, 10)),
    (date(2003, 3, 22), usd(25, 20)),
    (date(2003, 4, 1), usd(46, 80)),
    (date(2004, 2, 22), usd(39, 0)),
    (date(2004, 4, 1), usd(23, 40)),
    (date(2005, 1, 7), usd(32, 90)),
    (date(2005, 4, 1), usd(41, 80)),
    (date(2005, 12, 22), usd(30, 70)),
    (date(2007, 3, 17), usd(15, 30)),
    (date(2008, 1, 25), usd(11, 0)),
    (date(2008, 4, 1), usd(5, 60)),
    (date(2009, 4, 10), usd(25, 70)),
    (date(2010, 1, 15), usd(12, 70)),
    (date(2010, 4, 1), usd(16, 90)),
    (date(2011, 1, 21), usd(19, 20)),
    (date(2012, 2, 21), usd(18, 0)),
    (date(2012, 4, 1), usd(22, 40)),
    (date(2013, 5, 25), usd(17, 40)),
    (date(2014, 3, 18), usd(22, 10)),
    (date(2015, 2, 14), usd(18, 40)),
    (date(2016, 2, 16), usd(21, 80)),
    (date(2017, 7, 4), usd(23, 10)),
    (date(2018, 5, 22), usd(13, 0)),
    (date(2019, 4, 16), usd(20, 70)),
    (date(2020, 2, 18), usd(22, 10)),
    (date(2021, 2, 25), usd(5, 10)),
    (date(2022, 5, 14), usd(22, 90)),
    (date(2023, 2, 27), usd(8, 0)),
    (date(2024, 5, 22), usd(27, 80)),
    // The year's appropriation had been collected.
    (date(2025, 5, 14), usd(0, 0)),
    (date(2026, 4, 4), usd(20, 60)),
];

/// What FINRA takes for every share sold, and the most for one execution.
#[derive(Clone, Copy)]
struct ActivityRate {
    billionths_per_share: i64,
    cap_cents: i64,
}

const fn activity(billionths_per_share: i64, cap_cents: i64) -> ActivityRate {
    ActivityRate { billionths_per_share, cap_cents }
}

/// The Trading Activity Fee on covered equity securities, from this date on.
///
/// Source: FINRA By-Laws, Schedule A, Section 1(b), and the notices of its changes: NASD's of 2002-10-17,
/// Notice to Members 04-84, Regulatory Notices 11-27 and 12-06, 77 FR 38690, SR-FINRA-2020-032, SR-FINRA-2024-019.
/// There was no such fee before 2002-10-01. NASD took less for some months until 2003-09-01; when that began
/// could not be verified, so the higher rate stands throughout.
const ACTIVITY: &[(Date, ActivityRate)] = &[
    (ALWAYS, activity(0, usd(0, 0))),
    (date(2002, 10, 1), activity(100_000, usd(10, 0))),
    (date(2004, 11, 1), activity(75_000, usd(3, 75))),
    (date(2011, 7, 1), activity(90_000, usd(4, 50))),
    (date(2012, 3, 1), activity(95_000, usd(4, 75))),
    (date(2012, 7, 1), activity(119_000, usd(5, 95))),
    (date(2022, 1, 1), activity(130_000, usd(6, 49))),
    (date(2023, 1, 1), activity(145_000, usd(7, 27))),
    (date(2024, 1, 1), activity(166_000, usd(8, 30))),
    (date(2026, 1, 1), activity(195_000, usd(9, 79))),
    // FINRA takes nothing for a quarter. That Alpaca passes this on is taken from the SEC's zero of 2025, which
    // it did pass on.
    (date(2026, 10, 1), activity(0, usd(0, 0))),
    (date(2027, 1, 1), activity(195_000, usd(9, 79))),
];

/// The row in force on `day`.
fn in_force<T: Copy>(table: &[(Date, T)], day: Date) -> T {
    let rows = table.partition_point(|(from, _)| *from <= day);
    table[rows.max(1) - 1].1
}

/// Dollars for the SEC on a day that sold for `principal`, rounded up to the cent.
pub(super) fn sec_fee(day: Date, principal: Money) -> Money {
    share_up_to_cent(principal, in_force(SEC_CENTS_PER_MILLION, day) * 10)
}

/// Dollars for FINRA on one sale of `quantity` shares, exactly: the day's sum is rounded.
pub(super) fn activity_fee(day: Date, quantity: Quantity) -> Money {
    let ActivityRate { billionths_per_share, cap_cents } = in_force(ACTIVITY, day);
    let rate = Price::ZERO.saturating_offset(billionths_per_share);
    rate.notional(quantity).min(Money::from_cents(cap_cents))
}

/// `amount`, rounded up to the cent.
pub(super) fn up_to_cent(amount: Money) -> Money {
    share_up_to_cent(amount, 1_000_000_000)
}

/// So many billionths of `amount`, which is not negative, rounded up to the cent once and not before.
fn share_up_to_cent(amount: Money, billionths: i64) -> Money {
    const CENT: i128 = Money::UNITS_PER_USD / 100;
    // A cent, in billionths of the smallest unit.
    const WHOLE: i128 = CENT * 1_000_000_000;
    let rate = i128::from(billionths);
    let (whole, rest) = (amount.units() / WHOLE, amount.units() % WHOLE);
    let cents = whole * rate + (rest * rate + WHOLE - 1) / WHOLE;
    Money::from_units(cents * CENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str) -> Money {
        text.parse().expect("money")
    }

    #[test]
    fn tables_are_in_order_of_date() {
        assert!(SEC_CENTS_PER_MILLION.windows(2).all(|rows| rows[0].0 < rows[1].0));
        assert!(ACTIVITY.windows(2).all(|rows| rows[0].0 < rows[1].0));
    }

    /// A million dollars, on the last day of one rate and the first of the next.
    #[test]
    fn the_sec_takes_the_rate_of_the_day() {
        let fee = |year, month, day| sec_fee(date(year, month, day), money("1000000")).to_string();
        assert_eq!(fee(1995, 1, 3), "33.33");
        assert_eq!(fee(2001, 12, 27), "33.33");
        assert_eq!(fee(2001, 12, 28), "15");
        assert_eq!(fee(2013, 10, 7), "17.4");
        assert_eq!(fee(2021, 2, 24), "22.1");
        assert_eq!(fee(2021, 2, 25), "5.1");
        assert_eq!(fee(2022, 5, 14), "22.9");
        assert_eq!(fee(2024, 5, 21), "8");
        assert_eq!(fee(2024, 5, 22), "27.8");
        assert_eq!(fee(2025, 5, 13), "27.8");
        assert_eq!(fee(2025, 5, 14), "0");
        assert_eq!(fee(2026, 4, 3), "0");
        assert_eq!(fee(2026, 4, 4), "20.6");
    }

    #[test]
    fn finra_takes_the_rate_of_the_day_up_to_its_cap() {
        let fee = |year, month, shares| {
            activity_fee(date(year, month, 1), Quantity::from_shares(shares).expect("quantity")).to_string()
        };
        assert_eq!(fee(2002, 9, 1_000), "0");
        assert_eq!(fee(2002, 10, 1_000), "0.1");
        assert_eq!(fee(2013, 10, 1_000), "0.119");
        assert_eq!(fee(2013, 10, 50_000), "5.95");
        assert_eq!(fee(2013, 10, 1_000_000), "5.95");
        assert_eq!(fee(2025, 12, 1_000), "0.166");
        assert_eq!(fee(2026, 1, 1_000), "0.195");
        assert_eq!(fee(2026, 11, 1_000), "0");
        assert_eq!(fee(2027, 1, 1_000), "0.195");
    }

    #[test]
    fn a_cent_is_rounded_up_once() {
        assert_eq!(up_to_cent(money("0.00083")), money("0.01"));
        assert_eq!(up_to_cent(money("0.01")), money("0.01"));
        assert_eq!(up_to_cent(money("0.010000000000000001")), money("0.02"));
        assert_eq!(up_to_cent(Money::ZERO), Money::ZERO);
        // 0.0000278 × 359.71 is 0.009999938, and 359.72 comes to just above a cent.
        assert_eq!(sec_fee(date(2024, 6, 3), money("359.71")), money("0.01"));
        assert_eq!(sec_fee(date(2024, 6, 3), money("359.72")), money("0.02"));
    }

    /// The evening of one day in New York is the next day in UTC.
    #[test]
    fn an_intraday_trade_has_the_date_of_new_york() {
        let evening: Timestamp = "2025-05-14T00:30:00Z".parse().expect("time");
        assert_eq!(TradeDate::NewYork.of(evening), date(2025, 5, 13));
        assert_eq!(TradeDate::Stamp.of(evening), date(2025, 5, 14));
    }

    proptest! {
        /// A fee is the least number of cents that covers the exact share.
        #[test]
        fn cents_cover_the_share(units in 0i128..10i128.pow(30), rate in 0i64..50_000) {
            let cents = share_up_to_cent(Money::from_units(units), rate).units();
            let exact = units * i128::from(rate);
            prop_assert!(cents * 1_000_000_000 >= exact);
            prop_assert!(cents == 0 || (cents - Money::UNITS_PER_USD / 100) * 1_000_000_000 < exact);
        }
    }
}
