//! What a session did, in the form in which a replay leaves it, and the market that it saw.
//!
//! Not here: reading the journal (chosen), what people and venue did to the session (noticed), comparing (report::parity).
//! The record is taken from the engine that is made again while the session is proved, so it is that of the session.
//! Invariants: (1) an order stands as the engine last knew it, also one that it has forgotten since; (2) what came between
//! two steps counts with the later one, which is where the engine has counted it, whatever bar it belongs to; (3) what a session takes back as it ends
//! is left as it stood before, unless something filled after that.
use std::collections::BTreeMap;

use super::input::Input;
use super::machine::Machine;
use crate::domain::{Bar, ExecutionEvent, Fill, Money, OrderId, RejectReason, Timestamp};
use crate::engine::{
    ApprovedMost, HaltRecord, Journal, MarginCall, MarketAction, OrderRecord, RefusalRecord, SplitRecord, StopChange,
};
use crate::portfolio::CashEvent;
use crate::scenario::{AccountRow, MarketData, tied_account_rows};

/// A session's record and market.
#[derive(Debug)]
pub struct SessionRecord {
    /// Its record.
    pub journal: Journal,
    /// Its bars by share, those that it was only shown among them.
    pub bars: Vec<Vec<Bar>>,
    /// Its splits, and the dividends that came by the share.
    pub actions: Vec<(Timestamp, MarketAction)>,
    /// The first bar that it could trade on; `None` if it saw none.
    pub from: Option<Timestamp>,
    /// The step with which each fill counts.
    counted: Vec<Timestamp>,
}

impl SessionRecord {
    /// The account at each step that it could trade on; `None` if its books do not tie with its equity. `market`: what it
    /// saw; `start`: its cash at the start.
    pub fn account_rows(&mut self, market: &MarketData, start: Money) -> Option<Vec<AccountRow>> {
        let counted = |(fill, time): (&Fill, &Timestamp)| Fill { time: *time, ..*fill };
        let counted: Vec<Fill> = self.journal.fills.iter().zip(&self.counted).map(counted).collect();
        let fills = std::mem::replace(&mut self.journal.fills, counted);
        let rows = tied_account_rows(market, &self.journal, start);
        self.journal.fills = fills;
        let from = self.from.unwrap_or(Timestamp::MAX);
        rows.map(|rows| rows.into_iter().filter(|row| row.time >= from).collect())
    }
}

/// A list of the engine's that may be emptied while it grows.
#[derive(Debug)]
struct Growing<T> {
    all: Vec<T>,
    /// Of the engine's list as it is now.
    seen: usize,
    /// Of `all`: their step is known.
    placed: usize,
}

impl<T> Default for Growing<T> {
    fn default() -> Growing<T> {
        Growing { all: Vec::new(), seen: 0, placed: 0 }
    }
}

impl<T: Clone> Growing<T> {
    fn follow(&mut self, list: &[T]) {
        self.all.extend_from_slice(list.get(self.seen..).unwrap_or_default());
        self.seen = list.len();
    }

    /// The next step is known for what came since the last.
    fn place(&mut self, mut at: impl FnMut(&mut T)) {
        self.all[self.placed..].iter_mut().for_each(&mut at);
        self.placed = self.all.len();
    }
}

/// Takes a session's record while its inputs are given again.
#[derive(Debug)]
pub(super) struct Recorder {
    bars: Vec<Vec<Bar>>,
    actions: Vec<(Timestamp, MarketAction)>,
    from: Option<Timestamp>,
    counted: Vec<Timestamp>,
    /// The last step.
    shown: Timestamp,
    /// Fills of bars that had been shown when they were told.
    late: Vec<Fill>,
    fills: Growing<Fill>,
    refusals: Growing<RefusalRecord>,
    trims: Growing<RefusalRecord>,
    rejections: Growing<(OrderId, RejectReason)>,
    stops: Growing<StopChange>,
    cash_events: Growing<CashEvent>,
    margin_calls: Growing<MarginCall>,
    splits: Growing<SplitRecord>,
    /// Those that were over when the engine forgot them.
    halts: Vec<HaltRecord>,
    orders: BTreeMap<OrderId, OrderRecord>,
    /// As it stood when the session took its entries back to end.
    ending: Option<Journal>,
}

impl Recorder {
    /// Of a session with so many shares.
    pub(super) fn new(symbols: usize) -> Recorder {
        Recorder {
            bars: vec![Vec::new(); symbols],
            actions: Vec::new(),
            from: None,
            counted: Vec::new(),
            shown: Timestamp::MIN,
            late: Vec::new(),
            fills: Growing::default(),
            refusals: Growing::default(),
            trims: Growing::default(),
            rejections: Growing::default(),
            stops: Growing::default(),
            cash_events: Growing::default(),
            margin_calls: Growing::default(),
            splits: Growing::default(),
            halts: Vec::new(),
            orders: BTreeMap::new(),
            ending: None,
        }
    }

