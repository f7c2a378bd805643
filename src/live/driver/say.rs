//! What a session says of itself as a whole: that it begins, in which mode, and what its kill switch does.
//!
//! Not here: what happens to a scenario (session::tell), who is told (notify).
use super::{Driver, DriverError};
use crate::domain::Timestamp;
use crate::execution::alpaca::TradingMode;
use crate::live::HaltStep;
use crate::live::event::{EventKind, SessionEvent, Severity};
use crate::live::kill::{HaltProgress, SessionRecord};
use crate::report::format::{capitalized, to_the_second};
use crate::risk::Halt;

impl<M: TradingMode> Driver<M> {
    /// It begins; `before`: the session that began last with this folder; `broken_off`: the last that the journal has of a
    /// session of these scenarios that had no orderly end.
    pub(super) fn say_started(
        &mut self,
        before: Option<SessionRecord>,
        broken_off: Option<Timestamp>,
    ) -> Result<(), DriverError> {
        if let Some(last) = broken_off {
            let text = format!(
                "The session before had no orderly end: the last that the journal has of it is of {}. Books and account are \
                 compared before anything is traded.",
                to_the_second(last)
            );
            self.say_of_all(EventKind::Started, Severity::Warning, text)?;
        }
        if let Some(text) = before.and_then(|before| mode_change(&before, M::NAME)) {
            self.say_of_all(EventKind::ModeChange, Severity::Warning, text)?;
        }
        let names: Vec<&str> = self.seats.iter().map(|seat| seat.trader.terms().name.as_str()).collect();
        let text = format!("The session begins in mode {}: {}.", M::NAME, names.join(", "));
        self.say_of_all(EventKind::Started, Severity::Info, text)
    }

    /// Somebody has pressed the kill switch, or it stood when the session began.
    pub(super) fn say_halted(&mut self, halt: &Halt, flatten: bool) -> Result<(), DriverError> {
        self.say_of_all(EventKind::Kill, Severity::Critical, halt_words(halt, flatten))
    }

    /// A halt could not be written down: it holds in memory, and somebody must make room. Told once, and once more when it
    /// is on the disk.
    pub(super) fn tell_unrecorded(&mut self) -> Result<(), DriverError> {
        let why = self.kill.handle().why_unrecorded();
        if std::mem::replace(&mut self.is_unrecorded, why.is_some()) == why.is_some() {
            return Ok(());
        }
        let (severity, text) = match why {
            Some(why) => (Severity::Critical, unrecorded_words(&why)),
            None => (Severity::Notice, "The halt is on the disk now.".to_owned()),
        };
        self.say_of_all(EventKind::Kill, severity, text)
    }

    /// The kill switch has come further at the venue.
    pub(super) fn tell_kill(&mut self) -> Result<(), DriverError> {
        let progress = self.kill.handle().progress();
        if std::mem::replace(&mut self.kill_told, progress) == progress {
            return Ok(());
        }
        match progress.and_then(|progress| progress_words(progress, &self.kill.steps())) {
            Some(text) => self.say_of_all(EventKind::Kill, Severity::Warning, text),
            None => Ok(()),
        }
    }

    /// Says something that belongs to no scenario.
    pub(super) fn say_of_all(&mut self, kind: EventKind, severity: Severity, text: String) -> Result<(), DriverError> {
        let time = self.clock.time();
        self.say(SessionEvent { row: 0, time, kind, severity, strategy: None, symbol: None, text, refused: None })
    }
}

/// Has the mode changed since the session before?
fn mode_change(before: &SessionRecord, mode: &str) -> Option<String> {
    let SessionRecord { mode: old, started, .. } = before;
    let word = |mode: &str| mode.to_uppercase();
    (old != mode).then(|| {
        format!("The mode is {} now; the session before, begun at {started}, traded in {}.", word(mode), word(old))
    })
}

fn halt_words(halt: &Halt, flatten: bool) -> String {
    let Halt { by, reason, cause, .. } = halt;
    let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let holds = match flatten {
        true => "all positions are being closed",
        false => "nothing that increases exposure passes, stops stay",
    };
    format!("Halted with the kill switch by {by}{reason}; {holds}; {}.", cause.lifted_by())
}

fn unrecorded_words(why: &str) -> String {
    format!(
        "The halt is not on the disk ({why}): it holds and is worked on as long as this program runs. Make room there; it is \
         tried again, and a program that starts before that starts without the halt."
    )
}

/// The last step in a sentence, and below it all of them.
fn progress_words(progress: HaltProgress, steps: &[HaltStep]) -> Option<String> {
    let what = match progress {
        HaltProgress::Working => return None,
        HaltProgress::WaitsForOpen => "waits for the market to open",
        HaltProgress::Done => "has done its work",
    };
    let last = steps.last().map(|step| format!(": {}", step.text)).unwrap_or_default();
    let mut text = format!("The kill switch {what}{last}.");
    for step in steps {
        let mark = if step.done { '✓' } else { '…' };
        text.push_str(&format!("\n{mark} {}", capitalized(&step.text)));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{HaltCause, HaltedBy, Words};

    #[test]
    fn another_mode_than_before_is_said() {
        let started: Timestamp = "2026-09-01T13:30:00Z".parse().expect("a time");
        let before = SessionRecord { mode: "paper".to_owned(), pid: 1, started };
        assert_eq!(mode_change(&before, "paper"), None);
        let text = "The mode is LIVE now; the session before, begun at 2026-09-01T13:30:00Z, traded in PAPER.";
        assert_eq!(mode_change(&before, "live").as_deref(), Some(text));
    }

    #[test]
    fn a_halt_says_who_why_and_what_holds() {
        let by = HaltedBy::Person(Words::new("kat").expect("words"));
        let reason = Words::new("news").ok();
        let halt = Halt { cause: HaltCause::KillSwitch, since: Timestamp::MIN, by, reason };
        let text = "Halted with the kill switch by kat: news; nothing that increases exposure passes, stops stay; a resume \
                    with a reason lifts it.";
        assert_eq!(halt_words(&halt, false), text);
        assert!(halt_words(&halt, true).contains("; all positions are being closed; "));
    }

    #[test]
    fn the_end_of_the_work_is_told_with_its_steps() {
        let step = |done, text: &str| HaltStep { time: Timestamp::MIN, done, text: text.to_owned() };
        let steps = [step(true, "halted by kat"), step(true, "the venue shows no order and no position")];
        assert_eq!(progress_words(HaltProgress::Working, &steps), None);
        let text = "The kill switch has done its work: the venue shows no order and no position.\n✓ Halted by kat\n✓ The \
                    venue shows no order and no position";
        assert_eq!(progress_words(HaltProgress::Done, &steps).as_deref(), Some(text));
    }
}
