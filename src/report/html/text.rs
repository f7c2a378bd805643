//! Text that is safe inside HTML, and inside JSON inside HTML.
//!
//! Not here: any page. Every string that a user wrote passes through here once, at the place where
//! it enters the page.
use std::borrow::Cow;

/// `text` for element content and double-quoted attributes.
pub(in crate::report) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// `text` as a JSON string that cannot end the script element around it.
pub(in crate::report) fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            control if u32::from(control) < 0x20 => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

/// Text that was written for a terminal: its minus becomes as wide as a digit.
pub(in crate::report) fn typographic(message: &str) -> String {
    let mut text = String::with_capacity(message.len() + 4);
    let mut before = ' ';
    let mut letters = message.chars();
    while let Some(letter) = letters.next() {
        // "-5" and "-$5" are amounts; "-x" is a word.
        let mut after = letters.clone().skip_while(|after| *after == '$');
        let sign = letter == '-' && before == ' ' && after.next().is_some_and(|after| after.is_ascii_digit());
        text.push(if sign { '\u{2212}' } else { letter });
        before = letter;
    }
    text
}

/// Standard base64 with padding (RFC 4648, section 4).
pub(in crate::report) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_opens_a_tag() {
        assert_eq!(escape("<b>\"A\" & 'B'</b>"), "&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;");
        assert_eq!(json_string("</script>\n"), "\"\\u003c/script\\u003e\\u000a\"");
    }

    #[test]
    fn a_minus_before_an_amount_is_as_wide_as_a_digit() {
        assert_eq!(
            typographic("-5 and -$7.44, a-b, -x, 2013-10-07"),
            "\u{2212}5 and \u{2212}$7.44, a-b, -x, 2013-10-07"
        );
    }

    #[test]
    fn base64_as_in_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    proptest! {
        #[test]
        fn json_strings_read_back(text in any::<String>()) {
            let json = json_string(&text);
            prop_assert!(!json.contains('<'));
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
        }
    }
}
