//! Trades and equity of other people's engines (backtesting.py, backtrader, vectorbt), reproduced.
//!
//! The cases lie in `../shared/golden`; without that folder the test says so and skips, but for the
//! cases whose prices the project carries, whose expectations stand in `tests/golden`.
use std::fs;
use std::path::{Path, PathBuf};

use alphaflow::domain::Money;
use alphaflow::scenario::{account_rows, load_market, parse, round_trips, run};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shared() -> PathBuf {
    std::env::var_os("ALPHAFLOW_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from)
}

/// The scenario that says what the case's `semantics` say.
fn scenario(case: &Value, data: &Path) -> String {
    let semantics = &case["semantics"];
    let params = &case["params"];
    let file = case["data"]["file"].as_str().map(|file| data.join(file.trim_start_matches("shared/data/")));
    let files = case["data"]["files"].as_object();
    let symbols: Vec<String> = files.map_or_else(|| vec!["X".to_owned()], |files| files.keys().cloned().collect());
    let path = file.map_or_else(|| data.join("lean_{symbol}_daily.csv"), |file| file);
    let timeframe = match path.to_string_lossy() {
        name if name.contains("hourly") => "1h",
        name if name.contains("minute") => "1m",
        _ => "1d",
    };
    let long_short = semantics["direction"].as_str().is_some_and(|text| text.starts_with("long_short"));
    let direction = if long_short { "long_short" } else { "long_only" };
    let strategy = match case["strategy"].as_str().unwrap() {
        "sma_crossover" => format!(
            "name = \"ma_crossover\"\nparams = {{ fast_period = {}, slow_period = {}, cross_rule = \"adjacent\", direction = \"{direction}\" }}",
            params["fast"], params["slow"]
        ),
        "rsi_reversion" => format!(
            "name = \"rsi_mean_reversion\"\nparams = {{ rsi_period = {}, oversold = {}, overbought = {} }}",
            params["period"], params["oversold"], params["overbought"]
        ),
        "momentum" => format!(
            "name = \"momentum\"\nparams = {{ lookback_period = {}, momentum_threshold = {} }}",
            params["lookback"], params["threshold"]
        ),
        "breakout" => format!(
            "name = \"donchian_breakout\"\nparams = {{ entry_lookback = {}, exit_lookback = {} }}",
            params["entry_lookback"], params["exit_lookback"]
        ),
        other => panic!("no such strategy: {other}"),
    };
    let sizing = match semantics["sizing"]["kind"].as_str().unwrap() {
        "fixed_shares" => format!("kind = \"fixed_shares\"\nvalue = {}", semantics["sizing"]["shares"]),
        "fraction_of_cash_whole_shares" => {
            format!("kind = \"cash_fraction\"\nvalue = {}", semantics["sizing"]["fraction"])
        }
        "fraction_of_equity_whole_shares" => {
            format!("kind = \"equity_fraction\"\nvalue = {}", semantics["sizing"]["fraction"])
        }
        other => panic!("no such sizing: {other}"),
    };
    let rate = semantics["commission"]["rate"].as_f64().unwrap();
    let commission = if rate == 0.0 {
        "commission = \"none\"".to_owned()
    } else {
        format!("commission = {{ kind = \"bps\", value = \"{}\" }}", (rate * 1e4 * 1e6).round() / 1e6)
    };
    format!(
        "[scenario]\nname = \"golden\"\n[data]\ntimeframe = \"{timeframe}\"\nstart = \"{}\"\nend = \"{}\"\npath = \"{}\"\nsymbols = {symbols:?}\n\
         [account]\ncash = \"100000\"\ncash_check = \"fill\"\nallow_short = {long_short}\nleverage = {}\n[strategy]\n{strategy}\n[sizing]\n{sizing}\n\
         [execution]\nslippage = \"none\"\n{commission}\nparticipation = \"1\"\nvenue_rules = \"none\"\n[stop]\n{}\n\
         [risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"4\"\nmax_portfolio_heat = \"10\"\nmax_correlated_exposure = \"10\"\n\
         max_drawdown = \"1\"\nmax_gross_exposure = \"10\"\nmax_open_positions = 100\nmax_orders_per_minute = 1000\n\
         max_order_notional = \"10000000\"\nprice_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n",
        case["data"]["start"].as_str().unwrap(),
        case["data"]["end"].as_str().unwrap(),
        path.display(),
        if long_short { 2 } else { 1 },
        stop(semantics),
    )
}

fn stop(semantics: &Value) -> String {
    let stop = &semantics["stop"];
    let starts = |key: &str, with: &str| stop[key].as_str().is_some_and(|text| text.starts_with(with));
    let kind = match stop["kind"].as_str() {
        None => return "kind = \"none\"".to_owned(),
        Some("atr") => format!("kind = \"atr\"\nperiod = {}\nmultiple = {}", stop["atr_period"], stop["multiple"]),
        Some(_) => format!("kind = \"percent\"\nvalue = {}", stop["pct"]),
    };
    format!(
        "{kind}\nanchor = \"{}\"\nactive_from = \"{}\"\ndue_exit = \"{}\"",
        if starts("anchor", "entry fill") { "fill" } else { "signal_close" },
        if starts("active_from", "the entry bar") { "entry_bar" } else { "next_bar" },
        if starts("same_bar_as_signal_exit", "tool quirk") { "stop_first" } else { "exit_first" },
    )
}

fn close(ours: f64, theirs: &Value, tolerance: f64, what: &str) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= tolerance, "{what}: ours {ours}, theirs {theirs}");
}

