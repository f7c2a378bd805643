//! Refusals as people read them: order, limit, need, have.
//!
//! Not here: deciding (risk::gate), and the exact amounts, which stay in `refusals.csv`.
use super::format::{Numbers, Sign, code_in_words};
use super::model::RefusalRow;
use crate::domain::{Money, Ratio, Timestamp};
use crate::risk::Refusal;

const N: Numbers = Numbers::TYPOGRAPHIC;

/// The row of one refusal. `order`: "JPM buy 176". `size_max`: `max_position_size`.
pub fn row(time: Timestamp, order: String, refusal: &Refusal, size_max: Ratio) -> RefusalRow {
    let (need, have) = need_and_have(refusal, size_max);
    RefusalRow { time, order, reason: refusal.code().to_owned(), need, have }
}

/// Dollars with cents, shares of equity in percent, shares by count. A refusal without numbers has its
/// words as the need, and no allowance.
fn need_and_have(refusal: &Refusal, size_max: Ratio) -> (String, String) {
    let dollars = |amount: Money| N.dollars_cents(amount.to_f64(), Sign::Negative);
    match refusal {
        Refusal::BuyingPower { need, have }
        | Refusal::MaintenanceMargin { need, have }
        | Refusal::MarginEquity { need, have }
        | Refusal::PatternDayTrader { need, have }
        | Refusal::TooSmall { need, have } => (dollars(*need), dollars(*have)),
        Refusal::PositionSize { need, have } => share_of_equity(*need, *have, size_max),
        other => match (other.need(), other.have()) {
            (Some(need), Some(have)) => (shares(&need), shares(&have)),
            _ => (other.to_string(), String::new()),
        },
    }
}

/// A count of shares with its unit; what is no number stays as it is.
fn shares(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(1.0) => "1 share".to_owned(),
        Ok(count) => format!("{} shares", N.shares(count)),
        Err(_) => text.to_owned(),
    }
}

/// `have` is the limit's share of equity, so the ratio of both says what share `need` would be.
fn share_of_equity(need: Money, have: Money, limit: Ratio) -> (String, String) {
    let percent = |fraction: f64| N.percent(fraction, 2, Sign::Negative);
    match need.fraction_of(have) {
        Some(times) => (percent(times * limit.to_f64()), percent(limit.to_f64())),
        None => (N.dollars_cents(need.to_f64(), Sign::Negative), N.dollars_cents(have.to_f64(), Sign::Negative)),
    }
}

/// "JPM buy 176: position size would be 46.20%, allowed 38.00%."
pub fn sentence(row: &RefusalRow) -> String {
    let RefusalRow { order, reason, need, have, .. } = row;
    match reason.as_str() {
        "buying_power" => format!("{order}: needs {need}, buying power {have}."),
        "maintenance_margin" => format!("{order}: would need {need} of maintenance margin, equity is {have}."),
        "margin_equity" => format!("{order}: a short needs {need} of equity at the previous close, there was {have}."),
        "pattern_day_trader" => {
            format!("{order}: after three day trades in five sessions it needs {need} of equity, there was {have}.")
        }
        "fractional_short" => format!("{order}: {need}, but only whole shares are lent."),
        "too_small" => format!("{order}: {need} buys less than one share at {have}."),
        "short_ban" => format!("{order}: would hold {need}; shorts are not allowed."),
        "exceeds_position" => format!("{order}: {need} to leave, {have} held and not leaving already."),
        _ if have.is_empty() => format!("{order}: {need}."),
        other => format!("{order}: {} would be {need}, allowed {have}.", code_in_words(other)),
    }
}

/// Why, behind "refused": "by buying power"; a reason that is no limit in a clause of its own.
pub fn cause(reason: &str) -> String {
    let clause = match reason {
        "hard_to_borrow" => "since nobody lends the share",
        "fractional_short" => "since only whole shares are lent",
        "short_ban" => "since shorts are not allowed",
        "exceeds_position" => "since the shares are not held, or are leaving already",
        "too_small" => "for being less than a share",
        "no_price" => "since there was no price yet",
        "no_stop" => "since the stop could not be measured yet",
        "no_volatility" => "since the volatility could not be measured yet",
        "halted" => "by a halt",
        "opposite_entry" => "since an entry on the other side was resting",
        limit => return format!("by {}", code_in_words(limit)),
    };
    clause.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Quantity;

    fn words(refusal: Refusal) -> String {
        let limit = "0.26".parse().expect("ratio");
        sentence(&row(Timestamp::from_ns(0), "JPM buy 176".to_owned(), &refusal, limit))
    }

    fn usd(text: &str) -> Money {
        text.parse().expect("money")
    }

    #[test]
    fn every_refusal_names_order_limit_need_and_have() {
        let (need, have) = (usd("60453.7245312"), usd("56649.64914864458"));
        assert_eq!(
            words(Refusal::BuyingPower { need, have }),
            "JPM buy 176: needs $60,453.72, buying power $56,649.65."
        );
        let (need, have) = (usd("46200"), usd("26000"));
        assert_eq!(
            words(Refusal::PositionSize { need, have }),
            "JPM buy 176: position size would be 46.20%, allowed 26.00%."
        );
        assert_eq!(
            words(Refusal::TooSmall { need: usd("25"), have: usd("640.5") }),
            "JPM buy 176: $25.00 buys less than one share at $640.50."
        );
        let (need, have) = (Quantity::from_shares(-100).expect("shares"), Quantity::from_shares(1).expect("share"));
        assert_eq!(words(Refusal::ShortBan { need }), "JPM buy 176: would hold −100 shares; shorts are not allowed.");
        assert_eq!(
            words(Refusal::ExceedsPosition { need: have, have: Quantity::ZERO }),
            "JPM buy 176: 1 share to leave, 0 shares held and not leaving already."
        );
        assert_eq!(
            words(Refusal::MaintenanceMargin { need: usd("25"), have: usd("20.5") }),
            "JPM buy 176: would need $25.00 of maintenance margin, equity is $20.50."
        );
        assert_eq!(
            words(Refusal::MarginEquity { need: usd("2000"), have: usd("1999.5") }),
            "JPM buy 176: a short needs $2,000.00 of equity at the previous close, there was $1,999.50."
        );
        assert_eq!(
            words(Refusal::PatternDayTrader { need: usd("25000"), have: usd("1999.5") }),
            "JPM buy 176: after three day trades in five sessions it needs $25,000.00 of equity, there was $1,999.50."
        );
        assert_eq!(
            words(Refusal::HardToBorrow { symbol: "GME".parse().expect("symbol") }),
            "JPM buy 176: asset \"GME\" cannot be sold short (account.hard_to_borrow)."
        );
        assert_eq!(words(Refusal::Halted), "JPM buy 176: entries are halted until resume.");
    }

    #[test]
    fn a_cause_reads_on_behind_refused() {
        assert_eq!(cause("portfolio_heat"), "by portfolio heat");
        assert_eq!(cause(Refusal::NoStop.code()), "since the stop could not be measured yet");
        assert_eq!(cause(Refusal::Halted.code()), "by a halt");
    }

    #[test]
    fn without_equity_there_is_no_share_of_it() {
        let row = share_of_equity(usd("46200"), Money::ZERO, "0.26".parse().expect("ratio"));
        assert_eq!(row, ("$46,200.00".to_owned(), "$0.00".to_owned()));
    }
}
