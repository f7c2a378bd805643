//! `alphaflow halt`: latches the kill switch, then says what the running sessions did, or does it itself.
//!
//! Not here: what the latch is (risk), a session's kill switch (live::kill), what is canceled and closed
//! (execution::alpaca). The latch comes first, whatever else works.
use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf, absolute};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::exchange::{KEY, SECRET, variable};
use super::stand_in::StandInArgs;
use super::status::{CLOSING_IS_RECORDED, NEXT_IS_HALTED, now};
use super::{Failure, Format, no_secret_on_command_line};
use crate::domain::Timestamp;
use crate::execution::alpaca::{ApiKeys, EmergencyOrder, EmergencyVenue, EnvFile, KeyError, LoopbackAddr};
use crate::live::kill::{Acknowledgement, EmergencyOutcome, HaltProgress, is_used, run_emergency, sessions, wait_for};
use crate::report::format::to_the_second;
use crate::risk::{HaltOrder, HaltRecord, HaltedBy, LatchError, LatchFile, Words};

/// A session looks at the latch every two milliseconds and waits two seconds for orders on their way.
const ACKNOWLEDGE_TIME: Duration = Duration::from_secs(4);

/// Arguments of `alphaflow halt`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow halt --flatten --reason \"prices look wrong\"\n\nNo order that increases exposure is approved from then on; orders that shrink a position pass. Orders that rest and could open are taken back at the venue, by the sessions that run with this folder or, where none runs, by this command with --mode paper or --mode live. A resume with a reason ends it: `alphaflow resume`, or that of the dashboard. Exit code 1: not confirmed."
)]
pub(super) struct HaltArgs {
    /// Also take back all other orders and close all positions, whoever made them
    #[arg(long)]
    flatten: bool,
    /// Why, for those who read it later; not needed to halt, and shortened where it cannot be kept whole
    #[arg(long, value_name = "TEXT")]
    reason: Option<OsString>,
    /// Work at this venue, too, if no session of the mode answers; keys come from .env
    #[arg(long, value_enum)]
    mode: Option<Venue>,
    /// Likewise at the built-in exchange on this address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "mode")]
    exchange: Option<LoopbackAddr>,
    #[command(flatten)]
    stand_in: StandInArgs,
    /// Where the keys of Alpaca are
    #[arg(long, value_name = "FILE", default_value = ".env")]
    env: PathBuf,
    /// How long to wait for the venue to show that nothing is left
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u32,
    /// Folder of the kill switch; every process of an account must use the same
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Where there may be something to cancel without a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Venue {
    /// Alpaca paper
    Paper,
    /// Alpaca live
    Live,
}

/// What came of all that was tried.
struct Outcome {
    order: HaltOrder,
    record: Result<HaltRecord, LatchError>,
    latched_us: u64,
    acknowledged_us: u64,
    /// What each running session did; nothing where it has not answered.
    sessions: Vec<(String, Option<Acknowledgement>)>,
    /// What this command did itself, or why it could not.
    own: Option<Result<EmergencyOutcome, String>>,
    /// Which argument others have been able to read.
    exposed: Option<KeyError>,
    /// The folder, where no session has ever run with it: a halt in it may reach nobody.
    unused: Option<PathBuf>,
}

/// Latches; what it prints of the latch is on the disk.
pub(super) fn run(args: &HaltArgs, out: &mut impl Write) -> Result<(), Failure> {
    // Whatever it says, it must not keep the halt away; a secret in it is not kept.
    let exposed = exposed(args);
    let reason = args.reason.as_deref().and_then(|text| Words::readable(&text.to_string_lossy()));
    let reason = if exposed.is_some() { Some(Words::fixed("not kept: the arguments hold a secret")) } else { reason };
    let order = HaltOrder { at: now(), by: HaltedBy::Person(person()), reason, flatten: args.flatten };
    let (latch, began) = (LatchFile::new(&args.state), Instant::now());
    // Before the latch makes the folder.
    let unused = (!is_used(&args.state)).then(|| absolute(&args.state).unwrap_or_else(|_| args.state.clone()));
    let noted = latch.note(&order);
    // It holds from here on; the rest of the halt keeps the document in order.
    let latched_us = us(began);
    let record = noted.and_then(|noted| latch.take_in(&order, &noted));
    let since = match &record {
        Ok(HaltRecord::Document { latched, .. }) => Some(latched.since),
        Ok(HaltRecord::Note { .. }) => Some(order.at),
        Err(_) => None,
    };
    // The venue comes before the words: with no session there, nobody else works on it.
    let sessions = since.map_or_else(Vec::new, |since| acknowledged(args, since));
    let acknowledged_us = us(began);
    let is_answered = |mode: &str| sessions.iter().any(|(own, done)| own == mode && done.is_some());
    let own = args.exchange.is_some() || args.mode.is_some_and(|mode| !is_answered(mode.name()));
    let own = own.then(|| work(args));
    let sessions = followed(args, sessions, since);
    let outcome = Outcome { order, record, latched_us, acknowledged_us, sessions, own, exposed, unused };
    match args.format {
        Format::Text => outcome.print(args, out)?,
        Format::Json => outcome.print_json(&latch, out)?,
    }
    outcome.verdict(args)
}

/// Waits until every session says that nothing is on its way.
fn acknowledged(args: &HaltArgs, since: Timestamp) -> Vec<(String, Option<Acknowledgement>)> {
    let is_enough = |done: &Acknowledgement| is_of(done, since, args) && done.is_clear.is_some();
    let modes = sessions(&args.state).into_iter().map(|session| session.mode);
    modes.map(|mode| (mode.clone(), wait_for(&args.state, &mode, ACKNOWLEDGE_TIME, is_enough))).collect()
}

/// Waits until every session that has answered is done, or all that is left waits for the open.
fn followed(
    args: &HaltArgs,
    sessions: Vec<(String, Option<Acknowledgement>)>,
    since: Option<Timestamp>,
) -> Vec<(String, Option<Acknowledgement>)> {
    let limit = Duration::from_secs(args.wait.into());
    let Some(since) = since else { return sessions };
    let follow = |(mode, first): (String, Option<Acknowledgement>)| {
        let is_enough = |done: &Acknowledgement| is_of(done, since, args) && done.progress != HaltProgress::Working;
        let last = first.is_some().then(|| wait_for(&args.state, &mode, limit, is_enough)).flatten();
        let latest = wait_for(&args.state, &mode, Duration::ZERO, |done| is_of(done, since, args));
        (mode, last.or(latest).or(first))
    };
    sessions.into_iter().map(follow).collect()
}

fn is_of(done: &Acknowledgement, since: Timestamp, args: &HaltArgs) -> bool {
    done.since == since && (done.flatten || !args.flatten)
}

/// Cancels and closes at the venue. Errors: why it could not even begin.
fn work(args: &HaltArgs) -> Result<EmergencyOutcome, String> {
    let order = if args.flatten { EmergencyOrder::Flatten } else { EmergencyOrder::Cancel };
    let limit = Duration::from_secs(args.wait.max(1).into());
    let stand_in = args.stand_in.address(matches!(args.mode, Some(Venue::Paper)), &args.state)?;
    let (venue, keys) = match (args.exchange, args.mode) {
        (Some(address), _) => {
            let keys = ApiKeys::new(variable(KEY), variable(SECRET)).map_err(|error| error.to_string())?;
            (EmergencyVenue::rehearsal(address), keys)
        }
        (None, Some(Venue::Live)) => {
            let venue = EmergencyVenue::live().ok_or("this program was built without live trading")?;
            (venue, keys_of_account(&args.env)?)
        }
        (None, _) => {
            (stand_in.map_or_else(EmergencyVenue::paper, EmergencyVenue::stand_in), keys_of_account(&args.env)?)
        }
    };
    run_emergency(&venue, &keys, order, limit).map_err(|error| error.to_string())
}

fn keys_of_account(path: &Path) -> Result<ApiKeys, String> {
    const ID: &str = "ALPACA_API_KEY";
    const SECRET: &str = "ALPACA_SECRET_KEY";
    let file = EnvFile::read(path).map_err(|error| error.to_string())?;
    let file = file.with_environment(&[ID, SECRET], |name| env::var(name).ok()).map_err(|error| error.to_string())?;
    file.keys(ID, SECRET).map_err(|error| error.to_string())
}

/// Keys are read only where there are words that could hold them: the latch does not wait for a file it does not need.
fn exposed(args: &HaltArgs) -> Option<KeyError> {
    let keys = args.reason.as_ref().and_then(|_| keys_of_account(&args.env).ok());
    no_secret_on_command_line(keys.as_ref()).err()
}

fn us(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Venue {
    const fn name(self) -> &'static str {
        match self {
            Venue::Paper => "paper",
            Venue::Live => "live",
        }
    }
}

impl Outcome {
    fn print(&self, args: &HaltArgs, out: &mut impl Write) -> std::io::Result<()> {
        if let Some(folder) = &self.unused {
            writeln!(out, "! {}", never_ran(folder))?;
        }
        match &self.record {
            Ok(HaltRecord::Document { latched, is_new: true }) => {
                writeln!(out, "Halted at {}.", to_the_second(latched.since))?
            }
            Ok(HaltRecord::Document { latched, is_new: false }) => writeln!(
                out,
                "Halted already, by {} since {}. This halt is added to the history.",
                latched.by,
                to_the_second(latched.since)
            )?,
            Ok(HaltRecord::Note { path, why }) => {
                writeln!(out, "Halted at {}, by the note {}.", to_the_second(self.order.at), path.display())?;
                writeln!(out, "The record itself could not be changed: {why}")?;
            }
            // The error itself follows.
            Err(_) if self.own.is_none() => return Ok(()),
            Err(_) => writeln!(out, "The kill switch could not be latched.")?,
        }
        for (mode, done) in &self.sessions {
            match done {
                Some(done) => {
                    writeln!(out, "The {mode} session (process {}) did this:", done.pid)?;
                    done.steps.iter().try_for_each(|step| line(out, step.done, &step.text))?;
                }
                None => {
                    let next = without_session(mode, args.flatten);
                    writeln!(out, "The {mode} session has not answered within {ACKNOWLEDGE_TIME:?}: {next}.")?;
                }
            }
        }
        match &self.own {
            Some(Ok(outcome)) => {
                writeln!(out, "At the venue:")?;
                outcome.items.iter().try_for_each(|item| line(out, item.done, &item.text))?;
            }
            Some(Err(why)) => writeln!(out, "Nothing was done at the venue: {why}")?,
            None if self.sessions.is_empty() => {
                if self.is_flatten() {
                    writeln!(out, "{CLOSING_IS_RECORDED}")?;
                }
                writeln!(out, "No session is running; {NEXT_IS_HALTED}")?;
                let flatten = if args.flatten { " --flatten" } else { "" };
                writeln!(
                    out,
                    "What is at a venue stays as it is: `alphaflow halt --mode paper{flatten}` works there, with real money \
                     `--mode live`."
                )?;
            }
            None => {}
        }
        if let Some(exposed) = &self.exposed {
            writeln!(out, "! {exposed}")?;
        }
        writeln!(out, "`alphaflow resume --reason TEXT` ends the halt.")
    }

