//! A second market, written for clarity alone from the specification's text: one function a rule, one bar
//! at a time, whole numbers.
//!
//! Not here: anything of the program. It shares no line and no type with what it judges. Not here either:
//! what fills (market), what may be sent (desk).
//! A time is one moment at which at least one symbol has a bar. Its order of things: splits and dividends;
//! the opens, exits before entries; inside the bars; the closes; the closing auction; orders that had their
//! one moment end; the session ends; the script's rows are reviewed, then sent.
use std::collections::BTreeMap;

use super::case::{Attos, Bar, Case, Class, DOLLAR, Event, Filled, Kind, Nano, Outcome, SYMBOLS, Side, Tif};

/// One share in the units of cash.
pub const SHARE: i128 = 1_000_000_000;

/// Where an order is in its life, in Alpaca's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Held,
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    Rejected,
    Expired,
    Refused,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Status::Held => "held",
            Status::New => "new",
            Status::PartiallyFilled => "partially_filled",
            Status::Filled => "filled",
            Status::Canceled => "canceled",
            Status::Rejected => "rejected",
            Status::Expired => "expired",
            Status::Refused => "refused",
        }
    }

    /// At the venue, so that it can be canceled and changed.
    pub fn rests(self) -> bool {
        matches!(self, Status::New | Status::PartiallyFilled)
    }
}

/// Every order ever asked for, legs and refused ones too; its place in the list is its number.
#[derive(Clone, Debug)]
pub struct Record {
    pub name: String,
    pub symbol: usize,
    pub status: Status,
    pub filled: i64,
    /// Shares and dollars of its fills so far, and what they were charged.
    pub traded: (i64, Attos, Attos),
    /// The kind with its prices as they were last asked for.
    pub asked: Kind,
    /// The exit of a flatten.
    pub flattens: bool,
}

/// An order that rests.
#[derive(Clone, Debug)]
pub struct Order {
    /// Of its record.
    pub number: usize,
    pub side: Side,
    /// Shares still to fill.
    pub open: i64,
    pub kind: Kind,
    pub tif: Tif,
    pub class: Class,
    /// It was approved to shrink the position and never does anything else.
    pub exit: bool,
    /// The entry whose leg it is.
    pub entry: Option<usize>,
    /// The other of its pair.
    pub pair: Option<usize>,
    /// Levels of the legs it will have.
    pub stop_loss: Option<Nano>,
    pub take_profit: Option<Nano>,
    /// The first time at which it may fill.
    pub from: usize,
    /// Where a stop triggers now.
    pub level: Nano,
    /// The best price a trailing stop has seen.
    pub best: Nano,
    /// A stop-limit that has become a limit.
    pub is_triggered: bool,
    /// For `opg`: the next bar opens the session it waits for.
    pub opens_next: bool,
    /// The last time at which it filled in part, or could have: it takes one share of a bar's volume.
    pub done_on: Option<usize>,
}

impl Order {
    pub fn has_legs(&self) -> bool {
        self.stop_loss.is_some() || self.take_profit.is_some()
    }

    /// A stop that has not become a limit.
    pub fn is_stop(&self) -> bool {
        match self.kind {
            Kind::Stop { .. } | Kind::TrailPrice { .. } | Kind::TrailPercent { .. } => true,
            Kind::StopLimit { .. } => !self.is_triggered,
            Kind::Market | Kind::Limit { .. } => false,
        }
    }

    /// The limit it may fill at now.
    pub fn limit(&self) -> Option<Nano> {
        match self.kind {
            Kind::Limit { limit } => Some(limit),
            Kind::StopLimit { limit, .. } if self.is_triggered => Some(limit),
            _ => None,
        }
    }
}

