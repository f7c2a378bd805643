//! `alphaflow status`: the kill switch at present, and what led there.
//!
//! Not here: what the latch is (risk), positions and orders (the session has them). Also what the commands of the
//! kill switch share: the time, words as arguments, errors.
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Failure, Format};
use crate::domain::Timestamp;
use crate::live::kill::{LimitHalt, SessionRecord, limits, sessions, stop_file};
use crate::report::format::to_the_second;
use crate::risk::{Halt, HaltOrder, Latch, LatchError, LatchEvent, LatchFile, ResumeOrder, Words};

/// What a standing halt that closes everything comes to without a session.
pub(super) const CLOSING_IS_RECORDED: &str = "Closing all positions is recorded: a session in a rehearsal or on paper does it \
                                              when it runs; with real money only `alphaflow halt --mode live --flatten` does.";
/// How sessions begin while a halt stands.
pub(super) const NEXT_IS_HALTED: &str = "the next one starts halted, and one with real money does not start.";

/// Arguments of `alphaflow status`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow status --format json\n\nThe exit code is 0 whether trading is halted or not."
)]
pub(super) struct StatusArgs {
    /// Folder of the kill switch; every process of an account must use the same
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Prints what the switch says. One that cannot be read is halted, and that is an answer, not a failure.
pub(super) fn run(args: &StatusArgs, out: &mut impl Write) -> Result<(), Failure> {
    let latch = LatchFile::new(&args.state);
    let found = latch.read(now());
    match args.format {
        Format::Text => print(&args.state, &found, out)?,
        Format::Json => writeln!(out, "{:#}", status_json(&args.state, &latch, &found))?,
    }
    Ok(())
}

fn print(state: &Path, found: &Result<Latch, LatchError>, out: &mut impl Write) -> std::io::Result<()> {
    let latched = match found {
        Ok(latch) => latch.latched(),
        Err(error) => {
            writeln!(out, "Halted: the kill switch cannot be read.")?;
            writeln!(out, "{error}")?;
            return print_sessions(state, "halted", out);
        }
    };
    let (stop, limited) = (stop_file(state), limited(state));
    match latched {
        None => match &stop {
            None if !limited.is_empty() => writeln!(out, "Halted by a limit; the kill switch is clear.")?,
            None => writeln!(out, "Active: the kill switch is clear.")?,
            Some(file) => writeln!(out, "Halted by the file {}: take it away, then resume.", file.display())?,
        },
        Some(latched) => {
            let halt = latched.to_halt();
            let text = Halt { since: to_the_second(halt.since), ..halt }.to_string();
            writeln!(out, "H{}.", text.strip_prefix('h').unwrap_or(&text))?;
            if latched.flatten {
                writeln!(out, "{CLOSING_IS_RECORDED}")?;
            }
        }
    }
    limited.iter().try_for_each(|limited| writeln!(out, "{limited}."))?;
    let next = if latched.is_some() || stop.is_some() { "halted" } else { "active" };
    print_sessions(state, next, out)?;
    let history = found.as_ref().map_or(&[][..], Latch::history);
    if !history.is_empty() {
        writeln!(out, "\nHalts and resumes, the latest first:")?;
    }
    latest_first(history).into_iter().try_for_each(|event| print_event(event, out))
}

/// A scenario of a session that runs and that a limit forbids to open or add.
#[derive(Debug, Serialize)]
pub(super) struct Limited {
    pub(super) mode: String,
    #[serde(flatten)]
    pub(super) limit: LimitHalt,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limited { mode, limit: LimitHalt { strategy, halt } } = self;
        let halt = Halt { since: to_the_second(halt.since), ..halt.clone() };
        write!(f, "In the {mode} session {strategy} is {halt}")
    }
}

/// All of them.
pub(super) fn limited(state: &Path) -> Vec<Limited> {
    let of = |session: SessionRecord| {
        let mode = session.mode;
        limits(state, &mode).into_iter().map(move |limit| Limited { mode: mode.clone(), limit }).collect::<Vec<_>>()
    };
    sessions(state).into_iter().flat_map(of).collect()
}

