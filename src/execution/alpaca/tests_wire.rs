//! The wire on real sockets of this machine: what became of a call, what a stream says.
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, channel, unbounded_channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::call::{Call, Outcome, RateHeaders, StreamKind, StreamSignal, Urgency, Verb};
use super::carrier::{AlpacaWire, DataLine, WireError, WireEvent};
use super::decode::Encoding;
use super::http::{ANSWER_BYTES_MAX, Carrier, builder, carry};
use super::keys::{ApiKeys, KeyError};
use super::mode::sealed::Sealed;
use super::mode::{Feed, LoopbackAddr, Rehearsal};
use super::stream::{LineCommand, MESSAGE_BYTES_MAX, PING_TIME, StreamLine};

/// Longer than anything here takes; a test that hangs ends with it.
const PATIENCE: Duration = Duration::from_secs(30);

fn keys() -> ApiKeys {
    ApiKeys::new("rehearsal".to_owned(), "a-secret".to_owned()).expect("keys")
}

fn call(verb: Verb, path: &str) -> Call {
    Call { id: 7, verb, path: path.to_owned(), body: None, urgency: Urgency::Reading }
}

/// Reads one request: its head, then as much body as the head says.
async fn request(socket: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let read = socket.read(&mut block).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&block[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lower = head.to_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}

/// A server that answers every connection's first request with `answer` and hangs up; what it was asked comes back.
async fn server(answer: impl Into<Vec<u8>>) -> (LoopbackAddr, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = LoopbackAddr::new(listener.local_addr().expect("address")).expect("loopback");
    let (asked, requests) = unbounded_channel();
    let answer = answer.into();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            if let Some(text) = request(&mut socket).await {
                asked.send(text).expect("the test listens");
                // The client may hang up in the middle of an endless answer.
                let _ = socket.write_all(&answer).await;
            }
        }
    });
    (address, requests)
}

fn carrier(address: LoopbackAddr) -> Carrier {
    Carrier::new(Rehearsal(address).addresses(), &keys()).expect("a carrier")
}

