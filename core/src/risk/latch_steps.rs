//! In which order the kill switch is written and read, so that no crash and no other command loses a halt.
//!
//! Not here: what the document says (latch), real files and locks (kill_switch). The steps know a folder only as a
//! [`Disk`], so the model check runs them with a stop before any of them.
//!
//! A halt first writes a *note*, a file of its own under a new name. That needs no lock and cannot be overwritten,
//! so it holds at once, whatever another command is doing. Then, under the lock, notes are folded into the document
//! and removed. While a note lies there or the document is latched (or cannot be read), the switch is not clear.
//!
//! Invariants:
//! 1. A note is removed by its name, under the lock, after a document with what it says has reached the disk. One
//!    that cannot be read may not be finished: only a resume removes it.
//! 2. A resume lifts what its first look saw and nothing else: where a halt came later, it is refused.
//! 3. A reader looks at the notes before it looks at the document. A note that is gone by then is in the document.
use std::io;
use std::path::PathBuf;

use super::{HaltOrder, HaltedBy, Latch, LatchFlaw, Latched, ResumeOrder, Words};
use crate::domain::Timestamp;

/// Name of the document in its folder.
pub const LATCH_DOCUMENT: &str = "kill_switch.json";
/// The next document, until it takes the place of the last.
const DRAFT: &str = "kill_switch.draft";
/// How names of notes begin.
const NOTE: &str = "kill_switch.halt-";

/// How often a reader looks while notes move into the document: so many commands do not end within one look. After
/// the last, what it could not read counts as a halt.
const LOOKS_MAX: usize = 5;

/// A folder, seen as what the steps need of one. Names are of files in it.
pub trait Disk {
    /// Nobody else has the lock while this value lives.
    type Lock;
    /// Where `name` is, for messages.
    fn path(&self, name: &str) -> PathBuf;
    /// Names of all files; none where there is no folder.
    fn list(&self) -> io::Result<Vec<String>>;
    /// The content of a file; `None` where there is none, an error for anything else than a plain file.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// A new file with `bytes`, which have reached the disk when this returns. Makes the folder. Where the name is
    /// taken, an error of the kind `AlreadyExists`, and nothing has changed.
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// `from` takes the place of `to`, at once.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// No file has this name any more.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// What was created, renamed and removed so far has reached the disk when this returns.
    fn sync(&self) -> io::Result<()>;
    /// As [`Disk::create`], and the name has reached the disk as well. Content and name may go there in any order: a name
    /// without its content cannot be read, and what cannot be read halts.
    fn create_named(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.create(name, bytes)?;
        self.sync()
    }
    /// The lock that all commands share, which the end of a process gives back; `None` where another one has it for
    /// longer than a command needs.
    fn lock(&self) -> io::Result<Option<Self::Lock>>;
}

/// May the document be missing?
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Presence {
    /// A switch that was never used has none, and is clear.
    Optional,
    /// It was there before: where it is gone, somebody took it away, and nobody knows what it said.
    Required,
}

/// A halt that holds and is not in the document yet.
#[derive(Debug)]
#[must_use = "a resume that is at work already may lift it until it is taken in"]
pub struct Noted(String);

/// How a halt was recorded. It holds in either case.
#[derive(Debug)]
pub enum HaltRecord {
    /// In the document.
    Document {
        /// The halt that stands.
        latched: Latched,
        /// This one is it; else an earlier one was there.
        is_new: bool,
    },
    /// In a note beside it, which the next command takes into the document.
    Note {
        /// The note.
        path: PathBuf,
        /// Why the document does not have it.
        why: LatchError,
    },
}

/// Why the kill switch cannot be read or changed. Whoever asks whether it is clear takes each for a no.
#[derive(Debug, thiserror::Error)]
pub enum LatchError {
    /// The machine would not.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// In the words of the system.
        error: io::Error,
    },
    /// The document is damaged.
    #[error(
        "{}: {flaw}; entries are refused until `alphaflow resume --reason TEXT`, which keeps a copy of it", path.display()
    )]
    Damaged {
        /// Of the document.
        path: PathBuf,
        /// What is wrong with it.
        flaw: LatchFlaw,
    },
    /// Another version wrote the document: what a resume would have to keep is not known here.
    #[error("{}: {flaw}; resume with the version of alphaflow that wrote it", path.display())]
    Version {
        /// Of the document.
        path: PathBuf,
        /// Both versions.
        flaw: LatchFlaw,
    },
    /// It was there when the session began.
    #[error("{}: it is gone; entries are refused until the session is started again", path.display())]
    Vanished {
        /// Where it was.
        path: PathBuf,
    },
    /// Another command does not end.
    #[error("{}: another command works on it and does not end; end that one, then give the command again", path.display())]
    Busy {
        /// Of the document.
        path: PathBuf,
    },
    /// What a resume was given for is not what it would lift.
    #[error(
        "{}: another command changed it while this resume waited; read `alphaflow status`, then resume again", path.display()
    )]
    Changed {
        /// Of the document.
        path: PathBuf,
    },
}

