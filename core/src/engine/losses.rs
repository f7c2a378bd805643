//! What follows from a halt: resting entries go, and the record says when and why.
//!
//! Not here: when a limit is reached and what a halt forbids (risk::watch, risk::gate).
//! A look costs three comparisons; what follows from it is rare.
use super::core::{Effect, Engine};
use super::journal::HaltRecord;
use crate::domain::{OrderPurpose, Timestamp};
use crate::risk::{Halt, HaltCause, HaltedBy, LossHalt, LossRule, Words};
use crate::strategy::Strategy;

impl<S: Strategy> Engine<S> {
    /// The bars of `now` have been marked: has a loss reached its limit? Says whether something must be sent.
    #[inline]
    pub(super) fn watch_losses(&mut self, now: Timestamp) -> bool {
        let equity = self.portfolio.equity();
        !self.gate.watch().is_quiet(equity) && self.look_at_losses(now)
    }

    #[cold]
    fn look_at_losses(&mut self, now: Timestamp) -> bool {
        let found = self.gate.watch_mut().look_before(self.portfolio.equity(), now, self.awaited_session);
        for LossHalt { cause, loss } in found.into_iter().flatten() {
            let flattens = cause == HaltCause::DailyLoss && self.config.limits.on_daily_loss == LossRule::Flatten;
            self.journal.halts.push(HaltRecord { cause, from: now, loss: Some(loss), flattens, until: None });
            self.cancel_entries();
            if flattens {
                self.flatten(None, OrderPurpose::RiskHalt, None, now);
            }
        }
        !self.wants_nothing()
    }

    /// Somebody halts.
    pub(super) fn halt(&mut self, now: Timestamp) {
        let cause = HaltCause::Manual;
        if self.gate.watch_mut().halt(Halt { cause, since: now, by: HaltedBy::Script, reason: None }) {
            self.journal.halts.push(HaltRecord { cause, from: now, loss: None, flattens: false, until: None });
        }
        self.cancel_entries();
    }

    /// Somebody resumes.
    pub(super) fn resume(&mut self, now: Timestamp) {
        const REASON: Words = Words::fixed("a resume row of the order script");
        let resumed = self.gate.watch_mut().resume(HaltedBy::Script, REASON, self.portfolio.equity(), now);
        resumed.lifted.iter().for_each(|halt| self.lifted(halt.cause, now));
    }

    /// The core session is over, or has not begun: what is lost from now on is lost in the one that begins at `start`.
    pub(super) fn await_session(&mut self, start: Timestamp) {
        self.awaited_session = start;
    }

    /// The session that began at `start` is noticed at `now`: it lifts the daily loss of the last one.
    #[inline]
    pub(super) fn begin_trading(&mut self, start: Timestamp, now: Timestamp) {
        self.awaited_session = start;
        if self.is_halted_for_the_session() && self.gate.watch_mut().begin_session(start).is_some() {
            self.lifted(HaltCause::DailyLoss, now);
        }
    }

    /// Does the daily loss forbid entries until the next session?
    #[inline]
    pub(super) fn is_halted_for_the_session(&self) -> bool {
        self.gate.watch().is_reached(HaltCause::DailyLoss)
    }

    pub(super) fn lifted(&mut self, cause: HaltCause, now: Timestamp) {
        let standing = self.journal.halts.iter_mut().rev().find(|halt| halt.cause == cause && halt.until.is_none());
        standing.into_iter().for_each(|halt| halt.until = Some(now));
    }

    /// Nothing that may still increase exposure stays at the venue.
    pub(super) fn cancel_entries(&mut self) {
        let entries = self.gate.open().iter().filter(|approval| !approval.reduces);
        self.effects.extend(entries.map(|approval| Effect::Cancel(approval.order)));
    }
}
