//! Watches the exchange's own stream: after every single event of an order, is each share that is held protected there?
//!
//! Not here: the stream (venue). It knows nothing of sessions but how many there have been.
//! A share is protected by an open order that sells it at a stop or at the market. One order holds a share at the venue, so
//! an exit takes the stop back before it leaves: the one way in which a share may stand unprotected is behind a canceled
//! stop, and the next thing that is sent for it must sell all of it.
use std::collections::{BTreeMap, BTreeSet};

use alphaflow::domain::Quantity;
use serde_json::Value;

/// What it has seen.
#[derive(Default)]
pub struct Watcher {
    orders: BTreeMap<String, Known>,
    names: BTreeSet<String>,
    held: BTreeMap<String, Quantity>,
    /// Shares whose stop was taken back and whose exit is not there yet: the life in which that began.
    gaps: BTreeMap<String, u64>,
    /// Events.
    pub seen: u64,
    /// Sessions that have begun.
    pub lives: u64,
    /// Exits whose stop was taken back by one life and that were sent by another.
    pub exits_of_two_lives: u64,
    /// All exits that took a stop back.
    pub exits: u64,
    /// Everything that must not be.
    pub wrong: Vec<String>,
}

/// An order as it was last told.
struct Known {
    symbol: String,
    is_sale: bool,
    kind: String,
    left: Quantity,
    is_open: bool,
    leg_of: Option<String>,
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn quantity(value: &Value, name: &str) -> Quantity {
    value[name].as_str().unwrap_or("0").parse().unwrap()
}

fn is_open(status: &str) -> bool {
    matches!(status, "new" | "accepted" | "held" | "pending_new" | "partially_filled")
}

impl Watcher {
    /// The next event of the stream.
    pub fn take(&mut self, event: &Value) {
        self.seen += 1;
        let (what, order) = (text(event, "event"), &event["order"]);
        let (id, symbol) = (text(order, "id"), text(order, "symbol").to_owned());
        if matches!(what, "pending_new" | "accepted") {
            let name = text(order, "client_order_id");
            if !self.names.insert(name.to_owned()) {
                self.wrong.push(format!("{name} was taken twice"));
            }
            if text(order, "side") == "buy" && self.gaps.contains_key(&symbol) {
                self.wrong.push(format!("{name} opens {symbol} before the exit was sent"));
            }
        }
        self.note(order, None);
        for leg in order["legs"].as_array().into_iter().flatten() {
            self.note(leg, Some(id));
        }
        if let ("replaced", Some(next)) = (what, order["replaced_by"].as_str()) {
            self.stand_in(id, next);
        }
        if matches!(what, "fill" | "partial_fill") {
            self.filled(what, id, &symbol, quantity(event, "position_qty"));
        }
        self.check(what, order, &symbol);
    }

    fn note(&mut self, order: &Value, leg_of: Option<&str>) {
        let id = text(order, "id");
        let leg_of = leg_of.map(str::to_owned).or_else(|| self.orders.get(id).and_then(|known| known.leg_of.clone()));
        let known = Known {
            symbol: text(order, "symbol").to_owned(),
            is_sale: text(order, "side") == "sell",
            kind: text(order, "type").to_owned(),
            left: quantity(order, "qty") - quantity(order, "filled_qty"),
            is_open: is_open(text(order, "status")),
            leg_of,
        };
        self.orders.insert(id.to_owned(), known);
    }

    /// A change is one request: the order in the place of another is there when that is gone, and told of a moment later.
    fn stand_in(&mut self, id: &str, next: &str) {
        let old = &self.orders[id];
        let known = Known {
            symbol: old.symbol.clone(),
            is_sale: old.is_sale,
            kind: old.kind.clone(),
            left: old.left,
            is_open: true,
            leg_of: old.leg_of.clone(),
        };
        let legs = self.orders.values_mut().filter(|known| known.leg_of.as_deref() == Some(id));
        legs.for_each(|leg| leg.leg_of = Some(next.to_owned()));
        self.orders.entry(next.to_owned()).or_insert(known);
    }

    fn filled(&mut self, what: &str, id: &str, symbol: &str, held: Quantity) {
        if held < Quantity::ZERO {
            self.wrong.push(format!("{held} shares of {symbol} are held: one was sold twice"));
        }
        self.held.insert(symbol.to_owned(), held);
        // The other one of a pair ends without a word when one has filled whole. Of a pair that is no entry's, one is the
        // leg of the other.
        let Some(order) = self.orders.get(id).filter(|order| order.is_sale && what == "fill") else { return };
        let parent = Some(order.leg_of.clone().unwrap_or_else(|| id.to_owned()));
        self.orders.values_mut().filter(|known| known.leg_of == parent).for_each(|known| known.is_open = false);
    }

    /// Shares held of a symbol, and those that an order would sell whatever the price.
    pub fn cover(&self, symbol: &str) -> (Quantity, Quantity) {
        let sells = |known: &&Known| known.symbol == symbol && known.is_sale && known.is_open && known.kind != "limit";
        let covered = self.orders.values().filter(sells).fold(Quantity::ZERO, |sum, known| sum + known.left);
        (self.held.get(symbol).copied().unwrap_or_default(), covered)
    }

    /// Open orders that sell: symbol, kind and id.
    pub fn open_sales(&self) -> BTreeSet<[&str; 3]> {
        let open = self.orders.iter().filter(|(_, known)| known.is_sale && known.is_open);
        open.map(|(id, known)| [&known.symbol, &known.kind, id.as_str()]).collect()
    }

    fn check(&mut self, what: &str, order: &Value, symbol: &str) {
        let (held, covered) = self.cover(symbol);
        let is_covered = covered >= held;
        let words = format!(
            "{held} shares of {symbol} are held and {covered} covered after {what} of {} {} {} at {}",
            text(order, "side"),
            text(order, "type"),
            text(order, "client_order_id"),
            text(order, "updated_at")
        );
        let (is_sale, kind) = (text(order, "side") == "sell", text(order, "type"));
        match self.gaps.get(symbol).copied() {
            None if is_covered => {}
            None if what == "canceled" && is_sale && kind == "stop" => {
                self.gaps.insert(symbol.to_owned(), self.lives);
            }
            None => self.wrong.push(words),
            Some(_) if !is_covered => {}
            Some(life) => {
                self.gaps.remove(symbol);
                self.exits += 1;
                self.exits_of_two_lives += u64::from(life != self.lives);
                let is_new = matches!(what, "pending_new" | "accepted" | "new");
                if !(is_sale && is_new && matches!(kind, "market" | "stop")) {
                    self.wrong.push(format!("not by an exit, but: {words}"));
                }
            }
        }
    }

    /// Symbols whose exit was not sent.
    pub fn open_gaps(&self) -> Vec<&str> {
        self.gaps.keys().map(String::as_str).collect()
    }
}
