//! What a sweep varies: each key with its values, in the order of the file.
//!
//! Not here: which values go together (`sample`), whether each is valid at its key (`plan_check`).
//! Invariant: no key twice, no value twice within a key, so no combination is counted twice.
use std::collections::BTreeSet;

use super::fraction::Fraction;
use super::sobol::DIMENSIONS_MAX;
use crate::domain::Ratio;
use crate::scenario::spec::{AxisValues, ParamValue, StressSpec, SweepAxis};
use crate::scenario::spec_keys::{KeyKind, known_key};
use crate::scenario::{Diagnostic, Diagnostics, LoadedScenario, NO_WINDOW};

/// Most axes: the Sobol table ends there, and a grid over more, of two values each, would be 8 billion runs.
pub const AXES_MAX: usize = 32;
const _: () = assert!(AXES_MAX <= DIMENSIONS_MAX, "every axis has a dimension of its own");

/// One swept key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    key: String,
    values: Vec<ParamValue>,
    texts: Vec<String>,
    /// Values in front of those of the file: 1 where the run without the shock is not listed there.
    added: usize,
}

impl Axis {
    fn new(key: &str, values: Vec<ParamValue>) -> Axis {
        let texts = values.iter().map(ToString::to_string).collect();
        Axis { key: key.to_owned(), values, texts, added: 0 }
    }

    /// The axis of a shock. `calm`: the value that changes nothing, which is always among the runs: first, unless
    /// the file has it elsewhere.
    fn shock(key: &str, calm: ParamValue, mut values: Vec<ParamValue>) -> Axis {
        let added = usize::from(!values.contains(&calm));
        if added == 1 {
            values.insert(0, calm);
        }
        Axis { added, ..Axis::new(key, values) }
    }

    /// Which value of the file's list the one at `index` is; `None`: it does not stand there.
    pub(super) fn in_file(&self, index: usize) -> Option<usize> {
        index.checked_sub(self.added)
    }

    /// Its path in the scenario; that of a shock begins with `stress.`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values, at least one, in the order of the file.
    pub fn values(&self) -> &[ParamValue] {
        &self.values
    }

    /// The values as text; lists of symbols as `AAPL,MSFT`.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}

/// The axes of `[sweep]`, then those of `[stress]`.
///
/// Errors: a scenario without any of the three studies, a key or a value that stands twice, too many axes.
pub(super) fn axes(loaded: &LoadedScenario) -> Result<Vec<Axis>, Diagnostics> {
    let spec = &loaded.spec;
    let swept = spec.sweep.as_ref().map_or(&[][..], |sweep| &sweep.axes);
    let mut axes: Vec<Axis> = swept.iter().map(|axis| Axis::new(&axis.key, expanded(axis))).collect();
    axes.extend(spec.stress.iter().flat_map(shocks));
    if axes.is_empty() && spec.walk_forward.is_none() {
        let diagnostic = loaded.diagnostic("sweep", "the scenario has nothing to sweep");
        return Err(diagnostic
            .note("add [sweep] with a key and its values: \"stop.multiple\" = [\"1\", \"2\", \"3\"]")
            .into());
    }
    if axes.len() > AXES_MAX {
        let what = format!("the sweep has {} keys, allowed is {AXES_MAX}", axes.len());
        return Err(loaded.diagnostic("sweep", what).note("leave out the keys that matter least").into());
    }
    let mut errors = Vec::new();
    let mut keys = BTreeSet::new();
    for axis in &axes {
        if !keys.insert(axis.key()) {
            let what = format!("[sweep] {} stands there twice, once quoted and once not", axis.key());
            errors.push(loaded.axis_diagnostic(axis.key(), None, what).note("keep one of them"));
        }
        errors.extend(repeated(loaded, axis));
    }
    if errors.is_empty() { Ok(axes) } else { Err(Diagnostics::new(errors)) }
}

/// The axes of `[stress]`, in the order of the documentation.
fn shocks(stress: &StressSpec) -> Vec<Axis> {
    let whole = |number: u32| ParamValue::Int(number.into());
    let lists = [
        ("stress.gap", Ratio::ZERO, &stress.gap),
        ("stress.slippage_times", Ratio::ONE, &stress.slippage_times),
        ("stress.missing_bars", Ratio::ZERO, &stress.missing_bars),
    ];
    let listed = lists.into_iter().filter(|(.., shocks)| !shocks.is_empty());
    let mut axes: Vec<Axis> = listed
        .map(|(key, calm, shocks)| {
            Axis::shock(key, number(key, calm), shocks.iter().map(|shock| number(key, *shock)).collect())
        })
        .collect();
    if !stress.windows.is_empty() {
        let names = stress.windows.iter().map(|window| ParamValue::Text(window.to_string())).collect();
        axes.push(Axis::shock("stress.windows", ParamValue::Text(NO_WINDOW.to_owned()), names));
    }
    if !stress.frozen.is_empty() {
        let sessions = stress.frozen.iter().copied().map(whole).collect();
        axes.push(Axis::shock("stress.frozen", whole(0), sessions));
    }
    if stress.reorder > 0 {
        axes.push(Axis::shock("stress.reorder", whole(0), (1..=stress.reorder).map(whole).collect()));
    }
    axes
}

/// A range as its values; exact, since all are billionths.
fn expanded(axis: &SweepAxis) -> Vec<ParamValue> {
    match &axis.values {
        AxisValues::List(values) => values.clone(),
        AxisValues::Range { from, to, step } => {
            // `from` + n × step stays at or below `to`, so nothing here overflows.
            let count = (i128::from(to.units()) - i128::from(from.units())) / i128::from(step.units()) + 1;
            let units = (0..count).map(|n| i128::from(from.units()) + n * i128::from(step.units()));
            units
                .filter_map(|units| i64::try_from(units).ok())
                .map(|units| number(&axis.key, Ratio::from_units(units)))
                .collect()
        }
    }
}

/// A number as the key takes it: whole without quotes; others as text at keys that read text exactly.
fn number(key: &str, value: Ratio) -> ParamValue {
    let one = Ratio::ONE.units();
    match (value.units() % one, known_key(key)) {
        (0, _) => ParamValue::Int(value.units() / one),
        (_, Some(_)) => ParamValue::Text(value.to_string()),
        (_, None) => ParamValue::Float(value.to_string()),
    }
}

/// The first value that stands in the list twice: its runs would count twice in every statistic.
fn repeated(loaded: &LoadedScenario, axis: &Axis) -> Option<Diagnostic> {
    let kind = known_key(axis.key()).map(|info| info.kind);
    let is_number = match kind {
        Some(KeyKind::Whole(_) | KeyKind::OneOf(_) | KeyKind::Fraction(_) | KeyKind::Dollars(_)) => true,
        Some(KeyKind::Fractions(_) | KeyKind::Wholes(_) | KeyKind::ByKind) | None => true,
        Some(_) => false,
    };
    let mut seen = BTreeSet::new();
    let twice = axis.texts().iter().position(|text| {
        // 2 and 2.0 are one value where a number is meant.
        let same =
            Fraction::parse(text).filter(|_| is_number).map_or_else(|| text.clone(), |number| format!("{number:?}"));
        !seen.insert(same)
    })?;
    let what = format!("[sweep] {} has the value {} twice", axis.key(), axis.texts()[twice]);
    Some(
        loaded
            .axis_diagnostic(axis.key(), axis.in_file(twice), what)
            .note("each value makes runs of its own; keep one"),
    )
}