fn unknown(outcome: Outcome) -> String {
    match outcome {
        Outcome::Unknown(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_whole_with_what_it_says_of_the_rate() {
    let answer = "HTTP/1.1 422 Unprocessable\r\nX-Ratelimit-LIMIT: 200\r\nx-RateLimit-Remaining: 3\r\n\
        X-RATELIMIT-RESET: 1700000000\r\nRetry-After: 2\r\nContent-Length: 12\r\n\r\n{\"code\":  1}";
    let (address, mut requests) = server(answer).await;
    let mut post = call(Verb::Post, "/v2/orders?a=%20b");
    post.body = Some("{\"x\":1}".to_owned());
    let rate = RateHeaders {
        limit: Some(200),
        remaining: Some(3),
        reset_seconds: Some(1_700_000_000),
        retry_after_seconds: Some(2),
    };
    let expected = Outcome::Answered { status: 422, body: b"{\"code\":  1}".to_vec(), rate };
    assert_eq!(carrier(address).carry(&post).await, expected);
    let text = requests.recv().await.expect("a request");
    assert!(text.starts_with("POST /v2/orders?a=%20b HTTP/1.1\r\n") && text.ends_with("{\"x\":1}"), "{text}");
    let lower = text.to_lowercase();
    for header in ["apca-api-key-id: rehearsal", "apca-api-secret-key: a-secret", "content-type: application/json"] {
        assert!(lower.contains(header), "{text}");
    }
    let (address, _requests) = server("HTTP/1.1 204 No Content\r\nX-RateLimit-Limit: many\r\n\r\n").await;
    let outcome = carrier(address).carry(&call(Verb::Delete, "/v2/orders/1")).await;
    assert_eq!(outcome, Outcome::Answered { status: 204, body: Vec::new(), rate: RateHeaders::default() });
}

#[tokio::test]
async fn what_never_left_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = LoopbackAddr::new(listener.local_addr().expect("address")).expect("loopback");
    drop(listener);
    let outcome = carrier(address).carry(&call(Verb::Post, "/v2/orders")).await;
    assert!(matches!(&outcome, Outcome::NotSent(reason) if reason.contains("refused")), "{outcome:?}");
    // Such a path would lead to another host.
    let outcome = carrier(address).carry(&call(Verb::Post, "@example.com/v2/orders")).await;
    assert!(matches!(&outcome, Outcome::NotSent(reason) if reason.contains("is no path")), "{outcome:?}");
}

#[tokio::test]
async fn what_may_have_arrived_is_unknown() {
    let (address, mut requests) = server("").await;
    let reason = unknown(carrier(address).carry(&call(Verb::Post, "/v2/orders")).await);
    assert!(!reason.contains("127.0.0.1") && !reason.is_empty(), "{reason}");
    // Once, not again: a second request would be a second order.
    requests.recv().await.expect("a request");
    assert!(requests.try_recv().is_err());
    let (address, _requests) = server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":").await;
    let reason = unknown(carrier(address).carry(&call(Verb::Post, "/v2/orders")).await);
    assert!(reason.starts_with("status 200, but no whole answer"), "{reason}");
    let (address, _requests) = server("no HTTP at all\r\n\r\n").await;
    unknown(carrier(address).carry(&call(Verb::Get, "/v2/orders")).await);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    let client = builder(&base, &keys(), Duration::from_millis(100)).expect("a builder").build().expect("a client");
    let reason = unknown(carry(&client, &base, &call(Verb::Get, "/v2/clock")).await);
    assert!(reason.contains("timed out"), "{reason}");
}

#[tokio::test]
async fn answers_without_end_are_refused() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", ANSWER_BYTES_MAX + 1);
    let (address, _requests) = server(head).await;
    let reason = unknown(carrier(address).carry(&call(Verb::Get, "/v2/assets")).await);
    assert!(reason.contains("more than 16777216 bytes"), "{reason}");
    let mut endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let block = [&b"100000\r\n"[..], &vec![b'x'; 1 << 20], &b"\r\n"[..]].concat();
    (0..17).for_each(|_| endless.extend_from_slice(&block));
    let (address, _requests) = server(endless).await;
    let reason = unknown(carrier(address).carry(&call(Verb::Get, "/v2/assets")).await);
    assert!(reason.contains("more than 16777216 bytes"), "{reason}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (elsewhere, mut lured) = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    let head = format!("HTTP/1.1 307 Temporary\r\nLocation: http://{elsewhere}/v2/orders\r\nContent-Length: 0\r\n\r\n");
    let (address, _requests) = server(head).await;
    let outcome = carrier(address).carry(&call(Verb::Get, "/v2/orders")).await;
    assert!(matches!(outcome, Outcome::Answered { status: 307, .. }), "{outcome:?}");
    assert!(lured.try_recv().is_err());
}

/// A server whose certificate nobody signed, on a port of its own. Answers one request, if one comes.
fn tls_server() -> (String, std::thread::JoinHandle<bool>) {
    const CERTIFICATE: &[u8] = include_bytes!("../../../tests/tls/loopback.pem");
    const KEY: &[u8] = include_bytes!("../../../tests/tls/loopback.key");
    super::http::provide_cryptography();
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).expect("certificate")];
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("key");
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("config");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("https://{}", listener.local_addr().expect("address"));
    let answered = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut session = rustls::ServerConnection::new(config.into()).expect("session");
        let mut line = rustls::Stream::new(&mut session, &mut socket);
        let mut block = [0; 4096];
        let is_asked = line.read(&mut block).is_ok_and(|read| block[..read].starts_with(b"GET /v2/account"));
        is_asked && line.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").is_ok()
    });
    (base, answered)
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_refused() {
    let ask = call(Verb::Get, "/v2/account");
    let (base, answered) = tls_server();
    let client = builder(&base, &keys(), PATIENCE).expect("a builder").build().expect("a client");
    let outcome = carry(&client, &base, &ask).await;
    assert!(matches!(&outcome, Outcome::NotSent(reason) if reason.contains("certificate")), "{outcome:?}");
    assert!(!answered.join().expect("server"), "no request, and so no key, has left");
    // The same with a client that trusts this certificate: it is the certificate and nothing else.
    let (base, answered) = tls_server();
    let trusted =
        reqwest::Certificate::from_pem(include_bytes!("../../../tests/tls/loopback.pem")).expect("certificate");
    let client =
        builder(&base, &keys(), PATIENCE).expect("a builder").tls_certs_only([trusted]).build().expect("client");
    let outcome = carry(&client, &base, &ask).await;
    assert!(matches!(outcome, Outcome::Answered { status: 200, .. }), "{outcome:?}");
    assert!(answered.join().expect("server"));
    // A client of an https host does not speak plain HTTP.
    let (plain, mut requests) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let client = builder(&base, &keys(), PATIENCE).expect("a builder").build().expect("a client");
    let outcome = carry(&client, &format!("http://{plain}"), &ask).await;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn calls_that_protect_pass_those_that_hang() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = LoopbackAddr::new(listener.local_addr().expect("address")).expect("loopback");
    let (asked, mut requests) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let asked = asked.clone();
            tokio::spawn(async move {
                let text = request(&mut socket).await.unwrap_or_default();
                let is_reducing = text.contains("/reducing");
                asked.send(text).expect("the test listens");
                if is_reducing {
                    socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("answered");
                }
                // All others hang until the client gives up.
                let _ = socket.read(&mut [0]).await;
            });
        }
    });
    let (calls, calls_end) = channel(64);
    let (outcomes_end, mut outcomes) = channel(64);
    let task = tokio::spawn(carrier(address).run(calls_end, outcomes_end));
    for id in 0..20 {
        calls.send(Call { id, ..call(Verb::Get, "/v2/reading") }).await.expect("room");
    }
    for _ in 0..6 {
        let text = tokio::time::timeout(PATIENCE, requests.recv()).await.expect("asked").expect("a request");
        assert!(text.starts_with("GET /v2/reading "), "{text}");
    }
    calls.send(Call { id: 99, urgency: Urgency::Reducing, ..call(Verb::Delete, "/v2/reducing") }).await.expect("room");
    let text = tokio::time::timeout(PATIENCE, requests.recv()).await.expect("asked").expect("a request");
    assert!(text.starts_with("DELETE /v2/reducing "), "{text}");
    let (id, outcome) =
        tokio::time::timeout(PATIENCE, outcomes.recv()).await.expect("an outcome").expect("the task runs");
    assert!(id == 99 && matches!(outcome, Outcome::Answered { status: 200, .. }), "{id} {outcome:?}");
    assert!(requests.try_recv().is_err(), "the seventh call that reads waits for the first");
    task.abort();
}

