//! `[sweep]`, `[walk_forward]`, `[stress]`.
//!
//! Not here: whether each swept value is valid at its key; the sweep sets it and reads the scenario again.
use super::parse_nearest::nearest_key;
use super::parse_reader::Reader;
use super::parse_value::{Item, Table, Value, quoted};
use super::spec::*;
use super::spec_keys::{Bound, Bounds, known_key};
use crate::domain::Ratio;

/// Most values of one swept key: a grid over it alone would take hours.
const AXIS_VALUES_MAX: usize = 10_000;

const ANY: Bounds =
    Bounds { low: Bound::Including(-1_000_000_000), high: Bound::Including(1_000_000_000), why: "a swept number" };
const STEP: Bounds =
    Bounds { low: Bound::Excluding(0), high: Bound::Including(1_000_000_000), why: "a step leads upwards" };

impl Reader<'_> {
    pub(super) fn sweep(&mut self) -> Option<SweepSpec> {
        if !self.flat.has_study("sweep") {
            return None;
        }
        let conditions = self.conditions();
        let sample = self.count("sweep.sample");
        let axes = self.flat.axes.clone();
        let axes = axes.into_iter().filter_map(|(key, item)| self.axis(key, &item)).collect();
        Some(SweepSpec { axes, conditions, sample })
    }

    /// `where`: one text or a list of texts.
    fn conditions(&mut self) -> Vec<String> {
        const PATH: &str = "sweep.where";
        let items = match self.item(PATH) {
            None => return Vec::new(),
            Some(item) if matches!(item.value, Value::Text(_)) => vec![item],
            Some(_) => self.list(PATH, "a list of conditions").unwrap_or_default(),
        };
        let mut conditions = Vec::with_capacity(items.len());
        for item in items {
            match item.value {
                Value::Text(text) => conditions.push(text),
                other => {
                    let what = format!("{PATH} must hold texts, found {}", other.describe());
                    let remedy = "write \"strategy.params.fast_period < strategy.params.slow_period\"";
                    self.fail(&item.place, PATH, what, &[remedy]);
                }
            }
        }
        conditions
    }

    fn axis(&mut self, key: String, item: &Item) -> Option<SweepAxis> {
        let is_param = key.strip_prefix("strategy.params.").is_some_and(|name| !name.is_empty());
        let is_study = ["sweep.", "walk_forward.", "stress."].iter().any(|study| key.starts_with(study));
        let is_key = known_key(&key).is_some_and(|info| info.is_scalar()) && !is_study;
        if !is_param && !is_key {
            let params: Vec<String> =
                self.flat.params.iter().map(|(name, _)| format!("strategy.params.{name}")).collect();
            let shown = quoted(&key).trim_matches('"').to_owned();
            let diagnostic = self.source.diagnostic(&item.key_place, format!("[sweep] cannot vary {shown}"));
            let diagnostic = diagnostic.about(shown).nearest("known key", nearest_key(&key, &params));
            self.problems.push(&item.key_place, diagnostic.note("a sweep varies single values, by their path"));
            return None;
        }
        let values = match &item.value {
            Value::List(items) => self.axis_list(&key, item, items),
            Value::Table(table) => self.axis_range(&key, item, table),
            _ => {
                let what = format!("[sweep] {key} must be a list or a range, found {}", item.value.describe());
                self.fail(&item.place, &key, what, &["write [1, 2, 3] or { from = 1, to = 10, step = 1 }"]);
                None
            }
        };
        values.map(|values| SweepAxis { key, values })
    }

    fn axis_list(&mut self, key: &str, axis: &Item, items: &[Item]) -> Option<AxisValues> {
        if items.is_empty() || items.len() > AXIS_VALUES_MAX {
            let what = format!("[sweep] {key} has {} values, allowed is 1 to {AXIS_VALUES_MAX}", items.len());
            self.fail(&axis.place, key, what, &[]);
            return None;
        }
        let values: Vec<_> = items.iter().map(|item| self.param_value(key, item)).collect();
        values.into_iter().collect::<Option<Vec<_>>>().map(AxisValues::List)
    }

    fn axis_range(&mut self, key: &str, axis: &Item, table: &Table) -> Option<AxisValues> {
        let mut numbers: [Option<Ratio>; 3] = [None; 3];
        let mut is_whole = true;
        for (name, item) in table {
            match ["from", "to", "step"].iter().position(|known| known == name) {
                Some(index) => {
                    let bounds = if name == "step" { &STEP } else { &ANY };
                    numbers[index] = self.number_in(&format!("{key} {name}"), item, bounds);
                    is_whole &= numbers[index].is_some();
                }
                None => {
                    let what = format!("[sweep] {key} has an unknown key {}", quoted(name).trim_matches('"'));
                    self.fail(&item.key_place, key, what, &["a range is { from = 1, to = 10, step = 1 }"]);
                    is_whole = false;
                }
            }
        }
        let [Some(from), Some(to), Some(step)] = numbers else {
            if is_whole {
                let what = format!("[sweep] {key} must have from, to and step");
                self.fail(&axis.place, key, what, &["a range is { from = 1, to = 10, step = 1 }"]);
            }
            return None;
        };
        let steps = i128::from(to.units()) - i128::from(from.units());
        if steps < 0 {
            let what = format!("[sweep] {key} ends at {to}, before it begins at {from}");
            self.fail(&axis.place, key, what, &["`from` is the smaller one"]);
            return None;
        }
        let count = steps / i128::from(step.units()) + 1;
        if count > AXIS_VALUES_MAX as i128 {
            let what = format!("[sweep] {key} has {count} values, allowed is 1 to {AXIS_VALUES_MAX}");
            self.fail(&axis.place, key, what, &["take a wider step"]);
            return None;
        }
        Some(AxisValues::Range { from, to, step })
    }

    pub(super) fn walk_forward(&mut self) -> Option<WalkForwardSpec> {
        if !self.flat.has_study("walk_forward") {
            return None;
        }
        let train = self.period("walk_forward.train");
        let test = self.period("walk_forward.test");
        let anchored = self.switch("walk_forward.anchored");
        let objective = self.choice("walk_forward.objective");
        Some(WalkForwardSpec { train: train?, test: test?, anchored: anchored?, objective: objective? })
    }

    fn period(&mut self, path: &str) -> Option<Period> {
        let text = self.text(path)?;
        let period = text.parse().ok();
        if period.is_none() {
            let what = format!("{path} cannot be {}", quoted(&text));
            self.fail(&self.place(path), path, what, &["write a span like \"3y\", \"6m\", \"8w\" or \"90d\""]);
        }
        period
    }

    pub(super) fn stress(&mut self) -> Option<StressSpec> {
        if !self.flat.has_study("stress") {
            return None;
        }
        let gap = self.fractions("stress.gap");
        let slippage_times = self.fractions("stress.slippage_times");
        let missing_bars = self.fractions("stress.missing_bars");
        Some(StressSpec { gap: gap?, slippage_times: slippage_times?, missing_bars: missing_bars? })
    }
}
