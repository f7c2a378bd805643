//! Plans: axes, values checked at their keys, runs derived from them.
use std::collections::BTreeSet;
use std::path::Path;

use super::plan::Plan;
use super::run_id::RunId;
use super::testing::scenario;
use crate::scenario::spec::{ParamValue, StopRule, StressWindow};
use crate::scenario::{effective_toml, parse};
use crate::strategy::BuiltIn;

fn plan(more: &str) -> Plan {
    let plan = Plan::new(&scenario(more)).unwrap_or_else(|errors| panic!("{errors}"));
    plan.check(&BuiltIn).unwrap_or_else(|errors| panic!("{errors}"));
    plan
}

fn error(more: &str) -> String {
    let plan = match Plan::new(&scenario(more)) {
        Ok(plan) => plan,
        Err(errors) => return errors.to_string(),
    };
    plan.check(&BuiltIn).expect_err(more).to_string()
}

/// The lines of a run's scenario that the base does not have.
fn changed(plan: &Plan, position: usize) -> Vec<String> {
    let base = effective_toml(&scenario("").spec);
    let run = plan.scenario(&BuiltIn, position).unwrap_or_else(|invalid| panic!("{invalid}"));
    let text = effective_toml(&run.spec);
    text.lines().filter(|line| !base.lines().any(|known| known == *line)).map(ToOwned::to_owned).collect()
}

#[test]
fn any_kind_of_key_can_be_swept() {
    for (line, first, last) in [
        (
            "\"data.symbols\" = [[\"AAPL\", \"MSFT\"], [\"IBM\"]]",
            "symbols = [\"AAPL\", \"MSFT\"]",
            "symbols = [\"IBM\"]",
        ),
        ("\"data.symbols\" = [\"MSFT\", \"IBM\"]", "symbols = [\"MSFT\"]", "symbols = [\"IBM\"]"),
        ("\"data.start\" = [2006-01-03, 2007-01-03]", "start = \"2006-01-03\"", "start = \"2007-01-03\""),
        ("\"data.end\" = [\"2010-12-31\", \"2011-12-31\"]", "end = \"2010-12-31\"", "end = \"2011-12-31\""),
        ("\"risk.on_daily_loss\" = [\"flatten\"]", "on_daily_loss = \"flatten\"", "on_daily_loss = \"flatten\""),
        ("\"account.allow_short\" = [true]", "allow_short = true", "allow_short = true"),
        ("\"account.leverage\" = [2, 4]", "leverage = 2", "leverage = 4"),
        ("\"scenario.seed\" = { from = 2, to = 4, step = 1 }", "seed = 2", "seed = 4"),
        (
            "\"risk.max_drawdown\" = { from = \"0.05\", to = \"0.35\", step = \"0.1\" }",
            "max_drawdown = \"0.05\"",
            "max_drawdown = \"0.35\"",
        ),
        ("\"account.cash\" = [\"0.123456789123456789\", 2.5]", "cash = \"0.123456789123456789\"", "cash = \"2.5\""),
        (
            "\"risk.restricted_symbols\" = [[\"A\", \"B\"]]",
            "restricted_symbols = [\"A\", \"B\"]",
            "restricted_symbols = [\"A\", \"B\"]",
        ),
        (
            "\"execution.slippage.kind\" = [\"none\"]\n\"risk.max_open_positions\" = [3]",
            "max_open_positions = 3",
            "max_open_positions = 3",
        ),
    ] {
        let plan = plan(&format!("[sweep]\n{line}\n"));
        assert_eq!(changed(&plan, 0), [first], "{line}");
        assert_eq!(changed(&plan, plan.len() - 1), [last], "{line}");
    }
    let with_param =
        plan("[sweep]\n\"strategy.params.fast_period\" = [5]\n\"strategy.params.cross_rule\" = [\"adjacent\"]\n");
    let params = "params = { fast_period = 5, slow_period = 30, cross_rule = \"adjacent\" }";
    assert_eq!(changed(&with_param, 0), [params]);
}

