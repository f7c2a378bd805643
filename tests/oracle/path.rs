//! `both_touched = "ohlc"`: a bar is walked along a path guessed from its shape.
//!
//! Not here: fills at opens and closes, what follows from a fill (market).
use super::case::{Bar, Kind, Nano};
use super::market::{Moment, better, stop_reached};
use super::reference::World;

/// Open, the extreme nearer to it, the other one, close. Equally near: down first in a bar that does not fall.
fn path(bar: &Bar) -> [Nano; 4] {
    let (up, down) = (bar.high - bar.open, bar.open - bar.low);
    let down_first = down < up || (down == up && bar.close >= bar.open);
    let (first, second) = if down_first { (bar.low, bar.high) } else { (bar.high, bar.low) };
    [bar.open, first, second, bar.close]
}

impl World<'_> {
    /// What the price reaches next along its way acts next, a stop before a limit at the same price.
    pub fn walk(&mut self, symbol: usize, bar: &Bar) {
        let mut price = bar.open;
        for target in path(bar) {
            self.follow(symbol, bar, price);
            while let Some((number, at)) = self.next_reached(symbol, bar, price, target) {
                price = at;
                self.follow(symbol, bar, price);
                self.act(symbol, number, price);
            }
            price = target;
        }
        self.follow(symbol, bar, price);
    }

    /// The order that acts first between `price` and `target`, and where; of several the oldest.
    fn next_reached(&self, symbol: usize, bar: &Bar, price: Nano, target: Nano) -> Option<(usize, Nano)> {
        let mut first: Option<(Nano, bool, usize, Nano)> = None;
        for order in self.books[symbol].iter().filter(|order| self.rests_inside(order, bar)) {
            let (level, is_stop) = match order.limit() {
                Some(limit) => (limit, false),
                None if order.is_stop() => (order.level, true),
                None => continue,
            };
            let reached = |price: Nano| match is_stop {
                true => stop_reached(order.side, level, price),
                false => self.limit_met(order.side, level, price),
            };
            // Behind the price already: now. On its way: at the level.
            let place = if reached(price) { price } else { level };
            let distance = (place - price).abs();
            let is_nearer = first.is_none_or(|(nearest, stops, ..)| (distance, !is_stop) < (nearest, !stops));
            if (reached(price) || reached(target)) && is_nearer {
                first = Some((distance, is_stop, order.number, place));
            }
        }
        first.map(|(_, _, number, place)| (number, place))
    }

    fn act(&mut self, symbol: usize, number: usize, price: Nano) {
        let order = self.order(symbol, number).clone();
        if matches!(order.kind, Kind::StopLimit { .. }) && order.is_stop() {
            self.used("ohlc: a stop-limit becomes a limit on the way");
            self.order(symbol, number).is_triggered = true;
            return;
        }
        if self.collar(&order).is_some_and(|collar| price > collar) {
            return self.wait(symbol, number);
        }
        self.used("ohlc: reached on the way");
        self.fill(symbol, number, price, Moment::Inside);
    }

    /// Trailing stops move with every price on the way.
    fn follow(&mut self, symbol: usize, bar: &Bar, price: Nano) {
        for at in 0..self.books[symbol].len() {
            let order = self.books[symbol][at].clone();
            let trails = matches!(order.kind, Kind::TrailPrice { .. } | Kind::TrailPercent { .. });
            if trails && self.rests_inside(&order, bar) {
                let best = better(order.side, order.best, price);
                let level = self.trailing_level(order.side, order.kind, best);
                if best != order.best {
                    self.used("ohlc: a trailing stop moves on the way");
                    let order = &mut self.books[symbol][at];
                    (order.best, order.level) = (best, level);
                }
            }
        }
    }
}
