//! Why a request is not done, as Alpaca's body of an error says it.
//!
//! Not here: the rules (venue::refusal) and their words (domain::RejectReason).
use serde_json::{Map, Value, json};

use super::Answer;
use super::core::Exchange;
use super::reply::{NOT_FOUND, SYNTAX};
use crate::domain::RejectReason;

/// An error answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Refused {
    status: u16,
    body: Map<String, Value>,
}

impl Refused {
    /// This status, code and message.
    pub(super) fn new(status: u16, code: Option<u32>, message: impl Into<String>) -> Refused {
        let mut body = Map::new();
        if let Some(code) = code {
            body.insert("code".to_owned(), code.into());
        }
        body.insert("message".to_owned(), Value::String(message.into()));
        Refused { status, body }
    }

    /// 422: the request cannot be understood.
    pub(super) fn syntax(message: impl Into<String>) -> Refused {
        Refused::new(422, Some(SYNTAX), message)
    }

    /// 404.
    pub(super) fn not_found(message: impl Into<String>) -> Refused {
        Refused::new(404, Some(NOT_FOUND), message)
    }

    /// A rule of the venue, without the fields that only the account knows.
    pub(super) fn plain(reason: &RejectReason) -> Refused {
        Refused::new(reason.http_status(), reason.code(), reason.to_string())
    }

    /// One more field.
    fn with(mut self, field: &str, value: impl Into<Value>) -> Refused {
        self.body.insert(field.to_owned(), value.into());
        self
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// The body of the answer.
    pub(super) fn body(self) -> Value {
        Value::Object(self.body)
    }

    /// The answer.
    pub(super) fn answer(self) -> Answer {
        Answer { status: self.status, body: Some(Value::Object(self.body).to_string()) }
    }
}

impl Exchange {
    /// A rule of the venue that an order or change for `asset` breaks, with all fields of its body.
    pub(super) fn refused(&self, reason: &RejectReason, asset: usize) -> Refused {
        let refused = Refused::plain(reason);
        match *reason {
            RejectReason::BuyingPower { need, have } => {
                refused.with("buying_power", have.to_string()).with("cost_basis", need.to_string())
            }
            RejectReason::InsufficientQty { available, existing_qty, held_for_orders, .. } => refused
                .with("available", available.to_string())
                .with("existing_qty", existing_qty.to_string())
                .with("held_for_orders", held_for_orders.to_string())
                .with("symbol", self.tape().names()[asset].as_str()),
            RejectReason::WashTrade { existing, reject_reason } => {
                let order = self.book.by_number(existing).map(|at| self.book.get(at).id.as_str());
                refused.with("existing_order_id", json!(order)).with("reject_reason", reject_reason)
            }
            _ => refused,
        }
    }
}
