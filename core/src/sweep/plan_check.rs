//! Values that are wrong wherever they are used: one error in `[sweep]` instead of ten thousand runs that fail.
//!
//! Not here: values that only do not go together; those runs are invalid, each with its reason.
use super::plan::Plan;
use crate::scenario::diagnostic::DIAGNOSTICS_MAX;
use crate::scenario::{Diagnostic, Diagnostics, LoadedScenario};

/// Runs of a value that are tried before it is called wrong: one that all of them refuse alike fails the rest too.
const TRIED_MAX: usize = 100;

/// Sets every value of every axis once, with the rest as the scenario has it, and lets `accept` look at the result.
///
/// Errors: each value that is refused there and for the same reason in every run that has it.
pub(super) fn check_values(
    plan: &Plan,
    accept: impl Fn(&LoadedScenario) -> Result<(), Diagnostics>,
) -> Result<(), Diagnostics> {
    let mut errors = Vec::new();
    for (number, axis) in plan.axes().iter().enumerate() {
        // Where each value is used; known only once one of them is refused.
        let mut runs: Option<Vec<Vec<usize>>> = None;
        for (index, value) in axis.values().iter().enumerate() {
            // A value that the file does not have is the one that changes nothing.
            let Some(place) = axis.in_file(index) else { continue };
            let alone = plan.base().with_axis_value(axis.key(), place, value).and_then(|run| accept(&run));
            let Some(error) = alone.err().and_then(|errors| errors.shown.into_iter().next()) else { continue };
            if errors.iter().any(|known: &Diagnostic| known.what == error.what) {
                continue; // a parameter that does not exist is one error, whatever its values
            }
            let runs = runs.get_or_insert_with(|| runs_of(plan, number, axis.values().len()));
            if is_wrong_everywhere(plan, &runs[index], &error, &accept) {
                errors.push(error);
            }
            if errors.len() > DIAGNOSTICS_MAX {
                return Err(Diagnostics::new(errors));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Diagnostics::new(errors)) }
}

/// For each value of an axis the first runs that have it.
fn runs_of(plan: &Plan, axis: usize, values: usize) -> Vec<Vec<usize>> {
    let mut runs = vec![Vec::new(); values];
    for position in 0..plan.len() {
        let of_value = &mut runs[usize::from(plan.point(position)[axis])];
        if of_value.len() < TRIED_MAX {
            of_value.push(position);
        }
    }
    runs
}

/// A value that only does not go with others is refused for reasons that name them, or works somewhere.
fn is_wrong_everywhere(
    plan: &Plan,
    runs: &[usize],
    error: &Diagnostic,
    accept: &impl Fn(&LoadedScenario) -> Result<(), Diagnostics>,
) -> bool {
    let is_same = |position: &usize| match plan.derived(*position) {
        Err(invalid) => invalid.reason == error.what,
        Ok(run) => accept(&run).is_err_and(|errors| errors.shown.first().is_some_and(|first| first.what == error.what)),
    };
    !runs.is_empty() && runs.iter().all(is_same)
}
