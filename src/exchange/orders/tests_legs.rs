//! Groups of orders, from outside: brackets, pairs, entries with one exit.
use serde_json::{Value, json};

use super::desk::{Desk, FLAT, word};
use crate::exchange::Published;

const RISES: &str = "60 66 60 65";
const FALLS: &str = "60 60 54 55";

fn status(order: &Value) -> String {
    word(&order["status"])
}

/// The day before and a bracket for ten shares that fills at the open of the next: `tp=65 sl=55`.
fn bracket(bars: &[&str], set: &[&str]) -> (Desk, Value) {
    let mut desk = Desk::daily(bars, set);
    desk.step(1);
    let sent = desk.send("buy 10 market order_class=bracket tp=65 sl=55 time_in_force=gtc");
    desk.heard();
    (desk, sent)
}

#[test]
fn legs_wait_for_their_entry() {
    let (mut desk, sent) = bracket(&[FLAT, FLAT, FLAT], &[]);
    let legs = sent["legs"].as_array().expect("legs");
    assert_eq!(legs.iter().map(|leg| word(&leg["type"])).collect::<Vec<_>>(), ["limit", "stop"]);
    for leg in legs {
        assert_eq!((status(leg), word(&leg["side"])), ("held".to_owned(), "sell".to_owned()));
        assert_eq!((word(&leg["order_class"]), &leg["legs"]), ("bracket".to_owned(), &Value::Null));
    }
    desk.step(1);
    assert_eq!(desk.heard(), ["new buy market", "fill buy market 10@60", "new sell limit"]);
    let order = desk.order(&sent["id"]);
    assert_eq!((status(&order["legs"][0]), status(&order["legs"][1])), ("new".to_owned(), "held".to_owned()));
    // Of the open orders that of the target alone is listed; nested, the group has gone with its entry.
    let open = desk.get("/v2/orders");
    assert_eq!(open.as_array().map(Vec::len), Some(1));
    assert_eq!(open[0]["id"], legs[0]["id"]);
    assert_eq!(desk.get("/v2/orders?nested=true"), json!([]));
    let all = desk.get("/v2/orders?status=all&nested=true");
    assert_eq!((all.as_array().map(Vec::len), &all[0]["legs"][1]["id"]), (Some(1), &legs[1]["id"]));
    assert_eq!(desk.get("/v2/orders?status=all").as_array().map(Vec::len), Some(3));
    assert_eq!(desk.get(&format!("/v2/orders/{}", word(&sent["id"])))["legs"], Value::Null);
}

#[test]
fn a_target_that_fills_ends_its_stop_in_silence() {
    let (mut desk, sent) = bracket(&[FLAT, FLAT, RISES], &[]);
    desk.step(1);
    desk.heard();
    desk.step(1);
    assert_eq!(desk.heard(), ["fill sell limit 10@65"]);
    let order = desk.order(&sent["id"]);
    assert_eq!((status(&order["legs"][0]), status(&order["legs"][1])), ("filled".to_owned(), "canceled".to_owned()));
    assert_eq!(desk.get("/v2/positions"), json!([]));
}

