//! What a margin account may do by the rules of the day: the least equity, pattern day trading, four times.
//!
//! Not here: what an account has, and what follows for an order (risk). Amounts are equity at the previous
//! close.
use super::civil::days_from_civil;
use crate::domain::{Money, Timestamp};

/// Below this a margin account neither borrows nor sells short. Source: FINRA Rule 4210(b)(4), Alpaca's margin
/// documentation.
pub const MARGIN_EQUITY_MIN: Money = Money::from_cents(200_000);

/// Equity below which a pattern day trader is held back, while that rule stood.
const DAY_TRADER_EQUITY_MIN: Money = Money::from_cents(2_500_000);

/// Day trades in [`DAY_TRADE_SESSIONS`] sessions from which on an account below the least equity opens nothing
/// more: the next would be the fourth.
pub const DAY_TRADES_MAX: usize = 3;

/// Sessions over which day trades count, the one at hand included.
pub const DAY_TRADE_SESSIONS: u32 = 5;

/// First and last day of the pattern-day-trader rule. Source: NASD Rule 2520 (later FINRA Rule 4210(f)(8)(B)),
/// effective 2001-09-28; replaced by the intraday-margin rule, FINRA Regulatory Notice 26-10, on 2026-06-04.
const DAY_TRADER_RULE: (i32, i32) = (days_from_civil(2001, 9, 28), days_from_civil(2026, 6, 3));

/// The equity that a pattern day trader needs on `date`; `None` where there is no such rule.
pub fn day_trader_equity_min(date: Timestamp) -> Option<Money> {
    let (first, last) = DAY_TRADER_RULE;
    (first <= date.days() && date.days() <= last).then_some(DAY_TRADER_EQUITY_MIN)
}

/// The equity from which on an account may hold four times itself within a session on `date`; `None` where
/// nobody may: twice was the most before the rule of 2001.
pub fn four_times_equity_min(date: Timestamp) -> Option<Money> {
    let (first, last) = DAY_TRADER_RULE;
    match date.days() {
        day if day < first => None,
        day if day <= last => Some(DAY_TRADER_EQUITY_MIN),
        _ => Some(MARGIN_EQUITY_MIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_hold_on_their_days() {
        let date = |text: &str| text.parse().expect("date");
        let usd = |dollars: i64| Some(Money::from_cents(dollars * 100));
        for (day, day_trader, four_times) in [
            ("2001-09-27", None, None),
            ("2001-09-28", usd(25_000), usd(25_000)),
            ("2026-06-03", usd(25_000), usd(25_000)),
            ("2026-06-04", None, usd(2_000)),
        ] {
            assert_eq!((day_trader_equity_min(date(day)), four_times_equity_min(date(day))), (day_trader, four_times));
        }
    }
}
