//! Which open orders go, which stay, and which positions are closed, from what the venue shows at one moment.
//!
//! Not here: asking for it and doing it (the procedure).
//! Invariants: (1) what is not proved to shrink a position goes; (2) without a flatten, of the orders that close a
//! position so many stay as have shares to sell, stops first; (3) with a flatten only exits at the market stay, and a
//! position is closed when nothing else holds its shares.
use std::collections::BTreeMap;

use crate::domain::{Quantity, Side};
use crate::execution::alpaca::wire::{WireLife, WireOrder, WirePosition};

/// What is to be done about one view of the account.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Plan {
    /// Orders to take back, by their place in the list.
    pub(super) cancels: Vec<usize>,
    /// Orders that stay.
    pub(super) keeps: Vec<usize>,
    /// Positions to close: the symbol, and how many shares where an exit has the rest already.
    pub(super) closes: Vec<(String, Option<Quantity>)>,
    /// Positions and how many of their shares an order that stays would sell.
    pub(super) covers: Vec<Cover>,
}

/// A position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cover {
    pub(super) symbol: String,
    /// Signed; nothing where it cannot be read.
    pub(super) shares: Option<Quantity>,
    /// Shares that orders which stay would close.
    pub(super) covered: Quantity,
}

/// Shares of a position that nothing closes yet, and on which side it is closed.
struct Room {
    side: Option<Side>,
    left: Quantity,
}

/// Sorts them. `orders`: what is listed as open.
pub(super) fn plan(orders: &[WireOrder], positions: &[WirePosition], flatten: bool) -> Plan {
    let mut plan = Plan::default();
    let mut rooms: BTreeMap<&str, Room> = BTreeMap::new();
    for position in positions {
        let shares = position.qty.quantity();
        let room =
            Room { side: shares.and_then(Quantity::closing_side), left: shares.map_or(Quantity::ZERO, Quantity::abs) };
        rooms.insert(position.symbol.as_str(), room);
    }
    let mut at_market: Vec<usize> = Vec::new();
    for (at, order) in orders.iter().enumerate().filter(|(_, order)| order.life() == WireLife::Open) {
        // A leg that waits lives and ends with its entry or its pair.
        if order.status.as_str() == "held" { plan.keeps.push(at) } else { at_market.push(at) }
    }
    at_market.sort_by_key(|at| rank(orders[*at].kind.as_str()));
    for at in at_market {
        let order = &orders[at];
        let is_wanted = !flatten || order.kind.as_str() == "market";
        let stays = is_wanted && rooms.get_mut(order.symbol.as_str()).is_some_and(|room| room.take(order));
        if stays { plan.keeps.push(at) } else { plan.cancels.push(at) }
    }
    if flatten {
        free_held(orders, &mut plan);
    }
    for position in positions {
        let symbol = position.symbol.as_str();
        let (shares, left) = (position.qty.quantity(), rooms.get(symbol).map_or(Quantity::ZERO, |room| room.left));
        if shares.is_some_and(Quantity::is_zero) {
            continue;
        }
        let covered = shares.map_or(Quantity::ZERO, Quantity::abs) - left;
        let is_held = plan.cancels.iter().chain(&plan.keeps).any(|at| {
            let order = &orders[*at];
            order.symbol.as_str() == symbol && (plan.cancels.contains(at) || order.status.as_str() == "held")
        });
        if flatten && !is_held && (shares.is_none() || !left.is_zero()) {
            plan.closes.push((symbol.to_owned(), (!covered.is_zero()).then_some(left)));
        }
        plan.covers.push(Cover { symbol: symbol.to_owned(), shares, covered });
    }
    plan
}

/// Legs whose entry or pair is not there any more hold shares: they go, too.
fn free_held(orders: &[WireOrder], plan: &mut Plan) {
    let (held, keeps): (Vec<usize>, Vec<usize>) =
        plan.keeps.drain(..).partition(|at| orders[*at].status.as_str() == "held");
    plan.keeps = keeps;
    for at in held {
        let goes_with_another = plan
            .cancels
            .iter()
            .any(|other| orders[*other].symbol == orders[at].symbol && orders[*other].status.as_str() != "held");
        if goes_with_another { plan.keeps.push(at) } else { plan.cancels.push(at) }
    }
}

