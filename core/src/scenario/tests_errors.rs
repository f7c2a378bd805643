//! Each error a scenario can hold, with its exact text.
use std::path::Path;

use super::tests_values::{FULL, LEAST, read_with};
use super::{load, parse};

fn errors_of(text: &str, overrides: &[&str]) -> String {
    match read_with(text, overrides) {
        Ok(_) => panic!("the scenario was read"),
        Err(errors) => errors,
    }
}

/// The one error of `LEAST` with `line` added under `table` (or in place of the line with that key).
fn error_of(table: &str, line: &str) -> String {
    let key = line.split('=').next().expect("key").trim();
    let header = format!("[{table}]\n");
    let mut text = String::new();
    let mut current = "";
    for old in LEAST.lines() {
        if old.starts_with('[') {
            current = old.trim_matches(['[', ']']);
        }
        if current == table && old.split('=').next().is_some_and(|name| name.trim() == key) {
            continue;
        }
        text += &format!("{old}\n");
        if current == table && old.starts_with('[') {
            text += &format!("{line}\n");
        }
    }
    if !LEAST.contains(&header) {
        text += &format!("{header}{line}\n");
    }
    errors_of(&text, &[])
}

/// The error `--set` gives on the least scenario, without its first words.
fn set_error(overrides: &[&str]) -> String {
    errors_of(LEAST, overrides)
}

#[test]
fn unknown_key() {
    assert_eq!(
        error_of("risk", "max_drawdown = \"0.15\"\nmax_order_notionl = 5"),
        "error scenarios/a.toml:16: unknown key risk.max_order_notionl\n   \
            16 | max_order_notionl = 5\n      \
               | ^^^^^^^^^^^^^^^^^\n      \
         nearest known key: risk.max_order_notional\n      \
         every limit in [risk] is required; there is no off switch"
    );
    let typo = LEAST.replace("max_drawdown", "max_drawdwn");
    assert_eq!(
        errors_of(&typo, &[]),
        "error scenarios/a.toml:19: unknown key risk.max_drawdwn\n   \
            19 | max_drawdwn = \"0.15\"\n      \
               | ^^^^^^^^^^^\n      \
         nearest known key: risk.max_drawdown\n      \
         every limit in [risk] is required; there is no off switch"
    );
    assert_eq!(
        error_of("strategy", "fast_period = 10"),
        "error scenarios/a.toml:10: unknown key strategy.fast_period\n   \
            10 | fast_period = 10\n      \
               | ^^^^^^^^^^^\n      \
         nearest known key: stop.period\n      \
         parameters of the strategy stand in params = { fast_period = 10 }"
    );
    assert_eq!(
        error_of("execution", "slippage = { kind = \"bps\", valeu = \"1\", value = \"1\" }"),
        "error scenarios/a.toml:28: unknown key execution.slippage.valeu\n   \
            28 | slippage = { kind = \"bps\", valeu = \"1\", value = \"1\" }\n      \
               |                            ^^^^^\n      \
         nearest known key: execution.slippage.value"
    );
}

#[test]
fn unknown_table_hides_the_missing_one() {
    assert_eq!(
        errors_of(&LEAST.replace("[risk]", "[rsk]"), &[]),
        "error scenarios/a.toml:14: unknown table [rsk]\n   \
            14 | [rsk]\n      \
               |  ^^^\n      \
         nearest known table: [risk]"
    );
}

#[test]
fn missing_key_and_missing_table() {
    assert_eq!(
        errors_of(&LEAST.replace("max_drawdown = \"0.15\"\n", ""), &[]),
        "error scenarios/a.toml:14: missing key risk.max_drawdown\n   \
            14 | [risk]\n      \
               |  ^^^^\n      \
         every limit in [risk] is required; there is no off switch"
    );
    assert_eq!(
        errors_of(&LEAST.replace("cash = \"100000\"\n", ""), &[]),
        "error scenarios/a.toml:7: missing key account.cash\n    \
             7 | [account]\n      \
               |  ^^^^^^^\n      \
         add cash = \"100000\" to [account]"
    );
    let no_risk = LEAST.split("[risk]").next().expect("head");
    assert_eq!(
        errors_of(no_risk, &[]),
        "error scenarios/a.toml: missing table [risk]\n      \
         it needs max_daily_loss, max_position_size, max_portfolio_heat, max_correlated_exposure, max_drawdown, \
         max_gross_exposure, max_open_positions, max_orders_per_minute, max_order_notional, price_collar, \
         on_daily_loss, on_breach\n      \
         every limit in [risk] is required; there is no off switch"
    );
    assert_eq!(errors_of("", &[]).matches("missing table").count(), 6);
    assert!(error_of("walk_forward", "train = \"3y\"").contains("missing key walk_forward.test"));
}

