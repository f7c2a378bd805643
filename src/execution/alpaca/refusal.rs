//! The venue's refusals read back into reasons: the inverse of the catalogue's texts.
//!
//! Not here: the catalogue (domain::reject), what a refusal does (the desk).
//! Invariant: for every reason of the catalogue whose fields are in its text or in its extra fields, the reason is read
//! back as it was; everything else is `Unlisted`, with status and code.
use super::wire::WireProblem;
use crate::domain::{OrderId, Price, Quantity, RejectReason, Symbol};

use RejectReason as R;

/// Reasons without fields, and those whose field is one of few words.
const PLAIN: &[RejectReason] = &[
    R::ExitNotFilled,
    R::BuyIsOpen,
    R::ShortIsOpen,
    R::ShortNotAllowed,
    R::Suspended,
    R::NotAuthorized,
    R::OpgHours,
    R::ClsHours,
    R::NoSize,
    R::TwoSizes,
    R::QtyNotPositive,
    R::OrderType,
    R::Side,
    R::TimeInForceWord,
    R::LimitPriceMissing,
    R::StopPriceMissing,
    R::StopLimitPrices,
    R::MarketPrices,
    R::LimitWithStop,
    R::TrailOneOf,
    R::ClientOrderIdLength,
    R::ClientOrderIdTaken,
    R::OrderIdMissing,
    R::ExtendedHours,
    R::NoExtendedHours,
    R::FractionalDay,
    R::FractionalSimple,
    R::FractionalType,
    R::FractionalShort,
    R::NotionalMin,
    R::TargetBelowStop,
    R::TargetAboveStop,
    R::BracketIsExit,
    R::OtoIsExit,
    R::OcoIsEntry,
    R::BracketTargetMissing,
    R::BracketStopMissing,
    R::OcoLegsMissing,
    R::OtoOneLeg,
    R::SimpleLegs,
    R::StopAboveBase,
    R::StopBelowBase,
    R::TargetBelowBase,
    R::TargetAboveBase,
    R::ClosingIsOpen,
    R::NotSentYet,
    R::NotOpen,
    R::NotChanged,
    R::NotionalFixed,
    R::FractionalQtyFixed,
    R::QtyNotWhole,
    R::TrailKind,
];
const TYPES_AND_CLASSES: &[&str] =
    &["market", "limit", "stop", "stop_limit", "trailing_stop", "simple", "bracket", "oco", "oto"];
const TIMES_IN_FORCE: &[&str] = &["day", "gtc", "ioc", "fok", "opg", "cls"];
const PRICE_FIELDS: &[&str] = &[
    "limit_price",
    "stop_price",
    "take_profit.limit_price",
    "stop_loss.stop_price",
    "stop_loss.limit_price",
    "trail_price",
    "trail_percent",
    "trail",
];
const STATES: &[&str] = &[
    "new",
    "partially_filled",
    "filled",
    "done_for_day",
    "canceled",
    "expired",
    "replaced",
    "pending_cancel",
    "pending_replace",
    "accepted",
    "pending_new",
    "rejected",
    "held",
];
const WASH: &[&str] = &[
    "opposite side market/stop order exists",
    "opposite side market order exists",
    "opposite side stop order exists",
    "opposite side limit order exists",
];

/// The reason of an answer of `status`; `existing` is our number for the order it names, where it names one of ours.
pub(super) fn reason(status: u16, problem: &WireProblem, existing: Option<OrderId>) -> RejectReason {
    let unlisted = RejectReason::Unlisted { status, code: problem.code };
    let text = problem.message.as_str();
    let same = |reason: &RejectReason| reason.to_string() == text;
    if let Some(plain) = PLAIN.iter().find(|reason| same(reason)) {
        return *plain;
    }
    with_extras(problem, existing)
        .or_else(|| quoted(text).filter(same))
        .or_else(|| worded(&same))
        .or_else(|| priced(text).filter(same))
        .unwrap_or(unlisted)
}

/// Reasons whose fields stand beside the text.
fn with_extras(problem: &WireProblem, existing: Option<OrderId>) -> Option<RejectReason> {
    let text = problem.message.as_str();
    if text.starts_with("insufficient buying power") {
        let money = |text: &str| text.parse().ok();
        let (need, have) = (money(problem.cost_basis.as_str())?, money(problem.buying_power.as_str())?);
        return Some(R::BuyingPower { need, have });
    }
    if let Some(rest) = text.strip_prefix("insufficient qty available for order") {
        let number = |from: &str, to: char| -> Option<Quantity> {
            let rest = rest.split_once(from)?.1;
            rest.split_once(to)?.0.trim().parse().ok()
        };
        let requested = number("requested: ", ',')?;
        let available = problem.available.quantity().or_else(|| number("available: ", ')'))?;
        let existing_qty = problem.existing_qty.quantity().unwrap_or(available);
        let held_for_orders = problem.held_for_orders.quantity().unwrap_or(existing_qty - available);
        return Some(R::InsufficientQty { requested, available, existing_qty, held_for_orders });
    }
    if text.starts_with("potential wash trade detected") || text.starts_with("opposite side ") {
        let word = if text.starts_with("opposite") { text } else { problem.reject_reason.as_str() };
        let reject_reason = WASH.iter().find(|known| **known == word).copied().unwrap_or("");
        return Some(R::WashTrade { existing: existing.unwrap_or(OrderId(0)), reject_reason });
    }
    None
}

