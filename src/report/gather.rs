//! From a finished run to the facts a report shows.
//!
//! Not here: drawing. Every number comes from the run's record.
use std::borrow::Cow;

use super::ended::ended_early;
use super::format::{self, Numbers, counted};
use super::model::{
    Line, Measure, PricePanel, Range, RefusalRow, RejectionRow, ReportModel, StopSpan, WarningRow, WarningSource,
};
use super::trade_rows::trade_rows;
use super::{account, reference, refused};
use crate::domain::{Bar, OrderId, Symbol, Timestamp};
use crate::engine::{Journal, MarketAction};
use crate::portfolio::RoundTrip;
use crate::scenario::spec::{Adjust, CommissionSpec, SlippageRule, StopRule, StopSpec};
use crate::scenario::{
    AccountRow, Efficacy, LoadedScenario, MarketData, Metrics, benchmark_held, effective_toml, fingerprint,
    held_equally, session_ends,
};
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
    /// What the limits did.
    pub efficacy: &'a Efficacy,
}

/// Gathers everything a report shows.
pub fn gather<'a>(run: Finished<'a>) -> ReportModel<'a> {
    let Finished { loaded, market, journal, rows, metrics, .. } = run;
    let (spec, data) = (&loaded.spec, &loaded.spec.data);
    let start = spec.account.cash.to_f64();
    let steps: Vec<Timestamp> = rows.iter().map(|row| row.time).collect();
    let session_ends = session_ends(rows, market);
    let hold = Line {
        name: hold_name(data.symbols.len(), &data.symbols[0].to_string()),
        values: held_equally(market, &steps, start),
    };
    let benchmark = data
        .benchmark
        .zip(benchmark_held(market, &steps, start))
        .map(|(name, values)| Line { name: name.to_string(), values });
    let mut benchmark_measures = reference::measures(benchmark.as_ref().unwrap_or(&hold), start, &steps, &session_ends);
    if benchmark.is_some() {
        // A benchmark moves with itself one for one.
        benchmark_measures.push(("beta", Measure::Value(1.0)));
    }
    let warnings = warnings(run);
    let unlisted = (market.warnings_total as usize).saturating_sub(market.warnings.len());
    let warnings_total = warnings.len() + unlisted;
    let fills = journal.fills.iter();
    ReportModel {
        name: spec.scenario.name.clone(),
        program: concat!("alphaflow ", env!("CARGO_PKG_VERSION")).to_owned(),
        fingerprint: fingerprint(journal, &data.symbols, data.timeframe),
        seed: spec.scenario.seed,
        strategy: spec.strategy.name.clone(),
        parameters: spec.strategy.params.iter().map(|param| (param.name.clone(), param.value.to_string())).collect(),
        stop: stop_in_words(&spec.stop),
        symbols: data.symbols.iter().map(ToString::to_string).collect(),
        timeframe: data.timeframe,
        equity: rows.iter().map(|row| row.equity.to_f64()).collect(),
        drawdown: rows.iter().map(|row| row.drawdown).collect(),
        exposure: rows.iter().map(|row| row.gross_exposure.fraction_of(row.equity).unwrap_or(0.0)).collect(),
        heat: rows.iter().map(|row| row.heat.unwrap_or(f64::NAN)).collect(),
        initial_equity: start,
        session_ends,
        steps,
        benchmark,
        hold,
        measures: reference::named(metrics),
        benchmark_measures,
        intervals: metrics.intervals().map(|(key, (low, high))| (key, Range { low, high })).collect(),
        prices: prices(run),
        trades: trade_rows(run),
        refusals: refusals(run),
        rejections: rejections(run),
        warnings,
        warnings_total,
        forced: account::forced(journal),
        multiplier_cut: account::multiplier_cut(spec),
        efficacy: run.efficacy.clone(),
        scenario_toml: effective_toml(spec),
        files: market.files.clone(),
        traded_value: fills.map(|fill| fill.notional().to_f64()).sum(),
        costs_are_none: spec.execution.slippage.rule == SlippageRule::None
            && spec.execution.commission == CommissionSpec::None,
        benchmark_has_dividends: data.adjust == Adjust::All || pays_dividends(market),
    }
}

