//! What is told about an order on the stream of trade updates.
//!
//! Not here: when something is told (events, submit, amend), frames (the server).
use serde_json::{Value, json};

use super::record::Status;
use crate::domain::Timestamp;
use crate::exchange::core::Exchange;
use crate::exchange::statement::Execution;
use crate::exchange::{Published, ids};

/// What an event has beside its order.
#[derive(Clone, Copy, Default)]
pub(super) struct More<'a> {
    /// The execution it tells of.
    pub(super) execution: Option<&'a Execution>,
    /// Why the venue refused the order.
    pub(super) reason: Option<&'a str>,
    /// The status to show, where it has moved on by now.
    pub(super) status: Option<&'static str>,
}

impl Exchange {
    /// A new order has been taken: in its hours it is at the market at once.
    pub(super) fn announce(&mut self, at: usize) {
        let submitted = self.book.get(at).times.submitted;
        if self.book.get(at).status == Status::Accepted {
            return self.tell(at, "accepted", submitted, More::default());
        }
        self.tell(at, "pending_new", submitted, More { status: Some("pending_new"), ..More::default() });
        self.take_up(at, self.tape.now());
    }

    /// The order is at the market.
    pub(in crate::exchange) fn take_up(&mut self, at: usize, time: Timestamp) {
        let time = self.event_time(time);
        let order = self.book.get_mut(at);
        (order.status, order.times.updated) = (Status::New, time);
        self.tell(at, "new", time, More::default());
    }

    /// Publishes what has happened to the order at a time.
    pub(super) fn tell(&mut self, at: usize, event: &'static str, time: Timestamp, more: More<'_>) {
        self.updates += 1;
        let count = self.updates.to_string();
        let mut order = self.shown(at, true);
        if let Some(status) = more.status {
            order["status"] = status.into();
        }
        let execution_id = match (event, more.execution) {
            // As the real stream does.
            ("pending_new", _) => None,
            (_, Some(execution)) => Some(execution.id.clone()),
            (_, None) => Some(ids::uuid(&[&self.setup.name, "update", &count])),
        };
        let mut update = json!({
            "event": event,
            "execution_id": execution_id,
            "order": order,
            "timestamp": time.to_string(),
            "at": time.to_string(),
            "event_id": self.event_id(time),
        });
        if let Some(execution) = more.execution {
            let shares = self.ledger.position(execution.fill.symbol).quantity();
            update["price"] = execution.fill.price.to_string().into();
            update["qty"] = execution.fill.quantity.to_string().into();
            update["position_qty"] = shares.to_string().into();
        }
        if let Some(reason) = more.reason {
            update["reason"] = Value::String(reason.to_owned());
        }
        self.published.push(Published::Update(update));
    }

    /// A ULID: milliseconds of the time, then the number of the update, so that ids sort as events came.
    fn event_id(&self, time: Timestamp) -> String {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        const LENGTH: u32 = 26;
        const COUNT_BITS: u32 = 80;
        const BITS_A_DIGIT: u32 = 5;
        let milliseconds = (time.ns() / 1_000_000).max(0) as u128;
        let value = milliseconds << COUNT_BITS | u128::from(self.updates);
        let digit = |place: u32| char::from(DIGITS[(value >> (place * BITS_A_DIGIT) & 31) as usize]);
        (0..LENGTH).rev().map(digit).collect()
    }
}
