//! Sizes, numbers and times that a client cannot go beyond.
use std::time::Duration;

use alphaflow::live::dashboard::{DashboardError, DashboardPort};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::kit::{SCRIPT, kit, read_answer, read_until};

/// Connections at a time, and pages that listen at a time.
const CONNECTIONS_MAX: usize = 64;
const STREAMS_MAX: usize = 16;

#[tokio::test]
async fn a_body_beyond_16_kib_is_refused_however_it_comes() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let body = |length: usize| format!("{{\"flatten\":false,\"reason\":\"{}\"}}", "x".repeat(length));
    assert_eq!(kit.post("/api/v1/halt", &signed, &body(10_000)).await.status, 200, "a long reason is shortened");
    assert_eq!(kit.halts.lock().unwrap()[0].reason.as_ref().unwrap().as_str().len(), 500);
    kit.answer_next("").await;
    assert_eq!(kit.post("/api/v1/halt", &signed, &body(16_384)).await.status, 413);
    let login = format!("{{\"token\":\"{}\"}}", "x".repeat(20_000));
    assert_eq!(kit.send("POST", "/login", &[&kit.origin()], &login).await.status, 413);
    // Announced and never sent: refused without waiting for it. In pieces without a length: refused on the way.
    let head = |more: &str| {
        let [host, origin] = [format!("Host: 127.0.0.1:{}", kit.port()), kit.origin()];
        format!(
            "POST /api/v1/halt HTTP/1.1\r\n{host}\r\n{}\r\n{}\r\n{origin}\r\nContent-Type: application/json\r\n{more}\r\n\r\n",
            signed.cookie, signed.csrf
        )
    };
    assert_eq!(kit.raw(head("Content-Length: 99999999999").as_bytes()).await.status, 413);
    let piece = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let pieces = format!("{}{}0\r\n\r\n", head("Transfer-Encoding: chunked"), piece.repeat(3));
    assert_eq!(kit.raw(pieces.as_bytes()).await.status, 413);
    assert_eq!(kit.halts.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let kit = kit().await;
    let long = format!("X-Long: {}", "x".repeat(40_000));
    assert_eq!(kit.send("GET", "/health", &[&long], "").await.status, 431);
    let many: Vec<String> = (0..200).map(|at| format!("X-{at}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(kit.send("GET", "/health", &many, "").await.status, 431);
    let path = format!("/{}", "x".repeat(40_000));
    assert!([414, 431].contains(&kit.send("GET", &path, &[], "").await.status));
}

#[tokio::test]
async fn a_client_that_sends_its_head_drop_by_drop_is_cut() {
    let kit = kit().await;
    let mut slow = kit.connect().await;
    slow.write_all(b"GET /health HTTP/1.1\r\nHost: ").await.unwrap();
    let drip = async {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if slow.write_all(b"x").await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), drip).await.expect("it is cut, drops or not");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut text =
        kit.request("POST", "/api/v1/halt", &[&signed.cookie, &signed.csrf, &kit.origin()], "{\"flatten\":true}");
    text.truncate(text.len() - 1);
    assert_eq!(kit.raw(text.as_bytes()).await.status, 408);
    assert!(kit.halts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_the_others_go_on() {
    let kit = kit().await;
    let mut held: Vec<TcpStream> = Vec::new();
    let port = kit.port();
    let own = format!("GET /api/v1/state HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {SCRIPT}\r\n\r\n");
    for _ in 0..CONNECTIONS_MAX {
        kit.pass(1);
        let mut stream = kit.connect().await;
        stream.write_all(own.as_bytes()).await.unwrap();
        assert_eq!(read_answer(&mut stream).await.unwrap().status, 200);
        held.push(stream);
    }
    let mut more = kit.connect().await;
    let refused = read_answer(&mut more).await.unwrap();
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"], "64 connections are open; close some and try again");
    let request = kit.request("GET", "/health", &[], "");
    held[0].write_all(request.as_bytes()).await.unwrap();
    assert_eq!(read_answer(&mut held[0]).await.unwrap().status, 200);
    drop(held);
    let again = async {
        loop {
            let mut stream = kit.connect().await;
            // While the old ones are still being counted out, this one may be refused, or cut while it writes.
            let _ = stream.write_all(request.as_bytes()).await;
            if read_answer(&mut stream).await.is_some_and(|answer| answer.status == 200) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), again).await.expect("there is room again");
}

/// Whoever opens many connections and says nothing does not keep the owner from stopping.
#[tokio::test]
async fn connections_of_strangers_give_way_to_a_stop() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut held: Vec<TcpStream> = Vec::new();
    for round in 0..3 {
        for _ in 0..CONNECTIONS_MAX {
            let mut stream = kit.connect().await;
            stream.write_all(b"GET /health HT").await.unwrap();
            held.push(stream);
        }
        let answer = kit.post("/api/v1/halt", &signed, "{\"flatten\":false}").await;
        assert_eq!(answer.status, 200, "round {round}");
    }
    assert_eq!(kit.halts.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn pages_that_listen_are_counted_apart() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let request = kit.request("GET", "/api/v1/stream", &[&signed.cookie], "");
    let mut held = Vec::new();
    for _ in 0..STREAMS_MAX {
        let mut stream = kit.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_until(&mut stream, "event: update").await;
        held.push(stream);
    }
    assert_eq!(kit.get("/api/v1/stream", &signed).await.status, 503);
    assert_eq!(kit.post("/api/v1/halt", &signed, "{\"flatten\":false}").await.status, 200, "the stop has room");
}

#[tokio::test]
async fn a_flood_is_refused_and_the_stop_still_passes() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut refused = 0;
    for _ in 0..150 {
        refused += usize::from(kit.send("GET", "/health", &[], "").await.status == 429);
    }
    // One permit went with the sign-in.
    assert_eq!(refused, 150 - 99);
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 200, "a flood of strangers is theirs alone");
    let mut refused = 0;
    for _ in 0..310 {
        refused += usize::from(kit.get("/api/v1/state", &signed).await.status == 429);
    }
    assert_eq!(refused, 310 - 299);
    assert_eq!(kit.post("/api/v1/halt", &signed, "{\"flatten\":false}").await.status, 200);
    kit.pass(1);
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 200, "permits come back with time");
}

#[tokio::test]
async fn nothing_but_loopback_is_listened_on() {
    let kit = kit().await;
    for listen in ["0.0.0.0:0", "192.0.2.1:8000", "[::]:0", "10.0.0.1:80"] {
        let refused = DashboardPort::bind(listen.parse().unwrap()).err();
        assert!(matches!(refused, Some(DashboardError::NotLoopback(_))), "{listen}");
        assert!(refused.unwrap().to_string().contains("listen on 127.0.0.1 or [::1]"));
    }
    assert!(kit.dashboard.address().ip().is_loopback());
}

#[tokio::test]
async fn stopping_cuts_every_connection_and_gives_the_port_back() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut stream = kit.connect().await;
    stream.write_all(kit.request("GET", "/api/v1/stream", &[&signed.cookie], "").as_bytes()).await.unwrap();
    read_until(&mut stream, "event: update").await;
    let address = kit.dashboard.address();
    kit.dashboard.stop().await;
    read_until(&mut stream, "never said").await;
    assert!(TcpStream::connect(address).await.is_err());
}
