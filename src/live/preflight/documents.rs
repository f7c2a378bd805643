//! Small JSON files of the state: read whole or not at all, written so that a crash leaves the old or the new one.
//!
//! Not here: what they say. They are private to the user, as the folder of the state is.
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use serde_json::Value;

use super::record::RecordError;
use crate::live::private;

/// A parity report with a thousand differences has about a megabyte; what is longer is another file.
const BYTES_MAX: u64 = 16 << 20;

/// The value in a file; `None` where there is none. Errors: why it cannot be read, in words.
pub(super) fn read_json(path: &Path) -> Result<Option<Value>, String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read: {error}")),
    };
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| format!("it cannot be read: {error}"))?;
    if text.len() as u64 > BYTES_MAX {
        return Err(format!("it has more than {BYTES_MAX} bytes"));
    }
    serde_json::from_str(&text).map(Some).map_err(|error| format!("it is not JSON: {error}"))
}

/// Writes a value, private to the user. Errors: what the disk says.
pub(super) fn write_json(path: &Path, value: &Value) -> Result<(), RecordError> {
    let refused =
        |error: std::io::Error| RecordError { path: path.to_owned(), what: format!("it cannot be written: {error}") };
    let folder = path.parent().unwrap_or(Path::new("."));
    private::make_folder(folder).map_err(refused)?;
    let aside = path.with_extension("json.new");
    let written = private(&aside).and_then(|mut file| {
        file.write_all(format!("{value:#}\n").as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&aside, path)).map_err(refused)?;
    // Without it the new name may be lost with the power.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused)
}

fn private(path: &Path) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private::file().write(true).create_new(true).open(path)
}
