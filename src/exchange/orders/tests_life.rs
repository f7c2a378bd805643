//! The life of single orders, from outside.
use serde_json::{Value, json};

use super::desk::{DAYS, Desk, FLAT, word};
use crate::domain::Timestamp;

#[test]
fn a_market_order_of_the_evening_fills_at_the_next_open() {
    let mut desk = Desk::daily(&["60 61 59 60", "62 63 61 62"], &[]);
    desk.step(1);
    let sent = desk.send("buy 10 market client_order_id=mine");
    assert_eq!((word(&sent["status"]), word(&sent["client_order_id"])), ("accepted".to_owned(), "mine".to_owned()));
    assert_eq!(sent["submitted_at"], "2024-01-02T21:00:00Z");
    assert_eq!(sent["expires_at"], "2024-01-03T21:00:00Z");
    assert_eq!(desk.heard(), ["accepted buy market"]);
    desk.until("2024-01-03T14:30:00Z");
    assert_eq!(desk.heard(), ["new buy market"]);
    desk.step(1);
    assert_eq!(desk.heard(), ["fill buy market 10@62"]);
    let order = desk.order(&sent["id"]);
    assert_eq!(order["filled_at"], "2024-01-03T14:30:00.000001Z");
    for (field, value) in [("filled_qty", "10"), ("filled_avg_price", "62"), ("qty", "10"), ("order_class", "")] {
        assert_eq!(order[field], value);
    }
    assert_eq!(order["legs"], Value::Null);
    assert_eq!(desk.get("/v2/orders:by_client_order_id?client_order_id=mine")["id"], sent["id"]);
}

#[test]
fn in_its_session_an_order_is_on_its_way_and_then_new() {
    let mut desk = Desk::minutes(&[FLAT, "60 62 60 61", "61 61 61 61"], &[]);
    desk.step(1);
    desk.heard();
    let sent = desk.send("buy 3 limit limit_price=59.5");
    assert_eq!(sent["status"], "pending_new");
    assert_eq!(desk.life(&sent["id"]), "new 0 of 3");
    let second = desk.send("buy 3 limit limit_price=59.5");
    let submitted = |order: &Value| word(&order["submitted_at"]).parse::<Timestamp>().expect("a time").ns();
    assert!(submitted(&second) - submitted(&sent) >= 1_000);
    assert_eq!(desk.heard(), ["pending_new buy limit", "new buy limit", "pending_new buy limit", "new buy limit"]);
    desk.step(2);
    assert_eq!(desk.life(&sent["id"]), "new 0 of 3");
}

#[test]
fn a_fill_inside_a_bar_happens_inside_it() {
    let mut desk = Desk::minutes(&[FLAT, "60 62 58 61"], &[]);
    desk.step(1);
    let sent = desk.send("buy 3 limit limit_price=59");
    desk.step(1);
    let order = desk.order(&sent["id"]);
    assert_eq!((word(&order["filled_avg_price"]), word(&order["status"])), ("59".to_owned(), "filled".to_owned()));
    let at = word(&order["filled_at"]);
    assert!("2024-01-02T14:31:00Z" < at.as_str() && at.as_str() < "2024-01-02T14:32:00Z", "{at}");
}

#[test]
fn between_the_open_of_a_bar_and_its_rest_clients_are_answered() {
    let mut desk = Desk::minutes(&[FLAT, "60 62 58 61", FLAT], &[]);
    desk.step(1);
    let entry = desk.send("buy 10 market order_class=oto sl=50");
    desk.until("2024-01-02T14:31:00.000001Z");
    let order = desk.order(&entry["id"]);
    assert_eq!((word(&order["status"]), word(&order["legs"][0]["status"])), ("filled".to_owned(), "new".to_owned()));
    let (status, moved) = desk.patch(order["legs"][0]["id"].as_str().expect("an id"), &json!({ "stop_price": "58.5" }));
    assert_eq!(status, 200, "{moved}");
    desk.step(1);
    assert_eq!(desk.order(&moved["id"])["filled_avg_price"], "58.5");
    // What is sent inside a bar fills on the next at the earliest.
    desk.until("2024-01-02T14:32:00.000001Z");
    let late = desk.send("buy 1 market");
    desk.step(1);
    assert_eq!(desk.life(&late["id"]), "new 0 of 1");
}

