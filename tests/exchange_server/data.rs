//! The feeds: what is said on them, and the data.
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::kit::{KEY, SECRET, Socket, started, stepped};
use alphaflow::exchange::server::Pace;

async fn error(socket: &mut Socket) -> (u64, String) {
    let frame = socket.hear().await;
    assert_eq!((frame.as_array().unwrap().len(), &frame[0]["T"]), (1, &"error".into()), "{frame}");
    (frame[0]["code"].as_u64().unwrap(), frame[0]["msg"].as_str().unwrap().to_owned())
}

fn reason(code: u64, text: &str) -> (u64, String) {
    (code, text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_is_that_of_the_venue() {
    let own = stepped().await;
    for path in ["/v2/iex", "/v2/sip", "/v2/delayed_sip", "/v2/test"] {
        let mut socket = own.socket(path, &[]).await;
        let first = socket.frame().await.unwrap();
        assert_eq!(first, Message::text(r#"[{"T":"success","msg":"connected"}]"#));
        socket.say(json!({"action": "subscribe", "trades": ["AAPL"]})).await;
        assert_eq!(error(&mut socket).await, reason(401, "not authenticated"));
        socket.say(json!({"action": "auth", "key": KEY, "secret": "wrong"})).await;
        assert_eq!(error(&mut socket).await, reason(402, "auth failed"));
        socket.say(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
        assert_eq!(socket.hear().await, json!([{"T": "success", "msg": "authenticated"}]));
        socket.say(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
        assert_eq!(error(&mut socket).await, reason(403, "already authenticated"));
        for broken in ["{", "[]", r#"{"action":"dance"}"#, r#"{"action":"subscribe","trades":["aapl"]}"#] {
            socket.send(Message::text(broken)).await;
            assert_eq!(error(&mut socket).await, reason(400, "invalid syntax"), "{broken}");
        }
        socket.say(json!({"action": "subscribe", "news": ["*"]})).await;
        assert_eq!(error(&mut socket).await, reason(410, "invalid subscribe action for this feed"));
        socket.say(json!({"action": "subscribe", "trades": ["MSFT", "AAPL"], "bars": ["*"]})).await;
        let all = json!([{"T": "subscription", "trades": ["MSFT", "AAPL"], "quotes": [], "bars": ["*"],
            "updatedBars": [], "dailyBars": [], "statuses": [], "lulds": [], "imbalances": [],
            "corrections": ["MSFT", "AAPL"], "cancelErrors": ["MSFT", "AAPL"]}]);
        assert_eq!(socket.hear().await, all);
        socket.say(json!({"action": "unsubscribe", "trades": ["MSFT"], "bars": ["*"]})).await;
        let left = socket.hear().await;
        assert_eq!((&left[0]["trades"], &left[0]["bars"]), (&json!(["AAPL"]), &json!([])));
    }
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_to_a_feed_is_turned_away_until_the_first_has_gone() {
    let own = stepped().await;
    let mut first = own.subscriber("/v2/iex", json!({"bars": ["AAPL"]})).await;
    let keys = [("APCA-API-KEY-ID", KEY), ("APCA-API-SECRET-KEY", SECRET)];
    let mut second = own.socket("/v2/iex", &keys).await;
    assert_eq!(second.hear().await[0]["msg"], "connected");
    assert_eq!(error(&mut second).await, reason(406, "connection limit exceeded"));
    assert!(second.is_cut().await);
    own.step(r#"{"bars": 1}"#).await;
    assert_eq!(first.hear().await[0]["S"], "AAPL", "the first goes on");
    // The server answers the close, and has forgotten the connection by then.
    first.0.close(None).await.unwrap();
    let answered = futures_util::StreamExt::next(&mut first.0).await;
    assert!(matches!(answered, Some(Ok(Message::Close(_)))), "{answered:?}");
    own.subscriber("/v2/iex", json!({"bars": ["AAPL"]})).await;
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_in_the_handshake_fail_and_silence_ends_after_ten_seconds() {
    let own = stepped().await;
    let mut socket = own.socket("/v2/iex", &[("APCA-API-KEY-ID", KEY), ("APCA-API-SECRET-KEY", "wrong")]).await;
    assert_eq!(socket.hear().await[0]["msg"], "connected");
    assert_eq!(error(&mut socket).await, reason(402, "auth failed"));
    assert_eq!(error(&mut socket).await, reason(404, "auth timeout"));
    assert!(socket.is_cut().await);
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_come_with_the_step_as_subscribed_and_before_its_answer() {
    let own = stepped().await;
    let mut socket = own.subscriber("/v2/sip", json!({"bars": ["*"], "trades": ["AAPL"]})).await;
    own.step(r#"{"bars": 2}"#).await;
    let frames = socket.heard().await;
    let all: Vec<&Value> = frames.iter().flat_map(|frame| frame.as_array().unwrap()).collect();
    let bars: Vec<&str> = all.iter().filter(|one| one["T"] == "b").map(|one| one["S"].as_str().unwrap()).collect();
    assert_eq!(bars, ["AAPL", "MSFT", "AAPL", "MSFT"]);
    assert!(all.iter().any(|one| one["T"] == "t"), "{all:?}");
    assert!(all.iter().all(|one| one["T"] == "b" || (one["T"] == "t" && one["S"] == "AAPL")), "{all:?}");
    assert!(frames.len() < all.len(), "what happens together comes in one frame");
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_pack_by_the_content_type_of_the_handshake() {
    let own = stepped().await;
    let mut socket = own.socket("/v2/iex", &[("Content-Type", "application/msgpack")]).await;
    // One array of one map of two: T, success, msg, connected.
    let connected = b"\x91\x82\xa1T\xa7success\xa3msg\xa9connected";
    assert_eq!(socket.frame().await.unwrap(), Message::binary(&connected[..]));
    let text = |text: &str| [&[0xd9, text.len() as u8], text.as_bytes()].concat();
    let auth = [&[0x83][..], &text("action"), &text("auth"), &text("key"), &text(KEY), &text("secret"), &text(SECRET)];
    socket.send(Message::binary(auth.concat())).await;
    assert_eq!(
        socket.frame().await.unwrap(),
        Message::binary(&b"\x91\x82\xa1T\xa7success\xa3msg\xadauthenticated"[..])
    );
    // JSON is understood as well.
    socket.say(json!({"action": "subscribe", "bars": ["AAPL"]})).await;
    assert!(socket.frame().await.unwrap().into_data().starts_with(b"\x91\x8b\xa1T\xacsubscription\xa6trades"));
    own.step(r#"{"bars": 1}"#).await;
    let bar = socket.frame().await.unwrap().into_data();
    // An array of one map, its first key T.
    assert_eq!((bar[0], bar[1] & 0xf0, &bar[2..6]), (0x91, 0x80, &b"\xa1T\xa1b"[..]));
    own.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_feed_flows_while_the_market_is_closed() {
    let own = stepped().await;
    let mut socket = own.subscriber("/v2/test", json!({"trades": ["FAKEPACA"], "bars": ["AAPL"]})).await;
    let first = socket.hear().await;
    assert_eq!((&first[0]["T"], &first[0]["S"]), (&"t".into(), &"FAKEPACA".into()));
    own.step(r#"{"bars": 3}"#).await;
    let second = socket.hear().await;
    assert_eq!((&second[0]["T"], &second[0]["S"]), (&"t".into(), &"FAKEPACA".into()), "no bars of the tape come here");
    assert_ne!(first, second);
    own.server.stop().await;
}

/// A client that does not read is told and cut, and what is told to others goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_cut_after_a_bounded_wait() {
    let own = started(Pace::Step, &[390, 390, 390, 390, 390], Duration::from_millis(300)).await;
    let small = tokio::net::TcpSocket::new_v4().unwrap();
    small.set_recv_buffer_size(4 << 10).unwrap();
    let stream = small.connect(own.server.address()).await.unwrap();
    let mut slow = own.socket_over(stream, "/v2/iex", &[]).await.unwrap();
    slow.say(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
    slow.say(json!({"action": "subscribe", "trades": ["*"], "quotes": ["*"], "bars": ["*"], "dailyBars": ["*"]})).await;
    let mut quick = own.subscriber("/v2/sip", json!({"bars": ["AAPL"]})).await;
    let counted = tokio::spawn(async move {
        let mut bars = 0;
        while bars < 1_950 {
            bars += quick.hear().await.as_array().unwrap().len();
        }
        bars
    });
    let answer = own.step(r#"{"bars": 1950}"#).await;
    assert_eq!(answer["done"], true);
    assert_eq!(counted.await.unwrap(), 1_950);
    let mut frames = 0;
    while slow.frame().await.is_some() {
        frames += 1;
    }
    assert!(frames < 1_950, "{frames} frames arrived: it was never too slow");
    own.subscriber("/v2/iex", json!({"bars": ["AAPL"]})).await;
    own.server.stop().await;
}
