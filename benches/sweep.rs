//! Speed of a sweep, beside a hand-written loop over the same grid that does the same arithmetic.
//!
//! Input: 500,000 one-minute bars, seeded; 100 pairs of moving averages with an ATR(14) stop live from the entry
//! bar, 5 bps on every fill, 100 shares, every limit of `[risk]` checked. Unit: bar-evaluations per second, 50 million
//! a round. Ours is the whole sweep: scenarios derived, runs, all measures, fingerprints, rows on disk; the time in
//! which the same bars are read alone is taken off, since the loop has its bars in memory. It gives trades, final equity
//! and drawdown.
//! `--daily`: 100,000 runs of 2,500 daily bars, with the memory it took.
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use alphaflow::domain::{Bar, Timeframe};
use alphaflow::market::{Calendar, Length, SyntheticSpec, synthesize, write_parquet};
use alphaflow::scenario::{LoadedScenario, load_market, parse};
use alphaflow::strategy::BuiltIn;
use alphaflow::sweep::{Begin, Identity, Plan, Row, Runner, Shard, SweepFolder};

const BARS: usize = 500_000;
const ATR: usize = 14;
const MULTIPLE: f64 = 2.0;
const FEE: f64 = 0.0005;
const SHARES: f64 = 100.0;
/// Cents in a dollar: whole cents are exact in f64, so both see the same ties.
const CENTS: f64 = 100.0;
const CASH: f64 = 1_000_000.0 * CENTS;

