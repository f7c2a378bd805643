//! `alphaflow rehearse`: a scenario through replay and through the Alpaca adapter against the built-in exchange.
//!
//! Not here: the rehearsal (exchange::rehearsal), the comparison and its page (report::parity). With `--against` the
//! other side is a run folder or a session out of a journal (rehearse_session). Exit code 3 if the two are not the same.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exchange::wall;
use super::finish::{Run, input};
use super::rehearse_session::{self, Asked, journal_of};
use super::report::Record;
use super::screen::{Progress, error_style, screen};
use super::{Failure, Format, backtest};
use crate::domain::{Money, SymbolIndex, Timestamp};
use crate::engine::Journal;
use crate::exchange::{BarSeen, Exchange, Reach, Rehearsal, SocketReach, rehearsal_desk};
use crate::execution::alpaca::{AlpacaDesk, Finding as Noticed, Instant};
use crate::report::format::counted;
use crate::report::parity::{Context, Finding, FindingKind, ParityReport, Side, json, page};
use crate::report::terminal::parity_summary;
use crate::scenario::{
    LoadedScenario, MarketData, RunFolder, account_rows, check_rehearsable, check_strategy, effective_toml, load,
    load_market, run_on, run_with,
};
use crate::strategy::Catalog;

/// Arguments of `alphaflow rehearse`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 if both sides are the same, order by order and digit by digit; 3 if not.\n\nWith --against and a journal, the session is made again from its rows and replayed on the bars that it saw, from its warm-up on; the report says why it differs, as far as the journal knows: a halt, a hand, a late bar, a break, what others did at the venue.\n\nExample: alphaflow rehearse scenarios/intraday_minutes.toml\n\nExample: alphaflow rehearse scenarios/intraday_minutes.toml --against state/rehearsal\n\nExample: alphaflow rehearse --against reports/ma_crossover_tech4"
)]
pub(super) struct RehearseArgs {
    /// Scenario file
    #[arg(required_unless_present = "against")]
    scenario: Option<PathBuf>,
    /// Compare what is recorded there with a replay, in place of a rehearsal: a run folder, or the state folder of a mode,
    /// such as state/paper, or its journal file
    #[arg(long, value_name = "RUN")]
    against: Option<PathBuf>,
    /// With --against a journal: the session, by the name that its orders carry; the last one without it
    #[arg(long, value_name = "NAME", requires = "against")]
    session: Option<String>,
    /// With --against: the folder that the scenario's relative paths start from, as for `report`
    #[arg(long, value_name = "DIR", requires = "against", conflicts_with = "scenario")]
    paths_from: Option<PathBuf>,
    /// Folder of the parity report and of both runs; `reports/<name>_rehearsal` without it,
    /// `reports/<name>_against` with --against
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Change a key of the scenario, e.g. `stop.multiple=3`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "scenario")]
    overrides: Vec<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Rehearses and compares.
pub(super) fn run<C: Catalog>(args: &RehearseArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    match (&args.scenario, &args.against) {
        (_, Some(recorded)) => against(args, recorded, catalog, out),
        (Some(scenario), None) => rehearse(args, scenario, catalog, out),
        (None, None) => unreachable!("one of both is required"),
    }
}

fn rehearse<C: Catalog>(
    args: &RehearseArgs,
    scenario: &Path,
    catalog: &C,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let loaded = load(scenario, &args.overrides).map_err(|all| Failure::Input(all.render(&error_style())))?;
    check_strategy(catalog, &loaded).map_err(input)?;
    let market = read(&loaded)?;
    check_rehearsable(&loaded, &market).map_err(input)?;
    let folder = folder(args, &loaded);
    let replayed = replay(catalog, &loaded, &market)?;
    let rehearsed = {
        let _progress = Progress::begin("rehearsing", &loaded.spec.scenario.name);
        session(catalog, &loaded, &market)?
    };
    let (ours, theirs) = (
        side(&loaded, &market, &replayed, Timestamp::MIN)?,
        side(&loaded, &market, &rehearsed.journal, Timestamp::MIN)?,
    );
    let mut context = Context::of(&loaded, &market, "rehearsal", "the built-in exchange");
    context.calls = Some(rehearsed.calls);
    context.events = Some(rehearsed.events);
    context.bars_compared = Some(rehearsed.bars_compared);
    context.findings = rehearsed.findings;
    let report = ParityReport::of(&ours, &theirs, &context);
    for (name, journal) in [("replay", replayed), ("rehearsal", rehearsed.journal)] {
        let path = folder.join(name);
        let unfinished = RunFolder::open(&path).map_err(|error| backtest::unwritable(&path, &error))?;
        let run = Run::new(catalog, loaded.clone(), market.clone(), journal)?;
        run.write_numbers(unfinished.aside())?;
        unfinished.keep()?;
    }
    tell(args, &folder, &report, out)?;
    match rehearsed.disagreement {
        Some(what) => Err(Failure::Check(format!("error {what}"))),
        None => verdict(&report),
    }
}

