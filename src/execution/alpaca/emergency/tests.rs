//! The procedure against the built-in exchange, through a network that loses, delays and refuses, by seed.
//!
//! Not here: sockets (tests_kill). Time is a number; the market moves on by a bar every few hundred of its milliseconds.
use std::collections::BTreeMap;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::plan::plan;
use super::*;
use crate::exchange::{Exchange, answered};
use crate::execution::alpaca::RateHeaders;
use crate::live::drill::own_market;

/// Of the drill's market.
const SYMBOLS: [&str; 3] = ["AAA", "BBB", "CCC"];

/// Seeds that are run: each is a market, an account, a network and crashes.
const SEEDS: u64 = 600;
/// A venue that answers half of the calls is done with by then.
const TIME_MAX_MS: u64 = 20 * 60_000;

struct Draws(Xoshiro256PlusPlus);

impl Draws {
    fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }
    fn happens(&mut self, of_1000: u64) -> bool {
        self.below(1_000) < of_1000
    }
}

/// An account at the exchange, a network to it, and up to two that work on it.
struct World {
    exchange: Exchange,
    draws: Draws,
    now_ms: u64,
    /// In thousandths: lost on the way, lost on the way back, refused with 429 or 500.
    faults: [u64; 3],
    /// The venue cannot be reached before this.
    away_until_ms: u64,
    wire: Vec<(u64, usize, u64, Outcome)>,
    running: Vec<Emergency>,
    log: Vec<String>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut draws = Draws(Xoshiro256PlusPlus::seed_from_u64(seed));
        let (loaded, market) = own_market();
        let mut exchange = Exchange::new(&loaded, &market).expect("an exchange");
        exchange.step(20 + draws.below(100) as usize);
        let faults = [draws.below(250), draws.below(250), draws.below(200)];
        let away_until_ms = if draws.happens(300) { draws.below(60_000) } else { 0 };
        World {
            exchange,
            draws,
            now_ms: 0,
            faults,
            away_until_ms,
            wire: Vec::new(),
            running: Vec::new(),
            log: Vec::new(),
        }
    }

    fn now(&self) -> Instant {
        Instant { ms: self.now_ms, wall_ms: self.now_ms as i64 }
    }

    fn ask(&mut self, verb: Verb, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string());
        let call = Call { id: 0, verb, path: path.to_owned(), body, urgency: Urgency::Reading };
        match answered(&mut self.exchange, &call) {
            Outcome::Answered { status, body, .. } => (status, serde_json::from_slice(&body).unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    /// Positions, brackets, pairs, resting entries and exits of any kind: what somebody else's program may leave.
    fn make_a_mess(&mut self) {
        for _ in 0..3 + self.draws.below(12) {
            let share = self.draws.below(SYMBOLS.len() as u64);
            let (symbol, base) = (SYMBOLS[share as usize], 50 * (share as i64 + 1));
            let qty = 1 + self.draws.below(40);
            let side = if self.draws.happens(700) { "buy" } else { "sell" };
            let (far, near) = if side == "buy" { (base - 5, base + 5) } else { (base + 5, base - 5) };
            let body = match self.draws.below(7) {
                0 | 1 => json!({ "type": "market" }),
                2 => json!({ "type": "limit", "limit_price": far.to_string() }),
                3 => json!({ "type": "stop", "stop_price": near.to_string() }),
                4 => json!({ "type": "market", "order_class": "bracket", "time_in_force": "gtc",
                    "take_profit": { "limit_price": near.to_string() }, "stop_loss": { "stop_price": far.to_string() } }),
                5 => {
                    json!({ "type": "limit", "limit_price": far.to_string(), "order_class": "oto", "time_in_force": "gtc",
                    "stop_loss": { "stop_price": (2 * far - base).to_string() } })
                }
                _ => json!({ "type": "market", "order_class": "oto", "time_in_force": "gtc",
                    "stop_loss": { "stop_price": far.to_string() } }),
            };
            let mut order = json!({ "symbol": symbol, "side": side, "qty": qty.to_string(), "time_in_force": "day" });
            for (name, value) in body.as_object().expect("fields") {
                order[name] = value.clone();
            }
            let (status, _) = self.ask(Verb::Post, "/v2/orders", Some(order.clone()));
            self.log.push(format!("{status} {order}"));
            if self.draws.happens(600) {
                self.exchange.step(1 + self.draws.below(3) as usize);
            }
        }
    }

    fn shares(&self) -> Vec<Quantity> {
        (0..SYMBOLS.len()).map(|share| self.exchange.shares(share)).collect()
    }

    /// What the lists show.
    fn shown(&mut self) -> (Vec<WireOrder>, Vec<WirePosition>) {
        let (_, orders) = self.ask(Verb::Get, "/v2/orders?status=open&limit=500", None);
        let (_, positions) = self.ask(Verb::Get, "/v2/positions", None);
        (serde_json::from_value(orders).expect("orders"), serde_json::from_value(positions).expect("positions"))
    }

    fn carry(&mut self, of: usize, call: Call) {
        let [lost, lost_back, refused] = self.faults;
        let arrives_ms = self.now_ms + 1 + self.draws.below(300);
        let outcome = if self.now_ms < self.away_until_ms {
            Outcome::NotSent("no route".to_owned())
        } else if self.draws.happens(lost) {
            Outcome::Unknown("cut".to_owned())
        } else if self.draws.happens(refused) {
            let (status, rate) = if self.draws.happens(500) {
                (429, RateHeaders { retry_after_seconds: Some(1), ..RateHeaders::default() })
            } else {
                (500, RateHeaders::default())
            };
            Outcome::Answered { status, body: b"{\"message\":\"later\"}".to_vec(), rate }
        } else {
            assert!(matches!(call.verb, Verb::Get | Verb::Delete), "{call:?}");
            let outcome = answered(&mut self.exchange, &call);
            if self.draws.happens(lost_back) { Outcome::Unknown("cut on the way back".to_owned()) } else { outcome }
        };
        self.log.push(format!("{} #{of} {} {}: {outcome:?}", self.now_ms, call.verb.name(), call.path));
        self.wire.push((arrives_ms, of, call.id, outcome));
    }

    /// One thing happens; is everything over?
    fn step(&mut self) -> bool {
        for of in 0..self.running.len() {
            let now = self.now();
            while let Some(call) = self.running[of].next_call(now) {
                self.carry(of, call);
            }
        }
        if self.running.iter().all(|emergency| emergency.state() == EmergencyState::Done) {
            return true;
        }
        let now = self.now();
        let wakes = self.running.iter_mut().filter_map(|emergency| emergency.wake_at(now));
        let next_ms = wakes.chain(self.wire.iter().map(|(at, ..)| *at)).min().expect("it never stands still");
        self.now_ms = self.now_ms.max(next_ms).min(self.now_ms + 400).max(self.now_ms + 1);
        if self.draws.happens(300) {
            self.exchange.step(1);
        }
        let now_ms = self.now_ms;
        while let Some(at) = self.wire.iter().position(|(at, ..)| *at <= now_ms) {
            let (_, of, id, outcome) = self.wire.swap_remove(at);
            let now = self.now();
            self.running[of].on_outcome(id, outcome, now);
        }
        false
    }

    /// Its process is killed and started again: what was on its way still arrives at the venue, no answer comes.
    fn crash(&mut self, of: usize) {
        let order = self.running[of].order();
        self.wire.retain(|(_, owner, ..)| *owner != of);
        self.running[of] = emergency(order, Begin::Look, self.now_ms);
        self.log.push(format!("{} #{of} begins anew", self.now_ms));
    }
}

fn emergency(order: EmergencyOrder, begin: Begin, seed: u64) -> Emergency {
    Emergency::new(order, begin, EmergencyPatience { settle_ms: 1_000, calls_a_minute: 200 }, seed)
}

fn play(seed: u64) -> World {
    let mut world = World::new(seed);
    world.make_a_mess();
    let order = if world.draws.happens(600) { EmergencyOrder::Flatten } else { EmergencyOrder::Cancel };
    world.running.push(emergency(order, Begin::Now, seed));
    // Two commands at once.
    if world.draws.happens(250) {
        world.running.push(emergency(order, Begin::Now, seed + 1));
    }
    let before = world.shares();
    let crashes = world.draws.happens(300);
    while !world.step() {
        if crashes && world.draws.happens(30) {
            let of = world.draws.below(world.running.len() as u64) as usize;
            world.crash(of);
        }
        for (was, is) in before.iter().zip(world.shares()) {
            let is_turned = is.units().signum() * was.units().signum() < 0;
            assert!(!is_turned || order == EmergencyOrder::Cancel, "seed {seed}: {was} became {is}");
        }
        assert!(world.now_ms < TIME_MAX_MS, "seed {seed} does not end: {:?}\n{}", world.running, world.log.join("\n"));
    }
    world
}

/// Whatever the account held and the network did: nothing that opens is left, and after a flatten nothing at all.
#[test]
fn nothing_is_left() {
    let mut waited = 0;
    for seed in 0..SEEDS {
        let mut world = play(seed);
        let (orders, positions) = world.shown();
        let order = world.running[0].order();
        let left = plan(&orders, &positions, order == EmergencyOrder::Flatten);
        let text = || format!("seed {seed}: {orders:?} {positions:?}\n{}", world.log.join("\n"));
        assert_eq!(left.cancels, [0; 0], "{}", text());
        if order == EmergencyOrder::Flatten {
            assert!(positions.is_empty() && orders.is_empty(), "{}", text());
        }
        let unfinished: Vec<String> = world
            .running
            .iter()
            .flat_map(Emergency::items)
            .filter(|item| !item.is_done())
            .map(ToString::to_string)
            .collect();
        assert_eq!(unfinished, [""; 0], "seed {seed}");
        waited += u64::from(world.now_ms > 60_000);
    }
    assert!(waited > 0, "some venues were away for long");
}

/// A halt alone takes no stop away from a position.
#[test]
fn a_halt_keeps_what_protects() {
    let mut protected = 0;
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        (world.faults, world.away_until_ms) = ([0; 3], 0);
        world.make_a_mess();
        let covers = |world: &mut World| -> BTreeMap<String, Quantity> {
            let (orders, positions) = world.shown();
            plan(&orders, &positions, false).covers.into_iter().map(|cover| (cover.symbol, cover.covered)).collect()
        };
        let before = covers(&mut world);
        world.running.push(emergency(EmergencyOrder::Cancel, Begin::Now, seed));
        let clock = world.exchange.tape().now();
        while !world.step() {
            // Only while the market stands can nothing else end an order.
            if world.exchange.tape().now() != clock {
                break;
            }
            protected += before.values().filter(|covered| !covered.is_zero()).count();
            assert_eq!(covers(&mut world), before, "seed {seed}\n{}", world.log.join("\n"));
        }
    }
    assert!(protected > 1_000, "{protected} looks at protected positions");
}

