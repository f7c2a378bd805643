//! The gate and the model of it in one world: the same things happen to both, and every answer is compared.
//!
//! Not here: what happens (steps).
use std::collections::BTreeMap;
use std::rc::Rc;

use alphaflow::domain::{
    ExitLegs, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity, Ratio,
    Side, SymbolIndex, TimeInForce, Timestamp,
};
use alphaflow::portfolio::Portfolio;
use alphaflow::risk::{
    BreachRule, CashCheck, Gate, HaltCause, Limits, LossRule, MaintenanceRate, Margin, ProtectiveStop, Refusal,
    Standing, SymbolRules,
};

use super::draw::{Draw, Sequence, Stream};
use super::history::{Fact, Situation, Stop, situation};
use super::judge::{Asked, Passed, Rules, max_order, review, review_cancel, review_change, stops_after, twins};

/// How often each outcome was seen.
pub type Tally = BTreeMap<&'static str, u64>;

pub const SECOND: i64 = Timestamp::NS_PER_SECOND;
pub const DAY: i64 = Timestamp::NS_PER_DAY;

/// A gate, its account, and everything that happened to both.
pub struct World<'a> {
    pub gate: Gate,
    pub portfolio: Portfolio,
    pub history: Vec<Fact>,
    pub rules: Rules,
    pub fractional: bool,
    cash: i128,
    standing: Standing,
    pub at: i64,
    pub next_order: u64,
    /// What was asked for, by order.
    pub requests: BTreeMap<u64, OrderRequest>,
    /// Fees a share.
    pub fee: Price,
    /// Approvals of this gate.
    sequence: u64,
    /// Symbols that had a bar in this session.
    pub had_bar: Vec<bool>,
    tally: &'a mut Tally,
}

/// An order of which only the symbol matters.
const PLAIN: OrderRequest = OrderRequest {
    symbol: SymbolIndex(0),
    side: Side::Sell,
    size: OrderSize::Shares(Quantity::ZERO),
    kind: OrderKind::Market,
    time_in_force: TimeInForce::Gtc,
    class: OrderClass::Simple,
    purpose: OrderPurpose::Signal,
    legs: ExitLegs::NONE,
    extended_hours: false,
};

/// What differs between the gate and the model.
pub type Difference = String;

pub fn money(units: i128) -> Money {
    Money::from_units(units)
}
pub fn shares(units: i128) -> Quantity {
    Quantity::from_units(units as i64)
}
pub fn price(units: i128) -> Price {
    Price::from_units(units as i64).unwrap()
}
pub fn index(symbol: usize) -> SymbolIndex {
    SymbolIndex(symbol as u16)
}

fn to_cents(dollars: f64) -> i128 {
    (dollars * 100.0).round() as i128 * 10_000_000
}

/// A share of something, in units of 1e-9, by thousandths.
fn thousandths(of: i64) -> Ratio {
    Ratio::from_units(of * 1_000_000)
}

/// No limit for accounts of this size, and small enough for exact products.
const WIDE: i64 = 100_000;

fn limits(draw: &mut Draw<'_>, cash: i128) -> Limits {
    // About four of fourteen are tight in any one world, so that each is the first to bind in some.
    let mut tight = |low: i64, high: i64| thousandths(if draw.is(28) { draw.within(low, high) } else { WIDE });
    let mut limits = Limits {
        daily_loss_max: tight(2, 30),
        position_size_max: tight(20, 400),
        portfolio_heat_max: tight(5, 300),
        correlated_exposure_max: tight(50, 700),
        drawdown_max: tight(4, 60),
        gross_exposure_max: tight(200, 1500),
        price_collar: tight(3, 100),
        ..Limits::WIDE
    };
    if draw.is(25) {
        limits.open_positions_max = draw.within(0, 4) as usize;
    }
    if draw.is(30) {
        limits.orders_per_minute_max = draw.within(0, 12) as usize;
    }
    if draw.is(25) {
        limits.order_notional_max = money(cash * i128::from(draw.within(5, 400)) / 1000);
    }
    if draw.is(35) {
        limits.stale_after_ns = Some(draw.within(1, 90) * SECOND);
    }
    // What they say is the engine's business; the gate must not care.
    limits.on_daily_loss = draw.of(&[LossRule::Halt, LossRule::Flatten]);
    limits.on_breach = draw.of(&[BreachRule::Reject, BreachRule::Trim]);
    limits
}

