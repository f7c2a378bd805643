//! The session at hand as a page shows it: bars and fills of it, what was closed in it, and today's result by share.
//!
//! Not here: figures of the account (driver), what is open now (show).
//! Invariant: today's results of a share, open and closed, come to its value now less its value at the close before and
//! the money that moved between.
use super::input::{Input, ShownBar};
use super::machine::Machine;
use super::terms::Terms;
use crate::domain::{Fill, Money, OrderPurpose, Price, Quantity, Side, SymbolIndex, Timestamp};
use crate::live::snapshot::{ChartBar, ChartFill, ChartView, ClosedView};
use crate::market::Session;
use crate::portfolio::{CashEvent, RoundTrip, RoundTrips, split_price, split_quantity};

/// Bars of a chart at most: a core session of minutes.
const BARS_MAX: usize = 390;

/// The session at hand.
#[derive(Debug, Default)]
pub struct Day {
    session: Option<Session>,
    shares: Vec<Share>,
    trips: Option<RoundTrips>,
    /// Trades that ended in the session.
    closed: Vec<RoundTrip>,
    /// Fills of the session, and changes of cash without one.
    fills: Vec<Fill>,
    paid: Vec<CashEvent>,
    /// How much of the machine's record was seen.
    fills_seen: usize,
    paid_seen: usize,
    splits_seen: usize,
    /// The last fill of each share, of whatever session.
    last_fills: Vec<Option<Timestamp>>,
}

/// One share at the close before the session, and since.
#[derive(Clone, Debug, Default)]
struct Share {
    held: Quantity,
    mark: Price,
    bars: Vec<ChartBar>,
    /// The stamp of its last bar, of whatever session.
    priced: Option<Timestamp>,
}

impl Day {
    /// Takes note of an input before it is applied.
    pub fn before(&mut self, input: &Input, machine: &dyn Machine, terms: &Terms) {
        match input {
            Input::Bars { time, bars, .. } => {
                self.follow(machine, terms);
                let session = terms.session_of(*time);
                if self.shares.is_empty() || session.map(|session| session.date) != self.session.map(|old| old.date) {
                    self.begin(session, machine);
                }
                bars.iter().for_each(|bar| self.chart(*time, bar));
            }
            Input::Forgotten { .. } => {
                self.follow(machine, terms);
                (self.fills_seen, self.paid_seen, self.splits_seen) = (0, 0, 0);
            }
            _ => {}
        }
    }

    fn begin(&mut self, session: Option<Session>, machine: &dyn Machine) {
        let before = std::mem::take(&mut self.shares);
        let share = |(at, position): (usize, &crate::portfolio::Position)| Share {
            held: position.quantity(),
            mark: position.mark(),
            bars: Vec::new(),
            priced: before.get(at).and_then(|share| share.priced),
        };
        self.session = session;
        self.shares = machine.portfolio().positions().iter().enumerate().map(share).collect();
        self.fills.clear();
        self.paid.clear();
        self.closed.clear();
    }

    /// Fills since the last look make trades.
    pub fn follow(&mut self, machine: &dyn Machine, terms: &Terms) {
        let trips = self.trips.get_or_insert_with(|| RoundTrips::for_symbols(terms.symbols.len()));
        let record = machine.journal();
        let (fills, paid) = (&record.fills[self.fills_seen..], &record.cash_events[self.paid_seen..]);
        self.last_fills.resize(terms.symbols.len(), None);
        let (mut fills, splits) = (fills, &record.splits[self.splits_seen..]);
        for split in splits {
            // Fills on the bar that a split comes before are in new shares.
            let old = fills.iter().take_while(|fill| fill.time < split.time).count();
            fills[..old].iter().for_each(|fill| trips.apply(fill));
            fills = &fills[old..];
            trips.split(split.symbol, split.ratio, split.kept, split.time);
            if let Some(share) = self.shares.get_mut(split.symbol.get()) {
                (share.held, share.mark) =
                    (split_quantity(share.held, split.ratio), split_price(share.mark, split.ratio));
            }
        }
        fills.iter().for_each(|fill| trips.apply(fill));
        let fills = &record.fills[self.fills_seen..];
        for fill in fills {
            self.last_fills[fill.symbol.get()] = Some(fill.time);
        }
        self.fills.extend(fills);
        self.paid.extend(paid);
        (self.fills_seen, self.paid_seen) = (record.fills.len(), record.cash_events.len());
        self.splits_seen = record.splits.len();
        self.closed.extend(trips.take_closed());
    }

    /// The last fill of a share, of whatever session.
    pub fn last_fill(&self, symbol: SymbolIndex) -> Option<Timestamp> {
        self.last_fills.get(symbol.get()).copied().flatten()
    }

    fn chart(&mut self, time: Timestamp, bar: &ShownBar) {
        let Some(share) = self.shares.get_mut(bar.symbol.get()) else { return };
        share.priced = Some(time);
        if share.bars.len() < BARS_MAX {
            let ShownBar { open, high, low, close, .. } = *bar;
            share.bars.push(ChartBar { time, open, high, low, close });
        }
    }

