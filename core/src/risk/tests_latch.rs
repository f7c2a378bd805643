//! The steps of the kill switch on a folder in memory that can fail: what is acknowledged, and what stays.
//!
//! Not here: real files (kill_switch), every order of steps and every stop between two (tests/kill_switch_model).
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::*;
use crate::domain::Timestamp;

/// The copy that a command at [`MOMENT`] keeps.
const COPY: &str = "kill_switch.unreadable-9000000000.json";
const MOMENT: i64 = 9;

/// Files by name; a name in `refused` cannot be created, as on a full disk.
#[derive(Default)]
struct Memory {
    files: RefCell<BTreeMap<String, Vec<u8>>>,
    refused: Option<&'static str>,
    /// Nothing reaches the disk.
    is_stuck: bool,
}

impl Memory {
    fn with(files: &[(&str, &str)]) -> Memory {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
        Memory { files: RefCell::new(files.collect()), ..Memory::default() }
    }
    fn text(&self, name: &str) -> Option<String> {
        self.files.borrow().get(name).map(|bytes| String::from_utf8(bytes.clone()).expect("text"))
    }
    fn is_clear(&self) -> bool {
        read_on(self, Presence::Required, at(MOMENT)).is_ok_and(|latch| latch.latched().is_none())
    }
}

impl Disk for Memory {
    type Lock = ();

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.borrow().keys().cloned().collect())
    }
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.files.borrow().get(name).cloned())
    }
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if self.refused == Some(name) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if self.files.borrow().contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.files.borrow_mut().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let bytes = self.files.borrow_mut().remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.files.borrow_mut().insert(to.to_owned(), bytes);
        Ok(())
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.borrow_mut().remove(name);
        Ok(())
    }
    fn sync(&self) -> io::Result<()> {
        if self.is_stuck { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
    fn lock(&self) -> io::Result<Option<()>> {
        Ok(Some(()))
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second).expect("time")
}
fn order() -> HaltOrder {
    HaltOrder { at: at(MOMENT), by: HaltedBy::Script, reason: None, flatten: false }
}
fn resume() -> ResumeOrder {
    ResumeOrder { at: at(MOMENT), by: HaltedBy::Script, reason: Words::fixed("looked") }
}

/// A damaged document may say anything, so it goes only where a copy of it stays.
#[test]
fn a_damaged_document_stays_where_no_copy_can_be_kept() {
    let disk = Memory { refused: Some(COPY), ..Memory::with(&[(LATCH_DOCUMENT, "{")]) };
    assert!(matches!(resume_on(&disk, resume()), Err(LatchError::Io { path, .. }) if path == *COPY));
    assert_eq!(disk.text(LATCH_DOCUMENT).as_deref(), Some("{"));
    let record = halt_on(&disk, &order(), 1).expect("a note needs no copy");
    assert!(matches!(record, HaltRecord::Note { why: LatchError::Io { .. }, .. }), "{record:?}");
    assert_eq!(disk.text(LATCH_DOCUMENT).as_deref(), Some("{"));
    assert!(!disk.is_clear());
}

/// Two commands of one moment, or one that was ended after its copy: the copy that is there stays, and both go on.
#[test]
fn a_copy_that_is_there_is_kept_once() {
    for copied in [&[(LATCH_DOCUMENT, "{"), (COPY, "{")][..], &[(LATCH_DOCUMENT, "{")]] {
        let disk = Memory::with(copied);
        assert!(resume_on(&disk, resume()).expect("resumed").is_some());
        assert_eq!(disk.text(COPY).as_deref(), Some("{"));
        assert!(disk.is_clear());
        let disk = Memory::with(copied);
        assert!(matches!(halt_on(&disk, &order(), 1), Ok(HaltRecord::Document { is_new: true, .. })));
        assert_eq!(disk.text(COPY).as_deref(), Some("{"));
        assert!(!disk.is_clear());
    }
}

/// Neither a halt nor a resume is acknowledged before it is on the disk.
#[test]
fn what_has_not_reached_the_disk_is_an_error() {
    let mut disk = Memory::with(&[(LATCH_DOCUMENT, &String::from_utf8(Latch::new().encode()).expect("text"))]);
    for is_stuck in [true, false] {
        disk.is_stuck = is_stuck;
        assert_eq!(halt_on(&disk, &order(), 1).is_err(), is_stuck);
        assert!(!disk.is_clear(), "a halt that could not be acknowledged may hold all the same");
    }
    for is_stuck in [true, false] {
        let disk = Memory { files: disk.files.clone(), is_stuck, ..Memory::default() };
        assert_eq!(resume_on(&disk, resume()).is_err(), is_stuck);
    }
}