struct Columns {
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome {
    equity: f64,
    fills: usize,
    drawdown: f64,
}

/// One pair, with nothing around it.
fn flat_run(bars: &Columns, fast: usize, slow: usize) -> Outcome {
    let (open, high, low, close) = (&bars.open[..], &bars.high[..], &bars.low[..], &bars.close[..]);
    let (mut fast_sum, mut slow_sum, mut atr, mut previous) = (0.0, 0.0, 0.0, 0.0);
    let (mut cash, mut shares, mut stop, mut pending, mut pending_stop) = (CASH, 0.0, 0.0, 0i8, 0.0);
    let (mut sign, mut fills) = (0i8, 0usize);
    let (mut last, mut peak, mut drawdown) = (CASH, CASH, 0.0f64);
    for t in 0..close.len() {
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
        fast_sum += if t >= fast { close[t] - close[t - fast] } else { close[t] };
        slow_sum += if t >= slow { close[t] - close[t - slow] } else { close[t] };
        if t > 0 {
            let range = high[t].max(previous) - low[t].min(previous);
            atr = if t <= ATR {
                atr + range / ATR as f64
            } else {
                atr * (1.0 - 1.0 / ATR as f64) + range * (1.0 / ATR as f64)
            };
        }
        previous = close[t];
        if t + 1 >= slow {
            let difference = fast_sum * slow as f64 - slow_sum * fast as f64;
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
    Outcome { equity: last / CENTS, fills, drawdown: drawdown / CENTS }
}

fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (1..=10).flat_map(|fast| (3..=12).map(move |slow| (5 * fast, 20 * slow)))
}

fn bars(timeframe: Timeframe, count: usize) -> Vec<Bar> {
    let spec = SyntheticSpec {
        symbol: "SYN".parse().expect("symbol"),
        seed: 20_261_126,
        timeframe,
        from: "2005-01-03".parse().expect("date"),
        length: Length::Bars(count as u64),
        start_price: "100".parse().expect("price"),
        annual_drift: 0.05,
        annual_volatility: 0.25,
        calendar: Calendar::xnys(),
    };
    synthesize(&spec).expect("bars")
}

fn columns(bars: &[Bar]) -> Columns {
    let column = |of: fn(&Bar) -> alphaflow::domain::Price| {
        bars.iter().map(|bar| (of(bar).units() / 10_000_000) as f64).collect()
    };
    Columns {
        open: column(|bar| bar.open),
        high: column(|bar| bar.high),
        low: column(|bar| bar.low),
        close: column(|bar| bar.close),
    }
}

const SCENARIO: &str = r#"
[scenario]
name = "sweep_bench"
seed = 1
[data]
timeframe = "TIMEFRAME"
path = "{symbol}.parquet"
symbols = ["SYN"]
[account]
cash = "1000000"
[strategy]
name = "ma_crossover"
params = { fast_period = 5, slow_period = 60 }
[sizing]
kind = "fixed_shares"
value = "100"
[execution]
slippage = { kind = "none" }
commission = { kind = "bps", value = "5" }
venue_rules = "none"
participation = "1"
[stop]
kind = "atr"
period = 14
multiple = "2"
anchor = "signal_close"
[risk]
max_daily_loss = "0.9"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 100
max_order_notional = "1000000"
price_collar = "0.5"
on_daily_loss = "halt"
on_breach = "reject"
[sweep]
"#;

fn scenario(folder: &Path, timeframe: &str, axes: &str) -> LoadedScenario {
    let text = format!("{}{axes}", SCENARIO.replace("TIMEFRAME", timeframe));
    parse(&folder.join("bench.toml"), &text, &[]).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A whole sweep with `threads` workers: its rows and how long it took, without the reading of bars.
fn sweep(loaded: &LoadedScenario, plan: &Plan, folder: &Path, threads: usize) -> (Vec<Row>, f64) {
    let start = Instant::now();
    let market = load_market(loaded).expect("market");
    let reading = start.elapsed().as_secs_f64();
    let identity = Identity::of(plan, &market);
    let open = SweepFolder::open(folder, &identity, Shard::WHOLE, Begin::Fresh).expect("folder");
    let start = Instant::now();
    Runner { catalog: &BuiltIn, plan, threads }.run(&open, &|_| ()).expect("run");
    let seconds = start.elapsed().as_secs_f64() - reading;
    let axes: Vec<&str> = plan.axes().iter().map(alphaflow::sweep::Axis::key).collect();
    (open.rows(&axes).expect("rows"), seconds)
}

fn minutes(folder: &Path) {
    const ROUNDS: usize = 5;
    let bars = bars("1m".parse().expect("timeframe"), BARS);
    write_parquet(&folder.join("SYN.parquet"), "1m".parse().expect("timeframe"), &bars).expect("write");
    let axes = "\"strategy.params.fast_period\" = { from = 5, to = 50, step = 5 }\n\
                \"strategy.params.slow_period\" = { from = 60, to = 240, step = 20 }\n";
    let loaded = scenario(folder, "1m", axes);
    let plan = Plan::new(&loaded).unwrap_or_else(|errors| panic!("{errors}"));
    let flat = columns(&bars);
    let evaluations = (BARS * plan.len()) as f64;
    let (mut against, mut scaling, mut best) = (Vec::new(), Vec::new(), [f64::MAX; 3]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let loop_runs: Vec<Outcome> = pairs().map(|(fast, slow)| flat_run(black_box(&flat), fast, slow)).collect();
        let loop_seconds = start.elapsed().as_secs_f64();
        let (rows, one) = sweep(&loaded, &plan, &folder.join("one"), 1);
        let (_, two) = sweep(&loaded, &plan, &folder.join("two"), 2);
        for (row, flat) in rows.iter().zip(&loop_runs) {
            let equity = row.measure("final_equity").unwrap_or_else(|| panic!("{row:?}"));
            assert!((equity - flat.equity).abs() < 0.01, "{:?}: {equity} is not {}", row.values, flat.equity);
        }
        against.push(loop_seconds / one);
        scaling.push(one / two);
        for (best, seconds) in best.iter_mut().zip([loop_seconds, one, two]) {
            *best = best.min(seconds);
        }
    }
    let rate = |seconds: f64| evaluations / seconds / 1e6;
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let [flat, one, two] = best.map(rate);
    println!(
        "loop {flat:.1} M bar-evaluations/s, sweep {one:.1} with one worker, {two:.1} with two (best of {ROUNDS})"
    );
    println!(
        "sweep at {:.0} % of the loop; two workers {:.2} times one (medians)",
        100.0 * median(&mut against),
        median(&mut scaling)
    );
}

fn daily(folder: &Path) {
    let bars = bars("1d".parse().expect("timeframe"), 2_500);
    write_parquet(&folder.join("SYN.parquet"), "1d".parse().expect("timeframe"), &bars).expect("write");
    let axes = "\"strategy.params.fast_period\" = { from = 2, to = 41, step = 1 }\n\
                \"strategy.params.slow_period\" = { from = 45, to = 294, step = 1 }\n\
                \"stop.multiple\" = { from = 1, to = 10, step = 1 }\n";
    let loaded = scenario(folder, "1d", axes);
    let plan = Plan::new(&loaded).unwrap_or_else(|errors| panic!("{errors}"));
    let (rows, seconds) = sweep(&loaded, &plan, &folder.join("daily"), 0);
    println!("{} runs of {} daily bars in {seconds:.1} s", rows.len(), bars.len());
}

fn main() {
    let folder = tempfile::tempdir().expect("folder");
    match std::env::args().any(|argument| argument == "--daily") {
        true => daily(folder.path()),
        false => minutes(folder.path()),
    }
}
