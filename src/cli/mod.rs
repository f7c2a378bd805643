//! The command line: one file a command, low arguments in, domain values out.
//!
//! Not here: anything a library user would need. Exit codes: 0 done, 1 the run could not finish,
//! 2 the input is wrong.
mod backtest;
mod strategies;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::scenario::Style;
use crate::strategy::{BuiltIn, Catalog};

/// Backtest, rehearse and trade US-equity strategies with one risk gate on every backend.
#[derive(Debug, Parser)]
#[command(name = "alphaflow", version, after_help = "Example: alphaflow backtest scenarios/ma_crossover_tech4.toml")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one scenario on history; print a summary and write a run folder
    Backtest(backtest::BacktestArgs),
    /// List the strategies with their rules, parameters, ranges and defaults
    Strategies(strategies::StrategiesArgs),
}

/// Why a command ended early.
#[derive(Debug)]
enum Failure {
    /// The input is wrong: text ready to print.
    Input(String),
    /// The machine would not: text ready to print.
    Machine(String),
}

/// Runs the command line of this process with the built-in strategies.
pub fn main() -> ExitCode {
    main_with(BuiltIn)
}

/// Runs the command line of this process with the strategies of `catalog`.
///
/// `BuiltIn.and::<Mine>()` is a catalog with a strategy of one's own: every command knows it then.
pub fn main_with<C: Catalog>(catalog: C) -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Backtest(args) => backtest::run(&args, &catalog, &mut io::stdout().lock()),
        Command::Strategies(args) => strategies::run(&args, &catalog, &mut io::stdout().lock()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Input(text)) => {
            eprintln!("{}", text.trim_end());
            ExitCode::from(2)
        }
        Err(Failure::Machine(text)) => {
            eprintln!("{}", text.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// Colours for errors, if standard error can show them.
fn error_style() -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
        || !io::stderr().is_terminal();
    if plain { Style::PLAIN } else { Style::ANSI }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Machine(format!("error {error}"))
    }
}
