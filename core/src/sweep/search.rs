//! The optimiser of a plan: how many runs it may propose, and out of which combinations.
//!
//! Not here: the estimator (`propose`), making the runs (`optimise`).
use std::collections::HashSet;

use rand_xoshiro::Xoshiro256PlusPlus;

use super::condition::Conditions;
use super::moot::Moot;
use super::propose::{BATCH, Known, TRIALS_MAX, unseen};
use super::row::{Row, RunStatus};
use super::sample::{EXAMINED_MAX, Grid, Points, below};
use crate::scenario::Diagnostic;
use crate::scenario::spec::{Objective, SampleMethod};

/// What a plan needs to grow.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// Runs there will be.
    pub(super) wanted: usize,
    /// What is made as large as it can be.
    pub(super) objective: Objective,
    pub(super) conditions: Conditions,
    pub(super) moot: Moot,
    /// Numbers of the combinations that `where` allows; `None` where they are too many to ask about.
    allowed: Option<Vec<u32>>,
}

impl Search {
    /// That of a grid whose first runs are `points`; `None` if nothing is to be proposed.
    ///
    /// Errors, placed in the file: too many runs, shocks, windows.
    pub(super) fn of(grid: &Grid<'_>, points: &Points) -> Result<Option<Search>, Box<Diagnostic>> {
        let spec = &grid.loaded.spec;
        let sample = spec.sweep.as_ref().and_then(|sweep| sweep.sample);
        let Some(sample) = sample.filter(|sample| sample.method == SampleMethod::Tpe) else { return Ok(None) };
        let refused =
            |what: String, remedy: &str| Err(Box::new(grid.loaded.diagnostic("sweep.sample", what).note(remedy)));
        let wanted = sample.count as usize;
        if wanted > TRIALS_MAX {
            let what = format!("sweep.sample with method = \"tpe\" has count = {wanted}, allowed is {TRIALS_MAX}");
            return refused(what, "take fewer, or method = \"sobol\"");
        }
        if spec.walk_forward.is_some() {
            let what = "an optimiser has looked at the sessions that [walk_forward] is to test".to_owned();
            return refused(what, "take method = \"sobol\", or leave out [walk_forward]");
        }
        if spec.stress.is_some() {
            let what = "an optimiser would choose among the shocks of [stress]".to_owned();
            return refused(what, "leave out [stress], and stress the best run on its own");
        }
        if points.len() == wanted {
            return Ok(None);
        }
        let allowed = if grid.combinations() > u128::from(EXAMINED_MAX) { None } else { Some(grid.allowed()?) };
        if allowed.as_ref().is_some_and(|allowed| allowed.len() <= wanted) {
            return Ok(None); // every combination runs
        }
        Ok(Some(Search {
            wanted,
            objective: Objective::Sharpe,
            conditions: grid.conditions.clone(),
            moot: grid.moot.clone(),
            allowed,
        }))
    }

    /// The next batch after `points`, whose rows are `rows`.
    ///
    /// Errors: `where` cannot be computed, or nearly nothing fulfils it.
    pub(super) fn proposed(
        &self,
        grid: &Grid<'_>,
        points: &Points,
        rows: &[Row],
    ) -> Result<Vec<Box<[u16]>>, Box<Diagnostic>> {
        assert_eq!(rows.len(), points.len(), "a row for every run so far");
        let key = self.objective.to_string();
        let value = |row: &Row| row.measure(&key).filter(|_| row.status == RunStatus::Done);
        let tried: Vec<(&[u16], Option<f64>)> =
            rows.iter().enumerate().map(|(at, row)| (points.get(at), value(row))).collect();
        let known = Known { axes: grid.axes, tried: &tried, seed: grid.loaded.spec.scenario.seed };
        let count = BATCH.min(self.wanted - points.len());
        known.propose(count, |point| grid.allows(point), |random, seen| self.by_chance(grid, random, seen))
    }

    /// Some combination that `where` allows and that has not been tried.
    fn by_chance(
        &self,
        grid: &Grid<'_>,
        random: &mut Xoshiro256PlusPlus,
        seen: &HashSet<Box<[u16]>>,
    ) -> Result<Box<[u16]>, Box<Diagnostic>> {
        if let Some(allowed) = &self.allowed {
            let at = |place: usize| grid.point(allowed[place]);
            return unseen(allowed.len(), at, random, seen).ok_or_else(|| grid.not_found(seen.len(), self.wanted));
        }
        for _ in 0..EXAMINED_MAX {
            let point: Box<[u16]> =
                grid.axes.iter().map(|axis| below(random, axis.values().len() as u64) as u16).collect();
            if !seen.contains(&point) && grid.allows(&point)? {
                return Ok(point);
            }
        }
        Err(grid.not_found(seen.len(), self.wanted))
    }
}
