//! A walk-forward on real bars: windows, picks, tests and the chained line, each worked out another way.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use alphaflow::domain::{Fill, Timestamp};
use alphaflow::scenario::spec::Objective;
use alphaflow::scenario::{
    LoadedScenario, MarketData, Metrics, Yardsticks, load_market, measure_run, parse, run, run_from,
};
use alphaflow::strategy::BuiltIn;
use alphaflow::sweep::{Begin, Identity, Plan, Runner, Shard, SweepFolder, WalkForward, WalkPlan};

/// One share, few shares a trade, limits far away: what a run does does not depend on what it has earned.
const SCENARIO: &str = r#"
[scenario]
name = "walk"
seed = 1
[data]
timeframe = "1d"
start = "2005-01-03"
end = "2009-12-31"
path = "PATH"
symbols = ["IBM"]
adjust = "none"
[account]
cash = "100000"
[strategy]
name = "ma_crossover"
params = { fast_period = 5, slow_period = 20 }
[sizing]
kind = "fixed_shares"
value = "100"
[execution]
commission = { kind = "bps", value = "1" }
[stop]
kind = "atr"
multiple = "3"
[risk]
max_daily_loss = "0.9"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1.0"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "100000"
price_collar = "0.10"
on_daily_loss = "halt"
on_breach = "reject"
"#;

const SWEEP: &str = r#"
[sweep]
"strategy.params.fast_period" = [5, 10, 50]
"strategy.params.slow_period" = [20, 40, 50]
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn scenario_on(bars: &Path, more: &str, overrides: &[&str]) -> LoadedScenario {
    let text = SCENARIO.replace("PATH", &bars.display().to_string()) + more;
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    parse(&root().join("walk.toml"), &text, &overrides).unwrap_or_else(|errors| panic!("{errors}"))
}

fn ibm() -> PathBuf {
    root().join("data/bokeh_IBM_daily.csv")
}

fn study(train: &str, test: &str) -> String {
    format!("{SWEEP}[walk_forward]\ntrain = \"{train}\"\ntest = \"{test}\"\n")
}

fn walked(loaded: &LoadedScenario, threads: usize, best: Option<usize>, folder: Option<&Path>) -> WalkForward {
    let plan = Plan::new(loaded).unwrap();
    let market = load_market(loaded).unwrap();
    let walk = WalkPlan::of(&plan, &market).unwrap().unwrap();
    let runner = Runner { catalog: &BuiltIn, plan: &plan, threads };
    let folder =
        folder.map(|path| SweepFolder::open(path, &Identity::of(&plan, &market), Shard::WHOLE, Begin::Resume).unwrap());
    WalkForward::of((&runner, &walk), Objective::Sharpe, best, folder.as_ref(), &|_| ()).unwrap()
}

/// An ordinary run between two dates.
fn measured(overrides: &[&str], from: &str, to: &str) -> (MarketData, Metrics) {
    let (from, to) = (format!("data.start=\"{from}\""), format!("data.end=\"{to}\""));
    let all: Vec<&str> = overrides.iter().copied().chain([from.as_str(), to.as_str()]).collect();
    let loaded = scenario_on(&ibm(), "", &all);
    let market = load_market(&loaded).unwrap();
    let journal = run(&loaded, &market).unwrap();
    let (metrics, _) = measure_run(&loaded, &market, &Yardsticks::of(&market), &journal);
    (market, metrics)
}