#[test]
fn a_range_is_exact_and_holds_its_end() {
    let plan = plan(
        "[sweep]\n\"stop.multiple\" = { from = \"0.1\", to = \"0.7\", step = \"0.1\" }\n\"strategy.params.fast_period\" = { from = 3, to = 10, step = 4 }\n",
    );
    assert_eq!(plan.axes()[0].texts(), ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
    assert_eq!(plan.axes()[1].texts(), ["3", "7"]);
}

#[test]
fn shocks_multiply_the_sweep_and_one_that_changes_nothing_is_none() {
    let plan = plan(
        "[sweep]\n\"stop.period\" = [5, 14]\n[stress]\ngap = [\"-0.05\", \"-0.2\"]\nslippage_times = [1, 5]\nmissing_bars = [0]\n",
    );
    assert_eq!(plan.len(), 12);
    let keys: Vec<&str> = plan.axes().iter().map(|axis| axis.key()).collect();
    assert_eq!(keys, ["stop.period", "stress.gap", "stress.slippage_times", "stress.missing_bars"]);
    assert_eq!(plan.axes()[1].texts(), ["0", "-0.05", "-0.2"]);
    let shock = |position| plan.scenario(&BuiltIn, position).expect("run").spec.stress;
    assert_eq!(shock(0), None);
    assert_eq!(shock(1).map(|shock| shock.slippage_times), Some(vec!["5".parse().expect("ratio")]));
    let both = shock(3).expect("shock");
    assert_eq!((both.gap.len(), both.slippage_times.len(), both.missing_bars.len()), (1, 1, 0));
    let calm = Plan::new(&scenario("[stress]\ngap = [\"-0.5\", 0]\n")).expect("plan");
    assert_eq!(calm.axes()[0].texts(), ["-0.5", "0"]);
    let id = |position| RunId::of(&calm.scenario(&BuiltIn, position).expect("run").spec, &[]);
    assert_eq!(id(1), RunId::of(&scenario("").spec, &[]));
    assert_ne!(id(1), id(0));
}

#[test]
fn windows_halts_and_orders_of_days_are_shocks_too() {
    let more = "[stress]\nwindows = [\"2008\"]\nfrozen = [5, 20]\nreorder = 2\n";
    let plan = plan(more);
    assert_eq!(plan.axes()[0].texts(), ["none", "2008"]);
    assert_eq!(plan.axes()[1].texts(), ["0", "5", "20"]);
    assert_eq!(plan.axes()[2].texts(), ["0", "1", "2"]);
    let shock = |position| plan.scenario(&BuiltIn, position).expect("run").spec.stress;
    assert_eq!(shock(0), None);
    let last = shock(17).expect("shock");
    assert_eq!((last.windows, last.frozen, last.reorder), (vec![StressWindow::Year2008], vec![20], 2));
}

#[test]
fn a_wrong_shock_is_an_error_at_its_place() {
    for (wrong, what) in [
        ("windows = [\"2008\", \"2009\"]", "stress.windows cannot be \"2009\""),
        ("windows = [\"none\"]", "stress.windows cannot be \"none\""),
        ("frozen = [5, -1]", "stress.frozen is -1, allowed is 0 to 1000"),
        ("frozen = [1.5]", "stress.frozen must be a whole number"),
        ("reorder = 1001", "stress.reorder is 1001, allowed is 0 to 1000"),
        ("gap = [1]", "stress.gap is 1, allowed is above -1, below 1"),
    ] {
        let text = format!("{}[stress]\n{wrong}\n", scenario("").text());
        let error = parse(Path::new("swept.toml"), &text, &[]).expect_err("wrong").to_string();
        assert!(error.contains(what), "{error}");
    }
    let twice = error("[stress]\nfrozen = [20, 5, 20]\n");
    assert!(twice.contains("stress.frozen has the value 20 twice"), "{twice}");
    assert!(twice.contains("^^") && twice.contains("                 ^^"), "{twice}");
}

#[test]
fn a_walk_forward_without_a_sweep_is_one_run() {
    let plan = plan("[walk_forward]\ntrain = \"3y\"\ntest = \"6m\"\n");
    assert_eq!((plan.len(), plan.combinations(), plan.point(0)), (1, 1, &[][..]));
    assert_eq!(plan.scenario(&BuiltIn, 0).expect("run").spec, scenario("").spec);
}

/// A run is the scenario that a file with its values would be.
#[test]
fn a_run_equals_the_scenario_with_its_values_written_out() {
    let more = "[sweep]\n\"strategy.params.fast_period\" = [5, 20]\n\"stop.multiple\" = [\"1.5\", 3]\n\"data.symbols\" = [[\"AAPL\"], [\"IBM\", \"T\"]]\n\"stop.kind\" = [\"atr\"]\n";
    let swept = plan(more);
    for position in 0..swept.len() {
        let run = swept.scenario(&BuiltIn, position).expect("run");
        let text = effective_toml(&run.spec);
        assert_eq!(parse(Path::new("run.toml"), &text, &[]).expect("run").spec, run.spec);
        let sets: Vec<String> = swept.values(position).map(|(key, value)| format!("{key}={value}")).collect();
        let base = scenario("");
        let set = parse(base.path(), base.text(), &sets).expect("set").spec;
        assert_eq!(effective_toml(&set), text);
    }
}

/// A span of a walk-forward is a run of a run.
#[test]
fn a_run_of_a_run_keeps_its_other_values() {
    let swept = plan("[sweep]\n\"stop.period\" = [5]\n\"data.end\" = [\"2010-12-31\"]\n");
    let run = swept.scenario(&BuiltIn, 0).expect("run");
    let [start, end] = ["2008-01-02", "2009-12-31"].map(|text| ParamValue::Text(text.to_owned()));
    let span = run.with_values(&[("data.start", &start), ("data.end", &end)]).expect("span");
    let sets = ["stop.period=5", "data.start=2008-01-02", "data.end=2009-12-31"].map(ToOwned::to_owned);
    assert_eq!(span.spec, parse(run.path(), scenario("").text(), &sets).expect("set").spec);
    assert_eq!(span.value_at("stop.period"), Some(ParamValue::Int(5)));
    let unknown = run.with_values(&[("sweep.sample", &start)]).expect_err("no key of a run");
    assert!(unknown.to_string().contains("no run can set sweep.sample"), "{unknown}");
}

#[test]
fn threads_can_share_a_plan() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&plan("[stress]\ngap = [\"-0.1\"]\n"));
}

