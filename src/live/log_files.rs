//! The files of a log: one a day, 30 of them, for this user alone.
//!
//! Not here: the lines (log). The library that rolls them over makes them for everybody: each is made here before it is
//! written for the first time.
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tracing_appender::rolling::{RollingFileAppender, Rotation};

use super::private;

/// A month of days; the oldest goes when the next one begins.
const FILES_MAX: usize = 30;

/// The file of today.
#[derive(Debug)]
pub(super) struct LogFiles {
    appender: RollingFileAppender,
    maker: Maker,
}

/// Makes the file of a day.
#[derive(Debug)]
struct Maker {
    folder: PathBuf,
    mode: String,
    day: String,
}

impl LogFiles {
    /// Begins in `folder`, which is made where it is not there. Errors: in words.
    pub(super) fn begin(folder: &Path, mode: &str) -> Result<LogFiles, String> {
        private::make_folder(folder).map_err(|refused| refused.to_string())?;
        let mut maker = Maker { folder: folder.to_owned(), mode: mode.to_owned(), day: String::new() };
        maker.make();
        let appender = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(format!("alphaflow-{mode}"))
            .filename_suffix("jsonl")
            .max_log_files(FILES_MAX)
            .build(folder)
            .map_err(|refused| refused.to_string())?;
        Ok(LogFiles { appender, maker })
    }
}

impl Maker {
    /// Makes the file of today, if this is the first line of the day. Where that does not work, the library says so.
    fn make(&mut self) {
        // It names its files by the date in UTC.
        let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        if day != self.day {
            let path = self.folder.join(format!("alphaflow-{}.{day}.jsonl", self.mode));
            let made = private::file().append(true).create(true).open(&path);
            #[cfg(unix)]
            if let Ok(file) = made {
                // One of an earlier version, or of midnight itself.
                let _ = file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
            }
            #[cfg(not(unix))]
            drop(made);
            self.day = day;
        }
    }
}

impl Write for LogFiles {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.maker.make();
        self.appender.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.appender.flush()
    }
}
