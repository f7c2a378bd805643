//! Opening and replacing files, with errors that help.
//!
//! Not here: what is in them.
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::DataError;

/// Names less alike than this are no help as a suggestion (Jaro–Winkler, 1 = equal).
const SIMILARITY_MIN: f64 = 0.8;

/// Opens `path` to read; a missing file comes with the nearest name of its folder.
pub(super) fn open(path: &Path) -> Result<File, DataError> {
    let refused = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => DataError::Missing { path: path.to_owned(), nearest: nearest_name(path) },
        _ => DataError::Read { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(refused)?;
    // Opening a folder succeeds on Unix and fails only when read, with a worse message.
    if file.metadata().map_err(refused)?.is_dir() {
        let source = io::Error::new(ErrorKind::IsADirectory, "it is a folder");
        return Err(DataError::Read { path: path.to_owned(), source });
    }
    Ok(file)
}

/// Writes `path` through `fill` into a neighbour and renames it, so that no half file is ever seen.
pub(super) fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), DataError> {
    let failed = |source| DataError::Write { path: path.to_owned(), source };
    let name = path.file_name().ok_or_else(|| failed(io::Error::new(ErrorKind::InvalidInput, "it names no file")))?;
    let mut partial_name = std::ffi::OsString::from(".");
    partial_name.push(name);
    partial_name.push(".partial");
    let partial = path.with_file_name(partial_name);
    let written = File::create(&partial).and_then(|mut file| fill(&mut file)).and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        // The first error is the one to report; a leftover that cannot be removed is not worse.
        let _ = fs::remove_file(&partial);
        failed(source)
    })
}

fn nearest_name(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?.to_lowercase();
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut names: Vec<String> =
        fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort(); // a folder's own order differs from machine to machine
    let likeness = |name: &String| strsim::jaro_winkler(&wanted, &name.to_lowercase());
    names
        .iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= SIMILARITY_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_names_its_nearest_neighbour() {
        let folder = tempfile::tempdir().expect("folder");
        for name in ["AAPL_daily.csv", "MSFT_daily.csv", "notes.txt"] {
            fs::write(folder.path().join(name), "x").expect("write");
        }
        let message = open(&folder.path().join("APPL_daily.csv")).expect_err("missing").to_string();
        assert!(message.contains("APPL_daily.csv: there is no such file"), "{message}");
        assert!(message.ends_with("AAPL_daily.csv?"), "{message}");
        let message = open(&folder.path().join("zzz")).expect_err("missing").to_string();
        assert!(!message.contains("did you mean"), "{message}");
        assert!(matches!(open(folder.path()), Err(DataError::Read { .. })));
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("out.csv");
        let refused = replace(&path, |_| Err(io::Error::other("disk full")));
        assert!(refused.expect_err("refused").to_string().contains("disk full"));
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
    }
}
