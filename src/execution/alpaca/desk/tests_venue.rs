//! A tiny venue for tests: orders, legs, one share, written from the reference of the venue and from nothing of ours.
//!
//! Not here: faults and time (tests_world). Prices are whole dollars, shares are whole.
use serde_json::{Value, json};

use crate::execution::alpaca::{Call, Verb};

/// An order as the venue keeps it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) client_id: String,
    pub(super) side: String,
    pub(super) kind: String,
    pub(super) class: String,
    pub(super) time_in_force: String,
    pub(super) quantity: i64,
    pub(super) filled: i64,
    pub(super) value: i64,
    pub(super) status: &'static str,
    pub(super) limit: Option<String>,
    pub(super) stop: Option<String>,
    pub(super) closes: bool,
    pub(super) parent: Option<usize>,
    pub(super) replaces: Option<String>,
    pub(super) replaced_by: Option<String>,
    pub(super) submitted: i64,
    /// It was a stop and has come to its price.
    pub(super) is_triggered: bool,
}

/// The venue.
#[derive(Debug, Default)]
pub(super) struct Venue {
    pub(super) orders: Vec<Kept>,
    /// Rows of the list of fills: order, execution, price, shares, when.
    pub(super) fills: Vec<(usize, String, i64, i64, i64)>,
    pub(super) position: i64,
    /// Messages for the stream, oldest first.
    pub(super) told: Vec<Value>,
    /// Whole seconds since 2026-01-02T15:00:00Z.
    pub(super) clock: i64,
    pub(super) price: i64,
    /// Legs grow with every fill of their entry; otherwise they go live when it has filled whole.
    pub(super) legs_grow: bool,
    /// Moving an order is refused, with these words.
    pub(super) refuses_changes: Option<&'static str>,
    /// Sending an order is refused, with this status and these words.
    pub(super) refuses_orders: Option<(u16, &'static str)>,
    /// While this order is open, no stop on the other side is taken.
    pub(super) bars_stops: Option<&'static str>,
}

const ENDED: [&str; 5] = ["filled", "canceled", "expired", "rejected", "replaced"];

impl Kept {
    pub(super) fn is_open(&self) -> bool {
        !ENDED.contains(&self.status)
    }
    fn rest(&self) -> i64 {
        self.quantity - self.filled
    }
}

impl Venue {
    pub(super) fn time(&self, microseconds: i64) -> String {
        let base: crate::domain::Timestamp = "2026-01-02T15:00:00Z".parse().expect("time");
        base.plus_ns(self.clock * 1_000_000_000 + microseconds * 1_000).to_string()
    }

    pub(super) fn open_orders(&self) -> impl Iterator<Item = &Kept> {
        self.orders.iter().filter(|order| order.is_open())
    }

    fn json(&self, at: usize, nested: bool) -> Value {
        let order = &self.orders[at];
        let children: Vec<Value> = (0..self.orders.len())
            .filter(|child| self.orders[*child].parent == Some(at))
            .map(|child| self.json(child, false))
            .collect();
        json!({
            "id": order.id, "client_order_id": order.client_id, "symbol": "AAPL", "side": order.side,
            "type": order.kind, "order_class": order.class, "time_in_force": order.time_in_force,
            "qty": order.quantity.to_string(), "filled_qty": order.filled.to_string(),
            "filled_avg_price": (order.filled > 0).then(|| average(order.value, order.filled)),
            "status": order.status, "limit_price": order.limit, "stop_price": order.stop,
            "replaces": order.replaces, "replaced_by": order.replaced_by,
            "submitted_at": self.time(order.submitted),
            "legs": if nested && !children.is_empty() { json!(children) } else { Value::Null },
        })
    }

    pub(super) fn tell(&mut self, at: usize, event: &str, execution: Option<(&str, i64, i64)>) {
        let (order, timestamp) = (self.json(at, true), self.time(0));
        let mut data = json!({ "event": event, "timestamp": timestamp, "order": order });
        if let Some((id, price, quantity)) = execution {
            data["execution_id"] = json!(id);
            data["price"] = json!(price.to_string());
            data["qty"] = json!(quantity.to_string());
            data["position_qty"] = json!(self.position.to_string());
        }
        self.told.push(json!({ "stream": "trade_updates", "data": data }));
    }

