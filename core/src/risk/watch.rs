//! What forbids entries, and the losses that come to it: halts and limits on losses as one machine.
//!
//! Not here: what follows from a halt at the venue (engine), whether one order passes (gate), the file of the
//! kill switch.
//! Invariants: (1) a loss at its limit is a halt from the look that finds it on; (2) while it stands, the same
//! loss is not found again; (3) nothing lifts a halt but what its cause names.
use serde::{Deserialize, Serialize};

use super::{Halt, HaltCause, HaltedBy, Halts, Limits, Loss, LossMarks, LossWatch, Resumed, Words};
use crate::domain::{Money, Timestamp};

/// Halts, and how much may still be lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watch {
    halts: Halts,
    losses: LossWatch,
}

/// All of it that a restart must bring back: the limits come from the scenario again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchState {
    /// What forbids entries.
    pub halts: Halts,
    /// What losses are measured against.
    pub marks: LossMarks,
}

/// A halt that has just begun for a loss.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LossHalt {
    /// Daily loss or drawdown.
    pub cause: HaltCause,
    /// The loss.
    pub loss: Loss,
}

impl Watch {
    /// No halt and nothing lost of `equity`.
    pub fn new(limits: &Limits, equity: Money) -> Watch {
        Watch { halts: Halts::none(), losses: LossWatch::new(limits, equity) }
    }

    /// The watch of a session that goes on after a restart.
    pub fn restored(limits: &Limits, state: WatchState) -> Watch {
        Watch { halts: state.halts, losses: LossWatch::restored(limits, state.marks) }
    }

    /// All that a restart must bring back.
    pub fn state(&self) -> WatchState {
        WatchState { halts: self.halts.clone(), marks: self.losses.marks() }
    }

    /// Losses are held to these limits from now on; halts stand.
    pub(super) fn set_limits(&mut self, limits: &Limits) {
        self.losses = LossWatch::restored(limits, self.losses.marks());
    }

    /// What forbids entries at present.
    #[inline]
    pub fn halts(&self) -> &Halts {
        &self.halts
    }

    /// How much may still be lost.
    #[inline]
    pub fn losses(&self) -> &LossWatch {
        &self.losses
    }

    /// Would a look at `equity` change nothing?
    #[inline]
    pub fn is_quiet(&self, equity: Money) -> bool {
        self.losses.is_quiet(equity)
    }

    /// Does daily loss, or drawdown, forbid entries already?
    pub fn is_reached(&self, cause: HaltCause) -> bool {
        self.halts.get(cause).is_some()
    }

    /// The account is worth `equity` at `now`: the peak follows, and a loss at its limit halts. Gives the halts
    /// that begin, daily loss and drawdown.
    pub fn look(&mut self, equity: Money, now: Timestamp) -> [Option<LossHalt>; 2] {
        self.look_before(equity, now, now)
    }

    /// The same outside a session: a daily loss is one of the session that begins at `session`, since both are
    /// measured against the same close, and ends with the one after that.
    pub fn look_before(&mut self, equity: Money, now: Timestamp, session: Timestamp) -> [Option<LossHalt>; 2] {
        self.losses.raise_peak(equity);
        let found = [
            (HaltCause::DailyLoss, self.losses.daily_loss(equity)),
            (HaltCause::Drawdown, self.losses.drawdown(equity)),
        ];
        found.map(|(cause, loss)| {
            let loss = loss.filter(|_| !self.is_reached(cause))?;
            if cause == HaltCause::DailyLoss {
                // It ends with a session that begins later than this one.
                self.halts.begin_session(session.max(now));
            }
            let Loss { lost, of, limit } = loss;
            self.halts.halt(Halt { cause, since: now, by: HaltedBy::Limit { lost, of, limit }, reason: None });
            Some(LossHalt { cause, loss })
        })
    }

    /// The account has been worth `equity` without falling to a limit.
    #[inline]
    pub fn raise_peak(&mut self, equity: Money) {
        self.losses.raise_peak(equity);
    }

    /// A session that begins at `session` goes on now; gives the daily loss that it lifts.
    pub fn begin_session(&mut self, session: Timestamp) -> Option<Halt> {
        self.halts.begin_session(session)
    }

    /// A session has closed with `equity`: the next one's loss counts from there.
    #[inline]
    pub fn close_session(&mut self, equity: Money) {
        self.losses.close_session(equity);
    }

    /// Refuses entries from now on; is that new?
    pub fn halt(&mut self, halt: Halt) -> bool {
        self.halts.halt(halt)
    }

    /// Lifts what a person may lift. The fall from the peak counts from `equity`, what the account is worth
    /// now: else a drawdown would halt again at once.
    pub fn resume(&mut self, by: HaltedBy, reason: Words, equity: Money, now: Timestamp) -> Resumed {
        let resumed = self.halts.resume(by, reason, now);
        if resumed.lifted.iter().any(|halt| halt.cause == HaltCause::Drawdown) {
            self.losses.rebase_peak(equity);
        }
        resumed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_seconds(day * 86_400).expect("time")
    }

