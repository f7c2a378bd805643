//! What the desk noticed, as events.
//!
//! Not here: the words of a finding (execution::alpaca), what is done about it (driver).
use super::terms::Terms;
use crate::domain::Timestamp;
use crate::execution::alpaca::Finding;
use crate::live::event::{EventKind, RefusedOrder, SessionEvent, Severity};
use crate::report::format::capitalized;

/// The event of a finding, before it has a row.
pub fn event(finding: &Finding, terms: &Terms, time: Timestamp) -> SessionEvent {
    let (kind, severity) = weight(finding);
    let symbol = match finding {
        Finding::ForeignOrder { symbol, .. } => Some(symbol.clone()),
        Finding::Position { symbol, .. } | Finding::Bare { symbol, .. } => Some(symbol.to_string()),
        _ => None,
    };
    let text = format!("{}.", capitalized(&finding.to_string()));
    // The venue's words are in the sentence; here is which order they are about.
    let refused = finding.order().filter(|_| kind == EventKind::Refusal);
    let refused = refused.map(|order| RefusedOrder { order, reason: "venue".to_owned(), need: None, have: None });
    SessionEvent { row: 0, time, kind, severity, strategy: Some(terms.name.clone()), symbol, text, refused }
}

fn weight(finding: &Finding) -> (EventKind, Severity) {
    match finding {
        Finding::ForeignOrder { .. } => (EventKind::Unauthorised, Severity::Critical),
        Finding::Position { .. } | Finding::Busted { .. } | Finding::LateFill { .. } => {
            (EventKind::Reconciliation, Severity::Critical)
        }
        Finding::Bare { .. } | Finding::NotArmed { .. } => (EventKind::Reconciliation, Severity::Critical),
        Finding::MissingFill { .. } | Finding::StopEnded { .. } | Finding::Stuck { .. } => {
            (EventKind::Reconciliation, Severity::Warning)
        }
        Finding::NotMoved { .. }
        | Finding::NotChanged { .. }
        | Finding::Refused { .. }
        | Finding::GaveWay { .. }
        | Finding::ExitWaits { .. } => (EventKind::Refusal, Severity::Warning),
        Finding::Stream(_) => (EventKind::Connection, Severity::Warning),
        Finding::Unauthorized(_) => (EventKind::Connection, Severity::Critical),
        Finding::Strange(_) | Finding::Unreadable(_) | Finding::Skew { .. } => (EventKind::Health, Severity::Warning),
    }
}

/// Is it something at the venue that nobody of ours made?
pub fn is_unauthorised(event: &SessionEvent) -> bool {
    event.kind == EventKind::Unauthorised
}
