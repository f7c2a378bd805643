//! The engine of a scenario for a session that trades, with the strategy's type in the hands of a visitor.
//!
//! Not here: bars (the session shows them as they close), what drives the engine (live::session).
use super::run::{Run, series};
use super::with_strategy::with_strategy;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::engine::Engine;
use crate::risk::Limits;
use crate::strategy::{
    Catalog, Choice, Listed, ListedVisitor, OrderScript, ParamError, Params, Script, Setup, Strategy,
};

/// What becomes of an engine that has been built.
pub trait EngineVisitor: Sized {
    /// What it makes of it.
    type Output;

    /// Takes the engine.
    fn take<S: Strategy + 'static>(self, engine: Engine<S>) -> Self::Output;

    /// Takes the engine of a built-in strategy, and that of a script; a visitor says the same once more, for itself, to be
    /// compiled once, as [`ListedVisitor::visit_built_in`] tells.
    fn take_built_in(building: Building<'_, Self>, choice: &Choice<'_>) -> Option<Result<Self::Output, ParamError>> {
        choice.take_built_in(building)
    }

    /// See [`EngineVisitor::take_built_in`].
    fn take_script(self, engine: Engine<OrderScript<'static>>) -> Self::Output {
        self.take(engine)
    }
}

/// Builds the engine of a session: as a backtest's, but that a price may be too old, and that limits may be tightened.
/// `script`: the orders of `order_script`, for a scenario of that strategy.
///
/// Errors: an unknown strategy or a wrong parameter, placed in the scenario file.
pub fn live_engine<C: Catalog, V: EngineVisitor>(
    catalog: &C,
    loaded: &LoadedScenario,
    script: Option<&'static Script>,
    tighten: impl FnOnce(&mut Limits),
    visitor: V,
) -> Result<V::Output, Box<Diagnostic>> {
    let market = MarketData::default();
    let series = series(&market);
    let mut run = Run::of(loaded, &market, &series);
    let age_ms = i64::try_from(loaded.spec.risk.stale_after_ms).unwrap_or(i64::MAX / NS_PER_MS);
    run.config.limits.stale_after_ns = Some(age_ms * NS_PER_MS);
    tighten(&mut run.config.limits);
    let building = Building { run, visitor };
    match script {
        Some(script) => Ok(building.visitor.take_script(building.run.engine(OrderScript::new(script)))),
        None => with_strategy(catalog, loaded, building),
    }
}

const NS_PER_MS: i64 = 1_000_000;

/// An engine to be, and what becomes of it.
pub struct Building<'a, V> {
    run: Run<'a>,
    visitor: V,
}

impl<V: EngineVisitor> Building<'_, V> {
    fn finish<S: Strategy + 'static>(self, strategy: S) -> V::Output {
        self.visitor.take(self.run.engine(strategy))
    }
}

impl<V: EngineVisitor> ListedVisitor for Building<'_, V> {
    type Output = V::Output;

    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<V::Output, ParamError> {
        Ok(self.finish(S::build(params, setup)?))
    }

    fn visit_built_in(self, choice: &Choice<'_>) -> Option<Result<V::Output, ParamError>> {
        V::take_built_in(self, choice)
    }
}
