//! What a desk takes up after the program has died.
//!
//! Not here: sessions over a network that fails (tests_fuzz and the simulation of whole sessions).
use super::tests_world::*;
use crate::domain::*;
use crate::execution::ExecutionBackend;
use crate::execution::alpaca::Entry;

/// A position of ten shares with a stop at 95 and, if wanted, a target at 105.
fn with_position(with_target: bool) -> World {
    let mut world = World::new();
    world.submit(entry(10, Some(5), with_target), false);
    world.run();
    world.trade(100, 10);
    world.run();
    world
}

fn resting(limit: i64) -> OrderRequest {
    let request = OrderRequest { kind: OrderKind::Limit { limit: dollars(limit) }, ..entry(10, None, false) };
    OrderRequest { time_in_force: TimeInForce::Gtc, ..request }
}

#[test]
fn a_cancel_that_had_not_left_leaves() {
    let mut world = World::new();
    let order = world.submit(resting(90), false);
    world.run();
    world.desk.cancel(order);
    world.keep_log();
    world.crash();
    world.run();
    assert_eq!(world.heard.status[&order], OrderStatus::Canceled);
    assert_eq!(world.venue.open_orders().count(), 0);
}

#[test]
fn a_change_that_had_not_left_leaves() {
    let mut world = with_position(false);
    world.change(OrderId(2), None, OrderKind::Stop { stop: dollars(97) });
    world.keep_log();
    world.crash();
    world.run();
    let stops: Vec<&str> = world.venue.open_orders().filter_map(|order| order.stop.as_deref()).collect();
    assert_eq!(stops, ["97"]);
    let made = world.calls.len();
    world.crash();
    world.run();
    assert_eq!(world.made(made), [] as [&str; 0], "once");
    world.compare("moved");
}

#[test]
fn a_change_that_the_venue_refuses_is_told_once() {
    let mut world = World::new();
    let order = world.submit(resting(90), false);
    world.run();
    world.venue.refuses_changes = Some("order is not open");
    world.change(order, None, OrderKind::Limit { limit: dollars(91) });
    world.run();
    world.venue.refuses_changes = None;
    world.crash();
    world.run();
    let refused = |event: &&ExecutionEvent| matches!(event, ExecutionEvent::ChangeRefused { .. });
    assert_eq!(world.heard.events.iter().filter(refused).count(), 1, "{:?}", world.heard.events);
    let limits: Vec<&str> = world.venue.open_orders().filter_map(|order| order.limit.as_deref()).collect();
    assert_eq!(limits, ["90"], "and not asked for again");
}

#[test]
fn what_a_session_s_close_ended_is_over() {
    let mut world = World::new();
    let mut request = OrderRequest { kind: OrderKind::Limit { limit: dollars(90) }, ..entry(10, Some(5), false) };
    request.legs.time_in_force = TimeInForce::Gtc;
    let order = world.submit(request, false);
    world.run();
    world.desk.on_session_close();
    world.keep_log();
    world.crash();
    let later = world.submit(resting(80), false);
    world.run();
    assert_eq!(world.heard.status[&order], OrderStatus::Expired);
    assert_eq!(world.heard.status[&later], OrderStatus::Accepted, "it came after the close");
    world.compare("over");
}

#[test]
fn the_entries_are_kept_in_their_words() {
    for (entry, words) in [
        (Entry::SessionClosed, r#"{"entry":"session_closed"}"#),
        (Entry::CancelAsked { order: OrderId(7) }, r#"{"entry":"cancel_asked","order":7}"#),
    ] {
        let text = serde_json::to_string(&entry).expect("json");
        assert_eq!(text, words);
        assert_eq!(serde_json::from_str::<Entry>(&text).expect("entry"), entry);
    }
}