#[test]
fn an_exit_that_must_wait_for_the_open_is_said_so() {
    let mut world = World::new(1);
    (world.faults, world.away_until_ms) = ([0; 3], 0);
    let buy = json!({ "symbol": "AAA", "side": "buy", "qty": "7", "type": "market", "time_in_force": "day" });
    assert_eq!(world.ask(Verb::Post, "/v2/orders", Some(buy)).0, 200);
    world.exchange.step(2);
    let close = "2024-01-02T21:30:00Z".parse().expect("time");
    world.exchange.advance(close);
    world.running.push(emergency(EmergencyOrder::Flatten, Begin::Now, 1));
    while world.running[0].state() == EmergencyState::Working {
        let now = world.now();
        while let Some(call) = world.running[0].next_call(now) {
            world.carry(0, call);
        }
        let next_ms = world.wire.iter().map(|(at, ..)| *at).min();
        world.now_ms = next_ms.or(world.running[0].wake_at(now)).expect("it goes on");
        let (now, arrived) = (world.now(), std::mem::take(&mut world.wire));
        arrived.into_iter().for_each(|(_, _, id, outcome)| world.running[0].on_outcome(id, outcome, now));
    }
    assert_eq!(world.running[0].state(), EmergencyState::WaitsForOpen);
    let said: Vec<String> = world.running[0].items().iter().map(ToString::to_string).collect();
    let exit = "order to sell 7 AAA, market: leaves at the next open, 2024-01-03T09:30:00-05:00";
    assert!(said.iter().any(|text| text == "7 AAA: leaves at the next open, 2024-01-03T09:30:00-05:00"), "{said:?}");
    assert!(said.iter().any(|text| text == exit), "{said:?}");
    // The next life of the program leaves the exit where it is.
    world.crash(0);
    while !world.step() {
        assert!(world.now_ms < TIME_MAX_MS, "{:?}", world.running);
    }
    let sent = world.log.iter().filter(|line| line.contains("DELETE /v2/positions")).count();
    assert_eq!((sent, world.exchange.shares(0)), (1, Quantity::ZERO), "{}", world.log.join("\n"));
}

