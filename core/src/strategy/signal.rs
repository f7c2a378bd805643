//! From "the rule says up" to wishes: the part every signal strategy shares.
//!
//! Not here: the rules.
//! Rules (spec §10): at most one position per symbol, no pyramiding, an entry signal while in is
//! ignored; after a stop the next entry may need a fresh signal and a pause.
use super::{Holding, Intent, Intents, View};
use crate::domain::{Side, SymbolIndex};

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

    /// Must [`SignalRule::apply`] be called on bars that want nothing, too?
    #[inline]
    pub fn looks_at_every_bar(&self) -> bool {
        self.reenter == Reenter::Fresh
    }

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
        if self.looks_at_every_bar() {
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
        if !exit.purpose.is_stop() {
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

#[cfg(test)]
mod tests {
    use super::super::{LastExit, SymbolBook};
    use super::*;
    use crate::domain::{Money, OrderPurpose, Quantity, Timestamp};
    use crate::portfolio::Portfolio;

    const ONLY: SymbolIndex = SymbolIndex(0);
    const EXIT: Intent = Intent::Exit { symbol: ONLY };
    const BUY: Intent = Intent::Enter { symbol: ONLY, side: Side::Buy, weight: None };
    const SELL: Intent = Intent::Enter { symbol: ONLY, side: Side::Sell, weight: None };

    /// What follows from (up, down) with this book.
    fn wishes(rule: SignalRule, state: &mut SignalState, book: SymbolBook, up: bool, down: bool) -> Vec<Intent> {
        let books = [book];
        let portfolio = Portfolio::with_cash(Money::ZERO, books.len());
        let view = View::new(Timestamp::MIN, &portfolio, &books);
        let mut intents = Intents::for_symbols(1);
        rule.apply(state, ONLY, up, down, &view, &mut intents);
        intents.iter().copied().collect()
    }

    fn holding(shares: i64) -> SymbolBook {
        SymbolBook { quantity: Quantity::from_shares(shares).unwrap(), bars_seen: 9, ..SymbolBook::default() }
    }

    #[test]
    fn one_position_at_most_and_no_second_order_while_one_is_on_its_way() {
        let long_only = |book, up, down| wishes(SignalRule::DEFAULT, &mut SignalState::default(), book, up, down);
        assert_eq!(long_only(holding(0), true, false), [BUY]);
        assert_eq!(long_only(holding(5), true, false), []);
        assert_eq!(long_only(holding(5), false, true), [EXIT]);
        assert_eq!(long_only(holding(0), false, true), []);
        assert_eq!(long_only(holding(5), false, false), []);
        assert_eq!(long_only(SymbolBook { entries_pending: 1, ..holding(0) }, true, false), []);
        assert_eq!(long_only(SymbolBook { exits_pending: 1, ..holding(5) }, false, true), []);
    }

    #[test]
    fn long_short_turns_around() {
        let rule = SignalRule { direction: Direction::LongShort, ..SignalRule::DEFAULT };
        let both = |book, up, down| wishes(rule, &mut SignalState::default(), book, up, down);
        assert_eq!(both(holding(5), false, true), [EXIT, SELL]);
        assert_eq!(both(holding(-5), true, false), [EXIT, BUY]);
        assert_eq!(both(holding(0), false, true), [SELL]);
        assert_eq!(both(holding(-5), false, true), []);
        // The exit is on its way already: only the other side is still wanted.
        assert_eq!(both(SymbolBook { exits_pending: 1, ..holding(5) }, false, true), [SELL]);
    }

    /// Bars at whose close an entry is wanted after a stop on bar 10, the rule holding where `up` says.
    fn entries(rule: SignalRule, purpose: OrderPurpose, up: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut state = SignalState::default();
        let last_exit = Some(LastExit { bars_seen: 10, purpose });
        let wanted = |bar: &u64| {
            let book = SymbolBook { bars_seen: *bar, last_exit, ..holding(0) };
            !wishes(rule, &mut state, book, up(*bar), false).is_empty()
        };
        (10..16).filter(wanted).collect()
    }

    #[test]
    fn after_a_stop_the_level_or_a_fresh_signal_and_a_pause() {
        let level = SignalRule::DEFAULT;
        let fresh = SignalRule { reenter: Reenter::Fresh, ..level };
        let pause = |rule: SignalRule| SignalRule { cooldown_bars: 2, ..rule };
        let off_on_12 = |bar| bar != 12;
        assert_eq!(entries(level, OrderPurpose::Stop, off_on_12), [10, 11, 13, 14, 15]);
        assert_eq!(entries(pause(level), OrderPurpose::Stop, |_| true), [12, 13, 14, 15]);
        assert_eq!(entries(fresh, OrderPurpose::Stop, off_on_12), [13, 14, 15]);
        assert_eq!(entries(fresh, OrderPurpose::Trail, |_| true), [0u64; 0]);
        assert_eq!(entries(fresh, OrderPurpose::TimeStop, off_on_12), [13, 14, 15]);
        // Off on the bar of the stop itself counts; the pause still holds.
        assert_eq!(entries(fresh, OrderPurpose::Stop, |bar| bar != 10), [11, 12, 13, 14, 15]);
        assert_eq!(entries(pause(fresh), OrderPurpose::Stop, |bar| bar != 10), [12, 13, 14, 15]);
        // Only stops ask for more.
        assert_eq!(entries(pause(fresh), OrderPurpose::Signal, |_| true), [10, 11, 12, 13, 14, 15]);
    }
}
