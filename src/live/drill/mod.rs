//! The drill: the kill switch proved on the built-in exchange, over real sockets, with halts given by another process.
//!
//! Not here: the stage (stage), its market (market), the drill on the paper account (paper), the page that asks for a drill's
//! date (preflight). Everything that is tried runs the very code of a session: latch, shutter, wire, kill switch, commands.
//! Invariants: (1) it works in a folder of its own and never touches the latch of a session; (2) it reaches nothing but
//! this machine, unless it is the one for paper; (3) a step that did not hold is in the report, and the drill has not passed.
mod market;
mod paper;
mod report;
mod stage;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use self::paper::{PaperDrill, run_paper_drill};
pub use self::report::{DRILL_FILE, DrillReport, DrillStep, PAPER_DRILL_FILE};
use self::stage::{Busy, Commands, Said, Stage, kill_switch, wait};
use super::kill::{HaltProgress, KillError, wall};
use super::private;
use crate::domain::Quantity;
use crate::execution::alpaca::{AskError, ShutterBar};
use crate::report::format::to_the_second;
use crate::risk::{Halt, KillSwitch, LatchFile};
use crate::scenario::{LoadedScenario, MarketData};

/// The drill's own folder below it.
const FOLDER: &str = "drill";

/// Why a drill could not be run; that is no proof of anything.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The exchange of the drill does not do what it must.
    #[error("the exchange of the drill: {0}")]
    Stage(String),
    /// The account is not free for a drill.
    #[error("{0}")]
    Refused(String),
    /// The account cannot be looked at.
    #[error(transparent)]
    Account(#[from] AskError),
    /// The session of the drill broke off.
    #[error("the session of the drill: {0}")]
    Session(String),
    /// The kill switch does not start.
    #[error(transparent)]
    Kill(#[from] KillError),
    /// The program cannot be started as another process.
    #[error("{}: cannot be started: {source}", path.display())]
    Program {
        /// The program.
        path: PathBuf,
        /// In the words of the system.
        source: io::Error,
    },
    /// The folder cannot be written.
    #[error("{}: {source}; give the folder to the user that runs the drill", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// In the words of the system.
        source: io::Error,
    },
}

/// The market that a drill brings along.
pub fn own_market() -> (LoadedScenario, MarketData) {
    market::market()
}

/// Runs the drill and writes `drill.json` into `state`. `program`: this program, to be started as another process.
/// `tell`: hears of every step as it ends.
///
/// Errors: see [`DrillError`]; nothing is written then.
pub fn run_drill(
    state: &Path,
    program: PathBuf,
    (loaded, market): (&LoadedScenario, &MarketData),
    tell: impl FnMut(&DrillStep),
) -> Result<DrillReport, DrillError> {
    let folder = clear_folder(state)?;
    let stage = Stage::set(loaded, market)?;
    let commands = Commands { program, folder: folder.clone() };
    let mut drill = Drill { stage, commands, steps: Vec::new(), tell };
    drill.halt_under_load()?;
    drill.resume()?;
    drill.flatten_unreachable()?;
    drill.restart()?;
    drill.without_session()?;
    let Drill { steps, .. } = drill;
    let report = DrillReport::of("rehearsal", steps);
    report.write(state)?;
    Ok(report)
}

/// A folder of the drill's own, with nothing of an earlier one in it.
fn clear_folder(state: &Path) -> Result<PathBuf, DrillError> {
    let folder = state.join(FOLDER);
    let in_folder = |source| DrillError::Folder { path: folder.clone(), source };
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(in_folder(error)),
        _ => private::make_folder(&folder).map_err(in_folder)?,
    }
    Ok(folder)
}

struct Drill<T> {
    stage: Stage,
    commands: Commands,
    steps: Vec<DrillStep>,
    tell: T,
}

impl<T: FnMut(&DrillStep)> Drill<T> {
    fn step(&mut self, claim: &str, held: bool, seen: impl Into<String>, ms: Option<f64>) {
        let step = DrillStep { claim: claim.to_owned(), held, seen: seen.into(), ms };
        (self.tell)(&step);
        self.steps.push(step);
    }

    fn latch(&self) -> LatchFile {
        LatchFile::new(&self.commands.folder)
    }

