//! The order in which events leave, with the faults that strike them.
//!
//! Not here: drawing faults (draws), sending (hub).
//! Invariant: at most one event is held back; it leaves right after the next, or when it is released.
use std::time::Duration;

use super::draws::EventFate;
use super::faults::EventFault;

/// Events of one stream on their way out.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line<T> {
    held: Option<T>,
}

/// What is to be done for a listener, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Delivery<T> {
    /// Send it.
    Event(T),
    /// Wait so long.
    Pause(Duration),
    /// Cut the connection.
    Cut,
}

impl<T> Default for Line<T> {
    fn default() -> Line<T> {
        Line { held: None }
    }
}

impl<T: Clone> Line<T> {
    /// Is none held back?
    pub(super) fn is_free(&self) -> bool {
        self.held.is_none()
    }

    /// One more event with its fate.
    pub(super) fn pass(&mut self, event: T, fate: EventFate) -> Vec<Delivery<T>> {
        let mut out = Vec::new();
        if !fate.wait.is_zero() {
            out.push(Delivery::Pause(fate.wait));
        }
        let before = self.held.take();
        match fate.strike {
            Some(EventFault::Reorder) => self.held = Some(event),
            Some(EventFault::HaltStream) => {}
            Some(EventFault::Disconnect) => out.push(Delivery::Cut),
            Some(EventFault::Duplicate) => out.extend([Delivery::Event(event.clone()), Delivery::Event(event)]),
            Some(EventFault::Latency(_)) | None => out.push(Delivery::Event(event)),
        }
        out.extend(before.map(Delivery::Event));
        out
    }

    /// The end of a request: what was held leaves.
    pub(super) fn release(&mut self) -> Option<T> {
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(strike: EventFault) -> EventFate {
        EventFate { wait: Duration::ZERO, strike: Some(strike) }
    }

    #[test]
    fn each_fault_does_what_it_says() {
        let mut line = Line::default();
        let plain = EventFate::default();
        assert_eq!(line.pass(1, plain), [Delivery::Event(1)]);
        assert_eq!(line.pass(2, fate(EventFault::Duplicate)), [Delivery::Event(2), Delivery::Event(2)]);
        assert_eq!(line.pass(3, fate(EventFault::HaltStream)), []);
        assert_eq!(line.pass(4, fate(EventFault::Disconnect)), [Delivery::Cut]);
        let late = EventFate { wait: Duration::from_millis(5), strike: None };
        assert_eq!(line.pass(5, late), [Delivery::Pause(late.wait), Delivery::Event(5)]);
    }

    #[test]
    fn a_held_event_leaves_after_the_next_or_at_the_end() {
        let mut line = Line::default();
        assert_eq!(line.pass(1, fate(EventFault::Reorder)), []);
        assert!(!line.is_free());
        assert_eq!(line.pass(2, EventFate::default()), [Delivery::Event(2), Delivery::Event(1)]);
        assert!(line.is_free());
        assert_eq!(line.pass(3, fate(EventFault::Reorder)), []);
        assert_eq!(line.release(), Some(3));
        assert_eq!(line.release(), None);
    }
}