#[test]
fn what_cannot_be_read_is_not_taken_for_nothing() {
    let mut emergency = emergency(EmergencyOrder::Cancel, Begin::Now, 3);
    let mut now = Instant::default();
    for body in ["<html>", "{\"orders\": []}", "null", ""] {
        let answer = |body: &str| Outcome::Answered {
            status: 200,
            body: body.as_bytes().to_vec(),
            rate: RateHeaders::default(),
        };
        let call = emergency.next_call(now).expect("a call");
        assert!(call.path.starts_with("/v2/orders?"), "{call:?}");
        emergency.on_outcome(call.id, answer(body), now);
        assert_eq!(emergency.next_call(now), None, "it waits, and asks for the same again");
        assert!(emergency.problem().is_some_and(|why| why.contains("cannot be read")), "{body}");
        assert_eq!(emergency.state(), EmergencyState::Working);
        now.ms = emergency.wake_at(now).expect("it tries again");
    }
    let refused = Outcome::Answered {
        status: 401,
        body: b"{\"message\":\"unauthorized.\"}".to_vec(),
        rate: RateHeaders::default(),
    };
    let call = emergency.next_call(now).expect("a call");
    emergency.on_outcome(call.id, refused, now);
    assert_eq!(emergency.problem(), Some("the venue does not accept the keys: unauthorized."));
}
