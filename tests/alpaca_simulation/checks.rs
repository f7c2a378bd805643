//! What must hold, all along and at the end.
//!
//! Not here: events that cannot follow (the engine refuses them), the rebuilt engine (driver).
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alphaflow::domain::{OrderClass, OrderId, Price, Quantity, Side, SymbolIndex};
use alphaflow::engine::{OrderOutcome, OrderRecord};
use alphaflow::exchange::Exchange;
use alphaflow::execution::alpaca::{Entry, Finding, Patience};
use serde_json::Value;

use crate::driver::{Disk, Driver};
use crate::market::SYMBOLS;
use crate::world::World;

/// Calls a minute that the venue allows.
const CALLS_A_MINUTE: usize = 200;

/// When calls left.
#[derive(Default)]
pub struct Rate(VecDeque<u64>);

impl Rate {
    pub fn take(&mut self, now_ms: u64) -> Result<(), String> {
        while self.0.front().is_some_and(|first| first + 60_000 <= now_ms) {
            self.0.pop_front();
        }
        self.0.push_back(now_ms);
        match self.0.len() > CALLS_A_MINUTE {
            true => Err(format!("{} calls in a minute", self.0.len())),
            false => Ok(()),
        }
    }
}

/// An order as the exchange has it.
#[derive(Debug)]
struct Shown {
    id: String,
    client_id: String,
    symbol: usize,
    side: Side,
    kind: String,
    status: String,
    quantity: Quantity,
    filled: Quantity,
    limit: Option<Price>,
    stop: Option<Price>,
}

impl Shown {
    fn read(order: &Value) -> Shown {
        let text = |name: &str| order[name].as_str().unwrap_or("").to_owned();
        let quantity = |name: &str| order[name].as_str().map_or(Quantity::ZERO, |text| text.parse().unwrap());
        let price = |name: &str| order[name].as_str().map(|text| text.parse().unwrap());
        Shown {
            id: text("id"),
            client_id: text("client_order_id"),
            symbol: symbol(&order["symbol"]),
            side: if text("side") == "buy" { Side::Buy } else { Side::Sell },
            kind: text("type"),
            status: text("status"),
            quantity: quantity("qty"),
            filled: quantity("filled_qty"),
            limit: price("limit_price"),
            stop: price("stop_price"),
        }
    }

    fn brief(&self) -> String {
        let Shown { client_id, side, kind, status, quantity, filled, limit, stop, .. } = self;
        let prices: Vec<String> = [limit, stop].into_iter().flatten().map(Price::to_string).collect();
        format!("{client_id:.22} {} {kind} {} {status} {filled}/{quantity}", side.name(), prices.join("/"))
    }

    fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "accepted" | "new" | "partially_filled" | "held")
    }

    fn rest(&self) -> Quantity {
        self.quantity - self.filled
    }
}

fn symbol(name: &Value) -> usize {
    usize::from(name.as_str() == Some("BBB"))
}

fn orders_of(state: &Value) -> Vec<Shown> {
    state["orders"].as_array().unwrap().iter().map(Shown::read).collect()
}

fn shares_of(state: &Value, index: usize) -> Quantity {
    let positions = state["positions"].as_array().unwrap();
    let held = positions.iter().find(|position| symbol(&position["symbol"]) == index);
    held.map_or(Quantity::ZERO, |position| position["qty"].as_str().unwrap().parse().unwrap())
}

/// What is looked at to see whether positions have their stops.
pub struct Sight<'a> {
    pub exchange: &'a Exchange,
    pub driver: Option<&'a Driver>,
    pub disk: &'a Disk,
    pub now_ms: u64,
}

/// How long shares that a stop protects for the engine have had none at the exchange.
///
/// Outages are the spans in which something fails or the session is down, with what it takes to know what that cost;
/// two with less between them than [`Patience::bare`] are one. Without an outage a stop is missing for
/// [`Patience::bare`] at most, and in all for that and the longest outage.
#[derive(Default)]
pub struct Cover {
    /// Something has happened since it was last looked at.
    pub is_stale: bool,
    disturbed_until_ms: u64,
    bare: [Option<Bare>; SYMBOLS],
    outage: Option<Outage>,
    longest_outage_ms: u64,
    seen_ms: u64,
    what: String,
}

/// Since when a stop is missing, and for how long of that nothing failed.
#[derive(Clone, Copy)]
struct Bare {
    since_ms: u64,
    calm_ms: u64,
}

#[derive(Clone, Copy)]
struct Outage {
    from_ms: u64,
    until_ms: u64,
}

impl Cover {
    /// A fault: what it costs may take until then.
    pub fn disturb(&mut self, until_ms: u64) {
        self.disturbed_until_ms = self.disturbed_until_ms.max(until_ms);
    }

