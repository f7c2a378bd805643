//! The account at each step, rebuilt from the record of a run.
//!
//! The loop keeps no row per step; equity, cash, exposure and heat follow from fills, splits, cash events
//! and stops. Rebuilding them is also a check: the curve must come out as the run's tape remembers it.
use super::MarketData;
use crate::domain::{Bar, Fill, Money, OrderId, Price, Quantity, Timestamp};
use crate::engine::{EquityTape, Journal, SplitRecord};
use crate::market::Merge;
use crate::portfolio::{CashEvent, RoundTrip, RoundTrips, split_price};
use crate::risk::at_risk;

/// One row of `equity.csv`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AccountRow {
    /// Open time of the bars.
    pub time: Timestamp,
    /// Cash + positions at the close.
    pub equity: Money,
    /// Cash.
    pub cash: Money,
    /// Σ |quantity × close|.
    pub gross_exposure: Money,
    /// Σ max(0, (close − stop) × signed quantity) ÷ equity; shares that no stop covers count in full.
    pub heat: Option<f64>,
    /// Fall from the running peak as a negative fraction.
    pub drawdown: f64,
}

/// What is held of one symbol while the record is read again.
#[derive(Clone, Default)]
struct Held {
    quantity: Quantity,
    close: Price,
    stops: Vec<(OrderId, Price, Quantity)>,
}

/// Rebuilds every step's account; panics if it does not tie with the equity of the run.
pub fn account_rows(market: &MarketData, journal: &Journal, start: Money) -> Vec<AccountRow> {
    let bars: Vec<&[Bar]> = market.bars.iter().map(Vec::as_slice).collect();
    let mut merge = Merge::new(&bars);
    let mut held = vec![Held::default(); bars.len()];
    let mut step = Vec::with_capacity(bars.len());
    let (mut cash, mut peak) = (start, start);
    let (mut fills, mut events) = (journal.fills.iter().peekable(), journal.cash_events.iter().peekable());
    let (mut splits, mut stops) = (journal.splits.iter().peekable(), journal.stops.iter().peekable());
    let mut rows = Vec::with_capacity(journal.equity.steps() as usize);
    let mut tape = EquityTape::new(start);
    let mut late = journal.late_steps.iter().copied();
    while let Some(time) = merge.next_step(&mut step).or_else(|| late.next()) {
        while let Some(split) = splits.next_if(|split| split.time <= time) {
            let held = &mut held[split.symbol.get()];
            // Its last close is of before the split, and may stay the last for a while.
            (held.quantity, held.close) = (split.kept, split_price(held.close, split.ratio));
        }
        while let Some(event) = events.next_if(|event| event.time <= time) {
            cash += event.amount;
        }
        while let Some(fill) = fills.next_if(|fill| fill.time <= time) {
            cash -= fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
            held[fill.symbol.get()].quantity += fill.quantity.signed(fill.side);
        }
        while let Some(change) = stops.next_if(|change| change.time <= time) {
            let list = &mut held[change.symbol.get()].stops;
            list.retain(|(order, ..)| *order != change.order);
            list.extend(change.level.map(|level| (change.order, level, change.quantity)));
        }
        for (symbol, index) in &step {
            held[symbol.get()].close = bars[symbol.get()][*index].close;
        }
        let value = |held: &Held| held.close.notional(held.quantity);
        let equity = cash + held.iter().map(value).sum();
        tape.push(equity);
        peak = peak.max(equity);
        rows.push(AccountRow {
            time,
            equity,
            cash,
            gross_exposure: held.iter().map(|held| value(held).abs()).sum(),
            heat: held.iter().map(lost_at_stops).sum::<Money>().fraction_of(equity),
            drawdown: (equity - peak).fraction_of(peak).unwrap_or(0.0),
        });
    }
    assert_eq!(tape, journal.equity, "the books tie at every step");
    rows
}

/// What is lost if every stop is hit; everything without one.
fn lost_at_stops(held: &Held) -> Money {
    at_risk(held.quantity, held.close, held.stops.iter().map(|&(_, level, quantity)| (level, quantity)))
}

/// What happened to a position, in order of time.
enum Change<'a> {
    Split(&'a SplitRecord),
    Cash(&'a CashEvent),
    Fill(&'a Fill),
}

/// Flat-to-flat round trips of a run: closed ones in order of exit, then open ones.
pub fn round_trips(market: &MarketData, journal: &Journal) -> (Vec<RoundTrip>, Vec<RoundTrip>) {
    let mut changes: Vec<(Timestamp, Change<'_>)> = Vec::new();
    changes.extend(journal.cash_events.iter().map(|event| (event.time, Change::Cash(event))));
    changes.extend(journal.splits.iter().map(|split| (split.time, Change::Split(split))));
    changes.extend(journal.fills.iter().map(|fill| (fill.time, Change::Fill(fill))));
    // Stable: before the fills of a time come its payments, and a split that ends a trip comes after them.
    changes.sort_by_key(|(time, _)| *time);
    let mut trips = RoundTrips::for_symbols(market.bars.len());
    for (_, change) in changes {
        match change {
            Change::Fill(fill) => trips.apply(fill),
            Change::Cash(event) => trips.receive(event),
            Change::Split(split) => trips.split(split.symbol, split.ratio, split.kept, split.time),
        }
    }
    trips.finish()
}
