//! The lines of a session: one an event. In a pipe each stands for itself; on a terminal the day is named once.
//!
//! Not here: what happened (live), the lines that are redrawn (trade_status). Colours only where asked: dim for the usual,
//! bold for what matters.
use jiff::tz::TimeZone;

use crate::domain::Timestamp;
use crate::live::{SessionEvent, Severity};
use crate::report::terminal::{Colours, Screen};

/// Columns before the sentence on a terminal: time, mark, kind.
const INDENT: usize = 27;
/// A narrower terminal breaks lines by itself.
const COLUMNS_MIN: usize = 60;

/// The moment as the exchange's clock shows it, in the form of `strftime`.
pub(super) fn in_new_york(time: Timestamp, form: &str) -> String {
    let zone = TimeZone::get("America/New_York").expect("the time zones are inside the program");
    time.to_jiff().to_zoned_datetime(zone).strftime(form).to_string()
}

/// For a pipe or a file: `2013-10-07T13:31:00Z    fill           trend: Bought 100 AAPL at 487.03.`
pub(super) fn plain(event: &SessionEvent) -> String {
    let whose = event.strategy.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let rows: Vec<String> = event.table().into_iter().flat_map(str::lines).map(in_line).collect();
    let table = if rows.is_empty() { String::new() } else { format!(" {}", rows.join("; ")) };
    let sentence = shown(event.sentence());
    format!("{} {:<2} {:<14} {whose}{sentence}{table}", event.time, mark(event.severity), kind(event))
}

/// A row of a table without the spaces that make its columns: `Equity, close before: $99,381.63`.
fn in_line(row: &str) -> String {
    let cells: Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    shown(&cells.join(": "))
}

/// For a terminal: `09:31:00    fill           Bought 100 AAPL at 487.03.`, broken between words.
///
/// `names_strategy`: more than one scenario trades.
pub(super) fn on_screen(event: &SessionEvent, screen: &Screen, names_strategy: bool) -> String {
    let time = in_new_york(event.time, "%H:%M:%S");
    let whose = event.strategy.as_deref().filter(|_| names_strategy).map(|name| format!("{name}: "));
    let text = format!("{}{}", whose.unwrap_or_default(), shown(event.sentence()));
    let head = format!("{time} {:<2} {:<14} ", mark(event.severity), kind(event));
    let width = screen.columns.unwrap_or(0);
    let broken = if width < COLUMNS_MIN { text } else { wrapped(&text, width - INDENT - 1) };
    let table: Option<String> =
        event.table().map(|table| table.lines().map(|row| format!("\n{:INDENT$}{}", "", shown(row))).collect());
    let all = format!("{head}{broken}{}", table.unwrap_or_default());
    match (screen.colours, event.severity) {
        (Colours::None, _) | (_, Severity::Notice) => all,
        (_, Severity::Info) => format!("\u{1b}[2m{all}\u{1b}[0m"),
        (_, Severity::Warning | Severity::Critical) => format!("\u{1b}[1m{all}\u{1b}[0m"),
    }
}

/// `Mon 2013-10-07, New York time`
pub(super) fn day(time: Timestamp) -> String {
    format!("{}, New York time", in_new_york(time, "%a %Y-%m-%d"))
}

fn kind(event: &SessionEvent) -> String {
    let kind = serde_json::to_value(event.kind).ok().and_then(|value| value.as_str().map(str::to_owned));
    kind.unwrap_or_default().replace('_', " ")
}

fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Notice => "",
        Severity::Warning => "!",
        Severity::Critical => "!!",
    }
}

/// A text may hold words of the venue: nothing in it moves the cursor or breaks the line. Terminals get a plain minus.
pub(super) fn shown(text: &str) -> String {
    let letter = |letter: char| match letter {
        '\u{2212}' => '-',
        letter if letter.is_control() => ' ',
        letter => letter,
    };
    text.chars().map(letter).collect()
}

/// `text` in lines of at most `width` characters where its words allow it, all but the first indented.
fn wrapped(text: &str, width: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(INDENT));
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::EventKind;

    fn event(severity: Severity, text: &str) -> SessionEvent {
        SessionEvent {
            row: 7,
            time: "2013-10-07T13:31:00Z".parse().expect("a time"),
            kind: EventKind::RefusalBurst,
            severity,
            strategy: Some("trend".to_owned()),
            symbol: None,
            text: text.to_owned(),
            refused: None,
        }
    }

    const SCREEN: Screen = Screen { columns: Some(60), colours: Colours::Sixteen, unicode: true };

    #[test]
    fn a_pipe_gets_one_line_that_stands_for_itself() {
        let text = "Sold 5 A,\u{1b}[2J \u{2212}$1.00.\nEquity, close before  $99,381.63\nIBM 52     \u{2212}$2.50\nHalt: By hand.";
        assert_eq!(
            plain(&event(Severity::Critical, text)),
            "2013-10-07T13:31:00Z !! refusal burst  trend: Sold 5 A, [2J -$1.00. Equity, close before: $99,381.63; \
             IBM 52: -$2.50; Halt: By hand."
        );
    }

    #[test]
    fn a_terminal_gets_broken_lines_in_the_time_of_the_exchange() {
        let text = "Five words stand here now, and seven more come after them.\na  1";
        let wanted = "09:31:00 !  refusal burst  Five words stand here now, and\n                           seven more come after them.\n\
                      \x20                          a  1";
        assert_eq!(on_screen(&event(Severity::Warning, text), &SCREEN, false), format!("\u{1b}[1m{wanted}\u{1b}[0m"));
        let plain = Screen { colours: Colours::None, ..SCREEN };
        assert!(on_screen(&event(Severity::Info, "Now."), &plain, true).ends_with(" trend: Now."));
        assert_eq!(day(event(Severity::Info, "").time), "Mon 2013-10-07, New York time");
    }
}
