//! Why the account's own rules closed a position: a margin call, or the daily loss with `on_daily_loss = "flatten"`.
//!
//! Not here: closing it (engine). Both send exits of purpose `risk_halt`; the record tells them apart by when
//! they were decided.
use crate::domain::{OrderPurpose, Timestamp};
use crate::engine::{Journal, OrderRecord};

/// What forced an exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forced {
    /// The account could not keep what it held.
    MarginCall,
    /// The session had lost `max_daily_loss`.
    DailyLoss,
}

impl Forced {
    /// What forced `order`; `None` where nothing did.
    ///
    /// The latest of both at its decision: an exit may wait for cancels, or be sent again on a later day. At one
    /// close the daily loss is looked at first and takes every position.
    pub fn of(journal: &Journal, order: &OrderRecord) -> Option<Forced> {
        if order.request.purpose != OrderPurpose::RiskHalt {
            return None;
        }
        let by_then = |time: &Timestamp| *time <= order.decided_at;
        let called = journal.margin_calls.iter().map(|call| call.time).filter(by_then).max();
        let flattened = journal.halts.iter().filter(|halt| halt.flattens).map(|halt| halt.from).filter(by_then).max();
        Some(if called > flattened { Forced::MarginCall } else { Forced::DailyLoss })
    }

    /// The name in the ids of orders: `margin_call`, `daily_loss`.
    pub const fn name(self) -> &'static str {
        match self {
            Forced::MarginCall => "margin_call",
            Forced::DailyLoss => "daily_loss",
        }
    }

    /// The name in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Forced::MarginCall => "margin call",
            Forced::DailyLoss => "daily loss",
        }
    }
}
