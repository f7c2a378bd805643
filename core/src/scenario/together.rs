//! Several runs on one market, block by block: while the bars of a block are near, every run goes over them.
//!
//! Not here: which runs (sweep), a run alone (run). What comes out of each is what it makes alone.
use super::run::{Run, record, run_from, series, unfinished};
use super::with_strategy::with_strategy;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::Timestamp;
use crate::engine::{AtrColumn, Journal, ReplayError, SteppedReplay};
use crate::strategy::{Catalog, Choice, Listed, ListedVisitor, ParamError, Params, Setup, Strategy};

/// Bars of a block: with what runs keep beside them, about half of a second-level cache of a megabyte.
const BLOCK_BARS: usize = 8_192;

/// A run of a group.
#[derive(Debug)]
pub struct GroupRun<'a> {
    /// Its scenario.
    pub loaded: &'a LoadedScenario,
    /// The record of an earlier run, whose memory is used again.
    pub earlier: Option<Journal>,
    /// The ATRs of its stop, if they were computed before.
    pub atrs: &'a [AtrColumn],
}

/// Makes `runs` on `market`; nothing is traded on bars that open before `from`.
///
/// Errors: of each run on its own, as `run_with`.
pub fn run_together<C: Catalog>(
    catalog: &C,
    runs: Vec<GroupRun<'_>>,
    (market, from): (&MarketData, Timestamp),
) -> Vec<Result<Journal, Box<Diagnostic>>> {
    let series = series(market);
    let is_short = market.bars.iter().all(|bars| bars.len() <= BLOCK_BARS);
    if is_short || series.len() > 1 || market.script.is_some() {
        let alone = |run: GroupRun<'_>| run_from(catalog, run.loaded, (market, from), (run.earlier, run.atrs));
        return runs.into_iter().map(alone).collect();
    }
    let mut group: Vec<(&LoadedScenario, Result<Stepped<'_>, Box<Diagnostic>>)> = Vec::with_capacity(runs.len());
    for GroupRun { loaded, earlier, atrs } in runs {
        let visitor = Begin(Run { earlier, atrs, from, ..Run::of(loaded, market, &series) });
        group.push((loaded, with_strategy(catalog, loaded, visitor)));
    }
    let mut is_left = true;
    while is_left {
        is_left = false;
        for (loaded, run) in &mut group {
            let Ok(stepped) = run else { continue };
            match stepped.advance(BLOCK_BARS) {
                Ok(more) => is_left |= more,
                Err(error) => *run = Err(unfinished(loaded, error)),
            }
        }
    }
    let end = |(loaded, run): (&LoadedScenario, Result<Stepped<'_>, Box<Diagnostic>>)| {
        run.and_then(|run| run.end().map_err(|error| unfinished(loaded, error)))
    };
    group.into_iter().map(end).collect()
}

/// A run that goes on when it is told to, whatever its strategy.
type Stepped<'a> = Box<dyn InSteps + 'a>;

trait InSteps {
    /// Replays so many more bars; says whether some are left.
    fn advance(&mut self, bars: usize) -> Result<bool, ReplayError>;

    /// The record.
    fn end(self: Box<Self>) -> Result<Journal, ReplayError>;
}

impl<S: Strategy> InSteps for SteppedReplay<'_, S> {
    fn advance(&mut self, bars: usize) -> Result<bool, ReplayError> {
        SteppedReplay::advance(self, bars)
    }

    fn end(self: Box<Self>) -> Result<Journal, ReplayError> {
        let (engine, backend) = self.finish()?;
        Ok(record(engine, &backend))
    }
}

struct Begin<'a>(Run<'a>);

impl<'a> ListedVisitor for Begin<'a> {
    type Output = Stepped<'a>;

    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<Self::Output, ParamError> {
        let (engine, backend, input) = self.0.prepared(S::build(params, setup)?);
        Ok(Box::new(SteppedReplay::begin(engine, backend, &input)))
    }

    fn visit_built_in(self, choice: &Choice<'_>) -> Option<Result<Self::Output, ParamError>> {
        choice.take_built_in(self)
    }
}
