//! One run of a sweep with `[stress]`: shocked, run, measured, with what it reached of every limit.
//!
//! Not here: the shocks (`shock` and its neighbours), the table over all runs (`limits_held`).
//! Invariant: a run whose shock changes nothing has the row of a plain sweep, with its limits beside it.
use super::markets::SharedMarket;
use super::row::{Row, RunStatus};
use super::shock::{Shock, tick};
use super::shock_overnight::struck;
use crate::domain::Timestamp;
use crate::engine::Journal;
use crate::scenario::spec::SlippageRule;
use crate::scenario::{
    LoadedScenario, MarketData, Yardsticks, account_rows, largest_night, measure_run, measure_span, reached_since,
    run_again,
};
use crate::strategy::Catalog;

/// What a row says of an overnight shock that found nothing to strike.
pub(super) const NOTHING_HELD: &str = "nothing was held overnight";
/// And of a factor on slippage that is none.
pub(super) const NO_SLIPPAGE: &str = "slippage is none, and a factor leaves it so";

/// A run that ended early, and why.
type Ended = (RunStatus, String);

/// The row of a run with the scenario `loaded`, whose bars without the shock are `shared`.
pub(super) fn stressed_row<C: Catalog>(
    catalog: &C,
    position: usize,
    values: Vec<String>,
    loaded: &LoadedScenario,
    shared: &SharedMarket,
) -> Row {
    match made(catalog, (position, &values), loaded, shared) {
        Ok(row) => row,
        Err((status, reason)) => Row::unfinished(position, status, &reason, values),
    }
}

fn made<C: Catalog>(
    catalog: &C,
    (position, values): (usize, &[String]),
    loaded: &LoadedScenario,
    shared: &SharedMarket,
) -> Result<Row, Ended> {
    let shock = Shock::of(&loaded.spec);
    if let Some(reason) = shock.refusal(&loaded.spec) {
        return Err((RunStatus::Invalid, reason.to_owned()));
    }
    let run = shock.scenario(loaded).map_err(|reason| (RunStatus::Invalid, reason))?;
    let shocked = shock.market(loaded, &shared.market).map_err(|reason| (RunStatus::Failed, reason))?;
    let (market, from) =
        shocked.as_ref().map_or((&shared.market, Timestamp::MIN), |shocked| (&shocked.market, shocked.from));
    let replayed = |market: &MarketData| {
        run_again(catalog, &run, market, None, &[]).map_err(|error| (RunStatus::Failed, error.what))
    };
    let mut notes = Vec::new();
    if loaded.spec.stress.as_ref().is_some_and(|stress| !stress.slippage_times.is_empty())
        && run.spec.execution.slippage.rule == SlippageRule::None
    {
        notes.push(NO_SLIPPAGE);
    }
    let mut journal = replayed(market)?;
    let night = shock.is_overnight().then(|| largest_night(market, &journal, run.spec.account.cash, from));
    let after = match night {
        None => None,
        Some(None) => {
            notes.push(NOTHING_HELD);
            None
        }
        Some(Some(night)) => {
            let after = struck(market, &night, &shock, tick(&run.spec));
            journal = replayed(&after)?;
            Some(after)
        }
    };
    let changed = after.as_ref().or(shocked.as_ref().map(|shocked| &shocked.market));
    Ok(Row {
        reason: notes.join("; "),
        ..measured((position, values), (loaded, &run), (shared, changed), (&journal, from))
    })
}

/// `changed`: the market that the run went through, where it is not the shared one.
fn measured(
    (position, values): (usize, &[String]),
    (loaded, run): (&LoadedScenario, &LoadedScenario),
    (shared, changed): (&SharedMarket, Option<&MarketData>),
    (journal, from): (&Journal, Timestamp),
) -> Row {
    let market = changed.unwrap_or(&shared.market);
    let measures = match changed {
        None => measure_run(run, market, &shared.yardsticks, journal),
        Some(changed) if from == Timestamp::MIN => measure_run(run, changed, &Yardsticks::of(changed), journal),
        Some(changed) => measure_span(run, changed, journal, from),
    };
    let rows = account_rows(market, journal, run.spec.account.cash);
    let reached = reached_since(from, run, market, journal, &rows).to_vec();
    // The id is that of the scenario with its shock, not of what the shock made of it.
    Row { reached, ..Row::done(position, values.to_vec(), (loaded, market), journal, &measures) }
}
