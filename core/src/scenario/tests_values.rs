//! What a scenario means once it is read: values, defaults, overrides, paths.
use std::path::Path;

use super::spec::*;
use super::spec_keys::{KEYS, Presence};
use super::{LoadedScenario, effective_toml, parse};
use crate::domain::{Ratio, Timeframe};

/// The least a scenario needs.
pub(super) const LEAST: &str = r#"[scenario]
name = "least"
[data]
timeframe = "1d"
path = "../data/{symbol}_daily.csv"
symbols = ["AAPL"]
[account]
cash = "100000"
[strategy]
name = "ma_crossover"
[sizing]
kind = "equity_fraction"
value = "0.10"
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

pub(super) fn read_with(text: &str, overrides: &[&str]) -> Result<LoadedScenario, String> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    parse(Path::new("scenarios/a.toml"), text, &overrides).map_err(|errors| errors.to_string())
}

fn read(text: &str, overrides: &[&str]) -> LoadedScenario {
    read_with(text, overrides).unwrap_or_else(|errors| panic!("{errors}"))
}

fn ratio(text: &str) -> Ratio {
    text.parse().expect("ratio")
}

#[test]
fn every_default_is_the_neutral_one() {
    assert_eq!(
        effective_toml(&read(LEAST, &[]).spec),
        r#"[scenario]
name = "least"
seed = 1

[data]
timeframe = "1d"
calendar = "XNYS"
hours = "regular"
adjust = "none"
path = "../data/{symbol}_daily.csv"
symbols = ["AAPL"]

[account]
cash = "100000"
leverage = 1
cash_check = "approval"
allow_short = false
settlement = "instant"
borrow_rate = "0"
margin_rate = "0"
hard_to_borrow = []

[strategy]
name = "ma_crossover"
params = {}

[sizing]
kind = "equity_fraction"
value = "0.1"
fractional = false
if_short_of_cash = "reject"

[execution]
market_fill = "next_open"
limit_fill = "touch"
both_touched = "stop_first"
slippage = { kind = "none", applies_to = "both" }
commission = { kind = "none" }
participation = "0.1"
latency_ms = 0
venue_rules = "alpaca"

[stop]
kind = "none"
anchor = "fill"
active_from = "entry_bar"
due_exit = "exit_first"
trail = false
exit_after_bars = 0

[take_profit]
kind = "none"

[risk]
max_daily_loss = "0.02"
max_position_size = "0.1"
max_portfolio_heat = "0.25"
max_correlated_exposure = "0.15"
max_drawdown = "0.15"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "25000"
price_collar = "0.1"
on_daily_loss = "halt"
on_breach = "reject"
stale_after = "5s"
restricted_symbols = []
"#
    );
}

/// The file of the product specification, §2, word for word.
pub(super) const FULL: &str = r#"
[scenario]
name = "sma_crossover_aapl"
seed = 1

[data]
timeframe = "1d"                 # 1m 5m 15m 30m 1h 1d
start = "2005-01-03"             # optional, inclusive; end likewise
calendar = "XNYS"                # XNYS | 24/7
adjust = "none"                  # none | splits | all (uses corporate_actions)
corporate_actions = "../data/corporate_actions.csv"   # optional
path = "../data/{symbol}_daily.csv"                   # .csv or .parquet
symbols = ["AAPL"]
benchmark = "SPY"                # optional

[account]
cash = "100000"
leverage = 1                     # 1 | 2 | 4
cash_check = "approval"
allow_short = false

[strategy]
name = "ma_crossover"
params = { fast_period = 10, slow_period = 30 }

[sizing]
kind = "equity_fraction"
value = "0.10"
fractional = false
if_short_of_cash = "reject"      # reject | trim

[execution]
market_fill = "next_open"        # next_open | close | next_close
limit_fill = "touch"             # touch | through
both_touched = "stop_first"
slippage = { kind = "bps", value = "1", applies_to = "both" }
commission = { kind = "alpaca" }
participation = "0.10"
latency_ms = 0
venue_rules = "alpaca"

[stop]
kind = "atr"                     # none | atr | percent
period = 14
multiple = "2"
# value = "0.03"                 # kind = "percent": share of the anchor
smoothing = "wilder"             # wilder | simple
anchor = "fill"                  # fill | signal_close
active_from = "entry_bar"        # entry_bar | next_bar
due_exit = "exit_first"
trail = false
[take_profit]
kind = "none"                    # none | percent | r_multiple

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
on_daily_loss = "halt"           # halt | flatten
on_breach = "reject"             # reject | trim

[sweep]                          # any scalar key above, by its path
"strategy.params.fast_period" = [5, 10, 20]
"strategy.params.slow_period" = { from = 30, to = 200, step = 10 }
"stop.multiple" = ["1", "2", "3"]
where = ["strategy.params.fast_period < strategy.params.slow_period"]
sample = 500                     # optional: seeded random subset