    /// Answers a call: status and body.
    pub(super) fn answer(&mut self, call: &Call) -> (u16, String) {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let body: Value = call.body.as_deref().map_or(Value::Null, |body| serde_json::from_str(body).expect("json"));
        let (status, answer) = match (call.verb, path) {
            (Verb::Post, "/v2/orders") => self.post(&body),
            (Verb::Get, "/v2/orders:by_client_order_id") => {
                let name = query.strip_prefix("client_order_id=").expect("query");
                self.found(self.orders.iter().position(|order| order.client_id == name))
            }
            (Verb::Get, "/v2/orders") => (200, self.list(query)),
            (Verb::Get, "/v2/clock") => (200, json!({ "timestamp": self.time(0), "is_open": true })),
            (Verb::Get, "/v2/account") => (200, json!({})),
            (Verb::Get, "/v2/positions") => {
                let rows = json!([{ "symbol": "AAPL", "qty": self.position.to_string() }]);
                (200, if self.position == 0 { json!([]) } else { rows })
            }
            (Verb::Get, "/v2/account/activities/FILL") => (200, self.rows()),
            (verb, path) => {
                let id = path.strip_prefix("/v2/orders/").expect("path");
                let Some(at) = self.orders.iter().position(|order| order.id == id) else { return missing(id) };
                match verb {
                    Verb::Get => (200, self.json(at, true)),
                    Verb::Patch => self.patch(at, &body),
                    Verb::Delete => self.delete(at),
                    Verb::Post => panic!("{path}"),
                }
            }
        };
        (status, if answer.is_null() { String::new() } else { answer.to_string() })
    }

    fn found(&self, at: Option<usize>) -> (u16, Value) {
        match at {
            Some(at) => (200, self.json(at, true)),
            None => (404, json!({ "code": 40_410_000, "message": "order not found" })),
        }
    }

    fn list(&self, query: &str) -> Value {
        let all = query.contains("status=all");
        let rows = (0..self.orders.len()).filter(|at| {
            let order = &self.orders[*at];
            order.parent.is_none() && (all || order.is_open())
        });
        json!(rows.map(|at| self.json(at, true)).collect::<Vec<Value>>())
    }

    fn rows(&self) -> Value {
        let mut filled = vec![0; self.orders.len()];
        let rows = self.fills.iter().map(|(at, execution, price, quantity, clock)| {
            filled[*at] += quantity;
            json!({
                "id": format!("2026::{execution}"), "order_id": self.orders[*at].id, "price": price.to_string(),
                "qty": quantity.to_string(), "cum_qty": filled[*at].to_string(), "transaction_time": self.time(*clock),
            })
        });
        json!(rows.collect::<Vec<Value>>())
    }

    /// Shares that orders hold, each group once.
    fn held(&self) -> i64 {
        let closing: Vec<usize> = (0..self.orders.len())
            .filter(|at| self.orders[*at].is_open() && self.orders[*at].closes && self.is_live(*at))
            .collect();
        let mut groups: Vec<(usize, i64)> = Vec::new();
        for at in closing {
            let root = self.orders[at].parent.unwrap_or(at);
            let rest = self.orders[at].rest();
            match groups.iter_mut().find(|(known, _)| *known == root) {
                Some((_, most)) => *most = (*most).max(rest),
                None => groups.push((root, rest)),
            }
        }
        groups.iter().map(|(_, rest)| rest).sum()
    }

    /// A leg is live once its entry has filled, in part or whole; the stop of a pair from the start.
    fn is_live(&self, at: usize) -> bool {
        let Some(parent) = self.orders[at].parent else { return true };
        let entry = &self.orders[parent];
        entry.closes || if self.legs_grow { entry.filled > 0 } else { entry.filled == entry.quantity }
    }