#[test]
fn the_rest_of_an_entry_that_ends_with_its_target_shows_no_stop_that_rests() {
    let (mut desk, _) = bracket(&[FLAT, "60 61 59 60 4", "66 67 65 66"], &[]);
    desk.step(1);
    desk.heard();
    desk.step(1);
    let told = desk.exchange.take_published().into_iter().filter_map(|published| match published {
        Published::Update(update) => Some(update),
        Published::Opened(_) | Published::Closed(_) => None,
    });
    let shown = |update: Value| {
        let legs = update["order"]["legs"].as_array().into_iter().flatten().map(status);
        let words = [word(&update["event"]), word(&update["order"]["type"])];
        words.into_iter().chain(legs).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(told.map(shown).collect::<Vec<_>>(), ["fill limit", "canceled market filled canceled"]);
}

#[test]
fn a_stop_that_fires_takes_the_place_of_its_target() {
    let (mut desk, sent) = bracket(&[FLAT, FLAT, FALLS], &[]);
    desk.step(1);
    desk.heard();
    desk.step(1);
    assert_eq!(desk.heard(), ["replaced sell limit", "fill sell stop 10@55"]);
    let order = desk.order(&sent["id"]);
    let (target, stop) = (&order["legs"][0], &order["legs"][1]);
    assert_eq!((status(target), status(stop)), ("replaced".to_owned(), "filled".to_owned()));
    assert_eq!((&target["replaced_by"], &stop["replaces"]), (&stop["id"], &target["id"]));
}

#[test]
fn a_stop_limit_that_triggers_beyond_its_limit_waits_as_a_limit() {
    let mut desk = Desk::daily(&[FLAT, FLAT, "52 53 51 52", "52 56 52 55"], &[]);
    desk.step(1);
    let sent = desk.send("buy 10 market order_class=bracket tp=65 sl=55 sl_limit=54 time_in_force=gtc");
    desk.step(1);
    desk.heard();
    desk.step(1);
    assert_eq!(desk.heard(), ["replaced sell limit", "new sell stop_limit"]);
    desk.step(1);
    assert_eq!(desk.heard(), ["fill sell stop_limit 10@54"]);
    assert_eq!(status(&desk.order(&sent["id"])["legs"][1]), "filled");
}

#[test]
fn legs_cover_what_has_filled_of_their_entry() {
    let bars = [FLAT, "60 61 59 60 4", "60 61 59 60 3", FLAT];
    let (mut desk, sent) = bracket(&bars, &[]);
    for (covered, life) in
        [("4", "partially_filled 4 of 10"), ("7", "partially_filled 7 of 10"), ("10", "filled 10 of 10")]
    {
        desk.step(1);
        assert_eq!(desk.life(&sent["id"]), life);
        let order = desk.order(&sent["id"]);
        let legs = order["legs"].as_array().expect("legs");
        assert!(legs.iter().all(|leg| leg["qty"] == covered), "{order}");
        assert_eq!(desk.get("/v2/positions/TST")["qty_available"], "0");
    }
}

#[test]
fn a_target_that_fills_in_part_shrinks_its_stop() {
    let (mut desk, sent) = bracket(&[FLAT, FLAT, "60 66 60 65 6", FALLS], &[]);
    desk.step(2);
    desk.heard();
    let order = desk.order(&sent["id"]);
    assert_eq!(
        (word(&order["legs"][0]["filled_qty"]), word(&order["legs"][1]["qty"])),
        ("6".to_owned(), "4".to_owned())
    );
    desk.step(1);
    assert_eq!(desk.heard(), ["replaced sell limit", "fill sell stop 4@55"]);
}

#[test]
fn one_that_is_canceled_takes_the_group_along() {
    let (mut desk, sent) = bracket(&[FLAT, FLAT, FLAT], &[]);
    let stop = word(&sent["legs"][1]["id"]);
    assert_eq!(desk.delete(&format!("/v2/orders/{stop}")).0, 204);
    let order = desk.order(&sent["id"]);
    assert_eq!(status(&order), "canceled");
    assert!(order["legs"].as_array().expect("legs").iter().all(|leg| status(leg) == "canceled"));
    assert_eq!(desk.heard(), ["canceled buy market", "canceled sell limit", "canceled sell stop"]);

    let (mut desk, sent) = bracket(&[FLAT, FLAT, FLAT], &[]);
    desk.step(1);
    desk.heard();
    assert_eq!(desk.delete(&format!("/v2/orders/{}", word(&sent["legs"][0]["id"]))).0, 204);
    assert_eq!(desk.heard(), ["canceled sell limit", "canceled sell stop"]);
    assert_eq!(desk.get("/v2/positions/TST")["qty_available"], "10");
}

#[test]
fn an_entry_canceled_in_part_leaves_what_protects_the_rest() {
    let (mut desk, sent) = bracket(&[FLAT, "60 61 59 60 4", FALLS], &[]);
    desk.step(1);
    assert_eq!(desk.delete(&format!("/v2/orders/{}", word(&sent["id"]))).0, 204);
    assert_eq!(desk.life(&sent["id"]), "canceled 4 of 10");
    desk.heard();
    desk.step(1);
    assert_eq!(desk.heard(), ["replaced sell limit", "fill sell stop 4@55"]);
    assert_eq!(desk.get("/v2/positions"), json!([]));
}

#[test]
fn legs_are_changed_by_their_ids_before_and_after_their_entry_fills() {
    let (mut desk, sent) = bracket(&[FLAT, FLAT, "60 63 58 60", FALLS], &[]);
    let (target, stop) = (word(&sent["legs"][0]["id"]), word(&sent["legs"][1]["id"]));
    let (answer, moved) = desk.patch(&stop, &json!({ "stop_price": "57" }));
    assert_eq!((answer, status(&moved)), (200, "held".to_owned()));
    assert_eq!(desk.patch(&target, &json!({ "qty": "5" })).0, 422);
    assert_eq!(desk.heard(), ["replaced sell stop", "held sell stop"]);
    assert_eq!(desk.order(&sent["id"])["legs"][1]["id"], moved["id"]);
    desk.step(1);
    let (answer, again) = desk.patch(&word(&moved["id"]), &json!({ "stop_price": "57.5" }));
    assert_eq!((answer, &again["replaces"]), (200, &moved["id"]));
    let (answer, nearer) = desk.patch(&target, &json!({ "limit_price": "64" }));
    assert_eq!((answer, status(&nearer)), (200, "new".to_owned()));
    desk.heard();
    desk.step(2);
    assert_eq!(desk.heard(), ["replaced sell limit", "fill sell stop 10@57.5"]);
    assert_eq!(status(&desk.order(&nearer["id"])), "replaced");
}

#[test]
fn stop_and_target_stay_on_their_sides_of_each_other() {
    let (mut desk, sent) = bracket(&[FLAT, FLAT, FLAT], &[]);
    let (target, stop) = (word(&sent["legs"][0]["id"]), word(&sent["legs"][1]["id"]));
    let refused = |desk: &mut Desk| {
        for (leg, field, price) in [(&stop, "stop_price", "65"), (&target, "limit_price", "55")] {
            let (status, body) = desk.patch(leg, &json!({ field: price }));
            assert_eq!((status, &body["code"]), (422, &json!(42_210_000)), "{body}");
            assert_eq!(body["message"], "take_profit.limit_price must be > stop_loss.stop_price");
        }
    };
    refused(&mut desk);
    desk.step(1);
    refused(&mut desk);
    let (status, _) = desk.patch(&target, &json!({ "limit_price": "70" }));
    assert_eq!(status, 200);
    assert_eq!(desk.patch(&stop, &json!({ "stop_price": "65" })).0, 200);
}

#[test]
fn an_entry_with_one_exit() {
    for (leg, price, bar, heard) in
        [("sl=55", "54", FALLS, "fill sell stop 10@54"), ("tp=65", "66", RISES, "fill sell limit 10@66")]
    {
        let mut desk = Desk::daily(&[FLAT, FLAT, bar], &[]);
        desk.step(1);
        let sent = desk.send(&format!("buy 10 market order_class=oto {leg} time_in_force=gtc"));
        assert_eq!((status(&sent["legs"][0]), sent["legs"].as_array().map(Vec::len)), ("held".to_owned(), Some(1)));
        desk.step(1);
        let field = if leg.starts_with("sl") { "stop_price" } else { "limit_price" };
        let (answer, moved) = desk.patch(&word(&sent["legs"][0]["id"]), &json!({ field: price }));
        assert_eq!((answer, status(&moved)), (200, "new".to_owned()));
        desk.heard();
        desk.step(1);
        assert_eq!(desk.heard(), [heard]);
    }
}

#[test]
fn a_pair_ends_a_position_one_way_or_the_other() {
    for (bar, heard) in
        [(RISES, &["fill sell limit 10@65"][..]), (FALLS, &["replaced sell limit", "fill sell stop 10@55"])]
    {
        let mut desk = Desk::daily(&[FLAT, FLAT, bar], &[]);
        desk.step(1);
        desk.send("buy 10 market");
        desk.step(1);
        let sent = desk.send("sell 10 limit order_class=oco tp=65 sl=55 time_in_force=gtc");
        assert_eq!((word(&sent["limit_price"]), status(&sent["legs"][0])), ("65".to_owned(), "held".to_owned()));
        assert_eq!(desk.get("/v2/orders").as_array().map(Vec::len), Some(1));
        // The pair holds the shares once.
        assert_eq!(desk.get("/v2/positions/TST")["qty_available"], "0");
        desk.until("2024-01-04T14:30:00Z");
        desk.heard();
        desk.step(1);
        assert_eq!(desk.heard(), heard);
        assert_eq!(desk.get("/v2/positions"), json!([]));
    }
}

#[test]
fn a_pair_is_canceled_together() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    desk.step(1);
    desk.send("buy 10 market");
    desk.step(1);
    let sent = desk.send("sell 10 limit order_class=oco tp=65 sl=55 time_in_force=gtc");
    desk.heard();
    assert_eq!(desk.delete(&format!("/v2/orders/{}", word(&sent["id"]))).0, 204);
    assert_eq!(desk.heard(), ["canceled sell limit", "canceled sell stop"]);
}

#[test]
fn an_entry_that_expires_ends_its_legs() {
    let mut desk = Desk::daily(&[FLAT; 3], &[]);
    desk.step(1);
    let sent = desk.send("buy 10 limit limit_price=50 order_class=bracket tp=65 sl=45");
    desk.step(1);
    let order = desk.order(&sent["id"]);
    let all = [status(&order), status(&order["legs"][0]), status(&order["legs"][1])];
    assert_eq!(all, ["expired", "canceled", "canceled"]);
}
