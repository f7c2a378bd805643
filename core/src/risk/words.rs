//! What a person writes beside a halt or a resume: a reason, a name.
//!
//! Not here: who must give one (halts, kill_switch).
//! Invariant: one line of 1 to [`Words::CHARS_MAX`] characters, none of them a control character, no space at
//! either end. Made at the door, so nobody checks again: a value of this type *is* a reason that says something.
use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One line that says something.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Words(Cow<'static, str>);

/// Why a piece of text cannot be kept as words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Nothing but spaces.
    #[error("it is blank; say in a few words why")]
    Blank,
    /// Longer than a line that is read before trading goes on.
    #[error("it has {have} characters, allowed are {}; shorten it", Words::CHARS_MAX)]
    TooLong {
        /// Characters of the text.
        have: usize,
    },
    /// A line break, a tab, an escape, what turns the direction of writing or cannot be seen: it would change what a
    /// terminal or a log shows.
    #[error("it holds U+{:04X}, which changes what a terminal shows or cannot be seen; write it in plain words on one line", u32::from(*character))]
    Control {
        /// The first of them.
        character: char,
    },
}

impl Words {
    /// Most characters: what a person reads in one glance, and a hundred of them keep the file of a kill switch
    /// below its limit.
    pub const CHARS_MAX: usize = 500;

    /// `text` without the spaces around it. Allocates.
    pub fn new(text: &str) -> Result<Words, WordsError> {
        Words::check(text.trim()).map(|text| Words(Cow::Owned(text.to_owned())))
    }

    /// `text` as far as it can be kept: spaces for control characters, cut where it is too long; `None` where nothing
    /// is left. For what must not fail for its words, such as a halt. Allocates.
    pub fn readable(text: &str) -> Option<Words> {
        let clean = |character: char| if is_unshown(character) { ' ' } else { character };
        let line: String = text.trim().chars().map(clean).take(Words::CHARS_MAX).collect();
        Words::new(&line).ok()
    }

    /// Words of this program itself, in ASCII. In a `const` a text against the rules does not compile.
    pub const fn fixed(text: &'static str) -> Words {
        let bytes = text.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= Words::CHARS_MAX, "fixed words are not blank and not too long");
        assert!(bytes[0] != b' ' && bytes[bytes.len() - 1] != b' ', "fixed words have no space at either end");
        let mut at = 0;
        while at < bytes.len() {
            assert!(matches!(bytes[at], b' '..=b'~'), "fixed words are printable ASCII");
            at += 1;
        }
        Words(Cow::Borrowed(text))
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<&str, WordsError> {
        let have = text.chars().count();
        match text.chars().find(|character| is_unshown(*character)) {
            Some(character) => Err(WordsError::Control { character }),
            None if text.is_empty() => Err(WordsError::Blank),
            None if have > Words::CHARS_MAX => Err(WordsError::TooLong { have }),
            None => Ok(text),
        }
    }
}

/// Control characters, and those of Unicode's formats and separators that break a line, turn the direction of writing,
/// or take no room.
fn is_unshown(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Words {
    type Error = WordsError;

    fn try_from(text: String) -> Result<Words, WordsError> {
        Words::new(&text)
    }
}

impl From<Words> for String {
    fn from(words: Words) -> String {
        words.0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_something_on_one_line() {
        assert_eq!(Words::new("  bad prices ").unwrap().as_str(), "bad prices");
        for blank in ["", " ", "\t \n", "\u{3000}"] {
            assert_eq!(Words::new(blank), Err(WordsError::Blank), "{blank:?}");
        }
        for (text, character) in [("a\nb", '\n'), ("\u{1b}[2J x", '\u{1b}'), ("a\u{0}", '\u{0}')] {
            assert_eq!(Words::new(text), Err(WordsError::Control { character }), "{text:?}");
        }
        assert!(Words::new(&"é".repeat(500)).is_ok());
        assert_eq!(Words::new(&"é".repeat(501)), Err(WordsError::TooLong { have: 501 }));
    }

    #[test]
    fn what_cannot_be_kept_whole_is_kept_as_far_as_it_can() {
        let kept = |text: &str| Words::readable(text).map(|words| words.as_str().to_owned());
        assert_eq!(kept(" odd fills\r\nin AIG\u{1b}[2J ").as_deref(), Some("odd fills  in AIG [2J"));
        assert_eq!(kept(&"é".repeat(9000)).map(|text| text.chars().count()), Some(Words::CHARS_MAX));
        assert_eq!(kept(" \n\t").or(kept("")), None);
        assert_eq!(kept("\u{202e}\u{200b}"), None);
        assert_eq!(kept("a\u{202e}b").as_deref(), Some("a b"));
        assert_eq!(Words::new("a\u{2066}b"), Err(WordsError::Control { character: '\u{2066}' }));
    }

    /// What a text against the rules does in a `const`, it does here too: it panics.
    #[test]
    fn fixed_words_keep_the_rules() {
        let long = |chars: usize| -> &'static str { "x".repeat(chars).leak() };
        let is_refused = |text: &'static str| std::panic::catch_unwind(|| Words::fixed(text)).is_err();
        for text in ["x", "~", "a b", "!?", long(Words::CHARS_MAX)] {
            assert!(!is_refused(text) && Words::fixed(text).as_str() == text, "{text}");
        }
        for text in ["", " x", "x ", " ", "a\nb", "\u{7f}", "\u{1f}", "é", long(Words::CHARS_MAX + 1)] {
            assert!(is_refused(text), "{text:?}");
        }
    }

    #[test]
    fn a_file_is_a_door_too() {
        let read = |json: &str| serde_json::from_str::<Words>(json);
        assert_eq!(read("\"why\"").unwrap(), Words::fixed("why"));
        assert!(read("\" \"").unwrap_err().to_string().starts_with("it is blank"));
        assert!(read("null").is_err());
        assert_eq!(serde_json::to_string(&Words::fixed("why")).unwrap(), "\"why\"");
    }
}