#[test]
fn day_orders_expire_at_the_close_and_a_session_without_bars_is_none() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    desk.step(1);
    let sent = desk.send("buy 10 limit limit_price=50");
    desk.step(1);
    assert_eq!(desk.life(&sent["id"]), "expired 0 of 10");
    assert_eq!(desk.order(&sent["id"])["expired_at"], "2024-01-03T21:00:00Z");
    let long = desk.send("buy 10 limit limit_price=50 time_in_force=gtc");
    assert_eq!(long["expires_at"], "2024-04-02T20:15:00Z");
    desk.step(1);
    assert_eq!(desk.life(&long["id"]), "new 0 of 10");
}

#[test]
fn what_cannot_fill_at_once_is_canceled() {
    let mut desk = Desk::daily(&[FLAT, "60 61 59 60 40", FLAT], &[]);
    desk.step(1);
    let part = desk.send("buy 100 market time_in_force=ioc");
    let whole = desk.send("buy 100 market time_in_force=fok");
    desk.step(1);
    assert_eq!(desk.life(&part["id"]), "canceled 40 of 100");
    assert_eq!(desk.life(&whole["id"]), "canceled 0 of 100");
}

#[test]
fn a_volume_that_is_too_small_fills_in_parts() {
    let mut desk = Desk::daily(&[FLAT, "60 61 59 60 400", "70 70 70 70 400", FLAT], &["execution.participation=0.1"]);
    desk.step(1);
    let sent = desk.send("buy 100 market time_in_force=gtc");
    desk.heard();
    desk.step(2);
    assert_eq!(desk.heard(), ["new buy market", "partial_fill buy market 40@60", "partial_fill buy market 40@70"]);
    assert_eq!(desk.life(&sent["id"]), "partially_filled 80 of 100");
    assert_eq!(desk.order(&sent["id"])["filled_avg_price"], "65");
    desk.step(1);
    assert_eq!(desk.life(&sent["id"]), "filled 100 of 100");
}

#[test]
fn a_cancel_takes_effect_at_once_and_only_once() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    desk.step(1);
    let sent = desk.send("buy 10 limit limit_price=50");
    let path = format!("/v2/orders/{}", word(&sent["id"]));
    assert_eq!(desk.delete(&path), (204, Value::Null));
    let (status, body) = desk.delete(&path);
    assert_eq!((status, &body["code"]), (422, &json!(42210000)));
    assert_eq!(body["message"], "order is already in \"canceled\" state");
    assert_eq!(desk.heard(), ["accepted buy limit", "canceled buy limit"]);
    let (status, body) = desk.delete("/v2/orders/no-id");
    assert_eq!((status, word(&body["message"])), (422, "order_id is missing".to_owned()));
    let (status, body) = desk.delete("/v2/orders/00000000-0000-4000-8000-000000000000");
    assert_eq!((status, &body["code"]), (404, &json!(40410000)));
    assert_eq!(body["message"], "order not found for 00000000-0000-4000-8000-000000000000");
}

#[test]
fn all_are_canceled_together() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    assert_eq!(desk.delete("/v2/orders"), (207, json!([])));
    desk.step(1);
    let one = desk.send("buy 10 limit limit_price=50");
    let two = desk.send("buy 10 market order_class=bracket tp=70 sl=50");
    let (status, items) = desk.delete("/v2/orders");
    assert_eq!(status, 207);
    assert_eq!(items, json!([{ "id": one["id"], "status": 200 }, { "id": two["id"], "status": 200 }]));
    assert_eq!(desk.life(&two["legs"][1]["id"]), "canceled 0 of 10");
}