/// Document and notes at one moment.
#[derive(PartialEq, Eq)]
struct View {
    document: Option<Vec<u8>>,
    notes: Vec<String>,
}

/// Latches the switch of `disk`. `token` tells processes apart that halt in the same nanosecond: the id of this one.
///
/// When it returns `Ok`, the halt is on the disk: no check that begins from now on finds the switch clear, unless a
/// resume is given later. An error means that the halt is not known to hold.
pub fn halt_on<D: Disk>(disk: &D, order: &HaltOrder, token: u32) -> Result<HaltRecord, LatchError> {
    let noted = note_on(disk, order, token)?;
    take_in_on(disk, order, token, &noted)
}

/// The first half of a halt, which is as quick as the disk: when it returns `Ok`, every check from now on finds the halt,
/// also after a loss of power. That no resume which is at work already lifts it, only [`take_in_on`] makes sure of.
pub fn note_on<D: Disk>(disk: &D, order: &HaltOrder, token: u32) -> Result<Noted, LatchError> {
    write_note(disk, order, token).map(Noted)
}

/// The second half: takes the note into the document. See [`halt_on`].
pub fn take_in_on<D: Disk>(disk: &D, order: &HaltOrder, token: u32, noted: &Noted) -> Result<HaltRecord, LatchError> {
    match fold(disk, order, &noted.0) {
        Ok(latched) => {
            let is_new = (latched.since, &latched.by) == (order.at, &order.by);
            Ok(HaltRecord::Document { latched, is_new })
        }
        // A resume that hangs may have seen the first note, and would remove it. It cannot have seen a second.
        Err(why) => Ok(HaltRecord::Note { path: disk.path(&write_note(disk, order, token)?), why }),
    }
}

/// Clears the switch of `disk` and gives the halt that ends, `None` where none stood.
///
/// It lifts what its first look finds; if anything has changed by the time it has the lock, it lifts nothing and says
/// so. What it returns has reached the disk.
pub fn resume_on<D: Disk>(disk: &D, order: ResumeOrder) -> Result<Option<Latched>, LatchError> {
    let seen = View::read(disk)?;
    if seen.notes.is_empty() && matches!(seen.latch(disk), Ok(latch) if latch.latched().is_none()) {
        return Ok(None);
    }
    let _lock = take_lock(disk)?;
    let view = View::read(disk)?;
    if view != seen {
        return Err(LatchError::Changed { path: disk.path(LATCH_DOCUMENT) });
    }
    let mut latch = match view.latch(disk) {
        Err(LatchError::Damaged { .. }) => {
            view.keep_copy(disk, order.at.ns())?;
            let mut latch = Latch::new();
            latch.halt(unreadable(order.at));
            latch
        }
        found => found?,
    };
    for name in &view.notes {
        latch.halt(halt_in(read_note(disk, name)?).unwrap_or_else(|| unreadable(order.at)));
    }
    let lifted = latch.resume(order);
    replace(disk, &latch, &view.notes)?;
    sync(disk)?;
    Ok(lifted)
}

/// What the switch of `disk` says now, notes included; one that cannot be read is a halt since `now`.
///
/// Only `Ok` with a latch that is clear says so. A halt that has been acknowledged before this begins is seen.
pub fn read_on<D: Disk>(disk: &D, presence: Presence, now: Timestamp) -> Result<Latch, LatchError> {
    for _ in 1..LOOKS_MAX {
        if let (latch, Notes::AllThere) = look(disk, presence, now)? {
            return Ok(latch);
        }
    }
    look(disk, presence, now).map(|(latch, _)| latch)
}

/// Were the notes of a look still there when they were read?
enum Notes {
    AllThere,
    /// What one of them said is in a later document than the one that was read.
    Moved,
}

fn look<D: Disk>(disk: &D, presence: Presence, now: Timestamp) -> Result<(Latch, Notes), LatchError> {
    let view = View::read(disk)?;
    if view.document.is_none() && presence == Presence::Required {
        return Err(LatchError::Vanished { path: disk.path(LATCH_DOCUMENT) });
    }
    let (mut latch, mut notes) = (view.latch(disk)?, Notes::AllThere);
    for name in &view.notes {
        let bytes = read_note(disk, name)?;
        notes = if bytes.is_some() { notes } else { Notes::Moved };
        latch.halt(halt_in(bytes).unwrap_or_else(|| unreadable(now)));
    }
    Ok((latch, notes))
}

/// Sees to it that there is a document, so that from now on its absence means something.
pub(super) fn arm_on<D: Disk>(disk: &D) -> Result<(), LatchError> {
    if read_document(disk)?.is_some() {
        return Ok(());
    }
    let _lock = take_lock(disk)?;
    match read_document(disk)? {
        Some(_) => Ok(()),
        None => replace(disk, &Latch::new(), &[]),
    }
}

