//! Orders of one book and what became of them, in Alpaca's words.
//!
//! Not here: orders that our own limits refused; those never reached the desk, and are events.
//! Invariants: (1) an order is for the shares that it was last known to be for, as the engine and so the dashboard have it:
//! a protective order grows with every fill of its entry and shrinks with what leaves; (2) filled is never more than ordered.
use std::collections::BTreeMap;

use crate::domain::{
    ExecutionEvent, Money, OrderId, OrderKind, OrderPurpose, Price, Quantity, Ratio, Side, Symbol, SymbolIndex,
    TimeInForce, Timestamp,
};
use crate::execution::alpaca::{Asked, LeftOutside};
use crate::portfolio::split_quantity;
use crate::venue::split_kind;

/// An order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderLine {
    /// Row of the journal in which it was asked for; of a leg, in which it went live.
    pub row: u64,
    /// When, by the venue's clock.
    pub time: Timestamp,
    /// The scenario.
    pub strategy: String,
    /// Our number.
    pub order: OrderId,
    /// Which share.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// Shares it is for, as last known: what has filled and what it may still fill.
    pub quantity: Quantity,
    /// Its prices now.
    pub kind: OrderKind,
    /// How long it lives.
    pub time_in_force: &'static str,
    /// Why it was sent.
    pub purpose: OrderPurpose,
    /// `pending_new`, `new`, `partially_filled`, `filled`, `canceled`, `expired`, `rejected`.
    pub status: &'static str,
    /// Shares filled.
    pub filled: Quantity,
    /// Price × quantity of its fills.
    pub filled_notional: Money,
    /// Why it was rejected.
    pub reason: Option<String>,
}

/// Builds them.
#[derive(Debug)]
pub(super) struct Orders {
    strategy: String,
    symbols: Vec<Symbol>,
    lines: BTreeMap<OrderId, OrderLine>,
    asked: BTreeMap<OrderId, Asked>,
}

impl Orders {
    pub(super) fn new(strategy: &str, symbols: &[Symbol]) -> Orders {
        let (strategy, symbols) = (strategy.to_owned(), symbols.to_vec());
        Orders { strategy, symbols, lines: BTreeMap::new(), asked: BTreeMap::new() }
    }

    /// The engine wants an order sent.
    pub(super) fn ask(&mut self, row: u64, time: Timestamp, order: OrderId, asked: &Asked) {
        let request = &asked.request;
        let line = OrderLine {
            row,
            time,
            strategy: self.strategy.clone(),
            order,
            symbol: self.name(request.symbol),
            side: request.side,
            quantity: asked.quantity,
            kind: request.kind,
            time_in_force: request.time_in_force.name(),
            purpose: request.purpose,
            status: "pending_new",
            filled: Quantity::ZERO,
            filled_notional: Money::ZERO,
            reason: None,
        };
        self.lines.insert(order, line);
        self.asked.insert(order, *asked);
    }

    /// Shares have left by no order of this session: what took them is listed as one.
    pub(super) fn left_outside(&mut self, row: u64, time: Timestamp, order: OrderId, left: &LeftOutside) {
        let line = OrderLine {
            row,
            time,
            strategy: self.strategy.clone(),
            order,
            symbol: self.name(left.symbol),
            side: left.side,
            quantity: left.quantity,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day.name(),
            purpose: OrderPurpose::KillSwitch,
            status: "new",
            filled: Quantity::ZERO,
            filled_notional: Money::ZERO,
            reason: None,
        };
        self.lines.insert(order, line);
    }

    /// The engine was told.
    pub(super) fn answer(&mut self, row: u64, time: Timestamp, answer: &ExecutionEvent) {
        match answer {
            ExecutionEvent::Accepted { order } => self.set(*order, "new"),
            ExecutionEvent::Canceled { order } => self.set(*order, "canceled"),
            ExecutionEvent::Expired { order } => self.set(*order, "expired"),
            ExecutionEvent::Rejected { order, reason } => {
                self.set(*order, "rejected");
                self.change(*order, |line| line.reason = Some(reason.to_string()));
            }
            ExecutionEvent::Filled { fill, remaining } => {
                self.set(fill.order, if remaining.is_zero() { "filled" } else { "partially_filled" });
                self.change(fill.order, |line| {
                    line.filled += fill.quantity;
                    line.filled_notional += fill.notional();
                    // Trimmed, sized at the fill, shrunk: what the order has become.
                    line.quantity = line.filled + *remaining;
                });
                self.cover(fill.order, fill.quantity);
            }
            ExecutionEvent::Replaced { order, kind, remaining, .. } => self.change(*order, |line| {
                line.kind = *kind;
                line.quantity = line.filled + *remaining;
            }),
            // It stays as it was.
            ExecutionEvent::ChangeRefused { .. } => {}
            ExecutionEvent::Resized { order, remaining } => {
                self.change(*order, |line| line.quantity = line.filled + *remaining);
            }
            ExecutionEvent::LegLive { order, parent, symbol, level, .. } => {
                self.leg(row, time, (*order, *parent), *symbol, *level);
            }
        }
    }

