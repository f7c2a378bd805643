//! Two books on one account whose orders could trade with each other.
//!
//! Not here: the session that has both (tests/cli_trade.rs).
use std::collections::BTreeSet;

use super::tests_world::*;
use crate::domain::*;
use crate::execution::alpaca::Finding;

/// Ten shares with a stop.
fn holder() -> World {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    world
}

/// An entry of five shares at the venue, at the market or at a limit.
fn buyer(kind: OrderKind) -> World {
    let mut world = World::new();
    world.submit(OrderRequest { kind, ..entry(5, Some(5), false) }, false);
    world.run();
    world
}

fn meet(one: &mut World, other: &mut World) {
    for _ in 0..2 {
        one.desk.set_crossings(other.desk.crossings());
        other.desk.set_crossings(one.desk.crossings());
    }
}

/// What `world` sends until it is at rest.
fn sends(world: &mut World) -> Vec<String> {
    let from = world.calls.len();
    world.run();
    world.made(from)
}

const LEAVES: [&str; 2] = ["DELETE /v2/orders/id-1", "POST /v2/orders"];

#[test]
fn an_exit_waits_for_an_entry_at_the_market_and_keeps_its_stop() {
    let (mut holder, mut buyer) = (holder(), buyer(OrderKind::Market));
    meet(&mut holder, &mut buyer);
    holder.submit(exit(10), true);
    meet(&mut holder, &mut buyer);
    assert_eq!(sends(&mut holder), [""; 0]);
    assert_eq!(sends(&mut buyer), [""; 0]);
    assert!(holder.venue.open_orders().any(|kept| kept.kind == "stop"), "the stop stands");
    buyer.trade(100, 5);
    buyer.run();
    meet(&mut holder, &mut buyer);
    assert_eq!(sends(&mut holder), LEAVES);
}

#[test]
fn an_entry_gives_way_at_once_or_after_a_bar_at_the_market() {
    for (kind, is_at_once) in [(OrderKind::Limit { limit: dollars(90) }, true), (OrderKind::Market, false)] {
        let (mut holder, mut buyer) = (holder(), buyer(kind));
        meet(&mut holder, &mut buyer);
        holder.submit(exit(10), true);
        meet(&mut holder, &mut buyer);
        if !is_at_once {
            assert_eq!(sends(&mut buyer), [""; 0]);
            holder.desk.end_waits(&BTreeSet::from([A]));
            meet(&mut holder, &mut buyer);
        }
        assert_eq!(sends(&mut buyer), ["DELETE /v2/orders/id-0"]);
        assert_eq!(buyer.findings, [Finding::GaveWay { order: OrderId(1) }]);
        assert_eq!(buyer.heard.status[&OrderId(1)], OrderStatus::Canceled);
        meet(&mut holder, &mut buyer);
        assert_eq!(sends(&mut holder), LEAVES);
    }
}

#[test]
fn a_stop_is_armed_again_as_soon_as_an_entry_has_given_way() {
    let (mut holder, mut buyer) = (holder(), buyer(OrderKind::Limit { limit: dollars(90) }));
    holder.submit(exit(10), true);
    assert_eq!(sends(&mut holder), LEAVES);
    holder.venue.expire(2);
    meet(&mut holder, &mut buyer);
    assert_eq!(sends(&mut holder), [""; 0]);
    meet(&mut holder, &mut buyer);
    assert_eq!(sends(&mut buyer), ["DELETE /v2/orders/id-0"]);
    meet(&mut holder, &mut buyer);
    assert_eq!(sends(&mut holder), ["POST /v2/orders"], "the exit has expired");
    holder.compare("armed");
}

#[test]
fn an_entry_waits_until_the_exit_of_another_book_has_its_answer() {
    for bar_closes in [false, true] {
        let (mut holder, mut buyer) = (holder(), World::new());
        holder.submit(exit(10), true);
        buyer.submit(entry(5, Some(5), false), false);
        meet(&mut holder, &mut buyer);
        assert_eq!(sends(&mut buyer), [""; 0]);
        if bar_closes {
            buyer.desk.end_waits(&BTreeSet::from([A]));
            assert_eq!(sends(&mut buyer), [""; 0]);
            assert_eq!(buyer.heard.status[&OrderId(1)], OrderStatus::Rejected, "its approval is too old");
            continue;
        }
        assert_eq!(sends(&mut holder), LEAVES);
        meet(&mut holder, &mut buyer);
        assert_eq!(sends(&mut buyer), ["POST /v2/orders"]);
    }
}

#[test]
fn an_exit_that_meets_an_unknown_order_is_sent_with_each_bar_until_it_is_through() {
    let mut holder = holder();
    holder.venue.refuses_orders = Some((403, "potential wash trade detected. use complex orders"));
    let exits = holder.submit(exit(10), true);
    assert_eq!(sends(&mut holder), ["DELETE /v2/orders/id-1", "POST /v2/orders", "POST /v2/orders"]);
    assert_eq!(sends(&mut holder), [""; 0], "the exit and the stop wait for a bar");
    holder.desk.end_waits(&BTreeSet::from([A]));
    assert_eq!(sends(&mut holder), ["POST /v2/orders", "POST /v2/orders"]);
    let told = holder.findings.iter().filter(|finding| matches!(finding, Finding::ExitWaits { .. })).count();
    assert_eq!(told, 1, "{:?}", holder.findings);
    holder.venue.refuses_orders = None;
    holder.desk.end_waits(&BTreeSet::from([A]));
    assert_eq!(sends(&mut holder), ["POST /v2/orders"]);
    holder.trade(101, 10);
    holder.run();
    assert_eq!(holder.heard.status[&exits], OrderStatus::Filled);
    holder.compare("left");
}
