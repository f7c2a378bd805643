//! Random sessions over a network that fails: afterwards both sides have the same, and no order was sent twice.
//!
//! Not here: the rules one by one (tests). A seed that fails reproduces.
use super::tests_world::*;
use crate::domain::*;
use crate::execution::ExecutionBackend;
use crate::venue::FillMoment;

const SEEDS: u64 = 400;
const STEPS: u64 = 12;

fn faults(seed: u64) -> Faults {
    let some = |at: u64, chance: u64| if (seed >> at) & 1 == 1 { chance } else { 0 };
    Faults {
        lost_before: some(0, 60),
        lost_after: some(1, 60),
        not_sent: some(2, 60),
        status_429: some(3, 40),
        status_500: some(4, 40),
        message_lost: some(5, 60),
        message_twice: some(6, 100),
        message_late: some(7, 150),
        stream_lost: some(2, 10),
        crash: some(5, 5),
        latency_ms: some(1, 800),
    }
}

/// Something that a strategy, a person or the market does.
fn act(world: &mut World) {
    let held = world.desk.shares(A);
    let is_leaving = world.sent.iter().any(|order| {
        let is_exit = world.desk.ledger.asked(*order).is_some_and(|asked| asked.reduces);
        is_exit && world.heard.status[order].is_open()
    });
    let is_entering = world.sent.iter().any(|order| {
        let opens = world.desk.ledger.asked(*order).is_some_and(|asked| !asked.reduces);
        opens && world.heard.status[order].is_open()
    });
    match world.below(8) {
        0 | 1 if !is_leaving && !is_entering => {
            let (quantity, with_target) = (1 + world.below(20) as i64, world.below(2) == 0);
            let distance = (world.below(5) > 0).then_some(5);
            let mut request = entry(quantity, distance, with_target && distance.is_some());
            request.legs.trailing = distance.is_some() && !with_target && world.below(2) == 0;
            world.submit(request, false);
        }
        2 | 3 if !held.is_zero() && !is_leaving && !is_entering => {
            let whole = held.units() / Quantity::UNITS_PER_SHARE;
            let quantity = if world.below(2) == 0 { whole } else { 1 + world.below(whole as u64) as i64 };
            world.submit(exit(quantity), true);
        }
        4 => {
            if let Some(order) = world.sent.iter().rev().find(|order| world.heard.status[order].is_open()).copied() {
                world.desk.cancel(order);
            }
        }
        5 => {
            let (time, price) = (world.bar(), world.venue.price);
            let volume = Volume::from_shares(1_000).expect("volume");
            let bar = Bar {
                time,
                open: dollars(price),
                high: dollars(price + 1),
                low: dollars(price - 1),
                close: dollars(price),
                volume,
            };
            world.desk.on_bars(&[(A, &bar)]);
        }
        _ => {
            let price = world.venue.price + world.below(9) as i64 - 4;
            let most = if world.below(2) == 0 { 1_000 } else { 1 + world.below(10) as i64 };
            world.trade(price.clamp(60, 140), most);
        }
    }
}

fn session(seed: u64) {
    let mut world = World::cold(seed);
    world.venue.legs_grow = !seed.is_multiple_of(3);
    world.faults = faults(seed);
    for _ in 0..STEPS {
        act(&mut world);
        let pause = 1 + world.below(4_000);
        world.run_for(pause);
        if world.faults.crash > 0 && world.below(10) == 0 {
            world.crash();
        }
    }
    world.faults = Faults::default();
    world.run_for(70_000);
    world.run();
    world.desk.at_bar(world.bar(), FillMoment::Open);
    world.compare(&format!("seed {seed}"));
    sent_once(&world, seed);
}

/// Each of our orders is at the venue once at most, whatever was lost on the way.
fn sent_once(world: &World, seed: u64) {
    for order in &world.sent {
        let name = format!("af-s1-{}-o0", order.0);
        let times = world.venue.orders.iter().filter(|kept| kept.client_id == name).count();
        assert!(times <= 1, "seed {seed}: {name} is there {times} times");
    }
}

#[test]
fn whatever_the_network_does_both_sides_end_with_the_same() {
    for seed in 0..SEEDS {
        session(seed);
    }
}
