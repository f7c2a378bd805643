//! Values that a kind leaves unused: `stop.kind = "none"` with a multiple of 1, 2 and 3 is one run, not three.
//!
//! Not here: what the kinds use; the scenario is read with each and shows it.
//! Invariant: of combinations that differ in unused values only, the one with the first of each stays.
use super::axis::Axis;
use crate::scenario::spec::ParamValue;
use crate::scenario::{LoadedScenario, ScenarioSpec};

/// What the swept kinds leave unused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moot {
    rules: Vec<Rule>,
}

/// Where the axis `kind` has the value `value`, the axis `unused` changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    kind: usize,
    value: u16,
    unused: usize,
}

impl Moot {
    /// Asks the scenario about each swept kind and each other key of its table, the rest at their first values.
    pub(super) fn of(loaded: &LoadedScenario, axes: &[Axis]) -> Moot {
        let mut rules = Vec::new();
        for (kind, axis) in axes.iter().enumerate() {
            let Some(table) = axis.key().strip_suffix("kind").filter(|table| table.ends_with('.')) else { continue };
            let beside = |other: &Axis| other.key() != axis.key() && other.key().starts_with(table);
            for unused in (0..axes.len()).filter(|other| beside(&axes[*other]) && axes[*other].values().len() > 1) {
                for value in 0..axis.values().len() {
                    let mut point = vec![0; axes.len()];
                    point[kind] = value;
                    let first = read(loaded, axes, &point);
                    point[unused] = 1;
                    if first.is_some() && first == read(loaded, axes, &point) {
                        rules.push(Rule { kind, value: value as u16, unused });
                    }
                }
            }
        }
        Moot { rules }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Does `point` have the first value of every axis that its kinds leave unused?
    pub(super) fn is_first(&self, point: &[u16]) -> bool {
        self.rules.iter().all(|rule| point[rule.kind] != rule.value || point[rule.unused] == 0)
    }
}

/// The scenario at a point; `None` where its values do not go together.
fn read(loaded: &LoadedScenario, axes: &[Axis], point: &[usize]) -> Option<ScenarioSpec> {
    let values: Vec<(&str, &ParamValue)> =
        axes.iter().zip(point).map(|(axis, index)| (axis.key(), &axis.values()[*index])).collect();
    loaded.with_values(&values).ok().map(|run| run.spec)
}
