//! `alphaflow audit verify|replay|export`: is the journal whole, does it make its sessions again; all of it as JSON lines.
//!
//! Not here: what is proved and how (live::journal), replay (audit_replay). None changes the journal; all work while a session writes it.
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::audit_replay::{self, ReplayArgs};
use super::journal_file::{JournalArgs, failed};
use super::{Failure, Format};
use crate::live::journal::{Audit, Finding, Head, JournalError, JournalReader, head_path};
use crate::report::format::{Numbers, to_the_second};
use crate::strategy::Catalog;

/// Arguments of `alphaflow audit`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example: alphaflow audit verify")]
pub(super) enum AuditCommand {
    /// Find every row that was changed, taken, put in or moved
    Verify(VerifyArgs),
    /// Make every session again from its rows, to the byte
    Replay(ReplayArgs),
    /// Write all rows as JSON lines
    Export(ExportArgs),
}

/// Arguments of `alphaflow audit verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow audit verify --format json\n\nThe last line is the number and the hash of the last row. Noted outside this machine, it proves later, as --head, that no row up to it was changed; nothing on this machine alone can prove that against someone who may write its files. Without --mode and --journal every journal of the folder is looked at. Exit code 3: one does not hold."
)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    journal: JournalArgs,
    /// A number and hash that were noted earlier: the journal must still have that row
    #[arg(long, value_name = "ROW:HASH")]
    head: Option<Head>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Arguments of `alphaflow audit export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow audit export --out journal.jsonl\n\nThe first line says whose rows these are, each further line is a row. The body stands in its line as it was hashed. Exit code 3: everything was written, and the journal does not hold."
)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    journal: JournalArgs,
    /// File to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
pub(super) fn run<C: Catalog>(command: &AuditCommand, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify(args, out),
        AuditCommand::Replay(args) => audit_replay::run(args, catalog, out),
        AuditCommand::Export(args) => export(args, out),
    }
}

/// Every journal that is meant; one that does not hold keeps none from being looked at.
fn verify(args: &VerifyArgs, out: &mut impl Write) -> Result<(), Failure> {
    let paths = args.journal.paths()?;
    if args.head.is_some() && paths.len() > 1 {
        let what = "it names a row of one journal, and there are several; say --mode";
        return Err(Failure::Input(format!("error --head: {what}")));
    }
    let (mut wrong, mut objects) = (Vec::new(), Vec::new());
    for (nth, path) in paths.iter().enumerate() {
        let audit = JournalReader::open(path).and_then(|journal| journal.audit(args.head));
        let found = match audit.map_err(|error| unreadable(error, &args.journal, path)) {
            Ok(audit) => {
                match args.format {
                    Format::Text if nth > 0 => writeln!(out)?,
                    Format::Text => {}
                    Format::Json => objects.push(audit_json(&audit, &path.display().to_string())),
                }
                if args.format == Format::Text {
                    print(&audit, path, args, out)?;
                }
                verdict(&audit, path)
            }
            Err(failure) => Err(failure),
        };
        match found {
            Err(Failure::Check(text)) => wrong.push(text),
            found => found?,
        }
    }
    if args.format == Format::Json {
        // One journal is an object, as it always was.
        match &objects[..] {
            [] => {}
            [one] if paths.len() == 1 => writeln!(out, "{one:#}")?,
            all => writeln!(out, "{:#}", json!(all))?,
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Check(wrong.join("\n"))) }
}

/// A journal that cannot be read does not hold: that is a finding, not a fault of this command.
fn unreadable(error: JournalError, journal: &JournalArgs, path: &Path) -> Failure {
    let head = head_path(path);
    let next = "keep a copy as it is, and bring back the journal that was there, with its -wal file";
    match error {
        JournalError::Sqlite { source, .. } => {
            Failure::Check(format!("error {}: the journal does not hold: {source}; {next}", path.display()))
        }
        JournalError::Absent { .. } if head.exists() => Failure::Check(format!(
            "error {}: the journal does not hold: there is none, though {} notes a row of it; {next}",
            path.display(),
            head.display()
        )),
        // Something has taken its place.
        JournalError::NotAJournal { .. } => Failure::Check(format!("error the journal does not hold: {error}; {next}")),
        other => journal.failed(other),
    }
}

fn export(args: &ExportArgs, out: &mut impl Write) -> Result<(), Failure> {
    let path = args.journal.path()?;
    let journal = args.journal.open(&path)?;
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.write(true).create_new(true).open(&args.out).map_err(|error| {
        let text = format!("error {}: it cannot be made ({error}); choose another --out", args.out.display());
        Failure::Input(text)
    })?;
    let audit = journal.export(None, (&mut BufWriter::new(file), &args.out)).map_err(|error| {
        // Half an export would pass for a whole one, and stand in the way of the next.
        let _ = std::fs::remove_file(&args.out);
        failed(error)
    })?;
    match args.format {
        Format::Text => {
            let rows = Numbers::PLAIN.count(audit.rows as f64);
            writeln!(out, "Wrote {rows} rows to {}.\n{}", args.out.display(), audit.head)?;
        }
        Format::Json => {
            let object = json!({
                "file": args.out, "rows": audit.rows, "head": audit.head.to_string(), "holds": audit.holds(),
            });
            writeln!(out, "{object:#}")?;
        }
    }
    verdict(&audit, &path)
}

fn verdict(audit: &Audit, path: &Path) -> Result<(), Failure> {
    if audit.holds() {
        return Ok(());
    }
    let found = audit.findings.len() as u64 + audit.more;
    let findings = if found == 1 { "1 finding".to_owned() } else { format!("{found} findings") };
    let text = format!("error {}: the journal does not hold: {findings}; keep a copy as it is", path.display());
    Err(Failure::Check(text))
}

fn print(audit: &Audit, path: &Path, args: &VerifyArgs, out: &mut impl Write) -> std::io::Result<()> {
    let holds = if audit.holds() { "holds" } else { "does not hold" };
    writeln!(out, "The journal {} {holds}.", path.display())?;
    let rows = Numbers::PLAIN.count(audit.rows as f64);
    match (audit.first, audit.last) {
        (Some(first), Some(last)) => {
            let [first, last] = [first, last].map(to_the_second);
            writeln!(out, "{rows} rows from {first} to {last}, journal {}.", audit.id)?;
        }
        _ => writeln!(out, "{rows} rows, journal {}.", audit.id)?,
    }
    for finding in &audit.findings {
        writeln!(out, "! {}", sentence(finding))?;
    }
    if audit.more > 0 {
        writeln!(out, "! and {} findings more", Numbers::PLAIN.count(audit.more as f64))?;
    }
    if audit.holds() {
        writeln!(out, "{}", proved(audit, args.head))?;
    }
    writeln!(out, "Number and hash of the last row, to note elsewhere:\n{}", audit.head)
}

/// How far which head proves it.
fn proved(audit: &Audit, argument: Option<Head>) -> String {
    let file = audit.head_file.map(|head| ("the head file", head.row));
    match argument.map(|head| ("--head", head.row)).or(file) {
        Some((by, row)) if row < audit.head.row => {
            format!("The end is proved by {by} up to row {row}; what came after it follows from it.")
        }
        Some((by, _)) => format!("The end is proved by {by}."),
        None => "It has no row yet.".to_owned(),
    }
}

fn sentence(finding: &Finding) -> String {
    // A name or word out of a changed file must not move the cursor.
    finding.to_string().chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn audit_json(audit: &Audit, path: &str) -> Value {
    let finding = |finding: &Finding| json!({ "finding": finding.name(), "text": finding.to_string() });
    json!({
        "holds": audit.holds(),
        "file": path,
        "journal": audit.id,
        "rows": audit.rows,
        "first": audit.first,
        "last": audit.last,
        "head": audit.head.to_string(),
        "head_file": audit.head_file.map(|head| head.to_string()),
        "findings": audit.findings.iter().map(finding).collect::<Vec<_>>(),
        "findings_more": audit.more,
    })
}
