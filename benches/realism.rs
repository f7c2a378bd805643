//! The price of each feature of market realism: a run with it beside the same run without it.
//!
//! Input: 1,000,000 one-minute bars of a seeded random walk; SMA 10/50 crossover, 100 shares, about 14,000
//! round trips. Unit: the time of the run with the feature ÷ the time without it, median of pairs measured in
//! turn (`--paired`), or bars per second. Not here: the loop beside a hand-written one (replay).
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use alphaflow::domain::{Bar, LegActivation, Money, Price, Quantity, Ratio, SymbolIndex, Tick, Timestamp, Volume};
use alphaflow::engine::{
    AccountRules, Engine, EngineConfig, Journal, MarginRules, MarketAction, ReplayInput, SessionSpan, Settlement,
    Sizing, SizingKind, replay,
};
use alphaflow::execution::{Latency, ReplayBackend};
use alphaflow::market::Calendar;
use alphaflow::risk::{CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
use alphaflow::strategy::{CrossRule, Direction, MaCrossover, SignalRule};
use alphaflow::venue::{
    BothTouched, Commission, CostScope, DueExit, FinerBars, LimitFill, MarketFill, Slippage, Spread, SpreadSource,
    Spreads, TradeDate, VenueRules,
};
use criterion::{Criterion, Throughput, criterion_group};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const BARS: usize = 1_000_000;
const BARS_PER_SESSION: usize = 390;
/// 2013-01-01: the rules of dates are looked up.
const FIRST_DAY: i64 = 15_706;

fn ratio(text: &str) -> Ratio {
    text.parse().expect("ratio")
}

fn price(text: &str) -> Price {
    text.parse().expect("price")
}

/// What a run has that another has not.
#[derive(Clone)]
struct Setting {
    name: &'static str,
    slippage: Slippage,
    commission: Commission,
    /// A stop at 1 % and a target at 1.5 %.
    brackets: bool,
    trailing: bool,
    both_touched: BothTouched,
    latency: Option<Latency>,
    leverage: i64,
    direction: Direction,
    account: Option<AccountRules>,
    splits: bool,
}

/// Nothing but market orders.
const PLAIN: Setting = Setting {
    name: "none",
    slippage: Slippage::None,
    commission: Commission::None,
    brackets: false,
    trailing: false,
    both_touched: BothTouched::StopFirst,
    latency: None,
    leverage: 1,
    direction: Direction::LongOnly,
    account: None,
    splits: false,
};

/// Each feature and the setting it is measured against.
fn features() -> Vec<(Setting, Setting)> {
    let per_share =
        Commission::PerShare { rate: price("0.005"), min: Money::from_cents(100), cap: Some(ratio("0.01")) };
    let brackets = Setting { name: "brackets", brackets: true, ..PLAIN };
    let both_ways = Setting { name: "long_and_short", direction: Direction::LongShort, ..PLAIN };
    let levered = Setting { leverage: 2, ..both_ways.clone() };
    let account = |settlement, margin, rate: &str| AccountRules {
        calendar: Calendar::xnys(),
        settlement,
        margin,
        borrow_rate: ratio(rate),
        margin_rate: ratio(rate),
        restricted: Vec::new(),
        hard_to_borrow: Vec::new(),
    };
    let dated = account(Settlement::Dated, MarginRules::None, "0");
    let margin = account(Settlement::Instant, MarginRules::Alpaca, "0");
    let nights = account(Settlement::Instant, MarginRules::None, "0.05");
    let minute = Latency { way_ns: 250_000_000, bar_ns: 60 * Timestamp::NS_PER_SECOND };
    let alpaca = Commission::Alpaca(TradeDate::NewYork);
    vec![
        (PLAIN, Setting { name: "slippage_bps", slippage: Slippage::Fraction(ratio("0.0005")), ..PLAIN }),
        (PLAIN, Setting { name: "slippage_per_share", slippage: Slippage::PerShare(price("0.01")), ..PLAIN }),
        (PLAIN, Setting { name: "slippage_volume_share", slippage: Slippage::VolumeShare(ratio("0.1")), ..PLAIN }),
        (PLAIN, Setting { name: "slippage_spread", slippage: Slippage::Spread(ratio("0.5")), ..PLAIN }),
        (PLAIN, Setting { name: "commission_bps", commission: Commission::Fraction(ratio("0.0005")), ..PLAIN }),
        (PLAIN, Setting { name: "commission_per_share", commission: per_share, ..PLAIN }),
        (PLAIN, Setting { name: "commission_alpaca", commission: alpaca, ..PLAIN }),
        (PLAIN, Setting { name: "latency_250_ms", latency: Some(minute), ..PLAIN }),
        (PLAIN, Setting { name: "settlement_dated", account: Some(dated), ..PLAIN }),
        (PLAIN, Setting { name: "a_split_a_year", splits: true, ..PLAIN }),
        (PLAIN, brackets.clone()),
        (brackets.clone(), Setting { name: "trailing_stops", trailing: true, ..brackets.clone() }),
        (brackets.clone(), Setting { name: "both_touched_ohlc", both_touched: BothTouched::Ohlc, ..brackets.clone() }),
        (brackets.clone(), Setting { name: "both_touched_finer", both_touched: BothTouched::Finer, ..brackets }),
        (PLAIN, both_ways),
        (levered.clone(), Setting { name: "margin_by_date", account: Some(margin), ..levered.clone() }),
        (levered.clone(), Setting { name: "interest_and_borrow", account: Some(nights), ..levered }),
    ]
}

/// A random walk in cents.
fn walk() -> Vec<Bar> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(20_261_125);
    let mut step = |scale: i64| (random.next_u64() % (2 * scale as u64 + 1)) as i64 - scale;
    let price = |cents: i64| Price::from_units(cents * 10_000_000).expect("price");
    let mut close = 10_000i64;
    (0..BARS)
        .map(|at| {
            let open = close + step(2);
            close = (open + step(9) + (10_000 - open) / 2_000).max(100);
            let (high, low) = (open.max(close) + step(3).abs(), open.min(close) - step(3).abs());
            let day = (at / BARS_PER_SESSION) as i64;
            let seconds = (FIRST_DAY + day) * 86_400 + 52_200 + (at % BARS_PER_SESSION) as i64 * 60;
            Bar {
                time: Timestamp::from_seconds(seconds).expect("time"),
                open: price(open),
                high: price(high),
                low: price(low),
                close: price(close),
                volume: Volume::from_shares(50_000).expect("volume"),
            }
        })
        .collect()
}

