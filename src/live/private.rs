//! Files and folders that only this user may read: made so, never opened to all first.
//!
//! Not here: what is in them. What is there already keeps its rights: whoever made it decides.
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes the folder and whatever is missing above it.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Options for a file that may be made.
pub(crate) fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes the whole file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    file().write(true).create(true).truncate(true).open(path)?.write_all(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_made_is_private_and_what_was_there_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("folder");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        let (inner, other) = (folder.path().join("a/b"), folder.path().join("other"));
        make_folder(&inner).expect("made");
        assert_eq!((mode(&folder.path().join("a")), mode(&inner)), (0o700, 0o700));
        write(&inner.join("x"), b"text").expect("written");
        assert_eq!((mode(&inner.join("x")), fs::read(inner.join("x")).expect("read")), (0o600, b"text".to_vec()));
        fs::create_dir(&other).expect("made");
        fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).expect("set");
        make_folder(&other).expect("it is there");
        assert_eq!(mode(&other), 0o755);
    }
}