    /// Takes note of an input before it is applied. Gives whether the session has gone on after it took its entries back.
    pub(super) fn before(&mut self, input: &Input, answers: &[ExecutionEvent], machine: &dyn Machine) -> bool {
        self.follow(machine);
        let is_of_the_end = match input {
            Input::Answers { .. } => !answers.iter().any(|answer| matches!(answer, ExecutionEvent::Filled { .. })),
            Input::SessionEnds { .. } => true,
            _ => false,
        };
        let went_on = !is_of_the_end && self.ending.take().is_some();
        match input {
            Input::Bars { time, bars, warm_up, .. } => {
                bars.iter().for_each(|bar| self.bars[bar.symbol.get()].push(bar.at(*time)));
                if !warm_up && self.from.is_none() {
                    self.from = Some(*time);
                }
                self.place(*time);
            }
            Input::Split { symbol, ratio, time } => {
                self.actions.push((*time, MarketAction::Split { symbol: *symbol, ratio: *ratio }));
            }
            Input::Dividend { symbol, amount, time } => {
                self.actions.push((*time, MarketAction::Dividend { symbol: *symbol, amount: *amount }));
            }
            Input::TakeEntriesBack => self.ending = Some(self.journal(machine)),
            Input::Forgotten { .. } => self.keep(machine),
            _ => {}
        }
        went_on
    }

    fn follow(&mut self, machine: &dyn Machine) {
        let journal = machine.journal();
        self.fills.follow(&journal.fills);
        self.refusals.follow(&journal.refusals);
        self.trims.follow(&journal.trims);
        self.rejections.follow(&journal.rejections);
        self.stops.follow(&journal.stops);
        self.cash_events.follow(&journal.cash_events);
        self.margin_calls.follow(&journal.margin_calls);
        self.splits.follow(&journal.splits);
    }

    /// What came since the last step counts with this one.
    fn place(&mut self, step: Timestamp) {
        let Recorder { counted, late, shown, .. } = self;
        self.fills.place(|fill| {
            counted.push(step);
            late.extend((fill.time <= *shown).then_some(*fill));
        });
        self.shown = step;
        self.cash_events.place(|event| event.time = step);
        self.splits.place(|split| split.time = step);
        // Of stops only those of bars to come: one that went at the close that decided so went with that close.
        self.stops.place(|change| change.time = change.time.min(step));
    }

    /// The engine is about to let go of its record.
    fn keep(&mut self, machine: &dyn Machine) {
        self.orders.extend(machine.orders().records().map(|record| (record.id, *record)));
        self.halts.extend(machine.journal().halts.iter().filter(|halt| halt.until.is_some()));
        self.fills.seen = 0;
        self.refusals.seen = 0;
        self.trims.seen = 0;
        self.rejections.seen = 0;
        self.stops.seen = 0;
        self.cash_events.seen = 0;
        self.margin_calls.seen = 0;
        self.splits.seen = 0;
    }

    /// The record as it is now.
    fn journal(&self, machine: &dyn Machine) -> Journal {
        let mut orders = self.orders.clone();
        orders.extend(machine.orders().records().map(|record| (record.id, *record)));
        let from = self.from.unwrap_or(Timestamp::MIN);
        // One from before the first bar holds from that bar on.
        let placed = |halt: &HaltRecord| HaltRecord {
            from: halt.from.max(from),
            until: halt.until.map(|until| until.max(from)),
            ..*halt
        };
        let mut halts: Vec<HaltRecord> = self.halts.iter().chain(&machine.journal().halts).map(placed).collect();
        halts.sort_by_key(|halt| halt.from);
        Journal {
            equity: machine.journal().equity,
            fills: self.fills.all.clone(),
            orders: orders.into_values().collect(),
            refusals: self.refusals.all.clone(),
            trims: self.trims.all.clone(),
            approved_most: ApprovedMost::default(),
            rejections: self.rejections.all.clone(),
            stops: self.stops.all.clone(),
            cash_events: self.cash_events.all.clone(),
            margin_calls: self.margin_calls.all.clone(),
            splits: self.splits.all.clone(),
            late_steps: Vec::new(),
            halts,
            ambiguous_bars: 0,
            quotes_missing: 0,
            unclear_entry_bars: 0,
            unread_bars: (0, None),
            final_equity_band: None,
        }
    }

    /// Fills that were told after their bar had been shown.
    pub(super) fn late(&self) -> &[Fill] {
        &self.late
    }

    /// The session has been given again, and `machine` is as it left it.
    pub(super) fn finish(mut self, machine: &dyn Machine) -> SessionRecord {
        self.follow(machine);
        let mut journal = match self.ending.take() {
            Some(journal) => journal,
            None => self.journal(machine),
        };
        // What no step has counted comes after the last one.
        let after = |time: Timestamp| time.max(self.shown.plus_ns(1));
        let rest = journal.fills.iter().skip(self.counted.len()).map(|fill| after(fill.time));
        let counted = self.counted.iter().copied().chain(rest).collect();
        let events = journal.cash_events.iter_mut().skip(self.cash_events.placed);
        events.for_each(|event| event.time = after(event.time));
        let splits = journal.splits.iter_mut().skip(self.splits.placed);
        splits.for_each(|split| split.time = after(split.time));
        SessionRecord { journal, bars: self.bars, actions: self.actions, from: self.from, counted }
    }
}
