//! What leaves memory, what stays, and what the venue says of it afterwards.
//!
//! Not here: when a session lets go (live::session).
use super::tests_world::*;
use crate::domain::*;
use crate::execution::alpaca::StreamKind;

/// Every number so far.
const ALL: OrderId = OrderId(1_000);

/// A round trip that is over, numbers 1 to 4, and a limit that rests, number 7. Gives what the stream said of the fills.
fn traded() -> (World, Vec<String>) {
    let mut world = World::new();
    let mut told = Vec::new();
    let mut trade = |world: &mut World, price| {
        world.trade(price, 10);
        told.extend(world.venue.told.iter().map(ToString::to_string));
        world.run();
    };
    world.submit(entry(10, Some(5), false), false);
    world.run();
    trade(&mut world, 100);
    world.submit(exit(10), true);
    world.run();
    trade(&mut world, 101);
    let limit = OrderRequest { kind: OrderKind::Limit { limit: dollars(90) }, ..entry(10, None, false) };
    world.submit(OrderRequest { time_in_force: TimeInForce::Gtc, ..limit }, false);
    world.run();
    (world, told)
}

fn remembered(world: &World) -> Vec<u64> {
    world.desk.ledger.asked_orders().map(|(order, _)| order.0).collect()
}

#[test]
fn what_is_over_stays_until_the_next_time_and_what_rests_stays() {
    let (mut world, _) = traded();
    let numbers = |ids: &[u64]| Some(ids.iter().map(|id| OrderId(*id)).collect::<Vec<_>>());
    assert_eq!(world.desk.forget(ALL), numbers(&[1, 2, 4, 7]), "all of it has ended a short time ago, or rests");
    assert_eq!(world.desk.forget(OrderId(4)), Some(Vec::new()));
    assert_eq!(remembered(&world), [4, 7]);
    assert_eq!(world.desk.forget(ALL), numbers(&[7]));
    assert_eq!(remembered(&world), [7]);
    assert!(world.desk.ledger.linked("id-0").is_none());
    world.run();
    world.trade(89, 10);
    world.run();
    world.compare("the limit has filled");
    assert_eq!(world.heard.shares, shares(10));
}

#[test]
fn a_repeated_fill_of_a_forgotten_order_counts_nothing() {
    let (mut world, told) = traded();
    world.desk.forget(ALL);
    world.desk.forget(ALL);
    let (events, calls) = (world.heard.events.len(), world.calls.len());
    for text in told.iter().filter(|text| text.contains("fill")) {
        world.desk.on_signal(StreamKind::Trading, message(text), world.now());
        world.run();
    }
    assert_eq!(world.heard.events.len(), events);
    let asked = |path: &str| world.calls[calls..].iter().any(|call| call.path.starts_with(path));
    assert!(asked("/v2/orders?status=open") && asked("/v2/positions"), "the venue is asked how things are");
    assert_eq!(world.findings, [], "and they are as they should be");
    world.compare("nothing has changed");
}

#[test]
fn nothing_is_forgotten_while_the_engine_has_not_heard_all() {
    let mut world = World::new();
    let order = world.submit(entry(10, None, false), false);
    world.desk.cancel_order(order);
    assert_eq!(world.desk.forget(ALL), None);
    world.run();
    assert!(world.desk.forget(ALL).is_some());
}

#[test]
fn a_restart_remembers_what_was_remembered() {
    let (mut world, _) = traded();
    world.desk.forget(ALL);
    world.desk.forget(ALL);
    world.keep_log();
    world.crash();
    assert_eq!(remembered(&world), [7]);
    let calls = world.calls.len();
    world.run();
    world.compare("after the restart");
    assert_eq!(world.made(calls), [] as [&str; 0]);
    let from = world.desk.ledger.remembers_from().expect("something was forgotten");
    assert!(from > "2026-01-02T15:00:00Z".parse().expect("time"), "orders are read from {from} on");
}
