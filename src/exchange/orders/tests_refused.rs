//! What is refused, with status, code, words and further fields.
use serde_json::{Value, json};

use super::desk::{Desk, FLAT, word};

/// A desk that holds ten shares after two days.
fn holding(set: &[&str]) -> Desk {
    let mut desk = Desk::daily(&[FLAT; 4], set);
    desk.step(1);
    desk.send("buy 10 market");
    desk.step(1);
    desk
}

fn refused(desk: &mut Desk, text: &str, status: u16, code: u64, message: &str) {
    assert_eq!(desk.refused(text), (status, Some(code), message.to_owned()), "{text}");
}

#[test]
fn what_is_no_order() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    desk.step(1);
    assert_eq!(desk.post_bytes(b"{").0, 400);
    assert_eq!(desk.post_bytes(b"[]").0, 400);
    let long = "x".repeat(129);
    for (text, message) in [
        ("buy - market", "qty or notional is required"),
        ("buy 1 market notional=5", "only one of qty or notional is accepted"),
        ("buy 0 market", "qty must be > 0"),
        ("buy -1 market", "qty must be > 0"),
        ("buy x market", "invalid qty: x"),
        // What cannot be added up is refused before it is.
        ("buy 9223372036 market", "qty must be <= 1000000000, not 9223372036"),
        ("buy - market notional=170141183460469231731", "notional must be <= 1000000000000, not 170141183460469231731"),
        ("buy 1 odd", "invalid order type"),
        ("hold 1 market", "invalid side"),
        ("buy 1 market time_in_force=week", "invalid time_in_force"),
        ("buy 1 market order_class=mleg", "invalid order_class: mleg"),
        ("buy 1 market position_intent=hold", "invalid position_intent: hold"),
        ("buy 1 limit", "limit orders require a limit price"),
        ("buy 1 limit limit_price=0", "limit_price must be > 0"),
        ("buy 1 limit limit_price=-5", "limit_price must be > 0"),
        ("buy 1 stop", "stop orders require a stop price"),
        ("buy 1 stop_limit stop_price=61", "stop limit orders require both stop and limit price"),
        ("buy 1 market limit_price=60", "market orders require no stop or limit price"),
        ("buy 1 limit limit_price=60 stop_price=61", "limit orders must not have stop_price"),
        ("buy 1 trailing_stop", "trailing stop orders must specify one of trail_price or trail_percent"),
        ("sell 1 trailing_stop trail_percent=0", "trail_percent must be > 0"),
        ("sell 1 trailing_stop trail_percent=100", "trail_percent must be < 100, and 100 is not"),
        ("buy 1 trailing_stop trail_percent=250", "trail_percent must be < 100, and 250 is not"),
        ("buy 1 market order_class=oco tp=65 sl=55", "invalid order type"),
        (&format!("buy 1 market client_order_id={long}"), "client_order_id must be no more than 128 characters"),
    ] {
        refused(&mut desk, text, 422, 40010001, message);
    }
    assert_eq!(desk.get("/v2/orders?status=all"), json!([]));
}