#[test]
fn a_replacement_is_an_order_of_its_own() {
    let mut desk = Desk::minutes(&[FLAT, FLAT, "58 58 58 58"], &[]);
    desk.step(1);
    let sent = desk.send("buy 10 limit limit_price=50 time_in_force=gtc");
    desk.heard();
    let id = word(&sent["id"]);
    let (status, new) = desk.patch(&id, &json!({ "limit_price": 58.5, "qty": "12", "client_order_id": "second" }));
    assert_eq!(status, 200, "{new}");
    assert_eq!((&new["replaces"], &new["client_order_id"]), (&sent["id"], &json!("second")));
    assert_eq!((word(&new["qty"]), word(&new["limit_price"])), ("12".to_owned(), "58.5".to_owned()));
    assert_eq!(desk.heard(), ["replaced buy limit", "new buy limit"]);
    let old = desk.order(&sent["id"]);
    assert_eq!((&old["replaced_by"], word(&old["status"])), (&new["id"], "replaced".to_owned()));
    assert_eq!(old["limit_price"], "50");
    let (status, body) = desk.patch(&id, &json!({ "limit_price": "58" }));
    assert_eq!((status, word(&body["message"])), (422, "order is already in \"replaced\" state".to_owned()));
    desk.step(2);
    assert_eq!(desk.life(&new["id"]), "filled 12 of 12");
    assert_eq!(desk.order(&new["id"])["filled_avg_price"], "58");
}

#[test]
fn what_has_filled_stays_with_the_order_that_is_replaced() {
    let mut desk = Desk::daily(&[FLAT, "60 61 59 60 40", FLAT, FLAT], &[]);
    desk.step(1);
    let sent = desk.send("buy 100 limit limit_price=60 time_in_force=gtc");
    desk.step(1);
    let (status, new) = desk.patch(&word(&sent["id"]), &json!({ "limit_price": "60.5" }));
    assert_eq!(status, 200, "{new}");
    assert_eq!((word(&new["qty"]), word(&new["filled_qty"])), ("60".to_owned(), "0".to_owned()));
    desk.step(1);
    assert_eq!(desk.life(&sent["id"]), "replaced 40 of 100");
    assert_eq!(desk.life(&new["id"]), "filled 60 of 60");
    assert_eq!(desk.get("/v2/positions/TST")["qty"], "100");
}

#[test]
fn another_time_in_force_is_a_change_too() {
    let mut desk = Desk::daily(&[FLAT; 4], &[]);
    desk.step(1);
    let sent = desk.send("buy 10 limit limit_price=50 time_in_force=gtc");
    desk.step(1);
    let (status, new) = desk.patch(&word(&sent["id"]), &json!({ "time_in_force": "day" }));
    assert_eq!((status, &new["time_in_force"]), (200, &json!("day")));
    desk.step(1);
    assert_eq!(desk.life(&new["id"]), "expired 0 of 10");
}

#[test]
fn a_trailing_stop_shows_where_it_stands() {
    let mut desk = Desk::minutes(&[FLAT, FLAT, "60 70 60 69", "69 69 66 66"], &[]);
    desk.step(1);
    desk.send("buy 10 market");
    desk.step(1);
    let sent = desk.send("sell 10 trailing_stop trail_percent=5");
    assert_eq!((word(&sent["stop_price"]), word(&sent["hwm"])), ("57".to_owned(), "60".to_owned()));
    assert_eq!(sent["trail_percent"], "5");
    desk.step(1);
    let order = desk.order(&sent["id"]);
    assert_eq!((word(&order["stop_price"]), word(&order["hwm"])), ("66.5".to_owned(), "70".to_owned()));
    desk.step(1);
    assert_eq!(desk.order(&sent["id"])["filled_avg_price"], "66.5");
}