    /// The stamp of the last bar of a share: its price is that bar's close. `None` before the first.
    pub fn priced(&self, symbol: SymbolIndex) -> Option<Timestamp> {
        self.shares.get(symbol.get()).and_then(|share| share.priced)
    }

    /// Today's result of a share, what was closed included.
    fn result(&self, symbol: SymbolIndex, machine: &dyn Machine) -> Option<Money> {
        let share = self.shares.get(symbol.get())?;
        let position = machine.portfolio().position(symbol);
        let traded: Money = self.fills.iter().filter(|fill| fill.symbol == symbol).map(flow).sum();
        let paid: Money = self.paid.iter().filter(|event| event.symbol == symbol).map(|event| event.amount).sum();
        Some(position.value() - signed(share.mark, share.held) + traded + paid)
    }

    /// Today's result of what is still open of a share.
    pub fn open_result(&self, symbol: SymbolIndex, machine: &dyn Machine) -> Option<Money> {
        let closed: Money =
            self.closed.iter().filter(|trip| trip.symbol == symbol).map(|trip| self.today_of(trip)).sum();
        Some(self.result(symbol, machine)? - closed)
    }

    /// Of a trade that ended today: its result less what it had come to at the close before.
    fn today_of(&self, trip: &RoundTrip) -> Money {
        let began_today = self.session.is_none_or(|session| trip.entry_time >= session.date);
        let share = self.shares.get(trip.symbol.get()).filter(|share| !began_today && !share.held.is_zero());
        let Some(share) = share else { return trip.realised() };
        let before = signed(share.mark, share.held) - signed_money(trip.entry_notional, trip.side);
        trip.realised() - before
    }

    /// What was closed today.
    pub fn closed_views(&self, terms: &Terms) -> Vec<ClosedView> {
        let view = |trip: &RoundTrip| ClosedView {
            strategy: terms.name.clone(),
            symbol: terms.symbols[trip.symbol.get()].to_string(),
            shares: trip.quantity,
            entry: average(trip.entry_notional, trip.quantity),
            exit: average(trip.exit_notional, trip.exited),
            pnl: trip.realised(),
            today: self.today_of(trip),
            reason: trip.exit_purpose.map_or("signal", reason).to_owned(),
            time: trip.exit_time.unwrap_or(trip.entry_time),
        };
        self.closed.iter().map(view).collect()
    }

    /// Prices and our fills of the session.
    pub fn charts(&self, terms: &Terms) -> Vec<ChartView> {
        let fills = &self.fills;
        let of = |(index, share): (u16, &Share)| ChartView {
            symbol: terms.symbols[usize::from(index)].to_string(),
            previous_close: Some(share.mark).filter(|mark| *mark > Price::ZERO),
            opens: self.session.map(|session| session.open),
            closes: self.session.map(|session| session.close),
            bars: share.bars.clone(),
            fills: fills.iter().filter(|fill| fill.symbol == SymbolIndex(index)).map(chart_fill).collect(),
        };
        (0u16..).zip(&self.shares).map(of).collect()
    }
}

/// Money that a fill moved.
fn flow(fill: &Fill) -> Money {
    let value = fill.notional();
    let moved = if fill.side == Side::Buy { -value } else { value };
    moved - fill.fee
}

fn signed(price: Price, held: Quantity) -> Money {
    let value = price.notional(held.abs());
    if held < Quantity::ZERO { -value } else { value }
}

fn signed_money(value: Money, side: Side) -> Money {
    if side == Side::Sell { -value } else { value }
}

/// Dollars a share, to the nearest billionth.
fn average(value: Money, shares: Quantity) -> Price {
    let units = i128::from(shares.units());
    if units == 0 {
        return Price::ZERO;
    }
    i64::try_from((value.units() + units / 2) / units).ok().and_then(Price::from_units).unwrap_or(Price::ZERO)
}

fn chart_fill(fill: &Fill) -> ChartFill {
    let reason = match fill.purpose {
        OrderPurpose::Entry => "entry",
        purpose => reason(purpose),
    };
    let Fill { time, side, quantity, price, .. } = *fill;
    ChartFill { time, side, quantity, price, reason: reason.to_owned() }
}

/// In the words of `trades.csv`.
fn reason(purpose: OrderPurpose) -> &'static str {
    match purpose {
        OrderPurpose::Stop => "stop",
        OrderPurpose::TakeProfit => "take_profit",
        OrderPurpose::Trail => "trail",
        OrderPurpose::RiskHalt => "risk_halt",
        OrderPurpose::KillSwitch => "kill_switch",
        OrderPurpose::Delisted => "delisted",
        OrderPurpose::TimeStop => "time_stop",
        OrderPurpose::Entry | OrderPurpose::Signal | OrderPurpose::Manual => "signal",
    }
}