    /// A split into `ratio` new shares per old restates what rests, as the engine does: what is left is rounded by itself.
    pub(super) fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, fractional: bool) {
        let restate = |quantity| match split_quantity(quantity, ratio) {
            shares if fractional => shares,
            shares => shares.whole(),
        };
        let name = self.name(symbol);
        for line in self.lines.values_mut().filter(|line| line.symbol == name && rests(line)) {
            let left = restate(line.quantity - line.filled);
            line.filled = restate(line.filled);
            line.quantity = line.filled + left;
            line.kind = split_kind(line.kind, ratio);
        }
    }

    /// In the order of their numbers.
    pub(super) fn finish(self) -> Vec<OrderLine> {
        self.lines.into_values().collect()
    }

    fn set(&mut self, order: OrderId, status: &'static str) {
        self.change(order, |line| line.status = status);
    }

    /// `quantity` more of an entry has filled: that much more the legs protect that rest already.
    fn cover(&mut self, entry: OrderId, quantity: Quantity) {
        let Some(asked) = self.asked.get(&entry) else { return };
        let legs = [asked.request.legs.stop.is_some(), asked.request.legs.take_profit.is_some()];
        let count = legs.iter().filter(|is_there| **is_there).count() as u64;
        // Legs are numbered next after their entry.
        for place in 1..=count {
            self.change(OrderId(entry.0 + place), |leg| {
                if rests(leg) {
                    leg.quantity += quantity;
                }
            });
        }
    }

    fn change(&mut self, order: OrderId, change: impl FnOnce(&mut OrderLine)) {
        if let Some(line) = self.lines.get_mut(&order) {
            change(line);
        }
    }

    /// A leg went live or moved.
    fn leg(
        &mut self,
        row: u64,
        time: Timestamp,
        (order, parent): (OrderId, OrderId),
        symbol: SymbolIndex,
        level: Price,
    ) {
        let Some(asked) = self.asked.get(&parent) else { return };
        let legs = &asked.request.legs;
        // Legs are numbered next after their entry, the stop first.
        let is_stop = legs.stop.is_some() && order.0 == parent.0 + 1;
        let (kind, purpose) = match is_stop {
            true if legs.trailing => (OrderKind::Stop { stop: level }, OrderPurpose::Trail),
            true => (OrderKind::Stop { stop: level }, OrderPurpose::Stop),
            false => (OrderKind::Limit { limit: level }, OrderPurpose::TakeProfit),
        };
        if let Some(line) = self.lines.get_mut(&order) {
            line.kind = kind;
            return;
        }
        let filled = self.lines.get(&parent).map_or(Quantity::ZERO, |line| line.filled);
        let line = OrderLine {
            row,
            time,
            strategy: self.strategy.clone(),
            order,
            symbol: self.name(symbol),
            side: asked.request.side.opposite(),
            quantity: filled,
            kind,
            time_in_force: legs.time_in_force.name(),
            purpose,
            status: "new",
            filled: Quantity::ZERO,
            filled_notional: Money::ZERO,
            reason: None,
        };
        self.lines.insert(order, line);
    }

    fn name(&self, symbol: SymbolIndex) -> String {
        self.symbols.get(symbol.get()).map(ToString::to_string).unwrap_or_default()
    }
}