    fn is_flatten(&self) -> bool {
        match &self.record {
            Ok(HaltRecord::Document { latched, .. }) => latched.flatten,
            _ => self.order.flatten,
        }
    }

    fn print_json(&self, latch: &LatchFile, out: &mut impl Write) -> std::io::Result<()> {
        let (state, halt, file, is_new) = match &self.record {
            Ok(HaltRecord::Document { latched, is_new }) => ("halted", json!(latched), latch.path(), *is_new),
            Ok(HaltRecord::Note { path, .. }) => ("halted", json!(self.order), path.clone(), true),
            Err(_) => ("unknown", json!(null), latch.path(), false),
        };
        let answers =
            self.sessions.iter().map(|(mode, done)| done.as_ref().map_or(json!({ "mode": mode }), |done| json!(done)));
        let session = if self.sessions.is_empty() { json!(null) } else { answers.collect() };
        let venue = self.own.as_ref().map(|own| match own {
            Ok(outcome) => json!({ "progress": outcome.progress, "items": outcome.items }),
            Err(why) => json!({ "problem": why }),
        });
        let object = json!({
            "state": state, "new": is_new, "halt": halt, "file": file, "latched_us": self.latched_us,
            "acknowledged_us": self.acknowledged_us, "session": session, "venue": venue,
            "exposed": self.exposed.as_ref().map(KeyError::to_string),
            "problem": self.unused.as_deref().map(never_ran),
        });
        writeln!(out, "{object:#}")
    }

