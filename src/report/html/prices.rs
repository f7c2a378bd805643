//! Bars for the price chart: whole while they are few, else an overview and the bars around trades.
//!
//! Not here: drawing. A bucket keeps first, highest, lowest and last price, so no spike is lost. The
//! script takes the finest block that covers what is on screen.
use std::ops::Range;

use super::pack::Column;
use super::text::json_string;
use crate::domain::{Bar, Price, Timeframe, Timestamp};
use crate::report::model::{PricePanel, TradeRow};

/// Bars and buckets of all symbols together: about 14 characters each, so 3 MB at most.
const BARS_MAX: usize = 240_000;
/// Buckets of one symbol's overview: 25 for every pixel column of a wide screen.
const OVERVIEW_MAX: usize = 40_000;
/// Bars shown before and after a trade.
const MARGIN: usize = 90;
/// Stop levels of one symbol; more only where bars are shown in full.
const STOPS_MAX: usize = 40_000;

/// Units of a page's times: days for daily bars, minutes for the rest.
pub(in crate::report) fn time_unit_ns(timeframe: Timeframe) -> i64 {
    if timeframe.is_daily() { Timestamp::NS_PER_DAY } else { 60 * Timestamp::NS_PER_SECOND }
}

/// Place of the bar at `time`, or of the last one before it.
pub(super) fn bar_at(bars: &[Bar], time: Timestamp) -> usize {
    bars.partition_point(|bar| bar.time <= time).saturating_sub(1)
}

/// All panels as a JSON array.
pub(super) fn panels_json(panels: &[PricePanel], trades: &[TradeRow], timeframe: Timeframe) -> String {
    let share = BARS_MAX / panels.len().max(1);
    let panels: Vec<String> = panels.iter().map(|panel| panel_json(panel, trades, timeframe, share)).collect();
    format!("[{}]", panels.join(","))
}

fn panel_json(panel: &PricePanel, trades: &[TradeRow], timeframe: Timeframe, share: usize) -> String {
    let bars = panel.bars;
    let mut blocks = Vec::new();
    let mut windows = Vec::new();
    if bars.len() <= share {
        blocks.push(block_json(panel, 0..bars.len(), 1, timeframe));
    } else {
        let buckets = (share / 4).clamp(1, OVERVIEW_MAX);
        blocks.push(block_json(panel, 0..bars.len(), bars.len().div_ceil(buckets), timeframe));
        windows = windows_around(panel, trades, share - buckets);
        blocks.extend(windows.iter().map(|window| block_json(panel, window.clone(), 1, timeframe)));
    }
    let names: Vec<String> = panel.indicators.iter().map(|line| json_string(&line.label)).collect();
    format!(
        "{{\"sym\":{},\"n\":{},\"ind\":[{}],\"blocks\":[{}],\"stops\":{}}}",
        json_string(&panel.symbol),
        bars.len(),
        names.join(","),
        blocks.join(","),
        stops_json(panel, &windows)
    )
}

/// Ranges of bars around the trades that made or lost most, joined where they meet, until `budget`
/// bars are spent. In order of time.
fn windows_around(panel: &PricePanel, trades: &[TradeRow], budget: usize) -> Vec<Range<usize>> {
    let mut own: Vec<&TradeRow> = trades.iter().filter(|trade| trade.symbol == panel.symbol).collect();
    own.sort_by(|a, b| b.pnl.abs().total_cmp(&a.pnl.abs()).then(a.entry_time.cmp(&b.entry_time)));
    let last = panel.bars.len();
    let mut left = budget;
    let mut windows: Vec<Range<usize>> = Vec::new();
    for trade in own {
        let entry = bar_at(panel.bars, trade.entry_time);
        let exit = trade.exit_time.map_or(last - 1, |time| bar_at(panel.bars, time));
        let window = entry.saturating_sub(MARGIN)..(exit + MARGIN + 1).min(last);
        let Some(rest) = left.checked_sub(window.len()) else { continue };
        left = rest;
        windows.push(window);
    }
    windows.sort_by_key(|window| window.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for window in windows {
        match joined.last_mut() {
            Some(previous) if window.start <= previous.end => previous.end = previous.end.max(window.end),
            _ => joined.push(window),
        }
    }
    joined
}

/// Bars of `range` in buckets of `size`, as columns.
fn block_json(panel: &PricePanel, range: Range<usize>, size: usize, timeframe: Timeframe) -> String {
    let bars = &panel.bars[range.clone()];
    let count = bars.len().div_ceil(size);
    let step = step_of(bars);
    let scale = 1e9 / step as f64;
    let mut columns: Vec<Column> = (0..4).map(|_| Column::new(scale, count)).collect();
    let mut times = Column::new(1.0, count);
    let unit = time_unit_ns(timeframe);
    for bucket in bars.chunks(size) {
        let (first, last) = (bucket[0], bucket[bucket.len() - 1]);
        let high = bucket.iter().map(|bar| bar.high).max().unwrap_or(first.high);
        let low = bucket.iter().map(|bar| bar.low).min().unwrap_or(first.low);
        times.push_integer(first.time.ns().div_euclid(unit));
        for (column, price) in columns.iter_mut().zip([first.open, high, low, last.close]) {
            column.push_integer((price.units() + step / 2).div_euclid(step));
        }
    }
    let indicators: Vec<String> = panel
        .indicators
        .iter()
        .map(|line| {
            let mut column = Column::new(scale, count);
            for bucket in line.values.get(range.clone()).unwrap_or_default().chunks(size) {
                column.push_option(bucket.last().copied().flatten());
            }
            column.json()
        })
        .collect();
    let [open, high, low, close] = [0, 1, 2, 3].map(|place: usize| columns[place].json());
    format!(
        "{{\"f\":{},\"k\":{size},\"n\":{count},\"t\":{},\"o\":{open},\"h\":{high},\"l\":{low},\"c\":{close},\"ind\":[{}]}}",
        range.start,
        times.json(),
        indicators.join(",")
    )
}

/// The step prices are kept to, in billionths: cents where all are whole cents, else a hundredth of a
/// cent; a hundredth of that where shares cost less than a dollar.
fn step_of(bars: &[Bar]) -> i64 {
    if bars.iter().all(in_cents) {
        return 10_000_000;
    }
    if bars.iter().any(|bar| bar.low.units() < Price::UNITS_PER_USD) { 1_000 } else { 100_000 }
}

/// Are all four prices whole cents?
fn in_cents(bar: &Bar) -> bool {
    [bar.open, bar.high, bar.low, bar.close].iter().all(|price| price.units() % 10_000_000 == 0)
}

/// Stop levels as columns: first bar, last bar, price.
fn stops_json(panel: &PricePanel, windows: &[Range<usize>]) -> String {
    let place = |time| bar_at(panel.bars, time);
    let spans = panel.stops.iter().map(|stop| (place(stop.from), place(stop.to), stop.price));
    let visible = |from: usize, to: usize| windows.iter().any(|window| from < window.end && window.start <= to);
    let few = panel.stops.len() <= STOPS_MAX;
    let scale = 1e9 / step_of(panel.bars).min(100_000) as f64;
    let (mut from, mut to, mut price) = (Column::new(1.0, 0), Column::new(1.0, 0), Column::new(scale, 0));
    for (first, last, level) in spans.filter(|(first, last, _)| few || visible(*first, *last)).take(STOPS_MAX) {
        from.push_integer(first as i64);
        to.push_integer(last as i64);
        price.push(level);
    }
    format!("{{\"f\":{},\"t\":{},\"p\":{}}}", from.json(), to.json(), price.json())
}
