//! What the terminal can show, and text set for it: tones, width, wrapping.
//!
//! Not here: asking the terminal (cli). Invariant: text from a file reaches the screen without its
//! control characters, so a file cannot drive the terminal.

/// Narrowest text: below, words would stand one a line.
const COLUMNS_MIN: usize = 40;
/// Widest text: longer lines are hard to read.
const COLUMNS_MAX: usize = 120;
/// Columns where nobody says how many there are: a pipe, a file.
const COLUMNS_UNKNOWN: usize = 80;

/// How many colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// No escape at all.
    None,
    /// The eight of ANSI and their bright halves.
    Sixteen,
    /// The palette of xterm.
    TwoHundredFiftySix,
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Its width; `None` when the output is no terminal.
    pub columns: Option<usize>,
    /// Its colours.
    pub colours: Colours,
    /// Does it show Unicode?
    pub unicode: bool,
}

/// How a piece of text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Strong,
    Dim,
    Gain,
    Loss,
    Warn,
}

impl Screen {
    /// A pipe or a file: no width, no colour, no drawing.
    pub const PIPE: Screen = Screen { columns: None, colours: Colours::None, unicode: false };

    /// Characters of a line of text.
    pub(super) fn width(&self) -> usize {
        self.columns.map_or(COLUMNS_UNKNOWN, |columns| columns.clamp(COLUMNS_MIN, COLUMNS_MAX))
    }

    /// Room for a line chart?
    pub(super) fn has_chart(&self) -> bool {
        self.unicode && self.columns.is_some_and(|columns| columns >= 80)
    }

    /// `text` in `ink`.
    pub(super) fn set(&self, ink: Ink, text: &str) -> String {
        let text = visible(text);
        let code = match (self.colours, ink) {
            (Colours::None, _) | (_, Ink::Plain) => return text,
            (_, Ink::Strong) => "1",
            (_, Ink::Dim) => "2",
            (_, Ink::Gain) => "1;94",
            (Colours::TwoHundredFiftySix, Ink::Loss) => "1;38;5;215",
            (_, Ink::Loss | Ink::Warn) => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Lines of `pieces`, broken between words at the width; all but the first begin with `indent` blanks.
    /// `taken`: characters that already stand on the first line.
    pub(super) fn wrap(&self, pieces: &[(Ink, &str)], taken: usize, indent: usize) -> String {
        let mut words: Vec<Vec<(Ink, String)>> = vec![Vec::new()];
        for (ink, text) in pieces {
            for (number, part) in text.split(' ').enumerate() {
                if number > 0 {
                    words.push(Vec::new());
                }
                if let (Some(word), false) = (words.last_mut(), part.is_empty()) {
                    word.push((*ink, part.to_owned()));
                }
            }
        }
        let (mut out, mut column, mut first) = (String::new(), taken, true);
        for word in words.iter().filter(|word| !word.is_empty()) {
            let length: usize = word.iter().map(|(_, text)| text.chars().count()).sum();
            if !first && column + 1 + length > self.width() {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                column = indent;
            } else if !first {
                out.push(' ');
                column += 1;
            }
            word.iter().for_each(|(ink, text)| out.push_str(&self.set(*ink, text)));
            column += length;
            first = false;
        }
        out
    }
}

/// Text with one visible character for each of its own: control characters become `·`.
fn visible(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '·' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Screen = Screen { columns: Some(40), colours: Colours::TwoHundredFiftySix, unicode: true };

    #[test]
    fn words_wrap_and_keep_their_ink() {
        let text = NARROW.wrap(
            &[(Ink::Plain, "one two three four five six seven eight "), (Ink::Gain, "+94.7%"), (Ink::Plain, ".")],
            2,
            4,
        );
        assert_eq!(text, "one two three four five six seven\n    eight \x1b[1;94m+94.7%\x1b[0m.");
    }

    #[test]
    fn a_pipe_gets_plain_text_and_no_control_characters() {
        assert_eq!(Screen::PIPE.set(Ink::Loss, "a\x1b[31mb\nc"), "a·[31mb·c");
        assert_eq!(Screen { colours: Colours::Sixteen, ..NARROW }.set(Ink::Loss, "x"), "\x1b[33mx\x1b[0m");
        assert!(!Screen::PIPE.has_chart());
    }
}
