//! An event as a message: subject, plain text, HTML, Slack text, JSON. Each begins with the mode and the sentence.
//!
//! Not here: who gets it (channel), whether it is told (rules).
//! Invariants: (1) nothing of an event reaches a message before secrets are out and unsafe characters are; (2) a subject
//! is one line; (3) every message has a bound, whatever the event says.
use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::escape;
use super::rules::{kind_in_words, severity_in_words};
use crate::domain::Timestamp;
use crate::live::redact::Redactor;
use crate::live::{SessionEvent, Severity};

/// Longest subject: phones show about 80 characters of it, mail programs about 200.
const SUBJECT_CHARS_MAX: usize = 200;
/// Longest sentence in a message.
const SENTENCE_CHARS_MAX: usize = 1_000;
/// Longest table: a day with a hundred positions.
const TABLE_CHARS_MAX: usize = 12_000;
/// Longest name of a strategy, share or session in a message.
const NAME_CHARS_MAX: usize = 100;
/// What the reader can do, from any terminal.
const ADVICE: &str = "alphaflow status says what holds; alphaflow halt stops everything until a person resumes it.";

/// Of dark screens and phones. What stands in an element gives way only to what insists.
const STYLE: &str = "@media (prefers-color-scheme:dark){body{background:#0A0E13!important;color:#E9EEF3!important}\
     th{color:#AAB5C1!important}.rehearsal,.test{background:#18212A!important;color:#E9EEF3!important}\
     .urgent{background:#2B2409!important;border-color:#F4CF58!important}}\
     @media (max-width:480px){th{white-space:normal!important}pre{font-size:11px!important}}";

/// The word that a message begins with: where the session trades.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Banner {
    /// The built-in exchange.
    Rehearsal,
    /// A paper account.
    Paper,
    /// Real money.
    Live,
    /// No session: `alphaflow notify test`.
    Test,
}

/// One message, ready for any channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    banner: Banner,
    sentence: String,
    table: Option<String>,
    /// Name and value, in order.
    facts: Vec<(&'static str, String)>,
    severity: &'static str,
    is_urgent: bool,
    key: String,
    object: Value,
}

impl Banner {
    /// The banner of a mode by its name (`rehearsal`, `paper`, `live`); `None` for any other.
    pub fn of_mode(name: &str) -> Option<Banner> {
        [Banner::Rehearsal, Banner::Paper, Banner::Live].into_iter().find(|banner| banner.mode() == name)
    }

    /// As in `--mode`; `test` where there is no session.
    pub fn mode(self) -> &'static str {
        match self {
            Banner::Rehearsal => "rehearsal",
            Banner::Paper => "paper",
            Banner::Live => "live",
            Banner::Test => "test",
        }
    }

    /// In capitals.
    pub fn word(self) -> &'static str {
        match self {
            Banner::Rehearsal => "REHEARSAL",
            Banner::Paper => "PAPER",
            Banner::Live => "LIVE",
            Banner::Test => "TEST",
        }
    }

    /// What the word means.
    fn meaning(self) -> &'static str {
        match self {
            Banner::Rehearsal => "No money, replayed market",
            Banner::Paper => "Simulated money",
            Banner::Live => "REAL MONEY",
            Banner::Test => "No session",
        }
    }

    /// Colours of the band and of its text.
    fn colours(self) -> (&'static str, &'static str) {
        match self {
            Banner::Live => ("#C3112D", "#FFFFFF"),
            Banner::Paper => ("#0A665E", "#FFFFFF"),
            Banner::Rehearsal | Banner::Test => ("#ECEFF3", "#0F161D"),
        }
    }
}

impl Message {
    /// The message of `event`. `session`: its name. `journal`: what tells this journal from others.
    pub fn new(banner: Banner, session: &str, journal: &str, event: &SessionEvent, redactor: &Redactor) -> Message {
        let name = |text: &str| escape::line(&redactor.clean(text), NAME_CHARS_MAX);
        let sentence = escape::line(&redactor.clean(event.sentence()), SENTENCE_CHARS_MAX);
        let table = event.table().map(|table| escape::lines(&redactor.clean(table), TABLE_CHARS_MAX));
        let strategy = event.strategy.as_deref().map(name);
        let symbol = event.symbol.as_deref().map(name);
        let session = name(session);
        let (kind, severity) = (kind_in_words(event.kind), severity_in_words(event.severity));
        let mut facts = vec![("What", kind.to_owned()), ("When", in_new_york(event.time))];
        facts.push(("How much it matters", severity.to_owned()));
        facts.extend(strategy.clone().map(|strategy| ("Strategy", strategy)));
        facts.extend(symbol.clone().map(|symbol| ("Share", symbol)));
        facts.push(("Session", session.clone()));
        if event.row > 0 {
            facts.push(("Journal row", event.row.to_string()));
        }
        let key = key(banner, journal, event);
        let object = json!({
            "version": 1,
            "key": key,
            "mode": banner.mode(),
            "session": session,
            "text": format!("{}: {sentence}", banner.word()),
            "table": table,
            "event": {
                "row": event.row, "time": event.time, "kind": event.kind, "severity": event.severity,
                "strategy": strategy, "symbol": symbol,
            },
        });
        let is_urgent = event.severity >= Severity::Warning;
        Message { banner, sentence, table, facts, severity, is_urgent, key, object }
    }

