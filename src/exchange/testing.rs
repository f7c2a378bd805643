//! Small worlds for the tests of this room.
use serde_json::Value;

use super::reading::{Reading, answer};
use super::{Answer, Method, Moment, Request, Tape};
use crate::domain::{Bar, Price, SymbolIndex, Timestamp, Volume};
use crate::engine::MarketAction;
use crate::market::Calendar;
use crate::scenario::{LoadedScenario, MarketData, parse};

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().expect("time")
}

/// A scenario of this timeframe, calendar and symbols.
pub(super) fn scenario(timeframe: &str, more: &str, symbols: &str) -> LoadedScenario {
    let text = format!(
        r#"
[scenario]
name = "small"
[data]
timeframe = "{timeframe}"
path = "{{symbol}}.csv"
symbols = [{symbols}]
{more}
[account]
cash = "100000"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = "1"
[risk]
max_daily_loss = "0.9"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 100
max_order_notional = "1000000"
price_collar = "0.5"
on_daily_loss = "halt"
on_breach = "reject"
"#
    );
    parse(std::path::Path::new("small.toml"), &text, &[]).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// A bar with these prices in cents.
pub(super) fn bar(at: Timestamp, [open, high, low, close]: [i64; 4], shares: i64) -> Bar {
    let price = |cents: i64| Price::from_units(cents * 10_000_000).expect("price");
    let volume = Volume::from_shares(shares).expect("volume");
    Bar { time: at, open: price(open), high: price(high), low: price(low), close: price(close), volume }
}

/// The bar of this number of a series that wanders.
pub(super) fn wandering(at: Timestamp, number: i64) -> Bar {
    let open = 10_000 + number * 37 % 101;
    let close = 10_000 + (number + 1) * 37 % 101;
    bar(at, [open, open.max(close) + number % 5, open.min(close) - number % 3, close], 100 + number * 13 % 400)
}

/// Every bar of these minutes of the sessions from one date to another.
pub(super) fn sessions_of(from: &str, to: &str, minutes: i64) -> Vec<Bar> {
    let step = minutes * 60 * Timestamp::NS_PER_SECOND;
    let mut bars = Vec::new();
    for session in Calendar::xnys().sessions(time(from), time(to)) {
        let mut at = session.open;
        while at < session.close {
            bars.push(wandering(at, bars.len() as i64));
            at = at.plus_ns(step);
        }
    }
    bars
}

/// A daily bar for every session from one date to another.
pub(super) fn days_of(from: &str, to: &str) -> Vec<Bar> {
    let sessions = Calendar::xnys().sessions(time(from), time(to));
    sessions.enumerate().map(|(number, session)| wandering(session.date, number as i64)).collect()
}

/// A tape and what is read off it.
pub(super) struct World {
    pub(super) tape: Tape,
    pub(super) reading: Reading,
}

impl World {
    pub(super) fn new(loaded: &LoadedScenario, bars: Vec<Vec<Bar>>, actions: Vec<(Timestamp, MarketAction)>) -> World {
        let market = MarketData { bars, ..MarketData::default() };
        let tape = Tape::new(loaded, &market);
        World { reading: Reading::new("small", &tape, &actions), tape }
    }

    /// One share of minutes.
    pub(super) fn of_minutes(from: &str, to: &str) -> World {
        World::new(&scenario("1m", "", r#""AAPL""#), vec![sessions_of(from, to, 1)], Vec::new())
    }

    /// One share of days.
    pub(super) fn of_days(from: &str, to: &str) -> World {
        World::new(&scenario("1d", "", r#""AAPL""#), vec![days_of(from, to)], Vec::new())
    }

    pub(super) fn split(at: &str, ratio: &str) -> (Timestamp, MarketAction) {
        (time(at), MarketAction::Split { symbol: SymbolIndex(0), ratio: ratio.parse().expect("ratio") })
    }

    pub(super) fn dividend(at: &str, amount: &str) -> (Timestamp, MarketAction) {
        (time(at), MarketAction::Dividend { symbol: SymbolIndex(0), amount: amount.parse().expect("amount") })
    }

    /// Lets time pass.
    pub(super) fn until(&mut self, until: &str) -> Vec<Moment> {
        let until = time(until);
        std::iter::from_fn(|| self.tape.pass(until)).collect()
    }

    /// Status and body.
    pub(super) fn get(&mut self, target: &str) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        self.send(Method::Get, path, query, "").unwrap_or_else(|| panic!("{target} is no route"))
    }

    /// Status and body of what must be in order.
    pub(super) fn got(&mut self, target: &str) -> Value {
        let (status, body) = self.get(target);
        assert_eq!(status, 200, "{target}: {body}");
        body
    }

    /// The message of what must be refused with this status.
    pub(super) fn refused(&mut self, status: u16, target: &str) -> String {
        let (found, body) = self.get(target);
        assert_eq!(found, status, "{target}: {body}");
        body["message"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    /// Status and body, null without one; `None` where there is no route.
    pub(super) fn send(&mut self, method: Method, path: &str, query: &str, body: &str) -> Option<(u16, Value)> {
        let request = Request { method, path, query, body: body.as_bytes() };
        let Answer { status, body } = answer(&self.tape, &mut self.reading, &request)?;
        let body = body.map_or(Value::Null, |body| serde_json::from_str(&body).expect("JSON"));
        Some((status, body))
    }
}
