//! A strategy that is watched: every wish of a run is noted, and others of its kind are asked beside it.
//!
//! Not here: which runs are made and what they show (prove).
//! A shadow is a second strategy of the same kind, asked at every close what it wants beside the one that
//! trades. It sees the same account at the same moment and other bars: fewer, more, or false ones. What it
//! wants is compared and goes nowhere, so a difference is its memory's and not the account's.
//! Invariants: (1) the wishes of the one that trades reach the engine untouched; (2) nothing of a shadow does.
use super::prove_futures::{doubled, still};
use crate::domain::{Bar, Price, Ratio, SymbolIndex, Timestamp};
use crate::portfolio::split_price;
use crate::strategy::{Intent, Intents, Strategy, View};

/// [`Strategy`] without its type, so that one watched strategy serves all of them.
pub(super) trait Shown {
    fn bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents);
    fn step(&mut self, view: &View<'_>, intents: &mut Intents);
    fn split(&mut self, symbol: SymbolIndex, ratio: Ratio);
    fn quiet(&mut self, symbol: SymbolIndex, bars: &[Bar], follow: &mut dyn FnMut(&Bar) -> bool) -> usize;
}

impl<S: Strategy> Shown for S {
    fn bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        self.on_bar(symbol, bar, view, intents);
    }

    fn step(&mut self, view: &View<'_>, intents: &mut Intents) {
        self.on_step(view, intents);
    }

    fn split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.on_split(symbol, ratio);
    }

    fn quiet(&mut self, symbol: SymbolIndex, bars: &[Bar], follow: &mut dyn FnMut(&Bar) -> bool) -> usize {
        self.pass_quiet(symbol, bars, follow)
    }
}

/// What a watched run leaves behind.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Every wish of the strategy that trades, in order.
    pub(super) wishes: Vec<(Timestamp, Intent)>,
    /// What each shadow wanted otherwise.
    pub(super) shadows: Vec<Seen>,
}

/// What a shadow is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Disguise {
    /// Its first bar.
    pub(super) start: Timestamp,
    /// Bars after this one are false: they stand still at the last close, and nothing trades.
    pub(super) still_after: Timestamp,
    /// Are all prices twice as high, and volumes half, as after one more split?
    pub(super) is_doubled: bool,
    /// Steps since its start after which a difference is late.
    pub(super) late_after: u64,
}

/// How a shadow compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Seen {
    /// Steps since its start.
    pub(super) steps: u64,
    /// The last of them at which it wanted something else; 0 for none.
    pub(super) differed_at: u64,
    /// How many of them.
    pub(super) differing: u64,
    /// Wishes of the strategy that trades at late steps.
    pub(super) late_wishes: u64,
    /// The first late difference: when, what it was, what the shadow wanted.
    pub(super) late: Option<(Timestamp, Option<Intent>, Option<Intent>)>,
}

/// A strategy beside the one that trades.
pub(super) struct Shadow<'a> {
    strategy: &'a mut dyn Shown,
    shown: Disguise,
    intents: Intents,
    /// By symbol, the last close it was shown; zero before the first.
    closes: Vec<Price>,
}

impl<'a> Shadow<'a> {
    /// `closes`: by symbol, the last close the strategy has seen already; zero for none.
    pub(super) fn new(strategy: &'a mut dyn Shown, shown: Disguise, closes: Vec<Price>) -> Shadow<'a> {
        Shadow { strategy, shown, intents: Intents::for_symbols(closes.len()), closes }
    }

    fn bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>) {
        if bar.time < self.shown.start {
            return;
        }
        let close = &mut self.closes[symbol.get()];
        let shown = match bar.time <= self.shown.still_after || *close == Price::ZERO {
            true => *bar,
            false => Bar { time: bar.time, ..still(*close) },
        };
        *close = shown.close;
        let shown = if self.shown.is_doubled { doubled(&shown) } else { shown };
        self.strategy.bar(symbol, &shown, view, &mut self.intents);
    }

    /// `wanted`: what the strategy that trades wants of this step.
    fn step(&mut self, view: &View<'_>, wanted: &Intents, seen: &mut Seen) {
        if view.time < self.shown.start {
            return;
        }
        self.strategy.step(view, &mut self.intents);
        seen.steps += 1;
        let is_late = seen.steps > self.shown.late_after;
        seen.late_wishes += if is_late { wanted.iter().count() as u64 } else { 0 };
        if let Some((was, became)) = first_difference(wanted, &self.intents) {
            seen.differed_at = seen.steps;
            seen.differing += 1;
            if is_late {
                seen.late.get_or_insert((view.time, was, became));
            }
        }
        self.intents.clear();
    }

    /// A share splits: whoever has seen a bar of it restates what it remembers.
    fn split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        let close = &mut self.closes[symbol.get()];
        if *close != Price::ZERO {
            *close = split_price(*close, ratio);
            self.strategy.split(symbol, ratio);
        }
    }
}

fn first_difference(one: &Intents, other: &Intents) -> Option<(Option<Intent>, Option<Intent>)> {
    let (mut one, mut other) = (one.iter().copied(), other.iter().copied());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (was, became) if was != became => return Some((was, became)),
            _ => {}
        }
    }
}

/// The strategy that trades, and its shadows.
pub(super) struct Witness<'a> {
    lead: &'a mut dyn Shown,
    shadows: Vec<Shadow<'a>>,
    log: &'a mut Log,
}

impl<'a> Witness<'a> {
    pub(super) fn new(lead: &'a mut dyn Shown, shadows: Vec<Shadow<'a>>, log: &'a mut Log) -> Witness<'a> {
        log.shadows = vec![Seen::default(); shadows.len()];
        Witness { lead, shadows, log }
    }
}

impl Strategy for Witness<'_> {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        self.lead.bar(symbol, bar, view, intents);
        self.shadows.iter_mut().for_each(|shadow| shadow.bar(symbol, bar, view));
    }

    /// Shadows are asked at every bar, and so is the strategy beside them.
    fn pass_quiet(&mut self, symbol: SymbolIndex, bars: &[Bar], mut follow: impl FnMut(&Bar) -> bool) -> usize {
        if self.shadows.is_empty() { self.lead.quiet(symbol, bars, &mut follow) } else { 0 }
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.lead.split(symbol, ratio);
        self.shadows.iter_mut().for_each(|shadow| shadow.split(symbol, ratio));
    }

    fn on_step(&mut self, view: &View<'_>, intents: &mut Intents) {
        self.lead.step(view, intents);
        self.log.wishes.extend(intents.iter().map(|intent| (view.time, *intent)));
        let each = self.shadows.iter_mut().zip(&mut self.log.shadows);
        each.for_each(|(shadow, seen)| shadow.step(view, intents, seen));
    }
}
