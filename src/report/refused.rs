//! Refusals as people read them: order, limit, need, have.
//!
//! Not here: deciding (risk::gate), and the exact amounts, which stay in `refusals.csv`.
use super::format::{Numbers, Sign, code_in_words, date_in_table};
use super::model::RefusalRow;
use crate::domain::{Money, Ratio, Timestamp};
use crate::risk::Refusal;
use crate::scenario::spec::RiskSpec;

const N: Numbers = Numbers::TYPOGRAPHIC;

/// The row of one refusal. `order`: "JPM buy 176". `risk`: the limits of its run.
pub fn row(time: Timestamp, order: String, refusal: &Refusal, risk: &RiskSpec) -> RefusalRow {
    let (need, have) = need_and_have(refusal, risk);
    RefusalRow { time, order, reason: refusal.code().to_owned(), need, have }
}

/// Dollars with cents, shares of equity in percent, shares by count. A refusal without numbers has its
/// words as the need, and no allowance.
fn need_and_have(refusal: &Refusal, risk: &RiskSpec) -> (String, String) {
    let dollars = |amount: Money| N.dollars_cents(amount.to_f64(), Sign::Negative);
    match refusal {
        Refusal::BuyingPower { need, have }
        | Refusal::MaintenanceMargin { need, have }
        | Refusal::MarginEquity { need, have }
        | Refusal::PatternDayTrader { need, have }
        | Refusal::OrderNotional { need, have }
        | Refusal::TooSmall { need, have } => (dollars(*need), dollars(*have)),
        Refusal::PositionSize { need, have } => share_of_equity(*need, *have, risk.max_position_size),
        Refusal::GrossExposure { need, have } => share_of_equity(*need, *have, risk.max_gross_exposure),
        Refusal::PortfolioHeat { need, have } => share_of_equity(*need, *have, risk.max_portfolio_heat),
        Refusal::CorrelatedExposure { need, have } => share_of_equity(*need, *have, risk.max_correlated_exposure),
        Refusal::PriceCollar { need, have } => (N.price(need.to_f64()), N.price(have.to_f64())),
        Refusal::OrderRate { need, have } | Refusal::OpenPositions { need, have } => {
            (N.count(*need as f64), N.count(*have as f64))
        }
        Refusal::StalePrice { .. } => {
            (format!("{} s", refusal.need().unwrap_or_default()), format!("{} s", refusal.have().unwrap_or_default()))
        }
        // The start of a day is a daily bar: its date says it.
        Refusal::Halted { cause, since } if since.ns() % Timestamp::NS_PER_DAY == 0 => (
            format!("halted by {} since {}: {}", cause.words(), date_in_table(*since), cause.lifted_by()),
            String::new(),
        ),
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
        "correlated_exposure" => format!("{order}: correlated group would be {need}, allowed {have}."),
        "price_collar" => format!("{order}: limit {need} is too far from the price, allowed {have}."),
        "order_notional" => format!("{order}: may come to {need}, allowed {have}."),
        "orders_per_minute" => format!("{order}: would be order {need} within a minute, allowed {have}."),
        "open_positions" => format!("{order}: would be position {need}, allowed {have}."),
        "stale_price" => format!("{order}: price is {need} old, allowed {have}."),
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
        "duplicate_order" => "since the same order was open already",
        "restricted_symbol" => "since the symbol is restricted",
        "price_collar" => "since the limit was too far from the price",
        "stale_price" => "since the price was too old",
        "opposite_entry" => "since an entry on the other side was resting",
        limit => return format!("by {}", code_in_words(limit)),
    };
    clause.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Quantity;
    use crate::risk::HaltCause;
    use crate::scenario::spec::{OnBreach, OnDailyLoss};

    fn ratio(text: &str) -> Ratio {
        text.parse().expect("ratio")
    }

    fn words(refusal: Refusal) -> String {
        let risk = RiskSpec {
            max_daily_loss: ratio("0.02"),
            max_position_size: ratio("0.26"),
            max_portfolio_heat: ratio("0.25"),
            max_correlated_exposure: ratio("0.38"),
            max_drawdown: ratio("0.15"),
            max_gross_exposure: ratio("1"),
            max_open_positions: 10,
            max_orders_per_minute: 30,
            max_order_notional: usd("25000"),
            price_collar: ratio("0.1"),
            on_daily_loss: OnDailyLoss::Halt,
            on_breach: OnBreach::Reject,
            stale_after_ms: 5_000,
            restricted_symbols: Vec::new(),
        };
        sentence(&row(Timestamp::from_ns(0), "JPM buy 176".to_owned(), &refusal, &risk))
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
        let (need, have) = (usd("46200"), usd("38000"));
        assert_eq!(
            words(Refusal::CorrelatedExposure { need, have }),
            "JPM buy 176: correlated group would be 46.20%, allowed 38.00%."
        );
        assert_eq!(
            words(Refusal::OrderNotional { need, have }),
            "JPM buy 176: may come to $46,200.00, allowed $38,000.00."
        );
        assert_eq!(
            words(Refusal::PriceCollar { need: "120".parse().expect("price"), have: "110".parse().expect("price") }),
            "JPM buy 176: limit 120.00 is too far from the price, allowed 110.00."
        );
        assert_eq!(
            words(Refusal::OrderRate { need: 31, have: 30 }),
            "JPM buy 176: would be order 31 within a minute, allowed 30."
        );
        assert_eq!(
            words(Refusal::StalePrice { age_ns: 6_000_000_000, allowed_ns: 5_000_000_000 }),
            "JPM buy 176: price is 6 s old, allowed 5 s."
        );
        let since = "2020-03-09T18:47:39Z".parse().expect("time");
        assert_eq!(
            words(Refusal::Halted { cause: HaltCause::DailyLoss, since }),
            "JPM buy 176: halted by daily loss since 2020-03-09T18:47:39Z: the next session's open lifts it."
        );
        let since = "2020-03-09".parse().expect("time");
        assert_eq!(
            words(Refusal::Halted { cause: HaltCause::Drawdown, since }),
            "JPM buy 176: halted by drawdown since 2020-03-09: a resume with a reason lifts it."
        );
    }

    #[test]
    fn a_cause_reads_on_behind_refused() {
        assert_eq!(cause("portfolio_heat"), "by portfolio heat");
        assert_eq!(cause(Refusal::NoStop.code()), "since the stop could not be measured yet");
        assert_eq!(cause("halted"), "by a halt");
        assert_eq!(cause("daily_loss"), "by daily loss");
    }

    #[test]
    fn without_equity_there_is_no_share_of_it() {
        let row = share_of_equity(usd("46200"), Money::ZERO, "0.26".parse().expect("ratio"));
        assert_eq!(row, ("$46,200.00".to_owned(), "$0.00".to_owned()));
    }
}
