//! Runs to draw: a simple crossover on real prices, and the odd shapes a report must survive.
//!
//! Not golden: the simulation is only as true as a picture needs.
use alphaflow::domain::{Bar, OrderPurpose, Price, Side, Timeframe, Timestamp, Volume};
use alphaflow::report::model::{
    Line, Measure, PricePanel, Range, RefusalRow, ReportModel, StopSpan, TradeRow, WarningRow,
};
use alphaflow::scenario::Efficacy;
use alphaflow::strategy::ChartLine;

pub const START: f64 = 100_000.0;

pub struct Market {
    pub symbols: Vec<String>,
    pub bars: Vec<Vec<Bar>>,
}

/// Daily bars of the four Bokeh stocks from `from` on.
pub fn bokeh(from: &str) -> Market {
    let symbols: Vec<String> = ["AAPL", "GOOG", "IBM", "MSFT"].map(str::to_owned).to_vec();
    let bars = symbols
        .iter()
        .map(|symbol| {
            let path = format!("{}/data/bokeh_{symbol}_daily.csv", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).expect("bokeh prices");
            text.lines().skip(1).filter(|line| &line[..10] >= from).map(bar_of).collect()
        })
        .collect();
    Market { symbols, bars }
}

fn bar_of(line: &str) -> Bar {
    let cells: Vec<&str> = line.split(',').collect();
    let price = |cell: usize| cells[cell].parse::<Price>().expect("price");
    Bar {
        time: cells[0].parse().expect("date"),
        open: price(1),
        high: price(2),
        low: price(3),
        close: price(4),
        volume: Volume::ZERO,
    }
}

/// `count` minute bars of one symbol: a seeded walk around `level` dollars, 390 bars a weekday.
pub fn minutes(count: usize, level: f64) -> Market {
    let first: Timestamp = "2003-01-06T14:30:00Z".parse().expect("time");
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut close = level;
    let bars = (0..count)
        .map(|index| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let draw = (state >> 33) as f64 / (1u64 << 31) as f64 - 0.499;
            let open = close;
            close = (open * (1.0 + draw * 0.002)).clamp(level / 50.0, level * 50.0);
            let (session, minute) = (index / 390, index % 390);
            let day = session / 5 * 7 + session % 5;
            let ns = (day as i64 * 86_400 + minute as i64 * 60) * Timestamp::NS_PER_SECOND;
            let price = |usd: f64| Price::from_f64(usd).expect("price");
            Bar {
                time: first.plus_ns(ns),
                open: price(open),
                high: price(open.max(close) * 1.0004),
                low: price(open.min(close) * 0.9996),
                close: price(close),
                volume: Volume::ZERO,
            }
        })
        .collect();
    Market { symbols: vec!["WALK".to_owned()], bars: vec![bars] }
}

#[derive(Clone, Copy)]
pub struct Rules {
    pub fast: usize,
    pub slow: usize,
    pub stop_ranges: f64,
    pub trail: bool,
    pub trades_max: usize,
}

pub const CROSSOVER: Rules = Rules { fast: 10, slow: 30, stop_ranges: 2.0, trail: false, trades_max: usize::MAX };

fn average(bars: &[Bar], period: usize) -> Vec<Option<f64>> {
    let mut sum = 0.0;
    bars.iter()
        .enumerate()
        .map(|(i, bar)| {
            sum += bar.close.to_f64();
            if i >= period {
                sum -= bars[i - period].close.to_f64();
            }
            (i + 1 >= period).then(|| sum / period as f64)
        })
        .collect()
}

struct Held {
    trade: usize,
    shares: f64,
    stop: f64,
    since: Timestamp,
}

