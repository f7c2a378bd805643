//! A folder whose every change is a step, and a `Disk` that plays back what has been answered so far.
//!
//! Not here: who works on it, and in which order (latch). The real steps of the kill switch are a function from the
//! answers they got to the next thing they ask: run again with one answer more, they go one step further.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use alphaflow::risk::Disk;

/// The number of a text: a name or a content.
pub type Id = u16;

/// Every text that occurs, once.
#[derive(Default)]
pub struct Table {
    ids: RefCell<BTreeMap<Vec<u8>, Id>>,
    texts: RefCell<Vec<Vec<u8>>>,
}

impl Table {
    pub fn id(&self, text: &[u8]) -> Id {
        let mut ids = self.ids.borrow_mut();
        if let Some(id) = ids.get(text) {
            return *id;
        }
        let id = Id::try_from(ids.len()).expect("fewer texts");
        ids.insert(text.to_vec(), id);
        self.texts.borrow_mut().push(text.to_vec());
        id
    }

    pub fn text(&self, id: Id) -> Vec<u8> {
        self.texts.borrow()[usize::from(id)].clone()
    }

    /// For the way to a wrong state.
    pub fn words(&self, ask: &Ask) -> String {
        match ask {
            Ask::List => "list".to_owned(),
            Ask::Read(name) => format!("read {}", self.name(*name)),
            Ask::Create(name, _) => format!("create {}", self.name(*name)),
            Ask::Rename(_, to) => format!("rename to {}", self.name(*to)),
            Ask::Remove(name) => format!("remove {}", self.name(*name)),
            Ask::Sync => "sync".to_owned(),
            Ask::Lock => "lock".to_owned(),
        }
    }

    pub fn name(&self, id: Id) -> String {
        String::from_utf8(self.text(id)).expect("names are text")
    }
}

/// What a process asks of the folder.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ask {
    List,
    Read(Id),
    Create(Id, Id),
    Rename(Id, Id),
    Remove(Id),
    Sync,
    Lock,
}

/// What it is answered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    Names(Vec<Id>),
    Content(Option<Id>),
    Done,
    Taken,
    Locked,
    Busy,
}

/// Plays back answers; at the first question without one, everything ends in errors.
pub struct Playback<'a> {
    table: &'a Table,
    answers: &'a [Answer],
    at: Cell<usize>,
    open: RefCell<Option<Ask>>,
}

impl<'a> Playback<'a> {
    pub fn new(table: &'a Table, answers: &'a [Answer]) -> Playback<'a> {
        Playback { table, answers, at: Cell::new(0), open: RefCell::new(None) }
    }

    /// The question that has no answer yet.
    pub fn open(self) -> Option<Ask> {
        self.open.into_inner()
    }

    fn ask(&self, ask: Ask) -> io::Result<&Answer> {
        let at = self.at.get();
        self.at.set(at + 1);
        self.answers.get(at).ok_or_else(|| {
            self.open.borrow_mut().get_or_insert(ask);
            io::Error::other("no answer yet")
        })
    }

    fn change(&self, ask: Ask) -> io::Result<()> {
        match self.ask(ask)? {
            Answer::Done => Ok(()),
            Answer::Taken => Err(io::ErrorKind::AlreadyExists.into()),
            other => panic!("{other:?} answers no change"),
        }
    }
}

impl Disk for Playback<'_> {
    type Lock = ();

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        match self.ask(Ask::List)? {
            Answer::Names(names) => Ok(names.iter().map(|name| self.table.name(*name)).collect()),
            other => panic!("{other:?} is no list"),
        }
    }
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match self.ask(Ask::Read(self.table.id(name.as_bytes())))? {
            Answer::Content(content) => Ok(content.map(|content| self.table.text(content))),
            other => panic!("{other:?} is no content"),
        }
    }
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.change(Ask::Create(self.table.id(name.as_bytes()), self.table.id(bytes)))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change(Ask::Rename(self.table.id(from.as_bytes()), self.table.id(to.as_bytes())))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(Ask::Remove(self.table.id(name.as_bytes())))
    }
    fn sync(&self) -> io::Result<()> {
        self.change(Ask::Sync)
    }
    fn lock(&self) -> io::Result<Option<()>> {
        match self.ask(Ask::Lock)? {
            Answer::Locked => Ok(Some(())),
            Answer::Busy => Ok(None),
            other => panic!("{other:?} is no lock"),
        }
    }
}

