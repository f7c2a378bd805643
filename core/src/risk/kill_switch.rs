//! The kill switch: a latch in a folder that every process of the account shares.
//!
//! Not here: what the document says (latch), the order of the steps (latch_steps), canceling and flattening (the
//! session does both when it sees the latch).
//! Invariants: (1) once a halt has returned, no check that begins later, in any process that looks at the folder,
//! finds it clear, unless a resume, which has a reason, is given after it; (2) what cannot be read is not clear.
//! In memory there is nothing: every check reads the folder, and every command is on the disk when it returns. Only
//! an order whose check was under way when a halt returned may still be approved.
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::latch_steps::arm_on;
use super::{
    Disk, Halt, HaltCause, HaltOrder, HaltRecord, HaltedBy, LATCH_DOCUMENT, Latch, LatchError, Latched, Noted,
    Presence, ResumeOrder, Words, halt_on, note_on, read_on, resume_on, take_in_on,
};
use crate::domain::Timestamp;

/// The file whose lock all commands share. It stays: a lock on a file that was removed holds nobody back.
const LOCK: &str = "kill_switch.lock";
/// Longest file that is read: twice the longest document.
const BYTES_MAX: u64 = 1 << 20;
/// How often the lock is tried. A command holds it for a few writes, so two seconds are an age.
const LOCK_TRIES: u32 = 100;
/// Between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The kill switch of one folder, for commands.
#[derive(Debug)]
pub struct LatchFile {
    folder: Folder,
}

/// What the gate of a run asks.
#[derive(Debug)]
pub enum KillSwitch {
    /// Replay: nobody can press it, and nothing is read.
    None,
    /// A session that trades.
    Armed(ArmedLatch),
}

/// A latch whose document was there when the session began: where it is gone, that is not "never used".
#[derive(Debug)]
pub struct ArmedLatch {
    folder: Folder,
}

/// A real folder.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
}

impl LatchFile {
    /// The latch in `folder`, which need not be there yet.
    pub fn new(folder: &Path) -> LatchFile {
        LatchFile { folder: Folder { path: folder.to_owned() } }
    }

    /// Where the document is, or would be.
    pub fn path(&self) -> PathBuf {
        self.folder.path(LATCH_DOCUMENT)
    }

    /// What it says at `now`. A folder or a document that is not there says that nobody ever halted.
    pub fn read(&self, now: Timestamp) -> Result<Latch, LatchError> {
        read_on(&self.folder, Presence::Optional, now)
    }

    /// Latches. On the disk when it returns; see [`halt_on`].
    pub fn halt(&self, order: &HaltOrder) -> Result<HaltRecord, LatchError> {
        halt_on(&self.folder, order, std::process::id())
    }

    /// The first half of [`LatchFile::halt`]; see [`note_on`].
    pub fn note(&self, order: &HaltOrder) -> Result<Noted, LatchError> {
        note_on(&self.folder, order, std::process::id())
    }

    /// The second half of [`LatchFile::halt`]; see [`take_in_on`].
    pub fn take_in(&self, order: &HaltOrder, noted: &Noted) -> Result<HaltRecord, LatchError> {
        take_in_on(&self.folder, order, std::process::id(), noted)
    }

    /// Clears, and gives the halt that ends. On the disk when it returns; see [`resume_on`].
    pub fn resume(&self, order: ResumeOrder) -> Result<Option<Latched>, LatchError> {
        resume_on(&self.folder, order)
    }

    /// The switch of a session that begins. Writes a clear document where there is none; a latched one stays latched.
    pub fn arm(self) -> Result<KillSwitch, LatchError> {
        arm_on(&self.folder)?;
        Ok(KillSwitch::Armed(ArmedLatch { folder: self.folder }))
    }
}

impl KillSwitch {
    /// May exposure grow, as far as the kill switch goes? Asked at the moment of approval: reads the folder each
    /// time, so that a halt by another process counts at once. What cannot be read is a halt since `now`.
    #[inline]
    pub fn check(&self, now: Timestamp) -> Result<(), Halt> {
        match self {
            KillSwitch::None => Ok(()),
            KillSwitch::Armed(latch) => latch.check(now),
        }
    }
}

impl ArmedLatch {
    fn check(&self, now: Timestamp) -> Result<(), Halt> {
        match read_on(&self.folder, Presence::Required, now) {
            Ok(latch) => latch.latched().map_or(Ok(()), |latched| Err(latched.to_halt())),
            Err(error) => {
                // A path may be longer than a reason, or hold what a reason may not.
                let reason = Words::new(&error.to_string()).ok();
                Err(Halt { cause: HaltCause::KillSwitch, since: now, by: HaltedBy::Unreadable, reason })
            }
        }
    }
}