/// A run of the crossover over `market`, equal shares of equity per symbol, fills at the next open.
pub fn run(market: &Market, timeframe: Timeframe, rules: Rules) -> ReportModel<'_> {
    let mut steps: Vec<Timestamp> = market.bars.iter().flatten().map(|bar| bar.time).collect();
    steps.sort_unstable();
    steps.dedup();
    let lines: Vec<[Vec<Option<f64>>; 2]> =
        market.bars.iter().map(|bars| [average(bars, rules.fast), average(bars, rules.slow)]).collect();
    let count = market.symbols.len();
    let (mut cash, mut next) = (START, vec![0usize; count]);
    let mut held: Vec<Option<Held>> = (0..count).map(|_| None).collect();
    let mut wanted: Vec<Option<bool>> = vec![None; count];
    let (mut trades, mut stops): (Vec<TradeRow>, Vec<Vec<StopSpan>>) = (Vec::new(), vec![Vec::new(); count]);
    let (mut equity, mut exposure, mut marks) = (Vec::new(), Vec::new(), vec![0.0; count]);
    let (mut ranges, mut session_of_entry) = (vec![0.0f64; count], Vec::<usize>::new());
    for (step, time) in steps.iter().enumerate() {
        for s in 0..count {
            let Some(bar) = market.bars[s].get(next[s]).filter(|bar| bar.time == *time) else { continue };
            let (open, high, low, close) = (bar.open.to_f64(), bar.high.to_f64(), bar.low.to_f64(), bar.close.to_f64());
            let mut leave = None;
            match wanted[s].take() {
                Some(false) if held[s].is_some() => leave = Some((open, OrderPurpose::Signal)),
                Some(true) if held[s].is_none() && trades.len() < rules.trades_max => {
                    let total: f64 =
                        cash + held.iter().zip(&marks).flat_map(|(h, m)| h.as_ref().map(|h| h.shares * m)).sum::<f64>();
                    let shares = (total / count as f64 / open).min(cash / open).floor().max(0.0);
                    if shares > 0.0 {
                        cash -= shares * open + 1.0;
                        held[s] = Some(Held {
                            trade: trades.len(),
                            shares,
                            stop: open - rules.stop_ranges * ranges[s],
                            since: *time,
                        });
                        session_of_entry.push(step);
                        trades.push(TradeRow {
                            symbol: market.symbols[s].clone(),
                            side: Side::Buy,
                            quantity: shares,
                            entry_time: *time,
                            entry_price: open,
                            exit_time: None,
                            exit_price: None,
                            pnl: 0.0,
                            fees: 2.0,
                            exit_reason: None,
                            forced: None,
                            sessions: 0,
                            r_multiple: None,
                            worst: 0.0,
                            best: 0.0,
                        });
                    }
                }
                _ => {}
            }
            if let Some(h) = &held[s]
                && leave.is_none()
                && low <= h.stop
            {
                leave = Some((h.stop.min(open), if rules.trail { OrderPurpose::Trail } else { OrderPurpose::Stop }));
            }
            if let Some((price, reason)) = leave
                && let Some(h) = held[s].take()
            {
                cash += h.shares * price - 1.0;
                stops[s].push(StopSpan { from: h.since, to: *time, price: h.stop });
                let trade = &mut trades[h.trade];
                let risk = (trade.entry_price - h.stop) * h.shares;
                (trade.exit_time, trade.exit_price, trade.exit_reason) = (Some(*time), Some(price), Some(reason));
                trade.pnl = (price - trade.entry_price) * h.shares - 2.0;
                trade.r_multiple = (risk > 0.0).then(|| trade.pnl / risk);
                trade.sessions = step - session_of_entry[h.trade];
            }
            if let Some(h) = &mut held[s]
                && rules.trail
                && close - rules.stop_ranges * ranges[s] > h.stop
            {
                stops[s].push(StopSpan { from: h.since, to: *time, price: h.stop });
                h.stop = close - rules.stop_ranges * ranges[s];
                h.since = market.bars[s].get(next[s] + 1).map_or(*time, |b| b.time);
            }
            let i = next[s];
            ranges[s] = if i == 0 { high - low } else { ranges[s] * 13.0 / 14.0 + (high - low) / 14.0 };
            if i > 0
                && let (Some(f0), Some(s0), Some(f1), Some(s1)) =
                    (lines[s][0][i - 1], lines[s][1][i - 1], lines[s][0][i], lines[s][1][i])
            {
                wanted[s] = if f0 <= s0 && f1 > s1 {
                    Some(true)
                } else if f0 >= s0 && f1 < s1 {
                    Some(false)
                } else {
                    None
                };
            }
            marks[s] = close;
            next[s] += 1;
        }
        let gross: f64 = held.iter().zip(&marks).filter_map(|(h, m)| h.as_ref().map(|h| h.shares * m)).sum();
        equity.push(cash + gross);
        exposure.push(gross / (cash + gross));
    }
    for (s, h) in held.iter().enumerate() {
        if let Some(h) = h {
            stops[s].push(StopSpan { from: h.since, to: *steps.last().expect("steps"), price: h.stop });
            trades[h.trade].pnl = (marks[s] - trades[h.trade].entry_price) * h.shares;
        }
    }
    model(market, timeframe, rules, steps, equity, exposure, trades, stops, lines)
}