    /// Time passes.
    pub fn pass(&mut self, from_ms: u64, to_ms: u64, is_calm: bool) -> Result<(), String> {
        let most = Patience::default().bare;
        let calm_from_ms = if is_calm { from_ms.max(self.disturbed_until_ms).min(to_ms) } else { to_ms };
        self.lengthen_outage(from_ms, calm_from_ms);
        for (index, bare) in self.bare.iter_mut().enumerate() {
            let Some(bare) = bare else { continue };
            bare.calm_ms += to_ms - calm_from_ms;
            if bare.calm_ms > most {
                let ms = bare.calm_ms;
                return Err(format!("symbol {index} has had no stop for {ms} ms without a fault: {}", self.what));
            }
            let (ms, outage_ms) = (to_ms - bare.since_ms, self.longest_outage_ms);
            if ms > most + outage_ms {
                let what = &self.what;
                return Err(format!(
                    "symbol {index} has had no stop for {ms} ms, the longest outage {outage_ms}: {what}"
                ));
            }
        }
        Ok(())
    }

    fn lengthen_outage(&mut self, from_ms: u64, until_ms: u64) {
        if until_ms <= from_ms {
            return;
        }
        let is_same = |outage: &Outage| from_ms <= outage.until_ms + Patience::default().bare;
        let from_ms = self.outage.filter(is_same).map_or(from_ms, |outage| outage.from_ms);
        self.outage = Some(Outage { from_ms, until_ms });
        self.longest_outage_ms = self.longest_outage_ms.max(until_ms - from_ms);
    }

    /// The desk tells a person something. Of missing stops it tells when they are missing, and not without an outage.
    pub fn hear(&self, finding: &Finding, now_ms: u64) -> Result<(), String> {
        let Finding::Bare { ms, .. } = finding else { return Ok(()) };
        let is_explained = self.outage.is_some_and(|outage| outage.until_ms + ms >= now_ms);
        if is_explained { Ok(()) } else { Err(format!("told without an outage: {finding}")) }
    }

    /// Looks at the exchange.
    pub fn look(&mut self, sight: &mut Sight<'_>) {
        let Some(driver) = sight.driver else { return };
        let has_stops = (0..SYMBOLS).any(|index| !driver.engine.gate().stops(SymbolIndex(index as u16)).is_empty());
        if !has_stops {
            self.bare = [None; SYMBOLS];
            return;
        }
        if !self.is_stale && sight.now_ms < self.seen_ms + 2_000 {
            return;
        }
        (self.is_stale, self.seen_ms) = (false, sight.now_ms);
        let state = sight.exchange.open_state();
        let orders = orders_of(&state);
        for index in 0..SYMBOLS {
            let stops = driver.engine.gate().stops(SymbolIndex(index as u16));
            let held = shares_of(&state, index);
            let protecting = stops.iter().filter(|stop| side_of(sight.disk, stop.order) == held.closing_side());
            let stopped = protecting.fold(Quantity::ZERO, |sum, stop| sum + stop.shares);
            let needed = match held.closing_side() {
                None => Quantity::ZERO,
                Some(_) => stopped.min(held.abs()),
            };
            let protects = |order: &&Shown| {
                let is_own = order.client_id.ends_with("-o0");
                order.symbol == index
                    && order.is_open()
                    && Some(order.side) == held.closing_side()
                    && (order.kind != "limit" || is_own)
            };
            let covered = orders.iter().filter(protects).fold(Quantity::ZERO, |sum, order| sum + order.rest());
            if covered < needed {
                self.bare[index] = self.bare[index].or(Some(Bare { since_ms: sight.now_ms, calm_ms: 0 }));
                let open = orders.iter().filter(|order| order.symbol == index && order.is_open());
                let open: Vec<String> = open.map(Shown::brief).collect();
                let stops: Vec<String> = stops
                    .iter()
                    .map(|stop| format!("{} at {} for {}", stop.order.0, stop.level, stop.shares))
                    .collect();
                self.what = format!("{held} held; stops here {stops:?}; open there {open:?}");
            } else {
                self.bare[index] = None;
            }
        }
    }
}

/// Bought or sold: of an order, of the stop of a pair, or of a leg.
fn side_of(disk: &Disk, id: OrderId) -> Option<Side> {
    let asked = |id: u64| {
        disk.log.iter().find_map(|entry| match entry {
            Entry::Asked { order, asked } if order.0 == id => Some(asked.request),
            _ => None,
        })
    };
    if let Some(own) = asked(id.0) {
        return Some(own.side);
    }
    let entry = (1..=2).find_map(|place| asked(id.0.checked_sub(place)?))?;
    Some(if entry.class == OrderClass::Oco { entry.side } else { entry.side.opposite() })
}

