//! From "the rule says up" to wishes: the part every signal strategy shares.
//!
//! Rules (spec §10): at most one position per symbol, no pyramiding, an entry signal while in is
//! ignored; after a stop the next entry may need a fresh signal and a pause.
use super::{Holding, Intent, Intents, View};
use crate::domain::{OrderPurpose, Side, SymbolIndex};

/// Which ways a strategy may trade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Buy, then sell.
    LongOnly,
    /// The exit signal of a long also opens a short, and the other way round.
    LongShort,
}

/// What an entry needs after a stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reenter {
    /// That the rule holds.
    Level,
    /// That the rule has not held for at least one bar since the stop.
    Fresh,
}

/// The parameters every signal strategy has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignalRule {
    /// Which ways it trades.
    pub direction: Direction,
    /// What an entry needs after a stop.
    pub reenter: Reenter,
    /// Bars to wait after a stop before the next entry; 0 is none.
    pub cooldown_bars: u64,
}

/// What must be remembered per symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SignalState {
    /// Bars seen when the long rule last did not hold.
    long_off_at: u64,
    /// Bars seen when the short rule last did not hold.
    short_off_at: u64,
}

impl SignalRule {
    /// Long only, level, no pause: the defaults of the spec.
    pub const DEFAULT: SignalRule =
        SignalRule { direction: Direction::LongOnly, reenter: Reenter::Level, cooldown_bars: 0 };

    /// Turns this bar's opinion into wishes: `up` wants to be long, `down` wants out of a long (and
    /// short, when the direction allows). Call it on every bar, also when neither holds.
    #[inline]
    pub fn apply(
        &self,
        state: &mut SignalState,
        symbol: SymbolIndex,
        up: bool,
        down: bool,
        view: &View<'_>,
        intents: &mut Intents,
    ) {
        if self.reenter == Reenter::Fresh {
            let now = view.book(symbol).bars_seen;
            if !up {
                state.long_off_at = now;
            }
            if !down {
                state.short_off_at = now;
            }
        }
        if up || down {
            self.act(state, symbol, up, view, intents);
        }
    }

    #[cold]
    fn act(&self, state: &SignalState, symbol: SymbolIndex, up: bool, view: &View<'_>, intents: &mut Intents) {
        let book = view.book(symbol);
        let side = if up { Side::Buy } else { Side::Sell };
        let opens = up || self.direction == Direction::LongShort;
        let holding = book.holding();
        let against = matches!((holding, side), (Holding::Long, Side::Sell) | (Holding::Short, Side::Buy));
        if against && book.exits_pending == 0 {
            intents.push(Intent::Exit { symbol });
        }
        let free = holding == Holding::Flat || against;
        if opens && free && book.entries_pending == 0 && self.may_enter(state, symbol, side, view) {
            intents.push(Intent::Enter { symbol, side, weight: None });
        }
    }

    fn may_enter(&self, state: &SignalState, symbol: SymbolIndex, side: Side, view: &View<'_>) -> bool {
        let book = view.book(symbol);
        let Some(exit) = book.last_exit else { return true };
        if !matches!(exit.purpose, OrderPurpose::Stop | OrderPurpose::Trail) {
            return true;
        }
        let off_at = match side {
            Side::Buy => state.long_off_at,
            Side::Sell => state.short_off_at,
        };
        // The bar of the stop counts: the rule must have been off at its close or later.
        let fresh = self.reenter == Reenter::Level || off_at >= exit.bars_seen;
        fresh && book.bars_seen >= exit.bars_seen + self.cooldown_bars
    }
}
