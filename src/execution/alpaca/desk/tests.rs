//! Conversations between desk and venue, rule by rule.
//!
//! Not here: random ones (tests_fuzz).
use super::tests_world::*;
use crate::domain::*;
use crate::execution::ExecutionBackend;
use crate::execution::alpaca::{Finding, StreamKind, StreamSignal};
use crate::venue::{Commission, FillMoment, TradeDate};

/// What the engine was told since `from`, in words.
fn told(world: &World, from: usize) -> Vec<String> {
    let word = |event: &ExecutionEvent| match event {
        ExecutionEvent::Accepted { order } => format!("accepted {}", order.0),
        ExecutionEvent::Filled { fill, remaining } => {
            format!("filled {} {}@{} rest {remaining}", fill.order.0, fill.quantity, fill.price)
        }
        ExecutionEvent::Canceled { order } => format!("canceled {}", order.0),
        ExecutionEvent::Expired { order } => format!("expired {}", order.0),
        ExecutionEvent::Rejected { order, reason } => format!("rejected {} {}", order.0, reason.rule()),
        ExecutionEvent::Replaced { order, remaining, .. } => format!("replaced {} rest {remaining}", order.0),
        ExecutionEvent::ChangeRefused { order, reason } => format!("unchanged {} {}", order.0, reason.rule()),
        ExecutionEvent::Resized { order, remaining } => format!("resized {} {remaining}", order.0),
        ExecutionEvent::LegLive { order, level, .. } => format!("live {} {level}", order.0),
    };
    world.heard.events[from..].iter().map(word).collect()
}

#[test]
fn a_bracket_fills_and_its_legs_move_to_where_the_fill_puts_them() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), true), false);
    world.run();
    world.trade(102, 10);
    world.run();
    assert_eq!(told(&world, 0), ["accepted 1", "filled 1 10@102 rest 0", "live 2 97", "live 3 107"]);
    world.compare("moved");
    assert_eq!(world.made(0).len(), 3, "one POST and two PATCH: {:?}", world.made(0));
}

#[test]
fn an_exit_waits_until_its_legs_are_gone_and_takes_them_with_it() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), true), false);
    world.run();
    world.trade(100, 10);
    world.run();
    let (from, made) = (world.heard.events.len(), world.calls.len());
    world.submit(exit(10), true);
    world.run();
    assert_eq!(world.made(made), ["DELETE /v2/orders/id-1", "POST /v2/orders"]);
    assert_eq!(told(&world, from), ["accepted 4"], "the engine does not notice that the legs are gone");
    world.trade(101, 10);
    world.run();
    assert_eq!(told(&world, from)[1..], ["filled 4 10@101 rest 0", "canceled 2", "canceled 3"]);
    world.compare("left");
}

#[test]
fn a_stop_comes_back_when_its_exit_is_refused() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    let from = world.heard.events.len();
    world.venue.refuses_orders = Some((403, "new orders are rejected by user request"));
    world.submit(exit(10), true);
    world.run_for(2_000);
    assert_eq!(told(&world, from), ["rejected 4 suspended"]);
    world.venue.refuses_orders = None;
    world.run();
    world.compare("armed again");
    assert!(world.findings.iter().any(|finding| matches!(finding, Finding::NotArmed { .. })), "{:?}", world.findings);
}

#[test]
fn an_exit_that_expires_leaves_the_stop_armed() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), true), false);
    world.run();
    world.trade(100, 10);
    world.run();
    let from = world.heard.events.len();
    world.submit(exit(10), true);
    world.run();
    let exit_at = world.venue.orders.len() - 1;
    world.venue.expire(exit_at);
    world.run();
    assert_eq!(told(&world, from), ["accepted 4", "expired 4"]);
    world.compare("both legs again, as a pair");
    world.trade(95, 10);
    world.run();
    assert_eq!(told(&world, from)[2..], ["filled 2 10@95 rest 0", "canceled 3"]);
    world.compare("the stop that was armed again has filled");
}

#[test]
fn part_of_a_position_leaves_and_the_rest_stays_protected() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    let from = world.heard.events.len();
    world.submit(exit(4), true);
    world.run();
    let rest: Vec<i64> =
        world.venue.open_orders().filter(|order| order.kind == "stop").map(|order| order.quantity).collect();
    assert_eq!(rest, [6], "the shares that stay have their stop while the exit is on its way");
    world.trade(101, 10);
    world.run();
    assert_eq!(told(&world, from), ["accepted 4", "filled 4 4@101 rest 0", "resized 2 6"]);
    world.compare("six are left");
}

