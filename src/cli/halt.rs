//! `alphaflow halt`: latches the kill switch.
//!
//! Not here: what the latch is (risk), canceling and flattening (the session, when it sees the latch).
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::status::{latch_failed, now, words};
use super::{Failure, Format};
use crate::risk::{HaltOrder, HaltRecord, HaltedBy, LatchFile, Words};

/// Arguments of `alphaflow halt`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow halt --flatten --reason \"prices look wrong\"\n\nNo order that increases exposure is approved from then on; orders that shrink a position pass. Only `alphaflow resume` ends it."
)]
pub(super) struct HaltArgs {
    /// Also close all positions; the session does it, as soon as it runs
    #[arg(long)]
    flatten: bool,
    /// Why, for those who read it later; not needed to halt
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Folder of the kill switch; every process of an account must use the same
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Latches; what it prints is on the disk.
pub(super) fn run(args: &HaltArgs, out: &mut impl Write) -> Result<(), Failure> {
    let reason = args.reason.as_deref().map(|text| words("--reason", text)).transpose()?;
    let order = HaltOrder { at: now(), by: HaltedBy::Person(person()), reason, flatten: args.flatten };
    let latch = LatchFile::new(&args.state);
    let record = latch.halt(&order).map_err(|error| latch_failed("halt not confirmed", &error))?;
    match args.format {
        Format::Text => Ok(print(&order, &record, out)?),
        Format::Json => {
            let (latched, file, is_new) = match &record {
                HaltRecord::Document { latched, is_new } => (json!(latched), latch.path(), *is_new),
                HaltRecord::Note { path, .. } => (json!(order), path.clone(), true),
            };
            let object = json!({ "state": "halted", "new": is_new, "halt": latched, "file": file, "session": null });
            Ok(writeln!(out, "{object:#}")?)
        }
    }
}

fn print(order: &HaltOrder, record: &HaltRecord, out: &mut impl Write) -> std::io::Result<()> {
    let flatten = match record {
        HaltRecord::Document { latched, is_new: true } => {
            writeln!(out, "Halted at {}.", latched.since)?;
            latched.flatten
        }
        HaltRecord::Document { latched, is_new: false } => {
            writeln!(
                out,
                "Halted already, by {} since {}. This halt is added to the history.",
                latched.by, latched.since
            )?;
            latched.flatten
        }
        HaltRecord::Note { path, why } => {
            writeln!(out, "Halted at {}, by the note {}.", order.at, path.display())?;
            writeln!(out, "The record itself could not be changed: {why}")?;
            order.flatten
        }
    };
    if flatten {
        writeln!(out, "Closing all positions is recorded; the session does it when it runs.")?;
    }
    writeln!(out, "No session is running; the next one starts halted.")?;
    writeln!(out, "`alphaflow resume --reason TEXT` ends the halt.")
}

/// The name this person logged in with, else "unknown".
pub(super) fn person() -> Words {
    let names = ["LOGNAME", "USER", "USERNAME"].into_iter().filter_map(|key| std::env::var(key).ok());
    names.filter_map(|name| Words::new(&name).ok()).next().unwrap_or(Words::fixed("unknown"))
}
