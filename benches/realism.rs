//! The price of each feature of market realism: a run with it beside the same run without it.
//!
//! Input: 1,000,000 one-minute bars of a seeded random walk; SMA 10/50 crossover, 100 shares, about 14,000
//! round trips. Unit: the time of the run with the feature ÷ the time without it, median of pairs measured in
//! turn (`--paired`), or bars per second. Not here: the loop beside a hand-written one (replay).
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use alphaflow::domain::{Bar, LegActivation, Money, Price, Quantity, Ratio, Tick, Timestamp, Volume};
use alphaflow::engine::{Engine, EngineConfig, Journal, ReplayInput, SessionSpan, Sizing, SizingKind, replay};
use alphaflow::execution::ReplayBackend;
use alphaflow::risk::{BreachRule, CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
use alphaflow::strategy::{CrossRule, MaCrossover, SignalRule};
use alphaflow::venue::{
    BothTouched, Commission, CostScope, DueExit, LimitFill, MarketFill, Slippage, Spread, SpreadSource, Spreads,
    TradeDate, VenueRules,
};
use criterion::{Criterion, Throughput, criterion_group};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const BARS: usize = 1_000_000;
const BARS_PER_SESSION: usize = 390;

fn ratio(text: &str) -> Ratio {
    text.parse().expect("ratio")
}

fn price(text: &str) -> Price {
    text.parse().expect("price")
}

/// One thing a run may have and another may not.
struct Feature {
    name: &'static str,
    slippage: Slippage,
    commission: Commission,
}

/// A run without any.
const PLAIN: Feature = Feature { name: "none", slippage: Slippage::None, commission: Commission::None };

fn features() -> Vec<Feature> {
    let per_share =
        Commission::PerShare { rate: price("0.005"), min: Money::from_cents(100), cap: Some(ratio("0.01")) };
    vec![
        Feature { name: "slippage_bps", slippage: Slippage::Fraction(ratio("0.0005")), ..PLAIN },
        Feature { name: "slippage_per_share", slippage: Slippage::PerShare(price("0.01")), ..PLAIN },
        Feature { name: "slippage_volume_share", slippage: Slippage::VolumeShare(ratio("0.1")), ..PLAIN },
        Feature { name: "slippage_spread", slippage: Slippage::Spread(ratio("0.5")), ..PLAIN },
        Feature { name: "commission_bps", commission: Commission::Fraction(ratio("0.0005")), ..PLAIN },
        Feature { name: "commission_per_share", commission: per_share, ..PLAIN },
        Feature { name: "commission_alpaca", commission: Commission::Alpaca(TradeDate::NewYork), ..PLAIN },
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
            let seconds = day * 86_400 + 52_200 + (at % BARS_PER_SESSION) as i64 * 60;
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
    let at = |day: i64, minute: i64| Timestamp::from_seconds(day * 86_400 + 52_200 + minute * 60).expect("time");
    let days = BARS.div_ceil(BARS_PER_SESSION) as i64;
    (0..days).map(|day| SessionSpan { start: at(day, 0), last_bar: at(day, BARS_PER_SESSION as i64 - 1) }).collect()
}

/// What every run reads.
struct World {
    bars: Vec<Bar>,
    sessions: Vec<SessionSpan>,
    spreads: Arc<Spreads>,
}

impl World {
    fn new() -> World {
        let bars = walk();
        let quoted = Spread::Quoted { open: price("0.01"), close: price("0.02") };
        let spreads = Spreads::new(vec![bars.iter().map(|bar| (bar.time, quoted)).collect()], SpreadSource::Quotes);
        World { bars, sessions: sessions(), spreads: Arc::new(spreads) }
    }
}

/// The whole path of a run; gives its fills and keeps its record for the next.
fn run(world: &World, feature: &Feature, kept: &mut Option<Journal>) -> usize {
    let cash: Money = "10000000".parse().expect("cash");
    let Feature { slippage, commission, .. } = *feature;
    let config = EngineConfig {
        cash,
        symbols: 1,
        sizing: Sizing {
            kind: SizingKind::FixedShares(Quantity::from_shares(100).expect("shares")),
            fractional: false,
        },
        stop: StopRule {
            kind: StopKind::None,
            anchor: StopAnchor::Fill,
            activation: LegActivation::EntryBar,
            trailing: false,
            tick: Tick::None,
            take_profit: TakeProfit::None,
        },
        limits: Limits { position_size_max: ratio("1"), on_breach: BreachRule::Reject },
        margin: Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval },
        commission,
        trim_to_cash: false,
    };
    let rules = VenueRules {
        market_fill: MarketFill::NextOpen,
        limit_fill: LimitFill::Touch,
        both_touched: BothTouched::StopFirst,
        due_exit: DueExit::ExitFirst,
        slippage,
        slippage_on: CostScope::Both,
        commission,
        participation: ratio("0.1"),
        tick: Tick::None,
        fractional: false,
        cash_check_at_fill: false,
        trim_to_cash: false,
        leverage: 1,
        extended_hours: false,
    };
    let strategy = MaCrossover::new(10, 50, CrossRule::NonZero, SignalRule::DEFAULT, 1);
    let mut engine = match kept.take() {
        Some(journal) => Engine::recycling(journal, strategy, config),
        None => Engine::new(strategy, config),
    };
    let mut backend = ReplayBackend::new(rules, cash, 1);
    backend.venue_mut().set_spreads(world.spreads.clone());
    let (bars, sessions) = (&[&world.bars[..]], &world.sessions[..]);
    let input = ReplayInput { bars, sessions, extended: &[], actions: &[], market_fill: MarketFill::NextOpen };
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
    for feature in [PLAIN].into_iter().chain(features()) {
        group.bench_function(feature.name, |b| b.iter(|| run(black_box(&world), black_box(&feature), &mut kept)));
    }
    group.finish();
}

/// Each feature and the run without it in turn, so that a slow minute of the machine slows both.
fn paired() {
    const ROUNDS: usize = 15;
    let world = World::new();
    let mut kept = None;
    for feature in features() {
        let (mut ratios, mut best) = (Vec::with_capacity(ROUNDS), f64::MAX);
        let mut extra = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let plain_fills = run(&world, black_box(&PLAIN), &mut kept);
            let plain = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let fills = run(&world, black_box(&feature), &mut kept);
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(plain_fills, fills, "costs change no decision of this strategy");
            ratios.push(seconds / plain);
            extra.push((seconds - plain) * 1e9 / fills as f64);
            best = best.min(seconds);
        }
        ratios.sort_by(f64::total_cmp);
        extra.sort_by(f64::total_cmp);
        println!(
            "{:24} {:5.1} M bars/s, {:+5.1} % time, {:+6.0} ns a fill",
            feature.name,
            BARS as f64 / best / 1e6,
            100.0 * (ratios[ROUNDS / 2] - 1.0),
            extra[ROUNDS / 2],
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
