//! `[sweep]`, `[walk_forward]`, `[stress]`.
//!
//! Not here: whether each swept value is valid at its key; the plan of a sweep sets it and reads the scenario
//! again (`vary`).
use super::parse_nearest::nearest_key;
use super::parse_reader::Reader;
use super::parse_value::{Item, Table, Value, quoted};
use super::spec::*;
use super::spec_choice::Choice;
use super::spec_keys::{Bound, Bounds, known_key};
use crate::domain::Ratio;

/// Most values of one swept key: a grid over it alone would take hours.
const AXIS_VALUES_MAX: usize = 10_000;

/// In `stress.windows`: no span, all data.
pub const NO_WINDOW: &str = "none";

const ANY: Bounds =
    Bounds { low: Bound::Including(-1_000_000_000), high: Bound::Including(1_000_000_000), why: "a swept number" };
const STEP: Bounds =
    Bounds { low: Bound::Excluding(0), high: Bound::Including(1_000_000_000), why: "a step leads upwards" };

impl Reader<'_> {
    pub(super) fn sweep(&mut self) -> Option<SweepSpec> {
        if self.run.is_some() || !self.flat.has_study("sweep") {
            return None;
        }
        let conditions = self.conditions();
        let sample = self.sample();
        let flat = self.flat;
        let axes = flat.axes.iter().filter_map(|(key, item)| self.axis(key.clone(), item)).collect();
        Some(SweepSpec { axes, conditions, sample })
    }

    /// `sample`: a number, or a table with a number and a method.
    fn sample(&mut self) -> Option<SampleSpec> {
        const PATH: &str = "sweep.sample";
        const REMEDY: &str = "write sample = 500 or sample = { count = 500, method = \"sobol\" }";
        let item = self.item(PATH)?;
        let Value::Table(table) = &item.value else {
            return self.count(PATH).map(|count| SampleSpec { count, method: SampleMethod::Random });
        };
        let (mut count, mut method) = (None, Some(SampleMethod::Random));
        let mut has_count = false;
        for (name, item) in table {
            match name.as_str() {
                "count" => {
                    has_count = true;
                    count = self.whole_in(PATH, item).and_then(|number| u32::try_from(number).ok());
                }
                "method" => {
                    let word = self.word_in("sweep.sample method", item, SampleMethod::NAMES);
                    method = word.and_then(|word| SampleMethod::ALL.iter().copied().find(|each| each.name() == word));
                }
                _ => {
                    let what = format!("{PATH} has an unknown key {}", quoted(name).trim_matches('"'));
                    self.fail(&item.key_place, PATH, what, &[REMEDY]);
                }
            }
        }
        if !has_count {
            self.fail(&item.place, PATH, format!("{PATH} must have count"), &[REMEDY]);
        }
        Some(SampleSpec { count: count?, method: method? })
    }

    /// `where`: one text or a list of texts.
    fn conditions(&mut self) -> Vec<String> {
        const PATH: &str = "sweep.where";
        let items = match self.item(PATH) {
            None => return Vec::new(),
            Some(item) if matches!(item.value, Value::Text(_)) => std::slice::from_ref(item),
            Some(_) => self.list(PATH, "a list of conditions").unwrap_or_default(),
        };
        let mut conditions = Vec::with_capacity(items.len());
        for item in items {
            match &item.value {
                Value::Text(text) => conditions.push(text.clone()),
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
        if !is_param && !known_key(&key).is_some_and(|info| info.can_vary()) {
            let params: Vec<String> =
                self.flat.params.iter().map(|(name, _)| format!("strategy.params.{name}")).collect();
            let shown = quoted(&key).trim_matches('"').to_owned();
            let diagnostic = self.source.diagnostic(&item.key_place, format!("[sweep] cannot vary {shown}"));
            let diagnostic = match known_key(&key) {
                Some(info) => diagnostic.about(shown).note(why_fixed(info.table())),
                None => {
                    let nearest = nearest_key(&key, &params);
                    diagnostic
                        .about(shown)
                        .nearest("known key", nearest)
                        .note("a sweep varies keys of the scenario, by their path")
                }
            };
            self.problems.push(&item.key_place, diagnostic);
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
        if self.run.is_some() || !self.flat.has_study("walk_forward") {
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
        if self.run.is_some() {
            return self.shock();
        }
        if !self.flat.has_study("stress") {
            return None;
        }
        let (gap, slippage_times) = (self.fractions("stress.gap"), self.fractions("stress.slippage_times"));
        let (missing_bars, windows) = (self.fractions("stress.missing_bars"), self.windows());
        let (frozen, reorder) = (self.wholes("stress.frozen"), self.count("stress.reorder"));
        Some(StressSpec {
            gap: gap?,
            slippage_times: slippage_times?,
            missing_bars: missing_bars?,
            windows: windows?,
            frozen: frozen?,
            reorder: reorder?,
        })
    }

    /// The shock of one run: what the run sets. A shock that changes nothing is none, so that the run is the
    /// same as without it.
    fn shock(&mut self) -> Option<StressSpec> {
        let mut of_run = |path: &str, neutral: Ratio| {
            let mut values = if self.is_set(path) { self.fractions(path)? } else { Vec::new() };
            values.retain(|value| *value != neutral);
            Some(values)
        };
        let gap = of_run("stress.gap", Ratio::ZERO)?;
        let slippage_times = of_run("stress.slippage_times", Ratio::ONE)?;
        let missing_bars = of_run("stress.missing_bars", Ratio::ZERO)?;
        let windows = if self.is_set("stress.windows") { self.windows()? } else { Vec::new() };
        let mut frozen = if self.is_set("stress.frozen") { self.wholes("stress.frozen")? } else { Vec::new() };
        frozen.retain(|sessions| *sessions != 0);
        let reorder = if self.is_set("stress.reorder") { self.count("stress.reorder")? } else { 0 };
        let shock = StressSpec { gap, slippage_times, missing_bars, windows, frozen, reorder };
        (shock != StressSpec::default()).then_some(shock)
    }

    /// `windows`: names of spans. All data are always among the runs, so only a run may say `none`.
    fn windows(&mut self) -> Option<Vec<StressWindow>> {
        const PATH: &str = "stress.windows";
        let items = self.list(PATH, "a list of windows, like [\"2008\", \"2010-05-06\"]")?;
        let none = self.run.is_some().then_some(NO_WINDOW);
        let words: Vec<&str> = StressWindow::NAMES.iter().copied().chain(none).collect();
        let read: Vec<Option<&str>> = items.iter().map(|item| self.word_in(PATH, item, &words)).collect();
        let named = |word: &str| StressWindow::ALL.iter().copied().find(|window| window.name() == word);
        read.into_iter().collect::<Option<Vec<&str>>>().map(|words| words.into_iter().filter_map(named).collect())
    }
}

/// Why a known key of `table` cannot be swept.
fn why_fixed(table: &str) -> &'static str {
    match table {
        "stress" => "a list in [stress] multiplies the runs as it stands",
        "scenario" => "the name changes no run; every run has its own id",
        _ => "it says which runs there are, not how one goes",
    }
}
