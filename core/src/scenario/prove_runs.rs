//! One watched run of a proof: the scenario's strategy, or the orders of its script, on some market.
//!
//! Not here: which markets (`prove_futures`), what is compared (prove).
use super::prove_witness::{Disguise, Log, Shadow, Shown, Witness};
use super::run::replay_with;
use super::with_strategy::with_strategy;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::{Price, SymbolIndex, Timestamp};
use crate::engine::{Journal, MarketAction};
use crate::portfolio::Portfolio;
use crate::strategy::{
    Catalog, Choice, Intents, Listed, ListedVisitor, OrderScript, ParamError, Params, Script, Setup, SymbolBook, View,
};

/// A shadow to be: what it is shown in the run, and what it has seen before.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) shown: Disguise,
    /// Its bars before the run are seen first.
    pub(super) earlier: Option<&'a MarketData>,
}

/// Runs the scenario on `market` and watches it, with these shadows beside it. A script has none: it has no
/// memory of bars.
///
/// Errors: as `run_with`.
pub(super) fn watch<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
    plans: &[Plan<'_>],
) -> Result<(Log, Journal), Box<Diagnostic>> {
    let mut log = Log::default();
    let journal = match &market.script {
        Some(script) => watch_script(loaded, market, script, &mut log),
        None => with_strategy(catalog, loaded, Watch { loaded, market, plans, log: &mut log })?,
    }?;
    Ok((log, journal))
}

fn watch_script(
    loaded: &LoadedScenario,
    market: &MarketData,
    script: &Script,
    log: &mut Log,
) -> Result<Journal, Box<Diagnostic>> {
    replay_with(loaded, market, Witness::new(&mut OrderScript::new(script), Vec::new(), log))
}

struct Watch<'a> {
    loaded: &'a LoadedScenario,
    market: &'a MarketData,
    plans: &'a [Plan<'a>],
    log: &'a mut Log,
}

impl ListedVisitor for Watch<'_> {
    type Output = Result<Journal, Box<Diagnostic>>;

    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<Self::Output, ParamError> {
        let Watch { loaded, market, plans, log } = self;
        let mut lead = S::build(params, setup)?;
        let mut others = plans.iter().map(|_| S::build(params, setup)).collect::<Result<Vec<S>, ParamError>>()?;
        let shadows = others.iter_mut().zip(plans).map(|(strategy, plan)| {
            let closes = match plan.earlier {
                Some(earlier) => warm(strategy, earlier, plan.shown.start),
                None => vec![Price::ZERO; setup.symbols],
            };
            Shadow::new(strategy, plan.shown, closes)
        });
        let shadows = shadows.collect();
        Ok(replay_with(loaded, market, Witness::new(&mut lead, shadows, log)))
    }

    fn visit_built_in(self, choice: &Choice<'_>) -> Option<Result<Self::Output, ParamError>> {
        choice.take_built_in(self)
    }
}

/// Shows the bars of `market` before `until` to a strategy whose wishes nobody hears; returns the last close
/// of each symbol, zero for none. There is no account yet: nothing is held, and nothing has been seen.
fn warm(strategy: &mut dyn Shown, market: &MarketData, until: Timestamp) -> Vec<Price> {
    let symbols = market.bars.len();
    let (portfolio, books) = (Portfolio::with_cash(Default::default(), symbols), vec![SymbolBook::default(); symbols]);
    let mut intents = Intents::for_symbols(symbols);
    let mut closes = vec![Price::ZERO; symbols];
    let (mut next, mut actions) = (vec![0; symbols], market.actions.iter().peekable());
    for time in times(market).into_iter().take_while(|time| *time < until) {
        while let Some((_, action)) = actions.next_if(|(from, _)| *from <= time) {
            if let MarketAction::Split { symbol, ratio } = *action {
                strategy.split(symbol, ratio);
            }
        }
        let view = View::new(time, &portfolio, &books);
        for (index, (bars, next)) in market.bars.iter().zip(&mut next).enumerate() {
            if let Some(bar) = bars.get(*next).filter(|bar| bar.time == time) {
                strategy.bar(SymbolIndex(index as u16), bar, &view, &mut intents);
                closes[index] = bar.close;
                *next += 1;
            }
        }
        strategy.step(&view, &mut intents);
        intents.clear();
    }
    closes
}

/// The times of all bars, each once, in order.
pub(super) fn times(market: &MarketData) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = market.bars.iter().flatten().map(|bar| bar.time).collect();
    times.sort_unstable();
    times.dedup();
    times
}
