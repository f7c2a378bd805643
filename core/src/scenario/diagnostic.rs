//! Errors that point into a scenario: where, what, the nearest valid thing, the rule.
//!
//! Not here: finding the errors (`parse`), choosing colours (the CLI passes a [`Style`]).
//! Invariant: rendered text holds no control character out of a file, so a file cannot drive the terminal.
use std::fmt;
use std::path::Path;

/// Most errors reported at once: a screenful; the rest is counted.
pub const DIAGNOSTICS_MAX: usize = 20;

/// Characters of a source line that are shown; a longer line is cut around the caret.
const LINE_SHOWN_MAX: usize = 100;

/// One error, ready to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, or the `--set key=value` that is wrong.
    pub origin: String,
    /// Where in the file; `None` for an override or a file that cannot be read.
    pub position: Option<Position>,
    /// What is wrong, in one line.
    pub what: String,
    /// The part of `what` that is printed strong: the key.
    pub subject: Option<String>,
    /// The nearest valid thing.
    pub nearest: Option<Nearest>,
    /// The rule or the remedy, one line each.
    pub notes: Vec<String>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters the carets stand under, at least 1.
    pub width: usize,
    /// The line itself, without its end.
    pub source_line: String,
}

/// The nearest valid thing and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// "known key", "valid value", "parameter": what stands after "nearest".
    pub label: String,
    /// The thing.
    pub name: String,
}

/// Escape sequences around parts of an error; [`Style::PLAIN`] has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Before the word `error`.
    pub error: &'static str,
    /// Before keys and nearest names.
    pub strong: &'static str,
    /// Before source lines and gutters.
    pub dim: &'static str,
    /// After each of them.
    pub reset: &'static str,
}

impl Style {
    /// No escapes: files, pipes, `NO_COLOR`.
    pub const PLAIN: Style = Style { error: "", strong: "", dim: "", reset: "" };
    /// Bold red, bold, dim.
    pub const ANSI: Style = Style { error: "\x1b[1;31m", strong: "\x1b[1m", dim: "\x1b[2m", reset: "\x1b[0m" };
}

impl Diagnostic {
    /// An error about `origin` as a whole.
    pub fn new(origin: impl Into<String>, what: impl Into<String>) -> Diagnostic {
        let (origin, what) = (origin.into(), what.into());
        Diagnostic { origin, position: None, what, subject: None, nearest: None, notes: Vec::new() }
    }

    /// An error about the file at `path` as a whole.
    pub fn of_file(path: &Path, what: impl Into<String>) -> Diagnostic {
        Diagnostic::new(path.display().to_string(), what)
    }

    /// Prints `subject` strong where it stands in the message.
    pub fn about(mut self, subject: impl Into<String>) -> Diagnostic {
        self.subject = Some(subject.into());
        self
    }

    /// Adds "nearest `label`: `name`".
    pub fn nearest(mut self, label: impl Into<String>, name: impl Into<String>) -> Diagnostic {
        self.nearest = Some(Nearest { label: label.into(), name: name.into() });
        self
    }

    /// Adds a line with the rule or the remedy.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// The error as text with `style`, without a final newline.
    pub fn render(&self, style: &Style) -> String {
        let Style { error, strong, dim, reset } = *style;
        let line = self.position.as_ref().map(|position| format!(":{}", position.line)).unwrap_or_default();
        let what = match &self.subject {
            Some(subject) => visible(&self.what).replacen(
                &visible(subject),
                &format!("{strong}{}{reset}", visible(subject)),
                1, // the message names the key first
            ),
            None => visible(&self.what),
        };
        let mut text = format!("{error}error{reset} {}{line}: {what}", visible(&self.origin));
        if let Some(position) = &self.position {
            let (shown, carets) = position.excerpt();
            text += &format!("\n{dim}{:>5} |{reset} {shown}", position.line);
            text += &format!("\n{dim}{:>5} |{reset} {error}{carets}{reset}", "");
        }
        if let Some(nearest) = &self.nearest {
            text += &format!("\n      nearest {}: {strong}{}{reset}", nearest.label, visible(&nearest.name));
        }
        for note in &self.notes {
            text += &format!("\n      {}", visible(note));
        }
        text
    }
}

