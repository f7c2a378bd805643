//! One run of a sweep against the same values given on the command line.
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;

use super::spec::ParamValue;
use super::spec_keys::{KEYS, KeyInfo, KeyKind};
use super::tests_values::{LEAST, read_with};
use super::{Diagnostics, LoadedScenario, parse};

fn base() -> LoadedScenario {
    let more = "[stop]\nkind = \"atr\"\nperiod = 20\n[execution]\nslippage = { kind = \"bps\", value = 2 }\n";
    parse(Path::new("scenarios/a.toml"), &format!("{LEAST}{more}"), &[]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn set(loaded: &LoadedScenario, key: &str, value: &ParamValue) -> Result<LoadedScenario, Diagnostics> {
    let typed = match value {
        ParamValue::Text(text) => format!("{key}='{text}'"),
        other => format!("{key}={other}"),
    };
    parse(loaded.path(), loaded.text(), &[typed])
}

/// Words of every key, numbers of every size, dates, symbols and none of these.
fn any_value(info: &KeyInfo) -> BoxedStrategy<ParamValue> {
    let text = |text: &str| ParamValue::Text(text.to_owned());
    let texts = ["0.5", "1", "250", "2013-10-07", "5s", "IBM", "a.csv", "{symbol}.parquet", "x"].map(text);
    match info.kind {
        KeyKind::Word(words) => {
            let words: Vec<ParamValue> = words.iter().copied().chain(["x"]).map(text).collect();
            select(words).boxed()
        }
        // Without quotes the command line takes a number for text; a file and a sweep do not.
        KeyKind::Text | KeyKind::Path | KeyKind::Time | KeyKind::Clock | KeyKind::Ticker => {
            select(texts.to_vec()).boxed()
        }
        _ => {
            let numbers = prop_oneof![-3i64..300, any::<i64>()].prop_map(ParamValue::Int);
            let decimals =
                (-5i64..400, 1u32..12).prop_map(|(digits, scale)| ParamValue::Float(format!("{digits}e-{scale}")));
            prop_oneof![numbers, decimals, any::<bool>().prop_map(ParamValue::Bool), select(texts.to_vec())].boxed()
        }
    }
}

fn varied() -> impl Strategy<Value = (&'static str, ParamValue)> {
    let keys: Vec<&KeyInfo> =
        KEYS.iter().filter(|info| info.can_vary() && !matches!(info.kind, KeyKind::Tickers)).collect();
    select(keys).prop_flat_map(|info| (Just(info.path), any_value(info)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// A run with a value is the scenario with `--set`, and refused where that is, for the same reason.
    #[test]
    fn a_run_is_the_scenario_with_its_value_set((key, value) in varied()) {
        let base = base();
        match (base.with_values(&[(key, &value)]), set(&base, key, &value)) {
            (Ok(run), Ok(set)) => prop_assert_eq!(run.spec, set.spec),
            (Err(run), Err(set)) => {
                let reasons = |errors: Diagnostics| errors.shown.into_iter().map(|error| error.what).collect::<Vec<_>>();
                prop_assert_eq!(reasons(run), reasons(set));
            }
            (run, set) => prop_assert!(false, "{key} {value}: run {:?}, set {:?}", run.err(), set.err()),
        }
    }
}

#[test]
fn a_run_holds_no_study() {
    let more =
        "[sweep]\n\"stop.period\" = [3]\n[walk_forward]\ntrain = \"3y\"\ntest = \"6m\"\n[stress]\ngap = [\"0.1\"]\n";
    let swept = read_with(&format!("{LEAST}{more}"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    let run = swept.with_values(&[]).expect("run").spec;
    assert_eq!((run.sweep, run.walk_forward, run.stress), (None, None, None));
}
