//! Scenarios to rehearse: made-up hours and minutes, every strategy, and a script full of brackets and partial fills.
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use alphaflow::domain::{Bar, Timeframe};
use alphaflow::market::{Calendar, Length, SyntheticSpec, csv_text, synthesize};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A year of hours.
pub const SESSIONS_OF_HOURS: u64 = 252;

/// Bars of one made-up share.
pub fn bars(symbol: &str, timeframe: Timeframe, sessions: u64, seed: u64) -> Vec<Bar> {
    let spec = SyntheticSpec {
        symbol: symbol.parse().unwrap(),
        seed,
        timeframe,
        from: "2023-01-03".parse().unwrap(),
        length: Length::Sessions(sessions),
        start_price: "100".parse().unwrap(),
        annual_drift: 0.05,
        annual_volatility: 0.45,
        calendar: Calendar::xnys(),
    };
    synthesize(&spec).unwrap()
}

/// Writes the bars of each share to `SYMBOL.csv`.
pub fn write_bars(folder: &Path, timeframe: Timeframe, sessions: u64, seed: u64) -> Vec<Vec<Bar>> {
    let all = ["AAA", "BBB"].map(|symbol| (symbol, bars(symbol, timeframe, sessions, seed)));
    for (symbol, bars) in &all {
        fs::write(folder.join(format!("{symbol}.csv")), csv_text(timeframe, bars)).unwrap();
    }
    all.map(|(_, bars)| bars).into()
}

/// What a scenario adds to the common part.
pub struct Case {
    pub name: &'static str,
    pub strategy: &'static str,
    pub params: &'static str,
    /// Whole sections and keys of `[stop]`, `[take_profit]`.
    pub exits: &'static str,
    /// Keys of `[account]`.
    pub account: &'static str,
    /// Keys of `[execution]`.
    pub execution: &'static str,
}

const ATR: &str = "[stop]\nkind = \"atr\"\nperiod = 14\nmultiple = \"2\"\n";
const ATR_AND_TARGET: &str =
    "[stop]\nkind = \"atr\"\nperiod = 14\nmultiple = \"2\"\n[take_profit]\nkind = \"r_multiple\"\nvalue = \"2\"\n";
const TRAIL: &str = "[stop]\nkind = \"percent\"\nvalue = \"0.02\"\ntrail = true\n";
const SIGNAL_CLOSE: &str = "[stop]\nkind = \"percent\"\nvalue = \"0.015\"\nanchor = \"signal_close\"\n[take_profit]\nkind = \"percent\"\nvalue = \"0.03\"\n";
const LONG: &str = "cash = \"100000\"\n";
const SHORT: &str = "cash = \"100000\"\nleverage = 2\nallow_short = true\n";
const PAID: &str = "slippage = { kind = \"bps\", value = \"1.5\" }\ncommission = { kind = \"alpaca\" }\n";
const CHEAP: &str = "slippage = { kind = \"per_share\", value = \"0.003\" }\ncommission = { kind = \"per_share\", value = \"0.005\", min = \"1\" }\n";

/// Every strategy of the old system, and those that came after.
pub const STRATEGIES: [Case; 10] = [
    Case {
        name: "ma",
        strategy: "ma_crossover",
        params: "fast_period = 5, slow_period = 20, direction = \"long_short\"",
        exits: ATR,
        account: SHORT,
        execution: PAID,
    },
    Case {
        name: "rsi",
        strategy: "rsi_mean_reversion",
        params: "oversold = 35, overbought = 60",
        exits: ATR_AND_TARGET,
        account: LONG,
        execution: PAID,
    },
    Case {
        name: "momentum",
        strategy: "momentum",
        params: "lookback_period = 10, momentum_threshold = 0.01",
        exits: TRAIL,
        account: LONG,
        execution: CHEAP,
    },
    Case {
        name: "reversion",
        strategy: "mean_reversion",
        params: "lookback_period = 15, z_score_threshold = 1.5",
        exits: SIGNAL_CLOSE,
        account: LONG,
        execution: PAID,
    },
    Case {
        name: "frames",
        strategy: "multi_timeframe",
        params: "timeframes = [\"1h\", \"1d\", \"1w\"], sma_period = 5",
        exits: ATR,
        account: LONG,
        execution: CHEAP,
    },
    Case {
        name: "breakout",
        strategy: "volatility_breakout",
        params: "lookback_period = 10, breakout_multiplier = 0.2, volume_confirmation = false",
        exits: ATR_AND_TARGET,
        account: LONG,
        execution: PAID,
    },
    Case {
        name: "quick",
        strategy: "quick_test",
        params: "threshold = 0.006",
        exits: TRAIL,
        account: LONG,
        execution: PAID,
    },
    Case {
        name: "donchian",
        strategy: "donchian_breakout",
        params: "direction = \"long_short\"",
        exits: SIGNAL_CLOSE,
        account: SHORT,
        execution: PAID,
    },
    Case { name: "macd", strategy: "macd_trend", params: "", exits: "", account: LONG, execution: PAID },
    Case { name: "hold", strategy: "buy_and_hold", params: "", exits: ATR, account: LONG, execution: CHEAP },
];