pub fn standing(draw: &mut Draw<'_>, margin: &Margin) -> Standing {
    let mut standing = Standing::plain(margin);
    if draw.is(40) {
        standing.maintenance = draw.of(&[Some(MaintenanceRate::Carried), Some(MaintenanceRate::WithinSession)]);
        standing.leverage = draw.of(&[1, margin.leverage, margin.leverage]);
    }
    let (need, have) = (Money::from_cents(200_000), Money::from_cents(draw.within(0, 199_999)));
    standing.shorts = draw.is(8).then_some(Refusal::MarginEquity { need, have });
    let need = Money::from_cents(2_500_000);
    standing.entries = draw.is(3).then_some(Refusal::PatternDayTrader { need, have });
    standing
}

fn symbol_rules(draw: &mut Draw<'_>, symbols: usize) -> SymbolRules {
    let name = |symbol: usize| format!("S{symbol}").parse().unwrap();
    let mut some =
        |parts| (0..symbols).filter(|_| draw.is(parts)).map(|symbol| (index(symbol), name(symbol))).collect();
    SymbolRules { restricted: some(4), hard_to_borrow: some(8), whole_shares: draw.is(40) }
}

impl<'a> World<'a> {
    pub fn new(sequence: &Sequence, tally: &'a mut Tally) -> World<'a> {
        let draw = &mut Draw::new(&sequence.setup);
        let symbols = draw.of(&[1, 2, 3, 3, 4, 5, 6, 8, 12]);
        let cash = draw.of(&[3_000, 25_000, 100_000, 1_000_000]) * Money::UNITS_PER_USD;
        let margin = Margin {
            leverage: draw.of(&[1, 1, 2, 4]),
            allow_short: draw.is(60),
            cash_check: draw.of(&[CashCheck::Approval, CashCheck::Approval, CashCheck::Fill]),
        };
        let limits = limits(draw, cash);
        let standing = standing(draw, &margin);
        let rules = Rules { limits, margin, symbols: symbol_rules(draw, symbols) };
        let mut world = World {
            gate: Gate::new(limits, margin, symbols, money(cash)),
            portfolio: Portfolio::with_cash(money(cash), symbols),
            history: Vec::new(),
            fractional: draw.is(50),
            cash,
            standing: Standing::plain(&margin),
            at: draw.within(10_000, 20_000) * DAY,
            next_order: 1,
            requests: BTreeMap::new(),
            fee: price(i128::from(draw.of(&[0, 0, 5_000_000, 1_234_567]))),
            sequence: 0,
            had_bar: vec![false; symbols],
            rules,
            tally,
        };
        world.gate.set_symbol_rules(world.rules.symbols.clone());
        world.set_standing(standing);
        world.sessions_before(draw);
        world
    }

    /// Sessions before the first order, enough of them in most worlds to know which shares move together.
    fn sessions_before(&mut self, draw: &mut Draw<'_>) {
        let symbols = self.symbols();
        let sessions = draw.of(&[0, 5, 60, 61, 61, 62, 66, 75]);
        let mut prices: Vec<f64> = (0..symbols).map(|_| draw.of(&[2.0, 4.9, 20.0, 50.0, 133.7, 400.0])).collect();
        let factors = draw.of(&[1, 2, 3, 12]);
        let noise: Vec<f64> = (0..symbols).map(|_| draw.of(&[0.0, 0.3, 0.8, 1.0, 1.2, 3.0])).collect();
        let (is_holed, is_flat) = (draw.is(10), draw.is(10));
        let mut stream = Stream(draw.within(0, 0xffff) as u64);
        for _ in 0..sessions {
            let moves: Vec<f64> = (0..factors).map(|_| stream.unit()).collect();
            for (symbol, price) in prices.iter_mut().enumerate() {
                let own = stream.unit() * noise[symbol];
                let is_still = is_flat && symbol == 0;
                *price *= if is_still { 1.0 } else { 1.0 + 0.01 * (moves[symbol % factors] + own) };
                if is_holed && stream.next().is_multiple_of(128) {
                    continue;
                }
                self.mark(symbol, to_cents(*price));
            }
            self.close_session();
            self.at += DAY;
        }
        // Some shares have no price before the first order.
        for (symbol, price) in prices.into_iter().enumerate() {
            if draw.is(if sessions == 0 { 90 } else { 100 }) {
                self.mark(symbol, to_cents(price));
            }
        }
    }

    pub fn symbols(&self) -> usize {
        self.had_bar.len()
    }

    /// The account, worked out anew from everything that happened.
    pub fn now(&self) -> Situation {
        let Limits { daily_loss_max, drawdown_max, .. } = self.rules.limits;
        let limits = (daily_loss_max, drawdown_max);
        situation(self.cash, self.symbols(), self.standing, limits, self.fractional, &self.history)
    }

    fn moment(&self) -> Timestamp {
        Timestamp::from_ns(self.at)
    }

    fn count(&mut self, outcome: &'static str) {
        *self.tally.entry("decisions").or_default() += 1;
        *self.tally.entry(outcome).or_default() += 1;
    }

    fn asked<'b>(&'b self, now: &'b Situation, request: &'b OrderRequest, fee: i128) -> Asked<'b> {
        Asked { now, rules: &self.rules, request, shares: 0, fee, at: self.at, lets_go: false }
    }

    fn fee_of(&self, shares: i128) -> i128 {
        i128::from(self.fee.units()) * shares
    }

    /// Asks the gate; it must say what the model says. Gives the order's number if it passed.
    pub fn review(&mut self, request: OrderRequest) -> Result<Result<u64, Refusal>, Difference> {
        let now = self.now();
        let has_price = now.marks[request.symbol.get()] > 0;
        let fee = if has_price { self.fee_of(now.shares_of(&request)) } else { 0 };
        let expected = review(&self.asked(&now, &request, fee));
        let id = self.next_order;
        let moment = self.moment();
        let found = self.gate.review(OrderId(id), &request, || money(fee), &self.portfolio, moment);
        match (found, expected) {
            (Err(Refusal::Duplicate { order }), Err(Refusal::Duplicate { .. })) => {
                let shares = now.shares_of(&request);
                let twins = twins(&Asked { shares, ..self.asked(&now, &request, fee) });
                self.count("refused: duplicate_order");
                match twins.contains(&order) {
                    true => Ok(Err(Refusal::Duplicate { order })),
                    false => Err(format!("a duplicate of {order:?}, the model says one of {twins:?}")),
                }
            }
            (Err(found), Err(expected)) if found == expected => {
                self.count(refused(&found));
                Ok(Err(found))
            }
            (Ok(found), Ok(Passed { shares: asked, reduces, most, relies })) => {
                self.sequence += 1;
                let mut wanted = request;
                if let OrderSize::CashFraction { fraction, .. } = request.size {
                    wanted.size = OrderSize::CashFraction { fraction, most: money(most) };
                }
                let reference = self.portfolio.position(request.symbol).mark();
                let as_found =
                    (found.id(), *found.request(), found.quantity(), found.reduces(), found.relies_on_exits());
                let as_expected = (OrderId(id), wanted, shares(asked), reduces, relies);
                let stamps = (found.reference(), found.approved_at(), found.sequence());
                if as_found != as_expected || stamps != (reference, moment, self.sequence) {
                    return Err(format!(
                        "approved {as_found:?}, {stamps:?}; the model says {as_expected:?}, {reference:?}, {moment:?}, {}",
                        self.sequence
                    ));
                }
                self.count(match (reduces, relies) {
                    (true, _) => "passed: exit",
                    (false, true) => "passed: entry that relies on exits",
                    (false, false) => passed(&request),
                });
                self.next_order += 1;
                self.requests.insert(id, request);
                self.history.push(Fact::Approved { order: id, request, fee, reduces, at: self.at });
                Ok(Ok(id))
            }
            (found, expected) => Err(format!("{request:?}\nthe gate:  {found:?}\nthe model: {expected:?}")),
        }
    }

    /// Asks the gate for a change of `order`, of kind `was`, into `request`, `left` shares still to fill.
    pub fn review_change(
        &mut self,
        order: u64,
        was: OrderKind,
        request: OrderRequest,
        left: Option<i128>,
    ) -> Result<bool, Difference> {
        let now = self.now();
        let old = now.order(order);
        let after = left.or(old.map(|old| old.counts.left)).unwrap_or(0);
        let fee = self.fee_of(after);
        let expected = review_change(&self.asked(&now, &request, fee), order, was, left);
        let stops = match old {
            Some(old) if !old.reduces => Vec::new(),
            _ => stops_after(&self.asked(&now, &request, fee), order, was, left),
        };
        let kind = request.kind;
        let told = OrderRequest { kind: was, ..request };
        let moment = self.moment();
        let asked = (kind, left.map(shares));
        let found = self.gate.review_change(OrderId(order), &told, asked, money(fee), &self.portfolio, moment);
        match (found, expected) {
            (Err(found), Err(expected)) if found == expected => {
                self.count(match found {
                    Refusal::Halted { .. } => "change refused: halted",
                    Refusal::NotOpen => "refused: not_open",
                    Refusal::ExceedsPosition { .. } => "change refused: exceeds_position",
                    Refusal::PortfolioHeat { .. } if old.is_none_or(|old| old.reduces) => {
                        "change refused: a weaker stop"
                    }
                    _ => "change refused: a limit",
                });
                Ok(false)
            }
            (Ok(found), Ok(measured)) => {
                let as_found = (found.order(), found.quantity(), found.kind(), found.approved_at());
                let as_expected = (OrderId(order), left.map(shares), kind, moment);
                if as_found != as_expected {
                    return Err(format!("change {as_found:?}; the model says {as_expected:?}"));
                }
                self.count(match old {
                    None if stops.is_empty() => "change passed: a leg",
                    None => "change passed: a stop",
                    Some(old) if old.reduces => "change passed: exit",
                    Some(_) if measured => "change passed: entry, measured",
                    Some(_) => "change passed: entry, for less",
                });
                let facts = stops.into_iter().map(|stop| Fact::StopAsked { of: order, stop });
                self.history.extend(facts);
                if now.order(order).is_some() {
                    let fact = Fact::ChangeApproved { order, request, left: after, fee, measured, at: self.at };
                    self.history.push(fact);
                }
                Ok(true)
            }
            (found, expected) => Err(format!(
                "change of {order} ({old:?}) to {request:?}, {left:?}\nthe gate:  {found:?}\nthe model: {expected:?}"
            )),
        }
    }

    /// Asks the gate for a cancel of `of`, with which those stops of `symbol` end that are one of `ends`.
    pub fn review_cancel(&mut self, of: u64, symbol: usize, ends: &[u64]) -> Result<bool, Difference> {
        let now = self.now();
        let request = OrderRequest { symbol: index(symbol), ..PLAIN };
        let gone = now.stops.iter().filter(|stop| stop.symbol == symbol && ends.contains(&stop.order));
        let gone: Vec<Stop> = gone.map(|stop| Stop { shares: 0, ..*stop }).collect();
        let expected = review_cancel(&self.asked(&now, &request, 0), &gone);
        let is_one = |stop: &ProtectiveStop| ends.contains(&stop.order.0);
        let found = self.gate.review_cancel((OrderId(of), index(symbol)), is_one, &self.portfolio).err();
        if found != expected {
            return Err(format!("cancel of {of} {ends:?}\nthe gate:  {found:?}\nthe model: {expected:?}"));
        }
        self.count(match found {
            None => "cancel passed: a stop",
            Some(_) => "cancel refused: a stop",
        });
        if found.is_none() {
            self.history.extend(gone.into_iter().map(|stop| Fact::StopAsked { of, stop }));
        }
        Ok(found.is_none())
    }

    /// Asks how much would pass: the gate must say what trying finds, pass that much, and not a billionth more.
    pub fn max_order(&mut self, request: OrderRequest) -> Result<(), Difference> {
        let now = self.now();
        if now.marks[request.symbol.get()] == 0 {
            return Ok(());
        }
        let fee = i128::from(self.fee.units());
        let expected = max_order(&self.asked(&now, &request, 0), fee);
        let affordable = |budget: Money, dearest: Price| {
            let shares = budget.units() / (i128::from(dearest.units()) + fee);
            shares.try_into().map_or(Quantity::MAX, Quantity::from_units)
        };
        let found = self.gate.max_order(&request, affordable, &self.portfolio, self.moment());
        if found != shares(expected) {
            return Err(format!("the most of {request:?}\nthe gate:  {found}\nthe model: {}", shares(expected)));
        }
        self.count("max_order");
        let of = |shares: Quantity| OrderRequest { size: OrderSize::Shares(shares), ..request };
        if let Some(more) = found.checked_add(Quantity::from_units(1))
            && let Ok(order) = self.review(of(more))?
        {
            return Err(format!("{found} is the most of {request:?}, but order {order} for {more} passed"));
        }
        if found > Quantity::ZERO {
            match self.review(of(found))? {
                Ok(_) => self.count("passed: the most of max_order"),
                Err(refusal) if is_measured(&refusal) => {
                    return Err(format!("{found} is the most of {request:?}, but {refusal}"));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Both have the same account and the same open orders.
    pub fn compare(&self) -> Result<(), Difference> {
        let now = self.now();
        let account = (self.portfolio.cash(), self.portfolio.equity(), self.portfolio.settled_cash());
        let model = (money(now.cash), money(now.equity()), money(now.settled()));
        let held: Vec<i128> =
            self.portfolio.positions().iter().map(|position| i128::from(position.quantity().units())).collect();
        if account != model || held != now.held {
            return Err(format!("the account: {account:?} {held:?}\nthe model: {model:?} {:?}", now.held));
        }
        let reserved: i128 = now.orders.iter().map(|order| order.counts.reserve).sum();
        if self.gate.reserved() != money(reserved) || self.gate.open().len() != now.orders.len() {
            return Err(format!("reserved {}, the model says {}", self.gate.reserved(), money(reserved)));
        }
        for order in &now.orders {
            let Some(open) = self.gate.open().iter().find(|open| open.order.0 == order.id) else {
                return Err(format!("order {} is not open", order.id));
            };
            let change =
                open.change.map(|change| (change.kind, change.open, change.reserve, change.risk, change.asked));
            let found = (
                (open.symbol, open.side, open.kind, open.time_in_force, open.asked, open.reduces),
                (open.open, open.reserve, open.risk, open.is_called_off, change),
            );
            let change = order.change.map(|(kind, next)| {
                (kind, shares(next.left), money(next.reserve), price(next.risk), shares(order.asked_then))
            });
            let counts = order.counts;
            let expected = (
                (index(order.symbol), order.side, order.kind, order.time_in_force, shares(order.asked), order.reduces),
                (shares(counts.left), money(counts.reserve), price(counts.risk), order.called_off, change),
            );
            if found != expected {
                return Err(format!("order {}\nthe gate:  {found:?}\nthe model: {expected:?}", order.id));
            }
        }
        let marks = self.gate.watch().losses().marks();
        if (marks.baseline, marks.peak) != (money(now.baseline), money(now.peak)) {
            return Err(format!("{marks:?}, the model says {} and {}", money(now.baseline), money(now.peak)));
        }
        let since = HaltCause::ALL.map(|cause| self.gate.watch().halts().get(cause).map(|halt| halt.since.ns()));
        if since != now.halts {
            return Err(format!("halts since {since:?}, the model says {:?}", now.halts));
        }
        Ok(())
    }

    pub fn mark(&mut self, symbol: usize, units: i128) {
        self.portfolio.mark(index(symbol), price(units));
        self.gate.mark(index(symbol), self.moment());
        self.had_bar[symbol] = true;
        self.history.push(Fact::Marked { symbol, price: units, at: self.at });
    }

    pub fn set_standing(&mut self, standing: Standing) {
        self.gate.set_standing(standing);
        self.history.push(Fact::NewStanding(standing));
    }

    pub fn close_session(&mut self) {
        let marks = self.portfolio.positions().iter().map(|position| position.mark());
        let closes: Vec<Option<Price>> =
            marks.zip(&self.had_bar).map(|(mark, had_bar)| had_bar.then_some(mark)).collect();
        self.gate.close_session(self.portfolio.equity(), closes.iter().copied());
        self.had_bar.fill(false);
        let closes = closes.iter().map(|close| close.map(|close| close.units() as f64 / 1e9)).collect();
        self.history.push(Fact::SessionClosed { closes: Rc::new(closes) });
    }

    /// The program ends and begins again: a new gate, told what a live session would tell it, takes back what the old
    /// one remembered.
    pub fn restart(&mut self) {
        let now = self.now();
        let state = serde_json::to_string(&self.gate.state()).unwrap();
        let mut gate = Gate::new(self.rules.limits, self.rules.margin, self.symbols(), money(self.cash));
        for close in now.closes() {
            match close {
                Ok(closes) => {
                    let closes = closes.iter().map(|close| close.map(|close| Price::from_f64(close).unwrap()));
                    gate.close_session(Money::ZERO, closes);
                }
                Err((symbol, ratio)) => {
                    let ratio = Ratio::from_units((ratio * 1e9).round() as i64);
                    gate.split(index(symbol), ratio, |shares| shares);
                }
            }
        }
        for symbol in 0..self.symbols() {
            if now.marks[symbol] > 0 {
                gate.mark(index(symbol), Timestamp::from_ns(now.marked_at[symbol]));
            }
            gate.set_held(index(symbol), shares(now.held[symbol]));
        }
        gate.set_standing(now.standing);
        gate.set_symbol_rules(self.rules.symbols.clone());
        gate.restore(serde_json::from_str(&state).unwrap()).unwrap();
        self.gate = gate;
        self.count_event("restart: a new gate");
    }

    pub fn count_event(&mut self, name: &'static str) {
        *self.tally.entry(name).or_default() += 1;
    }
}

/// Is it a limit on sizes, sums or funds, which `max_order` takes into account?
fn is_measured(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::PositionSize { .. }
            | Refusal::OpenPositions { .. }
            | Refusal::GrossExposure { .. }
            | Refusal::PortfolioHeat { .. }
            | Refusal::CorrelatedExposure { .. }
            | Refusal::OrderNotional { .. }
            | Refusal::BuyingPower { .. }
            | Refusal::MaintenanceMargin { .. }
            | Refusal::OppositeEntry { .. }
            | Refusal::ShortBan { .. }
    )
}

fn passed(request: &OrderRequest) -> &'static str {
    match (request.side, request.class, request.size) {
        (_, _, OrderSize::Notional(_)) => "passed: entry in dollars",
        (_, _, OrderSize::CashFraction { .. }) => "passed: entry for a share of cash",
        (_, OrderClass::Bracket | OrderClass::Oto, _) => "passed: entry with legs",
        (Side::Buy, ..) => "passed: purchase",
        (Side::Sell, ..) => "passed: short sale",
    }
}

fn refused(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::BuyingPower { .. } => "refused: buying_power",
        Refusal::MaintenanceMargin { .. } => "refused: maintenance_margin",
        Refusal::MarginEquity { .. } => "refused: margin_equity",
        Refusal::PatternDayTrader { .. } => "refused: pattern_day_trader",
        Refusal::HardToBorrow { .. } => "refused: hard_to_borrow",
        Refusal::FractionalShort { .. } => "refused: fractional_short",
        Refusal::PositionSize { .. } => "refused: position_size",
        Refusal::ShortBan { .. } => "refused: short_ban",
        Refusal::ExceedsPosition { .. } => "refused: exceeds_position",
        Refusal::TooSmall { .. } => "refused: too_small",
        Refusal::NoPrice => "refused: no_price",
        Refusal::Halted { cause: HaltCause::DailyLoss, .. } => "refused: daily_loss",
        Refusal::Halted { cause: HaltCause::Drawdown, .. } => "refused: drawdown",
        Refusal::Halted { cause: HaltCause::Manual, .. } => "refused: halted",
        Refusal::Halted { cause: HaltCause::KillSwitch, .. } => "refused: kill_switch",
        Refusal::StalePrice { .. } => "refused: stale_price",
        Refusal::Restricted { .. } => "refused: restricted_symbol",
        Refusal::Duplicate { .. } => "refused: duplicate_order",
        Refusal::OrderRate { .. } => "refused: orders_per_minute",
        Refusal::PriceCollar { .. } => "refused: price_collar",
        Refusal::OrderNotional { .. } => "refused: order_notional",
        Refusal::OpenPositions { .. } => "refused: open_positions",
        Refusal::GrossExposure { .. } => "refused: gross_exposure",
        Refusal::PortfolioHeat { .. } => "refused: portfolio_heat",
        Refusal::CorrelatedExposure { .. } => "refused: correlated_exposure",
        Refusal::EntryClass { .. } => "refused: entry_class",
        Refusal::OppositeEntry { .. } => "refused: opposite_entry",
        Refusal::ExitClass => "refused: exit_class",
        Refusal::NotOpen => "refused: not_open",
        // Others than the gate say these.
        Refusal::NoStop
        | Refusal::NoVolatility
        | Refusal::BelowFilled { .. }
        | Refusal::Venue(_)
        | Refusal::ChangePending => "refused: not by the gate",
    }
}

