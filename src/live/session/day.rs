//! The session at hand as a page shows it: bars and fills of it, what was closed in it, and today's result by share.
//!
//! Not here: figures of the account (driver), what is open now (show).
//! Invariant: today's results of a share, open and closed, come to its value now less its value at the close before and
//! the money that moved between.
use std::collections::BTreeMap;

use super::input::{Input, ShownBar};
use super::machine::Machine;
use super::results::Results;
use super::terms::Terms;
use crate::domain::{ExecutionEvent, Fill, Money, OrderPurpose, Price, Quantity, Side, SymbolIndex, Timestamp};
use crate::live::snapshot::{ChartBar, ChartFill, ChartView, ClosedView};
use crate::market::Session;
use crate::portfolio::{Position, RoundTrip, RoundTrips, split_price};
use crate::risk::HaltCause;

/// Bars of a chart at most: a core session of minutes.
const BARS_MAX: usize = 390;

/// The session at hand.
#[derive(Debug, Default)]
pub struct Day {
    session: Option<Session>,
    /// Equity at the close before.
    baseline: Option<Money>,
    shares: Vec<Share>,
    trips: Option<(RoundTrips, Results)>,
    /// The last fill of each share, of whatever session.
    last_fills: Vec<Option<Timestamp>>,
    /// Trades that ended in the session, with what they made today.
    closed: Vec<(RoundTrip, Money)>,
    fills: Vec<Fill>,
    /// Fills of all sessions.
    filled: u64,
    refused: BTreeMap<&'static str, usize>,
    halts: Vec<HaltCause>,
    seen: Seen,
    /// Who wants a share gone, by share.
    leaving: Vec<Option<Leaving>>,
}

/// How much of the engine's record has been looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    fills: usize,
    cash: usize,
    splits: usize,
    refusals: usize,
    halts: usize,
}

/// One share at the close before the session, and since.
#[derive(Clone, Debug, Default)]
struct Share {
    /// Its value at the close before.
    value: Money,
    mark: Price,
    /// What the trade that was open then had come to, if one was.
    came_to: Option<Money>,
    /// Money that fills, dividends and the like have moved since.
    moved: Money,
    bars: Vec<ChartBar>,
    /// The stamp of its last bar, of whatever session.
    priced: Option<Timestamp>,
}

/// Why a position leaves that no strategy, stop or limit sends away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaving {
    /// A halt that flattens.
    KillSwitch,
    /// A person closes it.
    Hand,
    /// It has left the account by no order of this program.
    Outside,
}

impl Day {
    /// Takes note of an input, and of the answers that come with it, before it is applied.
    pub fn before(&mut self, input: &Input, answers: &[ExecutionEvent], machine: &dyn Machine, terms: &Terms) {
        self.follow(machine, terms);
        match input {
            Input::Bars { time, bars, .. } => {
                self.reach(*time, machine, terms);
                bars.iter().for_each(|bar| self.chart(*time, bar));
            }
            // Fills at an open come before its bar.
            Input::Answers { now, .. }
                if answers.iter().any(|answer| matches!(answer, ExecutionEvent::Filled { .. })) =>
            {
                self.reach(*now, machine, terms);
            }
            Input::Split { time, .. } | Input::Dividend { time, .. } => self.reach(*time, machine, terms),
            Input::Halt { flatten: true, .. } => self.leaving = vec![Some(Leaving::KillSwitch); terms.symbols.len()],
            Input::Leave { only: None } => self.leaving = vec![Some(Leaving::Hand); terms.symbols.len()],
            Input::Leave { only: Some(symbol) } => {
                self.leaving.resize(terms.symbols.len(), None);
                self.leaving[symbol.get()] = Some(Leaving::Hand);
            }
            Input::LeftOutside { symbol, by_kill_switch, .. } => {
                self.leaving.resize(terms.symbols.len(), None);
                let by = if *by_kill_switch { Leaving::KillSwitch } else { Leaving::Outside };
                self.leaving[symbol.get()] = Some(by);
            }
            // Only halts that stand are left of the record then.
            Input::Forgotten { .. } => {
                let halts = machine.journal().halts.iter().filter(|halt| halt.until.is_none()).count();
                self.seen = Seen { halts, ..Seen::default() };
            }
            _ => {}
        }
    }

    /// Something belongs to the bar `stamp`: does a session begin with it?
    fn reach(&mut self, stamp: Timestamp, machine: &dyn Machine, terms: &Terms) {
        let session = terms.session_of(stamp);
        let is_another = session.is_some() && session.map(|new| new.date) != self.session.map(|old| old.date);
        if self.shares.is_empty() || is_another {
            self.begin(session, machine);
        }
    }

    fn begin(&mut self, session: Option<Session>, machine: &dyn Machine) {
        let before = std::mem::take(&mut self.shares);
        let results = self.trips.as_ref().map(|(_, results)| results);
        let share = |(index, position): (u16, &Position)| {
            let value = position.value();
            let flows = results.map_or(Money::ZERO, |results| results.flows(SymbolIndex(index)));
            let came_to = (!position.quantity().is_zero()).then_some(flows + value);
            let priced = before.get(usize::from(index)).and_then(|share| share.priced);
            Share { value, mark: position.mark(), came_to, moved: Money::ZERO, bars: Vec::new(), priced }
        };
        self.shares = (0u16..).zip(machine.portfolio().positions()).map(share).collect();
        self.session = session;
        self.baseline = Some(machine.gate().watch().losses().marks().baseline);
        self.fills.clear();
        self.closed.clear();
        self.refused.clear();
        self.halts.clear();
    }

