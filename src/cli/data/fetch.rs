//! `alphaflow data fetch`: bars of the past from Alpaca's market data.
//!
//! Not here: pages, parts and files (execution::alpaca::history).
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::super::ALPACA_KEYS;
use super::timeframe;
use crate::cli::finish::input;
use crate::cli::screen::Counter;
use crate::cli::status::now;
use crate::cli::{Failure, Format, no_secret_on_command_line};
use crate::domain::{Symbol, Timeframe};
use crate::execution::alpaca::history::{
    Adjustment, BarsRequest, Bound, FetchError, Fetched, HistoryClient, fetch_bars,
};
use crate::execution::alpaca::{ApiKeys, EnvFile, Feed, KeyError, LoopbackAddr, Rehearsal};
use crate::report::format::counted;
use crate::scenario::Diagnostic;

/// Where the keys of Alpaca are.
const ENV_FILE: &str = ".env";
/// Their names.
/// Those of the built-in exchange, and what they are where nobody sets them.
const EXCHANGE_KEYS: [&str; 2] = ["ALPHAFLOW_EXCHANGE_KEY", "ALPHAFLOW_EXCHANGE_SECRET"];
const EXCHANGE_KEY: &str = "rehearsal";

/// Arguments of `alphaflow data fetch`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow data fetch --symbols AAPL,MSFT --timeframe 1d --start 2020-01-02 --end 2023-12-29 --out data\n\n\
    The keys are ALPACA_API_KEY and ALPACA_SECRET_KEY of .env (chmod 600) or of the environment. A fetch that was \
    stopped goes on where it stopped when the same command is run again. A scenario reads the files as \
    path = \"../data/{symbol}_1d.parquet\"."
)]
pub(in crate::cli) struct FetchArgs {
    /// Shares, with commas between them
    #[arg(long, value_delimiter = ',', required = true, value_name = "SYMBOL,…")]
    symbols: Vec<String>,
    /// Span of a bar
    #[arg(long, value_parser = timeframe, value_name = "1m|5m|15m|30m|1h|1d")]
    timeframe: Timeframe,
    /// First day in New York, or first moment, included
    #[arg(long, value_name = "DATE|TIME")]
    start: Bound,
    /// Last day in New York, or last moment, included; bars that have not ended are left out
    #[arg(long, value_name = "DATE|TIME")]
    end: Bound,
    /// Folder to write SYMBOL_TIMEFRAME.parquet to, or a file .parquet, of several shares with {symbol} in its name
    #[arg(long, value_name = "DIR|FILE")]
    out: PathBuf,
    /// Which tape: one exchange (free) or all of them (by subscription)
    #[arg(long, value_enum, default_value_t = FeedName::Iex)]
    feed: FeedName,
    /// How the venue restates prices; `raw` goes with `corporate_actions` of a scenario
    #[arg(long, value_enum, default_value_t = AdjustmentName::Raw)]
    adjustment: AdjustmentName,
    /// Ask the built-in exchange there instead of Alpaca, with ALPHAFLOW_EXCHANGE_KEY and ALPHAFLOW_EXCHANGE_SECRET
    #[arg(long, value_name = "127.0.0.1:PORT")]
    rehearsal: Option<LoopbackAddr>,
    /// Replace files that are there
    #[arg(long)]
    overwrite: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A feed as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FeedName {
    /// Investors Exchange alone: a small share of the volume, with holes
    Iex,
    /// All exchanges
    Sip,
}

/// An adjustment as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AdjustmentName {
    /// As traded
    Raw,
    /// For splits
    Split,
    /// For splits and dividends
    All,
}