    /// One line: the mode and the sentence.
    pub fn subject(&self) -> String {
        escape::line(&self.first_line(), SUBJECT_CHARS_MAX)
    }

    /// The same for the same event of the same journal, and for no other.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// For a generic webhook.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// Is there a table below the sentence?
    pub fn has_table(&self) -> bool {
        self.table.is_some()
    }

    fn first_line(&self) -> String {
        format!("{}: {}", self.banner.word(), self.sentence)
    }

    /// For people who read text.
    pub fn plain(&self) -> String {
        let mut out = format!("{}\n{}.\n\n", self.first_line(), self.banner.meaning());
        if let Some(table) = &self.table {
            let _ = write!(out, "{table}\n\n");
        }
        for (name, value) in &self.facts {
            let _ = writeln!(out, "{name}: {value}");
        }
        if self.is_urgent {
            let _ = write!(out, "\n{ADVICE}\n");
        }
        out
    }

    /// For mail programs; loads nothing. Colours stand in the elements, for programs that read no style sheet; a dark
    /// screen and a phone have rules of their own.
    pub fn html(&self) -> String {
        let (band, ink) = self.banner.colours();
        let (word, meaning) = (self.banner.word(), self.banner.meaning());
        let (title, sentence) = (escape::html(&self.subject()), escape::html(&self.sentence));
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{title}</title>\n<style>{STYLE}</style></head>\n\
             <body style=\"margin:0;background:#FFFFFF;color:#0F161D;font:15px/1.5 Arial,sans-serif\">\n\
             <p class=\"{}\" style=\"margin:0;padding:12px 16px;background:{band};color:{ink}\">\
             <b style=\"letter-spacing:.05em\">{word}</b>&nbsp; {meaning}</p>\n\
             <p style=\"margin:20px 16px 16px;font-size:18px;line-height:1.4;font-weight:bold;max-width:640px\">\
             {sentence}</p>\n",
            self.banner.mode(),
        );
        if self.is_urgent {
            let text = escape::html(ADVICE);
            let _ = writeln!(
                out,
                "<p class=\"urgent\" style=\"margin:16px;padding:8px 12px;background:#FFF3CC;border-left:4px solid #E0B13C;\
                 max-width:612px\">\u{25b2} <b>{}.</b> {text}</p>",
                escape::html(self.severity),
            );
        }
        if let Some(table) = &self.table {
            let table = escape::html(table);
            let style = "margin:16px;font:13px/1.6 Menlo,Consolas,monospace;white-space:pre-wrap";
            let _ = writeln!(out, "<pre style=\"{style}\">{table}</pre>");
        }
        out.push_str("<table style=\"margin:16px;border-collapse:collapse;font-size:13px\">\n");
        for (name, value) in &self.facts {
            let (name, value) = (escape::html(name), escape::html(value));
            let cell = "padding:3px 16px 3px 0;vertical-align:top;text-align:left";
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\" style=\"{cell};color:#45505C;font-weight:normal;white-space:nowrap\">{name}</th>\
                 <td style=\"{cell}\">{value}</td></tr>"
            );
        }
        out.push_str("</table>\n</body></html>\n");
        out
    }

    /// For Slack's `text`.
    pub fn slack(&self) -> String {
        let mut out = escape::slack(&self.first_line());
        if let Some(table) = &self.table {
            // A fence inside the table would end the block early.
            let table = escape::slack(&table.replace('`', "'"));
            let _ = write!(out, "\n```\n{table}\n```");
        }
        let facts: Vec<String> = self.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let _ = write!(out, "\n{}", escape::slack(&facts.join(" · ")));
        if self.is_urgent {
            let _ = write!(out, "\n{ADVICE}");
        }
        out
    }
}

