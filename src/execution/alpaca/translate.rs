//! What we write: the bodies of orders and of their changes.
//!
//! Not here: when they are sent (the desk), what comes back (wire).
//! Levels that are measured from a fill are written as they would stand were the fill at the reference price; the desk
//! moves them when the fill is known.
use serde_json::{Map, Value, json};

use crate::domain::{
    LegLevel, OrderClass, OrderKind, OrderRequest, OrderSize, Price, Quantity, Ratio, Side, Symbol, Tick, TimeInForce,
    Trail,
};
use crate::venue::leg_price;

/// The prices of an order at the venue, as far as it has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Prices {
    pub(super) limit: Option<Price>,
    pub(super) stop: Option<Price>,
}

/// An approved order, ready to be written.
pub(super) struct Outgoing<'a> {
    pub(super) symbol: Symbol,
    pub(super) request: &'a OrderRequest,
    pub(super) quantity: Quantity,
    pub(super) reference: Price,
    pub(super) reduces: bool,
    /// The account holds the other side: approved as an opening beside exits that are to take the position, it closes part
    /// of it if it comes first.
    pub(super) meets_position: bool,
    pub(super) client_id: &'a str,
}

/// A protective order that is armed again on its own: a stop, a target, or both as a pair.
pub(super) struct Arming<'a> {
    pub(super) symbol: Symbol,
    pub(super) side: Side,
    pub(super) quantity: Quantity,
    pub(super) stop: Option<Prices>,
    pub(super) target: Option<Price>,
    pub(super) time_in_force: TimeInForce,
    pub(super) client_id: &'a str,
}

/// `true` where a day's entry is sent until canceled, since the venue's legs live as long as their entry: ours are to
/// outlive the day. The desk takes the rest of the entry back when the session ends.
pub(super) fn is_sent_for_longer(request: &OrderRequest) -> bool {
    let is_entry = matches!(request.class, OrderClass::Bracket | OrderClass::Oto);
    is_entry && request.time_in_force == TimeInForce::Day && request.legs.time_in_force == TimeInForce::Gtc
}

/// Where the stop and the target of an entry stand before its fill is known.
pub(super) fn provisional(request: &OrderRequest, reference: Price, tick: Tick) -> (Option<Price>, Option<Price>) {
    let side = request.side.opposite();
    let at = |level: Option<LegLevel>, is_stop| level.map(|level| leg_price(side, reference, level, is_stop, tick));
    (at(request.legs.stop, true), at(request.legs.take_profit, false))
}

/// The body of a POST of an approved order.
pub(super) fn order_body(order: &Outgoing<'_>, tick: Tick) -> String {
    let request = order.request;
    let mut body = start(order.symbol, request.side, order.client_id);
    match request.size {
        OrderSize::Notional(amount) => set(&mut body, "notional", amount.to_string()),
        OrderSize::Shares(_) | OrderSize::CashFraction { .. } => set(&mut body, "qty", order.quantity.to_string()),
    }
    set(&mut body, "type", request.kind.name());
    let time_in_force = if is_sent_for_longer(request) { TimeInForce::Gtc } else { request.time_in_force };
    set(&mut body, "time_in_force", time_in_force.name());
    if request.extended_hours {
        body.insert("extended_hours".to_owned(), Value::Bool(true));
    }
    let (stop, target) = match request.class {
        OrderClass::Oco => (known(request.legs.stop), request.kind.limit()),
        _ => provisional(request, order.reference, tick),
    };
    if request.class == OrderClass::Oco {
        // The target of a pair stands in `take_profit` alone.
    } else {
        write_prices(&mut body, request.kind);
    }
    if request.class != OrderClass::Simple {
        set(&mut body, "order_class", request.class.name());
        write_legs(&mut body, stop, request.legs.stop_limit, target);
    }
    if order.reduces || !order.meets_position {
        set(&mut body, "position_intent", intent(request.side, order.reduces));
    }
    Value::Object(body).to_string()
}

/// The body of a POST that arms a protective order again.
pub(super) fn arming_body(arming: &Arming<'_>) -> String {
    let mut body = start(arming.symbol, arming.side, arming.client_id);
    set(&mut body, "qty", arming.quantity.to_string());
    let kind = match (arming.stop, arming.target) {
        (Some(Prices { limit: Some(_), .. }), None) => "stop_limit",
        (Some(_), None) => "stop",
        (_, Some(_)) => "limit",
        (None, None) => "market",
    };
    set(&mut body, "type", kind);
    set(&mut body, "time_in_force", arming.time_in_force.name());
    match (arming.stop, arming.target) {
        (Some(stop), Some(target)) => {
            set(&mut body, "order_class", OrderClass::Oco.name());
            write_legs(&mut body, stop.stop, stop.limit, Some(target));
        }
        (Some(stop), None) => {
            stop.stop.into_iter().for_each(|price| set(&mut body, "stop_price", price.to_string()));
            stop.limit.into_iter().for_each(|price| set(&mut body, "limit_price", price.to_string()));
        }
        (None, Some(target)) => set(&mut body, "limit_price", target.to_string()),
        (None, None) => {}
    }
    set(&mut body, "position_intent", intent(arming.side, true));
    Value::Object(body).to_string()
}