#[test]
fn wrong_type() {
    assert_eq!(
        error_of("account", "cash = [1]"),
        "error scenarios/a.toml:8: account.cash must be a number, like \"0.10\", found a list\n    \
             8 | cash = [1]\n      \
               |        ^^^"
    );
    assert_eq!(
        error_of("risk", "max_open_positions = \"10\""),
        "error scenarios/a.toml:15: risk.max_open_positions must be a whole number, found the text \"10\"\n   \
            15 | max_open_positions = \"10\"\n      \
               |                      ^^^^\n      \
         leave out the quotes"
    );
    let what = |table: &str, line: &str| error_of(table, line).lines().next().unwrap_or_default().to_owned();
    assert!(what("scenario", "name = 5").ends_with("scenario.name must be text in quotes, found the number 5"));
    assert!(what("account", "allow_short = 1").ends_with("allow_short must be true or false, found the number 1"));
    assert!(what("account", "cash = \"lots\"").ends_with("must be a number, like \"0.10\", found the text \"lots\""));
    assert!(what("account", "cash = nan").ends_with("must be a number, like \"0.10\", found the number nan"));
    assert!(
        what("data", "symbols = \"AAPL\"")
            .ends_with("must be a list, like [\"AAPL\", \"MSFT\"], found the text \"AAPL\"")
    );
    assert!(what("execution", "market_fill = 1").ends_with("must be one of its words, found the number 1"));
    assert!(what("strategy", "params = 5").ends_with("strategy.params must be a table, found the number 5"));
    assert!(what("strategy", "params = { a = inf }").contains("strategy.params.a must be a finite number"));
}

#[test]
fn wrong_word() {
    assert_eq!(
        error_of("execution", "market_fill = \"next_opne\""),
        "error scenarios/a.toml:28: execution.market_fill cannot be \"next_opne\"\n   \
            28 | market_fill = \"next_opne\"\n      \
               |               ^^^^^^^^^^^\n      \
         nearest valid value: \"next_open\"\n      \
         valid: next_open, close, next_close"
    );
    assert!(error_of("data", "timeframe = \"1 d\"").contains("valid: 1m, 5m, 15m, 30m, 1h, 1d"));
    assert!(error_of("account", "leverage = 3").contains("account.leverage cannot be 3"));
    assert!(error_of("account", "leverage = 3").ends_with("valid: 1, 2, 4"));
}

#[test]
fn out_of_range() {
    assert_eq!(
        error_of("account", "cash = -5"),
        "error scenarios/a.toml:8: account.cash is -5, allowed is above 0, up to 1000000000000\n    \
             8 | cash = -5\n      \
               |        ^^\n      \
         a run starts with money, and sums stay exact up to here"
    );
    let what = |table: &str, line: &str| error_of(table, line).lines().next().unwrap_or_default().to_owned();
    assert!(what("risk", "max_drawdown = 0").ends_with("risk.max_drawdown is 0, allowed is above 0, up to 1000000"));
    assert!(what("execution", "participation = \"1.5\"").ends_with("is 1.5, allowed is above 0, up to 1"));
    assert!(what("sizing", "value = \"5\"").ends_with("sizing.value is 5, allowed is above 0, up to 4"));
    assert!(what("scenario", "seed = -1").ends_with("seed is -1, allowed is 0 to 9223372036854775807"));
    assert!(what("scenario", "seed = 99999999999999999999").contains("seed is 99999999999999999999, allowed is"));
    assert!(what("account", "cash = 1e30").contains("account.cash is 1000000000000000000000000000000, allowed"));
    assert!(
        what("account", "cash = \"0.1234567890123456789\"")
            .ends_with("is 0.1234567890123456789, finer than 18 decimals")
    );
    let long = what("risk", "max_order_notional = \"250102643007.125221185304680151\"");
    assert!(long.ends_with("max_order_notional is 250102643007.125221185304680151, more than 28 digits"), "{long}");
    assert!(what("risk", "price_collar = \"0.0000000001\"").ends_with("is 0.0000000001, finer than 9 decimals"));
    assert!(
        what("stress", "missing_bars = [0, 1]").ends_with("stress.missing_bars is 1, allowed is 0 or more, below 1")
    );
    assert!(what("risk", "stale_after = \"5\"").ends_with("risk.stale_after cannot be \"5\""));
    assert!(what("risk", "stale_after = \"0s\"").ends_with("risk.stale_after cannot be \"0s\""));
    let fine = error_of("execution", "slippage = { kind = \"bps\", value = \"0.000001\" }");
    assert!(fine.contains("execution.slippage.value is 0.000001, finer than 0.00001 basis points"), "{fine}");
}