/// Tells an event of a journal from all others: its row, and a hash of what it says and where.
fn key(banner: Banner, journal: &str, event: &SessionEvent) -> String {
    let mut hash = Sha256::new();
    for part in [banner.mode(), journal, &event.time.to_string(), &event.text] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut key = format!("{}-", event.row);
    for byte in &digest[..12] {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// A moment as the exchange's clock shows it, and in UTC.
fn in_new_york(time: Timestamp) -> String {
    let zone = TimeZone::get("America/New_York").expect("the time zones are inside the program");
    let there = time.to_jiff().to_zoned_datetime(zone);
    format!("{} ET ({} UTC)", there.strftime("%a %Y-%m-%d %H:%M:%S"), time.to_jiff().strftime("%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::EventKind;
    use crate::live::notify::testing::event;

    fn message(text: &str) -> Message {
        let event = event(7, EventKind::Stop, Severity::Warning, text);
        Message::new(Banner::Live, "s1", "journal", &event, &Redactor::of(["hunter22"]))
    }

    #[test]
    fn every_text_begins_with_the_mode_and_the_sentence() {
        let message = message("Stop sold 52 IBM at 174.20, −$248.56.");
        let first = "LIVE: Stop sold 52 IBM at 174.20, −$248.56.";
        assert_eq!(message.subject(), first);
        assert!(message.plain().starts_with(&format!("{first}\nREAL MONEY.\n")), "{}", message.plain());
        assert!(message.slack().starts_with(first), "{}", message.slack());
        assert_eq!(message.object()["text"], first);
        assert!(message.html().contains(&format!("<title>{first}</title>")));
        for text in [message.plain(), message.slack()] {
            assert!(text.contains("Strategy: trend") && text.contains("Share: IBM"), "{text}");
            assert!(text.contains("Fri 2013-10-18 09:31:05 ET (13:31:05 UTC)") && text.contains(ADVICE), "{text}");
        }
    }

    #[test]
    fn an_event_cannot_break_out_of_a_message_and_takes_no_secret_along() {
        let text = "hunter22 <b>x</b> <!here> & \"y\"\u{1b}[2J\n```\n<i>hunter22</i>\r\nz";
        let message = message(text);
        let all = [message.subject(), message.plain(), message.html(), message.slack(), message.object().to_string()];
        for text in &all {
            assert!(!text.contains("hunter22") && text.contains("[secret]"), "{text}");
            assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
        }
        assert!(!message.subject().contains('\n'));
        assert!(!all[2].contains("<b>x") && !all[2].contains("<i>") && !all[2].contains("<!here"), "{}", all[2]);
        assert!(!all[3].contains('<') && all[3].matches("```").count() == 2, "{}", all[3]);
    }

    /// Nobody misses anything for reading the one part or the other.
    #[test]
    fn the_part_in_html_says_what_the_plain_part_says() {
        let message = message("Sold 52 IBM & went <home>.\nIBM 52, stop 174.20  −$248.56\nHalt: Daily loss.");
        let html = message.html();
        let (_, body) = html.split_once("<body").expect("a body");
        let mut text = String::new();
        let mut is_tag = true;
        for letter in body.chars() {
            match letter {
                '<' => is_tag = true,
                '>' => is_tag = false,
                letter if !is_tag => text.push(letter),
                _ => {}
            }
        }
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        for line in message.plain().lines().skip(1).filter(|line| !line.is_empty()) {
            let parts = if line.starts_with("Halt: ") { vec![line] } else { line.splitn(2, ": ").collect() };
            for part in parts {
                assert!(text.contains(part.trim_end_matches('.')), "{part} is not in {text}");
            }
        }
        assert!(text.contains("LIVE") && text.contains("Sold 52 IBM & went <home>."), "{text}");
    }

    #[test]
    fn whatever_an_event_says_the_message_has_a_bound() {
        let message = message(&format!("{}\n{}", "ä".repeat(1 << 20), "<\n".repeat(1 << 20)));
        assert_eq!(message.subject().chars().count(), SUBJECT_CHARS_MAX);
        for text in [message.plain(), message.html(), message.slack(), message.object().to_string()] {
            assert!(text.len() < 100_000, "{}", text.len());
        }
    }

    #[test]
    fn the_key_is_the_event_s_own() {
        let one = event(7, EventKind::Fill, Severity::Info, "x");
        let key = |banner, journal: &str, event: &SessionEvent| {
            Message::new(banner, "s", journal, event, &Redactor::of([])).key().to_owned()
        };
        let first = key(Banner::Live, "a", &one);
        assert_eq!(first, key(Banner::Live, "a", &one.clone()));
        assert!(first.starts_with("7-") && first.len() == 26, "{first}");
        let mut other = one.clone();
        other.text.push('y');
        for another in [key(Banner::Paper, "a", &one), key(Banner::Live, "b", &one), key(Banner::Live, "a", &other)] {
            assert_ne!(first, another);
        }
    }

    #[test]
    fn modes_have_their_banners() {
        for (name, word) in [("rehearsal", "REHEARSAL"), ("paper", "PAPER"), ("live", "LIVE")] {
            assert_eq!(Banner::of_mode(name).map(Banner::word), Some(word));
        }
        assert_eq!((Banner::of_mode("test"), Banner::of_mode("LIVE")), (None, None));
    }
}
