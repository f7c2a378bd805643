//! Looks at the folder of the kill switch many times a second, and reads it only when something has changed.
//!
//! Not here: what is done about a halt (worker).
//! Invariant: what cannot be read is a halt.
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::domain::Timestamp;
use crate::risk::{HaltedBy, KillSwitch, LATCH_DOCUMENT, LatchError, LatchFile, Latched};

/// Touch it, and trading halts.
pub const STOP_FILE: &str = "STOP";

/// The file in `folder` that halts every session which runs or begins there, if there is one.
pub fn stop_file(folder: &Path) -> Option<PathBuf> {
    Some(folder.join(STOP_FILE)).filter(|file| file.exists())
}

/// Every so many looks the folder is read whatever its signature says: stamps of files are coarse.
const READ_EVERY: u32 = 50;

/// Looks at one folder.
#[derive(Debug)]
pub(super) struct Watch {
    folder: PathBuf,
    latch: LatchFile,
    armed: KillSwitch,
    signature: Option<Signature>,
    looks: u32,
}

/// What a look saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Sight {
    /// As before.
    Same,
    /// The switch is clear.
    Clear,
    /// It is not.
    Halted(Latched),
}

/// What changes when the switch does.
#[derive(PartialEq, Eq, Debug)]
struct Signature {
    /// Notes of halts that are not in the document yet.
    notes: Vec<String>,
    /// Inode, length and time of the document.
    document: Option<(u64, u64, i64, i64)>,
    is_readable: bool,
}

impl Watch {
    /// Errors: the folder cannot be made, read or written.
    pub(super) fn new(folder: &Path) -> Result<Watch, LatchError> {
        let armed = LatchFile::new(folder).arm()?;
        let (folder, latch) = (folder.to_owned(), LatchFile::new(folder));
        Ok(Watch { folder, latch, armed, signature: None, looks: 0 })
    }

    /// The next look reads the folder, whether anything has changed or not.
    pub(super) fn look_again(&mut self) {
        self.signature = None;
    }

    /// Is the file there that halts?
    pub(super) fn has_stop_file(&self) -> bool {
        stop_file(&self.folder).is_some()
    }

    /// Looks. The first look never says `Same`.
    pub(super) fn look(&mut self, now: Timestamp) -> Sight {
        self.looks = self.looks.wrapping_add(1);
        let signature = Signature::of(&self.folder);
        if self.signature.as_ref() == Some(&signature) && !self.looks.is_multiple_of(READ_EVERY) {
            return Sight::Same;
        }
        // Taken before the reading: a change in between shows at the next look.
        self.signature = Some(signature);
        let Err(halt) = self.armed.check(now) else { return Sight::Clear };
        let standing = self.latch.read(now).ok().and_then(|latch| latch.latched().cloned());
        // Of what cannot be read nobody knows since when: the same answer every time, or it would look like a new halt.
        let since = if halt.by == HaltedBy::Unreadable { Timestamp::MIN } else { halt.since };
        Sight::Halted(standing.unwrap_or(Latched { since, by: halt.by, reason: halt.reason, flatten: false }))
    }
}

impl Signature {
    fn of(folder: &Path) -> Signature {
        let entries = fs::read_dir(folder);
        let is_readable = entries.is_ok();
        let names = entries.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut notes: Vec<String> = names.filter(|name| name.starts_with("kill_switch.halt-")).collect();
        notes.sort_unstable();
        let document = fs::symlink_metadata(folder.join(LATCH_DOCUMENT)).ok();
        let document = document.map(|found| (found.ino(), found.len(), found.mtime(), found.mtime_nsec()));
        Signature { notes, document, is_readable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{HaltOrder, ResumeOrder, Words};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second).expect("time")
    }
    fn by() -> HaltedBy {
        HaltedBy::Person(Words::fixed("ann"))
    }

    #[test]
    fn every_change_is_seen_once() {
        let folder = tempfile::tempdir().expect("folder");
        let mut watch = Watch::new(folder.path()).expect("a folder");
        assert_eq!(watch.look(at(1)), Sight::Clear);
        assert_eq!(watch.look(at(1)), Sight::Same);
        let latch = LatchFile::new(folder.path());
        let order = HaltOrder { at: at(2), by: by(), reason: None, flatten: false };
        latch.halt(&order).expect("written");
        assert!(matches!(watch.look(at(3)), Sight::Halted(halt) if halt.since == at(2) && !halt.flatten));
        assert_eq!(watch.look(at(3)), Sight::Same);
        latch.halt(&HaltOrder { at: at(4), flatten: true, ..order }).expect("written");
        assert!(matches!(watch.look(at(5)), Sight::Halted(halt) if halt.since == at(2) && halt.flatten));
        latch.resume(ResumeOrder { at: at(6), by: by(), reason: Words::fixed("checked") }).expect("written");
        assert_eq!(watch.look(at(7)), Sight::Clear);
        fs::write(latch.path(), "{").expect("written");
        assert!(matches!(watch.look(at(8)), Sight::Halted(halt) if halt.by == HaltedBy::Unreadable));
        fs::remove_file(latch.path()).expect("removed");
        assert!(matches!(watch.look(at(9)), Sight::Halted(halt) if halt.by == HaltedBy::Unreadable));
        assert!(!watch.has_stop_file());
        fs::write(folder.path().join(STOP_FILE), "").expect("written");
        assert!(watch.has_stop_file());
    }

    #[test]
    fn a_note_halts_before_it_is_in_the_document() {
        let folder = tempfile::tempdir().expect("folder");
        let mut watch = Watch::new(folder.path()).expect("a folder");
        assert_eq!(watch.look(at(1)), Sight::Clear);
        let order = HaltOrder { at: at(2), by: by(), reason: None, flatten: true };
        fs::write(folder.path().join("kill_switch.halt-2-1-0.json"), order.encode()).expect("written");
        assert!(matches!(watch.look(at(3)), Sight::Halted(halt) if halt.flatten));
    }
}