    /// A halt by another process while a strategy sends orders without a pause.
    fn halt_under_load(&mut self) -> Result<(), DrillError> {
        let [protected, .., bare] = self.stage.symbols[..] else {
            return Err(DrillError::Stage("it needs a scenario of two shares or more".to_owned()));
        };
        let stop = self.stage.half_price(protected)?;
        self.stage.buy(protected, 30, Some(&stop))?;
        self.stage.buy(bare, 20, None)?;
        let held = self.stage.shares();
        let busy = Busy::start(&self.stage, "first")?;
        let kill = kill_switch(&self.commands.folder, &self.stage, &busy.shutter)?;
        let armed = self.latch().arm().map_err(KillError::from)?;
        let leave = wait(|| Ok(busy.count.taken() > 50))?;
        self.step(
            "orders leave as fast as the wire carries them",
            leave,
            format!("{} orders", busy.count.taken()),
            None,
        );
        let said = self.commands.give(&["halt", "--reason", "drill"])?;
        let (count, kept_back) = (self.stage.orders()?, busy.count.held_back());
        let latched = is_latched(&said);
        self.step("`halt` of another process latches", latched, seen(&said), ms(&said, "latched_us"));
        let is_acknowledged = said.json["session"][0]["is_clear"] == true;
        self.step(
            "the session acknowledges that nothing is on its way",
            is_acknowledged,
            acknowledgement(&said),
            ms(&said, "acknowledged_us"),
        );
        let is_refused = armed.check(wall()).is_err();
        self.step("the gate refuses what would open", is_refused, gate_words(&armed), None);
        let is_busy = wait(|| Ok(busy.count.held_back() > kept_back + 100))?;
        let after = self.stage.orders()?;
        let text = format!("{} tried since, {} arrived", busy.count.held_back() - kept_back, after - count);
        self.step("no order follows the acknowledgement", is_busy && after == count, text, None);
        let began = Instant::now();
        let gone = wait(|| Ok(self.stage.open()?.0 == 0))?;
        let (buys, sells) = self.stage.open()?;
        let text = format!("{buys} orders to buy and {sells} to sell are open");
        self.step("resting entries are taken back", gone, &*text, Some(since(began)));
        let kept = sells == 1 && self.stage.shares() == held;
        self.step(
            "positions and their stops stay",
            kept,
            format!("{} shares, {sells} stop", self.stage.shares()),
            None,
        );
        let ended = wait(|| Ok(kill.handle().progress() == Some(HaltProgress::Done)))?;
        self.step("the session reports that it is done", ended, last_step(&kill.steps()), None);
        Ok(())
    }

    /// Only a resume with a reason ends a halt.
    fn resume(&mut self) -> Result<(), DrillError> {
        let said = self.commands.give(&["resume", "--reason", " "])?;
        let is_latched = self.latch().read(wall()).is_ok_and(|latch| latch.latched().is_some());
        self.step("a resume without a reason ends nothing", said.code == Some(2) && is_latched, said.error, None);
        let busy = Busy::start(&self.stage, "second")?;
        let _kill = kill_switch(&self.commands.folder, &self.stage, &busy.shutter)?;
        let is_shut = wait(|| Ok(busy.shutter.bar() == ShutterBar::Openings))?;
        self.step("a session that starts now starts halted", is_shut, held_back(busy.shutter.bar()), None);
        let said = self.commands.give(&["resume", "--reason", "the drill goes on"])?;
        let before = busy.count.taken();
        let passes = wait(|| Ok(busy.count.taken() > before + 10))?;
        self.step("a resume with a reason does", said.code == Some(0) && passes, "orders pass again", None);
        Ok(())
    }