/// The body of a PATCH.
pub(super) fn change_body(quantity: Option<Quantity>, prices: Prices, trail: Option<Trail>, client_id: &str) -> String {
    let mut body = Map::new();
    quantity.into_iter().for_each(|quantity| set(&mut body, "qty", quantity.to_string()));
    prices.limit.into_iter().for_each(|price| set(&mut body, "limit_price", price.to_string()));
    prices.stop.into_iter().for_each(|price| set(&mut body, "stop_price", price.to_string()));
    match trail {
        Some(Trail::Price(price)) => set(&mut body, "trail", price.to_string()),
        Some(Trail::Fraction(fraction)) => set(&mut body, "trail", percent(fraction)),
        None => {}
    }
    set(&mut body, "client_order_id", client_id);
    Value::Object(body).to_string()
}

/// The fixed prices of a kind.
pub(super) fn prices_of(kind: OrderKind) -> Prices {
    Prices { limit: kind.limit(), stop: kind.stop() }
}

fn start(symbol: Symbol, side: Side, client_id: &str) -> Map<String, Value> {
    let mut body = Map::new();
    set(&mut body, "symbol", symbol.as_str());
    set(&mut body, "side", side.name());
    set(&mut body, "client_order_id", client_id);
    body
}

fn write_prices(body: &mut Map<String, Value>, kind: OrderKind) {
    let Prices { limit, stop } = prices_of(kind);
    limit.into_iter().for_each(|price| set(body, "limit_price", price.to_string()));
    stop.into_iter().for_each(|price| set(body, "stop_price", price.to_string()));
    match kind {
        OrderKind::TrailingStop { trail: Trail::Price(price) } => set(body, "trail_price", price.to_string()),
        OrderKind::TrailingStop { trail: Trail::Fraction(fraction) } => set(body, "trail_percent", percent(fraction)),
        _ => {}
    }
}

fn write_legs(body: &mut Map<String, Value>, stop: Option<Price>, stop_limit: Option<Price>, target: Option<Price>) {
    if let Some(target) = target {
        body.insert("take_profit".to_owned(), json!({ "limit_price": target.to_string() }));
    }
    if let Some(stop) = stop {
        let mut leg = Map::new();
        set(&mut leg, "stop_price", stop.to_string());
        stop_limit.into_iter().for_each(|limit| set(&mut leg, "limit_price", limit.to_string()));
        body.insert("stop_loss".to_owned(), Value::Object(leg));
    }
}

fn known(level: Option<LegLevel>) -> Option<Price> {
    match level {
        Some(LegLevel::At(price)) => Some(price),
        _ => None,
    }
}

fn intent(side: Side, reduces: bool) -> &'static str {
    match (side, reduces) {
        (Side::Buy, false) => "buy_to_open",
        (Side::Buy, true) => "buy_to_close",
        (Side::Sell, false) => "sell_to_open",
        (Side::Sell, true) => "sell_to_close",
    }
}

/// The venue counts trails in percent.
fn percent(fraction: Ratio) -> String {
    (rust_decimal::Decimal::new(fraction.units(), 9) * rust_decimal::Decimal::ONE_HUNDRED).normalize().to_string()
}

