//! From a finished run to the facts a report shows.
//!
//! Not here: drawing. Every number comes from the run's record.
use super::model::{Line, Measure, PricePanel, Range, RefusalRow, ReportModel, StopSpan, TradeRow, WarningRow};
use super::reference;
use crate::domain::{Bar, OrderId, Side, Timestamp};
use crate::engine::{Journal, StopChange};
use crate::portfolio::RoundTrip;
use crate::scenario::spec::{CommissionSpec, SlippageRule, StopRule};
use crate::scenario::{AccountRow, LoadedScenario, MarketData, Metrics, effective_toml, fingerprint, session_ends};
use crate::strategy::ChartLine;

/// A finished run, as the report reads it.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// The scenario.
    pub loaded: &'a LoadedScenario,
    /// What it ran on.
    pub market: &'a MarketData,
    /// What happened.
    pub journal: &'a Journal,
    /// The account at each step.
    pub rows: &'a [AccountRow],
    /// Round trips: closed, then open.
    pub trips: &'a (Vec<RoundTrip>, Vec<RoundTrip>),
    /// The measures.
    pub metrics: &'a Metrics,
    /// The lines the strategy looks at, by symbol.
    pub lines: &'a [Vec<ChartLine>],
    /// `[risk]` keys that are set but not enforced.
    pub not_enforced: &'a [&'static str],
}

/// Gathers everything a report shows.
pub fn gather<'a>(run: Finished<'a>) -> ReportModel<'a> {
    let Finished { loaded, market, journal, rows, metrics, .. } = run;
    let (spec, data) = (&loaded.spec, &loaded.spec.data);
    let start = spec.account.cash.to_f64();
    let steps: Vec<Timestamp> = rows.iter().map(|row| row.time).collect();
    let hold = Line {
        name: hold_name(data.symbols.len(), &data.symbols[0].to_string()),
        values: held(&market.bars, &steps, start),
    };
    let benchmark = market
        .benchmark
        .as_ref()
        .zip(data.benchmark)
        .map(|(bars, name)| Line { name: name.to_string(), values: held(std::slice::from_ref(bars), &steps, start) });
    let session_ends = session_ends(rows, market);
    let benchmark_measures = reference::measures(benchmark.as_ref().unwrap_or(&hold), start, &steps, &session_ends);
    let trades = trades(run);
    let fills = journal.fills.iter();
    ReportModel {
        name: spec.scenario.name.clone(),
        program: concat!("alphaflow ", env!("CARGO_PKG_VERSION")).to_owned(),
        fingerprint: fingerprint(journal, &data.symbols, data.timeframe),
        seed: spec.scenario.seed,
        strategy: spec.strategy.name.clone(),
        parameters: spec.strategy.params.iter().map(|param| (param.name.clone(), param.value.to_string())).collect(),
        stop: stop_in_words(&spec.stop.rule),
        symbols: data.symbols.iter().map(ToString::to_string).collect(),
        timeframe: data.timeframe,
        equity: rows.iter().map(|row| row.equity.to_f64()).collect(),
        drawdown: rows.iter().map(|row| row.drawdown).collect(),
        exposure: rows.iter().map(|row| row.gross_exposure.fraction_of(row.equity).unwrap_or(0.0)).collect(),
        initial_equity: start,
        session_ends,
        steps,
        benchmark,
        hold,
        measures: metrics
            .measures()
            .map(|(key, value)| (key, value.map_or_else(Measure::Undefined, Measure::Value)))
            .collect(),
        benchmark_measures,
        intervals: metrics.intervals().map(|(key, (low, high))| (key, Range { low, high })).collect(),
        prices: prices(run, &trades),
        trades,
        refusals: refusals(run),
        warnings: warnings(market),
        not_enforced: run.not_enforced.iter().map(ToString::to_string).collect(),
        scenario_toml: effective_toml(spec),
        files: market.files.clone(),
        traded_value: fills.map(|fill| fill.notional().to_f64()).sum(),
        costs_are_none: spec.execution.slippage.rule == SlippageRule::None
            && spec.execution.commission == CommissionSpec::None,
        benchmark_has_dividends: false,
    }
}

fn hold_name(symbols: usize, first: &str) -> String {
    if symbols == 1 { format!("{first} held") } else { format!("{symbols} held equally") }
}

/// Dollars at each step when `start` is spread equally over `series` at their first closes.
fn held(series: &[Vec<Bar>], steps: &[Timestamp], start: f64) -> Vec<f64> {
    let each = start / series.len().max(1) as f64;
    let mut values = vec![0.0; steps.len()];
    for bars in series {
        let (mut next, mut worth) = (0, each);
        let first = bars.first().map_or(1.0, |bar| bar.close.to_f64());
        for (value, time) in values.iter_mut().zip(steps) {
            while let Some(bar) = bars.get(next).filter(|bar| bar.time <= *time) {
                worth = each * bar.close.to_f64() / first;
                next += 1;
            }
            *value += worth;
        }
    }
    values
}

fn stop_in_words(rule: &StopRule) -> Option<String> {
    match rule {
        StopRule::None => None,
        StopRule::Atr { multiple, .. } => Some(format!("stop {multiple} ATR")),
        StopRule::Percent(share) => Some(format!("stop {}%", share.to_f64() * 100.0)),
    }
}