#[test]
fn what_the_venue_does_not_take() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    desk.step(1);
    let penny = "sub-penny increment does not fulfill minimum pricing criteria";
    for (text, message) in [
        ("buy 1 limit limit_price=60.005", format!("invalid limit_price 60.005. {penny}")),
        ("buy 1 limit limit_price=0.30000000000000004", format!("invalid limit_price 0.30000000000000004. {penny}")),
        (
            "buy 1 market order_class=bracket tp=65.001 sl=55",
            format!("invalid take_profit.limit_price 65.001. {penny}"),
        ),
        ("buy 1 market symbol=IBM", "asset \"IBM\" not found".to_owned()),
        ("buy 1 market symbol=what?", "asset \"what?\" not found".to_owned()),
        ("buy 1.5 market time_in_force=gtc", "fractional orders must be DAY orders".to_owned()),
        ("buy 1.5 market order_class=bracket tp=65 sl=55", "fractional orders must be simple orders".to_owned()),
        ("buy - market notional=0.5", "notional must be >= 1.00".to_owned()),
        ("buy 1 market extended_hours=true", "extended hours order must be DAY or GTC limit orders".to_owned()),
        (
            "buy 1 market order_class=bracket tp=55 sl=65",
            "take_profit.limit_price must be > stop_loss.stop_price".to_owned(),
        ),
        ("buy 1 market order_class=bracket sl=55", "bracket orders require take_profit.limit_price".to_owned()),
        (
            "buy 1 market order_class=bracket tp=65 sl=60",
            "stop price must not be greater than base price / 1.001".to_owned(),
        ),
        ("sell 1 limit order_class=oco tp=65 sl=55", "oco orders must be exit orders".to_owned()),
        (
            "buy 1 market position_intent=buy_to_close",
            "position intent mismatch, inferred: buy_to_open, specified: buy_to_close".to_owned(),
        ),
        (
            "buy 1 market position_intent=sell_to_close",
            "position intent mismatch, inferred: buy, specified: sell_to_close".to_owned(),
        ),
    ] {
        refused(&mut desk, text, 422, 42210000, &message);
    }
    refused(&mut desk, "sell 1 market", 403, 40310000, "account is not allowed to short");
    let opg = "opg orders must be submitted after 7:00pm and before 9:28am";
    refused(&mut desk, "buy 1 market time_in_force=opg", 403, 40310000, opg);
    desk.until("2024-01-03T00:00:00Z");
    desk.send("buy 1 market time_in_force=opg");
    desk.until("2024-01-03T14:28:00Z");
    refused(&mut desk, "buy 1 market time_in_force=opg", 403, 40310000, opg);
    let cls = "cls orders must be submitted after 7:00pm and before 3:50pm";
    desk.send("buy 1 market time_in_force=cls");
    desk.until("2024-01-03T20:50:00Z");
    refused(&mut desk, "buy 1 market time_in_force=cls", 403, 40310000, cls);
}

#[test]
fn a_client_names_an_order_once() {
    let mut desk = holding(&[]);
    let sent = desk.send("buy 1 limit limit_price=50 client_order_id=once");
    refused(
        &mut desk,
        "buy 1 limit limit_price=50 client_order_id=once",
        422,
        40010001,
        "client_order_id must be unique",
    );
    desk.delete(&format!("/v2/orders/{}", word(&sent["id"])));
    refused(
        &mut desk,
        "buy 1 limit limit_price=50 client_order_id=once",
        422,
        40010001,
        "client_order_id must be unique",
    );
}

#[test]
fn what_is_to_close_does_not_open_behind_an_exit_for_everything() {
    let mut desk = holding(&["account.allow_short=true", "account.leverage=2"]);
    desk.send("sell 10 market");
    let none_left = "insufficient qty available for order (requested: 5, available: 0)";
    refused(&mut desk, "sell 5 stop stop_price=55 position_intent=sell_to_close", 403, 40310000, none_left);
    desk.send("sell 5 stop stop_price=55 position_intent=sell_to_open");
}

#[test]
fn shares_leave_once() {
    let mut desk = holding(&[]);
    let pair = desk.send("sell 6 limit order_class=oco tp=65 sl=55 time_in_force=gtc");
    desk.step(1);
    let (status, body) = desk.post("sell 5 market");
    assert_eq!(
        (status, &body["message"]),
        (403, &json!("insufficient qty available for order (requested: 5, available: 4)"))
    );
    let fields = ["available", "existing_qty", "held_for_orders", "symbol"].map(|field| word(&body[field]));
    assert_eq!(fields, ["4", "10", "6", "TST"]);
    desk.send("sell 4 market");
    assert_eq!(desk.post("sell 1 market").0, 403);
    assert_eq!(desk.delete("/v2/positions/TST").0, 403);
    // The pair cannot grow into shares that are on their way out.
    let (status, body) = desk.patch(&word(&pair["id"]), &json!({ "qty": "7" }));
    assert_eq!((status, &body["available"]), (403, &json!("6")));
    assert_eq!(desk.patch(&word(&pair["id"]), &json!({ "qty": "5" })).0, 200);
}