#[test]
fn the_first_training_picks_what_ordinary_runs_between_its_dates_say() {
    let walked = walked(&scenario_on(&ibm(), &study("2y", "1y"), &[]), 2, None, None);
    assert_eq!(walked.windows.len(), 3);
    let window = &walked.windows[0];
    assert_eq!(window.train, Some(("2005-01-03".to_owned(), "2006-12-29".to_owned())));
    assert_eq!(window.test, ("2007-01-03".to_owned(), "2008-01-02".to_owned()));
    // 50 and 20, 50 and 40, 50 and 50 do not go together; the others are in the order of the plan.
    let mut best: Option<(f64, Vec<String>)> = None;
    for fast in ["5", "10"] {
        for slow in ["20", "40", "50"] {
            let (fast_key, slow_key) =
                (format!("strategy.params.fast_period={fast}"), format!("strategy.params.slow_period={slow}"));
            let (_, metrics) = measured(&[&fast_key, &slow_key], "2005-01-03", "2006-12-29");
            let sharpe = metrics.number("sharpe").unwrap();
            if best.as_ref().is_none_or(|(highest, _)| sharpe > *highest) {
                best = Some((sharpe, vec![fast.to_owned(), slow.to_owned()]));
            }
        }
    }
    let (sharpe, values) = best.unwrap();
    let pick = window.pick.as_ref().unwrap();
    assert_eq!((pick.train_value, &pick.values), (Some(sharpe), &values));
    // Later trainings are shown the bars before them, as many sessions as they have themselves.
    let later = walked.windows[1].pick.as_ref().unwrap();
    let chosen = [
        format!("strategy.params.fast_period={}", later.values[0]),
        format!("strategy.params.slow_period={}", later.values[1]),
    ];
    let loaded = scenario_on(&ibm(), "", &[&chosen[0], &chosen[1]]);
    let market = load_market(&loaded).unwrap();
    let [shown, from, until] = ["2005-01-03", "2006-01-03", "2008-01-03"].map(|date| date.parse().unwrap());
    let (led, traded) = (market.cut(&(shown..until)), market.cut(&(from..until)));
    assert_eq!(traded.bars[0].len(), walked.windows[1].sessions.0);
    let journal = run_from(&BuiltIn, &loaded, (&led, from), (None, &[])).unwrap();
    let (warm, _) = measure_run(&loaded, &traded, &Yardsticks::of(&traded), &journal);
    assert_eq!(later.train_value, warm.number("sharpe"));
}

/// Fills from `from` on, without the numbers of orders.
fn fills(all: &[Fill], from: Timestamp) -> Vec<(Timestamp, String, String)> {
    let later = all.iter().filter(|fill| fill.time >= from);
    later.map(|fill| (fill.time, fill.quantity.signed(fill.side).to_string(), fill.price.to_string())).collect()
}

#[test]
fn a_warmed_run_decides_as_the_long_run_does_once_that_is_flat() {
    let path = format!("data.path=\"{}\"", root().join("data/bokeh_{symbol}_daily.csv").display());
    let two = ["data.symbols=[\"IBM\", \"MSFT\"]", path.as_str()];
    for symbols in [&[][..], &two[..]] {
        for strategy in ["ma_crossover", "rsi_mean_reversion", "donchian_breakout", "macd_trend"] {
            let name = format!("strategy.name=\"{strategy}\"");
            let params = if strategy == "ma_crossover" { &[][..] } else { &[name.as_str(), "strategy.params={}"][..] };
            warmed(&scenario_on(&ibm(), "", &[symbols, params].concat()));
        }
    }
}

/// Runs from three days on, each symbol held against the long run.
fn warmed(loaded: &LoadedScenario) {
    let strategy = &loaded.spec.strategy.name;
    let market = load_market(loaded).unwrap();
    let long = run(loaded, &market).unwrap();
    let mut compared = 0;
    for from in ["2006-06-01", "2007-01-03", "2008-03-03"] {
        let from: Timestamp = from.parse().unwrap();
        let warm = run_from(&BuiltIn, loaded, (&market, from), (None, &[])).unwrap();
        assert!(warm.fills.iter().all(|fill| fill.time > from), "{strategy}: nothing is decided before {from}");
        for symbol in 0..market.bars.len() {
            let of = |fills: &[Fill]| -> Vec<Fill> {
                fills.iter().filter(|fill| fill.symbol.get() == symbol).cloned().collect()
            };
            let (ours, theirs) = (of(&warm.fills), of(&long.fills));
            // The long run may have come with a position; from its next exit on both are flat.
            let before = theirs.iter().filter(|fill| fill.time <= from);
            let flat = match before.map(|fill| fill.quantity.signed(fill.side).units()).sum::<i64>() {
                0 => from.plus_ns(1),
                _ => theirs.iter().find(|fill| fill.time > from).unwrap().time.plus_ns(1),
            };
            let (ours, theirs) = (fills(&ours, flat), fills(&theirs, flat));
            assert_eq!(ours, theirs, "{strategy} from {from}");
            compared += ours.len();
        }
    }
    assert!(compared > 20, "{strategy}: {compared} fills");
}