/// Fetches, one share after another.
pub(in crate::cli) fn run(args: &FetchArgs, out: &mut impl Write) -> Result<(), Failure> {
    let targets = targets(args)?;
    let client = client(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut objects = Vec::new();
    for (symbol, path) in &targets {
        let fetched = runtime.block_on(fetch(args, &client, *symbol, path)).map_err(|error| failure(&error))?;
        match args.format {
            Format::Text => writeln!(out, "{}", in_words(path, *symbol, args.timeframe, &fetched))?,
            Format::Json => objects.push(as_json(path, *symbol, args, &fetched)),
        }
    }
    match args.format {
        Format::Text => Ok(()),
        Format::Json => Ok(writeln!(out, "{:#}", json!({ "files": objects }))?),
    }
}

async fn fetch(args: &FetchArgs, client: &HistoryClient, symbol: Symbol, path: &Path) -> Result<Fetched, FetchError> {
    let request = BarsRequest {
        symbol,
        timeframe: args.timeframe,
        start: args.start.first(),
        end: args.end.last(),
        feed: match args.feed {
            FeedName::Iex => Feed::Iex,
            FeedName::Sip => Feed::Sip,
        },
        adjustment: match args.adjustment {
            AdjustmentName::Raw => Adjustment::Raw,
            AdjustmentName::Split => Adjustment::Split,
            AdjustmentName::All => Adjustment::All,
        },
    };
    let mut counter = None;
    let mut on_parts = |done: usize, all: usize| {
        let counter = counter.get_or_insert_with(|| Counter::begin("fetching months", 0, all as u64));
        counter.add(u64::from(done > 0));
    };
    fetch_bars(client, &request, path, &mut on_parts).await
}

/// The shares and the files that are to hold them. Errors: a name twice, a file that is there, no folder.
fn targets(args: &FetchArgs) -> Result<Vec<(Symbol, PathBuf)>, Failure> {
    let wrong = |text: String| Failure::Input(format!("error {text}"));
    if args.end.last() < args.start.first() {
        return Err(wrong("--end: lies before --start; choose a later one".to_owned()));
    }
    if args.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        let out = args.out.display();
        return Err(wrong(format!(
            "--out {out}: bars are fetched as Parquet; `alphaflow data convert` makes CSV of it"
        )));
    }
    let mut targets: Vec<(Symbol, PathBuf)> = Vec::new();
    let is_file = args.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    for text in &args.symbols {
        let symbol: Symbol = text.trim().parse().map_err(|error| wrong(format!("--symbols: {error}")))?;
        if symbol.as_str().contains('/') {
            return Err(wrong(format!("--symbols {symbol}: is a pair of currencies; only shares can be fetched")));
        }
        if targets.iter().any(|(own, _)| *own == symbol) {
            return Err(wrong(format!("--symbols: {symbol} is there twice; name every share once")));
        }
        let path = if is_file {
            PathBuf::from(args.out.to_string_lossy().replace("{symbol}", symbol.as_str()))
        } else {
            args.out.join(format!("{symbol}_{}.parquet", args.timeframe))
        };
        if targets.iter().any(|(_, own)| *own == path) {
            return Err(wrong(format!(
                "--out {}: is one file for several shares; put {{symbol}} into its name",
                path.display()
            )));
        }
        targets.push((symbol, path));
    }
    for (_, path) in &targets {
        super::check_target(path, args.overwrite)?;
    }
    match targets[0].1.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            let what = format!("no such folder; make it first: mkdir -p {}", folder.display());
            Err(input(Diagnostic::of_file(folder, what)))
        }
        _ => Ok(targets),
    }
}

fn client(args: &FetchArgs) -> Result<HistoryClient, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Input(format!("error {error}"));
    let keys = keys(args.rehearsal.is_some());
    // Before an error about the keys: one on the command line is the likelier cause of it.
    let held = keys.as_ref().ok();
    no_secret_on_command_line(held).map_err(|error| wrong(&error))?;
    let keys = keys?;
    let made = match args.rehearsal {
        Some(address) => HistoryClient::rehearsal(Rehearsal(address), &keys, now),
        None => HistoryClient::alpaca(&keys, now).map_err(FetchError::from),
    };
    made.map_err(|error| failure(&error))
}

fn keys(is_rehearsal: bool) -> Result<ApiKeys, Failure> {
    let wrong = |error: KeyError| Failure::Input(format!("error {error}"));
    if is_rehearsal {
        let [id, secret] = EXCHANGE_KEYS.map(|name| env::var(name).unwrap_or_else(|_| EXCHANGE_KEY.to_owned()));
        return ApiKeys::new(id, secret).map_err(wrong);
    }
    let file = EnvFile::read(Path::new(ENV_FILE));
    let file = file.and_then(|file| file.with_environment(&ALPACA_KEYS, |name| env::var(name).ok()));
    let file = file.map_err(|error| Failure::Input(format!("error {error}")))?;
    file.keys(ALPACA_KEYS[0], ALPACA_KEYS[1]).map_err(wrong)
}

fn failure(error: &FetchError) -> Failure {
    let text = format!("error {error}");
    if error.is_input() { Failure::Input(text) } else { Failure::Machine(text) }
}

/// "data/AAPL_1d.parquet   AAPL: 1,006 rows, daily, 2020-01-02 to 2023-12-29"
fn in_words(path: &Path, symbol: Symbol, timeframe: Timeframe, fetched: &Fetched) -> String {
    let Fetched { first, last, .. } = fetched;
    let rows = counted(fetched.rows, "row", "rows");
    let mut text = format!("{}   {symbol}: {rows}, {}, {first} to {last}", path.display(), timeframe.adjective());
    if fetched.parts_kept > 0 {
        text.push_str(&format!("; {} of an earlier fetch", counted(fetched.parts_kept, "month", "months")));
    }
    if fetched.outside > 0 {
        text.push_str(&format!("; {} outside the span left out", counted(fetched.outside, "bar", "bars")));
    }
    text
}

fn as_json(path: &Path, symbol: Symbol, args: &FetchArgs, fetched: &Fetched) -> Value {
    json!({
        "path": path.display().to_string(),
        "symbol": symbol,
        "timeframe": args.timeframe.name(),
        "rows": fetched.rows,
        "first": fetched.first,
        "last": fetched.last,
        "sha256": fetched.sha256,
        "parts_kept": fetched.parts_kept,
        "outside": fetched.outside,
    })
}