/// The outcomes that a million decisions must have shown.
pub const OUTCOMES: [&str; 50] = [
    "cancel passed: a stop",
    "cancel refused: a stop",
    "change passed: a leg",
    "change passed: entry, for less",
    "change passed: entry, measured",
    "change passed: a stop",
    "change passed: exit",
    "change refused: a limit",
    "change refused: a weaker stop",
    "change refused: exceeds_position",
    "change refused: halted",
    "max_order",
    "passed: entry for a share of cash",
    "passed: entry in dollars",
    "passed: entry that relies on exits",
    "passed: entry with legs",
    "passed: exit",
    "passed: purchase",
    "passed: short sale",
    "passed: the most of max_order",
    "refused: buying_power",
    "refused: correlated_exposure",
    "refused: daily_loss",
    "refused: drawdown",
    "refused: duplicate_order",
    "refused: entry_class",
    "refused: exceeds_position",
    "refused: exit_class",
    "refused: fractional_short",
    "refused: gross_exposure",
    "refused: halted",
    "refused: hard_to_borrow",
    "refused: kill_switch",
    "refused: maintenance_margin",
    "refused: margin_equity",
    "refused: no_price",
    "refused: not_open",
    "refused: open_positions",
    "refused: opposite_entry",
    "refused: order_notional",
    "refused: orders_per_minute",
    "refused: pattern_day_trader",
    "refused: portfolio_heat",
    "refused: position_size",
    "refused: price_collar",
    "refused: restricted_symbol",
    "refused: short_ban",
    "refused: stale_price",
    "refused: too_small",
    "restart: a new gate",
];
