//! Orders taken back, one or all.
//!
//! Not here: what a cancel does to a group at the venue (venue::simulated). A cancel takes effect at once. Of an
//! entry that has filled in part the rest is taken back and its legs stay: they protect what has filled.
use serde_json::{Value, json};

use super::record::Status;
use crate::domain::RejectReason;
use crate::exchange::Answer;
use crate::exchange::core::Exchange;
use crate::exchange::refusal::Refused;
use crate::exchange::reply::done;
use crate::venue::refusal::cancel;

impl Exchange {
    /// `DELETE /v2/orders/{id}`.
    pub(in crate::exchange) fn delete_order(&mut self, id: &str) -> Answer {
        match self.find_order(id).and_then(|at| self.cancel(at)) {
            Ok(()) => done(),
            Err(refused) => refused.answer(),
        }
    }

    /// `DELETE /v2/orders`: an item for every order that was open.
    pub(in crate::exchange) fn cancel_all(&mut self) -> Answer {
        let items: Vec<Value> = self.cancel_open().into_iter().map(|id| json!({ "id": id, "status": 200 })).collect();
        Answer { status: 207, body: Some(Value::Array(items).to_string()) }
    }

    /// Takes back everything that is open; the ids of what was listed as open.
    pub(in crate::exchange) fn cancel_open(&mut self) -> Vec<String> {
        let open: Vec<usize> = self.book.open().filter(|at| self.book.get(*at).status != Status::Held).collect();
        let ids = open.iter().map(|at| self.book.get(*at).id.clone()).collect();
        for at in open {
            if self.book.get(at).status.is_open() {
                self.take_back(at);
            }
        }
        ids
    }

    /// Errors: it has ended.
    fn cancel(&mut self, at: usize) -> Result<(), Refused> {
        let order = self.book.get(at);
        match order.status.as_rule() {
            Some(status) => cancel(status).map_err(|reason| Refused::plain(&reason))?,
            None => return Err(Refused::plain(&RejectReason::AlreadyIn { state: order.status.name() })),
        }
        self.take_back(at);
        Ok(())
    }

    /// A leg that waits for its entry takes the whole group along.
    fn take_back(&mut self, at: usize) {
        let order = self.book.get(at);
        let meant = order.leg_of.filter(|_| order.waits_for_entry()).unwrap_or(at);
        self.venue.cancel(self.book.get(meant).at_venue);
        self.collect(self.tape().now());
    }
}
