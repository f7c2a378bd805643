//! `alphaflow strategies`: what can stand in `[strategy]` of a scenario.
//!
//! Not here: the strategies (strategy).
use std::io::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Failure;
use crate::domain::Ratio;
use crate::market::Span;
use crate::strategy::{Catalog, ParamInfo, ParamKind, SIGNAL_PARAMS, StrategyInfo};

/// Arguments of `alphaflow strategies`.
#[derive(Debug, Args)]
#[command(after_help = "Example: alphaflow strategies --format json")]
pub(super) struct StrategiesArgs {
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A list for people
    Text,
    /// One array with an object for each strategy
    Json,
}

/// Columns of the list.
const WIDTH: usize = 100;

/// Lists every strategy of `catalog`.
pub(super) fn run<C: Catalog>(args: &StrategiesArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    match args.format {
        Format::Text => Ok(list(&catalog.infos(), out)?),
        Format::Json => {
            let all: Vec<Value> = catalog.infos().iter().map(strategy_json).collect();
            Ok(writeln!(out, "{:#}", Value::Array(all))?)
        }
    }
}

fn list(infos: &[StrategyInfo], out: &mut impl Write) -> std::io::Result<()> {
    for info in infos {
        writeln!(out, "{}", info.id)?;
        wrapped(info.rule, WIDTH - 4).iter().try_for_each(|line| writeln!(out, "    {line}"))?;
        info.params.iter().try_for_each(|param| param_line(out, param))?;
        if info.signals {
            writeln!(out, "    and direction, reenter, cooldown_bars")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Parameters of every strategy that names direction, reenter and cooldown_bars:")?;
    SIGNAL_PARAMS.iter().try_for_each(|param| param_line(out, param))
}

/// The words of `text` in lines of at most `width` characters.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word.to_owned(),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => *line += &format!(" {word}"),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Name, default, range and what it means; the last column goes on below itself.
fn param_line(out: &mut impl Write, param: &ParamInfo) -> std::io::Result<()> {
    let (default, range) = match param.kind {
        ParamKind::Whole { default, low, high } => (default.to_string(), format!("{low} to {high}")),
        ParamKind::Number { default, low, high } => (default.to_string(), format!("{low} to {high}")),
        ParamKind::Switch { default } => (default.to_string(), "true | false".to_owned()),
        ParamKind::Word(words) => (words[0].to_owned(), words.join(" | ")),
        ParamKind::Timeframes { count } => ("the data's".to_owned(), format!("{count}, the data's or longer")),
        ParamKind::File => ("-".to_owned(), "a path".to_owned()),
    };
    let mut doc = wrapped(param.doc, WIDTH - 61).into_iter();
    writeln!(out, "    {:<20} {default:<10} {range:<24} {}", param.name, doc.next().unwrap_or_default())?;
    doc.try_for_each(|line| writeln!(out, "{:61}{line}", ""))
}

fn strategy_json(info: &StrategyInfo) -> Value {
    let params: Vec<Value> = info.all_params().map(param_json).collect();
    json!({ "id": info.id, "rule": info.rule, "params": params })
}

/// Every key for every type; what a type does not have is null. The default of `timeframes` is null
/// too: it depends on the data; a `file` has none.
fn param_json(param: &ParamInfo) -> Value {
    let null = Value::Null;
    let number = |ratio: Ratio| json!(ratio.to_f64());
    let (kind, default, low, high, words) = match param.kind {
        ParamKind::Whole { default, low, high } => ("whole", json!(default), json!(low), json!(high), null),
        ParamKind::Number { default, low, high } => ("number", number(default), number(low), number(high), null),
        ParamKind::Switch { default } => ("switch", json!(default), null.clone(), null.clone(), null),
        ParamKind::Word(words) => ("word", json!(words[0]), null.clone(), null.clone(), json!(words)),
        ParamKind::Timeframes { count } => {
            ("timeframes", null, json!(count), json!(count), json!(Span::ALL.map(Span::name)))
        }
        ParamKind::File => ("file", null.clone(), null.clone(), null.clone(), null),
    };
    json!({
        "name": param.name, "type": kind, "default": default, "low": low, "high": high, "words": words,
        "doc": param.doc,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::BuiltIn;

    fn print(format: Format) -> String {
        let mut out = Vec::new();
        assert!(run(&StrategiesArgs { format }, &BuiltIn, &mut out).is_ok());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_list_keeps_its_width_and_names_everything() {
        let text = print(Format::Text);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        for info in BuiltIn.infos() {
            assert!(text.contains(&format!("{}\n", info.id)));
            assert!(info.params.iter().all(|param| text.contains(&format!("    {} ", param.name))), "{}", info.id);
        }
    }

    #[test]
    fn json_has_types_ranges_and_words() {
        let all: Value = serde_json::from_str(&print(Format::Json)).unwrap();
        let find = |id: &str, name: &str| {
            let strategy = all.as_array().unwrap().iter().find(|strategy| strategy["id"] == id).unwrap();
            strategy["params"].as_array().unwrap().iter().find(|param| param["name"] == name).unwrap().clone()
        };
        let threshold = find("momentum", "momentum_threshold");
        assert_eq!(threshold["type"], "number");
        assert_eq!((&threshold["default"], &threshold["high"]), (&json!(0.02), &json!(100.0)));
        assert_eq!(find("macd_trend", "slow_period")["default"], 26);
        assert_eq!(find("macd_trend", "direction")["words"], json!(["long_only", "long_short"]));
        assert_eq!(find("volatility_breakout", "volume_confirmation")["default"], true);
        assert_eq!(find("multi_timeframe", "timeframes")["low"], 3);
        assert_eq!(all.as_array().unwrap().len(), BuiltIn.infos().len());
    }
}