    /// Errors: the latch is not known to hold; a session or the venue has not confirmed in time; no session has ever run with
    /// the folder.
    fn verdict(&self, args: &HaltArgs) -> Result<(), Failure> {
        if let Err(error) = &self.record {
            return Err(self.unlatched(args, error));
        }
        let mut open = Vec::new();
        for (mode, done) in &self.sessions {
            match done {
                // What a session did not answer for, this command has done.
                None if matches!(self.own, Some(Ok(_))) => {}
                None => {
                    let next = without_session(mode, args.flatten);
                    open.push(format!("the {mode} session does not answer; {next}"));
                }
                Some(done) if done.progress == HaltProgress::Working => {
                    open.push(format!("the {mode} session is not done after {} s and goes on", args.wait));
                }
                Some(_) => {}
            }
        }
        match &self.own {
            Some(Err(why)) => open.push(format!("nothing was done at the venue: {why}")),
            Some(Ok(outcome)) if outcome.progress == HaltProgress::Working => {
                open.push(format!("the venue is not done after {} s; give the command again", args.wait));
            }
            Some(Ok(_)) | None => {}
        }
        if open.is_empty() { Ok(()) } else { Err(Failure::Machine(format!("error halted, but {}", open.join("; ")))) }
    }

    /// The switch could not be latched, as on a full disk. A session that runs halts all the same where its folder cannot be
    /// read or holds a note that is cut short, and closes nothing: nobody told it to.
    fn unlatched(&self, args: &HaltArgs, error: &LatchError) -> Failure {
        let venue = match &self.own {
            Some(Ok(_)) => String::new(),
            _ => {
                let running = sessions(&args.state).into_iter().map(|session| session.mode);
                let mode = running.into_iter().find(|mode| mode != "rehearsal").unwrap_or("paper".to_owned());
                format!("; {}", without_session(&mode, args.flatten))
            }
        };
        let next = "make room or give the folder to this user, then give the command again";
        Failure::Machine(format!(
            "error halt not confirmed: {error}; {next}{venue}; `alphaflow status` says what holds"
        ))
    }
}

/// How to work at the venue of a mode when its session does not do it.
fn without_session(mode: &str, flatten: bool) -> String {
    let flatten = if flatten { " --flatten" } else { "" };
    match mode {
        "rehearsal" => "end its process; its exchange ends with it, or give --exchange ADDRESS".to_owned(),
        mode => format!("`alphaflow halt --mode {mode}{flatten}` works at the venue without it"),
    }
}

fn never_ran(folder: &Path) -> String {
    format!(
        "No session has ever run with the folder {}: one that runs with another folder is NOT halted by this. Give the \
         command where it was started, or name its folder with --state.",
        folder.display()
    )
}

fn line(out: &mut impl Write, is_done: bool, text: &str) -> std::io::Result<()> {
    writeln!(out, "  {} {text}", if is_done { "✓" } else { "…" })
}

/// The name this person logged in with, else the number of the user that runs this (`uid 1000`), else "unknown".
pub(super) fn person() -> Words {
    let names = ["LOGNAME", "USER", "USERNAME"].into_iter().filter_map(|key| std::env::var(key).ok());
    let uid = || user_id().and_then(|id| Words::new(&format!("uid {id}")).ok());
    names.filter_map(|name| Words::new(&name).ok()).next().or_else(uid).unwrap_or(Words::fixed("unknown"))
}

/// Whose process this is, as Linux says it; none elsewhere.
#[cfg(target_os = "linux")]
fn user_id() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(std::fs::metadata("/proc/self").ok()?.uid())
}

/// Whose process this is, as Linux says it; none elsewhere.
#[cfg(not(target_os = "linux"))]
fn user_id() -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_names_the_venue_of_the_session() {
        let wanted = "`alphaflow halt --mode live --flatten` works at the venue without it";
        assert_eq!(without_session("live", true), wanted);
        assert_eq!(without_session("paper", false), "`alphaflow halt --mode paper` works at the venue without it");
    }
}
