//! Requests: keys, headers, bounds.
use alphaflow::exchange::server::{FaultPlan, Keys, Pace, Server, ServerError, ServerOptions};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{BARS, KEY, SECRET, exchange, stepped};

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_checked_and_rate_headers_always_sent() {
    let own = stepped().await;
    let bare = own.request(Method::GET, "/v2/account").send().await.unwrap();
    assert_eq!(bare.status(), 401);
    assert_eq!(bare.headers()["content-type"], "text/html");
    assert_eq!(bare.headers()["x-ratelimit-limit"], "200");
    for (key, secret) in [(KEY, "wrong"), ("wrong", SECRET)] {
        for path in ["/v2/account", "/v2/stocks/bars", "/_control/state"] {
            let request = own.request(Method::GET, path).header("apca-api-key-id", key);
            let wrong = request.header("apca-api-secret-key", secret).send().await.unwrap();
            assert_eq!(wrong.status(), 401);
            assert_eq!(wrong.headers()["x-ratelimit-remaining"], "200");
            assert_eq!(wrong.text().await.unwrap(), r#"{"message":"unauthorized."}"#);
        }
    }
    let oauth = own.request(Method::GET, "/v2/account").header("authorization", "Bearer x").send().await.unwrap();
    assert_eq!(
        (oauth.status().as_u16(), oauth.text().await.unwrap().as_str()),
        (401, r#"{"message":"unauthorized."}"#)
    );
    let control = own.request(Method::POST, "/_control/step").body("{\"bars\":1}").send().await.unwrap();
    assert_eq!(
        (control.status().as_u16(), control.text().await.unwrap().as_str()),
        (401, r#"{"message":"unauthorized."}"#)
    );
    let right = own.send(Method::GET, "/v2/clock", "").await.unwrap();
    assert_eq!(right.status(), 200);
    assert!(right.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
    assert_eq!(right.headers()["x-ratelimit-remaining"], "200");
    let reset: i64 = right.headers()["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert!(reset > 1_700_000_000, "{reset} is a time of the wall's clock");
    assert_eq!(own.get("/_control/state").await["time"], "2013-10-07T04:00:00Z", "the refused step did nothing");
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_said_so() {
    let own = stepped().await;
    for (method, path) in [
        (Method::GET, "/v2/nothing"),
        (Method::GET, "/stream"),
        (Method::DELETE, "/"),
        (Method::GET, "/_control/nothing"),
    ] {
        let (status, body) = own.call(method, path, "").await;
        assert_eq!((status, &body["code"]), (404, &40_410_000.into()), "{path}: {body}");
    }
    assert_eq!(own.call(Method::OPTIONS, "/v2/clock", "").await.0, 405);
    assert_eq!(own.call(Method::GET, "/_control/step", "").await.0, 405);
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_bounded_and_the_server_outlives_bad_ones() {
    let own = stepped().await;
    let (status, body) = own.call(Method::POST, "/v2/orders", &"x".repeat((1 << 20) + 1)).await;
    assert_eq!((status, &body["message"]), (413, &"the body is larger than 1048576 bytes".into()));
    // Far over the bound: near it, how the bytes come in pieces decides.
    let mut stream = TcpStream::connect(own.server.address()).await.unwrap();
    let head = format!("GET /v2/clock HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(256 << 10));
    // It may be cut while it is still being sent.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    for bytes in [&b"\x16\x03\x01 no HTTP at all \r\n\r\n"[..], b"GET /v2/clock HTTP/1.1\r\n: \r\n\r\n", b"\0"] {
        let mut stream = TcpStream::connect(own.server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    own.get("/v2/clock").await;
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_many_requests() {
    let own = stepped().await;
    let mut stream = TcpStream::connect(own.server.address()).await.unwrap();
    let request =
        format!("GET /v2/clock HTTP/1.1\r\nHost: x\r\nAPCA-API-KEY-ID: {KEY}\r\nAPCA-API-SECRET-KEY: {SECRET}\r\n\r\n");
    let mut bytes = vec![0; 4_096];
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let length = stream.read(&mut bytes).await.unwrap();
        assert!(bytes[..length].starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&bytes[..length]));
    }
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_loopback_is_listened_on_and_a_stopped_server_gives_its_port_back() {
    let options = || ServerOptions {
        keys: Keys::new(KEY, SECRET),
        pace: Pace::Step,
        faults: FaultPlan::none(),
        wall: || alphaflow::domain::Timestamp::from_ns(0),
        drain_wait: ServerOptions::DRAIN_WAIT,
    };
    let open = Server::start(exchange(&BARS), "0.0.0.0:0".parse().unwrap(), options()).await.unwrap_err();
    assert!(matches!(open, ServerError::NotLoopback(_)));
    assert_eq!(open.to_string(), "0.0.0.0:0 is no loopback address; listen on 127.0.0.1 or [::1]");
    assert!(!format!("{:?}", options()).contains(SECRET));

    let own = stepped().await;
    let address = own.server.address();
    let taken = Server::start(exchange(&BARS), address, options()).await.unwrap_err();
    assert!(taken.to_string().contains("cannot be listened on"), "{taken}");
    let mut listener = own.listener().await;
    own.server.stop().await;
    assert!(listener.is_cut().await);
    Server::start(exchange(&BARS), address, options()).await.unwrap().stop().await;
}
