//! Speed of the replay loop, beside a hand-written flat loop that does the same arithmetic.
//!
//! Input: 1,000,000 one-minute bars of a seeded random walk; SMA 10/50 crossover, ATR(14) stop at two
//! multiples live from the entry bar, 5 bps on every fill, 100 shares, equity and drawdown on every bar.
//! Unit: bars per second. The last line printed is the ratio of engine to flat loop, measured in turn.
use std::hint::black_box;
use std::time::Instant;

use alphaflow::domain::{Bar, LegActivation, Money, Price, Quantity, Ratio, Tick, Timestamp, Volume};
use alphaflow::engine::{Engine, EngineConfig, Journal, ReplayInput, SessionSpan, Sizing, SizingKind, replay};
use alphaflow::execution::ReplayBackend;
use alphaflow::risk::{AtrSmoothing, CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
use alphaflow::strategy::{CrossRule, MaCrossover, SignalRule};
use alphaflow::venue::{BothTouched, Commission, CostScope, DueExit, LimitFill, MarketFill, Slippage, VenueRules};
use criterion::{Criterion, Throughput, criterion_group};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const BARS: usize = 1_000_000;
const BARS_PER_SESSION: usize = 390;
const FAST: usize = 10;
const SLOW: usize = 50;
const ATR: usize = 14;
const MULTIPLE: f64 = 2.0;
const FEE: f64 = 0.0005;
/// Starting cash in ticks of 1e-4 dollars.
const CASH: f64 = 1_000_000.0 * TICKS;
/// Ticks in a dollar: whole ticks are exact in f64, so both loops see the same ties.
const TICKS: f64 = 10_000.0;
const SHARES: f64 = 100.0;

fn ratio(text: &str) -> Ratio {
    text.parse().expect("ratio")
}

/// A random walk in ten-thousandths of a dollar, as adjusted prices have them.
fn walk() -> Vec<Bar> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(20_261_123);
    let mut step = |scale: i64| (random.next_u64() % (2 * scale as u64 + 1)) as i64 - scale;
    let price = |ticks: i64| Price::from_units(ticks * 100_000).expect("price");
    let mut close = 1_000_000i64;
    (0..BARS)
        .map(|at| {
            let open = close + step(150);
            close = (open + step(900) + (1_000_000 - open) / 2_000).max(1_000);
            let (high, low) = (open.max(close) + step(300).abs(), open.min(close) - step(300).abs());
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

struct Outcome {
    equity: f64,
    fills: usize,
    drawdown: f64,
}

/// The full engine path: strategy, gate, venue, ledger, equity every bar.
fn engine_run(bars: &[Bar], sessions: &[SessionSpan], kept: &mut Option<Journal>) -> Outcome {
    let commission = Commission::Fraction(ratio("0.0005"));
    let cash: Money = "1000000".parse().expect("cash");
    let config = EngineConfig {
        cash,
        symbols: 1,
        sizing: Sizing {
            kind: SizingKind::FixedShares(Quantity::from_shares(100).expect("shares")),
            fractional: false,
        },
        stop: StopRule {
            kind: StopKind::Atr { period: ATR, multiple: ratio("2"), smoothing: AtrSmoothing::Wilder },
            anchor: StopAnchor::SignalClose,
            activation: LegActivation::EntryBar,
            trailing: false,
            tick: Tick::None,
            take_profit: TakeProfit::None,
        },
        limits: Limits { position_size_max: ratio("1"), ..Limits::WIDE },
        margin: Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval },
        commission,
        trim_to_cash: false,
    };
    let rules = VenueRules {
        market_fill: MarketFill::NextOpen,
        limit_fill: LimitFill::Touch,
        both_touched: BothTouched::StopFirst,
        due_exit: DueExit::ExitFirst,
        slippage: Slippage::None,
        slippage_on: CostScope::Both,
        commission,
        participation: ratio("0.1"),
        tick: Tick::None,
        fractional: false,
        cash_check_at_fill: false,
        trim_to_cash: false,
        extended_hours: false,
        leverage: 1,
    };
    let strategy = MaCrossover::new(FAST, SLOW, CrossRule::NonZero, SignalRule::DEFAULT, 1);
    // As a worker of many runs does: the record of the last run gives its memory to the next.
    let mut engine = match kept.take() {
        Some(journal) => Engine::recycling(journal, strategy, config),
        None => Engine::new(strategy, config),
    };
    let mut backend = ReplayBackend::new(rules, cash, 1);
    let input = ReplayInput { bars: &[bars], sessions, extended: &[], actions: &[], market_fill: MarketFill::NextOpen };
    replay(&mut engine, &mut backend, &input).expect("the venue and the engine agree");
    let journal = engine.finish();
    let (equity, drawdown) = (journal.equity.last().to_f64(), journal.equity.drawdown_max().to_f64());
    let fills = journal.fills.len();
    *kept = Some(journal);
    Outcome { equity, fills, drawdown }
}

/// Columns of plain floats, in ticks, for the flat loop.
struct Columns {
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

/// The same arithmetic with nothing around it: the yardstick.
fn flat_run(bars: &Columns) -> Outcome {
    let (open, high, low, close) = (&bars.open[..], &bars.high[..], &bars.low[..], &bars.close[..]);
    let n = close.len();
    let (mut fast_sum, mut slow_sum, mut atr, mut previous) = (0.0, 0.0, 0.0, 0.0);
    let (mut cash, mut shares, mut stop, mut pending, mut pending_stop) = (CASH, 0.0, 0.0, 0i8, 0.0);
    let (mut sign, mut fills) = (0i8, 0usize);
    let (mut last, mut peak, mut drawdown) = (CASH, CASH, 0.0f64);
    for t in 0..n {
        if pending == 1 {
            cash -= SHARES * open[t] * (1.0 + FEE);
            (shares, stop) = (SHARES, pending_stop);
            fills += 1;
        } else if pending == -1 {
            cash += shares * open[t] * (1.0 - FEE);
            shares = 0.0;
            fills += 1;
        }
        pending = 0;
        if shares != 0.0 && low[t] <= stop {
            cash += shares * open[t].min(stop) * (1.0 - FEE);
            shares = 0.0;
            fills += 1;
        }
        fast_sum += if t >= FAST { close[t] - close[t - FAST] } else { close[t] };
        slow_sum += if t >= SLOW { close[t] - close[t - SLOW] } else { close[t] };
        if t > 0 {
            let range = high[t].max(previous) - low[t].min(previous);
            atr = if t <= ATR {
                atr + range / ATR as f64
            } else {
                atr * (1.0 - 1.0 / ATR as f64) + range * (1.0 / ATR as f64)
            };
        }
        previous = close[t];
        if t + 1 >= SLOW {
            let difference = fast_sum * SLOW as f64 - slow_sum * FAST as f64;
            let now = (difference > 0.0) as i8 - (difference < 0.0) as i8;
            if shares == 0.0 && sign < 0 && now > 0 {
                (pending, pending_stop) = (1, close[t] - MULTIPLE * atr);
            } else if shares != 0.0 && sign > 0 && now < 0 {
                pending = -1;
            }
            if now != 0 {
                sign = now;
            }
        }
        let equity = cash + shares * close[t];
        peak = equity.max(peak);
        drawdown = (peak - equity).max(drawdown);
        last = equity;
    }
    Outcome { equity: last / TICKS, fills, drawdown: drawdown / TICKS }
}

fn columns(bars: &[Bar]) -> Columns {
    let column = |of: fn(&Bar) -> Price| bars.iter().map(|bar| (of(bar).units() / 100_000) as f64).collect();
    Columns {
        open: column(|bar| bar.open),
        high: column(|bar| bar.high),
        low: column(|bar| bar.low),
        close: column(|bar| bar.close),
    }
}

fn bench(criterion: &mut Criterion) {
    let (bars, sessions) = (walk(), sessions());
    let flat = columns(&bars);
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(BARS as u64)).sample_size(20);
    group.bench_function("flat_f64_loop/1_symbol/1M_bars", |b| b.iter(|| flat_run(black_box(&flat))));
    let mut kept = None;
    group.bench_function("engine/1_symbol/1M_bars/gate_stop_fees", |b| {
        b.iter(|| engine_run(black_box(&bars), black_box(&sessions), &mut kept));
    });
    group.finish();
}

/// Both in turn, so that a slow minute of the machine slows both.
fn paired() {
    const ROUNDS: usize = 31;
    let (bars, sessions) = (walk(), sessions());
    let flat = columns(&bars);
    let mut kept = None;
    let mut ratios = Vec::with_capacity(ROUNDS);
    let (mut best_flat, mut best_engine) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let plain = flat_run(black_box(&flat));
        let flat_seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let full = engine_run(black_box(&bars), black_box(&sessions), &mut kept);
        let engine_seconds = start.elapsed().as_secs_f64();
        assert_eq!(plain.fills, full.fills, "both trade the same");
        assert!((plain.equity - full.equity).abs() < 0.01 && (plain.drawdown - full.drawdown).abs() < 0.01);
        ratios.push(flat_seconds / engine_seconds);
        (best_flat, best_engine) = (best_flat.min(flat_seconds), best_engine.min(engine_seconds));
    }
    ratios.sort_by(f64::total_cmp);
    let rate = |seconds: f64| BARS as f64 / seconds / 1e6;
    println!("flat loop {:.1} M bars/s, engine {:.1} M bars/s (best of {ROUNDS})", rate(best_flat), rate(best_engine));
    println!("engine at {:.0} % of the flat loop (median of {ROUNDS} pairs)", 100.0 * ratios[ROUNDS / 2]);
}

criterion_group!(benches, bench);

fn main() {
    if !std::env::args().any(|argument| argument == "--paired") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    paired();
}