#[allow(clippy::too_many_arguments)]
fn model<'m>(
    market: &'m Market,
    timeframe: Timeframe,
    rules: Rules,
    steps: Vec<Timestamp>,
    equity: Vec<f64>,
    exposure: Vec<f64>,
    trades: Vec<TradeRow>,
    stops: Vec<Vec<StopSpan>>,
    lines: Vec<[Vec<Option<f64>>; 2]>,
) -> ReportModel<'m> {
    let mut panels: Vec<PricePanel<'m>> = market
        .symbols
        .iter()
        .zip(&market.bars)
        .zip(stops.into_iter().zip(lines))
        .map(|((symbol, bars), (stops, [fast, slow]))| PricePanel {
            symbol: symbol.clone(),
            bars,
            indicators: vec![
                ChartLine { label: format!("SMA {}", rules.fast), values: fast },
                ChartLine { label: format!("SMA {}", rules.slow), values: slow },
            ]
            .into(),
            stops,
            profit: trades.iter().filter(|t| t.symbol == *symbol && t.exit_time.is_some()).map(|t| t.pnl).sum(),
        })
        .collect();
    panels.sort_by(|a, b| b.profit.total_cmp(&a.profit));
    let session_ends: Vec<usize> =
        (0..steps.len()).filter(|i| steps.get(i + 1).is_none_or(|next| next.days() != steps[*i].days())).collect();
    let hold = Line { name: "Held equally".to_owned(), values: hold(market, &steps) };
    ReportModel {
        name: "ma_crossover_tech4".to_owned(),
        program: "alphaflow 0.1.0".to_owned(),
        fingerprint: "1b68efe35aef2eec8dd1c2d1a9a1f1b2".to_owned(),
        seed: 1,
        strategy: "ma_crossover".to_owned(),
        parameters: vec![
            ("fast_period".to_owned(), rules.fast.to_string()),
            ("slow_period".to_owned(), rules.slow.to_string()),
        ],
        stop: Some("stop 2 ATR".to_owned()),
        symbols: market.symbols.clone(),
        timeframe,
        drawdown: drawdown(&equity),
        measures: measures(&equity, &exposure, &trades, session_ends.len()),
        benchmark_measures: measures(&hold.values, &[1.0], &[], session_ends.len()),
        intervals: vec![
            ("cagr", Range { low: 0.012, high: 0.164 }),
            ("sharpe", Range { low: 0.19, high: 1.63 }),
            ("max_drawdown", Range { low: 0.28, high: 0.09 }),
        ],
        initial_equity: START,
        session_ends,
        benchmark: None,
        hold,
        prices: panels,
        trades,
        refusals: Vec::<RefusalRow>::new(),
        rejections: Vec::new(),
        warnings: Vec::<WarningRow>::new(),
        warnings_total: 0,
        forced: None,
        multiplier_cut: None,
        efficacy: Efficacy::default(),
        heat: exposure.iter().map(|share| share * 0.08).collect(),
        scenario_toml: String::new(),
        files: Vec::new(),
        traded_value: 0.0,
        costs_are_none: false,
        benchmark_has_dividends: false,
        steps,
        equity,
        exposure,
    }
}

fn hold(market: &Market, steps: &[Timestamp]) -> Vec<f64> {
    let mut next = vec![0; market.bars.len()];
    let mut shares = vec![0.0; market.bars.len()];
    let mut marks = vec![0.0; market.bars.len()];
    let share = START / market.bars.len() as f64;
    steps
        .iter()
        .map(|time| {
            for (s, bars) in market.bars.iter().enumerate() {
                if let Some(bar) = bars.get(next[s]).filter(|bar| bar.time == *time) {
                    if next[s] == 0 {
                        shares[s] = share / bar.open.to_f64();
                    }
                    marks[s] = bar.close.to_f64();
                    next[s] += 1;
                }
            }
            (0..marks.len()).map(|s| if next[s] == 0 { share } else { shares[s] * marks[s] }).sum()
        })
        .collect()
}

pub fn drawdown(equity: &[f64]) -> Vec<f64> {
    let mut peak = f64::MIN;
    equity
        .iter()
        .map(|value| {
            peak = peak.max(*value);
            value / peak - 1.0
        })
        .collect()
}

fn measures(equity: &[f64], exposure: &[f64], trades: &[TradeRow], sessions: usize) -> Vec<(&'static str, Measure)> {
    let Some((first, last)) = equity.first().zip(equity.last()) else { return Vec::new() };
    let years = sessions as f64 / 252.0;
    let returns: Vec<f64> = equity.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    let mean = returns.iter().sum::<f64>() / returns.len().max(1) as f64;
    let spread = (returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / returns.len().max(2) as f64).sqrt();
    let closed: Vec<f64> = trades.iter().filter(|t| t.exit_time.is_some()).map(|t| t.pnl).collect();
    let won: f64 = closed.iter().filter(|p| **p > 0.0).sum();
    let lost: f64 = -closed.iter().filter(|p| **p < 0.0).sum::<f64>();
    let value = |value: f64| {
        if value.is_finite() { Measure::Value(value) } else { Measure::Undefined("too few".to_owned()) }
    };
    vec![
        ("total_return", value(last / first - 1.0)),
        ("cagr", value((last / first).powf(1.0 / years) - 1.0)),
        ("annual_volatility", value(spread * 252f64.sqrt())),
        ("sharpe", value(mean / spread * 252f64.sqrt())),
        ("max_drawdown", value(-drawdown(equity).into_iter().fold(0.0, f64::min))),
        ("exposure", value(exposure.iter().sum::<f64>() / exposure.len() as f64)),
        ("trades", value(closed.len() as f64)),
        ("win_rate", value(closed.iter().filter(|p| **p > 0.0).count() as f64 / closed.len() as f64)),
        ("profit_factor", value(won / lost)),
        ("commission", value(trades.len() as f64 * 2.0)),
        ("slippage", value(735.0)),
    ]
}
