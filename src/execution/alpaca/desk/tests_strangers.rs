//! Orders and shares on the account that are not ours.
//!
//! Not here: our own (tests).
use super::tests_world::*;
use super::{AlpacaDesk, DeskConfig};
use crate::domain::*;
use crate::execution::alpaca::{Finding, Instant, SessionName};

fn stranger(world: &mut World, client_id: &str) {
    let mut order = world.venue.orders[0].clone();
    (order.id, order.client_id, order.status) = ("id-strange".to_owned(), client_id.to_owned(), "new");
    (order.kind, order.filled, order.value, order.parent) = ("limit".to_owned(), 0, 0, None);
    world.venue.orders.push(order);
    let at = world.venue.orders.len() - 1;
    world.venue.tell(at, "new", None);
}

/// A world whose desk has a sibling, and has bought ten shares.
fn with_sibling() -> World {
    let mut world = World::cold(0);
    let siblings = vec![SessionName::new("s2").expect("name")];
    world.desk = AlpacaDesk::new(DeskConfig { siblings, ..config() }, Instant::default());
    world.run();
    world.submit(entry(10, None, false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    world
}

fn wrong_positions(world: &World) -> usize {
    world.findings.iter().filter(|finding| matches!(finding, Finding::Position { .. })).count()
}

fn foreign_orders(world: &World) -> usize {
    world.findings.iter().filter(|finding| matches!(finding, Finding::ForeignOrder { .. })).count()
}

#[test]
fn an_order_that_nobody_made_is_told_of_once_the_list_shows_it() {
    let mut world = with_sibling();
    stranger(&mut world, "me");
    world.run_for(100);
    assert_eq!(foreign_orders(&world), 1, "{:?}", world.findings);
    world.run_for(100_000);
    assert_eq!(foreign_orders(&world), 1, "and not again");
}

#[test]
fn a_leg_on_the_stream_is_not_foreign() {
    let mut world = with_sibling();
    stranger(&mut world, "a-name-of-the-venue");
    world.venue.orders.pop();
    world.run_for(100_000);
    assert_eq!(foreign_orders(&world), 0, "{:?}", world.findings);
}

#[test]
fn an_order_of_a_sibling_is_neither_ours_nor_foreign() {
    let mut world = with_sibling();
    stranger(&mut world, "af-s2-1-o0");
    world.run_for(100_000);
    assert_eq!(foreign_orders(&world), 0, "{:?}", world.findings);
    assert_eq!(world.heard.events.len(), 2, "accepted and filled: {:?}", world.heard.events);
}

#[test]
fn shares_of_siblings_are_theirs() {
    let mut world = with_sibling();
    let symbol: Symbol = "AAPL".parse().expect("symbol");
    world.venue.position += 7;
    world.desk.set_siblings_shares(symbol, shares(7));
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(20_000);
    assert_eq!(wrong_positions(&world), 0);
    world.desk.set_siblings_shares(symbol, shares(6));
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(20_000);
    let wrong = Finding::Position { symbol, ours: shares(16), venue: shares(17) };
    assert!(world.findings.contains(&wrong), "{:?}", world.findings);
}

#[test]
fn a_position_is_wrong_when_it_stays_so() {
    let mut world = with_sibling();
    world.venue.position += 1;
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(1_000);
    assert_eq!(wrong_positions(&world), 0, "the venue may lag");
    world.venue.position -= 1;
    world.run_for(60_000);
    assert_eq!(wrong_positions(&world), 0, "it did");
    world.venue.position += 1;
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(10_000);
    assert_eq!(wrong_positions(&world), 1);
}

#[test]
fn a_leg_of_a_sibling_needs_no_reading() {
    let mut world = with_sibling();
    let told = |id: &str, name: &str, legs: serde_json::Value| {
        let order =
            serde_json::json!({ "id": id, "client_order_id": name, "symbol": "AAPL", "status": "new", "legs": legs });
        serde_json::json!({ "stream": "trade_updates", "data": { "event": "new", "order": order } })
    };
    let leg = serde_json::json!([{ "id": "leg", "client_order_id": "made-up", "symbol": "AAPL", "status": "held" }]);
    let made = world.calls.len();
    world.venue.told.push(told("parent", "af-s2-4-o0", leg));
    world.venue.told.push(told("leg", "made-up", serde_json::Value::Null));
    world.run_for(1_000);
    assert_eq!(world.calls.len(), made);
}