/// A file: what reads find, and whether it would survive the power.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct File {
    content: Id,
    is_synced: bool,
}

/// Names with every version since the last sync of the folder: the first is on the disk, the last is what everyone
/// sees. When the power goes, any of them may be what is found afterwards, for each name on its own.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Folder {
    names: BTreeMap<Id, Vec<Option<File>>>,
}

impl Folder {
    fn file(&self, name: Id) -> Option<File> {
        self.names.get(&name).and_then(|versions| *versions.last().expect("one at least"))
    }

    fn set(&mut self, name: Id, file: Option<File>) {
        let versions = self.names.entry(name).or_insert_with(|| vec![None]);
        if versions.last() != Some(&file) {
            versions.push(file);
        }
    }

    /// Names of files, those of them that `is_meant`.
    pub fn list(&self, is_meant: impl Fn(Id) -> bool) -> Vec<Id> {
        self.names.keys().copied().filter(|name| is_meant(*name) && self.file(*name).is_some()).collect()
    }

    pub fn read(&self, name: Id) -> Option<Id> {
        self.file(name).map(|file| file.content)
    }

    /// Is all of it there? An empty file is still being written, or will never be.
    pub fn is_whole(&self, name: Id, empty: Id) -> bool {
        self.file(name).is_some_and(|file| file.content != empty)
    }

    /// Enters an empty file; `false` where the name is taken.
    pub fn enter(&mut self, name: Id, empty: Id) -> bool {
        let is_free = self.file(name).is_none();
        if is_free {
            self.set(name, Some(File { content: empty, is_synced: false }));
        }
        is_free
    }

    /// Writes into the file itself: no other version of the name changes.
    pub fn write(&mut self, name: Id, content: Id) {
        if let Some(Some(file)) = self.names.get_mut(&name).and_then(|versions| versions.last_mut()) {
            *file = File { content, is_synced: false };
        }
    }

    pub fn sync_file(&mut self, name: Id) {
        if let Some(Some(file)) = self.names.get_mut(&name).and_then(|versions| versions.last_mut()) {
            file.is_synced = true;
        }
    }

    /// `from` is a draft, which nobody else looks at: that it might come back after a power loss changes nothing.
    pub fn rename(&mut self, from: Id, to: Id) {
        let file = self.file(from);
        self.set(to, file);
        self.names.remove(&from);
    }

    /// A draft is gone, without a trace.
    pub fn forget(&mut self, draft: Id) {
        self.names.remove(&draft);
    }

    pub fn remove(&mut self, name: Id) {
        if self.names.contains_key(&name) {
            self.set(name, None);
        }
    }

    /// What everyone sees is on the disk.
    pub fn sync(&mut self) {
        self.names.retain(|_, versions| {
            let last = versions.pop().expect("one at least");
            *versions = vec![last];
            last.is_some()
        });
    }

    /// Every folder that may be found when the power is back: each name in any of its versions, what was not synced
    /// of a file there or lost.
    pub fn after_power_loss(&self, empty: Id) -> Vec<Folder> {
        let mut folders = vec![Folder::default()];
        for (name, versions) in &self.names {
            let mut ends: Vec<Option<Id>> = Vec::new();
            for version in versions {
                ends.push(version.map(|file| file.content));
                ends.extend(version.filter(|file| !file.is_synced).map(|_| Some(empty)));
            }
            ends.sort_unstable();
            ends.dedup();
            let with = |folder: &Folder, end: &Option<Id>| {
                let mut folder = folder.clone();
                folder.names.extend(end.map(|content| (*name, vec![Some(File { content, is_synced: true })])));
                folder
            };
            folders = folders.iter().flat_map(|folder| ends.iter().map(|end| with(folder, end))).collect();
        }
        folders
    }
}
