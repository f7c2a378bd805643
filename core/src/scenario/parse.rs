//! TOML text and overrides in, a checked scenario out; or every error, in file order.
//!
//! Not here: reading the file (`load`), the keys (`spec_keys`), the steps (the other `parse_*` files).
use toml::de::DeTable;

use super::diagnostic::Diagnostics;
use super::overrides;
use super::parse_flat::{Flat, Problems};
use super::parse_reader::Reader;
use super::parse_source::{Place, Source};
use super::parse_value::{Item, table};
use super::spec::ScenarioSpec;

/// Bytes of a scenario file; a thousand symbols and a wide sweep take a tenth of it.
pub(super) const FILE_BYTES_MAX: usize = 256 * 1024;

/// Reads a scenario. Gives also the values by path, for errors that are found later.
pub(super) fn read(source: &Source) -> Result<(ScenarioSpec, Flat), Diagnostics> {
    if source.text.len() > FILE_BYTES_MAX {
        let what = format!("{} bytes, allowed is {FILE_BYTES_MAX}", source.text.len());
        return Err(source.diagnostic(&Place::Default, what).note("this is no scenario").into());
    }
    let mut problems = Problems::default();
    let mut flat = Flat::default();
    flat.add("", tree(source)?, source, &mut problems);
    overrides::apply(&mut flat, source, &mut problems);
    flat.report_missing(source, &mut problems);
    flat.fill_defaults();
    let spec = Reader { source, flat: &flat, run: None, problems }.finish()?;
    Ok((spec, flat))
}

/// Reads one run of a sweep: the values of `flat` with those of `run` in their place, without the studies.
///
/// Errors: every error, placed where the values of `run` stand.
pub(super) fn read_run(source: &Source, flat: &Flat, run: &[(String, Item)]) -> Result<ScenarioSpec, Diagnostics> {
    Reader { source, flat, run: Some(run), problems: Problems::default() }.finish()
}

/// The tree of the file, or its syntax errors: one a line, since one slip makes several.
fn tree(source: &Source) -> Result<super::parse_value::Table, Diagnostics> {
    let (parsed, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        return Ok(table(parsed.get_ref(), &Place::File));
    }
    let mut problems = Problems::default();
    let mut lines = std::collections::BTreeSet::new();
    for error in errors {
        let place = error.span().map_or(Place::Default, Place::File);
        let diagnostic = source.diagnostic(&place, format!("not TOML: {}", error.message()));
        if lines.insert(diagnostic.position.as_ref().map(|position| position.line)) {
            problems.push(&place, diagnostic);
        }
    }
    Err(problems.finish().expect("there was at least one error"))
}

impl Reader<'_> {
    fn finish(mut self) -> Result<ScenarioSpec, Diagnostics> {
        let spec = self.spec();
        if let Some(spec) = &spec {
            self.check(spec);
        }
        match (spec, self.problems.finish()) {
            (Some(spec), None) => Ok(spec),
            (_, Some(errors)) => Err(errors),
            (None, None) => Err(self.source.diagnostic(&Place::Default, "the scenario cannot be read").into()),
        }
    }

    fn spec(&mut self) -> Option<ScenarioSpec> {
        let scenario = self.head();
        let data = self.data();
        let account = self.account();
        let strategy = self.strategy();
        let sizing = self.sizing();
        let execution = self.execution();
        let stop = self.stop();
        let take_profit = self.take_profit();
        let risk = self.risk();
        let sweep = self.sweep();
        let walk_forward = self.walk_forward();
        let stress = self.stress();
        Some(ScenarioSpec {
            scenario: scenario?,
            data: data?,
            account: account?,
            strategy: strategy?,
            sizing: sizing?,
            execution: execution?,
            stop: stop?,
            take_profit: take_profit?,
            risk: risk?,
            sweep,
            walk_forward,
            stress,
        })
    }
}
