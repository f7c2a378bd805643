//! What is at stake, symbol by symbol, and in all: value, heat, margin.
//!
//! Not here: the limits on it (measure), positions (portfolio), what is set aside in dollars (reserves).
//! Invariant: after [`Exposure::refresh`] every sum is that of its lines, and every line what
//! [`Exposure::line`] makes of portfolio, approvals and stops.
use serde::{Deserialize, Serialize};

use super::heat::at_risk;
use super::open_approval::held_without;
use super::{MaintenanceRate, OpenApproval, SymbolSet};
use crate::domain::{Money, OrderId, Price, Quantity, Ratio, Side, SymbolIndex};
use crate::portfolio::{Portfolio, Position, split_price};

/// A resting order that protects a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectiveStop {
    /// The order.
    pub order: OrderId,
    /// Where it triggers.
    pub level: Price,
    /// Shares it may still fill.
    pub shares: Quantity,
    /// The entry that brought it: what is left of that will be protected there, too.
    pub entry: Option<OrderId>,
}

/// What a stop is to become by what is asked of an order and not answered yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedStop {
    /// The order that is to be changed or canceled: the stop, or its pair.
    pub of: OrderId,
    /// Which share.
    pub symbol: SymbolIndex,
    /// The stop as it is to be; for no shares where it is to be canceled.
    pub stop: ProtectiveStop,
}

/// Do exits of this moment that make room count in the sums over all symbols?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaving {
    /// Yes: they may be taken back, and may not fill.
    Counts,
    /// No: what is measured fills after them or not at all.
    IsGone,
}

/// Dollars at stake.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Stake {
    /// |shares| × price, pending entries counted as filled, with or without pending exits: the larger. The price
    /// is the dearest at which one of those entries may fill, or the mark.
    pub(super) value: Money,
    /// What the stops leave at risk, pending entries included.
    pub(super) heat: Money,
    /// Maintenance margin of position and pending entries, each by itself.
    pub(super) margin: Money,
}

/// One symbol's part of the sums.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Line {
    /// Shares with pending entries filled: without pending exits, and with them.
    shares: [Quantity; 2],
    stake: Stake,
    /// The dearest price at which a pending entry may fill; zero without one.
    dearest: Price,
    /// Maintenance margin of the position alone.
    margin_of_position: Money,
    is_exposed: bool,
}

/// The sums over all symbols, kept so that an order costs the same however many there are.
#[derive(Clone, Debug)]
pub(super) struct Exposure {
    leaving: Leaving,
    lines: Vec<Line>,
    total: Stake,
    /// Symbols with a position or a pending entry, and how many they are.
    exposed: SymbolSet,
    exposed_count: usize,
    stops: Vec<Vec<ProtectiveStop>>,
    /// What stops are to become by changes and cancels that are on their way.
    expected: Vec<ExpectedStop>,
    rate: Option<MaintenanceRate>,
    /// Lines that something has happened to since the last refresh, each once.
    changed: Vec<SymbolIndex>,
    is_changed: Vec<bool>,
}

impl Exposure {
    /// Nothing at stake in any of `symbols`.
    pub(super) fn none(symbols: usize) -> Exposure {
        Exposure {
            leaving: Leaving::Counts,
            lines: vec![Line::default(); symbols],
            total: Stake::default(),
            exposed: SymbolSet::new(symbols),
            exposed_count: 0,
            stops: vec![Vec::new(); symbols],
            expected: Vec::new(),
            rate: None,
            changed: Vec::with_capacity(symbols),
            is_changed: vec![false; symbols],
        }
    }

    /// What all symbols have at stake.
    pub(super) fn total(&self) -> &Stake {
        &self.total
    }

    /// What `symbol` has at stake.
    pub(super) fn of(&self, symbol: SymbolIndex) -> &Stake {
        &self.lines[symbol.get()].stake
    }

    /// Maintenance margin of the position in `symbol`, without its pending entries.
    pub(super) fn margin_of_position(&self, symbol: SymbolIndex) -> Money {
        self.lines[symbol.get()].margin_of_position
    }

    /// Shares of `symbol` as they count in the sums, pending entries filled: without the exits that make no
    /// room, and with all.
    pub(super) fn shares(&self, symbol: SymbolIndex) -> [Quantity; 2] {
        self.lines[symbol.get()].shares
    }

    /// The dearest price at which a pending entry of `symbol` may fill; zero without one.
    pub(super) fn dearest(&self, symbol: SymbolIndex) -> Price {
        self.lines[symbol.get()].dearest
    }

    /// Symbols with a position or a pending entry.
    pub(super) fn exposed(&self) -> &SymbolSet {
        &self.exposed
    }

    /// How many they are.
    pub(super) fn exposed_count(&self) -> usize {
        self.exposed_count
    }

