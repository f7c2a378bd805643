//! Makes the runs of a sweep that are not there yet, side by side.
//!
//! Not here: which runs (`plan`), where the rows go (`folder`), what they say (`results`).
//! Invariant: a row follows from its place in the plan alone; how many workers there are, and which of them makes
//! it, changes nothing.
use std::io;

use super::folder::SweepFolder;
use super::markets::{Markets, SharedMarket};
use super::plan::Plan;
use super::row::{Row, RunStatus};
use super::stressed::stressed_row;
use super::workers::side_by_side;
use crate::engine::Journal;
use crate::scenario::{LoadedScenario, Marks, measure_run, run_from};
use crate::strategy::Catalog;

/// What a sweep runs with.
#[derive(Debug)]
pub struct Runner<'a, C> {
    /// The strategies there are.
    pub catalog: &'a C,
    /// The runs.
    pub plan: &'a Plan,
    /// Workers; 0: one a core.
    pub threads: usize,
}

impl<C: Catalog + Sync> Runner<'_, C> {
    /// Makes every part that `folder` lacks; `done` is told how many runs each of them was.
    ///
    /// Errors: the file system would not take a part.
    pub fn run(&self, folder: &SweepFolder, done: &(dyn Fn(usize) + Sync)) -> io::Result<()> {
        self.run_on(&Markets::of(self.plan), folder, done)
    }

    /// The same on bars that may have been read before. Runs that the plan does not know yet are left out.
    pub(super) fn run_on(
        &self,
        markets: &Markets<'_>,
        folder: &SweepFolder,
        done: &(dyn Fn(usize) + Sync),
    ) -> io::Result<()> {
        let axes: Vec<&str> = self.plan.axes().iter().map(super::Axis::key).collect();
        let mut missing = folder.missing();
        missing.retain(|part| part.iter().all(|position| *position < self.plan.len()));
        let make = |part: usize| {
            folder.keep(missing[part], &axes, &self.rows(missing[part], markets))?;
            done(missing[part].len());
            Ok(())
        };
        side_by_side(self.threads, missing.len(), make).map(|_: Vec<()>| ())
    }

    /// The runs at these positions, one after another.
    pub(super) fn rows(&self, positions: &[usize], markets: &Markets<'_>) -> Vec<Row> {
        let mut kept = None;
        positions.iter().map(|position| self.row(*position, markets, &mut kept).0).collect()
    }

    /// One run, and its marks if it got to its last bar. `kept`: the record of this worker's last one, whose
    /// memory is used again.
    pub(super) fn row(
        &self,
        position: usize,
        markets: &Markets<'_>,
        kept: &mut Option<Journal>,
    ) -> (Row, Option<Marks>) {
        let values: Vec<String> = self.plan.values(position).map(|(_, value)| value.to_owned()).collect();
        let loaded = match self.plan.scenario(self.catalog, position) {
            Ok(loaded) => loaded,
            Err(invalid) => return (Row::unfinished(position, RunStatus::Invalid, &invalid.reason, values), None),
        };
        let in_use = markets.for_run(self.plan, position, &loaded);
        // In the windows of a walk-forward nothing is shocked.
        if let (Some(_), false, Ok(shared)) = (&self.plan.base().spec.stress, markets.are_cut(), in_use.get()) {
            return (stressed_row(self.catalog, position, values, &loaded, shared), None);
        }
        match in_use.get().map_err(str::to_owned).and_then(|shared| self.made(position, &values, &loaded, shared, kept))
        {
            Ok((row, marks)) => (row, Some(marks)),
            Err(reason) => (Row::unfinished(position, RunStatus::Failed, &reason, values), None),
        }
    }

    fn made(
        &self,
        position: usize,
        values: &[String],
        loaded: &LoadedScenario,
        shared: &SharedMarket,
        kept: &mut Option<Journal>,
    ) -> Result<(Row, Marks), String> {
        let SharedMarket { market, yardsticks, .. } = shared;
        let atrs = shared.atrs(loaded);
        let journal =
            run_from(self.catalog, loaded, shared.replayed(), (kept.take(), &atrs)).map_err(|error| error.what)?;
        let measured = measure_run(loaded, market, yardsticks, &journal);
        let row = Row::done(position, values.to_vec(), (loaded, market), &journal, &measured);
        *kept = Some(journal);
        Ok((row, measured.1))
    }
}
