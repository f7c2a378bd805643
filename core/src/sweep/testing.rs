//! A scenario for the tests of this room.
use std::path::Path;

use crate::scenario::{LoadedScenario, parse};

const BASE: &str = r#"[scenario]
name = "swept"
seed = 7
[data]
timeframe = "1d"
start = "2005-01-03"
path = "{symbol}.csv"
symbols = ["AAPL"]
[account]
cash = "100000"
[strategy]
name = "ma_crossover"
params = { fast_period = 10, slow_period = 30 }
[sizing]
kind = "equity_fraction"
value = "0.10"
[stop]
kind = "atr"
[risk]
max_daily_loss = "0.02"
max_position_size = "0.10"
max_portfolio_heat = "0.25"
max_correlated_exposure = "0.15"
max_drawdown = "0.15"
max_gross_exposure = "1.0"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "25000"
price_collar = "0.10"
on_daily_loss = "halt"
on_breach = "reject"
"#;

/// The base with `more` after it, usually `[sweep]` and so on.
pub(super) fn scenario(more: &str) -> LoadedScenario {
    changed(more, &[])
}

/// The same, changed by `overrides`, each `key=value`.
pub(super) fn changed(more: &str, overrides: &[&str]) -> LoadedScenario {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    parse(Path::new("swept.toml"), &format!("{BASE}{more}"), &overrides).unwrap_or_else(|errors| panic!("{errors}"))
}
