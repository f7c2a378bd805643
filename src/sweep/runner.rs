//! Makes the runs of a sweep that are not there yet, side by side.
//!
//! Not here: which runs (`plan`), where the rows go (`folder`), what they say (`results`).
//! Invariant: a row follows from its place in the plan alone; how many workers there are, and which of them makes
//! it, changes nothing.
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::folder::SweepFolder;
use super::markets::{Markets, SharedMarket};
use super::plan::Plan;
use super::row::{Row, RunStatus};
use super::stressed::stressed_row;
use crate::engine::Journal;
use crate::scenario::{LoadedScenario, measure_run, run_again};
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
        let markets = Markets::of(self.plan);
        let (missing, next) = (folder.missing(), AtomicUsize::new(0));
        let cores = || thread::available_parallelism().map_or(1, |cores| cores.get());
        let threads = if self.threads == 0 { cores() } else { self.threads };
        // Threads of our own: a rayon worker that waits for polars' pool takes up other parts meanwhile, inside the
        // first one, and would wait for data that it is about to read itself.
        thread::scope(|scope| {
            let work = || {
                while let Some(part) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    self.part(part, folder, &markets)?;
                    done(part.len());
                }
                Ok(())
            };
            let workers: Vec<_> = (0..threads.min(missing.len())).map(|_| scope.spawn(work)).collect();
            // Every worker is waited for, so that what they had begun is on disk; then the first error counts.
            let ends: Vec<io::Result<()>> =
                workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect();
            ends.into_iter().collect()
        })
    }

    fn part(&self, part: &[usize], folder: &SweepFolder, markets: &Markets) -> io::Result<()> {
        let axes: Vec<&str> = self.plan.axes().iter().map(super::Axis::key).collect();
        let mut kept = None;
        let rows: Vec<Row> = part.iter().map(|position| self.row(*position, markets, &mut kept)).collect();
        folder.keep(part, &axes, &rows)
    }

    /// One run. `kept`: the record of this worker's last one, whose memory is used again.
    fn row(&self, position: usize, markets: &Markets, kept: &mut Option<Journal>) -> Row {
        let values: Vec<String> = self.plan.values(position).map(|(_, value)| value.to_owned()).collect();
        let loaded = match self.plan.scenario(self.catalog, position) {
            Ok(loaded) => loaded,
            Err(invalid) => return Row::unfinished(position, RunStatus::Invalid, &invalid.reason, values),
        };
        let in_use = markets.for_run(self.plan, position, &loaded);
        match in_use.get().map_err(str::to_owned).and_then(|shared| self.made(position, &values, &loaded, shared, kept))
        {
            Ok(row) => row,
            Err(reason) => Row::unfinished(position, RunStatus::Failed, &reason, values),
        }
    }

    fn made(
        &self,
        position: usize,
        values: &[String],
        loaded: &LoadedScenario,
        shared: &SharedMarket,
        kept: &mut Option<Journal>,
    ) -> Result<Row, String> {
        if self.plan.base().spec.stress.is_some() {
            return Ok(stressed_row(self.catalog, position, values.to_vec(), loaded, shared));
        }
        let SharedMarket { market, yardsticks, .. } = shared;
        let atrs = shared.atrs(loaded);
        let journal = run_again(self.catalog, loaded, market, kept.take(), &atrs).map_err(|error| error.what)?;
        let measured = measure_run(loaded, market, yardsticks, &journal);
        let row = Row::done(position, values.to_vec(), (loaded, market), &journal, &measured);
        *kept = Some(journal);
        Ok(row)
    }
}
