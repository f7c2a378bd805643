//! A client of a small exchange, for tests: JSON in, JSON out.
use std::path::Path;

use serde_json::{Value, json};

use crate::domain::{Bar, Timestamp};
use crate::engine::MarketAction;
use crate::exchange::{Exchange, Method, Published, Request};
use crate::scenario::{LoadedScenario, MarketData, parse};

/// The first days of 2024 on which New York traded.
pub(in crate::exchange) const DAYS: [&str; 8] =
    ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"];

/// A bar that never moves.
pub(in crate::exchange) const FLAT: &str = "60 61 59 60";

/// An exchange and what its client has heard.
pub(in crate::exchange) struct Desk {
    pub(in crate::exchange) exchange: Exchange,
}

/// `open high low close [volume]`, a million shares unless it says so.
pub(in crate::exchange) fn bar(time: &str, text: &str) -> Bar {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let price = |at: usize| fields[at].parse().expect("price");
    let volume = fields.get(4).map_or(1_000_000, |shares| shares.parse().expect("shares"));
    Bar {
        time: time.parse().expect("time"),
        open: price(0),
        high: price(1),
        low: price(2),
        close: price(3),
        volume: crate::domain::Volume::from_shares(volume).expect("volume"),
    }
}

/// A scenario with `set` changed in it.
pub(in crate::exchange) fn scenario(symbols: &str, set: &[&str]) -> LoadedScenario {
    let text = format!(
        r#"[scenario]
name = "desk"
[data]
timeframe = "1d"
path = "{{symbol}}.csv"
symbols = [{symbols}]
[account]
cash = "100000"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = "1"
[execution]
participation = "1"
[risk]
max_daily_loss = "1"
max_position_size = "100"
max_portfolio_heat = "100"
max_correlated_exposure = "100"
max_drawdown = "1"
max_gross_exposure = "100"
max_open_positions = 100
max_orders_per_minute = 1000
max_order_notional = "100000000"
price_collar = "1"
on_daily_loss = "halt"
on_breach = "reject"
"#
    );
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    parse(Path::new("desk.toml"), &text, &set).unwrap_or_else(|errors| panic!("{errors}"))
}

impl Desk {
    /// Daily bars of TST.
    pub(in crate::exchange) fn daily(bars: &[&str], set: &[&str]) -> Desk {
        Desk::with_actions(bars, set, Vec::new())
    }

