//! The steps of a session that trades: the engine of a backtest, driven by a clock instead of a loop.
//!
//! Not here: when a step is due, and the order of steps and answers (live::session), sending (pump). A replay does
//! between two bars what is cut in pieces here, since the answers of a venue take time.
//! Invariant: a session that calls the pieces in the order of `replay`, with answers as prompt, decides as a replay.
use super::core::{Effect, Engine};
use super::journal::{HaltRecord, Journal};
use super::orders::Orders;
use crate::domain::{Bar, ExecutionEvent, IllegalTransition, OrderId, OrderPurpose, SymbolIndex, Timestamp};
use crate::risk::{Halt, HaltedBy, Holding, Limits, Resumed, Words};
use crate::strategy::Strategy;

/// What the strategy wants on a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wishes {
    /// Goes to the gate.
    Reviewed,
    /// Is dropped: the step is shown so that all know the market when trading begins.
    Dropped,
}

impl<S: Strategy> Engine<S> {
    /// The account's rules hold from the session of `first` on.
    pub fn begin_live(&mut self, first: Timestamp, holding: Holding) {
        self.begin_account(first, holding);
    }

    /// The limits that count from now on; halts stand.
    pub fn set_limits(&mut self, limits: Limits) {
        self.config.limits = limits;
        self.gate.set_limits(limits);
    }

    /// The session that opens at `start` begins, noticed at `now`: a daily loss of the one before ends.
    pub fn open_session(&mut self, start: Timestamp, now: Timestamp) {
        self.begin_session(start, now);
    }

    /// The bars of `time` have closed, `late_ns` before they are shown: positions are worth their closes, limits on
    /// losses are looked at, and the gate takes their prices for so old.
    pub fn close_bars(&mut self, step: &[(SymbolIndex, &Bar)], time: Timestamp, late_ns: i64) {
        for &(symbol, bar) in step {
            self.mark(symbol, bar);
            self.gate.mark(symbol, bar.time.plus_ns(-late_ns.max(0)));
        }
        self.watch_losses(time);
    }

    /// The session of `now` has closed: orders from here on are for the next.
    pub fn close_session(&mut self, now: Timestamp) {
        self.end_session();
        if self.has_account() {
            self.close_desk(now);
        }
    }

    /// Positions leave until the account meets its requirement.
    pub fn call_margin(&mut self, now: Timestamp) {
        self.liquidates(now);
    }

    /// The strategy sees the step, and what it wants is reviewed or dropped.
    pub fn decide_bars(&mut self, step: &[(SymbolIndex, &Bar)], time: Timestamp, wishes: Wishes) {
        step.iter().for_each(|(symbol, bar)| self.decide(*symbol, bar));
        self.decide_step(time);
        match wishes {
            Wishes::Dropped => self.intents.clear(),
            Wishes::Reviewed if self.time_is_up(step) || self.wants() => self.review(time),
            Wishes::Reviewed => {}
        }
    }

    /// The venue has answered, on the bar that opens at `now`.
    ///
    /// Errors: an answer that cannot follow from the order's status.
    pub fn answer(&mut self, events: &[ExecutionEvent], now: Timestamp) -> Result<(), IllegalTransition> {
        self.now = now;
        events.iter().try_for_each(|event| self.on_execution(event))?;
        self.close_all_flattened();
        Ok(())
    }

    /// Somebody halts: resting entries go, nothing opens until a resume.
    pub fn halt_by(&mut self, halt: Halt, now: Timestamp) {
        let cause = halt.cause;
        if self.gate.watch_mut().halt(halt) {
            self.journal.halts.push(HaltRecord { cause, from: now, loss: None, flattens: false, until: None });
        }
        self.cancel_entries();
    }

    /// Somebody ends all halts that a resume can end.
    pub fn resume_by(&mut self, by: HaltedBy, reason: Words, now: Timestamp) -> Resumed {
        let resumed = self.gate.watch_mut().resume(by, reason, self.portfolio.equity(), now);
        resumed.lifted.iter().for_each(|halt| self.lifted(halt.cause, now));
        resumed
    }

    /// Positions, or that of one share, leave at the market; what rests for them is voided first.
    pub fn leave(&mut self, only: Option<SymbolIndex>, now: Timestamp) {
        self.flatten(only, OrderPurpose::KillSwitch, None, now);
    }

    /// Takes an entry back; says whether there was one that rests.
    pub fn take_back(&mut self, order: OrderId) -> bool {
        let is_entry = self.gate.open().iter().any(|open| open.order == order && !open.reduces);
        if is_entry {
            self.effects.push(Effect::Cancel(order));
        }
        is_entry
    }

    /// Takes all resting entries back.
    pub fn take_entries_back(&mut self) {
        self.cancel_entries();
    }

    /// Lets go of what is over and kept elsewhere: the record so far, halts that stand excepted, and the orders below
    /// `before` that have ended, but for those of `but`. A script may name each of its orders for as long as it runs, so
    /// none of a script is forgotten.
    pub fn forget(&mut self, before: OrderId, but: &[OrderId]) {
        self.journal.forget();
        if self.labels.is_empty() {
            self.orders.forget(before, but);
        }
    }

    /// What has happened so far, or since it was let go of.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Orders, to look at.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }
}
