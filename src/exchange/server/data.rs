//! `/v2/iex` and the other feeds: what is said on them.
//!
//! Not here: the socket, the data themselves (exchange::data), faults (tell), whose turn a feed is (hub).
//! Invariants: (1) data go to whoever has shown keys and subscribed, and to nobody else; (2) a subscription that
//! is acknowledged misses nothing from then on; (3) control messages come alone.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Message;
use serde_json::{Map, Value, json};

use super::feed::{Feed, Subscriptions, Unsubscribable};
use super::hub::Hub;
use super::keys::{Keys, Shown};
use super::msgpack;
use super::outbox::{Item, Outbox};
use super::socket::{Conversation, Encoding};
use crate::exchange::data::{DataMessage, to_json, to_pack};

/// Messages in one frame: a client should not wait for the last to read the first.
const BATCH_MAX: usize = 500;

/// One connection to a feed.
#[derive(Debug)]
pub(super) struct DataSession {
    /// What waits to be sent to it.
    pub(super) outbox: Arc<Outbox>,
    /// Which feed.
    pub(super) feed: Feed,
    hub: Arc<Hub>,
    keys: Keys,
    encoding: Encoding,
    standing: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    is_authenticated: bool,
    subscriptions: Subscriptions,
}

/// Error messages of the feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Problem {
    InvalidSyntax,
    NotAuthenticated,
    AuthFailed,
    AlreadyAuthenticated,
    AuthTimeout,
    SymbolLimit,
    ConnectionLimit,
    SlowClient,
    InvalidChannel,
}

impl DataSession {
    /// A connection that has said nothing yet.
    pub(super) fn new(feed: Feed, hub: Arc<Hub>, keys: Keys, encoding: Encoding) -> DataSession {
        let farewell = frame(encoding, &Problem::SlowClient.message());
        let outbox = Arc::new(Outbox::new(Some(farewell)));
        DataSession { outbox, feed, hub, keys, encoding, standing: Mutex::default() }
    }

    /// The server speaks first; keys in the handshake count.
    pub(super) fn greet(self: &Arc<DataSession>, shown: Shown) {
        self.say(&json!({"T": "success", "msg": "connected"}));
        match shown {
            Shown::Right => self.claim(),
            Shown::Wrong => self.refuse(Problem::AuthFailed),
            Shown::Nothing => {}
        }
    }

    /// Has it subscribed to anything, and is still there?
    pub(super) fn listens(&self) -> bool {
        !self.standing().subscriptions.is_empty() && !self.outbox.is_ended()
    }

    /// Which of these it wants.
    pub(super) fn wanted<'a>(&self, all: &'a [DataMessage]) -> Vec<&'a DataMessage> {
        let standing = self.standing();
        all.iter().filter(|message| standing.subscriptions.wants(message.kind, message.symbol.as_str())).collect()
    }

    /// Puts these for it, in frames of bounded size.
    pub(super) fn tell(&self, wanted: &[DataMessage]) {
        for batch in wanted.chunks(BATCH_MAX) {
            let message = match self.encoding {
                Encoding::Json => Message::Text(to_json(batch).into()),
                Encoding::MessagePack => Message::Binary(to_pack(batch).into()),
            };
            self.outbox.put(Item::Frame(message));
        }
    }

    fn say(&self, value: &Value) {
        self.outbox.put(Item::Frame(frame(self.encoding, value)));
    }

    fn refuse(&self, problem: Problem) {
        self.say(&problem.message());
    }

    fn authenticate(&self, message: &Map<String, Value>) {
        if self.standing().is_authenticated {
            return self.refuse(Problem::AlreadyAuthenticated);
        }
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        match self.keys.are(text("key"), text("secret")) {
            true => self.claim(),
            false => self.refuse(Problem::AuthFailed),
        }
    }

    /// One connection a feed: the second is turned away.
    fn claim(&self) {
        if !self.hub.claim(self.feed, &self.outbox) {
            self.refuse(Problem::ConnectionLimit);
            return self.outbox.put(Item::Close);
        }
        self.standing().is_authenticated = true;
        self.say(&json!({"T": "success", "msg": "authenticated"}));
    }

    fn subscribe(&self, message: &Map<String, Value>, change: Change) {
        let mut standing = self.standing();
        if !standing.is_authenticated {
            return self.refuse(Problem::NotAuthenticated);
        }
        match change(&mut standing.subscriptions, message) {
            Ok(()) => self.say(&standing.subscriptions.acknowledgement()),
            Err(Unsubscribable::Malformed) => self.refuse(Problem::InvalidSyntax),
            Err(Unsubscribable::NoChannel) => self.refuse(Problem::InvalidChannel),
            Err(Unsubscribable::TooMany) => self.refuse(Problem::SymbolLimit),
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a message does to the subscriptions.
type Change = fn(&mut Subscriptions, &Map<String, Value>) -> Result<(), Unsubscribable>;

impl Conversation for DataSession {
    fn heard(&self, value: Option<Value>) {
        let Some(Value::Object(message)) = value else { return self.refuse(Problem::InvalidSyntax) };
        match message.get("action").and_then(Value::as_str) {
            Some("auth") => self.authenticate(&message),
            Some("subscribe") => self.subscribe(&message, Subscriptions::add),
            Some("unsubscribe") => self.subscribe(&message, Subscriptions::remove),
            _ => self.refuse(Problem::InvalidSyntax),
        }
    }

    fn waits_for_keys(&self) -> bool {
        !self.standing().is_authenticated
    }

    fn heard_nothing(&self) {
        self.refuse(Problem::AuthTimeout);
        self.outbox.put(Item::Close);
    }
}

impl Problem {
    fn message(self) -> Value {
        let (code, text) = match self {
            Problem::InvalidSyntax => (400, "invalid syntax"),
            Problem::NotAuthenticated => (401, "not authenticated"),
            Problem::AuthFailed => (402, "auth failed"),
            Problem::AlreadyAuthenticated => (403, "already authenticated"),
            Problem::AuthTimeout => (404, "auth timeout"),
            Problem::SymbolLimit => (405, "symbol limit exceeded"),
            Problem::ConnectionLimit => (406, "connection limit exceeded"),
            Problem::SlowClient => (407, "slow client"),
            Problem::InvalidChannel => (410, "invalid subscribe action for this feed"),
        };
        json!({"T": "error", "code": code, "msg": text})
    }
}

/// A control message: an array of one.
fn frame(encoding: Encoding, value: &Value) -> Message {
    let alone = Value::Array(vec![value.clone()]);
    match encoding {
        Encoding::Json => Message::Text(alone.to_string().into()),
        Encoding::MessagePack => Message::Binary(msgpack::write(&alone).into()),
    }
}