/// A stream to a server of the test.
struct Line {
    commands: Sender<LineCommand>,
    signals: Receiver<StreamSignal>,
    listener: TcpListener,
}

impl Line {
    async fn new(kind: StreamKind, encoding: Encoding, ping_time: Duration) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/stream", listener.local_addr().expect("address"));
        let (commands, commands_end) = channel(16);
        let (signals_end, signals) = channel(4);
        tokio::spawn(StreamLine { kind, url, encoding, keys: keys(), ping_time }.run(commands_end, signals_end));
        Line { commands, signals, listener }
    }

    async fn tell(&self, command: LineCommand) {
        self.commands.send(command).await.expect("the stream hears");
    }

    async fn signal(&mut self) -> StreamSignal {
        tokio::time::timeout(PATIENCE, self.signals.recv()).await.expect("a signal in time").expect("the stream runs")
    }

    async fn lost(&mut self) -> String {
        match self.signal().await {
            StreamSignal::Lost(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// Connects and gives the server's end.
    async fn connect(&mut self) -> WebSocketStream<TcpStream> {
        self.tell(LineCommand::Connect).await;
        let (socket, _) = self.listener.accept().await.expect("a connection");
        let server = tokio_tungstenite::accept_async(socket).await.expect("a handshake");
        assert_eq!(self.signal().await, StreamSignal::Connected);
        server
    }
}

#[tokio::test]
async fn text_binary_and_fragments_are_messages_alike() {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
    let mut line = Line::new(StreamKind::Trading, Encoding::Json, PING_TIME).await;
    let mut server = line.connect().await;
    server.send(Message::text("one")).await.expect("sent");
    server.send(Message::binary(vec![0, 255])).await.expect("sent");
    server.send(Message::Ping(b"p".to_vec().into())).await.expect("sent");
    for (text, code, is_last) in [("thr", OpCode::Data(Data::Text), false), ("ee", OpCode::Data(Data::Continue), true)]
    {
        server.send(Message::Frame(Frame::message(text, code, is_last))).await.expect("sent");
    }
    for bytes in [&b"one"[..], &[0, 255], &b"three"[..]] {
        assert_eq!(line.signal().await, StreamSignal::Message(bytes.to_vec()));
    }
    assert_eq!(server.next().await.expect("a message").expect("whole"), Message::Pong(b"p".to_vec().into()));
    // Connected already: nothing happens.
    line.tell(LineCommand::Connect).await;
    line.tell(LineCommand::Authenticate).await;
    let keys = r#"{"action":"authenticate","data":{"key_id":"rehearsal","secret_key":"a-secret"}}"#;
    assert_eq!(server.next().await.expect("a message").expect("whole"), Message::text(keys));
}

#[tokio::test]
async fn market_data_speaks_the_notation_that_was_asked_for() {
    let mut line = Line::new(StreamKind::Data, Encoding::MessagePack, PING_TIME).await;
    line.tell(LineCommand::Connect).await;
    let (socket, _) = line.listener.accept().await.expect("a connection");
    let mut asked = None;
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let look = |request: &tokio_tungstenite::tungstenite::handshake::server::Request, answer| {
        asked = request.headers().get("content-type").cloned();
        Ok(answer)
    };
    let mut server = tokio_tungstenite::accept_hdr_async(socket, look).await.expect("a handshake");
    assert_eq!(asked.expect("a header"), "application/msgpack");
    assert_eq!(line.signal().await, StreamSignal::Connected);
    line.tell(LineCommand::Authenticate).await;
    line.tell(LineCommand::Send(json!({"action": "subscribe", "bars": ["*"], "n": [1, -1, 1.5, null, true]}))).await;
    let keys = [&b"\x83\xa6action\xa4auth\xa3key\xa9rehearsal\xa6secret\xa8a-secret"[..]].concat();
    assert_eq!(server.next().await.expect("a message").expect("whole"), Message::binary(keys));
    let subscribe = b"\x83\xa6action\xa9subscribe\xa4bars\x91\xa1*\xa1n\x95\x01\xff\xcb\x3f\xf8\0\0\0\0\0\0\xc0\xc3";
    assert_eq!(server.next().await.expect("a message").expect("whole"), Message::binary(subscribe.to_vec()));
}

#[tokio::test]
async fn a_lost_stream_says_why_and_connects_again_when_told() {
    let mut line = Line::new(StreamKind::Trading, Encoding::Json, PING_TIME).await;
    // Nothing is connected, so there is nothing to say it to.
    line.tell(LineCommand::Send(json!({"action": "listen"}))).await;
    drop(line.connect().await);
    assert_ne!(line.lost().await, "");
    let mut server = line.connect().await;
    server.close(None).await.expect("closed");
    assert!(line.lost().await.starts_with("the venue closed the stream"));
    let mut server = line.connect().await;
    // The other side hangs up in the middle of it.
    let _ = server.send(Message::binary(vec![0; MESSAGE_BYTES_MAX + 1])).await;
    let reason = line.lost().await;
    assert!(reason.contains("too long") || reason.contains("exceeds"), "{reason}");
    let _server = line.connect().await;
    line.tell(LineCommand::Close).await;
    assert_eq!(line.lost().await, "closed by this side");
    line.tell(LineCommand::Connect).await;
    let (mut socket, _) = line.listener.accept().await.expect("a connection");
    request(&mut socket).await.expect("a handshake");
    socket.write_all(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n").await.expect("sent");
    assert_eq!(line.lost().await, "the venue answers 302 Found instead of a stream");
}

#[tokio::test]
async fn a_silent_line_is_given_up() {
    let mut line = Line::new(StreamKind::Trading, Encoding::Json, Duration::from_millis(20)).await;
    // The server reads nothing, so it answers no ping.
    let _server = line.connect().await;
    assert_eq!(line.lost().await, "no sign of life after 3 pings");
}

#[tokio::test]
async fn nothing_is_dropped_before_a_slow_reader() {
    let mut line = Line::new(StreamKind::Data, Encoding::Json, PING_TIME).await;
    let mut server = line.connect().await;
    tokio::spawn(async move {
        for number in 0..2_000 {
            server.send(Message::text(number.to_string())).await.expect("sent");
        }
        server
    });
    for number in 0..2_000 {
        assert_eq!(line.signal().await, StreamSignal::Message(number.to_string().into_bytes()));
    }
}

#[tokio::test]
async fn one_wire_carries_calls_and_both_streams_and_ends_with_its_owner() {
    use axum::extract::ws::{WebSocket, WebSocketUpgrade};
    use axum::routing::get;
    let (ended, mut ends) = unbounded_channel();
    let talk = |name: &'static str| {
        let ended = ended.clone();
        get(move |upgrade: WebSocketUpgrade| async move {
            upgrade.on_upgrade(move |mut socket: WebSocket| async move {
                socket.send(axum::extract::ws::Message::Text(name.into())).await.expect("sent");
                while let Some(Ok(_)) = socket.recv().await {}
                ended.send(()).expect("the test listens");
            })
        })
    };
    let app = axum::Router::new()
        .route("/v2/clock", get(|| async { "{}" }))
        .route("/stream", talk("updates"))
        .route("/v2/iex", talk("data"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = LoopbackAddr::new(listener.local_addr().expect("address")).expect("loopback");
    tokio::spawn(async move { axum::serve(listener, app).await });
    let data = DataLine { feed: Feed::Iex, encoding: Encoding::Json };
    let real = ApiKeys::new("PKABCDEFGHIJKLMNOPQR".to_owned(), "x".to_owned()).expect("keys");
    let refused = AlpacaWire::open(Rehearsal(address), &real, data).expect_err("keys of an account");
    assert!(matches!(refused, WireError::Keys(KeyError::WrongKind { mode: "rehearsal", .. })));
    let mut wire = AlpacaWire::open(Rehearsal(address), &keys(), data).expect("a wire");
    for stream in [StreamKind::Trading, StreamKind::Data] {
        wire.tell(stream, LineCommand::Connect).expect("room");
    }
    wire.send(call(Verb::Get, "/v2/clock")).expect("room");
    let mut seen = Vec::new();
    while seen.len() < 5 {
        seen.push(match tokio::time::timeout(PATIENCE, wire.next()).await.expect("an event") {
            WireEvent::Outcome { call, outcome } => {
                assert!(
                    matches!(&outcome, Outcome::Answered { status: 200, body, .. } if body == b"{}"),
                    "{outcome:?}"
                );
                format!("call {call}")
            }
            WireEvent::Signal { stream, signal: StreamSignal::Message(bytes) } => {
                format!("{stream}: {}", String::from_utf8(bytes).expect("text"))
            }
            WireEvent::Signal { stream, signal } => format!("{stream}: {signal:?}"),
        });
    }
    seen.sort();
    let all =
        ["call 7", "market data: Connected", "market data: data", "trade updates: Connected", "trade updates: updates"];
    assert_eq!(seen, all);
    drop(wire);
    for _ in 0..2 {
        tokio::time::timeout(PATIENCE, ends.recv()).await.expect("in time").expect("both streams end");
    }
}
