//! `alphaflow drill`: proves the kill switch, and stamps the date that preflight asks for.
//!
//! Not here: the drill (live::drill). Exit code 3 where a step did not hold.
use std::env;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::finish::input;
use super::screen::{error_style, screen, wrapped};
use super::stand_in::StandInArgs;
use super::{ALPACA_KEYS, Failure, Format, no_secret_on_command_line};
use crate::domain::{Symbol, SymbolError};
use crate::execution::alpaca::{AskError, EnvFile, Paper, PaperStandIn, TradingMode};
use crate::live::drill::{DrillError, DrillReport, DrillStep, PaperDrill, own_market, run_drill, run_paper_drill};
use crate::scenario::{LoadedScenario, MarketData, check_strategy, load, load_market};
use crate::strategy::Catalog;

/// Keys of the account.
/// Cheap and busy.
const SYMBOL: &str = "F";

/// Where to drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The built-in exchange in this process: no account, no orders anywhere else
    Rehearsal,
    /// Alpaca's paper account, with single shares
    Paper,
}

/// Arguments of `alphaflow drill`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 if every step held; 3 if not.\n\nIt works on a folder of its own. On the built-in exchange it can be run at any time, also beside a session. On paper it needs an open market and an account without positions, orders and sessions: it buys single shares, halts, cancels, flattens, and leaves nothing behind.\n\nExample: alphaflow drill"
)]
pub(super) struct DrillArgs {
    /// Scenario whose data the exchange replays, of bars within the day; without one, a market of the drill's own
    #[arg(conflicts_with = "symbol")]
    scenario: Option<PathBuf>,
    /// Where to drill
    #[arg(long, value_enum, default_value_t = Mode::Rehearsal)]
    mode: Mode,
    /// On paper: the share to trade, a cheap and busy one
    /// [default: F]
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<Symbol>,
    #[command(flatten)]
    stand_in: StandInArgs,
    /// On paper: where the keys of Alpaca are
    #[arg(long, value_name = "FILE", default_value = ".env")]
    env: PathBuf,
    /// Folder of the kill switch: the report is written there
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Drills.
pub(super) fn run<C: Catalog>(args: &DrillArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let stand_in = args.stand_in.address(args.mode == Mode::Paper, &args.state);
    let stand_in = stand_in.map_err(|what| Failure::Input(format!("error {what}")))?;
    if args.mode == Mode::Rehearsal && args.symbol.is_some() {
        return Err(Failure::Input("error --symbol goes with --mode paper; leave one of both out".to_owned()));
    }
    let mut written = Ok(());
    let tell = |step: &DrillStep| {
        if args.format == Format::Text && written.is_ok() {
            written = print(step, out).and_then(|()| out.flush());
        }
    };
    let report = match (args.mode, stand_in) {
        (Mode::Rehearsal, _) => {
            let (loaded, market) = stage(args, catalog)?;
            let report = run_drill(&args.state, env::current_exe()?, (&loaded, &market), tell);
            report.map_err(|error| Failure::Machine(format!("error drill: {error}")))?
        }
        (Mode::Paper, None) => on_paper(args, Paper, Vec::new(), tell)?,
        (Mode::Paper, Some(address)) => {
            let there = vec!["--stand-in".to_owned(), address.to_string()];
            on_paper(args, PaperStandIn(address), there, tell)?
        }
    };
    written?;
    match args.format {
        Format::Text => summary(args, &report, out)?,
        Format::Json => writeln!(out, "{:#}", serde_json::json!(report))?,
    }
    match report.passed {
        true => Ok(()),
        false => Err(Failure::Check("error the drill has not passed".to_owned())),
    }
}

/// The exchange's data.
fn stage<C: Catalog>(args: &DrillArgs, catalog: &C) -> Result<(LoadedScenario, MarketData), Failure> {
    let Some(path) = &args.scenario else { return Ok(own_market()) };
    let loaded = load(path, &[]).map_err(|all| Failure::Input(all.render(&error_style())))?;
    check_strategy(catalog, &loaded).map_err(input)?;
    if loaded.spec.data.timeframe.is_daily() {
        let what = "a drill needs bars within the day: with daily ones the market is never open while it halts";
        return Err(Failure::Input(format!("error {}: {what}; set data.timeframe and data.path", path.display())));
    }
    if loaded.spec.data.symbols.len() < 2 {
        let what = "a drill closes one share while it buys another, so it needs two shares or more";
        let next = "add a share, or leave the scenario out: the drill then brings its own";
        return Err(input(loaded.diagnostic("data.symbols", what).note(next)));
    }
    let market = load_market(&loaded).map_err(input)?;
    Ok((loaded, market))
}

fn on_paper<M: TradingMode + Clone>(
    args: &DrillArgs,
    mode: M,
    there: Vec<String>,
    tell: impl FnMut(&DrillStep),
) -> Result<DrillReport, Failure> {
    let wrong = |error: String| Failure::Input(format!("error {error}"));
    if let Some(path) = &args.scenario {
        return Err(wrong(format!(
            "{}: a drill on paper trades one share and no scenario; use --symbol",
            path.display()
        )));
    }
    let settings =
        EnvFile::read(&args.env).and_then(|file| file.with_environment(&ALPACA_KEYS, |name| env::var(name).ok()));
    let keys = settings.map_err(|error| wrong(error.to_string()))?.keys(ALPACA_KEYS[0], ALPACA_KEYS[1]);
    let keys = keys.map_err(|error| wrong(error.to_string()))?;
    no_secret_on_command_line(Some(&keys)).map_err(|error| wrong(error.to_string()))?;
    let env_path = args.env.display().to_string();
    let halt_arguments = [vec!["--mode".to_owned(), "paper".to_owned(), "--env".to_owned(), env_path], there].concat();
    let symbol = args.symbol.map_or_else(|| SYMBOL.parse(), Ok);
    let symbol = symbol.map_err(|error: SymbolError| wrong(error.to_string()))?;
    let (state, program) = (args.state.as_path(), env::current_exe()?);
    let drill = PaperDrill { mode, keys, symbol, state, program, halt_arguments };
    run_paper_drill(drill, tell).map_err(|error| {
        let text = format!("error drill: {error}");
        match error {
            DrillError::Account(AskError::Keys(_)) => Failure::Input(text),
            _ => Failure::Machine(text),
        }
    })
}

fn print(step: &DrillStep, out: &mut impl Write) -> std::io::Result<()> {
    let mark = if step.held { "✓" } else { "✗" };
    let time = step.ms.map_or_else(String::new, |ms| format!("{ms:.1} ms"));
    let first = format!("{mark} {:<62} {time:>10}  ", step.claim);
    writeln!(out, "{}", wrapped(&first, &step.seen, screen().columns))
}

fn summary(args: &DrillArgs, report: &DrillReport, out: &mut impl Write) -> std::io::Result<()> {
    let held = report.steps.iter().filter(|step| step.held).count();
    writeln!(out, "\n{held} of {} steps held. Report: {}", report.steps.len(), report.path(&args.state).display())
}
