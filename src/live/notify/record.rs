//! `state/notify.json`: when `alphaflow notify test` last ran, and what came of it. Preflight reads it.
//!
//! Not here: how old it may be (preflight).
//! Invariant: the file is the old one or the new one, never half of either.
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::live::private;

/// The file in the state folder.
const FILE: &str = "notify.json";
/// A few lines; what is longer is another file.
const BYTES_MAX: u64 = 64 << 10;

/// One test of all channels.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TestRecord {
    /// When, by the machine's clock.
    pub at: Timestamp,
    /// [`NotifyConfig::fingerprint`](super::NotifyConfig::fingerprint) of the settings it was made with.
    pub settings: String,
    /// Channel by channel.
    pub channels: Vec<TestedChannel>,
}

/// What came of the test of one channel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TestedChannel {
    /// `email`, `slack` or `webhook`.
    pub channel: String,
    /// Where its messages go.
    pub place: String,
    /// The other side took the message.
    pub delivered: bool,
    /// How long it took.
    pub took_ms: u64,
    /// What the other side said, or what went wrong; no secrets.
    pub text: String,
}

/// Why the record cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct RecordError {
    /// The file.
    pub path: PathBuf,
    /// What happened, and what to do.
    pub what: String,
}

impl TestRecord {
    /// Was there a channel, and did every one deliver?
    pub fn is_good(&self) -> bool {
        !self.channels.is_empty() && self.channels.iter().all(|channel| channel.delivered)
    }

    /// The record in the folder `state`; `None` where no test was made.
    pub fn read(state: &Path) -> Result<Option<TestRecord>, RecordError> {
        let path = state.join(FILE);
        let error = |what: String| RecordError { path: path.clone(), what };
        match fs::metadata(&path) {
            Err(absent) if absent.kind() == ErrorKind::NotFound => return Ok(None),
            Ok(metadata) if metadata.len() > BYTES_MAX => {
                return Err(error("is larger than 64 KiB; remove it and run `alphaflow notify test`".to_owned()));
            }
            _ => {}
        }
        let text = fs::read(&path).map_err(|refused| error(format!("cannot be read: {refused}")))?;
        let record = serde_json::from_slice(&text);
        record.map(Some).map_err(|wrong| error(format!("is damaged ({wrong}); run `alphaflow notify test` again")))
    }

    /// Writes it into the folder `state`, which is made where it is not there; gives the file's path.
    pub fn write(&self, state: &Path) -> Result<PathBuf, RecordError> {
        let path = state.join(FILE);
        let text = serde_json::to_vec_pretty(self).expect("names and numbers are JSON");
        let write = || {
            private::make_folder(state)?;
            let new = state.join(format!("{FILE}.new"));
            let mut file = private::file().write(true).create(true).truncate(true).open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        let done: Result<(), std::io::Error> = write();
        match done {
            Ok(()) => Ok(path),
            Err(refused) => Err(RecordError { path, what: format!("cannot be written: {refused}") }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("folder");
        let state = folder.path().join("state");
        assert_eq!(TestRecord::read(&state).expect("none"), None);
        let channel = |delivered| TestedChannel {
            channel: "email".to_owned(),
            place: "a@example.com".to_owned(),
            delivered,
            took_ms: 12,
            text: "250".to_owned(),
        };
        let mut record =
            TestRecord { at: Timestamp::from_ns(1), settings: "ab".to_owned(), channels: vec![channel(true)] };
        record.write(&state).expect("write");
        assert_eq!(TestRecord::read(&state).expect("one"), Some(record.clone()));
        assert!(record.is_good());
        record.channels.push(channel(false));
        assert!(!record.is_good());
        record.channels.clear();
        assert!(!record.is_good(), "no channel is no delivery");
        fs::write(state.join(FILE), "{").expect("write");
        assert!(TestRecord::read(&state).expect_err("damaged").to_string().contains("notify test"));
    }
}
