//! Text from anywhere made fit for a place: one line, HTML, Slack.
//!
//! Not here: secrets (redact). Law: what comes out cannot break out of its place, whatever went in.
use std::fmt::Write as _;

/// Ends a text that was cut.
const ELLIPSIS: char = '…';

/// Would this character change how a line is shown, or begin a new one?
///
/// Control characters, line and paragraph separators, and what turns the direction of writing round.
pub fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `text` on one line of at most `chars_max` characters: what is unsafe becomes a blank.
pub fn line(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(4 * chars_max));
    for (count, letter) in text.chars().enumerate() {
        if count + 1 == chars_max && text.chars().nth(chars_max).is_some() {
            out.push(ELLIPSIS);
            break;
        }
        out.push(if is_unsafe(letter) { ' ' } else { letter });
    }
    out
}

/// `text` of at most `chars_max` characters whose line breaks stay and whose other unsafe characters become blanks.
pub fn lines(text: &str, chars_max: usize) -> String {
    let cut: String = text.chars().take(chars_max).collect();
    let mut out: Vec<String> = cut.split('\n').map(|part| line(part, chars_max)).collect();
    if cut.len() < text.len() {
        out.push(ELLIPSIS.to_string());
    }
    out.join("\n")
}

/// `text` with what is unsafe spelled out as `\n`, `\u{1b}`: for a log, which must not hide it.
pub fn spelled(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (count, letter) in text.chars().enumerate() {
        if count == chars_max {
            out.push(ELLIPSIS);
            break;
        }
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if is_unsafe(letter) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out
}

/// For the text of an element and for a quoted attribute of HTML.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// For Slack's `text`: the three characters that begin links, mentions and entities there.
///
/// Source: Slack, "Formatting text for app surfaces", escaping text.
pub fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No text, however made, leaves its place.
    #[test]
    fn nothing_breaks_out() {
        for text in [
            "a\r\nBcc: thief@example.com\r\n\r\nbody",
            "a\nb\u{2028}c\u{2029}d\u{85}e\u{b}f\u{c}g",
            "\u{1b}[2J\u{1b}]0;title\u{7}",
            "\u{202e}gnp.exe\u{feff}\u{200b}",
            "\0\u{7f}\u{9b}31m",
        ] {
            for one in [line(text, 500), spelled(text, 500)] {
                assert!(!one.chars().any(is_unsafe), "{one:?}");
            }
            assert!(!lines(text, 500).chars().any(|letter| letter != '\n' && is_unsafe(letter)));
        }
        let html = html("<script>alert('x')</script><a href=\"y\">&amp;");
        assert!(!html.contains(['<', '>', '"', '\'']), "{html}");
        assert_eq!(slack("<!channel> & <https://x|y>"), "&lt;!channel&gt; &amp; &lt;https://x|y&gt;");
    }

    #[test]
    fn a_log_spells_what_it_does_not_show() {
        assert_eq!(spelled("a\n{\"level\":\"info\"}\r\t\u{1b}[1m", 100), r#"a\n{"level":"info"}\r\t\u{1b}[1m"#);
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        assert_eq!(line("12345", 5), "12345");
        assert_eq!(line("123456", 5), "1234…");
        assert_eq!(spelled("ÄÖÜäöü", 3), "ÄÖÜ…");
        assert_eq!(lines("a\nb\nc", 3), "a\nb\n…");
        assert_eq!(lines("a\nb", 9), "a\nb");
    }
}