/// Two sides and what is known of them.
pub(super) struct Compared {
    pub(super) loaded: LoadedScenario,
    /// The replay.
    pub(super) ours: Side,
    pub(super) theirs: Side,
    pub(super) context: Context,
}

fn against<C: Catalog>(args: &RehearseArgs, recorded: &Path, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let scenario = args.scenario.as_ref().map(|path| load(path, &args.overrides)).transpose();
    let scenario = scenario.map_err(|all| Failure::Input(all.render(&error_style())))?;
    let compared = match journal_of(recorded)? {
        Some(journal) => {
            let (session, paths_from) = (args.session.as_deref(), args.paths_from.as_deref());
            let asked = Asked { journal: &journal, scenario: scenario.as_ref(), session, paths_from };
            rehearse_session::compare(&asked, catalog)?
        }
        None if args.session.is_some() => {
            let text = format!("error --session: {} is no journal, and a run folder holds one run", recorded.display());
            return Err(Failure::Input(text));
        }
        None if !recorded.join("run.json").is_file() => {
            let text = format!(
                "error --against {}: there is neither a journal nor a run there; name the state folder of a mode, such as \
                 state/paper, or a run folder, which holds run.json",
                recorded.display()
            );
            return Err(Failure::Input(text));
        }
        None => of_folder(args, recorded, scenario.as_ref(), catalog)?,
    };
    let report = ParityReport::of(&compared.ours, &compared.theirs, &compared.context);
    tell(args, &folder(args, &compared.loaded), &report, out)?;
    verdict(&report)
}

/// A run folder beside a replay of its scenario on its files.
fn of_folder<C: Catalog>(
    args: &RehearseArgs,
    recorded: &Path,
    scenario: Option<&LoadedScenario>,
    catalog: &C,
) -> Result<Compared, Failure> {
    let beside = scenario.and_then(|loaded| loaded.path().parent());
    let (_, loaded) = Record::loaded(recorded, args.paths_from.as_deref().or(beside))?;
    if scenario.is_some_and(|named| effective_toml(&named.spec) != effective_toml(&loaded.spec)) {
        let text = format!(
            "error {}: it is a run of another scenario, or of another version of this one; leave SCENARIO out to replay the \
             scenario that run.json holds",
            recorded.display()
        );
        return Err(Failure::Input(text));
    }
    check_strategy(catalog, &loaded).map_err(input)?;
    let market = read(&loaded)?;
    let theirs = Side::of_folder(recorded).map_err(input)?;
    let replayed = replay(catalog, &loaded, &market)?;
    let ours = side(&loaded, &market, &replayed, Timestamp::MIN)?;
    let context = Context::of(&loaded, &market, "recorded session", "the venue of the session");
    Ok(Compared { loaded, ours, theirs, context })
}

fn read(loaded: &LoadedScenario) -> Result<MarketData, Failure> {
    let _progress = Progress::begin("reading", &counted(loaded.spec.data.symbols.len(), "symbol", "symbols"));
    load_market(loaded).map_err(input)
}

fn replay<C: Catalog>(catalog: &C, loaded: &LoadedScenario, market: &MarketData) -> Result<Journal, Failure> {
    let _progress = Progress::begin("replaying", &loaded.spec.scenario.name);
    run_with(catalog, loaded, market).map_err(input)
}

/// The side of a replay; its account from `from` on.
pub(super) fn side(
    loaded: &LoadedScenario,
    market: &MarketData,
    journal: &Journal,
    from: Timestamp,
) -> Result<Side, Failure> {
    let mut rows = account_rows(market, journal, loaded.spec.account.cash);
    rows.retain(|row| row.time >= from);
    Side::of_run(loaded, market, journal, &rows).map_err(input)
}

fn folder(args: &RehearseArgs, loaded: &LoadedScenario) -> PathBuf {
    // A comparison with something else does not take the place of a rehearsal, which `preflight` and a live session ask for.
    let what = if args.against.is_some() { "against" } else { "rehearsal" };
    let name = format!("{}_{what}", loaded.spec.scenario.name);
    args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(name))
}

