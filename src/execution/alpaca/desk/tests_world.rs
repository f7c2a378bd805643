//! A desk, a tiny venue and a network between them that loses, repeats and delays, all from a seed.
//!
//! Not here: the venue (tests_venue), what is tried (tests, tests_fuzz). Time passes only when nothing else can happen.
use std::collections::BTreeMap;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::known::Change;
use super::tests_venue::Venue;
use super::{AlpacaDesk, DeskConfig, Patience, StreamCommand};
use crate::domain::*;
use crate::execution::ExecutionBackend;
use crate::execution::alpaca::{
    Asked, Call, Entry, Finding, Instant, Outcome, RateHeaders, SessionName, StreamKind, StreamSignal, Verb,
};
use crate::venue::{
    BothTouched, Commission, CostScope, DueExit, FillMoment, LimitFill, MarketFill, Slippage, VenueRules,
};

pub(super) const A: SymbolIndex = SymbolIndex(0);

pub(super) fn shares(count: i64) -> Quantity {
    Quantity::from_shares(count).expect("shares")
}
pub(super) fn dollars(price: i64) -> Price {
    Price::from_units(price * Price::UNITS_PER_USD).expect("price")
}

/// Chances in a thousand of what may go wrong.
#[derive(Clone, Copy, Default)]
pub(super) struct Faults {
    pub(super) lost_before: u64,
    pub(super) lost_after: u64,
    pub(super) not_sent: u64,
    pub(super) status_429: u64,
    pub(super) status_500: u64,
    pub(super) message_lost: u64,
    pub(super) message_twice: u64,
    pub(super) message_late: u64,
    pub(super) stream_lost: u64,
    pub(super) crash: u64,
    pub(super) latency_ms: u64,
}

/// What is on the wire.
enum Parcel {
    Answer(u64, Outcome),
    Signal(StreamSignal),
}

/// What an engine would know: where each order is in its life, and the shares.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) events: Vec<ExecutionEvent>,
    pub(super) status: BTreeMap<OrderId, OrderStatus>,
    pub(super) shares: Quantity,
    pub(super) levels: BTreeMap<OrderId, Price>,
}

impl Heard {
    fn hear(&mut self, event: &ExecutionEvent) {
        let update = match *event {
            ExecutionEvent::Accepted { order } => Some((order, OrderUpdate::Acknowledged)),
            ExecutionEvent::Filled { fill, remaining } => {
                self.shares += fill.quantity.signed(fill.side);
                Some((fill.order, if remaining.is_zero() { OrderUpdate::Filled } else { OrderUpdate::PartFilled }))
            }
            ExecutionEvent::Canceled { order } => Some((order, OrderUpdate::Canceled)),
            ExecutionEvent::Expired { order } => Some((order, OrderUpdate::Expired)),
            ExecutionEvent::Rejected { order, .. } => Some((order, OrderUpdate::Rejected)),
            ExecutionEvent::LegLive { order, level, .. } => {
                self.levels.insert(order, level);
                (self.status.get(&order) == Some(&OrderStatus::Held)).then_some((order, OrderUpdate::Acknowledged))
            }
            ExecutionEvent::Replaced { .. } | ExecutionEvent::ChangeRefused { .. } | ExecutionEvent::Resized { .. } => {
                None
            }
        };
        if let Some((order, update)) = update {
            let before = self.status.get(&order).copied().unwrap_or(OrderStatus::Submitted);
            let after = before.after(update).unwrap_or_else(|error| panic!("{order:?}: {error}; {:?}", self.events));
            self.status.insert(order, after);
        }
        self.events.push(*event);
    }
}

/// Desk, network and venue.
pub(super) struct World {
    pub(super) desk: AlpacaDesk,
    pub(super) venue: Venue,
    pub(super) heard: Heard,
    pub(super) findings: Vec<Finding>,
    pub(super) calls: Vec<Call>,
    pub(super) faults: Faults,
    pub(super) now_ms: u64,
    log: Vec<Entry>,
    wire: Vec<(u64, u64, Parcel)>,
    parcels: u64,
    is_connected: bool,
    listens: bool,
    chance: Xoshiro256PlusPlus,
    orders: u64,
    /// Orders that were sent, to be compared with what the venue was sent.
    pub(super) sent: Vec<OrderId>,
}

