//! The command line: one file a command, low arguments in, domain values out.
//!
//! Not here: anything a library user would need. Exit codes: 0 done, 1 the run could not finish,
//! 2 the input is wrong, 3 a check did not hold. A reader that has seen enough (`| head`) is no failure.
mod audit;
mod audit_replay;
mod backtest;
mod data;
mod drill;
mod exchange;
mod finish;
mod halt;
mod history;
mod history_cents;
mod history_rows;
mod indicators;
mod journal_file;
mod metrics;
mod notify;
mod overfit;
mod preflight;
mod prove;
mod rehearse;
mod rehearse_session;
mod report;
mod resume;
mod screen;
mod stand_in;
mod status;
mod strategies;
mod sweep;
mod sweep_model;
mod sweep_walk;
mod trade;
mod trade_end;
mod trade_history;
mod trade_joined;
mod trade_line;
mod trade_links;
mod trade_screen;
mod trade_status;

use std::env;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::execution::alpaca::{ApiKeys, EnvFile, KeyError, refuse_secrets_in};
use crate::strategy::{BuiltIn, Catalog};

/// Backtest US-equity strategies on real bars, rehearse them on a built-in exchange, and trade them on Alpaca with the same
/// strategy and risk code.
#[derive(Debug, Parser)]
#[command(name = "alphaflow", version, after_help = "Example: alphaflow backtest scenarios/ma_crossover_tech4.toml")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Is the journal whole, does it make its sessions again; all of it as JSON lines
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Run one scenario on history; print a summary and write a run folder
    Backtest(backtest::BacktestArgs),
    /// Check, convert, download or make up files of bars
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Prove the kill switch on the built-in exchange or on paper, and stamp the date for `preflight`
    Drill(drill::DrillArgs),
    /// The built-in Alpaca-compatible exchange on this machine, replaying the data of a scenario
    Exchange(exchange::ExchangeArgs),
    /// Stop trading: no order that increases exposure passes until `resume`
    Halt(halt::HaltArgs),
    /// What sessions traded: round trips, fills, orders, refusals, events
    History(history::HistoryArgs),
    /// List the indicators, or compute columns of them beside the bars of a file
    Indicators(indicators::IndicatorsArgs),
    /// Every measure of a series of returns or equity, whoever made it
    Metrics(metrics::MetricsArgs),
    /// Are people told: send a test message on each channel
    #[command(subcommand)]
    Notify(notify::NotifyCommand),
    /// How much of the best of many tries is luck, from a matrix of returns or from numbers
    Overfit(overfit::OverfitArgs),
    /// The checklist before paper and live trading
    Preflight(preflight::PreflightArgs),
    /// Run a scenario on the built-in exchange as well, through the Alpaca adapter, and show that nothing differs
    Rehearse(rehearse::RehearseArgs),
    /// Rebuild the report of a finished run
    Report(report::ReportArgs),
    /// End a halt, with a reason
    Resume(resume::ResumeArgs),
    /// Is trading halted, by whom, why and since when
    Status(status::StatusArgs),
    /// Run many scenarios in parallel; one verdict over all of them
    Sweep(sweep::SweepArgs),
    /// List the strategies with their rules, parameters, ranges and defaults
    Strategies(strategies::StrategiesArgs),
    /// Trade: on the built-in exchange, on paper, or live
    Trade(trade::TradeArgs),
}

/// How to print a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Why a command ended early.
#[derive(Debug)]
enum Failure {
    /// The input is wrong: text ready to print.
    Input(String),
    /// The machine would not: text ready to print.
    Machine(String),
    /// What should hold does not: text ready to print.
    Check(String),
    /// Whoever reads the output has closed it.
    ReaderGone,
}

/// Runs the command line of this process with the built-in strategies.
pub fn main() -> ExitCode {
    main_with(BuiltIn)
}

/// Where the keys of Alpaca stand in `.env`.
const ALPACA_KEYS: [&str; 2] = ["ALPACA_API_KEY", "ALPACA_SECRET_KEY"];

