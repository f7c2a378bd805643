//! `alphaflow resume`: ends what `alphaflow halt` began, with a reason.
//!
//! Not here: what the latch is (risk).
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::halt::person;
use super::status::{latch_failed, now, print_sessions, session_json, words};
use super::{Failure, Format};
use crate::live::kill::stop_file;
use crate::report::format::to_the_second;
use crate::risk::{HaltedBy, LatchFile, ResumeOrder};

/// Arguments of `alphaflow resume`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow resume --reason \"the feed is right again, positions checked\"\n\nIt ends the halt that stands when it is given. Where another halt comes meanwhile, it ends nothing and fails."
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
    let ended = latch.resume(order.clone()).map_err(|error| latch_failed("not resumed", &error))?;
    if args.format == Format::Json {
        let object = json!({ "state": "active", "ended": ended, "resume": order, "file": latch.path(), "session": session_json(&args.state) });
        return Ok(writeln!(out, "{object:#}")?);
    }
    match ended {
        Some(ended) => {
            writeln!(out, "Resumed at {}: {}.", to_the_second(order.at), order.reason)?;
            let reason = ended.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            writeln!(out, "This ends the halt by {} since {}{reason}.", ended.by, to_the_second(ended.since))?;
            if ended.flatten {
                writeln!(out, "Closing all positions is no longer wanted.")?;
            }
            Ok(print_sessions(&args.state, "active", out)?)
        }
        None => Ok(writeln!(out, "Nothing to resume: the kill switch is clear.")?),
    }
}