#[test]
fn the_line_is_the_tests_chained() {
    let loaded = scenario_on(&ibm(), &study("1y", "4m"), &[]);
    let walked = walked(&loaded, 2, Some(4), None);
    let mut equity = 100_000.0;
    for (number, window) in walked.windows.iter().enumerate() {
        equity *= 1.0 + *window.pick.as_ref().unwrap().test_return.as_ref().unwrap();
        let of_window: Vec<f64> =
            walked.line.points.iter().filter(|point| point.window == number).map(|point| point.equity).collect();
        assert_eq!(of_window.len(), window.sessions.1, "a point a session");
        assert!((of_window.last().unwrap() / equity - 1.0).abs() < 1e-12, "{number}");
    }
    let total = walked.line.metrics.number("total_return").unwrap();
    assert!((100_000.0 * (1.0 + total) / equity - 1.0).abs() < 1e-12);
    // Over the same sessions: the best in hindsight, and holding.
    let times = |line: &alphaflow::sweep::Line| line.points.iter().map(|point| point.time).collect::<Vec<_>>();
    let hindsight = walked.hindsight.as_ref().unwrap();
    assert_eq!(hindsight.position, 4);
    assert_eq!(times(&walked.line), times(&hindsight.line));
    assert_eq!(times(&walked.line), times(&walked.holding));
    let market = load_market(&loaded).unwrap();
    let (first, last) = (walked.holding.points.first().unwrap(), walked.holding.points.last().unwrap());
    let close = |time| market.bars[0].iter().find(|bar| bar.time == time).unwrap().close.to_f64();
    assert!((last.equity / 100_000.0 - close(last.time) / close(first.time)).abs() < 1e-9);
    // What was left of training: both sides chained, at 252 sessions a year.
    let annual = |pairs: &mut dyn Iterator<Item = (f64, usize)>| {
        let (growth, sessions) = pairs.fold((1.0, 0), |all, one| (all.0 * (1.0 + one.0), all.1 + one.1));
        f64::powf(growth, 252.0 / sessions as f64) - 1.0
    };
    let picks = || walked.windows.iter().map(|window| (window.pick.as_ref().unwrap(), window.sessions));
    let trained = annual(&mut picks().map(|(pick, sessions)| (pick.train_return.unwrap(), sessions.0)));
    let tested = annual(&mut picks().map(|(pick, sessions)| (*pick.test_return.as_ref().unwrap(), sessions.1)));
    match &walked.efficiency {
        Ok(all) => assert!((all.ratio - tested / trained).abs() < 1e-9, "{all:?}"),
        Err(reason) => assert!(trained <= 0.0 && reason.contains("no gain to keep"), "{trained} {reason}"),
    }
}

#[test]
fn what_comes_after_a_test_changes_nothing_up_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let bars = folder.path().join("bars.csv");
    // From 2008-01-03 on, the first session after the first test, every price is half as high.
    let text = fs::read_to_string(ibm()).unwrap();
    let halved = |line: &str| -> String {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if cells[0].as_str() >= "2008-01-03" && cells[0].starts_with('2') {
            for cell in &mut cells[1..5] {
                *cell = format!("{:.4}", cell.parse::<f64>().unwrap() / 2.0);
            }
        }
        cells.join(",")
    };
    fs::write(&bars, text.lines().map(halved).collect::<Vec<_>>().join("\n")).unwrap();
    let (plain, other) = (
        walked(&scenario_on(&ibm(), &study("2y", "1y"), &[]), 2, Some(0), None),
        walked(&scenario_on(&bars, &study("2y", "1y"), &[]), 2, Some(0), None),
    );
    assert_eq!(plain.windows[0], other.windows[0]);
    let first = |walked: &WalkForward| {
        walked.line.points.iter().filter(|point| point.window == 0).map(|point| point.equity).collect::<Vec<f64>>()
    };
    assert_eq!(first(&plain), first(&other));
    // The pick of the second window is made on bars that have changed in part, its test on none that have not.
    assert_ne!(plain.windows[1], other.windows[1]);
}

