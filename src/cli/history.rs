//! `alphaflow history`: what sessions traded, from the journal.
//!
//! Not here: how it follows from the journal (live::history), rows and columns (history_rows).
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::Failure;
use super::history_rows::{Table, groups_table, of_kind};
use super::journal_file::{JournalArgs, failed};
use super::screen::screen;
use super::trade_line::shown;
use crate::domain::{Symbol, Timestamp};
use crate::live::history::{Account, Filter, GroupBy, History, Kinds, Known, group};
use crate::report::format::to_the_second;

/// Arguments of `alphaflow history`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow history --kind trades --by month\n\nTimes are the venue's, in UTC. A trade is a round trip from flat to flat; it counts at its exit. `--format csv` and `json` have all columns."
)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    journal: JournalArgs,
    /// What to list
    #[arg(long, value_enum, default_value_t = Kind::Trades)]
    kind: Kind,
    /// Trades in groups, with their measures
    #[arg(long, value_enum, value_name = "GROUP")]
    by: Option<By>,
    /// Of this scenario only
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// Of this share only
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<String>,
    /// From this date or time on, such as 2026-09-01 or 2026-09-01T13:30:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this time, or the end of this date
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Trades, fills and orders of every account, not of the last one alone: each rehearsal on the exchange inside the program
    /// is a new account
    #[arg(long)]
    all_accounts: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = HistoryFormat::Text)]
    format: HistoryFormat,
}

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Round trips
    Trades,
    /// Executions
    Fills,
    /// Orders and their legs
    Orders,
    /// What our limits or the venue refused
    Refusals,
    /// Everything that people were told
    Events,
}

/// Groups of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The scenario
    Strategy,
    /// The share
    Symbol,
    /// The month of the exit
    Month,
}

/// How to print a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HistoryFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
}

/// Reads the journal and prints what is asked for.
pub(super) fn run(args: &HistoryArgs, out: &mut impl Write) -> Result<(), Failure> {
    if args.by.is_some() && args.kind != Kind::Trades {
        return Err(Failure::Input("error --by: only trades come in groups; leave --kind out".to_owned()));
    }
    let filter = filter(args)?;
    let kinds = match args.kind {
        Kind::Trades | Kind::Fills | Kind::Orders => Kinds::Books,
        Kind::Refusals | Kind::Events => Kinds::Events,
    };
    let path = args.journal.path()?;
    let journal = args.journal.open(&path)?;
    let known = Known::read(&journal).map_err(failed)?;
    check(&filter, &known, &path)?;
    let filtered = filter != Filter::default();
    let last = known.account.filter(|_| kinds == Kinds::Books && !args.all_accounts && known.accounts.len() > 1);
    let history = History::read(&journal, kinds, &Filter { account: last, ..filter }).map_err(failed)?;
    let table = match args.by {
        Some(by) => {
            let (by, name) = match by {
                By::Strategy => (GroupBy::Strategy, "strategy"),
                By::Symbol => (GroupBy::Symbol, "symbol"),
                By::Month => (GroupBy::Month, "month"),
            };
            let (groups, all) = group(&history.trades, by);
            groups_table(name, &groups, &all)
        }
        None => of_kind(args.kind, &history),
    };
    match args.format {
        HistoryFormat::Json => json(&table, out),
        HistoryFormat::Csv => csv(&table, out),
        HistoryFormat::Text => {
            if let Some(account) = last {
                writeln!(out, "{}", account_words(account, known.accounts.len() - 1))?;
            }
            if table.rows.is_empty() {
                let what = if args.by.is_some() { "trades that have ended" } else { table.name };
                let text = match filtered {
                    false if history == History::default() => {
                        format!("No {what}: nothing was traded yet in {}.", path.display())
                    }
                    false => format!("No {what} in {}.", path.display()),
                    true => format!("No {what} match; leave out a filter."),
                };
                return Ok(writeln!(out, "{text}")?);
            }
            Ok(table.print(screen().columns, out)?)
        }
    }
}

/// Of which account the list is, where the journal has `others` as well.
fn account_words(account: Account, others: usize) -> String {
    let others = if others == 1 { "1 other".to_owned() } else { format!("{others} others") };
    match account {
        Some(since) => format!("Of the account that began at {}; --all-accounts adds {others}.", to_the_second(since)),
        None => format!("Of the account that was there before its session; --all-accounts adds {others}."),
    }
}