/// The whole state.
pub struct World<'a> {
    pub case: &'a Case,
    pub now: usize,
    pub cash: Attos,
    /// Signed shares by symbol.
    pub held: Vec<i64>,
    /// Last closes by symbol.
    pub close: Vec<Nano>,
    /// Resting orders by symbol, oldest first.
    pub books: Vec<Vec<Order>>,
    pub records: Vec<Record>,
    pub halted: bool,
    pub fills: Vec<Filled>,
    pub refusals: Vec<(String, String)>,
    pub ambiguous_bars: u64,
    /// The day of the last sale, what was sold for on it, FINRA's fees on it, and what both kinds were charged.
    pub sold: (&'static str, Attos, Attos, Attos),
    /// How often each rule decided something.
    pub rules_used: BTreeMap<&'static str, u64>,
}

/// Plays a case; says also how often each rule decided something.
pub fn play(case: &Case) -> (Outcome, BTreeMap<&'static str, u64>) {
    let symbols = case.bars.len();
    let mut world = World {
        case,
        now: 0,
        cash: 0,
        held: vec![0; symbols],
        close: vec![0; symbols],
        books: vec![Vec::new(); symbols],
        records: Vec::new(),
        halted: false,
        fills: Vec::new(),
        refusals: Vec::new(),
        ambiguous_bars: 0,
        sold: ("", 0, 0, 0),
        rules_used: BTreeMap::new(),
    };
    let mut session_is_open = false;
    let mut seen_until = 0;
    for time in 0..case.times() {
        if (0..symbols).all(|symbol| case.bars[symbol][time].is_none()) {
            continue;
        }
        if session_is_open && case.session(time) != case.session(world.now) {
            // Its last bar was missing.
            world.end_session();
        }
        world.now = time;
        world.corporate_actions(seen_until);
        seen_until = time + 1;
        world.bars_pass();
        session_is_open = !case.is_last_of_session(time);
        if !session_is_open {
            world.end_session();
        }
        world.decide();
    }
    world.outcome()
}

