//! `alphaflow sweep`: many runs of one scenario, and one verdict over all of them.
//!
//! Not here: the runs (sweep), what the summary looks like (report::terminal).
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use super::finish::input;
use super::screen::{Counter, Progress, error_style, screen};
use super::sweep_model::{Origin, model};
use super::sweep_walk::{Judge, Judged};
use super::{Failure, Format};
use crate::domain::Timestamp;
use crate::report::chart::heatmap_png;
use crate::report::format::counted;
use crate::report::sweep::html;
use crate::report::terminal::{SweepSpent, sweep_summary};
use crate::scenario::spec::Objective;
use crate::scenario::{LoadedScenario, SessionEnds, load, load_market};
use crate::strategy::Catalog;
use crate::sweep::{
    Axis, Begin, FolderError, Identity, Plan, Runner, Shard, ShardError, Stopped, SweepFolder, WalkPlan, check_windows,
    merged, run_all,
};

/// Arguments of `alphaflow sweep`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Example: alphaflow sweep scenarios/sweep_risk_tech4.toml\n\n\
    Example: alphaflow sweep scenarios/sweep_risk_tech4.toml --shard 1/2 --out reports/one\n\n\
    Example: alphaflow sweep scenarios/sweep_risk_tech4.toml --shard 2/2 --out reports/two\n\n\
    The shards may be made on different machines; alphaflow sweep merge joins them.\n\n\
    Example: alphaflow sweep scenarios/walk_forward_tech4.toml\n\n\
    With [walk_forward] the best of each training span is traded on the span after it.\n\n\
    Example: alphaflow sweep scenarios/sweep_ma_tech4.toml --set \"sweep.sample={ count = 100, method = 'tpe' }\" \
    --out reports/proposed\n\n\
    With method tpe runs are proposed from those before them.\n\n\
    A sweep that was stopped, however hard, goes on with --resume. The same runs give the same results.parquet on any \
    number of threads, unbroken, resumed or merged."
)]
pub(super) struct SweepArgs {
    #[command(subcommand)]
    merge: Option<Merge>,
    /// Scenario file with [sweep], [walk_forward] or [stress]
    #[arg(required = true)]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    shared: Shared,
    /// Go on with the sweep in the folder, where it stopped
    #[arg(long, conflicts_with = "fresh")]
    resume: bool,
    /// Begin anew: what the folder holds of a sweep is removed
    #[arg(long)]
    fresh: bool,
    /// Make only part I of N of the runs
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Workers; without it one a core. The results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

impl SweepArgs {
    /// Workers, or 0 for one a core.
    fn threads(&self) -> usize {
        self.threads.map_or(0, usize::from)
    }
}

#[derive(Debug, Subcommand)]
enum Merge {
    /// Join the shards of a sweep
    Merge(MergeArgs),
}

/// Arguments of `alphaflow sweep merge`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow sweep merge scenarios/sweep_risk_tech4.toml reports/one reports/two --out reports/whole"
)]
struct MergeArgs {
    /// Scenario file of the sweep
    scenario: PathBuf,
    /// Folders of the shards, all of them
    #[arg(required = true)]
    shards: Vec<PathBuf>,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, Args)]
