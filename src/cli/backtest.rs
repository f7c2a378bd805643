//! `alphaflow backtest`: one run on history.
//!
//! Not here: the run itself (scenario), what the summary looks like (report::terminal).
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::Failure;
use super::finish::{Run, input};
use super::prove::{self, Wanted};
use super::screen::{Progress, error_style, screen};
use crate::report::format::counted;
use crate::report::terminal::{Spent, summary};
use crate::scenario::{MarketData, RunFolder, check_strategy, load, load_market, run_with};
use crate::strategy::Catalog;

/// Arguments of `alphaflow backtest`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow backtest scenarios/ma_crossover_tech4.toml\n\nExample: alphaflow backtest scenarios/ma_crossover_tech4.toml --set stop.multiple=3 --out reports/wider\n\nExample: alphaflow backtest scenarios/ma_crossover_tech4.toml --prove"
)]
pub(super) struct BacktestArgs {
    /// Scenario file
    scenario: PathBuf,
    /// Run folder; `reports/<name>` without it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Change a key of the scenario, e.g. `stop.multiple=3`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Write the numbers without page and pictures; `alphaflow report` draws them later
    #[arg(long)]
    no_report: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Refuse data that is suspicious, not only what is malformed
    #[arg(long)]
    strict: bool,
    /// Show that no order depends on bars that had not closed, on where the data begin, or on an earlier run:
    /// rerun the scenario on data that end, on absurd futures and from later starts, and name the first order
    /// that changes (exit 3). A run folder is written only with --out; prove.json is in it then
    #[arg(long)]
    prove: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A summary for people
    Text,
    /// metrics.json on standard output, with load_seconds, replay_seconds and report_seconds; with --prove the
    /// proof, with prove_seconds
    Json,
}

/// Runs the scenario, writes the run folder, prints the summary.
pub(super) fn run<C: Catalog>(args: &BacktestArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let started = Instant::now();
    let loaded = load(&args.scenario, &args.overrides).map_err(|all| Failure::Input(all.render(&error_style())))?;
    check_strategy(catalog, &loaded).map_err(input)?;
    let symbols = counted(loaded.spec.data.symbols.len(), "symbol", "symbols");
    let market = {
        let _progress = Progress::begin("reading", &symbols);
        load_market(&loaded).map_err(input)?
    };
    if args.strict && market.warnings_total > 0 {
        return Err(Failure::Input(refused_as_suspicious(&market)));
    }
    if args.prove {
        let wanted = Wanted { folder: args.out.as_deref(), drawn: !args.no_report, format: args.format };
        return prove::run(catalog, loaded, market, &wanted, out);
    }
    // The folder first: a run that cannot be kept is not worth waiting for.
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(&loaded.spec.scenario.name));
    let unfinished = RunFolder::open(&folder).map_err(|error| unwritable(&folder, &error))?;
    let (load, replayed) = (started.elapsed(), Instant::now());
    let bars: usize = market.bars.iter().map(Vec::len).sum();
    let journal = {
        let _progress = Progress::begin("replaying", &counted(bars, "bar", "bars"));
        run_with(catalog, &loaded, &market).map_err(input)?
    };
    let (replay, reported) = (replayed.elapsed(), Instant::now());
    let progress = Progress::begin("reporting", &folder.display().to_string());
    let run = Run::new(catalog, loaded, market, journal)?;
    let model = run.model();
    let shown = if args.no_report {
        run.write_numbers(unfinished.aside())?;
        ("run folder", folder.clone())
    } else {
        run.write(unfinished.aside(), &model)?;
        ("report", folder.join("report.html"))
    };
    unfinished.keep()?;
    drop(progress);
    let spent = Spent {
        files: run.market.files.len() - usize::from(run.loaded.spec.data.corporate_actions.is_some()),
        rows: run.market.rows_read,
        bars: bars as u64,
        load,
        replay,
        report: reported.elapsed(),
    };
    let text = match args.format {
        Format::Json => json(&run, &spent),
        Format::Text => summary(&model, (shown.0, &shown.1.display().to_string()), &spent, &screen()),
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// A run folder that cannot be: a wrong name is the caller's, all else the machine's.
pub(super) fn unwritable(folder: &Path, error: &io::Error) -> Failure {
    let path = folder.display();
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            Failure::Input(format!("error {path}: a file is in the way; choose another --out"))
        }
        _ => Failure::Machine(format!("error {path}: {error}; choose another --out or make room")),
    }
}

/// `metrics.json` and what the run cost, which the run folder does not hold.
fn json(run: &Run, spent: &Spent) -> String {
    let mut metrics = run.metrics.to_json();
    for (key, time) in
        [("load_seconds", spent.load), ("replay_seconds", spent.replay), ("report_seconds", spent.report)]
    {
        metrics[key] = time.as_secs_f64().into();
    }
    format!("{metrics:#}\n")
}

fn refused_as_suspicious(market: &MarketData) -> String {
    let mut text: Vec<String> = market.warnings.iter().map(|warning| format!("error {warning}")).collect();
    text.push(format!("{} suspicious places; mend the data, or run without --strict", market.warnings_total));
    text.join("\n")
}
