//! `alphaflow drill`: proves the kill switch on the built-in exchange, and stamps the date that preflight asks for.
//!
//! Not here: the drill (live::drill). Exit code 3 where a step did not hold.
use std::env;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::finish::input;
use super::screen::error_style;
use super::{Failure, Format};
use crate::live::drill::{DRILL_FILE, DrillReport, DrillStep, own_market, run_drill};
use crate::scenario::{check_strategy, load, load_market};
use crate::strategy::Catalog;

/// Arguments of `alphaflow drill`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 if every step held; 3 if not.\n\nIt works on the built-in exchange in this process and on a folder of its own, so it can be run at any time, also beside a session.\n\nExample: alphaflow drill"
)]
pub(super) struct DrillArgs {
    /// Scenario whose data the exchange replays, of bars within the day; without one, a market of the drill's own
    scenario: Option<PathBuf>,
    /// Folder of the kill switch: the report is written there
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Drills.
pub(super) fn run<C: Catalog>(args: &DrillArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let (loaded, market) = match &args.scenario {
        None => own_market(),
        Some(path) => {
            let loaded = load(path, &[]).map_err(|all| Failure::Input(all.render(&error_style())))?;
            check_strategy(catalog, &loaded).map_err(input)?;
            if loaded.spec.data.timeframe.is_daily() {
                let what = "a drill needs bars within the day: with daily ones the market is never open while it halts";
                return Err(Failure::Input(format!(
                    "error {}: {what}; set data.timeframe and data.path",
                    path.display()
                )));
            }
            let market = load_market(&loaded).map_err(input)?;
            (loaded, market)
        }
    };
    let program = env::current_exe()?;
    let mut written = Ok(());
    let report = run_drill(&args.state, program, (&loaded, &market), |step| {
        if args.format == Format::Text && written.is_ok() {
            written = print(step, out).and_then(|()| out.flush());
        }
    });
    let report = report.map_err(|error| Failure::Machine(format!("error drill: {error}")))?;
    written?;
    match args.format {
        Format::Text => tell(args, &report, out)?,
        Format::Json => writeln!(out, "{:#}", serde_json::json!(report))?,
    }
    match report.passed {
        true => Ok(()),
        false => Err(Failure::Check("error the drill has not passed".to_owned())),
    }
}

fn print(step: &DrillStep, out: &mut impl Write) -> std::io::Result<()> {
    let mark = if step.held { "✓" } else { "✗" };
    let time = step.ms.map_or_else(String::new, |ms| format!("{ms:.1} ms"));
    writeln!(out, "{mark} {:<62} {time:>10}  {}", step.claim, step.seen)
}

fn tell(args: &DrillArgs, report: &DrillReport, out: &mut impl Write) -> std::io::Result<()> {
    let held = report.steps.iter().filter(|step| step.held).count();
    writeln!(out, "\n{held} of {} steps held. Report: {}", report.steps.len(), args.state.join(DRILL_FILE).display())
}
