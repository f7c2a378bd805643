//! The words of a condition of `where`, each with its place in the text.
//!
//! Not here: what they mean together (`condition_parse`).
use std::ops::Range;

use super::condition::Trouble;

/// Longest condition, in bytes: room for a dozen comparisons, and no text can nest deeper than a stack holds.
pub(super) const BYTES_MAX: usize = 1_000;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Decimal digits, perhaps with a point and an exponent.
    Number(String),
    /// A key, `and`, `or`, `not`, `true`, `false`.
    Word(String),
    /// Text in quotes, without them.
    Text(String),
    /// A sign, in its plain spelling: `<=` also for `≤`.
    Sign(&'static str),
}

/// A word and the bytes it stands at.
pub(super) type Placed = (Token, Range<usize>);

/// Every sign, the longer ones first, with its plain spelling.
const SIGNS: &[(&str, &str)] = &[
    ("<=", "<="),
    (">=", ">="),
    ("==", "=="),
    ("!=", "!="),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("<", "<"),
    (">", ">"),
    ("+", "+"),
    ("-", "-"),
    ("−", "-"),
    ("*", "*"),
    ("×", "*"),
    ("/", "/"),
    ("÷", "/"),
    ("(", "("),
    (")", ")"),
];

/// Cuts `text` into words.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Trouble> {
    if text.len() > BYTES_MAX {
        let what = format!("a condition has {} bytes, allowed is {BYTES_MAX}", text.len());
        return Err(Trouble::new(0..text.len(), what).note("split it: all texts of `where` must hold"));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match first {
            first if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '0'..='9' => number(rest),
            'a'..='z' | 'A'..='Z' | '_' => word(rest),
            '"' | '\'' => quoted(rest, first, at)?,
            _ => match SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
                Some((sign, plain)) => (Token::Sign(plain), sign.len()),
                None => return Err(unknown(first, at)),
            },
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    Ok(tokens)
}

fn number(rest: &str) -> (Token, usize) {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        length += match digits((length + 1 + sign).min(bytes.len())) {
            0 => 0,
            exponent => 1 + sign + exponent,
        };
    }
    (Token::Number(rest[..length].to_owned()), length)
}

fn word(rest: &str) -> (Token, usize) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let length = rest.bytes().take_while(|byte| is_part(byte)).count();
    (Token::Word(rest[..length].to_owned()), length)
}

fn quoted(rest: &str, mark: char, at: usize) -> Result<(Token, usize), Trouble> {
    match rest[1..].find(mark) {
        Some(length) => Ok((Token::Text(rest[1..=length].to_owned()), length + 2)),
        None => Err(Trouble::new(at..at + rest.len(), "a text does not end").note(format!("close it with {mark}"))),
    }
}

fn unknown(character: char, at: usize) -> Trouble {
    let remedy = match character {
        '=' => "write == to compare",
        '&' | '|' | '!' => "write and, or, not",
        _ => "a condition has keys, numbers, < <= > >= == !=, + - * /, and, or, not, parentheses",
    };
    let shown = if character.is_control() { '·' } else { character };
    Trouble::new(at..at + character.len_utf8(), format!("`{shown}` has no meaning in a condition")).note(remedy)
}