/// A filter that nothing can pass is a slip of the pen: it is said what there is.
fn check(filter: &Filter, known: &Known, journal: &Path) -> Result<(), Failure> {
    let unknown = |name: &str, value: &Option<String>, all: &BTreeSet<String>, what: &str| {
        let value = value.as_ref().filter(|value| !all.contains(*value))?;
        let all: Vec<String> = all.iter().map(|name| shown(name)).collect();
        let all = if all.is_empty() { "none yet".to_owned() } else { all.join(", ") };
        Some(format!("error {name} {}: {} has no such {what}; it has {all}", shown(value), journal.display()))
    };
    let wrong = unknown("--strategy", &filter.strategy, &known.strategies, "scenario")
        .or_else(|| unknown("--symbol", &filter.symbol, &known.symbols, "share"))
        .or_else(|| {
            let (since, until) = (filter.since?, filter.until?);
            (since >= until).then(|| format!("error --since {since}: it is not before --until; swap the two"))
        });
    wrong.map_or(Ok(()), |text| Err(Failure::Input(text)))
}

fn filter(args: &HistoryArgs) -> Result<Filter, Failure> {
    let time = |name: &str, text: &Option<String>| {
        let parsed = text.as_ref().map(|text| text.trim().parse::<Timestamp>()).transpose();
        parsed.map_err(|error| Failure::Input(format!("error {name}: {error}")))
    };
    // A date is the whole day, a time is itself.
    let length = match &args.until {
        Some(text) if text.trim().len() == 10 => Timestamp::NS_PER_DAY,
        _ => 1,
    };
    Ok(Filter {
        strategy: args.strategy.clone(),
        symbol: args.symbol.as_ref().map(|typed| {
            // What cannot be a share is shown as it was typed.
            let upper = typed.to_ascii_uppercase();
            if upper.parse::<Symbol>().is_ok() { upper } else { typed.clone() }
        }),
        since: time("--since", &args.since)?,
        until: time("--until", &args.until)?.map(|until| until.plus_ns(length)),
        account: None,
    })
}

/// One object: the name of what is listed, and its rows.
fn json(table: &Table, out: &mut impl Write) -> Result<(), Failure> {
    let object = |row: &Vec<Value>| {
        let fields = table.columns.iter().map(|column| (*column).to_owned()).zip(row.iter().cloned());
        Value::Object(fields.collect())
    };
    let mut root = Map::new();
    root.insert(table.name.to_owned(), table.rows.iter().map(object).collect());
    root.extend(table.all.as_ref().map(|all| ("all".to_owned(), object(all))));
    Ok(writeln!(out, "{:#}", Value::Object(root))?)
}

fn csv(table: &Table, out: &mut impl Write) -> Result<(), Failure> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        other => other.to_string(),
    };
    let mut write = || {
        writer.write_record(&table.columns)?;
        for row in table.rows.iter().chain(&table.all) {
            writer.write_record(row.iter().map(text))?;
        }
        writer.flush()
    };
    write().map_err(|error: std::io::Error| Failure::Machine(format!("error {error}")))?;
    let bytes = writer.into_inner().map_err(|error| Failure::Machine(format!("error {error}")))?;
    Ok(out.write_all(&bytes)?)
}

/// Text that a spreadsheet would take for a formula, such as a venue's words that begin with `=`, begins with `'` instead.
/// Numbers stay numbers.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula() {
        for text in ["=1+1", "+SUM(A1)", "@x", "-cmd|' /C calc'!A0", "\t=1", "\r=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["-145.02", "+1", "1e3", "trend", "2026-09-01", "", "a=b"] {
            assert_eq!(harmless(text), text);
        }
    }

    #[test]
    fn a_filter_that_nothing_passes_names_what_there_is() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (strategies, symbols) = (names(&["mean", "trend"]), names(&["AAPL"]));
        let known = Known { strategies, symbols, ..Known::default() };
        let said = |filter: Filter| match check(&filter, &known, Path::new("state/journal.db")) {
            Err(Failure::Input(text)) => text,
            other => panic!("{other:?}"),
        };
        let strategy = Some("trned".to_owned());
        let words = "error --strategy trned: state/journal.db has no such scenario; it has mean, trend";
        assert_eq!(said(Filter { strategy, ..Filter::default() }), words);
        let symbol = Some("APPL".to_owned());
        let words = "error --symbol APPL: state/journal.db has no such share; it has AAPL";
        assert_eq!(said(Filter { symbol, ..Filter::default() }), words);
        let time = |text: &str| text.parse().ok();
        let filter = Filter { since: time("2026-09-02"), until: time("2026-09-01"), ..Filter::default() };
        assert!(said(filter).contains("swap the two"));
        let both = Filter { strategy: Some("mean".to_owned()), symbol: Some("AAPL".to_owned()), ..Filter::default() };
        assert!(check(&both, &known, Path::new("x")).is_ok());
    }
}
