//! A scenario together with the file it came from: paths and later errors start from there.
//!
//! Not here: which data files exist (market), what strategies exist (the registry): both find their
//! own errors and let this place them in the file.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::parse::{FILE_BYTES_MAX, read};
use super::parse_flat::Flat;
use super::parse_reader::set_in;
use super::parse_source::{Place, Source};
use super::parse_value::Item;
use super::spec::ScenarioSpec;
use crate::domain::Symbol;

/// A checked scenario and where everything in it stands. A copy shares the text.
#[derive(Debug, Clone)]
pub struct LoadedScenario {
    /// The scenario.
    pub spec: ScenarioSpec,
    pub(super) source: Arc<Source>,
    /// What stands in the file and the overrides, by path.
    pub(super) flat: Arc<Flat>,
    /// What a run of a sweep puts in the place of it.
    pub(super) run: Vec<(String, Item)>,
}

/// Reads the scenario in the file at `path`, changed by `overrides` (each `key=value`).
///
/// Errors: every error of the file in file order, or the one why it cannot be read.
pub fn load(path: &Path, overrides: &[String]) -> Result<LoadedScenario, Diagnostics> {
    let fail = |what: String, remedy: &str| Diagnostics::from(Diagnostic::of_file(path, what).note(remedy));
    let size = std::fs::metadata(path).map(|data| data.len()).unwrap_or(0);
    if size > FILE_BYTES_MAX as u64 {
        return Err(fail(format!("{size} bytes, allowed is {FILE_BYTES_MAX}"), "this is no scenario"));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        fail(what, "name a scenario, like scenarios/ma_crossover_tech4.toml")
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        fail(format!("not UTF-8 text in line {line}"), "save the file as UTF-8")
    })?;
    parse(path, &text, overrides)
}

/// Reads the scenario in `text`, which came from `path`, changed by `overrides` (each `key=value`).
///
/// Errors: every error in file order, at most [`super::diagnostic::DIAGNOSTICS_MAX`] in full.
pub fn parse(path: &Path, text: &str, overrides: &[String]) -> Result<LoadedScenario, Diagnostics> {
    let source = Source::new(path, text, overrides);
    let (spec, flat) = read(&source)?;
    Ok(LoadedScenario { spec, source: Arc::new(source), flat: Arc::new(flat), run: Vec::new() })
}

impl LoadedScenario {
    /// The scenario file, as named.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The text of the file, without the overrides.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The overrides, as typed.
    pub fn overrides(&self) -> &[String] {
        &self.source.overrides
    }

    /// A path of the scenario, from the folder of its file.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.source.folder().join(path)
    }

    /// The file with the bars of `symbol` (or of the benchmark).
    pub fn path_for(&self, symbol: Symbol) -> PathBuf {
        self.resolve(&expand(&self.spec.data.path, symbol))
    }

    /// The file with the finer bars of `symbol`.
    pub fn finer_path_for(&self, symbol: Symbol) -> Option<PathBuf> {
        self.spec.data.finer_path.as_ref().map(|path| self.resolve(&expand(path, symbol)))
    }

    /// The file with the quotes of `symbol`.
    pub fn quotes_path_for(&self, symbol: Symbol) -> Option<PathBuf> {
        self.spec.execution.slippage.quotes.as_ref().map(|path| self.resolve(&expand(path, symbol)))
    }

    /// The file with splits and dividends.
    pub fn corporate_actions_path(&self) -> Option<PathBuf> {
        self.spec.data.corporate_actions.as_ref().map(|path| self.resolve(path))
    }

    /// An error about the value of `key`, like `strategy.name`, found outside this room.
    ///
    /// Points at the value; where the key is not written, at its table; else at the file.
    pub fn diagnostic(&self, key: &str, what: impl Into<String>) -> Diagnostic {
        self.source.diagnostic(&self.find(key, |item| &item.place), what).about(key)
    }

    /// An error about the value of a strategy parameter; points at the value, or at the parameters
    /// when `name` is not written.
    pub fn param_diagnostic(&self, name: &str, what: impl Into<String>) -> Diagnostic {
        let key = format!("strategy.params.{name}");
        self.source.diagnostic(&self.find(&key, |item| &item.place), what).about(name)
    }

    /// An error about the name of a strategy parameter, say that it does not exist.
    pub fn param_name_diagnostic(&self, name: &str, what: impl Into<String>) -> Diagnostic {
        let key = format!("strategy.params.{name}");
        self.source.diagnostic(&self.find(&key, |item| &item.key_place), what).about(name)
    }

    /// The place of `key`, or of the nearest table around it that is written.
    fn find(&self, key: &str, side: impl Fn(&Item) -> &Place) -> Place {
        let mut path = key;
        loop {
            match set_in(&self.run, path).map(&side).or_else(|| self.flat.place_of(path, &side)) {
                Some(place) if *place != Place::Default => return place.clone(),
                _ => match path.rsplit_once('.') {
                    Some((table, _)) => path = table,
                    None => return Place::Default,
                },
            }
        }
    }
}

fn expand(path: &str, symbol: Symbol) -> String {
    path.replace("{symbol}", symbol.as_str())
}
