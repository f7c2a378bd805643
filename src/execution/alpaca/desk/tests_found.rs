//! What simulated sessions found, each as short as it can be told.
//!
//! Not here: the rules one by one (tests), random sessions (tests_fuzz and the simulation of whole sessions).
use super::known::Attempt;
use super::reading::Page;
use super::tests_world::*;
use crate::domain::*;
use crate::execution::ExecutionBackend;
use crate::execution::alpaca::{Entry, Finding, Outcome, StreamKind, StreamSignal, Verb};

fn fills_of(world: &World, order: u64) -> Vec<(i64, i64)> {
    let whole = |quantity: Quantity| quantity.units() / Quantity::UNITS_PER_SHARE;
    let of_order = world.heard.events.iter().filter_map(|event| match event {
        ExecutionEvent::Filled { fill, remaining } if fill.order.0 == order => {
            Some((whole(fill.quantity), whole(*remaining)))
        }
        _ => None,
    });
    of_order.collect()
}

fn has_ended(world: &World, order: u64) -> OrderStatus {
    world.heard.status[&OrderId(order)]
}

/// A position of ten shares, with a stop five dollars below and, if wanted, a target as far above.
fn with_position(with_target: bool) -> World {
    let mut world = World::new();
    world.submit(entry(10, Some(5), with_target), false);
    world.run();
    world.trade(100, 10);
    world.run();
    world
}

#[test]
fn all_is_read_when_the_last_answer_is_here() {
    let mut world = World::cold(0);
    let now = world.now();
    world.desk.on_time(now);
    world.desk.take_commands().for_each(drop);
    world.desk.on_signal(StreamKind::Trading, StreamSignal::Connected, now);
    for text in [
        r#"{"stream":"authorization","data":{"status":"authorized"}}"#,
        r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#,
    ] {
        world.desk.on_signal(StreamKind::Trading, StreamSignal::Message(text.as_bytes().to_vec()), now);
    }
    while let Some(call) = world.desk.next_call() {
        let (status, body) = world.venue.answer(&call);
        world.desk.on_outcome(call.id, answered(status, &body), now);
    }
    assert!(world.desk.is_ready(), "nothing else would wake it before the stream has been silent for long");
}

#[test]
fn a_leg_whose_time_is_over_is_not_armed_again() {
    let mut world = World::new();
    let mut request = entry(10, Some(5), false);
    request.legs.time_in_force = TimeInForce::Day;
    world.submit(request, false);
    world.run();
    world.trade(100, 10);
    world.run();
    let made = world.calls.len();
    let stop = world.venue.orders.iter().position(|order| order.is_open()).expect("the stop rests");
    world.venue.expire(stop);
    world.run();
    assert_eq!(has_ended(&world, 2), OrderStatus::Expired);
    assert!(world.made(made).iter().all(|call| !call.starts_with("POST")), "{:?}", world.made(made));
    world.compare("expired");
}

#[test]
fn a_leg_for_the_day_that_makes_room_for_an_exit_ends_with_the_session() {
    let mut world = World::new();
    let mut request = entry(10, Some(5), false);
    request.legs.time_in_force = TimeInForce::Day;
    world.submit(request, false);
    world.run();
    world.trade(100, 10);
    world.run();
    world.submit(exit(10), true);
    world.run();
    assert!(world.venue.open_orders().all(|order| order.kind == "market"), "the stop has made room");
    world.desk.on_session_close();
    world.run();
    assert_eq!(has_ended(&world, 2), OrderStatus::Expired);
}

#[test]
fn an_opening_that_keeps_a_stop_from_the_venue_is_taken_back() {
    let mut world = with_position(false);
    let limit = OrderRequest { kind: OrderKind::Limit { limit: dollars(90) }, ..entry(5, None, false) };
    let opening = world.submit(OrderRequest { time_in_force: TimeInForce::Gtc, ..limit }, false);
    world.run();
    let stop = world.venue.orders.iter().position(|order| order.kind == "stop" && order.is_open()).expect("it rests");
    let named = world.venue.orders.iter().find(|order| order.kind == "limit").expect("it rests").id.clone();
    world.venue.bars_stops = Some(named.leak());
    world.venue.orders[stop].status = "canceled";
    world.venue.tell(stop, "canceled", None);
    world.run();
    assert_eq!(world.heard.status[&opening], OrderStatus::Canceled);
    let stops = world.venue.open_orders().filter(|order| order.kind == "stop").count();
    assert_eq!(stops, 1, "the stop rests again");
    world.compare("protected");
}

