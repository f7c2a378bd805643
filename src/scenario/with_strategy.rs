//! From the name and parameters of `[strategy]` to a strategy's type: to run it, to draw its lines.
//!
//! Not here: what strategies exist (strategy), the run (run). Errors are placed in the scenario file.
use super::data::calendar;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::strategy::{Catalog, ChartLine, Choice, Listed, ListedVisitor, ParamError, Params, Setup};

/// Lets `visitor` use the scenario's strategy, chosen from `catalog`.
///
/// Errors: an unknown strategy or a wrong parameter.
pub(super) fn with_strategy<C: Catalog, V: ListedVisitor>(
    catalog: &C,
    loaded: &LoadedScenario,
    visitor: V,
) -> Result<V::Output, Box<Diagnostic>> {
    let (strategy, data) = (&loaded.spec.strategy, &loaded.spec.data);
    let params: Vec<(String, String)> =
        strategy.params.iter().map(|param| (param.name.clone(), param.value.to_string())).collect();
    let setup = Setup { symbols: data.symbols.len(), timeframe: data.timeframe, calendar: calendar(data) };
    let choice = Choice { id: &strategy.name, params: &params, setup };
    catalog.visit(&choice, visitor).map_err(|error| placed(loaded, &error))
}

/// Is there such a strategy in `catalog`, and can it be built? Asked before any data are read.
///
/// Errors: an unknown strategy or a wrong parameter.
pub fn check_strategy<C: Catalog>(catalog: &C, loaded: &LoadedScenario) -> Result<(), Box<Diagnostic>> {
    with_strategy(catalog, loaded, Check)
}

struct Check;

impl ListedVisitor for Check {
    type Output = ();

    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<(), ParamError> {
        S::build(params, setup).map(|_| ())
    }
}

/// The lines the scenario's strategy looks at, for each symbol in the scenario's order.
///
/// Errors: an unknown strategy or a wrong parameter.
pub fn chart_lines<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
) -> Result<Vec<Vec<ChartLine>>, Box<Diagnostic>> {
    with_strategy(catalog, loaded, Lines(market))
}

struct Lines<'a>(&'a MarketData);

impl ListedVisitor for Lines<'_> {
    type Output = Vec<Vec<ChartLine>>;

    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<Self::Output, ParamError> {
        Ok(self.0.bars.iter().map(|bars| S::lines(params, setup, bars)).collect())
    }
}

fn placed(loaded: &LoadedScenario, error: &ParamError) -> Box<Diagnostic> {
    let diagnostic = match &error.param {
        None => loaded.diagnostic("strategy.name", &error.what),
        Some(name) if error.unknown => loaded.param_name_diagnostic(name, &error.what),
        Some(name) => loaded.param_diagnostic(name, &error.what),
    };
    let diagnostic = match &error.nearest {
        Some(nearest) => diagnostic.nearest(if error.unknown { "known name" } else { "valid value" }, nearest),
        None => diagnostic,
    };
    Box::new(if error.rule.is_empty() { diagnostic } else { diagnostic.note(&error.rule) })
}