[walk_forward]                   # optional
train = "3y"
test = "6m"
anchored = false
objective = "sharpe"

[stress]                         # optional shocks, each multiplies the sweep
gap = ["-0.05", "-0.20"]
slippage_times = ["1", "5"]
missing_bars = ["0", "0.01"]
"#;

#[test]
fn the_file_of_the_specification_reads() {
    let spec = read(FULL, &[]).spec;
    assert_eq!(spec.data.timeframe, Timeframe::Day1);
    assert_eq!(spec.data.start.map(|bound| bound.to_string()).as_deref(), Some("2005-01-03"));
    assert_eq!(spec.strategy.param("slow_period"), Some(&ParamValue::Int(30)));
    assert_eq!(spec.execution.slippage.rule, SlippageRule::Bps(ratio("0.0001")));
    assert_eq!(spec.execution.commission, CommissionSpec::Alpaca);
    let atr = StopRule::Atr { period: 14, multiple: ratio("2"), smoothing: Smoothing::Wilder };
    assert_eq!(spec.stop.rule, atr);
    let sweep = spec.sweep.expect("sweep");
    assert_eq!(sweep.axes.len(), 3);
    let range = AxisValues::Range { from: ratio("30"), to: ratio("200"), step: ratio("10") };
    assert_eq!(sweep.axes[1], SweepAxis { key: "strategy.params.slow_period".to_owned(), values: range });
    assert_eq!(sweep.sample, Some(SampleSpec { count: 500, method: SampleMethod::Random }));
    assert_eq!(spec.walk_forward.map(|walk| walk.train), Some(Period { count: 3, unit: PeriodUnit::Years }));
    assert_eq!(spec.stress.map(|stress| stress.gap), Some(vec![ratio("-0.05"), ratio("-0.2")]));
}

#[test]
fn numbers_and_texts_give_the_same_exact_value() {
    let cash = |value: &str| read(LEAST, &[&format!("account.cash={value}")]).spec.account.cash.to_string();
    for written in ["0.1", "\"0.1\"", "1e-1", "0.1000000000000000055511", "0.10"] {
        assert_eq!(cash(written), "0.1", "{written}");
    }
    assert_eq!(cash("1_000_000"), "1000000");
    assert_eq!(cash("0x10"), "16");
    assert_eq!(cash("\"0.000000000000000001\""), "0.000000000000000001");
}

