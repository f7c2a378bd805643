//! Errors of data files as the command line prints them: placed, with the line and what is wrong in it.
//!
//! Not here: finding the errors (market).
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::diagnostic::{Diagnostic, Position};
use crate::market::{DataError, Place};

/// Bytes of a line that are read to show it; a diagnostic shows a hundred characters of them.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// The error about a data file, with its line below it where it has one.
pub fn data_diagnostic(error: &DataError) -> Box<Diagnostic> {
    let path = error.path();
    Box::new(match error {
        DataError::Malformed { place: Place::Line(line), fault, .. } => at_line(path, *line, fault.to_string()),
        DataError::Missing { nearest: Some(nearest), .. } => {
            Diagnostic::of_file(path, "there is no such file").nearest("file", nearest.display().to_string())
        }
        other => {
            let message = other.to_string();
            let what = message.strip_prefix(&path.display().to_string()).unwrap_or(&message);
            Diagnostic::of_file(path, what.trim_start_matches([':', ',', ' ']))
        }
    })
}

/// An error about line `line` (from 1) of the text file at `path`; the carets stand under what `what`
/// quotes with backticks, or under the whole line.
pub(super) fn at_line(path: &Path, line: u64, what: String) -> Diagnostic {
    let mut diagnostic = Diagnostic::of_file(path, what);
    // A line that cannot be read again is left out; the error itself stands.
    let source_line = nth_line(path, line).unwrap_or_default();
    let quoted = diagnostic.what.split('`').nth(1).filter(|text| !text.is_empty());
    let found = quoted.and_then(|text| source_line.find(text).map(|at| (at, text.chars().count())));
    let (at, width) = found.unwrap_or((0, source_line.chars().count()));
    let column = source_line[..at].chars().count() + 1;
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    diagnostic.position = Some(Position { line, column, width: width.max(1), source_line });
    diagnostic
}

fn nth_line(path: &Path, line: u64) -> Option<String> {
    let mut reader = BufReader::new(File::open(path).ok()?);
    for _ in 1..line {
        reader.skip_until(b'\n').ok()?;
    }
    let mut bytes = Vec::new();
    reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timeframe;
    use crate::market::load_series;

    fn refusal(text: &str) -> String {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("bars.csv");
        std::fs::write(&path, text).expect("write");
        let error = load_series(&path, Timeframe::Day1).expect_err("refused");
        data_diagnostic(&error).to_string().replace(&path.display().to_string(), "bars.csv")
    }

    #[test]
    fn the_line_is_shown_and_the_value_marked() {
        let text = refusal("timestamp,open,high,low,close,volume\n2013-10-07,1,1,1,abc,1\n");
        assert!(text.starts_with("error bars.csv:2: close `abc` is not a number"), "{text}");
        assert!(text.contains("    2 | 2013-10-07,1,1,1,abc,1\n      |                  ^^^"), "{text}");
    }

    #[test]
    fn a_file_without_a_line_is_named_once() {
        assert!(refusal("").starts_with("error bars.csv: the file is empty"));
        let missing = load_series(Path::new("no/such.csv"), Timeframe::Day1).expect_err("missing");
        assert_eq!(data_diagnostic(&missing).to_string(), "error no/such.csv: there is no such file; check the path");
    }
}
