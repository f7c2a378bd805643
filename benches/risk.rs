//! What risk costs an order: one whole review by the gate, the walk of a correlation group, and what a
//! session's close adds to it.
//!
//! Input of the gate: 20 positions with a stop each and 10 resting entries among 500 symbols, a margin account,
//! every limit of `[risk]` in force; the group of the symbol asked for has 5 members. An approval is voided at
//! once, which is part of the time. Refusals: the last limit that is looked at before funds, and the first.
//! Input of the walk: 500 symbols, 20 of them exposed and spread evenly; the group of the symbol asked for has 1, 5 or 20
//! members that are all correlated with each other, or 20 in a chain, each correlated with its neighbours alone.
//! Unit: time per question.
use std::f64::consts::TAU;
use std::hint::black_box;

use alphaflow::domain::{
    ExitLegs, Fill, LegActivation, LegLevel, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest,
    OrderSize, Price, Quantity, Side, SymbolIndex, TimeInForce, Timestamp,
};
use alphaflow::portfolio::Portfolio;
use alphaflow::risk::{
    CashCheck, Correlations, Gate, Holding, Limits, Margin, ProtectiveStop, Refusal, Standing, SymbolSet,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const SYMBOLS: usize = 500;
const EXPOSED: usize = 20;
const SESSIONS: usize = 60;

/// Which waves the returns of a symbol are made of.
#[derive(Clone, Copy)]
enum Groups {
    /// One for each so many exposed symbols.
    Of(usize),
    /// Four, three of them shared with the next exposed symbol: rho is 3/4 with it, 2/4 with the one after.
    Chain,
}

impl Groups {
    fn waves(self, place: usize) -> std::ops::Range<usize> {
        match self {
            Groups::Of(size) => place / size..place / size + 1,
            Groups::Chain => place..place + 4,
        }
    }
}

/// Correlations after 61 sessions of waves at right angles, and the exposed set.
fn world(groups: Groups) -> (Correlations, SymbolSet) {
    let (mut correlations, mut exposed) = (Correlations::new(SYMBOLS), SymbolSet::new(SYMBOLS));
    let step = SYMBOLS / EXPOSED;
    (0..EXPOSED).for_each(|at| exposed.insert(SymbolIndex((at * step) as u16)));
    let mut prices = vec![1_000.0; SYMBOLS];
    correlations.close_session(prices.iter().map(|price| Price::from_f64(*price)));
    for session in 0..SESSIONS {
        for (symbol, price) in prices.iter_mut().enumerate() {
            let wave = |wave: usize| (TAU * ((wave + 1) * session) as f64 / SESSIONS as f64).cos();
            *price *= 1.0 + 0.001 * groups.waves(symbol / step).map(wave).sum::<f64>();
        }
        correlations.close_session(prices.iter().map(|price| Price::from_f64(*price)));
    }
    (correlations, exposed)
}

fn group_walk(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("correlation");
    let worlds = [
        ("group_of_1", Groups::Of(1), 1),
        ("group_of_5", Groups::Of(5), 5),
        ("group_of_20", Groups::Of(EXPOSED), EXPOSED),
        ("chain_of_20", Groups::Chain, EXPOSED),
    ];
    for (name, groups, size) in worlds {
        let (fresh, exposed) = world(groups);
        let ask = |correlations: &Correlations| {
            let mut sum = 0u64;
            let count = correlations.group(black_box(SymbolIndex(0)), &exposed, |member| sum += u64::from(member.0));
            (count, sum)
        };
        let asked = fresh.clone();
        assert_eq!(ask(&asked).0, size);
        group.bench_function(format!("{name}/20_of_500"), |b| b.iter(|| ask(black_box(&asked))));
        group.bench_function(format!("{name}/first_after_a_close"), |b| {
            b.iter_batched_ref(|| fresh.clone(), |correlations| ask(correlations), BatchSize::LargeInput);
        });
    }
    let mut correlations = world(Groups::Of(1)).0;
    let closes = [Price::from_units(Price::UNITS_PER_USD); SYMBOLS];
    group.bench_function("close_session/500", |b| b.iter(|| correlations.close_session(black_box(closes))));
    group.finish();
}

/// An account in the middle of its day.
struct Account {
    gate: Gate,
    portfolio: Portfolio,
    now: Timestamp,
    next: u64,
}

const PENDING: usize = 10;

fn dollars(dollars: i64) -> Money {
    Money::from_cents(dollars * 100)
}

fn price(cents: i64) -> Price {
    Price::from_units(cents * 10_000_000).expect("price")
}

/// 50 shares of `symbol` at a limit, with a stop 3 dollars below.
fn entry(symbol: usize, limit: Price) -> OrderRequest {
    OrderRequest {
        symbol: SymbolIndex(symbol as u16),
        side: Side::Buy,
        size: OrderSize::Shares(Quantity::from_shares(50).expect("shares")),
        kind: OrderKind::Limit { limit },
        time_in_force: TimeInForce::Day,
        class: OrderClass::Oto,
        purpose: OrderPurpose::Entry,
        legs: ExitLegs {
            stop: Some(LegLevel::At(price(9_600))),
            trailing: false,
            stop_limit: None,
            take_profit: None,
            activation: LegActivation::EntryBar,
            time_in_force: TimeInForce::Gtc,
        },
        extended_hours: false,
    }
}

impl Account {
    /// 20 positions of $10,000, and 10 entries for $5,000 that rest in other symbols.
    fn new(limits: Limits) -> Account {
        let cash = dollars(1_000_000);
        let margin = Margin { leverage: 2, allow_short: true, cash_check: CashCheck::Approval };
        let mut portfolio = Portfolio::with_cash(cash, SYMBOLS);
        let mut gate = Gate::new(limits, margin, SYMBOLS, cash);
        let now = Timestamp::from_seconds(1_600_000_000).expect("time");
        gate.set_standing(Standing::on_margin(&margin, Holding::Overnight, now, cash, 0));
        for symbol in (0..SYMBOLS).map(|symbol| SymbolIndex(symbol as u16)) {
            portfolio.mark(symbol, price(10_000));
            gate.mark(symbol, now);
        }
        let mut prices = vec![1_000.0; SYMBOLS];
        gate.close_session(cash, prices.iter().map(|price| Price::from_f64(*price)));
        for session in 0..SESSIONS {
            for (symbol, price) in prices.iter_mut().enumerate() {
                // Groups of five neighbours among the symbols that are used.
                let wave = symbol / (SYMBOLS / EXPOSED) / 5 + usize::from(symbol % (SYMBOLS / EXPOSED) > 0) * 10;
                *price *= 1.0 + 0.001 * (TAU * ((wave + 1) * session) as f64 / SESSIONS as f64).cos();
            }
            gate.close_session(cash, prices.iter().map(|price| Price::from_f64(*price)));
        }
        let mut account = Account { gate, portfolio, now, next: 1 };
        for at in 0..EXPOSED {
            account.hold(at * (SYMBOLS / EXPOSED));
        }
        for at in 0..PENDING {
            account.ask(&entry(at * 40 + 7, price(9_900))).expect("within the limits");
        }
        account
    }

    fn hold(&mut self, symbol: usize) {
        let (symbol, quantity) = (SymbolIndex(symbol as u16), Quantity::from_shares(100).expect("shares"));
        let (order, side, price, time) = (OrderId(self.next), Side::Buy, price(10_000), self.now);
        let (reference, fee, purpose) = (price, Money::ZERO, OrderPurpose::Entry);
        self.portfolio.apply(&Fill { order, symbol, side, quantity, price, reference, fee, time, purpose });
        self.gate.set_held(symbol, quantity);
        let level = Price::from_units(price.units() / 100 * 95).expect("price");
        self.gate.set_stop(symbol, ProtectiveStop { order, level, shares: quantity, entry: None });
        self.next += 1;
    }

    fn ask(&mut self, request: &OrderRequest) -> Result<OrderId, Refusal> {
        // A second later each time, so that a minute holds 60.
        self.now = self.now.plus_ns(Timestamp::NS_PER_SECOND);
        self.next += 1;
        let approved = self.gate.review(OrderId(self.next), request, || dollars(1), &self.portfolio, self.now)?;
        Ok(approved.id())
    }
}

fn review(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let share = |text: &str| text.parse().expect("ratio");
    let limits = Limits {
        daily_loss_max: share("0.02"),
        position_size_max: share("0.10"),
        portfolio_heat_max: share("0.25"),
        // Below the gross exposure, so that the group is walked, and above what it comes to.
        correlated_exposure_max: share("0.07"),
        drawdown_max: share("0.15"),
        gross_exposure_max: share("1.0"),
        open_positions_max: 40,
        orders_per_minute_max: 200,
        order_notional_max: dollars(25_000),
        price_collar: share("0.10"),
        stale_after_ns: Some(i64::MAX),
        ..Limits::WIDE
    };
    let order = entry(25, price(9_900));
    let mut account = Account::new(limits);
    group.bench_function("approval_and_void/20_positions_10_pending", |b| {
        b.iter(|| {
            let id = account.ask(black_box(&order)).expect("within the limits");
            account.gate.void(id);
        });
    });
    let shares =
        |shares| OrderRequest { size: OrderSize::Shares(Quantity::from_shares(shares).expect("shares")), ..order };
    for (name, order) in [("refusal_by_correlated_exposure", shares(240)), ("refusal_by_order_notional", shares(300))] {
        let refused = account.ask(&order).expect_err("beyond the limit");
        assert!(name.ends_with(refused.code()), "{refused}");
        group.bench_function(name, |b| b.iter(|| account.ask(black_box(&order)).expect_err("beyond the limit")));
    }
    group.finish();
}

criterion_group!(benches, review, group_walk);
criterion_main!(benches);