fn check(case_file: &Path, data: &Path) {
    let case: Value = serde_json::from_str(&fs::read_to_string(case_file).unwrap()).unwrap();
    let id = case["id"].as_str().unwrap();
    let loaded = parse(&root().join("golden.toml"), &scenario(&case, data), &[])
        .unwrap_or_else(|errors| panic!("{id}: {}", errors.render(&alphaflow::scenario::Style::PLAIN)));
    let market = load_market(&loaded).unwrap_or_else(|error| panic!("{id}: {error}"));
    let journal = run(&loaded, &market).unwrap_or_else(|error| panic!("{id}: {error}"));
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let (mut closed, open) = round_trips(&market, &journal);
    closed.sort_by_key(|trip| (trip.entry_time, trip.symbol));
    let expected = case["expected"]["trades"].as_array().unwrap();
    let mut expected: Vec<&Value> = expected.iter().collect();
    expected.sort_by_key(|trade| (trade["entry_time"].to_string(), trade["symbol"].to_string()));
    let symbols = &loaded.spec.data.symbols;
    let timeframe = loaded.spec.data.timeframe;
    let mut by_time_and_name: Vec<_> = closed.iter().collect();
    by_time_and_name.sort_by_key(|trip| (trip.entry_time, symbols[trip.symbol.get()].to_string()));
    assert_eq!(closed.len(), expected.len(), "{id}: number of trades; refused {:?}", journal.refusals.first());
    for (at, (ours, theirs)) in by_time_and_name.iter().zip(&expected).enumerate() {
        let label = |what: &str| format!("{id} trade {at} {what}");
        assert_eq!(ours.entry_time.text(timeframe), theirs["entry_time"].as_str().unwrap(), "{}", label("entry"));
        assert_eq!(ours.exit_time.unwrap().text(timeframe), theirs["exit_time"].as_str().unwrap(), "{}", label("exit"));
        let mean = |notional: Money| notional.to_f64() / ours.quantity.to_f64();
        close(mean(ours.entry_notional), &theirs["entry_price"], 1e-6, &label("entry price"));
        close(mean(ours.exit_notional), &theirs["exit_price"], 1e-6, &label("exit price"));
        let signed = ours.quantity.signed(ours.side).to_f64();
        close(signed, &theirs["qty"], 0.0, &label("qty"));
        close(ours.realised().to_f64(), &theirs["pnl"], 0.01, &label("pnl"));
        close(ours.fees.to_f64(), &theirs["fees"], 0.01, &label("fees"));
        let stopped = ours.exit_purpose == Some(alphaflow::domain::OrderPurpose::Stop);
        assert_eq!(
            if stopped { "stop" } else { "signal" },
            theirs["exit_reason"].as_str().unwrap(),
            "{}",
            label("reason")
        );
    }
    let still_open = case["expected"]["open_position"].is_object() as usize
        + case["expected"]["open_positions"].as_object().map_or(0, serde_json::Map::len)
        + case["expected"]["open_positions"].as_array().map_or(0, Vec::len);
    assert_eq!(open.len(), still_open, "{id}: open positions");
    let curve =
        fs::read_to_string(case_file.with_file_name(case["expected"]["equity_file"].as_str().unwrap())).unwrap();
    let points: Vec<&str> = curve.lines().skip(1).collect();
    assert_eq!(rows.len(), points.len(), "{id}: equity points");
    for (ours, theirs) in rows.iter().zip(points) {
        let (time, equity) = theirs.split_once(',').unwrap();
        assert_eq!(ours.time.text(timeframe), time, "{id}");
        close(
            ours.equity.to_f64(),
            &Value::from(equity.parse::<f64>().unwrap()),
            0.01,
            &format!("{id} equity at {time}"),
        );
    }
}

#[test]
fn other_engines_trades_are_reproduced() {
    let golden = shared().join("golden");
    if !golden.is_dir() {
        eprintln!("skipped: ../shared/golden is not here");
        return;
    }
    let mut cases: Vec<PathBuf> = fs::read_dir(&golden)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| fs::read_to_string(path).unwrap().contains("\"kind\": \"backtest\""))
        .collect();
    cases.sort();
    assert!(cases.len() >= 16, "{} cases", cases.len());
    let data = fs::canonicalize(shared().join("data")).unwrap();
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| std::panic::catch_unwind(|| check(case, &data)).err().map(|_| case.display().to_string()))
        .collect();
    assert!(failed.is_empty(), "failed: {failed:#?}");
}

/// The three cases on prices the project carries run everywhere.
#[test]
fn cases_on_our_own_data_are_reproduced() {
    for case in ["sh-09-rsi14-ibm-c001-atrfill", "sh-11-breakout20-10-aapl-atrfill", "sh-13-breakout55-20-ibm-sl5pct"] {
        check(&root().join("tests/golden").join(format!("{case}.json")), &root().join("data"));
    }
}
