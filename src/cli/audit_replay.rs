//! `alphaflow audit replay`: every session of a journal made again from it, to the byte.
//!
//! Not here: how (live::session), whether rows were changed since (live::journal); both are asked.
use std::io::Write;

use clap::Args;
use serde_json::{Value, json};

use super::journal_file::{JournalArgs, failed};
use super::screen::Progress;
use super::trade_line::shown;
use super::{Failure, Format};
use crate::live::journal::Audit;
use crate::live::session::{Outcome, Replayed, replay_sessions};
use crate::report::format::{Numbers, counted};
use crate::strategy::Catalog;

/// Arguments of `alphaflow audit replay`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow audit replay --mode rehearsal\n\nGives a new engine every input of each session and holds the orders it wants against those that were asked for, byte for byte; the chain of the rows is looked at first. Exit code 3: the chain does not hold, a session comes out otherwise, or one cannot be made again."
)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    journal: JournalArgs,
    /// Of this scenario only
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Makes the sessions again and says of each what came of it.
pub(super) fn run<C: Catalog>(args: &ReplayArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let path = args.journal.path()?;
    let journal = args.journal.open(&path)?;
    let audit = journal.audit(None).map_err(failed)?;
    let mut sessions = Vec::new();
    let progress = Progress::begin("replaying", &counted(audit.rows as usize, "row", "rows"));
    replay_sessions(catalog, &journal, |session| sessions.push(session)).map_err(failed)?;
    drop(progress);
    if let Some(name) = &args.strategy {
        let names: Vec<String> = sessions.iter().map(|session| format!("`{}`", shown(&session.strategy))).collect();
        sessions.retain(|session| session.strategy == *name);
        if sessions.is_empty() {
            let known = if names.is_empty() { "none".to_owned() } else { unique(names).join(", ") };
            let text = format!("error --strategy {name}: {} has no session of it; it has {known}", path.display());
            return Err(Failure::Input(text));
        }
    }
    let path = path.display().to_string();
    match args.format {
        Format::Text => print(&path, &audit, &sessions, out)?,
        Format::Json => {
            let object = json!({
                "holds": holds(&audit, &sessions),
                "file": path,
                "chain_holds": audit.holds(),
                "sessions": sessions.iter().map(session_json).collect::<Vec<_>>(),
            });
            writeln!(out, "{object:#}")?;
        }
    }
    verdict(&path, &audit, &sessions)
}

fn is_same(session: &Replayed) -> bool {
    matches!(session.outcome, Outcome::Same { .. })
}

fn holds(audit: &Audit, sessions: &[Replayed]) -> bool {
    audit.holds() && sessions.iter().all(is_same)
}

fn print(path: &str, audit: &Audit, sessions: &[Replayed], out: &mut impl Write) -> std::io::Result<()> {
    match audit.holds() {
        true => writeln!(out, "The journal {path} holds.")?,
        false => writeln!(out, "! The journal {path} does not hold; `alphaflow audit verify` says where.")?,
    }
    if sessions.is_empty() {
        return writeln!(out, "It has no session yet.");
    }
    sessions.iter().try_for_each(|session| writeln!(out, "{}", sentence(session)))
}

fn sentence(session: &Replayed) -> String {
    let Replayed { strategy, number, rows: (first, last), inputs, .. } = session;
    let count = |number: u64| Numbers::PLAIN.count(number as f64);
    let name = format!("{}, session {number}, rows {} to {}", shown(strategy), count(*first), count(*last));
    match &session.outcome {
        Outcome::Same { orders, fills, fingerprint } => {
            let (inputs, orders) = (counted(*inputs, "input", "inputs"), counted(*orders, "order", "orders"));
            let fills = counted(*fills as usize, "fill", "fills");
            format!("{name}: the same to the byte; {inputs}, {orders}, {fills}, fingerprint {fingerprint}.")
        }
        Outcome::Differs { what } => format!("! {name}: another session comes out: {}.", shown(what)),
        Outcome::Unknown { why } => format!("! {name}: it cannot be made again: {}.", shown(why)),
    }
}

fn session_json(session: &Replayed) -> Value {
    let (outcome, what, numbers) = match &session.outcome {
        Outcome::Same { orders, fills, fingerprint } => ("same", None, Some((orders, fills, fingerprint))),
        Outcome::Differs { what } => ("differs", Some(what), None),
        Outcome::Unknown { why } => ("unknown", Some(why), None),
    };
    json!({
        "strategy": session.strategy,
        "session": session.number,
        "first_row": session.rows.0,
        "last_row": session.rows.1,
        "versions": session.versions,
        "inputs": session.inputs,
        "outcome": outcome,
        "text": what,
        "orders": numbers.map(|(orders, ..)| orders),
        "fills": numbers.map(|(_, fills, _)| fills),
        "fingerprint": numbers.map(|(.., fingerprint)| fingerprint),
    })
}

fn verdict(path: &str, audit: &Audit, sessions: &[Replayed]) -> Result<(), Failure> {
    if !audit.holds() {
        let text =
            format!("error {path}: the journal does not hold; keep a copy as it is, and see `alphaflow audit verify`");
        return Err(Failure::Check(text));
    }
    let count = |is_meant: fn(&Outcome) -> bool| sessions.iter().filter(|session| is_meant(&session.outcome)).count();
    let differ = count(|outcome| matches!(outcome, Outcome::Differs { .. }));
    let unknown = count(|outcome| matches!(outcome, Outcome::Unknown { .. }));
    match (differ, unknown) {
        (0, 0) => Ok(()),
        (0, _) => {
            let sessions = counted(unknown, "session", "sessions");
            let next = "use the version that wrote it, or `alphaflow rehearse` for a script";
            Err(Failure::Check(format!("error {path}: {sessions} cannot be made again; {next}")))
        }
        _ => {
            let sessions = counted(differ, "session", "sessions");
            let next = "rows were made up, or this is a defect of the program: keep a copy as it is";
            Err(Failure::Check(format!("error {path}: another session comes out of {sessions}; {next}")))
        }
    }
}

/// Each name once, in order.
fn unique(names: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}