#[test]
fn dollars_are_sized_at_their_fill() {
    let mut desk = Desk::daily(&[FLAT, "70 70 70 70"], &[]);
    desk.step(1);
    let sent = desk.send("buy - market notional=1000");
    assert_eq!((&sent["qty"], &sent["notional"]), (&Value::Null, &json!("1000")));
    desk.step(1);
    let order = desk.order(&sent["id"]);
    assert_eq!((word(&order["filled_qty"]), word(&order["status"])), ("14.285714285".to_owned(), "filled".to_owned()));
}

#[test]
fn an_order_before_any_price_is_tested_at_the_first() {
    let mut desk = Desk::daily(&[FLAT, FLAT], &[]);
    let fits = desk.send("buy 10 market order_class=bracket tp=70 sl=50");
    let dear = desk.send("buy 10000 market");
    desk.step(1);
    assert_eq!(desk.life(&fits["id"]), "filled 10 of 10");
    assert_eq!(desk.life(&dear["id"]), "rejected 0 of 10000");
    let heard = desk.heard();
    assert!(heard.contains(&"rejected buy market".to_owned()), "{heard:?}");
    let nothing = Desk::daily(&[FLAT], &[]).refused("buy 10 trailing_stop trail_price=1");
    assert_eq!(nothing.2, "asset \"TST\" has no price yet for a trailing stop to start from");
}

#[test]
fn lists_are_filtered() {
    let mut desk = Desk::daily(&[FLAT; 4], &[]);
    desk.step(1);
    let ids: Vec<Value> =
        (50..55).map(|price| desk.send(&format!("buy 1 limit limit_price={price}"))["id"].clone()).collect();
    desk.delete(&format!("/v2/orders/{}", word(&ids[0])));
    let mut list = |query: &str| -> Vec<Value> {
        let orders = desk.get(&format!("/v2/orders{query}"));
        orders.as_array().expect("a list").iter().map(|order| order["id"].clone()).collect()
    };
    let newest: Vec<Value> = ids[1..].iter().rev().cloned().collect();
    assert_eq!(list(""), newest);
    assert_eq!(list("?direction=asc"), ids[1..]);
    assert_eq!(list("?status=closed"), ids[..1]);
    assert_eq!(list("?status=all&direction=asc&limit=2"), ids[..2]);
    assert_eq!(list(&format!("?status=all&after_order_id={}", word(&ids[3]))), ids[4..]);
    assert_eq!(list(&format!("?status=all&before_order_id={}", word(&ids[1]))), ids[..1]);
    assert_eq!(list("?status=all&after=2024-01-02T21:00:00.000002Z&direction=asc").len(), 2);
    assert_eq!(list("?status=all&until=2024-01-02T21:00:00Z").len(), 0);
    assert_eq!(list("?side=sell").len(), 0);
    assert_eq!(list("?symbols=IBM%2CTST").len(), 4);
    assert_eq!(list("?symbols=IBM").len(), 0);
    assert_eq!(list("?asset_class=crypto").len(), 0);
    assert_eq!(list("?nested=True").len(), 4);
    for query in ["status=x", "limit=501", "direction=up", "after=x", "side=x", "after_order_id=x"] {
        assert_eq!(desk.get_refused(&format!("/v2/orders?{query}")).0, 422, "{query}");
    }
}

#[test]
fn the_same_requests_give_the_same_ids_and_a_reset_forgets() {
    let run = || {
        let mut desk = Desk::daily(&[FLAT; 3], &[]);
        desk.step(1);
        desk.send("buy 10 market client_order_id=a");
        desk.step(1);
        desk
    };
    let (mut one, mut two) = (run(), run());
    assert_eq!(one.exchange.state(), two.exchange.state());
    assert_eq!(one.exchange.take_published(), two.exchange.take_published());
    two.exchange.reset();
    assert_eq!(two.exchange.tape().now().to_string(), format!("{}T05:00:00Z", DAYS[0]));
    assert_eq!(two.get("/v2/account")["cash"], "100000");
    two.step(1);
    two.send("buy 10 market client_order_id=a");
    two.step(1);
    assert_eq!(one.exchange.state(), two.exchange.state());
}

