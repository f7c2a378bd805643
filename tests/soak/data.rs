//! Made-up minutes of 20 shares, a scenario that trades them often, and the faults of the exchange.
//!
//! Not here: processes. Everything follows from one seed.
use std::fmt::Write;
use std::path::{Path, PathBuf};

use alphaflow::domain::Timestamp;
use alphaflow::market::{Calendar, Session};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Shares that are traded.
pub const SHARES: usize = 20;
const MINUTE_NS: i64 = 60 * Timestamp::NS_PER_SECOND;
const SEED: u64 = 7;
/// A soak begins before its first session.
const FROM: &str = "2024-03-04T00:00:00Z";

/// Names sort as their numbers do.
pub fn symbol(share: usize) -> String {
    let letter = |number: usize| char::from(b'A' + number as u8);
    format!("SO{}{}", letter(share / 10), letter(share % 10))
}

/// What a soak is made of, in a folder of its own.
pub struct Soak {
    folder: tempfile::TempDir,
    sessions: Vec<Session>,
}

impl Soak {
    /// Writes `days` sessions of minutes, the scenario and the faults.
    pub fn write(days: usize) -> Soak {
        let folder = tempfile::tempdir().unwrap();
        let mut sessions = Vec::new();
        let mut after: Timestamp = FROM.parse().unwrap();
        while sessions.len() < days {
            let session = Calendar::xnys().next_session(after).unwrap();
            after = session.date;
            sessions.push(session);
        }
        let soak = Soak { folder, sessions };
        for share in 0..SHARES {
            std::fs::write(soak.path(&format!("{}.csv", symbol(share))), soak.bars(share)).unwrap();
        }
        std::fs::write(soak.scenario(), scenario()).unwrap();
        std::fs::write(soak.path("faults.json"), faults(days).to_string()).unwrap();
        soak
    }

    /// A walk in steps of a cent, about five hundredths of a percent a minute, that is drawn back to where it began.
    fn bars(&self, share: usize) -> String {
        let mut chance = Xoshiro256PlusPlus::seed_from_u64(SEED + share as u64);
        let mut below = |end: u64| (chance.next_u64() % end) as i64;
        let start = 10_000 + 137 * share as i64;
        let mut close = start;
        let mut text = String::from("timestamp,open,high,low,close,volume\n");
        for session in &self.sessions {
            let mut time = session.open;
            while time < session.close {
                let open = close;
                let pull = (start - open) / 200;
                close = open + pull + below(7) + below(7) - 6;
                let (high, low) = (open.max(close) + below(4), open.min(close) - below(4));
                let cents = |value: i64| format!("{}.{:02}", value / 100, value % 100);
                let prices = [open, high, low, close].map(cents).join(",");
                writeln!(text, "{time},{prices},{}", 5_000 + below(5_000)).unwrap();
                time = time.plus_ns(MINUTE_NS);
            }
        }
        text
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The scenario.
    pub fn scenario(&self) -> PathBuf {
        self.path("soak.toml")
    }

    /// The close of the last session.
    pub fn end(&self) -> Timestamp {
        self.sessions.last().unwrap().close
    }

    /// Minutes of all sessions.
    pub fn minutes(&self) -> usize {
        let minutes = |session: &Session| (session.close.ns() - session.open.ns()) / MINUTE_NS;
        self.sessions.iter().map(minutes).sum::<i64>() as usize
    }

    /// Sessions that are over at `time`, with the part of the one at hand.
    pub fn day_of(&self, time: Timestamp) -> f64 {
        let over = self.sessions.iter().filter(|session| session.close <= time).count();
        let part = self.sessions.get(over).map_or(0.0, |session| {
            let passed = (time.ns() - session.open.ns()).max(0) as f64;
            passed / (session.close.ns() - session.open.ns()) as f64
        });
        over as f64 + part
    }
}

fn scenario() -> String {
    let symbols: Vec<String> = (0..SHARES).map(|share| format!("\"{}\"", symbol(share))).collect();
    format!(
        r#"[scenario]
name = "soak"
seed = 1

[data]
timeframe = "1m"
path = "{{symbol}}.csv"
symbols = [{}]

[account]
cash = "1000000"

[strategy]
name = "quick_test"
params = {{ threshold = 0.0003 }}

[sizing]
kind = "notional"
value = "20000"

[execution]
slippage = {{ kind = "bps", value = "0.5" }}
commission = {{ kind = "bps", value = "0.1" }}
participation = "0.02"

[stop]
kind = "percent"
value = "0.002"

[risk]
max_daily_loss = "0.9"
max_position_size = "0.5"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1"
max_open_positions = 20
max_orders_per_minute = 1000
max_order_notional = "100000"
price_collar = "0.5"
on_daily_loss = "halt"
on_breach = "reject"
"#,
        symbols.join(", ")
    )
}

/// Faults of every kind, from the first call to the last. After a 429 everything waits for a second, which is an hour of this
/// market, so those are few. A swallowed message is found after half a minute, which a short
/// soak does not have.
fn faults(days: usize) -> Value {
    let request =
        |route: &str, kind: &str, probability: f64| json!({ "route": route, "kind": kind, "probability": probability });
    let late = |route: &str, ms: u64, probability: f64| json!({ "route": route, "kind": "latency_ms", "value": ms, "probability": probability });
    let status = |route: &str, status: u16, probability: f64| json!({ "route": route, "kind": "status", "status": status, "probability": probability });
    let (order, one) = ("POST /v2/orders", "DELETE /v2/orders/{id}");
    let mut rules = vec![
        late(order, 15, 0.05),
        status(order, 429, 0.001),
        status(order, 503, 0.005),
        request(order, "drop_before", 0.005),
        request(order, "drop_after", 0.005),
        status(one, 429, 0.001),
        status(one, 500, 0.02),
        request(one, "drop_after", 0.02),
        status("GET /v2/orders", 503, 0.05),
        status("GET /v2/orders/{id}", 500, 0.05),
        late("GET /v2/orders/{id}", 10, 0.1),
        status("GET /v2/positions", 503, 0.05),
        status("GET /v2/account/activities/FILL", 500, 0.05),
        request("/stream", "duplicate", 0.05),
        request("/stream", "reorder", 0.03),
        late("/stream", 10, 0.02),
        request("/stream", "disconnect", 0.001),
        late("/v2/iex", 5, 0.002),
        request("/v2/iex", "duplicate", 0.01),
        request("/v2/iex", "disconnect", 0.000_1),
    ];
    if days > 2 {
        rules.push(request("/stream", "halt_stream", 0.000_2));
    }
    json!({ "seed": SEED, "rules": rules })
}