    fn post(&mut self, body: &Value) -> (u16, Value) {
        let word = |name: &str| body[name].as_str().unwrap_or("").to_owned();
        let client_id = word("client_order_id");
        if self.orders.iter().any(|order| order.client_id == client_id) {
            return (422, json!({ "code": 40_010_001, "message": "client_order_id must be unique" }));
        }
        if let Some((status, message)) = self.refuses_orders {
            return (status, json!({ "code": 42_210_000, "message": message }));
        }
        let is_barred = |order: &Kept| Some(order.id.as_str()) == self.bars_stops && order.is_open();
        if word("type") == "stop" && self.orders.iter().any(is_barred) {
            let message = "potential wash trade detected. use complex orders";
            return (403, json!({ "code": 40_310_000, "message": message, "existing_order_id": self.bars_stops }));
        }
        let quantity: i64 = word("qty").parse().expect("qty");
        let closes = word("position_intent").ends_with("_to_close");
        let available = self.position.abs() - self.held();
        if closes && quantity > available {
            let message =
                format!("insufficient qty available for order (requested: {quantity}, available: {available})");
            return (
                403,
                json!({
                    "code": 40_310_000, "message": message, "available": available.to_string(),
                    "existing_qty": self.position.abs().to_string(), "held_for_orders": self.held().to_string(),
                }),
            );
        }
        let class = word("order_class");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (stop, target) = (text(&body["stop_loss"]["stop_price"]), text(&body["take_profit"]["limit_price"]));
        let is_pair = class == "oco";
        let at = self.orders.len();
        let main = Kept {
            id: format!("id-{at}"),
            client_id,
            side: word("side"),
            kind: word("type"),
            class: class.clone(),
            time_in_force: word("time_in_force"),
            quantity,
            filled: 0,
            value: 0,
            status: "new",
            limit: text(&body["limit_price"]).or_else(|| target.clone().filter(|_| is_pair)),
            stop: text(&body["stop_price"]),
            closes,
            parent: None,
            replaces: None,
            replaced_by: None,
            submitted: at as i64 + 1,
            is_triggered: false,
        };
        let side = if main.side == "buy" { "sell" } else { "buy" };
        let leg_side = if is_pair { main.side.clone() } else { side.to_owned() };
        let leg = |kind: &str, place: usize| Kept {
            id: format!("id-{place}"),
            client_id: format!("venue-{place}"),
            side: leg_side.clone(),
            kind: kind.to_owned(),
            status: "held",
            closes: true,
            limit: None,
            stop: None,
            parent: Some(at),
            ..main.clone()
        };
        let mut legs = Vec::new();
        if let Some(limit) = target.filter(|_| !is_pair) {
            legs.push(Kept { limit: Some(limit), ..leg("limit", at + 1) });
        }
        if let Some(stop) = stop {
            legs.push(Kept { stop: Some(stop), ..leg("stop", at + 1 + legs.len()) });
        }
        self.orders.push(main);
        self.orders.extend(legs);
        self.tell(at, "new", None);
        (200, self.json(at, true))
    }

    fn patch(&mut self, at: usize, body: &Value) -> (u16, Value) {
        let old = self.orders[at].clone();
        if !old.is_open() {
            return (
                422,
                json!({ "code": 42_210_000, "message": format!("order is already in \"{}\" state", old.status) }),
            );
        }
        if let Some(message) = self.refuses_changes {
            return (422, json!({ "code": 42_210_000, "message": message }));
        }
        let text =
            |name: &str, before: &Option<String>| body[name].as_str().map(str::to_owned).or_else(|| before.clone());
        let next = self.orders.len();
        let quantity = body["qty"].as_str().map_or(old.rest(), |text| text.parse().expect("qty"));
        let successor = Kept {
            id: format!("id-{next}"),
            client_id: body["client_order_id"].as_str().expect("name").to_owned(),
            limit: text("limit_price", &old.limit),
            stop: text("stop_price", &old.stop),
            quantity,
            filled: 0,
            value: 0,
            replaces: Some(old.id.clone()),
            submitted: next as i64 + 1,
            ..old
        };
        // Members of its group follow it.
        self.orders.iter_mut().filter(|order| order.parent == Some(at)).for_each(|order| order.parent = Some(next));
        self.orders.push(successor);
        self.orders[at].status = "replaced";
        self.orders[at].replaced_by = Some(format!("id-{next}"));
        self.tell(at, "replaced", None);
        self.tell(next, "new", None);
        (200, self.json(next, true))
    }

    fn delete(&mut self, at: usize) -> (u16, Value) {
        if !self.orders[at].is_open() {
            let message = format!("order is already in \"{}\" state", self.orders[at].status);
            return (422, json!({ "code": 42_210_000, "message": message }));
        }
        self.orders[at].status = "canceled";
        self.tell(at, "canceled", None);
        let root = self.orders[at].parent.unwrap_or(at);
        for other in 0..self.orders.len() {
            let is_member = other == root || self.orders[other].parent == Some(root);
            if other != at && is_member && self.orders[other].is_open() {
                self.orders[other].status = "canceled";
                if self.orders[other].kind != "stop" {
                    self.tell(other, "canceled", None);
                }
            }
        }
        (204, Value::Null)
    }