fn set(body: &mut Map<String, Value>, name: &str, value: impl Into<String>) {
    body.insert(name.to_owned(), Value::String(value.into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ExitLegs, LegActivation, OrderPurpose, SymbolIndex};

    fn request(kind: OrderKind, class: OrderClass, legs: ExitLegs) -> OrderRequest {
        OrderRequest {
            symbol: SymbolIndex(0),
            side: Side::Buy,
            size: OrderSize::Shares(shares()),
            kind,
            time_in_force: TimeInForce::Day,
            class,
            purpose: OrderPurpose::Entry,
            legs,
            extended_hours: false,
        }
    }
    fn shares() -> Quantity {
        Quantity::from_shares(10).expect("shares")
    }
    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }
    fn body(request: &OrderRequest, reduces: bool) -> Value {
        let symbol = "AAPL".parse().expect("symbol");
        let (quantity, reference) = (shares(), price("100"));
        let meets_position = false;
        let out = Outgoing { symbol, request, quantity, reference, reduces, meets_position, client_id: "c" };
        serde_json::from_str(&order_body(&out, Tick::UsEquity)).expect("json")
    }

    #[test]
    fn an_opening_that_may_meet_the_other_side_states_no_intent() {
        let request = request(OrderKind::Market, OrderClass::Simple, ExitLegs::NONE);
        let symbol = "AAPL".parse().expect("symbol");
        let (quantity, reference) = (shares(), price("100"));
        let intent = |reduces, meets_position| {
            let client_id = "c";
            let out = Outgoing { symbol, request: &request, quantity, reference, reduces, meets_position, client_id };
            let body: Value = serde_json::from_str(&order_body(&out, Tick::UsEquity)).expect("json");
            body["position_intent"].clone()
        };
        assert_eq!(intent(false, false), "buy_to_open");
        assert_eq!(intent(false, true), Value::Null);
        assert_eq!(intent(true, true), "buy_to_close");
    }

    #[test]
    fn a_bracket_measured_from_the_fill_is_written_from_the_reference() {
        let legs = ExitLegs {
            stop: Some(LegLevel::FromFill { distance_units: 2_345_000_000 }),
            take_profit: Some(LegLevel::FractionFromFill("0.1".parse().expect("ratio"))),
            activation: LegActivation::EntryBar,
            ..ExitLegs::NONE
        };
        let expected = json!({
            "symbol": "AAPL", "side": "buy", "client_order_id": "c", "qty": "10", "type": "market",
            "time_in_force": "gtc", "order_class": "bracket", "take_profit": {"limit_price": "110"},
            "stop_loss": {"stop_price": "97.65"}, "position_intent": "buy_to_open",
        });
        assert_eq!(body(&request(OrderKind::Market, OrderClass::Bracket, legs), false), expected);
    }

    #[test]
    fn a_pair_names_its_target_once() {
        let legs = ExitLegs {
            stop: Some(LegLevel::At(price("90"))),
            stop_limit: Some(price("89")),
            time_in_force: TimeInForce::Day,
            ..ExitLegs::NONE
        };
        let limit = OrderKind::Limit { limit: price("120") };
        let pair = OrderRequest { side: Side::Sell, ..request(limit, OrderClass::Oco, legs) };
        let expected = json!({
            "symbol": "AAPL", "side": "sell", "client_order_id": "c", "qty": "10", "type": "limit",
            "time_in_force": "day", "order_class": "oco", "take_profit": {"limit_price": "120"},
            "stop_loss": {"stop_price": "90", "limit_price": "89"}, "position_intent": "sell_to_close",
        });
        assert_eq!(body(&pair, true), expected);
    }

    #[test]
    fn dollars_trails_and_hours_are_written() {
        let dollars = OrderRequest {
            size: OrderSize::Notional("25.5".parse().expect("money")),
            ..request(OrderKind::Market, OrderClass::Simple, ExitLegs::NONE)
        };
        assert_eq!(body(&dollars, false)["notional"], "25.5");
        assert!(body(&dollars, false).get("qty").is_none());
        let trail = OrderKind::TrailingStop { trail: Trail::Fraction("0.055".parse().expect("ratio")) };
        let trailing = OrderRequest { side: Side::Sell, ..request(trail, OrderClass::Simple, ExitLegs::NONE) };
        assert_eq!(body(&trailing, true)["trail_percent"], "5.5");
        let limit = OrderKind::Limit { limit: price("9.99") };
        let late = OrderRequest { extended_hours: true, ..request(limit, OrderClass::Simple, ExitLegs::NONE) };
        assert_eq!(
            (&body(&late, false)["extended_hours"], &body(&late, false)["limit_price"]),
            (&json!(true), &json!("9.99"))
        );
    }

    #[test]
    fn what_is_armed_again_is_a_pair_or_alone() {
        let of = |stop: Option<Prices>, target: Option<Price>| -> Value {
            let arming = Arming {
                symbol: "AAPL".parse().expect("symbol"),
                side: Side::Sell,
                quantity: shares(),
                stop,
                target,
                time_in_force: TimeInForce::Gtc,
                client_id: "c",
            };
            serde_json::from_str(&arming_body(&arming)).expect("json")
        };
        let stop = Some(Prices { stop: Some(price("90")), limit: None });
        assert_eq!((&of(stop, None)["type"], &of(stop, None)["stop_price"]), (&json!("stop"), &json!("90")));
        let pair = of(stop, Some(price("120")));
        assert_eq!((&pair["order_class"], &pair["take_profit"]["limit_price"]), (&json!("oco"), &json!("120")));
        assert_eq!(of(None, None)["type"], "market");
    }
}