/// Which sessions run with this folder; `next`: how one would start.
pub(super) fn print_sessions(state: &Path, next: &str, out: &mut impl Write) -> std::io::Result<()> {
    let running = sessions(state);
    if running.is_empty() {
        return match next {
            "halted" => writeln!(out, "No session is running; {NEXT_IS_HALTED}"),
            _ => writeln!(out, "No session is running; the next one starts {next}."),
        };
    }
    running.iter().try_for_each(|session| {
        writeln!(
            out,
            "A {} session is running since {}, process {}.",
            session.mode,
            to_the_second(session.started),
            session.pid
        )
    })
}

/// By their times: who writes into the document first is not always who gave the order first.
fn latest_first(history: &[LatchEvent]) -> Vec<&LatchEvent> {
    let at = |event: &&LatchEvent| match event {
        LatchEvent::Halt(HaltOrder { at, .. }) | LatchEvent::Resume(ResumeOrder { at, .. }) => *at,
    };
    let mut events: Vec<&LatchEvent> = history.iter().rev().collect();
    events.sort_by_key(|event| std::cmp::Reverse(at(event)));
    events
}

fn print_event(event: &LatchEvent, out: &mut impl Write) -> std::io::Result<()> {
    match event {
        LatchEvent::Halt(HaltOrder { at, by, reason, flatten }) => {
            let flatten = if *flatten { ", close all positions" } else { "" };
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            writeln!(out, "  {}  halt by {by}{flatten}{reason}", to_the_second(*at))
        }
        LatchEvent::Resume(ResumeOrder { at, by, reason }) => {
            writeln!(out, "  {}  resume by {by}: {reason}", to_the_second(*at))
        }
    }
}

fn status_json(state: &Path, latch: &LatchFile, found: &Result<Latch, LatchError>) -> Value {
    let latched = found.as_ref().ok().and_then(Latch::latched);
    let stop = stop_file(state);
    let limited = limited(state);
    let is_active = stop.is_none() && limited.is_empty() && matches!(found, Ok(latch) if latch.latched().is_none());
    json!({
        "state": if is_active { "active" } else { "halted" },
        "halt": latched,
        "problem": found.as_ref().err().map(LatchError::to_string),
        "history": found.as_ref().map_or(&[][..], Latch::history),
        "file": latch.path(),
        "stop_file": stop,
        "limits": limited,
        "session": session_json(state),
    })
}

/// The sessions that run; null without one.
pub(super) fn session_json(state: &Path) -> Value {
    let running = sessions(state);
    if running.is_empty() { Value::Null } else { json!(running) }
}

/// The moment of a command.
pub(super) fn now() -> Timestamp {
    let now = jiff::Timestamp::now().as_nanosecond();
    Timestamp::from_ns(i64::try_from(now).unwrap_or(i64::MAX))
}

/// The text of argument `name` as words.
pub(super) fn words(name: &str, text: &str) -> Result<Words, Failure> {
    Words::new(text).map_err(|error| Failure::Input(format!("error {name}: {error}")))
}

/// What the switch would not do, ready to print.
pub(super) fn latch_failed(what: &str, error: &LatchError) -> Failure {
    Failure::Machine(format!("error {what}: {error}; `alphaflow status` says what holds"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::HaltedBy;

    #[test]
    fn the_latest_is_the_one_that_was_ordered_last_whoever_wrote_first() {
        let at = |ms: i64| Timestamp::from_ns(1_790_000_000_000_000_000 + ms * 1_000_000);
        let by = || HaltedBy::Person(Words::fixed("ann"));
        let halt = |ms, flatten| LatchEvent::Halt(HaltOrder { at: at(ms), by: by(), reason: None, flatten });
        let resume = ResumeOrder { at: at(2999), by: by(), reason: Words::fixed("checked") };
        // The second halt waited for the lock of the file.
        let history = [halt(1000, false), LatchEvent::Resume(resume), halt(2500, true)];
        let mut out = Vec::new();
        latest_first(&history).into_iter().try_for_each(|event| print_event(event, &mut out)).expect("printed");
        let lines = "  2026-09-21T14:13:22Z  resume by ann: checked\n  2026-09-21T14:13:22Z  halt by ann, close all positions\n  \
                     2026-09-21T14:13:21Z  halt by ann\n";
        assert_eq!(String::from_utf8(out).expect("text"), lines);
    }
}
