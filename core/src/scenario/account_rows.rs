//! The account at each step, rebuilt from the record of a run.
//!
//! The loop keeps no row per step; equity, cash, exposure and heat follow from fills, splits, cash events
//! and stops. Rebuilding them is also a check: the curve must come out as the run's tape remembers it.
use std::iter::Peekable;
use std::slice;

use super::MarketData;
use crate::domain::{Bar, Fill, Money, OrderId, Price, Quantity, Timestamp};
use crate::engine::{EquityTape, Journal, SplitRecord, StopChange};
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
pub(super) struct Held {
    pub(super) quantity: Quantity,
    pub(super) close: Price,
    stops: Vec<(OrderId, Price, Quantity)>,
}

impl Held {
    /// Dollars at the last close; negative for a short.
    pub(super) fn value(&self) -> Money {
        self.close.notional(self.quantity)
    }
}

/// Cash and positions while the record is read again, step by step.
pub(super) struct Books<'a> {
    pub(super) cash: Money,
    pub(super) held: Vec<Held>,
    splits: Peekable<slice::Iter<'a, SplitRecord>>,
    events: Peekable<slice::Iter<'a, CashEvent>>,
    fills: Peekable<slice::Iter<'a, Fill>>,
    stops: Peekable<slice::Iter<'a, StopChange>>,
}

impl<'a> Books<'a> {
    /// Before the first bar.
    pub(super) fn new(symbols: usize, journal: &'a Journal, cash: Money) -> Books<'a> {
        Books {
            cash,
            held: vec![Held::default(); symbols],
            splits: journal.splits.iter().peekable(),
            events: journal.cash_events.iter().peekable(),
            fills: journal.fills.iter().peekable(),
            stops: journal.stops.iter().peekable(),
        }
    }

    /// What comes before the open of `time`: splits, and cash without a fill.
    pub(super) fn open(&mut self, time: Timestamp) {
        while let Some(split) = self.splits.next_if(|split| split.time <= time) {
            let held = &mut self.held[split.symbol.get()];
            // Its last close is of before the split, and may stay the last for a while.
            (held.quantity, held.close) = (split.kept, split_price(held.close, split.ratio));
        }
        while let Some(event) = self.events.next_if(|event| event.time <= time) {
            self.cash += event.amount;
        }
    }

    /// Is a split still to come?
    pub(super) fn has_splits(&mut self) -> bool {
        self.splits.peek().is_some()
    }

    /// The next time at which something happens to cash or positions.
    pub(super) fn next_time(&mut self) -> Timestamp {
        let split = self.splits.peek().map(|split| split.time);
        let event = self.events.peek().map(|event| event.time);
        let fill = self.fills.peek().map(|fill| fill.time);
        split.into_iter().chain(event).chain(fill).min().unwrap_or(Timestamp::MAX)
    }

    /// What happened on the bars of `time`: fills, and stops that came, moved and went.
    pub(super) fn trade(&mut self, time: Timestamp) {
        while let Some(fill) = self.fills.next_if(|fill| fill.time <= time) {
            self.cash -= fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
            self.held[fill.symbol.get()].quantity += fill.quantity.signed(fill.side);
        }
        while let Some(change) = self.stops.next_if(|change| change.time <= time) {
            let list = &mut self.held[change.symbol.get()].stops;
            list.retain(|(order, ..)| *order != change.order);
            list.extend(change.level.map(|level| (change.order, level, change.quantity)));
        }
    }
}

/// Rebuilds every step's account; panics if it does not tie with the equity of the run.
pub fn account_rows(market: &MarketData, journal: &Journal, start: Money) -> Vec<AccountRow> {
    let (rows, tape) = rebuilt(market, journal, start);
    assert_eq!(tape, journal.equity, "the books tie at every step");
    rows
}

/// The same of a record that was put together from what a session wrote; `None` if it does not tie.
pub fn tied_account_rows(market: &MarketData, journal: &Journal, start: Money) -> Option<Vec<AccountRow>> {
    let (rows, tape) = rebuilt(market, journal, start);
    (tape == journal.equity).then_some(rows)
}

fn rebuilt(market: &MarketData, journal: &Journal, start: Money) -> (Vec<AccountRow>, EquityTape) {
    let bars: Vec<&[Bar]> = market.bars.iter().map(Vec::as_slice).collect();
    let mut merge = Merge::new(&bars);
    let mut step = Vec::with_capacity(bars.len());
    let mut books = Books::new(bars.len(), journal, start);
    let mut peak = start;
    let mut rows = Vec::with_capacity(journal.equity.steps() as usize);
    let mut tape = EquityTape::new(start);
    let mut late = journal.late_steps.iter().copied();
    while let Some(time) = merge.next_step(&mut step).or_else(|| late.next()) {
        books.open(time);
        books.trade(time);
        for (symbol, index) in &step {
            books.held[symbol.get()].close = bars[symbol.get()][*index].close;
        }
        let equity = books.cash + books.held.iter().map(Held::value).sum();
        tape.push(equity);
        peak = peak.max(equity);
        rows.push(AccountRow {
            time,
            equity,
            cash: books.cash,
            gross_exposure: books.held.iter().map(|held| held.value().abs()).sum(),
            // Of an account that has nothing left there is no share.
            heat: books.held.iter().map(lost_at_stops).sum::<Money>().fraction_of(equity.max(Money::ZERO)),
            drawdown: (equity - peak).fraction_of(peak).unwrap_or(0.0),
        });
    }
    (rows, tape)
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