#[test]
fn a_target_takes_its_stop_along_without_a_word_of_the_venue() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), true), false);
    world.run();
    world.trade(100, 10);
    world.run();
    let from = world.heard.events.len();
    world.trade(105, 10);
    world.run();
    assert_eq!(told(&world, from), ["filled 3 10@105 rest 0", "canceled 2"]);
    world.compare("target");
}

#[test]
fn a_stop_ends_its_target_in_the_order_of_a_backtest() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), true), false);
    world.run();
    world.trade(100, 10);
    world.run();
    let from = world.heard.events.len();
    world.trade(94, 4);
    world.run();
    assert_eq!(told(&world, from), ["filled 2 4@94 rest 6", "resized 3 6", "canceled 3"]);
    world.trade(93, 10);
    world.run();
    assert_eq!(told(&world, from)[3..], ["filled 2 6@93 rest 0"]);
    world.compare("stopped");
}

#[test]
fn a_post_that_may_have_arrived_is_looked_up_and_never_sent_twice() {
    for arrives in [true, false] {
        let mut world = World::new();
        world.submit(entry(10, None, false), false);
        match arrives {
            true => world.faults.lost_after = 1_000,
            false => world.faults.lost_before = 1_000,
        }
        while world.made(0).is_empty() {
            world.run_for(1);
        }
        world.faults = Faults::default();
        let sent_at = world.now_ms;
        world.run();
        assert_eq!(world.made(0).len(), if arrives { 1 } else { 2 });
        assert!(arrives || world.now_ms - sent_at >= 5_000, "sent again after {} ms", world.now_ms - sent_at);
        assert_eq!(told(&world, 0), ["accepted 1"]);
        assert_eq!(world.venue.orders.len(), 1);
    }
}

#[test]
fn a_trailing_stop_is_moved_after_each_bar() {
    let mut world = World::new();
    let mut request = entry(10, Some(5), false);
    request.legs.trailing = true;
    world.submit(request, false);
    world.run();
    world.trade(100, 10);
    world.run();
    let from = world.heard.events.len();
    for (high, level) in [(103, 98), (101, 98), (108, 103)] {
        let time = world.bar();
        let volume = Volume::from_shares(1_000).expect("volume");
        let bar = Bar { time, open: dollars(100), high: dollars(high), low: dollars(100), close: dollars(101), volume };
        world.desk.on_bars(&[(A, &bar)]);
        world.run();
        world.compare("trailing");
        assert_eq!(world.heard.levels[&OrderId(2)], dollars(level));
    }
    assert_eq!(told(&world, from), ["live 2 98", "live 2 103"]);
}

#[test]
fn a_refused_move_is_found_and_not_asked_again() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.venue.refuses_changes = Some("replace is not supported for oto orders");
    world.trade(102, 10);
    world.run();
    let moves = world.made(0).iter().filter(|call| call.starts_with("PATCH")).count();
    assert_eq!(moves, 1);
    let expected = Finding::NotMoved {
        order: OrderId(2),
        wanted: Some(dollars(97)),
        reason: "replace is not supported for oto orders".to_owned(),
    };
    assert_eq!(world.findings, [expected]);
    let kept: Vec<_> = world.venue.open_orders().map(|order| order.stop.clone()).collect();
    assert_eq!(kept, [Some("95".to_owned())], "the provisional stop stays");
}

#[test]
fn a_change_is_told_when_the_venue_has_taken_it() {
    let mut world = World::new();
    let limit = |price| OrderKind::Limit { limit: dollars(price) };
    let request = OrderRequest { kind: limit(90), purpose: OrderPurpose::Manual, ..entry(10, None, false) };
    let order = world.submit(request, false);
    world.run();
    world.change(order, Some(shares(8)), limit(91));
    assert_eq!(told(&world, 0), ["accepted 1"]);
    world.run();
    assert_eq!(told(&world, 0), ["accepted 1", "replaced 1 rest 8"]);
    world.trade(91, 10);
    world.run();
    assert_eq!(told(&world, 0)[2..], ["filled 1 8@91 rest 0"]);
    world.compare("changed");
}

#[test]
fn a_cancel_is_told_when_the_venue_has_done_it() {
    let mut world = World::new();
    let limit = OrderKind::Limit { limit: dollars(90) };
    let order = world.submit(OrderRequest { kind: limit, ..entry(10, Some(5), true) }, false);
    world.run();
    world.desk.cancel(order);
    assert_eq!(told(&world, 0), ["accepted 1"]);
    world.run();
    assert_eq!(told(&world, 0), ["accepted 1", "canceled 1"]);
    assert_eq!(world.venue.open_orders().count(), 0);
    world.compare("canceled");
}

