//! `alphaflow resume`: ends what `alphaflow halt` began, and halts by drawdown in sessions that run, with a reason.
//!
//! Not here: what the latch is (risk), how a session resumes (live::driver).
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::halt::person;
use super::status::{Limited, latch_failed, limited, now, print_sessions, session_json, words};
use super::{Failure, Format};
use crate::live::kill::{ask_to_resume, stop_file};
use crate::report::format::to_the_second;
use crate::risk::{HaltCause, HaltedBy, LatchFile, ResumeOrder};

/// A session looks for a resume many times a second.
const ANSWER_TIME: Duration = Duration::from_secs(4);

/// Arguments of `alphaflow resume`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow resume --reason \"the feed is right again, positions checked\"\n\nIt ends the halt that stands when it is given, a halt by drawdown in the sessions that run with this folder among it; a halt by daily loss ends with its day alone. Where another halt comes meanwhile, it ends nothing and fails."
)]
pub(super) struct ResumeArgs {
    /// Why it is safe to trade again
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Folder of the kill switch; every process of an account must use the same
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Clears; what it prints is on the disk.
pub(super) fn run(args: &ResumeArgs, out: &mut impl Write) -> Result<(), Failure> {
    let reason = words("--reason", &args.reason)?;
    let order = ResumeOrder { at: now(), by: HaltedBy::Person(person()), reason };
    let latch = LatchFile::new(&args.state);
    if let Some(file) = stop_file(&args.state) {
        let what = "is there and would halt again at once; take it away, then resume";
        return Err(Failure::Machine(format!("error not resumed: {} {what}", file.display())));
    }
    let is_resumable = |limited: &Limited| limited.limit.halt.cause != HaltCause::DailyLoss;
    let (lifted, kept): (Vec<Limited>, Vec<Limited>) = limited(&args.state).into_iter().partition(is_resumable);
    let ended = latch.resume(order.clone()).map_err(|error| latch_failed("not resumed", &error))?;
    if ended.is_none() {
        ask_sessions(args, &order, &lifted)?;
    }
    if args.format == Format::Json {
        let object = json!({ "state": "active", "ended": ended, "lifted": lifted, "still": kept, "resume": order, "file": latch.path(), "session": session_json(&args.state) });
        return Ok(writeln!(out, "{object:#}")?);
    }
    if ended.is_some() || !lifted.is_empty() {
        writeln!(out, "Resumed at {}: {}.", to_the_second(order.at), order.reason)?;
    }
    match &ended {
        Some(ended) => {
            let reason = ended.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            writeln!(out, "This ends the halt by {} since {}{reason}.", ended.by, to_the_second(ended.since))?;
            if ended.flatten {
                writeln!(out, "Closing all positions is no longer wanted.")?;
            }
        }
        None if lifted.is_empty() => writeln!(out, "Nothing to resume: the kill switch is clear.")?,
        None => {}
    }
    lifted.iter().try_for_each(|limited| writeln!(out, "This ends what stood before: {limited}."))?;
    kept.iter().try_for_each(|limited| writeln!(out, "This does not end: {limited}."))?;
    if ended.is_some() {
        print_sessions(&args.state, "active", out)?;
    }
    Ok(())
}

/// A halt by a limit is the session's own: it lifts it, and has it in its journal. Errors: one does not answer, or will not.
fn ask_sessions(args: &ResumeArgs, order: &ResumeOrder, lifted: &[Limited]) -> Result<(), Failure> {
    let mut modes: Vec<&str> = lifted.iter().map(|limited| limited.mode.as_str()).collect();
    modes.dedup();
    for mode in modes {
        let answer = ask_to_resume(&args.state, mode, order, ANSWER_TIME)?;
        let what = match answer {
            Some(done) if done.taken => continue,
            Some(done) => format!("the {mode} session says: {}", done.text),
            None => format!(
                "the {mode} session has not answered within {ANSWER_TIME:?}; see whether it moves, and resume again"
            ),
        };
        return Err(Failure::Machine(format!("error not resumed: {what}")));
    }
    Ok(())
}