#[test]
fn a_row_of_the_list_of_fills_counts_for_an_order_that_was_not_seen_since() {
    let mut world = World::new();
    let (first, second) = (world.submit(entry(10, None, false), false), world.submit(entry(10, None, false), false));
    world.run();
    world.trade(100, 4);
    world.venue.told.clear();
    world.trade(100, 2);
    let of_first = |told: &serde_json::Value| told["data"]["order"]["id"] == "id-0";
    world.venue.told.retain(|told| !of_first(told));
    world.run_for(2_000);
    assert_eq!(fills_of(&world, first.0), [(4, 6), (2, 4)], "before its next message, and before open orders are read");
    assert_eq!(fills_of(&world, second.0).iter().map(|(quantity, _)| quantity).sum::<i64>(), 6);
}

#[test]
fn a_target_whose_stop_has_fired_is_not_canceled_before_the_stop_has_filled() {
    let mut world = with_position(true);
    world.trade(95, 10);
    let is_fill = |told: &serde_json::Value| told["data"]["event"] == "fill";
    world.venue.told.retain(|told| !is_fill(told));
    world.run_for(10);
    world.desk.cancel(OrderId(2));
    world.desk.cancel(OrderId(3));
    world.run();
    assert_eq!(fills_of(&world, 2), [(10, 0)]);
    assert_eq!(has_ended(&world, 2), OrderStatus::Filled);
    assert_eq!(has_ended(&world, 3), OrderStatus::Canceled);
    assert!(!world.findings.iter().any(|finding| matches!(finding, Finding::LateFill { .. })), "{:?}", world.findings);
}