#[test]
fn threads_and_interruptions_leave_the_same_bytes() {
    let loaded = scenario_on(&ibm(), &study("1y", "6m"), &[]);
    let bytes = |threads: usize, folder: Option<&Path>| {
        let walked = walked(&loaded, threads, Some(0), folder);
        (format!("{:#}", walked.to_json()), walked.csv())
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = bytes(1, None);
    assert_eq!(whole, bytes(2, None));
    assert_eq!(whole, bytes(2, Some(folder.path())));
    // Killed: some pieces of training are there, others are not.
    let mut parts: Vec<PathBuf> =
        fs::read_dir(folder.path().join("parts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.sort();
    assert!(parts.len() > 20, "{}", parts.len());
    for part in parts.iter().step_by(3) {
        fs::remove_file(part).unwrap();
    }
    assert_eq!(whole, bytes(2, Some(folder.path())));
    // A piece that is damaged is named, not believed.
    fs::write(&parts[0], b"PAR1").unwrap();
    let plan = Plan::new(&loaded).unwrap();
    let market = load_market(&loaded).unwrap();
    let walk = WalkPlan::of(&plan, &market).unwrap().unwrap();
    let runner = Runner { catalog: &BuiltIn, plan: &plan, threads: 1 };
    let kept = SweepFolder::open(folder.path(), &Identity::of(&plan, &market), Shard::WHOLE, Begin::Resume).unwrap();
    let error = WalkForward::of((&runner, &walk), Objective::Sharpe, None, Some(&kept), &|_| ()).unwrap_err();
    assert!(error.to_string().contains("window-0000-0000000.parquet"), "{error}");
}

/// Raw prices over a split on the first day that is traded, and on the first that is shown.
#[test]
fn a_span_may_begin_on_the_day_of_a_split() {
    let actions = root().join("data/corporate_actions.csv");
    let overrides = [
        "data.symbols=[\"AAPL\"]".to_owned(),
        format!("data.path=\"{}\"", root().join("data/bokeh_{symbol}_daily.csv").display()),
        format!("data.corporate_actions=\"{}\"", actions.display()),
        "data.start=\"2004-06-01\"".to_owned(),
    ];
    let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
    let loaded = scenario_on(&ibm(), "", &overrides);
    let market = load_market(&loaded).unwrap();
    let split: Timestamp = "2005-02-28".parse().unwrap();
    assert!(market.actions.iter().any(|(time, _)| *time == split));
    for shown in ["2004-06-01", "2005-02-25", "2005-02-28"] {
        let end: Timestamp = "2006-06-01".parse().unwrap();
        let led = market.cut(&(shown.parse().unwrap()..end));
        let traded = market.cut(&(split..end));
        let journal = run_from(&BuiltIn, &loaded, (&led, split), (None, &[])).unwrap();
        assert!(journal.fills.len() > 5, "{shown}: {} fills", journal.fills.len());
        let (_, marks) = measure_run(&loaded, &traded, &Yardsticks::of(&traded), &journal);
        assert_eq!(marks.equity.len(), traded.bars[0].len());
        assert_eq!(*marks.equity.last().unwrap(), journal.equity.last(), "{shown}");
    }
}

/// Minutes: a window ends with a session, and the account is marked at its last bar.
#[test]
fn sessions_of_minutes_stay_whole() {
    let overrides = [
        "data.symbols=[\"SYN\"]".to_owned(),
        "data.timeframe=\"1m\"".to_owned(),
        "data.start=\"2024-01-02\"".to_owned(),
        "data.end=\"2024-02-29\"".to_owned(),
        format!("data.path=\"{}\"", root().join("data/synthetic_minutes.parquet").display()),
    ];
    let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
    let loaded = scenario_on(&ibm(), &study("7d", "3d"), &overrides);
    let walked = walked(&loaded, 2, None, None);
    let market = load_market(&loaded).unwrap();
    let days: Vec<i32> = market.bars[0].iter().map(|bar| bar.time.days()).collect();
    // Twenty sessions, of which the first seven days have five; each of the rest is tested once.
    let mut tested: Vec<i32> = walked.line.points.iter().map(|point| point.time.days()).collect();
    assert_eq!(tested.len(), 15);
    tested.dedup();
    assert_eq!(tested.len(), 15);
    let last_bar = |day: i32| days.iter().rposition(|other| *other == day).unwrap();
    assert!(walked.line.points.iter().all(|point| market.bars[0][last_bar(point.time.days())].time == point.time));
    assert_eq!(walked.windows[0].train, Some(("2024-01-02".to_owned(), "2024-01-08".to_owned())));
    assert_eq!(walked.windows[0].test, ("2024-01-09".to_owned(), "2024-01-11".to_owned()));
    assert_eq!(walked.windows[1].test, ("2024-01-12".to_owned(), "2024-01-12".to_owned()));
}

#[test]
fn what_cannot_be_walked_is_refused_before_a_run_is_made() {
    let refused = |loaded: &LoadedScenario| {
        let (plan, market) = (Plan::new(loaded).unwrap(), load_market(loaded).unwrap());
        WalkPlan::of(&plan, &market).unwrap_err().to_string()
    };
    let error = refused(&scenario_on(&ibm(), &study("6y", "1y"), &[]));
    assert!(error.contains("leaves no session to test after walk_forward.train = 6y"), "{error}");
    let plan = Plan::new(&scenario_on(&ibm(), SWEEP, &[])).unwrap();
    assert!(WalkPlan::of(&plan, &MarketData::default()).unwrap().is_none(), "without [walk_forward] there is none");
}

/// One candidate, nothing to pick: the tests are its own.
#[test]
fn a_single_run_can_be_walked() {
    let walked = walked(&scenario_on(&ibm(), "[walk_forward]\ntrain = \"2y\"\ntest = \"1y\"\n", &[]), 1, Some(0), None);
    assert_eq!(walked.candidates, 1);
    assert_eq!(walked.line.points, walked.hindsight.as_ref().unwrap().line.points);
    assert!(walked.drift.is_empty());
    assert!(walked.in_words().starts_with("In 3 windows the only run was traded over the next year;"));
}

#[test]
fn where_nothing_can_be_picked_the_test_holds_cash() {
    let refuses_all = ["risk.max_order_notional=\"1\""];
    let walked = walked(&scenario_on(&ibm(), &study("2y", "1y"), &refuses_all), 2, None, None);
    for window in &walked.windows {
        assert_eq!(window.pick, Err("no run has a value of sharpe in training".to_owned()));
    }
    assert_eq!(walked.line.points.len(), walked.holding.points.len(), "every tested session has its point");
    assert!(walked.line.points.iter().all(|point| point.equity == 100_000.0));
    assert!(walked.efficiency.is_err() && walked.hindsight.is_none());
    assert_eq!(walked.gained(), (0, 0));
    let text = walked.in_words();
    assert!(text.contains("In 3 of the windows nothing could be picked; their tests hold cash."), "{text}");
    assert_eq!(walked.to_json()["windows"][0]["no_pick"], "no run has a value of sharpe in training");
}

#[test]
fn a_shock_is_not_picked() {
    let more = study("2y", "1y") + "[stress]\nslippage_times = [\"5\", \"1\"]\n";
    let loaded = scenario_on(&ibm(), &more, &["execution.slippage={ kind = \"bps\", value = \"1\" }"]);
    let plan = Plan::new(&loaded).unwrap();
    let walk = WalkPlan::of(&plan, &load_market(&loaded).unwrap()).unwrap().unwrap();
    assert_eq!((plan.len(), walk.trainings()), (18, 9 * 3));
    for position in 0..plan.len() {
        let shock = plan.values(position).find(|(key, _)| *key == "stress.slippage_times").unwrap().1;
        assert_eq!(walk.picks_from(position), shock == "1", "{position}");
    }
    // Nor is anything shocked in a window, whether training is made or read.
    let slippage = ["execution.slippage={ kind = \"bps\", value = \"1\" }"];
    let calm = walked(&scenario_on(&ibm(), &study("2y", "1y"), &slippage), 2, None, None);
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let beside = walked(&loaded, 2, None, Some(folder.path()));
        assert_eq!(beside.line.points, calm.line.points);
    }
}

/// The scenario for newcomers, whole and out of two shards; a sweep that was stopped between its runs and its walk.
#[test]
fn the_command_writes_the_same_files_whole_resumed_and_merged() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = root().join("scenarios/walk_forward_tech4.toml");
    let run = |words: &[&str], out: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
        command.current_dir(folder.path()).args(words).arg(&scenario).args(more).args(["--out", out]);
        for set in ["data.symbols=[\"IBM\"]", "data.end=\"2009-06-30\"", "walk_forward.train=\"2y\""] {
            command.args(["--set", set]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let files = |out: &str| {
        ["walk_forward.json", "walk_forward.csv"].map(|name| fs::read(folder.path().join(out).join(name)).unwrap())
    };
    let text = run(&["sweep"], "whole", &["--threads", "2"]);
    let words: Vec<&str> = text.split_whitespace().collect();
    let told = words.join(" ");
    assert!(told.contains("In 3 windows the best of 60 runs by Sharpe ratio over 2 years was traded"), "{text}");
    assert!(told.contains("walking forward 3 windows"), "{text}");
    let whole = files("whole");
    for name in ["walk_forward.json", "walk_forward.csv", "parts/window-0001-0000000.parquet"] {
        fs::remove_file(folder.path().join("whole").join(name)).unwrap();
    }
    run(&["sweep"], "whole", &["--resume"]);
    assert_eq!(files("whole"), whole);
    for (shard, out) in [("1/2", "one"), ("2/2", "two")] {
        run(&["sweep"], out, &["--shard", shard]);
        assert!(!folder.path().join(out).join("walk_forward.json").exists(), "a shard knows too little to walk");
    }
    run(&["sweep", "merge"], "merged", &["one", "two"]);
    assert_eq!(files("merged"), whole);
    let json: serde_json::Value = serde_json::from_slice(&whole[0]).unwrap();
    let rows = String::from_utf8(whole[1].clone()).unwrap().lines().count() - 1;
    assert_eq!(json["out_of_sample"]["sessions"], rows);
}
