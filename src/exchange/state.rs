//! Everything at a glance, for who controls the exchange.
//!
//! Not here: the control calls (the server).
use serde_json::{Map, Value, json};

use super::core::Exchange;
use super::statement::Execution;

impl Exchange {
    /// `time prices orders fills positions cash counters`.
    pub(super) fn shown_state(&self) -> Value {
        let names = self.tape().names();
        let mut prices = Map::new();
        for (asset, name) in names.iter().enumerate() {
            prices.insert(name.to_string(), self.last_price(asset).map(|price| price.to_string()).into());
        }
        let orders: Vec<Value> = (0..self.book.all().len()).map(|at| self.shown(at, false)).collect();
        let fills: Vec<Value> =
            self.statement.executions.iter().map(|execution| self.shown_execution(execution)).collect();
        json!({
            "time": self.tape().now().to_string(),
            "prices": prices,
            "orders": orders,
            "fills": fills,
            "positions": self.shown_positions(),
            "cash": self.ledger.cash().to_string(),
            "counters": {
                "orders": self.book.all().len(),
                "open_orders": self.book.open().count(),
                "fills": self.statement.executions.len(),
                "updates": self.updates,
                "bar_times": self.marks.len(),
            },
        })
    }

    /// What rests, legs included, and what is held: `orders positions`, each as [`Exchange::state`] shows it.
    pub fn open_state(&self) -> Value {
        let orders: Vec<Value> = self.book.open().map(|at| self.shown(at, false)).collect();
        json!({ "orders": orders, "positions": self.shown_positions() })
    }

    fn shown_positions(&self) -> Vec<Value> {
        let held = (0..self.tape().names().len()).filter(|asset| !self.holding(*asset).quantity().is_zero());
        held.map(|asset| self.shown_position(asset)).collect()
    }

    fn shown_execution(&self, execution: &Execution) -> Value {
        let Execution { id, order, fill, time, .. } = execution;
        let order = self.book.get(*order);
        json!({
            "execution_id": id,
            "order_id": order.id,
            "client_order_id": order.client_id,
            "symbol": self.tape().names()[order.asset].as_str(),
            "side": fill.side.name(),
            "qty": fill.quantity.to_string(),
            "price": fill.price.to_string(),
            "fee": fill.fee.to_string(),
            "time": time.to_string(),
            "bar": fill.time.to_string(),
        })
    }
}
