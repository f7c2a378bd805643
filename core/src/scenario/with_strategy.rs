//! From the name and parameters of `[strategy]` to a strategy's type: to run it, to draw its lines.
//!
//! Not here: what strategies exist (strategy), the run (run). Errors are placed in the scenario file.
use super::data::data_calendar;
use super::spec::{SizingRule, TakeProfitSpec, VenueRules};
use super::split_lines::lines_over_splits;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::RejectReason;
use crate::strategy::{Catalog, ChartLine, Choice, Listed, ListedVisitor, ParamError, Params, Script, Setup};

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
    let setup = Setup { symbols: data.symbols.len(), timeframe: data.timeframe, calendar: data_calendar(data) };
    let choice = Choice { id: &strategy.name, params: &params, setup };
    if catalog.visit(&choice, Weighs).map_err(|error| placed(loaded, &error))? {
        check_sizing(loaded)?;
    }
    catalog.visit(&choice, visitor).map_err(|error| placed(loaded, &error))
}

struct Weighs;

impl ListedVisitor for Weighs {
    type Output = bool;

    fn visit<S: Listed>(self, _params: &Params, _setup: &Setup) -> Result<bool, ParamError> {
        Ok(S::WEIGHS)
    }
}

/// A weight is a share of equity: beside it, every other kind of size would do nothing.
fn check_sizing(loaded: &LoadedScenario) -> Result<(), Box<Diagnostic>> {
    if matches!(loaded.spec.sizing.rule, SizingRule::EquityFraction(_)) {
        return Ok(());
    }
    let name = &loaded.spec.strategy.name;
    let what = format!("{name} gives each position its share of equity, so it needs sizing.kind = \"equity_fraction\"");
    let remedy = "its value is the most of equity that one position takes; \"1\" leaves it to the strategy";
    Err(Box::new(loaded.diagnostic("sizing.kind", what).note(remedy)))
}

/// Can the scenario be run with a strategy of `catalog`? Asked before any data are read.
///
/// Errors: a study, which makes many runs; an unknown strategy or a wrong parameter.
pub fn check_strategy<C: Catalog>(catalog: &C, loaded: &LoadedScenario) -> Result<(), Box<Diagnostic>> {
    check_studies(loaded)?;
    check_run(catalog, loaded)
}

/// Can this run of a sweep be made with a strategy of `catalog`? A run holds no study, but may hold a shock.
///
/// Errors: an unknown strategy or a wrong parameter.
pub fn check_run<C: Catalog>(catalog: &C, loaded: &LoadedScenario) -> Result<(), Box<Diagnostic>> {
    check_parts(loaded)?;
    with_strategy(catalog, loaded, Check)
}

/// Alpaca takes no legs with an order for parts of a share: every entry would be rejected.
fn check_parts(loaded: &LoadedScenario) -> Result<(), Box<Diagnostic>> {
    let spec = &loaded.spec;
    let has_legs = spec.stop.is_set() || spec.take_profit != TakeProfitSpec::None;
    let in_parts = match spec.sizing.rule {
        SizingRule::FixedShares(shares) => !shares.is_whole(),
        _ => spec.sizing.fractional,
    };
    let is_script = spec.strategy.name == Script::STRATEGY;
    if is_script || !has_legs || !in_parts || spec.execution.venue_rules == VenueRules::None {
        return Ok(());
    }
    let section = if spec.stop.is_set() { "[stop]" } else { "[take_profit]" };
    let what = format!("sizing.fractional = true does not go with {section}: {}", RejectReason::FractionalSimple);
    let remedy = "set fractional = false, leave the section out, or set execution.venue_rules = \"none\"";
    Err(Box::new(loaded.diagnostic("sizing.fractional", what).note(remedy)))
}

/// Sections about many runs do nothing in one: silence would look like an answer.
fn check_studies(loaded: &LoadedScenario) -> Result<(), Box<Diagnostic>> {
    let spec = &loaded.spec;
    let written = [
        ("sweep", spec.sweep.is_some()),
        ("walk_forward", spec.walk_forward.is_some()),
        ("stress", spec.stress.is_some()),
    ];
    match written.iter().find(|(_, is_written)| *is_written) {
        None => Ok(()),
        Some((table, _)) => {
            let what = format!("[{table}] makes many runs, and this command makes one");
            let remedy = "use `alphaflow sweep SCENARIO`, or remove the section for a single run";
            Err(Box::new(loaded.diagnostic(table, what).note(remedy)))
        }
    }
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
        let of_symbol = |index| lines_over_splits(self.0, index, |bars| S::lines(params, setup, bars));
        Ok((0..self.0.bars.len()).map(of_symbol).collect())
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
