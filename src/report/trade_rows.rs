//! Round trips as rows: excursions, sessions, results in multiples of the risk.
//!
//! Not here: making round trips of fills (portfolio). A split inside a trade is undone for every
//! comparison of prices: all of a row's prices are in the shares of its end.
use super::gather::Finished;
use super::model::TradeRow;
use crate::domain::{Bar, OrderPurpose, Side, SymbolIndex, Timestamp};
use crate::engine::{MarketAction, StopChange};
use crate::portfolio::RoundTrip;
use crate::scenario::Forced;

/// Every round trip of the run in order of entry.
pub fn trade_rows(run: Finished<'_>) -> Vec<TradeRow> {
    let mut rows: Vec<TradeRow> = run.trips.0.iter().chain(&run.trips.1).map(|trip| trade(run, trip)).collect();
    rows.sort_by_key(|row| row.entry_time);
    rows
}

fn trade(run: Finished<'_>, trip: &RoundTrip) -> TradeRow {
    let bars = &run.market.bars[trip.symbol.get()][..];
    let quantity = trip.quantity.to_f64();
    let entry_price = trip.entry_notional.to_f64() / quantity;
    let splits = splits_inside(run, trip);
    let (worst, best) = excursions(bars, trip, entry_price, &splits);
    let last = run.market.last_price(trip.symbol).to_f64();
    let unrealised = match trip.side {
        Side::Buy => last * trip.held().to_f64(),
        Side::Sell => -last * trip.held().to_f64(),
    };
    let pnl = trip.realised().to_f64() + unrealised;
    let risk = risked(run, trip, entry_price, &splits);
    let session_of = |time: Timestamp| match run.market.sessions.is_empty() {
        true => bars.partition_point(|bar| bar.time < time),
        false => run.market.session_index(time),
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
        forced: forced(run, trip),
        sessions: session_of(exit) - session_of(trip.entry_time),
        r_multiple: risk.map(|risk| pnl / risk),
        worst,
        best,
    }
}

/// What forced the position out, where that is how it left.
fn forced(run: Finished<'_>, trip: &RoundTrip) -> Option<Forced> {
    let exit = trip.exit_time.filter(|_| trip.exit_purpose == Some(OrderPurpose::RiskHalt))?;
    // Fills are recorded in order of time.
    let fills = &run.journal.fills[run.journal.fills.partition_point(|fill| fill.time < exit)..];
    let of_exit = fills.iter().take_while(|fill| fill.time == exit).filter(|fill| fill.symbol == trip.symbol);
    of_exit.filter_map(|fill| Forced::of(run.journal, &run.journal.orders[fill.order.0 as usize - 1])).last()
}

/// Splits of the trip's symbol while it was open: from when, new shares per old.
fn splits_inside(run: Finished<'_>, trip: &RoundTrip) -> Vec<(Timestamp, f64)> {
    let end = trip.exit_time.unwrap_or(Timestamp::MAX);
    let inside = |symbol: SymbolIndex, at: Timestamp| symbol == trip.symbol && trip.entry_time < at && at <= end;
    let actions = run.market.actions.iter();
    actions
        .filter_map(|(at, action)| match action {
            MarketAction::Split { symbol, ratio } if inside(*symbol, *at) => Some((*at, ratio.to_f64())),
            MarketAction::Split { .. } | MarketAction::Dividend { .. } | MarketAction::Delisting { .. } => None,
        })
        .collect()
}

/// What divides a price of `time` to be one of the trade's end.
fn shares_since(splits: &[(Timestamp, f64)], time: Timestamp) -> f64 {
    splits.iter().filter(|(at, _)| *at > time).map(|(_, ratio)| ratio).product()
}

/// Worst and best move against the entry price while held, fractions.
fn excursions(bars: &[Bar], trip: &RoundTrip, entry_price: f64, splits: &[(Timestamp, f64)]) -> (f64, f64) {
    let end = trip.exit_time.unwrap_or(Timestamp::MAX);
    let from = bars.partition_point(|bar| bar.time < trip.entry_time);
    let (mut high, mut low) = (entry_price, entry_price);
    for bar in bars[from..].iter().take_while(|bar| bar.time <= end) {
        let shares = if splits.is_empty() { 1.0 } else { shares_since(splits, bar.time) };
        high = high.max(bar.high.to_f64() / shares);
        low = low.min(bar.low.to_f64() / shares);
    }
    let (high, low) = (high / entry_price - 1.0, low / entry_price - 1.0);
    match trip.side {
        Side::Buy => (low, high),
        Side::Sell => (-high, -low),
    }
}

/// Dollars lost if the trade's first stop had been hit; `None` without a stop.
fn risked(run: Finished<'_>, trip: &RoundTrip, entry_price: f64, splits: &[(Timestamp, f64)]) -> Option<f64> {
    let end = trip.exit_time.unwrap_or(Timestamp::MAX);
    // Stops are recorded in order of time.
    let stops = &run.journal.stops;
    let from = stops.partition_point(|change| change.time < trip.entry_time);
    let while_held = stops[from..].iter().take_while(|change| change.time <= end);
    // Where a position is turned round at one open, the old stop goes and the new one comes on one bar:
    // neither is the other trade's.
    let own =
        |change: &&StopChange| change.symbol == trip.symbol && (change.time < end || change.time == trip.entry_time);
    let (first, level) = while_held.filter(own).find_map(|change| Some((change, change.level?)))?;
    let level = level.to_f64() / shares_since(splits, first.time);
    Some((entry_price - level).abs() * trip.quantity.to_f64()).filter(|risk| *risk > 0.0)
}
