//! Events for the tests of this room.
use crate::domain::Timestamp;
use crate::live::{EventKind, SessionEvent, Severity};

/// An event of IBM at 09:31:05 in New York.
pub fn event(row: u64, kind: EventKind, severity: Severity, text: &str) -> SessionEvent {
    let time: Timestamp = "2013-10-18T13:31:05Z".parse().expect("a time");
    SessionEvent {
        row,
        time,
        kind,
        severity,
        strategy: Some("trend".to_owned()),
        symbol: Some("IBM".to_owned()),
        text: text.to_owned(),
        refused: None,
    }
}