/// The stops of `symbol`, each with the bars it rested over.
fn stop_spans(stops: &[StopChange], symbol: usize, end: Timestamp) -> Vec<StopSpan> {
    let mut open: Vec<(OrderId, Timestamp, f64)> = Vec::new();
    let mut spans = Vec::new();
    for change in stops.iter().filter(|change| change.symbol.get() == symbol) {
        if let Some(at) = open.iter().position(|(order, ..)| *order == change.order) {
            let (_, from, price) = open.remove(at);
            spans.push(StopSpan { from, to: change.time, price });
        }
        open.extend(change.level.map(|level| (change.order, change.time, level.to_f64())));
    }
    spans.extend(open.into_iter().map(|(_, from, price)| StopSpan { from, to: end, price }));
    spans
}

fn trades(run: Finished<'_>) -> Vec<TradeRow> {
    let mut rows: Vec<TradeRow> = run.trips.0.iter().chain(&run.trips.1).map(|trip| trade(run, trip)).collect();
    rows.sort_by_key(|row| row.entry_time);
    rows
}

fn trade(run: Finished<'_>, trip: &RoundTrip) -> TradeRow {
    let bars = &run.market.bars[trip.symbol.get()];
    let quantity = trip.quantity.to_f64();
    let entry_price = trip.entry_notional.to_f64() / quantity;
    let end = trip.exit_time.unwrap_or(Timestamp::MAX);
    let from = bars.partition_point(|bar| bar.time < trip.entry_time);
    let while_held = &bars[from..bars.partition_point(|bar| bar.time <= end)];
    let high = while_held.iter().map(|bar| bar.high.to_f64()).fold(entry_price, f64::max) / entry_price - 1.0;
    let low = while_held.iter().map(|bar| bar.low.to_f64()).fold(entry_price, f64::min) / entry_price - 1.0;
    let last = bars.last().map_or(0.0, |bar| bar.close.to_f64());
    let (worst, best, unrealised) = match trip.side {
        Side::Buy => (low, high, last * trip.held().to_f64()),
        Side::Sell => (-high, -low, -last * trip.held().to_f64()),
    };
    let pnl = trip.realised().to_f64() + unrealised;
    let mut stops =
        run.journal.stops.iter().filter(|change| change.symbol == trip.symbol && change.time >= trip.entry_time);
    let first_stop = stops.next().filter(|change| change.time <= end).and_then(|change| change.level);
    let risk = first_stop.map(|stop| (entry_price - stop.to_f64()).abs() * quantity).filter(|risk| *risk > 0.0);
    let session_of = |time: Timestamp| match run.market.sessions.is_empty() {
        true => bars.partition_point(|bar| bar.time < time),
        false => run.market.sessions.partition_point(|session| session.start <= time),
    };
    let exit = trip.exit_time.unwrap_or(bars.last().map_or(trip.entry_time, |bar| bar.time));
    TradeRow {
        symbol: run.loaded.spec.data.symbols[trip.symbol.get()].to_string(),
        side: trip.side,
        quantity,
        entry_time: trip.entry_time,
        entry_price,
        exit_time: trip.exit_time,
        exit_price: trip.exit_time.map(|_| trip.exit_notional.to_f64() / trip.exited.to_f64()),
        pnl,
        fees: trip.fees.to_f64(),
        exit_reason: trip.exit_purpose,
        sessions: session_of(exit) - session_of(trip.entry_time),
        r_multiple: risk.map(|risk| pnl / risk),
        worst,
        best,
    }
}

fn prices<'a>(run: Finished<'a>, trades: &[TradeRow]) -> Vec<PricePanel<'a>> {
    let symbols = run.loaded.spec.data.symbols.iter().map(ToString::to_string);
    let panel = |(index, symbol): (usize, String)| {
        let bars = &run.market.bars[index][..];
        let end = bars.last().map_or(Timestamp::MAX, |bar| bar.time);
        let closed = trades.iter().filter(|trade| trade.symbol == symbol && trade.exit_time.is_some());
        PricePanel {
            bars,
            indicators: run.lines[index].iter().map(|line| (line.label.clone(), line.values.clone())).collect(),
            stops: stop_spans(&run.journal.stops, index, end),
            profit: closed.map(|trade| trade.pnl).sum(),
            symbol,
        }
    };
    let mut panels: Vec<PricePanel<'a>> = symbols.enumerate().map(panel).collect();
    panels.sort_by(|a, b| b.profit.total_cmp(&a.profit));
    panels
}

fn refusals(run: Finished<'_>) -> Vec<RefusalRow> {
    let row = |record: &crate::engine::RefusalRecord| {
        let order = &run.journal.orders[record.order.0 as usize - 1];
        let symbol = run.loaded.spec.data.symbols[order.request.symbol.get()];
        RefusalRow {
            time: record.time,
            order: format!("{symbol} {} {}", order.request.side.name(), order.quantity),
            reason: record.refusal.code().to_owned(),
            need: record.refusal.need().unwrap_or_default(),
            have: record.refusal.have().unwrap_or_default(),
        }
    };
    run.journal.refusals.iter().map(row).collect()
}

fn warnings(market: &MarketData) -> Vec<WarningRow> {
    let name =
        |path: &std::path::Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let row = |warning: &crate::market::DataWarning| WarningRow {
        file: name(&warning.path),
        line: warning.line,
        message: warning.message.clone(),
    };
    market.warnings.iter().map(row).collect()
}