/// Is it not over yet?
fn rests(line: &OrderLine) -> bool {
    matches!(line.status, "pending_new" | "new" | "partially_filled")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fill;

    fn shares(count: i64) -> Quantity {
        Quantity::from_shares(count).expect("shares")
    }

    fn filled(order: u64, side: Side, count: i64, left: i64) -> ExecutionEvent {
        let price: Price = "100".parse().expect("a price");
        let (symbol, purpose, time) = (SymbolIndex(0), OrderPurpose::Entry, Timestamp::MIN);
        let (quantity, fee) = (shares(count), Money::ZERO);
        let fill = Fill { order: OrderId(order), symbol, side, quantity, price, reference: price, fee, time, purpose };
        ExecutionEvent::Filled { fill, remaining: shares(left) }
    }

    fn live(order: u64, parent: u64, level: &str) -> ExecutionEvent {
        let level = level.parse().expect("a price");
        let (order, parent, symbol, time) = (OrderId(order), OrderId(parent), SymbolIndex(0), Timestamp::MIN);
        ExecutionEvent::LegLive { order, parent, symbol, level, time }
    }

    /// An entry of `count` shares with a stop and a target, and after it one without.
    fn orders(count: i64) -> Orders {
        let text = format!(
            r#"{{"request": {{"symbol": 0, "side": "buy", "size": {{"Shares": "{count}"}}, "kind": "market",
            "time_in_force": "day", "class": "bracket", "purpose": "entry", "legs": {{
            "stop": {{"from_fill": {{"distance_units": 5000000000}}}}, "trailing": false, "stop_limit": null,
            "take_profit": {{"from_fill": {{"distance_units": 5000000000}}}}, "activation": "EntryBar",
            "time_in_force": "gtc"}}, "extended_hours": false}}, "quantity": "{count}", "reference": "100",
            "reduces": false, "time": "2024-01-02T14:31:00Z"}}"#
        );
        let asked: Asked = serde_json::from_str(&text).expect("an order");
        let mut bare = asked;
        (bare.request.legs.stop, bare.request.legs.take_profit) = (None, None);
        let mut orders = Orders::new("trend", &["AAPL".parse().expect("a symbol")]);
        orders.ask(1, Timestamp::MIN, OrderId(1), &asked);
        orders.ask(2, Timestamp::MIN, OrderId(4), &bare);
        orders
    }

    /// Number, status, shares ordered and filled of every order, after `answers`.
    fn after(mut orders: Orders, answers: &[ExecutionEvent]) -> Vec<(u64, &'static str, Quantity, Quantity)> {
        for (row, answer) in (3..).zip(answers) {
            orders.answer(row, Timestamp::MIN, answer);
        }
        let lines = orders.finish();
        assert!(lines.iter().all(|line| line.filled <= line.quantity), "{lines:?}");
        lines.iter().map(|line| (line.order.0, line.status, line.quantity, line.filled)).collect()
    }

    #[test]
    fn legs_grow_with_every_fill_of_their_entry_and_shrink_with_what_leaves() {
        let buys = [
            filled(1, Side::Buy, 227, 266),
            live(2, 1, "95"),
            live(3, 1, "105"),
            filled(1, Side::Buy, 200, 66),
            filled(1, Side::Buy, 66, 0),
        ];
        let grown = after(orders(493), &buys);
        assert_eq!(
            grown[..3],
            [
                (1, "filled", shares(493), shares(493)),
                (2, "new", shares(493), shares(0)),
                (3, "new", shares(493), shares(0))
            ]
        );
        assert_eq!(grown[3].2, shares(493), "another entry is no leg");
        let resized = ExecutionEvent::Resized { order: OrderId(2), remaining: shares(293) };
        let sold = after(orders(493), &[&buys[..], &[filled(3, Side::Sell, 200, 293), resized]].concat());
        assert_eq!(sold[1..3], [(2, "new", shares(293), shares(0)), (3, "partially_filled", shares(493), shares(200))]);
    }

    #[test]
    fn what_is_over_does_not_grow_and_nothing_fills_more_than_it_was_for() {
        let canceled = ExecutionEvent::Canceled { order: OrderId(3) };
        let late =
            [filled(1, Side::Buy, 10, 5), live(2, 1, "95"), live(3, 1, "105"), canceled, filled(1, Side::Buy, 5, 0)];
        let lines = after(orders(15), &late);
        assert_eq!(lines[1..3], [(2, "new", shares(15), shares(0)), (3, "canceled", shares(10), shares(0))]);
        // An order for dollars, approved at one price and filled at a lower one.
        let more = after(orders(484), &[filled(4, Side::Buy, 497, 0)]);
        assert_eq!(more[1], (4, "filled", shares(497), shares(497)));
    }
    #[test]
    fn a_split_restates_what_rests() {
        let mut orders = orders(15);
        let buys = [filled(1, Side::Buy, 15, 0), live(2, 1, "95"), live(3, 1, "105")];
        (3..).zip(&buys).for_each(|(row, answer)| orders.answer(row, Timestamp::MIN, answer));
        orders.split(SymbolIndex(0), "1.5".parse().expect("a ratio"), false);
        let lines = orders.finish();
        assert_eq!((lines[0].quantity, lines[0].filled), (shares(15), shares(15)), "what is over stays as it was");
        assert_eq!((lines[1].quantity, lines[2].quantity), (shares(22), shares(22)));
        assert_eq!(lines[2].kind, OrderKind::Limit { limit: "70".parse().expect("a price") });
    }
}