#[test]
fn dates() {
    let text = LEAST.replace("[account]", "start = \"2013-03-02\"\nend = \"2013-03-01\"\n[account]");
    assert_eq!(
        errors_of(&text, &[]),
        "error scenarios/a.toml:8: data.end 2013-03-01 is before data.start 2013-03-02\n    \
             8 | end = \"2013-03-01\"\n      \
               |       ^^^^^^^^^^^^\n      \
         both are inclusive; `start` is the earlier one"
    );
    assert_eq!(
        error_of("data", "start = \"03/01/2013\""),
        "error scenarios/a.toml:4: data.start cannot be \"03/01/2013\"\n    \
             4 | start = \"03/01/2013\"\n      \
               |         ^^^^^^^^^^^^\n      \
         write a date like \"2013-10-07\" or a UTC time like \"2013-10-07T13:30:00Z\""
    );
    assert!(
        error_of("data", "end = 2013-10-07T13:30:00Z")
            .ends_with("daily bars are stamped by date; write \"2013-10-07\"")
    );
    assert!(error_of("data", "end = 5").contains("data.end must be a date like \"2013-10-07\", found the number 5"));
}

#[test]
fn symbols_and_files() {
    assert!(error_of("data", "symbols = []").contains("data.symbols is empty"));
    assert_eq!(
        error_of("data", "symbols = [\"AAPL\", \"MSFT\", \"AAPL\"]"),
        "error scenarios/a.toml:4: data.symbols names AAPL twice\n    \
             4 | symbols = [\"AAPL\", \"MSFT\", \"AAPL\"]\n      \
               |                            ^^^^^^\n      \
         name each symbol once"
    );
    assert!(error_of("data", "symbols = [\"aapl\"]").contains("data.symbols: \"aapl\" is not a symbol"));
    let many: Vec<String> = (0..1_001).map(|number| format!("\"S{number}\"")).collect();
    let many = error_of("data", &format!("symbols = [{}]", many.join(",")));
    assert!(many.contains("data.symbols has 1001 symbols, allowed is 1 to 1000"), "{many}");
    let one_file = LEAST.replace("{symbol}_daily.csv", "AAPL.csv");
    assert_eq!(
        errors_of(&one_file.replace("[\"AAPL\"]", "[\"AAPL\", \"MSFT\"]"), &[]),
        "error scenarios/a.toml:5: data.path names one file for 2 symbols: more symbols than files\n    \
             5 | path = \"../data/AAPL.csv\"\n      \
               |        ^^^^^^^^^^^^^^^^^^\n      \
         put {symbol} into the path, like \"{symbol}_daily.csv\""
    );
    assert!(errors_of(&one_file, &["data.benchmark=SPY"]).contains("for 2 symbols, the benchmark included: more"));
    assert!(read_with(&one_file, &["data.benchmark=AAPL"]).is_ok());
    assert!(error_of("data", "path = \"{sym}.csv\"").contains("data.path \"{sym}.csv\" holds an unknown placeholder"));
    assert!(error_of("data", "path = \"a.xlsx\"").contains("data.path \"a.xlsx\" is neither .csv nor .parquet"));
}

#[test]
fn a_name_is_a_folder_and_stays_in_it() {
    for bad in ["../x", "a/b", "a\\\\b", ".x", "-x", "a\\u0007", "CON:"] {
        let error = error_of("scenario", &format!("name = \"{bad}\""));
        assert!(error.contains("cannot name a folder"), "{bad}: {error}");
    }
    assert!(error_of("scenario", "name = \"\"").contains("scenario.name is empty"));
}