    /// The same with corporate actions.
    pub(in crate::exchange) fn with_actions(
        bars: &[&str],
        set: &[&str],
        actions: Vec<(Timestamp, MarketAction)>,
    ) -> Desk {
        let bars = vec![DAYS.iter().zip(bars).map(|(day, text)| bar(day, text)).collect()];
        let market = MarketData { bars, actions, ..MarketData::default() };
        Desk { exchange: Exchange::new(&scenario(r#""TST""#, set), &market).expect("an exchange") }
    }

    /// Bars of TST with their stamps.
    pub(in crate::exchange) fn at(bars: &[(&str, &str)], set: &[&str]) -> Desk {
        let bars = vec![bars.iter().map(|(time, text)| bar(time, text)).collect()];
        let market = MarketData { bars, ..MarketData::default() };
        Desk { exchange: Exchange::new(&scenario(r#""TST""#, set), &market).expect("an exchange") }
    }

    /// Minute bars of TST from 14:30 of a day in winter.
    pub(in crate::exchange) fn minutes(bars: &[&str], set: &[&str]) -> Desk {
        let times: Vec<String> =
            (0..bars.len()).map(|minute| format!("2024-01-02T14:{:02}:00Z", 30 + minute)).collect();
        let bars: Vec<(&str, &str)> = times.iter().map(String::as_str).zip(bars.iter().copied()).collect();
        let set: Vec<&str> = ["data.timeframe=1m"].iter().chain(set).copied().collect();
        Desk::at(&bars, &set)
    }

    /// Lets bars pass.
    pub(in crate::exchange) fn step(&mut self, bars: usize) {
        self.exchange.step(bars);
    }

    /// Lets time pass up to a moment.
    pub(in crate::exchange) fn until(&mut self, time: &str) {
        self.exchange.advance(time.parse().expect("time"));
    }

    fn call(&mut self, method: Method, path: &str, body: &[u8]) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let answer = self.exchange.answer(&Request { method, path, query, body });
        let body = answer.body.map_or(Value::Null, |body| serde_json::from_str(&body).expect("JSON"));
        (answer.status, body)
    }

    /// Reads.
    pub(in crate::exchange) fn get(&mut self, path: &str) -> Value {
        let (status, body) = self.call(Method::Get, path, b"");
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Reads what cannot be read.
    pub(in crate::exchange) fn get_refused(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Get, path, b"")
    }

    /// Takes away.
    pub(in crate::exchange) fn delete(&mut self, path: &str) -> (u16, Value) {
        self.call(Method::Delete, path, b"")
    }

    /// Changes.
    pub(in crate::exchange) fn patch(&mut self, id: &str, body: &Value) -> (u16, Value) {
        self.call(Method::Patch, &format!("/v2/orders/{id}"), body.to_string().as_bytes())
    }

    /// Sends a body that may be no JSON.
    pub(in crate::exchange) fn post_bytes(&mut self, body: &[u8]) -> (u16, Value) {
        self.call(Method::Post, "/v2/orders", body)
    }

    /// Sends an order: `buy 10 market`, then `field=value` for fields as they are, `tp=`, `sl=` and `sl_limit=`.
    pub(in crate::exchange) fn post(&mut self, text: &str) -> (u16, Value) {
        let body = order(text).to_string();
        self.post_bytes(body.as_bytes())
    }

    /// The same for an order that is taken.
    pub(in crate::exchange) fn send(&mut self, text: &str) -> Value {
        let (status, body) = self.post(text);
        assert_eq!(status, 200, "{text}: {body}");
        body
    }

    /// Sends an order that is refused: status, code, message.
    pub(in crate::exchange) fn refused(&mut self, text: &str) -> (u16, Option<u64>, String) {
        let (status, body) = self.post(text);
        assert_ne!(status, 200, "{text}: {body}");
        (status, body["code"].as_u64(), body["message"].as_str().unwrap_or_default().to_owned())
    }

    /// The order as it is now, with its legs.
    pub(in crate::exchange) fn order(&mut self, id: &Value) -> Value {
        self.get(&format!("/v2/orders/{}?nested=true", id.as_str().expect("an id")))
    }

    /// What has been told since this was last asked: `fill TST buy 10@60` and the like.
    pub(in crate::exchange) fn heard(&mut self) -> Vec<String> {
        let published = self.exchange.take_published();
        let updates = published.into_iter().filter_map(|published| match published {
            Published::Update(update) => Some(update),
            Published::Opened(_) | Published::Closed(_) => None,
        });
        let told = |update: Value| {
            let order = &update["order"];
            let head = format!("{} {} {}", word(&update["event"]), word(&order["side"]), word(&order["type"]));
            match update.get("price") {
                Some(price) => format!("{head} {}@{}", word(&update["qty"]), word(price)),
                None => head,
            }
        };
        updates.map(told).collect()
    }

    /// `filled 10 of 10`.
    pub(in crate::exchange) fn life(&mut self, id: &Value) -> String {
        let order = self.order(id);
        format!("{} {} of {}", word(&order["status"]), word(&order["filled_qty"]), word(&order["qty"]))
    }
}

/// A text as it stands; what is none as JSON writes it.
pub(in crate::exchange) fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The body of an order in a few words.
pub(in crate::exchange) fn order(text: &str) -> Value {
    let mut words = text.split_whitespace();
    let mut next = || words.next().expect("side, qty and type");
    let (side, qty, kind) = (next(), next(), next());
    let mut body = json!({ "symbol": "TST", "side": side, "type": kind, "time_in_force": "day" });
    if qty != "-" {
        body["qty"] = qty.into();
    }
    for field in words {
        let (name, value) = field.split_once('=').expect("field=value");
        match name {
            "tp" => body["take_profit"] = json!({ "limit_price": value }),
            "sl" => body["stop_loss"]["stop_price"] = value.into(),
            "sl_limit" => body["stop_loss"]["limit_price"] = value.into(),
            "extended_hours" => body[name] = (value == "true").into(),
            _ => body[name] = value.into(),
        }
    }
    body
}
