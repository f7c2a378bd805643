//! One websocket of either kind: what comes in goes to its conversation, what waits in its outbox goes out.
//!
//! Not here: what is said (trading, data), who else listens (hub).
//! Invariant: a message in pieces, in text or in bytes arrives whole and alike; pings are answered by the library.
use std::sync::Arc;
use std::time::Duration;

use axum::Error;
use axum::extract::ws::{Message, WebSocket};
use axum::http::{HeaderMap, header};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::watch;

use super::msgpack;
use super::outbox::{Item, Outbox};

/// The largest message of a client: a subscription to every share there is.
pub(super) const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How long a client may take to show its keys where the venue limits that.
pub(super) const KEYS_WAIT: Duration = Duration::from_secs(10);
/// How long the last words to a client that does not read may take.
const FAREWELL_WAIT: Duration = Duration::from_secs(1);

/// How values are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    /// JSON text.
    Json,
    /// MessagePack.
    MessagePack,
}

/// What is said on one websocket.
pub(super) trait Conversation {
    /// The client has said this.
    fn heard(&self, value: Option<Value>);

    /// Has the client yet to show its keys, within [`KEYS_WAIT`]?
    fn waits_for_keys(&self) -> bool;

    /// It has not shown them in time.
    fn heard_nothing(&self);
}

/// Why a conversation ends.
enum End {
    Over,
    TooSlow(Option<Message>),
}

impl Encoding {
    /// As the handshake asks: MessagePack where its content type says so.
    pub(super) fn asked_for(headers: &HeaderMap) -> Encoding {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match kind {
            Some(kind) if kind.contains("msgpack") => Encoding::MessagePack,
            _ => Encoding::Json,
        }
    }

    /// What a client means by a message; `None` where it is no value at all.
    fn read(self, message: &[u8], is_text: bool) -> Option<Value> {
        let packed = if self == Encoding::MessagePack && !is_text { msgpack::read(message) } else { None };
        packed.or_else(|| serde_json::from_slice(message).ok())
    }
}

/// Holds a conversation to its end: the client's, ours, or that of the server.
pub(super) async fn hold(
    mut socket: WebSocket,
    conversation: &impl Conversation,
    encoding: Encoding,
    outbox: &Arc<Outbox>,
    mut stop: watch::Receiver<bool>,
) {
    let end = tokio::select! {
        () = talk(&mut socket, conversation, encoding, outbox) => End::Over,
        _ = stop.wait_for(|is_stopped| *is_stopped) => End::Over,
        farewell = outbox.too_slow() => End::TooSlow(farewell),
    };
    outbox.gone();
    if let End::TooSlow(Some(farewell)) = end {
        // A client that reads again within a second learns why it is cut; any other finds out.
        let _ = tokio::time::timeout(FAREWELL_WAIT, socket.send(farewell)).await;
    }
}

async fn talk(socket: &mut WebSocket, conversation: &impl Conversation, encoding: Encoding, outbox: &Outbox) {
    let keys_wait = tokio::time::sleep(KEYS_WAIT);
    tokio::pin!(keys_wait);
    let mut is_late = false;
    loop {
        tokio::select! {
            () = outbox.filled() => match write(socket, outbox).await {
                Ok(true) => {}
                Ok(false) | Err(_) => return,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => conversation.heard(encoding.read(text.as_bytes(), true)),
                Some(Ok(Message::Binary(bytes))) => conversation.heard(encoding.read(&bytes, false)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            () = &mut keys_wait, if !is_late => {
                is_late = true;
                if conversation.waits_for_keys() {
                    conversation.heard_nothing();
                }
            }
        }
    }
}

/// Writes what waits; `false` once the connection is to end.
async fn write(socket: &mut WebSocket, outbox: &Outbox) -> Result<bool, Error> {
    let (items, number) = outbox.take();
    for item in items {
        match item {
            Item::Frame(message) => socket.feed(message).await?,
            Item::Pause(wait) => {
                socket.flush().await?;
                tokio::time::sleep(wait).await;
                outbox.paused(wait);
            }
            Item::Cut => {
                socket.flush().await?;
                return Ok(false);
            }
            Item::Close => {
                socket.send(Message::Close(None)).await?;
                return Ok(false);
            }
        }
    }
    socket.flush().await?;
    outbox.written(number);
    Ok(true)
}