#[test]
fn a_wrong_value_is_one_error_at_its_place() {
    assert_eq!(
        error("[sweep]\n\"stop.multiple\" = [1, 2, 1001]\n\"stop.period\" = { from = 1, to = 90, step = 1 }\n"),
        "error swept.toml:33: stop.multiple is 1001, allowed is above 0, up to 1000\n   \
            33 | \"stop.multiple\" = [1, 2, 1001]\n      \
               |                          ^^^^\n      \
         a stop stands away from the price"
    );
    for (line, expected) in [
        ("\"risk.on_breach\" = [\"reject\", \"trimm\"]", "risk.on_breach cannot be \"trimm\""),
        ("\"stop.period\" = [\"5\"]", "stop.period must be a whole number, found the text \"5\""),
        ("\"stop.period\" = { from = 1, to = 2, step = \"0.5\" }", "stop.period must be a whole number"),
        ("\"stop.trail\" = [1]", "stop.trail must be true or false"),
        ("\"data.symbols\" = [[\"aapl!\"]]", "is not a symbol"),
        ("\"data.symbols\" = [[]]", "data.symbols is empty"),
        ("\"data.start\" = [\"2005-02-30\"]", "data.start cannot be \"2005-02-30\""),
        ("\"strategy.name\" = [\"ma_crossover\", \"ma_crosover\"]", "ma_crosover"),
        ("\"strategy.params.fast_perod\" = [5, 6]", "fast_perod"),
        ("\"strategy.params.fast_period\" = [5, 0]", "fast_period"),
        ("\"stop.multiple\" = [1, 2, \"1.0\"]", "[sweep] stop.multiple has the value 1.0 twice"),
        ("\"stop.multiple\" = [1]\nstop.multiple = [2]", "stop.multiple stands there twice"),
        ("sample = 5", "the scenario has nothing to sweep"),
        ("\"stop.value\" = [\"0.1\"]", "stop.value does nothing with stop.kind = \"atr\""),
    ] {
        let text = error(&format!("[sweep]\n{line}\n"));
        assert!(text.contains(expected), "{line}: {text}");
        assert!(text.contains("swept.toml:"), "{line}: {text}");
        assert_eq!(text.matches("error swept.toml").count(), 1, "{line}: {text}");
    }
    assert!(error("").contains("the scenario has nothing to sweep"));
}

