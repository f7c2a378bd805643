//! A run folder on disk: it holds a whole run, or it does not look finished.
//!
//! Not here: what the files say (`folder`, report).
//! Invariants: (1) every file is written aside first and put in its place when all are on disk, so a full
//! disk leaves an older run as it was; (2) `run.json` goes first and comes last, so a folder that has it
//! is whole; (3) a folder made for a run that was not kept is gone again.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file that says a run is whole.
const SEAL: &str = "run.json";
/// What a run may leave out.
const OPTIONAL: [&str; 6] = ["report.html", "equity.png", "drawdown.png", "price.png", "risk.png", "prove.json"];
/// Where the files stand until all are written.
const ASIDE: &str = ".unfinished";

/// A folder that waits for its run.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    aside: PathBuf,
    /// Folders that were made for it, outermost first.
    made: Vec<PathBuf>,
}

impl RunFolder {
    /// Makes the folder, if it is not there, and one inside it for the files to be.
    ///
    /// Errors: whatever the file system says.
    pub fn open(path: &Path) -> io::Result<RunFolder> {
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let mut made: Vec<PathBuf> = path.ancestors().take_while(missing).map(Path::to_owned).collect();
        made.reverse();
        let folder = RunFolder { path: path.to_owned(), aside: path.join(ASIDE), made };
        fs::create_dir_all(path)?;
        // Left by a run that was cut off.
        let _ = fs::remove_dir_all(&folder.aside);
        fs::create_dir(&folder.aside)?;
        Ok(folder)
    }

    /// Where the files of the run are to be written.
    pub fn aside(&self) -> &Path {
        &self.aside
    }

    /// Puts what was written in place: all of it or, but for a crash between two renames, nothing.
    ///
    /// Errors: whatever the file system says, with the file's name.
    pub fn keep(mut self) -> io::Result<()> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.aside).map_err(|error| named(&self.aside, &error))? {
            names.push(entry?.file_name());
        }
        assert!(names.iter().any(|name| name == SEAL), "a run has its {SEAL}");
        names.sort_by_key(|name| (name == SEAL, name.clone()));
        // Page, pictures and proof of an older run, where this one has none, would speak of other numbers.
        let stale = OPTIONAL.into_iter().filter(|drawn| !names.iter().any(|name| name == drawn));
        for name in [SEAL].into_iter().chain(stale) {
            remove_if_there(&self.path.join(name))?;
        }
        for name in &names {
            let path = self.path.join(name);
            fs::rename(self.aside.join(name), &path).map_err(|error| named(&path, &error))?;
        }
        self.made.clear();
        Ok(())
    }
}

impl Drop for RunFolder {
    /// Removes what was written aside, and the folders that were made for a run that was not kept.
    fn drop(&mut self) {
        // The first error is the one to report; a leftover that cannot be removed is not worse.
        let _ = fs::remove_dir_all(&self.aside);
        for folder in self.made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(path, &error)),
        _ => Ok(()),
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("entry").file_name().into_string().expect("name");
        let mut names: Vec<String> = fs::read_dir(folder).expect("folder").map(name).collect();
        names.sort();
        names
    }

    /// A folder with these files waiting in it.
    fn waiting(path: &Path, files: &[&str], bytes: &str) -> RunFolder {
        let folder = RunFolder::open(path).expect("open");
        for name in files {
            fs::write(folder.aside().join(name), bytes).expect("write");
        }
        folder
    }

    #[test]
    fn a_run_that_is_not_kept_leaves_no_folder() {
        let root = tempfile::tempdir().expect("folder");
        drop(waiting(&root.path().join("reports/of/mine"), &["fills.csv"], "x"));
        assert_eq!(names(root.path()), Vec::<String>::new());
    }

    #[test]
    fn a_run_that_is_not_kept_leaves_the_older_one_as_it_was() {
        let root = tempfile::tempdir().expect("folder");
        waiting(root.path(), &[SEAL, "fills.csv"], "old").keep().expect("keep");
        drop(waiting(root.path(), &[SEAL, "fills.csv"], "new"));
        assert_eq!(names(root.path()), ["fills.csv", SEAL]);
        assert_eq!(fs::read(root.path().join(SEAL)).expect("file"), b"old");
    }

    #[test]
    fn a_kept_run_is_whole_and_replaces_the_older_one() {
        let root = tempfile::tempdir().expect("folder");
        let path = root.path().join("run");
        for bytes in ["old", "new"] {
            waiting(&path, &[SEAL, "fills.csv"], bytes).keep().expect("keep");
            assert_eq!(names(&path), ["fills.csv", SEAL]);
            assert_eq!(fs::read_to_string(path.join("fills.csv")).expect("file"), bytes);
        }
    }

    #[test]
    fn a_folder_that_cannot_take_every_file_does_not_look_finished() {
        let root = tempfile::tempdir().expect("folder");
        waiting(root.path(), &[SEAL, "fills.csv"], "old").keep().expect("keep");
        // A folder stands in the place of a file: found only when the files are put in place.
        fs::create_dir_all(root.path().join("equity.csv/full")).expect("folder");
        waiting(root.path(), &[SEAL, "equity.csv"], "new").keep().expect_err("refused");
        assert_eq!(names(root.path()), ["equity.csv", "fills.csv"]);
    }
}