    /// Has `symbol` a position or a pending entry?
    pub(super) fn is_exposed(&self, symbol: SymbolIndex) -> bool {
        self.lines[symbol.get()].is_exposed
    }

    /// Position, approvals or stops of `symbol` have changed.
    #[inline]
    pub(super) fn touch(&mut self, symbol: SymbolIndex) {
        if !std::mem::replace(&mut self.is_changed[symbol.get()], true) {
            self.changed.push(symbol);
        }
    }

    /// The mark of `symbol` has changed.
    #[inline]
    pub(super) fn mark(&mut self, symbol: SymbolIndex) {
        if self.lines[symbol.get()].is_exposed {
            self.touch(symbol);
        }
    }

    /// A stop that protects `symbol` stands at `level` for `shares` shares; replaces what was known of it.
    pub(super) fn set_stop(&mut self, symbol: SymbolIndex, stop: ProtectiveStop) {
        let stops = &mut self.stops[symbol.get()];
        match stops.iter_mut().find(|known| known.order == stop.order) {
            Some(known) => *known = stop,
            None => stops.push(stop),
        }
        self.touch(symbol);
    }

    /// The stop `order` of `symbol` is gone.
    pub(super) fn remove_stop(&mut self, symbol: SymbolIndex, order: OrderId) {
        self.stops[symbol.get()].retain(|known| known.order != order);
        self.expected.retain(|known| known.stop.order != order);
        self.touch(symbol);
    }

    /// `stops` are what known ones of `symbol` are to become by what is asked of order `of`: the worse of both counts
    /// until the venue has answered. Gives what was expected before.
    pub(super) fn expect(&mut self, of: OrderId, symbol: SymbolIndex, stops: Vec<ProtectiveStop>) -> Vec<ExpectedStop> {
        let before = self.expected.clone();
        self.expected.retain(|known| stops.iter().all(|stop| stop.order != known.stop.order));
        self.expected.extend(stops.into_iter().map(|stop| ExpectedStop { of, symbol, stop }));
        self.touch(symbol);
        before
    }

    /// `expected` is on its way, and nothing else.
    pub(super) fn expect_again(&mut self, symbol: SymbolIndex, expected: Vec<ExpectedStop>) {
        self.expected = expected;
        self.touch(symbol);
    }

    /// The venue has answered what was asked of `order`.
    pub(super) fn answered(&mut self, order: OrderId) {
        while let Some(at) = self.expected.iter().position(|known| known.of == order) {
            let symbol = self.expected.remove(at).symbol;
            self.touch(symbol);
        }
    }

    /// What is asked of stops and not answered.
    pub(super) fn expected(&self) -> &[ExpectedStop] {
        &self.expected
    }

