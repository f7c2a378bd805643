//! A sweep whose runs are proposed as it goes: batch after batch, each from the rows before it.
//!
//! Not here: what is proposed (`propose`), a batch's runs (`runner`).
//! Invariant: the rows on disk say which runs come next, so a sweep that was stopped proposes the same ones again.
use std::io;

use super::Axis;
use super::folder::{FolderError, SweepFolder};
use super::markets::Markets;
use super::plan::Plan;
use super::row::Row;
use super::runner::Runner;
use crate::scenario::Diagnostics;
use crate::strategy::Catalog;

/// Why a sweep has stopped.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The folder would not take or give rows.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No more combinations were found.
    #[error("{0}")]
    Search(Diagnostics),
}

/// Makes every run of `plan` that `folder`, which is whole, lacks, and lets the plan grow until it is complete; `done`
/// is told how many runs each part was. Workers: `threads`; 0: one a core.
///
/// Errors: [`Stopped`].
pub fn run_all<C: Catalog + Sync>(
    (catalog, threads): (&C, usize),
    plan: &mut Plan,
    folder: &SweepFolder,
    done: &(dyn Fn(usize) + Sync),
) -> Result<(), Stopped> {
    let markets = Markets::of(plan);
    let mut rows = Vec::new();
    loop {
        Runner { catalog, plan, threads }.run_on(&markets, folder, done).map_err(FolderError::Io)?;
        if plan.optimises().is_none() {
            return Ok(());
        }
        let axes: Vec<&str> = plan.axes().iter().map(Axis::key).collect();
        let batch = folder.rows_between(rows.len()..plan.len(), &axes)?;
        batch.iter().try_for_each(|row| is_of(plan, row))?;
        rows.extend(batch);
        if plan.is_complete() {
            return Ok(());
        }
        plan.grow(&rows).map_err(Stopped::Search)?;
    }
}

/// Is `row` what was proposed at its place? A file of rows says no more of a run than its number.
fn is_of(plan: &Plan, row: &Row) -> Result<(), FolderError> {
    let position = row.position as usize;
    if plan.values(position).map(|(_, value)| value).eq(row.values.iter().map(String::as_str)) {
        return Ok(());
    }
    let what = format!("run {position} on disk has other values than are proposed for it; begin anew with --fresh");
    Err(FolderError::Io(io::Error::new(io::ErrorKind::InvalidData, what)))
}