#[test]
fn keys_that_make_no_sense_together() {
    assert_eq!(
        error_of("stop", "kind = \"atr\"\nvalue = \"0.03\""),
        "error scenarios/a.toml:29: stop.value does nothing with stop.kind = \"atr\"\n   \
            29 | value = \"0.03\"\n      \
               |         ^^^^^^\n      \
         use stop.multiple, or kind = \"percent\""
    );
    assert_eq!(
        error_of("stop", "kind = \"percent\""),
        "error scenarios/a.toml:28: stop.kind = \"percent\" needs stop.value\n   \
            28 | kind = \"percent\"\n      \
               |        ^^^^^^^^^\n      \
         add value = \"0.03\"; a share of the price: 0.03 is 3 %"
    );
    let what = |table: &str, line: &str| error_of(table, line).lines().next().unwrap_or_default().to_owned();
    assert!(
        what("stop", "kind = \"percent\"\nvalue = \"0.03\"\nperiod = 20")
            .ends_with("stop.period does nothing with stop.kind = \"percent\"")
    );
    assert!(what("stop", "period = 20").ends_with("stop.period does nothing without stop.kind"));
    assert!(
        what("take_profit", "kind = \"percent\"").ends_with("take_profit.kind = \"percent\" needs take_profit.value")
    );
    assert!(what("take_profit", "kind = \"r_multiple\"").ends_with("\"r_multiple\" needs take_profit.value"));
    assert!(
        what("take_profit", "value = \"0.1\"").ends_with("take_profit.value does nothing without take_profit.kind")
    );
    assert!(
        what("take_profit", "kind = \"r_multiple\"\nvalue = 2")
            .contains("needs a stop: it is a multiple of the distance")
    );
    assert!(what("sizing", "kind = \"risk_fraction\"").contains("\"risk_fraction\" needs a stop: it is the loss"));
    assert!(what("execution", "slippage = \"bps\"").ends_with("\"bps\" needs execution.slippage.value"));
    assert!(
        what("execution", "commission = { kind = \"bps\", value = 1, min = 1 }")
            .ends_with("execution.commission.min does nothing with execution.commission.kind = \"bps\"")
    );
    assert!(what("data", "adjust = \"splits\"").ends_with("data.adjust = \"splits\" needs data.corporate_actions"));
    assert!(
        what("data", "finer_path = \"{symbol}_minute.csv\"")
            .ends_with("data.finer_path does nothing with execution.both_touched = \"stop_first\"")
    );
    assert!(error_of("execution", "both_touched = \"finer\"").contains("\"finer\" needs data.finer_path"));
    assert!(error_of("execution", "latency_ms = 5").contains(
        "execution.latency_ms 5 says nothing with data.timeframe = \"1d\": an order of a close has the night"
    ));
    let intraday = set_error(&["data.timeframe=1m", "execution.latency_ms=5", "execution.market_fill=close"]);
    assert!(intraday.contains("execution.latency_ms 5 contradicts execution.market_fill = \"close\""), "{intraday}");
    assert!(read_with(LEAST, &["data.timeframe=1m", "execution.latency_ms=5"]).is_ok());
    let half = set_error(&["sizing.kind=fixed_shares", "sizing.value=1.5"]);
    assert!(half.contains("sizing.value 1.5 is not a whole number of shares"), "{half}");
    assert!(read_with(LEAST, &["sizing.kind=fixed_shares", "sizing.value=1.5", "sizing.fractional=true"]).is_ok());
}

#[test]
fn quotes_belong_to_a_spread_and_to_raw_prices() {
    let what = |slippage: &str| error_of("execution", slippage).lines().next().unwrap_or_default().to_owned();
    assert!(
        what("slippage = { kind = \"bps\", value = 1, quotes = \"q.csv\" }")
            .ends_with("execution.slippage.quotes does nothing with execution.slippage.kind = \"bps\"")
    );
    let spread = |quotes: &str| format!("slippage = {{ kind = \"spread\", value = 0.5, quotes = \"{quotes}\" }}");
    assert!(what(&spread("q.parquet")).ends_with("execution.slippage.quotes \"q.parquet\" is not .csv"));
    assert!(what(&spread("{date}.csv")).ends_with("\"{date}.csv\" holds an unknown placeholder"));
    assert!(what("slippage = { kind = \"spread\", value = 1.5 }").ends_with("value is 1.5, allowed is 0 to 1"));
    assert!(what("slippage = { kind = \"volume_share\", value = 2 }").ends_with("value is 2, allowed is 0 to 1"));
    assert!(what("slippage = { kind = \"spread\" }").ends_with("\"spread\" needs execution.slippage.value"));
    let with =
        |set: &str| set_error(&["execution.slippage={ kind = \"spread\", value = 0.5, quotes = \"q.csv\" }", set]);
    let two = with("data.symbols=[\"AAPL\", \"MSFT\"]");
    assert!(two.contains("execution.slippage.quotes names one file for 2 symbols: more symbols than files"), "{two}");
    let adjusted = with("data.adjust=splits");
    assert!(
        adjusted.contains("execution.slippage.quotes needs data.adjust = \"none\": quotes are raw prices"),
        "{adjusted}"
    );
}

