//! Numbers in the sentences of a session: signs, cents, shares as people write them.
//!
//! Not here: which sentence (tell). Exact values only; what is rounded is rounded to the cent, half away from zero.
use crate::domain::{Money, Price, Quantity};

/// A billionth of a billionth of a dollar in a cent.
const UNITS_PER_CENT: i128 = 10_000_000_000_000_000;
/// A billionth of a dollar in a hundredth of a cent.
const UNITS_PER_TEN_THOUSANDTH: i64 = 100_000;

/// `+$1,234.50`, `−$0.02`, `$0.00`.
pub fn signed(money: Money) -> String {
    let cents = cents(money);
    let sign = match cents {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", plain(cents.unsigned_abs()))
}

/// `$1,234.50`, `−$0.02`.
pub fn dollars(money: Money) -> String {
    let cents = cents(money);
    let sign = if cents < 0 { "−" } else { "" };
    format!("{sign}{}", plain(cents.unsigned_abs()))
}

/// A price without its unit, to the nearest hundredth of a cent: `179.14`, `0.1234`, two decimals at least.
pub fn price(price: Price) -> String {
    let ten_thousandths = (price.units() + UNITS_PER_TEN_THOUSANDTH / 2) / UNITS_PER_TEN_THOUSANDTH;
    let (whole, decimals) = (ten_thousandths / 10_000, format!("{:04}", ten_thousandths % 10_000));
    let end = decimals.trim_end_matches('0').len().max(2);
    format!("{whole}.{}", &decimals[..end])
}

/// Shares: `1,200`, `0.5`.
pub fn shares(quantity: Quantity) -> String {
    let text = quantity.abs().to_string();
    match text.split_once('.') {
        None => grouped(&text),
        Some((whole, parts)) => format!("{}.{parts}", grouped(whole)),
    }
}

fn cents(money: Money) -> i128 {
    let (units, half) = (money.units(), UNITS_PER_CENT / 2);
    (units + if units < 0 { -half } else { half }) / UNITS_PER_CENT
}

fn plain(cents: u128) -> String {
    format!("${}.{:02}", grouped(&(cents / 100).to_string()), cents % 100)
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        let usd = |text: &str| text.parse::<Money>().unwrap();
        assert_eq!(signed(usd("1234567.895")), "+$1,234,567.90");
        assert_eq!(signed(usd("-0.004")), "$0.00");
        assert_eq!(signed(usd("-0.005")), "−$0.01");
        assert_eq!(dollars(usd("-248.56")), "−$248.56");
        assert_eq!(price("179.1".parse().unwrap()), "179.10");
        assert_eq!(price("0.1234".parse().unwrap()), "0.1234");
        assert_eq!(price("5".parse().unwrap()), "5.00");
        assert_eq!(price("101.1150555".parse().unwrap()), "101.1151");
        assert_eq!(price("99.99996".parse().unwrap()), "100.00");
        assert_eq!(shares("-1200".parse().unwrap()), "1,200");
        assert_eq!(shares("0.25".parse().unwrap()), "0.25");
    }
}