#[test]
fn the_stop_of_a_pair_may_fill_in_parts_after_its_target_was_replaced() {
    let mut world = World::new();
    world.submit(entry(10, None, false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    let mut pair = OrderRequest {
        kind: OrderKind::Limit { limit: dollars(110) },
        class: OrderClass::Oco,
        purpose: OrderPurpose::TakeProfit,
        ..exit(10)
    };
    (pair.legs.stop, pair.legs.take_profit) = (Some(LegLevel::At(dollars(95))), Some(LegLevel::At(dollars(110))));
    let target = world.submit(pair, true);
    world.run();
    world.trade(95, 4);
    world.run();
    world.trade(94, 10);
    world.run();
    assert_eq!(fills_of(&world, target.0 + 1), [(4, 6), (6, 0)]);
    assert_eq!(has_ended(&world, target.0), OrderStatus::Canceled);
}

#[test]
fn open_orders_are_read_from_the_entry_of_an_open_leg_on() {
    let world = with_position(true);
    let sent = world.desk.lines[&OrderId(1)].at_venue.as_ref().expect("the entry is known").submitted_at.clone();
    let from: Timestamp = sent.parse().expect("time");
    let after = super::calls::encoded(&from.plus_ns(-Timestamp::NS_PER_SECOND).to_string());
    let path = world.desk.path_of(&Page::Poll { after: String::new() });
    assert!(path.ends_with(&format!("&after={after}")), "{path}: its legs are shown under the entry");
}

#[test]
fn an_opening_of_which_nobody_knows_does_not_keep_the_desk_awake() {
    let mut world = World::new();
    world.faults.lost_before = 1_000;
    world.submit(entry(10, None, false), false);
    world.run_for(100_000);
    let now_ms = world.now_ms;
    assert!(world.desk.wake_at().is_some_and(|wake_ms| wake_ms > now_ms));
}

#[test]
fn a_reading_of_open_orders_that_failed_is_repeated_soon() {
    let mut world = with_position(false);
    let wait = |world: &World| world.desk.wish_to_read().map(|(_, due_ms, _)| due_ms).max().expect("it polls");
    let due_ms = wait(&world);
    world.now_ms = due_ms;
    let now = world.now();
    world.desk.on_time(now);
    let call = world.desk.next_call().expect("open orders are read");
    world.desk.on_outcome(call.id, Outcome::NotSent("no route".to_owned()), now);
    assert_eq!(wait(&world), due_ms + super::Patience::default().lookup);
}

#[test]
fn what_an_order_filled_before_it_was_replaced_is_asked_for() {
    let mut world = with_position(false);
    let made = world.calls.len();
    world.trade(95, 4);
    world.venue.told.clear();
    let stop = world.venue.orders.iter().position(|order| order.kind == "stop" && order.is_open()).expect("it rests");
    let successor = world.venue.orders.len();
    let mut next = world.venue.orders[stop].clone();
    (next.id, next.replaces, next.quantity) = (format!("id-{successor}"), Some(format!("id-{stop}")), 6);
    (next.filled, next.value, next.status) = (0, 0, "new");
    world.venue.orders.push(next);
    world.venue.orders[stop].status = "replaced";
    world.venue.orders[stop].replaced_by = Some(format!("id-{successor}"));
    world.venue.tell(successor, "new", None);
    world.run_for(2_000);
    assert_eq!(fills_of(&world, 2), [(4, 6)], "{:?}", world.made(made));
}

#[test]
fn a_replaced_order_whose_end_was_not_heard_is_not_taken_for_open_again() {
    let mut world = with_position(false);
    for stop in [96, 97] {
        world.change(OrderId(2), None, OrderKind::Stop { stop: dollars(stop) });
        while world.step() {
            world.venue.told.retain(|told| told["data"]["event"] != "replaced");
        }
    }
    let stop = world.venue.orders.iter().position(|order| order.kind == "stop" && order.is_open()).expect("it rests");
    world.venue.orders[stop].status = "canceled";
    world.venue.tell(stop, "canceled", None);
    world.run_for(1_000);
    assert_eq!(world.venue.open_orders().filter(|order| order.kind == "stop").count(), 1, "it rests again at once");
    world.compare("armed again");
}

#[test]
fn an_order_ends_when_the_one_in_its_place_is_refused() {
    let mut world = World::new();
    let request = OrderRequest { kind: OrderKind::Limit { limit: dollars(90) }, ..entry(10, None, false) };
    let order = world.submit(OrderRequest { time_in_force: TimeInForce::Gtc, ..request }, false);
    world.run();
    world.change(order, None, OrderKind::Limit { limit: dollars(91) });
    world.run();
    let changed = world.venue.orders.iter().position(|order| order.is_open()).expect("it rests");
    let made = world.calls.len();
    world.venue.orders[changed].status = "rejected";
    world.venue.tell(changed, "rejected", None);
    world.run();
    assert_eq!(has_ended(&world, order.0), OrderStatus::Rejected);
    assert!(world.calls.len() - made < 4, "{} calls", world.calls.len() - made);
    world.compare("refused");
}

#[test]
fn what_the_stream_has_told_is_not_waited_for() {
    let mut world = with_position(false);
    let due_ms = world.now_ms;
    let line = world.desk.lines.get_mut(&OrderId(2)).expect("the stop is known");
    line.ask = Some(Attempt { is_sent: true, ..Attempt::at(due_ms) });
    let stop = world.venue.orders.iter().position(|order| order.kind == "stop" && order.is_open()).expect("it rests");
    world.venue.orders[stop].status = "canceled";
    world.venue.tell(stop, "canceled", None);
    world.run_for(1_000);
    assert_eq!(world.venue.open_orders().filter(|order| order.kind == "stop").count(), 1, "it rests again at once");
}

#[test]
fn a_trailing_stop_that_fired_unheard_stands_where_it_did_at_the_venue() {
    for (side, fired_at, bar) in [(Side::Buy, 95, (104, 99)), (Side::Sell, 105, (101, 96))] {
        let mut world = World::new();
        let mut request = OrderRequest { side, ..entry(10, Some(5), false) };
        request.legs.trailing = true;
        world.submit(request, false);
        world.run();
        world.trade(100, 10);
        world.run();
        world.trade(fired_at, 4);
        world.venue.told.clear();
        let (high, low) = (dollars(bar.0), dollars(bar.1));
        let volume = Volume::from_shares(1_000).expect("volume");
        let bar = Bar { time: world.bar(), open: dollars(100), high, low, close: dollars(100), volume };
        world.desk.on_bars(&[(A, &bar)]);
        world.hear();
        assert_ne!(world.heard.levels[&OrderId(2)], dollars(fired_at), "{side:?}: it has followed the bar");
        world.crash();
        world.run();
        assert_eq!(fills_of(&world, 2), [(4, 6)], "{side:?}");
        assert_eq!(world.heard.levels[&OrderId(2)], dollars(fired_at), "{side:?}");
        let standing = world.desk.ledger.mirror.standing(OrderId(2)).expect("six shares are left");
        let collar =
            Price::from_units(fired_at * Price::UNITS_PER_USD / 1_000 * 1_025).expect("price").floor_to(Tick::UsEquity);
        let kind = match side {
            Side::Buy => OrderKind::Market,
            Side::Sell => OrderKind::StopLimit { stop: dollars(fired_at), limit: collar },
        };
        assert_eq!((standing.trigger, standing.kind), (dollars(fired_at), kind), "{side:?}");
        world.compare("fired");
        let given = world.heard.events.len();
        world.crash();
        world.run();
        assert_eq!(world.heard.events.len(), given, "{side:?}: told once");
    }
}

#[test]
fn a_change_that_crosses_its_pair_is_refused_here() {
    let mut world = with_position(true);
    let made = world.calls.len();
    world.change(OrderId(3), None, OrderKind::Limit { limit: dollars(94) });
    world.run();
    assert_eq!(world.made(made), [] as [&str; 0]);
    let reason = RejectReason::TargetBelowStop.to_string();
    assert!(world.findings.contains(&Finding::NotChanged { order: OrderId(3), reason }), "{:?}", world.findings);
    world.compare("as it was");
}

#[test]
fn an_entry_whose_fill_is_told_before_that_of_the_exit_it_follows_has_its_stop_for_all_of_it() {
    let mut world = with_position(false);
    world.submit(exit(10), true);
    world.run();
    let short = world.submit(OrderRequest { side: Side::Sell, ..entry(10, Some(5), false) }, false);
    world.run();
    world.trade(100, 10);
    assert_eq!(world.venue.told.len(), 2, "{:?}", world.venue.told);
    world.venue.told.swap(0, 1);
    world.run();
    let standings = world.desk.ledger.mirror.standings(A);
    let stops: Vec<(u64, Quantity)> = standings.map(|standing| (standing.order.0, standing.remaining)).collect();
    assert_eq!(stops, [(short.0 + 1, shares(10))]);
    assert_eq!(has_ended(&world, 2), OrderStatus::Canceled);
    world.compare("turned");
}

#[test]
fn of_a_pair_the_one_that_stands_in_the_way_moves_first() {
    for (target, stop, order) in [(125, 115, ["limit_price", "stop_price"]), (85, 75, ["stop_price", "limit_price"])] {
        let mut world = with_position(true);
        let (made, time) = (world.calls.len(), world.bar());
        let kinds = [OrderKind::Stop { stop: dollars(stop) }, OrderKind::Limit { limit: dollars(target) }];
        for (order, kind) in [OrderId(2), OrderId(3)].into_iter().zip(kinds) {
            world.desk.ledger.record(Entry::Changed { order, quantity: None, kind, time });
        }
        world.run_for(1_000);
        let patches = world.calls[made..].iter().filter(|call| call.verb == Verb::Patch);
        let bodies: Vec<&str> = patches.filter_map(|call| call.body.as_deref()).collect();
        assert!(bodies.len() == 2 && bodies.iter().zip(order).all(|(body, price)| body.contains(price)), "{bodies:?}");
        world.compare("moved");
    }
}

#[test]
fn of_a_pair_that_no_venue_takes_the_stop_is_armed() {
    let mut world = with_position(true);
    let kind = OrderKind::Limit { limit: dollars(94) };
    let open = |world: &World| world.venue.orders.iter().position(|order| order.is_open());
    while let Some(end) = open(&world) {
        world.venue.orders[end].status = "canceled";
        world.venue.tell(end, "canceled", None);
    }
    let time = world.bar();
    world.desk.ledger.record(Entry::Changed { order: OrderId(3), quantity: None, kind, time });
    world.run_for(1_000);
    let open: Vec<(&str, i64)> = world.venue.open_orders().map(|order| (order.kind.as_str(), order.quantity)).collect();
    assert_eq!(open, [("stop", 10)]);
    let is_target = |finding: &Finding| matches!(finding, Finding::NotArmed { order: OrderId(3), .. });
    assert!(world.findings.iter().any(is_target), "{:?}", world.findings);
}

#[test]
fn a_pair_that_is_wanted_back_ends_after_the_fills_that_nobody_told() {
    let mut world = with_position(true);
    world.trade(105, 4);
    world.trade(105, 10);
    world.venue.told.clear();
    world.crash();
    world.desk.cancel(OrderId(2));
    world.desk.cancel(OrderId(3));
    world.run();
    assert_eq!(fills_of(&world, 3).iter().map(|(quantity, _)| quantity).sum::<i64>(), 10, "{:?}", world.findings);
    assert_eq!((has_ended(&world, 2), has_ended(&world, 3)), (OrderStatus::Canceled, OrderStatus::Filled));
    world.compare("sold");
}

#[test]
fn a_protective_order_that_is_wanted_back_while_it_is_being_armed_is_taken_back() {
    let mut world = with_position(false);
    let stop = world.venue.orders.iter().position(|order| order.is_open()).expect("the stop rests");
    world.venue.orders[stop].status = "canceled";
    world.venue.tell(stop, "canceled", None);
    world.faults.lost_after = 1_000;
    while !world.calls.iter().any(|call| call.body.as_deref().is_some_and(|body| body.contains("-a1"))) {
        world.run_for(1);
    }
    world.faults = Faults::default();
    world.desk.cancel(OrderId(2));
    world.run();
    assert_eq!(has_ended(&world, 2), OrderStatus::Canceled);
    assert_eq!(world.venue.open_orders().count(), 0);
    world.compare("taken back");
}

#[test]
fn a_stop_keeps_its_shares_until_an_exit_that_may_be_refused_is_taken() {
    let mut world = with_position(false);
    let stop_shares = |world: &World| {
        let stops = world.venue.open_orders().filter(|order| order.kind == "stop");
        stops.map(|order| order.quantity - order.filled).sum::<i64>()
    };
    let request = OrderRequest { kind: OrderKind::Stop { stop: dollars(90) }, purpose: OrderPurpose::Stop, ..exit(6) };
    world.faults.lost_before = 1_000;
    world.submit(request, true);
    world.run_for(2_000);
    assert_eq!(stop_shares(&world), 10);
    world.faults = Faults::default();
    world.venue.refuses_orders = Some((403, "new orders are rejected by user request"));
    world.run_for(20_000);
    world.venue.refuses_orders = None;
    world.run();
    assert_eq!(stop_shares(&world), 10);
    world.compare("as it was");
}

#[test]
fn a_size_that_the_venue_refused_is_asked_for_again_when_shares_come_free() {
    let mut world = with_position(false);
    world.submit(exit(4), true);
    world.run();
    world.venue.refuses_changes = Some("insufficient qty available for order");
    let exit_at = world.venue.orders.iter().position(|order| order.kind == "market" && order.is_open()).expect("rests");
    world.venue.expire(exit_at);
    world.run();
    world.venue.refuses_changes = None;
    world.submit(exit(3), true);
    world.run();
    let exit_at = world.venue.orders.iter().position(|order| order.kind == "market" && order.is_open()).expect("rests");
    world.venue.expire(exit_at);
    world.run();
    world.compare("all ten have their stop");
}

#[test]
fn a_stop_that_grew_without_a_word_is_asked_for_before_a_person_is_told() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 4);
    world.run();
    let stop = world.desk.lines.get_mut(&OrderId(2)).and_then(|line| line.at_venue.as_mut()).expect("it rests");
    stop.quantity = Some(shares(1));
    world.run_for(4_000);
    let stale = world.desk.lines[&OrderId(2)].open_quantity();
    world.run_for(8_000);
    assert!(stale < world.desk.lines[&OrderId(2)].open_quantity());
    assert!(!world.findings.iter().any(|finding| matches!(finding, Finding::Bare { .. })), "{:?}", world.findings);
}
