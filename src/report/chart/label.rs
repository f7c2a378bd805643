//! Numbers and dates as charts and the terminal print them (look.md §3).
//!
//! Not here: the formats of the HTML report. Minus is `−` (U+2212); the terminal turns it into `-`.
use jiff::civil::Date;

use crate::domain::{Timeframe, Timestamp};

/// Names of the months as on an axis.
pub const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `digits` with `decimals` decimals, a comma between thousands, and no sign.
fn magnitude(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::with_capacity(text.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// The sign of what is printed: a value that rounds to zero has none.
fn sign(value: f64, printed: &str, plus: bool) -> &'static str {
    let zero = !printed.contains(|c: char| ('1'..='9').contains(&c));
    match (zero, value < 0.0) {
        (true, _) => "",
        (false, true) => "−",
        (false, false) if plus => "+",
        (false, false) => "",
    }
}

/// A whole number with commas: `1,714`.
pub fn count(value: usize) -> String {
    magnitude(value as f64, 0)
}

/// A plain number: `1.89`, `−0.42`.
pub fn ratio(value: f64, decimals: usize) -> String {
    let text = magnitude(value, decimals);
    format!("{}{text}", sign(value, &text, false))
}

/// Decimals of a dollar amount in a sentence: none from $10,000, cents below, more under a dollar.
fn dollar_decimals(value: f64) -> usize {
    let size = value.abs();
    if size >= 10_000.0 {
        0
    } else if !(0.000_05..1.0).contains(&size) {
        2
    } else {
        4
    }
}

/// A level in dollars, in a sentence or at a line's end: `$194,705`, `$842.10`, `$0.0040`.
pub fn dollars(value: f64) -> String {
    let text = magnitude(value, dollar_decimals(value));
    format!("{}${text}", sign(value, &text, false))
}

/// A gain or a loss in dollars: `+$9,311`, `−$616`; cents under a hundred dollars.
pub fn gain(value: f64) -> String {
    let text = magnitude(value, if value.abs() >= 100.0 { 0 } else { dollar_decimals(value) });
    format!("{}${text}", sign(value, &text, true))
}

/// A price beside ticks `step` apart: 2 decimals, 4 under a dollar, more where the ticks have more.
pub fn price(value: f64, step: f64) -> String {
    let usual = if value.abs() < 1.0 { 4 } else { 2 };
    let text = magnitude(value, usual.max(decimals_of_step(step)));
    format!("{}${text}", sign(value, &text, false))
}

/// A fraction as percent: `+94.7%`.
pub fn percent(fraction: f64, decimals: usize, plus: bool) -> String {
    let text = magnitude(fraction * 100.0, decimals);
    format!("{}{text}%", sign(fraction, &text, plus))
}

/// Decimals needed so that neighbours `step` apart differ: 0.25 needs two.
pub fn decimals_of_step(step: f64) -> usize {
    (0..9)
        .find(|decimals| ((step * 10f64.powi(*decimals)).round() / 10f64.powi(*decimals) - step).abs() < step * 1e-6)
        .unwrap_or(9) as usize
}

/// A dollar tick among ticks `step` apart: `$75k`, `$1.2M`, `$0.004`, `$80`.
pub fn axis_dollars(value: f64, step: f64, greatest: f64) -> String {
    let (unit, suffix) = match greatest.abs() {
        size if size >= 1e9 => (1e9, "B"),
        size if size >= 1e6 => (1e6, "M"),
        size if size >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    };
    // Dollars have cents: `$151.50`, not `$151.5`.
    let decimals = match decimals_of_step(step / unit) {
        1 if suffix.is_empty() => 2,
        decimals => decimals,
    };
    let text = magnitude(value / unit, decimals);
    let sign = sign(value, &text, false);
    if sign.is_empty() && !text.contains(|c: char| ('1'..='9').contains(&c)) {
        return "$0".to_owned();
    }
    format!("{sign}${text}{suffix}")
}

/// A percent tick among ticks `step` apart (fractions): `−20%`.
pub fn axis_percent(value: f64, step: f64) -> String {
    percent(value, decimals_of_step(step * 100.0), false)
}

/// A date in a sentence: `21 Dec 2012`.
pub fn prose_date(time: Timestamp) -> String {
    let date: Date = time.utc_date();
    format!("{} {} {}", date.day(), month(date), date.year())
}

/// A month in a sentence: `Mar 2007`.
pub fn prose_month(time: Timestamp) -> String {
    let date = time.utc_date();
    format!("{} {}", month(date), date.year())
}

/// The month's short name.
pub fn month(date: Date) -> &'static str {
    MONTHS[usize::from(date.month().unsigned_abs() - 1)]
}

/// "Daily", "1-minute": the timeframe at the start of a sentence.
pub fn timeframe(timeframe: Timeframe) -> String {
    let mut letters = timeframe.adjective().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `count` of a thing: "1 trade", "24 trades".
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_follow_the_size() {
        assert_eq!(dollars(194_705.4), "$194,705");
        assert_eq!(dollars(123_456_789.0), "$123,456,789");
        assert_eq!(dollars(842.1), "$842.10");
        assert_eq!(dollars(0.004), "$0.0040");
        assert_eq!(dollars(0.0), "$0.00");
        assert_eq!(dollars(-616.31), "−$616.31");
        assert_eq!(gain(9_311.2), "+$9,311");
        assert_eq!(gain(-616.31), "−$616");
        assert_eq!(gain(-42.5), "−$42.50");
        assert_eq!(gain(-0.000_001), "$0.00");
        assert_eq!(price(0.004, 0.001), "$0.0040");
        assert_eq!(price(0.00404, 0.00002), "$0.00404");
        assert_eq!(price(124.6, 20.0), "$124.60");
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(percent(-0.000_4, 1, true), "0.0%");
        assert_eq!(percent(0.947, 1, true), "+94.7%");
        assert_eq!(percent(-0.187, 1, true), "−18.7%");
        assert_eq!(ratio(-0.004, 2), "0.00");
    }

    #[test]
    fn ticks_show_as_many_decimals_as_they_need() {
        assert_eq!(axis_dollars(75_000.0, 25_000.0, 200_000.0), "$75k");
        assert_eq!(axis_dollars(1_200_000.0, 200_000.0, 2_000_000.0), "$1.2M");
        assert_eq!(axis_dollars(100_500.0, 500.0, 102_000.0), "$100.5k");
        assert_eq!(axis_dollars(0.004, 0.002, 0.01), "$0.004");
        assert_eq!(axis_dollars(151.5, 0.5, 152.0), "$151.50");
        assert_eq!(axis_dollars(0.0, 20_000.0, 100_000.0), "$0");
        assert_eq!(axis_dollars(-20_000.0, 20_000.0, 100_000.0), "−$20k");
        assert_eq!(axis_percent(-0.2, 0.1), "−20%");
        assert_eq!(axis_percent(-0.005, 0.005), "−0.5%");
        assert_eq!(axis_percent(0.0, 0.1), "0%");
    }

    #[test]
    fn words_agree_with_their_number() {
        assert_eq!(plural(1, "trade", "trades"), "1 trade");
        assert_eq!(plural(1_234, "trade", "trades"), "1,234 trades");
        assert_eq!(timeframe(Timeframe::Day1), "Daily");
        assert_eq!(prose_date("2012-12-21".parse().expect("date")), "21 Dec 2012");
    }
}