/// The scenario's file.
pub fn write_case(folder: &Path, case: &Case, timeframe: Timeframe, participation: &str) -> PathBuf {
    let Case { name, strategy, params, exits, account, execution } = case;
    let text = format!(
        "[scenario]\nname = \"{name}\"\nseed = 1\n[data]\ntimeframe = \"{}\"\npath = \"{{symbol}}.csv\"\nsymbols = [\"AAA\", \"BBB\"]\n\
         [account]\n{account}[strategy]\nname = \"{strategy}\"\nparams = {{ {params} }}\n\
         [sizing]\nkind = \"equity_fraction\"\nvalue = \"0.35\"\n\
         [execution]\n{execution}participation = \"{participation}\"\n{exits}{RISK}",
        timeframe.name(),
    );
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    path
}

/// The file of a scenario that sends the orders of `NAME.csv`.
pub fn write_script(folder: &Path, name: &str, timeframe: Timeframe, participation: &str) -> PathBuf {
    let text = format!(
        "[scenario]\nname = \"{name}\"\nseed = 1\n[data]\ntimeframe = \"{}\"\npath = \"{{symbol}}.csv\"\nsymbols = [\"AAA\", \"BBB\"]\n\
         [account]\n{LONG}[strategy]\nname = \"order_script\"\nparams = {{ file = \"{name}.csv\" }}\n\
         [sizing]\nkind = \"equity_fraction\"\nvalue = \"0.35\"\n\
         [execution]\n{PAID}participation = \"{participation}\"\n{RISK}",
        timeframe.name(),
    );
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    path
}

/// Limits that a run of these scenarios meets now and then.
const RISK: &str = "[risk]\nmax_daily_loss = \"0.02\"\nmax_position_size = \"0.40\"\nmax_portfolio_heat = \"0.60\"\n\
    max_correlated_exposure = \"0.90\"\nmax_drawdown = \"0.35\"\nmax_gross_exposure = \"1.6\"\nmax_open_positions = 2\n\
    max_orders_per_minute = 40\nmax_order_notional = \"80000\"\nprice_collar = \"0.20\"\non_daily_loss = \"flatten\"\non_breach = \"reject\"\n";

/// A script of brackets, pairs, limits and stops at prices near the market of `bars`, changed and canceled now and
/// then; what a bar trades is small against the orders, so most fill in parts.
pub fn script(bars: &[Vec<Bar>], seed: u64) -> String {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut below = |end: u64| random.next_u64() % end;
    let mut rows = String::from(
        "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,time_in_force,order_class,take_profit,stop_loss\n",
    );
    let mut sent: Vec<String> = Vec::new();
    for at in 0..bars[0].len() {
        if below(3) != 0 {
            continue;
        }
        let symbol = below(2) as usize;
        let bar = &bars[symbol][at];
        let (time, name) = (bar.time, ["AAA", "BBB"][symbol]);
        let cents = bar.close.units() / 10_000_000;
        let near = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        let mut off = |most: i64| (below(most as u64) as i64 + 1) * cents / 1_000;
        let (a, b, c) = (off(6), off(12), off(12));
        let id = format!("o{}", sent.len());
        let qty = below(400) + 20;
        let row = match below(12) {
            0..=3 => format!(
                "submit,{id},{name},buy,{qty},limit,{},,,,{},bracket,{},{}",
                near(cents - a),
                ["gtc", "day"][below(2) as usize],
                near(cents + b),
                near(cents - a - c)
            ),
            4 => format!("submit,{id},{name},buy,{qty},market,,,,,gtc,bracket,{},{}", near(cents + b), near(cents - c)),
            5 => format!("submit,{id},{name},buy,{qty},limit,{},,,,gtc,oto,,{}", near(cents + a), near(cents - c)),
            6 => format!("submit,{id},{name},buy,{qty},stop,,{},,,day,,,", near(cents + a)),
            7 => format!("submit,{id},{name},sell,max,,,,,,gtc,oco,{},{}", near(cents + b), near(cents - c)),
            8 => format!("submit,{id},{name},sell,{qty},limit,{},,,,day,,,", near(cents + a)),
            9 if !sent.is_empty() => format!("cancel,{},,,,,,,,,,,,", sent[below(sent.len() as u64) as usize]),
            10 => format!("flatten,,{name},,,,,,,,,,,"),
            _ => format!("submit,{id},{name},buy,{qty},market,,,,,{},,,", ["day", "ioc", "gtc"][below(3) as usize]),
        };
        if row.starts_with("submit") {
            sent.push(id);
        }
        writeln!(rows, "{time},{row}").unwrap();
    }
    rows
}