#[test]
fn the_rest_of_a_days_entry_is_taken_back_at_the_close_and_its_stop_stays() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 4);
    world.run();
    let from = world.heard.events.len();
    world.desk.on_session_close();
    world.run();
    assert_eq!(told(&world, from), ["expired 1"]);
    world.compare("four are held and protected");
    assert_eq!(world.desk.shares(A), shares(4));
}

#[test]
fn missing_messages_are_made_up_for_over_rest() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), true), false);
    world.run();
    world.faults.message_lost = 1_000;
    world.trade(100, 6);
    world.trade(101, 10);
    world.run_for(40_000);
    world.faults.message_lost = 0;
    world.run();
    assert_eq!(
        told(&world, 0),
        ["accepted 1", "filled 1 6@100 rest 4", "live 2 95", "live 3 105", "filled 1 4@101 rest 0"]
    );
    world.compare("read");
}

#[test]
fn a_stop_that_lies_beyond_the_market_leaves_at_the_market() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    world.submit(exit(10), true);
    world.run();
    let exit_at = world.venue.orders.len() - 1;
    world.venue.refuses_orders = Some((422, "stop price must not be greater than base price / 1.001"));
    world.venue.expire(exit_at);
    let is_of_market = |body: &str| body.contains("\"market\"") && body.contains("-a");
    while !world.calls.iter().any(|call| call.body.as_deref().is_some_and(is_of_market)) {
        world.run_for(1);
    }
    world.venue.refuses_orders = None;
    world.run();
    let kinds: Vec<&str> = world.venue.open_orders().map(|order| order.kind.as_str()).collect();
    assert_eq!(kinds, ["market"]);
    let from = world.heard.events.len();
    world.trade(90, 10);
    world.run();
    assert_eq!(told(&world, from), ["filled 2 10@90 rest 0"]);
    world.compare("left");
}

#[test]
fn openings_wait_for_readiness_and_grow_old() {
    let mut world = World::cold(3);
    world.faults.not_sent = 1_000;
    world.submit(entry(10, None, false), false);
    world.run_for(61_000);
    assert_eq!(told(&world, 0), ["rejected 1 too_late"]);
    assert!(world.made(0).is_empty());
}

#[test]
fn what_cannot_be_sent_is_rejected() {
    let mut world = World::new();
    let size = OrderSize::CashFraction { fraction: Ratio::ONE, most: Money::ZERO };
    let asked = crate::execution::alpaca::Asked {
        request: OrderRequest { size, ..entry(1, None, false) },
        quantity: shares(1),
        reference: dollars(100),
        reduces: false,
        time: world.bar(),
    };
    world.desk.ask(OrderId(1), asked, false);
    world.desk.ask(OrderId(2), crate::execution::alpaca::Asked { request: entry(1, None, false), ..asked }, true);
    world.run();
    assert_eq!(told(&world, 0), ["rejected 1 not_sendable", "rejected 2 not_sendable"]);
}

#[test]
fn a_fill_of_a_refused_order_is_told_to_a_person_and_not_to_the_engine() {
    let mut world = World::new();
    world.venue.refuses_orders = Some((403, "new orders are rejected by user request"));
    world.submit(entry(10, None, false), false);
    world.run();
    for execution in ["e1", "e2"] {
        let filled = if execution == "e1" { "4" } else { "10" };
        let data = serde_json::json!({
            "event": "partial_fill", "execution_id": execution, "price": "100", "qty": if filled == "4" { "4" } else { "6" },
            "order": { "id": "late", "client_order_id": "af-s1-1-o0", "symbol": "AAPL", "side": "buy", "type": "market",
                "status": "partially_filled", "qty": "10", "filled_qty": filled, "filled_avg_price": "100" },
        });
        let message = serde_json::json!({ "stream": "trade_updates", "data": data }).to_string();
        world.desk.on_signal(StreamKind::Trading, StreamSignal::Message(message.into_bytes()), world.now());
        world.step();
    }
    assert_eq!(told(&world, 0), ["rejected 1 suspended"]);
    assert_eq!(world.desk.shares(A), Quantity::ZERO);
    let late = |quantity| Finding::LateFill { order: OrderId(1), quantity: shares(quantity) };
    assert!(world.findings.contains(&late(4)) && world.findings.contains(&late(6)), "{:?}", world.findings);
}