/// Writes the report and prints its summary.
fn tell(args: &RehearseArgs, folder: &Path, report: &ParityReport<'_>, out: &mut impl Write) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| backtest::unwritable(folder, &error))?;
    let text = json(report);
    let place = folder.join("parity.html");
    for (path, text) in [(&place, page(report)), (&folder.join("parity.json"), text.clone())] {
        fs::write(path, text).map_err(|error| backtest::unwritable(path, &error))?;
    }
    let printed = match args.format {
        Format::Json => text,
        Format::Text => parity_summary(report, &[("report", place.display().to_string())], &screen()),
    };
    Ok(out.write_all(printed.as_bytes())?)
}

fn verdict(report: &ParityReport<'_>) -> Result<(), Failure> {
    if report.identical { Ok(()) } else { Err(Failure::Check("error the two sessions are not the same".to_owned())) }
}

/// What a rehearsal left.
struct Rehearsed {
    journal: Journal,
    calls: u64,
    events: u64,
    bars_compared: u64,
    findings: Vec<Finding>,
    /// How the exchange's account differs from ours, if it does.
    disagreement: Option<String>,
}

fn session<C: Catalog>(catalog: &C, loaded: &LoadedScenario, market: &MarketData) -> Result<Rehearsed, Failure> {
    let stopped = |error: crate::execution::BackendFailure| Failure::Machine(format!("error {error}"));
    let exchange = Exchange::new(loaded, market).map_err(input)?;
    let tape = exchange.tape().clone();
    let start = Instant { ms: 0, wall_ms: tape.now().ns() / 1_000_000 };
    let desk = AlpacaDesk::new(rehearsal_desk(loaded, true), start);
    let reach = SocketReach::start(desk, exchange, loaded.spec.data.symbols.clone(), wall).map_err(stopped)?;
    let mut rehearsal = Rehearsal::new(reach, tape);
    let journal = run_on(catalog, loaded, market, &mut rehearsal).map_err(input)?;
    let (bars_compared, differing) = rehearsal.bars();
    let mut findings: Vec<Finding> = differing.iter().map(|bar| of_bar(loaded, bar)).collect();
    findings.extend(rehearsal.findings().iter().map(|(time, noticed)| of_desk(*time, noticed)));
    findings.sort_by_key(|finding| finding.time);
    let mut reach = rehearsal.into_reach();
    let traffic = reach.traffic();
    let cash = account_rows(market, &journal, loaded.spec.account.cash).last().map(|row| row.cash);
    let disagreement = disagreement(loaded, &mut reach, cash.unwrap_or(loaded.spec.account.cash));
    Ok(Rehearsed {
        journal,
        calls: traffic.calls,
        events: traffic.trading_messages,
        bars_compared,
        findings,
        disagreement,
    })
}

/// Cash and shares must be the same on both sides, to the last digit.
fn disagreement(loaded: &LoadedScenario, reach: &mut SocketReach, ours: Money) -> Option<String> {
    let theirs = reach.look(Exchange::cash);
    if theirs != ours {
        return Some(format!("the exchange holds ${theirs} in cash, our books ${ours}"));
    }
    loaded.spec.data.symbols.iter().enumerate().find_map(|(at, symbol)| {
        let (theirs, ours) = (reach.look(|exchange| exchange.shares(at)), reach.desk().shares(SymbolIndex(at as u16)));
        (theirs != ours).then(|| format!("the exchange holds {theirs} shares of {symbol}, our books {ours}"))
    })
}

fn of_bar(loaded: &LoadedScenario, bar: &BarSeen) -> Finding {
    let symbol = loaded.spec.data.symbols[bar.symbol.get()].to_string();
    Finding {
        time: bar.replayed.time,
        kind: FindingKind::BarDiffers,
        order: None,
        text: format!("{symbol} came as {:?}, the data have {:?}", bar.seen, bar.replayed),
        symbol: Some(symbol),
    }
}

fn of_desk(time: Timestamp, noticed: &Noticed) -> Finding {
    let (kind, order) = match noticed {
        Noticed::NotMoved { order, .. } | Noticed::NotChanged { order, .. } => {
            (FindingKind::StopChangeRefused, Some(order))
        }
        Noticed::Refused { order, .. } => (FindingKind::VenueRefused, Some(order)),
        Noticed::MissingFill { order, .. } => (FindingKind::FillRecovered, Some(order)),
        Noticed::LateFill { order, .. } => (FindingKind::LateEvent, Some(order)),
        Noticed::Skew { .. } => (FindingKind::ClockSkew, None),
        Noticed::Stream(_) => (FindingKind::Reconnect, None),
        _ => (FindingKind::Other, None),
    };
    let order = order.map(|order| order.0.to_string());
    Finding { time, kind, order, symbol: None, text: noticed.to_string() }
}
