//! A websocket of the venue: connects when told to, hands every message on, says when it is gone.
//!
//! Not here: when to connect, to whom to listen, what a message means (the desk).
//! Invariants: (1) nothing is dropped: a reader that is slow slows the socket down; (2) messages are bounded in size;
//! (3) a silent line is noticed by pings that nobody answers; (4) the keys are said by this task, nobody else holds them.
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::call::{StreamKind, StreamSignal};
use super::decode::Encoding;
use super::http::{provide_cryptography, words};
use super::keys::ApiKeys;

/// A connection that is not there by then is not coming.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// A line that takes no byte for so long is dead.
const SEND_TIME: Duration = Duration::from_secs(10);
/// How often the other side is asked whether it is there.
pub(super) const PING_TIME: Duration = Duration::from_secs(10);
/// After so many pings without a sign of life the line is given up.
const PINGS_UNANSWERED_MAX: u32 = 3;
/// Longest message: a batch of 10,000 trades is about 1 MB.
pub(super) const MESSAGE_BYTES_MAX: usize = 8 << 20;

/// What the desk tells a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum LineCommand {
    /// Connect; the answer is [`StreamSignal::Connected`] or [`StreamSignal::Lost`]. Connected already, it does nothing.
    Connect,
    /// Say the keys.
    Authenticate,
    /// Say this, in the encoding of the stream.
    Send(Value),
    /// Hang up; the answer is [`StreamSignal::Lost`].
    Close,
}

/// Where a stream goes and how it speaks.
pub(super) struct StreamLine {
    pub(super) kind: StreamKind,
    pub(super) url: String,
    pub(super) encoding: Encoding,
    pub(super) keys: ApiKeys,
    pub(super) ping_time: Duration,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl StreamLine {
    /// Serves commands until nobody can send any more.
    pub(super) async fn run(self, mut commands: Receiver<LineCommand>, signals: Sender<StreamSignal>) {
        while let Some(command) = commands.recv().await {
            // What is said to a connection that is gone went with it; the desk hears of the loss and begins anew.
            if command != LineCommand::Connect {
                continue;
            }
            let reason = match timeout(CONNECT_TIME, self.connect()).await {
                Err(_) => format!("no connection within {} seconds", CONNECT_TIME.as_secs()),
                Ok(Err(reason)) => reason,
                Ok(Ok(socket)) => {
                    if signals.send(StreamSignal::Connected).await.is_err() {
                        return;
                    }
                    match self.serve(socket, &mut commands, &signals).await {
                        Some(reason) => reason,
                        None => return,
                    }
                }
            };
            if signals.send(StreamSignal::Lost(reason)).await.is_err() {
                return;
            }
        }
    }

    async fn connect(&self) -> Result<Socket, String> {
        provide_cryptography();
        let mut request = self.url.as_str().into_client_request().map_err(|error| words(&error))?;
        // Trade updates are JSON whatever is asked for; the header would ask for MessagePack.
        if self.kind == StreamKind::Data {
            let encoding = match self.encoding {
                Encoding::Json => "application/json",
                Encoding::MessagePack => "application/msgpack",
            };
            request.headers_mut().insert("content-type", HeaderValue::from_static(encoding));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        match connect_async_with_config(request, Some(config), true).await {
            Ok((socket, _)) => Ok(socket),
            // A redirect is such an answer: it is not followed.
            Err(Error::Http(answer)) => Err(format!("the venue answers {} instead of a stream", answer.status())),
            Err(error) => Err(words(&error)),
        }
    }

    /// Serves one connection. Gives why it ended; `None` when nobody listens any more.
    async fn serve(
        &self,
        mut socket: Socket,
        commands: &mut Receiver<LineCommand>,
        signals: &Sender<StreamSignal>,
    ) -> Option<String> {
        let (mut pings, mut unanswered) = (pings(self.ping_time), 0);
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => {
                    let message = match command? {
                        LineCommand::Connect => continue,
                        LineCommand::Authenticate => self.message(&self.authentication()),
                        LineCommand::Send(value) => self.message(&value),
                        LineCommand::Close => {
                            // The line is given up anyway; a goodbye that cannot be said is no loss.
                            let _ = timeout(SEND_TIME, socket.close(None)).await;
                            return Some("closed by this side".to_owned());
                        }
                    };
                    if let Err(reason) = send(&mut socket, message).await {
                        return Some(reason);
                    }
                }
                message = socket.next() => {
                    unanswered = 0;
                    match message {
                        None => return Some("the connection ended".to_owned()),
                        Some(Err(error)) => return Some(words(&error)),
                        Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                            signals.send(StreamSignal::Message(Vec::from(message.into_data()))).await.ok()?;
                        }
                        Some(Ok(Message::Close(frame))) => {
                            let said = frame.map(|frame| format!(" ({} {})", u16::from(frame.code), frame.reason));
                            return Some(format!("the venue closed the stream{}", said.unwrap_or_default()));
                        }
                        // The library answers pings by itself.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    }
                }
                _ = pings.tick() => {
                    if unanswered == PINGS_UNANSWERED_MAX {
                        return Some(format!("no sign of life after {PINGS_UNANSWERED_MAX} pings"));
                    }
                    unanswered += 1;
                    if let Err(reason) = send(&mut socket, Message::Ping(Default::default())).await {
                        return Some(reason);
                    }
                }
            }
        }
    }

