//! `alphaflow strategies`.
use std::io::Write;

use super::Failure;
use crate::strategy::{ParamInfo, ParamKind, SIGNAL_PARAMS, registry};

/// Lists every strategy.
pub(super) fn run(out: &mut impl Write) -> Result<(), Failure> {
    for info in registry() {
        writeln!(out, "{}\n    {}", info.id, info.rule)?;
        info.params.iter().try_for_each(|param| line(out, param))?;
        if info.signals {
            writeln!(out, "    and direction, reenter, cooldown_bars")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Parameters of every signal strategy:")?;
    Ok(SIGNAL_PARAMS.iter().try_for_each(|param| line(out, param))?)
}

fn line(out: &mut impl Write, param: &ParamInfo) -> std::io::Result<()> {
    let (default, range) = match param.kind {
        ParamKind::Whole { default, low, high } => (default.to_string(), format!("{low} to {high}")),
        ParamKind::Number { default, low, high } => (default.to_string(), format!("{low} to {high}")),
        ParamKind::Word(words) => (words[0].to_owned(), words.join(" | ")),
        ParamKind::File => ("-".to_owned(), "a path".to_owned()),
    };
    writeln!(out, "    {:<20} {default:<10} {range:<24} {}", param.name, param.doc)
}
