//! What a venue refuses, in Alpaca's words: one table.
//!
//! Not here: when a row applies (venue::refusal); limits of our own (risk::Refusal).
//! Each row is a rule, the HTTP status and code of Alpaca's answer, and its message, which is the text of
//! the reason. Where Alpaca's own words are not known the row says "Our words."; the rule is Alpaca's still.
use serde::{Deserialize, Serialize};

use super::word::{self, Word};
use super::{Money, OrderId, Price, Quantity, Symbol};

/// Alpaca's code for funds and permissions.
const FUNDS: Option<u32> = Some(40_310_000);
/// Alpaca's code for a request that cannot be read.
const SYNTAX: Option<u32> = Some(40_010_001);
/// Alpaca's code for a request that can be read and not be taken.
const UNPROCESSABLE: Option<u32> = Some(42_210_000);

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$about:meta])* $field:ident: $type:ty),+ $(,)? })?
        = $rule:literal, $http:literal $code:expr, $text:literal;)+) => {
        /// Why a venue refuses an order, or a change of one. Its text is Alpaca's message.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
        #[serde(tag = "rule")]
        pub enum RejectReason {
            $($(#[$doc])* #[error($text)] #[serde(rename = $rule)] $name $({ $($(#[$about])* $field: $type),+ })?,)+
        }

        impl RejectReason {
            /// The name of the rule, in files and counts of our own.
            pub const fn rule(&self) -> &'static str {
                match self { $(Self::$name { .. } => $rule),+ }
            }

            /// The HTTP status of the answer.
            pub const fn http_status(&self) -> u16 {
                if let Self::Unlisted { status, .. } = self {
                    return *status;
                }
                match self { $(Self::$name { .. } => $http),+ }
            }

            /// The `code` of the answer's body; Alpaca leaves it out of some.
            pub const fn code(&self) -> Option<u32> {
                if let Self::Unlisted { code, .. } = self {
                    return *code;
                }
                match self { $(Self::$name { .. } => $code),+ }
            }
        }
    };
}

