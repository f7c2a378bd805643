//! Bad scenarios and bad arguments: key, file, line, nearest name and rule on standard error.
use std::fs;

use super::bench::{Bench, SCENARIO};

/// Name, what is replaced, by what, what standard error must say.
const SPOILED: &[(&str, &str, &str, &[&str])] = &[
    (
        "an unknown key",
        "max_drawdown =",
        "max_drawdwn =",
        &["unknown key risk.max_drawdwn", "nearest known key: risk.max_drawdown"],
    ),
    ("an unknown table", "[stop]", "[stopp]", &["stopp", "nearest", "stop"]),
    ("an unknown strategy", "\"momentum\"", "\"momentun\"", &["momentun", "nearest", "momentum"]),
    ("an unknown parameter", "lookback_period", "lookback_perod", &["lookback_perod", "nearest", "lookback_period"]),
    ("a parameter out of range", "lookback_period = 3", "lookback_period = 0", &["lookback_period", "0"]),
    ("a parameter of another type", "lookback_period = 3", "lookback_period = \"x\"", &["lookback_period", "x"]),
    ("a number for a name", "name = \"momentum\"", "name = 7", &["strategy.name must be text"]),
    (
        "text for a whole number",
        "max_open_positions = 10",
        "max_open_positions = \"10\"",
        &["max_open_positions must be a whole number", "leave out the quotes"],
    ),
    ("a switch for a list", "symbols = [\"SYN\"]", "symbols = true", &["data.symbols must be a list"]),
    (
        "a wrong word",
        "calendar = \"24/7\"",
        "calendar = \"XNYX\"",
        &["data.calendar cannot be \"XNYX\"", "valid: XNYS, 24/7"],
    ),
    (
        "end before start",
        "timeframe = \"1d\"",
        "timeframe = \"1d\"\nstart = \"2010-02-01\"\nend = \"2010-01-01\"",
        &["data.end 2010-01-01 is before data.start 2010-02-01"],
    ),
    (
        "no bars in range",
        "timeframe = \"1d\"",
        "timeframe = \"1d\"\nstart = \"2012-01-01\"",
        &["no bars from 2012-01-01", "change start and end"],
    ),
    (
        "an impossible start",
        "timeframe = \"1d\"",
        "timeframe = \"1d\"\nstart = \"2010-02-30\"",
        &["data.start cannot be \"2010-02-30\""],
    ),
    (
        "more symbols than files",
        "path = \"{symbol}.csv\"\nsymbols = [\"SYN\"]",
        "path = \"SYN.csv\"\nsymbols = [\"SYN\", \"TWO\"]",
        &["more symbols than files", "{symbol}"],
    ),
    (
        "a symbol without a file",
        "symbols = [\"SYN\"]",
        "symbols = [\"SYN\", \"TWO\"]",
        &["TWO.csv: there is no such file"],
    ),
    ("the same symbol twice", "symbols = [\"SYN\"]", "symbols = [\"SYN\", \"SYN\"]", &["names SYN twice", "once"]),
    ("no symbol", "symbols = [\"SYN\"]", "symbols = []", &["data.symbols is empty"]),
    ("a symbol that leads elsewhere", "symbols = [\"SYN\"]", "symbols = [\"../SYN\"]", &["is not a symbol"]),
    ("a name that leads elsewhere", "name = \"spoiled\"", "name = \"../spoiled\"", &["cannot name a folder"]),
    ("a limit left out", "max_drawdown = \"0.9\"\n", "", &["risk.max_drawdown"]),
    ("a limit of zero", "max_daily_loss = \"0.5\"", "max_daily_loss = \"0\"", &["risk.max_daily_loss is 0", "above 0"]),
    (
        "a negative limit",
        "max_position_size = \"1.0\"",
        "max_position_size = \"-0.1\"",
        &["risk.max_position_size is -0.1", "above 0"],
    ),
    (
        "a limit above sense",
        "max_position_size = \"1.0\"",
        "max_position_size = \"1e12\"",
        &["risk.max_position_size is 1e12", "up to 1000000"],
    ),
    ("no position at all", "max_open_positions = 10", "max_open_positions = 0", &["risk.max_open_positions is 0"]),
    (
        "a limit that is no number",
        "price_collar = \"0.5\"",
        "price_collar = \"nan\"",
        &["risk.price_collar must be a number"],
    ),
    ("cash of zero", "cash = \"100000\"", "cash = \"0\"", &["account.cash is 0", "above 0"]),
    ("negative cash", "cash = \"100000\"", "cash = -1", &["account.cash is -1", "above 0"]),
    ("cash beyond arithmetic", "cash = \"100000\"", "cash = \"1e30\"", &["account.cash is 1e30", "1000000000000"]),
    ("cash beyond exact sums", "cash = \"100000\"", "cash = \"1000000000001\"", &["account.cash is 1000000000001"]),
    ("cash finer than exact", "cash = \"100000\"", "cash = \"0.0000000000000000001\"", &["account.cash", "round it"]),
    ("leverage 3", "leverage = 1", "leverage = 3", &["account.leverage cannot be 3", "valid: 1, 2, 4"]),
    ("a size above all", "value = \"0.5\"", "value = \"5\"", &["sizing.value is 5"]),
    ("a stop of the whole price", "value = \"0.05\"", "value = \"1\"", &["stop.value is 1", "below 1"]),
    ("a key twice", "seed = 1", "seed = 1\nseed = 2", &["not TOML", "duplicate"]),
    ("an open quote", "name = \"spoiled\"", "name = \"spoiled", &["not TOML"]),
    ("no value", "seed = 1", "seed =", &["not TOML"]),
    ("an open table", "[data]", "[data", &["not TOML"]),
    ("a control character", "name = \"spoiled\"", "name = \"a\u{1}b\"", &["not TOML"]),
];

