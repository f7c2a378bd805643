//! The files around a journal: folder, rights, lock.
//!
//! Not here: what they hold (schema, head_file).
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::JournalError;
use crate::live::private;

/// A file beside `journal` with another extension.
pub(super) fn beside(journal: &Path, extension: &str) -> PathBuf {
    journal.with_extension(extension)
}

/// The write-ahead log of `journal`, as SQLite names it.
pub(super) fn write_ahead_log(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

/// Makes the journal's folder for this user alone, where it is not there, each entry on the disk.
pub(super) fn make_folder(journal: &Path) -> Result<(), JournalError> {
    let folder = folder_of(journal);
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !is_there(path)).collect();
    for path in missing.into_iter().rev() {
        let made = match private_folder().create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome,
        };
        made.and_then(|()| sync_folder(folder_of(path)))
            .map_err(|source| JournalError::io(path, "the folder cannot be made", source))?;
    }
    Ok(())
}

/// Is there an own file at `path`? An error if something else is.
pub(super) fn is_own_file(path: &Path) -> Result<bool, JournalError> {
    let what = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(JournalError::io(path, "it cannot be looked at", source)),
        Ok(found) if found.is_file() => return Ok(true),
        Ok(found) if found.is_symlink() => "a symbolic link",
        Ok(_) => "a folder or a device",
    };
    Err(JournalError::NotAJournal { path: path.to_owned(), what })
}

/// Makes an empty file for this user alone where there is none; takes the rights of others from one that is there.
pub(super) fn make_private(path: &Path) -> Result<(), JournalError> {
    let failed = |source| JournalError::io(path, "the file cannot be made", source);
    if is_own_file(path)? {
        return keep_private(path).map_err(|source| JournalError::io(path, "its rights cannot be changed", source));
    }
    private::file().write(true).create_new(true).open(path).and_then(|file| file.sync_all()).map_err(failed)?;
    sync_folder(folder_of(path)).map_err(failed)
}

/// The lock of the one who writes `journal`; held until the file is dropped, also by a crash.
pub(super) fn lock(journal: &Path) -> Result<File, JournalError> {
    let path = beside(journal, "lock");
    is_own_file(&path)?;
    let opened = private::file().write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(|source| JournalError::io(&path, "the lock file cannot be opened", source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse { path }),
        Err(TryLockError::Error(source)) => Err(JournalError::io(&path, "it cannot be locked", source)),
    }
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(unix)]
fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let rights = fs::metadata(path)?.permissions();
    if rights.mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn is_there(path: &Path) -> bool {
    path.as_os_str().is_empty() || path.exists()
}

/// The entries of a folder reach the disk. Windows keeps them in its journal and has no call for it.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}
