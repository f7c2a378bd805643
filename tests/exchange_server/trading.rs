//! `/stream`: what is said on it.
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::kit::{KEY, SECRET, stepped};

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_to_show_keys_and_listening() {
    let own = stepped().await;
    own.step(r#"{"bars": 1}"#).await;
    let forms = [
        json!({"action": "authenticate", "data": {"key_id": KEY, "secret_key": SECRET}}),
        json!({"action": "auth", "key": KEY, "secret": SECRET}),
    ];
    for form in forms {
        let mut socket = own.socket("/stream", &[]).await;
        socket.say(json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
        let first = socket.frame().await.unwrap();
        assert!(first.is_binary(), "JSON comes in binary frames: {first:?}");
        let refused = r#"{"stream":"authorization","data":{"status":"unauthorized","action":"listen"}}"#;
        assert_eq!(first.into_data(), refused.as_bytes());
        socket.say(json!({"action": "auth", "key": KEY, "secret": "wrong"})).await;
        let wrong = json!({"stream": "authorization", "data": {"status": "unauthorized", "action": "authenticate"}});
        assert_eq!(socket.hear().await, wrong);
        socket.say(form).await;
        let right = json!({"stream": "authorization", "data": {"status": "authorized", "action": "authenticate"}});
        assert_eq!(socket.hear().await, right);
        // Not before it listens.
        own.order().await.unwrap();
        socket.say(json!({"action": "listen", "data": {"streams": ["account_updates", "trade_updates"]}})).await;
        assert_eq!(socket.hear().await, json!({"stream": "listening", "data": {"streams": ["trade_updates"]}}));
        let id = own.order().await.unwrap();
        let event = socket.hear().await;
        assert_eq!((&event["stream"], &event["data"]["order"]["id"]), (&"trade_updates".into(), &id.into()));
        assert!(event["data"]["timestamp"].is_string() && event["data"]["event"].is_string(), "{event}");
        socket.heard().await;
        // Each listen replaces the one before.
        socket.say(json!({"action": "listen", "data": {"streams": []}})).await;
        assert_eq!(socket.hear().await, json!({"stream": "listening", "data": {"streams": []}}));
        own.order().await.unwrap();
        assert_eq!(socket.heard().await, Vec::<serde_json::Value>::new());
    }
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_in_binary_and_in_pieces_count_and_pings_are_answered() {
    let own = stepped().await;
    own.step(r#"{"bars": 1}"#).await;
    let mut socket = own.socket("/stream", &[]).await;
    let auth = json!({"action": "auth", "key": KEY, "secret": SECRET}).to_string();
    socket.send(Message::binary(auth.into_bytes())).await;
    assert_eq!(socket.hear().await["data"]["status"], "authorized");
    let listen = json!({"action": "listen", "data": {"streams": ["trade_updates"]}}).to_string().into_bytes();
    let (first, rest) = listen.split_at(20);
    let piece =
        |bytes: &[u8], code, is_last| Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(code), is_last));
    socket.send(piece(first, Data::Binary, false)).await;
    socket.send(piece(rest, Data::Continue, false)).await;
    socket.send(piece(b"", Data::Continue, true)).await;
    assert_eq!(socket.hear().await["stream"], "listening");
    socket.send(Message::Ping("are you there".into())).await;
    let pong = futures_util::StreamExt::next(&mut socket.0).await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong("are you there".into()));
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_hears_everything_before_the_answer() {
    let own = stepped().await;
    own.step(r#"{"bars": 1}"#).await;
    let mut listeners = vec![own.listener().await, own.listener().await, own.listener().await];
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(own.order().await.unwrap());
    }
    let (status, _) = own.call(Method::DELETE, "/v2/orders", "").await;
    assert_eq!(status, 207);
    let mut stories = Vec::new();
    for listener in &mut listeners {
        stories.push(listener.heard().await);
    }
    assert!(stories[0].len() >= 20);
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0], stories[2]);
    let mut told: Vec<&str> = stories[0].iter().map(|event| event["data"]["order"]["id"].as_str().unwrap()).collect();
    // An order has more than one event; those of its cancel come at the end.
    told.dedup();
    told.truncate(ids.len());
    assert_eq!(told, ids);
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_ends_the_connection_with_a_reason() {
    let own = stepped().await;
    for text in ["no json", "[]", r#"{"action":"dance"}"#] {
        let mut socket = own.socket("/stream", &[]).await;
        socket.send(Message::text(text)).await;
        let error = socket.hear().await;
        assert_eq!(error["action"], "error", "{text}");
        assert!(error["data"]["error_message"].is_string());
        assert!(socket.is_cut().await);
    }
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_pack_where_the_handshake_asks_for_it() {
    let own = stepped().await;
    let mut socket = own.socket("/stream", &[("Content-Type", "application/msgpack")]).await;
    socket.say(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
    let granted = b"\x82\xa6stream\xadauthorization\xa4data\x82\xa6status\xaaauthorized\xa6action\xacauthenticate";
    assert_eq!(socket.frame().await.unwrap(), Message::binary(&granted[..]));
    own.server.stop().await;
}