/// Takes all notes into the document, under the lock; gives the halt that stands then.
fn fold<D: Disk>(disk: &D, order: &HaltOrder, own: &str) -> Result<Latched, LatchError> {
    let _lock = take_lock(disk)?;
    let view = View::read(disk)?;
    let mut latch = match view.latch(disk) {
        Err(LatchError::Damaged { .. } | LatchError::Version { .. }) => {
            view.keep_copy(disk, order.at.ns())?;
            Latch::new()
        }
        found => found?,
    };
    // A note that cannot be read may be one that is being written: it stays where it is, and halts.
    let mut whole = Vec::new();
    for name in &view.notes {
        if let Some(halt) = halt_in(read_note(disk, name)?) {
            latch.halt(halt);
            whole.push(name.clone());
        }
    }
    if !whole.iter().any(|note| note == own) {
        // Another command has folded the note, and may have resumed since: a halt wins.
        latch.halt(order.clone());
    }
    let latched = latch.latched().cloned().expect("a halt was entered last");
    replace(disk, &latch, &whole)?;
    Ok(latched)
}

impl View {
    /// The notes before the document: one that moves into it between the two looks is then seen twice, and never
    /// not at all.
    fn read<D: Disk>(disk: &D) -> Result<View, LatchError> {
        let notes = list_notes(disk)?;
        Ok(View { document: read_document(disk)?, notes })
    }

    fn latch<D: Disk>(&self, disk: &D) -> Result<Latch, LatchError> {
        let path = || disk.path(LATCH_DOCUMENT);
        match self.document.as_deref().map(Latch::decode) {
            None => Ok(Latch::new()),
            Some(Ok(latch)) => Ok(latch),
            Some(Err(flaw @ LatchFlaw::Version { .. })) => Err(LatchError::Version { path: path(), flaw }),
            Some(Err(flaw)) => Err(LatchError::Damaged { path: path(), flaw }),
        }
    }

    /// Keeps a document that cannot be read beside the one that takes its place.
    fn keep_copy<D: Disk>(&self, disk: &D, moment: i64) -> Result<(), LatchError> {
        let name = format!("kill_switch.unreadable-{moment}.json");
        match disk.create(&name, self.document.as_deref().unwrap_or_default()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(disk, &name)(error)),
            _ => Ok(()),
        }
    }
}

fn write_note<D: Disk>(disk: &D, order: &HaltOrder, token: u32) -> Result<String, LatchError> {
    let bytes = order.encode();
    let mut number = 0u64;
    // Ends at the first free name: there are fewer files than numbers.
    loop {
        let name = format!("{NOTE}{}-{token}-{number}.json", order.at.ns());
        match disk.create_named(&name, &bytes) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(failed(disk, &name)(error)),
            Ok(()) => return Ok(name),
        }
    }
}

fn list_notes<D: Disk>(disk: &D) -> Result<Vec<String>, LatchError> {
    let mut names = disk.list().map_err(failed(disk, ""))?;
    names.retain(|name| name.starts_with(NOTE));
    names.sort_unstable();
    Ok(names)
}

fn read_document<D: Disk>(disk: &D) -> Result<Option<Vec<u8>>, LatchError> {
    disk.read(LATCH_DOCUMENT).map_err(failed(disk, LATCH_DOCUMENT))
}

fn read_note<D: Disk>(disk: &D, name: &str) -> Result<Option<Vec<u8>>, LatchError> {
    disk.read(name).map_err(failed(disk, name))
}

/// The halt that a note orders; `None` where it is cut short or gone.
fn halt_in(note: Option<Vec<u8>>) -> Option<HaltOrder> {
    note.and_then(|bytes| HaltOrder::decode(&bytes).ok())
}

fn unreadable(at: Timestamp) -> HaltOrder {
    let reason = Some(Words::fixed("what it says is not known, so it counts as a halt"));
    HaltOrder { at, by: HaltedBy::Unreadable, reason, flatten: false }
}

/// `latch` becomes the document; then `notes`, which it contains, go.
fn replace<D: Disk>(disk: &D, latch: &Latch, notes: &[String]) -> Result<(), LatchError> {
    // A command that was ended in the midst may have left its draft.
    disk.remove(DRAFT).map_err(failed(disk, DRAFT))?;
    disk.create(DRAFT, &latch.encode()).map_err(failed(disk, DRAFT))?;
    disk.rename(DRAFT, LATCH_DOCUMENT).map_err(failed(disk, LATCH_DOCUMENT))?;
    sync(disk)?;
    notes.iter().try_for_each(|note| disk.remove(note).map_err(failed(disk, note)))
}

fn take_lock<D: Disk>(disk: &D) -> Result<D::Lock, LatchError> {
    let path = || disk.path(LATCH_DOCUMENT);
    let lock = disk.lock().map_err(|error| LatchError::Io { path: path(), error })?;
    lock.ok_or_else(|| LatchError::Busy { path: path() })
}

fn sync<D: Disk>(disk: &D) -> Result<(), LatchError> {
    disk.sync().map_err(failed(disk, ""))
}

fn failed<D: Disk>(disk: &D, name: &str) -> impl Fn(io::Error) -> LatchError {
    let path = disk.path(name);
    move |error| LatchError::Io { path: path.clone(), error }
}