#[test]
fn a_parameter_that_does_not_exist_is_named_at_its_key() {
    let text = error("[sweep]\n\"strategy.params.fast_perod\" = [5, 6]\n");
    assert!(text.contains("| \"strategy.params.fast_perod\" = [5, 6]\n      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^"), "{text}");
    assert!(text.contains("nearest known name: fast_period"), "{text}");
}

#[test]
fn values_that_only_do_not_go_together_are_invalid_runs() {
    let plan =
        plan("[sweep]\n\"strategy.params.fast_period\" = [5, 50, 200]\n\"strategy.params.slow_period\" = [20, 60]\n");
    let reasons: Vec<Option<String>> =
        (0..plan.len()).map(|position| plan.scenario(&BuiltIn, position).err().map(|invalid| invalid.reason)).collect();
    let are_invalid: Vec<bool> = reasons.iter().map(Option::is_some).collect();
    assert_eq!(are_invalid, [false, false, true, false, true, true]);
    let reason = reasons[2].as_deref().expect("invalid");
    assert!(reason.contains("50") && reason.contains("20") && !reason.contains('\n'), "{reason}");
    let dates = Plan::new(&scenario(
        "[sweep]\n\"data.start\" = [\"2006-01-03\", \"2012-01-03\"]\n\"data.end\" = [\"2010-12-31\", \"2015-12-31\"]\n",
    ));
    let dates = dates.expect("plan");
    let invalid = dates.scenario(&BuiltIn, 2).expect_err("2012 to 2010");
    assert_eq!(invalid.reason, "data.end 2010-12-31 is before data.start 2012-01-03");
}

/// Each kind makes the runs that differ, and a setting that only another kind uses is no error.
#[test]
fn a_swept_kind_drops_what_it_does_not_use() {
    let kinds = "\"stop.kind\" = [\"none\", \"atr\", \"percent\"]";
    let values = "\"stop.multiple\" = [1, 2]\n\"stop.value\" = [\"0.03\", \"0.05\", \"0.07\"]";
    for sample in ["", "sample = 100", "sample = { count = 6, method = \"sobol\" }"] {
        let swept = plan(&format!("[sweep]\n{kinds}\n{values}\n{sample}\n"));
        assert_eq!((swept.combinations(), swept.len()), (18, 6), "{sample}");
        let run = |position| swept.scenario(&BuiltIn, position).expect("run").spec;
        let rules: BTreeSet<String> = (0..6).map(|position| format!("{:?}", run(position).stop.rule)).collect();
        assert_eq!(rules.len(), 6, "{sample}: {rules:?}");
    }
    let written = scenario("").text().replace("kind = \"atr\"", "kind = \"atr\"\nperiod = 20");
    let loaded = parse(Path::new("a.toml"), &format!("{written}[sweep]\n{kinds}\n\"stop.value\" = [\"0.03\"]\n"), &[]);
    let percent = Plan::new(&loaded.expect("base")).expect("plan").scenario(&BuiltIn, 2).expect("run");
    assert_eq!(percent.spec.stop.rule, StopRule::Percent("0.03".parse().expect("ratio")));
}

#[test]
fn too_many_keys_are_refused() {
    let lines: Vec<String> = (0..33).map(|number| format!("\"strategy.params.p{number}\" = [1]")).collect();
    assert!(error(&format!("[sweep]\n{}\n", lines.join("\n"))).contains("the sweep has 33 keys, allowed is 32"));
}

/// The sections of the specification: 3 × 18 × 3 values and 3 × 2 × 2 shocks, no gap among them, of which 500 are
/// drawn.
#[test]
fn the_example_of_the_specification_is_a_plan() {
    let more = r#"[sweep]
"strategy.params.fast_period" = [5, 10, 20]
"strategy.params.slow_period" = { from = 30, to = 200, step = 10 }
"stop.multiple" = ["1", "2", "3"]
where = ["strategy.params.fast_period < strategy.params.slow_period"]
sample = 500
[walk_forward]
train = "3y"
test = "6m"
[stress]
gap = ["-0.05", "-0.20"]
slippage_times = ["1", "5"]
missing_bars = ["0", "0.01"]
"#;
    let plan = plan(more);
    assert_eq!(plan.to_string(), "500 runs of 1944 combinations over 6 keys");
    let ids: BTreeSet<RunId> =
        (0..500).map(|position| RunId::of(&plan.scenario(&BuiltIn, position).expect("run").spec, &[])).collect();
    assert_eq!(ids.len(), 500);
}