#[test]
fn a_spoiled_scenario_is_refused_with_its_line() {
    for (case, from, to, needles) in SPOILED {
        let bench = Bench::new();
        assert_eq!(SCENARIO.matches(from).count(), 1, "{case}: `{from}` stands once in the scenario");
        bench.write("scenario.toml", SCENARIO.replace(from, to));
        bench.assert_refused(case, &[], needles);
        let says_where = bench.backtest(&[]).stderr;
        let of_data = case.contains("without a file");
        let missing = case.contains("left out");
        let place = if of_data {
            "TWO.csv"
        } else if missing {
            "scenario.toml"
        } else {
            "scenario.toml:"
        };
        assert!(says_where.contains(place), "{case}: no `{place}` in:\n{says_where}");
    }
}

#[test]
fn a_scenario_that_is_none_is_refused() {
    let bench = Bench::new();
    fs::remove_file(bench.path("scenario.toml")).unwrap();
    bench.assert_refused("missing", &[], &["scenario.toml: no such file", "name a scenario"]);
    fs::create_dir(bench.path("scenario.toml")).unwrap();
    bench.assert_refused("a folder", &[], &["scenario.toml: cannot be read"]);
    fs::remove_dir(bench.path("scenario.toml")).unwrap();
    for (case, bytes, needle) in [
        ("empty", b"".to_vec(), "missing table [scenario]"),
        ("bytes", b"[scenario]\nname = \"\xff\"\n".to_vec(), "not UTF-8 text in line 2"),
        ("a NUL", b"[scenario]\n\0\n".to_vec(), "not TOML"),
        ("huge", vec![b'#'; 1 << 20], "allowed is 262144"),
        ("deep", format!("a = {}{}", "[".repeat(50_000), "]".repeat(50_000)).into_bytes(), "not TOML"),
    ] {
        bench.write("scenario.toml", bytes);
        bench.assert_refused(case, &[], &["scenario.toml", needle]);
    }
}

#[test]
fn a_bad_override_is_refused_as_typed() {
    for (set, needles) in [
        ("stop.multipel=3", &["stop.multipel=3", "unknown key stop.multipel", "stop.multiple"][..]),
        ("stop.value", &["stop.value", "no key and value", "--set key=value"]),
        ("=3", &["no key and value"]),
        ("", &["no key and value"]),
        ("stop.value=lots", &["stop.value=lots", "stop.value must be a number"]),
        ("stop.value=-1", &["stop.value=-1", "stop.value is -1"]),
        ("account.leverage=3", &["account.leverage=3", "valid: 1, 2, 4"]),
        ("data.symbols=SYN,SYN", &["data.symbols=SYN,SYN", "names SYN twice"]),
        ("strategy.params.lookback_period=-2", &["lookback_period=-2"]),
        ("strategy.params.nonsense=1", &["nonsense"]),
        ("risk=0", &["risk=0"]),
    ] {
        Bench::new().assert_refused(set, &["--set", set], needles);
    }
}

#[test]
fn every_error_of_a_file_is_shown_at_once() {
    let bench = Bench::new();
    let spoiled = SCENARIO.replace("leverage = 1", "leverage = 3").replace("cash = \"100000\"", "cash = 0");
    bench.write("scenario.toml", spoiled);
    bench.assert_refused("two errors", &[], &["account.leverage cannot be 3", "account.cash is 0"]);
}

#[test]
fn arguments_that_do_not_exist_are_usage_errors() {
    let bench = Bench::new();
    let ran = bench.backtest(&["--fast"]);
    ran.assert_no_panic("usage");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("--fast"), "{}", ran.stderr);
    assert!(!bench.path("out").exists());
}