/// Reasons that name a share in quotes, and those that name the state of an order.
fn quoted(text: &str) -> Option<RejectReason> {
    let (before, rest) = text.split_once('"')?;
    let (name, after) = rest.split_once('"')?;
    if before.starts_with("order is already in") {
        let state = STATES.iter().find(|state| **state == name)?;
        return Some(R::AlreadyIn { state });
    }
    let symbol: Symbol = name.parse().ok()?;
    Some(match after.trim() {
        "cannot be sold short" => R::NotShortable { symbol },
        "is not fractionable" => R::NotFractionable { symbol },
        "not found" => R::AssetNotFound { symbol },
        "is not tradable" => R::AssetNotTradable { symbol },
        "is not active" => R::AssetNotActive { symbol },
        _ => return None,
    })
}

/// Reasons whose fields are words of the request.
fn worded(same: &impl Fn(&RejectReason) -> bool) -> Option<RejectReason> {
    let of_one = TYPES_AND_CLASSES.iter().flat_map(|word| {
        let times = TIMES_IN_FORCE.iter().map(move |time| R::TimeInForce { kind: word, time_in_force: time });
        let kinds = TYPES_AND_CLASSES.iter().map(move |kind| R::ClassType { class: word, kind });
        times.chain(kinds).chain([R::ExtendedHoursClass { class: word }])
    });
    let fields = PRICE_FIELDS.iter().map(|field| R::NoSuchPrice { field });
    of_one.chain(fields).find(|reason| same(reason))
}

/// Reasons that name a price.
fn priced(text: &str) -> Option<RejectReason> {
    let price = |text: &str| -> Option<Price> { text.trim_end_matches('.').parse().ok() };
    if let Some(rest) = text.strip_prefix("invalid ") {
        let (field, rest) = rest.split_once(' ')?;
        let field = PRICE_FIELDS.iter().find(|known| **known == field)?;
        return Some(R::SubPenny { field, price: price(rest.split_once(' ')?.0)? });
    }
    let at = text.strip_prefix("the order came to no shares at ")?;
    Some(R::NoShares { price: price(at)? })
}

#[cfg(test)]
mod tests {
    use super::super::wire::Text;
    use super::*;

    fn problem(message: &str, code: Option<u32>) -> WireProblem {
        WireProblem { code, message: Text(Some(message.to_owned())), ..WireProblem::default() }
    }

    fn read_back(expected: RejectReason) {
        let told = problem(&expected.to_string(), expected.code());
        assert_eq!(reason(expected.http_status(), &told, None), expected);
    }

    #[test]
    fn every_text_is_read_back() {
        PLAIN.iter().copied().for_each(read_back);
        let symbol: Symbol = "BRK.B".parse().expect("symbol");
        let price: Price = "290.123".parse().expect("price");
        for expected in [
            R::NotShortable { symbol },
            R::NotFractionable { symbol },
            R::AssetNotFound { symbol },
            R::AssetNotTradable { symbol },
            R::AssetNotActive { symbol },
            R::AlreadyIn { state: "filled" },
            R::SubPenny { field: "stop_loss.stop_price", price },
            R::NoShares { price },
            R::TimeInForce { kind: "trailing_stop", time_in_force: "ioc" },
            R::ClassType { class: "oto", kind: "stop" },
            R::ExtendedHoursClass { class: "bracket" },
            R::NoSuchPrice { field: "stop_price" },
        ] {
            read_back(expected);
        }
    }

    #[test]
    fn amounts_stand_beside_the_text() {
        let read = |body: &str| reason(403, &WireProblem::read(body.as_bytes()), Some(OrderId(4)));
        let poor =
            r#"{"buying_power":"10.5","code":40310000,"cost_basis":"1000","message":"insufficient buying power"}"#;
        let amount = |text: &str| text.parse().expect("money");
        assert_eq!(read(poor), R::BuyingPower { need: amount("1000"), have: amount("10.5") });
        let few = r#"{"available":"0","code":40310000,"existing_qty":"10","held_for_orders":"10","symbol":"X",
            "message":"insufficient qty available for order (requested: 7, available: 0)"}"#;
        let shares = |count| Quantity::from_shares(count).expect("shares");
        let (requested, available, existing_qty) = (shares(7), shares(0), shares(10));
        assert_eq!(read(few), R::InsufficientQty { requested, available, existing_qty, held_for_orders: shares(10) });
        let wash = r#"{"code":40310000,"message":"potential wash trade detected. use complex orders",
            "existing_order_id":"x","reject_reason":"opposite side limit order exists"}"#;
        let reject_reason = "opposite side limit order exists";
        assert_eq!(read(wash), R::WashTrade { existing: OrderId(4), reject_reason });
    }

    #[test]
    fn what_is_not_in_the_catalogue_keeps_status_and_code() {
        assert_eq!(
            reason(403, &problem("market is on the moon", Some(40399999)), None),
            R::Unlisted { status: 403, code: Some(40399999) }
        );
        let html = WireProblem::read(b"<html>401 Authorization Required</html>");
        assert_eq!(reason(401, &html, None), R::Unlisted { status: 401, code: None });
        assert_eq!(R::Unlisted { status: 401, code: None }.http_status(), 401);
    }
}