    /// The share trades at `price`; each order takes at most `most` shares there.
    pub(super) fn trade(&mut self, price: i64, most: i64) {
        self.price = price;
        self.clock += 1;
        for at in 0..self.orders.len() {
            let order = &self.orders[at];
            let number = |text: &Option<String>| text.as_ref().map(|text| text.parse::<f64>().expect("price"));
            let is_buy = order.side == "buy";
            let beyond = |level: f64| if is_buy { price as f64 >= level } else { price as f64 <= level };
            let within = |level: f64| if is_buy { price as f64 <= level } else { price as f64 >= level };
            let is_reached = match order.kind.as_str() {
                "market" => true,
                "limit" => number(&order.limit).is_some_and(within),
                "stop" => order.is_triggered || number(&order.stop).is_some_and(beyond),
                kind => panic!("{kind}"),
            };
            if order.is_open() && is_reached && self.is_live(at) {
                self.fill(at, price, most);
            }
        }
    }

    fn fill(&mut self, at: usize, price: i64, most: i64) {
        let covered = match (self.orders[at].parent, self.legs_grow) {
            (Some(parent), true) if !self.orders[parent].closes => {
                self.orders[parent].filled.min(self.orders[at].quantity)
            }
            _ => self.orders[at].quantity,
        };
        let free = if self.orders[at].closes { self.position.abs() } else { i64::MAX };
        let quantity = (covered - self.orders[at].filled).min(most).min(free);
        if quantity <= 0 {
            return;
        }
        if self.orders[at].kind == "stop" && !self.orders[at].is_triggered {
            self.orders[at].is_triggered = true;
            self.end_mate(at, "replaced");
        }
        let order = &mut self.orders[at];
        order.filled += quantity;
        order.value += price * quantity;
        let is_whole = order.filled == order.quantity;
        order.status = if is_whole { "filled" } else { "partially_filled" };
        self.position += if order.side == "buy" { quantity } else { -quantity };
        let execution = format!("x{}", self.fills.len());
        self.fills.push((at, execution.clone(), price, quantity, self.clock));
        self.tell(at, if is_whole { "fill" } else { "partial_fill" }, Some((&execution, price, quantity)));
        if self.orders[at].kind == "limit" && self.orders[at].closes {
            self.shrink_stop(at, is_whole);
        }
        self.end_entry(at);
    }

    /// An exit has begun: what is left of its entry ends.
    fn end_entry(&mut self, at: usize) {
        if let Some(parent) =
            self.orders[at].parent.filter(|parent| self.orders[*parent].is_open() && !self.orders[*parent].closes)
        {
            self.orders[parent].status = "canceled";
            self.tell(parent, "canceled", None);
        }
    }

    fn mates(&self, at: usize) -> Vec<usize> {
        let root = self.orders[at].parent.unwrap_or(at);
        let is_member =
            |other: &usize| self.orders[*other].parent == Some(root) || *other == root && self.orders[root].closes;
        (0..self.orders.len())
            .filter(|other| *other != at && is_member(other) && self.orders[*other].is_open())
            .collect()
    }

    fn end_mate(&mut self, at: usize, status: &'static str) {
        for mate in self.mates(at) {
            self.orders[mate].status = status;
            self.tell(mate, status, None);
        }
    }

    fn shrink_stop(&mut self, target: usize, is_whole: bool) {
        let filled = self.orders[target].filled;
        for mate in self.mates(target) {
            if self.orders[mate].kind == "stop" {
                if is_whole {
                    // Without a word.
                    self.orders[mate].status = "canceled";
                } else {
                    self.orders[mate].quantity = self.orders[target].quantity - filled;
                }
            }
        }
    }

    /// An order ends by its time.
    pub(super) fn expire(&mut self, at: usize) {
        self.orders[at].status = "expired";
        self.tell(at, "expired", None);
    }
}

fn average(value: i64, filled: i64) -> String {
    let average = rust_decimal::Decimal::from(value) / rust_decimal::Decimal::from(filled);
    average.round_dp(6).normalize().to_string()
}

fn missing(id: &str) -> (u16, String) {
    (404, json!({ "code": 40_410_000, "message": format!("order not found for {id}") }).to_string())
}