impl World<'_> {
    pub fn used(&mut self, rule: &'static str) {
        *self.rules_used.entry(rule).or_default() += 1;
    }

    /// The bar of a symbol at this time.
    pub fn bar(&self, symbol: usize) -> Option<Bar> {
        self.case.bars[symbol][self.now]
    }

    pub fn symbols(&self) -> std::ops::Range<usize> {
        0..self.books.len()
    }

    /// Everything that bars do to orders, from their opens to their closes.
    fn bars_pass(&mut self) {
        self.at_opens();
        for symbol in self.symbols() {
            self.inside_bar(symbol);
        }
        self.at_closes(self.now.checked_sub(1));
        if self.case.is_last_of_session(self.now) {
            self.closing_auction();
        }
        self.end_immediate_orders();
        for symbol in self.symbols() {
            self.close[symbol] = self.bar(symbol).map_or(self.close[symbol], |bar| bar.close);
        }
    }

    /// Splits and dividends since `seen_until`, in the order they are written, before the open.
    fn corporate_actions(&mut self, seen_until: usize) {
        for (symbol, time, event) in self.case.events.clone() {
            if (seen_until..=self.now).contains(&time) {
                match event {
                    Event::Dividend { amount } => {
                        self.used("dividend: credited to a long, debited to a short");
                        self.cash += i128::from(amount) * i128::from(self.held[symbol]) * SHARE;
                    }
                    Event::Split { new, old } => self.split(symbol, new, old),
                }
            }
        }
    }

    /// Shares, levels and quantities follow a split; a fraction of a share is paid at the adjusted close.
    fn split(&mut self, symbol: usize, new: i64, old: i64) {
        self.used("split: position, orders and levels follow");
        let price = |price: Nano| price * old / new;
        let shares = |shares: i64| shares * new / old;
        self.close[symbol] = price(self.close[symbol]);
        let all = self.held[symbol] * new;
        self.held[symbol] = all / old;
        // `all % old` is in parts of 1 / old of a share.
        self.cash += i128::from(self.close[symbol]) * i128::from(all % old) * SHARE / i128::from(old);
        for record in self.records.iter_mut().filter(|record| record.symbol == symbol) {
            record.filled = shares(record.filled);
            record.asked = split_kind(record.asked, price);
        }
        // Legs take turns: all up to and with an entry's are for the whole shares that all of them come to.
        let mut before = 0;
        let mut legs = BTreeMap::new();
        for entry in self.entries_with_legs(symbol) {
            let of_entry = self.books[symbol].iter().filter(|order| order.entry == Some(entry));
            let all = before + of_entry.map(|leg| leg.open).max().unwrap_or(0);
            legs.insert(entry, shares(all) - shares(before));
            before = all;
        }
        for order in &mut self.books[symbol] {
            order.open = order.entry.map_or(shares(order.open), |entry| legs[&entry]);
            order.kind = split_kind(order.kind, price);
            order.level = price(order.level);
            order.best = price(order.best);
            order.stop_loss = order.stop_loss.map(price);
            order.take_profit = order.take_profit.map(price);
        }
        self.cancel_what_is_empty(symbol);
    }

    /// Day orders expire, closing orders without a close are canceled, opening orders wait for the next bar.
    fn end_session(&mut self) {
        for symbol in self.symbols() {
            for order in self.books[symbol].clone() {
                match order.tif {
                    Tif::Day => {
                        self.used("day: expires with its session");
                        self.remove(symbol, order.number, Status::Expired);
                    }
                    Tif::Cls => {
                        self.used("cls: canceled after the close");
                        self.remove(symbol, order.number, Status::Canceled);
                    }
                    Tif::Gtc | Tif::Ioc | Tif::Fok | Tif::Opg => {}
                }
            }
            self.books[symbol].iter_mut().for_each(|order| order.opens_next = true);
        }
    }

    /// Takes an order out of the book; legs that never went live end with their entry.
    pub fn remove(&mut self, symbol: usize, number: usize, status: Status) {
        self.books[symbol].retain(|order| order.number != number);
        self.records[number].status = status;
        let name = self.records[number].name.clone();
        for leg in [format!("{name}.stop"), format!("{name}.take_profit")] {
            if let Some(leg) = self.records.iter_mut().find(|record| record.name == leg)
                && leg.status == Status::Held
            {
                leg.status = Status::Canceled;
            }
        }
    }

    fn outcome(self) -> (Outcome, BTreeMap<&'static str, u64>) {
        let status = |record: &Record| (record.name.clone(), record.status.word().to_owned());
        let mut orders: Vec<(String, String)> = self.records.iter().map(status).collect();
        orders.sort();
        let World { fills, refusals, cash, ambiguous_bars, .. } = self;
        (Outcome { fills, orders, refusals, cash, ambiguous_bars }, self.rules_used)
    }

    /// `F1`, or `F1.AAA` where there are several symbols.
    pub fn flatten_name(&self, id: &str, symbol: usize) -> String {
        if self.books.len() > 1 { format!("{id}.{}", SYMBOLS[symbol]) } else { id.to_owned() }
    }
}

fn split_kind(kind: Kind, price: impl Fn(Nano) -> Nano) -> Kind {
    match kind {
        Kind::Market => Kind::Market,
        Kind::Limit { limit } => Kind::Limit { limit: price(limit) },
        Kind::Stop { stop } => Kind::Stop { stop: price(stop) },
        Kind::StopLimit { stop, limit } => Kind::StopLimit { stop: price(stop), limit: price(limit) },
        Kind::TrailPrice { distance } => Kind::TrailPrice { distance: price(distance) },
        Kind::TrailPercent { percent } => Kind::TrailPercent { percent },
    }
}

/// A price on the grid of one cent (a hundredth of one below a dollar), rounded down or up.
pub fn on_grid(price: Nano, up: bool) -> Nano {
    let step = if price >= DOLLAR { DOLLAR / 100 } else { DOLLAR / 10_000 };
    let below = price - price % step;
    if up && below < price { below + step } else { below }
}