/// Everything against everything, when nothing moves any more.
pub fn at_rest(world: &mut World) -> Result<(), String> {
    let state = world.exchange.state();
    let orders = orders_of(&state);
    let numbers = numbers(&world.disk);
    let Some(mut driver) = world.driver.take() else { return Err("no session runs".to_owned()) };
    each_order_once(&orders, &numbers)?;
    world.findings.extend(driver.desk.take_findings());
    no_finding(&world.findings)?;
    each_fill_once(&state, &numbers, world)?;
    the_same_account(&state, &driver)?;
    let records = driver.engine.finish().orders;
    the_same_orders(&orders, &numbers, &records)?;
    (0..SYMBOLS).try_for_each(|index| legs_for_what_stays(index, shares_of(&state, index), &orders, &numbers, &records))
}

/// Our number for each order of the exchange.
fn numbers(disk: &Disk) -> BTreeMap<String, OrderId> {
    let linked = disk.log.iter().filter_map(|entry| match entry {
        Entry::Linked { order, venue_id } => Some((venue_id.clone(), *order)),
        _ => None,
    });
    linked.collect()
}

fn the_same_account(state: &Value, driver: &Driver) -> Result<(), String> {
    let portfolio = driver.engine.portfolio();
    for index in 0..SYMBOLS {
        let symbol = SymbolIndex(index as u16);
        let (theirs, ours, desk) =
            (shares_of(state, index), portfolio.position(symbol).quantity(), driver.desk.shares(symbol));
        if theirs != ours || theirs != desk {
            return Err(format!("shares of {index}: exchange {theirs:?}, engine {ours:?}, desk {desk:?}"));
        }
    }
    let (theirs, ours) = (state["cash"].as_str().unwrap_or("").to_owned(), portfolio.cash().to_string());
    match theirs == ours {
        true => Ok(()),
        false => Err(format!("cash: exchange {theirs}, engine {ours}")),
    }
}

/// No order of ours is at the exchange twice, and each that is there is known.
fn each_order_once(orders: &[Shown], numbers: &BTreeMap<String, OrderId>) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for order in orders {
        if !names.insert(order.client_id.as_str()) {
            return Err(format!("twice at the exchange: {order:?}"));
        }
        if order.client_id.starts_with("af-") && !numbers.contains_key(&order.id) {
            return Err(format!("not known here: {order:?}"));
        }
    }
    Ok(())
}

type Execution = (OrderId, Side, Quantity, Price);

fn each_fill_once(state: &Value, numbers: &BTreeMap<String, OrderId>, world: &World) -> Result<(), String> {
    let mut theirs: Vec<Execution> = Vec::new();
    for fill in state["fills"].as_array().unwrap() {
        let id = fill["order_id"].as_str().unwrap_or("");
        let Some(number) = numbers.get(id) else { return Err(format!("a fill of an order not known here: {fill}")) };
        let side = if fill["side"].as_str() == Some("buy") { Side::Buy } else { Side::Sell };
        let (quantity, price) = (fill["qty"].as_str().unwrap(), fill["price"].as_str().unwrap());
        theirs.push((*number, side, quantity.parse().unwrap(), price.parse().unwrap()));
    }
    let mut ours: Vec<Execution> =
        world.fills.iter().map(|fill| (fill.order, fill.side, fill.quantity, fill.price)).collect();
    let key = |fill: &Execution| (fill.0, fill.2, fill.3);
    theirs.sort_by_key(key);
    ours.sort_by_key(key);
    match theirs == ours {
        true => Ok(()),
        false => {
            let missing: Vec<&Execution> = theirs.iter().filter(|fill| !ours.contains(fill)).collect();
            let strange: Vec<&Execution> = ours.iter().filter(|fill| !theirs.contains(fill)).collect();
            let (many, few) = (theirs.len(), ours.len());
            Err(format!("fills: exchange {many}, engine {few}; missing {missing:?}; strange {strange:?}"))
        }
    }
}

/// What a person should hear of and what no fault of a network may cause.
fn no_finding(findings: &[Finding]) -> Result<(), String> {
    let is_wrong = |finding: &&Finding| {
        matches!(
            finding,
            Finding::Position { .. }
                | Finding::ForeignOrder { .. }
                | Finding::LateFill { .. }
                | Finding::MissingFill { .. }
                | Finding::Busted { .. }
                | Finding::Strange(_)
                | Finding::Unreadable(_)
                | Finding::Unauthorized(_)
                | Finding::Stuck { .. }
        )
    };
    match findings.iter().find(is_wrong) {
        None => Ok(()),
        Some(wrong) => Err(format!("the desk found: {wrong}")),
    }
}

