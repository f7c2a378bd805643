//! `alphaflow backtest` and `report`: what a run prints, and its report made again.
mod cli_binary;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cli_binary::{alphaflow, done, fails, small};
use serde_json::Value;

/// Names and bytes of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
    entries
        .map(|entry| (entry.file_name().into_string().expect("name"), fs::read(entry.path()).expect("file")))
        .collect()
}

#[test]
fn the_summary_says_the_answer_the_doubts_and_the_cost() {
    let folder = small();
    let text = done(folder.path(), &["backtest", "scenarios/small.toml"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("small   TEST, daily, 2020-01-02 to 2021-03-1"), "{text}");
    assert!(lines[2].starts_with("$100,000 became $"), "{text}");
    for expected in [
        "                    strategy   TEST held    95% range\n",
        "\nTrades          ",
        "\nLeft by         ",
        "\nCosts           $",
        "\nreport          reports/small/report.html\nfingerprint     ",
        "\nreading         300 rows from 1 file ",
        "\nreplaying       300 bars, ",
        "\nreporting       ",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
    assert!(text.is_ascii(), "a pipe gets no drawing and no colour: {text}");
    assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
}

/// The times are printed, and nowhere in the folder.
#[test]
fn json_is_metrics_with_the_cost() {
    let folder = small();
    let text = done(folder.path(), &["backtest", "scenarios/small.toml", "--format", "json", "--out", "run"]);
    let mut printed: Value = serde_json::from_str(&text).expect("JSON");
    for key in ["load_seconds", "replay_seconds", "report_seconds"] {
        let seconds = printed.as_object_mut().expect("object").remove(key).and_then(|value| value.as_f64());
        assert!(seconds.is_some_and(|seconds| seconds > 0.0), "{key}");
    }
    let written = fs::read_to_string(folder.path().join("run/metrics.json")).expect("metrics");
    assert_eq!(printed, serde_json::from_str::<Value>(&written).expect("JSON"));
}

/// The numbers are those of the whole run, an older page does not stay beside them, and `report` draws it.
#[test]
fn a_run_without_its_report_can_have_it_later() {
    let folder = small();
    done(folder.path(), &["backtest", "scenarios/small.toml", "--out", "run"]);
    let whole = files(&folder.path().join("run"));
    let text = done(folder.path(), &["backtest", "scenarios/small.toml", "--out", "run", "--no-report"]);
    assert!(text.contains("\nrun folder      run\n"), "{text}");
    let numbers = files(&folder.path().join("run"));
    let drawn = |name: &&String| name.ends_with(".png") || name.ends_with(".html");
    assert_eq!(numbers.keys().filter(drawn).count(), 0);
    assert!(numbers.iter().all(|(name, bytes)| whole[name] == *bytes));
    done(folder.path(), &["report", "run"]);
    assert!(files(&folder.path().join("run")) == whole);
}

#[test]
fn no_trade_is_said_with_its_reason() {
    let folder = small();
    let text = done(folder.path(), &["backtest", "scenarios/small.toml", "--set", "account.cash=1"]);
    let words = text.replace('\n', " ");
    assert!(
        words.contains(" No trade was made. All ")
            && words.contains("entries were refused for being less than a share."),
        "{text}"
    );
    assert!(!text.contains("Sharpe  ") && !text.contains("NaN"), "{text}");
}

/// The report is made again byte for byte, also from another folder.
#[test]
fn report_rebuilds_the_same_bytes() {
    let folder = small();
    done(folder.path(), &["backtest", "scenarios/small.toml"]);
    let run = folder.path().join("reports/small");
    let before = files(&run);
    for name in ["report.html", "equity.png", "drawdown.png", "price.png", "risk.png"] {
        fs::remove_file(run.join(name)).expect("remove");
    }
    let elsewhere = tempfile::tempdir().expect("folder");
    let text = done(elsewhere.path(), &["report", run.to_str().expect("path")]);
    assert!(text.starts_with("report          ") && text.contains("\nfingerprint     "), "{text}");
    assert_eq!(files(&run), before);
    let record = String::from_utf8(before["run.json"].clone()).expect("text");
    assert!(!record.contains(folder.path().to_str().expect("path")), "run.json names no folder of this machine");
    // A folder that was carried away finds its data only by name.
    let moved = elsewhere.path().join("moved");
    fs::rename(&run, &moved).expect("move");
    let error = fails(elsewhere.path(), 2, &["report", "moved"]);
    assert!(error.contains("name the folder of the scenario with --paths-from"), "{error}");
    let scenarios = folder.path().join("scenarios");
    done(elsewhere.path(), &["report", "moved", "--paths-from", scenarios.to_str().expect("path")]);
    assert_eq!(files(&moved), before);
}

/// A report is never made from other data, or for other numbers than are recorded.
#[test]
fn report_refuses_what_is_not_the_run() {
    let folder = small();
    done(folder.path(), &["backtest", "scenarios/small.toml"]);
    let run = folder.path().join("reports/small");
    let before = files(&run);
    let change = |name: &str, from: &str, to: &str| {
        let text = fs::read_to_string(run.join(name)).expect("text");
        assert!(text.contains(from), "{text}");
        fs::write(run.join(name), text.replacen(from, to, 1)).expect("write");
    };
    change("metrics.json", "\"sessions\": 300", "\"sessions\": 301");
    let error = fails(folder.path(), 3, &["report", "reports/small"]);
    assert!(error.contains("metrics.json: `sessions` is 301, but the replay gives 300"), "{error}");
    change("run.json", "\"fingerprint\": \"", "\"fingerprint\": \"0");
    assert!(fails(folder.path(), 3, &["report", "reports/small"]).contains("replayed to fingerprint"));
    let data = folder.path().join("data/TEST.csv");
    let text = fs::read_to_string(&data).expect("data");
    fs::write(&data, format!("{text}\n")).expect("write");
    let error = fails(folder.path(), 2, &["report", "reports/small"]);
    assert!(error.contains("TEST.csv: has changed since the run: its sha256 is"), "{error}");
    fs::remove_file(&data).expect("remove");
    assert!(fails(folder.path(), 2, &["report", "reports/small"]).contains("TEST.csv"));
    assert!(fails(folder.path(), 2, &["report", "data"]).contains("data/run.json: there is no such file"));
    for name in ["report.html", "equity.png"] {
        assert_eq!(fs::read(run.join(name)).expect(name), before[name], "a refused report changes nothing");
    }
}

#[test]
fn suspicious_data_is_refused_when_asked() {
    let folder = small();
    let data = folder.path().join("data/TEST.csv");
    let text = fs::read_to_string(&data).expect("data");
    let kept: Vec<&str> = text.lines().enumerate().filter(|(number, _)| *number != 50).map(|(_, line)| line).collect();
    fs::write(&data, kept.join("\n") + "\n").expect("write");
    let error = fails(folder.path(), 2, &["backtest", "scenarios/small.toml", "--strict"]);
    assert!(error.contains("TEST.csv:51: 1 session of XNYS has no bar"), "{error}");
    let call = alphaflow(folder.path(), &["backtest", "scenarios/small.toml"]);
    assert_eq!(call.code, Some(0));
    assert!(call.out.contains("! 1 value in the data looks suspicious, the first in TEST.csv."), "{}", call.out);
}

/// Nothing that a scenario asks for is passed over in silence.
#[test]
fn what_does_nothing_yet_is_said_or_refused() {
    let folder = small();
    let run = |set: &str| done(folder.path(), &["backtest", "scenarios/small.toml", "--set", set]).replace("\n  ", " ");
    let text = run("risk.restricted_symbols=[\"TEST\"]");
    assert!(text.contains("refused since the symbol is restricted."), "{text}");

    for (section, name) in [
        ("[sweep]\n\"stop.multiple\" = [\"1\", \"2\"]\n", "sweep"),
        ("[walk_forward]\ntrain = \"3y\"\ntest = \"6m\"\n", "walk_forward"),
        ("[stress]\ngap = [\"-0.05\"]\n", "stress"),
    ] {
        let path = folder.path().join("scenarios/small.toml");
        let text = fs::read_to_string(&path).expect("read");
        fs::write(folder.path().join("scenarios/study.toml"), format!("{text}{section}")).expect("write");
        let error = fails(folder.path(), 2, &["backtest", "scenarios/study.toml"]);
        assert!(error.contains(&format!("[{name}] makes many runs, and this command makes one")), "{error}");
        assert!(error.contains("scenarios/study.toml:") && error.contains("use `alphaflow sweep SCENARIO`"), "{error}");
    }
}

/// A strategy that shares out the account takes no more of it than `[sizing]` says, and no size of another kind.
#[test]
fn weights_stay_within_the_sizing() {
    let folder = small();
    let strategy = "strategy={name=\"cross_sectional_momentum\",params={lookback_period=5,top=1}}";
    let shares = |value: &str| {
        let value = format!("sizing.value={value}");
        done(folder.path(), &["backtest", "scenarios/small.toml", "--set", strategy, "--set", &value, "--out", "run"]);
        let fills = fs::read_to_string(folder.path().join("run/fills.csv")).expect("fills");
        fills.lines().nth(1).and_then(|row| row.split(',').nth(4)?.parse::<f64>().ok()).expect("a first fill")
    };
    let (half, tenth) = (shares("0.5"), shares("0.1"));
    assert!((half / tenth - 5.0).abs() < 0.1, "{half} {tenth}");
    for set in ["sizing={kind=\"fixed_shares\",value=\"10\"}", "sizing={kind=\"risk_fraction\",value=\"0.01\"}"] {
        let error = fails(folder.path(), 2, &["backtest", "scenarios/small.toml", "--set", strategy, "--set", set]);
        assert!(error.contains("cross_sectional_momentum gives each position its share of equity"), "{error}");
    }
}

/// Every field of an order is in `orders.csv`, the distance of a trailing stop too.
#[test]
fn orders_tell_how_far_a_trailing_stop_trails() {
    let folder = small();
    let script = "time,action,id,symbol,side,qty,type,trail_price,trail_percent\n\
                  2020-01-06,submit,in,TEST,buy,10,market,,\n\
                  2020-01-08,submit,share,TEST,sell,5,trailing_stop,,4.5\n\
                  2020-01-08,submit,dollars,TEST,sell,5,trailing_stop,1.25,\n";
    fs::write(folder.path().join("scenarios/orders.csv"), script).expect("write");
    let strategy = "strategy={name=\"order_script\",params={file=\"orders.csv\"}}";
    done(folder.path(), &["backtest", "scenarios/small.toml", "--set", strategy, "--out", "run"]);
    let orders = fs::read_to_string(folder.path().join("run/orders.csv")).expect("orders");
    let field = |id: &str, name: &str| {
        let at = orders.lines().next().and_then(|header| header.split(',').position(|column| column == name));
        let row = orders.lines().find(|row| row.starts_with(&format!("{id},"))).expect("a row");
        row.split(',').nth(at.expect("a column")).expect("a field").to_owned()
    };
    assert_eq!((field("share", "trail_percent"), field("share", "trail_price")), ("4.5".into(), String::new()));
    assert_eq!((field("dollars", "trail_price"), field("dollars", "trail_percent")), ("1.25".into(), String::new()));
}

/// The sentence and the table say the same of what is held, where a session has many bars too.
#[test]
fn the_worst_fall_of_what_is_held_is_one_number() {
    let folder = small();
    let bars =
        ["data", "synthesize", "--symbol", "MIN", "--timeframe", "15m", "--sessions", "40", "--out", "data/MIN.csv"];
    done(folder.path(), &bars);
    let run = ["backtest", "scenarios/small.toml", "--set", "data.timeframe=15m", "--set", "data.symbols=[\"MIN\"]"];
    let text = done(folder.path(), &run).replace('\n', " ");
    let after = |words: &str| text.split(words).nth(1).unwrap_or_else(|| panic!("{words} in {text}"));
    let in_sentence = after("Holding MIN made").split("worst fall of ").nth(1).and_then(|rest| rest.split(". ").next());
    assert_eq!(in_sentence, after("Max drawdown").split_whitespace().nth(1), "{text}");
}

/// Bars of a quarter of an hour are no half hours: every period and every order's end would be off by two.
#[test]
fn bars_shorter_than_their_timeframe_are_refused() {
    let folder = small();
    let bars =
        ["data", "synthesize", "--symbol", "MIN", "--timeframe", "15m", "--sessions", "5", "--out", "data/MIN.csv"];
    done(folder.path(), &bars);
    let set = ["--set", "data.timeframe=30m", "--set", "data.symbols=[\"MIN\"]"];
    let error = fails(folder.path(), 2, &[&["backtest", "scenarios/small.toml"], &set[..]].concat());
    assert!(error.contains("MIN.csv holds 15m bars, and data.timeframe is 30m"), "{error}");
    assert!(error.contains("set timeframe = \"15m\", or name a file of 30m bars"), "{error}");
}

/// Where the calendar ends, a day of the data is a session: metrics count it, day orders end with it.
#[test]
fn days_beyond_the_calendar_are_sessions_of_their_own() {
    let folder = small();
    let sessions = |days: &[&str]| {
        let bars = days.iter().flat_map(|day| (14..21).map(move |hour| (day, hour, 100 + (hour * 7) % 5)));
        let rows =
            bars.map(|(day, hour, price)| format!("{day}T{hour}:30:00Z,{price},{price},{price},{price},90000\n"));
        let text = format!("timestamp,open,high,low,close,volume\n{}", rows.collect::<String>());
        fs::write(folder.path().join("data/FAR.csv"), text).expect("write");
        let set = ["--set", "data.timeframe=1h", "--set", "data.symbols=[\"FAR\"]", "--format", "json"];
        let json = done(folder.path(), &[&["backtest", "scenarios/small.toml"], &set[..]].concat());
        serde_json::from_str::<Value>(&json).expect("JSON")["sessions"].clone()
    };
    assert_eq!(sessions(&["2035-12-28", "2035-12-31", "2036-01-02", "2036-01-03"]), 4);
    assert_eq!(sessions(&["2036-01-02", "2036-01-03", "2036-01-04"]), 3);
    assert_eq!(sessions(&["1989-12-28", "1989-12-29", "1990-01-02"]), 3);
}

/// A leg says how many shares it protects, canceled or not: those its entry filled, restated by a split.
#[test]
fn a_leg_has_the_shares_that_it_protects() {
    let folder = small();
    let actions = "symbol,ex_date,kind,ratio_or_amount\nTEST,2020-01-22,split,2\n";
    fs::write(folder.path().join("scenarios/actions.csv"), actions).expect("write");
    let script = "time,action,id,symbol,side,qty,type,order_class,take_profit,stop_loss\n\
                  2020-01-06,submit,in,TEST,buy,10,market,bracket,900,1\n\
                  2020-01-10,submit,out,TEST,sell,10,market,,,\n\
                  2020-01-14,submit,again,TEST,buy,10,market,bracket,900,1\n\
                  2020-02-03,flatten,flat,TEST,,,,,,\n\
                  2020-02-05,submit,more,TEST,buy,8,market,,,\n\
                  2020-02-07,submit,pair,TEST,sell,8,,oco,900,1\n";
    fs::write(folder.path().join("scenarios/orders.csv"), script).expect("write");
    let strategy = "strategy={name=\"order_script\",params={file=\"orders.csv\"}}";
    let run = |extra: &[&str]| {
        let set = ["backtest", "scenarios/small.toml", "--set", strategy, "--out", "run"];
        done(folder.path(), &[&set, extra].concat());
        let orders = fs::read_to_string(folder.path().join("run/orders.csv")).expect("orders");
        let fields = |row: &str| row.split(',').take(7).map(str::to_owned).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = orders.lines().skip(1).map(fields).collect();
        rows.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[6].clone())).collect::<Vec<_>>()
    };
    let has = |rows: &[(String, String, String)], id: &str, status: &str, shares: &str| {
        let row = (id.to_owned(), status.to_owned(), shares.to_owned());
        assert!(rows.contains(&row), "{row:?} in {rows:#?}");
    };
    let plain = run(&[]);
    has(&plain, "in.stop", "canceled", "10");
    has(&plain, "in.take_profit", "canceled", "10");
    // Good until canceled is ninety days, and the data go on for longer.
    has(&plain, "pair.stop", "expired", "8");
    let split = run(&["--set", "data.corporate_actions=actions.csv"]);
    has(&split, "again", "filled", "10");
    has(&split, "again.stop", "canceled", "20");
}

/// A scenario with a stop opens nothing that would stand without one: no ATR yet, no entry.
#[test]
fn no_position_is_opened_before_its_stop_can_be_measured() {
    let folder = small();
    let run = |strategy: &str| {
        let set = ["--set", strategy, "--set", "sizing.value=0.1", "--out", "run"];
        let text = done(folder.path(), &[&["backtest", "scenarios/small.toml"], &set[..]].concat());
        let file = |name: &str| fs::read_to_string(folder.path().join("run").join(name)).expect("file");
        (text, file("orders.csv"), file("refusals.csv"))
    };
    let (_, orders, refusals) = run("strategy={name=\"quick_test\"}");
    assert!(refusals.contains(",no_stop,,\n"), "{refusals}");
    let filled: Vec<&str> = orders.lines().filter(|row| row.contains(",filled,") && row.contains(",entry,")).collect();
    assert!(filled.len() > 5 && filled.iter().all(|row| row.contains(",oto,")), "{orders}");
    let (text, ..) = run("strategy={name=\"buy_and_hold\"}");
    let words = text.replace('\n', " ");
    assert!(words.contains("The only entry was refused since the stop could not be measured yet."), "{text}");
}
