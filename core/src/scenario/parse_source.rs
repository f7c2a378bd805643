//! Where text stands: a scenario's file and overrides, and places in them.
//!
//! Not here: what is wrong at a place (the other `parse_*` files).
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Position};

/// Where a key or a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Bytes of the file.
    File(Range<usize>),
    /// The override with this number.
    Override(usize),
    /// Nowhere: the program's default, or a key that is missing with its whole table.
    Default,
}

impl Place {
    /// Sorts places as a reader meets them: the file from its top, the file as a whole, the overrides.
    pub(super) fn order(&self) -> (u8, usize) {
        match self {
            Place::File(span) => (0, span.start),
            Place::Default => (1, 0),
            Place::Override(number) => (2, *number),
        }
    }
}

/// The text a scenario was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Each `--set`, as typed.
    pub(super) overrides: Vec<String>,
}

impl Source {
    pub(super) fn new(path: &Path, text: &str, overrides: &[String]) -> Source {
        // Editors on Windows begin files with a mark that is no part of the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        Source { path: path.to_owned(), text, overrides: overrides.to_vec() }
    }

    /// The folder that relative paths start from.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// An error at `place`.
    pub(super) fn diagnostic(&self, place: &Place, what: impl Into<String>) -> Diagnostic {
        match place {
            Place::File(span) => {
                let mut diagnostic = Diagnostic::of_file(&self.path, what);
                diagnostic.position = Some(self.position(span));
                diagnostic
            }
            Place::Override(number) => {
                let typed = self.overrides.get(*number).map_or("", String::as_str);
                Diagnostic::new(format!("--set {typed}"), what)
            }
            Place::Default => Diagnostic::of_file(&self.path, what),
        }
    }

    /// Line, column and carets of a span; a span over several lines is marked to the end of its first.
    fn position(&self, span: &Range<usize>) -> Position {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = self.text.floor_char_boundary(span.end.min(self.text.len())).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |newline| start + newline);
        let line_end = line_start.max(line_start + self.text[line_start..line_end].trim_end_matches('\r').len());
        let characters = |from: usize, to: usize| self.text.get(from..to).map_or(0, |text| text.chars().count());
        Position {
            line: self.text[..line_start].matches('\n').count() + 1,
            column: characters(line_start, start) + 1,
            width: characters(start, end.min(line_end)).max(1),
            source_line: self.text[line_start..line_end].to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_lines() {
        let source = Source::new(Path::new("a/b.toml"), "\u{feff}é = 1\r\nkey = [\n 2 ]", &[]);
        assert_eq!(source.folder(), Path::new("a"));
        let position = |text: &str| {
            let start = source.text.find(text).expect("in the text");
            source.position(&(start..start + text.len()))
        };
        assert_eq!(position("1"), Position { line: 1, column: 5, width: 1, source_line: "é = 1".to_owned() });
        let list = position("[\n 2 ]");
        assert_eq!((list.line, list.column, list.width), (2, 7, 1));
        let beyond = source.position(&(99..120));
        assert_eq!((beyond.line, beyond.column, beyond.width), (3, 5, 1));
    }
}