    /// What has happened since the last look makes trades; dollars that each new fill made, `None` for an entry.
    pub fn follow(&mut self, machine: &dyn Machine, terms: &Terms) -> Vec<Option<Money>> {
        let (journal, count) = (machine.journal(), terms.symbols.len());
        self.last_fills.resize(count, None);
        let begin = || (RoundTrips::for_symbols(count), Results::for_symbols(count));
        let (mut trips, mut results) = self.trips.take().unwrap_or_else(begin);
        // Money is paid before a split that ends a trade, and both before the fills of a bar.
        for event in &journal.cash_events[self.seen.cash..] {
            trips.receive(event);
            results.cash(event);
            self.moved(event.symbol, event.amount);
        }
        for split in &journal.splits[self.seen.splits..] {
            trips.split(split.symbol, split.ratio, split.kept, split.time);
            results.split(split.symbol, split.kept);
            if let Some(share) = self.shares.get_mut(split.symbol.get()) {
                share.mark = split_price(share.mark, split.ratio);
            }
            self.close(trips.take_closed());
        }
        let mut made = Vec::new();
        for fill in &journal.fills[self.seen.fills..] {
            trips.apply(fill);
            made.push(results.fill(fill));
            self.fill(fill, made.last().is_some_and(Option::is_none));
            self.close(trips.take_closed());
        }
        self.trips = Some((trips, results));
        journal.refusals[self.seen.refusals..]
            .iter()
            .for_each(|record| *self.refused.entry(record.refusal.code()).or_default() += 1);
        self.halts.extend(journal.halts[self.seen.halts..].iter().map(|halt| halt.cause));
        self.seen = Seen {
            fills: journal.fills.len(),
            cash: journal.cash_events.len(),
            splits: journal.splits.len(),
            refusals: journal.refusals.len(),
            halts: journal.halts.len(),
        };
        made
    }

    fn fill(&mut self, fill: &Fill, is_entry: bool) {
        if let Some(leaving) = self.leaving.get_mut(fill.symbol.get()).filter(|_| is_entry) {
            *leaving = None;
        }
        self.moved(fill.symbol, flow(fill));
        self.last_fills[fill.symbol.get()] = Some(fill.time);
        self.fills.push(*fill);
        self.filled += 1;
    }

    fn moved(&mut self, symbol: SymbolIndex, money: Money) {
        if let Some(share) = self.shares.get_mut(symbol.get()) {
            share.moved += money;
        }
    }

    /// Of a trade that was open at the close before, today made what it had not come to by then.
    fn close(&mut self, trips: Vec<RoundTrip>) {
        for trip in trips {
            let came_to = self.shares.get_mut(trip.symbol.get()).and_then(|share| share.came_to.take());
            self.closed.push((trip, trip.realised() - came_to.unwrap_or(Money::ZERO)));
        }
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

    /// Why a share leaves on request, if somebody asked for it.
    pub fn leaving(&self, symbol: SymbolIndex) -> Option<Leaving> {
        self.leaving.get(symbol.get()).copied().flatten()
    }

    /// The session at hand.
    pub fn session(&self) -> Option<Session> {
        self.session
    }

    /// Fills of all sessions so far.
    pub fn filled(&self) -> u64 {
        self.filled
    }

    /// Equity at the close before it.
    pub fn baseline(&self) -> Option<Money> {
        self.baseline
    }

    /// Orders that the gate refused in it, by the code of the reason.
    pub fn refused(&self) -> &BTreeMap<&'static str, usize> {
        &self.refused
    }

    /// What halted in it.
    pub fn halts(&self) -> &[HaltCause] {
        &self.halts
    }

    /// Today's result of what is still open of a share.
    pub fn open_result(&self, symbol: SymbolIndex, machine: &dyn Machine) -> Option<Money> {
        let share = self.shares.get(symbol.get())?;
        let closed: Money = self.closed.iter().filter(|(trip, _)| trip.symbol == symbol).map(|(_, today)| *today).sum();
        Some(machine.portfolio().position(symbol).value() - share.value + share.moved - closed)
    }

    /// What was closed today.
    pub fn closed_views(&self, terms: &Terms) -> Vec<ClosedView> {
        let view = |(trip, today): &(RoundTrip, Money)| ClosedView {
            strategy: terms.name.clone(),
            symbol: terms.symbols[trip.symbol.get()].to_string(),
            shares: trip.quantity,
            entry: average(trip.entry_notional, trip.quantity),
            exit: average(trip.exit_notional, trip.exited),
            pnl: trip.realised(),
            today: *today,
            reason: trip.exit_purpose.map_or("signal", reason).to_owned(),
            time: trip.exit_time.unwrap_or(trip.entry_time),
        };
        self.closed.iter().map(view).collect()
    }

    /// Prices and our fills of the session.
    pub fn charts(&self, terms: &Terms) -> Vec<ChartView> {
        let of = |(index, share): (u16, &Share)| ChartView {
            symbol: terms.symbols[usize::from(index)].to_string(),
            previous_close: Some(share.mark).filter(|mark| *mark > Price::ZERO),
            opens: self.session.map(|session| session.open),
            closes: self.session.map(|session| session.close),
            bars: share.bars.clone(),
            fills: self.fills.iter().filter(|fill| fill.symbol == SymbolIndex(index)).map(chart_fill).collect(),
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