    /// Every stop that is known.
    pub(super) fn all_stops(&self) -> impl Iterator<Item = (SymbolIndex, ProtectiveStop)> + '_ {
        let of_symbol = |(index, stops): (usize, &'_ Vec<ProtectiveStop>)| {
            stops.clone().into_iter().map(move |stop| (SymbolIndex(index as u16), stop))
        };
        self.stops.iter().enumerate().flat_map(of_symbol)
    }

    /// Knows these stops, what is expected of them, and nothing else.
    pub(super) fn restore(&mut self, stops: Vec<(SymbolIndex, ProtectiveStop)>, expected: Vec<ExpectedStop>) {
        self.stops.iter_mut().for_each(Vec::clear);
        stops.into_iter().for_each(|(symbol, stop)| self.stops[symbol.get()].push(stop));
        self.expected = expected;
        (0..self.lines.len() as u16).map(SymbolIndex).for_each(|symbol| self.touch(symbol));
    }

    /// Level and shares that `stop` counts with, for a short or a long.
    #[inline]
    fn counted(&self, stop: &ProtectiveStop, is_short: bool) -> (Price, Quantity) {
        match self.expected.iter().find(|expected| expected.stop.order == stop.order) {
            None => (stop.level, stop.shares),
            Some(ExpectedStop { stop: asked, .. }) => {
                let [low, high] = [stop.level.min(asked.level), stop.level.max(asked.level)];
                (if is_short { high } else { low }, stop.shares.min(asked.shares))
            }
        }
    }

    /// A split of `symbol` into `ratio` new shares per old.
    pub(super) fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, restate: impl Fn(Quantity) -> Quantity) {
        let expected = self.expected.iter_mut().filter(|expected| expected.symbol == symbol);
        let expected = expected.map(|expected| &mut expected.stop);
        for stop in self.stops[symbol.get()].iter_mut().chain(expected) {
            (stop.level, stop.shares) = (split_price(stop.level, ratio), restate(stop.shares));
        }
        self.touch(symbol);
    }

    /// The stops that protect `symbol`.
    pub(super) fn stops(&self, symbol: SymbolIndex) -> &[ProtectiveStop] {
        &self.stops[symbol.get()]
    }

    /// The sums are to be with or without the exits of `open` that make room.
    #[inline]
    pub(super) fn set_leaving(&mut self, leaving: Leaving, open: &[OpenApproval]) {
        if self.leaving != leaving {
            self.leaving = leaving;
            open.iter().filter(|approval| approval.makes_room).for_each(|approval| self.touch(approval.symbol));
        }
    }

    /// Brings the sums up to date; `rate` is what positions must keep at present.
    #[inline]
    pub(super) fn refresh(&mut self, portfolio: &Portfolio, open: &[OpenApproval], rate: Option<MaintenanceRate>) {
        if rate != self.rate {
            self.rate = rate;
            (0..self.lines.len() as u16).map(SymbolIndex).for_each(|symbol| self.mark(symbol));
        }
        while let Some(symbol) = self.changed.pop() {
            self.is_changed[symbol.get()] = false;
            let line = self.line(symbol, portfolio.position(symbol), open);
            let old = std::mem::replace(&mut self.lines[symbol.get()], line);
            self.total.value += line.stake.value - old.stake.value;
            self.total.heat += line.stake.heat - old.stake.heat;
            self.total.margin += line.stake.margin - old.stake.margin;
            match (old.is_exposed, line.is_exposed) {
                (false, true) => {
                    self.exposed.insert(symbol);
                    self.exposed_count += 1;
                }
                (true, false) => {
                    self.exposed.remove(symbol);
                    self.exposed_count -= 1;
                }
                _ => {}
            }
        }
        debug_assert!(self.is_current(portfolio, open), "a line that nobody said had changed");
    }

    /// What `symbol` is worth, risks and must keep.
    fn line(&self, symbol: SymbolIndex, position: &Position, open: &[OpenApproval]) -> Line {
        let (held, mark) = (position.quantity(), position.mark());
        let of_symbol = open.iter().filter(|approval| approval.symbol == symbol && !approval.open.is_zero());
        let needs = |shares| self.rate.map_or(Money::ZERO, |rate| rate.requirement(shares, mark));
        let (mut entering, mut leaving, mut gone) = (Quantity::ZERO, Quantity::ZERO, Quantity::ZERO);
        let (mut pending_heat, mut margin_of_entries, mut has_entry) = (Money::ZERO, Money::ZERO, false);
        let mut dearest = Price::ZERO;
        for approval in of_symbol {
            if !approval.reduces {
                let filled = approval.open.signed(approval.side);
                entering += filled;
                dearest = dearest.max(approval.dearest(mark));
                let own = self.stops[symbol.get()].iter().find(|stop| stop.entry == Some(approval.order));
                let level = own.map(|stop| self.counted(stop, approval.side == Side::Sell).0);
                pending_heat += approval.risk_now(level, mark).notional(approval.open);
                margin_of_entries += needs(filled);
                has_entry = true;
                continue;
            }
            leaving += approval.open;
            if self.leaving == Leaving::IsGone && approval.makes_room_now() {
                gone += approval.open;
            }
        }
        let stays = held_without(held, gone);
        let margin_of_position = needs(stays);
        let [kept, left] = [stays + entering, held_without(held, leaving) + entering];
        let stops = self.stops[symbol.get()].iter().map(|stop| self.counted(stop, stays < Quantity::ZERO));
        let stake = Stake {
            value: mark.max(dearest).notional(kept.abs().max(left.abs())),
            heat: at_risk(stays, mark, stops) + pending_heat,
            margin: margin_of_position + margin_of_entries,
        };
        Line { shares: [kept, left], stake, dearest, margin_of_position, is_exposed: !held.is_zero() || has_entry }
    }

    /// What `symbol` has at stake, made anew, and whether it has a position or a pending entry.
    pub(super) fn stake_now(&self, symbol: SymbolIndex, position: &Position, open: &[OpenApproval]) -> (Stake, bool) {
        let line = self.line(symbol, position, open);
        (line.stake, line.is_exposed)
    }

    /// Are all sums what they would be if everything were added up anew?
    pub(super) fn is_current(&self, portfolio: &Portfolio, open: &[OpenApproval]) -> bool {
        let symbols = (0..self.lines.len() as u16).map(SymbolIndex);
        let lines = symbols.map(|symbol| self.line(symbol, portfolio.position(symbol), open));
        let sum = lines.clone().fold(Stake::default(), |sum, line| Stake {
            value: sum.value + line.stake.value,
            heat: sum.heat + line.stake.heat,
            margin: sum.margin + line.stake.margin,
        });
        sum == self.total && lines.filter(|line| line.is_exposed).count() == self.exposed_count
    }
}