#[test]
fn each_kind_gives_its_rule() {
    let spec = |overrides: &[&str]| read(LEAST, overrides).spec;
    let sizing = |kind: &str, value: &str| {
        let rule =
            spec(&[&format!("sizing.kind={kind}"), &format!("sizing.value={value}"), "stop.kind=atr"]).sizing.rule;
        format!("{rule:?}")
    };
    assert_eq!(sizing("cash_fraction", "1"), "CashFraction(Ratio(1))");
    assert_eq!(sizing("fixed_shares", "100"), "FixedShares(Quantity(100))");
    assert_eq!(sizing("notional", "2500.5"), "Notional(Money(2500.5))");
    assert_eq!(sizing("risk_fraction", "0.01"), "RiskFraction(Ratio(0.01))");
    assert_eq!(sizing("volatility_target", "0.2"), "VolatilityTarget(Ratio(0.2))");

    let fees = spec(&[r#"execution.commission={ kind = "per_share", value = 0.005, min = 1, cap_bps = 100 }"#]);
    let CommissionSpec::PerShare { value, min, cap } = fees.execution.commission else { panic!("per_share") };
    assert_eq!((value.to_string(), min.to_string(), cap), ("0.005".to_owned(), "1".to_owned(), Some(ratio("0.01"))));
    let slippage = spec(&[r#"execution.slippage={ kind = "spread", value = "0.5", quotes = "../q/{symbol}.csv" }"#]);
    let slippage = slippage.execution.slippage;
    assert_eq!(
        (slippage.rule, slippage.quotes.as_deref()),
        (SlippageRule::Spread(ratio("0.5")), Some("../q/{symbol}.csv"))
    );
    let impact = spec(&[r#"execution.slippage={ kind = "volume_share", value = "0.1" }"#]).execution.slippage;
    assert_eq!((impact.rule, impact.quotes), (SlippageRule::VolumeShare(ratio("0.1")), None));
    let percent = spec(&["stop.kind=percent", "stop.value=0.03", "take_profit.kind=r_multiple", "take_profit.value=2"]);
    assert_eq!(percent.stop.rule, StopRule::Percent(ratio("0.03")));
    assert_eq!(percent.take_profit, TakeProfitSpec::RMultiple(ratio("2")));
}

#[test]
fn a_bare_word_is_a_kind() {
    let text = format!("{LEAST}[execution]\nslippage = \"none\"\ncommission = \"none\"\n");
    let execution = read(&text, &[]).spec.execution;
    assert_eq!((execution.slippage.rule, execution.commission), (SlippageRule::None, CommissionSpec::None));
}

#[test]
fn overrides_change_the_file_and_the_last_wins() {
    let spec = read(
        FULL,
        &[
            "execution.commission={ kind = \"bps\", value = \"2\" }",
            "scenario.name=123",
            "data.start=2006-01-03",
            "data.symbols=AAPL, MSFT",
            "strategy.params.fast_period=5",
            "strategy.params.fast_period=7",
            "strategy.params.direction=long_short",
            "account.leverage = 2",
            "sweep.stop.multiple=[\"4\"]",
        ],
    )
    .spec;
    assert_eq!(spec.execution.commission, CommissionSpec::Bps(ratio("0.0002")));
    assert_eq!(spec.scenario.name, "123");
    assert_eq!(spec.data.start.map(|bound| bound.to_string()).as_deref(), Some("2006-01-03"));
    assert_eq!(spec.data.symbols.len(), 2);
    let params: Vec<&str> = spec.strategy.params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!(params, ["fast_period", "slow_period", "direction"]);
    assert_eq!(spec.strategy.param("fast_period"), Some(&ParamValue::Int(7)));
    assert_eq!(spec.strategy.param("direction"), Some(&ParamValue::Text("long_short".to_owned())));
    assert_eq!(spec.account.leverage, 2);
    let axes = spec.sweep.expect("sweep").axes;
    assert_eq!(axes[2].values, AxisValues::List(vec![ParamValue::Text("4".to_owned())]));
}

#[test]
fn a_kind_from_set_drops_what_the_files_kind_used() {
    assert_eq!(read(FULL, &["stop.kind=none"]).spec.stop.rule, StopRule::None);
    let percent = read(FULL, &["stop.kind=percent", "stop.value=0.05"]).spec.stop.rule;
    assert_eq!(percent, StopRule::Percent(ratio("0.05")));
}

#[test]
fn a_written_none_keeps_its_settings() {
    let text = format!("{LEAST}[stop]\nkind = \"none\"\nperiod = 20\nvalue = \"0.1\"\n");
    assert_eq!(read(&text, &[]).spec.stop.rule, StopRule::None);
}

#[test]
fn params_keep_their_text_and_the_order_of_the_file() {
    let params = "params = { z = 1, a = 0.020, list = [\"1d\", 2, true], day = 2013-10-07, off = false }\n";
    let text = LEAST.replace("[sizing]", &format!("{params}[sizing]"));
    let loaded = read(&text, &[]);
    let written: Vec<(&str, &ParamValue)> =
        loaded.spec.strategy.params.iter().map(|param| (param.name.as_str(), &param.value)).collect();
    let list = ParamValue::List(vec![ParamValue::Text("1d".to_owned()), ParamValue::Int(2), ParamValue::Bool(true)]);
    let expected = [
        ("z", &ParamValue::Int(1)),
        ("a", &ParamValue::Float("0.020".to_owned())),
        ("list", &list),
        ("day", &ParamValue::Text("2013-10-07".to_owned())),
        ("off", &ParamValue::Bool(false)),
    ];
    assert_eq!(written, expected);
}

#[test]
fn unquoted_sweep_keys_read_like_quoted_ones() {
    let text =
        format!("{LEAST}[sweep]\nstop.multiple = [1, 2]\nstrategy.params.fast = {{ from = 1, to = 3, step = 1 }}\n");
    let axes = read(&text, &[]).spec.sweep.expect("sweep").axes;
    let keys: Vec<&str> = axes.iter().map(|axis| axis.key.as_str()).collect();
    assert_eq!(keys, ["stop.multiple", "strategy.params.fast"]);
}

#[test]
fn paths_start_from_the_file() {
    let loaded = read(LEAST, &[]);
    let aapl = "AAPL".parse().expect("symbol");
    assert_eq!(loaded.path_for(aapl), Path::new("scenarios/../data/AAPL_daily.csv"));
    assert_eq!((loaded.finer_path_for(aapl), loaded.corporate_actions_path()), (None, None));
    assert_eq!(loaded.resolve("orders.csv"), Path::new("scenarios/orders.csv"));
    assert_eq!(loaded.resolve("/abs/orders.csv"), Path::new("/abs/orders.csv"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_read() {
    let text = format!("\u{feff}{}", LEAST.replace('\n', "\r\n"));
    assert_eq!(read(&text, &[]).spec, read(LEAST, &[]).spec);
}

#[test]
fn the_key_table_is_whole() {
    let mut seen = std::collections::BTreeSet::new();
    for info in KEYS {
        assert!(seen.insert(info.path), "{} twice", info.path);
        assert!(!info.doc.is_empty() && info.path.contains('.'), "{}", info.path);
        if let Presence::Required(example) = info.presence {
            let name = example.split(" = ").next().expect("name");
            assert_eq!(format!("{}.{name}", info.table()), info.path);
        }
    }
}