impl Position {
    /// The line as shown and the carets below it, cut around the caret when the line is long.
    fn excerpt(&self) -> (String, String) {
        let characters: Vec<char> = visible(&self.source_line).chars().collect();
        let at = (self.column - 1).min(characters.len());
        let first = if characters.len() <= LINE_SHOWN_MAX { 0 } else { at.saturating_sub(LINE_SHOWN_MAX / 2) };
        let last = characters.len().min(first + LINE_SHOWN_MAX);
        let cut = |is_cut: bool| if is_cut { "…" } else { "" };
        let shown: String = characters[first..last].iter().collect();
        let shown = format!("{}{shown}{}", cut(first > 0), cut(last < characters.len()));
        let indent = at - first + usize::from(first > 0);
        let width = self.width.min(last.saturating_sub(at)).max(1);
        (shown, " ".repeat(indent) + &"^".repeat(width))
    }
}

/// Text with one visible character for each of its own: control characters become `·`, a tab a space.
fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' => ' ',
            character if character.is_control() => '·',
            character => character,
        })
        .collect()
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Style::PLAIN))
    }
}

impl std::error::Error for Diagnostic {}

/// All errors of one scenario, in file order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// The first [`DIAGNOSTICS_MAX`].
    pub shown: Vec<Diagnostic>,
    /// How many more there are.
    pub omitted: usize,
}

impl Diagnostics {
    /// Keeps the first [`DIAGNOSTICS_MAX`] of `all` and counts the rest.
    pub fn new(mut all: Vec<Diagnostic>) -> Diagnostics {
        let omitted = all.len().saturating_sub(DIAGNOSTICS_MAX);
        all.truncate(DIAGNOSTICS_MAX);
        Diagnostics { shown: all, omitted }
    }

    /// The errors as text with `style`, a blank line between them, without a final newline.
    pub fn render(&self, style: &Style) -> String {
        let mut parts: Vec<String> = self.shown.iter().map(|diagnostic| diagnostic.render(style)).collect();
        if self.omitted > 0 {
            parts.push(format!("{} more errors; mend these first", self.omitted));
        }
        parts.join("\n\n")
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics { shown: vec![diagnostic], omitted: 0 }
    }
}

impl From<Box<Diagnostic>> for Diagnostics {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Diagnostics::from(*diagnostic)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Style::PLAIN))
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    fn typo() -> Diagnostic {
        let mut diagnostic = Diagnostic::new("scenarios/typo.toml", "unknown key risk.max_drawdwn")
            .about("risk.max_drawdwn")
            .nearest("known key", "risk.max_drawdown")
            .note("every limit in [risk] is required; there is no off switch");
        let source_line = "max_drawdwn = \"0.15\"".to_owned();
        diagnostic.position = Some(Position { line: 31, column: 1, width: 11, source_line });
        diagnostic
    }

    #[test]
    fn prints_as_the_picture() {
        assert_eq!(
            typo().to_string(),
            "error scenarios/typo.toml:31: unknown key risk.max_drawdwn\n   \
                31 | max_drawdwn = \"0.15\"\n      \
                   | ^^^^^^^^^^^\n      \
             nearest known key: risk.max_drawdown\n      \
             every limit in [risk] is required; there is no off switch"
        );
    }

    #[test]
    fn colours_only_when_asked() {
        let styled = typo().render(&Style::ANSI);
        assert!(styled.starts_with("\x1b[1;31merror\x1b[0m scenarios/typo.toml:31: unknown key \x1b[1mrisk."));
        assert!(!typo().to_string().contains('\x1b'));
    }

    #[test]
    fn a_file_cannot_write_escapes_to_the_terminal() {
        let mut diagnostic = Diagnostic::new("a\x1b[2J.toml", "unknown key \x07").note("\x1b]0;title");
        diagnostic.position =
            Some(Position { line: 1, column: 2, width: 1, source_line: "\tx\x1b[31m = 1".to_owned() });
        let text = diagnostic.to_string();
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
        assert!(text.contains("    1 |  x·[31m = 1\n      |  ^"), "{text}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let source_line = format!("{}BAD{}", "a".repeat(300), "b".repeat(300));
        let (shown, carets) = Position { line: 1, column: 301, width: 3, source_line }.excerpt();
        let at = carets.chars().position(|character| character == '^').expect("caret");
        assert_eq!(shown.chars().skip(at).take(3).collect::<String>(), "BAD");
        assert_eq!(shown.chars().count(), LINE_SHOWN_MAX + 2);
        assert_eq!(carets.trim(), "^^^");
    }

    #[test]
    fn more_than_a_screenful_is_counted() {
        let all = Diagnostics::new(vec![typo(); 23]);
        assert_eq!((all.shown.len(), all.omitted), (20, 3));
        assert!(all.to_string().ends_with("\n\n3 more errors; mend these first"));
    }
}
