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

use super::hub::Hub;
use super::msgpack;
use super::outbox::{Item, Outbox};

/// The largest message of a client: a subscription to every share there is.
pub(super) const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How long a client may take to show its keys where the venue limits that.
pub(super) const KEYS_WAIT: Duration = Duration::from_secs(10);
/// How long the last words may take: to a client that does not read, and of one that is to close.
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
    /// The connection is gone, or to be cut.
    Over,
    /// One side has said that it closes.
    Closing,
    /// The client does not keep up; the last words.
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

/// Holds a conversation to its end: the client's, ours, or that of the server. `hub` forgets it before the client
/// can know of the end, so a client that comes back at once finds its feed free.
pub(super) async fn hold(
    mut socket: WebSocket,
    conversation: &impl Conversation,
    encoding: Encoding,
    (outbox, hub): (&Arc<Outbox>, &Hub),
    mut stop: watch::Receiver<bool>,
) {
    let end = tokio::select! {
        end = talk(&mut socket, conversation, encoding, outbox) => end,
        _ = stop.wait_for(|is_stopped| *is_stopped) => End::Over,
        farewell = outbox.too_slow() => End::TooSlow(farewell),
    };
    outbox.gone();
    hub.leave(outbox);
    let last_words = async {
        match end {
            End::Over | End::TooSlow(None) => {}
            // A client that reads again in time learns why it is cut; any other finds out.
            End::TooSlow(Some(farewell)) => drop(socket.send(farewell).await),
            End::Closing => {
                drop(socket.flush().await);
                while let Some(Ok(_)) = socket.next().await {}
            }
        }
    };
    let _ = tokio::time::timeout(FAREWELL_WAIT, last_words).await;
}

async fn talk(socket: &mut WebSocket, conversation: &impl Conversation, encoding: Encoding, outbox: &Outbox) -> End {
    let keys_wait = tokio::time::sleep(KEYS_WAIT);
    tokio::pin!(keys_wait);
    let mut is_late = false;
    loop {
        tokio::select! {
            () = outbox.filled() => match write(socket, outbox).await {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(_) => return End::Over,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => conversation.heard(encoding.read(text.as_bytes(), true)),
                Some(Ok(Message::Binary(bytes))) => conversation.heard(encoding.read(&bytes, false)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) => return End::Closing,
                Some(Err(_)) | None => return End::Over,
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

/// Writes what waits; says so where the connection is to end.
async fn write(socket: &mut WebSocket, outbox: &Outbox) -> Result<Option<End>, Error> {
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
                return Ok(Some(End::Over));
            }
            Item::Close => {
                socket.send(Message::Close(None)).await?;
                return Ok(Some(End::Closing));
            }
        }
    }
    socket.flush().await?;
    outbox.written(number);
    Ok(None)
}
