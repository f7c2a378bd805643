//! The plan of a sweep: its runs, numbered, each with its values.
//!
//! Not here: making the runs, what they say together.
//! Invariant: the same scenario gives the same plan on any machine; a run is the same whoever derives it. Where an
//! optimiser proposes runs the plan grows, at its end only, by what follows from the rows of the runs before.
use std::fmt;

use super::axis::{Axis, axes};
use super::condition::Conditions;
use super::moot::Moot;
use super::plan_check::check_values;
use super::propose::STARTUP;
use super::row::Row;
use super::sample::{Grid, Points};
use super::search::Search;
use crate::scenario::spec::{Objective, ParamValue};
use crate::scenario::{Diagnostics, LoadedScenario, check_run};
use crate::strategy::Catalog;

/// The runs of a sweep.
#[derive(Debug, Clone)]
pub struct Plan {
    loaded: LoadedScenario,
    axes: Vec<Axis>,
    combinations: u128,
    points: Points,
    /// Proposes more of them; `None` where all are known.
    search: Option<Search>,
}

/// Why a run cannot be made: its values do not go together. One line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Invalid {
    /// What does not go together.
    pub reason: String,
}

impl Plan {
    /// The runs that `[sweep]` and `[stress]` of the scenario make; a single one where both are absent and
    /// `[walk_forward]` is not. Values that a swept kind leaves unused make no runs of their own.
    ///
    /// Errors, placed in the file: nothing to sweep; a value that no run can use; a condition that cannot be read or
    /// computed; conditions that leave nothing; more than [`super::RUNS_MAX`] runs.
    pub fn new(loaded: &LoadedScenario) -> Result<Plan, Diagnostics> {
        let axes = axes(loaded)?;
        let conditions = Conditions::read(loaded, &axes).map_err(Diagnostics::new)?;
        let moot = Moot::of(loaded, &axes);
        let grid = Grid { loaded, axes: &axes, conditions: &conditions, moot: &moot };
        let (combinations, points) = (grid.combinations(), grid.points()?);
        let search = Search::of(&grid, &points)?;
        let plan = Plan { loaded: loaded.clone(), axes, combinations, points, search };
        check_values(&plan, |_| Ok(()))?;
        Ok(plan)
    }

    /// Does `catalog` have the strategy, with these parameters and values? Asked once, before the first run.
    ///
    /// Errors: a parameter that does not exist, and every value that no run can use, placed in the file.
    pub fn check<C: Catalog>(&self, catalog: &C) -> Result<(), Diagnostics> {
        check_values(self, |run| check_run(catalog, run).map_err(Diagnostics::from))
    }

    /// How many runs there are, so far where an optimiser proposes them; at least 1.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// How many runs there will be.
    pub fn wanted(&self) -> usize {
        self.search.as_ref().map_or(self.len(), |search| search.wanted)
    }

    /// Are all runs known?
    pub fn is_complete(&self) -> bool {
        self.len() == self.wanted()
    }

    /// What an optimiser makes as large as it can; `None` where the runs do not depend on each other.
    pub fn optimises(&self) -> Option<Objective> {
        self.search.as_ref().map(|search| search.objective)
    }

    /// How many of the runs an optimiser drew at random before it proposed any; all without one.
    pub fn drawn(&self) -> usize {
        if self.search.is_some() { STARTUP.min(self.len()) } else { self.len() }
    }

    /// The same with `objective` as what an optimiser makes as large as it can; before [`Self::grow`].
    #[must_use]
    pub fn optimising(mut self, objective: Objective) -> Plan {
        self.search.iter_mut().for_each(|search| search.objective = objective);
        self
    }

    /// Adds the next batch of an optimiser's runs, proposed from `rows`, which are those of all runs so far, in order.
    ///
    /// Errors: no more combinations that `where` allows were found.
    pub fn grow(&mut self, rows: &[Row]) -> Result<(), Diagnostics> {
        let Some(search) = &self.search else { return Ok(()) };
        let grid = Grid { loaded: &self.loaded, axes: &self.axes, conditions: &search.conditions, moot: &search.moot };
        for point in search.proposed(&grid, &self.points, rows)? {
            self.points.push(&point);
        }
        Ok(())
    }

    /// Never: a plan without runs is an error.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many combinations of values there are, before `where` and `sample`; at most `u128::MAX`.
    pub fn combinations(&self) -> u128 {
        self.combinations
    }

    /// The swept keys, in the order of the file, then the shocks of `[stress]`.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The scenario that is swept.
    pub fn base(&self) -> &LoadedScenario {
        &self.loaded
    }

    /// For each axis the index of its value in the run at `position`, which is below [`Self::len`].
    pub fn point(&self, position: usize) -> &[u16] {
        self.points.get(position)
    }

    /// Key and value text of each axis in the run at `position`, which is below [`Self::len`].
    pub fn values(&self, position: usize) -> impl Iterator<Item = (&str, &str)> {
        let chosen = self.axes.iter().zip(self.point(position));
        chosen.map(|(axis, index)| (axis.key(), axis.texts()[usize::from(*index)].as_str()))
    }

    /// The scenario of the run at `position`, which is below [`Self::len`]; its data are not read.
    ///
    /// Errors: values that do not go together, each valid on its own.
    pub fn scenario<C: Catalog>(&self, catalog: &C, position: usize) -> Result<LoadedScenario, Invalid> {
        let run = self.derived(position)?;
        check_run(catalog, &run).map_err(|error| Invalid { reason: error.what })?;
        Ok(run)
    }

    /// As [`Self::scenario`], without asking the strategy.
    pub(super) fn derived(&self, position: usize) -> Result<LoadedScenario, Invalid> {
        let chosen = self.axes.iter().zip(self.point(position));
        let values: Vec<(&str, &ParamValue)> =
            chosen.map(|(axis, index)| (axis.key(), &axis.values()[usize::from(*index)])).collect();
        self.loaded.with_values(&values).map_err(|errors| Invalid {
            reason: errors.shown.into_iter().next().map_or_else(String::new, |error| error.what),
        })
    }
}

impl fmt::Display for Plan {
    /// `480 runs of 510 combinations over 3 keys`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs of {} combinations over {} keys", self.len(), self.combinations, self.axes.len())
    }
}