    fn dollars(dollars: i64) -> Money {
        Money::from_cents(dollars * 100)
    }

    fn watch() -> Watch {
        let (daily_loss_max, drawdown_max) = ("0.02".parse().expect("ratio"), "0.05".parse().expect("ratio"));
        Watch::new(&Limits { daily_loss_max, drawdown_max, ..Limits::WIDE }, dollars(100_000))
    }

    #[test]
    fn a_daily_loss_ends_with_its_session_and_a_drawdown_does_not() {
        let mut watch = watch();
        let both = watch.look(dollars(94_000), day(1));
        assert_eq!(both.map(|halt| halt.map(|halt| halt.loss.lost)), [Some(dollars(6_000)); 2]);
        assert_eq!(watch.look(dollars(93_000), day(1)), [None; 2], "it is halted already");
        watch.close_session(dollars(93_000));
        assert!(watch.begin_session(day(2)).is_some());
        assert!(!watch.is_reached(HaltCause::DailyLoss) && watch.is_reached(HaltCause::Drawdown));
        assert_eq!(watch.look(dollars(92_000), day(2)), [None; 2], "1,000 of 93,000 is less than 2 %");
        let [daily, drawdown] = watch.look(dollars(91_140), day(2));
        assert_eq!((daily.map(|halt| halt.loss.of), drawdown), (Some(dollars(93_000)), None));
    }

    #[test]
    fn a_daily_loss_holds_until_a_later_session_than_its_own() {
        let mut watch = watch();
        assert!(watch.is_quiet(dollars(100_000)) && !watch.is_quiet(dollars(98_000)));
        let [daily, drawdown] = watch.look(dollars(98_000), day(1));
        assert_eq!((daily.map(|halt| halt.cause), drawdown), (Some(HaltCause::DailyLoss), None));
        assert_eq!(watch.begin_session(day(1)), None, "the session it was found in");
        assert_eq!(watch.halts().state(), crate::risk::TradingState::ReducingOnly);
        assert_eq!(watch.begin_session(day(2)).map(|halt| halt.since), Some(day(1)));
        assert_eq!(watch.halts().strongest(), None);
        // A drawdown names no session: the one that goes on may begin yet.
        watch.close_session(dollars(95_500));
        assert!(watch.look(dollars(95_000), day(3))[1].is_some());
        watch.halt(Halt { cause: HaltCause::DailyLoss, since: day(2), by: HaltedBy::Script, reason: None });
        assert!(watch.begin_session(day(3)).is_some());
    }

    #[test]
    fn the_peak_follows_without_a_look() {
        let mut watch = watch();
        watch.raise_peak(dollars(110_000));
        assert_eq!(watch.losses().marks().peak, dollars(110_000));
        let manual = Halt { cause: HaltCause::Manual, since: day(1), by: HaltedBy::Script, reason: None };
        assert!(watch.halt(manual.clone()) && !watch.halt(manual));
    }

    #[test]
    fn a_resume_lifts_a_drawdown_and_measures_from_there() {
        let mut watch = watch();
        watch.look(dollars(95_000), day(1));
        let resumed = watch.resume(HaltedBy::Script, Words::fixed("looked"), dollars(95_000), day(1));
        assert_eq!(resumed.lifted.len(), 1);
        assert!(watch.is_reached(HaltCause::DailyLoss), "only the next session lifts it");
        watch.close_session(dollars(95_000));
        watch.begin_session(day(2));
        assert_eq!(watch.look(dollars(94_000), day(2)), [None; 2]);
        assert!(watch.look(dollars(90_250), day(2))[1].is_some());
        // A resume that lifts no drawdown leaves the peak alone.
        watch.resume(HaltedBy::Script, Words::fixed("looked"), dollars(90_250), day(2));
        watch.halt(Halt { cause: HaltCause::Manual, since: day(2), by: HaltedBy::Script, reason: None });
        watch.resume(HaltedBy::Script, Words::fixed("looked"), dollars(80_000), day(2));
        assert_eq!(watch.losses().marks().peak, dollars(90_250));
    }

    #[test]
    fn a_restart_brings_it_back() {
        let mut watch = watch();
        watch.look(dollars(97_900), day(1));
        let text = serde_json::to_string(&watch.state()).expect("text");
        let limits = Limits {
            daily_loss_max: watch.losses().daily_loss_max(),
            drawdown_max: "0.05".parse().expect("ratio"),
            ..Limits::WIDE
        };
        let restored = Watch::restored(&limits, serde_json::from_str(&text).expect("state"));
        assert_eq!(restored, watch);
        for cut in 0..text.len() {
            assert!(serde_json::from_str::<WatchState>(&text[..cut]).is_err());
        }
        assert!(serde_json::from_str::<WatchState>(&text.replace("baseline", "base")).is_err());
    }
}