/// Does the benchmark's line hold dividends that its prices do not?
fn pays_dividends(market: &MarketData) -> bool {
    market.benchmark_actions.iter().any(|(_, action)| matches!(action, MarketAction::Dividend { .. }))
}

fn hold_name(symbols: usize, first: &str) -> String {
    if symbols == 1 { format!("{first} held") } else { format!("{symbols} held equally") }
}

/// "stop 2 ATR, time stop 20 bars"
fn stop_in_words(stop: &StopSpec) -> Option<String> {
    let price = match stop.rule {
        StopRule::None => None,
        StopRule::Atr { multiple, .. } => Some(format!("stop {multiple} ATR")),
        StopRule::Percent(share) => Some(format!("stop {}%", share.to_f64() * 100.0)),
    };
    let bars = stop.exit_after_bars as usize;
    let time = (bars > 0).then(|| format!("time stop {}", counted(bars, "bar", "bars")));
    let parts: Vec<String> = price.into_iter().chain(time).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The stops of `symbol`, each with the bars it rested over. A stop that moves on a bar was tested at
/// its old level there; the new one holds from the next bar on. One that a split restates holds on the bar
/// itself, which the old level never saw.
fn stop_spans(journal: &Journal, symbol: usize, bars: &[Bar]) -> Vec<StopSpan> {
    let end = bars.last().map_or(Timestamp::MAX, |bar| bar.time);
    let next = |time: Timestamp| bars.get(bars.partition_point(|bar| bar.time <= time)).map(|bar| bar.time);
    let before = |time: Timestamp| bars[..bars.partition_point(|bar| bar.time < time)].last().map(|bar| bar.time);
    let splits =
        |time: Timestamp| journal.splits.iter().any(|split| split.symbol.get() == symbol && split.time == time);
    let mut open: Vec<(OrderId, Timestamp, f64)> = Vec::new();
    let mut spans = Vec::new();
    for change in journal.stops.iter().filter(|change| change.symbol.get() == symbol) {
        let stands = |(order, _, price): &(OrderId, Timestamp, f64)| {
            *order == change.order && change.level.is_some_and(|level| level.to_f64() == *price)
        };
        if open.iter().any(stands) {
            // It came to be for another number of shares.
            continue;
        }
        let mut live_from = Some(change.time);
        if let Some(at) = open.iter().position(|(order, ..)| *order == change.order) {
            let (_, from, price) = open.remove(at);
            if let Some(to) = before(change.time).filter(|to| from <= *to && splits(change.time)) {
                spans.push(StopSpan { from, to, price });
            } else {
                // A stop that moved on a bar and was hit on it, too, rested over no bar at its last level.
                spans.extend((from <= change.time).then_some(StopSpan { from, to: change.time, price }));
                live_from = next(change.time);
            }
        }
        let level = live_from.zip(change.level);
        open.extend(level.map(|(from, level)| (change.order, from, level.to_f64())));
    }
    spans.extend(open.into_iter().map(|(_, from, price)| StopSpan { from, to: end, price }));
    spans
}

fn prices(run: Finished<'_>) -> Vec<PricePanel<'_>> {
    let mut profits = vec![0.0; run.market.bars.len()];
    let mut traded = vec![false; run.market.bars.len()];
    for trip in &run.trips.0 {
        profits[trip.symbol.get()] += trip.realised().to_f64();
    }
    for trip in run.trips.0.iter().chain(&run.trips.1) {
        traded[trip.symbol.get()] = true;
    }
    let symbols = run.loaded.spec.data.symbols.iter();
    let panel = |((index, symbol), profit): ((usize, &Symbol), f64)| {
        let bars = &run.market.bars[index][..];
        PricePanel {
            symbol: symbol.to_string(),
            bars,
            indicators: Cow::Borrowed(&run.lines[index]),
            stops: stop_spans(run.journal, index, bars),
            profit,
        }
    };
    let mut panels: Vec<(bool, PricePanel<'_>)> =
        traded.into_iter().zip(symbols.enumerate().zip(profits).map(panel)).collect();
    // A share that was never traded has nothing to show, though others lost money.
    panels.sort_by(|(a_traded, a), (b_traded, b)| b_traded.cmp(a_traded).then(b.profit.total_cmp(&a.profit)));
    panels.into_iter().map(|(_, panel)| panel).collect()
}

fn refusals(run: Finished<'_>) -> Vec<RefusalRow> {
    let row = |record: &crate::engine::RefusalRecord| {
        let words = order_in_words(run, record.order);
        refused::row(record.time, words, &record.refusal, &run.loaded.spec.risk)
    };
    run.journal.refusals.iter().map(row).collect()
}

fn rejections(run: Finished<'_>) -> Vec<RejectionRow> {
    let row = |(order, reason): &(OrderId, crate::domain::RejectReason)| RejectionRow {
        time: run.journal.orders[order.0 as usize - 1].decided_at,
        order: order_in_words(run, *order),
        reason: reason.to_string(),
    };
    run.journal.rejections.iter().map(row).collect()
}

/// "JPM buy 176"; an order that came to less than a share has no size.
fn order_in_words(run: Finished<'_>, order: OrderId) -> String {
    let order = &run.journal.orders[order.0 as usize - 1];
    let symbol = run.loaded.spec.data.symbols[order.request.symbol.get()];
    let mut words = format!("{symbol} {}", order.request.side.name());
    if !order.quantity.is_zero() {
        words.push_str(&format!(" {}", Numbers::TYPOGRAPHIC.shares(order.quantity.to_f64())));
    }
    words
}

/// What the data gate kept, a benchmark that begins late, and shares that end early.
fn warnings(run: Finished<'_>) -> Vec<WarningRow> {
    let name =
        |path: &std::path::Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let row = |warning: &crate::market::DataWarning| WarningRow {
        source: WarningSource::File,
        file: name(&warning.path),
        line: warning.line,
        message: warning.message.clone(),
    };
    run.market
        .warnings
        .iter()
        .map(row)
        .chain(late_benchmark(run))
        .chain(ended_early(run))
        .chain(missing_quotes(run))
        .chain(unread_bars(run))
        .collect()
}

/// Fills without a quote of their bar: their spread is an estimate.
fn missing_quotes(run: Finished<'_>) -> Option<WarningRow> {
    let quotes = run.loaded.spec.execution.slippage.quotes.as_ref()?;
    let (missing, fills) = (run.journal.quotes_missing, run.journal.fills.len());
    (missing > 0).then(|| WarningRow {
        source: WarningSource::Hole,
        file: std::path::Path::new(quotes)
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        line: None,
        message: format!("{missing} of {fills} fills had no quote of their bar; the spread they paid is the model's"),
    })
}

/// Bars that the finer bars should have told and did not.
fn unread_bars(run: Finished<'_>) -> Option<WarningRow> {
    let data = &run.loaded.spec.data;
    let (count, first) = run.journal.unread_bars;
    let (first, path) = (first?, data.finer_path.as_ref()?);
    let path = match data.symbols.as_slice() {
        [only] => path.replace("{symbol}", only.as_str()),
        _ => path.clone(),
    };
    let (bars, verb) = (format::counted(count as usize, "bar", "bars"), if count == 1 { "was" } else { "were" });
    let first = first.text(data.timeframe);
    Some(WarningRow {
        source: WarningSource::Hole,
        file: std::path::Path::new(&path)
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        line: None,
        message: format!(
            "{bars} {verb} read stop first, the first on {first}: the finer bars are missing there or do not agree"
        ),
    })
}

fn late_benchmark(run: Finished<'_>) -> Option<WarningRow> {
    let symbol = run.loaded.spec.data.benchmark?;
    let (first, start) = (run.market.benchmark.as_ref()?.first()?.time, run.rows.first()?.time);
    (first > start).then(|| {
        let (first, start) = (format::date_in_table(first), format::date_in_table(start));
        let path = run.loaded.path_for(symbol);
        WarningRow {
            source: WarningSource::File,
            file: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            line: None,
            message: format!("the benchmark begins on {first}, the run on {start}; until then it counts as cash"),
        }
    })
}
