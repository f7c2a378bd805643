//! `alphaflow data check`: what the data gate says of files, without a run.
//!
//! Not here: the rules (market::validate). Every file is looked at, also after one was refused.
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{CalendarName, in_words, on_calendar, timeframe};
use crate::cli::finish::input;
use crate::cli::screen::{Progress, error_style, screen};
use crate::cli::{Failure, Format};
use crate::domain::{Bar, Symbol, Timeframe};
use crate::market::{
    CheckedBars, CorporateAction, DataError, WarningKind, actions_of, check_bars, load_detected, read_corporate_actions,
};
use crate::report::format::counted;
use crate::report::terminal::{Screen, warning};
use crate::scenario::data_diagnostic;

/// Arguments of `alphaflow data check`.
#[derive(Debug, Args)]
#[command(after_help = "Example: alphaflow data check data/bokeh_IBM_daily.csv data/bokeh_MSFT_daily.csv\n\
    Example: alphaflow data check data/bokeh_AAPL_daily.csv --corporate-actions data/corporate_actions.csv --symbol AAPL\n\n\
    Exit code 2 when a file is malformed; with --strict also when it is suspicious.")]
pub(in crate::cli) struct CheckArgs {
    /// Files of bars, .csv or .parquet
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// When the market is open
    #[arg(long, value_enum, default_value_t = CalendarName::Xnys)]
    calendar: CalendarName,
    /// Span of a bar; found from the times without it
    #[arg(long, value_parser = timeframe, value_name = "1m|5m|15m|30m|1h|1d")]
    timeframe: Option<Timeframe>,
    /// Splits and dividends that explain jumps of the price
    #[arg(long, value_name = "FILE", requires = "symbol")]
    corporate_actions: Option<PathBuf>,
    /// Whose corporate actions; then name one file of bars
    #[arg(long, requires = "corporate_actions")]
    symbol: Option<String>,
    /// Refuse what is suspicious, not only what is malformed
    #[arg(long)]
    strict: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A file that can be read.
struct Checked {
    timeframe: Timeframe,
    rows: usize,
    /// "3,269 rows, daily, 2000-03-01 to 2013-03-01"
    words: String,
    first: String,
    last: String,
    result: CheckedBars,
}

/// Checks every file. Errors: after all were looked at.
pub(in crate::cli) fn run(args: &CheckArgs, out: &mut impl Write) -> Result<(), Failure> {
    let actions = actions(args)?;
    let mut refused: Vec<String> = Vec::new();
    let mut objects: Vec<Value> = Vec::new();
    let (mut suspicious, screen) = (0, screen());
    for path in &args.files {
        match check(path, args, &actions) {
            Ok(checked) => {
                suspicious += checked.result.warnings.total();
                match args.format {
                    Format::Text => out.write_all(as_text(path, &checked, &screen).as_bytes())?,
                    Format::Json => objects.push(as_json(path, args, &checked)),
                }
            }
            Err(error) => {
                let diagnostic = data_diagnostic(&error);
                objects.push(json!({"path": path.display().to_string(), "error": error.to_string()}));
                refused.push(diagnostic.render(&error_style()));
            }
        }
    }
    if args.format == Format::Json {
        writeln!(out, "{:#}", json!({"files": objects}))?;
    }
    if args.strict && suspicious > 0 {
        let places =
            counted(usize::try_from(suspicious).unwrap_or(usize::MAX), "suspicious place", "suspicious places");
        refused.push(format!("error {places}; mend the data, or check without --strict"));
    }
    if refused.is_empty() { Ok(()) } else { Err(Failure::Input(refused.join("\n\n"))) }
}

/// The corporate actions of the symbol that was named.
fn actions(args: &CheckArgs) -> Result<Vec<CorporateAction>, Failure> {
    let (Some(path), Some(symbol)) = (&args.corporate_actions, &args.symbol) else { return Ok(Vec::new()) };
    let symbol: Symbol = symbol.parse().map_err(|error| Failure::Input(format!("error --symbol: {error}")))?;
    if args.files.len() > 1 {
        let what = format!("error --symbol {symbol}: names one share, but {} files are given", args.files.len());
        return Err(Failure::Input(format!("{what}; check them one by one")));
    }
    let all = read_corporate_actions(path).map_err(|error| input(data_diagnostic(&error)))?;
    Ok(actions_of(&all, symbol))
}

fn check(path: &Path, args: &CheckArgs, actions: &[CorporateAction]) -> Result<Checked, DataError> {
    let _progress = Progress::begin("checking", &path.display().to_string());
    let (timeframe, file) = load_detected(path, args.timeframe)?;
    let time = |bar: Option<&Bar>| bar.map_or(String::new(), |bar| bar.time.text(timeframe));
    let (rows, words) = (file.bars.len(), in_words(timeframe, &file.bars));
    let (first, last) = (time(file.bars.first()), time(file.bars.last()));
    let result = check_bars(path, file, timeframe, on_calendar(args.calendar), actions)?;
    Ok(Checked { timeframe, rows, words, first, last, result })
}

fn as_text(path: &Path, checked: &Checked, screen: &Screen) -> String {
    let said = |text: String| match screen.columns {
        Some(_) => warning(&text, screen),
        // One line each for whoever searches them.
        None => format!("! {text}\n"),
    };
    let warnings = &checked.result.warnings;
    let mut text = format!("{}   {}\n", path.display(), checked.words);
    for warning in warnings.kept() {
        text.push_str(&said(warning.to_string()));
    }
    for kind in WarningKind::ALL {
        let kept = warnings.kept().iter().filter(|warning| warning.kind == kind).count() as u64;
        let more = warnings.count(kind) - kept;
        if more > 0 {
            text.push_str(&said(format!("and {more} more of {}", kind.name().replace('_', " "))));
        }
    }
    if warnings.is_empty() {
        text.push_str("  nothing suspicious\n");
    }
    text
}

fn as_json(path: &Path, args: &CheckArgs, checked: &Checked) -> Value {
    let Checked { timeframe, result, .. } = checked;
    let counts: serde_json::Map<String, Value> =
        WarningKind::ALL.iter().map(|kind| (kind.name().to_owned(), result.warnings.count(*kind).into())).collect();
    let findings: Vec<Value> = result
        .warnings
        .kept()
        .iter()
        .map(|warning| {
            json!({
                "kind": warning.kind.name(), "line": warning.line, "time": warning.time.text(*timeframe),
                "message": warning.message,
            })
        })
        .collect();
    json!({
        "path": path.display().to_string(),
        "rows": checked.rows,
        "first": checked.first,
        "last": checked.last,
        "timeframe": timeframe.name(),
        "calendar": on_calendar(args.calendar).name(),
        "set_aside": result.set_aside,
        "suspicious": result.warnings.total(),
        "counts": counts,
        "findings": findings,
    })
}