#[test]
fn sweeps() {
    let what = |line: &str| error_of("sweep", line).lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        error_of("sweep", "\"stop.multipel\" = [1]"),
        "error scenarios/a.toml:28: [sweep] cannot vary stop.multipel\n   \
            28 | \"stop.multipel\" = [1]\n      \
               | ^^^^^^^^^^^^^^^\n      \
         nearest known key: stop.multiple\n      \
         a sweep varies keys of the scenario, by their path"
    );
    assert!(error_of("sweep", "\"stress.gap\" = [1]").ends_with("a list in [stress] multiplies the runs as it stands"));
    assert!(error_of("sweep", "\"scenario.name\" = [\"a\"]").ends_with("every run has its own id"));
    assert!(what("sample = { count = 0 }").ends_with("sweep.sample is 0, allowed is 1 to 1000000"));
    assert!(what("sample = { method = \"sobol\" }").ends_with("sweep.sample must have count"));
    assert!(what("sample = { count = 5, mode = \"sobol\" }").ends_with("sweep.sample has an unknown key mode"));
    assert!(
        error_of("sweep", "sample = { count = 5, method = \"soboll\" }").contains("nearest valid value: \"sobol\"")
    );
    assert!(what("\"stop.multiple\" = []").ends_with("stop.multiple has 0 values, allowed is 1 to 10000"));
    assert!(what("\"stop.multiple\" = 1").ends_with("must be a list or a range, found the number 1"));
    assert!(what("\"stop.multiple\" = { from = 1, to = 2 }").ends_with("must have from, to and step"));
    assert!(what("\"stop.multiple\" = { from = 2, to = 1, step = 1 }").ends_with("ends at 1, before it begins at 2"));
    assert!(what("\"stop.multiple\" = { from = 1, to = 2, step = 0 }").contains("step is 0, allowed is above 0"));
    assert!(what("\"stop.multiple\" = { from = 0, to = 2, step = \"0.0001\" }").contains("has 20001 values"));
    assert!(what("\"stop.multiple\" = { from = 0, to = 2, stp = 1 }").ends_with("has an unknown key stp"));
    assert!(what("where = [1]").ends_with("sweep.where must hold texts, found the number 1"));
    assert!(
        error_of("walk_forward", "train = \"3 years\"\ntest = \"6m\"")
            .contains("walk_forward.train cannot be \"3 years\"")
    );
}

#[test]
fn toml_syntax() {
    assert_eq!(
        errors_of("[scenario]\nname = sma\nseed = 1\n", &[]),
        "error scenarios/a.toml:2: not TOML: string values must be quoted, expected literal string\n    \
             2 | name = sma\n      \
               |        ^^^"
    );
    let twice = errors_of("[scenario]\nname = \"a\"\nname = \"b\"\n[risk\n", &[]);
    assert!(twice.contains("scenarios/a.toml:3: not TOML: duplicate key"), "{twice}");
    assert!(twice.contains("scenarios/a.toml:4: not TOML: "), "{twice}");
}

#[test]
fn all_errors_come_in_file_order() {
    let text =
        LEAST.replace("\"1d\"", "\"2d\"").replace("100000", "-1").replace("0.25", "x").replace("\"halt\"", "\"stop\"");
    let errors = errors_of(&text, &["scenario.seed=-1", "scenario.sead=1"]);
    let places: Vec<&str> = errors
        .lines()
        .filter_map(|line| line.strip_prefix("error "))
        .filter_map(|line| line.split(": ").next())
        .collect();
    let expected = [
        "scenarios/a.toml:4",
        "scenarios/a.toml:8",
        "scenarios/a.toml:17",
        "scenarios/a.toml:25",
        "--set scenario.seed=-1",
        "--set scenario.sead=1",
    ];
    assert_eq!(places, expected);
}

