//! The end of a session, orderly or not: what people are told of it, and that an emergency is not left half done.
//!
//! Not here: why a session must not go on (session), where else it is told (cli).
use std::sync::Arc;
use std::time::Duration;

use super::{Driver, DriverError};
use crate::execution::alpaca::TradingMode;
use crate::live::event::{EventKind, SessionEvent, Severity};
use crate::live::kill::HaltProgress;
use crate::live::session::keep_events;
use crate::live::snapshot::StateView;
use crate::report::format::counted;

/// A press that came with the end is seen by the kill switch within this.
const SEEN_TIME: Duration = Duration::from_millis(100);
/// Between two looks at how far an emergency is.
const LOOK: Duration = Duration::from_millis(200);

impl<M: TradingMode> Driver<M> {
    /// Says that the session has ended early by `error`, in the journal where that takes it, and to whoever listens. The row
    /// of the event is 0 where the journal could not take it: then nobody is told out of the journal.
    pub fn ended_early(&mut self, error: &DriverError) -> SessionEvent {
        let rests = self.seats.iter().map(|seat| {
            let open = seat.trader.machine().gate().open();
            open.iter().filter(|open| !open.reduces).count()
        });
        let text = words(&error.to_string(), self.positions().len(), rests.sum());
        let (kind, severity) = (EventKind::Stopped, Severity::Critical);
        let time = self.clock.time();
        let event = SessionEvent { row: 0, time, kind, severity, strategy: None, symbol: None, text, refused: None };
        let kept = keep_events(vec![event.clone()], self.clock.moment(), &mut self.keeper);
        let event = kept.ok().and_then(|mut kept| kept.pop()).unwrap_or(event);
        (self.tell)(&event);
        self.recent.push_front(event.clone());
        self.publish_now();
        event
    }

    /// Waits until the kill switch has done what it began, or all that is left waits for the open: this program is the only
    /// one that works on it. Pages see how far it is.
    pub async fn finish_emergency(&mut self) {
        tokio::time::sleep(SEEN_TIME).await;
        while self.is_in_emergency() {
            tokio::time::sleep(LOOK).await;
            self.publish_now();
        }
        // The journal may be what ended the session; the last line says it as well.
        let _ = self.tell_kill();
    }

    /// Has the kill switch anything left to do now?
    pub fn is_in_emergency(&self) -> bool {
        let kill = self.kill.handle();
        match kill.progress() {
            Some(progress) => progress == HaltProgress::Working,
            None => kill.unrecorded().is_some(),
        }
    }

    /// The last that pages see.
    pub fn show_ended(&mut self) {
        self.publish_now();
        self.snapshots.send_modify(|snapshot| {
            let mut last = (**snapshot).clone();
            last.state = StateView::Stopped;
            *snapshot = Arc::new(last);
        });
    }
}

fn words(error: &str, positions: usize, entries: usize) -> String {
    let error = error.trim_end_matches('.');
    let held = match positions {
        0 => "no position is open".to_owned(),
        1 => "1 position is open, its stops rest at the venue".to_owned(),
        _ => format!("{positions} positions are open, their stops rest at the venue"),
    };
    let rests = match entries {
        0 => String::new(),
        _ => format!("; {} there as well and may still fill", counted(entries, "entry rests", "entries rest")),
    };
    format!("The session ended early: {error}; {held}{rests}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_early_end_says_what_is_left_at_the_venue() {
        assert_eq!(words("no wire.", 0, 0), "The session ended early: no wire; no position is open.");
        let text = "The session ended early: no wire; 2 positions are open, their stops rest at the venue; 1 entry rests there \
                    as well and may still fill.";
        assert_eq!(words("no wire", 2, 1), text);
    }
}
