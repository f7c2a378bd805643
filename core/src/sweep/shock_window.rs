//! The bars of a named span of the past, with a run-up before it.
//!
//! Not here: which spans there are (scenario). The run begins in the run-up with the scenario's cash, so that when
//! the span begins the indicators are warm and what would have been held is held; it is measured from the close
//! before the span on.
use super::plan::Plan;
use super::shock::ShockedMarket;
use crate::domain::{Bar, Timestamp};
use crate::engine::MarketAction;
use crate::market::Merge;
use crate::scenario::spec::{DataSpec, StressWindow, TimeBound};
use crate::scenario::{Diagnostic, MarketData};

/// Sessions before a window, as far as the data go: a year, which warms the slowest indicators in use, and short
/// enough that a drawdown of long ago does not halt the run before the window begins.
const RUN_UP: usize = 250;

/// Do the data of the plan's own scenario cover every window of `[stress]`? Asked once, before the first run.
///
/// Errors: a window that they do not, placed in the file.
pub fn check_windows(plan: &Plan, market: &MarketData) -> Result<(), Box<Diagnostic>> {
    let base = plan.base();
    let windows = base.spec.stress.iter().flat_map(|stress| &stress.windows);
    for (place, window) in windows.enumerate() {
        if let Err(what) = covered(&base.spec.data, market, *window) {
            let diagnostic = base.axis_diagnostic("stress.windows", Some(place), what);
            return Err(Box::new(diagnostic.note("leave the window out, or choose symbols and dates that cover it")));
        }
    }
    Ok(())
}

/// The first moment of the window, where every symbol has bars on its first and its last day or around them.
///
/// Errors: the symbol that has not, and what its bars cover.
fn covered(data: &DataSpec, market: &MarketData, window: StressWindow) -> Result<(Timestamp, Timestamp), String> {
    let day = |day| {
        let span = DataSpec { start: Some(TimeBound::Date(day)), end: Some(TimeBound::Date(day)), ..data.clone() };
        (span.first_time(), span.last_time())
    };
    let ((from, first_end), (last_start, until)) = (day(window.first()), day(window.last()));
    for (symbol, bars) in data.symbols.iter().zip(&market.bars) {
        let Some((first, last)) = bars.first().zip(bars.last()) else { continue };
        if first.time > first_end || last.time < last_start {
            let text = |bar: &Bar| bar.time.utc_date();
            return Err(format!(
                "stress.windows: {window} is {} to {}, and the bars of {symbol} cover {} to {}",
                window.first(),
                window.last(),
                text(first),
                text(last)
            ));
        }
    }
    Ok((from, until))
}

/// The bars of `window` and of the sessions before it.
///
/// Errors: data that do not cover it.
pub(super) fn window_of(data: &DataSpec, market: &MarketData, window: StressWindow) -> Result<ShockedMarket, String> {
    let (from, until) = covered(data, market, window)?;
    let sessions = session_starts(market);
    let first = sessions.partition_point(|start| *start < from);
    let begin = sessions.get(first.saturating_sub(RUN_UP)).copied().unwrap_or(from);
    let cut = |bars: &[Bar]| -> Vec<Bar> {
        let (first, end) =
            (bars.partition_point(|bar| bar.time < begin), bars.partition_point(|bar| bar.time <= until));
        bars[first..end].to_vec()
    };
    let bars: Vec<Vec<Bar>> = market.bars.iter().map(|bars| cut(bars)).collect();
    let benchmark = market.benchmark.as_deref().map(cut).filter(|bars| !bars.is_empty());
    // What happened up to the first bar is in its price.
    let seen = |(time, action): &&(Timestamp, MarketAction)| {
        let first = bars.get(action.symbol().get()).or(benchmark.as_ref()).and_then(|bars| bars.first());
        first.is_some_and(|first| first.time < *time) && *time <= until
    };
    let market = MarketData {
        sessions: market
            .sessions
            .iter()
            .filter(|span| begin <= span.last_bar && span.start <= until)
            .copied()
            .collect(),
        extended: market.extended.iter().filter(|day| begin <= day.last_bar && day.start <= until).copied().collect(),
        actions: market.actions.iter().filter(seen).copied().collect(),
        benchmark_actions: market.benchmark_actions.iter().filter(seen).copied().collect(),
        warnings: market.warnings.clone(),
        warnings_total: market.warnings_total,
        spreads: market.spreads.clone(),
        finer: market.finer.clone(),
        script: market.script.clone(),
        rows_read: market.rows_read,
        files: market.files.clone(),
        bars,
        benchmark,
    };
    Ok(ShockedMarket { market, from })
}

/// The first step of every session that has one.
pub(super) fn session_starts(market: &MarketData) -> Vec<Timestamp> {
    let bars: Vec<&[Bar]> = market.bars.iter().map(Vec::as_slice).collect();
    let (mut merge, mut step) = (Merge::new(&bars), Vec::new());
    let (mut starts, mut before): (Vec<Timestamp>, Option<Timestamp>) = (Vec::new(), None);
    while let Some(time) = merge.next_step(&mut step) {
        if before.is_none_or(|before| market.is_night(before, time)) {
            starts.push(time);
        }
        before = Some(time);
    }
    starts
}
