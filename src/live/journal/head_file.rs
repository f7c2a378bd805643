//! The file that remembers the end of a journal: `ROW:HASH` of a row that is on the disk.
//!
//! Not here: what follows from a difference (store, verify).
//! A chain that was cut off at its end is still a chain. This file is written after every flush, in place and without a
//! flush of its own: after a crash it may be behind, never ahead, so that an honest crash never looks like a loss. Whoever
//! can write the journal can write this file; against them only a head that was noted elsewhere helps.
use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::files::{beside, is_own_file, sync_folder};
use super::{Head, JournalError};
use crate::live::private;

/// A session flushes at most every few microseconds, and a reading is as fast.
const READINGS_MAX: u32 = 1_000;

/// The open file of the one who writes.
#[derive(Debug)]
pub(super) struct HeadFile {
    path: PathBuf,
    file: File,
}

/// Where it is.
pub fn head_path(journal: &Path) -> PathBuf {
    beside(journal, "head")
}

/// What it says; `None` where there is none.
pub(super) fn read_head(journal: &Path) -> Result<Option<Head>, JournalError> {
    let path = head_path(journal);
    if !is_own_file(&path)? {
        return Ok(None);
    }
    match read_settled(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(JournalError::io(&path, "it cannot be read", source)),
        Ok(bytes) => match std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok()) {
            Some(head) => Ok(Some(head)),
            None => Err(JournalError::HeadFile { path, what: "it is not one line ROW:HASH" }),
        },
    }
}

/// Reads until two readings agree: a session may be writing over it.
fn read_settled(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = fs::read(path)?;
    for _ in 0..READINGS_MAX {
        let again = fs::read(path)?;
        if again == bytes {
            break;
        }
        bytes = again;
    }
    Ok(bytes)
}

impl HeadFile {
    /// Opens it with `head` in it. A new one is on the disk when this returns: where it is missing later, it was taken.
    pub(super) fn open(journal: &Path, head: Head) -> Result<HeadFile, JournalError> {
        let path = head_path(journal);
        let is_new = !is_own_file(&path)?;
        let failed = |source| JournalError::io(&path, "it cannot be written", source);
        let file = private::file().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut opened = HeadFile { path: path.clone(), file };
        opened.write(head)?;
        if is_new {
            let synced = opened.file.sync_all();
            synced.and_then(|()| sync_folder(journal.parent().unwrap_or(Path::new("")))).map_err(failed)?;
        }
        Ok(opened)
    }

    /// Puts `head` in. The text never becomes shorter while rows only grow in number, so it is written over in one call.
    pub(super) fn write(&mut self, head: Head) -> Result<(), JournalError> {
        let text = format!("{head}\n");
        let written: io::Result<()> =
            self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(text.as_bytes()));
        written.map_err(|source| JournalError::io(&self.path, "it cannot be written", source))
    }
}