/// Sessions of the walk: 390 minutes a day.
fn sessions() -> Vec<SessionSpan> {
    let at = |day: i64, minute: i64| {
        Timestamp::from_seconds((FIRST_DAY + day) * 86_400 + 52_200 + minute * 60).expect("time")
    };
    let days = BARS.div_ceil(BARS_PER_SESSION) as i64;
    (0..days).map(|day| SessionSpan { start: at(day, 0), last_bar: at(day, BARS_PER_SESSION as i64 - 1) }).collect()
}

/// What every run reads.
struct World {
    bars: Vec<Bar>,
    sessions: Vec<SessionSpan>,
    spreads: Arc<Spreads>,
    finer: FinerBars,
    splits: Vec<(Timestamp, MarketAction)>,
}

impl World {
    fn new() -> World {
        let bars = walk();
        let quoted = Spread::Quoted { open: price("0.01"), close: price("0.02") };
        let spreads = Spreads::new(vec![bars.iter().map(|bar| (bar.time, quoted)).collect()], SpreadSource::Quotes);
        // Each bar in itself: the price of looking, not of more bars.
        let end = |time: Timestamp| time.plus_ns(60 * Timestamp::NS_PER_SECOND);
        let finer = FinerBars::new(&bars, bars.clone(), |time| time, end);
        // Of one share for one: the price of telling everybody, with the same prices before and after.
        let year = BARS_PER_SESSION * 252;
        let split = MarketAction::Split { symbol: SymbolIndex(0), ratio: Ratio::ONE };
        let splits = bars.iter().step_by(year).skip(1).map(|bar| (bar.time, split)).collect();
        World { bars, sessions: sessions(), spreads: Arc::new(spreads), finer, splits }
    }
}

