//! The time stop: a position that has been held for so many bars leaves, whatever its price.
//!
//! Not here: stops at a price (risk::stops, venue), the exit itself (submission). A run without one has no
//! [`TimeStop`] and pays one comparison a step.
//! Rules: bars are those of the symbol. The bar on which the position opens is the first, unless it opened at
//! that bar's close after the bar was decided (`market_fill = "close"`): then the next is, so that a position
//! is held for the same number of bars whenever markets fill. The exit goes out at the close of the last of
//! them, after what the strategy wants at that close, and again at every later close at which shares are left
//! that no market exit is taking.
use super::core::{Effect, Engine};
use crate::domain::{Bar, OrderId, OrderKind, OrderPurpose, Quantity, SymbolIndex, Timestamp};
use crate::strategy::Strategy;

/// When positions have been held for long enough.
#[derive(Debug)]
pub(super) struct TimeStop {
    /// Bars to hold.
    bars: u64,
    /// By symbol: bars seen when its position has to leave.
    due: Vec<u64>,
    /// Symbols whose time is up at this close.
    up: Vec<SymbolIndex>,
}

/// No position, so no bar.
const NEVER: u64 = u64::MAX;

impl<S: Strategy> Engine<S> {
    /// The same engine, which holds no position for more than `bars` bars; 0 is no such stop.
    pub fn with_time_stop(mut self, bars: u32) -> Engine<S> {
        let symbols = self.config.symbols;
        let stop = || TimeStop { bars: bars.into(), due: vec![NEVER; symbols], up: Vec::with_capacity(symbols) };
        self.time_stop = (bars > 0).then(|| Box::new(stop()));
        self
    }

    /// The position in `symbol` was `before` shares and is another now: a new one, or one that turned, starts to
    /// count.
    #[inline]
    pub(super) fn time_position(&mut self, symbol: SymbolIndex, before: Quantity) {
        if let Some(stop) = &mut self.time_stop {
            let book = &self.books[symbol.get()];
            if book.quantity.is_zero() {
                stop.due[symbol.get()] = NEVER;
            } else if book.quantity.closing_side() != before.closing_side() {
                stop.due[symbol.get()] = book.bars_seen + stop.bars;
            }
        }
    }

    /// How many bars of `symbol` can close before its position has to leave at the close of the next.
    #[inline]
    pub(super) fn bars_before_time(&self, symbol: SymbolIndex) -> usize {
        let Some(stop) = &self.time_stop else { return usize::MAX };
        let left = stop.due[symbol.get()].saturating_sub(self.books[symbol.get()].bars_seen + 1);
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// The bars of `step` have closed: is the time of one of their positions up?
    #[inline]
    pub(super) fn time_is_up(&mut self, step: &[(SymbolIndex, &Bar)]) -> bool {
        let Some(stop) = &mut self.time_stop else { return false };
        let is_up = |symbol: &SymbolIndex| stop.due[symbol.get()] <= self.books[symbol.get()].bars_seen;
        stop.up.extend(step.iter().map(|(symbol, _)| *symbol).filter(is_up));
        !stop.up.is_empty()
    }

    /// Sends the exits of positions whose time is up.
    pub(super) fn leave_on_time(&mut self, now: Timestamp) {
        let Some(stop) = &mut self.time_stop else { return };
        let mut up = std::mem::take(&mut stop.up);
        for symbol in up.drain(..) {
            self.call_off_waiting_exits(symbol);
            self.exit(symbol, OrderPurpose::TimeStop, None, now);
        }
        if let Some(stop) = &mut self.time_stop {
            stop.up = up;
        }
    }

    /// An exit of a script that waits for its price holds shares that have to leave: the venue would refuse
    /// another for them. Legs stay until the exit has filled.
    fn call_off_waiting_exits(&mut self, symbol: SymbolIndex) {
        let exits = self.gate.open().iter().filter(|open| open.symbol == symbol && open.reduces && !open.is_called_off);
        let waits = |order: &OrderId| self.orders.get(*order).request.kind != OrderKind::Market;
        let waiting: Vec<OrderId> = exits.map(|open| open.order).filter(waits).collect();
        for order in waiting {
            self.gate.call_off(order);
            self.effects.push(Effect::Cancel(order));
        }
    }
}
