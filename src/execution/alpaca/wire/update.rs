//! Messages of the stream of trade updates.
//!
//! Not here: the data stream (decode), what an update does (the desk).
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::order::WireOrder;
use super::read::{Strange, Text};

/// Documented fields that nothing here depends on.
const UNUSED: &[&str] = &["at", "event_id", "position_qty", "position_qtys", "legs", "settle_date", "account_id"];

/// What became of an order.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(in super::super) struct WireUpdate {
    #[serde(default)]
    pub(in super::super) event: Text,
    #[serde(default)]
    pub(in super::super) timestamp: Text,
    #[serde(default)]
    pub(in super::super) execution_id: Text,
    #[serde(default)]
    pub(in super::super) previous_execution_id: Text,
    /// Of this execution only.
    #[serde(default)]
    pub(in super::super) price: Text,
    /// Of this execution only.
    #[serde(default)]
    pub(in super::super) qty: Text,
    #[serde(default)]
    pub(in super::super) reason: Text,
    pub(in super::super) order: WireOrder,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

impl WireUpdate {
    /// What of it the reference does not know.
    pub(in super::super) fn strange(&self) -> Strange {
        let mut strange = self.order.strange();
        strange.fields("a trade update", &self.extra, UNUSED);
        const EVENTS: &[&str] = &[
            "accepted",
            "pending_new",
            "new",
            "partial_fill",
            "fill",
            "canceled",
            "expired",
            "done_for_day",
            "replaced",
            "rejected",
            "held",
            "stopped",
            "pending_cancel",
            "pending_replace",
            "calculated",
            "suspended",
            "order_replace_rejected",
            "order_cancel_rejected",
            "trade_bust",
            "trade_correct",
            "restated",
        ];
        if !EVENTS.contains(&self.event.as_str()) {
            strange.word("trade event", self.event.as_str());
        }
        strange
    }
}

/// A message of the stream.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) enum StreamMessage {
    /// The keys were taken, or not.
    Authorization {
        /// They were.
        is_authorized: bool,
    },
    /// What it sends from now on.
    Listening {
        /// Trade updates are among it.
        hears_updates: bool,
    },
    /// What became of an order.
    Update(Box<WireUpdate>),
    /// It says that something went wrong.
    Failure(String),
    /// Nothing we know.
    Unknown(String),
}

/// Reads a message; never fails: what cannot be read is [`StreamMessage::Unknown`].
pub(in super::super) fn read_message(bytes: &[u8]) -> StreamMessage {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(default)]
        stream: Text,
        #[serde(default)]
        action: Text,
        #[serde(default)]
        data: Value,
    }
    let shown = || String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) else { return StreamMessage::Unknown(shown()) };
    let word = |name: &str| envelope.data.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    match (envelope.stream.as_str(), envelope.action.as_str()) {
        ("authorization", _) => StreamMessage::Authorization { is_authorized: word("status") == "authorized" },
        ("listening", _) => {
            let streams = envelope.data.get("streams").and_then(Value::as_array);
            let hears_updates = streams.is_some_and(|streams| streams.iter().any(|name| name == "trade_updates"));
            StreamMessage::Listening { hears_updates }
        }
        ("trade_updates", _) => match serde_json::from_value::<WireUpdate>(envelope.data) {
            Ok(update) => StreamMessage::Update(Box::new(update)),
            Err(_) => StreamMessage::Unknown(shown()),
        },
        (_, "error") => StreamMessage::Failure(word("error_message")),
        _ => StreamMessage::Unknown(shown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_flow_of_the_reference_is_read() {
        let read = |text: &str| read_message(text.as_bytes());
        let granted = read(r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#);
        assert_eq!(granted, StreamMessage::Authorization { is_authorized: true });
        let refused = read(r#"{"stream":"authorization","data":{"status":"unauthorized","action":"listen"}}"#);
        assert_eq!(refused, StreamMessage::Authorization { is_authorized: false });
        let listening = read(r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#);
        assert_eq!(listening, StreamMessage::Listening { hears_updates: true });
        let failure = read(r#"{"action":"error","data":{"error_message":"internal server error"}}"#);
        assert_eq!(failure, StreamMessage::Failure("internal server error".to_owned()));
        let fill = r#"{"stream":"trade_updates","data":{"event":"fill","execution_id":"e","price":"10.5","qty":3,
            "timestamp":"2026-01-02T15:00:00Z","order":{"id":"o","status":"filled","filled_qty":"3"},"mood":"good"}}"#;
        let StreamMessage::Update(update) = read(fill) else { panic!("{fill}") };
        assert_eq!((update.price.price(), update.qty.quantity()), ("10.5".parse().ok(), "3".parse().ok()));
        assert_eq!(update.strange().0, ["field `mood` of a trade update"]);
    }

    proptest! {
        /// No bytes make it fail.
        #[test]
        fn garbage_is_unknown(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let is_unknown = matches!(read_message(&bytes), StreamMessage::Unknown(_));
            prop_assert!(is_unknown);
        }
    }
}