/// What is open for the engine is open at the exchange, for as many shares and at the same levels, and nothing else.
fn the_same_orders(
    orders: &[Shown],
    numbers: &BTreeMap<String, OrderId>,
    records: &[OrderRecord],
) -> Result<(), String> {
    let open: Vec<&Shown> = orders.iter().filter(|order| order.is_open()).collect();
    let status = |record: &OrderRecord| match record.outcome {
        OrderOutcome::Sent(status) => Some(status),
        OrderOutcome::Refused => None,
    };
    for order in &open {
        let record = numbers.get(&order.id).map(|number| &records[number.0 as usize - 1]);
        if !record.is_some_and(|record| status(record).is_some_and(|status| status.is_open())) {
            return Err(format!("open at the exchange alone: {order:?}; here {record:?}"));
        }
    }
    for record in records.iter().filter(|record| record.rests()) {
        let theirs: Vec<&&Shown> = open.iter().filter(|order| numbers.get(&order.id) == Some(&record.id)).collect();
        if theirs.is_empty() && record.leg > 0 && records.iter().any(|other| takes_shares_of(other, record)) {
            continue;
        }
        let [order] = theirs.as_slice() else {
            return Err(format!("{} orders at the exchange for {record:?}: {theirs:?}", theirs.len()));
        };
        the_same_order(order, record, records)?;
    }
    Ok(())
}

/// The legs at the exchange are for all shares that they protect, but for those that exits take.
fn legs_for_what_stays(
    index: usize,
    held: Quantity,
    orders: &[Shown],
    numbers: &BTreeMap<String, OrderId>,
    records: &[OrderRecord],
) -> Result<(), String> {
    let Some(side) = held.closing_side() else { return Ok(()) };
    let closes = |record: &&OrderRecord| {
        record.rests() && record.request.symbol == SymbolIndex(index as u16) && record.request.side == side
    };
    let entry = |record: &OrderRecord| record.parent().map(|parent| &records[parent.0 as usize - 1]);
    let mut families: BTreeMap<OrderId, (Quantity, Quantity)> = BTreeMap::new();
    for leg in records.iter().filter(closes) {
        let Some(entry) = entry(leg).filter(|entry| entry.request.class != OrderClass::Oco) else { continue };
        if entry.rests() {
            // Its legs are for all of it there until it has ended.
            return Ok(());
        }
        let theirs = orders.iter().filter(|order| order.is_open() && numbers.get(&order.id) == Some(&leg.id));
        let theirs = theirs.map(Shown::rest).max().unwrap_or_default();
        let (needed, there) = families.entry(entry.id).or_default();
        (*needed, *there) = ((*needed).max(leg.remaining()), (*there).max(theirs));
    }
    let exits = records.iter().filter(closes).filter(|record| record.leg == 0);
    let leaving = exits.fold(Quantity::ZERO, |sum, exit| sum + exit.remaining());
    let (needed, there) =
        families.values().fold((Quantity::ZERO, Quantity::ZERO), |sums, family| (sums.0 + family.0, sums.1 + family.1));
    let needed = needed.min(held.abs() - leaving.min(held.abs()));
    match there == needed {
        true => Ok(()),
        false => Err(format!("legs of {index} are for {there} there, {needed} are to stay of {held}: {families:?}")),
    }
}

fn the_same_order(order: &Shown, record: &OrderRecord, records: &[OrderRecord]) -> Result<(), String> {
    let differs = |what: &str| Err(format!("{what} of an open order: {order:?}; here {record:?}"));
    let parent = record.parent().map(|parent| &records[parent.0 as usize - 1]);
    // A leg at the venue is for all of its entry until that has ended.
    let may_differ = record.leg > 0
        && (parent.is_some_and(|parent| parent.rests()) || records.iter().any(|other| takes_shares_of(other, record)));
    if !may_differ && order.rest() != record.remaining() {
        return differs("shares");
    }
    let kind = record.request.kind;
    if order.kind == "limit" && kind.limit().is_some() && order.limit != kind.limit() {
        return differs("limit");
    }
    if order.kind == "stop" && kind.stop().is_some() && order.stop != kind.stop() {
        return differs("stop");
    }
    Ok(())
}

/// Does an exit rest beside a leg? The venue lets one order hold a share, so the leg makes room for it.
fn takes_shares_of(other: &OrderRecord, leg: &OrderRecord) -> bool {
    let (ours, theirs) = (leg.request, other.request);
    other.rests() && other.leg == 0 && theirs.symbol == ours.symbol && theirs.side == ours.side
}
