//! Shares that leave the account by no order of ours.
//!
//! Not here: orders and shares of others as such (tests_strangers).
use super::tests_world::*;
use super::{AlpacaDesk, Lost};
use crate::domain::*;
use crate::execution::alpaca::entry::LeftOutside;

/// A world that holds ten shares, bought at 100, with a stop at 95.
fn holding() -> World {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    world.compare("bought");
    world
}

/// Somebody takes every order back and sells so many shares at 97, as the broker's page does.
fn sell_elsewhere(world: &mut World, quantity: i64) {
    for at in 0..world.venue.orders.len() {
        if world.venue.orders[at].is_open() {
            world.venue.orders[at].status = "canceled";
            world.venue.tell(at, "canceled", None);
        }
    }
    let mut order = world.venue.orders[0].clone();
    (order.id, order.client_id) = ("id-page".to_owned(), "a-name-of-the-page".to_owned());
    (order.side, order.kind, order.class) = ("sell".to_owned(), "market".to_owned(), "simple".to_owned());
    (order.quantity, order.filled, order.value, order.status) = (quantity, quantity, 97 * quantity, "filled");
    (order.stop, order.parent, order.submitted) = (None, None, 1_000);
    world.venue.position -= quantity;
    world.venue.orders.push(order);
    world.venue.tell(world.venue.orders.len() - 1, "fill", Some(("x-page", 97, quantity)));
}

fn symbol() -> Symbol {
    "AAPL".parse().expect("symbol")
}

/// Takes out what is lost, as a session does.
fn take_out(world: &mut World, quantity: i64) -> OrderId {
    let fills = world.desk.outside_fills(symbol(), Side::Sell);
    let [fill] = &fills[..] else { panic!("{fills:?}") };
    let order = OrderId(900);
    world.heard.status.insert(order, OrderStatus::Accepted);
    let venue_id = fill.venue_id.clone();
    let left = LeftOutside { symbol: A, side: Side::Sell, quantity: shares(quantity), price: fill.average, venue_id };
    world.desk.left_outside(order, &left);
    order
}

#[test]
fn a_position_that_somebody_sold_leaves_with_its_stop_at_the_price_of_their_order() {
    let mut world = holding();
    sell_elsewhere(&mut world, 10);
    world.run_for(30_000);
    assert_eq!(
        world.desk.take_lost(),
        [Lost { symbol: symbol(), ours: shares(10), venue: Quantity::ZERO }],
        "{:?}",
        world.findings
    );
    let order = take_out(&mut world, 10);
    world.run_for(1_000);
    let sold = world.heard.events.iter().find_map(|event| match event {
        ExecutionEvent::Filled { fill, remaining } if fill.order == order => {
            Some((fill.price, fill.quantity, *remaining))
        }
        _ => None,
    });
    assert_eq!(sold, Some((dollars(97), shares(10), Quantity::ZERO)));
    let made = world.calls.len();
    world.run_for(120_000);
    assert_eq!(world.made(made), [""; 0], "nothing is armed for what is gone");
    assert_eq!(world.desk.take_lost(), [], "and nothing is lost twice");
    world.compare("sold elsewhere");
}

#[test]
fn what_somebody_left_keeps_its_stop() {
    let mut world = holding();
    sell_elsewhere(&mut world, 4);
    world.run_for(60_000);
    assert_eq!(
        world.desk.take_lost(),
        [Lost { symbol: symbol(), ours: shares(10), venue: shares(6) }],
        "{:?}",
        world.findings
    );
    take_out(&mut world, 4);
    world.run_for(60_000);
    world.compare("six are left");
    let stops: Vec<i64> =
        world.venue.open_orders().filter(|order| order.kind == "stop").map(|order| order.quantity).collect();
    assert_eq!(stops, [6]);
}

#[test]
fn a_list_that_lags_loses_nothing() {
    let mut world = holding();
    world.venue.position = 0;
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(1_000);
    world.venue.position = 10;
    world.run_for(120_000);
    assert_eq!(world.desk.take_lost(), []);
}

#[test]
fn what_no_order_explains_is_told_and_looked_at_again_when_one_shows() {
    let mut world = holding();
    world.venue.position = 1;
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(30_000);
    let lost = Lost { symbol: symbol(), ours: shares(10), venue: shares(1) };
    assert_eq!(world.desk.take_lost(), [lost]);
    assert_eq!(world.desk.outside_fills(symbol(), Side::Sell), []);
    world.desk.tell_lost(lost);
    world.run_for(120_000);
    assert_eq!(world.desk.take_lost(), [], "once");
    let wrong = crate::execution::alpaca::Finding::Position { symbol: symbol(), ours: shares(10), venue: shares(1) };
    assert_eq!(world.findings.iter().filter(|finding| **finding == wrong).count(), 1);
    world.venue.position = 10;
    sell_elsewhere(&mut world, 9);
    world.run_for(60_000);
    assert_eq!(world.desk.take_lost(), [lost], "an order shows what took them");
}

#[test]
fn a_split_that_has_begun_loses_nothing() {
    let mut world = holding();
    world.venue.position = 1;
    world.desk.await_splits([A].into());
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(60_000);
    assert_eq!(world.desk.take_lost(), []);
}

#[test]
fn more_shares_than_ours_are_told_and_not_booked() {
    let mut world = holding();
    world.venue.position = 17;
    world.desk.read_soon(super::reading::Page::Positions);
    world.run_for(30_000);
    assert_eq!(world.desk.take_lost(), []);
    let wrong = crate::execution::alpaca::Finding::Position { symbol: symbol(), ours: shares(10), venue: shares(17) };
    assert!(world.findings.contains(&wrong), "{:?}", world.findings);
}

#[test]
fn a_restart_knows_what_was_taken_out() {
    let mut world = holding();
    sell_elsewhere(&mut world, 10);
    world.run_for(30_000);
    assert_eq!(world.desk.take_lost().len(), 1);
    take_out(&mut world, 10);
    world.run_for(1_000);
    let is_same = |desk: &AlpacaDesk| desk.taken_outside("id-page").0 == shares(10) && desk.shares(A).is_zero();
    assert!(is_same(&world.desk));
    world.crash();
    world.run_for(60_000);
    assert!(is_same(&world.desk));
    assert_eq!(world.desk.take_lost(), []);
    world.compare("after a restart");
}
