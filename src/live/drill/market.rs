//! The market of a drill: three made-up shares, two days of minutes, on the built-in exchange.
//!
//! Not here: what is tried on it. The prices wander by a rule, so every drill sees the same ones.
use std::path::Path;

use crate::domain::{Bar, Price, Timestamp, Volume};
use crate::market::Calendar;
use crate::scenario::{LoadedScenario, MarketData, parse};

const SCENARIO: &str = r#"
[scenario]
name = "drill"
[data]
timeframe = "1m"
path = "{symbol}.csv"
symbols = ["AAA", "BBB", "CCC"]
[account]
cash = "1000000"
leverage = 2
allow_short = true
[execution]
participation = "1"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = "1"
[stop]
kind = "none"
[risk]
max_daily_loss = "0.9"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "2"
max_open_positions = 10
max_orders_per_minute = 1000
max_order_notional = "1000000"
price_collar = "0.9"
on_daily_loss = "halt"
on_breach = "reject"
"#;

/// Cents between the prices of two shares, so that they are told apart at a glance.
const APART: i64 = 5_000;

/// Its scenario and its bars.
pub(crate) fn market() -> (LoadedScenario, MarketData) {
    let loaded = parse(Path::new("drill.toml"), SCENARIO, &[]).unwrap_or_else(|all| panic!("{all:?}"));
    let time = |text: &str| -> Timestamp { text.parse().expect("a constant") };
    let sessions = Calendar::xnys().sessions(time("2024-01-02T00:00:00Z"), time("2024-01-04T00:00:00Z"));
    let mut stamps = Vec::new();
    for session in sessions {
        let mut at = session.open;
        while at < session.close {
            stamps.push(at);
            at = at.plus_ns(60 * Timestamp::NS_PER_SECOND);
        }
    }
    let bars = (0..loaded.spec.data.symbols.len() as i64).map(|share| {
        let numbered = stamps.iter().zip(0i64..);
        numbered.map(|(at, number)| bar(*at, APART * (share + 1), number)).collect()
    });
    (loaded, MarketData { bars: bars.collect(), ..MarketData::default() })
}

/// The bar of this number of a share that wanders within half a percent of `base` cents.
fn bar(time: Timestamp, base: i64, number: i64) -> Bar {
    let cents = |cents: i64| Price::from_units(cents * 10_000_000).expect("a few dollars");
    let open = base + number * 37 % 23;
    let close = base + (number + 1) * 37 % 23;
    let volume = Volume::from_shares(100_000).expect("a constant");
    let (high, low) = (open.max(close) + number % 5, open.min(close) - number % 3);
    Bar { time, open: cents(open), high: cents(high), low: cents(low), close: cents(close), volume }
}