pub(super) const RULES: VenueRules = VenueRules {
    market_fill: MarketFill::NextOpen,
    limit_fill: LimitFill::Touch,
    both_touched: BothTouched::StopFirst,
    due_exit: DueExit::ExitFirst,
    slippage: Slippage::None,
    slippage_on: CostScope::Both,
    commission: Commission::None,
    participation: Ratio::ONE,
    tick: Tick::UsEquity,
    fractional: false,
    cash_check_at_fill: false,
    trim_to_cash: false,
    extended_hours: false,
    leverage: 1,
};

pub(super) fn config() -> DeskConfig {
    DeskConfig {
        session: SessionName::new("s1").expect("name"),
        symbols: vec!["AAPL".parse().expect("symbol")],
        rules: RULES,
        cash: Money::from_cents(10_000_000),
        calls_a_minute: 200,
        seed: 7,
        listens_to_bars: false,
        siblings: Vec::new(),
        started_at: "2026-01-02T15:00:00Z".parse().expect("time"),
        patience: Patience { skew: u64::MAX, ..Patience::default() },
    }
}

impl World {
    /// A world whose desk is ready.
    pub(super) fn new() -> World {
        let mut world = World::cold(0);
        world.run();
        assert!(world.desk.is_ready());
        world
    }

    pub(super) fn cold(seed: u64) -> World {
        let config = DeskConfig { seed, ..config() };
        World {
            desk: AlpacaDesk::new(config, Instant::default()),
            venue: Venue { price: 100, legs_grow: true, ..Venue::default() },
            heard: Heard::default(),
            findings: Vec::new(),
            calls: Vec::new(),
            faults: Faults::default(),
            now_ms: 0,
            log: Vec::new(),
            wire: Vec::new(),
            parcels: 0,
            is_connected: false,
            listens: false,
            chance: Xoshiro256PlusPlus::seed_from_u64(seed),
            orders: 0,
            sent: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Instant {
        Instant { ms: self.now_ms, wall_ms: self.now_ms as i64 }
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.chance.next_u64() % bound.max(1)
    }

    fn happens(&mut self, of_thousand: u64) -> bool {
        of_thousand > 0 && self.below(1_000) < of_thousand
    }

    /// Sends an order with its legs; says its number.
    pub(super) fn submit(&mut self, request: OrderRequest, reduces: bool) -> OrderId {
        let OrderSize::Shares(quantity) = request.size else { panic!("shares") };
        let id = OrderId(self.orders + 1);
        self.orders += 3;
        self.heard.status.insert(id, OrderStatus::Submitted);
        for leg in super::legs(&request, id).into_iter().flatten() {
            self.heard.status.insert(leg.order, OrderStatus::Held);
        }
        let (reference, time) = (dollars(self.venue.price), self.bar());
        self.desk.ask(id, Asked { request, quantity, reference, reduces, time }, false);
        self.sent.push(id);
        id
    }

    pub(super) fn change(&mut self, order: OrderId, quantity: Option<Quantity>, kind: OrderKind) {
        self.desk.change(order, Change { quantity, kind });
    }

    pub(super) fn bar(&self) -> Timestamp {
        let start: Timestamp = "2026-01-02T15:00:00Z".parse().expect("time");
        start.plus_ns(self.venue.clock * 60_000_000_000)
    }

    /// The share trades; the desk hears what the network brings.
    pub(super) fn trade(&mut self, price: i64, most: i64) {
        self.desk.at_bar(self.bar(), FillMoment::Open);
        self.venue.trade(price, most);
    }

    /// One thing happens; `false` when nothing can but time.
    pub(super) fn step(&mut self) -> bool {
        self.desk.on_time(self.now());
        self.hear();
        let commands: Vec<StreamCommand> = self.desk.take_commands().collect();
        let had_commands = !commands.is_empty();
        commands.into_iter().for_each(|command| self.obey(command));
        self.carry_stream();
        let due = (0..self.wire.len()).filter(|at| self.wire[*at].0 <= self.now_ms).min_by_key(|at| self.wire[*at].1);
        if let Some(at) = due {
            match self.wire.remove(at).2 {
                Parcel::Answer(id, outcome) => self.desk.on_outcome(id, outcome, self.now()),
                Parcel::Signal(signal) => self.desk.on_signal(StreamKind::Trading, signal, self.now()),
            }
            self.hear();
            return true;
        }
        if let Some(call) = self.desk.next_call() {
            self.keep_log();
            self.carry(call);
            return true;
        }
        had_commands
    }

    pub(super) fn keep_log(&mut self) {
        self.log.extend(self.desk.take_log());
    }

    pub(super) fn hear(&mut self) {
        let mut answers = Vec::new();
        self.desk.poll(&mut answers);
        // What is given out is on the disk first.
        self.keep_log();
        answers.iter().for_each(|event| self.heard.hear(event));
        self.findings.extend(self.desk.take_findings());
    }

    fn post(&mut self, delay_ms: u64, parcel: Parcel) {
        self.parcels += 1;
        self.wire.push((self.now_ms + delay_ms, self.parcels, parcel));
    }

    fn delay(&mut self) -> u64 {
        let most = self.faults.latency_ms;
        if most == 0 { 0 } else { self.below(most) }
    }

    fn obey(&mut self, command: StreamCommand) {
        let answer = match command {
            StreamCommand::Connect(_) => {
                (self.is_connected, self.listens) = (true, false);
                StreamSignal::Connected
            }
            StreamCommand::Authenticate(_) => message(r#"{"stream":"authorization","data":{"status":"authorized"}}"#),
            StreamCommand::Say(..) => {
                // What happened before is not told to who listens now.
                self.venue.told.clear();
                self.listens = true;
                message(r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#)
            }
            StreamCommand::Close(_) => return (self.is_connected, self.listens) = (false, false),
        };
        let delay = self.delay();
        self.post(delay, Parcel::Signal(answer));
    }

    /// What the venue tells goes to the stream.
    fn carry_stream(&mut self) {
        for told in std::mem::take(&mut self.venue.told) {
            if !self.listens || self.happens(self.faults.message_lost) {
                continue;
            }
            let text = told.to_string();
            let times = if self.happens(self.faults.message_twice) { 2 } else { 1 };
            for _ in 0..times {
                let late = if self.happens(self.faults.message_late) { 3_000 } else { 0 };
                let delay = self.delay() + if late > 0 { self.below(late) } else { 0 };
                self.post(delay, Parcel::Signal(message(&text)));
            }
        }
        if self.listens && self.happens(self.faults.stream_lost) {
            (self.is_connected, self.listens) = (false, false);
            self.post(0, Parcel::Signal(StreamSignal::Lost("cut".to_owned())));
        }
    }

    fn carry(&mut self, call: Call) {
        let faults = self.faults;
        let outcome = if self.happens(faults.not_sent) {
            Outcome::NotSent("no route".to_owned())
        } else if self.happens(faults.lost_before) {
            Outcome::Unknown("cut".to_owned())
        } else if self.happens(faults.status_429) {
            answered(429, "{\"message\":\"rate limit exceeded\"}")
        } else if self.happens(faults.status_500) {
            answered(500, "{}")
        } else {
            let (status, body) = self.venue.answer(&call);
            if self.happens(faults.lost_after) { Outcome::Unknown("cut".to_owned()) } else { answered(status, &body) }
        };
        let delay = self.delay();
        self.post(delay, Parcel::Answer(call.id, outcome));
        self.calls.push(call);
    }

    /// Runs until nothing is left to do.
    pub(super) fn run(&mut self) {
        for _ in 0..5_000 {
            if self.happens(self.faults.crash) {
                self.crash();
            }
            if self.step() {
                continue;
            }
            let is_idle = self.wire.is_empty() && self.desk.is_quiet() && self.desk.is_ready();
            if is_idle {
                return;
            }
            self.pass_time();
        }
        panic!("no end: {}", self.unrest());
    }

    /// Runs for so long.
    pub(super) fn run_for(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        let mut steps = 0;
        while self.now_ms < until {
            steps += 1;
            assert!(steps < 50_000, "no end: {}", self.unrest());
            if !self.step() {
                let next = self.next_moment().unwrap_or(until).min(until);
                self.now_ms = next.max(self.now_ms + 1);
            }
        }
    }

    fn next_moment(&mut self) -> Option<u64> {
        let wire = self.wire.iter().map(|(due, ..)| *due).min();
        [wire, self.desk.wake_at()].into_iter().flatten().min()
    }

    fn pass_time(&mut self) {
        let next = self.next_moment().unwrap_or_else(|| panic!("nothing is due"));
        self.now_ms = next.max(self.now_ms + 1);
    }

    /// What is not at rest.
    fn unrest(&self) -> String {
        let mut out = format!(
            "shares {:?} closable {:?} ready {} early {} reached {:?} tickets {:?}\n",
            self.desk.shares_by_family(A, Side::Sell),
            self.desk.closable(A, Side::Sell),
            self.desk.is_ready(),
            self.desk.early.len(),
            self.desk.reached,
            self.desk.tickets
        );
        for (order, line) in self.desk.lines.iter().filter(|(_, line)| line.parent.is_some() || line.is_busy()) {
            let patch = line.patch.as_ref().map(|patch| (&patch.venue_id, patch.state));
            let ats: Vec<String> = line
                .at_venue
                .iter()
                .chain(&line.former)
                .map(|at| {
                    format!(
                        "{} {:?} {}/{:?} by {:?} gap {:?} settled {}",
                        at.id, at.life, at.filled, at.quantity, at.replaced_by, at.gap_since_ms, at.is_settled
                    )
                })
                .collect();
            out += &format!(
                "{}: {ats:?} patch {patch:?} delete {:?} ask {:?} change {:?} cancel {} expire {} freeing {} doomed {} live {} standing {:?}\n",
                order.0,
                line.delete,
                line.ask,
                line.change,
                line.cancel_asked,
                line.expire_asked,
                line.freeing,
                line.doomed,
                line.was_live,
                self.desk.ledger.mirror.standing(*order).map(|standing| standing.remaining)
            );
        }
        for kept in &self.venue.orders {
            out += &format!(
                "  {} {} {} {} {} {}/{} parent {:?} {:?} by {:?} trig {}\n",
                kept.id,
                kept.client_id,
                kept.kind,
                kept.class,
                kept.status,
                kept.filled,
                kept.quantity,
                kept.parent,
                kept.stop,
                kept.replaced_by,
                kept.is_triggered
            );
        }
        out
    }

    /// The program dies and comes back with what is on the disk.
    pub(super) fn crash(&mut self) {
        let config = DeskConfig { seed: self.desk.config.seed + 1, ..config() };
        let given = self.heard.events.len();
        // What was not on the disk is gone, and so is what was on its way to us.
        self.wire.clear();
        (self.is_connected, self.listens) = (false, false);
        self.desk = AlpacaDesk::restore(config, self.now(), &self.log, given);
        self.desk.at_bar(self.bar(), FillMoment::Open);
    }

    /// Bodies of the calls that were made since `from`, as verb and path.
    pub(super) fn made(&self, from: usize) -> Vec<String> {
        let shown = |call: &Call| format!("{} {}", call.verb.name(), call.path.split('?').next().unwrap_or(""));
        self.calls[from..].iter().filter(|call| call.verb != Verb::Get).map(shown).collect()
    }

    /// Afterwards both sides must have the same.
    pub(super) fn compare(&self, what: &str) {
        assert_eq!(self.heard.shares, self.desk.shares(A), "{what}: the engine's shares and the image's");
        assert_eq!(self.heard.shares, shares(self.venue.position), "{what}: shares, {:?}", self.venue.orders);
        let open = |order: &OrderId| self.heard.status[order].is_open();
        let is_leaving =
            self.desk.ledger.mirror.standings(A).any(|standing| standing.reduces && standing.parent.is_none());
        for standing in self.desk.ledger.mirror.standings(A) {
            assert!(open(&standing.order), "{what}: {standing:?}");
            if is_leaving && standing.parent.is_some() {
                // An exit at the venue takes its shares.
                continue;
            }
            let line = &self.desk.lines[&standing.order];
            let at =
                line.open().unwrap_or_else(|| panic!("{what}: {standing:?} is not at the venue: {}", self.unrest()));
            let kept = self.venue.orders.iter().find(|order| order.id == at.id).expect("known");
            assert!(kept.is_open(), "{what}: {standing:?} {kept:?}");
            // A leg is for all of its entry until that has ended.
            let grows = standing.parent.is_some_and(|parent| self.desk.ledger.mirror.standing(parent).is_some());
            if standing.parent.is_some() && !grows && standing.kind != OrderKind::Market {
                let rest = shares(kept.quantity - kept.filled);
                assert_eq!(rest, standing.remaining, "{what}: {standing:?} {kept:?}");
                if kept.kind == "stop" {
                    let stop: Price = kept.stop.as_deref().expect("stop").parse().expect("price");
                    assert_eq!(stop, standing.trigger, "{what}");
                }
            }
        }
        let ours: Vec<&str> =
            self.desk.lines.values().filter_map(|line| line.open()).map(|at| at.id.as_str()).collect();
        for kept in self.venue.open_orders() {
            let is_unborn = kept.parent.is_some_and(|parent| self.venue.orders[parent].filled == 0);
            assert!(is_unborn || ours.contains(&kept.id.as_str()), "{what}: {kept:?} is nobody's");
        }
        for (order, status) in &self.heard.status {
            let rests = self.desk.ledger.mirror.standing(*order).is_some();
            let waits = matches!(status, OrderStatus::Held);
            assert!(rests || waits || !status.is_open(), "{what}: {order:?} is {status:?} and rests nowhere");
        }
    }
}

pub(super) fn message(text: &str) -> StreamSignal {
    StreamSignal::Message(text.as_bytes().to_vec())
}

pub(super) fn answered(status: u16, body: &str) -> Outcome {
    Outcome::Answered { status, body: body.as_bytes().to_vec(), rate: RateHeaders::default() }
}

/// An entry at the market with a stop so many dollars below the fill, and a target as many above.
pub(super) fn entry(quantity: i64, distance: Option<i64>, with_target: bool) -> OrderRequest {
    let level = |distance: i64| LegLevel::FromFill { distance_units: distance * Price::UNITS_PER_USD };
    let legs = ExitLegs {
        stop: distance.map(level),
        take_profit: distance.filter(|_| with_target).map(level),
        ..ExitLegs::NONE
    };
    OrderRequest {
        symbol: A,
        side: Side::Buy,
        size: OrderSize::Shares(shares(quantity)),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        class: match (distance, with_target) {
            (None, _) => OrderClass::Simple,
            (Some(_), true) => OrderClass::Bracket,
            (Some(_), false) => OrderClass::Oto,
        },
        purpose: OrderPurpose::Entry,
        legs,
        extended_hours: false,
    }
}

/// An exit at the market.
pub(super) fn exit(quantity: i64) -> OrderRequest {
    OrderRequest {
        side: Side::Sell,
        time_in_force: TimeInForce::Gtc,
        purpose: OrderPurpose::Signal,
        ..entry(quantity, None, false)
    }
}