    /// A flatten while the exchange does not answer, which it finishes when it does.
    fn flatten_unreachable(&mut self) -> Result<(), DrillError> {
        let busy = Busy::start(&self.stage, "third")?;
        let kill = kill_switch(&self.commands.folder, &self.stage, &busy.shutter)?;
        wait(|| Ok(busy.count.taken() > 10))?;
        self.stage.cut(true)?;
        let said = self.commands.give(&["halt", "--flatten", "--wait", "0"])?;
        let latched = is_latched(&said);
        self.step(
            "`halt --flatten` latches with the exchange unreachable",
            latched,
            seen(&said),
            ms(&said, "latched_us"),
        );
        let says = wait(|| Ok(kill.steps().iter().any(|step| step.text.starts_with("the venue does not answer"))))?;
        // The words of the library behind it are in the log of a session.
        let last = last_step(&kill.steps());
        let text = match last.split_once("the venue does not answer: ") {
            Some(_) => "the venue does not answer; it is tried again until it works".to_owned(),
            None => last,
        };
        self.step("the session says so and keeps trying", says, text, None);
        self.stage.cut(false)?;
        let began = Instant::now();
        let ended = wait(|| {
            self.stage.step(1)?;
            Ok(kill.handle().progress() == Some(HaltProgress::Done))
        })?;
        let (buys, sells) = self.stage.open()?;
        let text = format!("{} shares and {} orders are left", self.stage.shares(), buys + sells);
        let is_flat = self.stage.shares() == Quantity::ZERO && buys + sells == 0;
        self.step(
            "with the exchange back, everything is canceled and closed",
            ended && is_flat,
            text,
            Some(since(began)),
        );
        Ok(())
    }

    /// The halt and its finished work outlive the session.
    fn restart(&mut self) -> Result<(), DrillError> {
        let busy = Busy::start(&self.stage, "fourth")?;
        self.stage.buy(self.stage.symbols[0], 1, None)?;
        let _kill = kill_switch(&self.commands.folder, &self.stage, &busy.shutter)?;
        let is_shut = wait(|| Ok(busy.shutter.bar() == ShutterBar::Orders))?;
        let kept_back = busy.count.held_back();
        let is_busy = wait(|| Ok(busy.count.held_back() > kept_back + 100))?;
        self.step("the halt survives a restart", is_shut && is_busy, held_back(busy.shutter.bar()), None);
        let is_left = self.stage.shares() == Quantity::from_shares(1).unwrap_or_default();
        let text = format!("{} share is held, which was bought since", self.stage.shares());
        self.step("work that is finished is not done again", is_left, text, None);
        Ok(())
    }

    /// With no session at all, the command does the work itself.
    fn without_session(&mut self) -> Result<(), DrillError> {
        let venue = self.stage.address().to_string();
        let began = Instant::now();
        let arguments = ["halt", "--flatten", "--exchange", &venue];
        let (mut said, mut is_flat) = (self.commands.give(&[&arguments[..], &["--wait", "1"]].concat())?, false);
        for _ in 0..5 {
            self.stage.step(1)?;
            is_flat = self.stage.shares() == Quantity::ZERO;
            if is_flat {
                said = self.commands.give(&arguments)?;
                break;
            }
        }
        let is_done = said.code == Some(0) && said.json["venue"]["progress"] == "done";
        let text = format!("{} shares are left", self.stage.shares());
        self.step("without a session `halt` does it itself", is_flat && is_done, text, Some(since(began)));
        Ok(())
    }
}

fn is_latched(said: &Said) -> bool {
    said.json["state"] == "halted"
}

fn seen(said: &Said) -> String {
    match said.json["halt"]["since"].as_str() {
        Some(since) => {
            let second = since.parse().map(|since| to_the_second(since).to_string());
            format!("halted at {}", second.unwrap_or_else(|_| since.to_owned()))
        }
        None => format!("exit code {:?}: {}", said.code, said.error),
    }
}

fn acknowledgement(said: &Said) -> String {
    match said.json["session"][0]["mode"].as_str() {
        Some(mode) => format!("the {mode} session, process {}", said.json["session"][0]["pid"]),
        None => "no session has answered".to_owned(),
    }
}

fn ms(said: &Said, name: &str) -> Option<f64> {
    said.json[name].as_f64().map(|us| us / 1_000.0)
}

fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}

fn gate_words(armed: &KillSwitch) -> String {
    let words = |halt: Halt| Halt { since: to_the_second(halt.since), ..halt }.to_string();
    armed.check(wall()).map_or_else(words, |()| "it lets them pass".to_owned())
}

fn held_back(bar: ShutterBar) -> &'static str {
    match bar {
        ShutterBar::Nothing => "every order passes",
        ShutterBar::Openings => "orders that open are held back",
        ShutterBar::Orders => "every order is held back",
    }
}

fn last_step(steps: &[super::HaltStep]) -> String {
    steps.last().map_or_else(String::new, |step| step.text.clone())
}