rejections! {
    /// The account could not pay.
    BuyingPower {
        /// Dollars needed: Alpaca's `cost_basis`.
        need: Money,
        /// Dollars available: Alpaca's `buying_power`.
        have: Money,
    } = "buying_power", 403 FUNDS, "insufficient buying power";
    /// More shares than are held and free: one order does not flip a position.
    InsufficientQty {
        /// Shares of the order.
        requested: Quantity,
        /// Shares that may still leave.
        available: Quantity,
        /// Shares of the position.
        existing_qty: Quantity,
        /// Shares that open orders already take.
        held_for_orders: Quantity,
    } = "insufficient_qty", 403 FUNDS,
        "insufficient qty available for order (requested: {requested}, available: {available})";
    /// An order on the other side rests that this one could trade with.
    WashTrade {
        /// Alpaca's `existing_order_id`.
        existing: OrderId,
        /// Alpaca's `reject_reason`.
        #[serde(deserialize_with = "word::read")]
        reject_reason: Word,
    } = "wash_trade", 403 FUNDS, "potential wash trade detected. use complex orders";
    /// An exit on whose sale the order relied was taken back or has not filled at the order's open. Our words.
    ExitNotFilled = "exit_not_filled", 403 FUNDS, "an exit that was to make room for the order has not filled";
    /// A short sale while a purchase that opens is on its way.
    BuyIsOpen = "buy_is_open", 403 FUNDS, "cannot open a short sell while a long buy order is open";
    /// A purchase while a short sale that opens is on its way.
    ShortIsOpen = "short_is_open", 403 FUNDS, "cannot open a long buy while a short sell order is open";
    /// Shorts are not allowed.
    ShortNotAllowed = "short_not_allowed", 403 FUNDS, "account is not allowed to short";
    /// The share cannot be borrowed. Our words.
    NotShortable {
        /// The share.
        symbol: Symbol,
    } = "not_shortable", 403 FUNDS, "asset \"{symbol}\" cannot be sold short";
    /// Parts of this share are not traded.
    NotFractionable {
        /// The share.
        symbol: Symbol,
    } = "not_fractionable", 403 FUNDS, "asset \"{symbol}\" is not fractionable";
    /// The user has suspended trading.
    Suspended = "suspended", 403 FUNDS, "new orders are rejected by user request";
    /// The account is blocked.
    NotAuthorized = "not_authorized", 403 FUNDS, "account is not authorized to trade";
    /// An opening order sent between 09:28 and 19:00.
    OpgHours = "opg_hours", 403 FUNDS, "opg orders must be submitted after 7:00pm and before 9:28am";
    /// A closing order sent between 15:50 and 19:00.
    ClsHours = "cls_hours", 403 FUNDS, "cls orders must be submitted after 7:00pm and before 3:50pm";

    /// Neither shares nor dollars.
    NoSize = "no_size", 422 SYNTAX, "qty or notional is required";
    /// Shares and dollars.
    TwoSizes = "two_sizes", 422 SYNTAX, "only one of qty or notional is accepted";
    /// No shares, or fewer.
    QtyNotPositive = "qty_not_positive", 422 SYNTAX, "qty must be > 0";
    /// An unknown type.
    OrderType = "order_type", 422 SYNTAX, "invalid order type";
    /// An unknown side.
    Side = "side", 422 SYNTAX, "invalid side";
    /// What the order would do to the position is not what its sender says it is to do.
    IntentMismatch {
        /// What it would do.
        #[serde(deserialize_with = "word::read")]
        inferred: Word,
        /// What its sender says.
        #[serde(deserialize_with = "word::read")]
        specified: Word,
    } = "intent_mismatch", 422 UNPROCESSABLE,
        "position intent mismatch, inferred: {inferred}, specified: {specified}";
    /// A trailing stop for a share that nobody knows a price of: there is nothing to trail. Our words.
    NoPriceYet {
        /// The share.
        symbol: Symbol,
    } = "no_price_yet", 422 UNPROCESSABLE, "asset \"{symbol}\" has no price yet for a trailing stop to start from";
    /// An unknown time in force.
    TimeInForceWord = "time_in_force_word", 422 SYNTAX, "invalid time_in_force";
    /// A limit order without a limit.
    LimitPriceMissing = "limit_price_missing", 422 SYNTAX, "limit orders require a limit price";
    /// A stop order without a stop.
    StopPriceMissing = "stop_price_missing", 422 SYNTAX, "stop orders require a stop price";
    /// A stop-limit order without both.
    StopLimitPrices = "stop_limit_prices", 422 SYNTAX, "stop limit orders require both stop and limit price";
    /// A market order with a price.
    MarketPrices = "market_prices", 422 SYNTAX, "market orders require no stop or limit price";
    /// A limit order with a stop.
    LimitWithStop = "limit_with_stop", 422 SYNTAX, "limit orders must not have stop_price";
    /// A trailing stop with no trail or two.
    TrailOneOf = "trail_one_of", 422 SYNTAX,
        "trailing stop orders must specify one of trail_price or trail_percent";
    /// A name of the client's that is too long.
    ClientOrderIdLength = "client_order_id_length", 422 SYNTAX,
        "client_order_id must be no more than 128 characters";
    /// A name of the client's that was used before, be it by a canceled order.
    ClientOrderIdTaken = "client_order_id_taken", 422 SYNTAX, "client_order_id must be unique";
    /// An id in a path that is none.
    OrderIdMissing = "order_id_missing", 422 SYNTAX, "order_id is missing";

    /// Orders of extended hours are limit orders for the day or until canceled.
    ExtendedHours = "extended_hours", 422 UNPROCESSABLE, "extended hours order must be DAY or GTC limit orders";
    /// The bars of the run end with the core session. Our words: Alpaca always has its extended hours.
    NoExtendedHours = "no_extended_hours", 422 UNPROCESSABLE,
        "extended hours orders need bars of extended hours: set data.hours = \"extended\"";
    /// Orders of extended hours are simple. Our words.
    ExtendedHoursClass {
        /// The class.
        #[serde(deserialize_with = "word::read")]
        class: Word,
    } = "extended_hours_class", 422 UNPROCESSABLE, "{class} orders must not be extended hours orders";
    /// A price finer than the grid: cents from $1, hundredths of a cent below.
    SubPenny {
        /// The field of the request.
        #[serde(deserialize_with = "word::read")]
        field: Word,
        /// Its value.
        price: Price,
    } = "sub_penny", 422 UNPROCESSABLE,
        "invalid {field} {price}. sub-penny increment does not fulfill minimum pricing criteria";
    /// An unknown share.
    AssetNotFound {
        /// The share.
        symbol: Symbol,
    } = "asset_not_found", 422 UNPROCESSABLE, "asset \"{symbol}\" not found";
    /// A share that is not traded there.
    AssetNotTradable {
        /// The share.
        symbol: Symbol,
    } = "asset_not_tradable", 422 UNPROCESSABLE, "asset \"{symbol}\" is not tradable";
    /// A share that is no longer traded.
    AssetNotActive {
        /// The share.
        symbol: Symbol,
    } = "asset_not_active", 422 UNPROCESSABLE, "asset \"{symbol}\" is not active";
    /// Parts of shares, and dollars, for longer than a day.
    FractionalDay = "fractional_day", 422 UNPROCESSABLE, "fractional orders must be DAY orders";
    /// Parts of shares, and dollars, with legs.
    FractionalSimple = "fractional_simple", 422 UNPROCESSABLE, "fractional orders must be simple orders";
    /// Parts of shares, and dollars, in a trailing stop.
    FractionalType = "fractional_type", 422 UNPROCESSABLE,
        "fractional orders must be market, limit, stop, or stop_limit orders";
    /// Parts of shares, and dollars, that nobody holds.
    FractionalShort = "fractional_short", 422 UNPROCESSABLE, "fractional orders cannot be sold short";
    /// Fewer dollars than one.
    NotionalMin = "notional_min", 422 UNPROCESSABLE, "notional must be >= 1.00";
    /// This type does not take this time in force. Our words.
    TimeInForce {
        /// The type, or the class where that is what does not take it.
        #[serde(deserialize_with = "word::read")]
        kind: Word,
        /// The time in force.
        #[serde(deserialize_with = "word::read")]
        time_in_force: Word,
    } = "time_in_force", 422 UNPROCESSABLE, "{kind} orders do not take time in force {time_in_force}";
    /// The entry of this class is a market or a limit order. Our words.
    ClassType {
        /// The class.
        #[serde(deserialize_with = "word::read")]
        class: Word,
        /// The type.
        #[serde(deserialize_with = "word::read")]
        kind: Word,
    } = "class_type", 422 UNPROCESSABLE, "{class} orders must be market or limit orders, not {kind}";
    /// A long whose target is not above its stop.
    TargetBelowStop = "target_below_stop", 422 UNPROCESSABLE, "take_profit.limit_price must be > stop_loss.stop_price";
    /// A short whose target is not below its stop.
    TargetAboveStop = "target_above_stop", 422 UNPROCESSABLE, "take_profit.limit_price must be < stop_loss.stop_price";
    /// A bracket that would only shrink a position.
    BracketIsExit = "bracket_is_exit", 422 UNPROCESSABLE, "bracket orders must be entry orders";
    /// The same with one leg. Our words, after those for a bracket.
    OtoIsExit = "oto_is_exit", 422 UNPROCESSABLE, "oto orders must be entry orders";
    /// A stop and a target for a position that is not there.
    OcoIsEntry = "oco_is_entry", 422 UNPROCESSABLE, "oco orders must be exit orders";
    /// A bracket without a target.
    BracketTargetMissing = "bracket_target_missing", 422 UNPROCESSABLE,
        "bracket orders require take_profit.limit_price";
    /// A bracket without a stop. Our words.
    BracketStopMissing = "bracket_stop_missing", 422 UNPROCESSABLE, "bracket orders require stop_loss.stop_price";
    /// A pair without both. Our words.
    OcoLegsMissing = "oco_legs_missing", 422 UNPROCESSABLE,
        "oco orders require take_profit.limit_price and stop_loss.stop_price";
    /// One leg wanted, none or two given. Our words.
    OtoOneLeg = "oto_one_leg", 422 UNPROCESSABLE, "oto orders require exactly one of take_profit and stop_loss";
    /// Legs of an order of no class. Our words.
    SimpleLegs = "simple_legs", 422 UNPROCESSABLE, "simple orders must not have take_profit or stop_loss";
    /// The stop of a long is not a cent below the market, the entry's limit or the pair's target.
    StopAboveBase = "stop_above_base", 422 UNPROCESSABLE, "stop price must not be greater than base price / 1.001";
    /// The stop of a short is not a cent above them.
    StopBelowBase = "stop_below_base", 422 UNPROCESSABLE, "stop price must not be less than base price * 1.001";
    /// The target of a long is not a cent above the entry's limit.
    TargetBelowBase = "target_below_base", 422 UNPROCESSABLE,
        "take_profit.limit_price must be >= base_price + 0.01";
    /// The target of a short is not a cent below it.
    TargetAboveBase = "target_above_base", 422 UNPROCESSABLE,
        "take_profit.limit_price must be <= base_price - 0.01";
    /// Dollars to open with, while orders that close rest.
    ClosingIsOpen = "closing_is_open", 422 None,
        "unable to open new notional orders while having open closing position orders";
    /// A size that comes to less than what can be traded at its fill. Our words.
    NoShares {
        /// The price it was sized at.
        price: Price,
    } = "no_shares", 422 UNPROCESSABLE, "the order came to no shares at {price}";

    /// It has ended: no cancel, no change.
    AlreadyIn {
        /// Alpaca's word for its status.
        #[serde(deserialize_with = "word::read")]
        state: Word,
    } = "already_in", 422 UNPROCESSABLE, "order is already in \"{state}\" state";
    /// A change before the venue has it.
    NotSentYet = "not_sent_yet", 422 SYNTAX, "unable to replace order, order isn't sent to exchange yet";
    /// A change while another, or a cancel, is on its way.
    NotOpen = "not_open", 422 SYNTAX, "unable to replace order, order is not open";
    /// A change of nothing.
    NotChanged = "not_changed", 422 UNPROCESSABLE, "order parameters are not changed";
    /// A change of an order in dollars. Our words.
    NotionalFixed = "notional_fixed", 422 UNPROCESSABLE, "notional orders cannot be replaced";
    /// Another quantity for a part of a share. Our words.
    FractionalQtyFixed = "fractional_qty_fixed", 422 UNPROCESSABLE, "qty of fractional orders cannot be replaced";
    /// A part of a share for a whole number of them. Our words.
    QtyNotWhole = "qty_not_whole", 422 UNPROCESSABLE, "qty of a replacement must be a whole number of shares";
    /// A price that the order does not have. Our words.
    NoSuchPrice {
        /// The field of the request.
        #[serde(deserialize_with = "word::read")]
        field: Word,
    } = "no_such_price", 422 UNPROCESSABLE, "the order has no {field} to replace";
    /// A trail in dollars for one in percent, or the other way round. Our words.
    TrailKind = "trail_kind", 422 UNPROCESSABLE, "trail_price and trail_percent cannot be exchanged";

    /// It was not sent: its size or its place behind exits is known to our own venue only. Our words.
    NotSendable = "not_sendable", 422 None,
        "an order for a share of cash, or one that needs exits to fill before it, cannot be sent to a venue";
    /// It was not sent while its approval was fresh. Our words.
    TooLate = "too_late", 422 None, "the order could not be sent while its approval was fresh";
    /// The venue's reason is none of these; its own words are kept beside the order. Our words.
    Unlisted {
        /// The HTTP status of its answer; 0 where it refused after it had taken the order.
        status: u16,
        /// The `code` of its answer, where it gave one.
        code: Option<u32>,
    } = "unlisted", 422 None, "the venue refused with status {status} and a reason that is not in the catalogue";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of the catalogue whose words are Alpaca's (`alpaca.md` §11), as it stands there.
    #[test]
    fn the_words_are_those_of_the_catalogue() {
        let symbol: Symbol = "X".parse().expect("symbol");
        let shares = |text: &str| -> Quantity { text.parse().expect("quantity") };
        let insufficient = RejectReason::InsufficientQty {
            requested: shares("10"),
            available: shares("2.5"),
            existing_qty: shares("12.5"),
            held_for_orders: shares("10"),
        };
        let penny = RejectReason::SubPenny { field: "limit_price", price: "290.123".parse().expect("price") };
        let wash = RejectReason::WashTrade { existing: OrderId(1), reject_reason: "" };
        use RejectReason as R;
        for (reason, http, code, message) in [
            (R::BuyingPower { need: Money::ZERO, have: Money::ZERO }, 403, 40310000, "insufficient buying power"),
            (insufficient, 403, 40310000, "insufficient qty available for order (requested: 10, available: 2.5)"),
            (wash, 403, 40310000, "potential wash trade detected. use complex orders"),
            (R::BuyIsOpen, 403, 40310000, "cannot open a short sell while a long buy order is open"),
            (R::ShortIsOpen, 403, 40310000, "cannot open a long buy while a short sell order is open"),
            (R::ShortNotAllowed, 403, 40310000, "account is not allowed to short"),
            (R::NotFractionable { symbol }, 403, 40310000, "asset \"X\" is not fractionable"),
            (R::Suspended, 403, 40310000, "new orders are rejected by user request"),
            (R::NotAuthorized, 403, 40310000, "account is not authorized to trade"),
            (R::OpgHours, 403, 40310000, "opg orders must be submitted after 7:00pm and before 9:28am"),
            (R::NoSize, 422, 40010001, "qty or notional is required"),
            (R::TwoSizes, 422, 40010001, "only one of qty or notional is accepted"),
            (R::QtyNotPositive, 422, 40010001, "qty must be > 0"),
            (R::OrderType, 422, 40010001, "invalid order type"),
            (R::Side, 422, 40010001, "invalid side"),
            (R::TimeInForceWord, 422, 40010001, "invalid time_in_force"),
            (R::LimitPriceMissing, 422, 40010001, "limit orders require a limit price"),
            (R::StopPriceMissing, 422, 40010001, "stop orders require a stop price"),
            (R::StopLimitPrices, 422, 40010001, "stop limit orders require both stop and limit price"),
            (R::MarketPrices, 422, 40010001, "market orders require no stop or limit price"),
            (R::LimitWithStop, 422, 40010001, "limit orders must not have stop_price"),
            (R::TrailOneOf, 422, 40010001, "trailing stop orders must specify one of trail_price or trail_percent"),
            (R::ClientOrderIdLength, 422, 40010001, "client_order_id must be no more than 128 characters"),
            (R::ClientOrderIdTaken, 422, 40010001, "client_order_id must be unique"),
            (R::OrderIdMissing, 422, 40010001, "order_id is missing"),
            (R::ExtendedHours, 422, 42210000, "extended hours order must be DAY or GTC limit orders"),
            (
                penny,
                422,
                42210000,
                "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
            ),
            (R::AssetNotFound { symbol }, 422, 42210000, "asset \"X\" not found"),
            (R::AssetNotTradable { symbol }, 422, 42210000, "asset \"X\" is not tradable"),
            (R::AssetNotActive { symbol }, 422, 42210000, "asset \"X\" is not active"),
            (R::FractionalDay, 422, 42210000, "fractional orders must be DAY orders"),
            (R::FractionalSimple, 422, 42210000, "fractional orders must be simple orders"),
            (R::FractionalType, 422, 42210000, "fractional orders must be market, limit, stop, or stop_limit orders"),
            (R::FractionalShort, 422, 42210000, "fractional orders cannot be sold short"),
            (R::NotionalMin, 422, 42210000, "notional must be >= 1.00"),
            (R::TargetBelowStop, 422, 42210000, "take_profit.limit_price must be > stop_loss.stop_price"),
            (R::BracketIsExit, 422, 42210000, "bracket orders must be entry orders"),
            (R::OcoIsEntry, 422, 42210000, "oco orders must be exit orders"),
            (R::BracketTargetMissing, 422, 42210000, "bracket orders require take_profit.limit_price"),
            (R::StopAboveBase, 422, 42210000, "stop price must not be greater than base price / 1.001"),
            (R::AlreadyIn { state: "filled" }, 422, 42210000, "order is already in \"filled\" state"),
            (R::NotSentYet, 422, 40010001, "unable to replace order, order isn't sent to exchange yet"),
            (R::NotOpen, 422, 40010001, "unable to replace order, order is not open"),
            (R::NotChanged, 422, 42210000, "order parameters are not changed"),
        ] {
            assert_eq!((reason.http_status(), reason.code()), (http, Some(code)), "{}", reason.rule());
            assert_eq!(reason.to_string(), message);
        }
        let closing = RejectReason::ClosingIsOpen;
        assert_eq!((closing.http_status(), closing.code()), (422, None));
        assert!(closing.to_string().starts_with("unable to open new notional orders while having open closing"));
    }

    /// As text and back, each kind of field among them; a tag is the rule's name.
    #[test]
    fn a_reason_is_read_as_it_was_written() {
        let symbol: Symbol = "BRK.B".parse().expect("symbol");
        let money = |text: &str| -> Money { text.parse().expect("money") };
        let price: Price = "290.123456789".parse().expect("price");
        let shares: Quantity = "0.000000001".parse().expect("quantity");
        use RejectReason as R;
        let reasons = [
            R::BuyingPower { need: money("123456789.000000000000000001"), have: money("-5") },
            R::InsufficientQty { requested: shares, available: shares, existing_qty: shares, held_for_orders: shares },
            R::WashTrade { existing: OrderId(u64::MAX), reject_reason: "opposite side limit order exists" },
            R::ExitNotFilled,
            R::NotShortable { symbol },
            R::IntentMismatch { inferred: "buy_to_open", specified: "sell_to_close" },
            R::SubPenny { field: "take_profit.limit_price", price },
            R::TimeInForce { kind: "stop", time_in_force: "opg" },
            R::ClassType { class: "bracket", kind: "stop" },
            R::AlreadyIn { state: "filled" },
            R::Unlisted { status: 403, code: Some(40_399_999) },
            R::Unlisted { status: 0, code: None },
        ];
        for reason in reasons {
            let value = serde_json::to_value(reason).expect("JSON");
            assert_eq!(value["rule"], reason.rule());
            let text = value.to_string();
            assert_eq!(serde_json::from_str::<RejectReason>(&text).expect(&text), reason);
            assert_eq!(serde_json::from_value::<RejectReason>(value).expect(&text), reason);
        }
        assert!(serde_json::from_str::<RejectReason>(r#"{"rule":"no_such_rule"}"#).is_err());
    }
}
