//! What a session leaves in its folder for commands of other processes: that it runs, and what its kill switch did.
//!
//! Not here: the latch itself (risk). A record says what happened; nothing is decided by it but one thing: a halt whose
//! work is finished is not worked through again after a restart.
//! Invariants: (1) a session holds the lock of its mode for as long as its process lives; (2) records are replaced whole.
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::live::{HaltStep, private};
use crate::risk::Latched;

/// The modes that have a folder of their own below that of the kill switch.
const MODES: [&str; 3] = ["rehearsal", "paper", "live"];
const LOCK: &str = "session.lock";
const SESSION: &str = "session.json";
const ACKNOWLEDGEMENT: &str = "halt.ack";
/// A command that asks whether a session runs holds its lock for a moment.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);
/// Between two looks at a record that is waited for.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// A session that runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// `rehearsal`, `paper` or `live`.
    pub mode: String,
    /// Its process.
    pub pid: u32,
    /// Since when, by the wall's clock.
    pub started: Timestamp,
}

/// How far the work of a halt is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltProgress {
    /// Something is left to do, or is not confirmed.
    Working,
    /// Exits for all that is left are at the venue and wait for the market to open.
    WaitsForOpen,
    /// Nothing is left.
    Done,
}

/// What a session's kill switch did about a halt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The session.
    pub mode: String,
    /// Its process.
    pub pid: u32,
    /// The moment of the halt that stands; with `by` it is the halt's name.
    pub since: Timestamp,
    /// Who halted.
    pub by: String,
    /// All positions are to be closed.
    pub flatten: bool,
    /// No order that the halt forbids is on its way. `None`: not known yet; `false`: one had no answer in time.
    pub is_clear: Option<bool>,
    /// How far the work is.
    pub progress: HaltProgress,
    /// What was done, in order.
    pub steps: Vec<HaltStep>,
}

/// The folder of one mode, claimed by a session.
#[derive(Debug)]
pub(super) struct Claim {
    folder: PathBuf,
    /// Let go when the process ends, however it ends.
    _lock: File,
}

impl Claim {
    /// Claims it. `Ok(None)`: another session has it.
    pub(super) fn take(state: &Path, mode: &str, started: Timestamp) -> io::Result<Option<Claim>> {
        let folder = state.join(mode);
        private::make_folder(&folder)?;
        let lock = private::file().write(true).create(true).truncate(false).open(folder.join(LOCK))?;
        for tried in 1..=LOCK_TRIES {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tried < LOCK_TRIES => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Claim::forget_limits(&folder)?;
        let record = SessionRecord { mode: mode.to_owned(), pid: std::process::id(), started };
        write(&folder, SESSION, &record)?;
        Ok(Some(Claim { folder, _lock: lock }))
    }

    /// What an earlier life did about a halt.
    pub(super) fn acknowledgement(&self) -> Option<Acknowledgement> {
        read(&self.folder, ACKNOWLEDGEMENT)
    }

    pub(super) fn acknowledge(&self, done: &Acknowledgement) -> io::Result<()> {
        write(&self.folder, ACKNOWLEDGEMENT, done)
    }

    /// The halt has ended.
    pub(super) fn forget(&self) -> io::Result<()> {
        match fs::remove_file(self.folder.join(ACKNOWLEDGEMENT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Acknowledgement {
    /// Is it about this halt, with all that was added to it?
    pub fn is_of(&self, halt: &Latched) -> bool {
        self.since == halt.since && self.by == halt.by.to_string() && self.flatten == halt.flatten
    }
}

/// The sessions that run with the kill switch of this folder.
pub fn sessions(state: &Path) -> Vec<SessionRecord> {
    MODES.into_iter().filter_map(|mode| session(state, mode)).collect()
}

/// Has any session ever run with the kill switch of this folder?
pub fn is_used(state: &Path) -> bool {
    let left = [SESSION, "journal.db"];
    MODES.into_iter().any(|mode| left.iter().any(|name| state.join(mode).join(name).exists()))
}

/// The session that began last with the kill switch of this folder, whether it still runs or not.
pub fn last_session(state: &Path) -> Option<SessionRecord> {
    let all = MODES.into_iter().filter_map(|mode| read::<SessionRecord>(&state.join(mode), SESSION));
    all.max_by_key(|record| record.started)
}

fn session(state: &Path, mode: &str) -> Option<SessionRecord> {
    let folder = state.join(mode);
    let lock = File::open(folder.join(LOCK)).ok()?;
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            let unknown = SessionRecord { mode: mode.to_owned(), pid: 0, started: Timestamp::MIN };
            Some(read(&folder, SESSION).unwrap_or(unknown))
        }
        _ => None,
    }
}

/// What the session of this mode did about a halt so far, as soon as `is_enough` of it; `None` where `limit` ends first.
pub fn wait_for(
    state: &Path,
    mode: &str,
    limit: Duration,
    is_enough: impl Fn(&Acknowledgement) -> bool,
) -> Option<Acknowledgement> {
    let folder = state.join(mode);
    let end = std::time::Instant::now() + limit;
    loop {
        let found = read::<Acknowledgement>(&folder, ACKNOWLEDGEMENT).filter(&is_enough);
        if found.is_some() || std::time::Instant::now() >= end {
            return found;
        }
        thread::sleep(LOOK_PAUSE);
    }
}

pub(super) fn write(folder: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    let draft = folder.join(format!("{name}.draft"));
    let mut text = serde_json::to_vec_pretty(value).expect("text, whole numbers and lists are always JSON");
    text.push(b'\n');
    private::write(&draft, &text)?;
    fs::rename(draft, folder.join(name))
}

/// What cannot be read says nothing.
pub(super) fn read<T: for<'de> Deserialize<'de>>(folder: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&fs::read(folder.join(name)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_has_one_session() {
        let folder = tempfile::tempdir().expect("folder");
        let at = Timestamp::from_seconds(1).expect("time");
        assert_eq!(sessions(folder.path()), []);
        assert_eq!(last_session(folder.path()), None);
        let claim = Claim::take(folder.path(), "paper", at).expect("written").expect("free");
        assert!(Claim::take(folder.path(), "paper", at).expect("read").is_none());
        let later = at.plus_ns(1);
        let other = Claim::take(folder.path(), "rehearsal", later).expect("written").expect("free");
        let last = last_session(folder.path()).map(|record| (record.mode, record.started));
        assert_eq!(last, Some(("rehearsal".to_owned(), later)));
        let pid = std::process::id();
        let modes: Vec<(String, u32)> =
            sessions(folder.path()).into_iter().map(|session| (session.mode, session.pid)).collect();
        assert_eq!(modes, [("rehearsal".to_owned(), pid), ("paper".to_owned(), pid)]);
        drop((claim, other));
        assert_eq!(sessions(folder.path()), [], "the records are still there and say nothing");
    }
}
