//! Which events people are told of.
//!
//! Not here: how (text), by which way (channel). What is not told is in the journal and on the dashboard.
use crate::live::{EventKind, SessionEvent, Severity};

/// Is `event` told?
///
/// Always: what changes a position, stops or starts trading, and what does not tie. Orders, cancels, cash, health and
/// sign-ins only when they are worth a look now. A refusal is never told alone: many within a minute are a burst.
pub fn is_told(event: &SessionEvent) -> bool {
    match event.kind {
        EventKind::Started
        | EventKind::Stopped
        | EventKind::ModeChange
        | EventKind::Fill
        | EventKind::Stop
        | EventKind::TakeProfit
        | EventKind::RefusalBurst
        | EventKind::Halt
        | EventKind::Kill
        | EventKind::Resume
        | EventKind::Connection
        | EventKind::Reconciliation
        | EventKind::Unauthorised
        | EventKind::DailySummary => true,
        EventKind::Order | EventKind::Canceled | EventKind::Cash | EventKind::Health | EventKind::Login => {
            event.severity >= Severity::Warning
        }
        EventKind::Refusal => false,
    }
}

/// The kind as a person reads it.
pub fn kind_in_words(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Started => "Session started",
        EventKind::Stopped => "Session stopped",
        EventKind::ModeChange => "Mode change",
        EventKind::Order => "Order",
        EventKind::Fill => "Fill",
        EventKind::Stop => "Stop",
        EventKind::TakeProfit => "Take-profit",
        EventKind::Canceled => "Canceled order",
        EventKind::Refusal => "Refusal",
        EventKind::RefusalBurst => "Refusal burst",
        EventKind::Halt => "Halt",
        EventKind::Kill => "Kill switch",
        EventKind::Resume => "Resume",
        EventKind::Connection => "Connection",
        EventKind::Reconciliation => "Reconciliation",
        EventKind::Unauthorised => "Unauthorised",
        EventKind::Cash => "Cash",
        EventKind::DailySummary => "Daily summary",
        EventKind::Health => "Health",
        EventKind::Login => "Sign-in",
    }
}

/// The severity as a person reads it.
pub fn severity_in_words(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "As usual",
        Severity::Notice => "Worth a look when there is time",
        Severity::Warning => "Worth a look now",
        Severity::Critical => "Somebody must act",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::notify::testing::event;

    #[test]
    fn a_refusal_alone_is_not_told_and_a_burst_is() {
        let told = |kind, severity| is_told(&event(1, kind, severity, "x"));
        for severity in [Severity::Info, Severity::Notice, Severity::Warning, Severity::Critical] {
            assert!(!told(EventKind::Refusal, severity));
            assert!(told(EventKind::RefusalBurst, severity) && told(EventKind::Fill, severity));
        }
        for kind in [EventKind::Order, EventKind::Canceled, EventKind::Cash, EventKind::Health, EventKind::Login] {
            assert!(!told(kind, Severity::Info) && !told(kind, Severity::Notice), "{kind:?}");
            assert!(told(kind, Severity::Warning) && told(kind, Severity::Critical), "{kind:?}");
        }
    }
}