#[test]
fn a_short_may_open_while_the_whole_long_leaves_at_the_market() {
    let mut desk = holding(&["account.allow_short=true"]);
    let short = "sell 5 market position_intent=sell_to_open";
    assert_eq!(desk.refused(short).0, 422);
    desk.send("sell 10 market position_intent=sell_to_close");
    let sent = desk.send(short);
    assert_eq!(sent["position_intent"], "sell_to_open");
    desk.step(1);
    assert_eq!(desk.get("/v2/positions/TST")["qty"], "-5");
    let mut long_only = holding(&[]);
    long_only.send("sell 10 market");
    assert_eq!(long_only.refused("sell 5 market").0, 403);
}

#[test]
fn no_order_trades_with_another_of_the_account() {
    let mut desk = holding(&[]);
    let resting = desk.send("buy 1 limit limit_price=59");
    let (status, body) = desk.post("sell 5 market");
    assert_eq!((status, &body["code"]), (403, &json!(40310000)));
    assert_eq!(body["message"], "potential wash trade detected. use complex orders");
    assert_eq!(body["existing_order_id"], resting["id"]);
    assert_eq!(body["reject_reason"], "opposite side limit order exists");
    desk.send("sell 5 limit limit_price=60");
}

#[test]
fn only_what_opens_is_paid_and_reserved() {
    let mut desk = Desk::daily(&[FLAT; 4], &["execution.commission={ kind = \"bps\", value = \"10\" }"]);
    desk.step(1);
    // 1,000 shares at 60 and 60 of fees leave 39,940.
    desk.send("buy 1000 market");
    assert_eq!(desk.get("/v2/account")["buying_power"], "39940");
    let (status, body) = desk.post("buy 666 limit limit_price=60");
    assert_eq!((status, &body["message"]), (403, &json!("insufficient buying power")));
    assert_eq!((word(&body["cost_basis"]), word(&body["buying_power"])), ("39999.96".to_owned(), "39940".to_owned()));
    let second = desk.send("buy 665 limit limit_price=60");
    assert_eq!(desk.get("/v2/account")["buying_power"], "0.1");
    desk.delete(&format!("/v2/orders/{}", word(&second["id"])));
    assert_eq!(desk.get("/v2/account")["buying_power"], "39940");
    desk.step(1);
    let account = desk.get("/v2/account");
    assert_eq!((word(&account["cash"]), word(&account["buying_power"])), ("39940".to_owned(), "39940".to_owned()));
    let grown = desk.send("buy 100 limit limit_price=50 time_in_force=gtc");
    assert_eq!(desk.get("/v2/account")["buying_power"], "34935", "what the limit names, not what the share costs");
    desk.step(1);
    let (status, body) = desk.patch(&word(&grown["id"]), &json!({ "qty": "800" }));
    assert_eq!((status, &body["message"]), (403, &json!("insufficient buying power")));
}

#[test]
fn changes_that_change_nothing_or_what_is_not_there() {
    let mut desk = holding(&[]);
    let sent = desk.send("buy 2 limit limit_price=50 time_in_force=gtc");
    let id = word(&sent["id"]);
    let message = |answer: (u16, Value)| (answer.0, word(&answer.1["message"]));
    let early = "unable to replace order, order isn't sent to exchange yet".to_owned();
    assert_eq!(message(desk.patch(&id, &json!({ "qty": "3" }))), (422, early));
    desk.step(1);
    for (body, words) in [
        (json!({}), "order parameters are not changed"),
        (json!({ "qty": 2, "limit_price": null }), "order parameters are not changed"),
        (json!({ "qty": "1.5" }), "qty of a replacement must be a whole number of shares"),
        (json!({ "stop_price": "49" }), "the order has no stop_price to replace"),
        (json!({ "trail": "1" }), "the order has no trail to replace"),
        (
            json!({ "limit_price": "50.001" }),
            "invalid limit_price 50.001. sub-penny increment does not fulfill minimum pricing criteria",
        ),
        (json!({ "qty": "3", "client_order_id": sent["client_order_id"] }), "client_order_id must be unique"),
    ] {
        assert_eq!(message(desk.patch(&id, &body)), (422, words.to_owned()), "{body}");
    }
    assert_eq!(desk.life(&sent["id"]), "new 0 of 2");
}

#[test]
fn unknown_paths_are_no_endpoints() {
    let mut desk = Desk::daily(&[FLAT], &[]);
    assert_eq!(desk.get_refused("/v2/nothing"), (404, json!({ "code": 40410000, "message": "endpoint not found" })));
}
