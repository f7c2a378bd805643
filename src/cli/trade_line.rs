//! The lines of a session on a terminal: one an event, in the market's time.
//!
//! Not here: what happened (live). Colours only where asked: dim for the usual, bold for what matters.
use crate::live::{SessionEvent, Severity};

/// `2013-10-07 13:31:00Z  fill        AAPL   Bought 100 AAPL at 487.03.`
pub(super) fn line(event: &SessionEvent, colours: bool) -> String {
    let time = event.time.to_string();
    let kind = serde_json::to_value(event.kind).ok().and_then(|value| value.as_str().map(str::to_owned));
    let kind = kind.unwrap_or_default().replace('_', " ");
    let whose = event.strategy.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    // A text may hold words of the venue: nothing in it moves the cursor or breaks the line.
    let text: String = event.text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let mark = match event.severity {
        Severity::Info | Severity::Notice => " ",
        Severity::Warning => "!",
        Severity::Critical => "‼",
    };
    let plain = format!("{time} {mark} {kind:<14} {whose}{text}");
    match (colours, event.severity) {
        (false, _) | (true, Severity::Notice) => plain,
        (true, Severity::Info) => format!("\u{1b}[2m{plain}\u{1b}[0m"),
        (true, Severity::Warning) => format!("\u{1b}[1m{plain}\u{1b}[0m"),
        (true, Severity::Critical) => format!("\u{1b}[1;31m{plain}\u{1b}[0m"),
    }
}