impl Folder {
    /// Makes the folder and whatever is missing above it, each entry on the disk.
    fn make(&self) -> io::Result<()> {
        let missing: Vec<&Path> = self.path.ancestors().take_while(|path| !is_there(path)).collect();
        for path in missing.into_iter().rev() {
            match private_folder().create(path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => sync_folder(path.parent().unwrap_or(Path::new("")))?,
            }
        }
        Ok(())
    }

    /// A new file with `bytes`, which may not have reached the disk.
    fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<File> {
        self.make()?;
        let mut file = private_file().write(true).create_new(true).open(self.path(name))?;
        file.write_all(bytes)?;
        Ok(file)
    }
}

/// For this user alone: reasons of halts are nobody else's business.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The same for a folder that is not there yet; one that is keeps its rights.
fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn is_there(path: &Path) -> bool {
    path.as_os_str().is_empty() || path.exists()
}

/// The entries of a folder reach the disk. Windows keeps them in its journal and has no call for it.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

/// `NotFound` as `None`.
fn if_there<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Disk for Folder {
    type Lock = File;

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.path.clone() } else { self.path.join(name) }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let Some(entries) = if_there(fs::read_dir(&self.path))? else { return Ok(Vec::new()) };
        entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let path = self.path(name);
        let Some(found) = if_there(fs::symlink_metadata(&path))? else { return Ok(None) };
        if !found.is_file() {
            let what = if found.is_symlink() { "a symbolic link" } else { "a folder or a device" };
            return Err(io::Error::other(format!("{what} is in the place of the file; take it away")));
        }
        let Some(file) = if_there(File::open(&path))? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(io::Error::other(format!("it has more than {BYTES_MAX} bytes; put it away and look at it")));
        }
        Ok(Some(bytes))
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write_new(name, bytes)?.sync_all()
    }

    /// Content and name at once: a disk that writes both in one go takes half the time, and a halt waits for it.
    fn create_named(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = self.write_new(name, bytes)?;
        thread::scope(|scope| match thread::Builder::new().spawn_scoped(scope, || file.sync_all()) {
            Ok(content) => {
                let named = self.sync();
                let content =
                    content.join().unwrap_or_else(|_| Err(io::Error::other("the thread that wrote has failed")));
                content.and(named)
            }
            // A machine without another thread writes one after the other.
            Err(_) => file.sync_all().and_then(|()| self.sync()),
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        if_there(fs::remove_file(self.path(name))).map(|_| ())
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }

    fn lock(&self) -> io::Result<Option<File>> {
        self.make()?;
        let file = private_file().write(true).create(true).truncate(false).open(self.path(LOCK))?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{LatchEvent, LatchState};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second).unwrap()
    }
    fn ann() -> HaltedBy {
        HaltedBy::Person(Words::fixed("ann"))
    }
    fn order(second: i64) -> HaltOrder {
        HaltOrder { at: at(second), by: ann(), reason: None, flatten: false }
    }
    fn resume(second: i64) -> ResumeOrder {
        ResumeOrder { at: at(second), by: ann(), reason: Words::fixed("checked") }
    }
    fn in_document(record: Result<HaltRecord, LatchError>) -> (Latched, bool) {
        match record {
            Ok(HaltRecord::Document { latched, is_new }) => (latched, is_new),
            other => panic!("{other:?}"),
        }
    }
    fn in_note(record: Result<HaltRecord, LatchError>) -> LatchError {
        match record {
            Ok(HaltRecord::Note { path, why }) if path.is_file() => why,
            other => panic!("{other:?}"),
        }
    }
    fn armed(folder: &Path) -> KillSwitch {
        LatchFile::new(folder).arm().unwrap()
    }
    fn names(folder: &Path) -> Vec<String> {
        let mut names = Folder { path: folder.to_owned() }.list().unwrap();
        names.sort();
        names
    }

    #[test]
    fn a_switch_that_was_never_used_is_clear_and_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/b");
        let latch = LatchFile::new(&state);
        assert_eq!(latch.read(at(1)).unwrap(), Latch::new());
        assert_eq!(latch.resume(resume(1)).unwrap(), None);
        assert!(!folder.path().join("a").exists());
        assert!(KillSwitch::None.check(at(1)).is_ok());
    }

    #[test]
    fn a_halt_counts_in_every_process_until_a_resume() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/b");
        let (latch, switch) = (LatchFile::new(&state), armed(&state));
        assert!(switch.check(at(1)).is_ok());
        let (standing, is_new) = in_document(latch.halt(&order(2)));
        assert_eq!((standing.since, is_new), (at(2), true));
        let (standing, is_new) = in_document(latch.halt(&HaltOrder { flatten: true, ..order(3) }));
        assert_eq!((standing.since, standing.flatten, is_new), (at(2), true, false));
        let halt = switch.check(at(4)).unwrap_err();
        assert_eq!((halt.cause, halt.since, halt.by), (HaltCause::KillSwitch, at(2), ann()));
        assert!(armed(&state).check(at(5)).is_err(), "a session that begins now");
        assert_eq!(latch.resume(resume(6)).unwrap().map(|ended| ended.since), Some(at(2)));
        assert!(switch.check(at(7)).is_ok());
        assert_eq!(latch.resume(resume(8)).unwrap(), None);
        let history = latch.read(at(9)).unwrap().history().to_vec();
        assert!(matches!(&history[..], [LatchEvent::Halt(_), LatchEvent::Halt(_), LatchEvent::Resume(_)]));
        assert_eq!(names(&state), ["kill_switch.json", "kill_switch.lock"], "notes and drafts are gone");
    }

    #[test]
    fn a_damaged_document_is_latched_and_a_resume_keeps_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (latch, switch) = (LatchFile::new(folder.path()), armed(folder.path()));
        for (second, damage) in [(10, &b""[..]), (20, b"{\"version\": 1, \"state\": \"cl"), (30, &[0; 4096])] {
            fs::write(latch.path(), damage).unwrap();
            assert!(matches!(latch.read(at(1)), Err(LatchError::Damaged { .. })));
            let halt = switch.check(at(second)).unwrap_err();
            assert_eq!((halt.since, halt.by), (at(second), HaltedBy::Unreadable));
            assert!(halt.reason.unwrap().as_str().contains("kill_switch.json: it is not a whole record"));
            let ended = latch.resume(resume(second)).unwrap().unwrap();
            assert_eq!(ended.by, HaltedBy::Unreadable);
            assert!(switch.check(at(second)).is_ok());
            let copy = format!("kill_switch.unreadable-{second}000000000.json");
            assert_eq!(fs::read(folder.path().join(copy)).unwrap(), damage);
        }
        fs::write(latch.path(), "{").unwrap();
        assert!(in_document(latch.halt(&order(40))).1);
        assert_eq!(fs::read(folder.path().join("kill_switch.unreadable-40000000000.json")).unwrap(), b"{");
        assert_eq!(latch.read(at(1)).unwrap().latched().map(|standing| standing.since), Some(at(40)));
    }

    #[test]
    fn a_document_of_another_version_can_be_latched_but_not_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let (latch, switch) = (LatchFile::new(folder.path()), armed(folder.path()));
        let newer = "{\"version\": 2, \"clear\": true}";
        fs::write(latch.path(), newer).unwrap();
        assert!(switch.check(at(1)).is_err());
        let error = latch.resume(resume(2)).unwrap_err();
        assert!(
            error.to_string().ends_with(
                "it has version 2, this program reads 1; resume with the version of alphaflow that wrote it"
            )
        );
        assert_eq!(fs::read_to_string(latch.path()).unwrap(), newer);
        assert!(in_document(latch.halt(&order(3))).1);
        assert_eq!(fs::read_to_string(folder.path().join("kill_switch.unreadable-3000000000.json")).unwrap(), newer);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_a_file_is_refused_and_a_halt_holds_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (latch, switch) = (LatchFile::new(folder.path()), armed(folder.path()));
        let clear = folder.path().join("elsewhere.json");
        fs::rename(latch.path(), &clear).unwrap();
        let link = || std::os::unix::fs::symlink(&clear, latch.path()).unwrap();
        let directory = || fs::create_dir(latch.path()).unwrap();
        for (second, what, put) in [(1, "a symbolic link", &link as &dyn Fn()), (2, "a folder or a device", &directory)]
        {
            put();
            let wanted = format!("kill_switch.json: {what} is in the place of the file; take it away");
            assert!(latch.read(at(1)).unwrap_err().to_string().ends_with(&wanted));
            assert!(latch.resume(resume(1)).unwrap_err().to_string().ends_with(&wanted));
            assert!(switch.check(at(1)).is_err());
            assert!(in_note(latch.halt(&order(second))).to_string().ends_with(&wanted));
            fs::remove_file(latch.path()).or_else(|_| fs::remove_dir(latch.path())).unwrap();
            fs::rename(&clear, latch.path()).unwrap();
            assert!(switch.check(at(1)).is_err(), "the note holds");
            assert!(latch.resume(resume(second)).unwrap().is_some());
            assert!(switch.check(at(1)).is_ok());
            fs::rename(latch.path(), &clear).unwrap();
        }
    }

    #[test]
    fn a_document_that_vanishes_under_a_session_is_no_resume() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let switch = armed(&state);
        assert!(switch.check(at(1)).is_ok());
        fs::remove_dir_all(&state).unwrap();
        let halt = switch.check(at(2)).unwrap_err();
        assert!(
            halt.reason
                .unwrap()
                .as_str()
                .ends_with("it is gone; entries are refused until the session is started again")
        );
        fs::write(&state, "a file").unwrap();
        assert!(switch.check(at(3)).is_err());
        assert!(LatchFile::new(&state).halt(&order(4)).is_err(), "nothing can be written, so nothing is acknowledged");
    }

    #[test]
    fn a_note_that_cannot_be_read_halts() {
        let folder = tempfile::tempdir().unwrap();
        let (latch, switch) = (LatchFile::new(folder.path()), armed(folder.path()));
        fs::write(folder.path().join("kill_switch.halt-1-2-0.json"), "{\"at\": ").unwrap();
        let halt = switch.check(at(7)).unwrap_err();
        assert_eq!((halt.since, halt.by), (at(7), HaltedBy::Unreadable));
        assert!(in_document(latch.halt(&order(8))).1);
        assert!(folder.path().join("kill_switch.halt-1-2-0.json").exists(), "it may not be finished");
        let found = latch.read(at(8)).unwrap();
        assert_eq!((found.latched().unwrap().since, found.history().len()), (at(8), 2));
        assert!(latch.resume(resume(9)).unwrap().is_some());
        assert!(switch.check(at(9)).is_ok());
    }

    #[test]
    fn a_lock_that_nobody_gives_back_stops_a_resume_and_no_halt() {
        let folder = tempfile::tempdir().unwrap();
        let (latch, switch) = (LatchFile::new(folder.path()), armed(folder.path()));
        in_document(latch.halt(&order(1)));
        let held = File::options().write(true).open(folder.path().join(LOCK)).unwrap();
        held.lock().unwrap();
        thread::scope(|scope| {
            let resumed = scope.spawn(|| latch.resume(resume(2)));
            let why = in_note(latch.halt(&HaltOrder { flatten: true, ..order(3) }));
            assert!(matches!(why, LatchError::Busy { .. }));
            assert!(matches!(resumed.join().unwrap(), Err(LatchError::Busy { .. })));
        });
        let standing = latch.read(at(4)).unwrap();
        assert_eq!(standing.latched().map(|standing| (standing.since, standing.flatten)), Some((at(1), true)));
        assert_eq!(names(folder.path()).iter().filter(|name| name.starts_with("kill_switch.halt-")).count(), 2);
        held.unlock().unwrap();
        assert!(latch.resume(resume(5)).unwrap().is_some());
        assert!(switch.check(at(6)).is_ok());
        assert_eq!(*latch.read(at(7)).unwrap().state(), LatchState::Clear);
        assert_eq!(names(folder.path()), ["kill_switch.json", "kill_switch.lock"]);
    }

    /// A folder may be named through a missing one, and is then there while it is made, as when another process makes
    /// it; or by nothing, which is the folder this program stands in.
    #[test]
    fn every_name_of_a_folder_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(armed(&folder.path().join("a/../b")).check(at(1)).is_ok());
        assert_eq!(names(&folder.path().join("b")), ["kill_switch.json", "kill_switch.lock"]);
        let here = Folder { path: PathBuf::new() };
        here.make().unwrap();
        here.sync().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_it_makes_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/b");
        armed(&state);
        let latch = LatchFile::new(&state);
        in_document(latch.halt(&order(1)));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for path in [state.join(LOCK), latch.path()] {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        assert_eq!((mode(&folder.path().join("a")), mode(&state)), (0o700, 0o700));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_gone_has_not_reached_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Folder { path: folder.path().to_owned() }.sync().is_ok());
        assert!(Folder { path: folder.path().join("gone") }.sync().is_err());
    }

    /// Only what is not there was never used; a folder that cannot be looked into may hold a halt.
    #[test]
    fn a_file_in_the_place_of_the_folder_is_not_clear() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        fs::write(&state, "a file").unwrap();
        assert!(matches!(LatchFile::new(&state).read(at(1)), Err(LatchError::Io { .. })));
        assert!(if_there::<()>(Err(io::ErrorKind::PermissionDenied.into())).is_err());
        assert!(matches!(if_there::<()>(Err(io::ErrorKind::NotFound.into())), Ok(None)));
    }

    #[test]
    fn a_document_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (latch, switch) = (LatchFile::new(folder.path()), armed(folder.path()));
        let mut text = fs::read(latch.path()).unwrap();
        for (bytes, is_clear) in [(BYTES_MAX, true), (BYTES_MAX + 1, false), (BYTES_MAX + 2, false)] {
            text.resize(bytes as usize, b' ');
            fs::write(latch.path(), &text).unwrap();
            assert_eq!(switch.check(at(1)).is_ok(), is_clear, "{bytes}");
        }
        let wanted = "kill_switch.json: it has more than 1048576 bytes; put it away and look at it";
        assert!(latch.read(at(1)).unwrap_err().to_string().ends_with(wanted));
    }
}
