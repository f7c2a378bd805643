//! Attacks on the wire: requests behind requests, other protocols, names and tokens in odd places, readers that do not
//! read, floods.
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::doors::INSIDE;
use crate::kit::{Kit, SCRIPT, Signed, TOKEN, kit, read_answer, read_until};

/// Everything that changes something, with a body that it would take.
const CHANGES: [(&str, &str); 8] = [
    ("/api/v1/halt", "{\"flatten\":true}"),
    ("/api/v1/resume", "{\"reason\":\"because\"}"),
    ("/api/v1/flatten", "{}"),
    ("/api/v1/close", "{\"strategy\":\"s\",\"symbol\":\"SPY\"}"),
    ("/api/v1/cancel", "{\"strategy\":\"s\",\"order\":1}"),
    ("/api/v1/reconnect", "{}"),
    ("/logout", "{}"),
    ("/login", "{\"token\":\"x\"}"),
];

fn untouched(kit: &mut Kit) {
    assert!(kit.halts.lock().unwrap().is_empty() && kit.asked.try_recv().is_err());
}

/// Everything that comes until the connection ends.
async fn whole(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await;
    // A connection that is cut with bytes on their way ends with an error; what came before is what counts.
    let _ = read.expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn said(kit: &Kit, bytes: &str) -> String {
    let mut stream = kit.connect().await;
    // It may be cut while this is being written.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let _ = stream.shutdown().await;
    whole(&mut stream).await
}

#[tokio::test]
async fn what_comes_behind_a_request_has_no_part_in_its_rights() {
    let mut kit = kit().await;
    let Signed { cookie, csrf } = kit.sign_in().await;
    let (host, origin) = (format!("Host: 127.0.0.1:{}", kit.port()), kit.origin());
    let halt = format!(
        "POST /api/v1/halt HTTP/1.1\r\n{host}\r\n{origin}\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{{\"flatten\":true}}"
    );
    let first = format!("GET /api/v1/state HTTP/1.1\r\n{host}\r\n{cookie}\r\n\r\n");
    let both = said(&kit, &format!("{first}{halt}")).await;
    let statuses: Vec<&str> = both.matches("HTTP/1.1 200").chain(both.matches("HTTP/1.1 401")).collect();
    assert_eq!(statuses, ["HTTP/1.1 200", "HTTP/1.1 401"], "{both}");
    // A body of two lengths, or of a length and pieces: never a request out of the middle of it.
    let rights = format!("{host}\r\n{origin}\r\n{cookie}\r\n{csrf}\r\nContent-Type: application/json");
    for lengths in [
        "Content-Length: 2\r\nContent-Length: 200",
        "Content-Length: 2, 2, 200",
        "Content-Length: +2",
        "Content-Length: 0x2",
        "Content-Length : 2",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 2",
        "Transfer-Encoding: xchunked\r\nContent-Length: 2",
        "Transfer-Encoding: identity, chunked\r\nContent-Length: 2",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked, identity",
        " Transfer-Encoding: chunked",
        "X: y\n\nTransfer-Encoding: chunked",
    ] {
        let text = format!("POST /api/v1/reconnect HTTP/1.1\r\n{rights}\r\n{lengths}\r\n\r\n{{}}{halt}");
        let answers = said(&kit, &text).await;
        assert!(!answers.contains("HTTP/1.1 200"), "{lengths}: {answers}");
        kit.pass(5);
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn nothing_else_is_spoken_here() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let host = format!("Host: 127.0.0.1:{}", kit.port());
    let socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for path in ["/api/v1/stream", "/stream", "/ws", "/", "/api/v1/snapshot"] {
        let stranger = said(&kit, &format!("GET {path} HTTP/1.1\r\n{host}\r\n{socket}\r\n\r\n")).await;
        assert!(!stranger.contains(" 101 ") && !stranger.contains("103602"), "{path}: {stranger}");
        let elsewhere = format!(
            "GET {path} HTTP/1.1\r\n{host}\r\nOrigin: http://evil.example\r\n{}\r\n{socket}\r\n\r\n",
            signed.cookie
        );
        let elsewhere = said(&kit, &elsewhere).await;
        assert!(elsewhere.starts_with("HTTP/1.1 403"), "{path}: {elsewhere}");
    }
    let h2c = format!(
        "GET / HTTP/1.1\r\n{host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    );
    for bytes in [
        h2c.as_str(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0",
        "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /health HTTP/1.0\r\n\r\n",
        "GET /health\u{0} HTTP/1.1\r\n\r\n",
        "GET http:// HTTP/1.1\r\n\r\n",
    ] {
        let answer = said(&kit, bytes).await;
        assert!(!answer.contains(" 101 ") && !answer.contains(" 200 "), "{bytes:?}: {answer}");
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn a_token_counts_in_its_place_alone() {
    let mut kit = kit().await;
    let basic = format!("Authorization: Basic {}", "OnRlc3Q=");
    let cookie = |value: &str| format!("Cookie: alphaflow_{}={value}; token={value}", kit.port());
    for lines in [
        vec![basic.clone()],
        vec![format!("X-Api-Key: {SCRIPT}")],
        vec![format!("Proxy-Authorization: Bearer {SCRIPT}")],
        vec![format!("Authorization: {SCRIPT}")],
        vec![format!("Authorization: Bearer  {SCRIPT}")],
        vec![format!("Authorization: Bearer {SCRIPT}"), format!("Authorization: Bearer {SCRIPT}")],
        vec![format!("Authorization: Bearer {SCRIPT}, Bearer {SCRIPT}")],
        vec![cookie(SCRIPT)],
        vec![cookie(TOKEN)],
        vec![],
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for query in ["", "token", "access_token", "csrf"] {
            let query = if query.is_empty() { String::new() } else { format!("?{query}={SCRIPT}") };
            let answer = kit.send("GET", &format!("/api/v1/snapshot{query}"), &lines, "").await;
            assert_eq!(answer.status, 401, "{lines:?} {query}");
        }
        kit.pass(5);
    }
    // A page without its scripts would send a form: the token stays in the body, and nothing is opened.
    let form = format!("token={TOKEN}");
    let origin = kit.origin();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        kit.port(),
        form.len()
    );
    let answer = kit.raw(head.as_bytes()).await;
    assert_eq!((answer.status, answer.header("location"), answer.header("set-cookie")), (415, None, None));
    let login = kit.send("GET", &format!("/login?token={TOKEN}"), &[], "").await;
    assert!(login.status == 200 && !login.body.contains(TOKEN) && login.header("set-cookie").is_none());
    // The proof against forged changes counts as a header of exactly this name.
    let signed = kit.sign_in().await;
    let value = signed.csrf.split_once(": ").unwrap().1;
    for (path, line) in [
        (format!("/api/v1/halt?X-CSRF-Token={value}"), "X: y".to_owned()),
        ("/api/v1/halt".to_owned(), format!("X_CSRF_Token: {value}")),
        ("/api/v1/halt".to_owned(), format!("X-CSRF-Token: {value}, {value}")),
        ("/api/v1/halt".to_owned(), format!("X-CSRF-Token: {}", value.to_uppercase())),
        ("/api/v1/halt".to_owned(), format!("X-CSRF-Token: {}", &value[..63])),
        ("/api/v1/halt".to_owned(), format!("X-XSRF-Token: {value}")),
    ] {
        let answer = kit.send("POST", &path, &[&signed.cookie, &kit.origin(), &line], "{\"flatten\":true}").await;
        assert_eq!(answer.status, 403, "{path} {line}");
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn no_other_spelling_of_this_machine_is_its_name() {
    let mut kit = kit().await;
    let port = kit.port();
    for name in [
        "localhost.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "[::ffff:127.0.0.1]",
        "0",
        "127.0.0.2",
        "localhost.localdomain",
        "alphaflow.localhost",
    ] {
        let text = format!("GET /health HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n");
        assert_eq!(kit.raw(text.as_bytes()).await.status, 403, "{name}");
    }
    for host in [
        format!("127.0.0.1:{port}:{port}"),
        format!("127.0.0.1:{port}@evil"),
        format!("127.0.0.1:0{port}"),
        format!("127.0.0.1 :{port}"),
        format!("127.0.0.1:{port}/x"),
    ] {
        let text = format!("GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert!([400, 403].contains(&kit.raw(text.as_bytes()).await.status), "{host}");
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn every_change_reads_one_small_json_body_and_nothing_else() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let lines = [signed.cookie.as_str(), &signed.csrf, &kit.origin()].map(str::to_owned);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let nested = format!("{}{}", "[".repeat(8000), "]".repeat(8000));
    let deep = format!("{{\"reason\":{}1{}}}", "{\"a\":".repeat(2000), "}".repeat(2000));
    for (path, body) in CHANGES {
        for (wanted, text) in [
            (413, format!("{{\"x\":\"{}\"}}", "x".repeat(20_000))),
            (400, nested.clone()),
            (400, deep.clone()),
            (400, format!("{body}{body}")),
            (400, "\u{feff}{}".to_owned()),
            (400, String::new()),
            (400, "{\"__proto__\":{\"flatten\":true}}".to_owned()),
        ] {
            let answer = kit.send("POST", path, &lines, &text).await;
            assert_eq!(answer.status, wanted, "{path} {}", &text[..text.len().min(40)]);
            kit.pass(1);
        }
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json\r\nContent-Type: text/plain",
            "application/json5",
            "",
        ] {
            let text = format!(
                "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                kit.port(),
                lines.join("\r\n"),
                body.len()
            );
            assert_eq!(kit.raw(text.as_bytes()).await.status, 415, "{path} {kind}");
            kit.pass(1);
        }
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn a_page_is_shown_in_a_tab_and_never_in_a_frame() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    for target in ["iframe", "frame", "object", "embed", "document, iframe", ""] {
        let target = format!("Sec-Fetch-Dest: {target}");
        for path in ["/", "/login"] {
            let lines = [signed.cookie.as_str(), "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", &target];
            assert_eq!(kit.send("GET", path, &lines, "").await.status, 403, "{path} {target}");
        }
    }
    let tab = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    assert_eq!(kit.send("GET", "/login", &tab, "").await.status, 200);
}

#[tokio::test]
async fn no_other_spelling_of_a_path_opens_it() {
    let kit = kit().await;
    for path in [
        "//api/v1/snapshot",
        "/api/v1/snapshot/",
        "/API/v1/snapshot",
        "/api//v1/snapshot",
        "/api/v1/%73napshot",
        "/api/v1/snapshot%20",
        "/api/v1/snapshot%00",
        "/health/../api/v1/snapshot",
        "/login/..%2fapi/v1/snapshot",
        "/assets/..;/api/v1/snapshot",
        "/assets/%2e%2e/api/v1/snapshot",
        "/login;/api/v1/snapshot",
        "/metrics/api/v1/snapshot",
        "/.//api/v1/snapshot",
        "/health?/api/v1/snapshot",
        "/assets/dashboard.js?x",
        "/assets/Dashboard.js",
        "/assets/chart.js%3f",
    ] {
        let answer = kit.send("GET", path, &[], "").await;
        assert!(answer.status == 401 || path.starts_with("/health?"), "{path}: {answer:?}");
        assert!(!answer.body.contains("103602") && !answer.body.contains("import "), "{path}");
    }
}

#[tokio::test]
async fn who_is_refused_at_the_door_does_not_keep_a_connection() {
    let kit = kit().await;
    for (method, path) in INSIDE {
        let request = kit.request(method, path, &[], if method == "POST" { "{}" } else { "" });
        let request = request.replace("Connection: close\r\n", "");
        let mut stream = kit.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = whole(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 401") && answer.to_lowercase().contains("connection: close"),
            "{path}: {answer}"
        );
        kit.pass(1);
    }
}

#[tokio::test]
async fn who_asks_and_does_not_read_is_cut() {
    const ASKED: usize = 290;
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(kit.dashboard.address()).await.unwrap();
    let request =
        kit.request("GET", "/assets/inter-600.ttf", &[&signed.cookie], "").replace("Connection: close\r\n", "");
    // More than any buffer between us holds: the server stands with the rest in its hands.
    let (mut reader, mut writer) = stream.split();
    let _ = tokio::time::timeout(Duration::from_secs(2), writer.write_all(request.repeat(ASKED).as_bytes())).await;
    tokio::time::sleep(Duration::from_secs(14)).await;
    let mut bytes = Vec::new();
    let _ =
        tokio::time::timeout(Duration::from_secs(30), reader.read_to_end(&mut bytes)).await.expect("it has been cut");
    let answers = String::from_utf8_lossy(&bytes).matches("HTTP/1.1 200").count();
    assert!(answers > 0 && answers < ASKED, "{answers} of {ASKED} answers");
}

#[tokio::test]
async fn a_flood_of_sign_ins_fills_no_journal_and_disturbs_nobody() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let mut statuses = Vec::new();
    for _ in 0..90 {
        statuses.push(kit.send("POST", "/login", &[&kit.origin()], "{\"token\":\"guess\"}").await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 4, "after five nothing is compared");
    assert!(statuses[4..].iter().all(|status| *status == 429));
    for _ in 0..5 {
        assert_eq!(kit.send("GET", "/api/v1/state", &["Authorization: Bearer guess"], "").await.status, 401);
    }
    let notices = kit.notices.lock().unwrap().clone();
    assert_eq!(notices.len(), 1 + 4 + 1 + 1, "{notices:?}");
    assert_eq!(notices[5], "Sign-in at the dashboard is shut for 60 s after five wrong tokens.");
    assert_eq!(notices[6], "A wrong script token at the dashboard; this is said once a minute.");
    assert!(notices.iter().all(|text| !text.contains("guess") && !text.contains(TOKEN)));
    assert_eq!(kit.post("/api/v1/halt", &signed, "{\"flatten\":false}").await.status, 200);
    kit.pass(61);
    let _ = kit.send("GET", "/api/v1/state", &["Authorization: Bearer guess"], "").await;
    assert_eq!(kit.notices.lock().unwrap().len(), notices.len() + 1, "once a minute");
}

#[tokio::test]
async fn every_way_out_is_told() {
    let kit = kit().await;
    let last = || kit.notices.lock().unwrap().last().cloned().unwrap();
    let signed = kit.sign_in().await;
    assert_eq!(kit.post("/logout", &signed, "{}").await.status, 200);
    assert_eq!(last(), "Signed out of the dashboard.");
    let idle = kit.sign_in().await;
    kit.pass(3600);
    assert_eq!(kit.get("/api/v1/state", &idle).await.status, 401);
    assert_eq!(last(), "Signed out of the dashboard after an hour in which nothing was asked.");
    let long = kit.sign_in().await;
    for _ in 0..13 {
        kit.pass(3500);
        kit.get("/api/v1/state", &long).await;
    }
    assert_eq!(last(), "Signed out of the dashboard after 12 hours.");
    let count = kit.notices.lock().unwrap().len();
    assert_eq!(kit.get("/api/v1/state", &long).await.status, 401);
    assert_eq!(kit.notices.lock().unwrap().len(), count, "told once");
}

#[tokio::test]
async fn a_stream_that_is_only_asked_for_leaves_its_place() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    for _ in 0..40 {
        assert_eq!(kit.send("HEAD", "/api/v1/stream", &[&signed.cookie], "").await.status, 200);
    }
    let mut stream = kit.connect().await;
    stream.write_all(kit.request("GET", "/api/v1/stream", &[&signed.cookie], "").as_bytes()).await.unwrap();
    assert!(read_until(&mut stream, "event: update").await.contains("event: update"));
    let mut other = kit.connect().await;
    other.write_all(kit.request("GET", "/health", &[], "").as_bytes()).await.unwrap();
    assert_eq!(read_answer(&mut other).await.unwrap().status, 200);
}