/// Commands that never read `.env`, whatever stands in it.
const WITHOUT_ENV: [&str; 3] = ["backtest", "sweep", "rehearse"];

/// The keys in the `.env` of this folder, to look for among the arguments; none where no argument could hold one.
fn keys_around() -> Option<ApiKeys> {
    let is_apart = env::args_os().nth(1).is_none_or(|command| WITHOUT_ENV.iter().any(|name| command == *name));
    if is_apart || !env::args_os().skip(1).any(|argument| argument.len() >= ApiKeys::LENGTH_MIN) {
        return None;
    }
    let [id, secret] = ALPACA_KEYS;
    let file = EnvFile::read(Path::new(".env")).ok()?;
    file.with_environment(&ALPACA_KEYS, |name| env::var(name).ok()).ok()?.keys(id, secret).ok()
}

/// Refuses to go on where what looks like a secret, or is one of `keys`, stands among the arguments of this process.
fn no_secret_on_command_line(keys: Option<&ApiKeys>) -> Result<(), KeyError> {
    let arguments: Vec<String> = env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    refuse_secrets_in(arguments.iter().map(String::as_str), keys)
}

/// Runs the command line of this process with the strategies of `catalog`.
///
/// `BuiltIn.and::<Mine>()` is a catalog with a strategy of one's own: every command knows it then.
pub fn main_with<C: Catalog + Sync>(catalog: C) -> ExitCode {
    // Before an error of the parser is shown: it would repeat it. A halt is not kept away by what stands beside it.
    let command = match (Cli::try_parse(), no_secret_on_command_line(keys_around().as_ref())) {
        (Ok(Cli { command: command @ Command::Halt(_) }), _) | (Ok(Cli { command }), Ok(())) => command,
        (_, Err(error)) => {
            let _ = writeln!(io::stderr(), "error {error}");
            return ExitCode::from(2);
        }
        (Err(error), Ok(())) => error.exit(),
    };
    let mut out = io::stdout().lock();
    let outcome = match command {
        Command::Audit(command) => audit::run(&command, &catalog, &mut out),
        Command::Backtest(args) => backtest::run(&args, &catalog, &mut out),
        Command::Data(command) => data::run(&command, &mut out),
        Command::Drill(args) => drill::run(&args, &catalog, &mut out),
        Command::Exchange(args) => exchange::run(&args, &catalog, &mut out),
        Command::Halt(args) => halt::run(&args, &mut out),
        Command::History(args) => history::run(&args, &mut out),
        Command::Indicators(args) => indicators::run(&args, &mut out),
        Command::Metrics(args) => metrics::run(&args, &mut out),
        Command::Notify(command) => notify::run(&command, &mut out),
        Command::Overfit(args) => overfit::run(&args, &mut out),
        Command::Preflight(args) => preflight::run(&args, &catalog, &mut out),
        Command::Rehearse(args) => rehearse::run(&args, &catalog, &mut out),
        Command::Report(args) => report::run(&args, &catalog, &mut out),
        Command::Resume(args) => resume::run(&args, &mut out),
        Command::Status(args) => status::run(&args, &mut out),
        Command::Sweep(args) => sweep::run(&args, &catalog, &mut out),
        Command::Strategies(args) => strategies::run(&args, &catalog, &mut out),
        Command::Trade(args) => trade::run(&args, &catalog, &mut out),
    };
    let outcome = outcome.and_then(|()| Ok(out.flush()?));
    let (text, code) = match outcome {
        Ok(()) | Err(Failure::ReaderGone) => return ExitCode::SUCCESS,
        Err(Failure::Machine(text)) => (text, 1),
        Err(Failure::Input(text)) => (text, 2),
        Err(Failure::Check(text)) => (text, 3),
    };
    // Where the error itself cannot be written, the exit code still says it.
    let _ = writeln!(io::stderr(), "{}", text.trim_end());
    ExitCode::from(code)
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::Machine(format!("error {error}")),
        }
    }
}
