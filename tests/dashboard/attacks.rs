//! Pages of other origins, rebound names, forged and malformed requests.
use alphaflow::live::Snapshot;

use crate::doors::INSIDE;
use crate::kit::{Kit, SCRIPT, Signed, TOKEN, kit, kit_with, read_until};
use crate::states::{self, HOSTILE};

/// Nothing was halted and nothing was asked of the session.
fn untouched(kit: &mut Kit) {
    assert!(kit.halts.lock().unwrap().is_empty(), "{:?}", kit.halts.lock().unwrap());
    assert!(kit.asked.try_recv().is_err());
}

const ACTIONS: [(&str, &str); 6] = [
    ("/api/v1/halt", "{\"flatten\":true}"),
    ("/api/v1/resume", "{\"reason\":\"because\"}"),
    ("/api/v1/flatten", "{}"),
    ("/api/v1/close", "{\"strategy\":\"s\",\"symbol\":\"SPY\"}"),
    ("/api/v1/cancel", "{\"strategy\":\"s\",\"order\":1}"),
    ("/api/v1/reconnect", "{}"),
];

#[tokio::test]
async fn a_change_needs_the_token_of_this_very_session() {
    let mut kit = kit().await;
    let (signed, other) = (kit.sign_in().await, kit.sign_in().await);
    let forged = format!("X-CSRF-Token: {}", "0".repeat(64));
    for (path, body) in ACTIONS.into_iter().chain([("/logout", "{}")]) {
        for csrf in [None, Some("X-CSRF-Token:"), Some(&forged), Some(&other.csrf)] {
            let origin = kit.origin();
            let lines: Vec<&str> = [Some(signed.cookie.as_str()), Some(&origin), csrf].into_iter().flatten().collect();
            assert_eq!(kit.send("POST", path, &lines, body).await.status, 403, "{path} {csrf:?}");
        }
        let twice = [signed.cookie.as_str(), &kit.origin(), &signed.csrf, &forged];
        assert_eq!(kit.send("POST", path, &twice, body).await.status, 403, "{path}: the header twice");
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn a_page_of_another_origin_reads_nothing_and_changes_nothing() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let port = kit.port();
    let origins = [
        "http://evil.example".to_owned(),
        "null".to_owned(),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("http://127.0.0.1.evil.example:{port}"),
        format!("http://evil.example:{port}"),
        String::new(),
        format!("http://127.0.0.1:{port}/x"),
    ];
    for origin in origins {
        let origin = format!("Origin: {origin}");
        for (path, body) in ACTIONS {
            let answer = kit.send("POST", path, &[&signed.cookie, &signed.csrf, &origin], body).await;
            assert_eq!(answer.status, 403, "{path} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
        for path in ["/api/v1/snapshot", "/api/v1/stream"] {
            assert_eq!(kit.send("GET", path, &[&signed.cookie, &origin], "").await.status, 403, "{path} {origin}");
        }
        let body = format!("{{\"token\":\"{TOKEN}\"}}");
        assert_eq!(
            kit.send("POST", "/login", &[&origin], &body).await.status,
            403,
            "{origin}: a sign-in of another page's choice"
        );
        kit.pass(5);
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn what_a_browser_says_of_the_asking_page_counts() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let bearer = format!("Authorization: Bearer {SCRIPT}");
    for site in ["cross-site", "same-site", "none", "same-origin, cross-site", ""] {
        let site = format!("Sec-Fetch-Site: {site}");
        let answer = kit
            .send("POST", "/api/v1/halt", &[&signed.cookie, &signed.csrf, &kit.origin(), &site], "{\"flatten\":false}")
            .await;
        assert_eq!(answer.status, 403, "{site}");
        assert_eq!(
            kit.send("POST", "/api/v1/halt", &[&bearer, &site], "{\"flatten\":false}").await.status,
            403,
            "{site}"
        );
        if site != "Sec-Fetch-Site: none" {
            assert_eq!(kit.send("GET", "/api/v1/stream", &[&signed.cookie, &site], "").await.status, 403, "{site}");
            assert_eq!(kit.send("GET", "/assets/base.css", &[&site], "").await.status, 403, "{site}");
        }
    }
    untouched(&mut kit);
    // A link elsewhere may lead to the pages, which hold no data; a frame or a script of another page may not.
    let visit = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
    assert_eq!(kit.send("GET", "/login", &visit, "").await.status, 200);
    assert_eq!(kit.send("GET", "/api/v1/snapshot", &[&visit[..], &[&signed.cookie]].concat(), "").await.status, 403);
    assert_eq!(kit.send("GET", "/", &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"], "").await.status, 403);
}

#[tokio::test]
async fn a_change_by_a_cookie_needs_its_origin() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    for (path, body) in ACTIONS {
        assert_eq!(kit.send("POST", path, &[&signed.cookie, &signed.csrf], body).await.status, 403, "{path}");
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn a_name_that_was_pointed_at_this_machine_is_refused() {
    let mut kit = kit().await;
    let Signed { cookie, csrf } = kit.sign_in().await;
    let port = kit.port();
    let hosts = [
        "Host: evil.example".to_owned(),
        format!("Host: evil.example:{port}"),
        "Host: 127.0.0.1".to_owned(),
        format!("Host: 127.0.0.1:{}", port ^ 1),
        format!("Host: 127.0.0.1:{port}.evil.example"),
        format!("Host: localhost.evil.example:{port}"),
        "Host:".to_owned(),
        String::new(),
        format!("Host: 127.0.0.1:{port}\r\nHost: evil.example"),
        format!("Host: 0.0.0.0:{port}"),
        format!("X-Forwarded-Host: 127.0.0.1:{port}\r\nHost: evil.example"),
        format!("Host: user@127.0.0.1:{port}"),
    ];
    for host in hosts {
        let host = if host.is_empty() { host } else { format!("{host}\r\n") };
        for (head, body) in [
            ("GET /api/v1/snapshot", ""),
            ("GET /health", ""),
            ("GET /login", ""),
            ("POST /api/v1/halt", "{\"flatten\":true}"),
        ] {
            let text = format!(
                "{head} HTTP/1.1\r\n{host}{cookie}\r\n{csrf}\r\n{}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                kit.origin(),
                body.len()
            );
            let answer = kit.raw(text.as_bytes()).await;
            assert!([400, 403].contains(&answer.status), "{host:?} {head}: {answer:?}");
            assert!(!answer.body.contains("103602"));
        }
        kit.pass(5);
    }
    let absolute =
        format!("GET http://evil.example/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(kit.raw(absolute.as_bytes()).await.status, 403);
    untouched(&mut kit);
    for host in
        [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("LOCALHOST:{port}"), format!("[::1]:{port}")]
    {
        let text = format!("GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(kit.raw(text.as_bytes()).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_files_that_are_built_in() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    for path in [
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets//etc/passwd",
        "/assets/....//etc/passwd",
        "/assets/base.css%00.html",
        "/assets/..\\..\\x",
        "/../../etc/passwd",
        "/assets/",
        "/assets/.env",
        "/.env",
        "/api/v1/chart/..%2f..%2fetc%2fpasswd",
        "/api/v1/../../etc/passwd",
        "/%2e%2e/.env",
        "/assets/%",
        "/assets/%ff%fe",
        "/api/v1/chart/%ff",
    ] {
        let answer = kit.get(path, &signed).await;
        assert!([400, 404].contains(&answer.status), "{path}: {answer:?}");
        let is_refusal =
            serde_json::from_str::<serde_json::Value>(&answer.body).is_ok_and(|body| body["error"].is_string());
        assert!(is_refusal, "{path}: {answer:?}");
        assert!(!answer.body.contains("root:") && !answer.body.contains("[package]"), "{path}");
        kit.pass(1);
    }
}

#[tokio::test]
async fn another_method_is_another_thing() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    let lines = [signed.cookie.as_str(), &signed.csrf, &kit.origin()].map(str::to_owned);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    for (path, body) in ACTIONS {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HALT"] {
            let answer =
                kit.send(method, path, &lines, if method == "GET" || method == "HEAD" { "" } else { body }).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("access-control-allow-methods"), None);
        }
        kit.pass(5);
    }
    // What a form or a proxy may say about the method is not listened to.
    for more in ["X-HTTP-Method-Override: POST", "X-Method-Override: POST"] {
        assert_eq!(kit.send("GET", "/api/v1/halt?_method=POST", &[&lines[..], &[more]].concat(), "").await.status, 405);
    }
    for path in ["/api/v1/snapshot", "/health", "/metrics", "/login"] {
        let head = kit.send("HEAD", path, &[&signed.cookie], "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
    }
    for path in ["/api/v1/snapshot", "/api/v1/stream", "/health", "/metrics", "/"] {
        assert_eq!(kit.send("POST", path, &lines, "{}").await.status, 405, "{path}");
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn only_json_of_the_right_shape_is_read() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""]
    {
        let body = "{\"flatten\":true}";
        let text = format!(
            "POST /api/v1/halt HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}\r\n{}\r\n{}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            kit.port(),
            signed.cookie,
            signed.csrf,
            kit.origin(),
            body.len()
        );
        assert_eq!(kit.raw(text.as_bytes()).await.status, 415, "{kind}");
    }
    for body in [
        "",
        "{}",
        "null",
        "[]",
        "{\"flatten\":1}",
        "{\"flatten\":true,\"more\":1}",
        "{\"flatten\":true,\"flatten\":false}",
        "{\"flatten\":tru",
        "\u{0}",
        "{\"flatten\":true}{}",
    ] {
        assert_eq!(kit.post("/api/v1/halt", &signed, body).await.status, 400, "{body:?}");
    }
    for (path, body) in [
        ("/api/v1/cancel", "{\"strategy\":\"s\",\"order\":-1}"),
        ("/api/v1/cancel", "{\"strategy\":\"s\",\"order\":\"1; DROP TABLE orders\"}"),
        ("/api/v1/cancel", "{\"strategy\":\"s\",\"order\":1e99}"),
        ("/api/v1/close", "{\"symbol\":\"SPY\"}"),
        ("/api/v1/close", "{\"strategy\":\"s\",\"symbol\":[\"SPY\"]}"),
        ("/api/v1/flatten", "[1]"),
        ("/api/v1/reconnect", "{\"now\":1}"),
        ("/api/v1/resume", "{}"),
    ] {
        assert_eq!(kit.post(path, &signed, body).await.status, 400, "{path} {body}");
    }
    for reason in ["", "   ", "\\n", "two\\nlines", "\\u001b[2J", &"x".repeat(501)] {
        let answer = kit.post("/api/v1/resume", &signed, &format!("{{\"reason\":\"{reason}\"}}")).await;
        assert_eq!(answer.status, 422, "{reason:?}");
        assert!(answer.json()["error"].as_str().unwrap().starts_with("the reason cannot be kept"), "{answer:?}");
    }
    untouched(&mut kit);
}

#[tokio::test]
async fn harmful_text_goes_through_commands_as_text() {
    let mut kit = kit().await;
    let signed = kit.sign_in().await;
    for text in HOSTILE {
        let body = serde_json::json!({ "strategy": text, "symbol": text }).to_string();
        let request = kit.request("POST", "/api/v1/close", &[&signed.cookie, &signed.csrf, &kit.origin()], &body);
        let mut stream = kit.connect().await;
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        let asked = kit.answer_next(text).await;
        assert_eq!(
            serde_json::json!(asked),
            serde_json::json!({ "command": "close", "strategy": text, "symbol": text, "by": "dashboard" })
        );
        let answer = crate::kit::read_answer(&mut stream).await.unwrap();
        assert_eq!((answer.status, answer.json()["text"].as_str()), (200, Some(text)));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn harmful_text_of_the_session_is_data_everywhere() {
    let kit = kit_with("hostile", "live").await;
    let signed = kit.sign_in().await;
    let shown: Snapshot = states::named("hostile", "live").unwrap();
    let answer = kit.get("/api/v1/snapshot", &signed).await;
    let json = answer.json();
    for part in ["mode", "state", "positions", "orders", "refusals", "limits", "strategies", "events", "health"] {
        assert_eq!(json[part], serde_json::to_value(&shown).unwrap()[part], "{part} comes back as it is");
    }
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    for path in ["/", "/login"] {
        let page = kit.get(path, &signed).await;
        assert!(!page.body.contains("<b>bold") && page.body.contains("&lt;b&gt;bold"), "{path}: {}", page.body);
        assert!(!page.body.contains("{{"), "{path}: every mark is filled, and none out of a value");
    }
    // In the stream a text cannot end a line, so it cannot be an event.
    let mut stream = kit.connect().await;
    let request = kit.request("GET", "/api/v1/stream", &[&signed.cookie], "");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let text = read_until(&mut stream, "event: beat").await;
    let events: Vec<&str> = text.lines().filter(|line| line.starts_with("event:")).collect();
    assert!(events.iter().all(|line| ["event: update", "event: beat"].contains(line)), "{events:?}");
    assert_eq!(text.lines().filter(|line| line.starts_with("data:")).count(), events.len());
    for path in ["/health", "/metrics"] {
        let open = kit.send("GET", path, &[], "").await;
        assert!(HOSTILE.iter().all(|text| !open.body.contains(text)), "{path}: {}", open.body);
    }
}

#[tokio::test]
async fn no_header_is_made_of_what_a_client_sends() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    for path in [
        "/login%0d%0aSet-Cookie:%20x=1",
        "/%0d%0aX-Injected:%20yes",
        "/assets/x%0d%0aX-Injected:%20yes",
        "/api/v1/chart/%0d%0aX-Injected:%20yes",
    ] {
        let answer = kit.get(path, &signed).await;
        assert_eq!((answer.header("x-injected"), answer.header("set-cookie")), (None, None), "{path}");
    }
    let odd = [
        "GET /health HTTP/1.1\r\nHost: 127.0.0.1\nX: y\r\n\r\n",
        "GET /health\r\n\r\n",
        "\r\n\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
        "POST /api/v1/halt HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxxx",
        "POST /api/v1/halt HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ];
    for bytes in odd {
        let mut stream = kit.connect().await;
        tokio::io::AsyncWriteExt::write_all(&mut stream, format!("{bytes}\r\n\r\n").as_bytes()).await.unwrap();
        let answer = crate::kit::read_answer(&mut stream).await;
        assert!(answer.as_ref().is_none_or(|answer| (400..=505).contains(&answer.status)), "{bytes:?}: {answer:?}");
    }
    assert_eq!(kit.get("/api/v1/state", &signed).await.status, 200, "the dashboard goes on");
}

#[tokio::test]
async fn every_answer_carries_the_armour_and_none_a_secret() {
    let kit = kit().await;
    let signed = kit.sign_in().await;
    let cookie = signed.cookie.split_once('=').unwrap().1;
    let reads = INSIDE.into_iter().filter(|(method, path)| *method == "GET" && !path.ends_with("stream"));
    for (method, path) in reads.chain([
        ("GET", "/"),
        ("GET", "/login"),
        ("GET", "/health"),
        ("GET", "/metrics"),
        ("GET", "/assets/login.js"),
        ("GET", "/nothing"),
        ("POST", "/api/v1/halt"),
    ]) {
        for lines in [vec![signed.cookie.as_str()], vec![]] {
            kit.pass(5);
            let answer = kit.send(method, path, &lines, "").await;
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
            assert!(
                policy.contains("frame-ancestors 'none'")
                    && policy.contains("base-uri 'none'")
                    && !policy.contains("unsafe"),
                "{path}"
            );
            let expected = [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cache-control", "no-store"),
                ("x-frame-options", "DENY"),
                ("cross-origin-resource-policy", "same-origin"),
            ];
            for (name, value) in expected {
                assert_eq!(answer.header(name), Some(value), "{path} {name}");
            }
            assert_eq!(answer.header("server"), None);
            let whole = format!("{}\n{}", answer.head, answer.body);
            assert!(!whole.contains(TOKEN) && !whole.contains(SCRIPT) && !whole.contains(cookie), "{path}");
        }
    }
    // The pages hold neither scripts nor styles of their own, so the policy needs no exception.
    for path in ["/", "/login"] {
        let page = kit.get(path, &signed).await.body;
        assert!(
            !page.contains("<style")
                && !page.contains(" style=")
                && !page.contains(" onclick")
                && !page.contains("javascript:"),
            "{path}"
        );
        assert!(page.matches("<script").count() == page.matches("<script src=\"/assets/").count(), "{path}");
    }
}