/// The whole path of a run; gives its fills and keeps its record for the next.
fn run(world: &World, setting: &Setting, kept: &mut Option<Journal>) -> usize {
    let cash: Money = "10000000".parse().expect("cash");
    let Setting { slippage, commission, trailing, both_touched, leverage, direction, .. } = *setting;
    let (stop, take_profit) = match setting.brackets {
        true => (StopKind::Percent { share: ratio("0.01") }, TakeProfit::Percent(ratio("0.015"))),
        false => (StopKind::None, TakeProfit::None),
    };
    let config = EngineConfig {
        cash,
        symbols: 1,
        sizing: Sizing {
            kind: SizingKind::FixedShares(Quantity::from_shares(100).expect("shares")),
            fractional: false,
        },
        stop: StopRule {
            kind: stop,
            anchor: StopAnchor::Fill,
            activation: LegActivation::EntryBar,
            trailing,
            tick: Tick::None,
            take_profit,
        },
        limits: Limits { position_size_max: ratio("1"), ..Limits::WIDE },
        margin: Margin { leverage, allow_short: direction == Direction::LongShort, cash_check: CashCheck::Approval },
        commission,
        trim_to_cash: false,
    };
    let rules = VenueRules {
        market_fill: MarketFill::NextOpen,
        limit_fill: LimitFill::Touch,
        both_touched,
        due_exit: DueExit::ExitFirst,
        slippage,
        slippage_on: CostScope::Both,
        commission,
        participation: ratio("0.1"),
        tick: Tick::None,
        fractional: false,
        cash_check_at_fill: false,
        trim_to_cash: false,
        leverage,
        extended_hours: false,
    };
    let signal = SignalRule { direction, ..SignalRule::DEFAULT };
    let strategy = MaCrossover::new(10, 50, CrossRule::NonZero, signal, 1);
    let mut engine = match kept.take() {
        Some(journal) => Engine::recycling(journal, strategy, config),
        None => Engine::new(strategy, config),
    };
    if let Some(account) = &setting.account {
        engine = engine.with_account(account.clone());
    }
    let mut backend = ReplayBackend::new(rules, cash, 1);
    if let Some(latency) = setting.latency {
        backend = backend.with_latency(latency);
    }
    backend.venue_mut().set_spreads(world.spreads.clone());
    if both_touched == BothTouched::Finer {
        backend.venue_mut().take_finer(vec![world.finer.clone()]);
    }
    let (bars, sessions) = (&[&world.bars[..]], &world.sessions[..]);
    let actions = if setting.splits { &world.splits[..] } else { &[] };
    let input = ReplayInput { bars, sessions, extended: &[], actions, market_fill: MarketFill::NextOpen };
    replay(&mut engine, &mut backend, &input).expect("the venue and the engine agree");
    let journal = engine.finish();
    let fills = journal.fills.len();
    *kept = Some(journal);
    fills
}

fn bench(criterion: &mut Criterion) {
    let world = World::new();
    let mut group = criterion.benchmark_group("realism");
    group.throughput(Throughput::Elements(BARS as u64)).sample_size(20);
    let mut kept = None;
    for feature in [PLAIN].into_iter().chain(features().into_iter().map(|(_, feature)| feature)) {
        group.bench_function(feature.name, |b| b.iter(|| run(black_box(&world), black_box(&feature), &mut kept)));
    }
    group.finish();
}

/// Each feature and the run without it in turn, so that a slow minute of the machine slows both.
fn paired() {
    const ROUNDS: usize = 15;
    let world = World::new();
    let mut kept = None;
    for (without, feature) in features() {
        let (mut ratios, mut best, mut orders) = (Vec::with_capacity(ROUNDS), f64::MAX, [0; 2]);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            orders[0] = run(&world, black_box(&without), &mut kept);
            let plain = start.elapsed().as_secs_f64();
            let start = Instant::now();
            orders[1] = run(&world, black_box(&feature), &mut kept);
            let seconds = start.elapsed().as_secs_f64();
            ratios.push(seconds / plain);
            best = best.min(seconds);
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{:24} {:5.1} M bars/s, {:6} fills, {:+6.1} % time beside {} ({} fills)",
            feature.name,
            BARS as f64 / best / 1e6,
            orders[1],
            100.0 * (ratios[ROUNDS / 2] - 1.0),
            without.name,
            orders[0],
        );
    }
    println!("time beside the run without it, median of {ROUNDS} pairs; M bars/s is the best of them");
}

criterion_group!(benches, bench);

fn main() {
    if !std::env::args().any(|argument| argument == "--paired") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    paired();
}