#[test]
fn an_order_of_extended_hours_lives_until_they_end() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    desk.step(1);
    let sent = desk.send("buy 1 limit limit_price=50 extended_hours=true");
    assert_eq!(
        (word(&sent["status"]), word(&sent["expires_at"])),
        ("pending_new".to_owned(), "2024-01-03T01:00:00Z".to_owned())
    );
    desk.until("2024-01-03T01:00:00Z");
    assert_eq!(desk.life(&sent["id"]), "expired 0 of 1");
}

#[test]
fn in_extended_hours_only_orders_for_them_fill() {
    // 09:28, 09:29, 09:30 in New York.
    let bars = [
        ("2024-01-02T14:28:00Z", FLAT),
        ("2024-01-02T14:29:00Z", "60 60 58 58"),
        ("2024-01-02T14:30:00Z", "58 58 58 58"),
    ];
    let mut desk = Desk::at(&bars, &["data.timeframe=1m", "data.hours=extended"]);
    desk.step(1);
    let early = desk.send("buy 1 limit limit_price=59 extended_hours=true");
    let core = desk.send("buy 1 limit limit_price=59");
    assert_eq!((word(&early["status"]), word(&core["status"])), ("pending_new".to_owned(), "accepted".to_owned()));
    desk.step(1);
    assert_eq!(desk.order(&early["id"])["filled_avg_price"], "59");
    assert_eq!(desk.life(&core["id"]), "new 0 of 1");
    desk.step(1);
    assert_eq!(desk.order(&core["id"])["filled_avg_price"], "58");
}

#[test]
fn round_the_clock_there_is_always_a_session() {
    let bars =
        [("2024-01-06T23:58:00Z", FLAT), ("2024-01-06T23:59:00Z", FLAT), ("2024-01-07T00:00:00Z", "62 62 62 62")];
    let mut desk = Desk::at(&bars, &["data.timeframe=1m", "data.calendar=\"24/7\""]);
    desk.step(2);
    let sent = desk.send("buy 1 market");
    assert_eq!(sent["status"], "pending_new");
    desk.step(1);
    assert_eq!(desk.order(&sent["id"])["filled_avg_price"], "62");
}

#[test]
fn a_closing_order_sent_inside_the_last_bar_fills_at_its_close() {
    let mut desk = Desk::daily(&[FLAT, "60 61 58 59", FLAT], &[]);
    desk.step(1);
    desk.until("2024-01-03T15:00:00Z");
    let sent = desk.send("buy 10 market time_in_force=cls");
    let good = desk.send("buy 10 limit limit_price=59 time_in_force=cls");
    let poor = desk.send("buy 10 limit limit_price=58.99 time_in_force=cls");
    let open = desk.send("buy 10 market");
    desk.until("2024-01-03T21:00:00Z");
    for filled in [&sent, &good] {
        let order = desk.order(&filled["id"]);
        assert_eq!((word(&order["status"]), word(&order["filled_avg_price"])), ("filled".to_owned(), "59".to_owned()));
        assert_eq!(order["filled_at"].as_str().map(|at| &at[..19]), Some("2024-01-03T20:59:59"), "{order}");
    }
    assert_eq!(desk.life(&poor["id"]), "canceled 0 of 10");
    assert_eq!(desk.life(&open["id"]), "expired 0 of 10", "the open it was for lay behind it");
}

#[test]
fn a_number_is_one_that_the_venue_would_read() {
    let mut desk = Desk::daily(&[FLAT; 2], &[]);
    desk.step(1);
    for number in ["1_000", "0x10", "NaN", "1e400", "1.0000000000000000000000000000000001e2"] {
        let (status, code, message) = desk.refused(&format!("buy {number} market"));
        assert_eq!((status, code), (422, Some(40_010_001)), "{number}: {message}");
        assert_eq!(message, format!("invalid qty: {number}"));
    }
    assert_eq!(desk.send("buy 1e1 market")["qty"], "10");
}
