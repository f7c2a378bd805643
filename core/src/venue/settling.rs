//! The venue's side of account rules: the multiplier of the day, and when sales settle.
//!
//! Not here: the rules themselves (market, risk), when a session begins (engine).
use super::simulated::SimulatedVenue;
use crate::domain::{Money, Timestamp};
use crate::market::Calendar;

impl SimulatedVenue {
    /// Buying power ÷ equity from now on.
    pub fn set_leverage(&mut self, leverage: i64) {
        self.account.set_leverage(leverage);
    }

    /// From now on a sale can be spent only when it has settled, in sessions of `calendar`.
    pub fn settle_by(&mut self, calendar: Calendar) {
        self.account.settle_by(calendar);
    }

    /// It is `now`: what settles up to then can be spent.
    pub fn settle(&mut self, now: Timestamp) {
        self.account.settle(now);
    }

    /// Cash that can be spent, as the venue counts it: must equal ours.
    pub fn settled_cash(&self) -> Money {
        self.account.settled_cash()
    }
}