struct Shared {
    /// Folder of the sweep; `reports/<name>` without it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Change a key of the scenario, e.g. `sweep.sample=100`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// What the best is best in: sharpe, sortino, calmar, omega, cagr, total_return, profit_factor, expectancy, sqn
    #[arg(long, value_parser = objective)]
    objective: Option<Objective>,
    /// Print so many of the best
    #[arg(long, default_value_t = 10, value_name = "N")]
    top: usize,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

fn shard(text: &str) -> Result<Shard, ShardError> {
    text.parse()
}

fn objective(text: &str) -> Result<Objective, String> {
    use crate::scenario::spec::Choice;
    let known = || Objective::ALL.iter().map(|choice| choice.name()).collect::<Vec<_>>().join(", ");
    Objective::ALL.iter().copied().find(|choice| choice.name() == text).ok_or_else(|| format!("known are {}", known()))
}

/// Makes the runs, or joins shards of them, and prints the verdict.
pub(super) fn run<C: Catalog + Sync>(args: &SweepArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    if let Some(Merge::Merge(merge)) = &args.merge {
        return join(merge, catalog, out);
    }
    let Some(scenario) = &args.scenario else { return Err(Failure::Input("error no scenario".to_owned())) };
    let (loaded, mut plan) = planned(scenario, &args.shared, catalog)?;
    if args.shard.is_some_and(|shard| shard != Shard::WHOLE) {
        whole_only(&plan)?;
    }
    let Read { identity, walk, sessions } = read(&loaded, &plan)?;
    let begin = match (args.resume, args.fresh) {
        (true, _) => Begin::Resume,
        (_, true) => Begin::Fresh,
        _ => Begin::New,
    };
    let path = folder_of(&args.shared, &loaded);
    let folder = SweepFolder::open(&path, &identity, args.shard.unwrap_or(Shard::WHOLE), begin).map_err(refused)?;
    let (started, before) = (Instant::now(), folder.done());
    {
        let counter = Counter::begin("sweeping", before as u64, folder.runs() as u64);
        run_all((catalog, args.threads()), &mut plan, &folder, &|runs| counter.add(runs as u64)).map_err(stopped)?;
    }
    let spent = Spent { sweep: started.elapsed(), runs: folder.runs() - before, kept: before };
    if !folder.is_whole() {
        let text = format!(
            "{} of this shard done, of {} in all, in {}\njoin the shards with alphaflow sweep merge\n",
            counted(folder.runs(), "run", "runs"),
            plan.len(),
            path.display()
        );
        return Ok(out.write_all(text.as_bytes())?);
    }
    let rows = folder.rows(&axes(&plan)).map_err(refused)?;
    let judge = Judge {
        runner: &Runner { catalog, plan: &plan, threads: args.threads() },
        walk: walk.as_ref(),
        objective: wanted(&args.shared, &loaded),
        folder: Some(&folder),
    };
    let judged = judge.judge(rows)?;
    let origin = Origin { file: scenario, loaded: &loaded, plan: &plan, sessions: &sessions };
    finish(&args.shared, &origin, &judged, (&path, spent), out)
}

fn join<C: Catalog + Sync>(args: &MergeArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let (loaded, plan) = planned(&args.scenario, &args.shared, catalog)?;
    whole_only(&plan)?;
    let Read { identity, walk, sessions } = read(&loaded, &plan)?;
    let rows = merged(&identity, &axes(&plan), &args.shards).map_err(refused)?;
    let path = folder_of(&args.shared, &loaded);
    std::fs::create_dir_all(&path).map_err(|error| super::backtest::unwritable(&path, &error))?;
    let spent = Spent { kept: rows.len(), ..Spent::default() };
    let judge = Judge {
        runner: &Runner { catalog, plan: &plan, threads: 0 },
        walk: walk.as_ref(),
        objective: wanted(&args.shared, &loaded),
        folder: None,
    };
    let judged = judge.judge(rows)?;
    let origin = Origin { file: &args.scenario, loaded: &loaded, plan: &plan, sessions: &sessions };
    finish(&args.shared, &origin, &judged, (&path, spent), out)
}

/// What making the runs cost.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    sweep: Duration,
    runs: usize,
    kept: usize,
}

fn planned<C: Catalog>(path: &Path, args: &Shared, catalog: &C) -> Result<(LoadedScenario, Plan), Failure> {
    let all = |all: crate::scenario::Diagnostics| Failure::Input(all.render(&error_style()));
    let loaded = load(path, &args.overrides).map_err(all)?;
    let plan = Plan::new(&loaded).map_err(all)?.optimising(wanted(args, &loaded));
    plan.check(catalog).map_err(all)?;
    Ok((loaded, plan))
}

