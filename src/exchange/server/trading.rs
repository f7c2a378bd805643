//! `/stream`: what is said on it.
//!
//! Not here: the socket, the events themselves (exchange), faults (tell).
//! Invariants: (1) an event goes to whoever has shown keys and listens, and to nobody else; (2) a client that
//! has been told that it listens misses nothing from then on.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Message;
use serde_json::{Value, json};

use super::keys::Keys;
use super::msgpack;
use super::outbox::{Item, Outbox};
use super::socket::{Conversation, Encoding};

/// The only stream there is.
const TRADE_UPDATES: &str = "trade_updates";

/// One connection to `/stream`.
#[derive(Debug)]
pub(super) struct TradingSession {
    /// What waits to be sent to it.
    pub(super) outbox: Arc<Outbox>,
    keys: Keys,
    encoding: Encoding,
    standing: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    is_authorized: bool,
    listens: bool,
}

impl TradingSession {
    /// A connection that has said nothing yet.
    pub(super) fn new(keys: Keys, encoding: Encoding) -> TradingSession {
        TradingSession { outbox: Arc::new(Outbox::new(None)), keys, encoding, standing: Mutex::default() }
    }

    /// Does it get events?
    pub(super) fn listens(&self) -> bool {
        self.standing().listens && !self.outbox.is_ended()
    }

    /// Puts an event for it, if it listens.
    pub(super) fn tell(&self, event: &Value) {
        let standing = self.standing();
        if standing.listens {
            self.say(&json!({"stream": TRADE_UPDATES, "data": event}));
        }
    }

    fn say(&self, value: &Value) {
        // The venue sends its JSON in binary frames here.
        let bytes = match self.encoding {
            Encoding::Json => value.to_string().into_bytes(),
            Encoding::MessagePack => msgpack::write(value),
        };
        self.outbox.put(Item::Frame(Message::Binary(bytes.into())));
    }

    fn authorize(&self, key: Option<&Value>, secret: Option<&Value>) {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
        let mut standing = self.standing();
        let is_right = self.keys.are(&text(key), &text(secret));
        standing.is_authorized |= is_right;
        self.say(&authorization(is_right, "authenticate"));
    }

    fn listen(&self, streams: Option<&Value>) {
        let mut standing = self.standing();
        if !standing.is_authorized {
            return self.say(&authorization(false, "listen"));
        }
        let Some(streams) = streams.and_then(Value::as_array) else {
            return self.fail("listen needs data.streams, a list");
        };
        standing.listens = streams.iter().any(|stream| stream == TRADE_UPDATES);
        let granted: &[&str] = if standing.listens { &[TRADE_UPDATES] } else { &[] };
        self.say(&json!({"stream": "listening", "data": {"streams": granted}}));
    }

    fn fail(&self, why: &str) {
        self.say(&json!({"action": "error", "data": {"error_message": why}}));
        self.outbox.put(Item::Close);
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Conversation for TradingSession {
    fn heard(&self, value: Option<Value>) {
        let Some(message) = value else { return self.fail("a message must be a JSON object") };
        let data = &message["data"];
        match message["action"].as_str() {
            Some("authenticate") => self.authorize(data.get("key_id"), data.get("secret_key")),
            Some("auth") => self.authorize(message.get("key"), message.get("secret")),
            Some("listen") => self.listen(data.get("streams")),
            _ => self.fail("action must be authenticate, auth or listen"),
        }
    }

    /// The venue names no limit here.
    fn waits_for_keys(&self) -> bool {
        false
    }

    fn heard_nothing(&self) {}
}

fn authorization(is_right: bool, action: &str) -> Value {
    let status = if is_right { "authorized" } else { "unauthorized" };
    json!({"stream": "authorization", "data": {"status": status, "action": action}})
}