#[test]
fn at_most_twenty_are_printed() {
    let junk: String = (0..30).map(|number| format!("junk{number} = 1\n")).collect();
    let errors = errors_of(&format!("{junk}{LEAST}"), &[]);
    assert_eq!(errors.matches("unknown key").count(), 20);
    assert!(errors.ends_with("10 more errors; mend these first"));
}

#[test]
fn overrides_name_themselves() {
    assert_eq!(
        set_error(&["risk.max_drawdwn=0.1"]),
        "error --set risk.max_drawdwn=0.1: unknown key risk.max_drawdwn\n      \
         nearest known key: risk.max_drawdown\n      \
         every limit in [risk] is required; there is no off switch"
    );
    assert_eq!(
        set_error(&["account.cash"]),
        "error --set account.cash: no key and value\n      \
         write --set key=value, like --set stop.multiple=3"
    );
    assert_eq!(
        errors_of(FULL, &["fast_period=3"]),
        "error --set fast_period=3: unknown key fast_period\n      \
         nearest known key: strategy.params.fast_period"
    );
    assert!(
        set_error(&["stop.kind=atr", "stop.value=1"]).starts_with("error --set stop.value=1: stop.value does nothing")
    );
    assert!(
        set_error(&["account.leverage=3"]).starts_with("error --set account.leverage=3: account.leverage cannot be 3")
    );
    assert!(set_error(&["sizing=5"]).starts_with("error --set sizing=5: sizing must be a table, found the number 5"));
}

#[test]
fn later_errors_find_their_place() {
    let loaded = read_with(FULL, &["strategy.params.slow_period=9"]).expect("scenario");
    let error = loaded.param_diagnostic("fast_period", "fast_period is 10, allowed is 2 to 9").note("why");
    assert_eq!(
        error.to_string(),
        "error scenarios/a.toml:24: fast_period is 10, allowed is 2 to 9\n   \
            24 | params = { fast_period = 10, slow_period = 30 }\n      \
               |                          ^^\n      \
         why"
    );
    let place = |diagnostic: super::Diagnostic| {
        (
            diagnostic.origin.clone(),
            diagnostic.position.map(|position| (position.line, position.column, position.width)),
        )
    };
    let in_file = |at| ("scenarios/a.toml".to_owned(), at);
    assert_eq!(place(loaded.param_name_diagnostic("fast_period", "x")), in_file(Some((24, 12, 11))));
    assert_eq!(place(loaded.param_diagnostic("absent", "x")), in_file(Some((24, 1, 6))));
    assert_eq!(place(loaded.diagnostic("strategy.name", "x")), in_file(Some((23, 8, 14))));
    assert_eq!(place(loaded.diagnostic("data.end", "x")), in_file(Some((6, 2, 4))));
    let set = ("--set strategy.params.slow_period=9".to_owned(), None);
    assert_eq!(place(loaded.param_diagnostic("slow_period", "x")), set);
    let bare = read_with(LEAST, &[]).expect("scenario");
    assert_eq!(place(bare.diagnostic("stop.kind", "x")), in_file(None));
}

#[test]
fn files_that_are_no_scenario() {
    let folder = tempfile::tempdir().expect("folder");
    let error = |name: &str| load(&folder.path().join(name), &[]).expect_err("no scenario").to_string();
    assert!(error("absent.toml").contains("absent.toml: no such file"));
    std::fs::write(folder.path().join("latin.toml"), b"[a]\nb = \"\xff\"").expect("write");
    assert!(error("latin.toml").contains("latin.toml: not UTF-8 text in line 2"));
    std::fs::write(folder.path().join("big.toml"), vec![b'#'; 300 * 1024]).expect("write");
    assert!(error("big.toml").contains("big.toml: 307200 bytes, allowed is 262144"));
    std::fs::write(folder.path().join("good.toml"), LEAST).expect("write");
    let loaded = load(&folder.path().join("good.toml"), &["scenario.seed=7".to_owned()]).expect("scenario");
    assert_eq!((loaded.spec.scenario.seed, loaded.text()), (7, LEAST));
    assert!(parse(Path::new("x"), &"#".repeat(300 * 1024), &[]).is_err());
}