/// What the base scenario's data decide.
struct Read {
    identity: Identity,
    walk: Option<WalkPlan>,
    /// Ends of its sessions.
    sessions: Vec<Timestamp>,
}

/// The base scenario's data are read even where every run reads others: what is wrong with a file is then said
/// before the first run, not by each of them.
fn read(loaded: &LoadedScenario, plan: &Plan) -> Result<Read, Failure> {
    let _progress = Progress::begin("reading", &counted(loaded.spec.data.symbols.len(), "symbol", "symbols"));
    let market = load_market(loaded).map_err(input)?;
    check_windows(plan, &market).map_err(input)?;
    Ok(Read {
        identity: Identity::of(plan, &market),
        walk: WalkPlan::of(plan, &market).map_err(input)?,
        sessions: SessionEnds::of(&market).times().to_vec(),
    })
}

fn axes(plan: &Plan) -> Vec<&str> {
    plan.axes().iter().map(Axis::key).collect()
}

fn folder_of(args: &Shared, loaded: &LoadedScenario) -> PathBuf {
    args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(&loaded.spec.scenario.name))
}

fn wanted(args: &Shared, loaded: &LoadedScenario) -> Objective {
    let walk_forward = loaded.spec.walk_forward.as_ref().map(|walk| walk.objective);
    args.objective.or(walk_forward).unwrap_or(Objective::Sharpe)
}

/// Errors: an optimiser proposes runs from all that are done, so no machine can make a part of them on its own.
fn whole_only(plan: &Plan) -> Result<(), Failure> {
    if plan.is_complete() {
        return Ok(());
    }
    let what = "error method = \"tpe\" proposes runs from all runs before; it has no shards";
    Err(Failure::Input(format!("{what}; leave out --shard, or take method = \"sobol\"")))
}

fn stopped(error: Stopped) -> Failure {
    match error {
        Stopped::Folder(error) => refused(error),
        Stopped::Search(errors) => Failure::Input(errors.render(&error_style())),
    }
}

fn refused(error: FolderError) -> Failure {
    match error {
        FolderError::Io(error) => Failure::Machine(format!("error {error}")),
        other => Failure::Input(format!("error {other}")),
    }
}

/// Puts all rows together; writes what is made of them and prints the summary.
fn finish(
    args: &Shared,
    origin: &Origin<'_>,
    judged: &Judged,
    (path, spent): (&Path, Spent),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let started = Instant::now();
    let progress = Progress::begin("reporting", &path.display().to_string());
    let results = &judged.results;
    results.write(path)?;
    judged.walked.iter().try_for_each(|walked| walked.write(path))?;
    let model = model(results, judged.walked.as_ref(), origin);
    write(path, "sweep.html", html::render(&model).as_bytes())?;
    if !model.axes.is_empty() && results.winner().is_some() {
        let picture = heatmap_png(&model).map_err(|error| Failure::Machine(format!("error drawing: {error}")))?;
        write(path, "heatmap.png", &picture)?;
    }
    drop(progress);
    let text = match args.format {
        Format::Json => {
            let mut json = results.to_json();
            judged.walked.iter().for_each(|walked| json["walk_forward"] = walked.to_json());
            format!("{json:#}\n")
        }
        Format::Text => {
            let place = |file: &str| path.join(file).display().to_string();
            let mut places = vec![("report", place("sweep.html")), ("results", place("results.parquet"))];
            places.extend(judged.walked.iter().map(|_| ("walk-forward", place("walk_forward.csv"))));
            let Spent { sweep, runs, kept } = spent;
            let (walk, report) = (judged.walking, judged.counting + started.elapsed());
            sweep_summary(&model, args.top, &places, &SweepSpent { runs, kept, sweep, walk, report }, &screen())
        }
    };
    Ok(out.write_all(text.as_bytes())?)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    std::fs::write(&path, bytes).map_err(|error| Failure::Machine(format!("error {}: {error}", path.display())))
}
