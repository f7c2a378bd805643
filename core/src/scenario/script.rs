//! The file of `order_script`: found, read, its errors placed in it.
//!
//! Not here: what a row may say (strategy), how the orders of a run are named in files (folder).
use std::path::{Path, PathBuf};

use super::diagnostic::Position;
use super::spec::ParamValue;
use super::{Diagnostic, LoadedScenario};
use crate::domain::Bar;
use crate::strategy::{Script, ScriptContext, ScriptError, read_script};

/// Bytes of a script: a million rows of a hundred.
const SCRIPT_BYTES_MAX: u64 = 100 << 20;

/// The file as the scenario names it, and where it is.
pub(super) fn script_file(loaded: &LoadedScenario) -> Result<(String, PathBuf), Box<Diagnostic>> {
    const EXAMPLE: &str = "like params = { file = \"orders.csv\" }, relative to the scenario";
    let params = &loaded.spec.strategy.params;
    if let Some(other) = params.iter().find(|param| param.name != Script::FILE_PARAM) {
        let what = format!("{} has no parameter {}", Script::STRATEGY, other.name);
        return Err(Box::new(loaded.param_name_diagnostic(&other.name, what).note("its only parameter is file")));
    }
    match params.first().map(|param| &param.value) {
        Some(ParamValue::Text(file)) if !file.is_empty() => Ok((file.clone(), loaded.resolve(file))),
        Some(other) => {
            let what = format!("file = {other} is no path");
            Err(Box::new(loaded.param_diagnostic(Script::FILE_PARAM, what).note(EXAMPLE)))
        }
        None => {
            let what = format!("{} needs the parameter file", Script::STRATEGY);
            Err(Box::new(loaded.param_diagnostic(Script::FILE_PARAM, what).note(EXAMPLE)))
        }
    }
}

/// Reads the script at `path` for the bars of the run.
pub(super) fn load_script(loaded: &LoadedScenario, path: &Path, bars: &[Vec<Bar>]) -> Result<Script, Box<Diagnostic>> {
    let fail = |what: String, remedy: &str| Box::new(Diagnostic::of_file(path, what).note(remedy));
    let bytes = std::fs::metadata(path).map(|data| data.len()).unwrap_or(0);
    if bytes > SCRIPT_BYTES_MAX {
        return Err(fail(format!("{bytes} bytes, allowed is {SCRIPT_BYTES_MAX}"), "split the run"));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| fail(format!("cannot be read: {error}"), "save the script as UTF-8 text"))?;
    let context = ScriptContext {
        symbols: &loaded.spec.data.symbols,
        bars,
        timeframe: loaded.spec.data.timeframe,
        fractional: loaded.spec.sizing.fractional,
    };
    read_script(&text, &context).map_err(|error| Box::new(placed(path, &text, error)))
}

fn placed(path: &Path, text: &str, error: ScriptError) -> Diagnostic {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source_line = text.lines().nth(error.line - 1).unwrap_or_default().to_owned();
    let (start, length) = error.span.unwrap_or((0, source_line.len()));
    let characters = |bytes: Option<&str>| bytes.map_or(0, |part| part.chars().count());
    let column = characters(source_line.get(..start)) + 1;
    let width = characters(source_line.get(start..start + length)).max(1);
    let mut diagnostic = Diagnostic::of_file(path, error.what).note(error.remedy);
    diagnostic.position = Some(Position { line: error.line, column, width, source_line });
    match error.nearest {
        Some(nearest) => diagnostic.nearest("valid value", nearest),
        None => diagnostic,
    }
}
