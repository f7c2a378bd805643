//! `alphaflow preflight`: the checklist before paper and live trading, checked by the program where a program can.
//!
//! Not here: what an item means (live::preflight), the permission to trade live (trade, which asks for the account's
//! number). What was found is kept in the folder of the state, passed or not.
use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::halt::person;
use super::screen::{error_style, screen, wrapped};
use super::stand_in::StandInArgs;
use super::status::now;
use super::{Failure, Format, no_secret_on_command_line};
use crate::execution::alpaca::{EnvFile, LoopbackAddr};
use crate::live::notify::NAMES;
use crate::live::preflight::{
    Answer, Answers, Examined, Preflight, PreflightMode, QUESTIONS, Question, SETTINGS, Verdict, ask_questions,
    write_record,
};
use crate::scenario::{LoadedScenario, check_strategy, load};
use crate::strategy::Catalog;

/// Arguments of `alphaflow preflight`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 if everything holds, 3 if something does not. What only a person can know is asked on a terminal; a yes counts \
    for a week, a month or a quarter. `trade --mode live` needs a preflight of the last 24 hours.\n\nExample: alphaflow preflight --mode paper \
    scenarios/ma_crossover_tech4.toml"
)]
pub(super) struct PreflightArgs {
    /// Scenario files that are to trade together
    scenarios: Vec<PathBuf>,
    /// Where they are to trade
    #[arg(long, value_enum, required_unless_present = "rehearsal")]
    mode: Option<ModeName>,
    /// Try it on the built-in exchange there, without an account
    #[arg(long, value_name = "127.0.0.1:PORT", conflicts_with = "mode")]
    rehearsal: Option<LoopbackAddr>,
    #[command(flatten)]
    stand_in: StandInArgs,
    /// Change a key of every scenario, as for `trade`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Settings and keys of the account
    #[arg(long, value_name = "FILE", default_value = ".env")]
    env: PathBuf,
    /// Folder of the kill switch, the journals and the records
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// Folder of run folders and parity reports
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// Confirm a statement that only a person can know, by its name; may be given more than once
    #[arg(long = "yes", value_name = "ITEM")]
    confirmed: Vec<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A mode as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModeName {
    /// Alpaca paper: real prices, no money
    Paper,
    /// Alpaca live: money
    Live,
}

/// Looks at everything, keeps it, prints it.
pub(super) fn run<C: Catalog>(args: &PreflightArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let stand_in = args.stand_in.address(matches!(args.mode, Some(ModeName::Paper)), &args.state);
    let stand_in = stand_in.map_err(|what| Failure::Input(format!("error {what}")))?;
    let mode = match (args.rehearsal, stand_in, args.mode) {
        (Some(address), _, _) => PreflightMode::Rehearsal(address),
        (None, Some(address), _) => PreflightMode::StandIn(address),
        (None, None, Some(ModeName::Live)) => PreflightMode::Live,
        (None, None, _) => PreflightMode::Paper,
    };
    let scenarios = scenarios(args, catalog)?;
    let names = [&SETTINGS[..], &NAMES].concat();
    let env = EnvFile::read(&args.env).and_then(|env| env.with_environment(&names, |name| env::var(name).ok()));
    refuse_own_secrets(&env)?;
    let answers = answers(args, mode, out)?;
    let flight = Preflight {
        mode,
        env: &env,
        env_path: &args.env,
        state: &args.state,
        reports: &args.reports,
        scenarios: &scenarios,
        answers: &answers,
        wall: now,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let examined = runtime.block_on(flight.examine());
    let kept = write_record(&args.state, &examined, &scenarios);
    match args.format {
        Format::Text => print(&examined, out)?,
        Format::Json => {
            let items = &examined.items;
            let object =
                json!({"mode": examined.mode, "at": examined.at, "passed": examined.has_passed(), "items": items});
            writeln!(out, "{object:#}")?;
        }
    }
    kept.map_err(|error| Failure::Machine(format!("error {error}")))?;
    if examined.has_passed() { Ok(()) } else { Err(Failure::Check("error the preflight did not pass".to_owned())) }
}

fn scenarios<C: Catalog>(args: &PreflightArgs, catalog: &C) -> Result<Vec<LoadedScenario>, Failure> {
    let mut all: Vec<LoadedScenario> = Vec::new();
    for path in &args.scenarios {
        let loaded = load(path, &args.overrides).map_err(|errors| Failure::Input(errors.render(&error_style())))?;
        check_strategy(catalog, &loaded).map_err(super::finish::input)?;
        let name = &loaded.spec.scenario.name;
        if let Some(other) = all.iter().find(|other| other.spec.scenario.name == *name) {
            let (path, other) = (path.display(), other.path().display());
            return Err(Failure::Input(format!(
                "error {path}: its name `{name}` is that of {other}; give every scenario of a session a name of its own"
            )));
        }
        all.push(loaded);
    }
    Ok(all)
}

/// The keys that were just read must not stand among the arguments of this process.
fn refuse_own_secrets(env: &Result<EnvFile, crate::execution::alpaca::EnvError>) -> Result<(), Failure> {
    let Ok(env) = env else { return Ok(()) };
    let Ok(keys) = env.keys("ALPACA_API_KEY", "ALPACA_SECRET_KEY") else { return Ok(()) };
    no_secret_on_command_line(Some(&keys)).map_err(|error| Failure::Input(format!("error {error}")))
}

/// What was confirmed before, by `--yes` and now, on a terminal; the new ones are kept.
fn answers(args: &PreflightArgs, mode: PreflightMode, out: &mut impl Write) -> Result<Answers, Failure> {
    let wrong = |text: String| Failure::Input(format!("error {text}"));
    let mut answers = Answers::read(&args.state).map_err(|error| wrong(error.to_string()))?;
    let mut confirmed: Vec<&'static Question> = Vec::new();
    for name in &args.confirmed {
        confirmed.push(Question::named(name).ok_or_else(|| wrong(unknown(name)))?);
    }
    if args.format == Format::Text && io::stdin().is_terminal() && io::stdout().is_terminal() {
        let open: Vec<&'static Question> =
            answers.open(mode, now()).into_iter().filter(|question| !confirmed.contains(question)).collect();
        confirmed.extend(ask_questions(&open, &mut io::stdin().lock(), out)?);
    }
    for question in &confirmed {
        answers.give(question, Answer { by: person(), at: now() });
    }
    if !confirmed.is_empty() {
        answers.write(&args.state).map_err(|error| Failure::Machine(format!("error {error}")))?;
    }
    Ok(answers)
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = QUESTIONS.iter().map(|question| question.id).collect();
    let checked = "what the program checks cannot be confirmed";
    format!("--yes {name}: this is none of the statements, and {checked}; they are {}", names.join(", "))
}

fn print(examined: &Examined, out: &mut impl Write) -> io::Result<()> {
    for item in &examined.items {
        let word = match item.verdict {
            Verdict::Holds => "holds",
            Verdict::Warns => "warns",
            Verdict::Fails => "FAILS",
        };
        let first = format!("{word}  {:<20}", item.item);
        writeln!(out, "{}", wrapped(&first, &item.text, screen().columns))?;
    }
    let count = |verdict| examined.items.iter().filter(|item| item.verdict == verdict).count();
    let (fails, warns) = (count(Verdict::Fails), count(Verdict::Warns));
    let verdict = if examined.has_passed() { "passed" } else { "did not pass" };
    let all = examined.items.len();
    writeln!(out, "\nThe preflight for {} {verdict}: {fails} of {all} items fail, {warns} warn.", examined.mode)
}