#[test]
fn new_words_are_found() {
    let mut world = World::new();
    let new =
        r#"{"stream":"trade_updates","data":{"event":"teleported","order":{"id":"y","status":"new","aura":"blue"}}}"#;
    for text in [new, new, "\u{1}"] {
        let signal = crate::execution::alpaca::StreamSignal::Message(text.as_bytes().to_vec());
        let now = world.now();
        world.desk.on_signal(crate::execution::alpaca::StreamKind::Trading, signal, now);
    }
    world.run();
    let found: Vec<String> = world.findings.iter().map(|finding| finding.to_string()).collect();
    let has = |text: &str| found.iter().filter(|finding| finding.contains(text)).count();
    assert_eq!([has("`aura`"), has("`teleported`"), has("cannot be read")], [1, 1, 1], "{found:?}");
}

#[test]
fn shares_without_a_stop_are_told_of() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    world.venue.refuses_orders = Some((422, "no"));
    let stop = world.venue.orders.iter().position(|order| order.kind == "stop" && order.is_open()).expect("stop");
    world.venue.expire(stop);
    world.run_for(30_000);
    assert!(world.findings.iter().any(|finding| matches!(finding, Finding::Bare { .. })), "{:?}", world.findings);
    world.venue.refuses_orders = None;
    world.run();
    world.compare("armed again");
}

#[test]
fn a_split_restates_what_is_at_the_venue() {
    let mut world = World::new();
    world.submit(entry(10, Some(10), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    // The venue restates silently.
    world.venue.position = 20;
    for order in world.venue.orders.iter_mut().filter(|order| order.is_open()) {
        order.quantity *= 2;
        order.stop = Some("45".to_owned());
    }
    let (ratio, time) = ("2".parse().expect("ratio"), world.bar());
    let made = world.calls.len();
    world.desk.on_split(A, ratio, (shares(20), dollars(50), Money::ZERO), time);
    world.heard.shares = shares(20);
    world.run();
    assert_eq!(world.made(made), [] as [&str; 0], "nothing is to be moved");
    world.compare("split");
}

#[test]
fn a_fill_that_is_heard_of_on_a_later_day_traded_on_its_own() {
    let mut world = World::new();
    let at = |text: &str| text.parse().expect("time");
    world.desk.at_bar(at("2026-01-05T14:30:00Z"), FillMoment::Open);
    assert_eq!(world.desk.earlier_day("2026-01-02T20:59:00Z"), None, "no fee goes by the day");
    world.desk.config.rules.commission = Commission::Alpaca(TradeDate::NewYork);
    assert_eq!(world.desk.earlier_day("2026-01-02T15:59:00.5-05:00"), Some(at("2026-01-02T20:59:00.5Z")));
    assert_eq!(world.desk.earlier_day("2026-01-05T14:30:01Z"), None);
    assert_eq!(world.desk.earlier_day(""), None, "worked out from an average");
}

#[test]
fn a_stop_that_the_venue_ends_for_a_split_is_armed_at_the_new_level() {
    let mut world = World::new();
    world.submit(entry(10, Some(10), false), false);
    world.run();
    world.trade(100, 10);
    world.run();
    // The day of the split has begun at the venue, which ends the stop; it is booked here later.
    world.desk.await_splits([A].into());
    world.venue.position = 20;
    let stop = world.venue.orders.iter().position(|order| order.kind == "stop" && order.is_open()).expect("stop");
    world.venue.expire(stop);
    let made = world.calls.len();
    world.run();
    assert_eq!(world.made(made), [] as [&str; 0], "90 is a level of old shares");
    let (ratio, time) = ("2".parse().expect("ratio"), world.bar());
    world.desk.on_split(A, ratio, (shares(20), dollars(50), Money::ZERO), time);
    world.heard.shares = shares(20);
    world.run();
    let armed = world.venue.orders.iter().find(|order| order.kind == "stop" && order.is_open()).expect("a stop");
    assert_eq!((armed.stop.as_deref(), armed.quantity), (Some("45"), 20));
    world.compare("split");
}

#[test]
fn a_restart_takes_up_what_was_on_its_way() {
    let mut world = World::new();
    world.submit(entry(10, Some(5), true), false);
    world.faults.lost_after = 1_000;
    while world.made(0).is_empty() {
        world.run_for(1);
    }
    world.faults = Faults::default();
    world.crash();
    world.trade(100, 10);
    world.run();
    assert_eq!(told(&world, 0), ["accepted 1", "filled 1 10@100 rest 0", "live 2 95", "live 3 105"]);
    world.crash();
    world.run();
    world.compare("restarted");
    assert_eq!(world.made(0).len(), 1);
    world.desk.at_bar(world.bar(), FillMoment::Open);
}
