//! The bars that a scenario's files hold before its start.
//!
//! Not here: what a strategy that has seen them wants (prove).
use super::spec::{BothTouched, SlippageRule};
use super::{Diagnostic, LoadedScenario, MarketData, load_market};
use crate::strategy::Script;

/// The scenario's market without its `start`: the bars of the run and those before it, adjusted alike. `None`
/// where it has no `start`, or is a script, which remembers no bar.
///
/// Only what a strategy is shown is read: no benchmark, quotes or finer bars. Errors: as [`load_market`].
pub fn load_earlier(loaded: &LoadedScenario) -> Result<Option<MarketData>, Box<Diagnostic>> {
    if loaded.spec.data.start.is_none() || loaded.spec.strategy.name == Script::STRATEGY {
        return Ok(None);
    }
    let mut without = loaded.clone();
    let spec = &mut without.spec;
    (spec.data.start, spec.data.benchmark, spec.data.finer_path) = (None, None, None);
    spec.execution.slippage.rule = SlippageRule::None;
    spec.execution.both_touched = BothTouched::StopFirst;
    load_market(&without).map(Some)
}
