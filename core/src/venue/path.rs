//! A bar as a path of prices, and what fills along it.
//!
//! Not here: bars read as a whole (within). The path is a guess: open, the extreme nearer to the open, the
//! other extreme, close. Between its corners the price moves one way, so levels are met in their order.
use super::matching::Moment;
use super::order::VenueOrder;
use super::simulated::SimulatedVenue;
use crate::domain::{Bar, OrderKind, Price, SymbolIndex};

/// The corners of the path of `bar`. Where both extremes are equally near, a bar that closes at or above its
/// open went down first, one that closes below it up first.
///
/// Source: NautilusTrader, `bar_adaptive_high_low_ordering`; the tie is ours.
pub(super) fn path(bar: &Bar) -> [Price; 4] {
    let (up, down) = (bar.high.units() - bar.open.units(), bar.open.units() - bar.low.units());
    let rises_first = up < down || (up == down && bar.close < bar.open);
    match rises_first {
        true => [bar.open, bar.high, bar.low, bar.close],
        false => [bar.open, bar.low, bar.high, bar.close],
    }
}

impl SimulatedVenue {
    /// Everything that fills along the path of `part`, which is `bar` or one of its finer bars; trailing
    /// stops follow.
    pub(super) fn walk(&mut self, symbol: SymbolIndex, part: &Bar, bar: &Bar) {
        let [mut from, corners @ ..] = path(part);
        self.trail_to(symbol, from, bar);
        for corner in corners {
            while let Some((at, price)) = self.next_along(symbol, from, corner, bar) {
                from = price;
                let order = self.books[symbol.get()][at];
                if matches!(order.kind, OrderKind::StopLimit { .. }) && !order.triggered {
                    // A limit for the rest of the path, this price included; its target ends.
                    self.books[symbol.get()][at].triggered = true;
                    self.void_target(symbol, &order);
                } else {
                    self.execute(symbol, at, price, bar, Moment::Within);
                }
            }
            from = corner;
            self.trail_to(symbol, from, bar);
        }
    }

    /// The order that is met first on the way from `from` to `to`, and where; of two at one price the stop.
    fn next_along(&self, symbol: SymbolIndex, from: Price, to: Price, bar: &Bar) -> Option<(usize, Price)> {
        let met = |(at, order): (usize, &VenueOrder)| {
            if !self.is_live(order, bar) || !order.joins_bar() {
                return None;
            }
            let price = self.met_at(order, from, to).filter(|_| !self.is_suspended(symbol, order, bar))?;
            Some(((price.units() - from.units()).abs(), !order.is_stop(), at, price))
        };
        let first = self.books[symbol.get()].iter().enumerate().filter_map(met).min()?;
        Some((first.2, first.3))
    }

    /// Where a price that moves from `from` to `to` meets the order: at once if `from` is beyond it already.
    fn met_at(&self, order: &VenueOrder, from: Price, to: Price) -> Option<Price> {
        let (level, [meets_first, meets_last]) = match order.kind {
            OrderKind::Market => return None,
            _ if order.is_stop() => (order.trigger, [from, to].map(|price| order.stop_reached(price))),
            _ => {
                let limit = order.kind.limit()?;
                (limit, [from, to].map(|price| order.limit_reached(limit, price, self.rules.limit_fill)))
            }
        };
        match (meets_first, meets_last) {
            (true, _) => Some(from),
            (false, true) => Some(level),
            (false, false) => None,
        }
    }

    /// The price has come to `price`: trailing stops have followed it.
    fn trail_to(&mut self, symbol: SymbolIndex, price: Price, bar: &Bar) {
        self.ratchet(symbol, &Bar { open: price, high: price, low: price, close: price, ..*bar }, bar);
    }
}