    /// The keys, as each of the two streams wants to hear them.
    fn authentication(&self) -> Value {
        let (id, secret) = (self.keys.id(), self.keys.secret());
        match self.kind {
            StreamKind::Trading => {
                json!({ "action": "authenticate", "data": { "key_id": id, "secret_key": secret } })
            }
            StreamKind::Data => json!({ "action": "auth", "key": id, "secret": secret }),
        }
    }

    fn message(&self, value: &Value) -> Message {
        match (self.kind, self.encoding) {
            (StreamKind::Data, Encoding::MessagePack) => {
                let mut bytes = Vec::new();
                write(&mut bytes, value);
                Message::binary(bytes)
            }
            _ => Message::text(value.to_string()),
        }
    }
}

fn pings(time: Duration) -> Interval {
    let mut pings = interval(time);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once, when nothing needs to be asked.
    pings.reset();
    pings
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), String> {
    match timeout(SEND_TIME, socket.send(message)).await {
        Err(_) => Err(format!("nothing could be sent for {} seconds", SEND_TIME.as_secs())),
        Ok(sent) => sent.map_err(|error| words(&error)),
    }
}

/// A value of JSON as MessagePack.
fn write(bytes: &mut Vec<u8>, value: &Value) {
    use rmp::encode::{
        write_array_len, write_bool, write_f64, write_map_len, write_nil, write_sint, write_str, write_uint,
    };
    const GROWS: &str = "a Vec takes every byte";
    const SHORT: &str = "a message of ours has fewer than 2^32 parts";
    match value {
        Value::Null => write_nil(bytes).expect(GROWS),
        Value::Bool(value) => write_bool(bytes, *value).expect(GROWS),
        Value::String(text) => write_str(bytes, text).expect(GROWS),
        Value::Number(number) => {
            let written = match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => write_uint(bytes, number).map(drop),
                (None, Some(number), _) => write_sint(bytes, number).map(drop),
                (None, None, number) => write_f64(bytes, number.unwrap_or(f64::NAN)),
            };
            written.expect(GROWS);
        }
        Value::Array(values) => {
            write_array_len(bytes, u32::try_from(values.len()).expect(SHORT)).expect(GROWS);
            values.iter().for_each(|value| write(bytes, value));
        }
        Value::Object(map) => {
            write_map_len(bytes, u32::try_from(map.len()).expect(SHORT)).expect(GROWS);
            for (key, value) in map {
                write_str(bytes, key).expect(GROWS);
                write(bytes, value);
            }
        }
    }
}
