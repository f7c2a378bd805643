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
use crate::scenario::{Diagnostic, GroupRun, LoadedScenario, Marks, measure_run, run_from, run_together};
use crate::strategy::Catalog;

/// Runs that go over a block of bars together: their engines and records share a core's cache with the block.
const GROUP_RUNS: usize = 8;

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

    /// The runs at these positions: side by side over the same bars where they need the same, else one by one.
    pub(super) fn rows(&self, positions: &[usize], markets: &Markets<'_>) -> Vec<Row> {
        let is_stressed = self.plan.base().spec.stress.is_some() && !markets.are_cut();
        if is_stressed || !markets.are_one() {
            return positions.iter().map(|position| self.row(*position, markets).0).collect();
        }
        positions.chunks(GROUP_RUNS).flat_map(|group| self.group(group, markets)).collect()
    }

    /// A few runs on one market.
    fn group(&self, positions: &[usize], markets: &Markets<'_>) -> Vec<Row> {
        let (mut rows, mut ready) = (Vec::with_capacity(positions.len()), Vec::with_capacity(positions.len()));
        for &position in positions {
            match self.plan.scenario(self.catalog, position) {
                Ok(loaded) => ready.push((position, loaded)),
                Err(invalid) => rows.push(self.unfinished(position, RunStatus::Invalid, &invalid.reason)),
            }
        }
        if let Some((first, loaded)) = ready.first() {
            let in_use = markets.for_run(self.plan, *first, loaded);
            match in_use.get() {
                Ok(shared) => rows.extend(self.together(&ready, shared, markets)),
                Err(reason) => {
                    let failed = |(position, _): &(usize, _)| self.unfinished(*position, RunStatus::Failed, reason);
                    rows.extend(ready.iter().map(failed));
                }
            }
        }
        rows.sort_unstable_by_key(|row| row.position);
        rows
    }

    fn together(&self, ready: &[(usize, LoadedScenario)], shared: &SharedMarket, markets: &Markets<'_>) -> Vec<Row> {
        let SharedMarket { market, yardsticks, .. } = shared;
        let atrs: Vec<_> = ready.iter().map(|(_, loaded)| shared.atrs(loaded)).collect();
        let runs = ready.iter().zip(&atrs).map(|((_, loaded), atrs)| GroupRun {
            loaded,
            earlier: markets.take_record(),
            atrs,
        });
        let ends = run_together(self.catalog, runs.collect(), shared.replayed());
        let row = |((position, loaded), end): (&(usize, LoadedScenario), Result<Journal, Box<Diagnostic>>)| match end {
            Err(error) => self.unfinished(*position, RunStatus::Failed, &error.what),
            Ok(journal) => {
                let measured = measure_run(loaded, market, yardsticks, &journal);
                let row = Row::done(*position, self.texts(*position), (loaded, market), &journal, &measured);
                markets.give_back(journal);
                row
            }
        };
        ready.iter().zip(ends).map(row).collect()
    }

    fn texts(&self, position: usize) -> Vec<String> {
        self.plan.values(position).map(|(_, value)| value.to_owned()).collect()
    }

    fn unfinished(&self, position: usize, status: RunStatus, reason: &str) -> Row {
        Row::unfinished(position, status, reason, self.texts(position))
    }

    /// One run, and its marks if it got to its last bar.
    pub(super) fn row(&self, position: usize, markets: &Markets<'_>) -> (Row, Option<Marks>) {
        let values = self.texts(position);
        let loaded = match self.plan.scenario(self.catalog, position) {
            Ok(loaded) => loaded,
            Err(invalid) => return (Row::unfinished(position, RunStatus::Invalid, &invalid.reason, values), None),
        };
        let in_use = markets.for_run(self.plan, position, &loaded);
        // In the windows of a walk-forward nothing is shocked.
        if let (Some(_), false, Ok(shared)) = (&self.plan.base().spec.stress, markets.are_cut(), in_use.get()) {
            return (stressed_row(self.catalog, position, values, &loaded, shared), None);
        }
        match in_use
            .get()
            .map_err(str::to_owned)
            .and_then(|shared| self.made(position, &values, &loaded, (shared, markets)))
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
        (shared, markets): (&SharedMarket, &Markets<'_>),
    ) -> Result<(Row, Marks), String> {
        let SharedMarket { market, yardsticks, .. } = shared;
        let atrs = shared.atrs(loaded);
        let journal = run_from(self.catalog, loaded, shared.replayed(), (markets.take_record(), &atrs))
            .map_err(|error| error.what)?;
        let measured = measure_run(loaded, market, yardsticks, &journal);
        let row = Row::done(position, values.to_vec(), (loaded, market), &journal, &measured);
        markets.give_back(journal);
        Ok((row, measured.1))
    }
}