/// What protects comes first, then exits, then targets.
fn rank(kind: &str) -> u8 {
    match kind {
        "stop" | "stop_limit" | "trailing_stop" => 0,
        "market" => 1,
        _ => 2,
    }
}

impl Room {
    /// Has it the shares that the order closes? Then they are the order's.
    fn take(&mut self, order: &WireOrder) -> bool {
        let filled = order.filled_qty.quantity().unwrap_or(Quantity::ZERO);
        let Some(remaining) = order.qty.quantity().map(|quantity| quantity - filled) else { return false };
        let closes = self.side.is_some_and(|side| side.name() == order.side.as_str());
        if !closes || remaining > self.left {
            return false;
        }
        self.left = self.left - remaining;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order(text: &str) -> WireOrder {
        let words: Vec<&str> = text.split(' ').collect();
        let [symbol, side, qty, kind, status] = words[..] else { panic!("{text}") };
        let qty = if qty == "-" { serde_json::Value::Null } else { qty.into() };
        serde_json::from_value(json!({ "id": text, "symbol": symbol, "side": side, "qty": qty, "type": kind,
            "status": status, "filled_qty": "0" }))
        .expect("an order")
    }
    fn sorted(orders: &[&str], positions: &[(&str, &str)], flatten: bool) -> (Vec<String>, Plan) {
        let orders: Vec<WireOrder> = orders.iter().map(|text| order(text)).collect();
        let positions: Vec<WirePosition> = positions
            .iter()
            .map(|(symbol, qty)| serde_json::from_value(json!({ "symbol": symbol, "qty": qty })).expect("a position"))
            .collect();
        let plan = plan(&orders, &positions, flatten);
        (plan.cancels.iter().map(|at| orders[*at].id.as_str().to_owned()).collect(), plan)
    }

    #[test]
    fn what_opens_goes_and_what_protects_stays() {
        let orders = [
            "AAPL buy 5 limit new",
            "AAPL sell 10 limit new",
            "AAPL sell 10 stop new",
            "MSFT buy 10 limit new",
            "MSFT sell 5 stop new",
            "TSLA buy 3 stop new",
            "TSLA sell 1 limit partially_filled",
            "IBM sell - market accepted",
            "IBM sell 4 limit held",
            "KO sell 4 limit filled",
        ];
        let (cancels, plan) = sorted(&orders, &[("AAPL", "10"), ("TSLA", "-3"), ("IBM", "4")], false);
        assert_eq!(
            cancels,
            [
                "MSFT sell 5 stop new",
                "IBM sell - market accepted",
                "AAPL buy 5 limit new",
                "AAPL sell 10 limit new",
                "MSFT buy 10 limit new",
                "TSLA sell 1 limit partially_filled"
            ]
        );
        assert_eq!(plan.closes, []);
        let covers: Vec<String> =
            plan.covers.iter().map(|cover| format!("{} {}", cover.symbol, cover.covered)).collect();
        assert_eq!(covers, ["AAPL 10", "TSLA 3", "IBM 0"]);
    }

    #[test]
    fn a_flatten_frees_shares_and_then_closes() {
        let positions = [("AAPL", "10"), ("MSFT", "8"), ("TSLA", "-3"), ("ODD", "x"), ("IBM", "4"), ("NIL", "0")];
        let orders =
            ["AAPL sell 10 stop new", "AAPL sell 10 limit held", "MSFT sell 5 market accepted", "IBM sell 4 stop held"];
        let (cancels, plan) = sorted(&orders, &positions, true);
        assert_eq!(cancels, ["AAPL sell 10 stop new", "IBM sell 4 stop held"]);
        let three = "3".parse().ok();
        let closes = [("MSFT".to_owned(), three), ("TSLA".to_owned(), None), ("ODD".to_owned(), None)];
        assert_eq!(plan.closes, closes);
        let (cancels, plan) = sorted(&["AAPL sell 10 market new", "AAPL sell 1 market new"], &[("AAPL", "10")], true);
        assert_eq!((cancels.len(), plan.closes.len()), (1, 0), "two exits for the same shares would turn it round");
    }
}
