//! Two made-up shares over six sessions of minutes, whose prices cross, stop and reach targets often.
//!
//! Not here: the exchange they are traded on (venue).
use std::fmt::Write;
use std::path::{Path, PathBuf};

use alphaflow::domain::Timestamp;
use alphaflow::market::Calendar;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

/// Name of the scenario, and so of its book.
pub const NAME: &str = "killed";
/// Its shares.
pub const SYMBOLS: [&str; 2] = ["AAA", "BBB"];

/// Volumes are small beside the orders, so that these fill in parts.
const SCENARIO: &str = r#"
[scenario]
name = "killed"
seed = 1
[data]
timeframe = "1m"
path = "{symbol}.csv"
symbols = ["AAA", "BBB"]
[account]
cash = "100000"
[strategy]
name = "ma_crossover"
params = { fast_period = 2, slow_period = 5 }
[sizing]
kind = "equity_fraction"
value = "0.3"
[execution]
participation = "0.5"
slippage = { kind = "bps", value = "1" }
commission = { kind = "bps", value = "0.1" }
[stop]
kind = "percent"
value = "0.004"
[risk]
max_daily_loss = "1"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "1"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 1000
max_order_notional = "1000000"
price_collar = "1"
on_daily_loss = "halt"
on_breach = "reject"
"#;

/// In every second world entries have a target beside their stop.
const TARGET: &str = "[take_profit]\nkind = \"r_multiple\"\nvalue = \"1\"\n";

/// Writes a scenario and its bars into `folder`.
pub fn write(folder: &Path, seed: u64, chance: &mut Xoshiro256PlusPlus) -> PathBuf {
    let path = folder.join("killed.toml");
    let target = if seed.is_multiple_of(2) { TARGET } else { "" };
    std::fs::write(&path, format!("{SCENARIO}{target}")).unwrap();
    let day = |text: &str| text.parse::<Timestamp>().unwrap();
    for symbol in SYMBOLS {
        let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
        let mut close = 10_000;
        for session in Calendar::xnys().sessions(day("2024-03-04T00:00:00Z"), day("2024-03-11T00:00:00Z")) {
            for minute in 0..session.minutes() {
                let time = session.open.plus_ns(minute * 60 * Timestamp::NS_PER_SECOND);
                close = bar(&mut text, time, close, chance);
            }
        }
        std::fs::write(folder.join(format!("{symbol}.csv")), text).unwrap();
    }
    path
}

/// A row, and its close in cents.
fn bar(text: &mut String, time: Timestamp, before: i64, chance: &mut Xoshiro256PlusPlus) -> i64 {
    let mut below = |end: u64| (chance.next_u64() % end) as i64;
    // It is drawn back to $100, so that no price is lost over thousands of bars.
    let open = before + below(21) - 10;
    let close = open + below(81) - 40 - (open - 10_000) / 200;
    let (high, low, volume) = (open.max(close) + below(15), open.min(close) - below(15), 100 + below(1_900));
    let dollars = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    let [open, high, low, shown] = [open, high, low, close].map(dollars);
    writeln!(text, "{time},{open},{high},{low},{shown},{volume}").unwrap();
    close
}
